"""A Euclidean prefilter at multiple resolutions (section III-C.10): the few prototypes worth a costly comparison.

All prototypes are compared at the coarsest resolution, the nearest of them at the next, and so on to the finest. How
many resolutions and how many prototypes each leaves is not said.
"""

import numpy as np

from lenet1998.classifiers.rbf import squared_distances
from lenet1998.errors import DataError
from lenet1998.patterns import CLASSES

Stages = tuple[tuple[int, int], ...]


class Prefilter:
    """Images float32 (P, H, W) by class, labels intp (P,), and `stages` of (block, kept), the coarsest first.

    At a stage an image is the means of its blocks of so many pixels a side, and so many prototypes of each class go
    on. Searching class by class costs the same as searching all at once, and finds a rival of every class, which a
    rejection needs. Raises DataError where blocks do not tile the images, or a class has fewer images than are kept at
    the end.

    >>> images = np.arange(40, dtype=np.float32)[:, None, None] * np.ones((1, 4, 4), np.float32)
    >>> near = Prefilter(images, np.arange(40) % 10, ((4, 2), (2, 1))).nearest(images[13:14])
    >>> near.shape, near[0, :4, 0].tolist()
    ((1, 10, 1), [10, 11, 12, 13])
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, stages: Stages):
        *_, (_, last) = stages
        fewest = int(np.bincount(labels, minlength=CLASSES).min())
        if fewest < last:
            raise DataError(f"a class has only {fewest} images: give {last} of each, or ask for fewer neighbours")
        self.stages = stages
        self.members = [np.flatnonzero(labels == digit) for digit in range(CLASSES)]
        coarse = [shrunk(images, block) for block, _ in stages]
        self.pyramids = [[level[members] for level in coarse] for members in self.members]

    def nearest(self, images: np.ndarray) -> np.ndarray:
        """The numbers of the prototypes that are left for images (Q, H, W), in no order: intp (Q, 10, kept)."""
        seen = [shrunk(images, block) for block, _ in self.stages]
        found = []
        for members, pyramid in zip(self.members, self.pyramids, strict=True):
            chosen: np.ndarray | None = None
            for x, prototypes, (_, kept) in zip(seen, pyramid, self.stages, strict=True):
                if chosen is None:
                    chosen = np.broadcast_to(np.arange(len(members)), (len(x), len(members)))
                    distances = squared_distances(x, prototypes)
                else:
                    between = prototypes[chosen] - x[:, np.newaxis]
                    distances = np.einsum("qkn,qkn->qk", between, between)
                if kept < chosen.shape[1]:
                    near = np.argpartition(distances, kept - 1, axis=1)[:, :kept]
                    chosen = np.take_along_axis(chosen, near, axis=1)
            found.append(members[chosen])
        return np.stack(found, axis=1)

    def macs(self) -> int:
        """A square for each block of each prototype compared."""
        total, left = 0, [len(members) for members in self.members]
        for level, (_, kept) in enumerate(self.stages):
            total += sum(left) * self.pyramids[0][level].shape[1]
            left = [min(kept, count) for count in left]
        return total


def shrunk(images: np.ndarray, block: int) -> np.ndarray:
    """The means of blocks of `block` x `block` pixels of images (P, H, W), as vectors (P, H W / block^2).

    >>> shrunk(np.arange(16.0).reshape(1, 4, 4), 2).tolist()
    [[2.5, 4.5, 10.5, 12.5]]
    """
    count, height, width = images.shape
    if height % block or width % block:
        raise DataError(f"blocks of {block}x{block} do not tile images of {height}x{width}: choose other resolutions")
    tiles = images.reshape(count, height // block, block, width // block, block)
    return tiles.mean(axis=(2, 4)).reshape(count, -1)

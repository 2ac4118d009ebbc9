"""Tangent distance (section III-C.10): the nearest prototype when both images may be moved a little.

Seven small changes of an image, each to first order a vector in the space of images, span a plane that touches what
the image can become: two translations, scaling, rotation, squeezing, skewing, and the thickness of the strokes (Simard,
LeCun and Denker, 1993). The tangent distance of two images is the least distance between their two planes. As it is
costly, only the prototypes that a Euclidean prefilter at multiple resolutions leaves are compared
(`lenet1998.classifiers.prefilter`).
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from lenet1998.classifiers.classifier import BLOCK, Classifier
from lenet1998.classifiers.prefilter import Prefilter, Stages
from lenet1998.patterns import CLASSES

TANGENTS = 7


class TangentDistance(Classifier):
    """The class of the prototype at the least tangent distance, among those that the prefilter's `stages` leave.

    By default 200 prototypes of each class are left after 4x4 means of the 16x16 pixels, 60 after 8x8, and 20 after the
    pixels themselves; ((1, 20),) is one search among the pixels. Images are smoothed by a Gaussian of `smoothing`
    pixels, without which a bitmap has no tangents. `stiffness` holds images back as springs do, so that no distance is
    won by changes too large for a plane to follow; 0 lets them free.
    Raises DataError as `Prefilter` does.
    """

    def __init__(self, stages: Stages = ((4, 200), (2, 60), (1, 20)), smoothing: float = 0.7, stiffness: float = 0.01):
        self.stages, self.smoothing, self.stiffness = stages, smoothing, stiffness

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.images = self._smooth(x)
        self.planes = np.concatenate(
            [tangent_planes(self._as_images(self.images[i : i + BLOCK])) for i in range(0, len(x), BLOCK)]
        )
        self.prefilter = Prefilter(self._as_images(self.images), labels, self.stages)

    def _scores(self, x: np.ndarray) -> np.ndarray:
        x = self._smooth(x)
        planes = tangent_planes(self._as_images(x))
        numbers = self.prefilter.nearest(self._as_images(x))
        scores = np.empty((len(x), CLASSES))
        for score, image, plane, chosen in zip(scores, x, planes, numbers, strict=True):
            near = chosen.ravel()
            distances = tangent_distances(image, plane, self.images[near], self.planes[near], self.stiffness)
            score[:] = distances.reshape(chosen.shape).min(axis=1)
        return scores

    def _smooth(self, x: np.ndarray) -> np.ndarray:
        return gaussian_filter(self._as_images(x), (0, self.smoothing, self.smoothing)).reshape(x.shape)

    def _as_images(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(-1, *self.shape)

    def macs(self) -> int:
        """The Euclidean searches; for each image compared, products of planes and difference, and a 7x7 system."""
        pixels, compared = self.images.shape[1], CLASSES * self.stages[-1][1]
        solving = TANGENTS**3 // 3 + 2 * TANGENTS**2
        per_image = pixels * (TANGENTS**2 + 2 * TANGENTS + 1) + TANGENTS**3 + 2 * TANGENTS**2 + solving
        return self.prefilter.macs() + compared * per_image

    def variables(self) -> int:
        """The prototypes alone: their planes follow from them, and are kept here only to save time."""
        return self.images.size


def tangents(images: np.ndarray) -> np.ndarray:
    """The seven tangent vectors of smooth images, float32 (P, H, W) to (P, 7, H W).

    In order: shift across and down, scaling, rotation, squeezing, skewing, thickness. Coordinates are measured from
    the middle of the field.

    >>> tangents(np.ones((2, 16, 16), np.float32)).shape
    (2, 7, 256)
    """
    down, across = np.gradient(images, axis=(1, 2))
    height, width = images.shape[1:]
    y, x = (np.arange(size, dtype=np.float32) - (size - 1) / 2 for size in (height, width))
    y = y[:, np.newaxis]
    fields = [
        across,
        down,
        x * across + y * down,
        y * across - x * down,
        x * across - y * down,
        y * across + x * down,
        across**2 + down**2,
    ]
    return np.stack(fields, axis=1).reshape(len(images), TANGENTS, height * width)


def tangent_planes(images: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the tangents of each image: float32 (P, 7, H W).

    Where tangents depend on each other, as those of an even image do, what is left over is zero.

    >>> plane = tangent_planes(np.random.default_rng(0).random((1, 16, 16)).astype(np.float32))[0]
    >>> bool(np.allclose(plane @ plane.T, np.eye(7), atol=1e-4))
    True
    """
    spanning = tangents(images)
    # The principal axes of the seven vectors, from their 7x7 products: ten times faster than a decomposition of each.
    squares, directions = np.linalg.eigh(np.matmul(spanning, spanning.transpose(0, 2, 1)).astype(float))
    significant = squares > 1e-6 * np.maximum(squares[:, -1:], 1e-9)
    scale = np.divide(1, np.sqrt(np.maximum(squares, 1e-30)), out=np.zeros_like(squares), where=significant)
    return np.matmul((directions * scale[:, np.newaxis]).transpose(0, 2, 1).astype(np.float32), spanning)


def tangent_distances(
    image: np.ndarray, plane: np.ndarray, others: np.ndarray, planes: np.ndarray, stiffness: float
) -> np.ndarray:
    """Squared tangent distances of one image (N,) with plane (7, N) to others (Q, N) with planes (Q, 7, N): (Q,).

    The least of |d + A'a - B'b|^2 + stiffness (|a|^2 + |b|^2) over a and b, where d is the difference and the rows of A
    and B the two bases: never more than |d|^2. As the bases are orthonormal, the system for a and b has the identity
    in its corners, and b is eliminated by hand.
    """
    difference = image - others
    ours = difference @ plane.T
    theirs = np.matmul(planes, difference[:, :, np.newaxis])[:, :, 0]
    mixed = np.matmul(planes, plane.T).transpose(0, 2, 1)
    free = 1.0 + stiffness
    system = free * np.eye(TANGENTS) - np.matmul(mixed, mixed.transpose(0, 2, 1)) / free
    right = ours - np.matmul(mixed, theirs[:, :, np.newaxis])[:, :, 0] / free
    moved = np.linalg.solve(system, right[:, :, np.newaxis])[:, :, 0]
    gained = np.square(theirs).sum(axis=1) / free + (right * moved).sum(axis=1)
    return np.maximum(np.square(difference).sum(axis=1) - gained, 0)

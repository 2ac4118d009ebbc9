"""What is done to training patterns: distorted copies (section III-B), and inverted pixels (section III-E).

Distortions are random planar affine maps. The paper combines horizontal and vertical translation, scaling, squeezing
(horizontal compression with vertical elongation, or the reverse) and horizontal shearing, and trains on the 60,000
originals with 540,000 distorted ones, in passes of 60,000. It gives no ranges, and no rotation. `Law` has those that an
affine fit finds in the hundred distorted digits of Figure 7; the law within them, uniform, is a guess. A network learns
better from narrower draws, by the recipe's `distortion_width` (`experiments/distortion_law.py`). Distortions are drawn
once from the seed and made when a pass needs them, so that 600,000 images never lie in memory.

III-E says of Figure 13's network that it learned with a tenth of the pixels inverted. That network is the one of
Figures 25 and 26, which learned images of three characters with this noise (section VII, entry 26 of paper_notes.md);
here single digits have it. A grey is inverted to its opposite, and every pixel on its own. The paper does not say
whether each pass had noise of its own; here it has. Nor does it say whether the margin that brings images to the
input's size is noisy too: here it is, since it is part of what the network sees.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import affine_transform

from lenet1998.engine import Batch
from lenet1998.patterns import Patterns
from lenet1998.recipe import Recipe

# Figure 7 measures as if digits were scaled about a point on the writing line: row 26 of 32, and the middle column.
_CENTRE = np.array([26.0, 15.5])
_FIELD = 32
# Images whose noise is drawn at a time: a few megabytes of random numbers.
_BLOCK = 1000


@dataclass(frozen=True)
class Law:
    """Half-widths of the uniform distributions: of scale and squeeze about 1, of shear and shift (pixels) about 0.

    >>> Law().draw(2, np.random.default_rng(0)).shape
    (2, 5)
    """

    scale: float = 0.3
    squeeze: float = 0.1
    shear: float = 0.15
    shift: float = 2.3

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """`count` distortions, float64 (count, 5): scale, squeeze, shear, shift to the right, shift downwards."""
        half_widths = np.array([self.scale, self.squeeze, self.shear, self.shift, self.shift])
        return np.array([1, 1, 0, 0, 0]) + half_widths * rng.uniform(-1, 1, (count, 5))


def law_of(recipe: Recipe) -> Law:
    """The recipe's law: `distortion_width` times its ranges.

    >>> law_of(Recipe(distortion_width=0.5, distortion_scale=0.3)).scale
    0.15
    """
    ranges = (recipe.distortion_scale, recipe.distortion_squeeze, recipe.distortion_shear, recipe.distortion_shift)
    return Law(*(recipe.distortion_width * half_width for half_width in ranges))


class DistortedSet:
    """P patterns and `copies` distortions of each: pattern k P + p is the k-th copy of pattern p, k = 0 the original.

    Networks with a field below 32x32 see the middle `side` x `side` pixels of the images.

    >>> one = Patterns(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    >>> ten = DistortedSet(one, Law(), copies=9, rng=np.random.default_rng(0))
    >>> len(ten), ten.batch(np.array([0, 3])).images.shape
    (10, (2, 32, 32))
    """

    def __init__(self, patterns: Patterns, law: Law, copies: int, rng: np.random.Generator, side: int = _FIELD):
        self.patterns, self.side = patterns, min(side, _FIELD)
        self.distortions = law.draw(copies * len(patterns), rng)

    def __len__(self) -> int:
        return len(self.patterns) + len(self.distortions)

    def batch(self, chosen: np.ndarray) -> Batch:
        """The patterns of these numbers, uint8 (..., side, side)."""
        images = np.empty((len(chosen), _FIELD, _FIELD), np.uint8)
        sources = chosen % len(self.patterns)
        for image, number, source in zip(images, chosen, sources, strict=True):
            original = self.patterns.images[source]
            drawn = number - len(self.patterns)
            image[...] = centred(original) if drawn < 0 else distort(original, self.distortions[drawn])
        edge = (_FIELD - self.side) // 2
        seen = images[:, edge : edge + self.side, edge : edge + self.side]
        return Batch(np.ascontiguousarray(seen), self.patterns.labels[sources])


def distort(image: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    """One image uint8 (H, W), centred on the 32x32 field and mapped: uint8 (32, 32), background 0.

    The field is larger than MNIST's 28x28 so that an enlarged digit is not cut off. Grey levels are interpolated
    linearly between the four nearest pixels.

    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[10:20, 12:16] = 255
    >>> bool((distort(image, np.array([1, 1, 0, 0, 0.0])) == centred(image)).all())
    True
    """
    scale, squeeze, shear, right, down = distortion
    # Forward, about the centre: row -> scale / squeeze * row, column -> scale * squeeze * column + shear * row.
    # affine_transform asks for the inverse: where each output pixel comes from.
    of_row, of_column = squeeze / scale, 1 / (scale * squeeze)
    backward = np.array([[of_row, 0.0], [-shear * of_row * of_column, of_column]])
    offset = _CENTRE - backward @ (_CENTRE + (down, right))
    return affine_transform(centred(image), backward, offset, order=1)


def centred(image: np.ndarray) -> np.ndarray:
    """The image in the middle of an empty 32x32 field."""
    field = np.zeros((_FIELD, _FIELD), np.uint8)
    top, left = ((_FIELD - side) // 2 for side in image.shape)
    field[top : top + image.shape[0], left : left + image.shape[1]] = image
    return field


def padded(images: np.ndarray, side: int) -> np.ndarray:
    """Images uint8 (..., H, W) in the middle of empty fields, uint8 (..., side, side); H and W are at most `side`.

    >>> padded(np.full((2, 28, 28), 255, np.uint8), 32)[0, :, 16].tolist() == [0] * 2 + [255] * 28 + [0] * 2
    True
    """
    margins = [((side - size) // 2, (side - size + 1) // 2) for size in images.shape[-2:]]
    return np.pad(images, [(0, 0)] * (images.ndim - 2) + margins)


def inverted(images: np.ndarray, probability: float, rng: np.random.Generator) -> np.ndarray:
    """A copy of images uint8 (P, ...), in which each pixel is inverted with that probability, 0 to 1.

    >>> noisy = inverted(np.zeros((10, 100, 100), np.uint8), 0.1, np.random.default_rng(0))
    >>> np.unique(noisy).tolist(), round(float(noisy.mean() / 255), 2)
    ([0, 255], 0.1)
    """
    noisy = images.copy()
    for start in range(0, len(noisy), _BLOCK):
        part = noisy[start : start + _BLOCK]
        np.bitwise_xor(part, 255, out=part, where=rng.random(part.shape, np.float32) < probability)
    return noisy

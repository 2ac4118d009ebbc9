"""Salt-and-pepper noise (section III-E): training on digits whose pixels are inverted, one in ten.

III-E says so of Figure 13's network. It is that of Figures 25 and 26, which learned images of three characters with
this noise (section VII, entry 26 of paper_notes.md); here single digits have it.
A grey is inverted to its opposite, and every pixel on its own. The paper does not say whether each pass had noise of
its own; here it has. Nor does it say whether the margin that brings images to the input's size is
noisy too: here it is, since it is part of what the network sees.
"""

import numpy as np

# Images whose noise is drawn at a time: a few megabytes of random numbers.
_BLOCK = 1000


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

"""From any picture of a digit to MNIST's form: section III-A of the paper.

The paper's "regular" data base was made by fitting each character into a 20x20 box without changing its
aspect ratio, which turns black and white into grey levels at the edges, and by placing its centre of mass at
the centre of a 28x28 field. ``to_mnist_form`` does this to an array of ink, of a user's picture (``digit``)
and of the project's own digits (`lenet1998.data.synthetic`).
"""

import numpy as np
from PIL import Image

from lenet1998.errors import DataError
from lenet1998.patterns import SIDE

BOX = 20


def to_mnist_form(ink: np.ndarray) -> np.ndarray:
    """Return ``ink`` as MNIST would hold it: uint8 of shape (28, 28), 0 for background.

    ``ink`` has any shape (H, W) and is high on a background of 0: uint8 from 0 to 255 or floats from 0 to 1
    (what lies outside is clipped). Raises ``DataError`` if it has no ink, or is not such an array.

    >>> bar = np.zeros((100, 60))
    >>> bar[10:90, 30:38] = 1.0
    >>> form = to_mnist_form(bar)
    >>> rows, columns = np.nonzero(form)
    >>> form.shape, int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    ((28, 28), 20, 2)
    """
    levels = _as_bytes(ink)
    rows, columns = np.flatnonzero(levels.any(axis=1)), np.flatnonzero(levels.any(axis=0))
    if not len(rows):
        raise DataError("the image is blank: give one that shows a digit")
    digit = levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    digit = _fit(digit)
    return _centre(digit)


def _as_bytes(ink: np.ndarray) -> np.ndarray:
    ink = np.asarray(ink)
    if ink.ndim != 2 or (ink.dtype.kind != "f" and ink.dtype != np.uint8):
        raise DataError(
            f"the ink is an array of {ink.dtype} and shape {ink.shape}: give (H, W) of uint8, or of floats from 0 to 1"
        )
    if ink.dtype == np.uint8:
        return ink
    if not np.isfinite(ink).all():
        raise DataError("the ink has values that are not finite: give floats from 0 to 1")
    return np.rint(np.clip(ink, 0.0, 1.0) * 255.0).astype(np.uint8)


def _fit(digit: np.ndarray) -> np.ndarray:
    """Scale the cropped digit so that its longer side is 20 pixels."""
    height, width = digit.shape
    longer = max(height, width)
    if longer == BOX:
        return digit
    size = (max(1, round(width * BOX / longer)), max(1, round(height * BOX / longer)))
    # Pillow widens the filter by the reduction, so every source pixel counts; this filter cannot overshoot.
    return np.asarray(Image.fromarray(digit).resize(size, Image.Resampling.HAMMING))


def _centre(digit: np.ndarray) -> np.ndarray:
    """Place the digit by whole pixels, with its centre of mass as near the centre of the field as it fits."""
    height, width = digit.shape
    weights = digit.astype(np.float64)
    mass = weights.sum()
    if mass == 0.0:
        raise DataError("the ink is too faint to survive scaling to 20x20: give a bolder image")
    row = weights.sum(axis=1) @ np.arange(height) / mass
    column = weights.sum(axis=0) @ np.arange(width) / mass
    top = min(max(round(SIDE / 2 - row), 0), SIDE - height)
    left = min(max(round(SIDE / 2 - column), 0), SIDE - width)
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + height, left : left + width] = digit
    return field


def is_in_form(ink: np.ndarray) -> bool:
    """Whether ``ink``, floats (H, W) from 0 to 1, is in MNIST's form, give or take the pixel that JPEG adds or takes.

    >>> ink = np.zeros((28, 28))
    >>> ink[4:24, 13:15] = 1.0
    >>> is_in_form(ink), is_in_form(np.roll(ink, 4, axis=1)), is_in_form(ink[1:])
    (True, False, False)
    """
    if ink.shape != (SIDE, SIDE) or not ink.any():
        return False
    size = 1 + max(np.ptp(places) for places in np.nonzero(ink >= 0.1))
    centre = [ink.sum(axis=1 - axis) @ np.arange(SIDE) / ink.sum() for axis in (0, 1)]
    return bool(abs(size - BOX) <= 1 and max(abs(place - SIDE / 2) for place in centre) < 1.0)

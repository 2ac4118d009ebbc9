"""From any picture of a string to the field of a network for strings (sections III-E and VII).

III-E normalises a whole field by its upper and lower profiles, not each character: characters keep their sizes and
places. So does this: digits come to the height of the data base's, and the string's centre of mass, as each digit's
there, to the middle of 32 rows. The height of all its ink would do neither: a line has ascending and descending digits.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet1998.errors import DataError
from lenet1998.patterns import SIDE
from lenet1998.photos.files import read_planes
from lenet1998.photos.form import BOX
from lenet1998.photos.ink import find_line
from lenet1998.photos.pens import darkened, thickened
from lenet1998.photos.sheet import EIGHT
from lenet1998.strings.images import FIELD, field_width
from lenet1998.strings.segmentation import FAINT

MOST_DIGITS = 60
# Digits of the data base are 20 pixels high and at most as wide, and up to 4 pixels apart.
_WIDEST = 24 * MOST_DIGITS
# Beside others, digits of pens that a network of single digits reads are still too thin: strokes of a pixel.
_THIN = 2.0
# A part above or below an empty row that has this share of the height is a line of text.
_LINE = 0.25


class Form(NamedTuple):
    """A string as a network sees it, uint8 (32, W), W = 32 + 4 (n - 1), and where that is in the picture.

    What is x columns from the field's left edge is ``left`` + ``scale`` x columns from the picture's.
    """

    image: np.ndarray
    left: float
    scale: float

    def column(self, x: float) -> int:
        """The picture's column, from 0, that is x columns from the field's left edge.

        >>> Form(np.zeros((32, 52), np.uint8), left=-20.0, scale=2.0).column(16)
        12
        """
        return int(self.left + self.scale * x)


def read_picture(path: str | PathLike[str]) -> Form:
    """The string in a picture file, as `lenet1998.photos.digit.read_image` reads that of a digit.

    Raises DataError as that does, but for several digits; and where there are several lines, or more than some 60
    digits would take.

    >>> import tempfile
    >>> page = np.full((80, 120), 255, np.uint8)
    >>> page[15:55, 30:36] = page[15:55, 80:86] = 0
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(page).save(folder + "/eleven.png")
    ...     form = read_picture(folder + "/eleven.png")
    >>> form.image.shape, form.scale, form.column(np.flatnonzero(form.image.any(axis=0))[0])
    ((32, 60), 2.0, 30)
    """
    planes, times = read_planes(Path(path))
    try:
        line = find_line(planes)
        ink = np.rint(255.0 * line.ink).astype(np.uint8)
        _check_lines(ink)  # before strokes grow into each other
        ink, added = thickened(ink, digit_height(ink), _THIN)
        form = string_form(ink)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    return Form(darkened(form.image), times * (line.left - added + form.left), times * form.scale)


def digit_height(ink: np.ndarray) -> float:
    """How high the digits of a string are, ink uint8 (H, W): the median of parts half as high as all of it, or all.

    >>> steps = np.zeros((100, 200), np.uint8)
    >>> steps[10:70, 20:30] = steps[20:80, 60:70] = steps[30:90, 100:110] = 255
    >>> digit_height(steps), digit_height(steps[:70, :50])
    (60.0, 60.0)
    """
    rows = np.flatnonzero(ink.any(axis=1))
    whole = rows[-1] + 1 - rows[0]
    labels, _ = ndimage.label(ink >= FAINT, EIGHT)
    heights = [part[0].stop - part[0].start for part in ndimage.find_objects(labels)]
    return float(np.median([height for height in heights if 2 * height >= whole] or [whole]))


def string_form(ink: np.ndarray) -> Form:
    """Ink uint8 (H, W), 0 for the background, as a network for strings sees it.

    ``left`` and ``scale`` are in the pixels of the ink.
    Raises DataError for another kind of array, and where there is no ink, more than one line, or more than some 60
    digits would take.

    >>> bars = np.zeros((100, 200), np.uint8)
    >>> bars[20:75, 50:60] = bars[20:75, 100:110] = 255
    >>> form = string_form(bars)
    >>> rows, columns = np.nonzero(form.image)
    >>> form.image.shape, int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    ((32, 52), 20, 22)
    >>> form.column(columns.min()), form.column(columns.max())
    (50, 107)
    """
    if ink.dtype != np.uint8 or ink.ndim != 2:
        raise DataError(f"the ink is an array of {ink.dtype} and shape {ink.shape}: give uint8 (H, W)")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        raise DataError("the image is blank: give one that shows a string of digits")
    _check_lines(ink)
    height = rows[-1] + 1 - rows[0]
    string = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # Where lines slope or digits are small beside others, all of it still comes into the rows that a digit has.
    shrinks = max(digit_height(string) / BOX, height / SIDE)
    width, high = (max(1, round(side / shrinks)) for side in (string.shape[1], height))
    if width > _WIDEST:
        raise DataError(
            f"the string is {string.shape[1] / height:.0f} times as wide as high: give a picture of at most "
            f"{MOST_DIGITS} digits"
        )
    # Pillow widens the filter by the reduction, so every source pixel counts; this filter cannot overshoot.
    scaled = np.asarray(Image.fromarray(string).resize((width, high), Image.Resampling.HAMMING))
    mass = scaled.sum(axis=1, dtype=float)
    top = round(FIELD / 2 - mass @ np.arange(high) / max(mass.sum(), 1.0))
    top = min(max(top, 0), FIELD - high)
    field = np.zeros((FIELD, field_width(width)), np.uint8)
    left = (field.shape[1] - width) // 2
    field[top : top + high, left : left + width] = scaled
    scale = string.shape[1] / width
    return Form(field, float(columns[0]) - scale * left, scale)


def _check_lines(ink: np.ndarray) -> None:
    """Raise DataError for several lines of text, with an empty row between them."""
    rows = np.flatnonzero(ink.any(axis=1))
    for gap in np.flatnonzero(np.diff(rows) > 1):
        above, below = rows[gap] + 1 - rows[0], rows[-1] + 1 - rows[gap + 1]
        if min(above, below) >= _LINE * (rows[-1] + 1 - rows[0]):
            raise DataError("the image shows several lines: give one line at a time")

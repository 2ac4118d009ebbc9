"""The ink of a digit, or a line of them, in a picture: what departs from its sheet, without shadows, frames, specks."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from lenet1998.errors import DataError
from lenet1998.form import is_in_form
from lenet1998.patterns import SIDE
from lenet1998.photos.light import (
    is_brighter_in_gaps,
    is_even,
    is_written_on_outside,
    local_ink,
    plane_of_ink,
    reduced,
    sign_of,
)
from lenet1998.photos.parts import parts_of_digit, parts_of_line
from lenet1998.photos.rules import without_rules
from lenet1998.photos.sheet import EIGHT, find_sheet

# Ink below this share of the darkest ink is taken for paper texture or for the ringing of JPEG, ...
NOISE_SHARE = 0.1
# ... and below this one where the light is uneven, since the background is known less well there.
UNEVEN_SHARE = 0.2
# Fainter than this, of 255 grey levels, the darkest spot is not a digit but an empty sheet.
LEAST_CONTRAST = 16.0
# JPEG strews faint grey over a picture of 28x28, 25 pixels and more; MNIST has fewer than 5 away from its strokes.
STREWN = 10
# Where light is uneven, ink is weak that departs from the sheet around it by less than this share of all departure.
WEAK = 0.4
# What is at least so high in a line, as a share of what is highest, is writing, and as dark as the rest of it.
WRITING = 0.5
# So much of Gaussian noise is more than a standard deviation below its middle.
ONE_DEVIATION = 0.16


class Line(NamedTuple):
    """The ink of a line of writing, floats (h, w) from 0 to 1, and the picture's row and column where it begins.

    ``glare`` says whether light may have taken digits away (`light.is_brighter_in_gaps`).
    """

    ink: np.ndarray
    top: int
    left: int
    glare: bool = False


def find_ink(planes: np.ndarray) -> np.ndarray:
    """Return the ink of a picture, as floats (h, w) from 0 to 1, on the sheet that is in it.

    ``planes`` is float32 (P, H, W) as ``files.read_planes`` gives it. The background is the median of
    the sheet's border pixels: if it is brighter than the middle of the range, the digit is the dark part,
    else the light part. Where the light is uneven, the background is estimated locally. Raises ``DataError``
    if nothing stands out, or several digits do.

    >>> page = np.full((1, 60, 60), 255, np.float32)
    >>> page[0, 10:50, 28:33] = 55
    >>> ink = find_ink(page)
    >>> ink.shape, float(ink.sum())
    ((60, 60), 200.0)
    """
    return _found(planes, parts_of_digit).ink


def find_line(planes: np.ndarray) -> Line:
    """The same for a line of digits: several are no error, and what is an edge or a speck goes by the line's height.

    >>> page = np.full((1, 60, 90), 255, np.float32)
    >>> page[0, 10:50, 28:33] = page[0, 10:50, 58:63] = 55
    >>> line = find_line(page)
    >>> line.ink.shape, float(line.ink.sum()), line.top, line.left
    ((60, 90), 400.0, 0, 0)
    """
    found = _found(planes, parts_of_line)
    if is_in_form(found.ink):
        return found
    labels, count = ndimage.label(found.ink > 0, EIGHT)
    heights = np.array([0, *(rows.stop - rows.start for rows, _ in ndimage.find_objects(labels))])
    peaks = np.array([1.0, *ndimage.maximum(found.ink, labels, np.arange(1, count + 1))])
    peaks[heights < WRITING * heights.max()] = 1.0
    grey = planes[0, found.top : found.top + len(labels), found.left : found.left + labels.shape[1]]
    return found._replace(ink=found.ink / peaks[labels], glare=is_brighter_in_gaps(grey, found.ink))


def sheet_in(planes: np.ndarray) -> np.ndarray:
    """Where the sheet is in a picture's planes (P, H, W), bool (H, W)."""
    sheet = find_sheet(planes[0])
    if not sheet.all() and is_written_on_outside(planes[0], sheet):
        return np.ones_like(sheet)  # the edge of a shadow, or of a coloured field
    return sheet


def _found(planes: np.ndarray, parts: Callable[[np.ndarray], np.ndarray]) -> Line:
    sheet = sheet_in(planes)
    (window,) = ndimage.find_objects(sheet.astype(np.uint8))
    planes, sheet = planes[(slice(None), *window)], sheet[window]
    ink, noise, share = _in_even_light(planes, sheet)
    if ink.max() < LEAST_CONTRAST:
        raise DataError("the image is blank: give one where a digit stands out from its background")
    strong = ink >= NOISE_SHARE * ink.max()
    strewn = np.count_nonzero(ink[~ndimage.binary_dilation(strong, EIGHT)]) > STREWN
    if is_in_form(ink / ink.max()):
        return Line(np.where(strong | (not strewn), ink, 0.0) / ink.max(), window[0].start, window[1].start)
    local = _in_uneven_light(planes, sheet, float(ink.max()))
    if local is not None:
        ink, noise, share = local
    least = max(noise, share * ink.max())
    if noise <= ink.max() / 2.0:
        ink = without_rules(ink, least)
        kept = parts(ink >= least)
    else:
        kept = np.zeros(ink.shape, bool)
    if not kept.any():
        raise DataError("no digit stands out from the background: give an image with an even background")
    peak = ink[kept].max()
    if ink.shape == (SIDE, SIDE) and not strewn:  # As in MNIST, the faint greys around strokes are ink too.
        kept = ndimage.binary_dilation(kept, EIGHT)
    return Line(np.where(kept, np.minimum(ink / peak, 1.0), 0.0), window[0].start, window[1].start)


def _in_even_light(planes: np.ndarray, sheet: np.ndarray) -> tuple[np.ndarray, float, float]:
    """What departs from the median of the sheet's border, the level of noise, and the share below which is no ink."""
    # The brightness, unless a colour tells ink from sheet more than twice as well: red and green may be as bright.
    ranges = [np.ptp(plane[sheet]) for plane in planes]
    best = int(np.argmax(ranges))
    grey = planes[best if ranges[best] > 2.0 * ranges[0] else 0]
    border = sheet & ~ndimage.binary_erosion(sheet, EIGHT)
    middle = float(np.median(grey[border]))
    sign = 1.0 if middle > (grey[sheet].min() + grey[sheet].max()) / 2.0 else -1.0
    # 1.48 times the median deviation is the standard deviation of Gaussian noise, and a stroke that touches the
    # border does not move it. Beyond five of them little noise is left, and that in single pixels.
    noise = 5.0 * 1.48 * float(np.median(np.abs(grey - middle)[border]))
    return np.where(sheet, np.maximum(sign * (middle - grey), 0.0), 0.0), noise, NOISE_SHARE


def _in_uneven_light(planes: np.ndarray, sheet: np.ndarray, departure: float) -> tuple[np.ndarray, float, float] | None:
    """The same, of 255, where the sheet is not of one brightness; None where it is."""
    small = reduced(planes)
    inside = reduced(sheet[None].astype(np.float32))[0] > 0.99
    sign = sign_of(np.where(inside, small[0], np.median(small[0][inside])))
    if is_even(small[0], inside, sign, NOISE_SHARE):
        return None
    small = np.where(inside, small, 0.0 if sign > 0 else 255.0)
    plane = plane_of_ink(small, sign)
    # Strokes that fill their picture are wider than what would be taken for one.
    if 255.0 * local_ink(small[plane], sign)[inside].max() < WEAK * departure:
        return None
    ink = 255.0 * local_ink(np.where(sheet, planes[plane], 0.0 if sign > 0 else 255.0), sign)
    noise = -5.0 * float(np.quantile(ink[sheet], ONE_DEVIATION))
    return np.where(sheet, np.maximum(ink, 0.0), 0.0), noise, UNEVEN_SHARE

"""The ink of a digit, or a line of them, in a picture: what departs from its sheet, without shadows, frames, specks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet1998.errors import DataError
from lenet1998.patterns import SIDE
from lenet1998.photos.form import is_in_form
from lenet1998.photos.parts import parts_of_digit, parts_of_line
from lenet1998.photos.rules import without_rules
from lenet1998.photos.sheet import EIGHT, extent, find_sheet

# Ink below this share of the darkest ink is taken for paper texture or for the ringing of JPEG, ...
NOISE_SHARE = 0.1
# ... and below this one where the light is uneven, since the background is known less well there.
UNEVEN_SHARE = 0.2
# Fainter than this, of 255 grey levels, the darkest spot is not a digit but an empty sheet.
LEAST_CONTRAST = 16.0
# JPEG strews faint grey over a picture of 28x28, 25 pixels and more; MNIST has fewer than 5 away from its strokes.
STREWN = 10
# The background is estimated on a copy of about this size, from means over shrinking shares of the copy's side.
COPY, SPREADS = 96, (0.25, 0.15, 0.1, 0.1)


class Line(NamedTuple):
    """The ink of a line of writing, floats (h, w) from 0 to 1, and the picture's row and column where it begins."""

    ink: np.ndarray
    top: int
    left: int


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
    return _found(planes, parts_of_line)


def _found(planes: np.ndarray, parts: Callable[[np.ndarray], np.ndarray]) -> Line:
    sheet = find_sheet(planes[0])
    (window,) = ndimage.find_objects(sheet.astype(np.uint8))
    sheet = sheet[window]
    grey = _plane_of_contrast(planes[(slice(None), *window)], sheet)
    border = sheet & ~ndimage.binary_erosion(sheet, EIGHT)
    middle = float(np.median(grey[border]))
    sign = 1.0 if middle > (grey[sheet].min() + grey[sheet].max()) / 2.0 else -1.0
    ink = _departure(grey, sheet, middle, sign)
    if ink.max() < LEAST_CONTRAST:
        raise DataError("the image is blank: give one where a digit stands out from its background")
    strong = ink >= NOISE_SHARE * ink.max()
    strewn = np.count_nonzero(ink[~ndimage.binary_dilation(strong, EIGHT)]) > STREWN
    if is_in_form(ink / ink.max()):
        return Line(np.where(strong | (not strewn), ink, 0.0) / ink.max(), window[0].start, window[1].start)
    background, share = _background(grey, sheet, middle, sign), NOISE_SHARE
    if np.ptp(background) > 0.0:
        ink, share = _departure(grey, sheet, background, sign), UNEVEN_SHARE
        if sign > 0:  # Light falls on ink as it falls on the sheet around it.
            ink *= background.max() / np.maximum(background, 1.0)
    # 1.48 times the median deviation is the standard deviation of Gaussian noise, and a stroke that touches the
    # border does not move it. Beyond five of them little noise is left, and that in single pixels.
    noise = 5.0 * 1.48 * float(np.median(np.abs(grey - background)[border]))
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


def _plane_of_contrast(planes: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """The brightness, unless a colour tells ink from sheet more than twice as well: red and green may be as bright."""
    ranges = [np.ptp(plane[sheet]) for plane in planes]
    best = int(np.argmax(ranges))
    return planes[best if ranges[best] > 2.0 * ranges[0] else 0]


def _departure(grey: np.ndarray, sheet: np.ndarray, background: np.ndarray | float, sign: float) -> np.ndarray:
    return np.where(sheet, np.maximum(sign * (background - grey), 0.0), 0.0)


def _background(grey: np.ndarray, sheet: np.ndarray, middle: float, sign: float) -> np.ndarray:
    """The sheet's brightness at each pixel, float32 (h, w): ``middle`` itself if it is that nearly everywhere."""
    times = max(1, extent(grey.shape) // COPY)
    small = np.asarray(Image.fromarray(grey).reduce(times))
    inside = np.asarray(Image.fromarray(sheet.astype(np.float32)).reduce(times)) > 0.99
    departure = np.where(inside, sign * (middle - small), 0.0)
    side = extent(small.shape)
    near = ndimage.binary_dilation(departure > departure.max() / 2.0, EIGHT, iterations=max(1, side // 20))
    bare = departure[inside & ~near]
    if not bare.size or np.ptp(np.quantile(bare, (0.025, 0.975))) <= NOISE_SHARE * departure.max():
        return np.full_like(grey, middle)
    paper = inside
    for spread in SPREADS:
        weights = ndimage.gaussian_filter(paper.astype(np.float32), spread * side)
        level = ndimage.gaussian_filter(small * paper, spread * side) / np.maximum(weights, 1e-6)
        departure = np.where(inside, sign * (level - small), 0.0)
        paper = inside & ~ndimage.binary_dilation(departure > 0.3 * departure.max(), EIGHT)
    # Means blur the edge of a shadow, and medians do not.
    level = ndimage.median_filter(np.where(paper, small, level), [max(3, size // 6) for size in small.shape])
    return np.asarray(Image.fromarray(level).resize(grey.shape[::-1], Image.Resampling.BILINEAR))

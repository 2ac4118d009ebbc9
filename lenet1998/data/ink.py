"""The ink of one digit in a picture: what departs from its sheet, without frames, edges, shadows and specks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet1998.data.prepare import is_in_form
from lenet1998.data.sheet import EIGHT, find_sheet
from lenet1998.errors import DataError
from lenet1998.patterns import SIDE

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
# A part with less ink than this share of the largest part's is a speck; with more than that one, perhaps a digit.
SPECK_SHARE, RIVAL_SHARE = 0.02, 0.25
# What lies within this share of a side along a border, and is longer than half the border, is an edge or a fold ...
EDGE_SHARE, EDGE_LENGTH = 0.15, 0.5
# ... if something as long as this share of the shorter side is left.
LEAST_LENGTH = 0.2


def find_ink(planes: np.ndarray) -> np.ndarray:
    """Return the ink of a picture, as floats (h, w) from 0 to 1, on the sheet that is in it.

    ``planes`` is float32 (P, H, W) as ``image_files.read_planes`` gives it. The background is the median of
    the sheet's border pixels: if it is brighter than the middle of the range, the digit is the dark part,
    else the light part. Where the light is uneven, the background is estimated locally. Raises ``DataError``
    if nothing stands out, or several digits do.

    >>> page = np.full((1, 60, 60), 255, np.float32)
    >>> page[0, 10:50, 28:33] = 55
    >>> ink = find_ink(page)
    >>> ink.shape, float(ink.sum())
    ((60, 60), 200.0)
    """
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
        return np.where(strong | (not strewn), ink, 0.0) / ink.max()
    background, share = _background(grey, sheet, middle, sign), NOISE_SHARE
    if np.ptp(background) > 0.0:
        ink, share = _departure(grey, sheet, background, sign), UNEVEN_SHARE
        if sign > 0:  # Light falls on ink as it falls on the sheet around it.
            ink *= background.max() / np.maximum(background, 1.0)
    # 1.48 times the median deviation is the standard deviation of Gaussian noise, and a stroke that touches the
    # border does not move it. Beyond five of them little noise is left, and that in single pixels.
    noise = 5.0 * 1.48 * float(np.median(np.abs(grey - background)[border]))
    kept = _digit(ink >= max(noise, share * ink.max())) if noise <= ink.max() / 2.0 else np.zeros(ink.shape, bool)
    if not kept.any():
        raise DataError("no digit stands out from the background: give an image with an even background")
    peak = ink[kept].max()
    if ink.shape == (SIDE, SIDE) and not strewn:  # As in MNIST, the faint greys around strokes are ink too.
        kept = ndimage.binary_dilation(kept, EIGHT)
    return np.where(kept, np.minimum(ink / peak, 1.0), 0.0)


def _plane_of_contrast(planes: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """The brightness, unless a colour tells ink from sheet more than twice as well: red and green may be as bright."""
    ranges = [np.ptp(plane[sheet]) for plane in planes]
    best = int(np.argmax(ranges))
    return planes[best if ranges[best] > 2.0 * ranges[0] else 0]


def _departure(grey: np.ndarray, sheet: np.ndarray, background: np.ndarray | float, sign: float) -> np.ndarray:
    return np.where(sheet, np.maximum(sign * (background - grey), 0.0), 0.0)


def _background(grey: np.ndarray, sheet: np.ndarray, middle: float, sign: float) -> np.ndarray:
    """The sheet's brightness at each pixel, float32 (h, w): ``middle`` itself if it is that nearly everywhere."""
    times = max(1, max(grey.shape) // COPY)
    small = np.asarray(Image.fromarray(grey).reduce(times))
    inside = np.asarray(Image.fromarray(sheet.astype(np.float32)).reduce(times)) > 0.99
    departure = np.where(inside, sign * (middle - small), 0.0)
    side = max(small.shape)
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
    level = ndimage.median_filter(np.where(paper, small, level), max(3, side // 6))
    return np.asarray(Image.fromarray(level).resize(grey.shape[::-1], Image.Resampling.BILINEAR))


def _digit(mask: np.ndarray) -> np.ndarray:
    """Which pixels of a mask (h, w) belong to the digit. Raises ``DataError`` for several digits."""
    labels, count = ndimage.label(mask, EIGHT)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    boxes = [(slice(0), slice(0)), *ndimage.find_objects(labels)]
    kept = [part for part in range(1, count + 1) if areas[part] > 1]
    own = [
        part for part in kept if not _is_edge(boxes[part], mask.shape) and not _is_frame(labels[boxes[part]] == part)
    ]
    if max((_length(boxes[part]) for part in own), default=0) >= LEAST_LENGTH * min(mask.shape):
        kept = own
    largest = max((areas[part] for part in kept), default=0)
    if _are_several([boxes[part] for part in kept if areas[part] >= RIVAL_SHARE * largest]):
        raise DataError("the picture seems to hold several digits: give one of a single digit")
    return np.isin(labels, [part for part in kept if areas[part] >= SPECK_SHARE * largest])


def _length(box: tuple[slice, slice]) -> int:
    return max(side.stop - side.start for side in box)


def _is_edge(box: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    """Whether a part lies along a border of the picture, and is long and thin."""
    for across, along in ((0, 1), (1, 0)):
        start, stop, size = box[across].start, box[across].stop, shape[across]
        at_border = (start == 0 and stop <= EDGE_SHARE * size) or (stop == size and start >= (1.0 - EDGE_SHARE) * size)
        if at_border and box[along].stop - box[along].start >= EDGE_LENGTH * shape[along]:
            return True
    return False


def _is_frame(part: np.ndarray) -> bool:
    """Whether a part is the outline of a rectangle: a box to write in."""
    inside = np.count_nonzero(ndimage.binary_fill_holes(part))
    return bool(inside > 0.9 * part.size and np.count_nonzero(part) < 0.3 * inside)


def _are_several(boxes: list[tuple[slice, slice]]) -> bool:
    """Whether parts of like size are digits of their own: each as tall as half of all, or with a gap between them.

    Of 20,000 training digits of MNIST, written in parts, 6 look so.
    """
    if not boxes:
        return False
    tallest = max(rows.stop for rows, _ in boxes) - min(rows.start for rows, _ in boxes)
    for one, other in combinations(boxes, 2):
        heights = [rows.stop - rows.start for rows, _ in (one, other)]
        gap = max(max(a.start, b.start) - min(a.stop, b.stop) for a, b in zip(one, other, strict=True))
        short, long = sorted((_length(one), _length(other)))
        if min(heights) >= 0.5 * tallest or (short >= 0.6 * long and gap >= 0.1 * long):
            return True
    return False

"""The ink of one digit in a picture: what departs from the sheet, without frames, edges, shadows and specks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet1998.data.sheet import EIGHT, find_sheet
from lenet1998.errors import DataError

# Ink below this share of the darkest ink is taken for paper texture or for the ringing of JPEG.
NOISE_SHARE = 0.1
# Fainter than this, of 255 grey levels, the darkest spot is not a digit but an empty sheet.
LEAST_CONTRAST = 16.0
# The background is smoothed over this share of the picture, at first more widely.
SPREADS = (0.25, 0.15, 0.1, 0.1)
MEDIAN = 15
UNEVEN = 0.2
# A part with less ink than this share of the largest part's is a speck.
SPECK_SHARE = 0.02
# What lies within this share of a side along a border, and is longer than half the border, is an edge or a fold ...
EDGE_SHARE, EDGE_LENGTH = 0.15, 0.5
# ... if something of this share of the shorter side is left.
LEAST_LENGTH = 0.2
# With this share of the ink of the largest part, another may be a digit of its own.
RIVAL_SHARE = 0.25


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
    rows, columns = ndimage.find_objects(sheet.astype(np.uint8))[0]
    sheet = sheet[rows, columns]
    grey = _plane_of_contrast(planes[:, rows, columns], sheet)
    border = sheet & ~ndimage.binary_erosion(sheet, EIGHT)
    middle = float(np.median(grey[border]))
    sign = 1.0 if middle > (grey[sheet].min() + grey[sheet].max()) / 2.0 else -1.0
    ink = np.where(sheet, np.maximum(sign * (middle - grey), 0.0), 0.0)
    if ink.max() < LEAST_CONTRAST:
        raise DataError("the image is blank: give one where a digit stands out from its background")
    background = _background(grey, sheet, sign)
    even = np.ptp(background[sheet]) <= NOISE_SHARE * ink.max()
    if not even:
        ink = np.where(sheet, np.maximum(sign * (background - grey), 0.0), 0.0)
        if sign > 0:  # Light falls on ink as it falls on the sheet around it.
            ink *= background[sheet].max() / np.maximum(background, 1.0)
        middle = background[border]
    # 1.48 times the median deviation is the standard deviation of Gaussian noise, and a stroke that touches the
    # border does not move it. Beyond five of them little noise is left, and that in single pixels.
    noise = 5.0 * 1.48 * float(np.median(np.abs(grey[border] - middle)))
    share = NOISE_SHARE if even else UNEVEN
    kept = _parts(ink >= max(noise, share * ink.max()))
    peak = ink[kept].max(initial=0.0)
    if noise > peak / 2.0:
        raise DataError("no digit stands out from the background: give an image with an even background")
    return np.where(kept, ink, 0.0) / peak


def _plane_of_contrast(planes: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """The brightness, unless a colour tells ink from sheet more than twice as well: red and green may be as bright."""
    ranges = [np.ptp(plane[sheet]) for plane in planes]
    best = int(np.argmax(ranges))
    return planes[best if ranges[best] > 2.0 * ranges[0] else 0]


def _background(grey: np.ndarray, sheet: np.ndarray, sign: float) -> np.ndarray:
    """The sheet's brightness at each pixel: means over the neighbourhood without what stands out from them."""
    height, width = grey.shape
    times = max(1, max(height, width) // 96)
    small = np.asarray(Image.fromarray(grey).reduce(times))
    inside = np.asarray(Image.fromarray(sheet.astype(np.float32)).reduce(times)) > 0.99
    paper = inside
    for spread in SPREADS:
        sigma = spread * max(small.shape)
        weights = ndimage.gaussian_filter(paper.astype(np.float32), sigma)
        level = ndimage.gaussian_filter(small * paper, sigma) / np.maximum(weights, 1e-6)
        departure = np.where(inside, sign * (level - small), 0.0)
        paper = inside & ~ndimage.binary_dilation(departure > 0.3 * departure.max(), EIGHT)
    level = ndimage.median_filter(np.where(paper, small, level), MEDIAN)
    return np.asarray(Image.fromarray(level).resize((width, height), Image.Resampling.BILINEAR))


def _parts(mask: np.ndarray) -> np.ndarray:
    """Which pixels of a mask (H, W) are parts of the digit. Raises ``DataError`` for several digits."""
    labels, count = ndimage.label(mask, EIGHT)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    boxes = [(slice(0), slice(0)), *ndimage.find_objects(labels)]
    kept = [part for part in range(1, count + 1) if areas[part] > 1]
    foreign = [part for part in kept if _is_edge(boxes[part], mask.shape) or _is_frame(labels[boxes[part]] == part)]
    own = [part for part in kept if part not in foreign]
    if max((_length(boxes[part]) for part in own), default=0) >= LEAST_LENGTH * min(mask.shape):
        kept = own
    largest = max((areas[part] for part in kept), default=0)
    kept = [part for part in kept if areas[part] >= SPECK_SHARE * largest]
    if _several([boxes[part] for part in kept if areas[part] >= RIVAL_SHARE * largest]):
        raise DataError("the picture seems to hold several digits: give one of a single digit")
    return np.isin(labels, kept)


def _length(box: tuple[slice, slice]) -> int:
    return max(side.stop - side.start for side in box)


def _is_edge(box: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    """Whether a part lies along a border of the picture, and is long and thin."""
    for across in (0, 1):
        start, stop, size = box[across].start, box[across].stop, shape[across]
        along, length = box[1 - across], shape[1 - across]
        thin = (start == 0 and stop <= EDGE_SHARE * size) or (stop == size and start >= (1.0 - EDGE_SHARE) * size)
        if thin and along.stop - along.start >= EDGE_LENGTH * length:
            return True
    return False


def _is_frame(part: np.ndarray) -> bool:
    """Whether a part is the outline of a rectangle: a box to write in."""
    height, width = part.shape
    inside = np.count_nonzero(ndimage.binary_fill_holes(part))
    return inside > 0.9 * height * width and np.count_nonzero(part) < 0.3 * inside


def _several(boxes: list[tuple[slice, slice]]) -> bool:
    """Whether parts of like size are digits of their own: beside each other, or with a gap between them.

    Of 20,000 training digits of MNIST 6 would be told so, written in parts.
    """
    tallest = max((rows.stop for rows, _ in boxes), default=0) - min((rows.start for rows, _ in boxes), default=0)
    for one, other in combinations(boxes, 2):
        heights = [rows.stop - rows.start for rows, _ in (one, other)]
        gap = max(max(a.start, b.start) - min(a.stop, b.stop) for a, b in zip(one, other, strict=True))
        short, long = sorted((_length(one), _length(other)))
        if min(heights) >= 0.5 * tallest or (short >= 0.6 * long and gap >= 0.1 * long):
            return True
    return False

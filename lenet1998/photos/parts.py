"""Which parts of the marks in a picture are a digit, or a line of them, and which are frames, edges and specks."""

from itertools import combinations

import numpy as np
from scipy import ndimage

from lenet1998.errors import DataError
from lenet1998.photos.sheet import EIGHT

Box = tuple[slice, slice]

# A part with less ink than this share of the largest part's is a speck; with more than that one, perhaps a digit.
SPECK_SHARE, RIVAL_SHARE = 0.02, 0.25
# What lies within this share of a side along a border, and is longer than half the border, is an edge or a fold ...
EDGE_SHARE, EDGE_LENGTH = 0.15, 0.5
# ... if something as long as this share of the shorter side is left.
LEAST_LENGTH = 0.2
# Digits of a line that may be joined have about this share of the square of their height as ink.
INK_SHARE = 0.2
# In a line, where a digit may lie along a border too, an edge there is longer by this factor than digits are high.
OVER = 1.3
# A pen that skips leaves gaps up to so many times as wide as its stroke, and up to this share of the digit's size,
# which is the height of what is narrower than that share of it, as a 1 is, and else that of one digit of several.
GAP_STROKES, GAP_SHARE, NARROW = 4.5, 0.04, 0.3
# Thicker pens, up to that share of the size, skip for so many widths of their stroke.
THICK_PEN, THICK_GAP = 0.085, 1.2
# Two digits hardly overlap and are nearly of one height. In all they are wider than so many times their height or, one
# above the other, so many times as high as wide, more where one may be the stem of a 7; both are seldom lower than wide
# or, unlike what is left of a 1, slim.
OVERLAP, TALL, WIDE, STACKED, LOW, SLIM = 0.25, 0.7, 1.15, (1.65, 2.2), 0.8, (1.9, 3.0)
# Two digits stand so near above one another as a pen skips where they are of one height, in rows of their own, and in
# all so many times as high as wide.
LEVEL, NEAR = 0.85, 1.8
# Parts are digits of their own where each is this share of all the height; two above one another are nearly half each.
RIVAL_HEIGHT = 0.47
# A frame in a line has something in it, and that is at least this share of the frame's height: a 0 has not.
FILLED = 1 / 3


def parts_of_digit(mask: np.ndarray) -> np.ndarray:
    """Which pixels of a mask, bool (h, w), belong to the digit. Raises ``DataError`` for several digits.

    >>> mask = np.zeros((40, 40), bool)
    >>> mask[10:30, 18:22] = mask[2:4, 2] = True
    >>> int(parts_of_digit(mask).sum())
    82
    """
    labels, areas, boxes = _parts(mask)
    kept = [part for part in range(1, len(boxes)) if areas[part] > 1]
    own = [
        part for part in kept if not _is_edge(boxes[part], mask.shape) and not _is_frame(labels[boxes[part]] == part)
    ]
    if max((_length(boxes[part]) for part in own), default=0) >= LEAST_LENGTH * min(mask.shape):
        kept = own
    largest = max((areas[part] for part in kept), default=0)
    written = np.isin(labels, [part for part in kept if areas[part] >= SPECK_SHARE * largest])
    if written.any() and _holds_several(written):
        raise DataError(
            "the picture seems to hold several digits: give one of a single digit, or read them with lenet1998 read, "
            "whose --show draws them"
        )
    return written


def parts_of_line(mask: np.ndarray) -> np.ndarray:
    """Which pixels of a mask, bool (h, w), belong to a line of digits, which may be joined.

    >>> mask = np.zeros((40, 99), bool)
    >>> mask[10:30, 18:22] = mask[10:30, 40:44] = mask[:, 97:] = mask[3, 3] = True
    >>> int(parts_of_line(mask).sum())
    160
    """
    labels, areas, boxes = _parts(mask)
    kept = [part for part in range(1, len(boxes)) if areas[part] > 1]
    kept = [part for part in kept if not _is_frame(labels[boxes[part]] == part) or not _holds(part, kept, boxes)]
    free = [part for part in kept if not _is_edge(boxes[part], mask.shape)]
    tallest = max((_height(boxes[part]) for part in free), default=0)
    if tallest >= LEAST_LENGTH * min(mask.shape):
        kept = [part for part in kept if part in free or _length(boxes[part]) <= OVER * tallest]
    tallest = max((_height(boxes[part]) for part in kept), default=0)
    digit = min(max((areas[part] for part in kept), default=0), INK_SHARE * tallest**2)
    return np.isin(labels, [part for part in kept if areas[part] >= SPECK_SHARE * digit])


def _parts(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Box]]:
    """The number of each pixel's part, from 1, and by number the parts' areas and boxes; number 0 is no part."""
    labels, count = ndimage.label(mask, EIGHT)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    return labels, areas, [(slice(0), slice(0)), *ndimage.find_objects(labels)]


def _length(box: Box) -> int:
    return max(side.stop - side.start for side in box)


def _height(box: Box) -> int:
    return box[0].stop - box[0].start


def _is_edge(box: Box, shape: tuple[int, ...]) -> bool:
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


def _holds(part: int, others: list[int], boxes: list[Box]) -> bool:
    """Whether a part has another in its box that may be a digit."""
    own = boxes[part]
    return any(
        all(a.start < b.start and b.stop < a.stop for a, b in zip(own, boxes[other], strict=True))
        and _height(boxes[other]) >= FILLED * _height(own)
        for other in others
    )


def _holds_several(mask: np.ndarray) -> bool:
    """Whether parts are digits of their own, where gaps such as a pen leaves in a stroke join them.

    A pen skips for some two widths of its stroke; two digits may be as near as that only where strokes are thick.
    Thicker pens skip for a width or so, where what they leave has not the places of two digits.
    """
    if _are_stacked(_joined(mask, 0.0), LEVEL, 0.0, (NEAR, NEAR)):
        return True
    size, gap = _size_and_gap(mask)
    boxes = _joined(mask, gap)
    if not _are_several(boxes):
        return False
    # Within a stroke the distances from its edge are as often below as above a quarter of its width.
    pen = 4 * float(np.median(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1][mask]))
    return pen > THICK_PEN * size or _are_placed_as_two(boxes) or _are_several(_joined(mask, THICK_GAP * pen))


def _size_and_gap(mask: np.ndarray) -> tuple[float, float]:
    """The size of the digit, if it is one, and how far its pen may have skipped."""
    height, width = (float(np.ptp(places) + 1) for places in np.nonzero(mask))
    size = height if width < NARROW * height else min(height, 1.6 * width)
    stroke = 2 * np.count_nonzero(mask) / np.count_nonzero(mask & ~ndimage.binary_erosion(mask, EIGHT))
    return size, min(GAP_STROKES * stroke, GAP_SHARE * size)


def _joined(mask: np.ndarray, gap: float) -> list[Box]:
    """The boxes of the parts that may be digits, of which those are one that are no farther apart than the gap."""
    near = ndimage.distance_transform_edt(~mask) <= gap / 2
    labels, areas, boxes = _parts(near)
    areas = np.bincount(labels[mask], minlength=len(boxes))
    return [box for area, box in zip(areas[1:], boxes[1:], strict=True) if area >= RIVAL_SHARE * areas[1:].max()]


def _are_placed_as_two(boxes: list[Box]) -> bool:
    """Whether parts are in all wider than a digit, or two: side by side, both nearly as tall as all; or above one
    another, of like height."""
    sizes, (height, width) = _sizes(boxes)
    if width > WIDE * height or len(boxes) != 2:
        return bool(width > WIDE * height)
    shared_columns = sizes[:, 1].sum() - width
    beside = shared_columns <= OVERLAP * sizes[:, 1].min() and sizes[:, 0].min() >= TALL * height
    return bool(beside or _are_stacked(boxes, TALL, OVERLAP, STACKED))


def _are_stacked(boxes: list[Box], alike: float, overlap: float, stacked: tuple[float, float]) -> bool:
    """Whether two parts are above one another, of like height, and not both as slim as what is left of a 1."""
    if len(boxes) != 2:
        return False
    sizes, (height, width) = _sizes(boxes)
    heights, shapes = sizes[:, 0], sizes[:, 0] / sizes[:, 1]
    shaped = heights.min() >= alike * heights.max() and shapes.min() >= LOW and shapes.min() < SLIM[1]
    times = stacked[0] if shapes.max() < SLIM[0] else stacked[1]
    return bool(shaped and heights.sum() - height <= overlap * heights.min() and height >= times * width)


def _sizes(boxes: list[Box]) -> tuple[np.ndarray, tuple[int, ...]]:
    """Heights and widths of the parts, (K, 2), and those of all together."""
    sizes = np.array([[side.stop - side.start for side in box] for box in boxes])
    sides = zip(*boxes, strict=True)
    return sizes, tuple(max(side.stop for side in each) - min(side.start for side in each) for each in sides)


def _are_several(boxes: list[Box]) -> bool:
    """Whether parts of like size are digits of their own: each nearly half as tall as all, or with a gap between them.

    Of 20,000 training digits of MNIST, written in parts, 6 look so.
    """
    if not boxes:
        return False
    tallest = max(rows.stop for rows, _ in boxes) - min(rows.start for rows, _ in boxes)
    for one, other in combinations(boxes, 2):
        heights = [rows.stop - rows.start for rows, _ in (one, other)]
        gap = max(max(a.start, b.start) - min(a.stop, b.stop) for a, b in zip(one, other, strict=True))
        short, long = sorted((_length(one), _length(other)))
        if min(heights) >= RIVAL_HEIGHT * tallest or (short >= 0.6 * long and gap >= 0.1 * long):
            return True
    return False

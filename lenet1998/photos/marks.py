"""What a line of writing consists of: groups of ink that may be digits, and marks that are none by size and place."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from lenet1998.photos.lines import Parts

# Parts are of one group where they lie above each other by this share of the narrower, or by that one where a part is
# below so many heights, as those of a percent sign are, unless two such stand beside each other.
ABOVE, BESIDE, PIECE = 0.6, 0.2, 0.62
# Crumbs farther above or below, in heights, are of no group.
NEAR = 0.5
# Marks are at most so high, in heights of the line's digits, and stand at least so far from any group.
LOW, FREE = 0.38, 0.06
# A dot is at most so large; a minus so many times as wide as high, with its middle in the middle half of the line.
DOT, WIDE = 0.3, 1.8
# What ends farther below the line's top, in heights, hangs below the line, as a comma does and a digit does not.
HANGING = 1.12
# Strokes longer than digits, or a little longer, and straight: as thin as this share of their length.
LONG, LONGER, STRAIGHT = 1.17, 1.07, 0.125
# A slash that is longer than digits leans by more than this share of its height.
LEAN = 0.12
# One as high as they are leans by more than this, is thinner than this share of its height, and is ruled: ...
RULED, THIN = 0.2, 0.25
# ... in so many pieces between its ends its width and its middles vary by no more than these shares of its width and
# height. A pen's 1 does not: of 2400 training digits, enlarged to heights of 20 to 110 pixels, none is so even.
PIECES, EVEN, BENT, ENDS = 8, 0.04, 0.002, 0.12
# The edges of a stroke are so many pixels wide.
EDGE = 2
# A stroke through a sign ends, above and below, in so many rows that are at most so wide, as shares of its height, and
# this share of its way is ink.
STUB, NEEDLE, INKED = 0.05, 0.2, 0.98


class Group(NamedTuple):
    """Ink that may be one digit, or several that touch: which pixels of its box, and the box in level ink."""

    pixels: np.ndarray
    top: int
    left: int

    @property
    def end(self) -> int:
        """The first column after it."""
        return self.left + self.pixels.shape[1]

    @property
    def height(self) -> int:
        """Rows."""
        return len(self.pixels)


class Line(NamedTuple):
    """The groups of a line from left to right, its marks with their kinds, and how high its digits are."""

    groups: list[Group]
    marks: list[tuple[str, Group]]
    height: float


def line_of(parts: Parts, members: np.ndarray) -> Line:
    """What these parts of level ink are, by number from 0.

    >>> from lenet1998.photos.lines import parts_of
    >>> ink = np.zeros((60, 120), np.uint8)
    >>> ink[10:50, 10:20] = ink[10:50, 50:60] = ink[28:32, 80:100] = ink[44:50, 30:36] = 255
    >>> line = line_of(parts_of(ink), np.arange(4))
    >>> len(line.groups), [kind for kind, _ in line.marks], line.height
    (2, ['point', 'minus'], 40.0)
    """
    groups = [(_group(parts, each), each) for each in _grouped(parts.boxes, members)]
    groups.sort(key=lambda each: each[0].left)
    heights = np.array([group.height for group, _ in groups], float)
    height = float(np.median(heights[2 * heights >= heights.max()]))
    top = float(np.median([group.top for group, _ in groups if 2 * group.height >= heights.max()]))
    kept, marks = [], []
    for k, (group, own) in enumerate(groups):
        kind = _kind(group, parts, own, top, height) if len(groups) > 1 else ""
        gap = min((_gap(group, other) for other, _ in groups[:k] + groups[k + 1 :]), default=height)
        if kind and (gap >= FREE * height or group.height >= LONGER * height):
            marks.append((kind, group))
        else:
            kept.append(group)
    if not kept:  # strokes that all lean are digits: a line that was turned level may have come to this
        kept = [group for kind, group in marks if kind in ("slash", "bar")]
        marks = [(kind, group) for kind, group in marks if kind not in ("slash", "bar")]
    return Line(kept, marks, height)


def _gap(one: Group, other: Group) -> int:
    return max(one.left - other.end, other.left - one.end)


def _grouped(boxes: np.ndarray, members: np.ndarray) -> list[np.ndarray]:
    """Parts that lie above each other, together."""
    groups: list[list[int]] = []
    heights = boxes[:, 1] - boxes[:, 0]
    usual = float(np.median(heights[members][2 * heights[members] >= heights[members].max()]))
    small = heights < PIECE * usual
    for part in sorted(members.tolist(), key=lambda part: boxes[part, 2]):
        left, end = boxes[part, 2:]
        for group in groups:
            first, last = boxes[group, 2].min(), boxes[group, 3].max()
            below = max(boxes[part, 0] - boxes[group, 1].max(), boxes[group, 0].min() - boxes[part, 1])
            both = small[part] and small[group].all() and -below > 0.5 * min(heights[part], heights[group].max())
            share = BESIDE if not both and (small[part] or small[group].all()) else ABOVE
            if min(end, last) - max(left, first) >= share * min(end - left, last - first) and below <= NEAR * usual:
                group.append(part)
                break
        else:
            groups.append([part])
    return [np.array(group) for group in groups]


def _group(parts: Parts, own: np.ndarray) -> Group:
    top, left = (int(parts.boxes[own, side].min()) for side in (0, 2))
    end, right = (int(parts.boxes[own, side].max()) for side in (1, 3))
    return Group(np.isin(parts.labels[top:end, left:right], own + 1), top, left)


def _kind(group: Group, parts: Parts, own: np.ndarray, top: float, height: float) -> str:
    """The kind of a mark, or "" for what may be a digit. ``own`` are the numbers of its parts, ``top`` the line's."""
    boxes = parts.boxes[own]
    high, wide = (side / height for side in group.pixels.shape)
    above, below = (group.top - top) / height, (group.top + group.height - top) / height
    each_high, each_wide = (boxes[:, 1] - boxes[:, 0]) / height, (boxes[:, 3] - boxes[:, 2]) / height
    if len(boxes) == 2 and max(*each_high, *each_wide) <= DOT and high >= 2.0 * each_high.max() and below > 0.6:
        return "colon"
    if high <= LOW:
        if wide >= WIDE * high:
            return "minus" if 0.25 <= (above + below) / 2 <= 0.75 else "sign"
        if max(high, wide) > DOT and (high <= 1.5 * wide or (above >= 0.5 and below <= HANGING)):  # a small digit
            return ""
        if above < 0.5:
            return "sign"
        return "comma" if below > HANGING or high > 1.5 * wide else "point"
    if len(boxes) > 1:
        return ""
    if high >= LONG and (lean := _straight(group.pixels)) is not None:
        return "slash" if lean > LEAN else "bar"
    if abs(lean := ruled(parts.ink, group) or 0.0) > RULED:
        return "slash" if lean > 0 else "bar"
    return "sign" if is_struck(group.pixels) else ""


def _straight(pixels: np.ndarray) -> float | None:
    """How far a straight stroke leans to the right, as a share of its height; None for what is not straight."""
    rows, columns = np.nonzero(pixels)
    spread, axes = np.linalg.eigh(np.cov(rows, columns))
    # A straight stroke's deviations along and across are those of a rectangle.
    if np.sqrt(spread[0] / spread[1]) > STRAIGHT:
        return None
    down, right = axes[:, 1]
    return float(-right / down) if abs(down) > abs(right) else None


def is_struck(pixels: np.ndarray) -> bool:
    """Whether a stroke goes down through ink (h, w) from end to end and shuts in a space at its left above, and one at
    its right below, as in a dollar sign and in no digit.

    >>> letter = np.zeros((60, 30), bool)
    >>> letter[[10, 11, 29, 30, 48, 49]] = letter[10:30, :3] = letter[30:50, -3:] = True
    >>> struck = letter.copy()
    >>> struck[:, 14:17] = True
    >>> is_struck(letter), is_struck(struck), is_struck(struck[:, ::-1])
    (False, True, False)
    """
    rows = np.flatnonzero(pixels.any(axis=1))
    ink = pixels[rows[0] : rows[-1] + 1]
    high, stub = len(ink), max(1, round(STUB * len(ink)))
    ends = [np.nonzero(part)[1] for part in (ink[:stub], ink[-stub:])]
    if max(np.ptp(end) for end in ends) >= NEEDLE * high:
        return False
    path = np.linspace(ends[0].mean(), ends[1].mean(), high)
    if ink[np.arange(high), np.rint(path).astype(int)].mean() < INKED:
        return False
    spaces, count = ndimage.label(ndimage.binary_fill_holes(ink) & ~ink)
    places = [np.nonzero(spaces == k) for k in range(1, count + 1)]
    above = any(np.mean(y) < high / 2 and (x < path[y]).all() for y, x in places)
    return above and any(np.mean(y) > high / 2 and (x > path[y]).all() for y, x in places)


def ruled(ink: np.ndarray, group: Group) -> float | None:
    """How far a ruled stroke leans to the right, as a share of its height; None for what is not ruled."""
    left, cut = max(0, group.left - EDGE), round(ENDS * group.height)
    part = ink[group.top : group.top + group.height, left : group.end + EDGE] / 255.0
    own = np.pad(group.pixels, ((0, 0), (group.left - left, EDGE)))[:, : part.shape[1]]
    part = np.where(ndimage.binary_dilation(own, np.ones((1, 2 * EDGE + 1))), part, 0.0)[cut : group.height - cut]
    wide, down = part.sum(axis=1), np.arange(len(part))
    if len(part) < PIECES or not wide.all() or wide.mean() > THIN * group.height:
        return None
    middles = part @ np.arange(part.shape[1]) / wide
    slope, start = np.polyfit(down, middles, 1)
    spread = [np.std([piece.mean() for piece in np.array_split(each, PIECES)])
              for each in (wide, middles - slope * down - start)]  # fmt: skip
    return -float(slope) if spread[0] <= EVEN * wide.mean() and spread[1] <= BENT * group.height else None

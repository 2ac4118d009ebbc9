"""Lines of writing in the ink of a picture: how they slant, which parts belong to which, and ink turned level.

Digits of a line stand on it, hang from it, or have their middles or centres of mass on it. Each is tried, and what
leaves least is taken. A first slope is that to each part's nearest neighbour, so that it may be several lines.
"""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

# Ink below this grey does not join two parts; the edges of MNIST's strokes are anti-aliased.
FAINT = 64
# Parts below this share of the tallest are marks or pieces, and above that one of the usual height joins of two lines.
SMALL, JOINED = 0.35, 1.6
# From line to line are at least so many heights, ...
APART = 0.65
# ... a slope counts that is more standard errors than the first number, and the second over degrees of freedom, ...
SURE = 3.0, 4.0
# ... neighbours are less steep than this, slopes as small as that are left alone, and lines as steep as that no lines.
NEIGHBOUR, LEVEL, STEEP = 0.6, math.tan(math.radians(1.5)), math.tan(math.radians(22.0))


class Turn(NamedTuple):
    """How ink was turned: by an angle in radians about its centre (x, y), which came to another."""

    angle: float = 0.0
    centre: tuple[float, float] = (0.0, 0.0)
    came_to: tuple[float, float] = (0.0, 0.0)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where in the ink as it was a place of the level ink is.

        >>> Turn(math.pi / 2, (10.0, 20.0), (20.0, 10.0)).place(25.0, 10.0)
        (10.0, 25.0)
        """
        u, v = x - self.came_to[0], y - self.came_to[1]
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return round(self.centre[0] + u * cos - v * sin, 3), round(self.centre[1] + u * sin + v * cos, 3)


class Parts(NamedTuple):
    """The parts of ink uint8 (h, w): the number of each pixel's part, from 1, (h, w), boxes (n, 4): top, end, left,
    end, and the rows of their centres of mass, (n,)."""

    ink: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    centres: np.ndarray

    @property
    def heights(self) -> np.ndarray:
        """How high each is, (n,)."""
        return self.boxes[:, 1] - self.boxes[:, 0]


def parts_of(ink: np.ndarray) -> Parts:
    """The parts of ink uint8 (h, w)."""
    labels, _ = ndimage.label(ink >= FAINT, np.ones((3, 3)))
    boxes = [(y.start, y.stop, x.start, x.stop) for y, x in ndimage.find_objects(labels)]
    rows, columns = np.nonzero(labels)
    numbers, grey = labels[rows, columns], ink[rows, columns].astype(float)
    centres = (np.bincount(numbers, rows * grey) / np.maximum(np.bincount(numbers, grey), 1.0))[1:]
    return Parts(ink, labels, np.array(boxes, float).reshape(-1, 4), centres)


def level(ink: np.ndarray) -> tuple[np.ndarray, Parts, Turn]:
    """Ink uint8 (h, w) turned so that its lines are level, the parts of that, and how it was turned.

    >>> steps = np.zeros((120, 300), np.uint8)
    >>> for k in range(5):
    ...     steps[10 + 10 * k : 50 + 10 * k, 50 * k : 50 * k + 10] = 255
    >>> turned, _, turn = level(steps)
    >>> round(math.degrees(turn.angle)), int(np.ptp(np.flatnonzero((turned > 128).any(axis=1)))) < 50
    (11, True)
    """
    slope = slope_of(parts := parts_of(ink))
    if abs(slope) < LEVEL:
        return ink, parts, Turn()
    angle = math.atan(slope)
    turned = Image.fromarray(ink).rotate(math.degrees(angle), Image.Resampling.BICUBIC, expand=True)
    centres = [(width / 2, height / 2) for width, height in ((ink.shape[1], ink.shape[0]), turned.size)]
    level_ink = np.asarray(turned)
    return level_ink, parts_of(level_ink), Turn(angle, centres[0], centres[1])


def slope_of(parts: Parts) -> float:
    """Rows per column of the lines that parts stand in, 0 where there are too few to say."""
    if len(parts.boxes) < 3 or np.count_nonzero(may_be := _digits(parts.boxes)) < 3:
        return 0.0
    boxes = parts.boxes[may_be]
    tops, ends = boxes[:, 0], boxes[:, 1]
    x, size = boxes[:, 2:].mean(axis=1), float(np.percentile(ends - tops, 75))
    found = [_fitted(x, y, size) for y in (parts.centres[may_be], (tops + ends) / 2, ends, tops)]
    return min(found)[1]


def lines_of(boxes: np.ndarray) -> list[np.ndarray]:
    """The numbers, from 0, of the parts of each line, from above; boxes (n, 4) of level ink.

    >>> lines_of(np.array([[0, 20, 0, 9], [2, 21, 20, 30], [30, 50, 5, 15], [44, 47, 20, 23]], float))
    [array([0, 1]), array([2, 3])]
    """
    digits = np.flatnonzero(_digits(boxes))
    middles = boxes[:, :2].mean(axis=1)
    rows = _rows(middles[digits], float(np.percentile(boxes[digits, 1] - boxes[digits, 0], 75)))
    at = np.array([middles[digits[rows == row]].mean() for row in range(rows.max() + 1)])
    nearest = np.abs(middles[:, None] - at).argmin(axis=1)
    nearest[digits] = rows
    return [np.flatnonzero(nearest == row) for row in range(len(at))]


def _digits(boxes: np.ndarray) -> np.ndarray:
    """Which parts may be digits by their height, bool (n,)."""
    heights = boxes[:, 1] - boxes[:, 0]
    tall = heights >= SMALL * heights.max()
    one = tall & (heights <= JOINED * np.median(heights[tall]))
    return one if one.any() else tall


def _rows(middles: np.ndarray, size: float) -> np.ndarray:
    """The row of each part, from 0, where gaps part rows."""
    order = np.argsort(middles)
    rows = np.empty(len(middles), int)
    rows[order] = np.cumsum(np.diff(middles[order], prepend=middles[order[0]]) > APART * size)
    return rows


def _fitted(x: np.ndarray, y: np.ndarray, size: float) -> tuple[float, float]:
    """The spread that a common slope of all rows leaves, and that slope."""
    across, down = x - x[:, None], y - y[:, None]
    near = np.where((across > 0) & (np.abs(down) <= NEIGHBOUR * across), np.hypot(across, down), np.inf)
    nearest = near.argmin(axis=1)
    some = np.flatnonzero(np.isfinite(near.min(axis=1)))
    if len(some) < 2:
        return np.inf, 0.0
    slope, spread = float(np.median(down[some, nearest[some]] / across[some, nearest[some]])), np.inf
    for _ in range(2):
        rows = _rows(y - slope * x, size)
        counts = np.bincount(rows)
        enough = counts[rows] >= 3  # a line through two parts says nothing
        if not enough.any():
            return np.inf, 0.0
        u, v = ((each - (np.bincount(rows, each) / counts)[rows])[enough] for each in (x, y))
        slope = float(u @ v / (u @ u))
        free = max(1, len(u) - int((counts >= 3).sum()) - 1)
        spread = float(np.sqrt(((v - slope * u) ** 2).sum() / free))
    if abs(slope) > STEEP:
        return np.inf, 0.0
    return spread, slope if abs(slope) * np.sqrt(u @ u) > (SURE[0] + SURE[1] / free) * spread else 0.0

"""The sheet that a digit stands on, where a picture shows more than that: a table, a frame, a scanner's dark edge."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

EIGHT = np.ones((3, 3), bool)  # neighbours along and across
# A sheet fills this share of the smallest rectangle about it (an ellipse fills 0.79), ...
LEAST_FILLED = 0.95
# ... shows this much of its own colour between the strokes, ...
LEAST_BARE = 0.75
# ... and is this share of the picture, or that one if it reaches a border, as the paper between two strokes may.
LEAST_AREA, LEAST_AREA_AT_BORDER = 0.1, 0.45


def threshold(values: np.ndarray) -> float:
    """The level that parts values into two classes with the largest variance between them (Otsu, 1979).

    >>> 1.0 <= threshold(np.array([0.0, 1.0, 9.0, 10.0, 10.0])) <= 9.0
    True
    """
    counts, edges = np.histogram(values, 256)
    below = np.cumsum(counts)
    sums = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * below / below[-1] - sums) ** 2 / (below * (below[-1] - below))
    return float(edges[1 + np.nanargmax(between[:-1])])


def find_sheet(grey: np.ndarray) -> np.ndarray:
    """Return where the sheet is, as a boolean mask of the shape of ``grey``, float (H, W); mostly it is everywhere.

    A sheet is the smallest rectangle, however turned, of one side of brightness that has something drawn inside
    and a sharp edge.

    >>> grey = np.full((60, 80), 40.0)
    >>> grey[10:50, 10:60] = 230.0
    >>> grey[20:40, 30:34] = 30.0
    >>> rows, columns = np.nonzero(find_sheet(grey))
    >>> int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
    (12, 47, 12, 57)
    """
    whole = np.ones(grey.shape, bool)
    if min(grey.shape) < 8 or grey.min() == grey.max():
        return whole
    level = threshold(grey)
    found = [_rectangle(grey, level, bright) for bright in (True, False)]
    return min([whole, *(mask for mask in found if mask is not None)], key=np.count_nonzero)


def _rectangle(grey: np.ndarray, level: float, bright: bool) -> np.ndarray | None:
    side = (grey >= level) == bright
    labels, count = ndimage.label(side)
    if not count:
        return None
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    own = labels == areas.argmax()
    hull = _hull(own)
    if hull is None:
        return None
    filled = _polygon(hull, grey.shape)
    area = np.count_nonzero(filled)
    rows, columns = hull.T[::-1]
    free = rows.min() > 0 and columns.min() > 0 and rows.max() < len(grey) - 1 and columns.max() < grey.shape[1] - 1
    if (
        area < (LEAST_AREA if free else LEAST_AREA_AT_BORDER) * grey.size
        or np.count_nonzero(side & filled) < LEAST_BARE * area
    ):
        return None
    if area < LEAST_FILLED * _smallest_rectangle(hull):
        return None
    if filled.all():
        return None
    margin = 2 + max(grey.shape) // 150  # edges are blurred
    inner = ndimage.binary_erosion(filled, EIGHT, iterations=margin, border_value=1)
    outside = ndimage.binary_dilation(filled, EIGHT, iterations=margin) & ~filled
    edge = filled & ~inner
    contrast = abs(grey[side].mean() - grey[~side].mean())
    step = abs(np.median(grey[edge & side]) - np.median(grey[outside]))
    drawn = np.ptp(grey[inner]) if inner.any() else 0.0
    return inner if step > contrast / 3.0 and drawn > contrast / 4.0 else None


def _hull(mask: np.ndarray) -> np.ndarray | None:
    """The corners (K, 2) of the convex hull of a mask's pixels, as x and y; None for less than an area."""
    rows = np.flatnonzero(mask.any(axis=1))
    first, last = mask[rows].argmax(axis=1), mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    points = np.concatenate([np.stack([first, rows], axis=1), np.stack([last, rows], axis=1)])
    try:
        return points[ConvexHull(points).vertices]
    except (QhullError, ValueError):
        return None


def _polygon(corners: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    field = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(field).polygon([(int(x), int(y)) for x, y in corners], fill=1)
    return np.asarray(field)


def _smallest_rectangle(corners: np.ndarray) -> float:
    """The area of the smallest rectangle about a convex polygon: one of its sides lies on a side of the polygon."""
    sides = np.roll(corners, -1, axis=0) - corners
    directions = sides / np.hypot(*sides.T)[:, None]
    across = directions @ np.array([[0.0, -1.0], [1.0, 0.0]])
    spans = [np.ptp(corners @ axes.T, axis=0) + 1.0 for axes in (directions, across)]
    return float((spans[0] * spans[1]).min())

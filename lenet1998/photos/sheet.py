"""The sheet that a digit stands on, where a picture shows more than that: a table, a frame, a scanner's dark edge."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import cdist

EIGHT = np.ones((3, 3), bool)  # neighbours along and across
# This share of a sheet lies between four of its corners (of an ellipse, 0.64), ...
LEAST_SQUARE = 0.86
# ... it is a whole, but for strokes that reach its edge, ...
LEAST_WHOLE = 0.9
# ... along its edge too, this part of its size inwards, unlike a shadow that strokes reach out of, ...
RIM, LEAST_RIM = 40, 0.6
# ... shows this much of its own colour between the strokes, ...
LEAST_BARE = 0.6
# ... and is this share of the picture, or that one if it reaches a border, as the paper between two strokes may.
LEAST_AREA, LEAST_AREA_AT_BORDER = 0.1, 0.45
# A picture of a line may be any times as wide as high; its size is that of a part so many times as wide.
ASPECT = 4


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


def extent(shape: tuple[int, ...]) -> int:
    """The longer side of a picture, or, where that is much longer, of a part of it.

    >>> extent((60, 80)), extent((50, 1000))
    (80, 200)
    """
    return min(max(shape), ASPECT * min(shape))


def find_sheet(grey: np.ndarray) -> np.ndarray:
    """Return where the sheet is, as a boolean mask of the shape of ``grey``, float (H, W); mostly it is everywhere.

    A sheet has four corners, a sharp edge, and something drawn inside; the smallest that is found is taken.

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
    found = [_inside(grey, level, bright) for bright in (True, False)]
    return min([whole, *(mask for mask in found if mask is not None)], key=np.count_nonzero)


def _inside(grey: np.ndarray, level: float, bright: bool) -> np.ndarray | None:
    """The sheet without its edge, if the largest part of one side of ``level`` is one."""
    side = (grey >= level) == bright
    labels, _ = ndimage.label(side)
    areas = np.bincount(labels.ravel())[1:]
    part = labels == 1 + areas.argmax()
    hull = _hull(part)
    if hull is None:
        return None
    sheet = _polygon(hull, grey.shape)
    area = np.count_nonzero(sheet)
    filled = ndimage.binary_fill_holes(part)
    free = (hull > 0).all() and (hull < np.array(grey.shape[::-1]) - 1).all()
    if (
        sheet.all()
        or area < (LEAST_AREA if free else LEAST_AREA_AT_BORDER) * grey.size
        or np.count_nonzero(side & sheet) < LEAST_BARE * area
        or np.count_nonzero(filled) < LEAST_WHOLE * area
        or np.count_nonzero(_polygon(_four_corners(hull), grey.shape)) < LEAST_SQUARE * area
    ):
        return None
    # The edge of a sheet is sharp, unlike that of a shade, but two pixels or more of it are blurred.
    inner = ndimage.binary_erosion(sheet, EIGHT, iterations=2 + extent(grey.shape) // 150, border_value=1)
    rim = sheet & ~ndimage.binary_erosion(sheet, EIGHT, iterations=3 + extent(grey.shape) // RIM, border_value=1)
    if np.count_nonzero(filled & rim) < LEAST_RIM * np.count_nonzero(rim):
        return None
    around = ndimage.binary_dilation(sheet, EIGHT, iterations=2) & ~sheet
    contrast = abs(grey[side].mean() - grey[~side].mean())
    step = np.abs(np.quantile(grey[around], (0.25, 0.75)) - np.median(grey[sheet & ~inner & side])).max()
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


def _four_corners(polygon: np.ndarray) -> np.ndarray:
    """The two corners of a convex polygon, (K, 2), that are farthest apart, and the farthest from their line."""
    first, second = np.unravel_index(cdist(polygon, polygon).argmax(), (len(polygon), len(polygon)))
    x, y = polygon[second] - polygon[first]
    off = (polygon - polygon[first]) @ (-y, x)
    return polygon[[first, off.argmin(), second, off.argmax()]]

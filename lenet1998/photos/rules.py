"""Rules to write on, grids and combs: long straight lines are taken out of a picture's ink, though digits cross."""

import numpy as np
from scipy import ndimage

# Lines are looked for on a copy of about this many columns, up to this slope, ...
COPY, STEEPEST = 256, 0.1
# ... and are found where so much of the ink's width is covered. Thicker than this share of the height are none.
COVERED, THICKEST = 0.6, 0.08
# Where nothing else is, a rule is seen on this share of so many columns at least; bars of digits end with them.
SEEN, BARE = 0.7, 0.1
# Rules reach over the sheet, and are fainter than writing or longer than it is high; or they are longer by far.
REACH, LONGER, BY_FAR = 0.9, 1.3, 2.5
# A comb has so many teeth at least, by so many pixels wider than its rule, and of nearly the same height.
TEETH, TOOTH, ALIKE = 3, 2, 1.3
# What is left must be so long, as a share of the sheet's shorter side, or it was no rule.
LEAST_LENGTH = 0.2
# Of writing that crosses a faint rule, ink is so much darker than it; above this share of the darkest a rule is dark.
DARKER, DARK = 1.5, 0.6


def without_rules(ink: np.ndarray, least: float) -> np.ndarray:
    """Ink float (h, w) without level and upright rules; what is fainter than ``least`` is not looked at.

    >>> ink = np.zeros((60, 200))
    >>> ink[10:45, 50:55] = ink[10:45, 90:95] = 1.0
    >>> ink[40:42] = np.maximum(ink[40:42], 0.4)
    >>> clear = without_rules(ink, least=0.1)
    >>> float(clear.sum()), float(clear[41, 52])
    (350.0, 1.0)
    """
    for turn in (False, True):
        view = ink.T if turn else ink
        cleared = _without_level_rules(view, least, upright=turn)
        ink = cleared.T if turn else cleared
    return ink


def _without_level_rules(ink: np.ndarray, least: float, upright: bool) -> np.ndarray:
    mask = ink >= least
    rows, columns = np.nonzero(mask)
    if not rows.size or (span := int(np.ptp(columns)) + 1) < 16 or (upright and span < REACH * ink.shape[1]):
        return ink
    slope = _slope(mask, span)
    sheared = np.rint(rows - slope * columns).astype(int)
    first = sheared.min() - 2
    level = np.zeros((sheared.max() - first + 3, ink.shape[1]), bool)
    level[sheared - first, columns] = True
    # A thin rule's pixels may lie half in one row and half in the next.
    covered, both = level.sum(axis=1) / span, (level | np.roll(level, 1, axis=0)).sum(axis=1) / span
    found = ndimage.binary_dilation(both >= COVERED, iterations=2) & (covered >= COVERED / 2)
    edges = np.flatnonzero(np.diff(found, prepend=False, append=False)).reshape(-1, 2)
    bands = [(top + first, end + first) for top, end in edges.tolist() if end - top <= max(3, THICKEST * len(ink))]
    if not bands:
        return ink
    cleared = ink.copy()
    levels = [_clear(cleared, mask, slope, *band) for band in bands]
    # Among faint rules, a dark bar that does not reach as far is a digit's.
    reach = [both[top - first : end - first].max() for top, end in bands]
    bars = [covers < REACH and level > DARKER * min(levels) for covers, level in zip(reach, levels, strict=True)]
    if any(bars):
        bands = [band for band, bar in zip(bands, bars, strict=True) if not bar]
        cleared = ink.copy()
        levels = [_clear(cleared, mask, slope, *band) for band in bands]
    within = slice(int(columns.min()), int(columns.max()) + 1)
    bare = cleared[:, within].max(axis=0) < least
    seen = mask[:, within].max(axis=0)[bare]
    if len(seen) < BARE * span or seen.mean() < SEEN:
        return ink
    labels, _ = ndimage.label(cleared >= least, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    if not upright:
        for part in _ticks(boxes, bands, slope):
            cleared[labels == part] = 0
            boxes[part - 1] = (slice(0, 0), slice(0, 0))
    tallest = max((rows.stop - rows.start for rows, _ in boxes), default=0)
    longest = max((max(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes), default=0)
    writing = np.percentile(cleared[cleared >= least], 75) if boxes else 0.0
    is_rule = span >= REACH * ink.shape[1] and (max(levels) < writing / DARKER or span >= LONGER * tallest)
    is_rule |= span >= BY_FAR * tallest
    return cleared if is_rule and longest >= LEAST_LENGTH * min(ink.shape) else ink


def _slope(mask: np.ndarray, span: int) -> float:
    """Rows per column of the direction in which one row covers most columns."""
    times = -(-span // COPY)
    places = [each // times for each in np.nonzero(mask)]
    small = np.zeros([each.max() + 1 for each in places], bool)
    small[tuple(places)] = True
    rows, columns = np.nonzero(small[:, places[1].min() :])
    best = _best(rows, columns, np.arange(-STEEPEST, STEEPEST, 1.0 * times / span))
    # The rows of the picture itself say it more exactly.
    rows, columns = np.nonzero(mask[:, ::times])
    return _best(rows, times * columns, best + np.arange(-1.5 * times, 1.5 * times + 0.5, 0.5) / span)


def _best(rows: np.ndarray, columns: np.ndarray, slopes: np.ndarray) -> float:
    """The slope along which rows are covered most unequally: all of a rule falls into its own rows then."""
    found = [np.rint(rows - slope * columns).astype(int) for slope in slopes]
    return float(slopes[np.argmax([(np.bincount(each - each.min()).astype(float) ** 4).sum() for each in found])])


def _ticks(boxes: list[tuple[slice, slice]], bands: list[tuple[int, int]], slope: float) -> list[int]:
    """The numbers of the parts that are a comb's teeth: upright, hardly wider than the rule that they stand on."""
    found = []
    for number, (rows, columns) in enumerate(boxes, 1):
        high, wide, middle = rows.stop - rows.start, columns.stop - columns.start, (columns.start + columns.stop) / 2
        for top, end in bands:
            stands = abs(rows.stop - top - slope * middle) <= 3
            if stands and wide <= end - top + TOOTH and high >= 2 * wide:
                found.append(number)
    heights = [boxes[number - 1][0].stop - boxes[number - 1][0].start for number in found]
    return found if len(found) >= TEETH and max(heights) <= ALIKE * min(heights) else []


def _clear(ink: np.ndarray, mask: np.ndarray, slope: float, top: int, end: int) -> float:
    """Clear a rule from its first row to before its last, sheared; return how dark it is."""
    columns = np.arange(ink.shape[1])
    tops = np.rint(top + slope * columns).astype(int)
    inside = [np.clip(tops + k, 0, len(ink) - 1) for k in range(-1, end - top + 1)]
    band = np.stack([ink[rows, columns] for rows in inside])
    level = float(np.median(band.max(axis=0)))
    above, below = (mask[np.clip(tops + k, 0, len(ink) - 1), columns] for k in (-3, end - top + 2))
    crossing = above & below if level > DARK * ink.max() else np.ones(len(columns), bool)
    for rows, values in zip(inside, band, strict=True):
        ink[rows, columns] = np.where(
            crossing & (values > (0 if level > DARK * ink.max() else DARKER * level)), values, 0
        )
    return level

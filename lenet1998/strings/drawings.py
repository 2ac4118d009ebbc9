"""Strings drawn in the manner of Figures 25 and 26, each with a difficulty that the figures show (section VII-A).

The figures' own inputs are part of a copyrighted paper. These are the project's: digits of `lenet1998.data.strokes`
that touch, whose strokes are dotted, one of which comes apart, or that lines and spots cross. Nothing learns from them.
"""

from typing import NamedTuple

import numpy as np

from lenet1998.data.strokes import WRITINGS, parse
from lenet1998.strings.images import FIELD, field_width

# Digits are 100 hundredths of this high, in pixels, and begin in this row; the pen's radius.
_HEIGHT, _TOP, _PEN = 21.0, 5.0, 1.2


class Drawing(NamedTuple):
    """What is drawn: for each digit its class, which of its writings, and the column where it begins.

    ``strokes`` are further lines from (column, row) to (column, row), ``spots`` dots at (column, row), ``cut`` the
    columns that are wiped out, from the first to before the second. A ``dotted`` pen leaves dots of digits.
    """

    digits: tuple[tuple[int, int, float], ...]
    strokes: tuple[tuple[float, float, float, float], ...] = ()
    spots: tuple[tuple[float, float], ...] = ()
    cut: tuple[int, int] = (0, 0)
    dotted: bool = False


DRAWINGS = {
    "touching": Drawing(((6, 0, 0), (0, 1, 11), (8, 0, 23.5), (2, 0, 35.5)), strokes=((44, 1, 50, 0),)),
    "dotted": Drawing(((3, 0, 0), (5, 0, 16), (0, 0, 32)), dotted=True),
    "halves": Drawing(((1, 0, -4), (7, 0, 8), (2, 0, 25), (4, 1, 42)), cut=(48, 50)),
    "crossed": Drawing(
        ((9, 1, 0), (0, 0, 17), (3, 0, 34)), strokes=((-3, 27, 16, 5), (14, 28, 33, 6), (31, 28, 50, 7))
    ),
    "spots": Drawing(
        ((2, 1, 0), (5, 0, 16), (6, 1, 32), (1, 1, 47)),
        strokes=((11, 3, 19, 3), (27, 29, 38, 29)),
        spots=((-3, 14), (14, 9), (15, 22), (30, 10), (46, 24), (62, 12)),
    ),
}


def draw(drawing: Drawing) -> tuple[np.ndarray, list[int]]:
    """The string as uint8 (32, W), W = 32 + 4 (n - 1), and its digits.

    >>> image, labels = draw(DRAWINGS["halves"])
    >>> image.shape, image.dtype.name, labels
    ((32, 88), 'uint8', [1, 7, 2, 4])
    """
    paths = [_path(digit, way, left) for digit, way, left in drawing.digits]
    if drawing.dotted:
        paths = [path[np.arange(len(path)) % 6 < 2] for path in paths]
    ink = np.concatenate(paths)[:, 0]
    width = field_width(int(np.ceil(np.ptp(ink) + 2 * _PEN)))
    shift = (width - 1 - ink.min() - ink.max()) / 2
    further = [np.linspace(line[:2], line[2:], 60) for line in drawing.strokes] + [np.reshape(drawing.spots, (-1, 2))]
    points = np.concatenate([*paths, *further]) + (shift, 0)
    rows, columns = np.indices((FIELD, width))
    distance = np.full((FIELD, width), np.inf)
    for x, y in points:
        np.minimum(distance, np.hypot(columns - x, rows - y), out=distance)
    image = np.rint(255 * np.clip(0.5 + _PEN - distance, 0, 1)).astype(np.uint8)
    first, last = (round(edge + shift) for edge in drawing.cut)
    image[:, first:last] = 0
    return image, [digit for digit, _, _ in drawing.digits]


def _path(digit: int, way: int, left: float) -> np.ndarray:
    """Places (72, 2) of the pen, column and row."""
    points, weights = parse(WRITINGS[digit][way])
    return weights @ points * _HEIGHT / 100 + (left, _TOP)

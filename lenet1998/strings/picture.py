"""From any picture of a string to the field of a network for strings (sections III-E and VII).

III-E normalises a whole field by its upper and lower profiles, not each character: characters keep their sizes and
places. So does this: digits come to the height of the data base's, and the string's centre of mass, as each digit's
there, to the middle of 32 rows. Digits much smaller or larger than the others come to that height each for itself.
"""

from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet1998.errors import DataError
from lenet1998.form import BOX, to_mnist_form
from lenet1998.patterns import SIDE
from lenet1998.photos.files import read_planes
from lenet1998.photos.ink import find_line
from lenet1998.photos.lines import Turn, level, lines_of, parts_of
from lenet1998.photos.marks import Group, Line, line_of
from lenet1998.photos.pens import darkened, thickened
from lenet1998.strings.images import FIELD, MARGIN, field_width

MOST_DIGITS = 60
# Digits of the data base are at most 20 columns wide, and with what is left of the gaps between them use up to this.
_WIDEST = 32 * MOST_DIGITS
# Beside others, digits of pens that a network of single digits reads are still too thin: strokes of a pixel.
_THIN = 2.0
# A group is smaller or larger than the others beyond these shares of their height; and no gap is wider, in columns.
_SMALLER, _LARGER, _GAP = 0.8, 1.25, 16
# What is dropped leaves the edges of its strokes, so many pixels wide.
_EDGE = 2


class Writing(NamedTuple):
    """A line of a picture: its level ink, uint8 (h, w), what that consists of, how it came from the picture, and
    whether light may have taken digits away."""

    ink: np.ndarray
    line: Line
    turn: Turn = Turn()
    times: int = 1
    left: float = 0.0
    top: float = 0.0
    glare: bool = False

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The picture's column and row of a place in the ink."""
        u, v = self.turn.place(x, y)
        return self.times * (self.left + u), self.times * (self.top + v)

    def box(self, group: Group) -> list[int]:
        """Left, top, right and bottom in the picture of what a group covers."""
        corners = [self.place(x, y) for x in (group.left, group.end) for y in (group.top, group.top + group.height)]
        (left, top), (right, bottom) = (extreme(np.array(corners), axis=0) for extreme in (np.min, np.max))
        return [max(0, int(side)) for side in (left, top, right, bottom)]

    def characters(self) -> np.ndarray:
        """Each group in MNIST's form, uint8 (groups, 28, 28)."""
        forms = [to_mnist_form(np.where(group.pixels, _part(self.ink, group), 0)) for group in self.line.groups]
        return np.stack([darkened(form) for form in forms])


class Form(NamedTuple):
    """A string as a network sees it, uint8 (32, W), W = 32 + 4 (n - 1), and where that is in the picture.

    ``places`` float (W,) are the picture's columns, ``spans`` integer (groups, 2) the columns of each group of ink, its
    first and the one after its last, -1 for one that was left out.
    """

    image: np.ndarray
    places: np.ndarray
    spans: np.ndarray

    def column(self, x: float) -> int:
        """The picture's column, from 0, that is x columns from the field's left edge.

        >>> Form(np.zeros((32, 52), np.uint8), -20.0 + 2.0 * np.arange(52), np.zeros((0, 2), int)).column(16)
        12
        """
        return int(np.interp(x, np.arange(len(self.places)), self.places))


def read_writing(path: str | PathLike[str], several: bool = False) -> list[Writing]:
    """The lines of digits in a picture file, from above, as `lenet1998.photos.digit.read_image` reads one digit.

    Raises DataError as that does, but for several digits; and unless ``several`` are asked for where there is more than
    one line.
    """
    planes, times = read_planes(Path(path))
    try:
        found = find_line(planes)
        lines = written(np.rint(255.0 * found.ink).astype(np.uint8), several, times, found.left, found.top)
        return [line._replace(glare=found.glare) for line in lines]
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def read_picture(path: str | PathLike[str]) -> Form:
    """The string in a picture file of one line, in a network's form.

    >>> import tempfile
    >>> page = np.full((80, 120), 255, np.uint8)
    >>> page[15:55, 30:36] = page[15:55, 80:86] = 0
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(page).save(folder + "/eleven.png")
    ...     form = read_picture(folder + "/eleven.png")
    >>> form.image.shape, form.column(np.flatnonzero(form.image.any(axis=0))[0])
    ((32, 52), 30)
    """
    return string_form(read_writing(path)[0])


def written(
    ink: np.ndarray, several: bool = False, times: int = 1, left: float = 0.0, top: float = 0.0
) -> list[Writing]:
    """The lines of ink uint8 (h, w), 0 for the background, which begins at a place of the picture.

    Raises DataError for another kind of array, for no ink, and, unless ``several`` are asked for, for several lines.

    >>> bars = np.zeros((100, 200), np.uint8)
    >>> bars[20:75, 50:60] = bars[20:75, 100:110] = 255
    >>> [len(line.line.groups) for line in written(bars)]
    [2]
    """
    if ink.dtype != np.uint8 or ink.ndim != 2:
        raise DataError(f"the ink is an array of {ink.dtype} and shape {ink.shape}: give uint8 (H, W)")
    ink, parts, turn = level(ink)
    if not len(parts.boxes):
        raise DataError("the image is blank: give one that shows a string of digits")
    lines = lines_of(parts.boxes)
    if len(lines) > 1 and not several:
        raise DataError("the image shows several lines: give one line at a time, or have each read by --lines")
    found = []
    for members in lines:
        own = np.where(ndimage.binary_dilation(np.isin(parts.labels, members + 1), iterations=_EDGE), ink, 0)
        if len(lines) == 1:
            own = ink
        bolder, added = thickened(own, line_of(parts, members).height, _THIN)
        place = Turn(turn.angle, turn.centre, (turn.came_to[0] + added, turn.came_to[1] + added))
        again = parts_of(bolder) if added else parts
        line = line_of(again, members if not added else np.arange(len(again.boxes)))
        found.append(Writing(bolder, line, place, times, left, top))
    return found


def string_form(writing: Writing, without: Collection[int] = ()) -> Form:
    """A line as a network for strings sees it, without some of its groups, by number.

    Raises DataError where nothing is left, and for more than some 60 digits.

    >>> bars = np.zeros((100, 200), np.uint8)
    >>> bars[20:75, 50:60] = bars[20:75, 100:110] = 255
    >>> form = string_form(written(bars)[0])
    >>> rows, columns = np.nonzero(form.image)
    >>> form.image.shape, int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    ((32, 52), 20, 22)
    >>> form.column(columns.min()), form.column(columns.max())
    (50, 107)
    """
    line = writing.line
    kept = [k for k in range(len(line.groups)) if k not in without]
    if not kept:
        raise DataError("nothing in the picture looks like a digit: give one that shows a line of digits")
    ink = _without(writing, [line.groups[k] for k in without])
    blocks = _blocks(line, kept)
    usual = [line.groups[k] for block, own in blocks for k in block if not own] or [line.groups[k] for k in kept]
    top, end = min(group.top for group in usual), max(group.top + group.height for group in usual)
    shrinks = max(line.height / BOX, (end - top) / SIDE)
    drawn, at, before = [], 0, None
    spans, knots = np.full((len(line.groups), 2), -1), []
    for block, own in blocks:
        groups = [line.groups[k] for k in block]
        first, last = min(group.left for group in groups), max(group.end for group in groups)
        gap = 0 if before is None else min(_GAP, max(1 if own else -_GAP, round((first - before) / shrinks)))
        one = groups[0].height / BOX if own else shrinks
        rows = (groups[0].top, groups[0].top + groups[0].height) if own else (top, end)
        size = [max(1, round(side / one)) for side in (last - first, rows[1] - rows[0])]
        pixels = np.zeros((rows[1] - rows[0], last - first), np.uint8)
        for group in groups:
            inside = slice(group.top - rows[0], group.top - rows[0] + group.height)
            mask = ndimage.binary_dilation(group.pixels) if own else True
            pixels[inside, group.left - first : group.end - first] |= np.where(mask, _part(ink, group), 0)
        # Pillow widens the filter by the reduction, so every source pixel counts; this filter cannot overshoot.
        drawn.append(
            (max(0, at + gap), own, np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.HAMMING)))
        )
        at, before = max(0, at + gap) + size[0], last
        knots += [(drawn[-1][0], first), (at, last)]
        for k, group in zip(block, groups, strict=True):
            spans[k] = [drawn[-1][0] + round((side - first) / one) for side in (group.left, group.end)]
    if at > _WIDEST:
        raise DataError(
            f"the line has room for {round(at / BOX)} digits: give pictures of at most {MOST_DIGITS} digits"
        )
    field = np.zeros((FIELD, field_width(at)), np.uint8)
    left = (field.shape[1] - at) // 2
    middle = _middle(np.sum([each.sum(axis=1, dtype=float) for _, own, each in drawn if not own], axis=0))
    for column, own, each in drawn:
        row = round(FIELD / 2 - (_middle(each.sum(axis=1, dtype=float)) if own else middle))
        row = min(max(row, 0), FIELD - len(each))
        place = field[row : row + len(each), left + column : left + column + each.shape[1]]
        np.maximum(place, each, out=place)
    return Form(darkened(field), _places(writing, np.array(knots, float) + (left, 0), field.shape[1]), spans + left)


def _middle(mass: np.ndarray) -> float:
    return float(mass @ np.arange(len(mass)) / max(mass.sum(), 1.0)) if mass.ndim else 0.0


def _part(ink: np.ndarray, group: Group) -> np.ndarray:
    return ink[group.top : group.top + group.height, group.left : group.end]


def _without(writing: Writing, dropped: list[Group]) -> np.ndarray:
    """The ink without marks and these groups, and the edges of their strokes."""
    gone, stays = (np.zeros(writing.ink.shape, bool) for _ in range(2))
    for group in [*dropped, *(mark for _, mark in writing.line.marks)]:
        _part(gone, group)[group.pixels] = True
    if not gone.any():
        return writing.ink
    for group in writing.line.groups:
        if not any(group is each for each in dropped):
            _part(stays, group)[group.pixels] = True
    return np.where(ndimage.binary_dilation(gone, iterations=_EDGE) & ~stays, 0, writing.ink)


def has_own_size(line: Line, k: int) -> bool:
    """Whether a group is much smaller or larger than the others, and comes to the height of digits by itself."""
    return not _SMALLER <= line.groups[k].height / line.height <= _LARGER


def _blocks(line: Line, kept: list[int]) -> list[tuple[list[int], bool]]:
    """Runs of groups that keep their sizes and places beside each other, and groups with a size of their own."""
    blocks: list[tuple[list[int], bool]] = []
    for k in kept:
        group = line.groups[k]
        own = has_own_size(line, k)
        near = blocks and group.left - max(line.groups[j].end for j in blocks[-1][0]) <= _GAP * line.height / BOX
        if blocks and not own and not blocks[-1][1] and near:
            blocks[-1][0].append(k)
        else:
            blocks.append(([k], own))
    return blocks


def _places(writing: Writing, knots: np.ndarray, width: int) -> np.ndarray:
    """The picture's column of each of the field's, given pairs of columns in the field and in the ink."""
    (first, start), (last, end) = knots[0], knots[-1]
    scale = writing.line.height / BOX
    knots = np.concatenate(
        [[[-MARGIN, start - scale * (first + MARGIN)]], knots, [[width, end + scale * (width - last)]]]
    )
    columns = np.interp(np.arange(width), knots[:, 0], knots[:, 1])
    row = float(np.median([group.top + group.height / 2 for group in writing.line.groups]))
    return np.array([writing.place(x, row)[0] for x in columns])

"""How a table fits a two-column article: in one column if it can be, else across both, else in several parts.

LaTeX cannot be asked here how wide a text will be, so its widths are estimated from those of Computer Modern. What does
not fit is tried again: in smaller type, with headings over several lines, with texts broken into lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from lenet1998.report.table import Column, Table

ONE, BOTH = 229.0, 469.0
"""The widths of one column and of the page of \\documentclass[twocolumn]{article}, in points."""
_HEIGHT = 460.0  # points of a page that rows and notes may take, beside caption and head
_LINES = 3  # a text may take so many lines in a table of one column
_NARROWEST = 45.0  # points that a broken text needs
_CLOSE = 3.5
# By size of type: the width of Computer Modern's digits beside those of the document, and points from line to line.
_SIZES = {"": (1.0, 12.0), r"\small": (0.925, 11.0), r"\footnotesize": (0.85, 9.5), r"\scriptsize": (0.8, 8.0)}
_WIDTHS = {
    "ijl.,:;'|!": 2.8,
    "frst()[]-I/` ": 3.9,
    "acegovxyzJ0123456789?_*": 5.0,
    'bdhknpquLFS"$': 5.6,
    "ABCDEGHKNOPQRTUVXYZ&#": 7.5,
    "+=<>": 7.8,
    "mwMW%@": 9.2,
}
_POINTS = {character: width for characters, width in _WIDTHS.items() for character in characters}
_CODE = 5.3  # points of a character of \texttt
_MINUS = 3.9  # points that a minus sign is wider than a hyphen


@dataclass(frozen=True)
class Layout:
    """A try: the width to keep to, the size of type, whether headings and texts are broken, and the space between."""

    width: float
    size: str
    headings: bool
    texts: bool
    space: float = 6.0  # points on either side of a column: \tabcolsep

    @property
    def scale(self) -> float:
        return _SIZES[self.size][0]


@dataclass(frozen=True)
class Part:
    """A table that fits: the natural widths of its columns, and those of its columns of broken text, 0 for others."""

    table: Table
    layout: Layout
    natural: list[float]
    widths: list[float]


def parts(table: Table, wide: bool = False) -> list[Part]:
    """The table as one part where it fits a page, else with as many columns, and then rows, in each as fit."""
    found = []
    for narrow in _by_columns(table, wide):
        layout, natural, widths = _fitted(narrow, wide)
        start = 0
        for end in _pages(narrow, layout, widths):
            found.append(Part(replace(narrow, rows=narrow.rows[start:end]), layout, natural, widths))
            start = end
    return found


def _by_columns(table: Table, wide: bool) -> list[Table]:
    """The table, or several with its first column and as many of the others as fit."""
    names = [column.name for column in table.columns]
    count = len(names)
    while count > 2 and not _fits(table.select(names[:count]), wide):
        count -= 1
    rest = [names[0], *names[count:]]
    return [table.select(names[:count]), *(_by_columns(table.select(rest), wide) if len(rest) > 1 else [])]


def _fits(table: Table, wide: bool) -> bool:
    return any(_broken(table, layout) for layout in _layouts(wide))


def _pages(table: Table, layout: Layout, widths: list[float]) -> Iterator[int]:
    """Where a page's last row ends, for each page."""
    _, line = _SIZES[layout.size]
    notes = text_points(" ".join(table.explained)) * _SIZES[r"\footnotesize"][0] / layout.width
    room = _HEIGHT - ceil(notes) * _SIZES[r"\footnotesize"][1]
    used = 0.0
    for place, row in enumerate(table.rows):
        each = zip(table.columns, row, widths, strict=True)
        lines = [
            ceil(1.15 * _points(column, column.shown(cell), layout) / width) for column, cell, width in each if width
        ]
        height = line * max([1, *lines])
        if used and used + height > room:
            yield place
            used = 0.0
        used += height
    yield len(table.rows)


def _fitted(table: Table, wide: bool) -> tuple[Layout, list[float], list[float]]:
    """The first layout that fits, or the last, with the natural widths and those of broken texts.

    Texts are not broken in a single column where the table would then need several pages.
    """
    for layout in _layouts(wide):
        widths = _broken(table, layout)
        narrow = layout.width == ONE and any(widths)
        if widths and not (narrow and len(list(_pages(table, layout, widths))) > 1):
            break
    return layout, _natural(table, layout), widths or [0.0] * len(table.columns)


def _layouts(wide: bool) -> Iterator[Layout]:
    for width in (BOTH,) if wide else (ONE, BOTH):
        for size in ("", r"\small", r"\footnotesize"):
            yield Layout(width, size, headings=False, texts=False)
        yield Layout(width, r"\footnotesize", headings=True, texts=False)
        yield Layout(width, r"\footnotesize", headings=True, texts=False, space=_CLOSE)
        yield Layout(width, r"\footnotesize", headings=True, texts=True, space=_CLOSE)
    yield Layout(BOTH, r"\scriptsize", headings=True, texts=True, space=_CLOSE)


def _broken(table: Table, layout: Layout) -> list[float]:
    """The widths of broken texts, in points, 0 where nothing is broken; [] if the table does not fit."""
    natural = _natural(table, layout)
    room = layout.width - 2 * layout.space * (len(natural) - 1) - 2
    if sum(natural) <= room:
        return [0.0] * len(natural)
    if not layout.texts:
        return []
    texts = sorted((place for place, column in enumerate(table.columns) if column.is_text), key=natural.__getitem__)
    room -= sum(width for place, width in enumerate(natural) if place not in texts)
    if layout.width == ONE and sum(natural[place] for place in texts) > _LINES * room:
        return []
    widths = [0.0] * len(natural)
    for left, place in zip(range(len(texts), 0, -1), texts, strict=True):  # the narrowest first: it may need no break
        share = room / left
        if natural[place] > share:
            if share < _NARROWEST:
                return []
            widths[place] = share
        room -= min(natural[place], share)
    return widths if any(widths) else []


def _natural(table: Table, layout: Layout) -> list[float]:
    """The widths of the columns where nothing in their cells is broken, in points."""
    found = []
    for place, column in enumerate(table.columns):
        body = [_points(column, column.shown(row[place]), layout) for row in table.rows]
        words = column.heading.split() if layout.headings else [column.heading]
        found.append(max([*body, *(text_points(word) * layout.scale for word in words)]))
    return found


def _points(column: Column, text: str, layout: Layout) -> float:
    if column.kind == "code":
        return len(text) * _CODE * layout.scale
    return (text_points(text) + (0 if column.is_text else _MINUS * text.count("-"))) * layout.scale


def text_points(text: str) -> float:
    """About how wide a text is in the document's size of type, in points."""
    return sum(_POINTS.get(character, 6.0) for character in text)


def wrapped(text: str, room: float) -> list[str]:
    """The lines of a text that is broken between words to keep to a width, in points.

    >>> wrapped("test error (%)", 50)
    ['test error', '(%)']
    """
    lines: list[str] = []
    for word in text.split():
        if lines and text_points(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]

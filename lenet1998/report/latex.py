"""A table as LaTeX that fits a two-column article: in one column if it can be, else across both (`table*`).

LaTeX cannot be asked here how wide a text will be, so its widths are estimated from those of Computer Modern. What does
not fit is tried again: in smaller type, with headings over several lines, with texts broken into lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lenet1998.report import marks
from lenet1998.report.table import Column, Table

_ONE, _BOTH = 229.0, 469.0  # points: a column and the whole page of \documentclass[twocolumn]{article}
_LINES = 3  # a text may take so many lines in a table of one column
_CLOSE = 3.5
_NARROWEST = 45.0  # points that a broken text needs
_SIZES = {"": 1.0, r"\small": 0.925, r"\footnotesize": 0.85, r"\scriptsize": 0.8}  # Computer Modern's width of a digit
_WIDTHS = {
    "ijl.,:;'|!": 2.8,
    "frst()[]-I/` ": 3.9,
    "acegovxyzJ0123456789?_*": 5.0,
    'bdhknpquLFS"$=+<>': 5.6,
    "ABCDEGHKNOPQRTUVXYZ&#": 7.5,
    "mwMW%@": 9.2,
}
_POINTS = {character: width for characters, width in _WIDTHS.items() for character in characters}
_CODE = 5.3  # points of a character of \texttt


@dataclass(frozen=True)
class _Layout:
    """A try: the width to keep to, the size of type, whether headings and texts are broken, and the space between."""

    width: float
    size: str
    headings: bool
    texts: bool
    space: float = 6.0  # points on either side of a column: \tabcolsep


def latex(table: Table, label: str = "", wide: bool = False) -> str:
    r"""A `table` of which a document needs `\usepackage{booktabs}` and no more; `wide` asks for `table*`.

    >>> columns = [Column("name", kind="code"), Column("change", "%", kind="difference")]
    >>> print(latex(Table("e", "Errors", columns, [("j_2", -0.95)]), label="tab:e"))
    % \usepackage{booktabs}
    \begin{table}[t]
    \centering
    \caption{Errors}
    \label{tab:e}
    \begin{tabular}{@{}lr@{}}
    \toprule
    name & change (\%) \\
    \midrule
    \texttt{j\_2} & $-$0.95 \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    layout, widths = _laid_out(table, wide)
    kind = "table" if layout.width == _ONE else "table*"
    lines = [r"% \usepackage{booktabs}", rf"\begin{{{kind}}}[t]", r"\centering"]
    lines.append(rf"\caption{{{marks.latex(table.caption)}}}")
    if label:
        lines.append(rf"\label{{{label}}}")
    if layout.size:
        lines.append(layout.size)
    if layout.space != _Layout.space:
        lines.append(rf"\setlength{{\tabcolsep}}{{{layout.space:g}pt}}")
    places = "".join(
        rf"p{{{width / layout.width:.3f}\linewidth}}" if width else "l" if column.is_text else "r"
        for column, width in zip(table.columns, widths, strict=True)
    )
    end = r"\tabularnewline" if any(widths) else r"\\"  # \raggedright in the last cell would change \\
    lines += [rf"\begin{{tabular}}{{@{{}}{places}@{{}}}}", r"\toprule"]
    lines += [rf"{row} {end}" for row in _headings(table, layout, widths)]
    lines.append(r"\midrule")
    for row in table.rows:
        cells = [
            _cell(*parts) for parts in zip(table.columns, map(Column.shown, table.columns, row), widths, strict=True)
        ]
        lines.append(rf"{' & '.join(cells)} {end}")
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.explained:
        notes = marks.latex(" ".join(table.explained))
        lines.append(rf"\par\smallskip\parbox{{\linewidth}}{{\footnotesize\raggedright {notes}}}")
    return "\n".join([*lines, rf"\end{{{kind}}}"])


def _laid_out(table: Table, wide: bool) -> tuple[_Layout, list[float]]:
    """The first layout that fits, and the width of each column of broken text, 0 for the other columns."""
    for layout in _layouts(wide):
        widths = _broken(table, layout)
        if widths is not None:
            return layout, widths
    return layout, [0.0] * len(table.columns)


def _layouts(wide: bool) -> Iterator[_Layout]:
    for width in (_BOTH,) if wide else (_ONE, _BOTH):
        for size in ("", r"\small", r"\footnotesize"):
            yield _Layout(width, size, headings=False, texts=False)
        yield _Layout(width, r"\footnotesize", headings=True, texts=False)
        yield _Layout(width, r"\footnotesize", headings=True, texts=False, space=_CLOSE)
        yield _Layout(width, r"\footnotesize", headings=True, texts=True, space=_CLOSE)
    yield _Layout(_BOTH, r"\scriptsize", headings=True, texts=True, space=_CLOSE)


def _broken(table: Table, layout: _Layout) -> list[float] | None:
    """The widths of broken texts, in points, 0 where nothing is broken; None if the table does not fit."""
    natural = [_natural(table, place, layout) for place in range(len(table.columns))]
    room = layout.width - 2 * layout.space * (len(natural) - 1) - 2
    if sum(natural) <= room:
        return [0.0] * len(natural)
    if not layout.texts:
        return None
    texts = sorted((place for place, column in enumerate(table.columns) if column.is_text), key=natural.__getitem__)
    room -= sum(width for place, width in enumerate(natural) if place not in texts)
    if layout.width == _ONE and sum(natural[place] for place in texts) > _LINES * room:
        return None
    widths = [0.0] * len(natural)
    for left, place in zip(range(len(texts), 0, -1), texts, strict=True):  # the narrowest first: it may need no break
        share = room / left
        if natural[place] > share:
            if share < _NARROWEST:
                return None
            widths[place] = share
        room -= min(natural[place], share)
    return widths if any(widths) else None


def _natural(table: Table, place: int, layout: _Layout) -> float:
    """The width of a column where nothing in its cells is broken, in points."""
    column = table.columns[place]
    body = max((_points(column.shown(row[place]), column, layout) for row in table.rows), default=0.0)
    words = column.heading.split() if layout.headings else [column.heading]
    return max(body, *(_text_points(word) * _SIZES[layout.size] for word in words))


def _points(text: str, column: Column, layout: _Layout) -> float:
    return (len(text) * _CODE if column.kind == "code" else _text_points(text)) * _SIZES[layout.size]


def _text_points(text: str) -> float:
    return sum(_POINTS.get(character, 6.0) for character in text)


def _headings(table: Table, layout: _Layout, widths: Sequence[float]) -> Iterator[str]:
    """The rows of the head: one, or as many as broken headings need, which end on the last."""
    stacked = []
    for place, column in enumerate(table.columns):
        room = widths[place] or _natural(table, place, layout)
        lines = [column.heading]
        if layout.headings:
            lines = _wrapped(column.heading, room / _SIZES[layout.size])
        stacked.append(lines)
    height = max(map(len, stacked))
    for line in range(height):
        cells = (lines[line - height + len(lines)] if line >= height - len(lines) else "" for lines in stacked)
        yield " & ".join(map(marks.latex, cells))


def _wrapped(text: str, room: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and _text_points(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _cell(column: Column, text: str, width: float) -> str:
    if column.kind == "code":
        shown = marks.latex_code(text) if text else ""
        if width:  # LaTeX breaks code nowhere by itself
            shown = re.sub(r"(\\_|[=,./:+-])(?=.)", r"\1\\allowbreak{}", shown)
    elif column.is_text:
        shown = marks.latex(text)
    else:
        shown = marks.latex_literal(text).replace("-", "$-$")
    return rf"\raggedright {shown}" if width and shown else shown

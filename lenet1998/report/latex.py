"""A table as LaTeX that fits a two-column article, see `lenet1998.report.layout`."""

from collections.abc import Iterator

from lenet1998.report import marks
from lenet1998.report.layout import ONE, Layout, Part, parts, text_points, wrapped
from lenet1998.report.table import Column, Table

_PIECE = 6  # characters of a word that is too long for its column; a line may end between two pieces


def latex(table: Table, label: str = "", wide: bool = False) -> str:
    r"""A `table` of which a document needs `\usepackage{booktabs}` and no more; `wide` asks for `table*`.

    A table that is too long for a page, or too wide for one in the smallest type, becomes several.

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
    found = parts(table, wide)
    lines = [r"% \usepackage{booktabs}"]
    for number, part in enumerate(found, 1):
        caption = marks.latex(table.caption) + (f" (part {number} of {len(found)})" if len(found) > 1 else "")
        notes = marks.latex(" ".join(table.explained)) if number == len(found) else ""
        lines += _float(part, caption, label if number == 1 else "", notes)
    return "\n".join(lines)


def _float(part: Part, caption: str, label: str, notes: str) -> Iterator[str]:
    """The lines of one table."""
    table, layout, widths = part.table, part.layout, part.widths
    kind = "table" if layout.width == ONE else "table*"
    yield rf"\begin{{{kind}}}[t]"
    yield r"\centering"
    yield rf"\caption{{{caption}}}"
    if label:
        yield rf"\label{{{label}}}"
    if layout.size:
        yield layout.size
    if layout.space != Layout.space:
        yield rf"\setlength{{\tabcolsep}}{{{layout.space:g}pt}}"
    places = "".join(
        rf"p{{{width / layout.width:.3f}\linewidth}}" if width else "l" if column.is_text else "r"
        for column, width in zip(table.columns, widths, strict=True)
    )
    end = r"\tabularnewline" if any(widths) else r"\\"  # \raggedright in the last cell would change \\
    yield rf"\begin{{tabular}}{{@{{}}{places}@{{}}}}"
    yield r"\toprule"
    yield from (rf"{row} {end}" for row in _headings(part))
    yield r"\midrule"
    for row in table.rows:
        texts = map(Column.shown, table.columns, row)
        cells = [_cell(*each, layout) for each in zip(table.columns, texts, widths, strict=True)]
        yield rf"{' & '.join(cells)} {end}"
    yield r"\bottomrule"
    yield r"\end{tabular}"
    if notes:
        yield rf"\par\smallskip\parbox{{\linewidth}}{{\footnotesize\raggedright {notes}}}"
    yield rf"\end{{{kind}}}"


def _headings(part: Part) -> Iterator[str]:
    """The rows of the head: one, or as many as broken headings need, which end on the last."""
    rooms = [(width or natural) / part.layout.scale for width, natural in zip(part.widths, part.natural, strict=True)]
    stacked = [
        wrapped(column.heading, room) if part.layout.headings else [column.heading]
        for column, room in zip(part.table.columns, rooms, strict=True)
    ]
    height = max(map(len, stacked))
    for line in range(-height, 0):
        yield " & ".join(marks.latex(lines[line]) if -line <= len(lines) else "" for lines in stacked)


def _cell(column: Column, text: str, width: float, layout: Layout) -> str:
    if not text:
        return ""
    if not column.is_text:
        return marks.latex_literal(text).replace("-", "$-$")
    room = width / layout.scale or float("inf")
    words = [word if text_points(word) < room else _pieces(word) for word in text.split()]
    if column.kind == "code":
        words = [_pieces(word) if width else marks.latex_literal(word) for word in text.split()]
        shown = rf"\texttt{{{' '.join(words)}}}"
    elif any(text_points(word) >= room for word in text.split()):
        shown = " ".join(words)
    else:
        shown = marks.latex(text)
    return rf"\raggedright {shown}" if width else shown


def _pieces(word: str) -> str:
    """A long word, which LaTeX would not break by itself, with places where a line may end."""
    pieces = [word[start : start + _PIECE] for start in range(0, len(word), _PIECE)]
    return r"\allowbreak{}".join(map(marks.latex_literal, pieces))

"""A table for a paper, a spreadsheet or a page: as LaTeX with booktabs, as CSV, as Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from lenet1998.report.document import MARKS, Table, to_markdown

_LINE = 76
"""About so many characters, with three between columns, are the width of an article's text."""
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "[": "{[}",  # or it would be an option of the line's end before it
        **{character: rf"\{character}" for character in "&%$#_{}"},
    }
)


def latex(table: Table) -> str:
    r"""A `table` with its caption, of which a document needs `\usepackage{booktabs}` and no more.

    >>> print(latex(Table(["", "error (%)"], [["`j_2`", "0.95"]], "Errors")))
    % \usepackage{booktabs}
    \begin{table}
    \centering
    \caption{Errors}
    \begin{tabular}{lr}
    \toprule
     & error (\%) \\
    \midrule
    \texttt{j\_2} & 0.95 \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    columns = list(zip(*_lines(table), strict=True))
    wide = sum(3 + max(map(len, column)) for column in columns) > _LINE
    places = "".join("lr"[all(map(_is_number, column[1:]))] for column in columns)
    head, *rows = (" & ".join(_stacked(cell) if wide else _cell(cell) for cell in line) for line in _lines(table))
    lines = [r"% \usepackage{booktabs}", r"\begin{table}", r"\centering", rf"\caption{{{_cell(table.caption)}}}"]
    lines += [r"\footnotesize\setlength{\tabcolsep}{3pt}"] * wide
    lines += [rf"\begin{{tabular}}{{{places}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    return "\n".join([*lines, *(rf"{row} \\" for row in rows), r"\bottomrule", r"\end{tabular}", r"\end{table}"])


def comma_separated(table: Table) -> str:
    """Head and rows without marks of type; the caption is not in it.

    >>> print(comma_separated(Table(["", "error, %"], [["`a`", "0.95"]], "Errors")))
    ,"error, %"
    a,0.95
    """
    text = io.StringIO()
    lines = [[re.sub(MARKS, lambda mark: mark[0].strip("`*"), cell) for cell in line] for line in _lines(table)]
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().rstrip("\n")


def markdown(table: Table) -> str:
    """As in `lenet1998.report.document`, the caption above the table."""
    return to_markdown([table], "").rstrip("\n")


FORMATS: dict[str, Callable[[Table], str]] = {"latex": latex, "csv": comma_separated, "markdown": markdown}
SUFFIXES = {"latex": ".tex", "csv": ".csv", "markdown": ".md"}


def _lines(table: Table) -> list[list[str]]:
    return [table.head, *table.rows]


def _cell(text: str) -> str:
    parts = []
    for part in MARKS.split(text):
        kind, inner = ("texttt", part[1:-1]) if part.startswith("`") and len(part) > 1 else ("", part)
        if part.startswith("**") and len(part) > 4:
            kind, inner = "textbf", part[2:-2]
        shown = inner.translate(_SPECIAL)
        parts.append(rf"\{kind}{{{shown}}}" if kind else shown)
    return "".join(parts)


def _stacked(text: str) -> str:
    """A cell with what it has in brackets, an interval or a unit, below the rest."""
    above, bracket, below = text.partition(" (")
    return rf"\shortstack[r]{{{_cell(above)}\\({_cell(below)}}}" if bracket else _cell(text)


def _is_number(cell: str) -> bool:
    """Whether a cell is empty or a number, perhaps with a bound or an interval."""
    return re.fullmatch(r"((up to |<|> )?[-+]?\d[\d,.e+-]*%?( \(.*\))?)?", cell) is not None

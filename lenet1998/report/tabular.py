"""A table for a paper, a spreadsheet or a page: as LaTeX with booktabs, as CSV, as Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from lenet1998.report.document import MARKS, Table, to_markdown

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
    columns = "".join("lr"[all(_is_number(row[place]) for row in table.rows)] for place in range(len(table.head)))
    head, *rows = (" & ".join(map(_cell, line)) + r" \\" for line in _lines(table))
    lines = [r"% \usepackage{booktabs}", r"\begin{table}", r"\centering", rf"\caption{{{_cell(table.caption)}}}"]
    lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *rows, r"\bottomrule"]
    return "\n".join([*lines, r"\end{tabular}", r"\end{table}"])


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


def _is_number(cell: str) -> bool:
    """Whether a cell is empty or a number, perhaps with a bound or an interval."""
    return re.fullmatch(r"((up to |<|> )?[-+]?\d[\d,.e+-]*%?( \(.*\))?)?", cell) is not None

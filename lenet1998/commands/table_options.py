"""Options of commands that print a table, and the table as they ask for it."""

import argparse
from dataclasses import replace
from pathlib import Path

from lenet1998.errors import LeNetError
from lenet1998.report.latex import latex
from lenet1998.report.table import Table
from lenet1998.report.writers import csv, markdown

SUFFIXES = {"latex": ".tex", "csv": ".csv", "markdown": ".md"}
"""The formats, with the endings of their files."""


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """--columns, --rows, --caption, and --label and --wide of LaTeX."""
    group = parser.add_argument_group("the table")
    group.add_argument(
        "--columns",
        metavar="COLUMN",
        nargs="+",
        default=[],
        help="keep these columns, in this order, by name or by number, such as: --columns 1 3-5 'test error' "
        "(default: all)",
    )
    group.add_argument(
        "--rows",
        metavar="ROW",
        nargs="+",
        default=[],
        help="keep these rows, in this order, by the text in their first column or by number, such as: --rows LeNet-5 "
        "2-4 (default: all)",
    )
    group.add_argument("--caption", metavar="TEXT", help="the caption, in place of the one that the table has")
    group.add_argument("--label", metavar="NAME", default="", help=r"LaTeX: the \label, such as tab:errors")
    group.add_argument(
        "--wide",
        action="store_true",
        help="LaTeX: span both columns of the page (table*), even where one column is enough",
    )


def asked(table: Table, arguments: argparse.Namespace) -> Table:
    """The table with the columns, rows and caption that are asked for. Raises LeNetError for what it does not have."""
    kept = table.select(arguments.columns, arguments.rows)
    return kept if arguments.caption is None else replace(kept, caption=arguments.caption)


def written(table: Table, kind: str, arguments: argparse.Namespace) -> str:
    """The table as LaTeX, CSV or Markdown."""
    if kind == "latex":
        return latex(table, arguments.label, arguments.wide)
    return {"csv": csv, "markdown": markdown}[kind](table)


def format_of(path: Path | None, kind: str | None) -> str:
    """The format that is asked for, or that of the file's ending; Markdown where nothing says which.

    Raises LeNetError for an ending of no format.
    """
    if kind is not None or path is None:
        return kind or "markdown"
    for each, suffix in SUFFIXES.items():
        if path.suffix == suffix:
            return each
    raise LeNetError(f"the ending of {path} is none of {', '.join(SUFFIXES.values())}: add --format")

"""`lenet1998 table`: a recorded table, for a paper, a spreadsheet or a page."""

import argparse
import os
import stat
import sys
from pathlib import Path

from lenet1998.commands.table_options import SUFFIXES, add_table_options, asked, format_of, written
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically
from lenet1998.report import kept
from lenet1998.report.experiments import find
from lenet1998.report.table import Table


def options(parser: argparse.ArgumentParser) -> None:
    """NAME, --format, what to keep of the table, and where the results are."""
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a table or an experiment, or the beginning of its name, such as fig5; or fig9 to fig12",
    )
    parser.add_argument(
        "--format", choices=SUFFIXES, help="default: by the ending of --out, or markdown; LaTeX needs booktabs"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="write the table to this file, such as errors.tex; an error leaves the file alone (default: print it)",
    )
    parser.add_argument(
        "--results",
        metavar="DIR",
        type=Path,
        help="a directory of results of your own, such as a trial's (default: the recorded tables of the package)",
    )
    add_table_options(parser)


_OF_A_TABLE = ("format", "out", "columns", "rows", "caption", "label", "wide")


def run(arguments: argparse.Namespace) -> None:
    """Print or write the tables of the name, an empty line between two. Raises LeNetError if there are none."""
    named = _named(arguments.results)
    if arguments.name is None:
        if any(value for key, value in vars(arguments).items() if key in _OF_A_TABLE):
            raise LeNetError("which table? NAME goes first, such as: lenet1998 table fig9 --columns 1 3 --out fig9.tex")
        _list(named)
        return
    try:
        kind = format_of(arguments.out, arguments.format)
        if kind != "latex" and (arguments.label or arguments.wide):
            raise LeNetError("--label and --wide are for LaTeX: add --format latex")
        found = kept.find_tables(named, arguments.name)
        if len(found) > 1 and (arguments.columns or arguments.rows or arguments.label or arguments.caption is not None):
            names = ", ".join(table.name for table in found)
            raise LeNetError(f"{arguments.name} has {len(found)} tables, name one of them: {names}")
        text = "\n\n".join(written(asked(table, arguments), kind, arguments) for table in found)
    except LeNetError as error:
        if arguments.out is None and _to_file():
            raise LeNetError(f"{error}; what the shell made for > is empty, --out FILE leaves no file") from error
        raise
    if arguments.out is None:
        print(text)
    else:
        write_atomically(arguments.out, f"{text}\n".encode("utf-8", "backslashreplace"))
        print(arguments.out)


def _named(results: Path | None) -> dict[str, list[Table]]:
    """The recorded tables by experiment, or those of a directory of results. Raises LeNetError if it has none."""
    folder = kept.recorded() if results is None else kept.folder_of(results)
    if folder is None:
        raise LeNetError(
            f"{results} holds no results with tables: an experiment writes them there with --out, and from a record "
            "that is there with --plot-only --out"
        )
    return {name: kept.read_tables(path) for name, path in kept.files(folder).items()}


def _list(named: dict[str, list[Table]]) -> None:
    """Print the experiments that have tables and, where one has several, their names."""
    several = {name: [table.name for table in tables if len(tables) > 1] for name, tables in named.items()}
    wide = max(len(name) for name in [*named, *(f"  {each}" for names in several.values() for each in names)])
    for name, tables in named.items():
        experiment = find(name)
        print(f"{name:<{wide}}  {experiment.title if experiment else ''}".rstrip())
        for table in tables:
            if table.name in several[name]:
                print(f"  {table.name:<{wide - 2}}  {table.caption.split('. ')[0]}")


def _to_file() -> bool:
    """Whether what is printed goes to a file, which the shell has made and emptied before this program ran."""
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False

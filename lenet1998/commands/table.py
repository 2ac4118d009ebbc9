"""`lenet1998 table`: a recorded table, for a paper, a spreadsheet or a page."""

from __future__ import annotations

import argparse

from lenet1998.commands.report import add_results_option
from lenet1998.report.experiments import find
from lenet1998.report.tabular import FORMATS


def options(parser: argparse.ArgumentParser) -> None:
    """NAME, --format and where the results are."""
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a results file without its ending, or the beginning of it, such as fig5; or fig9 to fig12",
    )
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="default: markdown; LaTeX needs booktabs")
    add_results_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the tables of the name, an empty line between two. Raises LeNetError if there are none."""
    from lenet1998.report.results import find_tables, named_tables, read  # SciPy takes a second to load

    named = named_tables(read(arguments.results))
    if arguments.name is None:
        for name in named:
            experiment = find(name)
            print(f"{name:<{max(map(len, named))}}  {experiment.title if experiment else ''}".rstrip())
        return
    print("\n\n".join(map(FORMATS[arguments.format], find_tables(named, arguments.name))))

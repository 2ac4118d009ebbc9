"""The command `lenet1998 report`."""

from __future__ import annotations

import argparse
from pathlib import Path


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    add_results_option(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("report"),
        help="where report.html, report.md and its figures go (default: report)",
    )


def add_results_option(parser: argparse.ArgumentParser) -> None:
    """--results, a directory."""
    parser.add_argument(
        "--results",
        metavar="DIR",
        type=Path,
        default=Path("experiments") / "results",
        help="what experiments have recorded (default: experiments/results)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the report and print the paths. Raises LeNetError if there are no results, or they cannot be written."""
    from lenet1998.report.page import write  # SciPy takes a second to load, only this command needs it

    for path in write(arguments.results, arguments.out):
        print(path)

"""The command `lenet1998 report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from lenet1998.errors import LeNetError


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    parser.add_argument(
        "--results",
        metavar="DIR",
        type=Path,
        default=Path("experiments") / "results",
        help="what experiments have recorded (default: experiments/results)",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("report"),
        help="where report.html, report.md and its figures go (default: report)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the report and print the paths.

    Raises LeNetError if there are no results, or the report cannot be written; and, when it is written, if a part of
    the results cannot be read.
    """
    from lenet1998.report.page import write  # SciPy takes a second to load, only this command needs it
    from lenet1998.report.results import read

    found = read(arguments.results)
    for path in write(arguments.results, arguments.out, found):
        print(path)
    if unread := [reason for result in found for reason in result.unread]:
        raise LeNetError(f"the report lacks what cannot be read, and names it: {'; '.join(unread)}")

"""The command `lenet1998 report`."""

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
        help="where report.html goes (default: report)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the report and print its path.

    Raises LeNetError if there are no results, or the report cannot be written; and, when it is written, if a part of
    the results cannot be read.
    """
    from lenet1998.report.page import write  # SciPy takes a second to load, only this command needs it
    from lenet1998.report.results import read

    found = read(arguments.results)
    print(write(arguments.results, arguments.out, found))
    if unread := [reason for result in found for reason in result.unread]:
        raise LeNetError(f"the report lacks what cannot be read, and names it: {'; '.join(unread)}")

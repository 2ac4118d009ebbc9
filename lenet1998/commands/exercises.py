"""`lenet1998 exercises`: points for a folder of hand-ins."""

import argparse
from pathlib import Path

from lenet1998.errors import escaped
from lenet1998.files import make_directory, write_atomically


def options(parser: argparse.ArgumentParser) -> None:
    """FOLDER and --out."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        help="the folder of hand-ins: each is a notebook, a program, or a folder of these",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("points"),
        help="where to write points.json and points.csv (default: points)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    """Judge each hand-in, print its points, and write all of them. Raises LeNetError for a folder without hand-ins."""
    from lenet1998.exercises.handins import as_csv, as_json, graded

    judged = graded(arguments.folder)
    make_directory(arguments.out)
    points = {}
    for name, found in judged:
        points[name] = found
        verdicts = found.values()
        print(f"{escaped(name)}: {sum(each.points for each in verdicts)} of {sum(each.of for each in verdicts)}")
    for written, text in (("points.json", as_json(points)), ("points.csv", as_csv(points))):
        write_atomically(arguments.out / written, text.encode())
        print(arguments.out / written)

"""`lenet1998 check`: a recorded run repeated, or another run laid beside it, pass by pass and to the last bit."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lenet1998.commands.options import add_plugin_options, natural, positive, refuse_unused, refuse_unused_places
from lenet1998.errors import LeNetError
from lenet1998.running import check as checks
from lenet1998.running.progress import Console


def options(parser: argparse.ArgumentParser) -> None:
    """RECORD, which of its runs, how much of it, and what to compare it with."""
    parser.add_argument(
        "record",
        metavar="RECORD",
        type=Path,
        help="a run's directory, a history.json or checkpoint.npz, or a file of experiments/results",
    )
    parser.add_argument("--recipe", metavar="NAME", help="which recipe, in a file with several")
    parser.add_argument("--seed", metavar="S", type=natural, help="which seed, in a file with several runs")
    parser.add_argument("--all", action="store_true", help="repeat every run of the file, not the first alone")
    parser.add_argument("--passes", metavar="N", type=positive, help="the first N passes (default: all)")
    parser.add_argument(
        "--with", dest="other", metavar="RUN", type=Path, help="compare with this run, and train nothing"
    )
    parser.add_argument(
        "--data", metavar="PATH", help="where your own data are now, for a run that learned such (default: as recorded)"
    )
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where MNIST is")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print a line for each run that is the same, and what was compared. Raises DifferenceError for one that is not,
    LeNetError for bad input."""
    if arguments.other:
        refuse_unused(arguments, "is for a run that is repeated, and --with trains nothing", "all", "data", "data-dir")
        (other,) = checks.histories(arguments.other)[:1]
        recorded = _chosen(arguments, other)[0]
        count = min(len(recorded["passes"]), len(other["passes"]), arguments.passes or len(recorded["passes"]))
        _announce(recorded, other)
        print(checks.compare(recorded, other, iter(other["passes"]), count))
        print(_COMPARED)
        return
    found = _chosen(arguments)
    refuse_unused_places(arguments, found)
    for recorded in found if arguments.all else found[:1]:
        _repeat(recorded, arguments)
    if len(found) > 1:
        looked_at = f"all {len(found)}" if arguments.all else f"1 of {len(found)}"
        print(f"looked at: {looked_at} runs{'' if arguments.all else ' (--all repeats each)'}")
    print(_COMPARED)


_COMPARED = (
    "compared: data, recipe, engine, errors, losses and digests of parameters; "
    "not compared: commit, seconds and whatever else is on record"
)


def _repeat(recorded: dict, arguments: argparse.Namespace) -> None:
    data = checks.data_of(recorded, arguments.data_dir, arguments.data)
    count = min(len(recorded["passes"]), arguments.passes or len(recorded["passes"]))
    console = Console(count, len(data.train), arguments.quiet, "checking")
    try:
        here, passes = checks.repeated(recorded, data, console.progress)
        _announce(recorded, here)
        print(checks.compare(recorded, here, passes, count, console.passed))
    finally:
        console.close()


def _announce(recorded: dict, here: dict) -> None:
    """Say in a line what of the surroundings differs, whether or not the bits then do."""
    around = checks.surroundings(recorded, here)
    if around:
        print(f"not as recorded: {', '.join(around)}", file=sys.stderr)


def _chosen(arguments: argparse.Namespace, like: dict | None = None) -> list[dict]:
    """The runs of the record that the options name, or that have the seed of another."""
    runs = checks.histories(arguments.record)
    seed = like["seed"] if arguments.seed is None and like else arguments.seed
    choices: list[tuple[str, Any, Callable[[dict], Any]]] = [
        ("recipe", arguments.recipe, lambda run: run["recipe"]["name"]),
        ("seed", seed, lambda run: run["seed"]),
    ]
    for key, wanted, of in choices:
        there = list(dict.fromkeys(map(of, runs)))
        if wanted is not None and wanted not in there:
            others = " or ".join(map(str, there))
            raise LeNetError(f"{arguments.record} has no run of {key} {wanted}: choose {others}")
        runs = [run for run in runs if wanted is None or of(run) == wanted]
    return runs

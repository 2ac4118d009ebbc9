"""The command line of the experiments: what is trained, how many seeds, and where runs, results and figures go."""

from __future__ import annotations

import argparse
from pathlib import Path

from lenet1998.commands.options import add_figure_options, add_training_options, positive

RESULTS = Path(__file__).parent / "results"
RUNS = Path("runs")
FIGURES = Path("figures")  # those made for print


def plain_options(description: str, passes: int = 20, recipe: bool = True) -> argparse.ArgumentParser:
    """A parser with the training options and those of every experiment that trains.

    `passes` make the full experiment; one that has its own recipes takes no options for them (`recipe` false).
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_training_options(parser, passes, recipe)
    add_figure_options(parser, FIGURES)
    parser.set_defaults(full_passes=passes)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="where results and figures go (default: experiments/results for the full experiment, that is MNIST with "
        f"all its patterns and {passes} passes or more, and with --plot-only; a directory under runs/trial for "
        "anything less)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="a trial of the machinery: 2 seeds, 2 passes, 300 patterns"
    )
    parser.add_argument("--plot-only", action="store_true", help="draw from the recorded results, train nothing")
    return parser


def options(description: str, seeds: int, passes: int = 20, recipe: bool = True) -> argparse.ArgumentParser:
    """The same with the options of an experiment that trains several seeds."""
    parser = plain_options(description, passes, recipe)
    add_sweep_options(parser, seeds)
    return parser


def add_sweep_options(parser: argparse.ArgumentParser, seeds: int) -> None:
    """How many runs, and the options of `add_run_options`."""
    parser.add_argument(
        "--seeds", metavar="N", type=positive, default=seeds, help=f"train with seeds 1 to N (default: {seeds})"
    )
    add_run_options(parser)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Where runs are kept, and how they are made."""
    parser.add_argument(
        "--runs",
        metavar="DIR",
        type=Path,
        help="where checkpoints are kept, so that a stopped experiment continues (default: runs for the full "
        "experiment, a directory under runs/trial for anything less)",
    )
    parser.add_argument("--jobs", metavar="J", type=positive, default=1, help="runs at a time (default: 1)")
    parser.add_argument(
        "--backend",
        choices=("processes", "dask"),
        default="processes",
        help="where runs go on: processes of this machine, or a Dask cluster that sees the same --runs directory",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="the Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--resume", action="store_true", help="take finished runs in --runs, continue the others")


def parse(parser: argparse.ArgumentParser, given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line, or what is `given`; --quick cuts everything down. `resolve_data` completes --out and
    --runs."""
    arguments = parser.parse_args(given)
    if arguments.quick:
        arguments.passes = min(arguments.passes, 2)
        arguments.train_size, arguments.test_size = 300, 200
        if "seeds" in arguments:
            arguments.seeds = min(arguments.seeds, 2)
    if arguments.plot_only:
        arguments.out = arguments.out or RESULTS
    return arguments


def variant(name: str, arguments: argparse.Namespace) -> str:
    """The name of an experiment's results and runs: with another recipe or a chosen engine, these are part of it."""
    choices = [] if arguments.recipe == "default" else [arguments.recipe]
    choices += arguments.settings + ([f"loss={arguments.loss}"] if arguments.loss else [])
    choices += [] if arguments.engine == "auto" else [arguments.engine]
    return "_".join([name, *choices]).replace("/", "_")

"""What the experiments share: several seeds of a recipe, each a resumable run, recorded as they come."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from lenet1998.errors import LeNetError
from lenet1998.evaluation import student_interval
from lenet1998.files import write_json
from lenet1998.options import add_training_options, chosen_data, chosen_recipe, positive
from lenet1998.recipe import Recipe
from lenet1998.reporting import announce
from lenet1998.sweep import DataChoice, Failure, Task, sweep

RESULTS = Path(__file__).parent / "results"


def options(description: str, seeds: int) -> argparse.ArgumentParser:
    """A parser with the training options and those of every experiment."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_training_options(parser)
    parser.add_argument(
        "--seeds", metavar="N", type=positive, default=seeds, help=f"train with seeds 1 to N (default: {seeds})"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=RESULTS,
        help="where results and figures go (default: experiments/results)",
    )
    parser.add_argument(
        "--runs",
        metavar="DIR",
        type=Path,
        default=Path("runs"),
        help="where checkpoints are kept, so that a stopped experiment continues (default: runs)",
    )
    parser.add_argument("--jobs", metavar="J", type=positive, default=1, help="runs at a time (default: 1)")
    parser.add_argument(
        "--backend",
        choices=("loky", "dask"),
        default="loky",
        help="where runs go on: processes of this machine, or a Dask cluster that sees the same --runs directory",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="the Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--resume", action="store_true", help="take finished runs in --runs, continue the others")
    parser.add_argument(
        "--quick", action="store_true", help="a trial of the machinery: 2 seeds, 2 passes, 300 patterns"
    )
    parser.add_argument("--plot-only", action="store_true", help="draw from the recorded results, train nothing")
    return parser


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line; --quick cuts everything down."""
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seeds, arguments.passes = min(arguments.seeds, 2), min(arguments.passes, 2)
        arguments.train_size, arguments.test_size = 300, 200
    return arguments


def train_seeds(name: str, arguments: argparse.Namespace) -> list[dict]:
    """Train the chosen recipe with every seed and return the histories, recorded in OUT/name.json after each."""
    resolve_data(arguments)
    tasks = seeds_of(chosen_recipe(arguments), arguments.runs / name, arguments, arguments.seeds)
    return carry_out(name, tasks, arguments)


def resolve_data(arguments: argparse.Namespace) -> None:
    """Find the data, or fail, once and here, not in every worker; "auto" becomes what was found."""
    arguments.data = chosen_data(arguments).name


def seeds_of(recipe: Recipe, directory: Path, arguments: argparse.Namespace, count: int, **data: int) -> list[Task]:
    """A task for each of the seeds 1 to `count` of a recipe; `data` overrides fields of the data choice."""
    choice = DataChoice(arguments.data, arguments.data_dir, arguments.train_size, arguments.test_size)
    return [
        Task(directory / f"seed{seed}", recipe, seed, replace(choice, **data), arguments.passes, arguments.engine)
        for seed in range(1, count + 1)
    ]


def carry_out(name: str, tasks: list[Task], arguments: argparse.Namespace) -> list[dict]:
    """Perform the tasks, as many at a time as --jobs says; OUT/name.json holds the histories after each.

    Raises LeNetError at the end if some failed; the others are recorded by then.
    """

    def record(histories: list[dict]) -> None:
        write_json(arguments.out / f"{name}.json", {"experiment": name, "runs": histories})

    outcomes = sweep(
        tasks,
        jobs=arguments.jobs,
        backend=arguments.backend,
        scheduler=arguments.scheduler,
        resume=arguments.resume,
        quiet=arguments.quiet,
        finished=record,
    )
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if failures:
        raise LeNetError(
            f"{len(failures)} of {len(tasks)} runs failed ({failures[0].task.out}: {failures[0].reason}); "
            "the others are recorded, and the same command with --resume repeats what failed"
        )
    return [outcome for outcome in outcomes if isinstance(outcome, dict)]


def at_pass(histories: list[dict], number: int, key: str) -> tuple[float, float, float]:
    """Mean over seeds and its 95% Student interval of a figure after pass `number` (-1: the last)."""
    values = np.array([run["passes"][number - 1 if number > 0 else number][key] for run in histories])
    mean, low, high = student_interval(values)
    return float(mean), float(low), float(high)


def named(histories: list[dict], name: str) -> list[dict]:
    """The histories whose recipe has this name."""
    return [history for history in histories if history["recipe"]["name"] == name]


def recorded(name: str, arguments: argparse.Namespace) -> list[dict]:
    """The histories of an earlier run of the experiment. Raises LeNetError when there are none."""
    path = arguments.out / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))["runs"]
    except (OSError, ValueError, KeyError) as error:
        raise LeNetError(f"no results to plot in {path}: run the experiment without --plot-only first") from error


def guarded(main: Callable[[], None]) -> None:
    """Run an experiment with the command line's errors and exit codes."""
    announce("--quiet" in sys.argv)
    try:
        main()
    except LeNetError as error:
        sys.exit(_complain(str(error), error.exit_code))
    except KeyboardInterrupt:
        sys.exit(_complain("interrupted; complete passes are saved, the same command with --resume continues", 130))


def _complain(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code

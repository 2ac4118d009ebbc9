"""What the experiments share: several seeds of a recipe, each a resumable run, recorded as they come."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from experiments.options import RESULTS, RUNS
from lenet1998.commands.ending import ended
from lenet1998.commands.options import chosen_data, chosen_recipe
from lenet1998.errors import LeNetError
from lenet1998.evaluation import rate_interval
from lenet1998.files import make_directory, remove_leftovers, write_json
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.running.lock import locked
from lenet1998.running.progress import announce
from lenet1998.running.run import Watch
from lenet1998.running.sweep import sweep
from lenet1998.running.work import DataChoice, Failure, Task, Work
from lenet1998.training import WATCHED


def train_seeds(name: str, arguments: argparse.Namespace) -> list[dict]:
    """Train the chosen recipe with every seed and return the histories, recorded as `carry_out` says."""
    resolve_data(arguments)
    tasks = seeds_of(chosen_recipe(arguments), arguments.runs / name, arguments, arguments.seeds)
    return carry_out(name, tasks, arguments)


def train_watched(name: str, recipes: list[Recipe], watch: Watch, arguments: argparse.Namespace) -> None:
    """Train each recipe with every seed; on record is also what `watch` finds in the networks (see `watched`), and
    which runs diverged."""
    resolve_data(arguments)
    tasks = [
        replace(task, watch=watch)
        for number, recipe in enumerate(recipes)
        for task in seeds_of(recipe, arguments.runs / name / f"recipe{number}", arguments, arguments.seeds)
    ]
    carry_out(name, tasks, arguments, allow_divergence=True)


def watched(runs: list[dict], what: str) -> np.ndarray:
    """One of the numbers that runs watched, before the first pass and after each, (runs, 1 + passes)."""
    return np.array([[run[WATCHED][what], *(record[WATCHED][what] for record in run["passes"])] for run in runs])


def of_digits(data: DataSet) -> DataSet:
    """The data themselves, for what is made for the ten digits and 28x28. Raises LeNetError for other classes or sizes.

    Data without named classes are MNIST's or like them.
    """
    if data.classes and (data.classes != tuple("0123456789") or data.train.images.shape[1:] != (28, 28)):
        raise LeNetError(
            f"{data.name} is not of the ten digits in 28x28, which this experiment is about: choose others"
        )
    return data


def description(data: DataSet) -> dict[str, object]:
    """What a record says of the data, which a place for records must share."""
    sizes = {"train_size": len(data.train), "test_size": len(data.test)}
    return {"name": data.name, **sizes, "digests": dict(data.digests)}


def of_mnist(names: Iterable[str]) -> None:
    """For what scores by the paper's numbers: LeNetError where a data set, by its name in records, is not MNIST."""
    others = set(names) - {"mnist", "mnist validation"}
    if others:
        raise LeNetError(
            f"{min(others)} is not MNIST, by whose numbers in the paper this experiment scores: choose --data mnist, "
            "and python -m experiments.compare for recipes on data of your own"
        )


def resolve_data(arguments: argparse.Namespace) -> DataSet:
    """Find the data, or fail, once and here, not in every worker; "auto" becomes what was found.

    It also settles --out and --runs where they were not given: only the full experiment goes where the repository
    keeps its results, so that a trial replaces none of them.
    """
    found = chosen_data(arguments)
    arguments.data = found.path or found.name
    sizes = len(found.train), len(found.test)
    full = found.name == "mnist" and sizes == (60_000, 10_000) and arguments.passes >= arguments.full_passes
    trial = RUNS / "trial" / f"{found.name}_{sizes[0]}_{sizes[1]}_{arguments.passes}_passes"
    arguments.out = arguments.out or (RESULTS if full else trial)
    arguments.runs = getattr(arguments, "runs", None) or (RUNS if full else trial)
    return found


def choice_of(arguments: argparse.Namespace) -> DataChoice:
    """What a worker has to load, after `resolve_data`."""
    sizes = arguments.train_size, arguments.test_size
    return DataChoice(arguments.data, arguments.data_dir, *sizes, resize=arguments.resize)


def seeds_of(recipe: Recipe, directory: Path, arguments: argparse.Namespace, count: int, **data: Any) -> list[Task]:
    """A task for each of the seeds 1 to `count` of a recipe; `data` overrides fields of the data choice."""
    choice = choice_of(arguments)
    return [
        Task(directory / f"seed{seed}", recipe, seed, replace(choice, **data), arguments.passes, arguments.engine)
        for seed in range(1, count + 1)
    ]


def carry_out(
    name: str,
    tasks: Sequence[Work],
    arguments: argparse.Namespace,
    *,
    about: Mapping[str, Any] = MappingProxyType({}),
    complete: bool = True,
    allow_divergence: bool = False,
    extend: Callable[[dict], dict] = dict,
    kept: tuple[list[dict], list[dict]] = ([], []),
) -> list[dict]:
    """Perform the tasks, as many at a time as --jobs says, and return their histories, each as `extend` makes it.

    On record is also what is said `about` the experiment. OUT/name.partial.json holds the histories after each; at the
    end, unless these tasks are but a part and `complete` is false, OUT/name.json takes its place, with those that
    succeeded. With `allow_divergence` a run that diverged is a result, and listed under "diverged". `kept` are
    histories and divergences recorded earlier that stay. Raises LeNetError at the end if others failed, and at once
    while another process writes the same results.
    """
    partial = arguments.out / f"{name}.partial.json"

    def record(path: Path, histories: list[dict], diverged: list[dict]) -> None:
        listed = {"diverged": [*kept[1], *diverged]} if allow_divergence else {}
        runs = [*kept[0], *(extend(history) for history in histories)]
        write_json(path, {"experiment": name, **about, "runs": runs, **listed})

    make_directory(arguments.out)
    with locked(arguments.out / f".{name}.lock", f"{name} in {arguments.out}"):
        for path in (partial, arguments.out / f"{name}.json"):
            remove_leftovers(path)
        so_far: dict[int, dict] = {}

        def then(task: Work, outcome: dict | Failure) -> tuple[()]:
            if isinstance(outcome, dict):
                so_far[tasks.index(task)] = outcome
                record(partial, [history for _, history in sorted(so_far.items())], [])
            return ()

        outcomes = sweep(
            tasks,
            jobs=arguments.jobs,
            backend=arguments.backend,
            scheduler=arguments.scheduler,
            resume=arguments.resume,
            quiet=arguments.quiet,
            then=then,
        )
        histories = [outcome for outcome in outcomes if isinstance(outcome, dict)]
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        ends = [failure for failure in failures if allow_divergence and failure.diverged]
        wild = [(end.task, end.reason) for end in ends if isinstance(end.task, Task)]
        diverged = [{"recipe": task.recipe.name, "seed": task.seed, "reason": reason} for task, reason in wild]
        if histories or diverged or kept[0]:
            record(arguments.out / f"{name}.json" if complete else partial, histories, diverged)
            if complete:
                partial.unlink(missing_ok=True)
    failures = [failure for failure in failures if failure not in ends]
    if failures:
        raise LeNetError(
            f"{len(failures)} of {len(tasks)} runs failed ({failures[0].task.out}: {failures[0].reason}); "
            "the others are recorded, and the same command with --resume repeats what failed"
        )
    return [extend(history) for history in histories]


def at_pass(histories: list[dict], number: int, key: str) -> tuple[float, float, float]:
    """Mean over seeds and its interval (`rate_interval`) of a percentage after pass `number` (-1: the last)."""
    values = np.array([run["passes"][number - 1 if number > 0 else number][key] for run in histories])
    mean, low, high = rate_interval(values)
    return float(mean), float(low), float(high)


def named(histories: list[dict], name: str) -> list[dict]:
    """The histories whose recipe has this name."""
    return [history for history in histories if history["recipe"]["name"] == name]


def recorded(name: str, arguments: argparse.Namespace, key: str = "runs") -> Any:
    """What an earlier run of the experiment has recorded under `key`: by default its histories, or as far as it came.

    Raises LeNetError when there is nothing.
    """
    path, partial = (arguments.out / f"{name}{suffix}" for suffix in (".json", ".partial.json"))
    try:
        content = json.loads((path if path.exists() or not partial.exists() else partial).read_text(encoding="utf-8"))
        found = content[key]
        if not found and not content.get("diverged") and key != "diverged":
            raise ValueError("nothing is recorded")
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (
            ("no results to plot", "--plot-only")
            if getattr(arguments, "plot_only", True)
            else ("no results to keep", "--only")
        )
        raise LeNetError(f"{reason[0]} in {path}: run the experiment without {reason[1]} first") from error
    return found


def guarded(main: Callable[[], None]) -> None:
    """Run an experiment with the command line's errors and exit codes."""

    def work() -> None:
        announce("--quiet" in sys.argv)
        try:
            main()
        except KeyboardInterrupt:
            raise KeyboardInterrupt("complete passes are saved, the same command with --resume continues") from None

    sys.exit(ended(work))

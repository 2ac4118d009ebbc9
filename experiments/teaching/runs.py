"""How the scripts of the teaching systems run: options, training of every arm with every seed, and measurements.

Test sets are looked at once, at the end; ``--search`` repeats the choice of our recipe and looks at none.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.common import carry_out, named, recorded
from experiments.options import FIGURES, RESULTS, RUNS, add_sweep_options
from experiments.teaching.report import HEAD, histories_figure, rows, stated
from experiments.teaching.system import QUICK_PASSES, QUICK_TRAIN, Arm, Source, System, Tests
from experiments.teaching.trace import trace_figure, traces
from lenet1998 import data
from lenet1998.commands.options import add_figure_options, positive
from lenet1998.engine import Engine
from lenet1998.engines import ENGINES, make_engine
from lenet1998.errors import LeNetError
from lenet1998.evaluation import error_rate
from lenet1998.files import write_atomically
from lenet1998.loss import make_loss
from lenet1998.patterns import DataSet
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import BEST, CHECKPOINT
from lenet1998.running.work import Task

_CURVES = ("eta", "train_loss", "train_error_percent", "test_error_percent", "seconds")


def options(system: System, description: str) -> argparse.ArgumentParser:
    """The command line that the scripts have in common."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ", ".join(repr(arm.recipe.name) for arm in system.arms)
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where the data are")
    parser.add_argument("--only", metavar="ARM", action="append", help="train only this arm, and keep what OUT has "
                        f"of the others; may be repeated: {names}")  # fmt: skip
    parser.add_argument("--set", metavar="KEY=VALUE", dest="settings", action="append", default=[],
                        help="change a field of every arm's recipe, such as optimiser=rmsprop; may be repeated "
                        "(lenet1998 train --help lists the fields)")  # fmt: skip
    parser.add_argument("--passes", metavar="N", type=positive, help="passes to make, instead of each arm's own")
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto",
                        help="what computes (default: auto, the fastest there is)")  # fmt: skip
    add_figure_options(parser, FIGURES)
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where results and figures go (default: "
                        f"{RESULTS.parent.name}/{RESULTS.name} for arms as they stand, and with --plot-only; a "
                        "directory under runs/trial for anything else)")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help=f"a trial of the machinery: 2 seeds, {QUICK_PASSES} "
                        f"passes, at most {QUICK_TRAIN} patterns")  # fmt: skip
    parser.add_argument("--plot-only", action="store_true", help="draw from the recorded results, train nothing")
    parser.add_argument("--search", action="store_true", help="instead of the arms, train the candidates that our "
                        "recipe was chosen among, and compare them on validation sets")  # fmt: skip
    add_sweep_options(parser, seeds=5)
    return parser


def digits_options(system: System, description: str) -> argparse.ArgumentParser:
    """The same for the systems that learn digits."""
    parser = options(system, description)
    parser.add_argument("--data", choices=("mnist", "synthetic"), default="mnist",
                        help="the embedded digits are for trials without MNIST (default: mnist)")  # fmt: skip
    return parser


def on_digits(system: System, description: str) -> None:
    """The whole of a script whose system learns MNIST as it stands."""
    arguments = digits_options(system, description).parse_args()
    perform(system, arguments, partial(data.load, arguments.data, arguments.data_dir), arguments.data != "mnist")


def settle(system: System, arguments: argparse.Namespace, trial: bool = False) -> tuple[str, bool]:
    """The name of the results, and whether this is anything less than the experiment, whose results the repository
    keeps (`trial`: the script knows that it is). Completes --out and --runs."""
    changed = list(arguments.settings)
    changed += [f"{arguments.passes} passes"] if arguments.passes else []
    changed += [] if arguments.engine == "auto" else [arguments.engine]
    trial = (trial or arguments.quick or bool(changed)) and not arguments.plot_only
    place = (
        RUNS / "trial" / "_".join([system.name, *changed, *(["quick"] if arguments.quick else [])]).replace("/", "_")
    )
    arguments.out = arguments.out or (place if trial else RESULTS)
    arguments.runs = arguments.runs or (place if trial else RUNS)
    if arguments.quick:
        arguments.seeds = min(arguments.seeds, 2)
    return f"{system.name}_search" if arguments.search else system.name, trial


def chosen_arms(system: System, arguments: argparse.Namespace) -> list[Arm]:
    """The arms that the options leave, with their changes. Raises LeNetError for a name that there is not."""
    arms = {arm.recipe.name: arm for arm in (system.candidates if arguments.search else system.arms)}
    for name in arguments.only or []:
        if name not in arms:
            raise LeNetError(f"--only {name}: choose {' or '.join(arms)}")
    # So few patterns may not fill a single batch.
    settings = [*arguments.settings, *(["last_batch=keep"] if arguments.quick else [])]
    passes: dict[str, Any] = {"passes": arguments.passes or QUICK_PASSES} if arguments.passes or arguments.quick else {}
    return [
        # The name stays, so that the arm's line in the table is found again.
        replace(arm, recipe=replace(arm.recipe.override(settings), name=name), **passes)
        for name, arm in arms.items()
        if name in (arguments.only or arms)
    ]


def place(arguments: argparse.Namespace, name: str, arm: Arm, seed: int) -> Path:
    """Where a run of an arm is kept."""
    return arguments.runs / name / arm.recipe.name.replace(", ", "_").replace(" ", "_") / f"seed{seed}"


def train(system: System, name: str, arms: list[Arm], arguments: argparse.Namespace,
          loader: Callable[[], DataSet]) -> list[dict]:  # fmt: skip
    """Train every arm with every seed, or for a search on every fold; OUT/name.json holds what `_summed_up` makes."""
    loader()  # data that are missing are missed once and here, not in every worker

    def task(arm: Arm, number: int) -> Task:
        if arguments.search:
            arm = replace(arm, validation=system.fold)
        source: Any = Source(loader, arm, system.fold * (number - 1) if arguments.search else 0, arguments.quick)
        return Task(
            place(arguments, name, arm, number),
            arm.recipe,
            number,
            source,
            arm.passes,
            arguments.engine,
            keep_best=arm.keeps,
        )

    count = min(system.folds, arguments.seeds) if arguments.search else arguments.seeds
    tasks = {(arm.recipe.name, number): task(arm, number) for arm in arms for number in range(1, count + 1)}
    summed: dict[tuple[str, int], dict] = {}

    def extend(history: dict) -> dict:
        key = history["recipe"]["name"], history["seed"]
        if key not in summed:
            summed[key] = _summed_up(history, tasks[key], None if arguments.search else system.tests)
        return summed[key]

    runs = carry_out(name, list(tasks.values()), arguments, extend=extend, kept=(others(system, name, arguments), []))
    traced = {arm.recipe.name: (tasks[arm.recipe.name, 1], arm.trace) for arm in arms if arm.trace is not None}
    if traced and not arguments.search:
        known = {arm.recipe.name for arm in system.arms} if arguments.only else set(traced)
        traces(traced, arguments.out / f"{name}_trace.json", arguments.resume, known)
    return runs if arguments.search else recorded(name, arguments)


def others(system: System, name: str, arguments: argparse.Namespace) -> list[dict]:
    """With --only, what is recorded of the arms that are not trained now."""
    if not arguments.only or arguments.search:
        return []
    try:
        found = recorded(name, arguments)
    except LeNetError:
        return []
    kept = {arm.recipe.name for arm in system.arms} - set(arguments.only)
    return [run for run in found if run["recipe"]["name"] in kept]


def _summed_up(history: dict, task: Task, tests: Tests | None) -> dict:
    """A history with its passes as curves, and errors of the final network on every set; a search sees no test."""
    source: Any = task.data
    arm, passes = source.arm, history["passes"]
    split = source.split()
    ends = {"": _engine(task, BEST if arm.keeps else CHECKPOINT)}
    ends |= {", last weights": _engine(task, CHECKPOINT)} if arm.keeps else {}
    sets = {"train": split.train} | ({"validation": split.test} if arm.validation else {})
    sets |= tests(source.whole(), split) if tests else {}
    held_out = [record["test_error_percent"] for record in passes]
    return {
        **{key: value for key, value in history.items() if key != "passes"},
        "protocol": {
            "train_size": len(split.train),
            "validation": len(split.test) if arm.validation else 0,
            "copies": arm.augment.__name__ if arm.augment else "none",
            "weights": "best validation error" if arm.keeps else "last pass",
        },
        "first": passes[0],  # with the digest by which it can be repeated
        "curves": {key: [float(f"{record[key]:.6g}") for record in passes] for key in _CURVES},
        "kept_pass": int(np.argmin(held_out)) + 1 if arm.keeps else len(passes),
        "seconds": round(sum(record["seconds"] for record in passes), 2),
        "measured": {
            name + which: error_rate(engine, patterns).as_dict()
            for which, engine in ends.items()
            for name, patterns in sets.items()
        },
    }


def _engine(task: Task, file: str) -> Engine:
    saved = checkpoints.load(task.out / file)
    return make_engine(task.engine, saved.network(), make_loss(saved.recipe))


def perform(system: System, arguments: argparse.Namespace, loader: Callable[[], DataSet],
            trial: bool = False) -> list[dict]:  # fmt: skip
    """Train, or with --plot-only read what was; print the table, draw the histories, and return the runs."""
    name, trial = settle(system, arguments, trial)
    arms = chosen_arms(system, arguments)
    runs = recorded(name, arguments) if arguments.plot_only else train(system, name, arms, arguments, loader)
    if arguments.search:
        for arm in arms:
            own = named(runs, arm.recipe.name)
            kept = ", ".join(str(run["kept_pass"]) for run in own)
            print(f"{arm.recipe.name}: validation accuracy {stated(own, 'validation')}, best pass {kept}")
        return runs
    shown = "\n".join([*HEAD, *rows(system, runs)])
    write_atomically(arguments.out / f"{name}.md", f"{shown}\n".encode())
    print(shown)
    if trial:
        print("A trial: nothing here can be compared with the published figures.")
    groups = {arm.recipe.name: own for arm in system.arms
              if (arm.drawn or arguments.only) and (own := named(runs, arm.recipe.name))}  # fmt: skip
    lines = {f"published figure, {what}": figure for what, figure in system.arms[0].published.items()
             if isinstance(figure, float) and not trial}  # fmt: skip
    for path in (arguments.out / f"{name}.json", *histories_figure(system.title, groups, lines, arguments.out / name)):
        print(path)
    traced = arguments.out / f"{name}_trace.json"
    if traced.exists():
        found = json.loads(traced.read_text(encoding="utf-8"))["traces"]
        for path in (traced, *trace_figure(found, traced.with_suffix(""))):
            print(path)
    return runs

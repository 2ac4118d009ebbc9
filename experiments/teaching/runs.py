"""What the teaching systems do alike: every arm is trained with every seed and measured, and declared as an experiment.

Test sets are looked at once, at the end; --search repeats the choice of our recipe and looks at none.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.machinery.declaration import Experiment, Plan, Record, Training
from experiments.machinery.measures import trained as network_of
from experiments.machinery.record import read
from experiments.machinery.setting import Part, Setting
from experiments.teaching.report import by_arm, figures, tables
from experiments.teaching.system import Arm, Source, System, Tests, cut
from experiments.teaching.trace import trace
from lenet1998.errors import LeNetError
from lenet1998.evaluation import error_rate
from lenet1998.files import write_json
from lenet1998.patterns import DataSet
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import BEST, CHECKPOINT
from lenet1998.running.work import Task

_CURVES = ("eta", "train_loss", "train_error_percent", "test_error_percent", "seconds")


def add_options(system: System, parser: argparse.ArgumentParser) -> None:
    """The options that the teaching systems have beside those of every experiment."""
    if "data" in system.given:
        parser.add_argument("--data", choices=("mnist", "synthetic"), default="mnist",
                            help="the embedded digits are for trials without MNIST (default: mnist)")  # fmt: skip
    parser.add_argument("--set", metavar="KEY=VALUE", dest="settings", action="append", default=[],
                        help="change a field of every arm's recipe, such as optimiser=rmsprop; may be repeated "
                        "(lenet1998 train --help lists the fields)")  # fmt: skip
    parser.add_argument("--search", action="store_true", help="instead of the arms, train the candidates that our "
                        "recipe was chosen among, and compare them on validation sets")  # fmt: skip


def chosen(system: System, arguments: argparse.Namespace, patterns: int) -> list[Arm]:
    """The arms that the options leave, with their changes, for so many training patterns: of few, a fifth at most is
    held out. Raises LeNetError where no arm is left."""
    # So few patterns as a trial has may not fill a single batch.
    settings = [*arguments.settings, *(["last_batch=keep"] if arguments.quick else [])]
    found = []
    for arm in system.candidates if arguments.search else system.arms:
        name, held_out = arm.recipe.name, min(system.fold if arguments.search else arm.validation, patterns // 5)
        if name in (arguments.only or [name]):
            found.append(replace(
                arm,
                recipe=replace(arm.recipe.override(settings), name=name),  # under which its line is found again
                passes=arguments.passes or arm.passes,
                validation=held_out,
                train_size=arm.train_size and min(arm.train_size, patterns - held_out),
            ))  # fmt: skip
    if not found:
        raise LeNetError(f"no arm of {system.title} is left: --only has names of others, or there are no candidates")
    return found


def tasks(system: System, setting: Setting) -> dict[tuple[str, int], Task]:
    """A run for every arm and seed, or for a search for every candidate and fold."""
    given = setting.arguments
    found = {}
    for arm in chosen(system, given, len(setting.data.train)):
        name = arm.recipe.name
        for number in range(1, 1 + min(given.seeds, system.folds if given.search else given.seeds)):
            rotation = system.fold * (number - 1) if given.search else 0
            source = Source(system.find, system.arguments(given), arm, (given.train_size, given.test_size), rotation)
            earlier = f"{setting.name}/{name.replace(', ', '_').replace(' ', '_')}/seed{number}"
            measure = Measured(source, None if given.search else system.tests)
            found[name, number] = setting.run(arm.recipe, number, source.choice(), passes=arm.passes,
                                              keep_best=arm.keeps, measure=measure, earlier=earlier)  # fmt: skip
    return found


def trained(system: System, setting: Setting) -> Plan:
    """The plan of a system: its runs, and what went on within the passes of those that are traced. With --only what is
    recorded of the others stays."""
    work = tasks(system, setting)
    runs = yield list(work.values())
    runs = [{key: value for key, value in run.items() if key != "passes"} for run in runs]
    if setting.arguments.search:
        return runs
    if system.after:
        system.after(setting, work)
    order, done = [arm.recipe.name for arm in system.arms], {name for name, _ in work}
    traced = {arm.recipe.name: arm for arm in system.arms if arm.trace is not None and arm.recipe.name in done}
    if traced:
        found = yield [_trace(setting, work[name, 1], arm) for name, arm in traced.items()]
        path = setting.arguments.out / f"{setting.name}_trace.json"
        known = read(path)["traces"] if setting.arguments.only and path.exists() else {}
        known |= dict(zip(traced, found, strict=True))
        write_json(path, {"experiment": path.stem, "traces": {name: known[name] for name in order if name in known}})
    others = [run for run in setting.recorded().get("runs", []) if run["recipe"]["name"] in set(order) - done]
    return sorted(others + runs, key=lambda run: (order.index(run["recipe"]["name"]), run["seed"]))


def _trace(setting: Setting, task: Task, arm: Arm) -> Part:
    about = [task.recipe.as_dict(), task.passes, task.engine, arm.validation, arm.train_size, arm.split_seed]
    label = f"trace of {arm.recipe.name}"
    return setting.part(label, trace, about, task.passes, task.patterns(), task=task, every=arm.trace)


@dataclass(frozen=True)
class Measured:
    """What is measured on a finished run of an arm: its passes as curves, and the errors of the network on every set.
    Without `tests`, as in a search, no test set is looked at."""

    source: Source
    tests: Tests | None

    def __call__(self, task: Task) -> dict:
        arm, split = self.source.arm, self.source.split()
        sets = {"train": split.train} | ({"validation": split.test} if arm.validation else {})
        sets |= self.tests(self.source.whole(), split) if self.tests else {}
        files = {"": BEST, ", last weights": CHECKPOINT} if arm.keeps else {"": CHECKPOINT}
        engines = {which: network_of(task, file)[1] for which, file in files.items()}
        passes = checkpoints.load(task.out / CHECKPOINT).history["passes"]
        held_out = [record["test_error_percent"] for record in passes]
        return {
            "protocol": {
                "train_size": len(split.train),
                "validation": arm.validation,
                "copies": arm.augment.__name__ if arm.augment else "none",
                "weights": "best validation error" if arm.keeps else "last pass",
            },
            "first": passes[0],  # with the digest by which it can be repeated
            "curves": {key: [float(f"{record[key]:.6g}") for record in passes] for key in _CURVES},
            "kept_pass": int(np.argmin(held_out)) + 1 if arm.keeps else len(passes),
            "seconds": round(sum(record["seconds"] for record in passes), 2),
            "measured": {
                name + which: error_rate(engine, patterns).as_dict()
                for which, engine in engines.items()
                for name, patterns in sets.items()
            },
        }


def trainings(system: System, record: Record) -> Iterator[Training]:
    """The arms on record, each with the data that it learns."""
    for arm, runs in by_arm(system, record).items():
        for run in runs:
            yield Training({**run, "passes": [run["first"]]}, partial(_again, system, arm), label=arm.recipe.name)


def _again(system: System, arm: Arm, data_dir: Path | None) -> DataSet:
    """What an arm learns; only MNIST is looked for where the user says that it is."""
    return Source(system.find, (data_dir if system.data == "mnist" else None,), arm).load()


def declared(module: str, system: System, full: System | None = None, **fields: Any) -> Experiment:
    """The experiment of a system that `module` declares; `full` takes its place with --full."""

    def asked(arguments: argparse.Namespace) -> System:
        return full if full and arguments.full else system

    def of(record: Record) -> System:
        return full if full and str(record.get("experiment")).startswith(full.name) else system

    def find(arguments: argparse.Namespace) -> DataSet:
        one = asked(arguments)
        return cut(one.find, one.arguments(arguments), (arguments.train_size, arguments.test_size))

    def is_full(arguments: argparse.Namespace, found: DataSet) -> bool:
        changed = arguments.settings or arguments.passes or arguments.engine != "auto"
        return not changed and (found.name, len(found.train)) == (asked(arguments).data, asked(arguments).size)

    def name_of(arguments: argparse.Namespace) -> str:
        parts = [asked(arguments).name, *arguments.settings, *(["search"] if arguments.search else [])]
        return "_".join(parts).replace("/", "_")

    names = [arm.recipe.name for one in (system, full) if one for arm in (*one.arms, *one.candidates)]
    defaults: dict[str, Any] = {
        "caption": "Loss and accuracy by pass, as published and with our recipe.",
        "options": partial(add_options, system),
        "tables": lambda record: tables(of(record), record),
        "figures": lambda record, stem: figures(of(record), record, stem),
    }
    return Experiment(
        name=system.name,
        module=module,
        chapter="Teaching systems",
        plan=lambda setting: trained(asked(setting.arguments), setting),
        seeds=5,
        passes=0,
        only=tuple(dict.fromkeys(names)),
        load=find,
        full=is_full,
        called=name_of,
        trainings=lambda record: trainings(of(record), record),
        **{**defaults, **fields},
    )

"""From a declaration to its record, tables, figures and page: what ``python -m experiments.NAME`` does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from experiments.machinery.agenda import Agenda
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.options import find_data, module_of, name_of, parse
from experiments.machinery.page import write_page
from experiments.machinery.record import read, write, write_rows
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store
from lenet1998.commands.ending import ended
from lenet1998.errors import LeNetError
from lenet1998.files import make_directory, remove_leftovers
from lenet1998.patterns import DataSet
from lenet1998.report.writers import markdown
from lenet1998.running.lock import locked
from lenet1998.running.progress import announce


@dataclass
class Asked:
    """An experiment with its arguments and the name of its results."""

    experiment: Experiment
    arguments: argparse.Namespace
    name: str

    @classmethod
    def of(cls, experiment: Experiment, given: list[str] | None = None) -> Asked:
        arguments = parse(experiment, given)
        return cls(experiment, arguments, name_of(experiment, arguments))

    @property
    def path(self) -> Path:
        """Where the record is."""
        return self.arguments.out / f"{self.name}.json"


def main(experiment: Experiment) -> None:
    """Run an experiment that `python -m` has started, with the command line's errors and exit codes."""
    started = sys.modules["__main__"].__spec__
    if module_of(experiment) == "__main__" and started:  # functions are to be known by their module's own name
        experiment = import_module(started.name).EXPERIMENT
    guarded(lambda: run(experiment))


def run(experiment: Experiment, given: list[str] | None = None) -> None:
    """Make what the command line, or `given`, asks for; print the tables and what was written. Raises LeNetError where
    something of it failed."""
    asked = Asked.of(experiment, given)
    announce(asked.arguments.quiet)
    record = read(asked.path) if asked.arguments.plot_only else perform([asked])[asked.name]
    print(*shown(asked, record), sep="\n")
    refuse_failed(record)


def guarded(work: Callable[[], object]) -> None:
    """Do the work and exit as the command line does."""

    def interruptible() -> None:
        try:
            work()
        except KeyboardInterrupt:
            raise KeyboardInterrupt("complete passes are saved, the same command with --resume continues") from None

    sys.exit(ended(interruptible))


def perform(
    every: Sequence[Asked], after: Callable[[Asked, Record | LeNetError], None] | None = None
) -> dict[str, Record]:
    """Carry out experiments with one queue and leave their records, which are returned by name. All have the options of
    the first.

    `after` is called with each one and its record, or the LeNetError by which it ended; without it that is raised.
    """
    by_name, failures = {asked.name: asked for asked in every}, list[LeNetError]()
    records: dict[str, Record] = {}

    def end(name: str, outcome: Any) -> None:
        asked = by_name[name]
        if isinstance(outcome, LeNetError):
            failures.append(outcome)
        else:
            outcome = {"experiment": name, **({"runs": outcome} if isinstance(outcome, list) else outcome)}
            records[name] = outcome
            if asked.experiment.folder:
                write_rows(asked.path.parent / name, outcome["rows"])
            else:
                write(asked.path, outcome)
        if after:
            after(asked, outcome)

    with ExitStack() as locks:
        plans, stores, found = dict[str, Plan](), dict[Path, Store](), dict[Any, DataSet]()
        for name, asked in by_name.items():
            try:
                data = find_data(asked.experiment, asked.arguments, found)
                make_directory(asked.arguments.out)
                locks.enter_context(locked(asked.arguments.out / f".{name}.lock", f"{name} in {asked.arguments.out}"))
            except LeNetError as error:
                end(name, error)
                continue
            remove_leftovers(asked.path)
            store = stores.setdefault(asked.arguments.runs, Store(asked.arguments.runs))
            plans[name] = asked.experiment.plan(Setting(asked.arguments, data, store, name))
        if plans:
            first = every[0].arguments
            options = {key: getattr(first, key) for key in ("jobs", "backend", "scheduler", "quiet")}
            diverging, failing = (
                [name for name in plans if getattr(by_name[name].experiment, which)]
                for which in ("divergence", "failures")
            )
            Agenda(plans, diverging, end, failing).carry_out(resume=first.resume, **options)
    if failures and not after:
        raise failures[0]
    return records


def refuse_failed(record: Record) -> None:
    """Raise LeNetError where a record says that something of it failed."""
    for name, reason in list(record.get("failed", {}).items())[:1]:
        raise LeNetError(
            f"{len(record['failed'])} parts failed ({name}: {reason}); the others are recorded, and the same command "
            "with --resume repeats what failed"
        )


def shown(asked: Asked, record: Record) -> list[Path]:
    """Print the tables, write them, the figures and the page; returns what was written."""
    experiment, stem = asked.experiment, asked.arguments.out / asked.name
    found = experiment.tables(record)
    print("\n\n".join(map(markdown, found)))
    figures = experiment.figures(record, stem)
    written = [asked.path.parent / asked.name if experiment.folder else asked.path]
    if experiment.scores:
        written.append(stem.with_name(f"{asked.name}_scores.json"))
        write(written[-1], {"experiment": asked.name, **experiment.scores(record)})
    return [*written, *write_page(experiment, asked.name, record, found, figures, asked.arguments.out), *figures]

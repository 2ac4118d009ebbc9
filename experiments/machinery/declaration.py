"""What an experiment is: a question, the runs that it needs, and what is made of them. Nothing else is in its file.

    EXPERIMENT = Experiment(name="fig5_error_curves", question="...", plan=..., tables=..., figures=...)

A plan is a generator: it yields the runs that it needs and is given their histories, as often as it likes, so that a
search may depend on what came before it; what it returns is the record. Tables, figures and claims are made from the
record alone, so that they can be made again without the runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lenet1998.patterns import DataSet
from lenet1998.report.table import Table
from lenet1998.running.work import Work

if TYPE_CHECKING:
    from experiments.machinery.setting import Setting

Record = dict[str, Any]
Plan = Generator[Sequence[Work], list[Any], "Record | list[dict]"]
"""Yields work and is sent the outcomes, in its order; returns the record, or the runs that make it up."""

CHAPTERS = (
    "Figures of the paper",
    "Classifiers of section III",
    "What the paper leaves open",
    "Strings of digits",
    "1998 and today",
    "Teaching systems",
    "Tools",
)
"""The order in which experiments are listed; within a chapter they are listed by `Experiment.place`, then by name."""

ANY = "*"
"""Of `Experiment.shown`: every table that is not named."""


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper with its section, what was found, and whether that "agrees", "contradicts" it or leaves
    it "open"."""

    section: str
    says: str
    found: str
    verdict: str


@dataclass(frozen=True)
class Variant:
    """A command line of the experiment that is recorded too, under a name of its own."""

    name: str
    arguments: str
    title: str
    caption: str
    answer: str = ""


@dataclass(frozen=True)
class Training:
    """A training on record that can be repeated: its history, and what finds the data, in a directory if one is given,
    or None for what `lenet1998.running.check.data_of` finds. `again` takes their place where more is to be done."""

    history: dict
    data: Callable[[Path | None], DataSet] | None = None
    again: Callable[[Path | None], tuple[dict, Iterator[dict]]] | None = None
    label: str = ""


def nothing(*_: object) -> list[Any]:
    """What an experiment has of tables, figures, claims or options where it does not say."""
    return []


def trainings(record: Record) -> Iterator[Training]:
    """The runs of a record that can be repeated."""
    for run in record.get("runs", []):
        if isinstance(run, dict) and {"recipe", "seed", "engine", "passes"} <= run.keys():
            yield Training(run)


@dataclass(frozen=True)
class Experiment:
    """One experiment. `answer` says in a sentence or two what came out, with numbers by their cells
    (`experiments.machinery.cells`); it stands on the page of the repository's record alone. `shown` has the tables of
    the page and the rows that matter, between semicolons, all where none is named; ANY is every table, as no tables
    are. What is not shown is in CSV beside the page.

    `paper` is the figure or section that it reproduces, "" for what the paper does not have.

    `plan` gives the record, from which `tables`, `figures` and `claims` are made. `scores`, where there are any, are
    numbers computed from it that others read: they are kept beside it, in NAME_scores.json. `figures` draws under a
    path without its ending and returns what was written; `captions` has what further figures show, by the names of
    their files.
    `trainings` are those of a record that --check repeats.

    `seeds` and `passes` are those of the full experiment: None where it takes no such option, 0 where each row has its
    own. With `recipe` it takes options for a recipe, and is recorded under a name that says which; `called` gives
    another name. `options` adds options of its own, `only` are the names that --only takes. `quick` has what a trial
    changes of the arguments beside the usual. `load` finds data other than digits of MNIST's kind, and `full` says
    whether the arguments are those of the experiment that the repository keeps. With `divergence` a run that diverges
    is a result, which the plan is given as a Failure. With `failures` that holds for all work that fails: the plan goes
    on, and what its record has under "failed", reasons by name, ends the command with an error after all is shown.

    With `folder` the record is a folder of files, OUT/NAME/ROW.json with an entry of its "rows" each.

    `compared` says that runs are those of Figures 5 and 6, so that the paper's errors may stand beside them. `module`
    is the one that declares it, where its plan is made elsewhere. `default` is the command line that is recorded under
    the experiment's own name, `variants` are recorded too, and `also` are the beginnings of the names of further files.
    """

    name: str
    title: str
    question: str
    chapter: str
    plan: Callable[[Setting], Plan]
    paper: str = ""
    place: int = 99
    description: str = ""
    answer: str = ""
    shown: dict[str, str] = field(default_factory=dict, hash=False)
    caption: str = ""
    captions: dict[str, str] = field(default_factory=dict, hash=False)
    tables: Callable[[Record], list[Table]] = nothing
    scores: Callable[[Record], Record] | None = None
    figures: Callable[[Record, Path], list[Path]] = nothing
    claims: Callable[[Record], list[Claim]] = nothing
    seeds: int | None = 5
    passes: int | None = 20
    recipe: bool = False
    quick: dict[str, Any] = field(default_factory=dict, hash=False)
    options: Callable[[argparse.ArgumentParser], object] = nothing
    load: Callable[[argparse.Namespace], DataSet] | None = None
    full: Callable[[argparse.Namespace, DataSet], bool] | None = None
    called: Callable[[argparse.Namespace], str] | None = None
    trainings: Callable[[Record], Iterable[Training]] = trainings
    divergence: bool = False
    failures: bool = False
    folder: bool = False
    only: tuple[str, ...] = ()
    compared: bool = False
    variants: tuple[Variant, ...] = ()
    default: str = ""
    also: tuple[str, ...] = ()
    module: str = ""

"""A piece of work that can be done anywhere and resumed: a run in a directory, or what an experiment makes of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from lenet1998.data import load
from lenet1998.data.places import PathName
from lenet1998.errors import DivergenceError, LeNetError
from lenet1998.networks import build
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.running.run import Watch, run
from lenet1998.training import Progress


@dataclass(frozen=True)
class DataChoice:
    """What a worker has to load: the arguments of `lenet1998.data.load`, and whether to hold out a validation set."""

    kind: PathName
    data_dir: Path | None = None
    train_size: int | None = None
    test_size: int | None = None
    validation: int = 0
    resize: bool = False

    @lru_cache(maxsize=2)  # noqa: B019 - a worker's tasks mostly share their data
    def load(self) -> DataSet:
        """The data set; with `validation` N the last N training patterns take the place of the test set."""
        if not self.validation:
            return load(self.kind, self.data_dir, self.train_size, self.test_size, resize=self.resize)
        return load(self.kind, self.data_dir, resize=self.resize).held_out(self.validation, self.train_size)


class Work(Protocol):
    """What a worker does: ``perform`` makes its result, or continues what is in the directory ``out``, and shows how it
    comes on as `run` does: in so many ``passes`` of so many ``patterns``. Of two, that of the larger ``size`` takes
    longer."""

    @property
    def out(self) -> Path: ...
    @property
    def label(self) -> str: ...
    @property
    def passes(self) -> int: ...
    def patterns(self) -> int: ...
    def size(self) -> float: ...
    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict: ...


@dataclass(frozen=True)
class Task:
    """One run: where it is kept, and all that determines it. `measure` adds to its history what else it finds in the
    finished run, in the worker that has made it."""

    out: Path
    recipe: Recipe
    seed: int
    data: DataChoice
    passes: int = 20
    engine: str = "auto"
    keep_best: bool = False
    watch: Watch | None = None
    measure: Callable[[Task], dict] | None = None

    @property
    def label(self) -> str:
        return f"{self.recipe.name}, seed {self.seed}"

    def patterns(self) -> int:
        """How many patterns a pass has."""
        return len(self.data.load().train)

    def size(self) -> float:
        """The multiply-accumulates of all forward passes, of as many patterns as MNIST has if nothing else is asked."""
        return float(self.passes * (getattr(self.data, "train_size", None) or 60_000) * _macs(self.recipe))

    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict:
        """Make or continue the run and return its history, under the recipe's own name and with what is measured."""
        history = run(
            self.out,
            self.recipe,
            self.data.load(),
            seed=self.seed,
            passes=self.passes,
            engine=self.engine,
            resume=True,
            keep_best=self.keep_best,
            watch=self.watch,
            progress=progress,
            passed=passed,
            quiet=True,
        )
        return self.named(history) | (self.measure(self) if self.measure else {})

    def named(self, history: dict) -> dict:
        """The history of a run that another task may have made, whose recipe had another name."""
        return history | {"recipe": history["recipe"] | {"name": self.recipe.name}}


@lru_cache
def _macs(recipe: Recipe) -> int:
    return sum(layer.macs() for layer in build(recipe).layers)


@dataclass(frozen=True)
class Failure:
    """Work that was not finished, the one line that says why, and whether it is that a run diverged."""

    task: Any
    reason: str
    diverged: bool = False


Outcome = dict | Failure


def attempted(task: Work, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> Outcome:
    """The result of a piece of work, or why there is none."""
    try:
        return task.perform(progress, passed)
    except LeNetError as error:
        return Failure(task, str(error), diverged=isinstance(error, DivergenceError))
    except Exception as error:  # whatever it is, the other tasks go on, and it is reported
        return Failure(task, f"{type(error).__name__}: {error}")

"""What the experiments on strings do with a seed, as work for `sweep`."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from experiments.strings.networks import Choices, Sizes, drawn, learn_strings, place_of, recogniser
from lenet1998.patterns import DataSet
from lenet1998.running.work import DataChoice
from lenet1998.training import Progress

S = TypeVar("S", bound="Seed")


@dataclass(frozen=True)
class Seed(ABC):
    """What an experiment makes with a seed in its directory `place`: work for `sweep`, but for `make`. Its networks
    are taken or refused one by one where they are there, so that it may be shared."""

    place: Path
    seed: int
    data: DataChoice
    sizes: Sizes
    engine: str
    shared: bool = True

    @property
    def out(self) -> Path:
        return self.place

    @property
    def label(self) -> str:
        return f"strings, seed {self.seed}"

    @property
    def passes(self) -> int:
        return self.sizes.passes

    def patterns(self) -> int:
        """How many images a pass has."""
        return self.sizes.images

    @classmethod
    def each(
        cls: type[S], name: str, data: DataChoice, sizes: Sizes, arguments: argparse.Namespace, **more: Any
    ) -> list[S]:
        """The work of every seed that is asked for, kept under the experiment's name. So little as --quick learns is
        learned faster than the networks are compiled."""
        engine = "numpy" if arguments.quick and arguments.engine == "auto" else arguments.engine
        places = ((seed, arguments.runs / name / f"seed{seed}") for seed in range(1, arguments.seeds + 1))
        return [cls(place, seed, data, sizes, engine, **more) for seed, place in places]

    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict:
        """Load the data and `make` the result."""
        data = self.data.load()
        with threadpool_limits(1, "blas"):  # where NumPy computes: the matrices are small
            return self.make(data, progress, passed)

    @abstractmethod
    def make(self, data: DataSet, progress: Progress | None, passed: Callable[[dict], None] | None) -> dict:
        """Make the result, or continue what is there."""


class Swept(Seed):
    """The network that is swept over strings, and learned them by equation 17, where `experiments.strings` has it."""

    @property
    def out(self) -> Path:
        return place_of(self.place, "sdnn eq. 17")

    def make(self, data: DataSet, progress: Progress | None, passed: Callable[[dict], None] | None) -> dict:
        """Train it, or take what is there, and return its history."""
        choices = Choices()
        first = recogniser("sdnn", data, self.sizes, choices, self.seed, place_of(self.place, "sdnn"), self.engine,
                           resume=True, progress=progress, passed=passed)  # fmt: skip
        whole = drawn(data.train, self.sizes, self.seed)
        return learn_strings(first, "sdnn", whole, "discriminative_forward", choices, self.out, self.engine,
                             resume=True).history  # fmt: skip


def later(progress: Progress | None, passes: int) -> Progress | None:
    """The progress of a run that begins when so many passes of others are over."""
    return progress and (lambda number, done, errors: progress(passes + number, done, errors))

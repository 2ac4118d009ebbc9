"""The teaching systems' common shape: a system has arms, an arm is a recipe with its protocol, a source loads its data.

A system (say ReLU LeNet) has arms: its recipe as it was published, and recipes of ours with the same layers. Where an
arm holds out a validation set, the weights of its best pass are kept. Choices are made on validation sets alone;
`System.candidates` are what our recipe was chosen among.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.machinery.setting import Setting
from lenet1998.data import load
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe, Schedule
from lenet1998.running.work import DataChoice, Task

SOFTMAX = Recipe(name="published", squash="relu", output="linear", loss="cross_entropy")
"""What the published recipes have in common, but for the class that means to follow the paper."""

BYTES = replace(
    SOFTMAX,
    input_background=0.0,
    input_foreground=255.0,
    input_mean=True,
    subsampling="max",
    weight_init="normal",
    init_gain=0.001,
    init_power=0.0,
    weight_decay=0.001,
    optimiser="adam",
)
"""Two of them learn bytes minus the mean image, from a normal start of deviation 0.001, by Adam with an L2 penalty."""

Tests = Callable[[DataSet, DataSet], dict[str, Patterns]]


def decayed(rate: float, factor: float, first: int, passes: int) -> Schedule:
    """A schedule that multiplies the rate by `factor` at every pass from pass `first` on.

    >>> decayed(0.1, 0.5, first=3, passes=4)
    ((2, 0.1), (1, 0.05), (1, 0.025))
    """
    lower = tuple((1, rate * factor**step) for step in range(1, passes - first + 2))
    return ((first - 1, rate), *lower)


def digits(data_dir: Path | None, kind: str = "mnist") -> DataSet:
    """MNIST, or the embedded digits."""
    return load(kind, data_dir)


def test_set(data: DataSet, split: DataSet) -> dict[str, Patterns]:
    """The test set, as what is measured at the end."""
    return {"test": data.test}


@dataclass(frozen=True)
class Arm:
    """A recipe with its protocol: `passes`, the first `train_size` training patterns (None: all) and the last
    `validation` of them held out (0: none). The best weights on these are the result, or the last with `keep_best`
    false or without a validation set. `augment` makes the training set larger. `published` has the source's accuracies,
    in percent, in words, or "" where it gives none, by the name of the set that they were measured on, and
    `published_time` its time. An arm
    that is not `drawn` is in the table alone, because its scale would leave no room for the others in the figure. With
    a `split_seed` the training patterns are shuffled before they are split, as scikit-learn's train_test_split does
    with that random_state, but that what is held out comes last here. `trace` is how many patterns each point of the
    trace has, 0 for a batch; None is no trace."""

    recipe: Recipe
    passes: int
    validation: int = 0
    keep_best: bool = True
    train_size: int | None = None
    augment: Callable[[Patterns], Patterns] | None = None
    published: dict[str, float | str] = field(default_factory=dict, hash=False)
    published_time: str = ""
    drawn: bool = True
    split_seed: int | None = None
    trace: int | None = None

    @property
    def keeps(self) -> bool:
        """Whether there are best weights to be kept."""
        return self.keep_best and bool(self.validation)


@dataclass(frozen=True)
class System:
    """What one file declares. Its arms learn `size` patterns of the data called `data`, those held out included.

    `candidates` are what our recipe was chosen among, each judged on `folds` validation sets of `fold` training
    patterns. `tests` names the sets on which the end is measured, given the whole data set and the split one. `find`
    is given a directory or None, and the values of the options in `given`. `after` is called with the setting and the
    runs by arm and seed, when these are done.
    """

    name: str
    title: str
    arms: tuple[Arm, ...]
    candidates: tuple[Arm, ...] = ()
    fold: int = 0
    folds: int = 1
    data: str = "mnist"
    size: int = 60_000
    tests: Tests = test_set
    find: Callable[..., DataSet] = digits
    given: tuple[str, ...] = ("data",)
    after: Callable[[Setting, dict[tuple[str, int], Task]], None] | None = None

    def arguments(self, given: argparse.Namespace) -> tuple[Any, ...]:
        """Those of `find`."""
        return given.data_dir, *(getattr(given, name) for name in self.given)


@lru_cache(maxsize=1)
def cut(find: Callable[..., DataSet], arguments: tuple[Any, ...], most: tuple[int | None, int | None]) -> DataSet:
    """What is found with these arguments, at most so many training and test patterns of it."""
    data = find(*arguments)
    train, test = (min(size or len(part), len(part)) for size, part in zip(most, (data.train, data.test), strict=True))
    return replace(data, train=data.train.first(train), test=data.test.spread(test))


@dataclass(frozen=True)
class Source:
    """What a worker loads for an arm: `Task.data` of the teaching systems, unless a `choice` of plain data does.

    It finds the data with these arguments, at `most` so many training and test patterns. `rotation` moves so many
    patterns from the end of the training set to its start, so that each fold has others at its end.
    """

    find: Callable[..., DataSet]
    arguments: tuple[Any, ...]
    arm: Arm
    most: tuple[int | None, int | None] = (None, None)
    rotation: int = 0

    def choice(self) -> Source | DataChoice:
        """The same as a `DataChoice`, whose runs other experiments share, where that is possible."""
        arm = self.arm
        special = arm.augment or arm.split_seed is not None or self.rotation or any(self.most)
        return self if special or self.find is not digits else DataChoice(
            self.arguments[1], self.arguments[0], arm.train_size, validation=arm.validation
        )  # fmt: skip

    def whole(self) -> DataSet:
        """All training patterns, and the true test set."""
        return cut(self.find, self.arguments, self.most)

    @lru_cache(maxsize=1)  # noqa: B019 - a worker's tasks mostly share their data
    def split(self) -> DataSet:
        """The arm's own training set and what is held out beside it: a validation set, or the test set."""
        data, arm = self.whole(), self.arm
        if self.rotation or arm.split_seed is not None:
            order = np.roll(np.arange(len(data.train)), self.rotation)
            if arm.split_seed is not None:  # the first of the permutation are held out
                order = np.roll(np.random.RandomState(arm.split_seed).permutation(len(order)), -arm.validation)
            data = replace(data, train=Patterns(data.train.images[order], data.train.labels[order]))
        if arm.validation:
            return data.held_out(arm.validation, arm.train_size)
        return replace(data, train=data.train.first(arm.train_size or len(data.train)))

    def load(self) -> DataSet:
        """What the run trains on, larger than the split's training set where the arm says so."""
        data = self.split()
        return replace(data, train=self.arm.augment(data.train)) if self.arm.augment else data

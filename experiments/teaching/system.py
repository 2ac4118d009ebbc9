"""The teaching systems' common shape: a system has arms, an arm is a recipe with its protocol, a source loads it.

A system (say ReLU LeNet) has arms: its recipe as it was published, and recipes of ours with the same layers. Where an
arm holds out a validation set, the weights of its best pass are kept. Choices are made on validation sets alone;
`System.candidates` are what our recipe was chosen among.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from lenet1998.data import load
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe, Schedule

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
QUICK_TRAIN, QUICK_TEST, QUICK_PASSES = 300, 100, 2


def decayed(rate: float, factor: float, first: int, passes: int) -> Schedule:
    """A schedule that multiplies the rate by `factor` at every pass from pass `first` on.

    >>> decayed(0.1, 0.5, first=3, passes=4)
    ((2, 0.1), (1, 0.05), (1, 0.025))
    """
    lower = tuple((1, rate * factor**step) for step in range(1, passes - first + 2))
    return ((first - 1, rate), *lower)


@dataclass(frozen=True)
class Arm:
    """A recipe with its protocol: `passes`, the first `train_size` training patterns (None: all) and the last
    `validation` of them held out (0: none). The best weights on these are the result, or the last with `keep_best`
    false or without a validation set. `augment` makes the training set larger. `published` has the source's accuracies,
    in percent or in words, by the name of the set that they were measured on, and `published_time` its time. An arm
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
    published_time: str = "not given"
    drawn: bool = True
    split_seed: int | None = None
    trace: int | None = None

    @property
    def keeps(self) -> bool:
        """Whether there are best weights to be kept."""
        return self.keep_best and bool(self.validation)


@dataclass(frozen=True)
class System:
    """One script. `candidates` are what our recipe was chosen among, each judged on `folds` validation sets of `fold`
    training patterns. `tests` names the sets on which the end is measured, given the whole data set and the split
    one. `load` finds the data, in a directory if there is one."""

    script: str
    title: str
    arms: tuple[Arm, ...]
    candidates: tuple[Arm, ...]
    fold: int
    folds: int = 1
    tests: Tests = lambda data, split: {"test": data.test}
    load: Callable[[Path | None], DataSet] = partial(load, "mnist")
    variant: str = ""

    @property
    def name(self) -> str:
        """Of results and runs."""
        return self.script + self.variant


@dataclass(frozen=True)
class Source:
    """What a worker loads for an arm; `Task.data` of the teaching systems.

    `rotation` moves so many patterns from the end of the training set to its start, so that each fold has others at
    its end. With `quick`, all sets are cut down.
    """

    loader: Callable[[], DataSet]
    arm: Arm
    rotation: int = 0
    quick: bool = False

    @lru_cache(maxsize=1)  # noqa: B019 - a worker's tasks mostly share their data
    def whole(self) -> DataSet:
        """All training patterns, and the true test set."""
        data = self.loader()
        if not self.quick:
            return data
        train = data.train.first(min(QUICK_TRAIN, len(data.train)))
        return replace(data, train=train, test=data.test.spread(min(QUICK_TEST, len(data.test))))

    @lru_cache(maxsize=1)  # noqa: B019 - as above
    def split(self) -> DataSet:
        """The arm's own training set and what is held out beside it: a validation set, or the test set."""
        data = self.whole()
        if self.rotation:
            rolled = (np.roll(array, self.rotation, axis=0) for array in (data.train.images, data.train.labels))
            data = replace(data, train=Patterns(*rolled))
        if self.arm.split_seed is not None:
            order = np.random.RandomState(self.arm.split_seed).permutation(len(data.train))
            order = np.roll(order, -self.arm.validation)  # the first of the permutation are held out
            data = replace(data, train=Patterns(data.train.images[order], data.train.labels[order]))
        size = self.arm.train_size
        if self.quick and self.arm.validation:
            most = len(data.train) - len(data.train) // 5
            return data.held_out(len(data.train) // 5, size and min(size, most))
        if self.arm.validation:
            return data.held_out(self.arm.validation, size)
        return replace(data, train=data.train.first(min(size or len(data.train), len(data.train))))

    def load(self) -> DataSet:
        """What the run trains on, larger than the split's training set where the arm says so."""
        data = self.split()
        return replace(data, train=self.arm.augment(data.train)) if self.arm.augment else data

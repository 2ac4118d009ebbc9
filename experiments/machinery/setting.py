"""What a plan is given: the arguments, the data that were found, and how runs are asked for."""

import argparse
import math
from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from experiments.machinery.record import read
from experiments.machinery.store import RESULT, Store
from lenet1998.commands.options import chosen_recipe
from lenet1998.errors import LeNetError
from lenet1998.files import make_directory, write_json
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.running.lock import locked
from lenet1998.running.provenance import commit
from lenet1998.running.run import LOCK
from lenet1998.running.work import DataChoice, Task, Work
from lenet1998.training import Progress


@dataclass(frozen=True)
class Part:
    """Work that is no run: `compute` is given the directory, what shows its progress, and the arguments, and returns
    plain values for JSON, which stay in the directory. It is done on one core."""

    out: Path
    label: str
    compute: Callable[..., dict]
    arguments: tuple[tuple[str, Any], ...]
    passes: int = 1
    steps: int = 1

    def patterns(self) -> int:
        return self.steps

    def size(self) -> float:
        """Unknown before it is done, and among those that took longest are some of these: they come first."""
        return math.inf

    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict:
        """Compute it, or take what is there."""
        if (self.out / RESULT).exists():
            return read(self.out / RESULT)["result"]
        make_directory(self.out)
        with locked(self.out / LOCK, str(self.out)), threadpool_limits(1):
            result = self.compute(self.out, progress, passed, **dict(self.arguments))
            write_json(self.out / RESULT, {"commit": commit(), "result": result})
        return result


@dataclass
class Setting:
    """The arguments of an experiment with the data and the recipe that they mean."""

    arguments: argparse.Namespace
    data: DataSet
    store: Store
    name: str

    @property
    def quick(self) -> bool:
        return self.arguments.quick

    @property
    def seeds(self) -> int:
        return self.arguments.seeds

    @property
    def passes(self) -> int:
        return self.arguments.passes

    @property
    def held_out(self) -> int:
        """How many training patterns to hold out, on which choices are judged: a sixth, of MNIST 10,000."""
        return len(self.data.train) // 6

    @property
    def recipe(self) -> Recipe:
        """The recipe that the options name."""
        return chosen_recipe(self.arguments)

    @property
    def choice(self) -> DataChoice:
        """What a worker has to load."""
        given, resize = self.arguments, bool(self.data.treated.get("resized"))
        kind, sizes = self.data.path or self.data.name, (given.train_size, given.test_size)
        return DataChoice(kind, given.data_dir, *sizes, resize=resize)

    def run(self, recipe: Recipe, seed: int, data: Any = None, **options: Any) -> Task:
        """One run. `options` are fields of `Task`, such as passes and measure, or of `DataChoice`, such as
        validation; `data` takes the place of the latter."""
        fields = {key: options.pop(key) for key in ("train_size", "test_size", "validation") if key in options}
        data = replace(self.choice, **fields) if data is None else data
        return self.store.task(
            recipe, seed, data, **{"passes": self.passes, "engine": self.arguments.engine, **options}
        )

    def runs(self, recipe: Recipe, seeds: int | None = None, **options: Any) -> list[Task]:
        """A run for each of the seeds 1 to `seeds` (None: as many as are asked for)."""
        return [self.run(recipe, seed, **options) for seed in range(1, 1 + (seeds or self.seeds))]

    def every(self, recipes: Sequence[Recipe], **options: Any) -> list[Task]:
        """`runs` of each of the recipes."""
        return [task for recipe in recipes for task in self.runs(recipe, **options)]

    def part(self, label: str, compute: Callable[..., dict], about: Any = None, passes: int = 1, size: int = 1,
             **arguments: Any) -> Part:  # fmt: skip
        """Work that is no run; `about` are further plain values that its result depends on, beside the data."""
        data = {key: value for key, value in vars(self.choice).items() if key != "data_dir"}
        plain = {key: value for key, value in arguments.items() if type(value) in (str, int, float, bool, tuple)}
        known = [
            label,
            compute.__module__,
            compute.__qualname__,
            _text(data),
            self.data.train.digest(),
            _text(plain),
            about,
        ]
        return Part(
            self.store.place(f"{self.name}-{label}", known), label, compute, tuple(arguments.items()), passes, size
        )

    def recorded(self) -> dict[str, Any]:
        """With --only, what is recorded of the others; {} where nothing is."""
        try:
            return read(self.arguments.out / f"{self.name}.json") if getattr(self.arguments, "only", None) else {}
        except LeNetError:
            return {}


def in_turns(
    work: Sequence[Work], begins: Sequence[Hashable | None]
) -> Generator[Sequence[Work], list[Any], list[Any]]:
    """For plans, the outcomes of work of which some begin with the same training, as `begins` says of each (None: with
    none that others have). The first of these goes before the others, which find the training done: none of them waits
    for another's directory."""
    first: dict[Hashable, int] = {}
    for place, each in enumerate(begins):
        first.setdefault(each, place)
    before = sorted(place for each, place in first.items() if each is not None and begins.count(each) > 1)
    after = [place for place in range(len(work)) if place not in before]
    outcomes: dict[int, Any] = {}
    for places in filter(None, (before, after)):
        outcomes |= zip(places, (yield [work[place] for place in places]), strict=True)
    return [outcomes[place] for place in range(len(work))]


def _text(values: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in sorted(values.items())}

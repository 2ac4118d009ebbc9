"""What sections VI and VII leave open about training for strings, tried on held-out training digits.

The swept network learns section VII-B's images and then whole strings by equation 17, from the first training digits,
and reads strings of five of the last 10,000, with one choice changed at a time: the blank's penalty j, the noise in
images and in strings, the rates, what seeds curvatures, and how training images are laid out. The test set plays no
part. OUT/strings_choosing.json is the record, OUT/strings_choosing.md the table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from experiments.common import carry_out, guarded, recorded, resolve_data
from experiments.options import options, parse
from experiments.strings.choices import one_at_a_time
from experiments.strings.measuring import TestSet, measured, test_set
from experiments.strings.networks import (
    IMAGES,
    LENGTH,
    Choices,
    Sizes,
    drawn,
    learn_strings,
    recogniser,
)
from experiments.strings.seeds import Seed, later
from lenet1998.evaluation import interval_name, rate_interval
from lenet1998.files import write_atomically
from lenet1998.patterns import DataSet
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.strings.images import Layout
from lenet1998.strings.wide import Wide
from lenet1998.training import Progress

NAME = "strings_choosing"
TRAINED: dict[str, tuple[Any, ...]] = {
    "j": (1.0, 5.0, 20.0),
    "noise": (0.0,),
    "noisy": (0.0, 1.0),
    "etas": ((5e-4, 1e-4), (2e-3, 4e-4)),
    "curvature": ("posteriors",),
}
LAID_OUT: dict[str, tuple[Any, ...]] = {
    "blanks": (0.05, 0.2),
    "blank_shows": ("removed", "between"),
    "shift": (0,),
    "jitter": (0, 2),
    "overlap": ("sum",),
}
READ = {"clean": 0.0, "noisy": 0.1}
"""Noise of the strings that are read."""


@dataclass(frozen=True)
class Candidate:
    """One of the choices, by what is changed, and where it is kept."""

    name: str
    choices: Choices
    layout: Layout

    @property
    def place(self) -> str:
        """The directory.

        >>> Candidate("etas = (0.0005, 0.0001) (not (0.001, 0.0002))", Choices(), IMAGES).place
        'etas = (0.0005, 0.0001)'
        """
        return self.name.partition(" (not ")[0]

    @property
    def first(self) -> str:
        """The directory of what is learned before whole strings come."""
        return f"j{self.choices.j}_noise{self.choices.noise}" if self.layout == IMAGES else f"{self.place} alone"


def candidates() -> list[Candidate]:
    """The choices as they are, and with each of the other values of each."""
    trained = [Candidate(name, choices, IMAGES) for name, choices in one_at_a_time(Choices(), TRAINED).items()]
    laid_out = [Candidate(name, Choices(), layout) for name, layout in one_at_a_time(IMAGES, LAID_OUT).items()]
    return trained + laid_out[1:]


class Trial(Seed):
    """All candidates with one seed."""

    @property
    def passes(self) -> int:
        return len(candidates()) * self.sizes.passes

    def make(self, data: DataSet, progress: Progress | None, passed: Callable[[dict], None] | None) -> dict:
        """The errors of each candidate, before whole strings and after them, and the seconds since it began."""
        started = time.perf_counter()
        count = len(data.test) // 20
        tests = {kind: test_set(data.test, count, LENGTH, Layout(noise=noise), 1, False)
                 for kind, noise in READ.items()}  # fmt: skip
        found, errors = drawn(data.train, self.sizes, self.seed), {}
        for number, each in enumerate(candidates()):
            before = recogniser("sdnn", data, self.sizes, each.choices, self.seed, self.place / each.first, self.engine,
                                layout=each.layout, resume=True,
                                progress=later(progress, number * self.sizes.passes), passed=passed)  # fmt: skip
            after = learn_strings(before, "sdnn", found, "discriminative_forward", each.choices,
                                  self.place / each.place, self.engine, resume=True)  # fmt: skip
            errors[each.name] = dict(self._read({"before": before, "after": after}, tests, each.choices.j))
        return {"seed": self.seed, "seconds": round(time.perf_counter() - started, 1), "errors": errors}

    def _read(
        self, networks: dict[str, Checkpoint], tests: dict[str, TestSet], j: float
    ) -> Iterator[tuple[str, float]]:
        """Strings read wrongly, in per cent."""
        for kind, test in tests.items():
            for when, saved in networks.items():
                found = measured(Wide(saved.network(), self.engine), test, j, saved.recipe.penalty_scale)
                yield f"{kind} {when}", 100 * found["wrong"] / found["strings"]


def table(runs: list[dict]) -> str:
    """Wrong strings of each candidate, means over seeds."""
    columns = [f"{kind} {when}" for kind in READ for when in ("before", "after")]
    lines = ["| choice | " + " | ".join(f"{column} (%)" for column in columns) + " |", "| --- |" + " --- |" * 4]
    for name in runs[0]["errors"]:
        cells = []
        for column in columns:
            mean, low, high = rate_interval(np.array([run["errors"][name][column] for run in runs]))
            cells.append(f"{mean:.1f} ({low:.1f} to {high:.1f})" if len(runs) > 1 else f"{mean:.1f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    about = f"{len(runs)} seeds, {interval_name(len(runs))}" if len(runs) > 1 else "one seed"
    told = "Held-out strings of five digits, wrong before training on whole strings and after it; " + about
    return "\n".join([*lines, "", f"{told}."]) + "\n"


def try_all(arguments: argparse.Namespace) -> None:
    """Every seed, as many at a time as --jobs says."""
    data = resolve_data(arguments)
    held_out = 100 if arguments.quick else 10_000
    split = DataChoice(arguments.data, arguments.data_dir, arguments.train_size, validation=held_out)
    sizes = Sizes.of(split.load().train, arguments.passes, 30 if arguments.quick else 10)
    seeds = Trial.each(NAME, split, sizes, arguments)
    about = {**provenance(), "digests": dict(data.digests), "choices": asdict(Choices()), "sizes": asdict(sizes)}
    carry_out(NAME, seeds, arguments, about=about)


def main() -> None:
    arguments = parse(options(__doc__, seeds=2, passes=4, recipe=False))
    if not arguments.plot_only:
        try_all(arguments)
    runs = recorded(NAME, arguments)
    path = arguments.out / f"{NAME}.md"
    write_atomically(path, table(runs).encode())
    print(table(runs))
    print(path.with_suffix(".json"), path, sep="\n")


if __name__ == "__main__":
    guarded(main)

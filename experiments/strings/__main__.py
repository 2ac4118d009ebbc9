"""Strings of digits, read by LeNet-5 swept over them (section VII) and by their segments (section V).

Every seed trains LeNet-5 three times: on single digits, on section VII-B's images of three characters, where a blank is
equation 9's rubbish class, and on segments of strings. The second (SDNN) and the third (heuristic over-segmentation,
HOS) then learn whole strings by equation 17; the second also by equations 11 and 12. All read the same strings of
test digits: by length, by the gap between characters, with 10% of the pixels inverted and without. All choices were
made on held-out training digits (`experiments.strings.choosing`). Writes OUT/strings.json, the table strings.md, and
the figure strings.png and .pdf.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from experiments.common import carry_out, choice_of, description, guarded, recorded, resolve_data
from experiments.options import options, parse
from experiments.strings.measuring import TestSet, measured, test_set
from experiments.strings.networks import (
    KINDS,
    Choices,
    Sizes,
    drawn,
    learn_strings,
    place_of,
    recogniser,
)
from experiments.strings.report import TABLE, draw, markdown
from experiments.strings.seeds import Seed, later
from lenet1998.files import write_atomically
from lenet1998.patterns import DataSet
from lenet1998.running.check import slim
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.provenance import provenance
from lenet1998.strings.images import Layout
from lenet1998.strings.wide import Wide
from lenet1998.training import Progress

NAME = "strings"
CHOICES = Choices()
TRAINED = {"eq. 17": "discriminative_forward", "eq. 12": "discriminative_viterbi", "eq. 11": "viterbi"}
"""Training on whole strings, by the equation that is minimised."""
COMPARED = ("sdnn eq. 12", "sdnn eq. 11")
"""Methods that are in the table alone."""


@dataclass(frozen=True)
class Condition:
    """A set of test strings: how many, of how many characters, how far apart, how much noise; HOS sees it or not."""

    count: int
    length: int = 5
    least_gap: int = -1
    most_gap: int = 4
    noise: float = 0.0
    cut: bool = True


def conditions(quick: bool) -> dict[str, Condition]:
    """The issue of every table and curve: "plain" has gaps of 0 to 4, all others of section VII-B."""
    few, many = (6, 12) if quick else (300, 600)
    lengths, gaps = ((2, 5), (0,)) if quick else (range(2, 11), range(-1, 5))
    found = {"plain": Condition(many, least_gap=0), "noise": Condition(many, noise=0.1, cut=False)}
    found["noise, cut"] = Condition(few // 4, noise=0.1)
    for length in lengths:
        found[f"length {length}"] = Condition(few, length)
        found[f"length {length}, noise"] = Condition(few, length, noise=0.1, cut=False)
    for gap in gaps:
        found[f"gap {gap}"] = Condition(few, least_gap=gap, most_gap=gap)
        found[f"gap {gap}, noise"] = Condition(few, least_gap=gap, most_gap=gap, noise=0.1, cut=False)
    return found


def tests_of(digits: DataSet, quick: bool) -> Iterator[tuple[str, TestSet]]:
    """The test strings of each condition, the same for every seed and method."""
    for number, (name, each) in enumerate(conditions(quick).items()):
        layout = Layout(each.least_gap, each.most_gap, noise=each.noise)
        yield name, test_set(digits.test, each.count, each.length, layout, number, each.cut)


@dataclass(frozen=True)
class Reading(Seed):
    """The networks of a seed and how they read; with `resume` they are taken where they are there."""

    resume: bool = False
    quick: bool = False

    @property
    def passes(self) -> int:
        return len(KINDS) * self.sizes.passes

    def make(self, data: DataSet, progress: Progress | None, passed: Callable[[dict], None] | None) -> dict:
        """Train the seed's networks, or take those that are there, and let them read every set of test strings."""
        started = time.perf_counter()
        trained = self.networks(data, progress, passed)
        seconds = time.perf_counter() - started
        rows = self.rows(data, trained)
        history = {method: slim(saved.history) for method, (_, saved) in trained.items()}
        return {"seed": self.seed, "seconds_training": round(seconds, 1),
                "seconds": round(time.perf_counter() - started, 1), "networks": history, "rows": rows}  # fmt: skip

    def networks(
        self, data: DataSet, progress: Progress | None, passed: Callable[[dict], None] | None
    ) -> dict[str, tuple[str, Checkpoint]]:
        """The networks by method, each with the kind that it is."""
        found = {}
        for number, kind in enumerate(KINDS):
            found[kind] = kind, recogniser(
                kind, data, self.sizes, CHOICES, self.seed, place_of(self.place, kind), self.engine, resume=self.resume,
                progress=later(progress, number * self.sizes.passes), passed=passed,
            )  # fmt: skip
        whole = drawn(data.train, self.sizes, self.seed)
        for kind in KINDS[1:]:
            for equation, criterion in TRAINED.items():
                if kind == "sdnn" or equation == "eq. 17":
                    method = f"{kind} {equation}"
                    out = place_of(self.place, method)
                    learned = learn_strings(found[kind][1], kind, whole, criterion, CHOICES, out, self.engine,
                                            self.resume)  # fmt: skip
                    found[method] = kind, learned
        return found

    def rows(self, data: DataSet, trained: dict[str, tuple[str, Checkpoint]]) -> list[dict]:
        """The errors of every method on every set of test strings."""
        rows = []
        readers = {method: Wide(saved.network(), self.engine) for method, (_, saved) in trained.items()}
        for name, tests in tests_of(data, self.quick):
            for method, (kind, saved) in trained.items():
                if kind == "hos" and tests.segments is None or method in COMPARED and name not in TABLE:
                    continue
                j = None if kind == "hos" else CHOICES.j
                found = measured(readers[method], tests, j, saved.recipe.penalty_scale, name in ("plain", "noise"))
                rows.append({"method": method, "condition": name, **found})
        return rows


def train_and_measure(arguments: argparse.Namespace) -> None:
    """Every seed, as many at a time as --jobs says."""
    data = resolve_data(arguments)
    sizes = Sizes.of(data.train, arguments.passes)
    about = {"choices": asdict(CHOICES), "sizes": asdict(sizes), "data": description(data), **provenance(),
             "conditions": {name: asdict(each) for name, each in conditions(arguments.quick).items()}}  # fmt: skip
    seeds = Reading.each(NAME, choice_of(arguments), sizes, arguments, resume=arguments.resume, quick=arguments.quick)
    carry_out(NAME, seeds, arguments, about=about)


def main() -> None:
    arguments = parse(options(__doc__, seeds=5, passes=4, recipe=False))
    if not arguments.plot_only:
        train_and_measure(arguments)
    runs = recorded(NAME, arguments)
    text = markdown(runs)
    write_atomically(arguments.out / f"{NAME}.md", text.encode())
    print(text)
    for path in (arguments.out / f"{NAME}.json", arguments.out / f"{NAME}.md", *draw(runs, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)

"""What section V leaves open: cuts and segments, tried on strings of held-out training digits.

LeNet-5 learns single digits, the first training patterns, and reads strings of the last 10,000 by their segments, with
one choice changed at a time; the test set plays no part. It has seen neither strings nor segments that are no
characters, so what a choice is worth after training on strings may differ. OUT/strings_choices.json is the record,
OUT/strings_choices.md the table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from experiments.common import guarded, of_digits, recorded, resolve_data
from experiments.options import parse, plain_options
from lenet1998.commands.options import positive
from lenet1998.engine import Engine
from lenet1998.evaluation import interval_name, rate_interval
from lenet1998.files import make_directory, write_atomically, write_json
from lenet1998.recipe import Recipe
from lenet1998.running.provenance import provenance
from lenet1998.strings.images import Layout, Strings, strings
from lenet1998.strings.reading import read
from lenet1998.strings.scores import Score, score
from lenet1998.strings.segmentation import Segmentor
from lenet1998.training import Trainer

T = TypeVar("T")

NAME = "strings_choices"
CHOICES: dict[str, tuple[Any, ...]] = {
    "depth": (0.5, 1.0, 3.0, 4.0),
    "notch": (2.0, 3.0, 6.0),
    "least_width": (2, 4),
    "most_pieces": (2, 4),
    "most_width": (18, 20, 24, 28),
    "wide_gap": (1, 2, 8),
    "centre": ("box",),
}
PLAIN = "as chosen"


def one_at_a_time(chosen: T, others: Mapping[str, Iterable[Any]]) -> dict[str, T]:
    """What was chosen, a dataclass, and the same with each of the other values of each field, by what is changed."""
    found = {PLAIN: chosen}
    for name, values in others.items():
        for value in values:
            changed: Any = replace(chosen, **{name: value})  # type: ignore[type-var]
            found[f"{name} = {_short(value)} (not {_short(getattr(chosen, name))})"] = changed
    return found


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def candidates() -> dict[str, Segmentor]:
    """The segmentor as it is, and with each of the other values of each choice."""
    return one_at_a_time(Segmentor(), CHOICES)


def by_segments(engine: Engine, found: Strings, segmentor: Segmentor, scale: float) -> Score:
    """How well the engine's network reads the strings."""
    parts = [segmentor.segments(image) for image in found.images]
    penalties = scale * engine.penalties(np.concatenate([part.images for part in parts]))
    ends = np.cumsum([len(part.images) for part in parts])
    answers = [read(part, own).labels for part, own in zip(parts, np.split(penalties, ends[:-1]), strict=True)]
    return score(answers, found.labels.tolist())


def tried(arguments: argparse.Namespace) -> list[dict]:
    """For each seed a network, and for each candidate its errors; OUT/strings_choices.json holds them."""
    data = of_digits(resolve_data(arguments))
    held_out = 100 if arguments.quick else 10_000
    split, recipe = data.held_out(held_out), Recipe()
    found = strings(split.test, held_out // 10, 5, seed=1, layout=Layout(noise=0))
    runs = []
    for seed in range(1, arguments.seeds + 1):
        trainer = Trainer(recipe, split, seed, arguments.engine)
        for _ in range(arguments.passes):
            trainer.run_pass()
        for name, segmentor in candidates().items():
            errors = by_segments(trainer.engine, found, segmentor, recipe.penalty_scale)
            runs.append({"candidate": name, "seed": seed, **errors._asdict()})
    make_directory(arguments.out)
    record = {"experiment": NAME, **provenance(), "recipe": recipe.as_dict(), "engine": trainer.engine.name,
              "passes": arguments.passes, "digests": dict(data.digests), "runs": runs}  # fmt: skip
    write_json(arguments.out / f"{NAME}.json", record)
    return runs


def table(runs: list[dict]) -> str:
    """Both errors of each candidate, means over seeds."""
    lines = ["| choice | strings wrong (%) | characters wrong (%) |", "| --- | --- | --- |"]
    for name in dict.fromkeys(run["candidate"] for run in runs):
        cells = []
        for key in Score._fields:
            mean, low, high = rate_interval(np.array([run[key] for run in runs if run["candidate"] == name]))
            cells.append(f"{mean:.1f} ({low:.1f} to {high:.1f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    seeds = len({run["seed"] for run in runs})
    return "\n".join([*lines, "", f"Held-out strings of five digits; {seeds} seeds, {interval_name(seeds)}."]) + "\n"


def main() -> None:
    parser = plain_options(__doc__, passes=5, recipe=False)
    parser.add_argument("--seeds", metavar="N", type=positive, default=3, help="networks 1 to N (default: 3)")
    arguments = parse(parser)
    runs = recorded(NAME, arguments) if arguments.plot_only else tried(arguments)
    path = arguments.out / f"{NAME}.md"
    write_atomically(path, table(runs).encode())
    print(table(runs))
    print(path.with_suffix(".json"), path, sep="\n")


if __name__ == "__main__":
    guarded(main)

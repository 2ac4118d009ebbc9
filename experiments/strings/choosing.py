"""What sections VI and VII leave open about training for strings, tried on held-out training digits.

The swept network learns section VII-B's images and then whole strings by equation 17, from the first training digits,
and reads strings of five of the last 10,000, with one choice changed at a time: the blank's penalty j, the noise in
images and in strings, the rates, and what seeds curvatures. The test set plays no part. OUT/strings_choosing.json is
the record, OUT/strings_choosing.md the table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np

from experiments.common import guarded, options, parse, recorded, resolve_data
from experiments.strings.choices import one_at_a_time
from experiments.strings.measuring import measured, test_set
from experiments.strings.networks import Choices, Sizes, learn_strings, recogniser, whole_strings
from lenet1998.evaluation import interval_name, rate_interval
from lenet1998.files import make_directory, write_atomically, write_json
from lenet1998.patterns import DataSet
from lenet1998.running.provenance import provenance
from lenet1998.strings.images import Layout
from lenet1998.strings.wide import Wide

NAME = "strings_choosing"
TRIED: dict[str, tuple[Any, ...]] = {
    "j": (1.0, 3.0, 8.0),
    "noise": (0.0,),
    "noisy": (0.0, 1.0),
    "etas": ((2e-4, 5e-5), (1e-3, 2e-4)),
    "curvature": ("posteriors",),
}
READ = {"clean": 0.0, "noisy": 0.1}
"""Noise of the strings that are read."""
_FIRST = ("j", "noise")  # what is decided before whole strings come


def candidates() -> dict[str, Choices]:
    """The choices as they are, and with each of the other values of each."""
    return one_at_a_time(Choices(), TRIED)


def place_of(name: str) -> str:
    """The directory of a candidate.

    >>> place_of("etas = (0.0002, 5e-05) (not (0.0005, 0.0001))")
    'etas = (0.0002, 5e-05)'
    """
    return name.partition(" (not ")[0]


def tried(arguments: argparse.Namespace, data: DataSet, held_out: int) -> Iterator[dict]:
    """For each seed and candidate the errors, before whole strings and after them."""
    split = data.held_out(held_out)
    sizes = Sizes(len(split.train), arguments.passes, len(split.train) // 25)
    tests = {name: test_set(split.test, held_out // 20, 5, Layout(noise=noise), 1, False)
             for name, noise in READ.items()}  # fmt: skip
    for seed in range(1, arguments.seeds + 1):
        for name, choices in candidates().items():
            place = arguments.runs / NAME / f"seed{seed}"
            first = place / "_".join(f"{key}{getattr(choices, key)}" for key in _FIRST)
            before = recogniser("sdnn", split, sizes, choices, seed, first, arguments.engine, resume=True)
            strung = replace(choices, noise=0.1)
            examples = whole_strings(split.train, "sdnn", sizes.strings, strung, 1000 + seed)
            after = learn_strings(before, examples, "discriminative_forward", strung, place / place_of(name),
                                  partial(Wide, engine=arguments.engine), resume=arguments.resume)  # fmt: skip
            errors = {}
            for when, saved in (("before", before), ("after", after)):
                wide = Wide(saved.network(), arguments.engine)
                for kind, test in tests.items():
                    found = measured(wide, test, choices.j, saved.recipe.penalty_scale)
                    errors[f"{kind} {when}"] = 100 * found["wrong"] / found["strings"]
            yield {"candidate": name, "seed": seed, "choices": asdict(choices), **errors}


def table(runs: list[dict]) -> str:
    """Wrong strings of each candidate, means over seeds."""
    columns = [f"{kind} {when}" for kind in READ for when in ("before", "after")]
    lines = ["| choice | " + " | ".join(f"{column} (%)" for column in columns) + " |", "| --- |" + " --- |" * 4]
    for name in dict.fromkeys(run["candidate"] for run in runs):
        cells = []
        for column in columns:
            samples = np.array([run[column] for run in runs if run["candidate"] == name])
            mean, low, high = rate_interval(samples)
            cells.append(f"{mean:.1f} ({low:.1f} to {high:.1f})" if len(samples) > 1 else f"{mean:.1f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    seeds = len({run["seed"] for run in runs})
    about = f"{seeds} seeds, {interval_name(seeds)}" if seeds > 1 else "one seed"
    told = "Held-out strings of five digits, wrong before training on whole strings and after it; " + about
    return "\n".join([*lines, "", f"{told}."]) + "\n"


def main() -> None:
    arguments = parse(options(__doc__, seeds=1, passes=4, recipe=False))
    if not arguments.plot_only:
        data = resolve_data(arguments)
        make_directory(arguments.out)
        runs: list[dict] = []
        for run in tried(arguments, data, 100 if arguments.quick else 10_000):
            runs.append(run)
            record = {"experiment": NAME, **provenance(), "digests": dict(data.digests), "runs": runs}
            write_json(arguments.out / f"{NAME}.partial.json", record)
        write_json(arguments.out / f"{NAME}.json", record)
        (arguments.out / f"{NAME}.partial.json").unlink()
    runs = recorded(NAME, arguments)
    path = arguments.out / f"{NAME}.md"
    write_atomically(path, table(runs).encode())
    print(table(runs))
    print(path.with_suffix(".json"), path, sep="\n")


if __name__ == "__main__":
    guarded(main)

"""Strings of digits, read by LeNet-5 swept over them (section VII) and by their segments (section V).

Every seed trains LeNet-5 three times: on single digits, on section VII-B's images of three characters, where a blank is
equation 9's rubbish class, and on segments of strings. The second (SDNN) and the third (heuristic over-segmentation,
HOS) then learn whole strings by equation 17; the second also by equations 11 and 12. All read the same strings of
test digits: by length, by the gap between characters, with 10% of the pixels inverted and without. All choices were
made on held-out training digits (`experiments.strings.choosing`).

Of the whole strings that the second learned half had inverted pixels, of those of the third none: HOS cannot cut such
strings.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from experiments.machinery.declaration import Experiment, Plan, Record, Training
from experiments.machinery.record import description
from experiments.machinery.setting import Setting
from experiments.machinery.store import identity
from experiments.strings.measuring import TestSet, measured, test_set
from experiments.strings.networks import (
    KINDS,
    TRAINED,
    Choices,
    Images,
    Sizes,
    engine_of,
    first,
    images_of,
    place_of,
    taught,
)
from experiments.strings.report import TABLE, figures, tables, whole
from lenet1998.patterns import DataSet
from lenet1998.running.check import data_of, slim
from lenet1998.running.checkpoint import load
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.strings.images import Layout
from lenet1998.strings.wide import Wide

CHOICES = Choices()
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


def read_all(
    out: Path,
    progress: Any,
    passed: Callable[[dict], None] | None,
    networks: dict[str, Path],
    digits: DataChoice,
    quick: bool,
    engine: str,
) -> dict[str, Any]:
    """The errors of the networks, by method, on every set of test strings."""
    began, rows = time.perf_counter(), []
    saved = {method: load(place) for method, place in networks.items()}
    readers = {method: Wide(each.network(), engine) for method, each in saved.items()}
    for name, tests in tests_of(digits.load(), quick):
        for method, reader in readers.items():
            by_segments = method.startswith("hos")
            if by_segments and tests.segments is None or method in COMPARED and name not in TABLE:
                continue
            scale, j = saved[method].recipe.penalty_scale, None if by_segments else CHOICES.j
            found = measured(reader, tests, j, scale, name in ("plain", "noise"))
            rows.append({"method": method, "condition": name, **found})
    return {"seconds": time.perf_counter() - began, "rows": rows}  # fmt: skip


def plan(setting: Setting) -> Plan:
    """The networks of every seed, then their training on whole strings, and last what they read."""
    sizes, engine, store = Sizes.of(setting.data.train, setting.passes), engine_of(setting), setting.store
    seeds, digits = range(1, setting.seeds + 1), setting.choice
    tasks = {(kind, seed): first(store, Images(digits, kind, sizes, seed), CHOICES, engine, place_of(seed, kind))
             for seed in seeds for kind in KINDS}  # fmt: skip
    histories: dict[tuple[str, int], dict] = dict(zip(tasks, (yield list(tasks.values())), strict=True))
    parts = {(f"{kind} {equation}", seed):
             taught(store, tasks[kind, seed], criterion, CHOICES, place_of(seed, f"{kind} {equation}"))
             for seed in seeds for kind in KINDS[1:] for equation, criterion in TRAINED.items()
             if kind == "sdnn" or equation == "eq. 17"}  # fmt: skip
    histories |= zip(parts, (yield list(parts.values())), strict=True)
    reading = []
    for seed in seeds:
        work: dict[tuple[str, int], Any] = {**tasks, **parts}
        places = {method: each.out for (method, own), each in work.items() if own == seed}
        about = [[identity(tasks[kind, seed]) for kind in KINDS], asdict(CHOICES), asdict(sizes), setting.quick]
        reading.append(setting.part(f"seed {seed}", read_all, json.loads(json.dumps(about)), networks=places,
                                    digits=digits, quick=setting.quick, engine=engine))  # fmt: skip
    runs = []
    for seed, read in zip(seeds, (yield reading), strict=True):
        own = {method: slim(history) for (method, number), history in histories.items() if number == seed}
        spent = sum(each["seconds"] for kind in KINDS for each in own[kind]["passes"])
        spent += sum(each.get("strings", {}).get("seconds", 0.0) for each in own.values())
        runs.append({"seed": seed, "seconds_training": round(spent, 1), "seconds": round(spent + read["seconds"], 1),
                     "networks": own, "rows": read["rows"]})  # fmt: skip
    return {"choices": asdict(CHOICES), "sizes": asdict(sizes), "data": description(setting.data), **provenance(),
            "conditions": {name: asdict(each) for name, each in conditions(setting.quick).items()},
            "runs": runs}  # fmt: skip


def trainings(record: Record) -> Iterator[Training]:
    """What each kind of network learns first."""
    for run in whole(record):
        for kind in KINDS:
            found = partial(_again, kind, run["seed"], record["data"], Sizes(**record["sizes"]))
            yield Training(run["networks"][kind], found, label=kind)


def _again(kind: str, seed: int, data: dict, sizes: Sizes, data_dir: Path | None) -> DataSet:
    return images_of(kind, data_of({"data": data}, data_dir), sizes, seed)


EXPERIMENT = Experiment(
    name="strings",
    title="Strings of digits, swept and segmented",
    paper="sections V to VII, Figure 32",
    question="How well are strings of digits read by LeNet-5 swept over them, and by their segments?",
    answer="Of strings of five test digits the space displacement neural network (SDNN) reads {strings_errors; SDNN, "
    "whole strings; strings A} wrongly, heuristic over-segmentation (HOS) {strings_errors; HOS, whole strings; strings "
    "A}. Training on whole strings is worth much: before it the two read {strings_errors; SDNN; strings A} and "
    "{strings_errors; HOS; strings A} wrongly.",
    shown=dict.fromkeys(("strings_errors", "strings_gaps", "strings_rejected"), ""),
    description=__doc__.partition("\n\n")[2],
    caption="Strings of test digits that are read wrongly, by length and by the gap between digits, without noise and "
    "with a tenth of the pixels inverted, by LeNet-5 swept over them (SDNN) and by heuristic over-segmentation (HOS), "
    "each before training on whole strings and after it; and what rejection by e^-E of equation 17 gains.",
    chapter="Strings of digits",
    place=4,
    plan=plan,
    tables=tables,
    figures=figures,
    trainings=trainings,
    passes=4,
)

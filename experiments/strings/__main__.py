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
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from threadpoolctl import threadpool_limits

from experiments.common import guarded, options, parse, recorded, resolve_data
from experiments.strings.measuring import TestSet, measured, test_set
from experiments.strings.networks import KINDS, Choices, Sizes, learn_strings, recogniser, whole_strings
from experiments.strings.report import TABLE, draw, markdown
from lenet1998.files import make_directory, write_atomically, write_json
from lenet1998.patterns import DataSet
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.lock import locked
from lenet1998.running.provenance import provenance
from lenet1998.running.sweep import DataChoice
from lenet1998.strings.images import Layout
from lenet1998.strings.wide import Wide

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


def networks(
    data: DataSet, seed: int, sizes: Sizes, place: Path, engine: str, resume: bool
) -> dict[str, tuple[str, Checkpoint]]:
    """The networks of a seed by method, each with the kind that it is."""
    place = place / f"seed{seed}"
    first = {kind: recogniser(kind, data, sizes, CHOICES, seed, place / kind, engine, resume=resume) for kind in KINDS}
    found = {kind: (kind, saved) for kind, saved in first.items()}
    for kind in KINDS[1:]:
        examples = whole_strings(data.train, kind, sizes.strings, CHOICES, 1000 + seed)
        for equation, criterion in TRAINED.items():
            if kind == "sdnn" or equation == "eq. 17":
                out = place / f"{kind} {equation}".replace(" ", "_")
                passes_of = partial(Wide, engine=engine)
                saved = learn_strings(first[kind], examples, criterion, CHOICES, out, passes_of, resume=resume)
                found[f"{kind} {equation}"] = kind, saved
    return found


def one_seed(seed: int, choice: DataChoice, sizes: Sizes, place: Path, engine: str, resume: bool, quick: bool) -> dict:
    """Train a seed's networks and let them read every set of test strings."""
    started, data = time.perf_counter(), choice.load()
    threadpool_limits(1, "blas")  # where NumPy computes: the matrices are small
    trained = networks(data, seed, sizes, place, engine, resume)
    seconds = time.perf_counter() - started
    rows = []
    readers = {method: Wide(saved.network(), engine) for method, (_, saved) in trained.items()}
    for name, tests in tests_of(data, quick):
        for method, (kind, saved) in trained.items():
            if kind == "hos" and tests.segments is None or method in COMPARED and name not in TABLE:
                continue
            j = None if kind == "hos" else CHOICES.j
            found = measured(readers[method], tests, j, saved.recipe.penalty_scale, name in ("plain", "noise"))
            rows.append({"method": method, "condition": name, **found})
    history = {method: {"passes": saved.history["passes"], "strings": saved.history.get("strings"),
                        "sha256": readers[method].parameters.digest()}
               for method, (_, saved) in trained.items()}  # fmt: skip
    return {"seed": seed, "seconds_training": round(seconds, 1),
            "seconds": round(time.perf_counter() - started, 1), "networks": history, "rows": rows}  # fmt: skip


def carry_out(arguments: argparse.Namespace) -> None:
    """Every seed, as many at a time as --jobs says; OUT/strings.partial.json has those that are done."""
    data = resolve_data(arguments)
    sizes = Sizes(len(data.train), arguments.passes, len(data.train) // (30 if arguments.quick else 10))
    engine = "numpy" if arguments.quick and arguments.engine == "auto" else arguments.engine
    about = {"experiment": NAME, "choices": asdict(CHOICES), "sizes": asdict(sizes), "digests": dict(data.digests),
             "conditions": {name: asdict(each) for name, each in conditions(arguments.quick).items()}}  # fmt: skip
    about = json.loads(json.dumps(about))
    make_directory(arguments.out)
    with locked(arguments.out / f".{NAME}.lock", f"{NAME} in {arguments.out}"):
        path, partial_path = (arguments.out / f"{NAME}{suffix}" for suffix in (".json", ".partial.json"))
        runs = _done(partial_path, about, arguments.seeds) if arguments.resume else []
        missing = [seed for seed in range(1, arguments.seeds + 1) if seed not in {run["seed"] for run in runs}]
        choice = DataChoice(arguments.data, arguments.data_dir, arguments.train_size, arguments.test_size)
        work = partial(one_seed, choice=choice, sizes=sizes, place=arguments.runs / NAME, engine=engine,
                       resume=arguments.resume, quick=arguments.quick)  # fmt: skip
        for run in _each(work, missing, arguments.jobs):
            runs = sorted([*runs, run], key=lambda run: run["seed"])
            write_json(partial_path, {**about, **provenance(), "runs": runs})
        write_json(path, {**about, **provenance(), "runs": runs})
        partial_path.unlink(missing_ok=True)


def _done(path: Path, about: dict, seeds: int) -> list[dict]:
    """The seeds that a stopped experiment of the same kind has finished."""
    if not path.exists():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    same = all(found.get(key) == value for key, value in about.items())
    return [run for run in found["runs"] if run["seed"] <= seeds] if same else []


def _each(work: Callable[[int], dict], seeds: list[int], jobs: int) -> Iterator[dict]:
    """What the work gives for each seed, as it comes."""
    if jobs == 1:
        yield from map(work, seeds)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(work, seed) for seed in seeds]):
            yield done.result()


def main() -> None:
    arguments = parse(options(__doc__, seeds=5, passes=4, recipe=False))
    if not arguments.plot_only:
        carry_out(arguments)
    runs = recorded(NAME, arguments)
    text = markdown(runs)
    write_atomically(arguments.out / f"{NAME}.md", text.encode())
    print(text)
    for path in (arguments.out / f"{NAME}.json", arguments.out / f"{NAME}.md", *draw(runs, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)

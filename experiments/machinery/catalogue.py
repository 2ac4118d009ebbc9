"""All experiments: they are found by their declarations, and nobody lists them."""

import json
import math
import pkgutil
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import experiments
from experiments.machinery.declaration import CHAPTERS, Experiment, Variant
from experiments.machinery.page import RECORDED, command
from experiments.machinery.record import RESULTS
from lenet1998.errors import LeNetError
from lenet1998.files import write_json
from lenet1998.training import DIGEST

SECONDS = ("seconds", "seconds_to_fit")  # the keys under which records have them


class Listed(NamedTuple):
    """What is recorded under one name: the experiment, and which of its command lines."""

    experiment: Experiment
    variant: Variant

    @property
    def name(self) -> str:
        return self.variant.name

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.variant.arguments)

    @property
    def command(self) -> str:
        return command(self.experiment, self.variant.arguments)


@cache
def declared() -> tuple[Experiment, ...]:
    """Every experiment, in the order of chapters."""
    found: dict[str, Experiment] = {}
    for module in pkgutil.walk_packages(experiments.__path__, "experiments."):
        if not module.name.startswith("experiments.machinery") and not module.name.endswith("__main__"):
            value = getattr(import_module(module.name), "EXPERIMENT", None)
            if isinstance(value, Experiment):
                found[value.name] = value
    return tuple(sorted(found.values(), key=lambda each: (CHAPTERS.index(each.chapter), each.place, each.name)))


def listed() -> Iterator[Listed]:
    """All that is recorded, each experiment with its variants."""
    for each in declared():
        yield Listed(each, Variant(each.name, each.default, each.title, each.caption))
        for variant in each.variants:
            yield Listed(each, variant)


def find(stem: str) -> Listed | None:
    """Whose results a file of this name, without its ending, is; the longest beginning decides."""

    def beginning(one: Listed) -> int:
        names = (one.name, *(one.experiment.also if one.name == one.experiment.name else ()))
        return max(len(name) if stem == name or stem.startswith(f"{name}_") else 0 for name in names)

    best = max(listed(), key=beginning)
    return best if beginning(best) else None


def named(name: str) -> Listed:
    """What is recorded under a name. Raises LeNetError for names that are not known."""
    known = {one.name: one for one in listed()}
    if name not in known:
        raise LeNetError(f"no experiment is called {name!r}: choose {', '.join(known)}")
    return known[name]


def costs(results: Path = RESULTS) -> dict[str, float]:
    """Seconds of all runs on record, by the name of what they are recorded for; shared runs are counted once."""
    found: dict[str, float] = {}
    for name, seconds in pieces(results):
        found[name] = found.get(name, 0.0) + seconds
    return {name: seconds for name, seconds in found.items() if seconds}


def pieces(results: Path = RESULTS, seeds: float = math.inf) -> Iterator[tuple[str, float]]:
    """What every run and other work on record took, in seconds on one core, and the name of what it is recorded for;
    shared runs come once, and none of a seed above `seeds`."""
    order = {one.name: place for place, one in enumerate(listed())}
    records = []
    for path in sorted(results.rglob("*.json")):
        one = find(path.stem if path.parent == results else path.parent.name)
        if one and not path.stem.endswith("_scores") and path.parent.name != "tables":  # scores repeat what runs took
            records.append((order[one.name], path, one.name))
    counted: set[tuple] = set()
    for _, path, name in sorted(records):
        for run, seconds, seed in _pieces(json.loads(path.read_text(encoding="utf-8"))):
            if run not in counted and seed <= seeds:
                yield name, seconds
            if run:
                counted.add(run)


def _pieces(content: Any, seed: int = 0) -> Iterator[tuple[tuple | None, float, int]]:
    """The runs in a record, by what tells them apart, and other work that has a time, their seconds and their seeds.

    Where a whole has a time, it includes those of its parts, of which the runs come apart. They are of the whole's
    `seed`, whatever seeds it drew for them; what says none is of the first.
    """
    if not isinstance(content, (dict, list)):
        return
    seed = seed or (content.get("seed") if isinstance(content, dict) else 0) or 0
    passes = content.get("passes") if isinstance(content, dict) else None
    if isinstance(content, dict) and isinstance(passes, list) and passes:  # what each took is as good as a name
        times = [float(one["seconds"]) for one in passes if isinstance(one, dict) and "seconds" in one]
        yield (passes[-1].get(DIGEST), *times), sum(times), seed or 1
        return
    inner = content.values() if isinstance(content, dict) else content
    parts = [each for part in inner for each in _pieces(part, seed)]
    own = [content[key] for key in SECONDS if isinstance(content, dict) and isinstance(content.get(key), (int, float))]
    if own:
        parts = [part for part in parts if part[0] is not None]
        parts.append((None, max(0.0, float(sum(own)) - sum(part[1] for part in parts)), seed or 1))
    yield from parts


def time_of(seconds: float) -> str:
    """About how long.

    >>> time_of(4), time_of(65), time_of(7000)
    ('4 s', '1 min', '1.9 h')
    """
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def write_index() -> Path:
    """What the package knows of the experiments, which do not come with it: RECORDED/index.json."""
    seconds = costs()
    rows = []
    for one in listed():
        experiment, own = one.experiment, one.name == one.experiment.name
        row: dict[str, Any] = {"name": one.name, "title": one.variant.title, "paper": experiment.paper}
        row |= {"command": one.command, "caption": one.variant.caption, "question": experiment.question}
        row |= {"chapter": experiment.chapter}
        row |= {"compared": True} if experiment.compared else {}
        row |= {"files": list(experiment.also)} if own and experiment.also else {}
        row |= {"captions": experiment.captions} if own and experiment.captions else {}
        row |= {"seconds": round(seconds[one.name], 1)} if one.name in seconds else {}
        rows.append(row)
    write_json(RECORDED / "index.json", rows)
    return RECORDED / "index.json"

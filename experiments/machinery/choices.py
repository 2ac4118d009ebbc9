"""What the paper leaves open, tried on held-out training patterns: the plan and the table of such experiments.

A question has candidates. Each of them learns the first training patterns and is judged on the last ones, as work of
its own; the test set plays no part.
"""

import argparse
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.machinery.setting import Setting, in_turns
from experiments.machinery.store import Store
from lenet1998.commands.options import positive
from lenet1998.errors import DivergenceError
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Estimate, Table
from lenet1998.running.provenance import commit
from lenet1998.running.work import DataChoice, Task, Work

HELD_OUT, HELD_OUT_QUICK = 10_000, 100
INTERVAL = "interval_percent"
"""What a judge calls the interval that a single run has by its patterns."""


@dataclass(frozen=True)
class Candidate:
    """One answer to a question: `what` the judge is given. Candidates that begin with the same training say so by the
    same text, so that one of them trains and the others find it."""

    question: str
    name: str
    what: Any
    begins: str = ""


@dataclass(frozen=True)
class Trial:
    """With what a candidate is judged: the data, in which held-out patterns take the place of the test set, a seed, and
    the store of runs. `out` is a directory of its own."""

    data: DataChoice
    seed: int
    passes: int | None
    engine: str
    runs: Path
    out: Path = Path()
    passed: Callable[[dict], None] | None = None

    def task(self, recipe: Recipe, passes: int) -> Task:
        """A run on these data in the store."""
        return Store(self.runs).task(recipe, self.seed, self.data, passes=passes, engine=self.engine)


@dataclass(frozen=True)
class Choices:
    """`judge` is given what a candidate is and the trial, and returns `measures` in per cent, keys with the names of
    their columns, with what else is to be on record. It is a function of a module; a run that diverges measures
    None."""

    candidates: Callable[[Setting], Iterable[Candidate]]
    judge: Callable[[Any, Trial], dict[str, Any]]
    measures: Mapping[str, str]

    def tried(self, setting: Setting) -> Generator[Sequence[Work], list[Any], list[dict[str, Any]]]:
        """For a plan: an entry per candidate and seed, with its measures, seconds and commit."""
        given, judge = setting.arguments, self.judge
        seeds = [1] if given.seeds is None else list(range(1, given.seeds + 1))
        wanted = [(each, seed) for seed in seeds for each in self.candidates(setting)]
        parts = []
        for each, seed in wanted:
            trial = Trial(held_out(setting), seed, given.passes, given.engine, setting.store.root)
            about = [judge.__module__, judge.__qualname__, trial.data.validation, given.passes, given.engine]
            label = f"{each.question} {each.name}, seed {seed}".strip()
            parts.append(setting.part(label, judged, about, judge=judge, what=each.what, trial=trial))
        found = yield from in_turns(parts, [(each.begins, seed) if each.begins else None for each, seed in wanted])
        none = dict.fromkeys(self.measures)
        return [
            {"choice": each.question, "candidate": each.name, "seed": seed, **none, **measured}
            for (each, seed), measured in zip(wanted, found, strict=True)
        ]

    def table(self, name: str, entries: Sequence[dict[str, Any]], caption: str, notes: Sequence[str] = ()) -> Table:
        """The candidates by question, means over seeds, and which answers a question best by the first measure.

        Columns that have nothing to say are left out.
        """
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for entry in entries:
            groups.setdefault((entry.get("choice", ""), entry["candidate"]), []).append(entry)
        errors = {key: _estimate(own, next(iter(self.measures))) for key, own in groups.items()}
        rows: list[list[Cell]] = []
        for (question, candidate), own in groups.items():
            rivals = [each.mean for key, each in errors.items() if key[0] == question and each]
            error, seconds = errors[question, candidate], [entry["seconds"] for entry in own if "seconds" in entry]
            best = bool(question and error and error.mean == min(rivals))
            rows.append([question, candidate, *(_estimate(own, measure) for measure in self.measures)])
            rows[-1] += ["diverged" if error is None else "best" if best else "", float(np.mean(seconds or 0)) or None]
        columns = [Column("choice", kind="text"), Column("candidate", kind="text")]
        columns += [Column(heading, "%") for heading in self.measures.values()]
        columns += [Column("remark", kind="text"), Column("time", "s", digits=0)]
        said = [place for place in range(len(columns)) if any(row[place] not in ("", None) for row in rows)]
        shown = [[row[place] for place in said] for row in rows]
        return Table(name, caption, [columns[place] for place in said], shown, notes)


def options(parser: argparse.ArgumentParser) -> None:
    """How many patterns are held out."""
    parser.add_argument(
        "--held-out",
        metavar="N",
        type=positive,
        default=HELD_OUT,
        help=f"judge on the last N training patterns (default: {HELD_OUT:,})",
    )


def held_out(setting: Setting) -> DataChoice:
    """What workers load: the last training patterns take the place of the test set."""
    return replace(setting.choice, test_size=None, validation=setting.arguments.held_out)


def judged(out: Path, progress: Any, passed: Any, judge: Any, what: Any, trial: Trial) -> dict[str, Any]:
    """The part of one candidate and seed."""
    began = time.perf_counter()
    try:
        found = judge(what, replace(trial, out=out, passed=passed))
    except DivergenceError:
        found = {}
    return {**found, "seconds": found.get("seconds", time.perf_counter() - began), "commit": commit()}


def _estimate(entries: Sequence[dict[str, Any]], measure: str) -> Estimate | None:
    values = [entry[measure] for entry in entries if entry[measure] is not None]
    alone = entries[0].get(INTERVAL)
    if len(values) == 1 and alone:
        return Estimate(values[0], *alone)
    return estimate(values) if values else None

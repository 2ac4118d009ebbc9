"""The record checked: the first pass of one seed of every recorded training, repeated and compared bit for bit."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lenet1998.errors import LeNetError
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.report.experiments import find
from lenet1998.running import check as checks


def trainings(results: Path) -> dict[str, tuple[str, dict]]:
    """One run of every training on record, that of its lowest seed: experiment and history by what determines it.

    A training that two files hold counts once. Runs of the NumPy engine are left out: their bits are those of a
    machine's BLAS library.
    """
    found: dict[str, tuple[str, dict]] = {}
    for path in sorted(results.glob("*.json")):
        experiment = find(path.stem)
        for history in sorted(_histories(path), key=lambda run: run["seed"]):
            recipe = replace(Recipe.from_dict(history["recipe"]), name="").as_dict()
            if experiment and history["engine"] == "numba":
                found.setdefault(json.dumps([recipe, history["data"]]), (experiment.name, history))
    return found


def _histories(path: Path) -> Iterator[dict]:
    try:
        yield from checks.histories(path)
    except LeNetError:  # scores, tables, and experiments whose runs have no passes of a Trainer
        return


@lru_cache(maxsize=2)
def _data(described: str, data_dir: Path | None) -> DataSet:
    return checks.data_of(json.loads(described), data_dir)


def repeat(experiment: str, history: dict, data_dir: Path | None) -> tuple[str, bool]:
    """A line that says whether the first pass is as recorded, and whether it is."""
    what = f"{experiment}, {history['recipe']['name']}"
    try:
        data = _data(json.dumps({"data": history["data"]}), data_dir)
        here, passes = checks.repeated(history, data)
        return f"{what}: {checks.compare(history, here, passes, 1)}", True
    except LeNetError as error:
        return f"{what}: {error}", False


def check(
    results: Path, only: list[str], skip: list[str], jobs: int, data_dir: Path | None, quiet: bool = False
) -> None:
    """Repeat what is on record and print a line for each that differs, and one for all.

    Raises LeNetError when there is nothing to check, DifferenceError when something is not as recorded.
    """
    found = [
        (name, history)
        for name, history in trainings(results).values()
        if name not in skip and name in (only or [name])
    ]
    if not found:
        raise LeNetError(f"no training with digests is on record in {results}: run the experiments first")
    different = 0
    with tqdm(total=sum(_cost(run) for _, run in found), unit="s", disable=quiet or not sys.stderr.isatty()) as bar:
        for (_, history), (line, same) in zip(found, _each(found, data_dir, jobs), strict=True):
            different += not same
            bar.update(_cost(history))
            if not same:
                bar.write(line)
    told = f"{len(found) - different} of {len(found)} recorded trainings begin with the same pass, bit for bit"
    if different:
        raise checks.DifferenceError(told)
    print(told)


def _cost(history: dict) -> float:
    return history["passes"][0]["seconds"]


def _each(found: list[tuple[str, dict]], data_dir: Path | None, jobs: int) -> Iterator[Any]:
    if jobs == 1:
        return (repeat(name, history, data_dir) for name, history in found)
    from joblib import Parallel, delayed

    work = Parallel(n_jobs=jobs, return_as="generator", batch_size=1)
    return work(delayed(repeat)(name, history, data_dir) for name, history in found)

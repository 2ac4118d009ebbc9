"""The record checked: the first pass of one seed of every recorded training, repeated and compared bit for bit."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments.machinery.catalogue import find
from experiments.machinery.declaration import Training
from experiments.machinery.record import rows_of
from lenet1998.errors import DataError, LeNetError
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.running import check as checks
from lenet1998.running.workers import process_pool

SHARE = 30.0  # seconds of training that a process is given at a time


@dataclass(frozen=True)
class Recorded:
    """A training on record, and what it is recorded for."""

    experiment: str
    training: Training

    @property
    def history(self) -> dict:
        return self.training.history

    @property
    def seconds(self) -> float:
        """What the first pass took."""
        return self.history["passes"][0]["seconds"]

    @property
    def compiled(self) -> str:
        """What decides which kernels it needs: its recipe without its numbers, which are no part of them."""
        recipe = self.history["recipe"]
        kind = {key: value for key, value in recipe.items() if isinstance(value, (str, bool)) and key != "name"}
        return json.dumps([kind, recipe.get("batch", 1) > 1])

    def again(self, data_dir: Path | None) -> tuple[dict, Iterator[dict]]:
        """Begin it again, as `repeated` of `lenet1998.running.check` does. Raises DataError without the data."""
        if self.training.again:
            return self.training.again(data_dir)
        if self.training.data:
            return checks.repeated(self.history, self.training.data(data_dir))
        return checks.repeated(self.history, _data(json.dumps({"data": self.history["data"]}), data_dir))


def trainings(results: Path) -> list[Recorded]:
    """One run of every training on record, that of its lowest seed.

    A training that two files hold is counted once. Runs of the NumPy engine are left out: their bits are those of a
    machine's BLAS.
    """
    found: dict[str, Recorded] = {}
    for path in sorted(each for each in results.glob("*") if each.suffix == ".json" or each.is_dir()):
        one = find(path.name.removesuffix(".json"))
        if one is None or path.is_dir() != one.experiment.folder:
            continue
        record = {"rows": rows_of(path)} if path.is_dir() else json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            continue
        for training in sorted(one.experiment.trainings(record), key=lambda each: each.history["seed"]):
            recipe = replace(Recipe.from_dict(training.history["recipe"]), name="").as_dict()
            if training.history["engine"] == "numba":
                key = json.dumps([training.label, recipe, training.history["data"]])
                found.setdefault(key, Recorded(one.name, training))
    return list(found.values())


@lru_cache(maxsize=2)
def _data(described: str, data_dir: Path | None) -> DataSet:
    return checks.data_of(json.loads(described), data_dir)


def repeat(recorded: Recorded, data_dir: Path | None) -> tuple[str, bool | None]:
    """A line that says whether the first pass is as recorded, and whether it is; None where its data are missing."""
    what = f"{recorded.experiment}, {recorded.training.label or recorded.history['recipe']['name']}"
    try:
        here, passes = recorded.again(data_dir)
        return f"{what}: {checks.compare(recorded.history, here, passes, 1)}", True
    except DataError as error:
        return f"{what}: not checked, {error}", None
    except LeNetError as error:
        return f"{what}: {error}", False


def check(
    results: Path, only: list[str], skip: list[str], jobs: int | None, data_dir: Path | None, quiet: bool = False
) -> None:
    """Repeat what is on record and print a line for each that differs or cannot be checked, and one for all.

    Raises LeNetError when there is nothing to check, DifferenceError when something is not as recorded.
    """
    found = [
        one for one in trainings(results) if one.experiment not in skip and one.experiment in (only or [one.experiment])
    ]
    if not found:
        raise LeNetError(f"no training with digests is on record in {results}: run the experiments first")
    outcomes: list[bool | None] = []
    work = list(shares(found))
    with tqdm(total=sum(one.seconds for one in found), unit="s", disable=quiet or not sys.stderr.isatty()) as bar:
        for share, answers in zip(work, _each(work, data_dir, jobs), strict=True):
            for one, (line, same) in zip(share, answers, strict=True):
                outcomes.append(same)
                bar.update(one.seconds)
                if not same:
                    bar.write(line)
    told = f"{outcomes.count(True)} of {len(found)} recorded trainings begin with the same pass, bit for bit"
    told += f"; {outcomes.count(None)} could not be checked" if None in outcomes else ""
    if False in outcomes:
        raise checks.DifferenceError(told)
    print(told)


def shares(found: list[Recorded]) -> Iterator[list[Recorded]]:
    """What a process repeats at a time: trainings with the same kernels, which it then compiles once.

    First comes a share of every kind, so that no two processes compile the same at the same time, and of the kinds with
    more than one the latest, so that their kernels are still kept when the others come.
    """
    kinds: dict[str, list[list[Recorded]]] = {}
    for one in found:
        own = kinds.setdefault(one.compiled, [[]])
        if sum(each.seconds for each in own[-1]) > SHARE:
            own.append([])
        own[-1].append(one)
    ordered = sorted(kinds.values(), key=len)
    for turn in range(max(map(len, ordered))):
        yield from (own[turn] for own in ordered if turn < len(own))


def _each(work: list[list[Recorded]], data_dir: Path | None, jobs: int | None) -> Iterator[Any]:
    if jobs in (None, 1):
        yield from map(partial(repeat_all, data_dir), work)
        return
    with process_pool(jobs or 1) as every:
        try:
            yield from every.map(partial(repeat_all, data_dir), work)
        except BrokenProcessPool as error:
            raise LeNetError("a process was killed, as when memory is short: give fewer --jobs") from error


def repeat_all(data_dir: Path | None, share: list[Recorded]) -> list[tuple[str, bool | None]]:
    """`repeat` one after the other."""
    return [repeat(one, data_dir) for one in share]

"""The record checked: the first pass of one seed of every recorded training, repeated and compared bit for bit."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments.section3.rows import TRAININGS, begun
from experiments.strings.networks import IMAGES, KINDS, Sizes, images_of
from experiments.teaching.system import Source
from lenet1998.errors import DataError, LeNetError
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.report.experiments import find
from lenet1998.running import check as checks
from lenet1998.running.sweep import process_pool

STRINGS = "strings"
SHARE = 30.0  # seconds of training that a process is given at a time


@dataclass(frozen=True)
class Recorded:
    """A training on record: of which experiment, its history, the data, and of which row, system or kind of network
    for strings, if it is of one. What a row and such a kind train on is made of the data."""

    experiment: str
    history: dict
    data: dict
    row: str = ""
    system: str = ""
    kind: str = ""

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
        if self.row:
            return begun(self.row, _data(json.dumps({"data": self.data}), data_dir), self.history["seed"])
        if self.system:  # --data-dir is where MNIST is: other data are looked for in their own places
            where = data_dir if self.data["name"].startswith("mnist") else None
            return checks.repeated(self.history, _source(self.system, self.history["recipe"]["name"], where).load())
        data = _data(json.dumps({"data": self.data}), data_dir)
        if self.kind:
            data = images_of(self.kind, data, Sizes(**self.data["sizes"]), self.history["seed"], IMAGES)
        return checks.repeated(self.history, data)


def trainings(results: Path) -> list[Recorded]:
    """One run of every training on record, that of its lowest seed.

    A training that two files hold counts once. Of a row of section III, whichever begins with the same network, it is
    the first, since later ones may learn what the first has left; of networks for strings it is what each kind learns
    first. Runs of the NumPy engine are left out: their bits are those of a machine's BLAS.
    """
    found: dict[str, Recorded] = {}
    for path in sorted(results.glob("*.json")):
        experiment = find(path.stem)
        for history in sorted(_histories(path), key=lambda run: run["seed"]):
            recipe = replace(Recipe.from_dict(history["recipe"]), name="").as_dict()
            if experiment and history["engine"] == "numba" and STRINGS not in history:
                system = path.stem if "first" in history else ""
                key = json.dumps([system and history["recipe"]["name"], recipe, history["data"]])
                found.setdefault(key, Recorded(experiment.name, history, history["data"], system=system))
    for path in sorted((results / "section3").glob("*.json")):
        row = json.loads(path.read_text(encoding="utf-8"))
        if first := row["runs"][0].get(TRAININGS):
            found[path.stem] = Recorded("section3", first[0], row["data"], row=row["row"])
    if (path := results / f"{STRINGS}.json").exists():
        record = json.loads(path.read_text(encoding="utf-8"))
        data, networks = record["data"] | {"sizes": record["sizes"]}, record["runs"][0]["networks"]
        found |= {kind: Recorded(STRINGS, networks[kind], data, kind=kind) for kind in KINDS}
    return list(found.values())


def _histories(path: Path) -> Iterator[dict]:
    try:
        yield from checks.histories(path)
    except LeNetError:  # scores, tables, and what has its passes in another form: those of the teaching systems
        runs = json.loads(path.read_text(encoding="utf-8")).get("runs", [])
        yield from [run | {"passes": [run["first"]]} for run in runs if isinstance(run, dict) and "first" in run]


@lru_cache(maxsize=2)
def _data(described: str, data_dir: Path | None) -> DataSet:
    return checks.data_of(json.loads(described), data_dir)


@lru_cache(maxsize=1)
def _source(system: str, arm: str, data_dir: Path | None) -> Any:
    found = import_module(f"experiments.teaching.{system}").SYSTEM
    arms = {each.recipe.name: each for each in found.arms}
    if arm not in arms:
        raise LeNetError(f"{system} has no arm {arm!r} any more")
    return Source(partial(found.load, data_dir), arms[arm])


def repeat(recorded: Recorded, data_dir: Path | None) -> tuple[str, bool | None]:
    """A line that says whether the first pass is as recorded, and whether it is; None where its data are missing."""
    what = f"{recorded.experiment}, {recorded.row or recorded.history['recipe']['name']}"
    try:
        here, passes = recorded.again(data_dir)
        return f"{what}: {checks.compare(recorded.history, here, passes, 1)}", True
    except DataError as error:
        return f"{what}: not checked, {error}", None
    except LeNetError as error:
        return f"{what}: {error}", False


def check(
    results: Path, only: list[str], skip: list[str], jobs: int, data_dir: Path | None, quiet: bool = False
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


def _each(work: list[list[Recorded]], data_dir: Path | None, jobs: int) -> Iterator[Any]:
    if jobs == 1:
        yield from map(partial(repeat_all, data_dir), work)
        return
    with process_pool(jobs) as every:
        try:
            yield from every.map(partial(repeat_all, data_dir), work)
        except BrokenProcessPool as error:
            raise LeNetError("a process was killed, as when memory is short: give fewer --jobs") from error


def repeat_all(data_dir: Path | None, share: list[Recorded]) -> list[tuple[str, bool | None]]:
    """`repeat` one after the other."""
    return [repeat(one, data_dir) for one in share]

"""Where runs are kept, and found again: by what their digests depend on, whoever asked for them first.

A run is its recipe, whatever that is called, its seed, its engine and its data with their sizes. What a run of many
passes recorded holds that of fewer, so the number of passes is no part of it. Two experiments that need the same run
get the same run. Runs of earlier versions, in directories that were named after experiments, are found as well.
"""

import hashlib
import json
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lenet1998.engines import numba_works
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.output import for_classes
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.running.provenance import commit
from lenet1998.running.run import BEST, CHECKPOINT, HISTORY
from lenet1998.running.work import DataChoice, Task, Work

RESULT = "result.json"
"""What work that is no run leaves in its directory."""
_OWN = re.compile(r".*-[0-9a-f]{10}")
_DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError, LeNetError)


class Given:
    """Data that are there already, and whose digests say all of them, where a run would load them."""

    def __init__(self, data: DataSet):
        self.data = data

    def load(self) -> DataSet:
        return self.data


class Store:
    """The runs below a directory."""

    def __init__(self, root: Path):
        self.root = root
        self._places: dict[str, Path] = {}

    def task(self, recipe: Recipe, seed: int, data: Any, earlier: str = "", **options: Any) -> Task:
        """A run in the directory that it has here; `options` are the other fields of `Task`. `earlier` is where an
        earlier version kept it, of whose data the record alone does not tell."""
        task = Task(self.root, recipe, seed, data, **options)
        known = identity(task)
        about = json.dumps(known, sort_keys=True)
        if about not in self._places:
            ending = f"-seed{seed}-{hashlib.sha256(about.encode()).hexdigest()[:10]}"
            there = next(self.root.glob(f"*{ending}"), None) or self._earlier.get(about)
            there = there or (self.root / earlier if earlier and self._is_there(self.root / earlier, known) else None)
            self._places[about] = there or self.root / f"{_slug(recipe.name)}{ending}"
        return replace(task, out=self._places[about])

    def _is_there(self, place: Path, identity: dict[str, Any]) -> bool:
        """Whether a directory of an earlier version has the run, as far as its record tells."""
        try:
            known = _recorded_identity(json.loads((place / HISTORY).read_text(encoding="utf-8")))
        except _DAMAGED:
            return False
        return known == {key: identity[key] for key in known} and (place / BEST).exists() == ("keep_best" in identity)

    def place(self, name: str, about: Any) -> Path:
        """The directory of work that is no run, by its name and plain values that say what its result depends on."""
        return (
            self.root / f"{_slug(name)}-{hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:10]}"
        )

    def histories(self) -> Iterator[tuple[Path, dict]]:
        """Every run that is here, by its directory: what it has on record. What cannot be read is left out."""
        for path in sorted(self.root.rglob(HISTORY)):
            if (path.parent / CHECKPOINT).exists():
                try:
                    yield path.parent, json.loads(path.read_text(encoding="utf-8"))
                except (OSError, ValueError):
                    continue  # damaged: it is made again

    @cached_property
    def _earlier(self) -> dict[str, Path]:
        """Runs in directories of other names."""
        found = {}
        for place, history in self.histories():
            if not _OWN.fullmatch(place.name):
                try:
                    found[json.dumps(_recorded_identity(history), sort_keys=True)] = place
                except _DAMAGED:
                    continue  # no run of ours
        return found


def refuse_others(work: Iterable[Work], made: Container[Path]) -> None:
    """Raise CheckpointError where something is there already, but for what has been `made` just now, unless the code as
    it is now made it: the rest is taken or continued only where that is asked for."""
    now = commit()
    for each in work:
        there = next((each.out / name for name in (HISTORY, RESULT) if (each.out / name).exists()), None)
        if there and each.out not in made:
            made_by = json.loads(there.read_text(encoding="utf-8")).get("commit")
            if made_by is None or made_by != now or made_by.endswith("+"):
                raise CheckpointError(
                    f"{each.out} already holds a run: add --resume to take or continue it, or choose another --runs"
                )


def identity(task: Task) -> dict[str, Any]:
    """What a run depends on: plain values."""
    given: Any = task.data
    data, content = (_described(given.data), "") if isinstance(given, Given) else _data_of(given)
    recipe = for_classes(task.recipe, tuple(data.get("classes", ())))
    engine = task.engine if task.engine != "auto" else "numba" if numba_works() else "numpy"
    known = {"recipe": _plain(recipe), "seed": task.seed, "engine": engine, "data": data}
    further: dict[str, Any] = {"content": content} if content else {}
    further |= {"keep_best": True} if task.keep_best else {}
    further |= {"watch": f"{task.watch.__module__}.{task.watch.__qualname__}"} if task.watch else {}
    if task.measure and task.passes < sum(passes for passes, _ in recipe.schedule):
        further |= {"passes": task.passes}  # its last network is measured: it stops there, whoever goes on elsewhere
    return known | further


def _recorded_identity(history: dict) -> dict[str, Any]:
    data = {key: value for key, value in history["data"].items() if key != "path"}
    recipe = _plain(Recipe.from_dict(history["recipe"]))
    watched = {"watch": "unknown"} if "watched" in history else {}
    return {"recipe": recipe, "seed": history["seed"], "engine": history["engine"], "data": data, **watched}


def _plain(recipe: Recipe) -> dict[str, Any]:
    return json.loads(json.dumps(replace(recipe, name="").as_dict()))


@cache
def _data_of(choice: Any) -> tuple[dict[str, Any], str]:
    """What a record says of the data; and, where they are not the plain data set, the digest of what is learned."""
    data = choice.load()
    return _described(data), "" if isinstance(choice, DataChoice) else data.train.digest() + data.test.digest()


def _described(data: DataSet) -> dict[str, Any]:
    own = {"classes": list(data.classes)} if data.classes else {}
    sizes = {"name": data.name, "train_size": len(data.train), "test_size": len(data.test)}
    return {**sizes, "digests": dict(data.digests), **own}


def _slug(name: str) -> str:
    """A name as a directory's.

    >>> _slug("default, distorted"), _slug("default loss=mle")
    ('default_distorted', 'default_loss=mle')
    """
    return re.sub(r"[^\w=.+-]+", "_", name, flags=re.ASCII)[:60].strip("_")

"""Records: where they are, how they are read, and what their runs came to."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from lenet1998.errors import LeNetError
from lenet1998.evaluation import rate_interval
from lenet1998.files import make_directory, write_json
from lenet1998.patterns import DataSet
from lenet1998.running.check import is_sealed, sealed
from lenet1998.running.work import Failure
from lenet1998.training import WATCHED

RESULTS = Path(__file__).parent.parent / "results"
RUNS = Path("runs")
FIGURES = Path("figures")  # those made for print


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record, with its own digest."""
    write_json(path, sealed(json.loads(json.dumps(record))))


def read(path: Path, remedy: str = "run the experiment without --plot-only first") -> dict[str, Any]:
    """The record at a path, NAME.json; where it is a folder NAME, its rows.

    Raises LeNetError when there is nothing.
    """
    rows = {} if path.exists() else rows_of(path.with_name(path.name.removesuffix(".json")))
    if rows:
        return {"experiment": path.name.removesuffix(".json"), "rows": rows}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("runs", True) == [] and not content.get("diverged"):
            raise ValueError("nothing is recorded")
        if is_sealed(content) is False:
            raise LeNetError(f"{path} is not as it was written: restore it, or make it again")
    except (OSError, ValueError) as error:
        raise LeNetError(f"no results in {path}: {remedy}") from error
    return content


def rows_of(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows of a record that is a folder, none where it is not there. Raises LeNetError for a damaged file."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
            if is_sealed(found[path.stem]) is False:
                raise ValueError("it is not as it was written")
        except (OSError, ValueError, TypeError) as error:
            raise LeNetError(f"{path} cannot be read ({error}): remove it, and repeat with --resume") from error
    return found


def write_rows(folder: Path, rows: dict[str, dict[str, Any]]) -> None:
    """Write those rows of a record that are not there already."""
    make_directory(folder)
    there = rows_of(folder)
    for name, row in rows.items():
        if there.get(name) != json.loads(json.dumps(row)):
            write(folder / f"{name}.json", row)


def published(name: str) -> dict[str, Any]:
    """The record that the repository keeps."""
    return read(RESULTS / f"{name}.json")


def at_pass(histories: list[dict], number: int, key: str) -> tuple[float, float, float]:
    """Mean over seeds and its interval (`rate_interval`) of a percentage after pass `number` (-1: the last)."""
    values = np.array([run["passes"][number - 1 if number > 0 else number][key] for run in histories])
    mean, low, high = rate_interval(values)
    return float(mean), float(low), float(high)


def curves(histories: list[dict], key: str) -> np.ndarray:
    """What runs of the same length have recorded under a key, float64 (runs, passes)."""
    return np.array([[record[key] for record in run["passes"]] for run in histories])


def watched(runs: list[dict], what: str) -> np.ndarray:
    """One of the numbers that runs watched, before the first pass and after each, (runs, 1 + passes)."""
    return np.array([[run[WATCHED][what], *(record[WATCHED][what] for record in run["passes"])] for run in runs])


def ended(outcomes: Iterable[dict | Failure]) -> dict[str, list[dict]]:
    """The runs that ended, and apart from them those that diverged, as records have them."""
    found: dict[str, list[dict]] = {"runs": [], "diverged": []}
    for outcome in outcomes:
        if isinstance(outcome, dict):
            found["runs"].append(outcome)
        else:
            task = outcome.task
            found["diverged"].append({"recipe": task.recipe.name, "seed": task.seed, "reason": outcome.reason})
    return found


def divergences(record: dict[str, Any]) -> list[str]:
    """A line for each run of a record that diverged, for a table's notes."""
    return [f"{end['recipe']}, seed {end['seed']}: {end['reason']}" for end in record.get("diverged", [])]


def named(histories: list[dict], name: str) -> list[dict]:
    """The histories whose recipe has this name."""
    return [history for history in histories if history["recipe"]["name"] == name]


def description(data: DataSet) -> dict[str, object]:
    """What a record says of the data, which a place for records must share."""
    sizes = {"train_size": len(data.train), "test_size": len(data.test)}
    return {"name": data.name, **sizes, "digests": dict(data.digests)}


def of_digits(data: DataSet) -> DataSet:
    """The data themselves, for what is made for the ten digits and 28x28. Raises LeNetError for other classes or sizes.

    Data without named classes are MNIST's or like them.
    """
    if data.classes and (data.classes != tuple("0123456789") or data.train.images.shape[1:] != (28, 28)):
        raise LeNetError(
            f"{data.name} is not of the ten digits in 28x28, which this experiment is about: choose others"
        )
    return data


_MNIST = {"mnist", "mnist validation"}


def are_mnist(names: Iterable[str]) -> bool:
    """Whether data sets, by their names in records, are MNIST: only then the paper's numbers may stand beside."""
    return set(names) <= _MNIST


def of_mnist(names: Iterable[str]) -> None:
    """For what scores by the paper's numbers: LeNetError where a data set, by its name in records, is not MNIST."""
    others = set(names) - _MNIST
    if others:
        raise LeNetError(
            f"{min(others)} is not MNIST, by whose numbers in the paper this experiment scores: choose --data mnist, "
            "and python -m experiments.compare for recipes on data of your own"
        )

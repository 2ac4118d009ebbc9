"""Whether a recorded run can be repeated: the same parameters after every pass, to the last bit.

A record is what a run leaves, or an experiment: recipe, seed, data and, for each pass, errors and the digest of the
parameters. It is repeated from the start, or laid beside another run of the same kind; at the first pass that differs,
what the two have on record of their surroundings says why, or that nothing of it does.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lenet1998.data import KINDS
from lenet1998.engines import same_bits_here
from lenet1998.errors import LeNetError, reason_of
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.registry import MissingPart, require
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.provenance import provenance
from lenet1998.running.run import described, same_data
from lenet1998.running.work import DataChoice
from lenet1998.training import DIGEST, RECORD, Progress, Trainer

# What the compiled engine's bits depend on.
_DECIDING = ("numpy", "numba", "llvmlite")
_LARGEST = 256 * 2**20


SEAL = "sha256"
"""Where an experiment's record has the digest of all else that is in it."""


def sealed(record: dict) -> dict:
    """The record with its own digest.

    >>> is_sealed(sealed({"runs": [1.5]})), is_sealed(sealed({"runs": [1.5]}) | {"runs": [2.5]}), is_sealed({})
    (True, False, None)
    """
    return {**record, SEAL: _digest(record)}


def is_sealed(record: dict) -> bool | None:
    """Whether a record is as it was written; None if it has no digest of its own."""
    return record[SEAL] == _digest(record) if SEAL in record else None


def _digest(record: dict) -> str:
    rest = {key: value for key, value in record.items() if key != SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


class DifferenceError(LeNetError):
    """A run is not the recorded one; the message names the first pass that differs, and what else does."""

    exit_code = 1


def histories(path: Path) -> list[dict]:
    """The runs that a file holds: a run's directory, its history.json or checkpoint.npz, or an experiment's results.

    Raises LeNetError for a file that has none, or none that is whole.
    """
    if path.is_dir() or path.suffix == ".npz":
        return [_whole(checkpoints.load(path).history, path)]
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST} bytes")
        content = json.loads(path.read_text(encoding="utf-8"))
        if is_sealed(content) is False:
            raise DifferenceError(
                f"{path} is not as it was written: what it holds does not have the digest that it names"
            )
        runs = content.get("runs", [content])
        if not runs:
            raise ValueError("no run is recorded")
        return [_whole(run, path) for run in runs]
    except OSError as error:
        raise LeNetError(f"cannot read {path}: {error.strerror or error}; {_REMEDY}") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise LeNetError(f"{path} is no record of a run ({reason_of(error)}); {_REMEDY}") from error


def _whole(run: dict, path: Path) -> dict:
    """The run. Raises LeNetError, with the file's name, for a record that lacks a field or has what is none there."""
    try:
        require(run.get("plugins", ()))
        Recipe.from_dict(run["recipe"])
        numbers = [record[key] for record in run["passes"] for key in RECORD]
        if not numbers or not all(isinstance(number, (int, float)) for number in numbers):
            raise ValueError("a run has no whole passes")
        kinds: list[tuple[object, type]] = [(run["data"][key], int) for key in ("train_size", "test_size")]
        kinds += [(run[key], dict) for key in ("versions", "machine")] + [(run["data"]["digests"], dict)]
        kinds += [(run["engine"], str), (run["recipe"]["name"], str), (run["data"]["name"], str), (run["seed"], int)]
        for value, kind in kinds:
            if not isinstance(value, kind):
                raise ValueError(f"{value!r} is no {kind.__name__}")
    except KeyError as error:
        raise LeNetError(f"{path} is no whole record of a run: it has no {error}; {_REMEDY}") from error
    except MissingPart as error:
        raise LeNetError(f"{path}: {error}") from error
    except (ValueError, TypeError, AttributeError, LeNetError) as error:
        raise LeNetError(f"{path} is no record of a run ({reason_of(error)}); {_REMEDY}") from error
    return run


_REMEDY = "name a run's directory, a history.json or checkpoint.npz, or a file of experiments/results"


def slim(history: dict) -> dict:
    """A history for a record of many: without the digests between those of the first and the last pass, which are
    enough for a check, and without where it was resumed."""
    last = history["passes"][-1]["pass"]
    passes = [
        {key: value for key, value in record.items() if key != DIGEST or record["pass"] in (1, last)}
        for record in history["passes"]
    ]
    return {key: value for key, value in history.items() if key != "resumed"} | {"passes": passes}


def data_of(history: dict, data_dir: Path | None = None, own: str | None = None) -> DataSet:
    """The data that a recorded run learned and was tested on; those of a user's own are at `own`, or where they were.

    Raises LeNetError where they cannot be had, or are no longer the same.
    """
    name, test_size = history["data"]["name"], history["data"]["test_size"]
    kind = name.removesuffix(" validation")
    place = kind if kind in KINDS else own or history["data"].get("path")
    if place is None:
        raise LeNetError(
            f"the run learned data called {name!r}, which lenet1998 cannot find again: check a run on mnist, synthetic "
            "or a path"
        )
    resize = bool(history["data"].get("resized"))
    choice = DataChoice(place, data_dir, history["data"]["train_size"], test_size, resize=resize)
    if kind not in KINDS:
        check_same(replace(choice, train_size=None, test_size=None).load(), history)
    return (replace(choice, validation=test_size, test_size=None) if kind != name else choice).load()


def check_same(found: DataSet, history: dict) -> None:
    """Raise LeNetError unless the data are those that a recorded run learned, by their digests."""
    if dict(found.digests) != history["data"]["digests"]:
        raise LeNetError(
            f"{found.source} is no longer the data that the run learned, {history['data']['name']}: name by --data "
            "where they are, or what to judge it on"
        )


def surroundings(recorded: dict, here: dict) -> list[str]:
    """What of versions, data, recipe, engine and architecture differs between two histories, a phrase each."""
    found = []
    for package in _DECIDING:
        ours, theirs = here["versions"].get(package), recorded["versions"].get(package)
        if ours != theirs and (theirs or package != "llvmlite"):  # llvmlite is on record only since digests are
            found.append(f"{package} {ours or 'is not installed'} (recorded: {theirs or 'none'})")
    if not same_data(recorded, here):
        found.append("the data")
    recipes = [replace(Recipe.from_dict(each["recipe"]), name="").as_dict() for each in (recorded, here)]
    found += [
        f"{key}={recipes[1][key]} (recorded: {value})" for key, value in recipes[0].items() if recipes[1][key] != value
    ]
    if recorded.get("plugins") != here.get("plugins"):
        found.append("the plugin")
    for key in ("seed", "engine"):
        if recorded[key] != here[key]:
            found.append(f"{key} {here[key]} (recorded: {recorded[key]})")
    architectures = [each["machine"].get("architecture") for each in (here, recorded)]
    if architectures[0] != architectures[1]:
        found.append(f"architecture {architectures[0]} (recorded: {architectures[1]})")
    return found


def repeated(history: dict, data: DataSet, progress: Progress | None = None) -> tuple[dict, Iterator[dict]]:
    """Begin a recorded run again: how this machine describes it, and its passes as they are made."""
    trainer = Trainer(Recipe.from_dict(history["recipe"]), data, history["seed"], history["engine"])

    def passes() -> Iterator[dict]:
        while True:
            yield trainer.run_pass(progress)

    return {**described(trainer), **provenance()}, passes()


def compare(
    recorded: dict,
    here: dict,
    passes: Iterator[dict],
    count: int,
    passed: Callable[[dict], None] | None = None,
) -> str:
    """Lay `count` passes beside the record's and return a line that says how far they are the same.

    Raises DifferenceError at the first that is not.
    """
    last = 0  # the last pass whose parameters have a digest on record
    for record, ours in zip(recorded["passes"][:count], passes, strict=False):
        keys = [key for key in (DIGEST, *sorted(RECORD - {"seconds"})) if key in record and key in ours]
        last = record["pass"] if DIGEST in keys else last
        different = [
            f"{key} {_shown(ours[key])} (recorded: {_shown(record[key])})" for key in keys if ours[key] != record[key]
        ]
        if different:
            raise DifferenceError(
                _difference(record["pass"], different, surroundings(recorded, here), recorded["engine"])
            )
        if passed:
            passed(ours)
    scheduled = sum(number for number, _ in Recipe.from_dict(recorded["recipe"]).schedule)
    of = f" of the {scheduled} that its schedule has" if count < scheduled else ""
    made = f"seed {recorded['seed']}, {count} pass{'es' if count > 1 else ''}{of}"
    if last == count:
        return f"{made}: the same parameters, bit for bit, as recorded"
    known = f"digests of parameters to pass {last} only" if last else "no digests of parameters"
    return f"{made}: the same errors and losses as recorded; the record has {known}"


def _difference(number: int, different: list[str], around: list[str], engine: str) -> str:
    why = (
        f"what else differs: {', '.join(around)}"
        if around
        else ("versions, data, recipe and architecture are those of the record")
    )
    if engine == "numba" and not same_bits_here():
        why += (
            "; this processor has no fused multiply-add (FMA, AVX2), and without it bits are equal within rounding only"
        )
    if engine == "numpy":
        why += "; the NumPy engine's sums are those of its BLAS library, the same elsewhere within rounding only"
    return f"pass {number} is not the recorded one: {different[0]}; {why}"


def _shown(value: Any) -> str:
    """Numbers in full: they may differ in their last digits only."""
    return value[:12] if isinstance(value, str) else repr(value)

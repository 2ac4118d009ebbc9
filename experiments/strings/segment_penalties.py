"""Penalties of the segments themselves (section V, Figure 18), and penalties normalised one by one (section VI-E).

A segmentor's penalty is minus the logarithm of the probability that a segment is a character. A logistic regression
finds it from six simple features: width, height, top, bottom, ink, and empty columns inside. It is fitted to segments
of training strings. Normalised, the penalties of a segment, or of an output of the swept network, are minus the
logarithms of posteriors of its own; with or without the rubbish class among them. A string is then as sure as its path
says, else by e^-E of equation 17.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import description
from experiments.machinery.setting import Setting
from experiments.strings.experiment import conditions
from experiments.strings.measuring import TestSet, penalties_of, test_set
from experiments.strings.networks import Choices, Images, Sizes, drawn, engine_of, first, place_of
from lenet1998 import pretrained
from lenet1998.engine import Passes
from lenet1998.patterns import Patterns
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import slim
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.strings.graph import NoPathError
from lenet1998.strings.images import Layout
from lenet1998.strings.reading import confidence, read
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.segmentation import CLOSE, FAINT, Segmentor
from lenet1998.strings.wide import Wide

PLAIN, PENALTY, ALONE, RUBBISH = "as they are", "with penalties of segments", "normalised", "normalised, with rubbish"
ISOLATED, HOS, SWEPT = "LeNet-5 of single digits", "HOS", "SDNN, whole strings"
FITTED = 2000  # strings whose segments the segmentor's penalty is fitted to
REJECTED = 0.17  # section X rejects 17% of the checks, and 1% are read wrongly


def features(images: np.ndarray) -> np.ndarray:
    """Width, height, top, bottom, ink and empty columns inside, of segments uint8 (S, 32, 32): float64 (S, 6).

    >>> features(np.eye(32, dtype=np.uint8)[None] * 255)[0].tolist()
    [32.0, 32.0, 0.0, 31.0, 32.0, 0.0]
    """
    inked = images >= FAINT
    by_row, by_column = (np.any(inked, axis=axis) for axis in (2, 1))
    top, bottom = by_row.argmax(axis=1), 31 - by_row[:, ::-1].argmax(axis=1)
    width = 32 - by_column[:, ::-1].argmax(axis=1) - by_column.argmax(axis=1)
    ink = images.sum(axis=(1, 2)) / 255
    return np.stack([width, bottom - top + 1, top, bottom, ink, width - by_column.sum(axis=1)], axis=1).astype(float)


def fitted(digits: Patterns, sizes: Sizes, seed: int) -> Pipeline:
    """The probability that a segment is a character, from strings of these digits."""
    found = drawn(digits, sizes, seed)
    rows, characters = [], []
    for image, boxes in zip(found.images[:FITTED], found.boxes, strict=False):
        segments = Segmentor().segments(image)
        rows.append(features(segments.images))
        near = (np.abs(segments.spans[:, None] - boxes) <= CLOSE).all(axis=2)
        characters.append(near.any(axis=1))
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression(max_iter=1000))
    return model.fit(np.concatenate(rows), np.concatenate(characters))


def shares(y: np.ndarray, j: float | None = None) -> np.ndarray:
    """What is to be added to each row of penalties (n, 10) so that its e^-y, and e^-j, add up to 1: (n, 1).

    >>> bool(np.isclose(np.exp(-(np.array([[3.0, 5.0]]) + shares(np.array([[3.0, 5.0]])))).sum(), 1))
    True
    """
    rows = y if j is None else np.append(y, np.full((len(y), 1), j), axis=1)
    return np.logaddexp.reduce(-rows, axis=1)[:, None]


def answer(own: Any, y: np.ndarray, arm: str, character: Pipeline | None) -> tuple[list[int], float]:
    """The labels that are read in one way with penalties, and how sure they are."""
    if arm == PENALTY:
        assert character is not None
        y = y - character.predict_log_proba(features(own.images))[:, 1:]
    if arm in (PLAIN, PENALTY):
        labels = read(own, y).labels
        try:
            return labels, confidence(own, y, labels)
        except NoPathError:
            return labels, 0.0
    further = shares(y, Choices().j if arm == RUBBISH else None)
    if isinstance(own, SDNN):  # every path has every output: what is added changes no answer
        found = read(own, y)
        return found.labels, -found.penalty - float(further.sum())
    found = read(own, y + further)
    return found.labels, -found.penalty


def right(passes: Passes, tests: TestSet, j: float | None, scale: float, character: Pipeline | None) -> list[dict]:
    """For each way with penalties, whether each string is right, a 1 or a 0, the most confident first."""
    found, entries = penalties_of(passes, tests, j, scale), []
    for arm in (PLAIN, PENALTY, ALONE, RUBBISH) if j is None else (PLAIN, RUBBISH):
        given = [answer(own, y, arm, character) for own, y in found]
        order = np.argsort([-sure for _, sure in given], kind="stable")
        told = "".join("1" if given[place][0] == tests.labels[place] else "0" for place in order)
        entries.append({"arm": arm, "right": told})
    return entries


def read_all(
    out: Path, progress: Any, passed: Any, networks: dict[str, Path], digits: DataChoice, sizes: Sizes, seed: int,
    quick: bool, engine: str,
) -> dict[str, Any]:  # fmt: skip
    """What the networks of a seed read of the test strings of `experiments.strings`, in each way."""
    data, plain = digits.load(), conditions(quick)["plain"]
    tests = test_set(data.test, plain.count, plain.length, Layout(plain.least_gap, plain.most_gap, noise=0), 0, True)
    character, entries = fitted(data.train, sizes, seed), []
    for method, place in networks.items():
        saved = checkpoints.load(place)
        found = right(Wide(saved.network(), engine), tests, None, saved.recipe.penalty_scale, character)
        entries += [{"method": method, "seed": seed, **each} for each in found]
    if seed == 1:  # one network, the package's
        saved = pretrained.load(pretrained.STRINGS)
        found = right(Wide(saved.network(), engine), tests, Choices().j, saved.recipe.penalty_scale, None)
        entries += [{"method": SWEPT, "seed": saved.history["seed"], **each} for each in found]
    return {"entries": entries}


def plan(setting: Setting) -> Plan:
    sizes, engine, store = Sizes.of(setting.data.train, setting.passes), engine_of(setting), setting.store
    seeds, digits = range(1, setting.seeds + 1), setting.choice
    kinds = {ISOLATED: "isolated", HOS: "hos"}
    tasks = {(name, seed): first(store, Images(digits, kind, sizes, seed), Choices(), engine, place_of(seed, kind))
             for seed in seeds for name, kind in kinds.items()}  # fmt: skip
    histories = yield list(tasks.values())
    reading = []
    for seed in seeds:
        networks = {name: tasks[name, seed].out for name in kinds}
        known = [[each["seed"], each["passes"][-1]] for each in histories]
        reading.append(setting.part(f"seed {seed}", read_all, known, networks=networks, digits=digits, sizes=sizes,
                                    seed=seed, quick=setting.quick, engine=engine))  # fmt: skip
    entries = [each for found in (yield reading) for each in found["entries"]]
    return {
        **provenance(),
        "data": description(setting.data),
        "entries": entries,
        "networks": [slim(each) for each in histories],
    }


def wrong(right: str, rejected: float = 0.0) -> float:
    """Per cent that are wrong among the strings that are kept.

    >>> wrong("1110", 0), wrong("1110", 0.25)
    (25.0, 0.0)
    """
    kept = right[: max(1, round((1 - rejected) * len(right)))]
    return 100 * kept.count("0") / len(kept)


def tables(record: Record) -> list[Table]:
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in record["entries"]:
        groups.setdefault((entry["method"], entry["arm"]), []).append(entry["right"])
    columns = [Column("method", kind="text"), Column("penalties", kind="text"), Column("strings wrong", "%")]
    columns += [Column(f"wrong of the others, {REJECTED:.0%} rejected", "%")]
    rows: list[list[Cell]] = [[*key, *(estimate([wrong(each, share) for each in own]) for share in (0.0, REJECTED))]
                              for key, own in groups.items()]  # fmt: skip
    strings = len(record["entries"][0]["right"])
    notes = [f"{strings} strings of five test digits, gaps of 0 to 4; SDNN is one network, that of the package."]
    return [Table(record["experiment"], "Strings by what is done with penalties", columns, rows, notes)]


EXPERIMENT = Experiment(
    name="segment_penalties",
    title="Penalties of segments, and normalised penalties",
    paper="sections V, VI-E and X-C, Figure 18",
    question="What do penalties of segments change in how strings are read, and what does normalising penalties one by "
    "one?",
    answer="Penalties of segments help a network that has learned single digits alone: {segment_penalties; LeNet-5 of "
    "single digits; with penalties of segments; strings wrong} of the strings are wrong, and "
    "{segment_penalties; LeNet-5 of single digits; as they are; strings wrong} without. Before training on "
    "whole strings penalties read better if they are normalised per segment, though VI-E normalises whole "
    "strings alone. As a confidence the whole string is better for one network alone: where SDNN rejects 17%, "
    "{segment_penalties; SDNN, whole strings; as they are; wrong of the others, 17% rejected} of the others "
    "are wrong, and {segment_penalties; SDNN, whole strings; normalised, with rubbish; wrong of the others, "
    "17% rejected} if outputs are normalised one by one.",
    description=__doc__.partition("\n\n")[2],
    chapter="Strings of digits",
    place=6,
    plan=plan,
    tables=tables,
    seeds=3,
    passes=4,
)

if __name__ == "__main__":
    main(EXPERIMENT)

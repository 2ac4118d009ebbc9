"""What is tried to explain rows of section III: neighbours by k, pairwise units, the perceptrons' starts and rates."""

from __future__ import annotations

import json

import numpy as np
import pytest

from experiments.section3 import neighbours, perceptrons
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.data import load
from lenet1998.data.deslant import cropped
from lenet1998.evaluation import answers
from lenet1998.training import WATCHED
from tests.programs import experiment

QUICK = ["--quick", "--data", "synthetic", "--quiet"]


def test_errors_by_k_are_those_of_the_classifier_with_each_k():
    pytest.importorskip("sklearn")
    data = load("synthetic", train_size=300, test_size=100)
    found = neighbours.nearest(data, cropped, 9)
    errors = neighbours.errors_by_k(data.train.labels[found], data.test.labels)
    for k in (1, 2, 3, 8, 9):
        scores = (
            NearestNeighbours(k).fit(cropped(data.train.images), data.train.labels).scores(cropped(data.test.images))
        )
        assert errors[k - 1] == 100 * np.mean(answers(scores) != data.test.labels)


def test_neighbours_and_pairs_are_recorded_and_drawn_again(monkeypatch, tmp_path):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(neighbours, "WAYS", {"middle": cropped})
    for name in ("section3.neighbours", "section3.pairwise"):
        done = experiment(name, *QUICK, "--out", str(tmp_path), "--runs", str(tmp_path / "runs"))
        assert done.returncode == 0, done.stderr
        record = json.loads((tmp_path / f"{name.replace('.', '_')}.json").read_text())
        assert len(record["errors"]) == 4, "two versions, held out and tested"
        assert experiment(name, "--plot-only", "--out", str(tmp_path)).stdout == done.stdout


def run_of(network: str, reading: tuple[float, float], error: float, weights: float, data: str) -> dict:
    passes = [{"pass": 1, "test_error_percent": error, "train_error_percent": error, WATCHED: {"F1": weights}}]
    recipe = {"name": perceptrons.recipe(network, *reading).name, "network": network}
    return {"recipe": recipe, "data": {"name": data}, WATCHED: {"F1": 1.0}, "passes": passes}


def test_the_reading_that_meets_most_of_the_papers_errors_is_the_nearest():
    """The first meets one of two exactly; the second is nearer on average and meets none; the third diverged."""
    tried = {(0.5, 1.0): (4.7, 9.0), (0.75, 1.0): (4.0, 2.0), (1.0, 1.0): (4.7, None)}
    runs = [
        run_of(network, reading, error, 0.9, "mnist validation regular")
        for reading, errors in tried.items()
        for network, error in zip(perceptrons.DESIGN, errors, strict=True)
        if error is not None
    ]
    found = [perceptrons.nearness(runs, reading, 1) for reading in tried]
    assert [met for met, _ in found] == [1, 0, 0] and found[1][1] > found[0][1] and found[2][1] == -np.inf
    assert max(tried, key=lambda reading: perceptrons.nearness(runs, reading, 1)) == (0.5, 1.0)
    (claim,) = perceptrons.claims({"runs": runs})
    assert claim.verdict == "agrees" and "2 of 2 layers at power 0.5" in claim.found


def test_perceptrons_learn_on_held_out_patterns_first(tmp_path):
    options = [
        *QUICK,
        "--seeds",
        "1",
        "--passes",
        "1",
        "--engine",
        "numpy",
        "--out",
        str(tmp_path),
        "--runs",
        str(tmp_path / "runs"),
    ]
    done = experiment("section3.perceptrons", *options)
    assert done.returncode == 0, done.stderr
    runs = json.loads((tmp_path / "section3_perceptrons.json").read_text())["runs"]
    tried = [run for run in runs if perceptrons.is_tried(run)]
    assert len(tried) == len(perceptrons.READINGS) * len(perceptrons.DESIGN)
    assert {run["recipe"]["network"] for run in runs if run not in tried} == set(perceptrons.ROWS)
    assert {run["data"]["name"].split()[-1] for run in runs} == {"regular", "deslanted"}

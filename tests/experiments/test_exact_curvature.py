"""Equation 22 by differences of gradients, and what is made of it."""

import json

import numpy as np
import pytest

from experiments import equation_26, exact_curvature
from lenet1998.data import load
from lenet1998.loss import make_loss
from lenet1998.recipe import Recipe
from lenet1998.training import Trainer
from tests.programs import made


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(Recipe(dtype="float64"), load("synthetic", train_size=30, test_size=1), seed=1, engine="numpy")


@pytest.mark.parametrize("name", ["C1.weight", "S2.coefficient", "C3.bias", "C5.weight", "F6.weight"])
def test_the_exact_second_derivative_is_that_of_the_loss(trainer, name):
    """E(w + d) - 2 E(w) + E(w - d) over d squared, with no gradient of ours in it."""
    network, loss, train = trainer.network, make_loss(trainer.recipe), trainer.data.train
    k = int(network.parameters.named(np.arange(60_000))[name].flat[3])
    values, d, seen = network.parameters.values, 1e-3, []
    here = values[k]
    for values[k] in (here - d, here, here + d):
        seen.append(loss.value(network.forward(train.images), train.labels).mean())
    values[k] = here
    (found,) = exact_curvature.exact(network, loss, train, np.array([k]))
    assert values[k] == here, "the network is as it was"
    assert found == pytest.approx((seen[0] - 2 * seen[1] + seen[2]) / d**2, rel=1e-3, abs=1e-6)


def test_the_experiment_corrects_each_layer_by_its_median(monkeypatch, tmp_path):
    monkeypatch.setattr(exact_curvature, "PATTERNS", 20)
    monkeypatch.setattr(exact_curvature, "PER_LAYER", 2)
    options = ["--quick", "--data", "synthetic", "--passes", "1", "--seeds", "1", "--engine", "numpy", "--quiet"]
    printed = made("exact_curvature", *options, "--out", tmp_path, "--runs", tmp_path / "runs")
    usual, corrected = json.loads((tmp_path / "exact_curvature.json").read_text())["runs"]
    factors = dict(corrected["recipe"]["curvature_factors"])
    assert list(factors) == ["C1", "S2", "C3", "S4", "C5", "F6"]
    for layer, factor in factors.items():
        pairs = np.array([pair for moment in ("start", "end") for pair in usual["curvatures"][moment][layer]])
        assert pairs.shape == (4, 2) and factor == pytest.approx(
            max(np.median(pairs[:, 1] / pairs[:, 0]), 0.01), abs=1e-4
        )
    assert "exact / h_kk" in printed and "F6" in printed


def test_with_the_term_of_equation_26_the_layer_below_the_distances_is_exact():
    """Under equation 8 a bias of F6 moves one unit, and E is a square in that unit: nothing else is left out there."""
    trainer = Trainer(
        Recipe(dtype="float64", loss="mle"), load("synthetic", train_size=30, test_size=1), seed=1, engine="numpy"
    )
    network, loss, train = trainer.network, make_loss(trainer.recipe), trainer.data.train
    chosen = network.parameters.named(np.arange(60_000))["F6.bias"][:5]
    true = exact_curvature.exact(network, loss, train, chosen)
    plain = trainer.engine.mean_curvature(train, np.arange(30))[chosen]
    np.testing.assert_allclose(equation_26.with_bend(network, loss, train)[chosen], true, rtol=1e-5)
    assert np.abs(plain / true - 1).max() > 0.01, "without it they are not"


def test_equation_26_from_start_to_table(monkeypatch, tmp_path):
    monkeypatch.setattr(equation_26, "PATTERNS", 20)
    monkeypatch.setattr(equation_26, "PER_LAYER", 2)
    options = ["--quick", "--data", "synthetic", "--quiet", "--out", tmp_path, "--runs", tmp_path / "runs"]
    printed = made("equation_26", *options)
    record = json.loads((tmp_path / "equation_26.json").read_text())
    assert [each["moment"] for each in record["networks"]] == ["start", "end"]
    assert made("equation_26", "--plot-only", "--out", tmp_path) == printed

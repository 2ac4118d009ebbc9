"""Both engines on real training: runs continue from one to the other, and MNIST is learned alike."""

import os
import sys

import numpy as np
import pytest

from lenet1998 import engines
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.initialisation import initialise
from lenet1998.layers import FullConnection, Squash
from lenet1998.loss import MLE, make_loss
from lenet1998.network import Input, LeNet5, Network
from lenet1998.output import RBF
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import CHECKPOINT, run
from lenet1998.training import Trainer

numba = pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="hundreds of times slower in plain Python")
needs_mnist = pytest.mark.skipif("LENET1998_DATA" not in os.environ, reason="needs MNIST: set LENET1998_DATA")


@pytest.fixture(scope="module")
def digits():
    return load("synthetic", train_size=600, test_size=200)


def test_auto_takes_the_compiled_engine_where_numba_compiles(monkeypatch):
    network, loss = LeNet5(Recipe()), make_loss(Recipe())
    assert engines.make_engine("auto", network, loss).name == "numba"
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert engines.make_engine("auto", network, loss).name == "numpy"


def test_auto_takes_numpy_where_numba_may_not_compile(monkeypatch):
    """The environment's NUMBA_DISABLE_JIT=1; kernels as plain Python are there for who asks for them."""
    network, loss = LeNet5(Recipe()), MLE(0.321)  # a network that was not compiled before
    initialise(network, Recipe(), np.random.default_rng(1))
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert engines.make_engine("auto", network, loss).name == "numpy"
    plain = engines.make_engine("numba", network, loss)
    assert plain.name == "numba"
    image = np.eye(28, dtype=np.uint8)[None] * 255
    np.testing.assert_allclose(
        plain.penalties(image), engines.make_engine("auto", network, loss).penalties(image), rtol=1e-5
    )


def test_numba_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(LeNetError, match=r"lenet1998\[fast\]"):
        engines.make_engine("numba", LeNet5(Recipe(dtype="float64")), MLE(0.1))  # compiled nowhere else


def test_auto_goes_on_without_a_numba_that_cannot_be_imported(monkeypatch, caplog):
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "numba", None)
    assert engines.make_engine("auto", LeNet5(Recipe()), make_loss(Recipe())).name == "numpy"
    assert "numba cannot be used" in caplog.text


def test_auto_takes_numpy_for_a_layer_without_kernels_and_says_so(caplog):
    class Sigmoid(Squash):
        pass

    network = Network(Input(4), [FullConnection("F", 2), Sigmoid(), RBF("Output", np.ones((2, 2)))])
    assert engines.make_engine("auto", network, MLE(1)).name == "numpy"
    (record,) = caplog.records
    assert "Sigmoid" in record.getMessage()
    with pytest.raises(LeNetError, match="Sigmoid"):
        engines.make_engine("numba", network, MLE(1))


def test_resume_is_bit_identical_within_the_compiled_engine(digits, tmp_path):
    whole = run(tmp_path / "whole", Recipe(), digits, passes=3, engine="numba")
    run(tmp_path / "parts", Recipe(), digits, passes=1, engine="numba")
    parts = run(tmp_path / "parts", Recipe(), digits, passes=3, engine="numba", resume=True)
    assert whole["engine"] == "numba"
    ends = [checkpoints.load(tmp_path / name / CHECKPOINT).values for name in ("whole", "parts")]
    np.testing.assert_array_equal(*ends)
    assert [r["train_loss"] for r in whole["passes"]] == [r["train_loss"] for r in parts["passes"]]


@pytest.mark.parametrize("first", ["numpy", "numba"])
def test_a_checkpoint_of_one_engine_continues_in_the_other(digits, tmp_path, first):
    second = {"numpy": "numba", "numba": "numpy"}[first]
    run(tmp_path / "mixed", Recipe(), digits, passes=1, engine=first)
    mixed = run(tmp_path / "mixed", Recipe(), digits, passes=2, engine=second, resume=True)
    run(tmp_path / "pure", Recipe(), digits, passes=2, engine=first)
    assert mixed["engine"] == first, "who made the first pass stays on record"
    assert [(later["after_pass"], later["engine"]) for later in mixed["resumed"]] == [(1, second)]
    ends = [checkpoints.load(tmp_path / name / CHECKPOINT).values for name in ("mixed", "pure")]
    np.testing.assert_allclose(*ends, atol=1e-4)  # 600 steps after the change of engine; measured 4e-7


@needs_mnist
def test_the_engines_learn_mnist_alike():
    """The default's first pass does not blow rounding up: with starts that differ by 1e-6 the compiled engine counted
    the same 3,032 errors over all 60,000 patterns, and losses differed in the seventh digit."""
    data = load("mnist", train_size=6000, test_size=1000)
    trainers = [Trainer(Recipe(), data, seed=1, engine=engine) for engine in ("numpy", "numba")]
    ours, theirs = (trainer.run_pass() for trainer in trainers)
    for key in ("train_error_percent", "test_error_percent"):
        assert ours[key] == pytest.approx(theirs[key], abs=0.05)
    assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-6)
    assert ours["step_min"] == pytest.approx(theirs["step_min"], rel=1e-5)
    curvatures = [trainer.curvature(2) for trainer in trainers]
    np.testing.assert_allclose(*curvatures, rtol=1e-3, atol=1e-6)

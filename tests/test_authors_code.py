"""The layers against the authors' own: what their compiled Lush program gave for its LeNet-5 (appendix C).

`lush_lenet5.npz` has all 51,046 parameters of Lush's network, the input (pixels times 0.01 of MNIST's first training
digit, a 5), its ten outputs, and of the other vectors every 16th number: the gradient, the second derivatives of this
digit, their mean over the first 100 training digits, the step sizes 1 / (h + 0.02), and the parameters after an update
with 1e-4. Lush approximates tanh to 1.3e-4, so nothing can agree better than that.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from lenet1998.connections import TABLE_I, full_table
from lenet1998.data import load
from lenet1998.engine import Batch
from lenet1998.engines import make_engine
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.loss import MLE
from lenet1998.network import Input, Network
from lenet1998.output import RBF, output_codes
from lenet1998.sdlm import step_sizes
from tests.rings import beyond

LUSH = np.load(Path(__file__).with_name("lush_lenet5.npz"))
DIGIT = Batch(np.rint(LUSH["in"] * 100).astype(np.uint8), np.array([5], np.uint8))


def kernels_in_lushs_order() -> np.ndarray:
    """Where C3's kernels stand among ours, in Lush's order: a column of Table I begins at its own first map and goes
    round, as column 5 of Table I does with maps 5, 0 and 1."""
    columns = [np.flatnonzero(column) for column in TABLE_I.T]
    start = np.cumsum([0, *map(len, columns)])
    first = [0 if len(maps) == 6 else min(maps, key=lambda m: (m - c) % 6) for c, maps in enumerate(columns)]
    return np.concatenate([start[c] + np.argsort((maps - first[c]) % 6) for c, maps in enumerate(columns)])


@pytest.fixture(
    params=beyond(1, ["numpy", "numba"], "the engines are compared on LeNet-5; this network is compiled too")
)
def engine(request):
    """An engine of Lush's network with Lush's parameters: tanh outputs, half the squared distance to targets +-1."""
    if request.param == "numba":
        pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")
    layers = [
        *(Convolution("C1", full_table(1, 6), 5), Squash(), Subsampling("S2"), Squash()),
        *(Convolution("C3", TABLE_I, 5), Squash(), Subsampling("S4"), Squash()),
        *(Convolution("C5", full_table(16, 120), 5), Squash(), FullConnection("Output", 10), Squash()),
        RBF("", output_codes("one_of_n", 10, units=10)),
    ]
    network = Network(Input(32, 0.0, 2.55), layers)
    network.parameters.values[:] = LUSH["x"]
    kernels = network.parameters.named(network.parameters.values)["C3.weight"]
    kernels[kernels_in_lushs_order()] = kernels.copy()
    return make_engine(request.param, network, MLE(0.5))


def in_lushs_order(vector: np.ndarray, engine) -> np.ndarray:
    """Every 16th number of a vector of ours, as the file has them."""
    vector = vector.copy()
    kernels = engine.network.parameters.named(vector)["C3.weight"]
    kernels[...] = kernels[kernels_in_lushs_order()]
    return vector[::16]


def assert_close(ours: np.ndarray, lush: np.ndarray, tolerance: float) -> None:
    """Equal within `tolerance` of the largest value."""
    np.testing.assert_allclose(ours, lush, rtol=0, atol=tolerance * np.abs(lush).max())


def test_outputs_are_those_of_lush(engine):
    distances = ((LUSH["out"] - engine.network.layers[-1].codes) ** 2).sum(axis=1)
    assert_close(engine.penalties(DIGIT.images)[0], distances, 1e-4)


def test_second_derivatives_are_those_of_lush(engine):
    assert_close(in_lushs_order(engine.mean_curvature(DIGIT, np.array([0])), engine), LUSH["ddx"], 2e-4)


def test_the_gradient_is_that_of_lush(engine):
    """Read from an update whose steps are all one."""
    before = engine.network.parameters.values.copy()
    engine.train(DIGIT, np.array([0]), np.ones_like(before))
    assert_close(in_lushs_order(before - engine.network.parameters.values, engine), LUSH["dx"], 4e-4)


@pytest.mark.skipif("LENET1998_DATA" not in os.environ, reason="needs MNIST: set LENET1998_DATA")
def test_step_sizes_of_100_digits_and_the_update_are_those_of_lush(engine):
    """Equations 24, 21 and 18."""
    values = engine.network.parameters.values
    h = engine.mean_curvature(load("mnist", train_size=100).train, np.arange(100))
    assert_close(in_lushs_order(h, engine), LUSH["ddeltas"], 1e-4)
    np.testing.assert_allclose(in_lushs_order(step_sizes(h, 1.0, 0.02), engine), LUSH["eps"], rtol=1e-3)

    before = values.copy()
    engine.train(DIGIT, np.array([0]), step_sizes(h, 1e-4, 0.02).astype(values.dtype))
    moved = in_lushs_order(values.astype(np.float64) - before, engine)
    assert_close(moved, LUSH["x1"].astype(np.float64) - LUSH["x"][::16], 5e-4)

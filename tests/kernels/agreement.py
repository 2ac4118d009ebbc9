"""What the tests of the compiled engine share: random patterns, and the comparison with the NumPy reference.

Tolerances are fractions of the largest value among a parameter's gradients or curvatures, or of the largest weight.
In float64 the engines differ in the order of sums only: 1e-12, and 1e-11 for drawn networks, some of which cancel. In
float32 a sum of many terms differs by a few roundings of 6e-8, and tanh by up to 4e-7; 1e-6 was measured for one
pattern, 3e-7 for the weights after 300 steps; 4e-6 is allowed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import strategies as st

from lenet1998.engine import Batch
from lenet1998.kernels.tiles import SUMS, WIDE_SUMS
from lenet1998.modern.optimisers import Optimiser, Rate
from lenet1998.network import Network
from lenet1998.numpy_engine import NumpyEngine


def some(count: int, side: int, classes: int, seed: int = 0, channels: int = 1) -> Batch:
    """Random images, of one map (count, side, side) or of more, with labels."""
    rng = np.random.default_rng(seed)
    shape = (count, side, side) if channels == 1 else (count, channels, side, side)
    images = np.clip(rng.normal(60, 120, shape), 0, 255).astype(np.uint8)
    return Batch(images, rng.integers(0, classes, count).astype(np.uint8))


def randomise(network: Network, seed: int, size: float = 0.5) -> Network:
    values = network.parameters.values
    values[:] = np.random.default_rng(seed).uniform(-size, size, values.shape)
    return network


def close(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(abs(theirs).max(), 1e-3))


def agree(
    reference: NumpyEngine, engine, patterns: Batch, steps: int, one: float, many: float, curved: bool = True
) -> None:
    """Penalties, curvatures (if the loss is `curved`), the gradient of one pattern, and `steps` steps of both engines,
    from equal parameters."""
    start = reference.network.parameters.values.copy()
    vectors = [reference.network.parameters, engine.network.parameters]

    def every_parameter(tolerance: float, ours: np.ndarray, theirs: np.ndarray) -> None:
        for name, view in vectors[0].named(theirs).items():
            close(vectors[0].named(ours)[name], view, tolerance)

    vectors[1].values[:] = start
    close(engine.penalties(patterns.images), reference.penalties(patterns.images), one)
    order = np.arange(len(patterns.images))
    h = np.ones_like(start)
    if curved:
        h = reference.mean_curvature(patterns, order)
        every_parameter(one, engine.mean_curvature(patterns, order), h)
    for runner in (reference, engine):
        runner.train(patterns, order[:1], np.ones_like(h))  # steps of one: minus the gradient
    gradients = [start - vector.values for vector in vectors]
    every_parameter(one, gradients[1], gradients[0])
    tallies = []
    for runner, vector in zip((reference, engine), vectors, strict=True):
        vector.values[:] = start
        order = np.random.default_rng(5).integers(0, len(patterns.images), steps)
        tallies.append(runner.train(patterns, order, (0.0005 / (0.02 + abs(h))).astype(h.dtype)))
    close(vectors[1].values, vectors[0].values, many)
    assert tallies[1].errors == tallies[0].errors
    assert tallies[1].loss == pytest.approx(tallies[0].loss, rel=max(many, 1e-12))


def agree_in_batches(
    reference: NumpyEngine,
    engine,
    patterns: Batch,
    batch: int,
    order: np.ndarray,
    optimisers: list[Optimiser],
    rate: Rate,
    tolerance: float,
) -> None:
    """Weights, the optimiser's own arrays and the tallies after learning patterns[order], from equal parameters."""
    engine.network.parameters.values[:] = reference.network.parameters.values
    tallies = [
        runner.train_batches(patterns, order, batch, optimiser, rate)
        for runner, optimiser in zip((reference, engine), optimisers, strict=True)
    ]
    close(engine.network.parameters.values, reference.network.parameters.values, tolerance)
    theirs, ours = (optimiser.state() for optimiser in optimisers)
    for name, array in theirs.items():
        close(ours[name], array, tolerance)
    assert tallies[1].errors == tallies[0].errors
    assert tallies[1].loss == pytest.approx(tallies[0].loss, rel=max(tolerance, 1e-12))


HOW = st.sampled_from([(SUMS, 64), (WIDE_SUMS, 64), (SUMS, 0), (WIDE_SUMS, 0)])
"""Sums in a tile, and the windows up to which a convolution is a matrix product: ways to the same numbers."""


@contextmanager
def kernels(how: tuple[int, int]) -> Iterator[None]:
    """Plain engines made in here have these tiles and windows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lenet1998.kernels.engine.SUMS", how[0])
        patch.setattr("lenet1998.kernels.windows._MOST", how[1])
        yield

"""The compiled engine against the NumPy reference, on what came after 1998: layers, losses, mini-batches, optimisers.

As in `test_numba_engine`, drawn networks run as plain Python, and three are really compiled: LeNet-5 as the `modern`
recipe has it, a network for colour images with stride and padding, and a perceptron.
"""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet1998.engine import Batch, NonFinite
from lenet1998.errors import LeNetError
from lenet1998.initialisation import initialise
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.loss import MAP, CrossEntropy, make_loss
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.modern.optimisers import SGD, Adam, Momentum, RMSProp
from lenet1998.network import Input, Network
from lenet1998.networks import build
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.output import RBF
from lenet1998.recipe import preset
from tests.kernels.agreement import HOW, agree, agree_in_batches, kernels, randomise, some
from tests.networks import modern_network

numba = pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")

from lenet1998.kernels import NumbaEngine, blocks, compose, tiles  # noqa: E402

JIT = not numba.config.DISABLE_JIT
once = pytest.mark.skipif(not JIT, reason="plain Python in both runs: the one of compiled kernels has it")
OPTIMISERS = (SGD, partial(Momentum, momentum=0.8), partial(RMSProp, rms_decay=0.9), Adam)


# ---------------------------------------------------------------------------------------------- drawn networks


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Network], int]:
    """A network twice, and the side of its images: any layers that fit on each other, and any outputs."""
    side, channels, seed = draw(st.integers(3, 11)), draw(st.integers(1, 3)), draw(st.integers(0, 999))
    rng = np.random.default_rng(seed)
    maps, height = channels, side
    plans: list[tuple] = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([Convolution, Convolution, MaxPooling, AveragePooling, Subsampling, ReLU, Squash]))
        window = draw(st.integers(1, 3))
        if kind is Convolution:
            padding, stride = draw(st.integers(0, 2)), draw(st.integers(1, 3))
            k, above = draw(st.integers(1, min(9, height + 2 * padding))), draw(st.integers(1, 4))
            table = np.ones((maps, above), bool) if draw(st.booleans()) else rng.random((maps, above)) < 0.6
            table[-1, -1] |= not table.any()
            plans.append((Convolution, table, k, stride, padding))
            maps, height = above, (height + 2 * padding - k) // stride + 1
        elif kind in (MaxPooling, AveragePooling) and height % window == 0:
            plans.append((kind, window))
            height //= window
        elif kind is Subsampling and height % 2 == 0:
            plans.append((Subsampling,))
            height //= 2
        else:
            plans.append((ReLU if kind is ReLU else Squash,))
    if draw(st.booleans()):
        plans += [(FullConnection, draw(st.integers(1, 9))), (ReLU,)]
    output = draw(st.sampled_from(["linear", "contrast", "rbf", "rectified"]))
    units = 1 if output == "contrast" else draw(st.integers(1, 4))
    plans.append((FullConnection, units))
    plans += {
        "linear": [],
        "contrast": [(Contrast,)],
        "rbf": [(RBF, rng.normal(size=(3, units)))],
        "rectified": [(ReLU,)],
    }[output]
    mean = draw(st.booleans())

    def make() -> Network:
        layers: list[Layer] = [
            kind() if kind in (ReLU, Squash) else kind(f"L{index}", *rest) for index, (kind, *rest) in enumerate(plans)
        ]
        network = randomise(Network(Input(side, channels=channels, mean=mean), layers, "float64"), seed)
        network.mean[...] = np.random.default_rng(seed).normal(0, 0.3, network.mean.shape)
        return network

    return [make(), make()], draw(st.integers(1, side))


@once
@settings(max_examples=40)
@given(networks(), st.sampled_from([CrossEntropy(), MAP(0.5, 1.0)]), HOW)
def test_any_network_agrees_in_float64(drawn, loss, how):
    (theirs, ours), side = drawn
    patterns = some(3, side, ours.classes, channels=ours.input.channels)
    with kernels(how):
        engines = NumpyEngine(theirs, loss), NumbaEngine(ours, loss, jit=False)
    agree(*engines, patterns, 4, one=1e-11, many=1e-11)


@once
@settings(max_examples=40)
@given(
    networks(),
    st.sampled_from(OPTIMISERS),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 5),
    st.booleans(),
    HOW,
)
def test_any_network_learns_alike_in_batches(drawn, optimiser, count, batch, block, decays, how):
    (theirs, ours), side = drawn
    patterns = some(5, side, ours.classes, channels=ours.input.channels)
    order = np.random.default_rng(1).integers(0, 5, count)
    decay = 0.1 * ours.parameters.decaying if decays else None
    vector = optimiser in OPTIMISERS[:2] and count % 2  # a step size for each parameter, or one for all
    rate = np.linspace(0.001, 0.01, len(ours.parameters)) if vector else 0.001
    with pytest.MonkeyPatch.context() as patch, kernels(how):
        patch.setattr(compose, "BLOCK", block)
        engines = NumpyEngine(theirs, CrossEntropy()), NumbaEngine(ours, CrossEntropy(), jit=False)
        own = [optimiser(network.parameters.values, decay=decay) for network in (theirs, ours)]
        agree_in_batches(*engines, patterns, batch, order, own, rate, 1e-9)
        agree_in_batches(*engines, patterns, batch, order, own, rate, 1e-9)  # with the memories of the first


@pytest.mark.parametrize("lowest", [True, False])
def test_points_that_see_some_of_the_maps_agree_one_by_one_and_in_batches(lowest):
    """LeNet-4's C5 in small, at the bottom of a network and above another layer; one unit sees nothing at all."""
    table = np.array([[1, 0, 1, 0], [1, 1, 0, 0], [0, 1, 1, 0]], bool)

    def make() -> Network:
        below: list[Layer] = [] if lowest else [Convolution("C3", np.ones((3, 3), bool), 2), Squash()]
        layers = [*below, Convolution("C5", table, kernel=3), Squash(), FullConnection("Output", 3)]
        return randomise(Network(Input(3 if lowest else 4, channels=3), layers, "float64"), 7)

    theirs, ours = make(), make()
    patterns = some(5, ours.input.side, 3, channels=3)
    engines = NumpyEngine(theirs, CrossEntropy()), NumbaEngine(ours, CrossEntropy(), jit=False)
    agree(*engines, patterns, 4, one=1e-12, many=1e-12)
    own = [Adam(network.parameters.values, decay=None) for network in (theirs, ours)]
    agree_in_batches(*engines, patterns, 3, np.arange(8) % 5, own, 0.001, 1e-9)


@settings(max_examples=60)
@given(st.integers(1, 17), st.integers(1, 9), st.integers(1, 30), st.integers(1, 4), st.integers(1, 9))
def test_full_connections_of_a_block_are_matrix_products(count, units, inputs, rows, patterns):
    rng = np.random.default_rng(count)
    x, w, b, g = (rng.normal(size=shape) for shape in ((20, inputs), (units, inputs), units, (20, units)))
    sizes = {"units": units, "inputs": inputs, **tiles.pieces(inputs, 8), "lanes": 8}
    rows, together = blocks.rows_at_once(units, rows), (patterns, 1)
    y, below, by_weight, by_bias = np.zeros((20, units)), np.ones((20, inputs)), np.ones(w.size), np.ones(units)
    blocks.forward(x, w.ravel(), b, y, count, rows=rows, together=together, **sizes)
    how = {"rows": rows, "squared": False, "learns": False, **sizes}
    blocks.gradients(x, g, count, w.ravel(), b, by_weight, by_bias, **how)
    blocks.below(w.ravel(), g, below, count, together=together, squared=False, **sizes)
    np.testing.assert_allclose(y[:count], x[:count] @ w.T + b, atol=1e-12)
    np.testing.assert_allclose(by_weight.reshape(w.shape), 1 + g[:count].T @ x[:count], atol=1e-12)
    np.testing.assert_allclose(by_bias, 1 + g[:count].sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(below[:count], g[:count] @ w, atol=1e-12)
    assert not y[count:].any() and (below[count:] == 1).all()


# ------------------------------------------------------------------------------------------- compiled networks


@pytest.fixture(scope="module")
def lenet5() -> tuple[NumpyEngine, NumbaEngine]:
    pair, loss = [build(preset("modern")) for _ in range(2)], make_loss(preset("modern"))
    return NumpyEngine(pair[0], loss), NumbaEngine(pair[1], loss)


@pytest.fixture
def fresh(lenet5) -> tuple[NumpyEngine, NumbaEngine]:
    for engine in lenet5:
        initialise(engine.network, preset("modern"), np.random.default_rng(3))
    return lenet5


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_modern_lenet5_learns_alike(fresh, optimiser):
    patterns = some(100 if JIT else 2, 28, 10)
    own = [optimiser(engine.network.parameters.values) for engine in fresh]
    for size in (1, 37):  # online, and batches of more than a block and less than the next
        order = np.random.default_rng(size).integers(0, len(patterns.images), 40 * size if JIT else 1)
        agree_in_batches(*fresh, patterns, size, order, own, 1e-4, 1e-4)
    y, theirs = (engine.penalties(patterns.images[:50]) for engine in fresh)
    np.testing.assert_allclose(y, theirs, atol=1e-3 * abs(theirs).max())


def test_a_stretch_may_be_cut_between_any_two_batches(fresh):
    _, engine = fresh
    parameters, patterns = engine.network.parameters, some(20 if JIT else 2, 28, 10)
    start, batch = parameters.values.copy(), 6 if JIT else 1
    order = np.arange(20 if JIT else 3) % len(patterns.images)
    ends = []
    for cuts in ((0, len(order)), (0, batch, 2 * batch, len(order))):
        parameters.values[:] = start
        adam = Adam(parameters.values)
        for first, last in zip(cuts, cuts[1:], strict=False):
            engine.train_batches(patterns, order[first:last], batch, adam, 1e-3)
        ends.append((parameters.values.copy(), adam.state()))
    assert np.array_equal(ends[0][0], ends[1][0])
    assert all(np.array_equal(ends[0][1][name], ends[1][1][name]) for name in ends[0][1])


def report(engine, patterns: Batch, order: np.ndarray, rate: float) -> object:
    """What training in batches of 20 counts, or what it reports as not finite, from equal starts."""
    try:
        return engine.train_batches(patterns, order, 20, SGD(engine.network.parameters.values), rate).errors
    except NonFinite as stop:
        return stop.what, stop.position


PLACES = ("C1.weight", "C1.bias", "C3.weight", "C5.weight", "F6.bias", "Output.weight")[: None if JIT else 1]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_reported_as_the_reference_does(fresh, place, value):
    patterns = some(3, 28, 10)
    reports = []
    for engine in fresh:
        parameters = engine.network.parameters
        parameters.named(parameters.values)[place].flat[-1] = value
        reports.append(report(engine, patterns, np.arange(30 if JIT else 2) % 3, 0.0))
    assert reports[0] == reports[1]
    assert isinstance(reports[0], tuple)


@pytest.mark.parametrize("rate", [1e6, 1e20, 1e38] if JIT else [1e20])
def test_diverging_rates_are_reported_as_the_reference_does(fresh, rate):
    patterns = some(5, 28, 10)
    reports = [report(engine, patterns, np.arange(60 if JIT else 2) % 5, rate) for engine in fresh]
    assert reports[0] == reports[1]
    assert isinstance(reports[0], tuple) or not JIT


@pytest.mark.outer(
    "drawn networks have these layers as plain Python, and LeNet-5 is compiled; this takes half a minute"
)
@pytest.mark.parametrize("logistic", [False, True] if not JIT else [False])
def test_a_colour_network_agrees_compiled_in_float64(logistic):
    pair = [modern_network(logistic) for _ in range(2)]
    patterns, loss = some(50 if JIT else 2, 9, pair[0].classes, channels=2), CrossEntropy()
    engines = NumpyEngine(pair[0], loss), NumbaEngine(pair[1], loss)
    agree(*engines, patterns, 100 if JIT else 2, one=1e-11, many=1e-9)
    order = np.random.default_rng(0).integers(0, len(patterns.images), 200 if JIT else 3)
    own = [Adam(network.parameters.values, decay=0.01 * network.parameters.decaying) for network in pair]
    agree_in_batches(*engines, patterns, 30, order, own, 1e-3, 1e-9)


@pytest.mark.outer(
    "drawn networks have these layers as plain Python, and LeNet-5 is compiled; this takes half a minute"
)
def test_a_perceptron_agrees_compiled():
    def make() -> Network:
        layers = [FullConnection("F1", 50), ReLU(), FullConnection("F2", 11), ReLU(), FullConnection("Output", 5)]
        return randomise(Network(Input(12, 0.0, 1.0), layers), 5, size=0.1)

    pair, patterns = [make(), make()], some(60 if JIT else 3, 12, 5)
    engines = NumpyEngine(pair[0], CrossEntropy()), NumbaEngine(pair[1], CrossEntropy())
    agree(*engines, patterns, 60 if JIT else 3, one=4e-6, many=4e-6, curved=False)
    order = np.random.default_rng(0).integers(0, len(patterns.images), 300 if JIT else 5)
    own = [Momentum(network.parameters.values) for network in pair]
    agree_in_batches(*engines, patterns, 25, order, own, 1e-3, 1e-5)


# ------------------------------------------------------------------------------------------------ what is special


@pytest.mark.parametrize("pool", [MaxPooling("S", 2), AveragePooling("S", 2), ReLU()])
@pytest.mark.parametrize("place", range(4))
def test_nan_passes_through_pooling_and_rectifiers(pool, place):
    network = Network(
        Input(2), [Convolution("C", np.ones((1, 1), bool), 1), pool, FullConnection("Output", 2)], "float64"
    )
    randomise(network, 1)
    network.input.levels(network.dtype)  # NaN comes in as a level, since bytes cannot be NaN
    levels = np.linspace(0, 1, 256)
    levels[7] = np.nan
    images = np.full((1, 2, 2), 200, np.uint8)
    images[0].flat[place] = 7
    engine = NumbaEngine(network, CrossEntropy(), jit=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Input, "levels", lambda self, dtype: levels)
        assert np.isnan(engine.penalties(images)).all()
        with pytest.raises(NonFinite, match="loss"):
            engine.train_batches(
                Batch(images, np.zeros(1, np.uint8)), np.arange(1), 1, SGD(network.parameters.values), 0.1
            )


def test_of_equal_units_the_first_alone_learns():
    """A white image: all units of a window are equal, so its kernel learns from one of them."""

    def make() -> Network:
        layers = [Convolution("C", np.ones((1, 1), bool), 1), MaxPooling("S"), FullConnection("Output", 2)]
        return randomise(Network(Input(4), layers, "float64"), 1)

    pair, white = [make(), make()], Batch(np.full((1, 4, 4), 255, np.uint8), np.zeros(1, np.uint8))
    engines = NumpyEngine(pair[0], CrossEntropy()), NumbaEngine(pair[1], CrossEntropy(), jit=False)
    agree(*engines, white, 3, one=1e-12, many=1e-12)


def test_an_optimiser_without_kernels_is_refused_by_name():
    class Newton(SGD):
        pass

    engine = NumbaEngine(Network(Input(3), [FullConnection("Output", 2)]), CrossEntropy(), jit=False)
    with pytest.raises(LeNetError, match="Newton"):
        engine.train_batches(some(2, 3, 2), np.arange(2), 1, Newton(engine.network.parameters.values), 0.1)


def test_the_mean_may_be_set_after_the_engine_was_made():
    network = randomise(Network(Input(3, mean=True), [FullConnection("Output", 2)]), 1)
    engine = NumbaEngine(network, CrossEntropy(), jit=False)
    images = some(2, 3, 2).images
    network.mean[...] = 0.5
    np.testing.assert_allclose(engine.penalties(images), network.forward(images), rtol=1e-5)

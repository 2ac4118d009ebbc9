"""The compiled engine against the NumPy reference, on the networks of 1998.

Hypothesis draws networks, and the kernels then run as plain Python: that checks the formulas, the sizes and every
index (NumPy raises where compiled code would read on). Two networks are really compiled, LeNet-5 in float32 and one
in float64 that has what LeNet-5 has not.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet1998.connections import TABLE_I
from lenet1998.engine import Batch, NonFinite
from lenet1998.errors import DataError, LeNetError
from lenet1998.initialisation import initialise
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.loss import MAP, MLE, labels_for, make_loss
from lenet1998.modern.optimisers import Momentum
from lenet1998.network import Input, LeNet5, Network
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.output import RBF
from lenet1998.recipe import Recipe
from tests.kernels.agreement import HOW, agree, agree_in_batches, kernels, randomise, some
from tests.rings import beyond

numba = pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")

from lenet1998.kernels import NumbaEngine, intrinsics, lanes, squash  # noqa: E402, F401
from lenet1998.kernels.specialise import specialise  # noqa: E402

JIT = not numba.config.DISABLE_JIT
once = pytest.mark.skipif(not JIT, reason="plain Python in both runs: the one of compiled kernels has it")
SMALL = 300 if JIT else 2  # patterns for LeNet-5
LOSSES = (MLE(0.1), MAP(0.1, 0.5), MAP(0.2, 5.0), MAP(0.1, float("inf")), MAP(0.1, 1.0, "constant"))


# ---------------------------------------------------------------------------------------------- drawn networks


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Network], int]:
    """A network twice, and the side of its images: any layers that fit on each other, ended by RBF units."""
    side = draw(st.integers(2, 12))
    average, seed = draw(st.booleans()), draw(st.integers(0, 999))
    rng = np.random.default_rng(seed)
    maps, height = 1, side
    plans: list[tuple] = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["convolution", "subsampling", "squash", "full"]))
        if kind == "convolution":
            k, above = draw(st.integers(1, height)), draw(st.integers(1, 4))
            table = np.ones((maps, above), bool) if draw(st.booleans()) else rng.random((maps, above)) < 0.6
            table[-1, -1] |= not table.any()  # a layer without any kernel is none
            plans.append((Convolution, table, k))
            maps, height = above, height - k + 1
        elif kind == "subsampling" and height % 2 == 0:
            plans.append((Subsampling, average))
            height //= 2
        elif kind == "full":
            plans.append((FullConnection, draw(st.integers(1, 5))))
            break
        else:
            plans.append((Squash,))
    inputs, classes = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    plans.append((FullConnection, inputs))
    plans += [(Squash,)] * draw(st.integers(0, 2))
    codes = np.where(rng.random((classes, inputs)) < 0.5, -1, 1)
    learns = draw(st.booleans())

    def build() -> Network:
        layers: list[Layer] = [
            Squash() if kind is Squash else kind(f"L{index}", *rest) for index, (kind, *rest) in enumerate(plans)
        ]
        return randomise(Network(Input(side), [*layers, RBF("Output", codes, learns)], "float64"), seed)

    return [build(), build()], draw(st.integers(1, side))


@once
@settings(max_examples=25)
@given(networks(), st.sampled_from(LOSSES), HOW)
def test_any_network_agrees_in_float64(drawn, loss, how):
    (ours, theirs), side = drawn
    patterns = some(3, side, labels_for(loss, ours.layers[-1].shape[0]))
    with kernels(how):
        engines = NumpyEngine(theirs, loss), NumbaEngine(ours, loss, jit=False)
    agree(*engines, patterns, 4, one=1e-11, many=1e-11)


def test_labels_beyond_the_rubbish_class_are_refused():
    network = randomise(Network(Input(2), [FullConnection("F", 2), RBF("Output", np.eye(2))]), 1)
    image, steps = np.zeros((1, 2, 2), np.uint8), np.zeros(len(network.parameters), np.float32)
    for loss, label in ((MLE(1.0), 2), (MAP(1.0, float("inf")), 2), (MAP(1.0, 1.0), 3)):
        engine = NumbaEngine(network, loss, jit=False)
        with pytest.raises(IndexError, match=f"label {label} is none of the 2 classes"):
            engine.train(Batch(image, np.array([label], np.uint8)), np.arange(1), steps)


def test_a_map_that_sees_no_map_below_learns_its_bias():
    table = np.array([[True, False]])
    pair = []
    for _ in range(2):
        layers = [Convolution("C", table, 2), FullConnection("F", 2), RBF("Output", np.eye(2))]
        pair.append(randomise(Network(Input(5), layers, "float64"), 1))
    agree(NumpyEngine(pair[0], MLE(1)), NumbaEngine(pair[1], MLE(1), jit=False), some(3, 5, 2), 3, 1e-12, 1e-12)


# ------------------------------------------------------------------------------------------- compiled networks


@pytest.fixture(scope="module")
def lenet5() -> tuple[NumpyEngine, NumbaEngine]:
    pair = [LeNet5(Recipe()) for _ in range(2)]
    return NumpyEngine(pair[0], make_loss(Recipe())), NumbaEngine(pair[1], make_loss(Recipe()))


@pytest.fixture
def fresh(lenet5) -> tuple[NumpyEngine, NumbaEngine]:
    for engine in lenet5:
        initialise(engine.network, Recipe(), np.random.default_rng(3))
    return lenet5


def test_lenet5_agrees_in_float32(fresh):
    agree(*fresh, some(SMALL, 28, 10), 200 if JIT else 2, one=4e-6, many=4e-6)


@pytest.mark.outer("drawn networks have these layers as plain Python, and LeNet-5 is compiled; this takes a minute")
def test_other_layers_agree_compiled_in_float64():
    # convolution on convolution, a kernel in groups of rows, averages, points that are not a full connection
    def build() -> Network:
        layers = [
            Convolution("C1", np.ones((1, 3), bool), 2),
            Convolution("C2", TABLE_I[:3, :4], 3),
            Squash(),
            Subsampling("S3", average=True, each=2),
            Squash(),
            Squash(),
            Convolution("C4", TABLE_I[[0, 1, 2, 3, 0, 1, 2, 3], :5], 8),
            FullConnection("F5", 6),
            Squash(),
            RBF("Output", np.where(np.random.default_rng(0).random((10, 6)) < 0.5, -1, 1)),
        ]
        return randomise(Network(Input(21), layers, "float64"), 7, size=0.3)

    loss, patterns = MAP(0.1, 2.0), some(20 if JIT else 2, 17, 11)
    assert (patterns.labels == 10).any() or not JIT, "some are of no class"
    agree(NumpyEngine(build(), loss), NumbaEngine(build(), loss), patterns, 200 if JIT else 2, one=1e-12, many=1e-10)


def test_a_stretch_may_be_cut_anywhere_and_no_run_depends_on_the_one_before(fresh):
    _, engine = fresh
    patterns, steps = some(6, 28, 10), np.full(60000, 1e-3, np.float32)
    start = engine.network.parameters.values.copy()
    order = np.array([5, 1, 1, 0, 2])[: 5 if JIT else 3]
    whole = engine.train(patterns, order, steps)
    end = engine.network.parameters.values.copy()
    engine.network.parameters.values[:] = start
    parts = [engine.train(patterns, part, steps) for part in (order[:2], order[2:2], order[2:])]
    assert np.array_equal(engine.network.parameters.values, end)
    assert sum(part.errors for part in parts) == whole.errors
    engine.network.parameters.values[0] = np.nan
    with pytest.raises(NonFinite):
        engine.train(patterns, order, steps)
    engine.network.parameters.values[:] = start
    engine.train(patterns, order, steps)
    assert np.array_equal(engine.network.parameters.values, end)


def test_penalties_do_not_depend_on_threads_or_company(fresh):
    _, engine = fresh
    images = some(620 if JIT else 3, 28, 10).images
    images.flags.writeable = False
    results = []
    for engine.threads in (1, 2, 3):
        results.append(engine.penalties(images))
    engine.threads = 1
    assert all(np.array_equal(result, results[0]) for result in results)
    assert np.array_equal(engine.penalties(images[-1:]), results[0][-1:])
    assert engine.penalties(images[:0]).shape == (0, 10)


def reports_of(engines, patterns: Batch, steps: np.ndarray) -> list[tuple[str, int]]:
    """What each engine finds that is not finite, and at which pattern, from its parameters as they are."""
    found = []
    for engine in engines:
        with pytest.raises(NonFinite) as report:
            engine.train(patterns, np.arange(len(patterns.images)), steps)
        found.append((report.value.what, report.value.position))
    return found


@pytest.mark.parametrize(("place", "value"), [("C1.weight", np.nan), ("S2.bias", np.inf), ("F6.weight", -np.inf)])
def test_what_is_not_finite_is_reported_as_the_reference_does(fresh, place, value):
    for engine in fresh:
        parameters = engine.network.parameters
        parameters.named(parameters.values)[place].flat[-1] = value
    ours, theirs = reports_of(fresh, some(3, 28, 10), np.full(60000, 1e-3, np.float32))
    assert ours == theirs and ours[1] == 0


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0] if JIT else [0.5])
def test_every_weight_is_looked_at(fresh, place):
    """One step that is infinite, for the first, the middle or the last of each array: the loss is still finite."""
    network, start = fresh[0].network, fresh[0].network.parameters.values.copy()
    for name, indices in network.parameters.named(np.arange(60000, dtype=float)).items():
        steps = np.zeros(60000, np.float32)
        steps[int(indices.flat[round(place * (indices.size - 1))])] = np.inf
        for engine in fresh:
            engine.network.parameters.values[:] = start
        with np.errstate(invalid="ignore"):
            assert reports_of(fresh, some(1, 28, 10), steps) == [("weight", 0)] * 2, name


@pytest.mark.parametrize("size", [1e6, 1e15, 1e25, 1e38] if JIT else [1e15])
def test_diverging_rates_are_reported_as_the_reference_does(fresh, size):
    patterns, steps = some(5, 28, 10), np.full(60000, size, np.float32)
    outcomes = []
    for engine in fresh:
        try:
            outcomes.append(engine.train(patterns, np.arange(5), steps).errors)
        except NonFinite as report:
            outcomes.append((report.what, report.position))
    assert outcomes[0] == outcomes[1]


def test_the_order_and_the_labels_are_checked_before_compiled_code_reads_there(fresh):
    _, engine = fresh
    patterns, steps = some(3, 28, 10), np.zeros(60000, np.float32)
    for order in ([3], [-1]):
        with pytest.raises(IndexError):
            engine.train(patterns, np.array(order), steps)
    with pytest.raises(IndexError):
        engine.mean_curvature(Batch(patterns.images, np.array([0, 11, 0], np.uint8)), np.arange(3))
    with pytest.raises(DataError, match="33"):
        engine.penalties(np.zeros((1, 33, 33), np.uint8))
    with pytest.raises(TypeError):
        engine.penalties(np.zeros((1, 28, 28)))


def test_tanh_is_within_its_bound_and_lets_nan_through():
    constants = {"big_a": 1.0, "big_s": 1.0, "limit": squash.LIMIT, "degree": 4, "p": squash.P, "q": squash.Q}
    text, _ = specialise(squash.forward, "forward", {**constants, "exact": False})
    space = {"real": np.float32, "zero": np.float32(0), "fma": lanes.fma}
    exec(text, space)
    forward = numba.njit(space["forward"])
    x = np.linspace(-12, 12, 500_001 if JIT else 5001, dtype=np.float32)[None]
    x[0, :4] = np.nan, np.inf, -np.inf, 0
    expected = np.tanh(x.astype(np.float64))
    forward(x, 1, x.shape[1])
    assert np.isnan(x[0, 0])
    assert x[0, 1:4].tolist() == [pytest.approx(1, abs=2e-7), pytest.approx(-1, abs=2e-7), 0]
    assert np.nanmax(abs(x)) <= 1
    assert np.nanmax(abs(x - expected)) < 4e-7


# ------------------------------------------------------------------------------------------------ refusals


class Sigmoid(Squash):
    pass


class HalfSquared:
    pass


@pytest.mark.parametrize(
    ("layers", "loss", "who"),
    [
        ([Sigmoid()], MLE(1), "Sigmoid"),
        ([RBF("Early", np.ones((2, 2)))], MLE(1), "RBF Early"),
        ([], HalfSquared(), "HalfSquared"),
    ],
)
def test_what_has_no_kernels_is_refused_by_name(layers, loss, who):
    below = [FullConnection("F", 2), *layers]
    with pytest.raises(LeNetError, match=who):
        NumbaEngine(Network(Input(4), [*below, RBF("Output", np.ones((2, 2)))]), loss)


def test_an_output_or_an_input_without_kernels_is_refused_by_name():
    class Linear(FullConnection):
        pass

    with pytest.raises(LeNetError, match="Linear Last"):
        NumbaEngine(Network(Input(4), [Linear("Last", 2)]), MLE(1))

    class Retina(Input):
        pass

    with pytest.raises(LeNetError, match="Retina"):
        NumbaEngine(Network(Retina(4), [FullConnection("F", 2), RBF("Output", np.ones((2, 2)))]), MLE(1))


@pytest.mark.parametrize("jit", beyond(1, [False, True], "LeNet-5's kernels are compiled in the inner ring"))
@pytest.mark.parametrize("loss", [MLE(0.1), MAP(0.2, 1.0)], ids=str)
def test_centres_that_learn(loss, jit):
    """Online, their curvatures and in mini-batches (section II-C)."""
    codes = np.array([[1, -1, 1], [-1, -1, 1]])

    def build() -> Network:
        layers = [FullConnection("F", 3), Squash(), RBF("Output", codes, learns=True)]
        return randomise(Network(Input(4), layers, "float64"), 5)

    patterns = some(20, 4, 2)
    engines = NumpyEngine(build(), loss), NumbaEngine(build(), loss, jit=jit and JIT)
    assert "Output.centre" in engines[0].network.parameters.shapes
    agree(*engines, patterns, steps=20, one=1e-12, many=1e-12)
    optimisers = [Momentum(engine.network.parameters.values, 0.9) for engine in engines]
    agree_in_batches(*engines, patterns, 3, np.arange(20), optimisers, 0.01, 1e-12)

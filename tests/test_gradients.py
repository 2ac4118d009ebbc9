"""Back-propagation against central differences in float64: every layer, every loss, whole networks (section
II-C)."""

import numpy as np
import pytest

from lenet1998.connections import full_table, parse_table
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.loss import MAP, MLE, CrossEntropy, has_rubbish
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import LeNet5
from lenet1998.output import RBF
from lenet1998.recipe import Recipe
from tests.networks import modern_network, random_images, small_network

STEP = 1e-5


def differences(energy, values: np.ndarray, places=None) -> np.ndarray:
    """Central differences of energy() in the entries of `values` (all, or those in `places`), changed in place."""
    flat = values.reshape(-1)
    slopes = []
    for place in range(flat.size) if places is None else places:
        kept = flat[place]
        flat[place] = kept + STEP
        above = energy()
        flat[place] = kept - STEP
        slopes.append((above - energy()) / (2 * STEP))
        flat[place] = kept
    return np.array(slopes)


LAYERS = {
    "full convolution": (Convolution("C", full_table(2, 3), 3), (2, 5, 6)),
    "Table I's kind of convolution": (Convolution("C", parse_table("X . X \n X X . \n . X ."), 2), (3, 4, 5)),
    "convolution to one unit a map": (Convolution("C", full_table(3, 4), 3), (3, 3, 3)),
    "sum": (Subsampling("S"), (3, 4, 6)),
    "average": (Subsampling("S", average=True), (2, 4, 2)),
    "two maps for each": (Subsampling("S", average=True, each=2), (3, 4, 2)),
    "full connection": (FullConnection("F", 5), (7,)),
    "full connection on maps": (FullConnection("F", 4), (2, 3, 2)),
    "squash": (Squash(), (2, 3, 4)),
    "stride": (Convolution("C", full_table(2, 3), 3, stride=2), (2, 6, 7)),
    "padding": (Convolution("C", full_table(2, 3), 3, padding=2), (2, 4, 3)),
    "stride, padding and a table": (
        Convolution("C", parse_table("X . X \n X X . \n . X ."), 3, stride=3, padding=1),
        (3, 5, 7),
    ),
    "relu": (ReLU(), (2, 3, 4)),
    "maximum": (MaxPooling("S"), (3, 4, 6)),
    "maximum of 3x3": (MaxPooling("S", window=3), (2, 6, 3)),
    "plain average": (AveragePooling("S"), (2, 4, 6)),
    "plain average of 3x3": (AveragePooling("S", window=3), (2, 3, 6)),
    "logistic": (Contrast("O"), (1,)),
    "rbf that learns": (RBF("O", np.array([[1, -1, 1, 1], [-1, -1, 1, -1], [1, 1, 1, -1]]), learns=True), (4,)),
    "rbf": (RBF("O", np.array([[1, -1, 1, 1], [-1, -1, 1, -1], [1, 1, 1, -1]])), (4,)),
}


@pytest.mark.parametrize(("layer", "below"), LAYERS.values(), ids=LAYERS)
def test_every_layer_with_random_cotangents(layer, below):
    rng = np.random.default_rng(11)
    layer.connect(below)
    values = {key: rng.normal(size=shape) for key, shape in layer.parameter_shapes().items()}
    gradients = {key: np.zeros(shape) for key, shape in layer.parameter_shapes().items()}
    layer.bind(values, gradients, {})
    x = rng.normal(size=(3, *below))
    cotangent = rng.normal(size=(3, *layer.shape))

    def energy() -> float:
        return float((cotangent * layer.forward(x)).sum())

    energy()
    for view in gradients.values():
        view[...] = 7.0  # layers accumulate: what was there must stay
    dx = layer.backward(cotangent)
    np.testing.assert_allclose(dx.ravel(), differences(energy, x), rtol=1e-7, atol=1e-8)
    for key, view in values.items():
        np.testing.assert_allclose(gradients[key].ravel() - 7, differences(energy, view), rtol=1e-7, atol=1e-8)


LOSSES = [MLE(1.0), MLE(0.1), MAP(1.0, 0.5), MAP(0.1, 5.0), MAP(0.5, float("inf")), CrossEntropy(), CrossEntropy(0.2)]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_every_loss(loss):
    rng = np.random.default_rng(4)
    y, labels = rng.uniform(0, 3, (4, 6)), np.array([0, 5, 2, 2])
    slopes = differences(lambda: loss.value(y, labels).sum(), y)
    np.testing.assert_allclose(loss.gradient(y, labels).ravel(), slopes, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_the_hessian_of_every_smooth_loss(loss):
    """diag(diagonal) - root root^T against differences of the gradient."""
    y, labels = np.random.default_rng(4).uniform(0, 3, (1, 6)), np.array([3])
    seed = loss.seed(y, labels)
    hessian = np.diag(seed.diagonal[0]) - np.outer(seed.root[0], seed.root[0])
    columns = [differences(lambda i=i: loss.gradient(y, labels)[0, i], y) for i in range(6)]
    np.testing.assert_allclose(hessian, np.array(columns), rtol=1e-6, atol=1e-9)
    assert np.linalg.eigvalsh(hessian).min() >= -1e-12, "no direction of negative curvature"


def by_differences(network, loss, images, labels) -> np.ndarray:
    """The slopes in every parameter, after they were found to be the gradient."""
    network.backward(loss.gradient(network.forward(images), labels))
    slopes = differences(lambda: loss.value(network.forward(images), labels).sum(), network.parameters.values)
    np.testing.assert_allclose(network.parameters.gradient, slopes, rtol=2e-6, atol=1e-7)
    return slopes


@pytest.mark.parametrize("loss", [MLE(0.1), MAP(0.2, 1.0)], ids=str)
@pytest.mark.parametrize("learns", [False, True], ids=["fixed", "adaptive"])
@pytest.mark.parametrize("average", [False, True], ids=["sum", "average"])
def test_every_parameter_of_a_small_network(loss, average, learns):
    network = small_network(average, learns=learns)
    slopes = by_differences(network, loss, random_images(3, 12), np.array([2, 0, 1]))
    assert len(slopes) == len(network.parameters)


@pytest.mark.parametrize("loss", [CrossEntropy(), MAP(1.0, 5.0)], ids=str)
@pytest.mark.parametrize("logistic", [False, True], ids=["linear", "logistic"])
def test_every_parameter_of_a_later_network(loss, logistic):
    network = modern_network(logistic)
    slopes = by_differences(network, loss, random_images(3, 9, channels=2), np.array([1, 0, 1]))
    assert (slopes != 0).mean() > 0.8


@pytest.mark.parametrize("loss", [MLE(0.1), MAP(0.1, 5.0)], ids=str)
def test_a_sample_of_lenet5s_60_000_parameters(loss):
    network = LeNet5(Recipe(dtype="float64"))
    rng = np.random.default_rng(8)
    network.parameters.values[:] = rng.normal(0, 0.1, 60_000)
    images, labels = random_images(2, 28), np.array([7, 1])
    network.backward(loss.gradient(network.forward(images), labels))
    every_layer = [
        rng.integers(0, view.size, 8) for view in network.parameters.named(network.parameters.values).values()
    ]
    starts = np.cumsum([0, *(view.size for view in network.parameters.named(network.parameters.values).values())])
    places = np.concatenate([start + chosen for start, chosen in zip(starts, every_layer, strict=False)])
    slopes = differences(lambda: loss.value(network.forward(images), labels).sum(), network.parameters.values, places)
    np.testing.assert_allclose(network.parameters.gradient[places], slopes, rtol=2e-5, atol=2e-7)


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_a_pattern_of_no_class_has_the_loss_of_the_rubbish_class(scale):
    """Equation 9 with j in the place of y_D: value by hand, gradient and Hessian by differences."""
    loss, y, rubbish = MAP(scale, 2.0), np.random.default_rng(4).uniform(0, 9, (3, 6)), np.array([6, 6, 6])
    expected = 2 + np.log(np.exp(-2) + np.exp(-scale * y).sum(axis=1))
    np.testing.assert_allclose(loss.value(y, rubbish), expected, rtol=1e-13)
    slopes = differences(lambda: loss.value(y, rubbish).sum(), y)
    np.testing.assert_allclose(loss.gradient(y, rubbish).ravel(), slopes, rtol=1e-6, atol=1e-9)
    assert (loss.gradient(y, rubbish) < 0).all(), "every class is pushed away"
    one, label = y[:1], rubbish[:1]
    seed = loss.seed(one, label)
    hessian = np.diag(seed.diagonal[0]) - np.outer(seed.root[0], seed.root[0])
    columns = [differences(lambda i=i: loss.gradient(one, label)[0, i], one) for i in range(6)]
    np.testing.assert_allclose(hessian, np.array(columns), rtol=1e-6, atol=1e-9)
    assert not seed.gradient.any(), "which would make curvatures negative"
    constant = MAP(scale, 2.0, "constant").seed(y, np.array([6, 2, 6]))
    assert np.flatnonzero(constant.gradient).tolist() == [6 + 2] and not constant.diagonal.any()


@pytest.mark.parametrize("loss", [MLE(1.0), CrossEntropy(), MAP(1.0, 2.0)], ids=str)
def test_labels_that_the_loss_has_no_place_for(loss):
    beyond = np.array([6 + has_rubbish(loss)])
    for method in (loss.value, loss.gradient):
        with pytest.raises(IndexError):
            method(np.ones((1, 6)), beyond)


def test_a_network_with_patterns_of_no_class():
    """Every parameter by differences; and no curvature is negative."""
    network, loss = small_network(average=True, learns=True), MAP(0.2, 1.0)
    images, labels = random_images(3, 12), np.array([3, 0, 3])
    assert network.classes == 3
    by_differences(network, loss, images, labels)
    network.curvature(loss.seed(network.forward(images), labels))
    assert network.parameters.curvature.min() >= -1e-12 and network.parameters.curvature.max() > 1e-3


def test_eq_8_is_the_penalty_of_the_correct_class():
    y = np.array([[3.0, 5.0], [2.0, 8.0]])
    assert MLE(1.0).value(y, np.array([1, 0])).tolist() == [5.0, 2.0]
    assert MLE(0.5).gradient(y, np.array([1, 0])).tolist() == [[0, 0.5], [0.5, 0]]


def test_eq_9_by_hand():
    """y = (1, 2), D = 1, j = 3: 2 + log(e^-3 + e^-1 + e^-2) = 2 + log(0.553002) = 2 - 0.592394 = 1.407606."""
    loss = MAP(1.0, 3.0)
    y = np.array([[1.0, 2.0]])
    assert loss.value(y, np.array([1]))[0] == pytest.approx(1.407606, abs=1e-6)
    rubbish = 1 - loss.posteriors(y).sum()
    assert rubbish == pytest.approx(np.exp(-3) / (np.exp(-3) + np.exp(-1) + np.exp(-2)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1e-30, 1e3, 1e6])
def test_eq_9_does_not_overflow(size, dtype):
    y = np.array([[1.0, 2.0, 3.0]], dtype=dtype) * np.dtype(dtype).type(size)
    for j in (1e-9, 1.0, 1e4, float("inf")):
        loss = MAP(1.0, j)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert np.isfinite(loss.value(y, np.array([2]))).all()
            assert np.isfinite(loss.gradient(y, np.array([2]))).all()
            assert all(np.isfinite(part).all() for part in loss.seed(y, np.array([2])))


def test_eq_9_with_j_to_infinity_and_one_class_is_nothing():
    """Without a rubbish class and without competitors there is nothing to learn."""
    y = np.array([[0.0], [17.0], [4e5]])
    loss, labels = MAP(1.0, float("inf")), np.zeros(3, int)
    assert loss.value(y, labels).tolist() == [0, 0, 0]
    assert loss.gradient(y, labels).tolist() == [[0], [0], [0]]


def test_eq_9_with_j_to_infinity_is_cross_entropy():
    y, labels = np.random.default_rng(0).uniform(0, 4, (5, 10)), np.arange(5)
    posteriors = np.exp(-y) / np.exp(-y).sum(axis=1, keepdims=True)
    expected = -np.log(posteriors[np.arange(5), labels])
    np.testing.assert_allclose(MAP(1.0, float("inf")).value(y, labels), expected)
    np.testing.assert_allclose(CrossEntropy().value(y, labels), expected)


def test_the_logistic_loss_by_its_own_formula():
    """-log of the probability 1 / (1 + e^-a) of class 1, or of the rest of it for class 0."""
    layer, a = Contrast("O"), np.array([[-2.0], [0.3], [0.0], [700.0]])
    layer.connect((1,))
    y = layer.forward(a)
    for label in (0, 1):
        labels = np.full(4, label)
        expected = np.logaddexp(0, a[:, 0]) - label * a[:, 0]
        np.testing.assert_allclose(CrossEntropy().value(y, labels), expected, rtol=1e-12)
        slope = layer.adjoint(CrossEntropy().gradient(y, labels), lambda value: value, {})
        np.testing.assert_allclose(slope[:, 0], 1 / (1 + np.exp(-a[:, 0])) - label, rtol=1e-12, atol=1e-15)
    assert y.argmin(axis=1).tolist() == [0, 1, 0, 1], "class 1 where a > 0"

"""Appendix C: the curvature pass against literal loops over equations 19, 23, 25 and 27, and one step by hand."""

import numpy as np
import pytest

from lenet1998.layer import Seed
from lenet1998.layers import FullConnection, Squash
from lenet1998.loss import MAP, MLE, CrossEntropy
from lenet1998.modern.layers import Contrast
from lenet1998.network import Input, LeNet5, Network
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.output import RBF
from lenet1998.recipe import Recipe
from lenet1998.sdlm import step_sizes, update
from tests import naive
from tests.networks import modern_network, random_images, small_network

LOSSES = [MLE(1.0), MLE(0.1), MAP(0.3, 1.0), MAP(0.1, 5.0, "constant")]


def literal(network, loss, images, labels):
    """Gradient and curvature, summed over the patterns, by the loops of naive.py."""
    unrolled = naive.unroll(network)
    w = network.parameters.values.copy()
    gradient, curvature = np.zeros_like(w), np.zeros_like(w)
    for image, label in zip(images, labels, strict=True):
        y = naive.forward(unrolled, w, network.input(image[None], network.dtype)[0] - network.mean)
        dy = loss.gradient(y[None], np.array([label]))[0]
        seed = loss.seed(y[None], np.array([label]))
        hessian = np.diag(seed.diagonal[0]) - np.outer(seed.root[0], seed.root[0])
        gradient += naive.derivatives(unrolled, w, dy, hessian)[0]
        curvature += naive.derivatives(unrolled, w, seed.gradient[0], hessian)[1]
    return gradient, curvature


def as_literal(network, loss, images, labels, rtol=1e-9, atol=1e-11):
    """The curvature, which is compared with the literal loops, as the gradient is."""
    y = network.forward(images)
    network.backward(loss.gradient(y, labels))
    network.curvature(loss.seed(y, labels))
    gradient, curvature = literal(network, loss, images, labels)
    np.testing.assert_allclose(network.parameters.gradient, gradient, rtol=rtol, atol=atol)
    np.testing.assert_allclose(network.parameters.curvature, curvature, rtol=rtol, atol=atol / 100)
    return curvature


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("learns", [False, True], ids=["fixed", "adaptive"])
@pytest.mark.parametrize("average", [False, True], ids=["sum", "average"])
def test_the_whole_network_agrees_with_the_literal_loops(loss, average, learns):
    network = small_network(average, learns=learns)
    images, labels = random_images(4, 12), np.array([0, 2, 1, 2])
    network.parameters.gradient.fill(0)
    network.parameters.curvature.fill(0)
    curvature = as_literal(network, loss, images, labels)
    assert curvature.min() >= 0, "Gauss-Newton terms are squares times a non-negative seed (equation 27)"


@pytest.mark.parametrize("logistic", [False, True], ids=["linear", "logistic"])
@pytest.mark.parametrize("loss", [CrossEntropy(), MAP(0.7, 1.0)], ids=str)
def test_later_layers_agree_with_the_literal_loops(loss, logistic):
    """Stride, padding, colours, a table, rectifiers, both poolings; outputs that are no RBF units."""
    network = modern_network(logistic)
    images, labels = random_images(4, 9, channels=2), np.array([0, 1, 1, 0 if logistic else 2])
    curvature = as_literal(network, loss, images, labels)
    assert curvature.min() >= 0
    assert (curvature > 0).mean() > 0.8, "most parameters take part"


@pytest.mark.parametrize("logistic", [False, True], ids=["softmax", "logistic"])
def test_the_curvature_of_a_single_layer_is_the_exact_second_derivative(logistic):
    """Below softmax or a logistic unit weighted sums are all there is: nothing was dropped from the diagonal."""
    layers = [FullConnection("F", 1), Contrast("Output")] if logistic else [FullConnection("F", 3)]
    network = Network(Input(side=2), layers, "float64")
    network.parameters.values[:] = np.random.default_rng(6).normal(0, 0.7, len(network.parameters))
    images, labels, loss, step = random_images(3, 2), np.array([1, 0, 1]), CrossEntropy(), 1e-4
    network.curvature(loss.seed(network.forward(images), labels))
    w, measured = network.parameters.values, np.zeros(len(network.parameters))

    def energy(k, shift):
        kept, w[k] = w[k], w[k] + shift
        value = loss.value(network.forward(images), labels).sum()
        w[k] = kept
        return value

    for k in range(len(w)):
        measured[k] = (energy(k, step) - 2 * energy(k, 0) + energy(k, -step)) / step**2
    np.testing.assert_allclose(network.parameters.curvature, measured, rtol=1e-5, atol=1e-7)


def test_lenet5_agrees_with_the_literal_loops():
    """The real network: every one of the 60,000 parameters, for one pattern."""
    network = LeNet5(Recipe(dtype="float64"))
    network.parameters.values[:] = np.random.default_rng(0).normal(0, 0.1, 60_000)
    as_literal(network, MLE(1.0), random_images(1, 28), np.array([4]), rtol=1e-7, atol=1e-10)


def test_the_estimate_is_a_mean_over_patterns_and_a_sum_over_connections():
    """Equation 24 averages over patterns; equation 23 adds over connections."""
    network, loss = small_network(), MLE(1.0)
    images, labels = random_images(30, 12), np.arange(30, dtype=np.uint8) % 3

    class Set:
        pass

    patterns = Set()
    patterns.images, patterns.labels = images, labels
    chosen = np.array([7, 3, 3, 21, 28])
    h = NumpyEngine(network, loss).mean_curvature(patterns, chosen)
    _, curvature = literal(network, loss, images[chosen], labels[chosen])
    np.testing.assert_allclose(h, curvature / 5, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("loss", [MLE(0.7), MAP(0.4, 0.8)], ids=str)
def test_the_seed_is_the_exact_second_derivative_at_f6(loss):
    """d2E/dx_j2 on every F6 unit, against central differences of the loss itself."""
    rng = np.random.default_rng(1)
    layer = RBF("Output", np.where(rng.random((4, 6)) < 0.5, -1, 1))
    layer.connect((6,))
    x, labels, step = rng.normal(0, 0.5, (1, 6)), np.array([2]), 1e-4
    seed = layer.seed_curvature(loss.seed(layer.forward(x), labels))

    def energy(j, shift):
        moved = x.copy()
        moved[0, j] += shift
        return loss.value(layer.forward(moved), labels)[0]

    for j in range(6):
        measured = (energy(j, step) - 2 * energy(j, 0) + energy(j, -step)) / step**2
        assert seed[0, j] == pytest.approx(measured, rel=1e-5)


def test_the_constant_seed_is_that_of_equation_8():
    """The authors' later code puts d2E/dx2 = 1 on F6 with half the squared distance: 2c = 1 for c = 1/2."""
    layer = RBF("Output", np.ones((3, 5)))
    layer.connect((5,))
    y = layer.forward(np.random.default_rng(2).normal(size=(2, 5)))
    for loss in (MLE(0.5), MAP(0.5, 3.0, "constant")):
        assert np.all(layer.seed_curvature(loss.seed(y, np.array([0, 1]))) == 1.0)


def test_one_step_by_hand():
    """One unit with one input, one code, equation 8 with c = 1, eta = 0.5, mu = 0.02.

    Input byte 255 is x0 = 1.175. w = 0.5, b = 0.1: a = 0.5 * 1.175 + 0.1 = 0.6875.
    x = 1.7159 tanh(0.6875 * 2/3) = 1.7159 * tanh(0.4583333) = 1.7159 * 0.4287249 = 0.7356490.
    Code -1: y = (x + 1)^2 = 3.0124774, dE/dx = 2 (x + 1) = 3.4712980, d2E/dx2 = 2.
    f' = 2/3 (1.7159 - x^2 / 1.7159) = 0.9336727.
    dE/da = 3.2410560; dE/dw = 1.175 dE/da = 3.8082408, dE/db = 3.2410560.
    d2E/da2 = f'^2 * 2 = 1.7434893; h_w = 1.175^2 * 1.7434893 = 2.4071049, h_b = 1.7434893.
    w <- 0.5 - 0.5 / (0.02 + 2.4071049) * 3.8082408 = 0.5 - 0.7845233 = -0.2845233
    b <- 0.1 - 0.5 / (0.02 + 1.7434893) * 3.2410560 = 0.1 - 0.9189327 = -0.8189327
    """
    network = Network(Input(side=1), [FullConnection("F", 1), Squash(), RBF("Output", np.array([[-1]]))], "float64")
    network.parameters.values[:] = [0.5, 0.1]
    image, label, loss = np.full((1, 1, 1), 255, np.uint8), np.array([0]), MLE(1.0)
    y = network.forward(image)
    network.backward(loss.gradient(y, label))
    network.curvature(loss.seed(y, label))
    assert y[0, 0] == pytest.approx(3.0124774, abs=2e-6)
    np.testing.assert_allclose(network.parameters.gradient, [3.8082408, 3.2410560], atol=2e-6)
    np.testing.assert_allclose(network.parameters.curvature, [2.4071049, 1.7434893], atol=2e-6)
    steps = step_sizes(network.parameters.curvature, eta=0.5, mu=0.02)
    update(network.parameters.values, network.parameters.gradient, steps)
    np.testing.assert_allclose(network.parameters.values, [-0.2845233, -0.8189327], atol=2e-6)


def test_the_scale_of_the_penalty_is_a_question_about_mu_under_equation_8_alone():
    """Under equation 8, eta / (mu + c h) * c g = eta / (mu / c + h) * g. Under equation 9 c stands inside the
    exponentials too, so no mu makes up for it (ledger, 14)."""
    c, mu, eta = 0.1, 0.02, 0.0005

    def update_of(loss, damping):
        network, images, labels = small_network(), random_images(3, 12), np.array([1, 0, 2])
        y = network.forward(images)
        network.backward(loss.gradient(y, labels))
        network.curvature(loss.seed(y, labels))
        return step_sizes(network.parameters.curvature, eta, damping) * network.parameters.gradient

    np.testing.assert_allclose(update_of(MLE(c), mu), update_of(MLE(1.0), mu / c), rtol=1e-12)
    scaled = update_of(MAP(c, j=1.0), mu)
    for j in (1.0, 1.0 / c):  # j as it is, and in the units of the printed penalty
        other = update_of(MAP(1.0, j=j), mu / c)
        assert np.linalg.norm(scaled - other) > 0.1 * np.linalg.norm(scaled)


def test_a_seed_of_zero_leaves_every_curvature_at_zero():
    """And the step at its ceiling eta / mu = 0.025 in the first pass."""
    network = small_network()
    network.forward(random_images(2, 12))
    nothing = np.zeros((2, 3))
    network.curvature(Seed(nothing, nothing, nothing))
    assert not network.parameters.curvature.any()
    assert np.all(step_sizes(network.parameters.curvature, 0.0005, 0.02) == 0.025)

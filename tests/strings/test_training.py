"""Training on whole strings: gradients of all instances by central differences, one update a string, curvatures."""

import numpy as np
import pytest

from lenet1998.data import load
from lenet1998.initialisation import initialise
from lenet1998.loss import MAP, MLE
from lenet1998.network import LeNet5
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.patterns import Patterns
from lenet1998.recipe import Recipe
from lenet1998.strings.images import Layout, strings
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.segmentation import Segmentor
from lenet1998.strings.training import CRITERIA, Example, StringTrainer
from lenet1998.strings.wide import replicate
from tests.rings import beyond

C, J = 0.1, 1.0
KINDS = ("swept", "segmented")


@pytest.fixture(scope="module")
def examples():
    """Three strings of two digits, swept and cut."""
    found = strings(load("synthetic", train_size=200, test_size=100).train, 3, 2, 1, Layout(noise=0))
    kinds: dict[str, list[Example]] = {"swept": [], "segmented": []}
    for image, labels in zip(found.images, found.labels.tolist(), strict=True):
        segments = Segmentor().segments(image)
        kinds["swept"].append(Example(image[None, :, 6:-6], SDNN(J), labels))  # 64 columns, as in Figure 25
        kinds["segmented"].append(Example(segments.images, segments, labels))
    return kinds


@pytest.fixture
def network():
    network = LeNet5(Recipe(dtype="float64"))
    initialise(network, Recipe(), np.random.default_rng(0))
    return network


def passes(network, example: Example):
    """The network that sees the example: replicated over the string, or as it is."""
    return replicate(network, example.images.shape[2])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_gradients_of_a_string_are_central_differences_through_graph_and_network(examples, network, kind, criterion):
    """Of parameters of every layer, to each of which every field of the string contributes."""
    example, parameters = examples[kind][0], network.parameters
    trainer = StringTrainer(passes(network, example), C, criterion)
    loss = trainer.loss(example)
    parameters.gradient.fill(0)
    trainer.passes.backward(loss.gradient)
    gradient = parameters.gradient.copy()
    strongest = np.argsort(-np.abs(gradient))[::4000]
    assert np.abs(gradient[strongest]).max() > 1e-3
    for k in strongest:
        value, around = parameters.values[k], []
        for sign in (1, -1):
            parameters.values[k] = value + sign * 1e-6
            around.append(trainer.loss(example).value)
        parameters.values[k] = value
        assert gradient[k] == pytest.approx((around[0] - around[1]) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_one_string_makes_one_update(examples, network, kind):
    example = examples[kind][0]
    trainer = StringTrainer(passes(network, example), C)
    before = network.parameters.values.copy()
    loss = trainer.loss(example)
    network.parameters.gradient.fill(0)
    trainer.passes.backward(loss.gradient)
    steps = np.random.default_rng(0).uniform(0, 1e-3, len(before))
    expected = before - steps * network.parameters.gradient
    tally = trainer.learn([example], steps)
    np.testing.assert_allclose(network.parameters.values, expected, atol=1e-12)
    assert tally.loss == pytest.approx(loss.value) and tally.skipped == 0


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_loss(examples, network, kind):
    trainer = StringTrainer(passes(network, examples[kind][0]), C)
    steps = np.full(60_000, 1e-3)
    first = trainer.learn(examples[kind], steps).loss
    for _ in range(8):
        last = trainer.learn(examples[kind], steps).loss
    assert last < 0.7 * first


def test_a_string_that_no_path_spells_is_left_out(examples, network):
    example = examples["segmented"][0]
    before = network.parameters.values.copy()
    trainer = StringTrainer(network, C)
    tally = trainer.learn([example._replace(labels=[1] * 50)], np.ones(60_000))
    assert (tally.loss, tally.skipped) == (0.0, 1)
    np.testing.assert_array_equal(network.parameters.values, before)
    both = trainer.mean_curvature([example, example._replace(labels=[1] * 50)])
    np.testing.assert_array_equal(both, trainer.mean_curvature([example]))


def test_a_string_of_one_field_is_a_pattern(network):
    """Loss, gradient and curvature of equations 8 and 9, with the blank as the rubbish class."""
    j = 20.0  # so that classes have a share, not only the blank
    digits = load("synthetic", train_size=200, test_size=100).train
    image, label = np.pad(digits.images[0], 2), int(digits.labels[0])
    example, pattern = Example(image[None], SDNN(j), [label]), Patterns(image[None], digits.labels[:1])
    y = network.forward(image[None])
    map_loss = MAP(C, j)
    loss = StringTrainer(network, C).loss(example)
    assert loss.value == pytest.approx(float(map_loss.value(y, pattern.labels)[0]), abs=1e-12)
    np.testing.assert_allclose(loss.gradient, map_loss.gradient(y, pattern.labels), atol=1e-12)
    for seed, of_pattern in (("constant", MLE(C)), ("posteriors", map_loss)):
        h = StringTrainer(network, C, seed=seed).mean_curvature([example])
        expected = NumpyEngine(network, of_pattern).mean_curvature(pattern, np.array([0]))
        np.testing.assert_allclose(h, expected, atol=1e-12 * expected.max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", ["constant", "posteriors"])
def test_curvatures_are_means_over_strings_and_never_negative(examples, network, kind, seed):
    trainer = StringTrainer(passes(network, examples[kind][0]), C, seed=seed)
    each = [trainer.mean_curvature([example]) for example in examples[kind]]
    np.testing.assert_allclose(trainer.mean_curvature(examples[kind]), np.mean(each, axis=0), rtol=1e-9)
    assert (np.array(each) > -1e-9).all() and np.mean(each) > 0


@pytest.mark.parametrize("kind", beyond(1, KINDS, "the same kernels, compiled for another width"))
def test_compiled_passes_learn_the_same(examples, network, kind):
    pytest.importorskip("numba")
    from lenet1998.kernels.given import Passes

    start = network.parameters.values.copy()
    plain = passes(network, examples[kind][0])
    found = []
    assert plain.input.shape in ((1, 32, 64), (1, 32, 32)), "widths that other tests compile too"
    for each in (plain, Passes(plain)):
        network.parameters.values[:] = start
        trainer = StringTrainer(each, C)
        h = trainer.mean_curvature(examples[kind])
        trainer.learn(examples[kind], 5e-4 / (0.02 + h))
        found.append((h, network.parameters.values.copy()))
    for reference, compiled in zip(*found, strict=True):
        np.testing.assert_allclose(compiled, reference, rtol=0, atol=1e-10 * np.abs(reference).max())

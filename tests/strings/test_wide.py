"""Section VII, Figures 23 and 25: output i of the wide network is the network's own on the window from 4 i on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet1998.classifiers.network import recipe_of
from lenet1998.errors import LeNetError
from lenet1998.layer import Layer, Seed
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.modern.layers import Contrast
from lenet1998.network import Input, LeNet5, Network
from lenet1998.networks import build
from lenet1998.output import RBF
from lenet1998.recipe import Recipe
from lenet1998.strings.wide import Wide, replicate, swept


def windows(images: np.ndarray, side: int, step: int) -> np.ndarray:
    """What the outputs see, image by image."""
    return np.stack([each[:, i : i + side] for each in images for i in range(0, each.shape[1] - side + 1, step)])


def passes(network, images: np.ndarray, gradient: np.ndarray) -> list[np.ndarray]:
    """Penalties, gradients and curvatures of all that is seen."""
    seed = Seed(np.abs(gradient), gradient**2, gradient)
    found = [network.forward(images)]
    for down, given_, vector in (
        (network.backward, gradient, network.parameters.gradient),
        (network.curvature, seed, network.parameters.curvature),
    ):
        vector.fill(0)
        network.forward(images)
        down(given_)
        found.append(vector.copy())
    return found


def engines(network: Network, jit: bool) -> list:
    """The passes of the network in NumPy, and compiled where there is numba."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return [network]
    from lenet1998.kernels.given import Passes

    return [network, Passes(network, jit=jit)]


def agree(network: Network, step: int, n: int, jit: bool = False, images: int = 2) -> None:
    side, rng = network.input.side, np.random.default_rng(n)
    network.parameters.values[:] = rng.uniform(-0.3, 0.3, len(network.parameters))
    wide = replicate(network, side + step * (n - 1))
    assert wide.parameters is network.parameters
    strings = rng.integers(0, 256, (images, side, side + step * (n - 1)), dtype=np.uint8)
    gradient = rng.normal(size=(images * n, network.classes))
    theirs = passes(network, windows(strings, side, step), gradient)
    for engine in engines(wide, jit):
        for ours, expected in zip(passes(engine, strings, gradient), theirs, strict=True):
            np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40))
def test_every_layer_of_lenet5_gives_on_a_string_what_it_gives_on_each_window(n):
    network = LeNet5(Recipe(dtype="float64"))
    network.parameters.values[:] = np.random.default_rng(n).uniform(-0.3, 0.3, 60_000)
    wide = replicate(network, 32 + 4 * (n - 1))
    image = np.random.default_rng(n).integers(0, 256, (32, 32 + 4 * (n - 1)), dtype=np.uint8)
    x, own = wide.input(image[None], wide.dtype), network.input(windows(image[None], 32, 4), network.dtype)
    columns = 4
    for ours, theirs in zip(wide.layers, [*network.layers[:-1], None, network.layers[-1]], strict=True):
        x, own = ours.forward(x), own if theirs is None else theirs.forward(own)
        if isinstance(ours, Subsampling):
            columns //= 2  # from a window to the next
        if x.ndim == 4:
            whole = own.reshape(n, x.shape[1], x.shape[2], -1)
            starts = range(0, n * columns, columns)
            seen = np.stack([x[0, :, :, i : i + whole.shape[3]] for i in starts])
            np.testing.assert_allclose(seen, whole, rtol=0, atol=1e-12 * np.abs(whole).max())
    np.testing.assert_allclose(x, own, rtol=1e-12)


@pytest.mark.outer("compiled and replicated, LeNet-5 learns as the reference does in tests/strings/test_training.py")
@pytest.mark.parametrize("n", [9, 1])
def test_lenet5_on_a_string_in_all_three_passes_and_both_engines(n):
    agree(LeNet5(Recipe(dtype="float64")), 4, n, jit=True)


SMALL: list[tuple[int, list[Layer]]] = [
    (2, [Convolution("C1", np.ones((1, 2), bool), 3), Squash(), Subsampling("S2"), Squash()]),
    (1, [Convolution("C1", np.array([[True, False, True]]), 2), Squash()]),
]


@pytest.mark.parametrize(("step", "hidden"), SMALL)
@pytest.mark.parametrize("codes", [True, False])
@pytest.mark.parametrize("n", [1, 3, 5])
def test_other_networks_are_replicated_too(step, hidden, codes, n):
    last: list[Layer] = [Squash(), RBF("Output", np.eye(4)[:3], learns=True)] if codes else []
    agree(Network(Input(8), [*hidden, FullConnection("F", 4), *last], "float64"), step, n)


def test_what_cannot_be_replicated_is_refused():
    with pytest.raises(LeNetError, match="cannot be replicated on a field 34 pixels wide"):
        replicate(LeNet5(Recipe()), 34)
    one = Network(Input(3), [FullConnection("F", 1), Contrast("Output")])
    with pytest.raises(LeNetError, match="ends with Contrast"):
        replicate(one, 9)


def test_networks_of_section_3_fit_a_string():
    for name in ("lenet1", "lenet4"):
        network = build(recipe_of(name))
        wide = replicate(network, network.input.side + 8)
        assert wide.forward(np.zeros((1, *wide.input.shape[1:]), np.uint8)).shape == (3, network.classes)


@pytest.mark.parametrize("n", [1, 2, 17, 18, 30, 34])
def test_a_string_of_any_width_goes_through_passes_of_few_widths(n):
    """What is added on the right is cut off again, and takes no part in gradients and curvatures."""
    network, rng = LeNet5(Recipe(dtype="float64")), np.random.default_rng(n)
    network.parameters.values[:] = rng.uniform(-0.3, 0.3, 60_000)
    images = rng.integers(0, 256, (2, 32, 32 + 4 * (n - 1)), dtype=np.uint8)
    gradient = rng.normal(size=(2 * n, 10))
    wide = Wide(network, "numpy")
    wide._compiled = True  # only compiled passes are so few
    for ours, expected in zip(
        passes(wide, images, gradient), passes(replicate(network, images.shape[2]), images, gradient), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert set(wide._made) == {1, next(size for size in (1, 17, 33, 65) if n <= size)}


def test_strings_that_no_window_fits_are_refused():
    wide = Wide(LeNet5(Recipe()), "numpy")
    for width in (28, 34):
        with pytest.raises(LeNetError, match=f"a string is {width} pixels wide: give 32 and a multiple of 4 more"):
            wide.forward(np.zeros((1, 32, width), np.uint8))


def test_each_output_has_the_least_penalties_over_rows_up_and_down():
    """What is moved out of the field is lost, and nothing comes in from the other side."""
    rng = np.random.default_rng(0)
    network = LeNet5(Recipe(dtype="float64"))
    network.parameters.values[:] = rng.uniform(-0.1, 0.1, 60_000)
    string = np.zeros((32, 48), np.uint8)
    string[1:31] = rng.integers(0, 256, (30, 48))
    wide, expected = Wide(network, engine="numpy"), []
    for down in (-2, -1, 0, 1, 2):
        moved = np.zeros_like(string)
        moved[max(down, 0) : 32 + min(down, 0)] = string[max(-down, 0) : 32 + min(-down, 0)]
        expected.append(wide.forward(moved[None]))
    np.testing.assert_allclose(swept(wide, string), np.min(expected, axis=0), atol=1e-12)
    assert (np.argmin(expected, axis=0) != 2).any(), "another row than the middle one counts"

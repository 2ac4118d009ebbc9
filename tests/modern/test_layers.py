"""The layers that came after the paper: what they compute; their adjoints are tested with all others'."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate

from lenet1998.connections import TABLE_I, full_table
from lenet1998.errors import DataError
from lenet1998.layers import Convolution
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Input
from lenet1998.networks import build
from lenet1998.output import RBF, output_codes
from lenet1998.recipe import Recipe, preset


def rows(name: str, *settings: str) -> dict[str, tuple]:
    recipe = preset("modern").override([f"network={name}", *settings])
    return {row["name"]: (row["maps"], *row["size"], row["parameters"]) for row in build(recipe).table()}


@settings(max_examples=60)
@given(st.data())
def test_a_convolution_is_what_scipy_says_at_every_stride_th_place(data):
    k, stride, padding = (data.draw(st.integers(low, high)) for low, high in ((1, 4), (1, 3), (0, 3)))
    smallest = max(1, k - 2 * padding)
    maps, height, width = (data.draw(st.integers(low, low + 5)) for low in (1, smallest, smallest))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    table = rng.random((maps, 3)) < 0.6
    layer = Convolution("C", table, k, stride, padding)
    layer.connect((maps, height, width))
    values = {key: rng.normal(size=shape) for key, shape in layer.parameter_shapes().items()}
    layer.bind(values, {}, {})
    x = rng.normal(size=(2, maps, height, width))
    dense = np.zeros((3, maps, k, k))
    dense[table.T] = values["weight"]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    expected = [
        [correlate(image, kernels, mode="valid", method="direct")[0, ::stride, ::stride] for kernels in dense]
        for image in padded
    ]
    np.testing.assert_allclose(layer.forward(x), np.array(expected) + values["bias"][:, None, None], atol=1e-12)


def test_kernels_that_do_not_fit_even_with_padding_are_refused():
    Convolution("C", full_table(1, 1), kernel=5, padding=1).connect((1, 3, 3))
    with pytest.raises(ValueError, match="C: "):
        Convolution("C", full_table(1, 1), kernel=5, padding=1).connect((1, 2, 3))
    with pytest.raises(ValueError, match="S: 2x2 windows do not tile 3x4"):
        MaxPooling("S").connect((1, 3, 4))
    with pytest.raises(ValueError, match="S: 3x3"):
        AveragePooling("S", window=3).connect((1, 3, 4))
    with pytest.raises(ValueError, match="one unit below"):
        Contrast("O").connect((2,))


def test_of_equal_units_the_first_row_by_row_takes_the_cotangent():
    layer = MaxPooling("S")
    layer.connect((1, 2, 6))
    x = np.array([[[[5.0, 5.0, 1.0, 2.0, 3.0, 3.0], [5.0, 5.0, 2.0, 2.0, 3.0, 4.0]]]])
    assert layer.forward(x).tolist() == [[[[5, 2, 4]]]]
    expected = [[[[10, 0, 0, 20, 0, 0], [0, 0, 0, 0, 0, 30]]]]
    cotangent = np.array([[[[10.0, 20.0, 30.0]]]])
    for algebra in (lambda value: value, np.square):
        assert layer.adjoint(cotangent, algebra, {}).tolist() == expected, "a derivative of 1 is its own square"


@settings(max_examples=40)
@given(st.integers(2, 4), st.integers(0, 99))
def test_poolings_by_literal_windows(window, seed):
    x = np.random.default_rng(seed).integers(-2, 3, (2, 3, 2 * window, window)).astype(np.float32)
    for layer, pool in ((MaxPooling("S", window), np.max), (AveragePooling("S", window), np.mean)):
        assert layer.connect(x.shape[1:]) == (3, 2, 1)
        y = layer.forward(x)
        assert y.dtype == np.float32
        for p, m, r in np.ndindex(2, 3, 2):
            np.testing.assert_allclose(y[p, m, r, 0], pool(x[p, m, r * window : (r + 1) * window]), rtol=1e-6)
        cotangent = np.ones_like(y)
        below = layer.adjoint(cotangent, np.square, {})
        assert below.dtype == np.float32
        share = 1.0 if pool is np.max else window**-2.0
        np.testing.assert_allclose(below.sum(), share * y.size, rtol=1e-6)


@pytest.mark.parametrize(
    "layer", [ReLU(), MaxPooling("S"), AveragePooling("S"), Contrast("O")], ids=lambda x: type(x).__name__
)
def test_nan_passes_through_so_that_divergence_is_seen(layer):
    below = (1,) if isinstance(layer, Contrast) else (1, 2, 2)
    layer.connect(below)
    for place in range(int(np.prod(below))):
        x = np.ones((1, *below), np.float32)
        x.reshape(-1)[place] = np.nan
        assert np.isnan(layer.forward(x)).any()


def test_the_modern_lenet5():
    """850 parameters of the linear output layer and 900 of C3 come to the 60,000; 44 of the S layers go."""
    assert rows("lenet5") == {
        "C1": (6, 28, 28, 156),
        "S2": (6, 14, 14, 0),
        "C3": (16, 10, 10, 2_416),
        "S4": (16, 5, 5, 0),
        "C5": (120, 1, 1, 48_120),
        "F6": (84, 1, 1, 10_164),
        "Output": (10, 1, 1, 850),
    }
    assert len(build(preset("modern")).parameters) == 60_000 + 850 + 900 - 44


def test_every_variant_of_lenet5_has_its_parts():
    variants = {
        "c3=full": 60_900, "subsampling=plain": 59_956, "subsampling=max": 59_956, "subsampling=sum": 60_000,
        "squash=relu": 60_000, "codes=random": 60_000, "codes=one_of_n": 60_000,
    }  # fmt: skip
    for setting, count in variants.items():
        assert len(build(Recipe().override([setting])).parameters) == count, setting
    kinds = [type(layer).__name__ for layer in build(Recipe(subsampling="plain", squash="relu")).layers]
    assert kinds == [
        "Convolution", "ReLU", "AveragePooling", "Convolution", "ReLU", "AveragePooling", "Convolution", "ReLU",
        "FullConnection", "ReLU", "RBF",
    ]  # fmt: skip


def test_the_other_networks_are_those_that_were_published():
    assert rows("cat_lenet", "c3=table") == {
        "C1": (6, 56, 56, 6 * (9 * 9 * 3 + 1)),
        "S2": (6, 28, 28, 0),
        "C3": (16, 20, 20, TABLE_I.sum() * 81 + 16),
        "S4": (16, 10, 10, 0),
        "C5": (120, 1, 1, 120 * 1601),
        "F6": (1, 1, 1, 121),
        "Output": (2, 1, 1, 0),
    }
    assert rows("mlp_256_64") == {
        "F1": (256, 1, 1, 256 * 785),
        "F2": (64, 1, 1, 64 * 257),
        "Output": (10, 1, 1, 650),
    }
    assert rows("cifar10_convnet") == {
        "C1": (32, 32, 32, 32 * (7 * 7 * 3 + 1)),
        "S2": (32, 16, 16, 0),
        "F3": (100, 1, 1, 100 * (32 * 16 * 16 + 1)),
        "Output": (10, 1, 1, 1010),
    }


def test_the_codes_that_the_paper_did_not_take():
    place, random = output_codes("one_of_n"), output_codes("random")
    for codes in (place, random):
        assert codes.shape == (10, 84)
        assert set(np.unique(codes)) == {-1, 1}
        RBF("Output", codes).connect((84,))
    assert ((place == 1).sum(axis=0) == 1).all(), "every unit belongs to one class"
    assert set((place == 1).sum(axis=1)) == {8, 9}
    assert abs(random.mean()) < 0.1
    assert (random == output_codes("random")).all()
    assert len(np.unique(random, axis=0)) == 10


def test_colours_and_the_mean_of_the_training_set():
    pixels = np.random.default_rng(0).integers(0, 256, (7, 3, 4, 4), dtype=np.uint8)
    field = Input(side=6, background=0.0, foreground=1.0, channels=3, mean=True)
    x = field(pixels, np.dtype("float64"))
    assert x.shape == (7, 3, 6, 6)
    np.testing.assert_allclose(x[:, :, 1:5, 1:5], pixels / 255)
    np.testing.assert_allclose(field.mean_field(pixels, np.dtype("float64")), x.mean(axis=0), atol=1e-15)
    grey = Input(side=6, mean=True)
    mean = grey.mean_field(pixels[:, 0], np.dtype("float32"))
    assert mean.dtype == np.float32
    assert (grey(pixels[:, 0], np.dtype("float32")) - mean)[:, 0, 0].max() == 0, "nothing is left of the border"


def test_images_that_do_not_fit_are_refused():
    field = Input(side=6, channels=3)
    for shape in ((2, 6, 6), (2, 1, 6, 6), (2, 3, 7, 6)):
        with pytest.raises(DataError, match="do not fit"):
            field(np.zeros(shape, np.uint8), np.dtype("float32"))

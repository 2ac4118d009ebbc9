"""Section II-B as a reader checks it: Table I, the codes of Figure 3, sizes, parameters, connections; equation 6."""

import json

import numpy as np
import pytest

from lenet1998.bitmaps import CODES, digit_codes, draw
from lenet1998.connections import LENET1_H3, TABLE_I, drawn, full_table, inputs_of, lenet4_c3, lenet4_c5, parse_table
from lenet1998.errors import RecipeError
from lenet1998.layers import Convolution, Subsampling
from lenet1998.network import Input, LeNet5
from lenet1998.output import RBF
from lenet1998.recipe import Recipe
from lenet1998.squash import A, S, squash, squash_slope

# Section II-B: maps, side, trainable parameters, connections. The last column counts one bias a unit in C3.
LAYERS = {
    "C1": (6, 28, 156, 122_304),
    "S2": (6, 14, 12, 5_880),
    "C3": (16, 10, 1_516, 151_600),
    "S4": (16, 5, 32, 2_000),
    "C5": (120, 1, 48_120, 48_120),
    "F6": (84, 1, 10_164, 10_164),
    "Output": (10, 1, 0, 840),
}


def test_the_layers_are_those_of_section_2b():
    keys = ("maps", "size", "parameters", "connections")
    rows = {row["name"]: tuple(row[key] for key in keys) for row in LeNet5(Recipe()).table()}
    assert rows == {name: (maps, [side, side], *counts) for name, (maps, side, *counts) in LAYERS.items()}
    assert list(rows) == list(LAYERS)


def test_the_totals_are_60_000_parameters_and_340_908_connections():
    network = LeNet5(Recipe())
    assert len(network.parameters) == 60_000
    assert sum(row["connections"] for row in network.table()) == 340_908
    # The journal's 345,308 follows from one bias for each of C3's 60 kernels, as its 156,000 for C3 does.
    assert 340_908 - 151_600 + 60 * 26 * 100 == 345_308


def test_multiply_accumulates_are_the_connections_without_biases():
    for row in LeNet5(Recipe()).table():
        units = row["maps"] * row["size"][0] * row["size"][1]
        biases = 0 if row["name"] == "Output" else units
        assert row["macs"] == row["connections"] - biases, row["name"]


def test_table_1():
    assert inputs_of(TABLE_I) == [
        [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
        [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5],
        [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5],
        [0, 1, 2, 3, 4, 5],
    ]  # fmt: skip
    assert TABLE_I.sum() == 60
    assert TABLE_I.sum(axis=1).tolist() == [10] * 6, "every S2 map feeds ten C3 maps"


def test_a_drawing_that_is_no_table_is_refused():
    for drawing in ("X .\nX", "X Y"):
        with pytest.raises(ValueError, match="connection table"):
            parse_table(drawing)


def test_all_95_printable_characters_have_a_code_of_84_signs():
    assert [ord(character) for character in CODES] == list(range(32, 127))
    for code in CODES.values():
        assert code.shape == (12, 7)
        assert set(np.unique(code)) <= {-1, 1}
    assert (CODES[" "] == -1).all()


def test_the_digit_codes_lie_12_to_50_bits_apart():
    """Minimum 12, between 6 and 8; then 18 (0-4 and 8-9); at most 50; 31.1 on average."""
    codes = digit_codes()
    distance = (codes[:, None] != codes[None]).sum(axis=2)
    pairs = {(i, j): int(distance[i, j]) for i in range(10) for j in range(i)}
    assert pairs[8, 6] == min(pairs.values()) == 12
    assert sorted(pair for pair, bits in pairs.items() if bits == 18) == [(4, 0), (9, 8)]
    assert sorted(pairs.values())[1] == 18
    assert max(pairs.values()) == 50
    assert np.mean(list(pairs.values())) == pytest.approx(31.1, abs=0.05)


def test_a_code_looks_like_its_character():
    assert draw(CODES["4"]).splitlines() == [
        ".#####.", ".......", ".......", ".##..##", ".##..##", "###..##",
        "##...##", "##...##", "##..###", ".######", ".....##", ".....##",
    ]  # fmt: skip


def test_rbf_units_measure_the_squared_distance_to_their_code():
    """Equation 7; a code fed back is at distance zero from itself and 4 x Hamming from the others."""
    layer = RBF("Output", digit_codes())
    layer.connect((84,))
    y = layer.forward(digit_codes().astype(float))
    hamming = (digit_codes()[:, None] != digit_codes()[None]).sum(axis=2)
    np.testing.assert_array_equal(y, 4 * hamming)


def test_squash_constants():
    """Appendix A: f(+-1) = +-1, gain 1.1439 at zero, asymptotes +-A, f'' largest near +-1 (at 0.9877)."""
    assert (A, S) == (1.7159, 2 / 3)
    x = squash(np.array([-1e9, -1.0, 0.0, 1.0, 1e9]))
    np.testing.assert_allclose(x, [-A, -0.999997, 0, 0.999997, A], atol=1e-6)
    np.testing.assert_allclose(squash_slope(x), [0, 0.7554, 1.1439, 0.7554, 0], atol=5e-5)
    a = np.linspace(0, 3, 300_001)
    bend = np.abs(np.gradient(squash_slope(squash(a)), a))
    assert a[bend.argmax()] == pytest.approx(0.9877, abs=1e-3)


def test_squash_keeps_float32_and_lets_nan_through():
    x = squash(np.array([0.5, np.nan], dtype=np.float32))
    assert x.dtype == np.float32
    assert np.isnan(x).tolist() == [False, True]


def test_a_bilevel_input():
    """Above the threshold a byte is ink, else background; the mean that may be subtracted is that of what is seen."""
    pixels = np.array([[[0, 40, 41, 255]]], np.uint8).repeat(4, axis=1)
    field = Input(side=4, threshold=40)
    np.testing.assert_allclose(field(pixels, np.dtype("float64"))[0, 0, 0], [-0.1, -0.1, 1.175, 1.175])
    np.testing.assert_allclose(field.mean_field(pixels, np.dtype("float64")), field(pixels, np.dtype("float64"))[0])
    assert LeNet5(Recipe(input_threshold=40)).input == Input(threshold=40)


def test_input_range_and_padding():
    """-0.1 for the background, 1.175 for the ink, two pixels of background on each side."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 0, 0], image[0, 27, 27] = 255, 51
    field = Input()(image, np.dtype("float64"))
    assert field.shape == (1, 1, 32, 32)
    assert field[0, 0, 2, 2] == pytest.approx(1.175)
    assert field[0, 0, 29, 29] == pytest.approx(-0.1 + 1.275 * 51 / 255)
    rest = np.ones((32, 32), bool)
    rest[2, 2] = rest[29, 29] = False
    np.testing.assert_allclose(field[0, 0][rest], -0.1)


def test_averaging_is_summing_with_a_quarter_of_the_coefficient():
    """Sections II-A and II-B describe the same functions."""
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 6))
    outputs = []
    for average, coefficient in ((False, 0.1), (True, 0.4)):
        layer = Subsampling("S", average)
        layer.connect(x.shape[1:])
        layer.bind({"coefficient": np.full(3, coefficient), "bias": np.array([0.0, 1.0, 2.0])}, {}, {})
        outputs.append(layer.forward(x))
    np.testing.assert_allclose(outputs[0], outputs[1])
    assert outputs[0][1, 2, 0, 1] == pytest.approx(0.1 * x[1, 2, :2, 2:4].sum() + 2)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="C9"):
        Convolution("C9", full_table(2, 3), kernel=5).connect((1, 8, 8))
    with pytest.raises(ValueError, match="C9"):
        Convolution("C9", full_table(1, 3), kernel=5).connect((1, 4, 8))
    with pytest.raises(ValueError, match="2x2"):
        Subsampling("S9").connect((1, 5, 4))
    with pytest.raises(ValueError, match="codes of 84"):
        RBF("Output", digit_codes()).connect((83,))


@pytest.mark.parametrize("table", [TABLE_I, LENET1_H3, lenet4_c3(), lenet4_c5(), full_table(2, 3)])
def test_no_table_can_be_written_to(table):
    """A run with a permuted table once reported another error than its checkpoint has."""
    for change in (lambda: table.fill(True), lambda: table.setflags(write=True), lambda: table.T.sort()):
        with pytest.raises(ValueError):
            change()


def test_another_table_for_c3_is_in_the_recipe_and_in_the_network():
    drawing = drawn(TABLE_I[:, ::-1])
    recipe = Recipe.from_dict(json.loads(json.dumps(Recipe(c3=drawing).as_dict())))
    c3 = next(layer for layer in LeNet5(recipe).layers if layer.name == "C3")
    np.testing.assert_array_equal(c3.table, TABLE_I[:, ::-1])
    wider = LeNet5(Recipe(c3=drawn(np.repeat(TABLE_I, 2, axis=1))))
    assert [row["maps"] for row in wider.table()] == [6, 6, 32, 32, 120, 84, 10]
    twice = LeNet5(Recipe(c3=drawn(np.tile(TABLE_I, (2, 2)))))
    assert [row["maps"] for row in twice.table()] == [12, 12, 32, 32, 120, 84, 10], "C1 has a map per row"
    for wrong in ("X.", "/".join(["X."] * 6), "XO/XX", "", 7):
        with pytest.raises(RecipeError, match="c3.*(draw|give)"):
            Recipe(c3=wrong)

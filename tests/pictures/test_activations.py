"""The activations of every layer, read off the list of layers, and Figure 13's way to draw them."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lenet1998 import pretrained
from lenet1998.bitmaps import CODES
from lenet1998.data import load
from lenet1998.errors import DataError
from lenet1998.initialisation import initialise
from lenet1998.network import LeNet5
from lenet1998.networks import NETWORKS, build
from lenet1998.pictures.activations import activations, codes_of
from lenet1998.pictures.activations_figure import Drawing, shades
from lenet1998.pictures.film import crossing, film
from lenet1998.recipe import Recipe, preset


@pytest.fixture(scope="module")
def trained():
    return pretrained.load("default").network()


@pytest.fixture(scope="module")
def digits():
    return load("synthetic", train_size=1, test_size=20).test


@pytest.fixture(scope="module")
def stages(trained, digits):
    return activations(trained, digits.images)


def by_name(stages) -> dict[str, np.ndarray]:
    return {stage.name: stage.values for stage in stages}


def test_the_stages_are_those_of_figure_2(stages):
    assert [(stage.name, *stage.values.shape[1:]) for stage in stages] == [
        ("Input", 1, 32, 32), ("C1", 6, 28, 28), ("S2", 6, 14, 14), ("C3", 16, 10, 10), ("S4", 16, 5, 5),
        ("C5", 120, 1, 1), ("F6", 84), ("Output", 10),
    ]  # fmt: skip


def test_units_by_hand(trained, stages):
    """One of C1 and of S2 after their squashing functions (equations 5 and 6), and equation 7 on F6."""
    values = by_name(stages)
    c1, s2 = trained.layers[0], trained.layers[2]
    assert (c1.name, s2.name) == ("C1", "S2")
    p, k, row, column = 3, 2, 11, 9
    window = values["Input"][p, 0, row : row + 5, column : column + 5]
    a = float((window * c1.values["weight"][k]).sum() + c1.values["bias"][k])
    assert values["C1"][p, k, row, column] == pytest.approx(1.7159 * np.tanh(2 / 3 * a), abs=1e-5)
    mean = values["C1"][p, k, 10:12, 8:10].mean()
    a = float(s2.values["coefficient"][k] * mean + s2.values["bias"][k])
    assert values["S2"][p, k, 5, 4] == pytest.approx(1.7159 * np.tanh(2 / 3 * a), abs=1e-5)
    seven = np.square(values["F6"][p] - CODES["7"].ravel()).sum()
    assert values["Output"][p, 7] == pytest.approx(seven, rel=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_ends_with_its_penalties(name):
    recipe = preset("modern").override([f"network={name}", "subsampling=average"])
    network = build(recipe)
    initialise(network, recipe, np.random.default_rng(0))
    side, channels = network.input.side, network.input.channels
    images = np.random.default_rng(1).integers(0, 256, (3, channels, side, side), dtype=np.uint8)
    found = activations(network, images)
    np.testing.assert_array_equal(found[-1].values, network.forward(images))
    assert [stage.name for stage in found] == ["Input", *(layer.name for layer in network.layers if layer.name)]
    for stage in found:
        assert len(stage.values) == 3 and stage.low < stage.high
    Drawing(Figure().add_subplot(), found, codes_of(network))


def test_an_input_with_the_mean_taken_off_is_shown_so(digits):
    network = LeNet5(Recipe(input_mean=True))
    network.mean[...] = network.input.mean_field(digits.images, network.dtype)
    found = activations(network, digits.images)[0]
    np.testing.assert_allclose(found.values.mean(axis=0), 0, atol=1e-5)
    assert found.low == -found.high == -np.abs(found.values).max()


def test_images_that_do_not_fit_are_refused(trained):
    with pytest.raises(DataError, match="do not fit"):
        activations(trained, np.zeros((1, 40, 40), np.uint8))


def test_white_and_black_are_the_ends_of_each_range(stages):
    """Figure 13: an input's background white and ink black; squashed units white at -A and black at A."""
    limits = {stage.name: (stage.low, stage.high) for stage in stages}
    assert limits["Input"] == (-0.1, 1.175)
    for name in ("C1", "S2", "C3", "S4", "C5", "F6"):
        assert limits[name] == (-1.7159, 1.7159)
    rectified = activations(LeNet5(preset("modern")), np.full((1, 28, 28), 255, np.uint8))[1]
    assert rectified.low == -rectified.high


def test_codes_only_where_units_are_compared_with_them(trained):
    np.testing.assert_array_equal(codes_of(trained)[3].reshape(12, 7), CODES["3"].reshape(12, 7))
    assert codes_of(LeNet5(preset("modern"))) is None


def test_f6_stands_beside_the_code_of_the_answer(trained, stages):
    """Both as 7x12 bitmaps, dark for positive."""
    drawing = Drawing(Figure().add_subplot(), stages, codes_of(trained))
    *_, f6, code = drawing.images
    for which in (0, 7):
        drawing.show(stages, which)
        answer = int(stages[-1].values[which].argmin())
        assert f6.get_array().shape == (12, 7)
        np.testing.assert_array_equal(code.get_array() > 0.5, CODES[str(answer)].reshape(12, 7) > 0)
        np.testing.assert_array_equal(f6.get_array() > 0.5, stages[-2].values[which].reshape(12, 7) > 0)
        assert drawing.code_title.get_text() == f"code of {answer}"
    ink, paper = (np.mean(f6.get_cmap()(value)[:3]) for value in (1.0, 0.0))
    assert (ink, paper) == (0, 1), "positive is black, negative white"


def test_every_map_is_drawn_in_its_place(stages):
    """C3's 16 maps in two columns, row by row, with a pixel between them that is not drawn."""
    image = Drawing(Figure().add_subplot(), stages).images[3].get_array()
    assert image.shape == (8 * 11 - 1, 2 * 11 - 1)
    values = (stages[3].values[0] + 1.7159) / (2 * 1.7159)
    for k in range(16):
        row, column = 11 * (k // 2), 11 * (k % 2)
        np.testing.assert_allclose(image[row : row + 10, column : column + 10], values[k], atol=1e-6)
    assert np.ma.getmaskarray(image)[10].all() and np.ma.getmaskarray(image)[:, 10].all()


def test_labels_are_lighter_for_higher_penalties(stages):
    drawing = Drawing(Figure().add_subplot(), stages)
    penalties = stages[-1].values[0]
    greys = [float(text.get_color()) for text in drawing.digits]
    assert (np.argsort(greys, kind="stable") == np.argsort(penalties, kind="stable")).all()
    answer = int(penalties.argmin())
    assert (
        drawing.box.get_y() < drawing.digits[answer].get_position()[1] < drawing.box.get_y() + drawing.box.get_height()
    )
    assert [float(text.get_text()) for text in drawing.numbers] == pytest.approx(penalties, abs=0.051)
    assert shades(np.array([[-3.0, 1.0]])).tolist() == [[0.0, 0.6]]


def test_a_crossing_enters_left_and_leaves_right(digits):
    image = digits.images[0]
    fields = crossing(image, 32)
    assert not fields[0].any() and not fields[-1].any()
    np.testing.assert_array_equal(fields[30, 2:30, 2:30], image)
    for before, after in zip(fields, fields[1:], strict=False):
        np.testing.assert_array_equal(before[:, :-1], after[:, 1:])
    assert fields[1][:, 0].tolist() == [0, 0, *image[:, -1], 0, 0]


def test_the_film_is_one_size_and_moves(trained, digits, tmp_path, monkeypatch):
    monkeypatch.setattr("lenet1998.pictures.film.crossing", lambda *given: crossing(*given)[[20, 30, 40]])
    film(trained, digits.images[0], "a digit", tmp_path / "film.gif", quiet=True)
    with Image.open(tmp_path / "film.gif") as gif:
        assert (gif.n_frames, gif.info["loop"]) == (3, 0)
        frames = []
        for k in range(3):
            gif.seek(k)
            frames.append(np.asarray(gif.convert("L"), float))
    assert len({frame.shape for frame in frames}) == 1
    assert (
        all(frame.std() > 20 for frame in frames) and (frames[0] != frames[1]).any() and (frames[1] != frames[2]).any()
    )

"""Strings drawn in the manner of Figures 25 and 26: what is where, and how dark."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from lenet1998.bitmaps import CODES
from lenet1998.layers import FullConnection, Positions
from lenet1998.network import LeNet5
from lenet1998.pictures.activations import Stage, activations
from lenet1998.recipe import Recipe
from lenet1998.squash import A
from lenet1998.strings.figure import sheet, show_maps, show_string
from lenet1998.strings.reading import Reading
from lenet1998.strings.wide import replicate

J = 8.0
READING = Reading([7, 0], [(16, 21), (28, 29)], 1.0)


def stages(width: int = 48) -> list[Stage]:
    """Five outputs: two see a 7, the third nothing, the fourth a 0, and the last a 1 that costs too much."""
    n = (width - 32) // 4 + 1
    penalties = np.full((n, 10), 40.0)
    for output, digit, penalty in ((0, 7, 2.0), (1, 7, 6.0), (3, 0, 0.0), (4, 1, 8.5)):
        penalties[output, digit] = penalty
    image = np.full((1, 1, 32, width), -0.1)
    image[..., 10:20, 12:16] = 1.175
    f6 = np.tile(np.array([CODES["7"].ravel()]), (n, 1)) * A
    maps = Stage("C1", np.zeros((1, 6, 28, width - 4)), -A, A), Stage("C5", np.zeros((1, 120, 1, n)), -A, A)
    return [Stage("Input", image, -0.1, 1.175), *maps, Stage("F6", f6, -A, A), Stage("Output", penalties, -40, 40)]


def drawn(**how: bool):
    axes = Figure().subplots()
    show_string(axes, stages(), J, READING, **how)
    return axes


@pytest.mark.parametrize("f6", [False, True])
def test_labels_stand_over_their_outputs_the_darker_the_cheaper(f6):
    """And those that cost more than a blank are not there."""
    axes = drawn(f6=f6)
    labels = [text for text in axes.texts if text.get_weight() != "bold"]
    assert [(text.get_text(), text.get_position()[0]) for text in labels] == [("7", 16), ("7", 20), ("0", 28)]
    greys = [float(text.get_color()) for text in labels]
    assert greys[2] == 0 < greys[0] < greys[1] < 0.85
    answer = [text for text in axes.texts if text.get_weight() == "bold"]
    assert [(text.get_text(), text.get_position()[0]) for text in answer] == [("7", 18), ("0", 28)]
    assert max(text.get_position()[1] for text in answer) < min(text.get_position()[1] for text in labels) < 0


def test_f6_is_two_rows_of_bitmaps_in_turn_between_string_and_labels():
    axes = drawn(f6=True)
    string, *bitmaps = axes.images
    assert string.get_extent() == [0, 48, 32, 0] and len(bitmaps) == 5
    for i, bitmap in enumerate(bitmaps):
        left, right, bottom, top = bitmap.get_extent()
        assert (left + right) / 2 == pytest.approx(16 + 4 * i) and 4 < right - left < 8
        assert top < bottom <= 0
        np.testing.assert_allclose(bitmap.get_array(), (CODES["7"] + 1) / 2)
    upper, lower = ({tuple(bitmap.get_extent()[2:]) for bitmap in bitmaps[row::2]} for row in (0, 1))
    assert len(upper) == len(lower) == 1 and upper.pop()[0] < lower.pop()[1], "none hides another"
    labels = [text.get_position()[1] for text in axes.texts]
    assert max(labels) < min(bitmap.get_extent()[3] for bitmap in bitmaps)
    assert len(drawn().images) == 1


def test_the_input_is_black_where_the_ink_is():
    values = drawn().images[0].get_array()
    assert values[12, 13] == pytest.approx(1) and values[0, 0] == pytest.approx(0)


def test_maps_are_all_drawn_and_named():
    axes = Figure().subplots()
    show_maps(axes, stages())
    assert [text.get_text() for text in axes.texts] == ["C1"]
    assert np.isfinite(axes.images[0].get_array().filled(np.nan)).sum() == 6 * 28 * 44


def test_a_sheet_has_one_scale_and_room_for_the_longest():
    shown = [("a", stages(), READING), ("b$x$", stages(148), READING)]
    figure = sheet(shown, J, "strings")
    assert [axes.get_title() for axes in figure.axes] == ["a", r"b\$x\$"]
    first, second = (axes.get_xlim() for axes in figure.axes)
    assert first == second and second[1] >= 148


def test_f6_of_a_replicated_network_keeps_its_scale_and_its_positions():
    """What F6 puts out at a position is what it puts out on the window there."""
    network = LeNet5(Recipe())
    network.parameters.values[:] = np.random.default_rng(0).uniform(-0.2, 0.2, 60_000)
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 40), dtype=np.uint8)
    wide = replicate(network, 40)
    assert any(isinstance(layer, Positions) for layer in wide.layers)
    assert not any(isinstance(layer, FullConnection) for layer in wide.layers)
    found = activations(wide, image)
    assert [stage.name for stage in found] == ["Input", "C1", "S2", "C3", "S4", "C5", "F6", "Output"]
    f6 = found[-2]
    assert (f6.values.shape, f6.low, f6.high) == ((3, 84), -A, A)
    for i in range(3):
        own = activations(network, image[:, :, 4 * i : 4 * i + 32])[-2].values[0]
        np.testing.assert_allclose(f6.values[i], own, atol=1e-5)

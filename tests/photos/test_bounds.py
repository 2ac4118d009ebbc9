"""The bounds of what is ink and what is a sheet, each from both sides."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from lenet1998.photos.ink import _in_even_light, find_line
from lenet1998.photos.pens import darkened
from lenet1998.photos.sheet import find_sheet


def page(ink: int = 30) -> np.ndarray:
    """A light sheet on a dark table, with a stroke on it, float32 (120, 160)."""
    grey = np.full((120, 160), 40, np.float32)
    grey[15:105, 20:140] = 230
    grey[40:80, 60:66] = ink
    return grey


def test_a_sheet_has_a_sharp_edge_and_something_on_it():
    found = find_sheet(page())
    assert found[60, 80] and not found[5, 5] and not found[16, 60], "and its blurred edge is left out"
    assert find_sheet(page(ink=230)).all(), "a bright field with nothing on it is no sheet"
    assert find_sheet(page(ink=200)).all(), "nor one with little on it"
    for deviation, is_sheet in ((4, True), (6, False)):
        soft = gaussian_filter(page(), deviation)
        soft[40:80, 60:66] = 30
        assert find_sheet(soft).all() != is_sheet, "nor a shade, whose edge is soft"


def test_a_sheet_may_be_perforated_all_round():
    """As a stamp is: of the sheet's edge more is table than sheet, whose own colour counts all the same."""
    grey = page()
    for at in range(0, 160, 5):
        grey[[*range(15, 18), *range(102, 105)], at : at + 3] = 40
        grey[at : at + 3, [*range(20, 23), *range(137, 140)]] = 40
    assert find_sheet(grey)[60, 80] and not find_sheet(grey)[5, 5]


@pytest.mark.parametrize(("left", "is_sheet"), [(48, False), (70, True)])
def test_a_shadow_that_a_stroke_reaches_out_of_is_no_sheet(left, is_sheet):
    """What lies between it and the shadow's edge is light: a sheet's edge would be its own colour."""
    shadow = np.full((120, 160), 235, np.float32)
    shadow[:, 60:] = 118
    shadow[50:58, left:120] = 25
    assert find_sheet(shadow).all() != is_sheet


@pytest.mark.parametrize(("colour", "where"), [(150, 28), (250, 58)])
def test_a_colour_is_looked_at_where_it_tells_ink_more_than_twice_as_well(colour, where):
    planes = np.full((2, 60, 90), 255, np.float32)
    planes[0, 10:50, 28:33] -= 100
    planes[1, 10:50, 58:63] -= colour
    columns = np.flatnonzero(find_line(planes).ink.any(axis=0))
    assert columns.tolist() == list(range(where, where + 5))


def test_noise_is_five_deviations_of_the_border():
    grey = np.random.default_rng(1).normal(200, 8, (1, 200, 200)).astype(np.float32)
    _, noise, _ = _in_even_light(grey, np.ones((200, 200), bool))
    assert noise == pytest.approx(5 * 8, rel=0.1)


def test_of_a_faint_form_the_brighter_fifth_becomes_black():
    form = np.arange(10, 101, 10, dtype=np.uint8)[None]
    assert np.flatnonzero(darkened(form)[0] == 255).tolist() == [8, 9]
    assert darkened(form)[0, 0] == round(10 * 255 / 82)

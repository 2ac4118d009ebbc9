"""A picture's ink in the form of a string, and pictures that are none."""

from __future__ import annotations

import numpy as np
import pytest

from lenet1998.data import load
from lenet1998.errors import DataError
from lenet1998.strings.images import FIELD, MARGIN, STEP, Layout, strings
from lenet1998.strings.picture import HEIGHT, string_form, thickened


@pytest.mark.parametrize("size", [10, 22, 60, 700])
def test_ink_of_any_height_comes_to_one_height_in_the_middle(size):
    ink = np.zeros((size + 9, 5 * size), np.uint8)
    ink[4 : 4 + size, size : size + max(1, size // 5)] = 255
    ink[4 : 4 + size, 3 * size : 3 * size + max(1, size // 5)] = 255
    form = string_form(ink).image
    rows, columns = np.nonzero(form)
    assert form.dtype == np.uint8 and len(form) == FIELD and (form.shape[1] - FIELD) % STEP == 0
    assert (rows.min(), rows.max()) == (5, 26)
    assert np.ptp(columns) + 1 == pytest.approx(2.2 * HEIGHT, abs=2)
    left, right = columns.min(), form.shape[1] - 1 - columns.max()
    assert min(left, right) >= MARGIN and abs(left - right) <= 1


def test_a_string_of_the_data_base_hardly_changes():
    """Each pixel becomes nine, and of ink of the right height is brought back to what it was."""
    digits = load("synthetic", train_size=200, test_size=100).test
    images = strings(digits, 30, 4, 1, Layout(noise=0)).images
    right = [image for image in images if image.any(axis=1).sum() == HEIGHT]
    assert len(right) > 3
    for image in right:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        form = string_form(np.kron(ink, np.ones((3, 3), np.uint8))).image
        left = (form.shape[1] - ink.shape[1]) // 2
        np.testing.assert_allclose(form[5:27, left : left + ink.shape[1]].astype(int), ink, atol=40)
        assert form.astype(int).sum() == pytest.approx(int(ink.astype(int).sum()), rel=0.02)


def test_digits_in_parts_and_at_different_heights_are_one_line():
    ink = np.zeros((100, 200), np.uint8)
    ink[10:15, 20:60] = ink[18:80, 20:30] = 255
    assert string_form(ink).image.any(), "a bar above a body"
    steps = np.zeros((100, 200), np.uint8)
    steps[10:60, 20:30] = steps[40:90, 60:70] = 255
    assert string_form(steps).image.any()


@pytest.mark.parametrize(
    ("boxes", "says"),
    [
        ([], "blank"),
        ([(10, 40, 10, 200), (60, 90, 10, 200)], "several lines"),
        ([(10, 12, 10, 290)], "at most 60 digits"),
    ],
)
def test_what_is_no_string_says_what_to_do(boxes, says):
    ink = np.zeros((100, 300), np.uint8)
    for top, bottom, left, right in boxes:
        ink[top:bottom, left:right] = 255
    with pytest.raises(DataError, match=f"{says}.*"):
        string_form(ink)


@pytest.mark.parametrize("scale", [1, 4, 20])
def test_strokes_of_thin_pens_become_as_wide_as_those_of_the_data_base(scale):
    """A third of a pixel, one, and two and a half in the height of the form; the last is left as it is."""
    for wide, becomes in ((0.34, 2.2), (1, 2.2), (2.5, 2.5)):
        ink = np.zeros((26 * scale, 60 * scale), np.uint8)
        for left in (10 * scale, 40 * scale):
            ink[2 * scale : 24 * scale, left : left + max(1, round(wide * scale))] = 255
        bolder, added = thickened(ink)
        assert bolder.shape == (ink.shape[0] + 2 * added, ink.shape[1] + 2 * added)
        (row,) = np.nonzero(bolder[13 * scale + added, : 30 * scale])
        assert len(row) / scale == pytest.approx(max(becomes, 1 / scale), abs=0.3 + 0.5 / scale)
        middle = added + 10 * scale + max(1, round(wide * scale)) / 2
        assert row.mean() + 0.5 == pytest.approx(middle, abs=1)
        if wide > 2:
            assert bolder is ink


@pytest.mark.parametrize("ink", [np.zeros((9, 9)), np.zeros((2, 9, 9), np.uint8)])
def test_other_arrays_are_refused(ink):
    with pytest.raises(DataError, match=r"give uint8 \(H, W\)"):
        string_form(ink)

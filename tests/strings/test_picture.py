"""A picture's ink in the form of a string, and pictures that are none."""

import numpy as np
import pytest

from lenet1998.data import load
from lenet1998.errors import DataError
from lenet1998.form import BOX
from lenet1998.strings.images import FIELD, MARGIN, STEP, Layout, strings
from lenet1998.strings.picture import Form, string_form, written


def form_of(ink: np.ndarray) -> Form:
    return string_form(written(ink)[0])


@pytest.mark.parametrize("size", [10, 22, 60, 700])
def test_ink_of_any_height_comes_to_one_height_in_the_middle(size):
    ink = np.zeros((size + 9, 5 * size), np.uint8)
    ink[4 : 4 + size, size : size + max(1, size // 5)] = 255
    ink[4 : 4 + size, 3 * size : 3 * size + max(1, size // 5)] = 255
    form = form_of(ink).image
    rows, columns = np.nonzero(form)
    assert form.dtype == np.uint8 and len(form) == FIELD and (form.shape[1] - FIELD) % STEP == 0
    assert (rows.min(), rows.max()) == (6, 25)
    assert np.ptp(columns) + 1 == pytest.approx(0.4 * BOX + 16, abs=2), "a wider gap is no wider"
    left, right = columns.min(), form.shape[1] - 1 - columns.max()
    assert min(left, right) >= MARGIN and abs(left - right) <= 1


def test_a_string_of_the_data_base_hardly_changes():
    """Each pixel becomes nine; digits come back to their height, and the string to the rows where it was."""
    digits = load("synthetic", train_size=200, test_size=100).test
    images = strings(digits, 30, 4, 1, Layout(noise=0, least_gap=2)).images
    rows, masses, heights = np.arange(FIELD), [], []
    for image in images:
        form = form_of(np.kron(image, np.ones((3, 3), np.uint8))).image
        masses.append([rows @ each.sum(axis=1, dtype=float) / each.sum(dtype=float) for each in (image, form)])
        heights.append([np.ptp(np.flatnonzero(each.any(axis=1))) + 1 for each in (image, form)])
    before, after = np.transpose(masses)
    assert np.abs(after - FIELD / 2).max() <= 0.5 and np.abs(before - FIELD / 2).max() <= 1
    assert np.abs(np.diff(heights)).max() <= 2


def test_of_a_string_its_digits_have_the_data_base_s_height_however_they_are_placed():
    """On one line, on steps, one of them low, one in pieces: 60 pixels become 20. A slope comes into 28 rows."""
    for tops in ((20, 20, 20, 20), (20, 28, 12, 20), (20, 20, 20, 34)):
        ink = np.zeros((140, 240), np.uint8)
        for k, top in enumerate(tops):
            ink[top : top + 60, 20 + 50 * k : 30 + 50 * k] = 255
        ink[40:44, 170:180] = 0
        image = form_of(ink).image
        columns = np.flatnonzero(image.any(axis=0))
        first = np.flatnonzero(image[:, columns[1]])
        assert np.ptp(first) + 1 == pytest.approx(BOX, abs=1)
        mass = np.arange(FIELD) @ image.sum(axis=1, dtype=float) / image.sum(dtype=float)
        assert mass == pytest.approx(FIELD / 2, abs=0.5)
    slope = np.zeros((400, 400), np.uint8)
    for k in range(4):
        slope[10 + 16 * k : 70 + 16 * k, 20 + 60 * k : 30 + 60 * k] = 255
    assert np.ptp(np.flatnonzero(form_of(slope).image.any(axis=1))) + 1 <= 22, "levelled"


def test_digits_in_parts_and_at_different_heights_are_one_line():
    ink = np.zeros((100, 200), np.uint8)
    ink[10:15, 20:60] = ink[18:80, 20:30] = 255
    assert form_of(ink).image.any(), "a bar above a body"
    steps = np.zeros((100, 200), np.uint8)
    steps[10:60, 20:30] = steps[40:90, 60:70] = 255
    assert form_of(steps).image.any()


def test_a_place_is_the_picture_s_though_thin_strokes_were_made_bolder():
    """Of ink that begins in column 7 and row 11 of a picture that was reduced to a third."""
    ink = np.zeros((100, 200), np.uint8)
    ink[20:80, 40:42] = ink[20:80, 120:122] = 255
    writing = written(ink, times=3, left=7, top=11)[0]
    assert np.ptp(np.flatnonzero(writing.ink.any(axis=0))) > 85, "bolder"
    for group, column in zip(writing.line.groups, (41, 121), strict=True):
        left, top, right, bottom = writing.box(group)
        assert (left + right) / 2 == pytest.approx(3 * (7 + column), abs=3)
        assert (top + bottom) / 2 == pytest.approx(3 * (11 + 50), abs=3)


def test_a_box_is_in_the_picture_though_thin_strokes_at_its_corner_were_made_bolder():
    ink = np.zeros((100, 200), np.uint8)
    ink[:80, :2] = ink[:80, 120:122] = 255
    writing = written(ink)[0]
    assert writing.line.groups[0].left < writing.turn.came_to[0] and writing.box(writing.line.groups[0])[:2] == [0, 0]


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
        form_of(ink)


@pytest.mark.parametrize("ink", [np.zeros((9, 9)), np.zeros((2, 9, 9), np.uint8)])
def test_other_arrays_are_refused(ink):
    with pytest.raises(DataError, match=r"give uint8 \(H, W\)"):
        form_of(ink)

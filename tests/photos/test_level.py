"""Lines that slant, two lines, and marks beside digits."""

import math

import numpy as np
import pytest
from PIL import Image

from experiments.pictures.made import signs
from experiments.pictures.made.paper import strokes
from lenet1998.photos.lines import level, lines_of, parts_of
from lenet1998.photos.marks import is_struck, line_of


def digits(*tops: int, high: int = 40, apart: int = 50) -> np.ndarray:
    """Bars beside each other, from these rows."""
    ink = np.zeros((160, 60 + apart * len(tops)), np.uint8)
    for k, top in enumerate(tops):
        ink[top : top + high, 20 + apart * k : 30 + apart * k] = 255
    return ink


def turned(ink: np.ndarray, degrees: float) -> np.ndarray:
    return np.asarray(Image.fromarray(ink).rotate(degrees, Image.Resampling.BICUBIC, expand=True))


@pytest.mark.parametrize("degrees", [-15, -6, 6, 15])
@pytest.mark.parametrize("rows", [(60,), (30, 90)], ids=["one line", "two lines"])
def test_lines_are_turned_level_and_places_are_known(degrees, rows):
    ink = np.max([digits(*[row] * 5) for row in rows], axis=0)
    slanting = turned(ink, degrees)
    _, parts, turn = level(slanting)
    assert math.degrees(turn.angle) == pytest.approx(-degrees, abs=1.0)
    assert [len(members) for members in lines_of(parts.boxes)] == [5] * len(rows)
    top, end, left, right = parts.boxes[0]
    x, y = turn.place((left + right) / 2, (top + end) / 2)
    assert slanting[round(y), round(x)] > 128


@pytest.mark.parametrize(("top", "high", "lines"), [(24, 40, 1), (30, 40, 2), (50, 12, 1), (50, 18, 2)])
def test_lines_are_so_far_apart_and_have_parts_so_high(top, high, lines):
    """Digits 40 high: from line to line are 26 rows or more, and crumbs of less than 14 rows make no line."""
    boxes = np.array([[0, 40, 0, 10], [0, 40, 20, 30], [top, top + high, 40, 50], [top, top + high, 60, 70]], float)
    assert len(lines_of(boxes)) == lines


def test_small_digits_raised_do_not_turn_a_line():
    ink = digits(60, 60, 60, high=40, apart=40)
    for left in (150, 180):
        ink = np.pad(ink, ((0, 0), (0, 30)))
        ink[60:78, left : left + 6] = 255
    assert level(ink)[2].angle == 0.0


def test_few_digits_or_unsteady_ones_are_left_as_they_are():
    assert level(digits(60, 70))[2].angle == 0.0
    assert level(digits(60, 52, 75, 66))[2].angle == 0.0


@pytest.mark.parametrize(
    ("boxes", "kinds"),
    [
        ([(78, 82, 0, 14)], ["minus"]),
        ([(94, 100, 54, 60)], ["point"]),
        ([(94, 108, 54, 58)], ["comma"]),
        ([(68, 74, 54, 60), (90, 96, 54, 60)], ["colon"]),
        ([(60, 66, 54, 60)], ["sign"]),
        ([(52, 108, 55, 59)], ["bar"]),
        ([(94, 100, 32, 36)], []),  # at a digit's edge it is a piece of it
        ([(86, 100, 50, 64)], []),
        ([(80, 100, 50, 58)], []),
    ],
    ids=["minus", "point", "comma", "colon", "apostrophe", "bar", "piece", "small digit", "narrow small digit"],
)
def test_marks_by_size_and_place(boxes, kinds):
    ink = digits(60, 60, apart=60)
    for top, end, left, right in boxes:
        ink[top:end, left - (kinds == []) : right] = 255
    parts = parts_of(ink)
    line = line_of(parts, np.arange(len(parts.boxes)))
    assert [kind for kind, _ in line.marks] == kinds and line.height == 40


@pytest.mark.parametrize(("lean", "kind"), [(0.5, "slash"), (0.05, "bar"), (-0.5, "bar")])
def test_long_straight_strokes(lean, kind):
    ink = digits(60, 60, apart=100)
    for row in range(50, 110):
        middle = 75 - lean * (row - 80)
        ink[row, round(middle) - 2 : round(middle) + 3] = 255
    parts = parts_of(ink)
    assert [each for each, _ in line_of(parts, np.arange(3)).marks] == [kind]


@pytest.mark.parametrize("high", [20, 60, 110])
@pytest.mark.parametrize(("lean", "bow", "kinds"), [
    (0.25, 0, ["slash"]), (0.6, 0, ["slash"]), (-0.4, 0, ["bar"]), (0.1, 0, []), (0.4, 3, []),
], ids=["slash", "more", "backslash", "upright", "by a pen"])  # fmt: skip
def test_a_ruled_stroke_that_leans_is_no_digit_though_it_is_as_high_as_they_are(high, lean, bow, kinds):
    """A pen's stroke, which bows by a few hundredths of its height, may be a 1."""
    at = [(50 + 100 * lean * (0.5 - share) + bow * math.sin(math.pi * share), 100 * share) for share in (0, 0.5, 1)]
    stroke = np.rint(255 * strokes([at], high, 0.1)).astype(np.uint8)
    ink = digits(20, 20, high=high, apart=200)
    ink[20 : 20 + len(stroke), 90 : 90 + stroke.shape[1]] = stroke[: len(ink) - 20]
    assert [kind for kind, _ in line_of(parts_of(ink), np.arange(3)).marks] == kinds


@pytest.mark.parametrize("font", ["DejaVuSans", "DejaVuSerif-BoldItalic", "cmr10", "STIXGeneral"])
def test_a_dollar_is_struck_through_and_no_digit_is(font):
    struck = [each for each in "$0123456789" if is_struck(signs.printed(each, font, 60)[0] > 0.25)]
    assert struck == ["$"]


@pytest.mark.parametrize(("second", "groups"), [((60, 78), 4), ((82, 100), 3)], ids=["beside", "above"])
def test_small_digits_whose_columns_overlap_are_two_and_halves_above_each_other_one(second, groups):
    ink = digits(60, 60, apart=60)
    for (top, end), left in (((60, 78), 140), (second, 146)):
        for row in range(top, end):
            ink[row, left + (end - row) // 2 : left + (end - row) // 2 + 4] = 255
    parts = parts_of(ink)
    assert len(line_of(parts, np.arange(len(parts.boxes))).groups) == groups

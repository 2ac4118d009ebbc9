"""Lines of digits in pictures: what of the marks is writing, where any digit may be thin, or lie along a border."""

import numpy as np
import pytest

from lenet1998.errors import DataError
from lenet1998.photos.ink import find_line
from lenet1998.photos.lines import parts_of
from lenet1998.photos.marks import _grouped
from lenet1998.photos.parts import parts_of_digit, parts_of_line


def marks(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (60, 200)) -> np.ndarray:
    """A mask with bars from row to row and column to column."""
    mask = np.zeros(size, bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def frame(top: int, bottom: int, left: int, right: int, wide: int = 2) -> np.ndarray:
    return marks((top, bottom, left, right)) & ~marks((top + wide, bottom - wide, left + wide, right - wide))


DIGITS = marks((15, 45, 40, 46), (15, 45, 80, 100), (17, 43, 120, 126))


def test_a_digit_s_reader_names_the_one_for_several():
    with pytest.raises(DataError, match="several digits.* lenet1998 read"):
        parts_of_digit(DIGITS)
    np.testing.assert_array_equal(parts_of_line(DIGITS), DIGITS)


@pytest.mark.parametrize(("upper", "several"), [(47, True), (44, False)])
def test_two_digits_above_one_another_are_each_nearly_half_of_all(upper, several):
    """Of 100 rows, with a gap of 4 that is too short to part digits and too long for a pen that skips."""
    mask = marks((20, 20 + upper, 20, 60), (24 + upper, 120, 20, 60), size=(140, 80))
    if several:
        with pytest.raises(DataError, match="several digits"):
            parts_of_digit(mask)
    else:
        np.testing.assert_array_equal(parts_of_digit(mask), mask)


def test_digits_that_fill_the_picture_are_no_edges():
    """A 1 at the left end of a picture that was cut out closely, and another at the right."""
    close = DIGITS[15:45, 40:126]
    np.testing.assert_array_equal(parts_of_line(close), close)
    ones = marks((0, 30, 0, 4), (0, 30, 20, 24), size=(30, 24))
    np.testing.assert_array_equal(parts_of_line(ones), ones)


@pytest.mark.parametrize(
    "edge",
    [marks((0, 60, 0, 3)), marks((10, 60, 198, 200)), marks((0, 4, 0, 200)), marks((57, 60, 50, 200))],
    ids=["left", "right", "top", "bottom"],
)
def test_edges_of_a_scanner_go(edge):
    np.testing.assert_array_equal(parts_of_line(DIGITS | edge), DIGITS)


def test_boxes_to_write_in_go_and_a_square_zero_stays():
    for around in (frame(5, 55, 20, 190), frame(8, 52, 30, 60) | frame(8, 52, 70, 110)):
        np.testing.assert_array_equal(parts_of_line(DIGITS | around), DIGITS)
    zero = frame(15, 45, 150, 180)
    np.testing.assert_array_equal(parts_of_line(DIGITS | zero), DIGITS | zero)
    zero[30, 165] = zero[28:32, 160:168] = True
    np.testing.assert_array_equal(parts_of_line(DIGITS | zero), DIGITS | zero, "with a dot in it")


def test_specks_go_by_the_height_of_the_line():
    """2% of a fifth of 30 x 30 are 3.6 pixels; joined digits are no reason to lose a thin one."""
    for pixels, stays in ((3, False), (4, True)):
        assert parts_of_line(DIGITS | marks((2, 3, 150, 150 + pixels)))[2].any() == stays
    joined = marks((15, 45, 10, 190), (20, 40, 194, 195))
    np.testing.assert_array_equal(parts_of_line(joined), joined)


def test_a_line_says_where_on_its_sheet_it_is():
    grey = np.full((1, 100, 300), 60, np.float32)
    grey[:, 20:90, 30:280] = 240
    grey[0, 30:80, 60:66] = grey[0, 30:80, 130:136] = 20
    line = find_line(grey)
    rows, columns = np.nonzero(line.ink)
    assert (rows.min() + line.top, columns.min() + line.left, columns.max() + line.left) == (30, 60, 135)
    assert line.top > 20 and line.left > 30


def test_a_line_in_uneven_light_though_it_is_much_wider_than_high():
    """Light that falls off towards all four borders, as of a flash."""
    rows, columns = np.linspace(-1, 1, 80), np.linspace(-1, 1, 900)
    grey = 240 * (1 - 0.2 * (rows[:, None] ** 2 + columns**2))
    for left in range(100, 800, 60):
        grey[20:60, left : left + 6] *= 0.2
    ink = find_line(grey[None].astype(np.float32)).ink
    assert np.flatnonzero(np.diff((ink > 0.5).any(axis=0))).size == 2 * 12
    assert not (ink[:10] > 0).any()


def test_what_is_as_high_as_writing_is_made_as_dark():
    """Light over the second digit leaves a third of its contrast; a faint crumb stays faint."""
    grey = np.full((1, 100, 300), 200, np.float32)
    grey[0, 30:80, 60:66] = 50
    grey[0, 30:80, 130:136] = 150
    grey[0, 70:80, 200:206] = 150
    line = find_line(grey)
    assert line.ink[50, [63, 133]].tolist() == [1, 1] and 0 < line.ink[75, 203] < 0.5


@pytest.mark.parametrize(("ink", "glare"), [(50, False), (235, True)], ids=["is there", "is gone"])
def test_a_gap_is_glare_where_light_left_no_ink(ink, glare):
    """A spot of light over the second of three digits, and the same spot where the digit is seen in it."""
    grey = np.full((1, 100, 300), 180, np.float32)
    grey[0, :, 110:170] = 235
    for left in (60, 137, 220):
        grey[0, 30:80, left : left + 6] = ink if left == 137 else 50
    assert find_line(grey).glare == glare


@pytest.mark.parametrize(("apart", "groups"), [(10, 2), (19, 2), (22, 3), (30, 3)])
def test_a_piece_is_a_digit_s_up_to_half_a_height_away(apart, groups):
    """Beside another digit, of which both are 40 high."""
    ink = 255 * marks((10, 50, 20, 40), (10, 50, 70, 90), (50 + apart, 65 + apart, 20, 40), size=(120, 120))
    parts = parts_of(ink.astype(np.uint8))
    assert len(_grouped(parts.boxes, np.arange(3))) == groups

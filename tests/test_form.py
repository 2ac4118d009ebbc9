"""Section III-A's normalisation: any ink is brought to MNIST's form, or the user hears why not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import DataError
from lenet1998.form import is_in_form, to_mnist_form
from tests.drawings import difference, extent

DIGITS = synthetic_digits(40, seed=3).images


def test_keeps_the_aspect_ratio_and_centres_the_mass() -> None:
    ink = np.zeros((200, 300))
    ink[20:180, 100:140] = 1.0
    form = to_mnist_form(ink)
    assert form.dtype == np.uint8 and form.shape == (28, 28)
    assert extent(form) == (20, 5)
    rows, columns = np.nonzero(form)
    assert rows.min() == 4 and abs(columns.mean() - 14.0) <= 0.5


@given(
    arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=50)),
    st.booleans(),
)
def test_any_ink_is_brought_to_form_or_refused(ink: np.ndarray, as_floats: bool) -> None:
    try:
        form = to_mnist_form(ink / 255.0 if as_floats else ink)
    except DataError:
        # Blank, or a speck so faint and small that scaling wipes it out.
        assert ink.mean() < 128
        return
    assert form.dtype == np.uint8 and form.shape == (28, 28) and form.any()
    assert max(extent(form)) <= 20


def test_the_centre_of_mass_may_not_push_the_digit_out() -> None:
    ink = np.zeros((20, 20), np.uint8)
    ink[0, :] = 255
    ink[19, 0] = 1
    form = to_mnist_form(ink)
    assert extent(form) == (20, 20) and form[8].any()


def test_is_the_identity_on_its_own_results() -> None:
    for digit in DIGITS:
        form = to_mnist_form(digit)
        if max(extent(digit)) == 20:
            assert (form == digit).all()
        else:
            assert difference(form, digit) < 40


@pytest.mark.parametrize(
    ("ink", "message"),
    [
        (np.zeros((5, 5)), "blank"),
        (np.zeros((0, 5)), "blank"),
        (np.zeros(5), "shape"),
        (np.zeros((2, 2, 3), np.uint8), "shape"),
        (np.ones((4, 4), np.int64), "int64"),
        (np.full((4, 4), np.nan), "finite"),
    ],
)
def test_ink_refusals(ink: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_mnist_form(ink)


def test_sizes_are_rounded_not_cut_off() -> None:
    """57 of 100 is 11.4 of 20 pixels, 58 is 11.6."""
    for width, expected in ((57, 11), (58, 12), (99, 20)):
        assert extent(to_mnist_form(np.ones((100, width)))) == (20, expected)
        assert extent(to_mnist_form(np.ones((width, 100)))) == (expected, 20)
    assert extent(to_mnist_form(np.ones((1, 100)))) == (1, 20)


def test_what_is_in_the_form_is_known() -> None:
    for digit in DIGITS:
        ink = digit / 255.0
        assert is_in_form(ink) and not is_in_form(np.roll(ink, 3, axis=0)) and not is_in_form(ink[:, :-1])
    assert not is_in_form(np.zeros((28, 28)))
    assert not is_in_form(np.pad(np.ones((17, 17)), ((5, 6), (5, 6))))

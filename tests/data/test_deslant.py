"""Section III-A's other two versions of the data base: deslanted 20x20 and reduced 16x16."""

import numpy as np
import pytest

from lenet1998.data.deslant import deslanted, reduced, slants, upright
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import DataError

DIGITS = synthetic_digits(250, seed=5).images


def moments(images: np.ndarray) -> np.ndarray:
    """By literal sums: mass, mean row, mean column, and the second moments row-row, row-column, column-column."""
    result = []
    for image in images:
        row, column = np.indices(image.shape)
        mass = image.sum(dtype=float)
        r, c = row - (image * row).sum() / mass, column - (image * column).sum() / mass
        means = [(image * row).sum() / mass, (image * column).sum() / mass]
        result.append([mass, *means, *((image * what).sum() / mass for what in (r * r, r * c, c * c))])
    return np.array(result)


def test_deslanting_makes_the_mixed_second_moment_vanish():
    before, after = moments(DIGITS), moments(upright(DIGITS))
    assert np.abs(before[:, 4]).mean() > 3
    # Rounding to grey levels, and ink that a strong slant pushes out of the field, leave a little.
    assert np.abs(after[:, 4]).mean() < 0.05 and np.abs(after[:, 4]).max() < 0.5


def test_rows_are_only_shifted_sideways_about_the_centre_of_mass():
    before, after = moments(DIGITS), moments(upright(DIGITS))
    np.testing.assert_allclose(after[:, :4], before[:, :4], rtol=0.02)
    np.testing.assert_allclose(upright(DIGITS).sum(axis=2), DIGITS.sum(axis=2), atol=300, rtol=0.1)


def test_the_slant_of_a_sheared_digit_is_the_shear():
    stroke = np.zeros((28, 28), np.uint8)
    stroke[4:24, 13:15] = 255
    leaning = np.stack([np.roll(row, round((r - 13.5) * 0.5 - 0.25)) for r, row in enumerate(stroke)])
    lean, row = slants(np.stack([stroke, leaning]))
    np.testing.assert_allclose(lean, [0, 0.5], atol=0.01)
    np.testing.assert_allclose(row, 13.5)


def test_the_deslanted_image_is_the_middle_of_the_upright_one():
    np.testing.assert_array_equal(deslanted(DIGITS), upright(DIGITS)[:, 4:24, 4:24])


def test_the_other_crop_has_the_ink_in_its_middle():
    """A digit that hangs to the left of its centre of mass keeps its left end in the box, and loses it at the mass."""
    flag = np.zeros((1, 28, 28), np.uint8)
    flag[0, 4:24, 18:22], flag[0, 13:15, 2:18] = 255, 255
    boxed, middle = deslanted(flag, "box")[0], deslanted(flag)[0]
    assert boxed.shape == (20, 20)
    for axis in (0, 1):
        inked = np.flatnonzero(boxed.any(axis=axis))
        assert abs(inked[0] + inked[-1] - 19) <= 1
    assert boxed.sum(dtype=int) == upright(flag).sum(dtype=int) > middle.sum(dtype=int)
    erect = upright(DIGITS)
    fits = erect.any(axis=2).sum(axis=1) <= 20
    np.testing.assert_array_equal(
        deslanted(DIGITS, "box")[fits].any(axis=2).sum(axis=1), erect[fits].any(axis=2).sum(axis=1)
    )


def test_reducing_keeps_the_mean_grey_and_the_centre():
    small = reduced(DIGITS)
    assert small.shape == (250, 16, 16) and small.dtype == np.uint8
    middle = DIGITS[:, 4:24, 4:24]
    np.testing.assert_allclose(small.mean(axis=(1, 2)), middle.mean(axis=(1, 2)), atol=0.3)
    # A pixel of the small image is 1.25 wide: centres of pixels map as (i + 0.5) 1.25 - 0.5.
    large, little = moments(middle), moments(small)
    np.testing.assert_allclose((little[:, 1:3] + 0.5) * 1.25 - 0.5, large[:, 1:3], atol=0.1)


def test_blank_images_stay_blank():
    blank = np.zeros((2, 28, 28), np.uint8)
    assert not deslanted(blank).any() and not reduced(blank).any()


@pytest.mark.parametrize("version", [deslanted, reduced])
@pytest.mark.parametrize(
    "images", [np.zeros((3, 28, 28)), np.zeros((28, 28), np.uint8), np.zeros((3, 16, 28), np.uint8)]
)
def test_other_arrays_are_refused(version, images):
    with pytest.raises(DataError, match="give uint8"):
        version(images)

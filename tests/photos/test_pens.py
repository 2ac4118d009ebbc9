"""Thin pens' strokes become MNIST's, and MNIST's own, and those of ordinary pens, stay as they are."""

import numpy as np
import pytest
from PIL import Image

from lenet1998.data.synthetic import synthetic_digits
from lenet1998.form import BOX
from lenet1998.photos.pens import PEN, THIN, darkened, thickened


@pytest.mark.parametrize("scale", [1, 4, 20])
@pytest.mark.parametrize(("wide", "becomes"), [(0.34, PEN), (0.7, PEN), (1.5, 1.5), (2.5, 2.5)])
def test_strokes_of_thin_pens_become_as_wide_as_those_of_the_data_base(scale, wide, becomes):
    """Bars 20 high, of these widths in the height of the data base; only those under one pixel change."""
    ink = np.zeros((26 * scale, 60 * scale), np.uint8)
    exact = max(1, round(wide * scale))
    if wide * scale == exact or wide * scale > 1:
        for left in (10 * scale, 40 * scale):
            ink[2 * scale : 22 * scale, left : left + exact] = 255
    else:  # thinner than a pixel: a grey one
        ink[2 * scale : 22 * scale, [10 * scale, 40 * scale]] = round(255 * wide * scale)
    bolder, added = thickened(ink, high=20 * scale)
    assert bolder.shape == (ink.shape[0] + 2 * added, ink.shape[1] + 2 * added)
    (row,) = np.nonzero(bolder[13 * scale + added, : 30 * scale])
    if exact / scale >= 1.2:
        assert bolder is ink and added == 0
    else:
        assert len(row) / scale == pytest.approx(becomes, abs=0.35 + 0.5 / scale)
        assert row.mean() + 0.5 == pytest.approx(added + 10 * scale + exact / 2, abs=1)


def test_digits_of_the_data_base_and_ordinary_pens_stay_as_they_are():
    """As they are, and enlarged; the synthetic digits have MNIST's strokes."""
    for digit in synthetic_digits(60, seed=3).images:
        for times in (1, 8):
            large = np.asarray(Image.fromarray(digit).resize((28 * times, 28 * times), Image.Resampling.BICUBIC))
            assert thickened(large, high=BOX * times)[0] is large
    assert THIN < PEN


def test_the_grain_of_a_stroke_is_not_its_edge():
    """A wide stroke with a light pixel in every nine, as pencils and dry brushes leave."""
    ink = np.zeros((400, 200), np.uint8)
    ink[:, 80:112] = 255
    ink[1::3, 81:112:3] = 0
    assert thickened(ink, high=400)[0] is ink


def test_faint_ink_becomes_as_dark_as_its_brighter_fifth_is_black() -> None:
    assert darkened(np.array([[0, 20, 40, 60, 80, 100]], np.uint8)).tolist() == [[0, 61, 121, 182, 243, 255]]

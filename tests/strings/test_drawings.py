"""Strings after Figures 25 and 26: each has the difficulty that its name says."""

import numpy as np
import pytest
from scipy.ndimage import label

from lenet1998.strings.drawings import DRAWINGS, draw
from lenet1998.strings.images import FIELD, MARGIN, STEP


def parts(name: str) -> int:
    """How many connected pieces the ink has."""
    return label(draw(DRAWINGS[name])[0] > 128, np.ones((3, 3)))[1]


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_are_strings(name):
    image, digits = draw(DRAWINGS[name])
    assert image.dtype == np.uint8 and len(image) == FIELD and (image.shape[1] - FIELD) % STEP == 0
    assert digits == [digit for digit, _, _ in DRAWINGS[name].digits]
    assert image.max() == 255
    plain, _ = draw(DRAWINGS[name]._replace(strokes=(), spots=(), cut=(0, 0)))
    columns = np.flatnonzero(plain.any(axis=0))
    assert min(columns[0], image.shape[1] - 1 - columns[-1]) >= MARGIN


def test_they_touch_are_dotted_come_apart_and_are_crossed():
    assert parts("touching") == 2, "four digits in one piece, and a stroke in the corner"
    assert parts("dotted") > 20
    whole = DRAWINGS["halves"]._replace(cut=(0, 0))
    assert parts("halves") == 1 + label(draw(whole)[0] > 128, np.ones((3, 3)))[1] == 5
    assert parts("crossed") == 2, "a line joins two of the three"
    assert parts("spots") >= 8

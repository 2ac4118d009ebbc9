"""Section IX-D's error rates of strings and characters."""

import numpy as np
import pytest

from lenet1998.strings.scores import edit_distance, score
from tests import naive


@pytest.mark.parametrize("seed", range(20))
def test_the_edit_distance_is_the_least_of_all_ways(seed):
    rng = np.random.default_rng(seed)
    found, wanted = (rng.integers(0, 3, rng.integers(0, 6)).tolist() for _ in range(2))
    assert edit_distance(found, wanted) == naive.edits(found, wanted) == edit_distance(wanted, found)


def test_insertions_deletions_and_substitutions_count_one_each():
    assert [edit_distance(found, [1, 2, 3]) for found in ([1, 2, 3], [1, 2, 2, 3], [1, 3], [1, 9, 3], [])] == [
        0,
        1,
        1,
        1,
        3,
    ]


def test_rates_are_of_strings_and_of_characters():
    found, labels = [[1, 2, 3], [4, 4, 5], [6, 7]], np.array([[1, 2, 3], [4, 5, 6], [6, 7, 8]])
    assert score(found, labels) == (pytest.approx(200 / 3), pytest.approx(100 * 3 / 9))

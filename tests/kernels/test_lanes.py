"""Vectors as kernels that run as plain Python have them: what is read and written, and that nothing is read beyond."""

import numpy as np
import pytest

from lenet1998.kernels.lanes import BYTES, add_lanes, load, spread, store


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_vector_is_read_and_written_where_it_is_said(dtype):
    rows = np.arange(2 * 40, dtype=dtype).reshape(2, 40)
    lanes = BYTES // rows.itemsize
    np.testing.assert_array_equal(load(rows, (1, 3)), np.arange(43, 43 + lanes))
    np.testing.assert_array_equal(load(rows[0], 40 - lanes), np.arange(40 - lanes, 40))
    assert load(rows, (0, 37), 3).tolist() == [37, 38, 39, *[0] * (lanes - 3)]
    store(rows, (0, 5), load(rows, (1, 0)), 2)
    assert rows[0, 4:8].tolist() == [4, 40, 41, 7]
    assert spread(rows[1, 0]).tolist() == [40] * lanes
    store(rows, (0, 8), load(rows, (1, 8)))
    np.testing.assert_array_equal(rows[0, 8 : 8 + lanes], rows[1, 8 : 8 + lanes])


def test_nothing_is_read_or_written_beyond_an_array():
    """NumPy would take -1 for the last number, and give fewer than are asked for."""
    rows = np.zeros((2, 40))
    with pytest.raises(IndexError):
        load(rows[0], -10, 3)
    for place in (-1, 33, (0, -1), (0, 33), (-1, 0), (2, 0)):
        with pytest.raises(IndexError):
            load(rows if isinstance(place, tuple) else rows[0], place)
        with pytest.raises(IndexError):
            store(rows if isinstance(place, tuple) else rows[0], place, np.zeros(8))


def test_lanes_are_added_half_to_half():
    vectors = np.random.default_rng(0).normal(size=(50, 8))
    sums = np.array([add_lanes(vector) for vector in vectors])
    a, b, c, d, e, f, g, h = vectors.T
    np.testing.assert_array_equal(sums, ((a + e) + (c + g)) + ((b + f) + (d + h)))
    assert (sums != a + b + c + d + e + f + g + h).any(), "another order rounds otherwise"

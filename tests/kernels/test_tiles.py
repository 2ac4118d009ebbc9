"""Tiles cover the work: every thing once, none twice, whatever the sizes."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet1998.kernels.tiles import SUMS, WIDE_SUMS, pieces, runs, sharing, sharing_above, tiles


@pytest.mark.parametrize("most", range(1, 16))
def test_runs_take_every_thing_once_in_tiles_of_nearly_one_size(most):
    for count in range(1, 100):
        cut = runs(count, most)
        loops = list(zip(cut["first"], cut["last"], cut["size"], strict=True))
        taken = [i + j for first, last, size in loops for i in range(first, last, size) for j in range(size)]
        assert taken == list(range(count)) and len(loops) == cut["parts"]
        assert max(cut["size"]) <= most and max(cut["size"]) - min(cut["size"]) <= 1


@pytest.mark.parametrize("sums", [SUMS, WIDE_SUMS])
def test_tiles_take_every_kernel_with_every_thing_once(sums):
    for at_once, count in product(range(1, 8), range(1, 20)):
        cut = tiles(at_once, count, sums)
        names = ("begin", "members", "first", "last", "size")
        taken = [
            (kernel, start + i)
            for begin, members, first, last, size in zip(*(cut[name] for name in names), strict=True)
            for kernel in range(begin, begin + members)
            for start in range(first, last, size)
            for i in range(size)
        ]
        assert sorted(taken) == list(product(range(at_once), range(count)))
        assert all(members * size <= sums for members, size in zip(cut["members"], cut["size"], strict=True))


def test_pieces_are_whole_vectors_and_what_is_left():
    for length in range(1, 50):
        cut = pieces(length, 16)
        loops = zip(cut["first"], cut["last"], cut["count"], strict=True)
        taken = [i + j for first, last, count in loops for i in range(first, last, 16) for j in range(count)]
        assert taken == list(range(length))


@given(st.integers(1, 12), st.integers(1, 20), st.integers(1, 6), st.integers(0, 99))
def test_kernels_that_share_a_map_are_taken_once(below, above, at_once, seed):
    table = np.random.default_rng(seed).random((below, above)) < 0.6
    number = np.cumsum(table.T).reshape(table.T.shape).T - 1
    for share, by in ((sharing, lambda row, own: (row, own)), (sharing_above, lambda row, own: (own, row))):
        taken = []
        for group in share(table, at_once):
            assert group["at_once"] <= at_once
            for j, shared in enumerate(group["shared"]):
                for r in range(j * group["at_once"], (j + 1) * group["at_once"]):
                    place = by(shared, group["own"][r])
                    assert table[place] and number[place] == group["kernels"][r]
                    taken.append(group["kernels"][r])
        assert sorted(taken) == list(range(table.sum()))

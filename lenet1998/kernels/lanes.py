"""Arithmetic whose result no compiler and no processor can change: fused multiply-adds, and vectors of 64 bytes.

The compiled engine promises the same bits on every start and on every processor. A compiler that may reorder a sum
orders it by the width of the vector unit at hand; one that may fuse a product with an addition rounds once or twice as
it sees fit. So kernels are compiled without any licence to change arithmetic, and say themselves what is to be done at
once. Where each number of the result has a sum of its own, a plain loop is enough: vectors of any width compute the
same. Where a loop adds up to one number, it adds to a vector of `lanes` partial sums, and `add_lanes` adds these in one
order. A vector has 64 bytes, 16 numbers of float32 or 8 of float64, whatever the registers: a processor with shorter
ones takes several for it.

These functions say in NumPy what is meant, and kernels that run as plain Python call them as they stand;
`lenet1998.kernels.intrinsics` gives each the one instruction that it is for the compiler. There `fma` rounds once,
here twice: the one difference between compiled kernels and plain ones.
"""

from typing import Any

import numpy as np

BYTES = 64

Index = int | tuple[int, int]


def lanes_of(dtype: np.dtype) -> int:
    """How many numbers a vector has.

    >>> lanes_of(np.dtype("float32")), lanes_of(np.dtype("float64"))
    (16, 8)
    """
    return BYTES // dtype.itemsize


def fma(a: Any, b: Any, c: Any) -> Any:
    """a * b + c, of numbers or of vectors; compiled, it is rounded once."""
    return a * b + c


def spread(value: Any) -> Any:
    """The vector that has this number in all lanes."""
    return np.full(BYTES // value.itemsize, value)


def load(array: np.ndarray, index: Index, count: int | None = None) -> np.ndarray:
    """The vector that starts at array[index], `index` as in NumPy; with `count`, only so many numbers, then zeros."""
    lanes = lanes_of(array.dtype)
    vector = np.zeros(lanes, array.dtype)
    kept = lanes if count is None else min(count, lanes)
    vector[:kept] = _window(array, index, kept)
    return vector


def store(array: np.ndarray, index: Index, vector: np.ndarray, count: int | None = None) -> None:
    """Put the vector, or with `count` so many of its numbers, where `load` would have found it."""
    kept = len(vector) if count is None else min(count, len(vector))
    _window(array, index, kept)[...] = vector[:kept]


def add_lanes(vector: np.ndarray) -> Any:
    """The sum of the lanes: the upper half is added to the lower one, until one lane is left."""
    while len(vector) > 1:
        half = len(vector) // 2
        vector = vector[:half] + vector[half:]
    return vector[0]


def two_to(n: Any) -> Any:
    """2^n for a whole number n from -1022 to 1023, both of them float64; NaN gives anything."""
    return np.ldexp(1.0, int(n)) if np.isfinite(n) else n


def _window(array: np.ndarray, index: Index, count: int) -> np.ndarray:
    *row, start = index if isinstance(index, tuple) else (index,)
    window = array[tuple(row)][start : start + count]
    if start < 0 or len(window) < count or any(place < 0 for place in row):
        raise IndexError(f"{count} numbers from {index} on are not in an array of {array.shape}")
    return window

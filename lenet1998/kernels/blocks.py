"""Full connections of a block of patterns, compiled: matrix products, for mini-batches.

Between two updates the weights stay the same, so a block of patterns can share each row that comes from memory. Some
rows and some patterns are taken at once, with their sums in registers, so that every number loaded is used several
times; what is left of a block that these do not fill is taken pattern by pattern.
"""

from __future__ import annotations

from lenet1998.kernels.lanes import add_lanes, fma, load, spread, store
from lenet1998.kernels.specialise import unroll, vectors


def forward(x, weight, bias, y, number, *, units, inputs, rows, together, parts, first, last, count, lanes):
    """y = W x + b (equation 5) for `number` patterns."""
    whole = number - number % together[0]
    for start in range(0, units, rows):
        for turn in unroll(2):
            for b in range(whole if turn else 0, number if turn else whole, together[turn]):
                sums = vectors(rows * together[turn])
                for part in unroll(parts):
                    for i in range(first[part], last[part], lanes):
                        w = vectors(rows)
                        for r in unroll(rows):
                            w[r] = load(weight, (start + r) * inputs + i, count[part])
                        for p in unroll(together[turn]):
                            value = load(x, (b + p, i), count[part])
                            for r in unroll(rows):
                                sums[r * together[turn] + p] = fma(w[r], value, sums[r * together[turn] + p])
                for r in unroll(rows):
                    for p in unroll(together[turn]):
                        y[b + p, start + r] = add_lanes(sums[r * together[turn] + p]) + bias[start + r]


def gradients(x, g, by_weight, by_bias, number, *, units, inputs, rows, parts, first, last, count, lanes):
    """Add the gradients of `number` patterns to `by_*` (equation 19)."""
    for o in range(units):
        for b in range(number):
            by_bias[o] += g[b, o]
    for start in range(0, units, rows):
        for part in unroll(parts):
            for i in range(first[part], last[part], lanes):
                sums = vectors(rows)
                for r in unroll(rows):
                    sums[r] = load(by_weight, (start + r) * inputs + i, count[part])
                for b in range(number):
                    value = load(x, (b, i), count[part])
                    for r in unroll(rows):
                        sums[r] = fma(spread(g[b, start + r]), value, sums[r])
                for r in unroll(rows):
                    store(by_weight, (start + r) * inputs + i, sums[r], count[part])


def below(weight, g, below, number, *, units, inputs, together, parts, first, last, count, lanes):
    """The cotangents of the inputs: those of the units, through the transposed matrix."""
    whole = number - number % together[0]
    for turn in unroll(2):
        for b in range(whole if turn else 0, number if turn else whole, together[turn]):
            for part in unroll(parts):
                for i in range(first[part], last[part], lanes):
                    sums = vectors(together[turn])
                    for o in range(units):
                        w = load(weight, o * inputs + i, count[part])
                        for p in unroll(together[turn]):
                            sums[p] = fma(spread(g[b + p, o]), w, sums[p])
                    for p in unroll(together[turn]):
                        store(below, (b + p, i), sums[p], count[part])


def rows_at_once(units: int, most: int) -> int:
    """The largest number of rows, up to `most`, that leaves none over."""
    return max(rows for rows in range(1, most + 1) if units % rows == 0)

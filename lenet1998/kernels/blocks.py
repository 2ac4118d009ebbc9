"""Full connections of a block of patterns, compiled: matrix products, for mini-batches.

Between two updates the weights stay the same, so a block of patterns can share each row that comes from memory. Some
rows and some patterns are taken at once, with their sums in registers, so that every number loaded is used several
times; what is left of a block that these do not fill is taken pattern by pattern.
"""

from __future__ import annotations

from lenet1998.kernels.specialise import registers, unroll


def forward(x, weight, bias, y, count, *, units, inputs, rows, patterns):
    """y = W x + b (equation 5) for `count` patterns."""
    for start in range(0, units, rows):
        for b in range(0, count - patterns + 1, patterns):
            total = registers(rows * patterns)
            for i in range(inputs):
                for r in unroll(rows):
                    w = weight[(start + r) * inputs + i]
                    for p in unroll(patterns):
                        total[r * patterns + p] += w * x[b + p, i]
            for r in unroll(rows):
                for p in unroll(patterns):
                    y[b + p, start + r] = total[r * patterns + p] + bias[start + r]
        for b in range(count - count % patterns, count):
            single = registers(rows)
            for i in range(inputs):
                for r in unroll(rows):
                    single[r] += weight[(start + r) * inputs + i] * x[b, i]
            for r in unroll(rows):
                y[b, start + r] = single[r] + bias[start + r]


def gradients(x, g, by_weight, by_bias, count, *, units, inputs, rows, patterns):
    """Add the gradients of `count` patterns to `by_*` (equation 19)."""
    sums = registers(rows)
    for o in range(units):
        for b in range(count):
            by_bias[o] += g[b, o]
    for start in range(0, units, rows):
        for b in range(0, count - patterns + 1, patterns):
            here = registers(rows * patterns)
            for r in unroll(rows):
                for p in unroll(patterns):
                    here[r * patterns + p] = g[b + p, start + r]
            for i in range(inputs):
                for r in unroll(rows):
                    sums[r] = by_weight[(start + r) * inputs + i]
                for p in unroll(patterns):
                    value = x[b + p, i]
                    for r in unroll(rows):
                        sums[r] += here[r * patterns + p] * value
                for r in unroll(rows):
                    by_weight[(start + r) * inputs + i] = sums[r]
        for b in range(count - count % patterns, count):
            alone = registers(rows)
            for r in unroll(rows):
                alone[r] = g[b, start + r]
            for i in range(inputs):
                for r in unroll(rows):
                    by_weight[(start + r) * inputs + i] += alone[r] * x[b, i]


def below(weight, g, below, count, *, units, inputs, rows, patterns):
    """The cotangents of the inputs: those of the units, through the transposed matrix."""
    total = registers(patterns)
    for b in range(count):
        for i in range(inputs):
            below[b, i] = 0.0
    for start in range(0, units, rows):
        for b in range(0, count - patterns + 1, patterns):
            here = registers(rows * patterns)
            for r in unroll(rows):
                for p in unroll(patterns):
                    here[r * patterns + p] = g[b + p, start + r]
            for i in range(inputs):
                for p in unroll(patterns):
                    total[p] = below[b + p, i]
                for r in unroll(rows):
                    w = weight[(start + r) * inputs + i]
                    for p in unroll(patterns):
                        total[p] += here[r * patterns + p] * w
                for p in unroll(patterns):
                    below[b + p, i] = total[p]
        for b in range(count - count % patterns, count):
            alone = registers(rows)
            for r in unroll(rows):
                alone[r] = g[b, start + r]
            for i in range(inputs):
                down = below[b, i]
                for r in unroll(rows):
                    down += alone[r] * weight[(start + r) * inputs + i]
                below[b, i] = down


def rows_at_once(units: int, most: int) -> int:
    """The largest number of rows, up to `most`, that leaves none over."""
    return max(rows for rows in range(1, most + 1) if units % rows == 0)

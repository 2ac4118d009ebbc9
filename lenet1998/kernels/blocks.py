"""Full connections of a block of inputs, compiled: matrix products, for mini-batches and for windows.

The patterns of a mini-batch between two updates, and the windows of one pattern (`lenet1998.kernels.windows`), see the
same weights, so they can share each row that comes from memory. Some rows and some inputs are taken at once, with their
sums in registers, so that every number loaded is used several times; what is left of a block that these do not fill is
taken one by one.
"""

from lenet1998.kernels.lanes import add_lanes, fma, load, spread, store
from lenet1998.kernels.specialise import unroll, vectors


def forward(x, weight, bias, y, number, *, units, inputs, rows, together, parts, first, last, count, lanes):
    """y = W x + b (equation 5) for `number` inputs."""
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


def gradients(x, g, number, weight, bias, by_weight, by_bias, *, units, inputs, rows, parts, first, last, count, lanes,
              squared, learns):  # fmt: skip
    """Learn (equation 18) from `number` inputs, with step sizes in `by_*`; or add gradients (equation 19), or squared:
    curvatures, to `by_*`. Returns the sum of the new weights, which is finite only if each of them is."""
    check = 0.0
    checks = vectors(1)
    for o in range(units):
        total = 0.0 if learns else by_bias[o]
        for b in range(number):
            total += g[b, o]
        if learns:
            bias[o] -= by_bias[o] * total
            check += bias[o]
        else:
            by_bias[o] = total
    for start in range(0, units, rows):
        for part in unroll(parts):
            for i in range(first[part], last[part], lanes):
                sums = vectors(rows)
                if not learns:
                    for r in unroll(rows):
                        sums[r] = load(by_weight, (start + r) * inputs + i, count[part])
                for b in range(number):
                    value = load(x, (b, i), count[part])
                    if squared:
                        value = value * value
                    for r in unroll(rows):
                        sums[r] = fma(spread(g[b, start + r]), value, sums[r])
                for r in unroll(rows):
                    place = (start + r) * inputs + i
                    if learns:
                        step = load(by_weight, place, count[part])
                        w = load(weight, place, count[part]) - step * sums[r]
                        store(weight, place, w, count[part])
                        checks[0] = checks[0] + w
                    else:
                        store(by_weight, place, sums[r], count[part])
    if learns:
        check += add_lanes(checks[0])
    return check


def below(weight, g, below, number, *, units, inputs, together, parts, first, last, count, lanes, squared):
    """The cotangents of the inputs: those of the units, through the transposed matrix; squared: by its squares."""
    whole = number - number % together[0]
    for turn in unroll(2):
        for b in range(whole if turn else 0, number if turn else whole, together[turn]):
            for part in unroll(parts):
                for i in range(first[part], last[part], lanes):
                    sums = vectors(together[turn])
                    for o in range(units):
                        w = load(weight, o * inputs + i, count[part])
                        if squared:
                            w = w * w
                        for p in unroll(together[turn]):
                            sums[p] = fma(spread(g[b + p, o]), w, sums[p])
                    for p in unroll(together[turn]):
                        store(below, (b + p, i), sums[p], count[part])


def rows_at_once(units: int, most: int) -> int:
    """The largest number of rows, up to `most`, that leaves none over."""
    return max(rows for rows in range(1, most + 1) if units % rows == 0)

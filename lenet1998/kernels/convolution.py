"""The convolutions of section II-B, compiled: C1, C3, and whatever else has maps above that are larger than a point.

A map of 28 rows of 28 is too short a loop 28 times. So maps lie flat, one row after the other, at the stride of the
layer below: then the tap (u, v) of a kernel is the input at i + u * stride + v for *every* position i, and one loop
runs over the whole map: 892 positions in C1, 136 in C3. Between the end of a row of the output and the start of the
next lie k - 1 positions that belong to no unit. They are computed like the others and never used; their cotangent is
always zero: no other layer writes there, and a convolution above collects there from its own gaps alone. Padding and a
stride change where a tap finds its input (`lenet1998.kernels.arrange`) and nothing else.

Kernels that see the same map are taken some at a time, whatever the table, and so share what they load: on the way up
a few vectors of positions, for all taps; for the gradients a few taps, over all positions. On the way down it is the
kernels of the same map above (`lenet1998.kernels.tiles`). The cotangent of the input is *gathered*: position i collects
from position i - tap for every tap, with zeros before the first position; scattering would store each position 25
times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lenet1998.kernels import arrange, points, windows
from lenet1998.kernels.full import emit_matrix, emit_unpack
from lenet1998.kernels.lanes import add_lanes, fma, load, spread, store
from lenet1998.kernels.specialise import unroll, vectors
from lenet1998.kernels.tiles import SHARE, TRIPLE, runs, sharing, sharing_above, tiles

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Convolution


def start(bias, y, *, maps, length):
    """y[m] = b[m]."""
    for m in range(maps):
        for i in range(length):
            y[m, i] = bias[m]


def forward(x, weight, y, *, groups, at_once, shared, kernels, own, taps, offset, parts, begin, members, first,
            last, size, lanes):  # fmt: skip
    """Add to y[m] the sum over the kernels of map m, and over their taps, of weight * x (equation 5)."""
    for j in range(groups):
        for part in unroll(parts):
            for i in range(first[part], last[part], size[part] * lanes):
                sums = vectors(members[part] * size[part])
                for r in unroll(members[part]):
                    for v in unroll(size[part]):
                        sums[r * size[part] + v] = load(y, (own[j * at_once + begin[part] + r], i + v * lanes))
                for t in range(taps):
                    w = vectors(members[part])
                    for r in unroll(members[part]):
                        w[r] = spread(weight[kernels[j * at_once + begin[part] + r], t])
                    for v in unroll(size[part]):
                        value = load(x, (shared[j], i + offset[t] + v * lanes))
                        for r in unroll(members[part]):
                            sums[r * size[part] + v] = fma(w[r], value, sums[r * size[part] + v])
                for r in unroll(members[part]):
                    for v in unroll(size[part]):
                        store(y, (own[j * at_once + begin[part] + r], i + v * lanes), sums[r * size[part] + v])


def clear(below, *, maps, margin, length):
    """Start the sums of `below` at zero."""
    for s in range(maps):
        for i in range(length):
            below[s, margin + i] = 0.0


def below(weight, g, below, *, groups, at_once, shared, kernels, own, taps, column, shift, margin, parts, begin,
          members, first, last, size, lanes, squared):  # fmt: skip
    """The cotangent of the input: sum over taps of weight (squared: weight^2) * g, with g zero outside its map.

    Here a group is of maps below: they have the cotangent of a map above in common.
    """
    for j in range(groups):
        for part in unroll(parts):
            for i in range(first[part], last[part], size[part] * lanes):
                sums = vectors(members[part] * size[part])
                for r in unroll(members[part]):
                    for v in unroll(size[part]):
                        s = own[j * at_once + begin[part] + r]
                        sums[r * size[part] + v] = load(below, (s, margin + i + v * lanes))
                for t in range(taps):
                    w = vectors(members[part])
                    for r in unroll(members[part]):
                        w[r] = spread(weight[kernels[j * at_once + begin[part] + r], column[t]])
                        if squared:
                            w[r] = w[r] * w[r]
                    for v in unroll(size[part]):
                        value = load(g, (shared[j], i + shift[t] + v * lanes))
                        for r in unroll(members[part]):
                            sums[r * size[part] + v] = fma(w[r], value, sums[r * size[part] + v])
                for r in unroll(members[part]):
                    for v in unroll(size[part]):
                        s = own[j * at_once + begin[part] + r]
                        store(below, (s, margin + i + v * lanes), sums[r * size[part] + v])


def biases(bias, g, by_bias, *, maps, margin, length, lanes, squared, learns):
    """Learn a map's bias from the sum of its cotangents, as `weights` does."""
    check = 0.0
    for m in range(maps):
        sums = vectors(1)
        for i in range(0, length, lanes):
            sums[0] = sums[0] + load(g, (m, margin + i))
        if learns:
            bias[m] -= by_bias[m] * add_lanes(sums[0])
            check += bias[m]
        else:
            by_bias[m] += add_lanes(sums[0])
    return check


def weights(x, weight, g, by_weight, *, groups, at_once, shared, kernels, own, offset, margin, length, parts, first,
            last, size, lanes, squared, learns):  # fmt: skip
    """Learn (equations 18 and 19), with step sizes in `by_*`; or add gradients, or squared: curvatures, to `by_*`.

    Several taps are taken at once: they have the cotangents in common. Returns the sum of the new weights, which is
    finite only if each of them is.
    """
    check = 0.0
    for j in range(groups):
        for part in unroll(parts):
            for t in range(first[part], last[part], size[part]):
                sums = vectors(at_once * size[part])
                here = vectors(at_once)
                for i in range(0, length, lanes):
                    for r in unroll(at_once):
                        here[r] = load(g, (own[j * at_once + r], margin + i))
                    for c in unroll(size[part]):
                        value = load(x, (shared[j], i + offset[t + c]))
                        if squared:
                            value = value * value
                        for r in unroll(at_once):
                            sums[r * size[part] + c] = fma(here[r], value, sums[r * size[part] + c])
                for r in unroll(at_once):
                    for c in unroll(size[part]):
                        k = kernels[j * at_once + r]
                        if learns:
                            learnt = weight[k, t + c] - by_weight[k, t + c] * add_lanes(sums[r * size[part] + c])
                            weight[k, t + c] = learnt
                            check += learnt
                        else:
                            by_weight[k, t + c] += add_lanes(sums[r * size[part] + c])
    return check


def is_point(layer: Convolution) -> bool:
    """Section II-B: where its maps are points C5 is a full connection, or as much of one as its table has."""
    return layer.below[1:] == (layer.k, layer.k) and not layer.padding


def emit(layer: Convolution, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    if is_point(layer):
        return (emit_matrix if layer.table.all() else points.emit)(layer, name, x, plan)
    if windows.has_few(layer):
        return windows.emit(layer, name, x, plan, dense)
    x = arrange.emit(layer, name, emit_unpack(layer, name, x, plan), plan)
    k, (maps, height, width) = layer.k, layer.shape
    weight = plan.parameter(layer, "weight", (int(layer.table.sum()), k * k))
    bias = plan.parameter(layer, "bias", (maps,))
    taps = arrange.Taps(layer.stride, x.stride, x.length)
    reach = (k - 1) // layer.stride * (x.stride + 1)
    margin = reach if x.cotangent else 0
    y = plan.plane(name, maps, height, width, x.stride, margin=margin, reach=taps.phase_length)
    by_map = {"margin": y.margin, "length": y.length}
    plan.forward(start, f"{name}_start", [bias, y.values], maps=maps, length=y.length)
    for group in sharing(layer.table, SHARE):
        sizes = {**group, "taps": k * k, "offset": taps.offsets(k)}
        positions = tiles(group["at_once"], y.length // plan.lanes, plan.sums, plan.lanes)
        plan.forward(forward, f"{name}_forward", [x.values, weight, y.values], **sizes, **positions)
    plan.adjoint(biases, f"{name}_biases", [bias, y.cotangent], updates=[bias], maps=maps, **by_map)
    for group in sharing(layer.table, plan.sums // TRIPLE):
        sizes = {**group, "offset": taps.offsets(k), **runs(k * k, plan.sums // group["at_once"])}
        plan.adjoint(weights, f"{name}_weights", [x.values, weight, y.cotangent], updates=[weight], **sizes, **by_map)
    if x.cotangent:
        for phase, column, offset in taps.by_phase(k):
            shift = tuple(y.margin - tap for tap in offset)
            sizes = {"taps": len(shift), "column": column, "shift": shift, "margin": x.margin + phase}
            for group in sharing_above(layer.table, SHARE):
                positions = tiles(group["at_once"], taps.phase_length // plan.lanes, plan.sums, plan.lanes)
                plan.adjoint(below, f"{name}_below", [weight, y.cotangent, x.cotangent], **group, **sizes, **positions)
        plan.adjoint_as_is(clear, f"{name}_clear", [x.cotangent], maps=x.maps, margin=x.margin, length=x.length)
    return y

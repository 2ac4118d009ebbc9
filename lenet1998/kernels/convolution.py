"""The convolutions of section II-B, compiled: C1, C3, and C5 wherever its maps are larger than a point.

A map of 28 rows of 28 is too short a loop 28 times. So maps lie flat, one row after the other, at the stride of the
layer below: then the tap (u, v) of a kernel is the input at i + u * stride + v for *every* position i, and one loop
runs over the whole map: 892 positions in C1, 136 in C3. Between the end of a row of the output and the start of the
next lie k - 1 positions that belong to no unit. They are computed like the others and never used; their cotangent is
always zero. Padding and a stride change where a tap finds its input (`lenet1998.kernels.arrange`) and nothing else.

All taps of a group go into one expression, their weights (or in the adjoint, the sums over positions that make their
gradients) in registers. Where the table leaves gaps a group is a whole kernel, or a row of a large one, and a position
of a map is loaded and stored once for each kernel. Where every map sees all maps below, a group is a row of several
kernels at once, which have their inputs in common, and so half the loads are saved. The cotangent of the input is
*gathered*: position i collects from position i - tap for every tap, with zeros before the first position; scattering
would store each position 25 times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lenet1998.kernels import arrange, points
from lenet1998.kernels.full import emit_matrix, emit_unpack
from lenet1998.kernels.specialise import registers, unroll

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Convolution

# The side of the largest kernel whose weights are all in registers at a time: 49 of them.
_LARGEST_WHOLE = 7
# Registers for kernels that are taken at once: the weights of a row of each, a sum for each, and the input.
_REGISTERS = 33


def forward(x, weight, bias, y, *, maps, at_once, apart, first, source, groups, taps, start, offset, length):
    """y[m] = b[m] + the sum over the kernels of map m, and over their taps, of weight * x (equation 5)."""
    total = registers(at_once)
    for m in range(maps // at_once):
        for r in unroll(at_once):
            for i in range(length):
                y[m * at_once + r, i] = bias[m * at_once + r]
        for kernel in range(first[m * at_once], first[m * at_once + 1]):
            s = source[kernel]
            for group in range(groups):
                origin = max(start[group], 0)
                w = registers(at_once * taps)
                for r in unroll(at_once):
                    for t in unroll(taps):
                        w[r * taps + t] = weight[kernel + r * apart, group * taps + t]
                for i in range(length):
                    for r in unroll(at_once):
                        total[r] = y[m * at_once + r, i]
                    for t in unroll(taps):
                        value = x[s, origin + i + offset[t]]
                        for r in unroll(at_once):
                            total[r] += w[r * taps + t] * value
                    for r in unroll(at_once):
                        y[m * at_once + r, i] = total[r]


def clear(below, *, maps, margin, length):
    """Start the sums of `below` at zero."""
    for s in range(maps):
        for i in range(length):
            below[s, margin + i] = 0.0


def below(weight, g, below, *, maps, at_once, first, source, groups, taps, column, start, offset, margin, margin_below,
          length_below, squared):  # fmt: skip
    """The cotangent of the input: sum over taps of weight (squared: weight^2) * g, with g zero outside its map.

    Here it is maps below that are taken at once: they have the cotangent of a map above in common.
    """
    total = registers(at_once)
    for m in range(maps):
        for kernel in range(first[m], first[m + 1], at_once):
            s = source[kernel]
            for group in range(groups):
                w = registers(at_once * taps)
                for r in unroll(at_once):
                    for t in unroll(taps):
                        w[r * taps + t] = weight[kernel + r, column[group * taps + t]]
                        if squared:
                            w[r * taps + t] = w[r * taps + t] * w[r * taps + t]
                origin = max(margin - start[group] - offset[taps - 1], 0)
                for i in range(length_below):
                    for r in unroll(at_once):
                        total[r] = below[s + r, margin_below + i]
                    for t in unroll(taps):
                        value = g[m, origin + (offset[taps - 1] - offset[t]) + i]
                        for r in unroll(at_once):
                            total[r] += w[r * taps + t] * value
                    for r in unroll(at_once):
                        below[s + r, margin_below + i] = total[r]


def clear_gaps(below, *, maps, height, width, stride, margin, length):
    """Put zeros back between the rows of a cotangent, and after the last."""
    for m in range(maps):
        for row in range(height - 1):
            for i in range(width, stride):
                below[m, margin + row * stride + i] = 0.0
        for i in range((height - 1) * stride + width, length):
            below[m, margin + i] = 0.0


def weights(x, weight, bias, g, by_weight, by_bias, *, maps, at_once, apart, first, source, groups, taps, start, offset,
            margin, length, squared, learns):  # fmt: skip
    """Learn (equations 18 and 19), with step sizes in `by_*`; or add gradients, or squared: curvatures, to `by_*`.

    Returns the sum of the new weights, which is finite only if each of them is.
    """
    check = 0.0
    here = registers(at_once)
    for m in range(maps // at_once):
        for r in unroll(at_once):
            shared = 0.0
            for i in range(length):
                shared += g[m * at_once + r, margin + i]
            if learns:
                bias[m * at_once + r] -= by_bias[m * at_once + r] * shared
                check += bias[m * at_once + r]
            else:
                by_bias[m * at_once + r] += shared
        for kernel in range(first[m * at_once], first[m * at_once + 1]):
            s = source[kernel]
            for group in range(groups):
                origin = max(start[group], 0)
                sums = registers(at_once * taps)
                for i in range(length):
                    for r in unroll(at_once):
                        here[r] = g[m * at_once + r, margin + i]
                    for t in unroll(taps):
                        value = x[s, origin + i + offset[t]]
                        if squared:
                            value = value * value
                        for r in unroll(at_once):
                            sums[r * taps + t] += here[r] * value
                for r in unroll(at_once):
                    for t in unroll(taps):
                        if learns:
                            step = by_weight[kernel + r * apart, group * taps + t] * sums[r * taps + t]
                            learnt = weight[kernel + r * apart, group * taps + t] - step
                            weight[kernel + r * apart, group * taps + t] = learnt
                            check += learnt
                        else:
                            by_weight[kernel + r * apart, group * taps + t] += sums[r * taps + t]
    return check


def is_point(layer: Convolution) -> bool:
    """Section II-B: where its maps are points C5 is a full connection, or as much of one as its table has."""
    return layer.below[1:] == (layer.k, layer.k) and not layer.padding


def emit(layer: Convolution, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    if is_point(layer):
        return (emit_matrix if layer.table.all() else points.emit)(layer, name, x, plan)
    x = arrange.emit(layer, name, emit_unpack(layer, name, x, plan), plan)
    k, (maps, height, width) = layer.k, layer.shape
    weight = plan.parameter(layer, "weight", (int(layer.table.sum()), k * k))
    bias = plan.parameter(layer, "bias", (maps,))
    joined = bool(layer.table.all())
    rows = range(0, k, 1 if joined or k > _LARGEST_WHOLE else k)  # where the groups start
    taps = arrange.Taps(layer.stride, x.stride, x.length)
    reach = (k - 1) // layer.stride * (x.stride + 1)
    y = plan.plane(
        name, maps, height, width, x.stride, margin=reach if x.cotangent else 0, reach=taps.phase_length, has_gaps=True
    )
    kernels = {
        "maps": maps,
        "first": (0, *np.cumsum(layer.table.sum(axis=0)).tolist()),
        "source": tuple(np.nonzero(layer.table.T)[1].tolist()),
    }
    common = {
        **kernels,
        "at_once": _at_once(maps, k) if joined else 1,
        "apart": x.maps,
        **taps.of_rows([range(row, row + k // len(rows)) for row in rows], range(k)),
    }
    plan.forward(forward, f"{name}_forward", [x.values, weight, bias, y.values], length=y.length, **common)
    adjoint = {**common, "margin": y.margin, "length": y.length}
    plan.adjoint(weights, f"{name}_weights", [x.values, weight, bias, y.cotangent], updates=[weight, bias], **adjoint)
    if x.cotangent:
        if x.has_gaps:
            gaps = {key: getattr(x, key) for key in ("maps", "height", "width", "stride", "margin", "length")}
            plan.adjoint_as_is(clear_gaps, f"{name}_clear_gaps", [x.cotangent], **gaps)
        sizes = {"at_once": _at_once(x.maps, k) if joined else 1, "length_below": taps.phase_length, "margin": y.margin}
        for shift, phase in taps.by_phase(k, whole=len(rows) == 1):
            constants = {**kernels, **sizes, **phase, "margin_below": x.margin + shift}
            plan.adjoint(below, f"{name}_below", [weight, y.cotangent, x.cotangent], **constants)
        plan.adjoint_as_is(clear, f"{name}_clear", [x.cotangent], maps=x.maps, margin=x.margin, length=x.length)
    return y


def _at_once(maps: int, taps: int) -> int:
    """How many maps are taken at once: the most that share the registers and leave no map over."""
    return max(
        count for count in range(1, maps + 1) if maps % count == 0 and count * (taps + 1) < max(_REGISTERS, taps + 2)
    )

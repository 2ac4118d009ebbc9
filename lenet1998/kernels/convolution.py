"""The convolutions of section II-B, compiled: C1, C3, and C5 wherever it is larger than a point.

A map of 28 rows of 28 is too short a loop 28 times. So maps lie flat, one row after the other, at the stride of the
layer below: then the tap (u, v) of a kernel is the input at i + u * stride + v for *every* position i, and one loop
runs over the whole map: 892 positions in C1, 136 in C3. Between the end of a row of the output and the start of the
next lie k - 1 positions that belong to no unit. They are computed like the others and never used; their cotangent is
always zero.

All taps of a kernel go into one expression, their weights (or in the adjoint, the sums over positions that make their
gradients) in registers, so that a position of a map is loaded and stored once for each kernel. A large kernel is cut
into groups of whole rows, because registers are few. The cotangent of the input is *gathered*: position i collects from
position i - tap for every tap, with zeros before the first position; scattering would store each position 25 times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lenet1998.kernels.full import emit_matrix, emit_unpack
from lenet1998.kernels.specialise import registers, unroll

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Convolution

# The side of the largest kernel whose weights are all in registers at a time: 49 of them.
_LARGEST_WHOLE = 7


def forward(x, weight, bias, y, *, maps, first, source, groups, taps, offset, below_group, length):
    """y[m] = b[m] + the sum over the kernels of map m, and over their taps, of weight * x (equation 5)."""
    for m in range(maps):
        for i in range(length):
            y[m, i] = bias[m]
        for kernel in range(first[m], first[m + 1]):
            s = source[kernel]
            for group in range(groups):
                w = registers(taps)
                for t in unroll(taps):
                    w[t] = weight[kernel, group * taps + t]
                for i in range(length):
                    total = y[m, i]
                    for t in unroll(taps):
                        total += w[t] * x[s, group * below_group + i + offset[t]]
                    y[m, i] = total


def below(weight, g, below, *, maps, maps_below, first, source, groups, taps, offset, below_group, margin, margin_below,
          length_below, squared):  # fmt: skip
    """The cotangent of the input: sum over taps of weight (squared: weight^2) * g, with g zero outside its map."""
    for s in range(maps_below):
        for i in range(length_below):
            below[s, margin_below + i] = 0.0
    for m in range(maps):
        for kernel in range(first[m], first[m + 1]):
            s = source[kernel]
            for group in range(groups):
                w = registers(taps)
                for t in unroll(taps):
                    w[t] = weight[kernel, group * taps + t]
                    if squared:
                        w[t] = w[t] * w[t]
                start = margin - group * below_group
                for i in range(length_below):
                    total = below[s, margin_below + i]
                    for t in unroll(taps):
                        total += w[t] * g[m, start - offset[t] + i]
                    below[s, margin_below + i] = total


def clear_gaps(below, *, maps, height, width, stride, margin, length):
    """Put zeros back between the rows of a cotangent, and after the last."""
    for m in range(maps):
        for row in range(height - 1):
            for i in range(width, stride):
                below[m, margin + row * stride + i] = 0.0
        for i in range((height - 1) * stride + width, length):
            below[m, margin + i] = 0.0


def weights(x, weight, bias, g, by_weight, by_bias, *, maps, first, source, groups, taps, offset, below_group, margin,
            length, squared):  # fmt: skip
    """Learn (equations 18 and 19), with step sizes in `by_*`; squared: add to the curvatures in `by_*` (equation 23).

    Returns the sum of the new weights, which is finite only if each of them is.
    """
    check = 0.0
    for m in range(maps):
        shared = 0.0
        for i in range(length):
            shared += g[m, margin + i]
        if squared:
            by_bias[m] += shared
        else:
            bias[m] -= by_bias[m] * shared
            check += bias[m]
        for kernel in range(first[m], first[m + 1]):
            s = source[kernel]
            for group in range(groups):
                sums = registers(taps)
                for i in range(length):
                    here = g[m, margin + i]
                    for t in unroll(taps):
                        value = x[s, group * below_group + i + offset[t]]
                        sums[t] += here * (value * value if squared else value)
                for t in unroll(taps):
                    if squared:
                        by_weight[kernel, group * taps + t] += sums[t]
                    else:
                        learnt = weight[kernel, group * taps + t] - by_weight[kernel, group * taps + t] * sums[t]
                        weight[kernel, group * taps + t] = learnt
                        check += learnt
    return check


def is_matrix(layer: Convolution) -> bool:
    """Section II-B: where its maps are points and each sees all maps below, C5 is a full connection."""
    return layer.shape[1:] == (1, 1) and bool(layer.table.all())


def emit(layer: Convolution, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    if is_matrix(layer):
        return emit_matrix(layer, name, x, plan)
    x = emit_unpack(layer, name, x, plan)
    k, (maps, height, width) = layer.k, layer.shape
    rows = k if k <= _LARGEST_WHOLE else 1
    weight = plan.parameter(layer, "weight", (int(layer.table.sum()), k * k))
    bias = plan.parameter(layer, "bias", (maps,))
    margin = (k - 1) * (x.stride + 1) if x.cotangent else 0
    y = plan.plane(name, maps, height, width, x.stride, margin=margin, reach=x.length, has_gaps=True)
    common = {
        "maps": maps,
        "first": (0, *np.cumsum(layer.table.sum(axis=0)).tolist()),
        "source": tuple(np.nonzero(layer.table.T)[1].tolist()),
        "groups": k // rows,
        "taps": rows * k,
        "offset": tuple(u * x.stride + v for u in range(rows) for v in range(k)),
        "below_group": rows * x.stride,
    }
    plan.forward(forward, f"{name}_forward", [x.values, weight, bias, y.values], length=y.length, **common)
    adjoint = {**common, "margin": y.margin, "length": y.length}
    plan.adjoint(weights, f"{name}_weights", [x.values, weight, bias, y.cotangent], updates=[weight, bias], **adjoint)
    if x.cotangent:
        if x.has_gaps:
            gaps = {key: getattr(x, key) for key in ("maps", "height", "width", "stride", "margin", "length")}
            plan.adjoint_as_is(clear_gaps, f"{name}_clear_gaps", [x.cotangent], **gaps)
        sizes = {"maps_below": x.maps, "margin": y.margin, "margin_below": x.margin, "length_below": x.length}
        plan.adjoint(below, f"{name}_below", [weight, y.cotangent, x.cotangent], **common, **sizes)
    return y

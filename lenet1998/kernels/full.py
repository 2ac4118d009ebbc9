"""Full connections, compiled: F6, and C5 where its maps are points.

Four fifths of the parameters of LeNet-5 are in C5. They do not fit into the first-level cache, so what counts is how
often they travel: the adjoint carries a row of weights down, changes it and stores it, in one loop. Two rows at a time
halve the traffic of what they have in common, the input and its cotangent. The cotangent must see the weights from
before the change, which it does, because each is read once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lenet1998.kernels import blocks
from lenet1998.kernels.lanes import add_lanes, fma, load, spread, store
from lenet1998.kernels.specialise import Constant, unroll, vectors
from lenet1998.kernels.tiles import PAIR, TRIPLE, pieces

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Call, Plan, Plane
    from lenet1998.layers import Convolution, FullConnection
    from lenet1998.modern.layers import AveragePooling, MaxPooling

_ROWS = 4


def pack(x, y, *, maps, height, width, stride):
    """Copy the units of strided maps side by side."""
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                y[(m * height + row) * width + i] = x[m, row * stride + i]


def unpack(g, below, *, maps, height, width, stride, margin):
    """The adjoint of `pack`; the gaps between rows stay zero."""
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                below[m, margin + row * stride + i] = g[(m * height + row) * width + i]


def forward(x, weight, bias, y, *, units, inputs, rows, parts, first, last, count, lanes):
    """y = W x + b (equation 5)."""
    for start in range(0, units, rows):
        sums = vectors(rows)
        for part in unroll(parts):
            for i in range(first[part], last[part], lanes):
                value = load(x, i, count[part])
                for r in unroll(rows):
                    sums[r] = fma(load(weight, (start + r) * inputs + i, count[part]), value, sums[r])
        for r in unroll(rows):
            y[start + r] = add_lanes(sums[r]) + bias[start + r]


def adjoint(x, weight, bias, g, below, by_weight, by_bias, *, units, inputs, rows, parts, first, last, count, lanes,
            carry, squared, learns):  # fmt: skip
    """Learn (equation 18) with step sizes in `by_*`; squared: add to the curvatures in `by_*` (equation 25).

    Carries the cotangent of the input down in the same loop. Returns the sum of the new weights, which is finite only
    if each of them is.
    """
    check = 0.0
    checks = vectors(1)
    if carry:
        for i in range(inputs):
            below[i] = 0.0
    for o in range(units):
        if learns:
            bias[o] -= by_bias[o] * g[o]
            check += bias[o]
        else:
            by_bias[o] += g[o]
    for start in range(0, units, rows):
        here = vectors(rows)
        back = vectors(rows)
        for r in unroll(rows):
            here[r] = spread(g[start + r])
            back[r] = spread(-g[start + r])
        for part in unroll(parts):
            for i in range(first[part], last[part], lanes):
                value = load(x, i, count[part])
                if squared:
                    value = value * value
                if carry:
                    down = load(below, i, count[part])
                for r in unroll(rows):
                    place = (start + r) * inputs + i
                    w = load(weight, place, count[part])
                    if carry:
                        down = fma(here[r], w * w if squared else w, down)
                    if learns:
                        w = fma(load(by_weight, place, count[part]), back[r] * value, w)
                        store(weight, place, w, count[part])
                        checks[0] = checks[0] + w
                    else:
                        mine = load(by_weight, place, count[part])
                        store(by_weight, place, fma(here[r], value, mine), count[part])
                if carry:
                    store(below, i, down, count[part])
    return check + add_lanes(checks[0])


def emit(layer: FullConnection, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    return emit_matrix(layer, name, x, plan)


def emit_matrix(layer: FullConnection | Convolution, name: str, x: Plane, plan: Plan) -> Plane:
    """Add a layer whose units see all units below to the plan, and return the plane that it fills."""
    units, inputs = layer.shape[0], int(np.prod(layer.below))
    emit_passes = _emit_block if plan.block else _emit_one
    y, seen, outputs, g, down = connect(layer, name, x, plan)
    emit_passes(name, plan, seen, outputs, g, down, units=units, inputs=inputs)
    return y


def connect(
    layer: FullConnection | Convolution, name: str, x: Plane, plan: Plan
) -> tuple[Plane, list[str], str, str, str]:
    """For a layer of points above the plane: the plane that it fills, what its kernels read (the units below, weights
    and biases), and where they find outputs, cotangents, and the cotangents below, "" where nothing needs these."""
    x = emit_pack(name, x, plan)
    weight, bias = (plan.parameter(layer, key, (layer.values[key].size,)) for key in ("weight", "bias"))
    y = plan.plane(name, 1, 1, layer.shape[0], layer.shape[0], dense=True)
    values, outputs, g = (plan.flat(buffer) for buffer in (x.values, y.values, y.cotangent))
    return y, [values, weight, bias], outputs, g, plan.flat(x.cotangent) if x.cotangent else ""


def _emit_one(name: str, plan: Plan, seen: list[str], y: str, g: str, below: str, **sizes: int) -> None:
    """The calls for one pattern."""
    values, *parameters = seen
    rows = {"rows": blocks.rows_at_once(sizes["units"], _ROWS), **pieces(sizes["inputs"], plan.lanes)}
    plan.forward(forward, f"{name}_forward", [*seen, y], **sizes, **rows)
    # Where nothing below needs a cotangent, the input stands in for it and is left alone.
    arguments = [*seen, g, below or values]
    rows["rows"] = blocks.rows_at_once(sizes["units"], PAIR)
    plan.adjoint(adjoint, f"{name}_adjoint", arguments, updates=parameters, carry=bool(below), **sizes, **rows)


def _emit_block(name: str, plan: Plan, seen: list[str], y: str, g: str, below: str, **sizes: int) -> None:
    """The calls for a block of patterns."""
    values, weight, bias = seen

    def call(kernel: Callable, what: str, arguments: list[str], **tiles: Constant) -> Call:
        constants = {**sizes, **pieces(sizes["inputs"], plan.lanes), **tiles}
        return plan.call(kernel, f"{name}_{what}", arguments, whole=True, **constants)

    rows = blocks.rows_at_once(sizes["units"], TRIPLE)
    plan.up.append(call(blocks.forward, "forward", [*seen, y, "count"], rows=rows, together=(PAIR, 1)))
    if below:
        plan.learn.append(
            call(blocks.below, "below", [weight, g, below, "count"], together=(2 * PAIR, 1), squared=False)
        )
    arguments = [values, g, "count", weight, bias, f"{weight}_by", f"{bias}_by"]
    plan.learn.append(call(blocks.gradients, "gradients", arguments, rows=rows, squared=False, learns=False))


def emit_pack(name: str, x: Plane, plan: Plan) -> Plane:
    """The plane itself if its units lie side by side, or a packed copy of it."""
    if x.dense:
        return x
    size = x.maps * x.height * x.width
    packed = plan.plane(f"{name}_packed", 1, 1, size, size, dense=True, needed=bool(x.cotangent))
    sizes = {"maps": x.maps, "height": x.height, "width": x.width, "stride": x.stride}
    plan.forward(pack, f"{name}_pack", [x.values, plan.flat(packed.values)], **sizes)
    if x.cotangent:
        cotangents = [plan.flat(packed.cotangent), x.cotangent]
        plan.adjoint_as_is(unpack, f"{name}_unpack", cotangents, margin=x.margin, **sizes)
    return packed


def emit_unpack(layer: Convolution | MaxPooling | AveragePooling, name: str, x: Plane, plan: Plan) -> Plane:
    """The plane itself, or a copy with its maps apart, if a full connection stands below a layer of points."""
    if not x.dense:
        return x
    maps, height, width = layer.below
    apart = plan.plane(f"{name}_unpacked", maps, height, width, width, needed=bool(x.cotangent))
    sizes = {"maps": maps, "height": height, "width": width, "stride": width}
    plan.forward(unpack, f"{name}_unpack", [plan.flat(x.values), apart.values], margin=0, **sizes)
    if x.cotangent:
        plan.adjoint_as_is(pack, f"{name}_pack", [apart.cotangent, plan.flat(x.cotangent)], **sizes)
    return apart

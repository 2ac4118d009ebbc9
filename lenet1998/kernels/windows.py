"""Convolutions that see every map below and have few windows, compiled: C5 on a field wider than its kernels.

Where its maps are points C5 is a full connection (section II-B). Where they have some units more it is that connection
applied to each window, with the same weights: a matrix product, as for a block of patterns, and the kernels are those
of `lenet1998.kernels.blocks`. As a convolution its short rows would leave most of each vector empty. The units of a
window are copied side by side first; what its outputs hear of it comes back to the maps window by window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lenet1998.kernels import blocks
from lenet1998.kernels.full import emit_pack, emit_unpack
from lenet1998.kernels.tiles import PAIR, TRIPLE, pieces

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Convolution, Positions

# From here on rows of maps fill enough vectors (sides 40 and 52 of the field were timed).
_MOST = 64


def pack(x, y, *, maps, rows, columns, taps, stride):
    """Copy the units of each window side by side: map by map, as the weights lie."""
    for row in range(rows):
        for column in range(columns):
            for m in range(maps):
                for u in range(taps):
                    for v in range(taps):
                        place = (row + u) * stride + column + v
                        y[row * columns + column, (m * taps + u) * taps + v] = x[m, place]


def unpack(g, below, *, maps, rows, columns, taps, stride, margin, length):
    """The adjoint of `pack`: each unit collects what every window that holds it brings; gaps between rows stay zero."""
    for m in range(maps):
        for i in range(length):
            below[m, margin + i] = 0.0
    for row in range(rows):
        for column in range(columns):
            for m in range(maps):
                for u in range(taps):
                    for v in range(taps):
                        place = margin + (row + u) * stride + column + v
                        below[m, place] += g[row * columns + column, (m * taps + u) * taps + v]


def transpose(x, y, *, rows, columns, margin):
    """The outputs of each window to their maps; or the maps of one row to their positions (section VII), or back."""
    for row in range(rows):
        for column in range(columns):
            y[column, margin + row] = x[row, column]


def has_few(layer: Convolution) -> bool:
    """Whether a layer is one for these kernels."""
    plain = layer.table.all() and layer.stride == 1 and not layer.padding
    return bool(plain) and (layer.shape[1] == 1 or int(np.prod(layer.shape[1:])) <= _MOST)


def emit(layer: Convolution, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    x = emit_unpack(layer, name, x, plan)
    units, rows, columns = layer.shape
    windows, inputs = rows * columns, layer.below[0] * layer.k**2
    weight, bias = (plan.parameter(layer, key, (layer.values[key].size,)) for key in ("weight", "bias"))
    seen, outputs = plan.buffer(f"{name}_seen", (windows, inputs)), plan.buffer(f"{name}_outputs", (windows, units))
    g = plan.buffer(f"{name}_heard", (windows, units))
    y = plan.plane(name, units, rows, columns, columns, dense=dense)
    place = {"maps": layer.below[0], "rows": rows, "columns": columns, "taps": layer.k, "stride": x.stride}
    cut = {"units": units, "inputs": inputs, **pieces(inputs, plan.lanes)}
    at_once = {"rows": blocks.rows_at_once(units, TRIPLE)}
    plan.forward(pack, f"{name}_pack", [x.values, seen], **place)
    arguments = [seen, weight, bias, outputs, str(windows)]
    plan.forward(blocks.forward, f"{name}_forward", arguments, **cut, **at_once, together=(PAIR, 1))
    plan.forward(transpose, f"{name}_apart", [outputs, y.values], rows=windows, columns=units, margin=0)
    if x.cotangent:
        down = plan.buffer(f"{name}_back", (windows, inputs))
        margin = {"margin": x.margin, "length": x.length}
        plan.adjoint_as_is(unpack, f"{name}_unpack", [down, x.cotangent], **place, **margin)
    arguments = [seen, g, str(windows), weight, bias]
    plan.adjoint(blocks.gradients, f"{name}_gradients", arguments, updates=[weight, bias], **cut, **at_once)
    if x.cotangent:
        plan.adjoint(blocks.below, f"{name}_below", [weight, g, down, str(windows)], **cut, together=(2 * PAIR, 1))
    plan.adjoint_as_is(transpose, f"{name}_together", [y.cotangent, g], rows=units, columns=windows, margin=0)
    return y


def emit_row(layer: Positions, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills, a row of units for each position."""
    if layer.n == 1:
        return emit_pack(name, x, plan)
    units, n = layer.shape[0], layer.n
    y = plan.plane(name, n, 1, units, units, dense=True)
    plan.forward(transpose, f"{name}_forward", [x.values, y.values], rows=units, columns=n, margin=0)
    arguments = [y.cotangent, x.cotangent]
    plan.adjoint_as_is(transpose, f"{name}_adjoint", arguments, rows=n, columns=units, margin=x.margin)
    return y

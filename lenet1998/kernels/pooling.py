"""Pooling without parameters, compiled: the largest or the mean unit of each window.

Which unit was the largest is not kept: the maps below are still there on the way down, and looking again costs less
than a table of places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lenet1998.kernels.full import emit_unpack
from lenet1998.kernels.specialise import unroll

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.modern.layers import AveragePooling, MaxPooling


def largest(x, y, *, maps, height, width, stride, window):
    """The largest unit of each window; NaN passes."""
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                best = x[m, window * row * stride + window * i]
                for u in unroll(window):
                    for v in unroll(window):
                        value = x[m, (window * row + u) * stride + window * i + v]
                        best = value if value > best or value != value else best
                y[m, row * width + i] = best


def to_largest(x, g, below, *, maps, height, width, stride, margin, window):
    """The cotangent goes to the first unit that is as large as the window's largest, the others receive zero.

    The largest is looked for again: what lies above may have overwritten it.
    """
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                best = x[m, window * row * stride + window * i]
                for u in unroll(window):
                    for v in unroll(window):
                        value = x[m, (window * row + u) * stride + window * i + v]
                        best = value if value > best else best
                left = g[m, row * width + i]
                for u in unroll(window):
                    for v in unroll(window):
                        here = x[m, (window * row + u) * stride + window * i + v] == best
                        below[m, margin + (window * row + u) * stride + window * i + v] = left if here else 0.0
                        left = 0.0 if here else left


def mean(x, y, *, maps, height, width, stride, window, share):
    """The mean of each window."""
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                total = 0.0
                for u in unroll(window):
                    for v in unroll(window):
                        total += x[m, (window * row + u) * stride + window * i + v]
                y[m, row * width + i] = share * total


def to_all(g, below, *, maps, height, width, stride, margin, window, share, squared):
    """Each unit of a window receives its share, squared in that algebra."""
    factor = share
    if squared:
        factor = factor * factor
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                value = factor * g[m, row * width + i]
                for u in unroll(window):
                    for v in unroll(window):
                        below[m, margin + (window * row + u) * stride + window * i + v] = value


def _planes(layer: MaxPooling | AveragePooling, name: str, x: Plane, plan: Plan, dense: bool):
    """The plane below, that of the layer, and the constants that all kernels here take."""
    x = emit_unpack(layer, name, x, plan)
    maps, height, width = layer.shape
    y = plan.plane(name, maps, height, width, width, dense=dense, needed=bool(x.cotangent))
    return x, y, {"maps": maps, "height": height, "width": width, "stride": x.stride, "window": layer.window}


def emit_max(layer: MaxPooling, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    x, y, sizes = _planes(layer, name, x, plan, dense)
    plan.forward(largest, f"{name}_forward", [x.values, y.values], **sizes)
    if x.cotangent:
        arguments = [x.values, y.cotangent, x.cotangent]
        plan.adjoint_as_is(to_largest, f"{name}_below", arguments, margin=x.margin, **sizes)
    return y


def emit_mean(layer: AveragePooling, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    x, y, sizes = _planes(layer, name, x, plan, dense)
    sizes["share"] = 1 / layer.window**2
    plan.forward(mean, f"{name}_forward", [x.values, y.values], **sizes)
    if x.cotangent:
        plan.adjoint(to_all, f"{name}_below", [y.cotangent, x.cotangent], margin=x.margin, **sizes)
    return y

"""Convolutions whose maps are points and whose table leaves gaps, compiled: C5 of LeNet-4.

As a convolution such a layer would compute a whole vector of positions for each tap, of which one is a unit. Here it is
a full connection with gaps: the kernels of unit o are those from first[o] to first[o + 1], and kernel k sees `taps`
units below that lie side by side, from seen[k] on. These are too few for a vector loop, so they are written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lenet1998.kernels.full import connect
from lenet1998.kernels.lanes import fma
from lenet1998.kernels.specialise import registers, unroll

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Convolution

_SUMS = 5  # as many at once as the multiply-adds of one take time


def forward(x, weight, bias, y, *, units, first, seen, taps, at_once):
    """y = b + the sum over the kernels of a unit of w.x (equation 5)."""
    for o in range(units):
        sums = registers(at_once)
        for kernel in range(first[o], first[o + 1]):
            origin = seen[kernel]
            for t in unroll(taps):
                sums[t % at_once] = fma(weight[kernel * taps + t], x[origin + t], sums[t % at_once])
        total = bias[o]
        for s in unroll(at_once):
            total += sums[s]
        y[o] = total


def adjoint(x, weight, bias, g, below, by_weight, by_bias, *, units, inputs, first, seen, taps, carry, squared, learns):
    """Learn (equation 18), with step sizes in `by_*`; or add gradients, or squared: curvatures, to `by_*`.

    Carries the cotangent of the input down in the same loop. Returns the sum of the new weights, which is finite only
    if each of them is.
    """
    check = 0.0
    if carry:
        for i in range(inputs):
            below[i] = 0.0
    for o in range(units):
        here = g[o]
        if learns:
            bias[o] -= by_bias[o] * here
            check += bias[o]
        else:
            by_bias[o] += here
        for kernel in range(first[o], first[o + 1]):
            origin = seen[kernel]
            for t in unroll(taps):
                w = weight[kernel * taps + t]
                value = x[origin + t]
                if squared:
                    value = value * value
                if carry:
                    below[origin + t] += here * (w * w if squared else w)
                if learns:
                    learnt = w - by_weight[kernel * taps + t] * (here * value)
                    weight[kernel * taps + t] = learnt
                    check += learnt
                else:
                    by_weight[kernel * taps + t] += here * value
    return check


def emit(layer: Convolution, name: str, x: Plane, plan: Plan) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    y, seen, outputs, g, down = connect(layer, name, x, plan)
    values, *parameters = seen
    sizes = {
        "units": layer.maps,
        "first": (0, *np.cumsum(layer.table.sum(axis=0)).tolist()),
        "seen": tuple((np.nonzero(layer.table.T)[1] * layer.k**2).tolist()),
        "taps": layer.k**2,
    }
    plan.forward(forward, f"{name}_forward", [*seen, outputs], **sizes, at_once=_SUMS)
    # Where nothing below needs a cotangent, the input stands in for it and is left alone.
    sizes |= {"inputs": int(np.prod(layer.below)), "carry": bool(down)}
    plan.adjoint(adjoint, f"{name}_adjoint", [*seen, g, down or values], updates=parameters, **sizes)
    return y

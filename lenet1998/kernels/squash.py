"""What is applied to each unit alone, compiled: equation 6, and rectified linear units, on a whole layer in one loop.

The C library's tanh would cost more than all convolutions together, being called value by value, and differs between
machines. In float32 tanh is taken from x P(x^2) / Q(x^2) instead, which a vector unit evaluates sixteen values at a
time. The coefficients are a minimax fit on [0, 8.5], made for this module (the largest error is 1.1e-8 in exact
arithmetic); above, the argument is cut off, where tanh differs from one by less than 1e-7. Rounding included, the
result is within 4e-7 of tanh. Float64 has `lenet1998.kernels.elementary.tanh`.

The comparisons that cut off are written so that NaN passes through them: a diverging network must be seen to diverge.
A unit that saturates is at A exactly, and f' is factored so that it is exactly zero there, as in the NumPy layer: with
ruinous step sizes a slope of one rounding error would be multiplied by weights of any size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lenet1998.kernels.elementary import tanh
from lenet1998.kernels.lanes import fma
from lenet1998.kernels.specialise import unroll
from lenet1998.squash import A, S

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Squash
    from lenet1998.modern.layers import ReLU

LIMIT = 8.5
# Coefficients of x^0, x^2, ...: tanh x = x P / Q.
P = (0.999999945680596, 0.13406209541109676, 0.003525822645129453, 2.1121596024483674e-05, 1.409922297952684e-08)
Q = (1.0, 0.46739520973788273, 0.025991150380905652, 0.0003335694534559417, 8.073622412065054e-07)


def copy(a, x, maps, length):
    """Keep `a`, because another layer looks at it again."""
    for m in range(maps):
        for i in range(length):
            x[m, i] = a[m, i]


def forward(x, maps, length, *, big_a, big_s, exact, limit, degree, p, q):
    """x <- A tanh(S x), equation 6, in place."""
    for m in range(maps):
        for i in range(length):
            a = big_s * x[m, i]
            if exact:
                t = tanh(a)
            else:
                t = limit if a > limit else a
                t = -limit if t < -limit else t
                z = t * t
                above = p[degree]
                under = q[degree]
                for c in unroll(degree):
                    above = fma(above, z, p[degree - 1 - c])
                    under = fma(under, z, q[degree - 1 - c])
                t = t * above / under
                t = 1.0 if t > 1.0 or a > limit else t
                t = -1.0 if t < -1.0 or a < -limit else t
            x[m, i] = big_a * t


def adjoint(x, g, maps, length, *, big_a, bend, margin, squared):
    """Multiply by f' = (S / A) (A - x) (A + x), written in the unit's state; squared: by f'^2 (equation 27)."""
    for m in range(maps):
        for i in range(length):
            slope = bend * ((big_a - x[m, i]) * (big_a + x[m, i]))
            g[m, margin + i] *= slope * slope if squared else slope


def rectify(x, maps, length):
    """x <- max(0, x), in place; NaN passes."""
    for m in range(maps):
        for i in range(length):
            a = x[m, i]
            x[m, i] = 0.0 if a <= 0.0 else a


def adjoint_of_rectify(x, g, maps, length, *, margin):
    """Multiply by the slope, 1 or 0, its own square; a product, so that what is not finite is seen as in NumPy."""
    for m in range(maps):
        for i in range(length):
            g[m, margin + i] *= 1.0 if x[m, i] > 0.0 else 0.0


def emit(layer: Squash, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan, in place unless the layer below looks at its output again; return its plane."""
    y, values, sizes = _in_place(name, x, plan)
    constants = {"big_a": A, "big_s": S, "limit": LIMIT, "degree": len(P) - 1, "p": P, "q": Q}
    plan.forward(forward, "squash_forward", [values, *sizes], exact=plan.dtype == np.float64, **constants)
    if x.cotangent:
        cotangent = plan.view(y.cotangent, (int(sizes[0]), -1))
        plan.adjoint(adjoint, "squash_adjoint", [values, cotangent, *sizes], margin=x.margin, big_a=A, bend=S / A)
    return y


def emit_rectify(layer: ReLU, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """The same for rectified linear units."""
    y, values, sizes = _in_place(name, x, plan)
    plan.forward(rectify, "rectify", [values, *sizes])
    if x.cotangent:
        cotangent = plan.view(y.cotangent, (int(sizes[0]), -1))
        plan.adjoint_as_is(adjoint_of_rectify, "rectify_adjoint", [values, cotangent, *sizes], margin=x.margin)
    return y


def _in_place(name: str, x: Plane, plan: Plan) -> tuple[Plane, str, list[str]]:
    """The plane to work on, its values as rows, and how many rows there are and how long they are."""
    y = replace(x, free=False) if x.free else plan.copy_of(x, name)
    maps, length = (1, x.maps * x.length) if x.dense else (x.maps, x.length)
    if y.values != x.values:
        plan.forward(copy, "copy", [x.values, y.values, str(x.maps), str(x.length)])
    return y, plan.view(y.values, (maps, -1)), [str(maps), str(length)]

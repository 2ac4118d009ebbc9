"""Subsampling, compiled: S2 and S4.

A unit keeps the sum of its window in `pooled`, which its coefficient's gradient needs, and computes coefficient *
pooled + bias from it. Rows of the layer below lie at that layer's stride; rows of this one lie side by side, so
everything but the windows is a single loop over a map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lenet1998.kernels.lanes import add_lanes, fma, load
from lenet1998.kernels.specialise import registers, unroll, vectors
from lenet1998.kernels.tiles import pieces

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Subsampling


def forward(x, coefficient, bias, pooled, y, *, maps, each, height, width, stride, scale):
    """The sum of each 2x2 window (scale 1; the average: 1/4), times a coefficient, plus a bias.

    Each map below has `each` maps here.
    """
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                above = x[m // each, 2 * row * stride + 2 * i] + x[m // each, 2 * row * stride + 2 * i + 1]
                under = x[m // each, (2 * row + 1) * stride + 2 * i] + x[m // each, (2 * row + 1) * stride + 2 * i + 1]
                pooled[m, row * width + i] = scale * (above + under)
        for i in range(height * width):
            y[m, i] = fma(coefficient[m], pooled[m, i], bias[m])


def below(coefficient, g, below, *, maps, each, height, width, stride, margin, scale, squared):
    """Each of the four inputs receives the coefficient (times the quarter of an average), squared in that algebra."""
    factor = registers(each)
    for s in range(maps // each):
        for r in unroll(each):
            factor[r] = scale * coefficient[s * each + r]
            if squared:
                factor[r] = factor[r] * factor[r]
        for row in range(height):
            for i in range(width):
                value = 0.0
                for r in unroll(each):
                    value = fma(factor[r], g[s * each + r, row * width + i], value)
                below[s, margin + 2 * row * stride + 2 * i] = value
                below[s, margin + 2 * row * stride + 2 * i + 1] = value
                below[s, margin + (2 * row + 1) * stride + 2 * i] = value
                below[s, margin + (2 * row + 1) * stride + 2 * i + 1] = value


def weights(coefficient, bias, pooled, g, by_coefficient, by_bias, *, maps, parts, first, last, count, lanes, squared,
            learns):  # fmt: skip
    """Learn, or add to gradients or curvatures: the unit has one trainable input, its window's sum."""
    check = 0.0
    for m in range(maps):
        sums = vectors(2)
        for part in unroll(parts):
            for i in range(first[part], last[part], lanes):
                here = load(g, (m, i), count[part])
                value = load(pooled, (m, i), count[part])
                sums[0] = fma(here, value * value if squared else value, sums[0])
                sums[1] = sums[1] + here
        with_input, alone = add_lanes(sums[0]), add_lanes(sums[1])
        if learns:
            coefficient[m] -= by_coefficient[m] * with_input
            bias[m] -= by_bias[m] * alone
            check += coefficient[m] + bias[m]
        else:
            by_coefficient[m] += with_input
            by_bias[m] += alone
    return check


def emit(layer: Subsampling, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    maps, height, width = layer.shape
    y = plan.plane(name, maps, height, width, width, dense=dense)
    pooled = plan.buffer(f"{name}_pooled", (maps, height * width))
    coefficient, bias = (plan.parameter(layer, key, (maps,)) for key in ("coefficient", "bias"))
    sizes: dict[str, Any] = {"maps": maps, "each": layer.each, "height": height, "width": width}
    sizes |= {"stride": x.stride, "scale": layer.scale}
    plan.forward(forward, f"{name}_forward", [x.values, coefficient, bias, pooled, y.values], **sizes)
    plan.adjoint(
        weights,
        f"{name}_weights",
        [coefficient, bias, pooled, y.cotangent],
        updates=[coefficient, bias],
        maps=maps,
        **pieces(height * width, plan.lanes),
    )
    if x.cotangent:
        plan.adjoint(below, f"{name}_below", [coefficient, y.cotangent, x.cotangent], margin=x.margin, **sizes)
    return y

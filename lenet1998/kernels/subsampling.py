"""Subsampling, compiled: S2 and S4.

A unit keeps the sum of its window in `pooled`, which its coefficient's gradient needs, and computes coefficient *
pooled + bias from it. Rows of the layer below lie at that layer's stride; rows of this one lie side by side, so
everything but the windows is a single loop over a map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Subsampling


def forward(x, coefficient, bias, pooled, y, *, maps, height, width, stride, scale):
    """The sum of each 2x2 window (scale 1; the average: 1/4), times a coefficient, plus a bias."""
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                above = x[m, 2 * row * stride + 2 * i] + x[m, 2 * row * stride + 2 * i + 1]
                under = x[m, (2 * row + 1) * stride + 2 * i] + x[m, (2 * row + 1) * stride + 2 * i + 1]
                pooled[m, row * width + i] = scale * (above + under)
        for i in range(height * width):
            y[m, i] = coefficient[m] * pooled[m, i] + bias[m]


def below(coefficient, g, below, *, maps, height, width, stride, margin, scale, squared):
    """Each of the four inputs receives the coefficient (times the quarter of an average), squared in that algebra."""
    for m in range(maps):
        factor = scale * coefficient[m]
        if squared:
            factor = factor * factor
        for row in range(height):
            for i in range(width):
                value = factor * g[m, row * width + i]
                below[m, margin + 2 * row * stride + 2 * i] = value
                below[m, margin + 2 * row * stride + 2 * i + 1] = value
                below[m, margin + (2 * row + 1) * stride + 2 * i] = value
                below[m, margin + (2 * row + 1) * stride + 2 * i + 1] = value


def weights(coefficient, bias, pooled, g, by_coefficient, by_bias, *, maps, length, squared, learns):
    """Learn, or add to gradients or curvatures: the unit has one trainable input, its window's sum."""
    check = 0.0
    for m in range(maps):
        with_input, alone = 0.0, 0.0
        for i in range(length):
            value = pooled[m, i]
            with_input += g[m, i] * (value * value if squared else value)
            alone += g[m, i]
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
    sizes = {"maps": maps, "height": height, "width": width, "stride": x.stride, "scale": layer.scale}
    plan.forward(forward, f"{name}_forward", [x.values, coefficient, bias, pooled, y.values], **sizes)
    plan.adjoint(
        weights,
        f"{name}_weights",
        [coefficient, bias, pooled, y.cotangent],
        updates=[coefficient, bias],
        maps=maps,
        length=height * width,
    )
    if x.cotangent:
        plan.adjoint(below, f"{name}_below", [coefficient, y.cotangent, x.cotangent], margin=x.margin, **sizes)
    return y

"""The output layer and the two losses, compiled: equations 7, 8 and 9, and what seeds the curvature recursion.

These are eight hundred multiplications of the 340,908 connections, so the kernels are written for the reader: the
formulas of `lenet1998.output` and `lenet1998.loss` for one pattern. A loss fills dE/dy; for the curvature pass also the
diagonal and the root of its Hessian, diag(diagonal) - root root^T.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lenet1998.loss import MAP, MLE

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.output import RBF


def forward(x, codes, y, *, classes, inputs):
    """y_i = sum_j (x_j - w_ij)^2, equation 7."""
    for c in range(classes):
        total = 0.0
        for j in range(inputs):
            offset = x[j] - codes[c, j]
            total += offset * offset
        y[c] = total


def backward(x, codes, gradient, below, *, classes, inputs):
    """dE/dx_j = sum_i dE/dy_i 2 (x_j - w_ij)."""
    for j in range(inputs):
        below[j] = 0.0
    for c in range(classes):
        if gradient[c] != 0.0:  # under equation 8 all but one are zero
            twice = 2.0 * gradient[c]
            for j in range(inputs):
                below[j] += twice * (x[j] - codes[c, j])


def seed(x, codes, gradient, diagonal, root, below, *, classes, inputs):
    """d2E/dx_j2 = 2 sum_i dE/dy_i + sum_i diagonal_i o_ij^2 - (sum_i root_i o_ij)^2, with o_ij = 2 (x_j - w_ij)."""
    slopes = 0.0
    for c in range(classes):
        slopes += gradient[c]
    for j in range(inputs):
        own, crossed = 0.0, 0.0
        for c in range(classes):
            offset = 2.0 * (x[j] - codes[c, j])
            own += diagonal[c] * (offset * offset)
            crossed += root[c] * offset
        below[j] = 2.0 * slopes + own - crossed * crossed


def mle(y, label, gradient, diagonal, root, *, classes, scale):
    """Equation 8: E = c y_D. Its Hessian is zero."""
    for c in range(classes):
        gradient[c] = 0.0
        diagonal[c] = 0.0
        root[c] = 0.0
    gradient[label] = scale
    return scale * y[label]


def map_(y, label, gradient, diagonal, root, *, classes, scale, j):
    """Equation 9: E = c y_D + log(e^-j + sum_i e^-cy_i), with the largest term factored out.

    With posteriors p, dE/dy = c (delta_iD - p_i), and the Hessian is c^2 (diag(p) - p p^T).
    """
    rubbish = -j
    largest = rubbish
    for c in range(classes):
        exponent = -scale * y[c]
        largest = exponent if exponent > largest else largest
    total = np.exp(rubbish - largest)
    for c in range(classes):
        total += np.exp(-scale * y[c] - largest)
    log_sum = largest + np.log(total)
    for c in range(classes):
        posterior = np.exp(-scale * y[c] - log_sum)
        gradient[c] = -scale * posterior
        diagonal[c] = scale * scale * posterior
        root[c] = scale * posterior
    gradient[label] += scale
    return scale * y[label] + log_sum


def emit(layer: RBF, name: str, x: Plane, plan: Plan) -> None:
    """Add the layer to the plan: it fills "y" from x, and the cotangent of x from what the loss has filled."""
    classes, inputs = layer.codes.shape
    plan.classes = classes
    sizes = {"classes": classes, "inputs": inputs}
    codes = plan.constant(f"{name}_codes", layer.codes)
    states = plan.flat(x.values)
    for vector in ("y", "gradient", "diagonal", "root"):
        plan.buffer(vector, (classes,))
    plan.forward(forward, f"{name}_forward", [states, codes, "y"], **sizes)
    if x.cotangent:
        below = plan.flat(x.cotangent)
        plan.learn.append(plan.call(backward, f"{name}_backward", [states, codes, "gradient", below], **sizes))
        hessian = [states, codes, "gradient", "diagonal", "root", below]
        plan.curvature.append(plan.call(seed, f"{name}_seed", hessian, **sizes))


def emit_mle(loss: MLE, plan: Plan) -> tuple[str, str]:
    """The calls that evaluate equation 8 for learning and for the curvature pass: the same."""
    call = plan.call(mle, "mle", _ARGUMENTS, classes=plan.classes, scale=float(loss.penalty_scale))
    return call, call


def emit_map(loss: MAP, plan: Plan) -> tuple[str, str]:
    """Those of equation 9; its curvature may be seeded by equation 8."""
    sizes = {"classes": plan.classes, "scale": float(loss.penalty_scale)}
    call = plan.call(map_, "map_", _ARGUMENTS, j=float(loss.j), **sizes)
    return call, plan.call(mle, "mle", _ARGUMENTS, **sizes) if loss.curvature_seed == "constant" else call


_ARGUMENTS = ["y", "label", "gradient", "diagonal", "root"]

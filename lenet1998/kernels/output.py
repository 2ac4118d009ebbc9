"""Output layers, compiled: the RBF units of equation 7, any other units as penalties, and what seeds the curvatures.

These are eight hundred multiplications of the 340,908 connections, so the kernels are written for the reader: the
formulas of `lenet1998.output` for one pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lenet1998.kernels.full import emit_pack
from lenet1998.kernels.lanes import add_lanes, fma, load
from lenet1998.kernels.specialise import unroll, vectors
from lenet1998.kernels.tiles import pieces

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.modern.layers import Contrast
    from lenet1998.output import RBF


def forward(x, codes, y, *, positions, classes, parts, first, last, count, lanes):
    """y_i = sum_j (x_j - w_ij)^2, equation 7."""
    for p in range(positions):
        for c in range(classes):
            sums = vectors(1)
            for part in unroll(parts):
                for j in range(first[part], last[part], lanes):
                    offset = load(x, (p, j), count[part]) - load(codes, (c, j), count[part])
                    sums[0] = fma(offset, offset, sums[0])
            y[p, c] = add_lanes(sums[0])


def backward(x, codes, gradient, below, *, positions, classes, inputs):
    """dE/dx_j = sum_i dE/dy_i 2 (x_j - w_ij)."""
    for p in range(positions):
        for j in range(inputs):
            below[p, j] = 0.0
        for c in range(classes):
            if gradient[p, c] != 0.0:  # under equation 8 all but one are zero
                twice = 2.0 * gradient[p, c]
                for j in range(inputs):
                    below[p, j] += twice * (x[p, j] - codes[c, j])


def seed(x, codes, gradient, diagonal, root, below, *, positions, classes, inputs):
    """d2E/dx_j2 = 2 sum_i dE/dy_i + sum_i diagonal_i o_ij^2 - (sum_i root_i o_ij)^2, with o_ij = 2 (x_j - w_ij)."""
    for p in range(positions):
        slopes = 0.0
        for c in range(classes):
            slopes += gradient[p, c]
        for j in range(inputs):
            own, crossed = 0.0, 0.0
            for c in range(classes):
                offset = 2.0 * (x[p, j] - codes[c, j])
                own += diagonal[p, c] * (offset * offset)
                crossed += root[p, c] * offset
            below[p, j] = 2.0 * slopes + own - crossed * crossed


def learn_centres(x, codes, gradient, by_codes, *, positions, classes, inputs, learns):
    """Centres that learn (section II-C): dE/dw_ij = -dE/dy_i 2 (x_j - w_ij). Returns the sum of those that changed."""
    check = 0.0
    for p in range(positions):
        for c in range(classes):
            if gradient[p, c] != 0.0:
                twice = 2.0 * gradient[p, c]
                for j in range(inputs):
                    slope = twice * (codes[c, j] - x[p, j])
                    if learns:
                        codes[c, j] -= by_codes[c, j] * slope
                        check += codes[c, j]
                    else:
                        by_codes[c, j] += slope
    return check


def curve_centres(x, codes, gradient, diagonal, root, by_codes, *, positions, classes, inputs):
    """d2E/dw_ij2 = 2 max(0, dE/dy_i) + d2E/dy_i2 (2 (x_j - w_ij))^2, as `lenet1998.output` has it."""
    for p in range(positions):
        for c in range(classes):
            rising = gradient[p, c] if gradient[p, c] > 0.0 else 0.0
            own = diagonal[p, c] - root[p, c] * root[p, c]
            for j in range(inputs):
                offset = 2.0 * (x[p, j] - codes[c, j])
                by_codes[c, j] += 2.0 * rising + own * (offset * offset)


def seed_of_sums(diagonal, root, below, *, classes):
    """Outputs without a formula of their own: the diagonal of the loss's Hessian starts the curvature pass."""
    for c in range(classes):
        below[c] = diagonal[c] - root[c] * root[c]


def contrast(x, y):
    """One unit, two penalties: (0, -a)."""
    y[0] = 0.0
    y[1] = -x[0]


def adjoint_of_contrast(g, below, *, squared):
    """The unit's cotangent is that of the second penalty, with its sign changed, or squared away."""
    below[0] = g[1] if squared else -g[1]


def emit(layer: RBF, name: str, x: Plane, plan: Plan) -> None:
    """Add the layer to the plan: it fills the penalties from x, and x's cotangent from what the loss has filled.

    Each row of x is a position of a wider field (section VII), and has penalties of its own.
    """
    classes, inputs = layer.codes.shape
    sizes = {"positions": x.maps, "classes": classes, "inputs": inputs}
    if layer.learns:
        codes = plan.parameter(layer, "centre", (classes, inputs))
    else:
        codes = plan.constant(f"{name}_codes", layer.codes)
    units = x.maps * classes
    _give_out(plan, units, plan.buffer("y", (units,)), plan.buffer("gradient", (units,)))
    states, y, gradient, diagonal, root = (
        plan.view(each, (x.maps, -1)) for each in (x.values, "y", "gradient", "diagonal", "root")
    )
    rows = pieces(inputs, plan.lanes)
    plan.forward(forward, f"{name}_forward", [states, codes, y], positions=x.maps, classes=classes, **rows)
    if layer.learns:  # after the cotangent has gone down, which is added below
        seen = [states, codes, gradient]
        learn = plan.call(learn_centres, f"{name}_centres", [*seen, f"{codes}_by"], learns=plan.online, **sizes)
        plan.learn.append(learn._replace(text=f"check += {learn.text}") if plan.online else learn)
        hessian = [*seen, diagonal, root, f"{codes}_by"]
        plan.curvature.append(plan.call(curve_centres, f"{name}_centres_squared", hessian, **sizes))
    if x.cotangent:
        below = plan.view(x.cotangent, (x.maps, -1))
        plan.learn.append(plan.call(backward, f"{name}_backward", [states, codes, gradient, below], **sizes))
        hessian = [states, codes, gradient, diagonal, root, below]
        plan.curvature.append(plan.call(seed, f"{name}_seed", hessian, **sizes))


def emit_plain(x: Plane, plan: Plan) -> None:
    """Let the units of the last plane be the penalties: what the loss fills is their cotangent."""
    classes = x.maps * x.height * x.width
    gradient = plan.flat(x.cotangent) if x.cotangent else plan.buffer("gradient", (classes,))
    _give_out(plan, classes, plan.flat(x.values), gradient)
    arguments = ["diagonal", "root", gradient]
    plan.curvature.append(plan.call(seed_of_sums, "output_seed", arguments, classes=classes))


def emit_contrast(layer: Contrast, name: str, x: Plane, plan: Plan, dense: bool) -> Plane:
    """Add the layer to the plan and return the plane that it fills."""
    x = emit_pack(name, x, plan)
    y = plan.plane(name, 1, 1, 2, 2, dense=True, needed=bool(x.cotangent))
    plan.forward(contrast, f"{name}_forward", [plan.flat(x.values), plan.flat(y.values)])
    if x.cotangent:
        plan.adjoint(adjoint_of_contrast, f"{name}_adjoint", [plan.flat(y.cotangent), plan.flat(x.cotangent)])
    return y


def _give_out(plan: Plan, classes: int, y: str, gradient: str) -> None:
    plan.classes, plan.y, plan.gradient = classes, y, gradient
    for vector in ("diagonal", "root"):
        plan.buffer(vector, (classes,))

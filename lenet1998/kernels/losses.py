"""The losses, compiled: equations 8 and 9 (cross-entropy is a case of it).

These are a few operations for each class, so the kernels are written for the reader: the formulas of `lenet1998.loss`
for one pattern. A loss fills dE/dy, and the diagonal and the root of its Hessian, diag(diagonal) - root root^T. Its own
numbers are in `constants`, which may change without anything being compiled again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lenet1998.kernels.elementary import exp, log
from lenet1998.kernels.plan import Call
from lenet1998.loss import MAP, MLE, CrossEntropy, Loss, has_rubbish

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan


def mle(y, label, gradient, diagonal, root, constants, *, classes):
    """Equation 8: E = c y_D. Its Hessian is zero. It also seeds curvatures for equation 9, where there may be no D."""
    for c in range(classes):
        gradient[c] = 0.0
        diagonal[c] = 0.0
        root[c] = 0.0
    if label < classes:
        gradient[label] = constants[0]
        return constants[0] * y[label]
    return 0.0


def map_(y, label, gradient, diagonal, root, constants, *, classes, seeds):
    """Equation 9: E = c y_D + log(e^-j + sum_i e^-cy_i), with the largest term factored out.

    With posteriors p, dE/dy = c (delta_iD - p_i), and the Hessian is c^2 (diag(p) - p p^T). Where the rubbish class is
    desired, j takes the place of c y_D, and first derivatives do not seed curvatures.
    """
    scale = constants[0]
    rubbish = -constants[1]
    largest = rubbish
    for c in range(classes):
        exponent = -scale * y[c]
        largest = exponent if exponent > largest else largest
    total = exp(rubbish - largest)
    for c in range(classes):
        total += exp(-scale * y[c] - largest)
    log_sum = largest + log(total)
    for c in range(classes):
        posterior = exp(-scale * y[c] - log_sum)
        gradient[c] = -scale * posterior
        diagonal[c] = scale * scale * posterior
        root[c] = scale * posterior
    if label < classes:
        gradient[label] += scale
        return scale * y[label] + log_sum
    if seeds:
        for c in range(classes):
            gradient[c] = 0.0
    return log_sum - rubbish


def wrong(y, label, constants, *, classes):
    """Whether the answer is wrong, as `lenet1998.loss.wrong` says, where the rubbish class may be the right one."""
    least = np.argmin(y)
    if label < classes:
        return least != label
    return constants[0] * y[least] < constants[1]


def emit_wrong(loss: Loss, plan: Plan) -> Call:
    """The call that tells, once the loss is emitted, whether a pattern is answered wrongly."""
    if not has_rubbish(loss):
        return Call(f"np.argmin({plan.of_one(plan.y)}) != label", False)
    return plan.call(wrong, "wrong", [plan.y, "label", "loss_constants"], classes=plan.classes)


def _emit_mle(loss: MLE, plan: Plan) -> tuple[Call, Call]:
    call = _call(mle, plan, loss.penalty_scale)
    return call, call


def _emit_map(loss: MAP, plan: Plan) -> tuple[Call, Call]:
    learning = _call(map_, plan, loss.penalty_scale, loss.j, seeds=False)
    if loss.curvature_seed == "constant":
        return learning, _call(mle, plan, loss.penalty_scale, loss.j)
    return learning, _call(map_, plan, loss.penalty_scale, loss.j, seeds=True)


def _call(kernel: Callable, plan: Plan, *constants: float, **options: bool) -> Call:
    numbers = plan.constant("loss_constants", np.array(constants))
    arguments = [plan.y, "label", plan.gradient, "diagonal", "root", numbers]
    return plan.call(kernel, kernel.__name__, arguments, classes=plan.classes, **options)


EMIT: dict[type, Callable] = {MLE: _emit_mle, MAP: _emit_map, CrossEntropy: _emit_map}
"""For each loss, what gives the calls that evaluate it: for learning, and to seed the curvature pass."""

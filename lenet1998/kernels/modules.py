"""The text of the modules that a plan is written out as: for one pattern at a time, for mini-batches, and for losses
that are computed elsewhere."""

from itertools import groupby

from lenet1998.kernels.plan import Call, Plan

_HEAD = '''"""Written by lenet1998.kernels.compose, and may be removed. Decorators: lenet1998.kernels.cache."""

import numpy as np

from lenet1998.kernels.elementary import exp, log, power, tanh
from lenet1998.kernels.lanes import add_lanes, fma, load, spread, store

real = np.{dtype}
zero = real(0.0)

{kernels}
'''

_ONE = """

@entry
def train(images, labels, order, levels, mean, field, top, left, {state}):
    errors = 0
    total = 0.0
    for position in range(order.size):
        index = order[position]
        label = int(labels[index])
        {placing}
        {forward}
        value = {learning}
        check = zero
        {learn}
        if not np.isfinite(value):
            return position, True, errors, total
        if not np.isfinite(check):
            return position, False, errors, total
        errors += {wrong}
        total += value
    return -1, False, errors, total


@entry
def curvature(images, labels, order, levels, mean, field, top, left, {state}):
    for position in range(order.size):
        index = order[position]
        label = int(labels[index])
        {placing}
        {forward}
        {seeding}
        {curvature}
"""

_PENALTIES = """

@entry
def penalties(images, out, levels, mean, field, top, left, {state}):
    for index in range(out.shape[0]):
        {placing}
        {forward}
        for c in range({classes}):
            out[index, c] = {y}[c]
"""

_GIVEN = """

@entry
def gradients(images, slopes, levels, mean, field, top, left, {state}):
    for index in range(slopes.shape[0]):
        {placing}
        {forward}
        for c in range({classes}):
            {gradient}[c] = slopes[index, c]
        {learn}


@entry
def curvatures(images, slopes, diagonals, roots, levels, mean, field, top, left, {state}):
    for index in range(slopes.shape[0]):
        {placing}
        {forward}
        for c in range({classes}):
            {gradient}[c] = slopes[index, c]
            diagonal[c] = diagonals[index, c]
            root[c] = roots[index, c]
        {curvature}
"""

_BATCHES = """

@entry
def train_batches(images, labels, order, batch, kind, settings, made, numbers, rates, decay, first, second, levels,
                  mean, field, top, left, {state}):
    errors = 0
    total = 0.0
    for start in range(0, order.size, batch):
        stop = min(start + batch, order.size)
        for block in range(start, stop, {block}):
            count = min({block}, stop - block)
            for b in range(count):
                index = order[block + b]
                {placing}
            {forward}
            for b in range(count):
                label = int(labels[order[block + b]])
                value = {learning}
                if not np.isfinite(value):
                    return block + b, True, errors, total
                errors += {wrong}
                total += value
            {learn}
        {before}
        check = zero
        {update}
        if not np.isfinite(check):
            return stop - 1, False, errors, total
    return -1, False, errors, total
"""


def one_by_one(plan: Plan, placing: Call, learning: Call, wrong: Call, seeding: Call) -> str:
    """The module of `train`, `curvature` and `penalties`, each a loop over patterns."""
    return _written(
        _HEAD + _ONE + _PENALTIES,
        plan,
        placing=placing.text,
        forward=_lines(plan.up, 8),
        learning=learning.text,
        wrong=wrong.text,
        learn=_lines(plan.learn[::-1], 8),
        seeding=seeding.text,
        curvature=_lines(plan.curvature[::-1], 8),
        y=plan.y,
    )


def with_given(plan: Plan, placing: Call) -> str:
    """The module of `penalties`, and of `gradients` and `curvatures`, which are given the loss's derivatives by them
    and add to the gradients or curvatures of the parameters."""
    return _written(
        _HEAD + _PENALTIES + _GIVEN,
        plan,
        placing=placing.text,
        forward=_lines(plan.up, 8),
        learn=_lines(plan.learn[::-1], 8),
        curvature=_lines(plan.curvature[::-1], 8),
        y=plan.y,
        gradient=plan.gradient,
    )


def in_batches(plan: Plan, placing: Call, learning: Call, wrong: Call, before: Call, update: list[Call]) -> str:
    """The module of `train_batches`: a loop over mini-batches, and in them over blocks of patterns."""
    return _written(
        _HEAD + _BATCHES,
        plan,
        block=plan.block,
        placing=placing.text,
        forward=_grouped(plan.up, 12),
        learning=learning.text,
        wrong=wrong.text,
        learn=_grouped(plan.learn[::-1], 12),
        before=before.text,
        update=_lines([Call(f"check += {call.text}", True) for call in update], 8),
    )


def _written(template: str, plan: Plan, **parts: object) -> str:
    kernels = "\n\n".join(text for _, text in plan.kernels.values())
    state = ", ".join(plan.state())
    return template.format(dtype=plan.dtype.name, kernels=kernels, state=state, classes=plan.classes, **parts)


def _lines(calls: list[Call], indent: int) -> str:
    return ("\n" + " " * indent).join(call.text for call in calls) or "pass"


def _grouped(calls: list[Call], indent: int) -> str:
    """Calls for a whole block as they are, and a loop over the patterns round those for one."""
    parts = []
    for whole, group in groupby(calls, key=lambda call: call.whole):
        loop = "" if whole else "for b in range(count):\n" + " " * (indent + 4)
        parts.append(loop + _lines(list(group), indent if whole else indent + 4))
    return ("\n" + " " * indent).join(parts) or "pass"

"""From the list of layers to the text of a compiled pass.

There is one description of the network: `network.layers`. `compose` walks it, and each layer adds to a `Plan` the
buffers it fills, its kernels specialised for its sizes (`lenet1998.kernels.specialise`), and one call for each of the
three passes. The plan is then written out as a Python module with three functions, `train`, `curvature` and
`penalties`, each a loop over patterns round those calls. `LAYERS`, `OUTPUTS` and `LOSSES` say what there are kernels
for; nothing else is ever run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from lenet1998.errors import LeNetError
from lenet1998.kernels import convolution, full, output, squash, subsampling
from lenet1998.kernels.plan import Plan, Plane
from lenet1998.layers import Convolution, FullConnection, Layer, Squash, Subsampling
from lenet1998.loss import MAP, MLE
from lenet1998.network import Input, Network
from lenet1998.output import RBF


class Kernels(NamedTuple):
    """How a type of layer enters a plan, and whether its kernels want the units of the plane below side by side."""

    emit: Callable[..., Plane]
    wants_dense: Callable[[Any], bool]


LAYERS: dict[type, Kernels] = {
    Convolution: Kernels(convolution.emit, convolution.is_matrix),
    Subsampling: Kernels(subsampling.emit, lambda layer: False),
    FullConnection: Kernels(full.emit, lambda layer: True),
    Squash: Kernels(squash.emit, lambda layer: False),
}
OUTPUTS: dict[type, Callable] = {RBF: output.emit}
LOSSES: dict[type, Callable] = {MLE: output.emit_mle, MAP: output.emit_map}


def place(images, index, levels, field, top, left):
    """Put an image on the field: bytes to input values."""
    window = field[top : top + images.shape[1], left : left + images.shape[2]]
    for row in range(images.shape[1]):
        for i in range(images.shape[2]):
            window[row, i] = levels[images[index, row, i]]


def compose(network: Network, loss: object) -> tuple[Plan, str]:
    """The plan for a network and a loss, and the text of its module. Raises LeNetError for what has no kernels."""
    *hidden, last = network.layers
    _refuse_unknown(network, hidden, last, loss)
    plan = Plan(network.dtype)
    side = network.input.side
    x = plan.plane("field", 1, side, side, side, dense=_wants_dense(network.layers), needed=False)
    x = replace(x, free=False)
    for index, layer in enumerate(hidden):
        name = f"{type(layer).__name__.lower()}{index}"
        x = LAYERS[type(layer)].emit(layer, name, x, plan, _wants_dense(network.layers[index + 1 :]))
    OUTPUTS[type(last)](last, "output", x, plan)
    placing = plan.call(place, "place", ["images", "index", "levels", "field", "top", "left"])
    learning, seeding = LOSSES[type(loss)](loss, plan)
    return plan, _module(plan, placing, learning, seeding)


def _refuse_unknown(network: Network, hidden: list[Layer], last: Layer, loss: object) -> None:
    strangers = [layer for layer in hidden if type(layer) not in LAYERS]
    strangers += [last] if type(last) not in OUTPUTS else []
    strangers += [network.input] if type(network.input) is not Input else []  # type: ignore[list-item]
    strangers += [loss] if type(loss) not in LOSSES else []  # type: ignore[list-item]
    if strangers:
        what = f"{type(strangers[0]).__name__} {getattr(strangers[0], 'name', '')}".strip()
        raise LeNetError(f"the numba engine has no kernels for {what} in this place: take --engine numpy")
    if network.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise LeNetError(f"the numba engine has no kernels for {network.dtype}: take float32 or float64")


def _wants_dense(above: list[Layer]) -> bool:
    consumer = next(layer for layer in above if type(layer) is not Squash)
    return type(consumer) in OUTPUTS or LAYERS[type(consumer)].wants_dense(consumer)


_MODULE = '''"""Written by lenet1998.kernels.compose, and may be removed. Decorators: lenet1998.kernels.cache."""

import numpy as np

real = np.{dtype}
zero = real(0.0)

{kernels}


@entry
def train(images, labels, order, levels, field, top, left, {state}):
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
        errors += np.argmin(y) != label
        total += value
    return -1, False, errors, total


@entry
def curvature(images, labels, order, levels, field, top, left, {state}):
    for position in range(order.size):
        index = order[position]
        label = int(labels[index])
        {placing}
        {forward}
        {seeding}
        {curvature}


@entry
def penalties(images, out, levels, field, top, left, {state}):
    for index in range(out.shape[0]):
        {placing}
        {forward}
        for c in range({classes}):
            out[index, c] = y[c]
'''


def _module(plan: Plan, placing: str, learning: str, seeding: str) -> str:
    def lines(calls: list[str]) -> str:
        return "\n        ".join(calls) or "pass"

    return _MODULE.format(
        dtype=plan.dtype.name,
        kernels="\n\n".join(text for _, text in plan.kernels.values()),
        state=", ".join(plan.state()),
        placing=placing,
        forward=lines(plan.up),
        learning=learning,
        learn=lines(plan.learn[::-1]),
        seeding=seeding,
        curvature=lines(plan.curvature[::-1]),
        classes=plan.classes,
    )

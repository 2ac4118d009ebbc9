"""From the list of layers to the text of compiled passes.

There is one description of the network: `network.layers`. `compose` walks it, and each layer adds to a `Plan` the
buffers it fills, its kernels specialised for its sizes (`lenet1998.kernels.specialise`), and one call for each of the
passes. The plan is then written out as a Python module (`lenet1998.kernels.modules`), whose functions are loops over
patterns round those calls. `LAYERS`, `losses.EMIT` and `update.KINDS` say what there are kernels for; nothing else is
ever run.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from lenet1998.engine import NoKernels
from lenet1998.kernels import convolution, full, losses, modules, output, pooling, squash, subsampling, update, windows
from lenet1998.kernels.plan import Call, Plan, Plane
from lenet1998.kernels.tiles import SUMS
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Positions, Squash, Subsampling
from lenet1998.loss import Loss
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Input, Network
from lenet1998.output import RBF

# Patterns of a mini-batch that go through the layers together: enough to share the weights of full connections.
BLOCK = 16


class Kernels(NamedTuple):
    """How a type of layer enters a plan, and whether its kernels want the units of the plane below side by side."""

    emit: Callable[..., Plane]
    wants_dense: Callable[[Any], bool]


LAYERS: dict[type, Kernels] = {
    Convolution: Kernels(convolution.emit, convolution.is_point),
    Subsampling: Kernels(subsampling.emit, lambda layer: False),
    MaxPooling: Kernels(pooling.emit_max, lambda layer: False),
    AveragePooling: Kernels(pooling.emit_mean, lambda layer: False),
    FullConnection: Kernels(full.emit, lambda layer: True),
    Contrast: Kernels(output.emit_contrast, lambda layer: True),
    Positions: Kernels(windows.emit_row, lambda layer: False),
    Squash: Kernels(squash.emit, lambda layer: False),
    ReLU: Kernels(squash.emit_rectify, lambda layer: False),
}
_IN_PLACE = (Squash, ReLU)


def place(images, index, levels, mean, field, top, left, *, channels, centred):
    """Put an image on the field: bytes to input values, less the mean of the training set."""
    for c in range(channels):
        window = field[c, top : top + images.shape[2], left : left + images.shape[3]]
        around = mean[c, top : top + images.shape[2], left : left + images.shape[3]]
        for row in range(images.shape[2]):
            for i in range(images.shape[3]):
                value = levels[images[index, c, row, i]]
                window[row, i] = value - around[row, i] if centred else value


def compose(network: Network, loss: Loss, batches: bool = False, sums: int = SUMS) -> tuple[Plan, str]:
    """The plan for a network and a loss, and the text of its module: `train`, `curvature` and `penalties`, one pattern
    at a time, or `train_batches`. A tile has so many `sums`. Raises NoKernels for what has none.
    """
    if type(loss) not in losses.EMIT:
        raise _no_kernels(loss)
    plan = Plan(network.dtype, BLOCK if batches else 0, sums)
    placing = _through_layers(network, plan)
    learning, seeding = losses.EMIT[type(loss)](loss, plan)
    wrong = losses.emit_wrong(loss, plan)
    if batches:
        return plan, modules.in_batches(plan, placing, learning, wrong, *update.emit(network, plan))
    return plan, modules.one_by_one(plan, placing, learning, wrong, seeding)


def compose_given(network: Network, sums: int = SUMS) -> tuple[Plan, str]:
    """The same for a loss that is computed elsewhere: `penalties`, `gradients` and `curvatures`."""
    plan = Plan(network.dtype, sums=sums, adds=True)
    return plan, modules.with_given(plan, _through_layers(network, plan))


def _through_layers(network: Network, plan: Plan) -> Call:
    """Add every layer to the plan; returns the call that puts an image on the field."""
    _refuse_unknown(network)
    (channels, side, width), layers = network.input.shape, network.layers
    x = plan.plane("field", channels, side, width, width, dense=_wants_dense(layers), needed=False)
    x = replace(x, free=False)
    for index, layer in enumerate(layers):
        name = f"{type(layer).__name__.lower()}{index}"
        if type(layer) is RBF:
            output.emit(layer, "output", x, plan)
        else:
            x = LAYERS[type(layer)].emit(layer, name, x, plan, _wants_dense(layers[index + 1 :]))
    if type(layers[-1]) is not RBF:
        output.emit_plain(full.emit_pack("output", x, plan), plan)
    images = ["images", "index", "levels", "mean", "field[b]" if plan.block else "field", "top", "left"]
    return plan.call(place, "place", images, channels=channels, centred=network.input.mean)


def _refuse_unknown(network: Network) -> None:
    *hidden, last = network.layers
    strangers: list[Any] = [layer for layer in hidden if type(layer) not in LAYERS]
    strangers += [last] if type(last) not in (*LAYERS, RBF) else []
    strangers += [network.input] if type(network.input) is not Input else []
    if strangers:
        raise _no_kernels(strangers[0])
    if network.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise NoKernels(f"the numba engine has no kernels for {network.dtype}")


def _no_kernels(stranger: object) -> NoKernels:
    what = f"{type(stranger).__name__} {getattr(stranger, 'name', '')}".strip()
    return NoKernels(f"the numba engine has no kernels for {what} in this place")


def _wants_dense(above: list[Layer]) -> bool:
    """Whether what looks at a plane, under these layers, wants its units side by side: the penalties are so too."""
    consumer = next((layer for layer in above if type(layer) not in _IN_PLACE), None)
    return consumer is None or type(consumer) is RBF or LAYERS[type(consumer)].wants_dense(consumer)

"""LeNet-5 replicated over a string (section VII, Figures 23 and 25): the same layers on a wider field.

C5, F6 and the output layer of the isolated-character network are convolutions on a field wider than 32 pixels: their
kernels are the weights that they had, and whatever fields have in common is computed once. On 32 x W pixels there are
n = (W - 32) / 4 + 1 outputs, one for each shift that the two subsamplings let through.
"""

from __future__ import annotations

import copy
from dataclasses import replace

from lenet1998.connections import full_table
from lenet1998.errors import LeNetError
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Positions
from lenet1998.network import Network
from lenet1998.output import RBF


def replicate(network: Network, width: int) -> Network:
    """The network on a field of its own height and `width`; the parameters are the network's own, not copies.

    Its penalties are (P n, classes), those of an image in a row. Raises LeNetError where a layer does not
    fit such a field: for LeNet-5 the width is 32, 36, 40 and so on.

    >>> import numpy as np
    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> replicate(LeNet5(Recipe()), 64).forward(np.zeros((2, 32, 64), np.uint8)).shape
    (18, 10)
    """
    layers: list[Layer] = []
    *hidden, output = network.layers
    for layer in hidden:
        layers.append(_spread(layer) if isinstance(layer, FullConnection) else copy.copy(layer))
    layers += [Positions(), copy.copy(output)] if isinstance(output, RBF) else [_spread(output), Positions()]
    field = replace(network.input, width=width)
    try:
        wide = Network(field, layers, network.dtype.name, network.parameters)
    except ValueError as error:
        raise LeNetError(f"the network cannot be replicated on a field {width} pixels wide: {error}") from None
    return wide


def _spread(layer: Layer) -> Layer:
    """A full connection as the convolution that it is on a wider field (section VII)."""
    if not isinstance(layer, FullConnection):
        raise LeNetError(f"a network that ends with {type(layer).__name__} cannot be replicated over a string")
    maps, height, _ = (*layer.below, 1, 1)[:3]
    return Convolution(layer.name, full_table(maps, layer.units), height)

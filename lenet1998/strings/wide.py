"""LeNet-5 replicated over a string (section VII, Figures 23 and 25): the same layers on a wider field.

C5, F6 and the output layer of the isolated-character network are convolutions on a field wider than 32 pixels: their
kernels are the weights that they had, and whatever fields have in common is computed once. On 32 x W pixels there are
n = (W - 32) / 4 + 1 outputs, one for each shift that the two subsamplings let through.
"""

import copy
from dataclasses import replace

import numpy as np

from lenet1998.connections import full_table
from lenet1998.engine import Passes
from lenet1998.engines import make_passes
from lenet1998.errors import LeNetError
from lenet1998.layer import Layer, Seed
from lenet1998.layers import Convolution, FullConnection, Positions
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.strings.images import FIELD, STEP

ROWS = 2
"""How far up and down `swept` looks for each character of a string that people wrote."""


def replicate(network: Network, width: int) -> Network:
    """The network on a field of its own height and `width`; the parameters are the network's own, not copies.

    Its penalties are (P n, classes), those of an image in a row. Raises LeNetError where a layer does not
    fit such a field: for LeNet-5 the width is 32, 36, 40 and so on.

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


class Wide:
    """A network over fields of any width that `replicate` takes, as one object: what training and reading call.

    Replicas are made when a width first comes. Compiled ones have 1, 17, 33, 65, 129, 193, ... outputs, since compiling
    takes half a minute: a string is given empty columns on its right, and what the network puts out there is cut off,
    which changes nothing of what it puts out before. Raises LeNetError as `make_engine` and `replicate` do.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> wide = Wide(LeNet5(Recipe()), engine="numpy")
    >>> [wide.forward(np.zeros((1, 32, width), np.uint8)).shape for width in (32, 36, 148)]
    [(1, 10), (2, 10), (30, 10)]
    """

    def __init__(self, network: Network, engine: str = "auto"):
        self.network, self.parameters, self.engine = network, network.parameters, engine
        self._made = {1: make_passes(engine, replicate(network, FIELD))}
        self._compiled = not isinstance(self._made[1], Network)

    def forward(self, pixels: np.ndarray) -> np.ndarray:
        """Penalties (P n, classes) of images uint8 (P, 32, 32 + 4 (n - 1)), those of an image in a row."""
        n, rest = divmod(pixels.shape[2] - FIELD, STEP)
        if rest or n < 0:
            raise LeNetError(f"a string is {pixels.shape[2]} pixels wide: give {FIELD} and a multiple of {STEP} more")
        self._own, self._passes = n + 1, self._over(n + 1)
        y = self._passes.forward(np.pad(pixels, ((0, 0), (0, 0), (0, STEP * (self._outputs - self._own)))))
        return y.reshape(len(pixels), self._outputs, -1)[:, : self._own].reshape(-1, self.network.classes)

    def backward(self, gradient: np.ndarray) -> None:
        """Add dE/dw to ``parameters.gradient``, given dE/dy of the last `forward`, in its shape."""
        self._passes.backward(self._whole(gradient))

    def curvature(self, seed: Seed) -> None:
        """Add d2E/dw2 to ``parameters.curvature``."""
        self._passes.curvature(Seed(*map(self._whole, seed)))

    def _over(self, n: int) -> Passes:
        """Passes over n outputs or, compiled, a few more; sets how many there are."""
        self._outputs = _rounded(n) if self._compiled else n
        if self._outputs not in self._made:
            wide = replicate(self.network, FIELD + STEP * (self._outputs - 1))
            self._made[self._outputs] = make_passes(self.engine, wide)
        return self._made[self._outputs]

    def _whole(self, given: np.ndarray) -> np.ndarray:
        """What belongs to the outputs, with zeros for those that were cut off."""
        rows = given.reshape(-1, self._own, self.network.classes)
        padded = np.pad(rows, ((0, 0), (0, self._outputs - self._own), (0, 0)))
        return padded.reshape(-1, self.network.classes)


def swept(wide: Wide, string: np.ndarray) -> np.ndarray:
    """Each output's least penalties, (n, classes), over a string uint8 (32, W) moved up and down by up to two rows.

    Section VII-D replicates in both directions. In the data base each character has its own centre of mass in the
    middle; people write on a line, where that of a 7 is rows above that of a 6, and a row tells on this network.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> swept(Wide(LeNet5(Recipe()), engine="numpy"), np.zeros((32, 64), np.uint8)).shape
    (9, 10)
    """
    rows = len(string)
    high = np.pad(string, ((ROWS, ROWS), (0, 0)))
    moved = np.stack([high[top : top + rows] for top in range(2 * ROWS + 1)])
    return wide.forward(moved).reshape(len(moved), -1, wide.network.classes).min(axis=0)


def _rounded(n: int) -> int:
    """A number of outputs that there are compiled passes for, at least n."""
    return next((size for size in (1, 17, 33) if n <= size), 1 + -(-(n - 1) // 64) * 64)


def _spread(layer: Layer) -> Layer:
    """A full connection as the convolution that it is on a wider field (section VII)."""
    if not isinstance(layer, FullConnection):
        raise LeNetError(f"a network that ends with {type(layer).__name__} cannot be replicated over a string")
    maps, height, _ = (*layer.below, 1, 1)[:3]
    return Convolution(layer.name, full_table(maps, layer.units), height)

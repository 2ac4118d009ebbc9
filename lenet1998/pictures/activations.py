"""What every layer makes of an image (Figures 2 and 13), read off the one description of a network, its list of layers.

A stage is the input field, or a layer that has a name together with what follows it up to the next: C1 is a convolution
and the squashing function after it, as in the paper's figures. So the stages of any network of `lenet1998.networks` are
found without a word about that network.
"""

from dataclasses import dataclass, replace

import numpy as np

from lenet1998.layers import Positions, Squash
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.squash import A


@dataclass(frozen=True)
class Stage:
    """What one stage holds for P images: ``values``, of the network's dtype, (P, maps, rows, columns) or (P, units).

    Of a network on a wider field (section VII) the last two stages have its n positions as patterns, (P n, units).

    ``low`` and ``high`` are what Figure 13 draws white and black: for squashed units -A and A (equation 6), for the
    input its background and ink, and elsewhere the largest absolute value of the stage with either sign. The last
    stage holds the penalties.
    """

    name: str
    values: np.ndarray
    low: float
    high: float


def activations(network: Network, pixels: np.ndarray) -> list[Stage]:
    """The stages of images uint8 (P, H, W) or (P, channels, H, W), from the input to the penalties.

    Raises DataError for images that do not fit the network.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> stages = activations(LeNet5(Recipe()), np.zeros((1, 28, 28), np.uint8))
    >>> [stage.name for stage in stages], stages[1].values.shape
    (['Input', 'C1', 'S2', 'C3', 'S4', 'C5', 'F6', 'Output'], (1, 6, 28, 28))
    """
    field = network.input
    x = field(pixels, network.dtype)
    if field.mean:
        x -= network.mean
    stages = [_stage("Input", x) if field.mean else Stage("Input", x, field.background, field.foreground)]
    for layer in network.layers:
        x = layer.forward(x)
        if layer.name:
            stages.append(_stage(layer.name, x))
        elif isinstance(layer, Positions):
            stages[-1] = replace(stages[-1], values=x)
        else:
            stages[-1] = Stage(stages[-1].name, x, -A, A) if isinstance(layer, Squash) else _stage(stages[-1].name, x)
    return stages


def _stage(name: str, values: np.ndarray) -> Stage:
    largest = float(np.abs(values).max()) or 1.0
    return Stage(name, values, -largest, largest)


def codes_of(network: Network) -> np.ndarray | None:
    """The codes that the output units compare the stage below with, (classes, units) of +-1; None where they do not.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> codes_of(LeNet5(Recipe())).shape
    (10, 84)
    """
    output = network.layers[-1]
    return output.codes if isinstance(output, RBF) and output.name else None

"""The networks by name: LeNet-5, and others that the same layers make.

`Recipe.network` takes a name of `NETWORKS`. The recipe's other fields change a network where it has such a layer, as
they change LeNet-5: `squash` everywhere, `subsampling` where there is pooling, `c3` where there is a C3.
"""

from __future__ import annotations

from collections.abc import Callable

from lenet1998.connections import TABLE_I, full_table
from lenet1998.layers import Convolution, FullConnection
from lenet1998.modern_layers import Contrast
from lenet1998.network import LeNet5, Network, field_of, pooling, squashing
from lenet1998.recipe import Recipe


def cat_lenet(recipe: Recipe) -> Network:
    """LeNet-5's plan for colour images of 64x64 and two classes: 9x9 kernels, a linear C5, and one logistic unit."""
    return Network(
        field_of(recipe, side=64, channels=3),
        [
            Convolution("C1", full_table(3, 6), kernel=9),
            squashing(recipe),
            *pooling("S2", recipe),
            Convolution("C3", TABLE_I if recipe.c3 == "table" else full_table(6, 16), kernel=9),
            squashing(recipe),
            *pooling("S4", recipe),
            Convolution("C5", full_table(16, 120), kernel=10),
            FullConnection("F6", 1),
            Contrast("Output"),
        ],
        recipe.dtype,
    )


def mlp_256_64(recipe: Recipe) -> Network:
    """784-256-64-10: two hidden layers on the 28x28 pixels."""
    return Network(
        field_of(recipe, side=28),
        [
            FullConnection("F1", 256),
            squashing(recipe),
            FullConnection("F2", 64),
            squashing(recipe),
            FullConnection("Output", 10),
        ],
        recipe.dtype,
    )


def cifar10_convnet(recipe: Recipe) -> Network:
    """For colour images of 32x32: one convolution, 32 maps by padded 7x7 kernels, pooled; one hidden layer of 100."""
    return Network(
        field_of(recipe, side=32, channels=3),
        [
            Convolution("C1", full_table(3, 32), kernel=7, padding=3),
            squashing(recipe),
            *pooling("S2", recipe),
            FullConnection("F3", 100),
            squashing(recipe),
            FullConnection("Output", 10),
        ],
        recipe.dtype,
    )


NETWORKS: dict[str, Callable[[Recipe], Network]] = {
    "lenet5": LeNet5,
    "cat_lenet": cat_lenet,
    "mlp_256_64": mlp_256_64,
    "cifar10_convnet": cifar10_convnet,
}
"""Builders by name; parameters are at zero, `lenet1998.initialisation` starts them."""


def build(recipe: Recipe) -> Network:
    """The recipe's network.

    >>> from lenet1998.recipe import preset
    >>> len(build(preset("modern")).parameters)
    61706
    """
    return NETWORKS[recipe.network](recipe)

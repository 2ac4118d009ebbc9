"""The networks by name: LeNet-5, those that section III-C compares it with, and others that the same layers make.

`Recipe.network` takes a name of `NETWORKS`, to which `lenet1998.register` adds. The recipe's other fields change a
network where it has such a layer, as they change LeNet-5: `squash` everywhere, `subsampling` where there is pooling,
`c3` where there is a C3.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING

from lenet1998.connections import LENET1_H3, full_table, lenet4_c3, lenet4_c5
from lenet1998.layers import Convolution, FullConnection
from lenet1998.network import LeNet5, Network, c3_table, field_of, one_unit_a_class, pooling, squashing
from lenet1998.registry import Registry

if TYPE_CHECKING:
    from lenet1998.recipe import Recipe


def cat_lenet(recipe: Recipe) -> Network:
    """LeNet-5's plan for colour images of 64x64 and two classes: 9x9 kernels, a linear C5, and one logistic unit."""
    from lenet1998.modern.layers import Contrast

    c3 = c3_table(recipe)
    return Network(
        field_of(recipe, side=64, channels=3),
        [
            Convolution("C1", full_table(3, len(c3)), kernel=9),
            squashing(recipe),
            *pooling("S2", recipe),
            Convolution("C3", c3, kernel=9),
            squashing(recipe),
            *pooling("S4", recipe),
            Convolution("C5", full_table(c3.shape[1], 120), kernel=10),
            FullConnection("F6", 1),
            Contrast("Output"),
        ],
        recipe.dtype,
    )


def lenet1(recipe: Recipe) -> Network:
    """LeNet-1 (section III-C.7), for images of 16x16 in a field of 28x28.

    The paper does not list its layers; these are those of the network of 1989 that it refers to: 2,578 parameters.
    """
    return Network(
        field_of(recipe, side=28),
        [
            Convolution("H1", full_table(1, 4), kernel=5),
            squashing(recipe),
            *pooling("H2", recipe),
            Convolution("H3", LENET1_H3, kernel=5),
            squashing(recipe),
            *pooling("H4", recipe),
            *one_unit_a_class(recipe),
        ],
        recipe.dtype,
    )


def lenet4(recipe: Recipe) -> Network:
    """LeNet-4 (section III-C.8): 4 maps, 8 subsampling maps in pairs, 16, 16, and 120 units.

    The wiring is our choice within "about 260,000 connections" and "about 17,000 free parameters": it has 267,906 and
    16,698 (`lenet1998.connections.lenet4_c3` and `lenet4_c5`). Field and kernels are LeNet-5's.
    """
    return Network(
        field_of(recipe, side=32),
        [
            Convolution("C1", full_table(1, 4), kernel=5),
            squashing(recipe),
            *pooling("S2", recipe, each=2),
            Convolution("C3", lenet4_c3(), kernel=5),
            squashing(recipe),
            *pooling("S4", recipe),
            Convolution("C5", lenet4_c5(), kernel=5),
            squashing(recipe),
            *one_unit_a_class(recipe),
        ],
        recipe.dtype,
    )


def mlp(*hidden: int, side: int = 28) -> Callable[[Recipe], Network]:
    """The builder of side x side-hidden-...-10, layers of full connections (sections III-C.5 and III-C.6).

    Without hidden layers it is section III-C.1's linear classifier, of sigmoid units.
    """

    def built(recipe: Recipe) -> Network:
        layers = [(FullConnection(f"F{number}", units), squashing(recipe)) for number, units in enumerate(hidden, 1)]
        return Network(field_of(recipe, side), [*chain(*layers), *one_unit_a_class(recipe)], recipe.dtype)

    return built


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
            FullConnection("Output", recipe.classes),
        ],
        recipe.dtype,
    )


NETWORKS = Registry(
    "network",
    {
        "lenet5": LeNet5,
        "lenet4": lenet4,
        "lenet1": lenet1,
        "one_layer": mlp(),
        "one_layer_20x20": mlp(side=20),
        "mlp_300": mlp(300),
        "mlp_1000": mlp(1000),
        "mlp_300_100": mlp(300, 100),
        "mlp_500_150": mlp(500, 150),
        "mlp_20x20_300": mlp(300, side=20),
        "cat_lenet": cat_lenet,
        "mlp_256_64": mlp(256, 64),
        "cifar10_convnet": cifar10_convnet,
    },
)
"""Builders by name; parameters are at zero, `lenet1998.initialisation` starts them."""


def build(recipe: Recipe) -> Network:
    """The recipe's network.

    >>> from lenet1998.recipe import preset
    >>> len(build(preset("modern")).parameters)
    61706
    """
    return NETWORKS[recipe.network](recipe)

"""Small networks for the tests: LeNet-5's own layers, in sizes that literal loops and central differences can
afford."""

from __future__ import annotations

import numpy as np

from lenet1998.bitmaps import digit_codes
from lenet1998.connections import full_table, parse_table
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.network import Input, Network
from lenet1998.output import RBF


def small_network(average: bool = False, dtype: str = "float64", seed: int = 3) -> Network:
    """A LeNet with every kind of layer of LeNet-5, a sparse table too, random parameters, 12x12 input, 3 classes."""
    table = parse_table("X . X \n X X .")
    network = Network(
        Input(side=12),
        [
            Convolution("C1", full_table(1, 2), kernel=3),
            Squash(),
            Subsampling("S2", average),
            Squash(),
            Convolution("C3", table, kernel=2),
            Squash(),
            Subsampling("S4", average),
            Squash(),
            Convolution("C5", full_table(3, 5), kernel=2),
            Squash(),
            FullConnection("F6", 7),
            Squash(),
            RBF("Output", digit_codes()[:3, 10:17]),
        ],
        dtype,
    )
    network.parameters.values[:] = np.random.default_rng(seed).normal(0, 0.5, len(network.parameters))
    return network


def random_images(count: int, side: int, seed: int = 5) -> np.ndarray:
    """Noise images uint8 (count, side, side)."""
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)

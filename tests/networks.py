"""Small networks for the tests: all layers, in sizes that literal loops and central differences can afford."""

import numpy as np

from lenet1998.bitmaps import digit_codes
from lenet1998.connections import full_table, parse_table
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Input, Network
from lenet1998.output import RBF


def small_network(average: bool = False, dtype: str = "float64", seed: int = 3, learns: bool = False) -> Network:
    """A LeNet with every kind of layer of LeNet-5, a sparse table too, random parameters, 12x12 input, 3 classes; with
    `learns` the centres of its RBF units are parameters."""
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
            RBF("Output", digit_codes()[:3, 10:17], learns),
        ],
        dtype,
    )
    network.parameters.values[:] = np.random.default_rng(seed).normal(0, 0.5, len(network.parameters))
    return network


def modern_network(logistic: bool = False, dtype: str = "float64", seed: int = 3) -> Network:
    """Every kind of layer that came later: colours, stride, padding, a table, both poolings, and either output; random
    parameters, 9x9 input, 3 classes or, from one logistic unit, 2."""
    output = [FullConnection("F6", 1), Contrast("Output")] if logistic else [FullConnection("Output", 3)]
    network = Network(
        Input(side=9, channels=2, mean=True),
        [
            Convolution("C1", full_table(2, 3), kernel=3, padding=2),
            ReLU(),
            Convolution("C2", parse_table("X . X X\n X X . X\n . X X ."), kernel=2, stride=2, padding=1),
            Squash(),
            MaxPooling("S3"),
            Convolution("C4", full_table(4, 5), kernel=2, padding=1),
            ReLU(),
            MaxPooling("S5") if logistic else AveragePooling("S5", window=4),
            *output,
        ],
        dtype,
    )
    rng = np.random.default_rng(seed)
    network.parameters.values[:] = rng.normal(0, 0.5, len(network.parameters))
    network.mean[...] = rng.uniform(0, 1, network.mean.shape)
    return network


def random_images(count: int, side: int, seed: int = 5, channels: int | None = None) -> np.ndarray:
    """Noise images uint8 (count, side, side), or (count, channels, side, side)."""
    colours = () if channels is None else (channels,)
    return np.random.default_rng(seed).integers(0, 256, (count, *colours, side, side), dtype=np.uint8)

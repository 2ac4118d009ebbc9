"""How the cost of a step grows with the network, and how times are taken, for `experiments.speed`."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from lenet1998.engine import Batch
from lenet1998.engines import make_engine
from lenet1998.layers import Convolution, FullConnection, Layer
from lenet1998.loss import make_loss
from lenet1998.network import Input, LeNet5, Network
from lenet1998.output import RBF
from lenet1998.recipe import Recipe


def best_time(work: Callable[[], object], repeats: int = 20) -> float:
    """Seconds of the fastest of several runs, after one to warm up: what else the machine does only adds."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def wider(factor: int, side: int) -> Network:
    """LeNet-5's own list of layers with `factor` times the maps and units, for images of another side."""
    layers: list[Layer] = []
    for layer in LeNet5(Recipe()).layers:
        if isinstance(layer, Convolution):
            repeats = (factor if layers else 1, factor)
            layers.append(Convolution(layer.name, np.tile(layer.table, repeats), layer.k))
        elif isinstance(layer, FullConnection):
            layers.append(FullConnection(layer.name, layer.units * factor))
        elif isinstance(layer, RBF):
            layers.append(RBF(layer.name, np.tile(layer.codes, (1, factor))))
        else:
            layers.append(layer)  # Subsampling and Squash fit any number of maps
    return Network(Input(side=side + 4), layers)


def growth(engine: str, count: int = 300) -> list[dict]:
    """The step's cost as the network grows: all maps but the output's times 1, 2, 4; the image's side 28, 40, 52."""
    rows = []
    for factor, side in ((1, 28), (2, 28), (4, 28), (1, 40), (1, 52)):
        network, rng = wider(factor, side), np.random.default_rng(0)
        network.parameters.values[:] = rng.normal(0, 0.05, len(network.parameters))
        patterns = Batch(
            rng.integers(0, 256, (count, side, side), dtype=np.uint8), np.arange(count, dtype=np.uint8) % 10
        )
        run, steps, order = (
            make_engine(engine, network, make_loss(Recipe())),
            np.zeros(len(network.parameters), "f"),
            np.arange(count),
        )
        seconds = best_time(partial(run.train, patterns, order, steps), repeats=5)
        macs = sum(layer.macs() for layer in network.layers)
        rows.append({"engine": engine, "maps": factor, "side": side, "macs": macs, "step": 1e6 * seconds / count})
    return rows

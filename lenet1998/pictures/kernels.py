"""What C1 and C3 have learned: their kernels, in the places that Table I gives them (Figure 2, section II-B)."""

import numpy as np
from matplotlib.figure import Figure

from lenet1998.layers import Convolution
from lenet1998.network import Network
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import plain, style

_SHOWN = 2
"""The first two convolutions: C5 of LeNet-5 has 1,920 kernels."""


def tiled(layer: Convolution, weights: np.ndarray) -> np.ndarray:
    """The kernels `weights` (kernels, k, k) as one image: a row for each map below, a column for each of the layer's
    own; NaN between them, and where the table joins none.

    >>> layer = Convolution("C", np.array([[True, False], [True, True]]), kernel=1)
    >>> tiled(layer, np.array([[[1.0]], [[2.0]], [[3.0]]])).tolist()
    [[1.0, nan, nan], [nan, nan, nan], [2.0, nan, 3.0]]
    """
    below, maps = layer.table.shape
    tiles = np.full((below, maps, layer.k + 1, layer.k + 1), np.nan)
    own, other = np.nonzero(layer.table.T)  # the order of the kernels
    tiles[other, own, : layer.k, : layer.k] = weights
    return tiles.transpose(0, 2, 1, 3).reshape(below * (layer.k + 1), -1)[:-1, :-1]


def kernels_figure(network: Network, title: str) -> Figure:
    """The kernels of a network's first two convolutions; dark is positive, zero grey, each layer on its own scale.

    Raises ValueError for a network without convolutions.
    """
    layers = [layer for layer in network.layers if isinstance(layer, Convolution)][:_SHOWN]
    if not layers:
        raise ValueError("no convolutions")
    views = network.parameters.named(network.parameters.values)
    with style():
        heights, look = [len(layer.table) for layer in layers], chosen_look()
        figure = Figure(figsize=(look.width or 7.2, (0.28 if look.narrow else 0.42) * sum(heights) + 1.6))
        every = figure.subplots(len(layers), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, layer in zip(every, layers, strict=True):
            tiles = tiled(layer, views[f"{layer.name}.weight"])
            largest = np.nanmax(np.abs(tiles))
            axes.imshow(tiles, cmap="gray_r", vmin=-largest, vmax=largest, interpolation="nearest")
            for ticks, names, count in (
                (axes.set_xticks, range(layer.table.shape[1]), layer.table.shape[1]),
                (axes.set_yticks, range(len(layer.table)), len(layer.table)),
            ):
                ticks((layer.k + 1) * np.arange(count) + (layer.k - 1) / 2, names, fontsize=6 if look.narrow else 8)
            axes.set(ylabel="map below", title=f"{layer.name}, a column a map; weights up to {largest:.2f} in size")
            axes.tick_params(length=0)
            axes.grid(False)
            for spine in axes.spines.values():
                spine.set_visible(False)
        figure.suptitle(plain(title), fontsize=10)
    return figure

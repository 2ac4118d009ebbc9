"""LeNet-5 (section II-B, Figure 2): the list of its layers, and what any list of layers can do.

`LeNet5` is the only description of the network in the project. Sizes, parameter counts, connections and the
table that `lenet1998 info` prints are derived from the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lenet1998.bitmaps import digit_codes
from lenet1998.connections import TABLE_I, full_table
from lenet1998.layers import Convolution, FullConnection, Layer, Shape, Squash, Subsampling
from lenet1998.output import RBF, Seed
from lenet1998.parameters import Parameters
from lenet1998.recipe import Recipe


@dataclass(frozen=True)
class Input:
    """The input of section II-B: bytes scaled so that the background is -0.1 and the ink 1.175, centred on a field.

    The field is larger than the image so that strokes' ends can come to the centre of the highest feature detectors.
    """

    side: int = 32
    background: float = -0.1
    foreground: float = 1.175

    @lru_cache(maxsize=8)  # noqa: B019 - a few small arrays, and the record is frozen
    def levels(self, dtype: np.dtype) -> np.ndarray:
        """The 256 input values, (256,)."""
        return np.linspace(self.background, self.foreground, 256).astype(dtype)

    def __call__(self, pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """uint8 (P, H, W), 0 = background and 255 = ink, to `dtype` (P, 1, side, side)."""
        levels = self.levels(dtype)
        field = np.full((len(pixels), 1, self.side, self.side), levels[0])
        top, left = ((self.side - size) // 2 for size in pixels.shape[1:])
        field[:, 0, top : top + pixels.shape[1], left : left + pixels.shape[2]] = levels[pixels]
        return field


class Network:
    """A list of layers on an input field, with its parameters.

    >>> lenet5 = LeNet5(Recipe())
    >>> len(lenet5.parameters), lenet5.forward(np.zeros((3, 28, 28), dtype=np.uint8)).shape
    (60000, (3, 10))
    """

    def __init__(self, field: Input, layers: list[Layer], dtype: str = "float32"):
        self.input, self.layers, self.dtype = field, layers, np.dtype(dtype)
        shape: Shape = (1, field.side, field.side)
        for layer in layers:
            shape = layer.connect(shape)
        layers[0].lowest = True
        self.parameters = Parameters(layers, self.dtype)

    def forward(self, pixels: np.ndarray) -> np.ndarray:
        """Penalties y, (P, classes), of images uint8 (P, H, W); the decision is the smallest (equation 7)."""
        x = self.input(pixels, self.dtype)
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, gradient: np.ndarray) -> None:
        """Add dE/dw, summed over the patterns, to ``parameters.gradient``, given dE/dy (P, classes)."""
        below: np.ndarray | None = gradient
        for layer in reversed(self.layers):
            below = layer.backward(below)  # type: ignore[arg-type]

    def curvature(self, seed: Seed) -> None:
        """Add d2E/dw2, summed over the patterns, to ``parameters.curvature`` (equations 23, 25 and 27)."""
        *hidden, output = self.layers
        below: np.ndarray | None = output.seed_curvature(seed)  # type: ignore[attr-defined]
        for layer in reversed(hidden):
            below = layer.curvature(below)  # type: ignore[arg-type]

    def table(self) -> list[dict[str, object]]:
        """A row for each layer with a name: maps, size, parameters, connections and multiply-accumulates."""
        named = [layer for layer in self.layers if layer.name]
        return [
            {
                "name": layer.name,
                "maps": layer.shape[0],
                "size": list(layer.shape[1:]) or [1, 1],
                "parameters": sum(view.size for view in layer.values.values()),
                "connections": layer.connections(),
                "macs": layer.macs(),
            }
            for layer in named
        ]


def LeNet5(recipe: Recipe) -> Network:  # noqa: N802 - the network's own name
    """The network of Figure 2, parameters at zero; `lenet1998.initialisation` starts them."""
    average = recipe.subsampling == "average"
    return Network(
        Input(side=32),
        [
            Convolution("C1", full_table(1, 6), kernel=5),
            Squash(),
            Subsampling("S2", average),
            Squash(),
            Convolution("C3", TABLE_I, kernel=5),
            Squash(),
            Subsampling("S4", average),
            Squash(),
            Convolution("C5", full_table(16, 120), kernel=5),
            Squash(),
            FullConnection("F6", 84),
            Squash(),
            RBF("Output", digit_codes()),
        ],
        recipe.dtype,
    )

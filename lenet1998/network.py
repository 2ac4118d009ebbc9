"""LeNet-5 (section II-B, Figure 2): the list of its layers, and what any list of layers can do.

`LeNet5` is the only description of the network in the project, and builds its later variants too. Sizes, parameter
counts, connections and the table that `lenet1998 info` prints are derived from the list.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lenet1998.connections import C3_TABLES, full_table, parse_table
from lenet1998.errors import DataError
from lenet1998.layer import Layer, Seed, Shape
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.output import RBF, output_codes
from lenet1998.parameters import Parameters
from lenet1998.registry import Registry

if TYPE_CHECKING:
    from lenet1998.recipe import Recipe


@dataclass(frozen=True)
class Input:
    """The input of section II-B: bytes scaled so that the background is -0.1 and the ink 1.175, centred on a field.

    The field is larger than the image so that strokes' ends can come to the centre of the highest feature detectors.
    Colour images have `channels` maps. A string has a field of another `width` (section VII). Above a `threshold` other
    than 0 bytes are ink, else background. With `mean`, the network subtracts the training set's mean (`Network.mean`).
    """

    side: int = 32
    background: float = -0.1
    foreground: float = 1.175
    channels: int = 1
    mean: bool = False
    threshold: int = 0
    width: int | None = None

    @property
    def shape(self) -> Shape:
        """What the lowest layer sees of a pattern: (channels, side, width)."""
        return (self.channels, self.side, self.width or self.side)

    @lru_cache(maxsize=8)  # noqa: B019 - a few small arrays, and the record is frozen
    def levels(self, dtype: np.dtype) -> np.ndarray:
        """The 256 input values, (256,)."""
        levels = np.linspace(self.background, self.foreground, 256)
        if self.threshold:
            levels = levels[np.where(np.arange(256) > self.threshold, 255, 0)]
        return levels.astype(dtype)

    def __call__(self, pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """uint8 (P, H, W) or (P, channels, H, W), 0 = background and 255 = ink, to `dtype` (P, channels, side, width).

        Raises DataError for images that do not fit.
        """
        levels = self.levels(dtype)
        return self._centred(levels[self.maps(pixels)], levels[0])

    def mean_field(self, pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """The mean input of such images, `dtype` (channels, side, width), computed in float64 from their bytes."""
        maps = self.maps(pixels)
        if self.threshold:
            maps = np.where(maps > self.threshold, np.uint8(255), np.uint8(0))
        grey = maps.mean(axis=0, dtype=np.float64, keepdims=True) / 255
        scaled = self.background + (self.foreground - self.background) * grey
        return self._centred(scaled, self.background)[0].astype(dtype)

    def maps(self, pixels: np.ndarray) -> np.ndarray:
        """The images as a view (P, channels, H, W). Raises DataError unless they fit the field."""
        maps = pixels[:, None] if pixels.ndim == 3 else pixels
        if maps.shape[1] != self.channels or any(np.greater(maps.shape[2:], self.shape[1:])):
            raise DataError(
                f"images of {pixels.shape[1:]} do not fit an input of {self.shape}: choose another network, or bring "
                "them to that size"
            )
        return maps

    def _centred(self, maps: np.ndarray, background: float) -> np.ndarray:
        height, width = maps.shape[2:]
        field = np.full((len(maps), *self.shape), background, maps.dtype)
        top, left = (self.shape[1] - height) // 2, (self.shape[2] - width) // 2
        field[:, :, top : top + height, left : left + width] = maps
        return field


class Network:
    """A list of layers on an input field, with its parameters; the last is the output layer. Layers that are the same
    on another field may take the `parameters` of another network instead of parameters of their own.

    Layers remember what the way down needs of the way up, so a network is for one thread; others take a `twin`.

    ``mean``, an array (channels, side, width) of the network's dtype, is subtracted from the input if ``input.mean``
    says so; it is zero until training, or a checkpoint, sets it in place.

    >>> from lenet1998.recipe import Recipe
    >>> lenet5 = LeNet5(Recipe())
    >>> len(lenet5.parameters), lenet5.forward(np.zeros((3, 28, 28), dtype=np.uint8)).shape
    (60000, (3, 10))
    """

    def __init__(self, field: Input, layers: list[Layer], dtype: str = "float32", parameters: Parameters | None = None):
        self.input, self.layers, self.dtype = field, layers, np.dtype(dtype)
        self.mean = np.zeros(field.shape, self.dtype)
        shape = field.shape
        for layer in layers:
            shape = layer.connect(shape)
        layers[0].lowest = True
        self.parameters = parameters or Parameters(layers, self.dtype)
        self.parameters.bind(layers)

    def twin(self) -> Network:
        """The same network with the same parameters, whose layers have a memory of their own."""
        other = copy(self)
        other.layers = [copy(layer) for layer in self.layers]
        return other

    @property
    def classes(self) -> int:
        """How many classes the output layer tells apart."""
        return self.layers[-1].shape[0]

    def forward(self, pixels: np.ndarray) -> np.ndarray:
        """Penalties y, (P, classes), of images uint8 (P, H, W) or (P, channels, H, W); the decision is the smallest
        (equation 7)."""
        x = self.input(pixels, self.dtype)
        if self.input.mean:
            x -= self.mean
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
        below = output.seed_curvature(seed)
        for layer in reversed(hidden):
            below = layer.curvature(below)  # type: ignore[arg-type]

    def table(self) -> list[dict[str, Any]]:
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


def field_of(recipe: Recipe, side: int, channels: int = 1) -> Input:
    """The input of the recipe's range, for images of this size."""
    levels = recipe.input_background, recipe.input_foreground
    return Input(side, *levels, channels, recipe.input_mean, recipe.input_threshold)


def _rectifier() -> Layer:
    from lenet1998.modern.layers import ReLU  # parts of later years are loaded where they are asked for

    return ReLU()


def _mean(name: str, recipe: Recipe, each: int) -> list[Layer]:
    from lenet1998.modern.layers import AveragePooling

    return [AveragePooling(name)]


def _largest(name: str, recipe: Recipe, each: int) -> list[Layer]:
    from lenet1998.modern.layers import MaxPooling

    return [MaxPooling(name)]


SQUASHING = Registry("squash", {"tanh": Squash, "relu": _rectifier})
"""What makes a layer that squashes, by name."""

SUBSAMPLING = Registry(
    "subsampling",
    {
        "sum": lambda name, recipe, each: [Subsampling(name, False, each), squashing(recipe)],
        "average": lambda name, recipe, each: [Subsampling(name, True, each), squashing(recipe)],
        "plain": _mean,
        "max": _largest,
    },
)
"""What makes S layers, by name: of a layer's name, the recipe, and the maps for each below. Those that learn a
coefficient and a bias squash what they compute (section II-B)."""


def squashing(recipe: Recipe) -> Layer:
    """The recipe's squashing function, as a layer."""
    return SQUASHING[recipe.squash]()


def pooling(name: str, recipe: Recipe, each: int = 1) -> list[Layer]:
    """The recipe's S layer, with `each` maps for each below; only one that learns can have more than one."""
    return SUBSAMPLING[recipe.subsampling](name, recipe, each)


def c3_table(recipe: Recipe) -> np.ndarray:
    """Which maps of S2 feed each of C3, bool (maps of C1 and of S2, maps of C3): Table I, all, or what is drawn."""
    return C3_TABLES[recipe.c3] if recipe.c3 in C3_TABLES else parse_table(recipe.c3)


def one_unit_a_class(recipe: Recipe) -> list[Layer]:
    """An output unit for each class, as section III-C's networks have them: weighted sums under a linear output, else
    squashed units whose targets are +1 for the class and -1 for the others.

    Their squared error is equation 8 on the squared distances to the targets, and so an RBF layer without a name: the
    largest unit wins, and nobody has to compute the distances to know it, so the table does not count them.
    """
    units: list[Layer] = [FullConnection("Output", recipe.classes)]
    if recipe.output == "linear":
        return units
    return [*units, squashing(recipe), RBF("", output_codes("one_of_n", recipe.classes, units=recipe.classes))]


def LeNet5(recipe: Recipe) -> Network:  # noqa: N802 - the network's own name
    """The network of Figure 2, parameters at zero; `lenet1998.initialisation` starts them.

    A linear output layer in place of the RBF units adds 850 parameters, centres that learn 840, and C3 with all
    connections 900.
    """
    c3 = c3_table(recipe)
    return Network(
        field_of(recipe, side=32),
        [
            Convolution("C1", full_table(1, len(c3)), kernel=5),
            squashing(recipe),
            *pooling("S2", recipe),
            Convolution("C3", c3, kernel=5),
            squashing(recipe),
            *pooling("S4", recipe),
            Convolution("C5", full_table(c3.shape[1], 120), kernel=5),
            squashing(recipe),
            FullConnection("F6", 84),
            squashing(recipe),
            RBF("Output", output_codes(recipe.codes, recipe.classes, recipe.characters), recipe.codes_learn)
            if recipe.output == "rbf"
            else FullConnection("Output", recipe.classes),
        ],
        recipe.dtype,
    )

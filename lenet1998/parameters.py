"""The trainable parameters as flat vectors: one for the values, one for gradients, one for curvatures.

Layers see named views into them, so SDLM (equation 21) is one line over the flat vectors, a checkpoint is one array,
and every parameter has a name such as ``C3.weight``.
"""

import hashlib
import math

import numpy as np

from lenet1998.layer import Layer, Views


class Parameters:
    """The vectors for a list of connected layers; `bind` gives each layer its views.

    ``values``, ``gradient`` and ``curvature`` are 1-d arrays of the given dtype; writing to them writes through to
    the layers. ``decaying``, of the same kind, is 1 where weight decay applies and 0 for biases. ``len()`` is the
    number of trainable parameters.
    """

    def __init__(self, layers: list[Layer], dtype: np.dtype | type):
        self.shapes = {
            f"{layer.name}.{key}": shape for layer in layers for key, shape in layer.parameter_shapes().items()
        }
        size = sum(math.prod(shape) for shape in self.shapes.values())
        self.values, self.gradient, self.curvature = (np.zeros(size, dtype=dtype) for _ in range(3))
        self.decaying = np.ones(size, dtype=dtype)
        for name, view in self.named(self.decaying).items():
            if name.endswith(".bias"):
                view[...] = 0

    def bind(self, layers: list[Layer]) -> None:
        """Give layers their views, in their own shapes: a full connection may be a convolution on another field."""
        for layer in layers:
            views = (self.named(vector) for vector in (self.values, self.gradient, self.curvature))
            shapes = layer.parameter_shapes().items()
            layer.bind(*({key: each[f"{layer.name}.{key}"].reshape(shape) for key, shape in shapes} for each in views))

    def __len__(self) -> int:
        return len(self.values)

    def digest(self) -> str:
        """SHA-256 of the values to the last bit: two runs with equal digests have the same parameters.

        >>> Parameters([], np.float32).digest()[:12]
        'e3b0c44298fc'
        """
        return digest(self.values)

    def named(self, vector: np.ndarray) -> Views:
        """Views of a flat vector of this length under the parameters' names."""
        views, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            views[name] = vector[start:stop].reshape(shape)
            start = stop
        return views


def digest(values: np.ndarray) -> str:
    """SHA-256, in hexadecimal, of the bytes of a flat vector of parameters, little end first on every machine."""
    return hashlib.sha256(values.astype(values.dtype.newbyteorder("<")).tobytes()).hexdigest()

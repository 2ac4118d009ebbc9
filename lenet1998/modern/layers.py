"""Layers that came after the paper, none of which has parameters.

They share the base class of the paper's layers, so each adjoint serves gradients and curvatures alike: a rectifier and
a maximum pass on a derivative or nothing, and 1 and 0 are their own squares.
"""

import numpy as np

from lenet1998.layer import Algebra, Layer, Shape, Views


class ReLU(Layer):
    """x = max(0, a) (Nair and Hinton 2010; Glorot, Bordes and Bengio 2011); the slope at 0 is taken to be 0.

    >>> layer = ReLU()
    >>> layer.forward(np.array([[-2.0, 3.0]])).tolist(), layer.adjoint(np.ones((1, 2)), np.square, {}).tolist()
    ([[0.0, 3.0]], [[0.0, 1.0]])
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = np.maximum(x, 0)
        return self.x

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        return cotangent * (self.x > 0)


class _Pooling(Layer):
    """Windows of `window` x `window` units that tile each map below; one unit for each window."""

    def __init__(self, name: str, window: int = 2):
        self.name, self.window = name, window

    def connect(self, below: Shape) -> Shape:
        maps, height, width = below
        if height % self.window or width % self.window:
            raise ValueError(f"{self.name}: {self.window}x{self.window} windows do not tile {height}x{width}")
        self.below, self.shape = below, (maps, height // self.window, width // self.window)
        return self.shape

    def connections(self) -> int:
        return self.window**2 * int(np.prod(self.shape))

    def taps(self, maps: np.ndarray) -> list[np.ndarray]:
        """For each place in the window, row by row, the view of `maps` (P, *below) that all windows have there."""
        step = self.window
        return [maps[:, :, row::step, column::step] for row in range(step) for column in range(step)]


class MaxPooling(_Pooling):
    """The largest unit of each window (Ranzato, Huang, Boureau and LeCun 2007); of equal ones the first, row by row.

    The cotangent goes to that unit alone. NaN passes through.

    >>> layer = MaxPooling("S2")
    >>> layer.connect((1, 2, 2))
    (1, 1, 1)
    >>> layer.forward(np.array([[[[1.0, 4.0], [4.0, 2.0]]]])).tolist()
    [[[[4.0]]]]
    >>> layer.adjoint(np.array([[[[7.0]]]]), np.square, {}).tolist()
    [[[[0.0, 7.0], [0.0, 0.0]]]]
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        first, *others = self.taps(x)
        largest, self.winner = first, np.zeros(first.shape, np.uint8)
        for place, tap in enumerate(others, start=1):
            self.winner[tap > largest] = place
            largest = np.maximum(largest, tap)
        return largest

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        below = np.empty((len(cotangent), *self.below), cotangent.dtype)
        for place, tap in enumerate(self.taps(below)):
            np.multiply(cotangent, self.winner == place, out=tap)
        return below


class AveragePooling(_Pooling):
    """The mean of each window: section II-A's local average, without a coefficient, a bias or a squashing function."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        return sum(self.taps(x)) * x.dtype.type(1 / self.window**2)  # type: ignore[return-value]

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        share = cotangent * algebra(cotangent.dtype.type(1 / self.window**2))  # type: ignore[arg-type]
        return share.repeat(self.window, axis=2).repeat(self.window, axis=3)


class Contrast(Layer):
    """One unit a below, for two classes: the penalties (0, -a), so that class 1 wins where a > 0.

    Cross-entropy on them is the loss of a single logistic unit: log(1 + e^a) - a D for the label D, 0 or 1.

    >>> layer = Contrast("Output")
    >>> layer.connect((1,)), layer.forward(np.array([[3.0]])).tolist()
    ((2,), [[0.0, -3.0]])
    """

    def __init__(self, name: str):
        self.name = name

    def connect(self, below: Shape) -> Shape:
        if below != (1,):
            raise ValueError(f"{self.name}: two penalties are made of one unit below, not of {below}")
        self.below, self.shape = below, (2,)
        return self.shape

    def connections(self) -> int:
        return 1

    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros_like(x), -x], axis=1)

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        return cotangent[:, 1:] * algebra(np.full(1, -1, cotangent.dtype))

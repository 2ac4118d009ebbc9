"""What every layer is: sizes, parameters, and one adjoint for two algebras.

A layer writes one `adjoint`. As it stands, it is back-propagation: derivatives of E go down and are summed over the
connections V_k that share a weight (equation 19). With every weight, input and constant in it squared, it is the
curvature pass of appendix C: second derivatives go down (equation 27, Gauss-Newton) and are summed likewise (equations
23 and 25). Layers accumulate and never update: optimisers do that on flat vectors (`lenet1998.sdlm`,
`lenet1998.modern.optimisers`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Views = dict[str, np.ndarray]
Algebra = Callable[[np.ndarray], np.ndarray]
Shape = tuple[int, ...]


def as_is(value: np.ndarray) -> np.ndarray:
    """The algebra of first derivatives; that of second derivatives is `numpy.square`."""
    return value


class Seed(NamedTuple):
    """The second-order view of a loss E(y) at the outputs: dE/dy = gradient, d2E/dy2 = diag(diagonal) - root root^T.

    All three are arrays (P, classes). The smooth losses have Hessians of this form (`lenet1998.loss`).
    """

    gradient: np.ndarray
    diagonal: np.ndarray
    root: np.ndarray


class Layer(ABC):
    """One step of the network. `connect` fixes its sizes, `bind` gives it its parameters, then come the three passes.

    ``forward(x)`` maps (P, *below) to (P, *shape) and remembers what the adjoint needs. ``backward(g)`` and
    ``curvature(h)`` take dE/d(output) or d2E/d(output)2 of that shape, add to the layer's gradients or curvatures, and
    return the same for the input (None in the lowest layer, which nothing below needs).
    """

    name = ""
    lowest = False
    shape: Shape = ()

    def connect(self, below: Shape) -> Shape:
        """Fix the sizes for inputs of shape `below` (without P) and return the shape of the output."""
        self.below = self.shape = below
        return below

    def parameter_shapes(self) -> dict[str, Shape]:
        """The trainable parameters, in the order in which they lie in the flat vector."""
        return {}

    def fan_in(self, parameter: str) -> np.ndarray:
        """F_i of appendix A, the bias not counted, broadcastable to the parameter's shape."""
        raise KeyError(parameter)

    def connections(self) -> int:
        """Connections as section II-B counts them, those from the bias included."""
        return 0

    def macs(self) -> int:
        """Multiply-accumulates of a forward pass: the connections without those from the bias."""
        return 0

    def bind(self, values: Views, gradients: Views, curvatures: Views) -> None:
        """Take views into the flat vectors as this layer's parameters and accumulators."""
        self.values, self.gradients, self.curvatures = values, gradients, curvatures

    @abstractmethod
    def forward(self, x: np.ndarray) -> np.ndarray: ...

    @abstractmethod
    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray | None:
        """Carry a cotangent from output to input; add what belongs to the parameters to `into`."""

    def backward(self, g: np.ndarray) -> np.ndarray | None:
        return self.adjoint(g, as_is, self.gradients)

    def curvature(self, h: np.ndarray) -> np.ndarray | None:
        return self.adjoint(h, np.square, self.curvatures)

    def seed_curvature(self, seed: Seed) -> np.ndarray | None:
        """Start the curvature pass in this layer as the output: its d2E/da_i2 are the diagonal of the loss's Hessian.

        Off-diagonal second derivatives are dropped here as everywhere (equation 23).
        """
        return self.curvature(seed.diagonal - np.square(seed.root))

"""The three passes of a network for a loss that is computed elsewhere, compiled: strings (sections VI and VII)."""

import numpy as np

from lenet1998.kernels.cache import load
from lenet1998.kernels.compose import compose_given
from lenet1998.kernels.engine import fixed, images_of, inputs, sums_at_once
from lenet1998.kernels.state import State
from lenet1998.layer import Seed
from lenet1998.network import Network


class Passes:
    """`forward`, `backward` and `curvature` of a network (`lenet1998.network`), compiled, with the same results but for
    rounding. With `jit` false they run as plain Python: slow, for tests. Raises LeNetError for layers without kernels.

    The way down starts with the images, which it brings up again: units are kept for one image only.
    """

    def __init__(self, network: Network, *, jit: bool = True):
        self.network, self.parameters = network, network.parameters
        self._plan, text = compose_given(network, sums_at_once(jit))
        self._module, self._state = load(text, jit), State(self._plan)

    def forward(self, pixels: np.ndarray) -> np.ndarray:
        """Penalties y, (P, classes); where the field is wider (P n, classes), those of an image in a row."""
        self._seen = images_of(self.network, pixels)
        out = np.empty((len(self._seen), self._plan.classes), self.network.dtype)
        self._run("penalties", out)
        return out.reshape(-1, self.network.classes)

    def backward(self, gradient: np.ndarray) -> None:
        """Add dE/dw, summed over the images of the last `forward`, to ``parameters.gradient``, given dE/dy."""
        self._add("gradients", self.parameters.gradient, gradient)

    def curvature(self, seed: Seed) -> None:
        """Add d2E/dw2, summed over the images of the last `forward`, to ``parameters.curvature``."""
        self._add("curvatures", self.parameters.curvature, *seed)

    def _add(self, function: str, vector: np.ndarray, *given: np.ndarray) -> None:
        rows = (np.ascontiguousarray(each, self.network.dtype).reshape(len(self._seen), -1) for each in given)
        self._run(function, *(fixed(each) for each in rows))
        added = np.empty_like(vector)
        self._state.give(self.network, added, suffix="_by")
        vector += added

    def _run(self, function: str, *given: np.ndarray) -> None:
        self._state.take(self.network)
        self._state.clear()
        rest = inputs(self.network, self._state, self._seen)
        compiled = self._module.get(function, self._seen, *(each[:0] for each in given), *rest)
        with np.errstate(all="ignore"):
            compiled(self._seen, *given, *rest)

"""The reference engine, in NumPy: equation 18 pattern by pattern (section III-B), equation 24 over a sample.

It is the one to read, and independent of any compiler; what it computes is what the compiled engine is compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from lenet1998.engine import Batch, NonFinite, Tally
from lenet1998.loss import Loss, wrong
from lenet1998.modern.optimisers import Optimiser, Rate
from lenet1998.network import Network
from lenet1998.patterns import Patterns
from lenet1998.sdlm import update

# Patterns that go through the layers together: few enough for their windows to stay in the cache.
_BLOCK = 25

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _one_thread(method: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Keep matrix products on one thread: they are too small to share, and sums must not depend on the cores."""

    @wraps(method)
    def limited(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        with _blas().limit(limits=1, user_api="blas"):
            return method(*arguments, **named)

    return limited


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


class NumpyEngine:
    """The reference: readable, and independent of any compiler."""

    name = "numpy"

    def __init__(self, network: Network, loss: Loss):
        self.network, self.loss = network, loss

    def prepare(self, patterns: Patterns | Batch, batches: bool = False, curvature: bool = True) -> None:
        """Nothing: NumPy is ready."""

    @_one_thread
    def mean_curvature(self, patterns: Patterns | Batch, chosen: np.ndarray) -> np.ndarray:
        h = self.network.parameters.curvature
        h.fill(0)
        for start in range(0, len(chosen), _BLOCK):
            block = chosen[start : start + _BLOCK]
            y = self.network.forward(patterns.images[block])
            self.network.curvature(self.loss.seed(y, patterns.labels[block]))
        return h / len(chosen)

    @_one_thread
    def train(self, patterns: Patterns | Batch, order: np.ndarray, steps: np.ndarray) -> Tally:
        parameters = self.network.parameters
        errors, total = 0, 0.0
        with np.errstate(all="ignore"):  # what is not finite is reported below, with its place
            for position, index in enumerate(order):
                label = patterns.labels[index : index + 1]
                y = self.network.forward(patterns.images[index : index + 1])
                loss = float(self.loss.value(y, label)[0])
                parameters.gradient.fill(0)
                self.network.backward(self.loss.gradient(y, label))
                update(parameters.values, parameters.gradient, steps)
                if not np.isfinite(loss):
                    raise NonFinite("loss", position)
                if not np.isfinite(parameters.values.sum()):  # finite only if every weight is
                    raise NonFinite("weight", position)
                errors += int(wrong(self.loss, y, label)[0])
                total += loss
        return Tally(errors, total)

    @_one_thread
    def train_batches(
        self, patterns: Patterns | Batch, order: np.ndarray, batch: int, optimiser: Optimiser, rate: Rate
    ) -> Tally:
        parameters = self.network.parameters
        errors, total = 0, 0.0
        with np.errstate(all="ignore"):
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                parameters.gradient.fill(0)
                for first in range(0, len(chosen), _BLOCK):
                    block = chosen[first : first + _BLOCK]
                    labels = patterns.labels[block]
                    y = self.network.forward(patterns.images[block])
                    losses = self.loss.value(y, labels)
                    if not np.isfinite(losses).all():
                        raise NonFinite("loss", start + first + int(np.isfinite(losses).argmin()))
                    self.network.backward(self.loss.gradient(y, labels))
                    errors += int(wrong(self.loss, y, labels).sum())
                    total += float(losses.sum(dtype=np.float64))
                parameters.gradient /= len(chosen)
                optimiser.step(parameters.values, parameters.gradient, rate)
                if not np.isfinite(parameters.values.sum()):
                    raise NonFinite("weight", start + len(chosen) - 1)
        return Tally(errors, total)

    @_one_thread
    def penalties(self, images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), _BLOCK)
        with np.errstate(all="ignore"):  # what is not finite shows in the penalties
            return np.concatenate([self.network.forward(images[start : start + _BLOCK]) for start in starts])

"""The reference engine, in NumPy: equation 18 pattern by pattern (section III-B), equation 24 over a sample.

It is the one to read, and independent of any compiler; what it computes is what the compiled engine is compared with.
"""

from contextlib import ContextDecorator
from functools import cache
from threading import Lock

import numpy as np
from threadpoolctl import ThreadpoolController

from lenet1998.engine import Batch, NonFinite, Tally, alone
from lenet1998.loss import Loss, wrong
from lenet1998.modern.optimisers import Optimiser, Rate
from lenet1998.network import Network
from lenet1998.patterns import Patterns
from lenet1998.sdlm import update

# Patterns that go through the layers together: few enough for their windows to stay in the cache.
_BLOCK = 25


class _OneThread(ContextDecorator):
    """A context in which matrix products stay on one thread: they are too small to share, and sums must not depend on
    the cores. The limit holds for the process, so it is lifted when the last of several calls ends."""

    def __init__(self) -> None:
        self._lock, self._calls = Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._calls:
                self._limit = _blas().limit(limits=1, user_api="blas")
            self._calls += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._calls -= 1
            if not self._calls:
                self._limit.restore_original_limits()


_one_thread = _OneThread()


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


class NumpyEngine:
    """The reference: readable, and independent of any compiler."""

    name = "numpy"

    def __init__(self, network: Network, loss: Loss):
        self.network, self.loss, self.busy = network, loss, Lock()

    def prepare(self, patterns: Patterns | Batch, batches: bool = False, curvature: bool = True) -> None:
        """Nothing: NumPy is ready."""

    @alone
    @_one_thread
    def mean_curvature(self, patterns: Patterns | Batch, chosen: np.ndarray) -> np.ndarray:
        h = self.network.parameters.curvature
        h.fill(0)
        for start in range(0, len(chosen), _BLOCK):
            block = chosen[start : start + _BLOCK]
            y = self.network.forward(patterns.images[block])
            self.network.curvature(self.loss.seed(y, patterns.labels[block]))
        return h / len(chosen)

    @alone
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

    @alone
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
        network, starts = self.network.twin(), range(0, len(images), _BLOCK)
        with np.errstate(all="ignore"):  # what is not finite shows in the penalties
            return np.concatenate([network.forward(images[start : start + _BLOCK]) for start in starts])

"""Engines: what runs a network over patterns. This one is the NumPy reference; its loop is section III-B and appendix
C.

An engine offers four things: the mean curvature over a sample (equation 24), online learning over an ordered stretch
of patterns (equation 18, one update after every pattern), learning in mini-batches with any optimiser, and the
penalties of many images. It prints nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, wraps
from importlib.util import find_spec
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from lenet1998.data.patterns import Patterns
from lenet1998.errors import LeNetError
from lenet1998.loss import Loss
from lenet1998.network import Network
from lenet1998.optimisers import Optimiser, Rate
from lenet1998.sdlm import update

_log = logging.getLogger("lenet1998")
_NOT_NUMBA = "numba cannot be used, NumPy computes instead: %s"

# Patterns that go through the layers together: few enough for their windows to stay in the cache.
_BLOCK = 25

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Batch(NamedTuple):
    """Images uint8 (P, H, W) or (P, C, H, W) and labels uint8 (P,): what an engine needs of `Patterns`."""

    images: np.ndarray
    labels: np.ndarray


class Tally(NamedTuple):
    """What learning counted on the fly, each pattern before the update that it takes part in."""

    errors: int
    loss: float


class NonFinite(ArithmeticError):
    """`what` ("loss" or "weight") is no longer finite at the pattern that stands at `position` in the order."""

    def __init__(self, what: str, position: int):
        super().__init__(what, position)
        self.what, self.position = what, position


class Engine(Protocol):
    """What `lenet1998.training` asks of an engine."""

    name: str
    network: Network

    def prepare(self, patterns: Patterns | Batch, batches: bool = False, curvature: bool = True) -> None:
        """Do what has to be done once before such patterns are learned, so that it does not count as training.

        `batches` says that `train_batches` will be called instead of `train`; `curvature`, that curvatures are wanted.
        """

    def mean_curvature(self, patterns: Patterns | Batch, chosen: np.ndarray) -> np.ndarray:
        """h_kk: the mean over patterns[chosen] of d2E/dw_k2, a new array (parameters,)."""

    def train(self, patterns: Patterns | Batch, order: np.ndarray, steps: np.ndarray) -> Tally:
        """Learn patterns[order] one by one with step sizes `steps`, (parameters,). Raises NonFinite."""

    def train_batches(
        self, patterns: Patterns | Batch, order: np.ndarray, batch: int, optimiser: Optimiser, rate: Rate
    ) -> Tally:
        """Learn patterns[order] in mini-batches of `batch`, the last of which may be smaller; raises NonFinite.

        An update takes the mean of its patterns' gradients. A weight that is not finite is reported at the last
        pattern of its batch. The sum of losses leaves out what `optimiser.decay` stands for.
        """

    def penalties(self, images: np.ndarray) -> np.ndarray:
        """Penalties (P, classes) of images uint8 (P, H, W) or (P, C, H, W)."""


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
                errors += int(y.argmin() != label[0])
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
                    errors += int((y.argmin(axis=1) != labels).sum())
                    total += float(losses.sum(dtype=np.float64))
                parameters.gradient /= len(chosen)
                optimiser.step(parameters.values, parameters.gradient, rate)
                if not np.isfinite(parameters.values.sum()):
                    raise NonFinite("weight", start + len(chosen) - 1)
        return Tally(errors, total)

    @_one_thread
    def penalties(self, images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), _BLOCK)
        return np.concatenate([self.network.forward(images[start : start + _BLOCK]) for start in starts])


ENGINES = ("numba", "numpy")
"""The engines by name, the fastest first."""


def make_engine(name: str, network: Network, loss: Loss) -> Engine:
    """The engine called `name`, or under "auto" the fastest that is installed and has kernels for all of the network.

    Raises LeNetError where the one called by its name does not.
    """
    if name == "auto":
        if _numba_works():
            try:
                return make_engine("numba", network, loss)
            except LeNetError as error:  # a layer that has no kernels yet
                _log.warning(_NOT_NUMBA, error)
        name = "numpy"
    if name == "numpy":
        return NumpyEngine(network, loss)
    if name != "numba":
        raise LeNetError(f"no engine is called {name!r}: choose auto or {' or '.join(ENGINES)}")
    from lenet1998.kernels import NumbaEngine

    return NumbaEngine(network, loss)


def _numba_works() -> bool:
    """Whether numba is there, fits the other packages (a warning says so where it does not), and may compile.

    With NUMBA_DISABLE_JIT=1 it may not, and kernels in plain Python are hundreds of times slower than NumPy.
    """
    if not find_spec("numba"):
        return False
    try:
        import numba
    except ImportError as error:
        _log.warning(_NOT_NUMBA, error)
        return False
    return not numba.config.DISABLE_JIT  # type: ignore[attr-defined]

"""What an engine is: it runs a network over patterns, as section III-B and appendix C describe.

It offers four things: the mean curvature over a sample (equation 24), online learning over an ordered stretch of
patterns (equation 18, one update after every pattern), learning in mini-batches with any optimiser, and the penalties
of many images. It prints nothing. There are two, and `lenet1998.engines` chooses.
"""

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

import numpy as np

from lenet1998.errors import LeNetError
from lenet1998.layer import Seed
from lenet1998.modern.optimisers import Optimiser, Rate
from lenet1998.network import Network
from lenet1998.parameters import Parameters
from lenet1998.patterns import Patterns

_Engine = TypeVar("_Engine", bound="Engine")
_A = ParamSpec("_A")
_Result = TypeVar("_Result")


class Batch(NamedTuple):
    """Images uint8 (P, H, W) or (P, C, H, W) and labels uint8 (P,): what an engine needs of `Patterns`.

    A label may be the number of classes, for a pattern of none, where the loss has a rubbish class.
    """

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


class NoKernels(LeNetError):
    """The compiled engine has nothing for a layer, a loss, an optimiser or a type of numbers; the message names it."""


class Engine(Protocol):
    """What `lenet1998.training` asks of an engine.

    Threads may share one. `penalties` changes nothing that another call needs; beside a thread that trains, it answers
    by the parameters of that moment. What learns or measures curvatures is for one thread at a time: a second one gets
    a LeNetError.
    """

    name: str
    network: Network
    busy: Lock

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


def alone(
    method: Callable[Concatenate[_Engine, _A], _Result],
) -> Callable[Concatenate[_Engine, _A], _Result]:
    """Raise LeNetError where another thread learns with the engine: layers remember one way up at a time."""

    @wraps(method)
    def held(engine: _Engine, *arguments: _A.args, **named: _A.kwargs) -> _Result:
        if not engine.busy.acquire(blocking=False):
            raise LeNetError("another thread learns with this engine: give each an engine and a network of its own")
        try:
            return method(engine, *arguments, **named)
        finally:
            engine.busy.release()

    return held


class Passes(Protocol):
    """A network's three passes for a loss that is computed elsewhere (`lenet1998.network.Network` is one itself).

    They are for one thread: the passes down are those of its last `forward`.
    """

    parameters: Parameters

    def forward(self, pixels: np.ndarray) -> np.ndarray:
        """Penalties (P, classes); where the field is wider (P n, classes), those of an image in a row."""

    def backward(self, gradient: np.ndarray) -> None:
        """Add dE/dw to ``parameters.gradient``, given dE/dy of the last `forward`, in its shape."""

    def curvature(self, seed: Seed) -> None:
        """Add d2E/dw2 to ``parameters.curvature``."""

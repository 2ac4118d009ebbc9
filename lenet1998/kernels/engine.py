"""The compiled engine: the protocol of `lenet1998.engine` on top of the functions of two composed modules.

One has what works pattern by pattern, the other learns mini-batches; the second is composed when it is first asked for,
and each function is compiled when it is first needed. All that a pass touches is laid out once, in
`lenet1998.kernels.state`: buffers for the units, and the parameters copied from the flat vector, each array at the
start of a cache line. The copy costs a few microseconds for each stretch of patterns and makes the rows of C5 aligned.
Images are read where they are. Penalties of many images are computed by threads, in blocks that know nothing of each
other, so the results do not depend on how many threads there are.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Lock
from typing import NamedTuple

import numpy as np

from lenet1998.engine import Batch, NonFinite, Tally, alone
from lenet1998.kernels import update
from lenet1998.kernels.cache import Module, has_wide_registers, load
from lenet1998.kernels.compose import compose
from lenet1998.kernels.plan import Plan
from lenet1998.kernels.state import State
from lenet1998.kernels.tiles import SUMS, WIDE_SUMS
from lenet1998.loss import Loss, labels_for
from lenet1998.modern.optimisers import SGD, Optimiser, Rate
from lenet1998.network import Network
from lenet1998.patterns import Patterns

_BLOCK = 250


class _Compiled(NamedTuple):
    """A plan, the module that it was written out as, and the memory of its functions."""

    plan: Plan
    module: Module
    state: State


class NumbaEngine:
    """Runs a network in compiled code. Raises LeNetError for a layer or a loss that has no kernels, by name.

    With `jit` false the same code runs as plain Python: slow, for tests. `threads` is for `penalties`: by default, all
    cores that the process may use.
    """

    name = "numba"

    def __init__(self, network: Network, loss: Loss, *, jit: bool = True, threads: int | None = None):
        self.network, self.loss, self.threads, self._jit = network, loss, threads or _cores(), jit
        self.busy = Lock()
        self._spare: list[State] = []  # for `penalties`, whose calls share no memory with each other nor with learning
        self._one = self._composed(batches=False)

    def prepare(self, patterns: Patterns | Batch, batches: bool = False, curvature: bool = True) -> None:
        """Compile, or load, what learns such patterns."""
        nothing = np.arange(0)
        if curvature:
            self._function(self._one, "curvature", patterns)
        if batches:
            self.train_batches(patterns, nothing, 1, SGD(self.network.parameters.values), 0.0)
        else:
            self.train(patterns, nothing, np.zeros_like(self.network.parameters.values))

    @alone
    def mean_curvature(self, patterns: Patterns | Batch, chosen: np.ndarray) -> np.ndarray:
        y = np.zeros((1, self.network.classes), self.network.dtype)
        self.loss.seed(y, np.zeros(1, np.intp))  # says so if there is no curvature
        state = self._one.state
        state.take(self.network)
        state.clear()
        self._function(self._one, "curvature", patterns)(*self._learning(self._one, patterns, chosen))
        h = np.empty_like(self.network.parameters.values)
        state.give(self.network, h, suffix="_by")
        h /= len(chosen)
        return h

    @alone
    def train(self, patterns: Patterns | Batch, order: np.ndarray, steps: np.ndarray) -> Tally:
        self._one.state.take(self.network, steps)
        train = self._function(self._one, "train", patterns)
        return self._tally(self._one, train, self._learning(self._one, patterns, order))

    @alone
    def train_batches(
        self, patterns: Patterns | Batch, order: np.ndarray, batch: int, optimiser: Optimiser, rate: Rate
    ) -> Tally:
        several, how = self._several, update.arguments(optimiser, rate, self.network.parameters.values)
        several.state.take(self.network)
        several.state.clear()
        train = self._function(several, "train_batches", patterns, batch, *how)
        return self._tally(several, train, self._learning(several, patterns, order, batch, *how))

    def penalties(self, images: np.ndarray) -> np.ndarray:
        images = images_of(self.network, images)
        plan, module, _ = self._one
        out = np.empty((len(images), plan.classes), self.network.dtype)
        try:
            shared = self._spare.pop()
        except IndexError:  # all are with other calls
            shared = State(plan)
        shared.take(self.network)
        compute = module.get("penalties", images, out[:0], *inputs(self.network, shared, images))

        def block(start: int) -> None:
            state = shared if len(images) <= _BLOCK else State(plan, parameters=shared)
            part = slice(start, start + _BLOCK)
            compute(images[part], out[part], *inputs(self.network, state, images))

        starts = range(0, len(images), _BLOCK)
        if self.threads > 1 and len(starts) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(block, starts))
        else:
            for start in starts:
                block(start)
        self._spare.append(shared)
        return out

    @cached_property
    def _several(self) -> _Compiled:
        return self._composed(batches=True)

    def _composed(self, batches: bool) -> _Compiled:
        plan, text = compose(self.network, self.loss, batches, sums_at_once(self._jit))
        return _Compiled(plan, load(text, self._jit), State(plan))

    def _function(self, compiled: _Compiled, name: str, patterns: Patterns | Batch, *how: object) -> Callable:
        """A function that learns, ready for these arguments; it is asked for with no pattern to learn."""
        return compiled.module.get(name, *self._learning(compiled, patterns, np.arange(0), *how))

    def _tally(self, compiled: _Compiled, train: Callable, arguments: tuple) -> Tally:
        with np.errstate(all="ignore"):
            position, in_loss, errors, total = train(*arguments)
        compiled.state.give(self.network, self.network.parameters.values)
        if position >= 0:
            raise NonFinite("loss" if in_loss else "weight", position)
        return Tally(int(errors), float(total))

    def _learning(self, compiled: _Compiled, patterns: Patterns | Batch, order: np.ndarray, *how: object) -> tuple:
        """The arguments of functions that learn, and of `curvature`."""
        images, labels = images_of(self.network, patterns.images), bytes_of(patterns.labels)
        order = np.ascontiguousarray(order, np.int64)
        if len(order):
            if not 0 <= order.min() <= order.max() < len(images):
                raise IndexError(f"the order names patterns beyond the {len(images)} that there are")
            if labels[order].max() >= labels_for(self.loss, self.network.classes):
                raise IndexError(f"label {labels[order].max()} is none of the {self.network.classes} classes")
        return images, labels, fixed(order), *how, *inputs(self.network, compiled.state, images)


def sums_at_once(jit: bool) -> int:
    """How many sums a tile has on the processor that is compiled for."""
    return WIDE_SUMS if jit and has_wide_registers() else SUMS


def images_of(network: Network, images: np.ndarray) -> np.ndarray:
    """The images as bytes (P, channels, H, W). Raises DataError if they do not fit, TypeError if they are no bytes."""
    return bytes_of(network.input.maps(images))


def inputs(network: Network, state: State, images: np.ndarray) -> tuple:
    """The arguments that all functions share: levels, mean, field, where images lie on it, and the state."""
    levels, mean = fixed(network.input.levels(network.dtype)), fixed(network.mean)
    *copies, channels, _ = state["field_x"].shape
    _, height, width = network.input.shape
    field = state["field_x"][..., : height * width].reshape(*copies, channels, height, width)
    field[...] = levels[0]
    if network.input.mean:
        field -= mean
    top, left = (height - images.shape[2]) // 2, (width - images.shape[3]) // 2
    return levels, mean, field, top, left, *state.arrays()


def bytes_of(values: np.ndarray) -> np.ndarray:
    if values.dtype != np.uint8:
        raise TypeError(f"images and labels are uint8, not {values.dtype}")
    return fixed(np.ascontiguousarray(values))


def fixed(array: np.ndarray) -> np.ndarray:
    """A read-only view: one type for the compiler, wherever the array comes from."""
    view = array.view()
    view.flags.writeable = False
    return view


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

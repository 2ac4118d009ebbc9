"""The compiled engine: the protocol of `lenet1998.engine` on top of the three functions of a composed module.

All that a pass touches is laid out once: buffers for the units, and the parameters copied from the flat vector, each
array at the start of a cache line. The copy costs a few microseconds for each stretch of patterns and makes the rows of
C5 aligned. Images are read where they are. Penalties of many images are computed by threads, in blocks that know
nothing of each other, so the results do not depend on how many threads there are.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lenet1998.data.patterns import Patterns
from lenet1998.engine import Loss, NonFinite, Tally
from lenet1998.kernels.cache import load
from lenet1998.kernels.compose import compose
from lenet1998.kernels.plan import Plan
from lenet1998.network import Network

_BLOCK = 250
_LINE = 64


class NumbaEngine:
    """Runs a network in compiled code. Raises LeNetError for a layer or a loss that has no kernels, by name.

    With `jit` false the same code runs as plain Python: slow, for tests. `threads` is for `penalties`: by default, all
    cores that the process may use.
    """

    name = "numba"

    def __init__(self, network: Network, loss: Loss, *, jit: bool = True, threads: int | None = None):
        self.network, self.loss, self.threads = network, loss, threads or _cores()
        self._plan, text = compose(network, loss)
        self._module = load(text, jit)
        self._state = State(self._plan)

    def prepare(self, patterns: Patterns) -> None:
        """Compile, or load, what learns such patterns."""
        self._state.take(self.network)
        for function in ("curvature", "train"):
            self._module.get(function, *self._learning(patterns, np.arange(0)))

    def mean_curvature(self, patterns: Patterns, chosen: np.ndarray) -> np.ndarray:
        self._state.take(self.network)
        self._state.clear()
        curvature = self._module.get("curvature", *self._learning(patterns, np.arange(0)))
        curvature(*self._learning(patterns, chosen))
        h = np.empty_like(self.network.parameters.values)
        self._state.give(self.network, h, suffix="_by")
        h /= len(chosen)
        return h

    def train(self, patterns: Patterns, order: np.ndarray, steps: np.ndarray) -> Tally:
        self._state.take(self.network, steps)
        train = self._module.get("train", *self._learning(patterns, np.arange(0)))
        with np.errstate(all="ignore"):
            position, in_loss, errors, total = train(*self._learning(patterns, order))
        self._state.give(self.network, self.network.parameters.values)
        if position >= 0:
            raise NonFinite("loss" if in_loss else "weight", position)
        return Tally(int(errors), float(total))

    def penalties(self, images: np.ndarray) -> np.ndarray:
        images = _bytes(images)
        out = np.empty((len(images), self._plan.classes), self.network.dtype)
        self._state.take(self.network)
        compute = self._module.get("penalties", images, out[:0], *self._input(self._state, images))

        def block(start: int) -> None:
            state = State(self._plan, parameters=self._state)
            part = slice(start, start + _BLOCK)
            compute(images[part], out[part], *self._input(state, images))

        starts = range(0, len(images), _BLOCK)
        if self.threads > 1 and len(starts) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(block, starts))
        else:
            for start in starts:
                block(start)
        return out

    def _learning(self, patterns: Patterns, order: np.ndarray) -> tuple:
        """The arguments of `train` and `curvature`."""
        images, labels = _bytes(patterns.images), _bytes(patterns.labels)
        order = np.ascontiguousarray(order, np.int64)
        if len(order):
            if not 0 <= order.min() <= order.max() < len(images):
                raise IndexError(f"the order names patterns beyond the {len(images)} that there are")
            if labels[order].max() >= self._plan.classes:
                raise IndexError(f"label {labels[order].max()} is none of the {self._plan.classes} classes")
        return images, labels, _fixed(order), *self._input(self._state, images)

    def _input(self, state: State, images: np.ndarray) -> tuple:
        """The arguments that all three functions share: levels, field, where images lie on it, and the state."""
        side = self.network.input.side
        height, width = images.shape[1:]
        if max(height, width) > side:
            raise ValueError(f"images of {height}x{width} do not fit a field of {side}x{side}")
        levels = _fixed(self.network.input.levels(self.network.dtype))
        field = state["field_x"][0, : side * side].reshape(side, side)
        field[...] = levels[0]
        return levels, field, (side - height) // 2, (side - width) // 2, *state.arrays()


class State:
    """The arrays of a plan, in the order in which its functions take them."""

    def __init__(self, plan: Plan, parameters: State | None = None):
        self._plan = plan
        own = dict(plan.buffers)
        sizes = {name: shape for name, (_, shape) in plan.parameters.items()}
        if parameters is None:
            own.update(sizes)
            own.update({f"{name}_by": shape for name, shape in sizes.items()})
        self._arrays = _aligned(own, plan.dtype)
        if parameters is not None:
            shared = [*sizes, *(f"{name}_by" for name in sizes)]
            self._arrays.update({name: parameters[name] for name in shared})
        self._arrays.update({name: self._arrays[of].reshape(shape) for name, (of, shape) in plan.views.items()})
        self._arrays.update(plan.constants)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def arrays(self) -> list[np.ndarray]:
        return [self._arrays[name] for name in self._plan.state()]

    def take(self, network: Network, steps: np.ndarray | None = None) -> None:
        """Copy the parameters in, and step sizes, and put zeros everywhere else."""
        for name in self._plan.buffers:
            self._arrays[name].fill(0)  # cotangents rely on it; and NaN from a diverged call must not stay
        for suffix, vector in (("", network.parameters.values), ("_by", steps)):
            if vector is not None:
                views = network.parameters.named(vector)
                for name, (key, _) in self._plan.parameters.items():
                    self._arrays[name + suffix][...] = views[key].reshape(self._arrays[name].shape)

    def clear(self) -> None:
        """Forget step sizes and curvatures."""
        for name in self._plan.parameters:
            self._arrays[f"{name}_by"].fill(0)

    def give(self, network: Network, vector: np.ndarray, suffix: str = "") -> None:
        """Copy the parameters, or what belongs to them, out to a flat vector."""
        views = network.parameters.named(vector)
        for name, (key, _) in self._plan.parameters.items():
            views[key][...] = self._arrays[name + suffix].reshape(views[key].shape)


def _aligned(shapes: dict[str, tuple[int, ...]], dtype: np.dtype) -> dict[str, np.ndarray]:
    """Zeros of these shapes, each at the start of a cache line."""
    lines = {name: -(-int(np.prod(shape)) * dtype.itemsize // _LINE) for name, shape in shapes.items()}
    memory = np.zeros((sum(lines.values()) + 1) * _LINE, np.uint8)
    start, arrays = -memory.ctypes.data % _LINE, {}
    for name, shape in shapes.items():
        size = int(np.prod(shape)) * dtype.itemsize
        arrays[name] = memory[start : start + size].view(dtype).reshape(shape)
        start += lines[name] * _LINE
    return arrays


def _bytes(values: np.ndarray) -> np.ndarray:
    if values.dtype != np.uint8:
        raise TypeError(f"images and labels are uint8, not {values.dtype}")
    return _fixed(np.ascontiguousarray(values))


def _fixed(array: np.ndarray) -> np.ndarray:
    """A read-only view: one type for the compiler, wherever the array comes from."""
    view = array.view()
    view.flags.writeable = False
    return view


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

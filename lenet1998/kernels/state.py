"""The memory that compiled functions work in: the arrays of a plan, made once and reused by every call."""

from __future__ import annotations

import numpy as np

from lenet1998.kernels.plan import Plan
from lenet1998.network import Network

_LINE = 64


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

"""What the kernels of a network need: buffers, and calls in the order of each pass, collected layer by layer.

A `Plane` is what passes from a layer to the next: the maps of units with their cotangents, and how they lie in memory.
Maps that a convolution reads are padded, so that its loops run over whole vectors; maps that a full connection reads
lie side by side, so that they are one vector. No buffer is ever made during a pass.

A plan is made for one pattern at a time (online learning, curvature, penalties) or for mini-batches. Then `block`
patterns go up together and down together, each with its own copy of the buffers that are still needed on the way down;
kernels see one pattern's copy, except those of full connections, which see all, because they read their weights once
for the whole block.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from lenet1998.kernels.lanes import lanes_of
from lenet1998.kernels.specialise import specialise
from lenet1998.kernels.tiles import SUMS
from lenet1998.layer import Layer

# Loops over maps run over a multiple of this many values: whole vectors in every instruction set.
_VECTOR = 16


@dataclass(frozen=True)
class Plane:
    """The maps that one layer fills and the next one reads: names of the buffers, and how the units lie in them.

    Unit (m, r, c) has its state at values[m, r * stride + c] and its cotangent at
    cotangent[m, margin + r * stride + c].
    """

    values: str
    cotangent: str  # empty if no parameter lies below
    maps: int
    height: int
    width: int
    stride: int
    length: int  # how far loops over a map run
    margin: int
    dense: bool  # length = height * width, and nothing lies between maps
    free: bool  # nothing but the layer above reads the values: they may be overwritten


class Call(NamedTuple):
    """The text of a call, and whether it deals with a whole block of patterns, or with pattern b of it."""

    text: str
    whole: bool


def up(size: int) -> int:
    """The next multiple of a vector."""
    return -(-size // _VECTOR) * _VECTOR


@dataclass
class Plan:
    """What the layers ask for: buffers with their shapes, and calls in the order of each pass."""

    dtype: np.dtype
    block: int = 0  # patterns in a block of a mini-batch; 0: one at a time, in buffers of their own
    sums: int = SUMS  # in a tile
    adds: bool = False  # on the way down, gradients are added up instead of learned from
    buffers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    views: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    parameters: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    kernels: dict[tuple, tuple[str, str]] = field(default_factory=dict)
    up: list[Call] = field(default_factory=list)
    learn: list[Call] = field(default_factory=list)  # this and the next in reverse order
    curvature: list[Call] = field(default_factory=list)  # one pattern at a time only
    y: str = ""  # where the penalties are, and their cotangents
    gradient: str = ""
    classes: int = 0

    @property
    def lanes(self) -> int:
        """How many numbers a vector has; kernels that ask for this constant get it."""
        return lanes_of(self.dtype)

    @property
    def online(self) -> bool:
        """Whether the way down learns, one pattern at a time."""
        return not self.block and not self.adds

    def buffer(self, name: str, shape: tuple[int, ...], kept: bool = True) -> str:
        """A new buffer; `kept`: for each pattern of a block, because it lasts from one full connection to the next."""
        self.buffers[name] = (self.block if kept else 1, *shape) if self.block else shape
        return name

    def view(self, name: str, shape: tuple[int, ...]) -> str:
        """The same numbers in another shape; -1 in it stands for the rest."""
        copies = self.buffers[name][:1] if self.block and name in self.buffers else ()
        self.views[f"{name}_{len(shape)}d"] = (name, (*copies, *shape))
        return f"{name}_{len(shape)}d"

    def flat(self, name: str) -> str:
        return self.view(name, (-1,))

    def constant(self, name: str, values: np.ndarray) -> str:
        self.constants[name] = np.ascontiguousarray(values, self.dtype)
        return name

    def parameter(self, layer: Layer, key: str, shape: tuple[int, ...]) -> str:
        """A parameter, in the shape that its kernel wants; its step sizes or curvatures are called <name>_by."""
        name = f"parameter{len(self.parameters)}_{key}"
        self.parameters[name] = (f"{layer.name}.{key}", shape)
        return name

    def plane(self, name: str, maps: int, height: int, width: int, stride: int, *, dense: bool = False, margin: int = 0,
              reach: int = 0, phases: int = 1, needed: bool = True) -> Plane:  # fmt: skip
        """A new plane. `reach` is how far a convolution, gathering from the cotangent, looks beyond the margin.

        `phases` is how many pieces of this size a map has (`lenet1998.kernels.arrange`).
        """
        length = height * width if dense else phases * up((height - 1) * stride + width)
        # A convolution's whole vectors look at most a vector beyond the last unit.
        self.buffer(f"{name}_x", (maps, length if dense else length + _VECTOR))
        margin = up(margin)
        if needed:
            self.buffer(f"{name}_g", (maps, length if dense else margin + max(length, up(reach))), kept=dense)
        cotangent = f"{name}_g" if needed else ""
        return Plane(f"{name}_x", cotangent, maps, height, width, stride, length, margin, dense, True)

    def copy_of(self, plane: Plane, name: str) -> Plane:
        """The plane with a buffer of its own for the values."""
        self.buffers[f"{name}_x"] = self.buffers[plane.values]
        return replace(plane, values=f"{name}_x", free=False)

    def call(self, kernel: Callable, name: str, arguments: list[str], *, whole: bool = False, **constants: Any) -> Call:
        """A call of the kernel specialised for these constants, which is written once."""
        if "lanes" in kernel.__code__.co_varnames[: kernel.__code__.co_argcount + kernel.__code__.co_kwonlyargcount]:
            constants["lanes"] = self.lanes
        key = (kernel, tuple(sorted(constants.items())))
        if key not in self.kernels:
            taken = sum(other.startswith(name) for other, _ in self.kernels.values())
            special = f"{name}_{taken + 1}" if taken else name
            text, tables = specialise(kernel, special, constants)
            lines = [f"{table} = np.array({values.tolist()}, np.int64)\n" for table, values in tables.items()]
            self.kernels[key] = (special, "".join([*lines, "\n\n@compiled\n", text]))
        if not whole:
            arguments = [self.of_one(argument) for argument in arguments]
        return Call(f"{self.kernels[key][0]}({', '.join(arguments)})", whole)

    def of_one(self, name: str) -> str:
        """The buffer or view of pattern b."""
        buffer = self.views[name][0] if name in self.views else name
        if not self.block or buffer not in self.buffers:
            return name
        return f"{name}[b]" if self.buffers[buffer][0] > 1 else f"{name}[0]"

    def forward(self, kernel: Callable, name: str, arguments: list[str], **constants: Any) -> None:
        self.up.append(self.call(kernel, name, arguments, **constants))

    def adjoint(self, kernel: Callable, name: str, arguments: list[str], *, updates: list[str] | None = None,
                **constants: Any) -> None:  # fmt: skip
        """Add a call in both algebras. The passes down run in the reverse order: what is added first runs last.

        For the parameters in `updates`, the kernel also gets their step sizes, which it learns with; or their gradients
        (in mini-batches, or if the plan `adds`), or their curvatures, to add to.
        """
        arguments = [*arguments, *(f"{parameter}_by" for parameter in updates or [])]
        online = bool(updates) and self.online
        learns = ({"learns": online}, {"learns": False}) if updates else ({}, {})
        learn = self.call(kernel, name, arguments, squared=False, **learns[0], **constants)
        self.learn.append(Call(f"check += {learn.text}", learn.whole) if online else learn)
        if not self.block:  # curvatures are estimated pattern by pattern
            squared = {"squared": True, **learns[1], **constants}
            self.curvature.append(self.call(kernel, f"{name}_squared", arguments, **squared))

    def adjoint_as_is(self, kernel: Callable, name: str, arguments: list[str], **constants: Any) -> None:
        """Add a call that is the same in both algebras, because it only moves numbers."""
        call = self.call(kernel, name, arguments, **constants)
        self.learn.append(call)
        self.curvature.append(call)

    def state(self) -> list[str]:
        """The arrays that every function of the module takes, in order."""
        own = [f"{name}_by" for name in self.parameters]
        return [*self.buffers, *self.views, *self.constants, *self.parameters, *own]

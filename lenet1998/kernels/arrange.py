"""Where the taps of a kernel find their inputs, with padding and with any stride.

Kernels of `lenet1998.kernels.convolution` know one case: stride 1, nothing padded, and a tap is a constant offset. The
others are brought to it by copying the maps below. Padding is copying into the middle of maps that are zero elsewhere.
With stride s, the units that a tap sees in turn are s apart; so the copy puts each map's units into s x s smaller maps,
its *phases*: all with the same row and the same column modulo s are together. In there the units that a tap sees lie
side by side, and its offset is constant again. The cotangent is gathered phase by phase, since a phase is seen by its
own taps alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Plan, Plane
    from lenet1998.layers import Convolution


class Taps(NamedTuple):
    """A kernel's stride, the stride of rows within a phase, and the length of all phases of a map."""

    stride: int
    row: int
    length: int

    @property
    def phase_length(self) -> int:
        return self.length // self.stride**2

    def offsets(self, k: int) -> tuple[int, ...]:
        """Where each tap of a kernel of side k finds its input, seen from the unit's own position."""
        return tuple(self._place(row, column) for row in range(k) for column in range(k))

    def by_phase(self, k: int) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
        """For each phase that some tap sees: where it starts in a map, which taps these are, their offsets in it."""
        s = self.stride
        for phase in range(s * s):
            taps = [(row, column) for row in range(phase // s, k, s) for column in range(phase % s, k, s)]
            if taps:
                offsets = tuple(row // s * self.row + column // s for row, column in taps)
                yield phase * self.phase_length, tuple(row * k + column for row, column in taps), offsets

    def _place(self, row: int, column: int) -> int:
        s = self.stride
        return (row % s * s + column % s) * self.phase_length + row // s * self.row + column // s


def spread(x, y, *, maps, height, width, stride, step, padding, row_stride, phase_length, margin):
    """Copy the units of each map to their phases, `padding` away from the edges."""
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                line = (row + padding) % step * step * phase_length + (row + padding) // step * row_stride
                place = line + (i + padding) % step * phase_length + (i + padding) // step
                y[m, place] = x[m, margin + row * stride + i]


def collect(y, x, *, maps, height, width, stride, step, padding, row_stride, phase_length, margin):
    """The adjoint of `spread`."""
    for m in range(maps):
        for row in range(height):
            for i in range(width):
                line = (row + padding) % step * step * phase_length + (row + padding) // step * row_stride
                place = line + (i + padding) % step * phase_length + (i + padding) // step
                x[m, margin + row * stride + i] = y[m, place]


def emit(layer: Convolution, name: str, x: Plane, plan: Plan) -> Plane:
    """The plane itself if the layer has stride 1 and no padding, or a plane of its padded phases."""
    step, padding = layer.stride, layer.padding
    if step == 1 and padding == 0:
        return x
    maps, height, width = layer.below
    rows, columns = (-(-(size + 2 * padding) // step) for size in (height, width))
    y = plan.plane(f"{name}_arranged", maps, rows, columns, columns, phases=step**2, needed=bool(x.cotangent))
    sizes = {"maps": maps, "height": height, "width": width, "stride": x.stride, "step": step, "padding": padding}
    sizes |= {"row_stride": columns, "phase_length": y.length // step**2}
    plan.forward(spread, f"{name}_spread", [x.values, y.values], margin=0, **sizes)
    if x.cotangent:
        plan.adjoint_as_is(collect, f"{name}_collect", [y.cotangent, x.cotangent], margin=x.margin, **sizes)
    return y

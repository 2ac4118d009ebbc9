"""The paper's formulas as literal loops over its indices: slow twins that the tests compare the package with.

`units` unrolls a network into single units with explicit connections: each unit i has a list of (unit j, weight k)
pairs and a bias, exactly the u_ij = w_k of equation 20. Forward is equation 5 and 6 unit by unit; `derivatives` walks
equations 19, 23, 25 and 27 over these connections. A subsampling unit has one connection, from the sum of its window,
because the paper has it add its inputs before its one coefficient multiplies them. A pooling unit has no weight: it is
the first of the largest units in its window, or their mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.strings.compose import Transducer
from lenet1998.strings.graph import NOTHING, Graph

A, S = 1.7159, 2 / 3


@dataclass
class Unit:
    """One unit: `inputs` are (units that are added up, factor, number of the weight); `bias` a weight's number;
    `pooled` the window of a unit without weights."""

    inputs: list[tuple[list[Unit], float, int]] = field(default_factory=list)
    bias: int | None = None
    pooled: list[Unit] = field(default_factory=list)
    largest: bool = False
    squash: str = ""
    x: float = 0.0
    a: float = 0.0
    g: float = 0.0  # dE/dx, later
    h: float = 0.0  # d2E/dx2


def unroll(network: Network) -> tuple[list[Unit], list[Unit], list[Unit], Layer]:
    """All units in order, the input units, the units that the penalties are made of, and the output layer."""
    side = network.input.side
    grid = {(m, r, c): Unit() for m in range(network.input.channels) for r in range(side) for c in range(side)}
    inputs, units = list(grid.values()), []
    start = 0  # of the layer's weights in the flat vector
    for layer in network.layers:
        if isinstance(layer, (RBF, Contrast)):
            break
        if isinstance(layer, (Squash, ReLU)):
            for unit in grid.values():
                unit.squash = "relu" if isinstance(layer, ReLU) else "tanh"
            continue
        above = {}
        shape = layer.shape if len(layer.shape) == 3 else (layer.shape[0], 1, 1)
        maps, height, width = shape
        if isinstance(layer, Convolution):
            kernel_of, number = {}, 0
            for m in range(maps):
                for j in range(layer.table.shape[0]):
                    if layer.table[j, m]:
                        kernel_of[m, j] = number
                        number += 1
            k = layer.k
            for m in range(maps):
                for r in range(height):
                    for c in range(width):
                        unit = Unit(bias=start + number * k * k + m)
                        for j in range(layer.table.shape[0]):
                            if layer.table[j, m]:
                                for dr in range(k):
                                    for dc in range(k):
                                        weight = start + kernel_of[m, j] * k * k + dr * k + dc
                                        row = layer.stride * r + dr - layer.padding
                                        column = layer.stride * c + dc - layer.padding
                                        if (j, row, column) in grid:
                                            unit.inputs.append(([grid[j, row, column]], 1.0, weight))
                        above[m, r, c] = unit
            start += number * k * k + maps
        elif isinstance(layer, Subsampling):
            for m in range(maps):
                for r in range(height):
                    for c in range(width):
                        window = [grid[m, 2 * r + dr, 2 * c + dc] for dr in (0, 1) for dc in (0, 1)]
                        above[m, r, c] = Unit([(window, layer.scale, start + m)], bias=start + maps + m)
            start += 2 * maps
        elif isinstance(layer, (MaxPooling, AveragePooling)):
            n = layer.window
            for m in range(maps):
                for r in range(height):
                    for c in range(width):
                        window = [grid[m, n * r + dr, n * c + dc] for dr in range(n) for dc in range(n)]
                        above[m, r, c] = Unit(pooled=window, largest=isinstance(layer, MaxPooling))
        elif isinstance(layer, FullConnection):
            below = [grid[key] for key in sorted(grid)]
            for m in range(maps):
                unit = Unit(bias=start + maps * len(below) + m)
                unit.inputs = [([other], 1.0, start + m * len(below) + j) for j, other in enumerate(below)]
                above[m, 0, 0] = unit
            start += maps * (len(below) + 1)
        else:
            raise TypeError(f"no literal twin of {type(layer).__name__}")
        units += [above[key] for key in sorted(above)]
        grid = above
    return units, inputs, [grid[key] for key in sorted(grid)], layer


def forward(unrolled, w: np.ndarray, field_values: np.ndarray) -> np.ndarray:
    """Penalties of one pattern, equations 5, 6 and 7; `field_values` is the input layer's (channels, side, side)."""
    units, inputs, below, output = unrolled
    for unit, value in zip(inputs, field_values.ravel(), strict=True):
        unit.x = float(value)
    for unit in units:
        if unit.pooled:
            values = [other.x for other in unit.pooled]
            unit.a = max(values) if unit.largest else sum(values) / len(values)
        else:
            unit.a = w[unit.bias]
        for window, factor, k in unit.inputs:
            unit.a += w[k] * factor * sum(other.x for other in window)
        unit.x = {"tanh": A * math.tanh(S * unit.a), "relu": max(0.0, unit.a), "": unit.a}[unit.squash]
    if isinstance(output, RBF):
        return np.array([sum((unit.x - c) ** 2 for unit, c in zip(below, code, strict=True)) for code in output.codes])
    return np.array([0.0, -below[0].x] if isinstance(output, Contrast) else [unit.x for unit in below])


def slope(unit: Unit) -> float:
    """dx/da."""
    if unit.squash == "relu":
        return float(unit.a > 0)
    return A * S * (1 - math.tanh(S * unit.a) ** 2) if unit.squash else 1.0


def derivatives(unrolled, w: np.ndarray, dy: np.ndarray, d2y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """dE/dw_k and the Gauss-Newton d2E/dw_k2 of the pattern that `forward` has just seen.

    `dy` is dE/dy (classes,) and `d2y` the full matrix d2E/dy_i dy_k, so that the seed at F6 is the plain chain rule.
    """
    units, inputs, below, output = unrolled
    for unit in units + inputs:
        unit.g = unit.h = 0.0
    for j, unit in enumerate(below):
        if isinstance(output, RBF):
            slopes = [2 * (unit.x - code[j]) for code in output.codes]  # dy_i/dx_j
            unit.h = sum(2 * d for d in dy)
        else:
            slopes = [0.0, -1.0] if isinstance(output, Contrast) else [float(i == j) for i in range(len(dy))]
        unit.g = sum(d * s for d, s in zip(dy, slopes, strict=True))
        for i, si in enumerate(slopes):
            for k, sk in enumerate(slopes):
                unit.h += d2y[i, k] * si * sk
    gradient, curvature = np.zeros_like(w), np.zeros_like(w)
    if isinstance(output, RBF) and output.learns:  # the last weights are its centres, each seen by one unit alone
        for i, code in enumerate(output.codes):
            for j, unit in enumerate(below):
                k, slope_of_w = len(w) - output.codes.size + i * len(below) + j, -2 * (unit.x - code[j])
                gradient[k] += dy[i] * slope_of_w
                curvature[k] += 2 * max(dy[i], 0) + d2y[i, i] * slope_of_w**2
    for unit in reversed(units):
        g, h = slope(unit) * unit.g, slope(unit) ** 2 * unit.h  # dE/da_i, and d2E/da_i2 by equation 27
        if unit.pooled:
            winner = next(other for other in unit.pooled if other.x == max(each.x for each in unit.pooled))
            share = 1 / len(unit.pooled)
            for other in [winner] if unit.largest else unit.pooled:
                other.g += g if unit.largest else share * g
                other.h += h if unit.largest else share**2 * h
            continue
        gradient[unit.bias] += g
        curvature[unit.bias] += h  # equation 25 with x_j = 1
        for window, factor, k in unit.inputs:
            x = factor * sum(other.x for other in window)
            gradient[k] += g * x  # equation 19: summed over the connections that share w_k
            curvature[k] += h * x**2  # equations 23 and 25
            for other in window:
                other.g += w[k] * factor * g
                other.h += (w[k] * factor) ** 2 * h
    return gradient, curvature


def paths(graph: Graph) -> list[list[int]]:
    """Every path of a graph from node 0 to its end, as the numbers of its arcs, one by one."""
    found, unfinished = [], [(0, [])]
    while unfinished:
        node, path = unfinished.pop()
        if node == graph.end:
            found.append(path)
        for arc in range(len(graph)):
            if graph.sources[arc] == node:
                unfinished.append((int(graph.targets[arc]), [*path, arc]))
    return found


def spelled(graph: Graph, path: list[int], transducer: Transducer) -> list[tuple[list[int], float]]:
    """All that a transducer makes of the labels of one path: what it writes, and the penalty of path and moves."""
    readings = [(0, [], sum(float(graph.penalties[arc]) for arc in path))]
    for arc in path:
        readings = [
            (move.target, [*written, *([] if move.writes == NOTHING else [move.writes])], penalty + move.penalty)
            for state, written, penalty in readings
            for move in transducer.moves
            if (move.source, move.reads) == (state, graph.labels[arc])
        ]
    return [(written, penalty) for state, written, penalty in readings if state in transducer.finals]


def logadd(penalties: list[float]) -> float:
    """Equation 14 as it is printed."""
    return -math.log(sum(math.exp(-penalty) for penalty in penalties))


def edits(found: list[int], wanted: list[int]) -> int:
    """The edit distance by its definition: the least over what is done with the first character."""
    if not found or not wanted:
        return len(found) + len(wanted)
    same = edits(found[1:], wanted[1:]) + (found[0] != wanted[0])
    return min(same, 1 + edits(found[1:], wanted), 1 + edits(found, wanted[1:]))

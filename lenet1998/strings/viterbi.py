"""The Viterbi transformer: the path of least penalty (section V, equation 10)."""

import math
from typing import NamedTuple

import numpy as np

from lenet1998.strings.graph import Graph


class Path(NamedTuple):
    """A path from start to end: its penalty, and the numbers of its arcs in their order, (length,)."""

    penalty: float
    arcs: np.ndarray


def viterbi(graph: Graph) -> Path:
    """v_n = min over arcs i into n of (c_i + v_s), v_start = 0; then back from the end along the arcs that gave it.

    Of equals the arc that is listed first wins. Raises NoPathError (`Graph.no_path`).

    >>> graph = Graph(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([3, 8, 4]), np.array([0.1, 0.9, 0.6]))
    >>> path = viterbi(graph)
    >>> path.penalty, graph.labels[path.arcs].tolist()
    (0.7, [3, 4])
    """
    sources = graph.sources.tolist()
    v = [0.0] + [math.inf] * graph.end
    best_arc = [-1] * len(v)
    arcs = zip(sources, graph.targets.tolist(), graph.penalties.tolist(), strict=True)
    for arc, (source, target, penalty) in enumerate(arcs):
        through = penalty + v[source]
        if through < v[target]:
            v[target], best_arc[target] = through, arc
    if v[-1] == math.inf:
        raise graph.no_path()
    path, node = [], graph.end
    while node:
        path.append(best_arc[node])
        node = sources[best_arc[node]]
    return Path(v[-1], np.array(path[::-1]))

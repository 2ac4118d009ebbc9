"""From the outputs of a wide network to a string (section VII-A, Figure 24).

A space displacement network gives ten penalties at each position. Its output graph is linear: from each node to the
next an arc a class, and one for the blank, whose penalty is the constant j of equation 9's rubbish class: in Figures 25
and 26 outputs are blank where they are further than a fixed bound from every code, not near the code of the space.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lenet1998.strings.compose import Interpretation, compose
from lenet1998.strings.forward import forward_penalties
from lenet1998.strings.grammar import BLANK, any_runs, only_runs
from lenet1998.strings.graph import NOTHING, Graph
from lenet1998.strings.viterbi import viterbi


def output_graph(penalties: np.ndarray, j: float) -> Graph:
    """Section VII-A's output graph of penalties (n, 10), with a blank of penalty j at each position: 11 n arcs.

    >>> graph = output_graph(np.zeros((2, 10)), j=5.0)
    >>> graph.end, graph.penalties[[0, BLANK]].tolist(), graph.labels[[0, BLANK]].tolist()
    (2, [0.0, 5.0], [0, 10])
    """
    n = len(penalties)
    sources, labels = np.divmod(np.arange(n * (BLANK + 1)), BLANK + 1)
    return Graph(sources, sources + 1, labels, _with_blanks(penalties, j))


def interpretation(penalties: np.ndarray, j: float) -> Interpretation:
    """The output graph composed with `any_runs`: all strings that n outputs can be read as.

    >>> len(interpretation(np.zeros((30, 10)), j=5.0).graph)
    910
    """
    return _all_runs(len(penalties)).with_penalties(_with_blanks(penalties, j))


class Reading(NamedTuple):
    """A string: its labels, for each character the first and the last position of its run, and the path's penalty."""

    labels: list[int]
    places: list[tuple[int, int]]
    penalty: float


def read(penalties: np.ndarray, j: float) -> Reading:
    """The string of the best path, of penalties float (n, 10). LeNetError for penalties that are not numbers.

    >>> y = np.full((5, 10), 9.0)
    >>> y[[0, 1, 4], [4, 4, 1]] = 0.5, 0.5, 0.25
    >>> read(y, j=5.0)
    Reading(labels=[4, 1], places=[(0, 1), (4, 4)], penalty=11.25)
    """
    found = interpretation(penalties, j)
    path = viterbi(found.graph)
    labels, seen = found.graph.labels[path.arcs].tolist(), (found.recognised[path.arcs] % (BLANK + 1)).tolist()
    starts = [position for position, label in enumerate(labels) if label != NOTHING]
    places = []
    for start in starts:
        last = start
        while last + 1 < len(seen) and seen[last + 1] == seen[start]:
            last += 1
        places.append((start, last))
    return Reading([labels[start] for start in starts], places, path.penalty)


def confidence(penalties: np.ndarray, j: float, labels: list[int]) -> float:
    """e^-E of equation 17 with these labels as the desired string, 0 to 1: its posterior (sections VI-E and X-C).

    X-C prints exp(E) for it, a slip of the sign. NoPathError where so many labels do not fit.

    >>> y = np.full((3, 10), 50.0)
    >>> y[1, 7] = 5.0
    >>> round(confidence(y, j=5.0, labels=[7]), 3)
    0.5
    """
    constrained = compose(output_graph(penalties, j), only_runs(labels)).graph
    free = interpretation(penalties, j).graph
    return math.exp(forward_penalties(free)[-1] - forward_penalties(constrained)[-1])


def _with_blanks(penalties: np.ndarray, j: float) -> np.ndarray:
    """Penalties (n, 10) to those of the output graph's arcs, float64 (11 n,)."""
    return np.append(np.asarray(penalties, float), np.full((len(penalties), 1), j), axis=1).ravel()


@lru_cache(maxsize=64)
def _all_runs(n: int) -> Interpretation:
    """What `interpretation` has in common for all penalties at n positions."""
    return compose(output_graph(np.zeros((n, BLANK)), 0.0), any_runs())

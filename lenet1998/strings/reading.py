"""Reading: the best path through what a recogniser makes of a string, and how sure it is (sections V, VI-E, VII-A).

Both recognisers, the network swept over the string (`sdnn`) and the one that sees its segments (`segmentation`), turn a
network's penalties into a graph, and have a grammar that says what its paths spell.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from lenet1998.strings.compose import Interpretation, Transducer
from lenet1998.strings.forward import composed_forward_penalty
from lenet1998.strings.graph import NOTHING, Graph
from lenet1998.strings.viterbi import viterbi


class Recogniser(Protocol):
    """What fields of one string stand for, given a network's penalties for them, float (fields, 10)."""

    def graph(self, penalties: np.ndarray) -> Graph:
        """The recognition graph."""

    def grammar(self, labels: Sequence[int] | None = None) -> Transducer:
        """What its paths may spell: these labels alone, or any."""

    def free(self, penalties: np.ndarray) -> Interpretation:
        """Its composition with the grammar: every string that it can be read as."""

    def constrained(self, penalties: np.ndarray, labels: Sequence[int]) -> Interpretation:
        """The paths that spell these labels; raises NoPathError where there is none."""

    def by_class(self, gradient: np.ndarray) -> np.ndarray:
        """Derivatives by the arcs of the recognition graph as derivatives by the penalties, (fields, 10)."""

    def columns(self, arc: int) -> tuple[int, int]:
        """Where in the image an arc of the recognition graph is: the first column, and the one after the last."""


class Reading(NamedTuple):
    """A string: its labels, the first column of each character and the one after its last, and the path's penalty."""

    labels: list[int]
    columns: list[tuple[int, int]]
    penalty: float


def read(recogniser: Recogniser, penalties: np.ndarray) -> Reading:
    """The string that the best path spells. LeNetError for penalties that are not numbers.

    >>> from lenet1998.strings.sdnn import SDNN
    >>> y = np.full((5, 10), 9.0)
    >>> y[[0, 1, 4], [4, 4, 1]] = 0.5, 0.5, 0.25
    >>> read(SDNN(j=5.0), y)
    Reading(labels=[4, 1], columns=[(16, 21), (32, 33)], penalty=11.25)
    """
    free = recogniser.free(penalties)
    path = viterbi(free.graph)
    arcs = free.recognised[path.arcs]
    written, seen = free.graph.labels[path.arcs], recogniser.graph(penalties).labels[arcs]
    labels: list[int] = []
    columns: list[tuple[int, int]] = []
    for arc, label, own in zip(arcs.tolist(), written.tolist(), seen.tolist(), strict=True):
        begin, end = recogniser.columns(arc)
        if label != NOTHING:
            labels.append(label)
            columns.append((begin, end))
        elif labels and own == labels[-1]:  # the character goes on
            columns[-1] = columns[-1][0], end
    return Reading(labels, columns, path.penalty)


def confidence(recogniser: Recogniser, penalties: np.ndarray, labels: Sequence[int]) -> float:
    """e^-E of equation 17 with these labels as the desired string, 0 to 1: its posterior (sections VI-E and X-C).

    X-C prints exp(E) for it, a slip of the sign. NoPathError where no path spells the labels.

    >>> from lenet1998.strings.sdnn import SDNN
    >>> y = np.full((3, 10), 50.0)
    >>> y[1, 7] = 5.0
    >>> round(confidence(SDNN(j=5.0), y, [7]), 3)
    0.5
    """
    graph = recogniser.graph(penalties)
    free, constrained = (composed_forward_penalty(graph, recogniser.grammar(wanted)) for wanted in (None, labels))
    return math.exp(min(free - constrained, 0.0))  # where no other string is likely, rounding may leave more than 0

"""Composition: a graph and a grammar, walked together (section VIII, Figures 28 and 29).

A token in the graph and one in the transducer move at once, along arcs whose labels match; each pair of places that
they can reach is a node of the new graph, and its arcs carry both penalties and the label that the transducer writes.
In place of Figure 29's recursion it goes once through the arcs from the start, and once back, which drops dead ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from lenet1998.strings.graph import Graph, NoPathError


class Move(NamedTuple):
    """An arc of a transducer: it reads one label, writes one, which may be NOTHING, and adds a penalty."""

    source: int
    target: int
    reads: int
    writes: int
    penalty: float = 0.0


class Transducer:
    """A finite-state machine that starts in state 0 and may end in `finals`; it may have circles.

    `leaving` has the numbers of the moves by the label that they read, then by the state that they leave.

    >>> yes = Transducer([Move(0, 0, 1, 1)], finals=[0])
    >>> yes.leaving[1][0]
    [0]
    """

    def __init__(self, moves: Sequence[Move], finals: Sequence[int]):
        self.moves, self.finals = list(moves), frozenset(finals)
        self.states = 1 + max([0, *self.finals, *(max(move.source, move.target) for move in self.moves)])
        self.leaving: dict[int, dict[int, list[int]]] = {}
        for number, move in enumerate(self.moves):
            self.leaving.setdefault(move.reads, {}).setdefault(move.source, []).append(number)


@dataclass(frozen=True, eq=False)
class Interpretation:
    """The graph that composition gives, and for each of its arcs the arc of the recognition graph that it came from.

    `recognised` is integer (arcs,), `added` the grammar's penalties float64 (arcs,), `count` how many arcs the
    recognition graph has.
    """

    graph: Graph
    recognised: np.ndarray
    added: np.ndarray
    count: int

    def with_penalties(self, penalties: np.ndarray) -> Interpretation:
        """The same composition of a recognition graph whose penalties are these, (count,)."""
        return replace(self, graph=replace(self.graph, penalties=penalties[self.recognised] + self.added))

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        """Section VII-C: an arc of the recognition graph gets the sum over the arcs that came from it, (count,)."""
        return np.bincount(self.recognised, gradient, self.count)


def compose(graph: Graph, transducer: Transducer) -> Interpretation:
    """All paths of the graph that the transducer reads. Raises NoPathError if there is none.

    >>> graph = Graph(np.array([0, 0, 1]), np.array([1, 1, 2]), np.array([3, 5, 4]), np.array([0.1, 2.3, 0.4]))
    >>> only_54 = Transducer([Move(0, 1, 5, 5), Move(1, 2, 4, 4)], finals=[2])
    >>> found = compose(graph, only_54)
    >>> found.graph.labels.tolist(), found.recognised.tolist()
    ([5, 4], [1, 2])
    """
    end, states, moves, leaving = graph.end, transducer.states, transducer.moves, transducer.leaving
    reached: list[set[int]] = [set() for _ in range(end + 1)]
    reached[0].add(0)
    steps = []
    for arc, (source, target, label) in enumerate(
        zip(graph.sources.tolist(), graph.targets.tolist(), graph.labels.tolist(), strict=True)
    ):
        for state, numbers in leaving.get(label, {}).items():
            for number in numbers if state in reached[source] else ():
                there = moves[number].target
                reached[target].add(there)
                steps.append((source * states + state, target * states + there, arc, number))
    finals = {end * states + state for state in transducer.finals}
    useful, kept = set(finals), []
    for step in reversed(steps):
        if step[1] in useful:
            useful.add(step[0])
            kept.append(step)
    if not kept:
        raise nothing_read(graph)
    # All ways to end are one node, the last: nothing leaves them.
    sources, targets, arcs, moved = np.array(kept[::-1]).T
    targets = np.where(targets >= end * states, end * states, targets)
    order = np.argsort(sources, kind="stable")
    pairs = np.unique(np.append(sources, targets))
    arcs, moved = arcs[order], moved[order]
    writes, added = np.array([move.writes for move in moves])[moved], np.array([move.penalty for move in moves])[moved]
    joined = Graph(
        np.searchsorted(pairs, sources[order]),
        np.searchsorted(pairs, targets[order]),
        writes,
        graph.penalties[arcs] + added,
    )
    return Interpretation(joined, arcs, added, len(graph))


def nothing_read(graph: Graph) -> NoPathError:
    """What to raise where a grammar reads none of a graph's paths."""
    return NoPathError(
        f"none of the paths of a graph of {len(graph)} arcs is one that the grammar reads: give a longer string or "
        "fewer labels"
    )

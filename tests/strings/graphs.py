"""Graphs that several tests use: Figure 20's, and random ones."""

import numpy as np

from lenet1998.strings.compose import Move, Transducer
from lenet1998.strings.graph import NOTHING, Graph


def graph_of(arcs: list[tuple[int, int, int, float]]) -> Graph:
    """A graph of (source, target, label, penalty)."""
    sources, targets, labels, penalties = zip(*arcs, strict=True)
    return Graph(np.array(sources), np.array(targets), np.array(labels), np.array(penalties, float))


FIGURE_20 = graph_of(
    [
        (0, 1, 3, 0.1), (0, 1, 5, 2.3), (0, 2, 3, 3.4), (0, 2, 4, 4.4), (1, 2, 4, 0.4), (1, 2, 2, 1.3),
        (1, 3, 4, 0.6), (1, 3, 9, 1.2), (2, 3, 1, 0.1), (2, 3, 4, 2.4),
    ]
)  # fmt: skip
"""The interpretation graph of Figure 20; the desired string is "34"."""


def random_graph(rng: np.random.Generator, nodes: int, arcs: int, labels: int = 3) -> Graph:
    """A random graph with a path: a chain through all nodes, and arcs at random, some of them dead ends no more."""
    sources = np.append(np.arange(nodes - 1), rng.integers(0, nodes - 1, arcs))
    targets = np.append(np.arange(1, nodes), sources[nodes - 1 :] + 1 + rng.integers(0, nodes, arcs))
    order = np.argsort(sources, kind="stable")
    targets = np.minimum(targets, nodes - 1)[order]
    return Graph(sources[order], targets, rng.integers(0, labels, len(order)), rng.normal(0, 2, len(order)))


def random_transducer(rng: np.random.Generator, states: int = 3, moves: int = 12, labels: int = 3) -> Transducer:
    """Random moves, among them circles and several of one label from one state, and labels that are not written."""
    return Transducer(
        [
            Move(
                int(rng.integers(states)),
                int(rng.integers(states)),
                int(rng.integers(labels)),
                int(rng.choice([NOTHING, 0, 1, 2])),
                float(rng.normal()),
            )
            for _ in range(moves)
        ],
        finals=[states - 1, 0],
    )

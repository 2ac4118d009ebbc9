"""The forward penalty: all paths at once (section VI-C, equations 13 to 16).

Where Viterbi takes the minimum, the forward algorithm takes logadd(x_1, ..., x_n) = -log sum e^-x_i, so that e^-f is
the sum of e^-penalty over all paths. The smallest penalty is factored out: nothing over- or underflows.
"""

import math

import numpy as np

from lenet1998.strings.compose import Transducer, nothing_read
from lenet1998.strings.graph import Graph


def forward_penalties(graph: Graph) -> list[float]:
    """f_n = logadd over arcs i into n of (c_i + f_s), f_start = 0, of all nodes; infinite where no path arrives.

    >>> equals = Graph(np.array([0, 0]), np.array([1, 1]), np.array([3, 5]), np.array([2.0, 2.0]))
    >>> forward_penalties(equals)[1] == 2 - math.log(2)
    True
    """
    f = [0.0] + [math.inf] * graph.end
    for source, target, penalty in zip(
        graph.sources.tolist(), graph.targets.tolist(), graph.penalties.tolist(), strict=True
    ):
        through, so_far = penalty + f[source], f[target]
        if through == math.inf:
            continue
        least, other = (through, so_far) if through < so_far else (so_far, through)
        f[target] = least - math.log1p(math.exp(least - other))
    return f


def forward_penalty(graph: Graph) -> tuple[float, np.ndarray]:
    """C_forw = f_end, and its derivatives dC_forw / dc_i, float64 (arcs,): the share of e^-C_forw that takes arc i.

    Equation 16 is dE/dc_i = (dE/df_d) e^(-c_i - f_s + f_d), and equation 15's dE/df_n the sum of these over the arcs
    that leave n. Raises NoPathError (`Graph.no_path`).

    >>> equals = Graph(np.array([0, 0]), np.array([1, 1]), np.array([3, 5]), np.array([2.0, 2.0]))
    >>> forward_penalty(equals)[1].round(6).tolist()
    [0.5, 0.5]
    """
    f = forward_penalties(graph)
    if f[-1] == math.inf:
        raise graph.no_path()
    sources, targets, penalties = graph.sources.tolist(), graph.targets.tolist(), graph.penalties.tolist()
    df = [0.0] * graph.end + [1.0]
    dc = [0.0] * len(graph)
    for arc in range(len(graph) - 1, -1, -1):
        target = targets[arc]
        if df[target] and f[sources[arc]] < math.inf:
            dc[arc] = df[target] * math.exp(f[target] - penalties[arc] - f[sources[arc]])
            df[sources[arc]] += dc[arc]
    return f[-1], np.array(dc)


def composed_forward_penalty(graph: Graph, transducer: Transducer) -> float:
    """C_forw of `compose(graph, transducer)` in one walk, without that graph: it has many arcs where strings are long.

    f is known for each pair of a node and a state: equation 13 node by node, over all moves that match an arc leaving
    the node at once. Raises NoPathError as `compose` does, and where each path that is read has an infinite penalty.

    >>> from lenet1998.strings.compose import Move
    >>> graph = Graph(np.array([0, 0, 1]), np.array([1, 1, 2]), np.array([3, 5, 4]), np.array([0.1, 2.3, 0.4]))
    >>> only_54 = Transducer([Move(0, 1, 5, 5), Move(1, 2, 4, 4)], finals=[2])
    >>> round(composed_forward_penalty(graph, only_54), 12)
    2.7
    """
    states, moves = transducer.states, sorted(transducer.moves, key=lambda move: move.reads)
    leaves, enters, reads = np.array([move[:3] for move in moves], int).reshape(-1, 3).T
    # Each arc with each of the moves that read its label.
    first, after = (np.searchsorted(reads, graph.labels, side) for side in ("left", "right"))
    arcs = np.repeat(np.arange(len(graph)), after - first)
    which = np.concatenate([np.arange(*some) for some in zip(first.tolist(), after.tolist(), strict=True)])
    sources, targets = graph.sources[arcs] * states + leaves[which], graph.targets[arcs] * states + enters[which]
    penalties = graph.penalties[arcs] + np.array([move.penalty for move in moves])[which]
    # NumPy's logaddexp is that of equation 13 with the signs turned.
    minus_f = np.full((graph.end + 1) * states, -np.inf)
    minus_f[0] = 0.0
    edges = np.searchsorted(graph.sources[arcs], np.arange(graph.end + 1)).tolist()
    for begin, end in zip(edges[:-1], edges[1:], strict=True):
        here = slice(begin, end)
        np.logaddexp.at(minus_f, targets[here], minus_f[sources[here]] - penalties[here])
    f = -float(np.logaddexp.reduce(minus_f[[graph.end * states + state for state in transducer.finals]]))
    if f == math.inf:
        raise nothing_read(graph)
    return f

"""What training on whole strings minimises (section VI): equations 11, 12, 13 and 17.

Of all paths of the interpretation graph, the constrained graph has those that spell the desired string. Gradients are
with respect to the penalties of the recognition graph, out of which both graphs were composed.
"""

from typing import NamedTuple

import numpy as np

from lenet1998.strings.compose import Interpretation
from lenet1998.strings.forward import forward_penalty
from lenet1998.strings.viterbi import viterbi


class Loss(NamedTuple):
    """E of a string, and dE/dc, float64 (arcs of the recognition graph,)."""

    value: float
    gradient: np.ndarray


def viterbi_loss(constrained: Interpretation) -> Loss:
    """Equation 11, Viterbi training: E = C_cvit, the penalty of the best path that spells the string.

    >>> from lenet1998.strings.compose import compose
    >>> from lenet1998.strings.grammar import any_string, only
    >>> from lenet1998.strings.graph import Graph
    >>> graph = Graph(np.array([0, 0]), np.array([1, 1]), np.array([3, 5]), np.array([0.1, 2.3]))
    >>> constrained, free = compose(graph, only([5])), compose(graph, any_string())
    >>> viterbi_loss(constrained).gradient.tolist()
    [0.0, 1.0]
    >>> round(discriminative_viterbi_loss(constrained, free).value, 6)
    2.2
    >>> discriminative_viterbi_loss(constrained, free).gradient.tolist()
    [-1.0, 1.0]
    >>> round(discriminative_forward_loss(constrained, free).value, 6)
    2.305083
    """
    path = viterbi(constrained.graph)
    taken = np.zeros(len(constrained.graph))
    taken[path.arcs] = 1
    return Loss(path.penalty, constrained.backward(taken))


def discriminative_viterbi_loss(constrained: Interpretation, free: Interpretation) -> Loss:
    """Equation 12: E = C_cvit - C_vit, 0 where the best path of all spells the string; no margin is asked for."""
    return _difference(viterbi_loss(constrained), viterbi_loss(free))


def discriminative_forward_loss(constrained: Interpretation, free: Interpretation) -> Loss:
    """Equation 17: E = C_cforw - C_forw >= 0; e^-E is the posterior of the string."""
    return _difference(forward_loss(constrained), forward_loss(free))


def forward_loss(constrained: Interpretation) -> Loss:
    """Equation 13 alone: E = C_cforw, the penalty of all paths that spell the string; nothing competes."""
    penalty, gradient = forward_penalty(constrained.graph)
    return Loss(penalty, constrained.backward(gradient))


def _difference(constrained: Loss, free: Loss) -> Loss:
    return Loss(constrained.value - free.value, constrained.gradient - free.gradient)

"""The outputs of a space displacement network as a graph (section VII-A, Figure 24).

A network swept over a string gives ten penalties at each position. Its output graph is linear: from each node to the
next an arc a class, and one for the blank, whose penalty is the constant j of equation 9's rubbish class: in Figures 25
and 26 outputs are blank where they are further than a fixed bound from every code, not near the code of the space.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lenet1998.strings.compose import Interpretation, Transducer, compose
from lenet1998.strings.grammar import BLANK, any_runs, only_runs
from lenet1998.strings.graph import Graph
from lenet1998.strings.images import FIELD, STEP


@dataclass(frozen=True)
class SDNN:
    """What the outputs at n positions stand for, with a blank of penalty ``j``; penalties are float (n, 10).

    >>> graph = SDNN(j=5.0).graph(np.zeros((2, 10)))
    >>> graph.end, graph.penalties[[0, BLANK]].tolist(), graph.labels[[0, BLANK]].tolist()
    (2, [0.0, 5.0], [0, 10])
    """

    j: float

    def graph(self, penalties: np.ndarray) -> Graph:
        """The output graph: eleven arcs from each position to the next."""
        sources, labels = np.divmod(np.arange(len(penalties) * (BLANK + 1)), BLANK + 1)
        return Graph(sources, sources + 1, labels, self._with_blanks(penalties))

    def grammar(self, labels: Sequence[int] | None = None) -> Transducer:
        """Runs that spell these labels, or any."""
        return any_runs() if labels is None else only_runs(labels)

    def free(self, penalties: np.ndarray) -> Interpretation:
        """All strings that the outputs can be read as: the output graph composed with `any_runs`.

        >>> len(SDNN(j=5.0).free(np.zeros((30, 10))).graph)
        910
        """
        return _all_runs(len(penalties)).with_penalties(self._with_blanks(penalties))

    def constrained(self, penalties: np.ndarray, labels: Sequence[int]) -> Interpretation:
        """The paths that spell these labels. Raises NoPathError where there are not outputs enough for them."""
        return compose(self.graph(penalties), self.grammar(labels))

    def by_class(self, gradient: np.ndarray) -> np.ndarray:
        """The derivatives by the arcs of the output graph as those by the penalties, (n, 10): j is a constant."""
        return gradient.reshape(-1, BLANK + 1)[:, :BLANK]

    def columns(self, arc: int) -> tuple[int, int]:
        """Where an arc of the output graph looks: the middle column of its field, and the one after."""
        middle = FIELD // 2 + STEP * (arc // (BLANK + 1))
        return middle, middle + 1

    def _with_blanks(self, penalties: np.ndarray) -> np.ndarray:
        """Penalties (n, 10) to those of the output graph's arcs, float64 (11 n,)."""
        return np.append(np.asarray(penalties, float), np.full((len(penalties), 1), self.j), axis=1).ravel()


@lru_cache(maxsize=64)
def _all_runs(n: int) -> Interpretation:
    """What `SDNN.free` has in common for all penalties at n positions: composition does not look at them."""
    return compose(SDNN(0.0).graph(np.zeros((n, BLANK))), any_runs())

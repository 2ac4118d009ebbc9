"""Acyclic graphs whose arcs carry labels and penalties (sections IV to VI).

Everything is a penalty: a path costs the sum of its arcs' penalties, and the best path costs least. Nodes are numbered
such that arcs lead upwards, and arcs are listed by the node that they leave, so that whoever walks the list has seen
all that leads to a node before anything that leaves it: equations 10, 13 and 15 are a loop over arcs each.
"""

from dataclasses import dataclass

import numpy as np

from lenet1998.errors import LeNetError

NOTHING = -1
"""The label of an arc that adds no character to the string."""


class NoPathError(LeNetError):
    """A graph has no path from its start to its end."""


@dataclass(frozen=True, eq=False)
class Graph:
    """Arc i leads from node ``sources[i]`` to node ``targets[i]`` and carries ``labels[i]`` and ``penalties[i]``.

    Arrays (arcs,), integer but for the penalties, float64; an infinite one forbids its arc. The start is node 0, the
    end the highest node. Raises LeNetError unless sources ascend, every source is below its target, and penalties are
    numbers.

    >>> Graph(np.array([0, 0]), np.array([1, 1]), np.array([3, 5]), np.array([0.1, 2.3])).end
    1
    """

    sources: np.ndarray
    targets: np.ndarray
    labels: np.ndarray
    penalties: np.ndarray

    def __post_init__(self) -> None:
        shapes = {array.shape for array in (self.sources, self.targets, self.labels, self.penalties)}
        if len(shapes) > 1 or self.sources.ndim != 1 or not len(self.sources):
            raise LeNetError(f"a graph's arrays have shapes {shapes}: give four of shape (arcs,), with an arc or more")
        if self.sources[0] < 0 or (self.sources >= self.targets).any() or (self.sources[1:] < self.sources[:-1]).any():
            raise LeNetError(
                "a graph's arcs do not lead upwards: number its nodes so that each arc's source is below its target, "
                "and list the arcs by their sources"
            )
        if not (self.penalties > -np.inf).all():
            raise LeNetError("a graph has penalties that are not numbers: the recogniser has diverged, take another")

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def end(self) -> int:
        """The node in which the string ends."""
        return int(self.targets.max())

    def no_path(self) -> NoPathError:
        """What to raise where nothing leads to the end, at a finite penalty."""
        return NoPathError(
            f"no path leads from the start of a graph of {len(self)} arcs to its end, node {self.end}: "
            "join its parts by arcs of finite penalties"
        )

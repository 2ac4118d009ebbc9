"""Linear units that are solved for directly, on pixels or on a first layer of another kind (sections III-C.1, 3, 4).

Section III-C.1 found that sigmoid or linear units, trained by gradients or by solving linear systems, give similar
results. Here they do not (entry 20 of paper_notes.md), and its row has the sigmoid units, which are a network without
hidden layers. Other classifiers of section III-C subclass `Linear` and replace its features.
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from scipy.linalg import solve

from lenet1998.classifiers.classifier import BLOCK, Classifier
from lenet1998.patterns import CLASSES

PAIRS = list(combinations(range(CLASSES), 2))


class Linear(Classifier):
    """Ten weighted sums of features and a constant, fitted by least squares to +1 for the class and -1 for others.

    `ridge` regularises the solution; it is relative to the mean square of a feature. The features are the pixels.

    >>> images = np.eye(10).repeat(3, axis=0)
    >>> Linear().fit(images, np.arange(30) // 3).scores(images[:9:3]).argmin(axis=1).tolist()
    [0, 1, 2]
    """

    def __init__(self, ridge: float = 1e-8):
        self.ridge = ridge

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        self._fit_features(x, labels)
        targets = np.where(labels[:, np.newaxis] == np.arange(CLASSES), 1.0, -1.0)
        squares, cross = np.zeros(()), np.zeros(())
        for start in range(0, len(x), BLOCK):
            features = with_constant(self._features(x[start : start + BLOCK]))
            squares = squares + features.T @ features
            cross = cross + features.T @ targets[start : start + BLOCK]
        self.weights = least_squares(squares, cross, self.ridge)

    def _fit_features(self, x: np.ndarray, labels: np.ndarray) -> None:
        """Learn the layer below, if there is one."""

    def _features(self, x: np.ndarray) -> np.ndarray:
        """What the linear layer sees of vectors (P, N)."""
        return x

    def _scores(self, x: np.ndarray) -> np.ndarray:
        return -with_constant(self._features(x)) @ self.weights

    def macs(self) -> int:
        return self.weights.size

    def variables(self) -> int:
        return self.weights.size


class PairwiseLinear(Classifier):
    """Section III-C.1: 45 units, one a pair of classes, each fitted to +1 on one, -1 on the other and nothing else.

    A class's score is the sum of the units that speak for it minus the sum of those that speak against it. `output`
    makes a unit's output from its weighted sum: by default its sign, for on digits that it never saw the sum itself
    goes far beyond +-1, and a few wild units would outweigh the others.

    >>> images = np.eye(10).repeat(3, axis=0)
    >>> PairwiseLinear().fit(images, np.arange(30) // 3).scores(images[:9:3]).argmin(axis=1).tolist()
    [0, 1, 2]
    """

    def __init__(self, output: Callable[[np.ndarray], np.ndarray] = np.sign, ridge: float = 1e-8):
        self.output, self.ridge = output, ridge

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        of_class = [with_constant(x[labels == digit]) for digit in range(CLASSES)]
        squares, sums = [rows.T @ rows for rows in of_class], [rows.sum(axis=0) for rows in of_class]
        units = [least_squares(squares[i] + squares[j], sums[i] - sums[j], self.ridge) for i, j in PAIRS]
        self.weights = np.stack(units, axis=1)

    def _scores(self, x: np.ndarray) -> np.ndarray:
        return -self.output(with_constant(x) @ self.weights) @ _speaking

    def macs(self) -> int:
        return self.weights.size + int(np.count_nonzero(_speaking))

    def variables(self) -> int:
        return self.weights.size


def with_constant(features: np.ndarray) -> np.ndarray:
    """Features (P, N) as float64 with a constant 1 for the bias: (P, N + 1)."""
    return np.hstack([features, np.ones((len(features), 1))])


def least_squares(squares: np.ndarray, cross: np.ndarray, ridge: float) -> np.ndarray:
    """The weights that minimise the squared error, from X'X (N, N) and X't (N, ...): a regularised pseudo-inverse.

    >>> least_squares(np.diag([4.0, 0.0]), np.array([2.0, 0.0]), ridge=1e-8).round(6).tolist()
    [0.5, 0.0]
    """
    penalty = ridge * np.trace(squares) / len(squares)
    return solve(squares + penalty * np.eye(len(squares)), cross, assume_a="pos")


def _signs() -> np.ndarray:
    """(45, 10): +1 where the unit of a pair speaks for a class, -1 where against it."""
    signs = np.zeros((len(PAIRS), CLASSES))
    for unit, (i, j) in enumerate(PAIRS):
        signs[unit, i], signs[unit, j] = 1, -1
    return signs


_speaking = _signs()

"""Losses on the penalties y of the output layer: section II-C's equations 8 and 9, and two of later practice.

Equations 8 and 9 take `penalty_scale`, the c in E(c y): the paper prints the whole squared distance (c = 1), the
authors' later code half of it, and with mu fixed the choice matters, because penalty c y with mu makes the same updates
as penalty y with mu / c (see paper_notes.md). Arrays are (P, classes) for y, integer (P,) for the labels D.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lenet1998.errors import RecipeError
from lenet1998.layer import Seed
from lenet1998.recipe import Recipe


def _indicator(y: np.ndarray, labels: np.ndarray, value: float | np.ndarray) -> np.ndarray:
    """`value`, one or (P,), at the correct class of every pattern, zero elsewhere."""
    hot = np.zeros_like(y)
    hot[np.arange(len(y)), labels] = value
    return hot


@dataclass(frozen=True)
class MLE:
    """Equation 8, maximum likelihood: the penalty of the correct class alone.

    >>> MLE(0.5).value(np.array([[4.0, 1.0]]), np.array([0])).tolist()
    [2.0]
    """

    penalty_scale: float

    def value(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """E of each pattern, (P,)."""
        return self.penalty_scale * y[np.arange(len(y)), labels]

    def gradient(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """dE/dy, (P, classes)."""
        return _indicator(y, labels, self.penalty_scale)

    def seed(self, y: np.ndarray, labels: np.ndarray) -> Seed:
        """What seeds the curvature recursion: E is linear in y, so its Hessian is zero."""
        return Seed(self.gradient(y, labels), np.zeros_like(y), np.zeros_like(y))


@dataclass(frozen=True)
class MAP:
    """Equation 9, discriminative: y_D + log(e^-j + sum_i e^-y_i), the sum over all classes, the correct one included.

    j > 0 is the constant penalty of a rubbish class; its value is not given. `curvature_seed` says what starts the
    curvature recursion: "exact", the full second derivative, which depends on all classes and vanishes where the
    classification is certain; or "constant", that of equation 8, as the authors' later code does.

    >>> float(MAP(1.0, float("inf")).value(np.array([[1e4]]), np.array([0]))[0])
    0.0
    """

    penalty_scale: float
    j: float
    curvature_seed: str = "exact"

    def value(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """E of each pattern, (P,)."""
        return self.penalty_scale * y[np.arange(len(y)), labels] + self._log_sum(y)[:, 0]

    def gradient(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """dE/dy_i = c (delta_iD - p_i), with p_i the posterior of class i, (P, classes)."""
        return _indicator(y, labels, self.penalty_scale) - self.penalty_scale * self.posteriors(y)

    def seed(self, y: np.ndarray, labels: np.ndarray) -> Seed:
        """The exact Hessian c^2 (diag(p) - p p^T) is positive semi-definite, so no step size can turn negative."""
        if self.curvature_seed == "constant":
            return MLE(self.penalty_scale).seed(y, labels)
        p = self.posteriors(y)
        return Seed(self.gradient(y, labels), self.penalty_scale**2 * p, self.penalty_scale * p)

    def posteriors(self, y: np.ndarray) -> np.ndarray:
        """e^-y_i / (e^-j + sum_k e^-y_k), (P, classes); what is missing from a sum of 1 is the rubbish class."""
        return np.exp(-self.penalty_scale * y - self._log_sum(y))

    def _log_sum(self, y: np.ndarray) -> np.ndarray:
        """log(e^-j + sum_i e^-cy_i), (P, 1), with the largest term factored out so that nothing over- or underflows."""
        exponents = -self.penalty_scale * y
        largest = np.maximum(exponents.max(axis=1, keepdims=True), -self.j)
        return largest + np.log(np.exp(-self.j - largest) + np.exp(exponents - largest).sum(axis=1, keepdims=True))


class CrossEntropy(MAP):
    """Softmax with cross-entropy: y_D + log sum_i e^-y_i, equation 9 without a rubbish class (j = infinity).

    With the usual sign, -y are the logits. `penalty_scale` is for squared distances; linear outputs have none.

    >>> float(CrossEntropy().value(np.array([[1.0, 1.0]]), np.array([0]))[0]) == math.log(2)
    True
    """

    def __init__(self, penalty_scale: float = 1.0, curvature_seed: str = "exact"):
        super().__init__(penalty_scale, math.inf, curvature_seed)


@dataclass(frozen=True)
class Hinge:
    """Multi-class support vector loss: sum over i != D of max(0, margin + y_D - y_i) (Weston and Watkins 1999).

    >>> Hinge().value(np.array([[0.0, 0.5, 3.0]]), np.array([0])).tolist()
    [0.5]
    """

    margin: float = 1.0

    def value(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """E of each pattern, (P,)."""
        return np.maximum(self._violations(y, labels), 0).sum(axis=1)

    def gradient(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """dE/dy: -1 for every class that comes too near, and their number for the correct one, (P, classes)."""
        near = (self._violations(y, labels) > 0).astype(y.dtype)
        return _indicator(y, labels, near.sum(axis=1)) - near

    def seed(self, y: np.ndarray, labels: np.ndarray) -> Seed:
        """Raises RecipeError: the second derivatives are zero wherever there are any."""
        raise RecipeError("the hinge loss has no curvature: choose optimiser=sgd, momentum, rmsprop or adam, not sdlm")

    def _violations(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """margin + y_D - y_i, and 0 for the correct class, (P, classes)."""
        rows = np.arange(len(y))
        violations = self.margin + y[rows, labels][:, None] - y
        violations[rows, labels] = 0
        return violations


Loss = MLE | MAP | Hinge


def make_loss(recipe: Recipe) -> Loss:
    """The recipe's loss. `penalty_scale` scales squared distances, so it is 1 where the output is linear."""
    scale = recipe.penalty_scale if recipe.output == "rbf" else 1.0
    if recipe.loss == "mle":
        return MLE(scale)
    if recipe.loss == "map":
        return MAP(scale, recipe.j, recipe.curvature_seed)
    if recipe.loss == "cross_entropy":
        return CrossEntropy(scale, recipe.curvature_seed)
    return Hinge()

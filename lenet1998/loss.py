"""Losses on the penalties y of the output layer: section II-C's equations 8 and 9, and cross-entropy.

Equations 8 and 9 take `penalty_scale`, the c in E(c y). The paper prints the whole squared distance (c = 1), the
authors' later code half of it. The choice matters. Under equation 8, penalty c y with mu makes the same updates as
penalty y with mu / c. Under equation 9 it does not, because c stands inside the exponentials, and j counts in units of
c y: j = 1 with c = 0.1 is 10 in units of equation 7 (paper_notes.md, 14).

Arrays are (P, classes) for y, integer (P,) for the labels D. A label equal to the number of classes is a
pattern without a class, which equation 9 has a place for: its rubbish class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lenet1998.errors import RecipeError
from lenet1998.layer import Seed
from lenet1998.registry import Registry

if TYPE_CHECKING:
    from lenet1998.recipe import Recipe


class Loss(Protocol):
    """What a loss offers. One of the user's own without second derivatives has no `seed`."""

    def value(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """E of each pattern, (P,)."""

    def gradient(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """dE/dy, (P, classes)."""

    def seed(self, y: np.ndarray, labels: np.ndarray) -> Seed:
        """What seeds the curvature recursion."""


def _indicator(y: np.ndarray, labels: np.ndarray, value: float | np.ndarray) -> np.ndarray:
    """`value`, one or (P,), at the correct class of every pattern, zero elsewhere."""
    hot = np.zeros_like(y)
    hot[np.arange(len(y)), labels] = value
    return hot


def has_rubbish(loss: Loss) -> bool:
    """Whether the loss has a rubbish class, so that a pattern may be of no class: equation 9 with a finite j.

    >>> has_rubbish(MAP(1.0, j=2.0)), has_rubbish(CrossEntropy()), has_rubbish(MLE(1.0))
    (True, False, False)
    """
    return isinstance(loss, MAP) and math.isfinite(loss.j)


def labels_for(loss: Loss, classes: int) -> int:
    """How many labels the loss has a place for: the classes, from 0, and after them its rubbish class.

    >>> labels_for(MAP(1.0, j=2.0), 10), labels_for(MLE(1.0), 10)
    (11, 10)
    """
    return classes + has_rubbish(loss)


def wrong(loss: Loss, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which patterns are answered wrongly, (P,): another class has the least penalty, or, where the right answer is
    none of them, one has less than j.

    >>> wrong(MAP(1.0, j=2.0), np.array([[1.0, 3.0], [1.0, 3.0], [4.0, 3.0]]), np.array([0, 2, 2])).tolist()
    [False, True, False]
    """
    missed = y.argmin(axis=1) != labels
    if isinstance(loss, MAP):
        missed &= (labels < y.shape[1]) | (loss.penalty_scale * y.min(axis=1) < loss.j)
    return missed


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

    The rubbish class may be the desired one, as for a blank of section VII-B: then j takes the place of y_D, and all
    penalties of classes are pushed up.

    >>> float(MAP(1.0, float("inf")).value(np.array([[1e4]]), np.array([0]))[0])
    0.0
    >>> far, near = MAP(1.0, 2.0).value(np.array([[9.0, 9.0], [0.0, 9.0]]), np.array([2, 2])).round(3).tolist()
    >>> far, near
    (0.002, 2.127)
    """

    penalty_scale: float
    j: float
    curvature_seed: str = "exact"

    def value(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """E of each pattern, (P,)."""
        return self._with_rubbish(self.penalty_scale * y, self.j)[np.arange(len(y)), labels] + self._log_sum(y)[:, 0]

    def gradient(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """dE/dy_i = c (delta_iD - p_i), with p_i the posterior of class i, (P, classes)."""
        return self._desired(y, labels) - self.penalty_scale * self.posteriors(y)

    def seed(self, y: np.ndarray, labels: np.ndarray) -> Seed:
        """The exact Hessian c^2 (diag(p) - p p^T) is positive semi-definite, so no step size can turn negative.

        The first derivatives, which the curvature of RBF units takes too, sum to c times the rubbish class's
        posterior, but to less than nothing where it is desired: there they are left out, as in Gauss-Newton.
        """
        if self.curvature_seed == "constant":
            return Seed(self._desired(y, labels), np.zeros_like(y), np.zeros_like(y))
        p = self.posteriors(y)
        first = self.gradient(y, labels)
        first[labels == y.shape[1]] = 0
        return Seed(first, self.penalty_scale**2 * p, self.penalty_scale * p)

    def posteriors(self, y: np.ndarray) -> np.ndarray:
        """e^-y_i / (e^-j + sum_k e^-y_k), (P, classes); what is missing from a sum of 1 is the rubbish class."""
        return np.exp(-self.penalty_scale * y - self._log_sum(y))

    def _desired(self, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """c at the desired class of every pattern, if it has one, (P, classes)."""
        return _indicator(self._with_rubbish(y, self.j), labels, self.penalty_scale)[:, : y.shape[1]]

    @staticmethod
    def _with_rubbish(y: np.ndarray, j: float) -> np.ndarray:
        """Penalties with that of the rubbish class after the others, where there is one."""
        return y if math.isinf(j) else np.append(y, np.full((len(y), 1), j, y.dtype), axis=1)

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


LOSSES = Registry(
    "loss",
    {
        "mle": lambda recipe: MLE(_scale(recipe)),
        "map": lambda recipe: MAP(_scale(recipe), recipe.j, recipe.curvature_seed),
        "cross_entropy": lambda recipe: CrossEntropy(_scale(recipe), recipe.curvature_seed),
    },
)
"""What makes a loss of a recipe, by names."""


def make_loss(recipe: Recipe) -> Loss:
    """The recipe's loss. Raises RecipeError where curvatures are asked for and one of the user's own has no seed."""
    loss = LOSSES[recipe.loss](recipe)
    if recipe.by_curvature and not hasattr(loss, "seed"):
        raise RecipeError(
            f"loss={recipe.loss} has no second derivatives (no method seed): choose optimiser=sgd or another without "
            "curvatures"
        )
    return loss


def _scale(recipe: Recipe) -> float:
    """`penalty_scale` scales squared distances, so it is 1 where the output is linear."""
    return recipe.penalty_scale if recipe.output == "rbf" else 1.0

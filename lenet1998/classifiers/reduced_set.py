"""RS-SVM: support vector machines whose sums over thousands of support vectors are cut down to a few others (III-C.11).

A machine's decision is <w, Phi(x)> + b with w = sum_i alpha_i Phi(x_i). Here w is approximated by the w' = sum_k beta_k
Phi(z_k) of few vectors z_k that is nearest to it, |w - w'|^2, which is the reduced set of Burges (1996) and of Burges
and Schoelkopf (1997). The z_k are no images: they move freely, and for any z the best beta solves a linear system. How
they searched the paper does not say: here by L-BFGS, from the support vectors of largest |alpha|.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from lenet1998.classifiers.classifier import Classifier
from lenet1998.classifiers.svm import machine, unit_length
from lenet1998.patterns import CLASSES

_RIDGE = 1e-6  # of the kernel's value for equal images of unit length: keeps the system for beta solvable


class ReducedSVM(Classifier):
    """Ten machines with a polynomial kernel, each of one class against the rest, with as many vectors each as `macs`
    multiply-accumulates for a pattern allow: the paper's 650,000.

    Raises LeNetError without scikit-learn.
    """

    def __init__(self, degree: int = 5, c: float = 100.0, macs: int = 650_000, iterations: int = 300):
        self.degree, self.c, self.most_macs, self.iterations = degree, c, macs, iterations

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        count = max(1, self.most_macs // (CLASSES * (x.shape[1] + 1)))
        x = unit_length(x)
        self.sets, self.constants = [], np.zeros(CLASSES)
        for digit in range(CLASSES):
            fitted = machine(self.degree, self.c).fit(x, labels == digit)
            alpha, support = fitted.dual_coef_[0], np.asarray(fitted.support_vectors_, np.float32)
            self.sets.append(reduced_set(support, alpha, count, self.degree, self.iterations))
            self.constants[digit] = fitted.intercept_[0]

    def _scores(self, x: np.ndarray) -> np.ndarray:
        x = unit_length(x)
        sums = [_half(x, z) ** self.degree @ beta for z, beta in self.sets]
        return -(np.stack(sums, axis=1) + self.constants)

    def macs(self) -> int:
        """One product of vectors for each vector, and one with its beta."""
        return self.variables() - CLASSES

    def variables(self) -> int:
        """The vectors, a beta for each, and a constant a class."""
        return sum(z.size + beta.size for z, beta in self.sets) + CLASSES


def reduced_set(
    x: np.ndarray, alpha: np.ndarray, count: int, degree: int, iterations: int = 300
) -> tuple[np.ndarray, np.ndarray]:
    """At most `count` vectors z (count, N) and weights beta for which sum_k beta_k Phi(z_k) is near sum_i alpha_i
    Phi(x_i), of x float32 (P, N) and alpha (P,), with the kernel ((x.y + 1) / 2)^degree. Both are float64.

    >>> x = np.eye(4, dtype=np.float32)
    >>> z, beta = reduced_set(x, np.array([2.0, 0.0, -1.0, 0.0]), count=2, degree=5)
    >>> np.abs(z.round(3)).tolist(), beta.round(3).tolist()
    ([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]], [2.0, -1.0])
    """
    start = x[np.argsort(-np.abs(alpha), kind="stable")[:count]].astype(np.float64)
    weights = alpha.astype(x.dtype)

    def lost(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient, _ = _lost(flat.reshape(start.shape), x, weights, degree)
        return value, gradient.ravel()

    found = minimize(lost, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    z = found.x.reshape(start.shape)
    return z, _lost(z, x, weights, degree)[2]


def _lost(z: np.ndarray, x: np.ndarray, alpha: np.ndarray, degree: int) -> tuple[float, np.ndarray, np.ndarray]:
    """|w - w'|^2 - |w|^2 with the best beta for these z, its gradient by z, and that beta.

    With k = K(z, x) alpha and beta = K(z, z)^-1 k it is -k.beta; as beta is the best, its own change adds nothing to
    the gradient. Products with the many x are made in their precision, single, the rest in double.
    """
    across, among = _half(z.astype(x.dtype), x), _half(z, z)
    by_x, by_z = across ** (degree - 1), among ** (degree - 1)  # the slopes of the kernel but for degree / 2
    k = ((by_x * across) @ alpha).astype(np.float64)
    beta = cho_solve(cho_factor(by_z * among + _RIDGE * np.eye(len(z))), k)
    slope = ((by_z * beta) @ z - (by_x * alpha) @ x) * (degree * beta[:, np.newaxis])
    return -float(k @ beta), slope, beta


def _half(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x.y + 1) / 2 for every pair of rows, the kernel of degree 1."""
    return (x @ y.T + 1) / 2

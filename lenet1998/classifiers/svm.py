"""Support vector machines with polynomial kernels (section III-C.11); the machines are scikit-learn's.

The paper takes its figures from Cortes and Vapnik (1995), Burges and Schoelkopf (1997) and personal communication, all
on regular images, and gives no scaling, constants or C (entry 25 of paper_notes.md). Images have unit length, so that
the kernel (x.y + 1)^d, divided by 2^d, is 1 for equal images; and each pair of classes has a machine, 45 in all, which
trains some five times faster than ten machines of one class against the rest.
"""

from typing import Any

import numpy as np

from lenet1998.classifiers.classifier import Classifier, scikit_learn
from lenet1998.classifiers.linear import PAIRS
from lenet1998.patterns import CLASSES

_CACHE_MEGABYTES = 1500  # of kernel values, while a machine is fitted

# The four neighbours by which a virtual support vector is moved: (down, right).
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


class SVM(Classifier):
    """Support vector machines with a polynomial kernel of this degree, and bound `c` on the multipliers.

    The penalty of a class is the largest margin by which another class beats it in the machine of the two: negative
    for a class that beats them all. So the best class leads the next by the margins of their own machine, which a
    rejection needs, and not by a number of machines won. `scale` 0 brings every image to unit length, another number
    multiplies all images by it. Raises LeNetError without scikit-learn.
    """

    def __init__(self, degree: int = 4, c: float = 100.0, scale: float = 0.0):
        self.degree, self.c, self.scale = degree, c, scale

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.machines = machine(self.degree, self.c)
        self.machines.fit(self._scaled(x), labels)

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        return self.scale * x if self.scale else unit_length(x)

    def _scores(self, x: np.ndarray) -> np.ndarray:
        margins = self.machines.decision_function(self._scaled(x))
        beaten_by = np.full((len(x), CLASSES, CLASSES), -np.inf)
        for margin, (i, j) in zip(margins.T, PAIRS, strict=True):
            beaten_by[:, j, i], beaten_by[:, i, j] = margin, -margin
        return beaten_by.max(axis=2)

    def macs(self) -> int:
        """One product of vectors for each support vector, which is shared by up to nine of the machines."""
        return self.variables()

    def variables(self) -> int:
        """The support vectors, their multipliers in nine machines each, and a constant a machine."""
        return self.machines.support_vectors_.size + self.machines.dual_coef_.size + self.machines.intercept_.size


class VirtualSVM(SVM):
    """V-SVM: once fitted, its support vectors and their shifts by a pixel each way are what it is fitted to again.

    Only support vectors are distorted, for the others would not become support vectors (Schoelkopf, Burges and Vapnik,
    1996).
    """

    def __init__(self, degree: int = 9, c: float = 100.0):
        super().__init__(degree, c)

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        super()._fit(x, labels)
        support = self.machines.support_
        images = x[support].reshape(-1, *self.shape)
        every = [images, *(shifted(images, *move) for move in MOVES)]
        super()._fit(np.concatenate(every).reshape(-1, x.shape[1]), np.tile(labels[support], len(every)))


def shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Images (P, H, W) moved by whole pixels; what leaves the field is lost, and background (0) moves in.

    >>> shifted(np.arange(1, 5).reshape(1, 2, 2), 1, 0).tolist()
    [[[0, 0], [1, 2]]]
    """
    height, width = images.shape[1:]
    moved = np.zeros_like(images)
    moved[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = images[
        :, max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return moved


def machine(degree: int, c: float) -> Any:
    """Scikit-learn's machine of this degree, not fitted. Raises LeNetError without scikit-learn."""
    # (x.y / 2 + 1 / 2)^d: scikit-learn calls the factor gamma.
    return scikit_learn("sklearn.svm").SVC(
        C=c,
        kernel="poly",
        degree=degree,
        gamma=0.5,
        coef0=0.5,
        cache_size=_CACHE_MEGABYTES,
        decision_function_shape="ovo",
    )


def unit_length(x: np.ndarray) -> np.ndarray:
    """Vectors (P, N) scaled to length 1, but for those that are zero."""
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float32).tiny)

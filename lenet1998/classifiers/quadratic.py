"""Principal components and a polynomial of second degree (section III-C.4)."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from lenet1998.classifiers.linear import Linear


class PCAQuadratic(Linear):
    """Projection on the first principal components, then a linear classifier on all products of two of them.

    40 components give 820 products and a constant, the paper's 821 inputs; the components are not among them.

    >>> rng = np.random.default_rng(0)
    >>> images, labels = rng.random((200, 8, 8)), np.arange(200) % 10
    >>> classifier = PCAQuadratic(components=4).fit(images, labels)
    >>> classifier.weights.shape, classifier.macs(), classifier.variables()
    ((11, 10), 376, 430)
    """

    def __init__(self, components: int = 40, ridge: float = 1e-8):
        super().__init__(ridge)
        self.components = components

    def _fit_features(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.mean = x.mean(axis=0, dtype=np.float64)
        covariance = np.cov(x, rowvar=False)
        size = len(covariance)
        self.axes = eigh(covariance, subset_by_index=(size - self.components, size - 1))[1]
        self.products = np.triu_indices(self.components)

    def _features(self, x: np.ndarray) -> np.ndarray:
        projections = (x - self.mean) @ self.axes
        first, second = self.products
        return projections[:, first] * projections[:, second]

    def macs(self) -> int:
        return self.axes.size + len(self.products[0]) + self.weights.size

    def variables(self) -> int:
        return self.mean.size + self.axes.size + self.weights.size

"""Principal components and a polynomial of second degree (section III-C.3)."""

import numpy as np
from scipy.linalg import eigh

from lenet1998.classifiers.linear import Linear


class PCAQuadratic(Linear):
    """Projection on the first principal components, then a linear classifier on a polynomial of them.

    What the polynomial's terms are the paper leaves open (entry 22 of paper_notes.md). By default all of the second
    degree: the components, their squares, the products of two, and a constant; 861 for 40 components. Without the
    components themselves (`first_degree` false) or without their squares (`squares` false) there are 821, as the text
    has it.

    >>> rng = np.random.default_rng(0)
    >>> images, labels = rng.random((200, 8, 8)), np.arange(200) % 10
    >>> classifier = PCAQuadratic(components=4).fit(images, labels)
    >>> classifier.weights.shape, classifier.macs(), classifier.variables()
    ((15, 10), 416, 410)
    """

    def __init__(self, components: int = 40, ridge: float = 1e-8, first_degree: bool = True, squares: bool = True):
        super().__init__(ridge)
        self.components, self.first_degree = components, first_degree
        self.products = np.triu_indices(components, 0 if squares else 1)

    def _fit_features(self, x: np.ndarray, labels: np.ndarray) -> None:
        covariance = np.cov(x, rowvar=False)
        size = len(covariance)
        self.axes = eigh(covariance, subset_by_index=(size - self.components, size - 1))[1]
        self.middle = x.mean(axis=0, dtype=np.float64) @ self.axes  # of the projections: so many numbers, not the image

    def _features(self, x: np.ndarray) -> np.ndarray:
        projections = x @ self.axes - self.middle
        first, second = self.products
        products = projections[:, first] * projections[:, second]
        return np.hstack([projections, products]) if self.first_degree else products

    def macs(self) -> int:
        return self.axes.size + len(self.products[0]) + self.weights.size

    def variables(self) -> int:
        return self.middle.size + self.axes.size + self.weights.size

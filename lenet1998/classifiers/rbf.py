"""A thousand Gaussian units and a linear layer (section III-C.4).

Not to be confused with LeNet-5's RBF output units: those compare with a fixed code, these with typical images.
"""

import numpy as np

from lenet1998.classifiers.classifier import scikit_learn
from lenet1998.classifiers.linear import Linear
from lenet1998.errors import DataError
from lenet1998.patterns import CLASSES


class RBFNetwork(Linear):
    """Ten groups of Gaussian units, each group placed by K-means on one class, then ten weighted sums of them.

    The units share one width, `width` times the root mean square distance of an image to the unit nearest to it in
    its class. The second layer is the paper's regularised pseudo-inverse.

    Raises LeNetError without scikit-learn, and DataError when a class has fewer images than `per_class`.
    """

    def __init__(self, per_class: int = 100, width: float = 1.0, ridge: float = 1e-5, seed: int = 0):
        super().__init__(ridge)
        self.per_class, self.width, self.seed = per_class, width, seed

    def _fit_features(self, x: np.ndarray, labels: np.ndarray) -> None:
        fewest = int(np.bincount(labels, minlength=CLASSES).min())
        if fewest < self.per_class:
            raise DataError(
                f"a class has only {fewest} images: give {self.per_class} of each, or fewer units per class"
            )
        k_means = scikit_learn("sklearn.cluster").KMeans
        groups = [
            k_means(self.per_class, n_init=1, random_state=self.seed).fit(x[labels == digit])
            for digit in range(CLASSES)
        ]
        self.centres = np.concatenate([group.cluster_centers_ for group in groups]).astype(np.float32)
        self.variance = self.width**2 * sum(group.inertia_ for group in groups) / len(x)

    def _features(self, x: np.ndarray) -> np.ndarray:
        return np.exp(-squared_distances(x, self.centres) / (2 * self.variance))

    def macs(self) -> int:
        return self.centres.size + self.weights.size

    def variables(self) -> int:
        return self.centres.size + 1 + self.weights.size


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances between vectors (P, N) and (Q, N), by one product of matrices: (P, Q).

    >>> squared_distances(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[3.0, 4.0]])).tolist()
    [[25.0], [13.0]]
    """
    squares = np.square(x).sum(axis=1)[:, np.newaxis] + np.square(y).sum(axis=1)
    return np.maximum(squares - 2 * (x @ y.T), 0)

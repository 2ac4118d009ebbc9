"""LeNet-4 with another classifier in place of its last layer (section III-C.8): nearest neighbours, or local learning.

The network is trained as it stands; then its 120 features of all training images are what the other is fitted to.
"""

import numpy as np

from lenet1998.classifiers.classifier import Classifier, scikit_learn, vectors
from lenet1998.classifiers.network import NetworkClassifier
from lenet1998.data.deslant import cropped
from lenet1998.errors import DataError
from lenet1998.form import BOX
from lenet1998.layers import FullConnection
from lenet1998.patterns import CLASSES

PIXELS = BOX * BOX


class OnFeatures(Classifier):
    """A network up to what its last layer of weights sees, and a classifier `top` of that, and of 20x20 `pixels` if
    these are asked for."""

    def __init__(self, network: NetworkClassifier, top: Classifier, pixels: bool = False):
        self.network, self.top, self.pixels = network, top, pixels

    def _seen(self, images: np.ndarray) -> np.ndarray:
        return images

    def _fit(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.network.trained = self.trained
        self.network.fit(images, labels)
        self.earlier_seconds = self.network.earlier_seconds
        self.top.fit(self._features(images), labels)

    def _scores(self, images: np.ndarray) -> np.ndarray:
        return self.top.scores(self._features(images))

    def _features(self, images: np.ndarray) -> np.ndarray:
        features = self.network.features(images)
        return with_pixels(features, images) if self.pixels else features

    def macs(self) -> int:
        return self.network.macs() - self._last.macs() + self.top.macs()

    def variables(self) -> int:
        replaced = sum(view.size for view in self._last.values.values())
        return self.network.variables() - replaced + self.top.variables()

    @property
    def _last(self) -> FullConnection:
        """The layer that `top` stands for."""
        return self.network.network.layers[self.network.last]  # type: ignore[return-value]


def with_pixels(features: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Features (P, N) with the middle 20x20 pixels of images uint8 (P, H, W) behind them: (P, N + PIXELS)."""
    return np.hstack([features, vectors(cropped(images))])


class LocalLinear(Classifier):
    """Local learning (Bottou and Vapnik 1992): ten weighted sums fitted to the k training vectors nearest to a pattern.

    For every pattern t to classify, b and W minimise sum_i |y_i - b - W (x_i - t)|^2 + decay |W|^2 over its neighbours
    x_i with targets y_i, +1 for the class and -1 for the others; what the fitted classifier puts out at t is then b. In
    the dual form b = sum_i u_i y_i / sum_i u_i, where u solves (Z Z' + decay I) u = 1 and the rows of Z are x_i - t: a
    small system for each pattern. `decay` is relative to the mean of |x_i - t|^2. A large one leaves the votes of the
    neighbours, a small one interpolates between them. With `apart` N the last N numbers of a vector are those among
    which neighbours are found, and what is fitted sees the others alone.

    >>> vectors = np.random.default_rng(0).random((200, 3)) + np.arange(200)[:, None] % 10
    >>> local = LocalLinear(k=9).fit(vectors, np.arange(200) % 10)
    >>> local.scores(vectors[:30]).argmin(axis=1).tolist() == list(range(10)) * 3
    True

    Raises LeNetError without scikit-learn, and DataError when there are fewer than k training vectors.
    """

    def __init__(self, k: int = 50, decay: float = 0.3, apart: int = 0):
        self.k, self.decay, self.apart = k, decay, apart

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        if len(x) < self.k:
            raise DataError(f"there are only {len(x)} images: give {self.k}, or ask for fewer neighbours")
        found_by, self.x = self._parts(x)
        self.targets = np.where(labels[:, None] == np.arange(CLASSES), 1.0, -1.0)
        search = scikit_learn("sklearn.neighbors").NearestNeighbors
        self.index = search(n_neighbors=self.k, algorithm="brute").fit(found_by)

    def _parts(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What neighbours are found by, and what is fitted."""
        return (x[:, -self.apart :], x[:, : -self.apart]) if self.apart else (x, x)

    def _scores(self, x: np.ndarray) -> np.ndarray:
        found_by, x = self._parts(x)
        chosen = self.index.kneighbors(found_by, return_distance=False)
        from_here = (self.x[chosen] - x[:, None]).astype(np.float64)
        products = from_here @ from_here.transpose(0, 2, 1)
        here = np.arange(self.k)
        squares = products[:, here, here]
        # Neighbours in the very same place leave nothing to fit: any positive number keeps their votes.
        scale = np.maximum(squares.mean(axis=1, keepdims=True), np.finfo(float).tiny ** 0.5)
        products[:, here, here] += self.decay * scale
        shares = np.linalg.solve(products, np.ones((len(x), self.k, 1)))[:, :, 0]
        shares /= shares.sum(axis=1, keepdims=True)
        return -(shares[:, None] @ self.targets[chosen])[:, 0]

    def macs(self) -> int:
        """The search; for each pattern the products of its neighbours, a system of k equations, and ten sums."""
        products = self.k * (self.k + 1) // 2 * self.x.shape[1]
        searched = len(self.x) * (self.apart or self.x.shape[1])
        return searched + products + self.k**3 // 6 + self.k**2 + self.k * CLASSES

    def variables(self) -> int:
        return self.x.size + len(self.x) * self.apart

"""Nearest neighbours in Euclidean distance (section III-C.2)."""

import numpy as np

from lenet1998.classifiers.classifier import Classifier, scikit_learn
from lenet1998.errors import DataError
from lenet1998.patterns import CLASSES


class ClassPrototypes:
    """The training vectors of each class, and the nearest of each class to any vector.

    Searching class by class costs the same as searching all at once, and finds a rival of every class, which a
    rejection needs. Raises LeNetError without scikit-learn, DataError when a class has fewer vectors than `nearest`.
    """

    def __init__(self, x: np.ndarray, labels: np.ndarray, nearest: int):
        fewest = int(np.bincount(labels, minlength=CLASSES).min())
        if fewest < nearest:
            raise DataError(f"a class has only {fewest} images: give {nearest} of each, or ask for fewer neighbours")
        search = scikit_learn("sklearn.neighbors").NearestNeighbors
        self.members = [np.flatnonzero(labels == digit) for digit in range(CLASSES)]
        self.indices = [search(n_neighbors=nearest, algorithm="brute").fit(x[members]) for members in self.members]
        self.size = x.size

    def nearest(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For vectors (P, N): distances, the nearest first, and training numbers, both (P, 10, nearest)."""
        found = [index.kneighbors(x) for index in self.indices]
        numbers = [members[chosen] for members, (_, chosen) in zip(self.members, found, strict=True)]
        return np.stack([distances for distances, _ in found], axis=1), np.stack(numbers, axis=1)


class NearestNeighbours(Classifier):
    """The class of most of the k nearest training images; among equals, that of the nearest one.

    The penalty of a class is the number of the k neighbours it lacks, plus the distance of its nearest image as a
    share of the farthest class's: votes decide, and the share, below 1, ranks images with the same votes.
    """

    def __init__(self, k: int = 3):
        self.k = k

    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.prototypes = ClassPrototypes(x, labels, self.k)

    def _scores(self, x: np.ndarray) -> np.ndarray:
        distances, _ = self.prototypes.nearest(x)
        farthest_neighbour = np.partition(distances.reshape(len(x), -1), self.k - 1, axis=1)[:, self.k - 1]
        votes = (distances <= farthest_neighbour[:, np.newaxis, np.newaxis]).sum(axis=2)
        first = distances[:, :, 0]
        share = first / np.maximum(first.max(axis=1, keepdims=True), np.finfo(float).tiny)
        return self.k - votes + share

    def macs(self) -> int:
        return self.prototypes.size

    def variables(self) -> int:
        return self.prototypes.size

"""What every classifier of section III-C is: fitted on labelled images, it gives penalties, and can be counted.

The smallest penalty wins, as with LeNet-5's RBF units, so one rule decides, rejects and measures them all. Figures 11
and 12 count multiply-accumulates and stored variables; both follow from the fitted arrays, never from a table.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from types import ModuleType
from typing import Protocol

import numpy as np

from lenet1998.errors import DataError, LeNetError
from lenet1998.network import Network
from lenet1998.patterns import CLASSES, DataSet
from lenet1998.recipe import Recipe

# Images scored at a time, so that what lies between stays small, and the compiled engine keeps to one thread.
BLOCK = 250


class Training(Protocol):
    """How a classifier's networks are trained."""

    def __call__(self, recipe: Recipe, data: DataSet, seed: int, passes: int, engine: str) -> tuple[Network, float]:
        """The trained network, and the seconds of training that were found done."""


class Classifier(ABC):
    """A classifier of ten classes. A subclass says how to fit vectors, how to score them, and what it costs.

    `trained` trains the networks that it is made of, and may keep what they have learned so far, so that fitting goes
    on from there after a stop; `earlier_seconds` are those that were spent before. Without it nothing is kept.
    """

    shape: tuple[int, ...] = ()
    trained: Training | None = None
    earlier_seconds = 0.0

    def fit(self, images: np.ndarray, labels: np.ndarray) -> Classifier:
        """Learn from images (P, ...), uint8 or floats, and labels (P,) from 0 to 9; returns itself.

        Raises DataError unless there is a label for each image, and an image of every class.
        """
        if len(images) != len(labels):
            raise DataError(f"there are {len(images)} images but {len(labels)} labels: give one label for each image")
        missing = sorted(set(range(CLASSES)) - set(np.unique(labels).tolist()))
        if missing:
            raise DataError(f"no training image shows a {missing[0]}: give images of all ten classes")
        self.shape = images.shape[1:]
        self._fit(self._seen(images), np.asarray(labels, np.intp))
        return self

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Penalties, float64 (P, 10), the smallest for the answer. Raises DataError for images of another shape."""
        if images.shape[1:] != self.shape:
            raise DataError(f"the images have shape {images.shape[1:]}: give images of shape {self.shape}, as in fit")
        blocks = [self._scores(self._seen(images[start : start + BLOCK])) for start in range(0, len(images), BLOCK)]
        return np.concatenate([np.empty((0, CLASSES)), *blocks])

    def _seen(self, images: np.ndarray) -> np.ndarray:
        """What `_fit` and `_scores` are given of images (P, ...): vectors."""
        return vectors(images)

    @abstractmethod
    def _fit(self, x: np.ndarray, labels: np.ndarray) -> None:
        """Learn from vectors, float32 (P, N), and labels, intp (P,)."""

    @abstractmethod
    def _scores(self, x: np.ndarray) -> np.ndarray:
        """Penalties (P, 10) of vectors, float32 (P, N), a block of them."""

    @abstractmethod
    def macs(self) -> int:
        """Multiply-accumulates to classify one image (Figure 11)."""

    @abstractmethod
    def variables(self) -> int:
        """Numbers that have to be stored (Figure 12)."""


def vectors(images: np.ndarray) -> np.ndarray:
    """Images (P, ...) as float32 vectors (P, N); bytes are scaled to 0 (background) to 1 (ink).

    >>> vectors(np.full((1, 2, 2), 255, np.uint8)).tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    flat = images.reshape(len(images), int(np.prod(images.shape[1:])))
    return flat.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else flat.astype(np.float32)


def scikit_learn(module: str) -> ModuleType:
    """Import a module of scikit-learn, an extra. Raises LeNetError with the pip line that adds it.

    >>> scikit_learn("sklearn.svm").SVC.__name__  # doctest: +SKIP
    'SVC'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise LeNetError(f"this classifier needs scikit-learn ({error}): pip install 'lenet1998[baselines]'") from None

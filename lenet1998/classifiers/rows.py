"""The rows of Figures 9 to 12: each classifier under its name, with the version of the data base that it sees.

`measure` makes one row, from fitting to the numbers of all four figures. Rows know nothing of each other, so that an
experiment can make them in any order, keep each as it comes, and go on after one that failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from lenet1998.classifiers.classifier import Classifier
from lenet1998.classifiers.linear import Linear, PairwiseLinear
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.classifiers.quadratic import PCAQuadratic
from lenet1998.classifiers.rbf import RBFNetwork
from lenet1998.classifiers.svm import SVM, VirtualSVM
from lenet1998.classifiers.tangent import TangentDistance
from lenet1998.data.deslant import deslanted, reduced
from lenet1998.data.patterns import DataSet
from lenet1998.evaluation import ErrorRate, answers
from lenet1998.rejection import error_reject_curve, rejection_rate

# Per cent rejected at which the error-reject curve is kept, of the thousands of thresholds that there are.
KEPT = np.linspace(0, 20, 101).round(1)


def regular(images: np.ndarray) -> np.ndarray:
    """Section III-A's first version, which is MNIST: the images as they are."""
    return images


@dataclass(frozen=True)
class Row:
    """A bar of Figure 9: its label there, the version of the data base, and a new classifier for a seed.

    `random` says whether the seed matters.
    """

    label: str
    version: Callable[[np.ndarray], np.ndarray]
    make: Callable[[int], Classifier]
    random: bool = False


ROWS: dict[str, Row] = {
    "linear": Row("Linear", regular, lambda seed: Linear()),
    "deslant_linear": Row("[deslant] Linear", deslanted, lambda seed: Linear()),
    "pairwise_linear": Row("Pairwise", regular, lambda seed: PairwiseLinear()),
    "knn_euclidean": Row("K-NN Euclidean", regular, lambda seed: NearestNeighbours(k=3)),
    "deslant_knn_euclidean": Row("[deslant] K-NN Euclidean", deslanted, lambda seed: NearestNeighbours(k=3)),
    "pca40_quadratic": Row("40 PCA + quadratic", regular, lambda seed: PCAQuadratic(components=40)),
    "rbf1000_linear": Row("1000 RBF + linear", regular, lambda seed: RBFNetwork(per_class=100, seed=seed), random=True),
    "tangent_distance_16x16": Row("[16x16] Tangent Distance", reduced, lambda seed: TangentDistance()),
    "svm_poly4": Row("SVM poly 4", regular, lambda seed: SVM(degree=4)),
    "dist_v_svm_poly9": Row("[dist] V-SVM poly 9", regular, lambda seed: VirtualSVM(degree=9)),
}


def measure(row: Row, data: DataSet, seed: int = 0) -> dict[str, object]:
    """Fit a row's classifier to the training set and judge it on the test set; plain values for JSON.

    They are what `judged` gives (Figures 9 and 10), the counts (Figures 11 and 12), and the seconds to fit and
    microseconds to classify one image, without the time that the version of the data base takes to make. Raises
    LeNetError as the classifier does.
    """
    train, test = row.version(data.train.images), row.version(data.test.images)
    began = time.perf_counter()
    classifier = row.make(seed).fit(train, data.train.labels)
    fitted = time.perf_counter()
    scores = classifier.scores(test)
    scored = time.perf_counter()
    return {
        "label": row.label,
        "seed": seed if row.random else None,
        "data": {"name": data.name, "train_size": len(data.train), "test_size": len(data.test)},
        **judged(scores, data.test.labels),
        "multiply_accumulates": classifier.macs(),
        "variables": classifier.variables(),
        "seconds_to_fit": fitted - began,
        "microseconds_to_classify": 1e6 * (scored - fitted) / len(data.test),
    }


def judged(scores: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """What penalties (P, 10) of test images with these labels give, as plain values for JSON.

    They are the error rate with its Wilson interval (Figure 9), the per cent rejected to reach 0.5% error with its
    interval (Figure 10), and the error-reject curve: the error at the last threshold that rejects no more than each of
    so many per cent.

    >>> found = judged(np.eye(10) - 1, np.arange(10))
    >>> found["errors"], found["error_reject"]["rejected_percent"][:3], found["error_reject"]["error_percent"][:3]
    (10, [0.0, 0.2, 0.4], [100.0, 100.0, 100.0])
    """
    rejected, error = error_reject_curve(scores, labels)
    last = np.searchsorted(rejected, KEPT, side="right") - 1
    return {
        **ErrorRate(int((answers(scores) != labels).sum()), len(labels)).as_dict(),
        "rejection": asdict(rejection_rate(scores, labels)),
        "error_reject": {"rejected_percent": KEPT.tolist(), "error_percent": error[last].tolist()},
    }

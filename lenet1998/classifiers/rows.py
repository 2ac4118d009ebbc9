"""The rows of Figures 9 to 12: each classifier under its name, with the version of the data base that it sees.

`measure` makes one row, from fitting to the numbers of all four figures. No row needs another's result, so that an
experiment can make them in any order, keep each as it comes, and go on after one that failed.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from lenet1998.classifiers.boosting import Boosted
from lenet1998.classifiers.classifier import Classifier, Training
from lenet1998.classifiers.features import PIXELS, LocalLinear, OnFeatures
from lenet1998.classifiers.linear import PairwiseLinear
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.classifiers.network import NetworkClassifier, recipe_of
from lenet1998.classifiers.quadratic import PCAQuadratic
from lenet1998.classifiers.rbf import RBFNetwork
from lenet1998.classifiers.reduced_set import ReducedSVM
from lenet1998.classifiers.rejection import error_reject_curve, rejection_rate
from lenet1998.classifiers.svm import SVM, VirtualSVM
from lenet1998.classifiers.tangent import TangentDistance
from lenet1998.data.deslant import cropped, deslanted, reduced
from lenet1998.evaluation import ErrorRate, answers
from lenet1998.patterns import DataSet

# Per cent rejected at which the error-reject curve is kept, of the thousands of thresholds that there are.
KEPT = np.linspace(0, 20, 101).round(1)

Version = Callable[[np.ndarray], np.ndarray]


def regular(images: np.ndarray) -> np.ndarray:
    """Section III-A's first version, which is MNIST: the images as they are."""
    return images


@dataclass(frozen=True)
class Row:
    """A bar of Figure 9: its label there, the version of the data base, and a new classifier for a seed.

    `seeds` says with how many it is measured where nobody asks for another number: one where chance plays no part.
    `network` names the row whose network is the first that this one trains, so that both may have one training of it.
    """

    label: str
    version: Version
    make: Callable[[int], Classifier]
    seeds: int = 1
    network: str = ""

    @property
    def random(self) -> bool:
        """Whether the seed matters."""
        return self.seeds > 1


# The paper's nine distortions of each pattern.
COPIES = 9
# Of what chance has a part in; fewer of the rows that train for minutes a seed.
SEEDS, FEWER_SEEDS = 5, 3


def lenet4(seed: int) -> NetworkClassifier:
    """The network that four rows begin with."""
    return NetworkClassifier(recipe_of("lenet4"), seed)


def _network(label: str, name: str, version: Version = regular, copies: int = 0) -> Row:
    seeds = FEWER_SEEDS if name == "mlp_1000" else SEEDS
    return Row(label, version, lambda seed: NetworkClassifier(recipe_of(name, copies), seed), seeds)


ROWS: dict[str, Row] = {
    "linear": _network("Linear", "one_layer"),
    "deslant_linear": _network("[deslant] Linear", "one_layer_20x20", deslanted),
    "pairwise_linear": Row("Pairwise", regular, lambda seed: PairwiseLinear()),
    "knn_euclidean": Row("K-NN Euclidean", cropped, lambda seed: NearestNeighbours(k=3)),
    "deslant_knn_euclidean": Row("[deslant] K-NN Euclidean", deslanted, lambda seed: NearestNeighbours(k=3)),
    "pca40_quadratic": Row("40 PCA + quadratic", regular, lambda seed: PCAQuadratic(components=40)),
    "rbf1000_linear": Row("1000 RBF + linear", regular, lambda seed: RBFNetwork(per_class=100, seed=seed), SEEDS),
    "tangent_distance_16x16": Row("[16x16] Tangent Distance", reduced, lambda seed: TangentDistance()),
    "svm_poly4": Row("SVM poly 4", regular, lambda seed: SVM(degree=4)),
    "rs_svm_poly5": Row("RS-SVM poly 5", regular, lambda seed: ReducedSVM(degree=5)),
    "dist_v_svm_poly9": Row("[dist] V-SVM poly 9", regular, lambda seed: VirtualSVM(degree=9)),
    "deslant_mlp_20x20_300_10": _network("[deslant] 20x20-300-10", "mlp_20x20_300", deslanted),
    "lenet1_16x16": _network("[16x16] LeNet-1", "lenet1", reduced),
    "lenet4": _network("LeNet-4", "lenet4"),
    "lenet4_local": Row(
        "LeNet-4 / Local", regular, lambda seed: OnFeatures(lenet4(seed), LocalLinear()), SEEDS, "lenet4"
    ),
    "lenet4_knn": Row(
        "LeNet-4 / K-NN", regular, lambda seed: OnFeatures(lenet4(seed), NearestNeighbours(k=3)), SEEDS, "lenet4"
    ),
    "dist_boosted_lenet4": Row(
        "[dist] Boosted LeNet-4", regular, lambda seed: Boosted(recipe_of("lenet4"), seed), FEWER_SEEDS, "lenet4"
    ),
} | {
    prefix + f"mlp_28x28_{hidden}_10": _network(
        f"{label}28x28-{hidden.replace('_', '-')}-10", f"mlp_{hidden}", copies=copies
    )
    for hidden in ("300", "1000", "300_100", "500_150")
    for prefix, label, copies in (("", "", 0), ("dist_", "[dist] ", COPIES))
}
"""The classifiers of Figure 9, and some that are ours alone, by the names of their records."""

# Rows that the paper does not have, each with the paper's row that it stands below and departs from.
BESIDE = {
    "deslant_svm_poly4": "svm_poly4",
    "deslant_rs_svm_poly5": "rs_svm_poly5",
    "lenet4_local_pixels": "lenet4_local",
    "dist_boosted_lenet4_all": "dist_boosted_lenet4",
    "dist_boosted_lenet4_nine": "dist_boosted_lenet4",
}
ROWS |= {
    "deslant_svm_poly4": Row("SVM poly 4, deslanted images", deslanted, lambda seed: SVM(degree=4)),
    "deslant_rs_svm_poly5": Row("RS-SVM poly 5, deslanted images", deslanted, lambda seed: ReducedSVM(degree=5)),
    "lenet4_local_pixels": Row(
        "LeNet-4 / Local, neighbours by pixels",
        regular,
        lambda seed: OnFeatures(lenet4(seed), LocalLinear(apart=PIXELS), pixels=True),
        FEWER_SEEDS,
        "lenet4",
    ),
    "dist_boosted_lenet4_nine": Row(
        "Boosted LeNet-4, nine distortions",
        regular,
        lambda seed: Boosted(recipe_of("lenet4"), seed, rounds=COPIES),
        FEWER_SEEDS,
        "lenet4",
    ),
    "dist_boosted_lenet4_all": Row(
        "Boosted LeNet-4, net 1 distorted too",
        regular,
        lambda seed: Boosted(recipe_of("lenet4", COPIES), seed),
        FEWER_SEEDS,
    ),
}


def measure(row: Row, data: DataSet, seed: int = 0, trained: Training | None = None) -> dict[str, object]:
    """Fit a row's classifier to the training set and judge it on the test set; plain values for JSON.

    They are what `judged` gives (Figures 9 and 10), the counts (Figures 11 and 12), and the seconds to fit and
    microseconds to classify one image, without the time that the version of the data base takes to make. `trained`
    trains the networks, and may keep what they learn. Raises LeNetError as the classifier does.
    """
    train, test = row.version(data.train.images), row.version(data.test.images)
    classifier = row.make(seed)
    classifier.trained = trained
    began = time.perf_counter()
    classifier.fit(train, data.train.labels)
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
        "seconds_to_fit": fitted - began + classifier.earlier_seconds,
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

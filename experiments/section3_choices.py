"""What section III-C leaves open for its networks, tried on held-out training patterns: rates, neighbours and decay.

Each candidate learns the first training patterns and is judged on the last 10,000 of them; the test set plays no part.
It repeats, at full size and in OUT/section3_choices.json, the trials from which the rows of `experiments.section3` have
their values; those trials were not recorded.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.common import RESULTS, RUNS, guarded
from lenet1998.classifiers.classifier import Classifier
from lenet1998.classifiers.features import LocalLinear
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.classifiers.network import NetworkClassifier, recipe_of
from lenet1998.classifiers.rows import Version, regular
from lenet1998.data.deslant import reduced
from lenet1998.data.patterns import DataSet
from lenet1998.errors import DivergenceError
from lenet1998.files import make_directory, write_json
from lenet1998.options import add_data_options, chosen_data, positive
from lenet1998.provenance import provenance

NAME = "section3_choices"
RATES: dict[str, tuple[Version, tuple[float, ...]]] = {
    "lenet1": (reduced, (1, 2, 6, 12)),
    "lenet4": (regular, (1, 2, 4)),
    "mlp_300": (regular, (0.5, 1, 4)),
}
NEIGHBOURS = (1, 3, 5, 9, 15)
LOCAL = [(k, decay) for k in (20, 50, 100) for decay in (0.03, 0.1, 0.3, 1.0, 3.0)]


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser)
    parser.add_argument("--train-size", metavar="N", type=positive, help="learn the first N patterns alone")
    parser.add_argument("--held-out", metavar="N", type=positive, default=10_000, help="judge on so many of the last")
    parser.add_argument("--passes", metavar="N", type=positive, help="of training (default: 20)")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="default: experiments/results for all of MNIST's training patterns, runs/trial for anything less",
    )
    return parser


def tried(data: DataSet, passes: int | None) -> Iterator[dict[str, object]]:
    """The held-out error of each candidate, one after the other; None where training diverged."""
    for name, (version, factors) in RATES.items():
        train, test = version(data.train.images), version(data.test.images)
        for factor in factors:
            network = NetworkClassifier(recipe_of(name, faster=factor), seed=1, passes=passes)
            try:
                error = judged(network.fit(train, data.train.labels), test, data.test.labels)
            except DivergenceError:
                error = None
            yield {"choice": f"rates of {name}", "candidate": f"{factor:g} times", "error_percent": error}
    network = NetworkClassifier(recipe_of("lenet4"), seed=1, passes=passes)
    network.fit(data.train.images, data.train.labels)
    train, test = network.features(data.train.images), network.features(data.test.images)
    tops: dict[str, Classifier] = {f"k = {k}": NearestNeighbours(k) for k in NEIGHBOURS}
    tops |= {f"k = {k}, decay {decay:g}": LocalLinear(k, decay) for k, decay in LOCAL}
    for candidate, top in tops.items():
        error = judged(top.fit(train, data.train.labels), test, data.test.labels)
        yield {"choice": f"{type(top).__name__} on LeNet-4", "candidate": candidate, "error_percent": error}


def judged(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> float:
    return 100 * float((classifier.scores(images).argmin(axis=1) != labels).mean())


def main() -> None:
    arguments = options().parse_args()
    train_size, arguments.train_size = arguments.train_size, None
    data = chosen_data(arguments).held_out(arguments.held_out, train_size)
    full = (data.name, len(data.train), arguments.passes) == ("mnist validation", 50_000, None)
    arguments.out = arguments.out or (RESULTS if full else RUNS / "trial")
    make_directory(arguments.out)
    sizes = {"name": data.name, "train_size": len(data.train), "held_out": len(data.test)}
    record = {"experiment": NAME, **provenance(), "data": sizes, "passes": arguments.passes, "tried": []}
    for found in tried(data, arguments.passes):
        error = "diverged" if found["error_percent"] is None else f"{found['error_percent']:.2f}%"
        print(f"{found['choice']:26} {found['candidate']:20} {error}", flush=True)
        record["tried"].append(found)
        write_json(arguments.out / f"{NAME}.json", record)


if __name__ == "__main__":
    guarded(main)

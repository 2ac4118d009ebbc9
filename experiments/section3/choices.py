"""What section III-C leaves open for its classifiers, tried on held-out training patterns.

Each candidate learns the first training patterns and is judged on the last 10,000 of them; the test set plays no part.
Rows of `experiments.section3` have, of each choice, the best candidate or one that cannot be told from it.
OUT/section3_choices.json holds each candidate as soon as it is tried, and OUT/section3_choices.md is the table;
--resume keeps what is there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.common import guarded, of_digits
from experiments.options import RESULTS, RUNS
from lenet1998.classifiers.classifier import Classifier
from lenet1998.classifiers.features import LocalLinear
from lenet1998.classifiers.linear import Linear, PairwiseLinear
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.classifiers.network import NetworkClassifier, recipe_of
from lenet1998.classifiers.prefilter import Stages
from lenet1998.classifiers.quadratic import PCAQuadratic
from lenet1998.classifiers.rows import Version, regular
from lenet1998.classifiers.svm import SVM
from lenet1998.classifiers.tangent import TangentDistance
from lenet1998.commands.options import add_data_options, chosen_data, positive
from lenet1998.data.deslant import cropped, deslanted, reduced
from lenet1998.errors import DivergenceError, LeNetError
from lenet1998.evaluation import ErrorRate, answers
from lenet1998.files import make_directory, write_atomically, write_json
from lenet1998.patterns import DataSet
from lenet1998.running.provenance import commit, provenance

NAME = "section3_choices"
RATES: dict[str, tuple[Version, tuple[float, ...]]] = {
    "lenet1": (reduced, (1, 2, 6, 12)),
    "lenet4": (regular, (1, 2, 4)),
    "mlp_300": (regular, (0.5, 1, 4)),
}
NEIGHBOURS = (1, 3, 5, 9, 15)
LOCAL = [(k, decay) for k in (20, 50, 100) for decay in (0.03, 0.1, 0.3, 1.0, 3.0)]
OUTPUTS: dict[str, Callable] = {
    "sum": np.positive,
    "sum within +-1": partial(np.clip, a_min=-1, a_max=1),
    "sign": np.sign,
}
VERSIONS: dict[str, Version] = {"regular": regular, "deslanted": deslanted}
TEMPLATES: dict[str, Version] = {
    "28x28": regular,
    "20x20 about the centre of mass": cropped,
    "20x20 about the box": partial(cropped, crop="box"),
}
TERMS = {
    "820 products": {"first_degree": False},
    "780 products of two, components": {"squares": False},
    "820 products, components": {},
}
PREFILTERS: dict[str, Stages] = {
    "one search, 20 of a class": ((1, 20),),
    "4x4: 200, 8x8: 60, 16x16: 20": ((4, 200), (2, 60), (1, 20)),
    "4x4: 800, 8x8: 300, 16x16: 100": ((4, 800), (2, 300), (1, 100)),
}


class Candidate(NamedTuple):
    """One answer to a question: the version of the data base, None for LeNet-4's features, and a new classifier."""

    choice: str
    name: str
    version: Version | None
    make: Callable[[], Classifier]


def candidates(passes: int | None) -> Iterator[Candidate]:
    """What is tried on images; networks make so many passes, None: as many as their rows."""

    def network(name: str, faster: float | None = None) -> Classifier:
        return NetworkClassifier(recipe_of(name, faster=faster), seed=1, passes=passes)

    for name, version in VERSIONS.items():
        layer = "one_layer" if version is regular else "one_layer_20x20"
        yield Candidate(f"units of the linear classifier, {name}", "linear, least squares", version, Linear)
        yield Candidate(
            f"units of the linear classifier, {name}", "sigmoid, appendix C", version, partial(network, layer)
        )
    for name, output in OUTPUTS.items():
        yield Candidate("what a pairwise unit puts out", name, regular, partial(PairwiseLinear, output))
    for crop in ("mass", "box"):
        cropped = partial(deslanted, crop=crop)
        yield Candidate("crop of deslanted images, linear classifier", crop, cropped, Linear)
        yield Candidate("crop of deslanted images, 3 neighbours", crop, cropped, NearestNeighbours)
    for name, version in TEMPLATES.items():
        yield Candidate("templates of 3 neighbours, regular", name, version, NearestNeighbours)
    for name, terms in TERMS.items():
        yield Candidate("terms of 40 PCA + quadratic", name, regular, partial(PCAQuadratic, **terms))
    for name, stages in PREFILTERS.items():
        yield Candidate("prefilter of tangent distance", name, reduced, partial(TangentDistance, stages))
    for name, version in VERSIONS.items():
        yield Candidate("images of SVM poly 4", name, version, partial(SVM, degree=4))
    for name, (version, factors) in RATES.items():
        for factor in factors:
            yield Candidate(f"rates of {name}", f"{factor:g} times LeNet-5's", version, partial(network, name, factor))


def tops() -> Iterator[Candidate]:
    """What is tried in place of LeNet-4's last layer, on its features."""
    for k in NEIGHBOURS:
        yield Candidate("neighbours on LeNet-4", f"k = {k}", None, partial(NearestNeighbours, k))
    for k, decay in LOCAL:
        name = f"k = {k}, decay {decay:g}"
        yield Candidate("local learning on LeNet-4", name, None, partial(LocalLinear, k, decay))


def tried(data: DataSet, passes: int | None, there: list[dict]) -> Iterator[dict[str, object]]:
    """The record of each candidate, one after the other, of which some are there."""
    known = {(found["choice"], found["candidate"]): found for found in there}

    def judged(each: Candidate, train: np.ndarray, test: np.ndarray) -> dict[str, object]:
        began = time.perf_counter()
        try:
            scores = each.make().fit(train, data.train.labels).scores(test)
            rate = ErrorRate(int((answers(scores) != data.test.labels).sum()), len(scores)).as_dict()
        except DivergenceError:
            rate = {"error_percent": None}
        seconds = time.perf_counter() - began
        return {"choice": each.choice, "candidate": each.name, **rate, "seconds": seconds, "commit": commit()}

    @cache
    def features() -> tuple[np.ndarray, np.ndarray]:
        """What LeNet-4's last layer sees of the training and of the held-out patterns."""
        network = NetworkClassifier(recipe_of("lenet4"), seed=1, passes=passes)
        network.fit(data.train.images, data.train.labels)
        return network.features(data.train.images), network.features(data.test.images)

    for each in (*candidates(passes), *tops()):
        if (each.choice, each.name) in known:
            yield known[each.choice, each.name]
        elif each.version is None:
            yield judged(each, *features())
        else:
            yield judged(each, each.version(data.train.images), each.version(data.test.images))


def table(found: list[dict]) -> str:
    """The candidates by choice, the best of each in bold."""
    lines = ["| choice | candidate | held-out error (%), 95% | seconds |", "| --- | --- | --- | --- |"]
    for choice in dict.fromkeys(each["choice"] for each in found):
        own = [each for each in found if each["choice"] == choice]
        best = min((each["error_percent"] for each in own if each["error_percent"] is not None), default=None)
        for each in own:
            error = each["error_percent"]
            text = "diverged"
            if error is not None:
                low, high = each["interval_percent"]
                text = f"{'**' * (error == best)}{error:.2f}{'**' * (error == best)} ({low:.2f} to {high:.2f})"
            lines.append(f"| {choice} | {each['candidate']} | {text} | {each['seconds']:.0f} |")
    return "\n".join([*lines, "", "Wilson's intervals over the held-out patterns; networks with one seed."]) + "\n"


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser)
    parser.add_argument("--train-size", metavar="N", type=positive, help="learn the first N patterns alone")
    parser.add_argument("--held-out", metavar="N", type=positive, default=10_000, help="judge on so many of the last")
    parser.add_argument("--passes", metavar="N", type=positive, help="of training (default: as the rows)")
    parser.add_argument("--resume", action="store_true", help="keep the candidates that OUT has")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="default: experiments/results for all of MNIST's training patterns, runs/trial for anything less",
    )
    return parser


def earlier(path: Path, sizes: dict, passes: int | None) -> list[dict]:
    """The candidates on record. Raises LeNetError where they are of other data or passes, or cannot be read."""
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        # Until candidates had commits of their own, they all came from that of the file.
        found = [{"commit": content["commit"], **each} for each in content["tried"]]
        same = (content["data"], content["passes"]) == (sizes, passes)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LeNetError(f"{path} cannot be read ({error}): remove it, or choose another place with --out") from error
    if not same:
        raise LeNetError(f"{path} holds candidates of other data or passes: choose another place with --out")
    return found


def main() -> None:
    arguments = options().parse_args()
    train_size, arguments.train_size = arguments.train_size, None
    data = of_digits(chosen_data(arguments)).held_out(arguments.held_out, train_size)
    full = (data.name, len(data.train), arguments.passes) == ("mnist validation", 50_000, None)
    arguments.out = arguments.out or (RESULTS if full else RUNS / "trial")
    make_directory(arguments.out)
    path = arguments.out / f"{NAME}.json"
    sizes = {"name": data.name, "train_size": len(data.train), "held_out": len(data.test)}
    there = earlier(path, sizes, arguments.passes) if arguments.resume else []
    record = {"experiment": NAME, **provenance(), "data": sizes, "passes": arguments.passes, "tried": []}
    for found in tried(data, arguments.passes, there):
        error = "diverged" if found["error_percent"] is None else f"{found['error_percent']:.2f}%"
        print(f"{found['choice']:44} {found['candidate']:24} {error}", file=sys.stderr, flush=True)
        record["tried"].append(found)
        write_json(path, record)
    text = table(record["tried"])
    write_atomically(path.with_suffix(".md"), text.encode())
    print(text)


if __name__ == "__main__":
    guarded(main)

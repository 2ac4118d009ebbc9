"""What section III-C leaves open for its classifiers, tried on held-out training patterns.

Each candidate learns the first 50,000 training patterns and is judged on the last 10,000; the test set plays no part.
Rows of `experiments.section3` have, of each choice, the best candidate or one that cannot be told from it.
"""

import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.machinery import choices
from experiments.machinery.choices import Candidate, Choices, Trial
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import of_digits
from experiments.machinery.setting import Setting
from experiments.section3.rows import stored
from lenet1998.classifiers.boosting import Boosted
from lenet1998.classifiers.classifier import Classifier
from lenet1998.classifiers.features import PIXELS, LocalLinear, with_pixels
from lenet1998.classifiers.linear import Linear, PairwiseLinear
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.classifiers.network import NetworkClassifier, recipe_of
from lenet1998.classifiers.prefilter import Stages
from lenet1998.classifiers.quadratic import PCAQuadratic
from lenet1998.classifiers.rbf import RBFNetwork
from lenet1998.classifiers.rows import Version, regular
from lenet1998.classifiers.svm import SVM
from lenet1998.classifiers.tangent import TangentDistance
from lenet1998.data.deslant import cropped, deslanted, reduced
from lenet1998.evaluation import ErrorRate, answers
from lenet1998.report.table import Table
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice

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
SHADES = "20x20 about the centre of mass, 4 bits"
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
TANGENTS = [(smoothing, 0.01) for smoothing in (0.5, 0.9, 1.2)] + [(0.9, stiffness) for stiffness in (0.001, 0.1)]
LARGER: dict[str, Version] = {"20x20 pixels": cropped}
UNITS = [(width, 1e-3) for width in (0.7, 1.0, 1.4, 2.0)] + [(width, 1e-5) for width in (1.0, 1.4, 2.0)]
"""Gaussian smoothing (pixels) and stiffness of tangent distance, and larger images; width and ridge of RBF units."""
BY_PIXELS = [(k, 0.3) for k in (20, 50, 100, 200)]
ROUNDS = (1, 3, 9)
FIRST = 15_000  # patterns that machines learn for their own scaling and C
MACHINES: dict[str, dict[str, float]] = {
    "C = 100": {},
    "C = 1": {"c": 1.0},
    "pixels from 0 to 0.1": {"scale": 0.1},
}
"""Of regular images: k and decay of local learning with neighbours by pixels; rounds of distortions for the second and
the third network of boosting; C, 100 if not said, and images of support vector machines, of unit length if not said."""


def four_bits(version: Version, images: np.ndarray) -> np.ndarray:
    """A version with 16 shades: III-D has four bits for a pixel of nearest neighbours."""
    return version(images) >> 4


class Tried(NamedTuple):
    """The version of the data base that a candidate learns, None for LeNet-4's features, and a new classifier; which
    learns the first patterns alone where a number is given."""

    version: Version | None
    make: Callable[[], Classifier]
    first: int | None = None


def network(name: str, passes: int | None, engine: str, faster: float | None = None) -> NetworkClassifier:
    """A network of III-C with so many passes, None: as many as its row has."""
    return NetworkClassifier(recipe_of(name, faster=faster), seed=1, passes=passes, engine=engine)


def boosting(rounds: int, passes: int | None, engine: str) -> Boosted:
    """Boosted LeNet-4 of the same passes as `network`."""
    return Boosted(recipe_of("lenet4"), 1, rounds, passes, engine)


def candidates(setting: Setting) -> Iterator[Candidate]:
    """All answers to each question."""
    net = partial(partial, network, passes=setting.passes, engine=setting.arguments.engine)

    def candidate(question: str, name: str, version: Version | None, make: Callable[[], Classifier]) -> Candidate:
        lenet4 = version is None or (question, name) == ("rates of lenet4", "1 times LeNet-5's")
        return Candidate(question, name, Tried(version, make), "lenet4" if lenet4 else "")

    for name, version in VERSIONS.items():
        layer = "one_layer" if version is regular else "one_layer_20x20"
        question = f"units of the linear classifier, {name}"
        yield candidate(question, "linear, least squares", version, Linear)
        yield candidate(question, "sigmoid, appendix C", version, net(layer))
    for name, output in OUTPUTS.items():
        yield candidate("what a pairwise unit puts out", name, regular, partial(PairwiseLinear, output))
    for crop in ("mass", "box"):
        cut = partial(deslanted, crop=crop)
        yield candidate("crop of deslanted images, linear classifier", crop, cut, Linear)
        yield candidate("crop of deslanted images, 3 neighbours", crop, cut, NearestNeighbours)
    for name, version in TEMPLATES.items():
        yield candidate("templates of 3 neighbours, regular", name, version, NearestNeighbours)
    for name, terms in TERMS.items():
        yield candidate("terms of 40 PCA + quadratic", name, regular, partial(PCAQuadratic, **terms))
    for name, stages in PREFILTERS.items():
        yield candidate("prefilter of tangent distance", name, reduced, partial(TangentDistance, stages))
    for name, version in VERSIONS.items():
        yield candidate("images of SVM poly 4", name, version, partial(SVM, degree=4))
    for name, (version, factors) in RATES.items():
        for factor in factors:
            yield candidate(f"rates of {name}", f"{factor:g} times LeNet-5's", version, net(name, faster=factor))
    for k in NEIGHBOURS:
        yield candidate("neighbours on LeNet-4", f"k = {k}", None, partial(NearestNeighbours, k))
    for k, decay in LOCAL:
        name = f"k = {k}, decay {decay:g}"
        yield candidate("local learning on LeNet-4", name, None, partial(LocalLinear, k, decay))
    for smoothing, stiffness in TANGENTS:
        name = f"smoothing {smoothing:g}, stiffness {stiffness:g}"
        tangents = partial(TangentDistance, smoothing=smoothing, stiffness=stiffness)
        yield candidate("images of tangent distance", name, reduced, tangents)
    for width, ridge in UNITS:
        name = f"width {width:g}, ridge {ridge:g}"
        yield candidate("units of 1000 RBF", name, regular, partial(RBFNetwork, width=width, ridge=ridge))
    for k, decay in BY_PIXELS:
        local = partial(LocalLinear, k, decay, PIXELS)
        yield candidate("local learning on LeNet-4, neighbours by pixels", f"k = {k}, decay {decay:g}", None, local)
    for rounds in ROUNDS:
        boosted = partial(boosting, rounds, setting.passes, setting.arguments.engine)
        yield Candidate("rounds of distortions for boosting", f"{rounds}", Tried(regular, boosted), "lenet4")
    shades = partial(four_bits, deslanted)
    yield candidate("crop of deslanted images, 3 neighbours", "mass, 4 bits", shades, NearestNeighbours)
    yield candidate("templates of 3 neighbours, regular", SHADES, partial(four_bits, cropped), NearestNeighbours)
    for name, version in LARGER.items():
        yield candidate("images of tangent distance", name, version, TangentDistance)
    for name, given in MACHINES.items():
        what = Tried(regular, partial(SVM, 4, **given), FIRST)
        yield Candidate(f"C and scaling of SVM poly 4, {FIRST:,} patterns", name, what)


def judge(what: Tried, trial: Trial) -> dict[str, object]:
    """The error rate on the held-out patterns; LeNet-4's training is not in the time of what stands on it."""
    data = trial.data.load()
    if what.version is None:
        train, test = features(trial.runs, trial.data, trial.passes, trial.engine)
    else:
        train, test = what.version(data.train.images), what.version(data.test.images)
    classifier = what.make()
    if getattr(classifier, "apart", 0):
        pairs = ((train, data.train.images), (test, data.test.images))
        train, test = (with_pixels(*pair) for pair in pairs)
    classifier.trained = stored(trial.runs, [], trial.passed)
    began = time.perf_counter()
    learned = slice(what.first)
    scores = classifier.fit(train[learned], data.train.labels[learned]).scores(test)
    seconds = time.perf_counter() - began + classifier.earlier_seconds
    rate = ErrorRate(int((answers(scores) != data.test.labels).sum()), len(scores)).as_dict()
    return {**rate, "seconds": seconds}


@lru_cache(maxsize=1)
def features(runs: Path, choice: DataChoice, passes: int | None, engine: str) -> tuple[np.ndarray, np.ndarray]:
    """What LeNet-4's last layer sees of the training and of the held-out patterns."""
    data, lenet4 = choice.load(), network("lenet4", passes, engine)
    lenet4.trained = stored(runs, [])
    lenet4.fit(data.train.images, data.train.labels)
    return lenet4.features(data.train.images), lenet4.features(data.test.images)


CHOICES = Choices(candidates, judge, {"error_percent": "held-out error"})


def plan(setting: Setting) -> Plan:
    of_digits(setting.data)
    split = choices.held_out(setting).load()
    sizes = {"name": split.name, "train_size": len(split.train), "held_out": len(split.test)}
    tried = yield from CHOICES.tried(setting)
    return {**provenance(), "data": sizes, "passes": setting.passes, "tried": tried}


def tables(record: Record) -> list[Table]:
    notes = ["Networks have one seed."]
    return [CHOICES.table(record["experiment"], record["tried"], "Errors on held-out patterns", notes)]


EXPERIMENT = Experiment(
    name="section3_choices",
    title="What section III leaves open for its classifiers",
    paper="section III-C",
    question="Which readings of what section III-C does not say give the least error on held-out training patterns?",
    answer="Each classifier has the best candidate, or one that cannot be told from it. The linear classifier, for "
    "example, has sigmoid units: {section3_choices; units of the linear classifier, regular; sigmoid, appendix C; "
    "held-out error}, against {section3_choices; units of the linear classifier, regular; linear, least squares; "
    "held-out error} by least squares.",
    shown={"section3_choices": "2; 4; 7; 13; 17; 22; 27; 34; 50; 66; 71; 74; 75"},
    description=__doc__.partition("\n\n")[2],
    chapter="Classifiers of section III",
    place=2,
    plan=plan,
    tables=tables,
    seeds=None,
    passes=0,
    quick={"train_size": 1500, "held_out": choices.HELD_OUT_QUICK, "passes": 1},
    options=choices.options,
    full=lambda given, data: (
        (data.name, len(data.train), given.passes, given.held_out) == ("mnist", 60_000, None, choices.HELD_OUT)
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)

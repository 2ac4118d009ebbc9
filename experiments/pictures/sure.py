"""Fits how sure `lenet1998 read` is, on pictures of kinds to learn from, and writes pretrained/sureness.json.

    python -m experiments.pictures.sure [--count 40] [--seed 1] [--jobs 2] [--out lenet1998/pretrained]

The digits are the last 10,000 training digits, which the network of characters did not learn, distorted, since that of
strings did. Fonts, some signs and some letters are others than it learned, and others than are measured; hands are
those that it learned, made to lean. What is fitted to whether strings were read rightly is
`lenet1998.strings.sure.sureness`, a product over digits.
"""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from experiments.machinery.main import guarded
from experiments.pictures.characters import LEARNED
from experiments.pictures.made.kinds import cases
from experiments.pictures.made.lines import LINES
from experiments.pictures.made.rubbish import RUBBISH
from experiments.pictures.made.signs import SIGNS
from experiments.pictures.measuring import readers
from experiments.pretrained import PACKAGE
from lenet1998.data.mnist import load_mnist
from lenet1998.distortions import DistortedSet, law_of
from lenet1998.files import write_json
from lenet1998.patterns import SIDE, Patterns
from lenet1998.pretrained import SURENESS
from lenet1998.recipe import Recipe
from lenet1998.running.provenance import provenance
from lenet1998.strings.sure import FEATURES

HELD_BACK = {"pound", "section", "No", "58 digits", "upside down"}
KINDS = [*(kind for kind in (*LINES, *SIGNS, *RUBBISH) if kind not in HELD_BACK), "glare"]
# Weights are drawn to 0 as by so many pictures.
RIDGE = 0.05


def fitted(found: list[np.ndarray], right: np.ndarray) -> np.ndarray:
    """The likeliest weights of lines (digits, F) that are right or not, drawn a little to 0."""
    digits, owner = np.concatenate(found), np.repeat(np.arange(len(found)), [len(each) for each in found])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        p = np.exp(np.minimum(np.bincount(owner, log_expit(digits @ weights), len(found)), -1e-9))
        slope = np.where(right, 1.0, -p / (1 - p))  # of the likelihood's logarithm by that of p
        gradient = (slope[owner] * expit(-digits @ weights)) @ digits
        likely = np.log(np.where(right, p, 1 - p)).sum()
        return float(RIDGE * weights @ weights - likely), 2 * RIDGE * weights - gradient

    return minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x


@cache
def digits_to_read(seed: int) -> Patterns:
    """The training digits that the network of characters did not learn, each distorted once."""
    train = load_mnist().train
    last = Patterns(train.images[LEARNED:], train.labels[LEARNED:])
    drawn = DistortedSet(last, law_of(Recipe()), 1, np.random.default_rng(seed), SIDE).batch(
        len(last) + np.arange(len(last))
    )
    return Patterns(drawn.images, drawn.labels)


def learned_from(kind: str, count: int, seed: int) -> list[tuple[np.ndarray, bool]]:
    """What speaks for the answers to a kind's pictures, and whether these are right."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = cases(kind, digits_to_read(seed), count, seed, learning=True)
        every = [readers().found(case, Path(folder)) for case in pictures]
    return [(answer.found, found.right) for found in every for answer in found.answers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="pictures per kind (default: 40)")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=PACKAGE, help="default: lenet1998/pretrained")
    arguments = parser.parse_args()
    evidence: list[np.ndarray] = []
    right: list[bool] = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for found in pool.map(learned_from, KINDS, repeat(arguments.count), repeat(arguments.seed)):
            evidence += [each for each, _ in found]
            right += [each for _, each in found]
            print(len(right), flush=True)
    weights = fitted(evidence, np.array(right))
    about = {"made_by": "python -m experiments.pictures.sure", "seed": arguments.seed, "count": arguments.count}
    record = {"kinds": KINDS, "pictures": len(right), "right": int(np.sum(right)), **provenance()}
    write_json(arguments.out / SURENESS, {**about, "features": list(FEATURES), "weights": weights.tolist(), **record})
    print(dict(zip(FEATURES, weights.round(3).tolist(), strict=True)))


if __name__ == "__main__":
    guarded(main)

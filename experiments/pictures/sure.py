"""Fits how sure `lenet1998 read` is, on pictures of kinds to learn from, and writes pretrained/sureness.json.

    python -m experiments.pictures.sure [--count 40] [--seed 1] [--jobs 2] [--out lenet1998/pretrained]

The digits are the last 10,000 training digits, which the network of characters did not learn; fonts and hands are those
to learn from. A logistic function of `lenet1998.strings.sure.features` is fitted to whether strings were read rightly.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from experiments.machinery.main import guarded
from experiments.pictures.characters import LEARNED
from experiments.pictures.made.kinds import cases
from experiments.pictures.made.lines import LINES
from experiments.pictures.made.rubbish import RUBBISH
from experiments.pictures.made.signs import SIGNS
from experiments.pictures.measuring import readers
from experiments.pretrained import PACKAGE
from lenet1998.data.mnist import load_mnist
from lenet1998.files import write_json
from lenet1998.patterns import Patterns
from lenet1998.pretrained import SURENESS
from lenet1998.running.provenance import provenance
from lenet1998.strings.sure import FEATURES

HELD_BACK = {"euro", "pound", "section", "No", "other letter"}
KINDS = [kind for kind in (*LINES, *SIGNS, *RUBBISH) if kind not in HELD_BACK | {"58 digits"}]
# Weights are drawn to 0 as by so many pictures.
RIDGE = 0.5


def fitted(values: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Weights (F,) of the likeliest logistic function, drawn a little to 0."""

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        p = expit(values @ weights)
        likely = np.where(right, p, 1 - p)
        return float(-np.log(likely + 1e-12).sum() + RIDGE * weights @ weights), values.T @ (
            p - right
        ) + 2 * RIDGE * weights

    return minimize(loss, np.zeros(values.shape[1]), jac=True, method="L-BFGS-B").x


def learned_from(kind: str, count: int, seed: int) -> list[tuple[np.ndarray, bool]]:
    """Features of the answers to a kind's pictures, and whether these are right."""
    train = load_mnist().train
    digits = Patterns(train.images[LEARNED:], train.labels[LEARNED:])
    with tempfile.TemporaryDirectory() as folder:
        every = [readers().found(case, Path(folder)) for case in cases(kind, digits, count, seed, learning=True)]
    return [(answer.values, found.right) for found in every for answer in found.answers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="pictures per kind (default: 40)")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=PACKAGE, help="default: lenet1998/pretrained")
    arguments = parser.parse_args()
    values, right = [], []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for found in pool.map(learned_from, KINDS, repeat(arguments.count), repeat(arguments.seed)):
            values += [each for each, _ in found]
            right += [each for _, each in found]
            print(len(values), flush=True)
    weights = fitted(np.array(values), np.array(right))
    about = {"made_by": "python -m experiments.pictures.sure", "seed": arguments.seed, "count": arguments.count}
    record = {"kinds": KINDS, "pictures": len(right), "right": int(np.sum(right)), **provenance()}
    write_json(arguments.out / SURENESS, {**about, "features": list(FEATURES), "weights": weights.tolist(), **record})
    print(dict(zip(FEATURES, weights.round(3).tolist(), strict=True)))


if __name__ == "__main__":
    guarded(main)

"""The embedded digits: a sheet of them, and how hard they are for a linear classifier and for LeNet-5.

They stand in for MNIST where it cannot be had (nothing measured on them compares with the paper). A linear classifier,
fitted by least squares to 10,000 of them, and LeNet-5 after 3 passes over the same 10,000 are tested on 2,000 others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.common import guarded
from experiments.options import FIGURES, RESULTS
from lenet1998.commands.options import add_figure_options, positive
from lenet1998.data import load
from lenet1998.evaluation import ErrorRate
from lenet1998.files import write_json
from lenet1998.patterns import Patterns
from lenet1998.pictures.plotting import save, style
from lenet1998.recipe import Recipe
from lenet1998.running.provenance import provenance
from lenet1998.training import Trainer


def linear_error(train: Patterns, test: Patterns) -> ErrorRate:
    """Test error of ten linear units fitted by least squares to targets +-1, on pixels and a bias."""

    def inputs(patterns: Patterns) -> np.ndarray:
        pixels = patterns.images.reshape(len(patterns), -1) / 255
        return np.hstack([pixels, np.ones((len(patterns), 1))])

    targets = 2.0 * (train.labels[:, None] == np.arange(10)) - 1
    weights = np.linalg.lstsq(inputs(train), targets, rcond=None)[0]
    wrong = (inputs(test) @ weights).argmax(axis=1) != test.labels
    return ErrorRate(int(wrong.sum()), len(test))


def sheet(patterns: Patterns, stem: Path) -> list[Path]:
    """Twelve digits of each class, a row each."""
    rows = [patterns.images[patterns.labels == digit][:12] for digit in range(10)]
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    with style():
        figure = Figure(figsize=(6, 5))
        axes = figure.add_subplot()
        axes.imshow(picture, cmap="gray_r", interpolation="nearest")
        axes.set_axis_off()
        axes.set_title("The embedded synthetic digits")
        return save(figure, stem)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_figure_options(parser, FIGURES)
    parser.add_argument("--seeds", metavar="N", type=positive, default=3, help="seeds of LeNet-5 (default: 3)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=RESULTS, help="default: experiments/results")
    arguments = parser.parse_args()
    data = load("synthetic")
    linear = linear_error(data.train, data.test)
    print(f"linear classifier: test error {linear.error_percent:.2f}%")
    histories = []
    for seed in range(1, arguments.seeds + 1):
        trainer = Trainer(Recipe(), data, seed)
        while len(trainer.passes) < 3:
            trainer.run_pass()
        histories.append({"seed": seed, "engine": trainer.engine.name, "passes": trainer.passes})
        print(f"LeNet-5, seed {seed}: test error {trainer.passes[-1]['test_error_percent']:.2f}% after 3 passes")
    results = {
        "experiment": "synthetic_digits",
        **provenance(),
        "digests": dict(data.digests),
        "linear": linear.as_dict(),
        "runs": histories,
    }
    write_json(arguments.out / "synthetic_digits.json", results)
    for path in (arguments.out / "synthetic_digits.json", *sheet(data.test, arguments.out / "synthetic_digits")):
        print(path)


if __name__ == "__main__":
    guarded(main)

"""Cat LeNet: LeNet-5's plan for colour photographs of 64x64, a cat or none; 209 to learn from and 50 to be tested on.

The published recipe is gradient descent on all 209 at once, rate 0.03, 500 iterations, all weights from U(+-0.12).
`ours` has the same layers and learns in mini-batches; of the recipes that fit all they learn from, it was the best in
five-fold cross-validation within the 209 (``--search``). What 50 test images can show is printed too: the Wilson
interval of one network, what a constant answer would score, and how much better the same run would look if its best
iteration were picked on the test images.

Its source's backward pass takes the rectifier's derivative from the sign of the gradient, not of the unit's input, and
so does not descend the cost that it computes: what `published` comes to here is not the source's result. Eight training
images at random with the answers of `published`, seed 1, are drawn as the source shows eight: RUNS/cat_lenet/eight.png,
beside the runs, since photographs of others are no results to publish.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.common import guarded, named
from experiments.teaching.report import accuracies, stated
from experiments.teaching.runs import options, perform, place
from experiments.teaching.system import SOFTMAX, Arm, System
from lenet1998.data.cats import FILES, load_cats
from lenet1998.errors import DataError
from lenet1998.evaluation import answers
from lenet1998.files import user_cache
from lenet1998.patterns import DataSet
from lenet1998.pictures.plotting import save, style
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import CHECKPOINT

ENVIRONMENT = "LENET1998_CATS"

PUBLISHED = replace(
    SOFTMAX,
    network="cat_lenet",
    input_background=0.0,
    input_foreground=1.0,
    subsampling="max",
    init_gain=0.12,
    init_power=0.0,
    optimiser="sgd",
    batch=209,
    schedule=((500, 0.03),),
    order="file",
)
OURS = replace(
    PUBLISHED,
    name="ours",
    input_background=-1.0,
    input_foreground=1.0,
    init_gain=2.449,
    init_power=0.5,
    optimiser="adam",
    batch=16,
    weight_decay=0.01,
    schedule=((20, 0.001), (10, 0.0002)),
    order="reshuffled",
)
SLOWER = replace(OURS, name="rate 0.0005", schedule=((20, 0.0005), (10, 0.0001)))
CANDIDATES = (
    OURS,
    SLOWER,
    replace(SLOWER, name="rate 0.0005, no L2", weight_decay=0.0),
    replace(SLOWER, name="rate 0.0005, L2 0.1", weight_decay=0.1),
    replace(OURS, name="SGD 0.03 in batches", optimiser="sgd", weight_decay=0.0, schedule=((20, 0.03), (10, 0.006))),
)


def cats(data_dir: Path | None) -> DataSet:
    """The photographs, from --data-dir, $LENET1998_CATS or the user's cache. Raises DataError where they are not."""
    cache = user_cache()
    where = data_dir or os.environ.get(ENVIRONMENT) or (cache and cache / "cats")
    if not where:
        raise DataError(f"there is no home directory to look for the cats in: name {' and '.join(FILES)} by --data-dir")
    if not data_dir and not Path(where).exists():
        raise DataError(
            f"the cats were not found (looked in {where}): nobody publishes them under a lasting address, so bring "
            f"{' and '.join(FILES)}, and name their directory by --data-dir or ${ENVIRONMENT}"
        )
    return load_cats(where)


SYSTEM = System(
    script="cat_lenet",
    title="cat LeNet",
    arms=(
        Arm(
            PUBLISHED,
            passes=500,
            published={"train": '"not satisfactory"', "test": "not given"},
            published_time="more than 10 hours",
        ),
        Arm(OURS, passes=30, published={"train": '"not satisfactory"', "test": "not given"}),
    ),
    load=cats,
    candidates=tuple(Arm(recipe, passes=30, keep_best=False) for recipe in CANDIDATES),
    fold=41,
    folds=5,
)


def what_the_test_shows(name: str, runs: list[dict]) -> list[str]:
    """Lines on how little so few test images say of a recipe, and how much a choice on them would flatter it."""
    test = [run["measured"]["test"] for run in runs]
    right = sorted(each["patterns"] - each["errors"] for each in test)
    picked = np.array([100 - min(run["curves"]["test_error_percent"]) for run in runs])
    gain = float((picked - accuracies(runs, "test")).mean())
    return [
        f"{name}: {right[0]} to {right[-1]} of {test[0]['patterns']} test images right, {stated(runs, 'test')}.",
        f"  Warning: had each run kept the iteration that is best on the test images, its test "
        f"accuracy would look {gain:.1f} points higher, and would no longer be one.",
    ]


def eight(images: DataSet, arguments: argparse.Namespace) -> list[Path]:
    """Eight training images drawn with seed 1, each with its label and the answer of `published`, seed 1."""
    saved = checkpoints.load(place(arguments, SYSTEM.name, SYSTEM.arms[0], 1) / CHECKPOINT)
    chosen = np.random.default_rng(1).choice(len(images.train), 8, replace=False)
    shown, labels = images.train.images[chosen], images.train.labels[chosen]
    names = ("no cat", "cat")
    given = answers(saved.network().forward(shown))
    with style():
        figure = Figure(figsize=(7.5, 4.2))
        for axes, image, label, answer in zip(figure.subplots(2, 4).flat, shown, labels, given, strict=True):
            axes.set_axis_off()
            axes.imshow(image.transpose(1, 2, 0))
            axes.set_title(f"{names[label]}, answer: {names[answer]}", fontsize=8)
        return save(figure, arguments.runs / SYSTEM.name / "eight")


def main() -> None:
    arguments = options(SYSTEM, __doc__).parse_args()
    runs = perform(SYSTEM, arguments, partial(cats, arguments.data_dir))
    if arguments.search:
        return
    if not arguments.plot_only and PUBLISHED.name in (arguments.only or [PUBLISHED.name]):
        for path in eight(cats(arguments.data_dir), arguments):
            print(path, file=sys.stderr)  # no result, as what is printed is
    for arm in SYSTEM.arms:
        if own := named(runs, arm.recipe.name):
            print("\n".join(what_the_test_shows(arm.recipe.name, own)))
    print("Always to answer with one class scores as much as that class has: of the course's 50 test images 33 are "
          "cats, 66%; of its 209 training images 72, so there 66% is the score of never seeing one.")  # fmt: skip


if __name__ == "__main__":
    guarded(main)

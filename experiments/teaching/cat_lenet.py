"""Cat LeNet: LeNet-5's plan for colour photographs of 64x64, a cat or none; 209 to learn from and 50 to be tested on.

The published recipe is gradient descent on all 209 at once, rate 0.03, 500 iterations, all weights from U(+-0.12).
`ours` has the same layers and learns in mini-batches; of the recipes that fit all they learn from, it was the best in
five-fold cross-validation within the 209 (``--search``). What 50 test images can show is printed too: the Wilson
interval of one network, what a constant answer would score, and how much better the same run would look if its best
iteration were picked on the test images.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from experiments.common import guarded, named
from experiments.teaching.report import accuracies, stated
from experiments.teaching.runs import options, perform
from experiments.teaching.system import Arm, System
from lenet1998.data.cats import FILES, load_cats
from lenet1998.errors import DataError
from lenet1998.files import user_cache
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe

ENVIRONMENT = "LENET1998_CATS"

PUBLISHED = Recipe(
    name="published",
    network="cat_lenet",
    input_background=0.0,
    input_foreground=1.0,
    subsampling="max",
    squash="relu",
    output="linear",
    loss="cross_entropy",
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
    candidates=tuple(Arm(recipe, passes=30, keep_best=False) for recipe in CANDIDATES),
    fold=41,
    folds=5,
)


def cats(data_dir: Path | None) -> DataSet:
    """The photographs, from --data-dir, $LENET1998_CATS or the user's cache. Raises DataError where they are not."""
    cache = user_cache()
    place = data_dir or os.environ.get(ENVIRONMENT) or (cache and cache / "cats")
    if not place:
        raise DataError(f"there is no home directory to look for the cats in: name {' and '.join(FILES)} by --data-dir")
    if not data_dir and not Path(place).exists():
        raise DataError(
            f"the cats were not found (looked in {place}): nobody publishes them under a lasting address, so bring "
            f"{' and '.join(FILES)}, and name their directory by --data-dir or ${ENVIRONMENT}"
        )
    return load_cats(place)


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


def main() -> None:
    arguments = options(SYSTEM, __doc__).parse_args()
    runs = perform(SYSTEM, arguments, partial(cats, arguments.data_dir))
    if arguments.search:
        return
    for arm in SYSTEM.arms:
        if own := named(runs, arm.recipe.name):
            print("\n".join(what_the_test_shows(arm.recipe.name, own)))
    print("Always to answer with one class scores as much as that class has: of the course's 50 test images 33 are "
          "cats, 66%; of its 209 training images 72, so there 66% is the score of never seeing one.")  # fmt: skip


if __name__ == "__main__":
    guarded(main)

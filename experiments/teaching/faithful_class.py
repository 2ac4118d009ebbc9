"""A NumPy class of LeNet-5 that means to follow the paper: as published, and then difference by difference ours.

It has Table I, the scaled tanh, the 7x12 codes as RBF units, half the squared distance and stochastic diagonal
Levenberg-Marquardt, and reports after 6 epochs 97.8% on the test set, 1,805 seconds, and 3,915, 1,982, ... 1,317 of
60,000 training patterns wrong after each epoch. It departs from the paper in: one rate a layer, from the sum of h over
it (500 patterns before each epoch, mu 0.02); momentum 0.9; batches of 256 in a fresh order, whose gradients are added;
eta 100 times the schedule's; averages without anything to learn; weights from N(0, 0.1). It notes itself that its rates
come out far too small, hence the factor of 100, and suspects a slip: there is one, for it passes down a quarter of the
curvature through an average where equation 27 has a sixteenth, so that h of C3 is 4 times and of C1 16 times too large.

Each arm undoes one more of the differences, in this order, until the last is our default recipe. The input may be
changed too, as its options are: ``--set input_background=0 --set input_foreground=1``, or -1 and 1, or
``--set input_threshold=40`` for a bilevel one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from experiments.common import guarded
from experiments.teaching.runs import options, perform
from experiments.teaching.system import Arm, System
from lenet1998 import data
from lenet1998.recipe import PUBLISHED_SCHEDULE, Recipe, Schedule

EPOCHS, BATCH = 6, 256


def times(factor: float) -> Schedule:
    """The paper's schedule, that many times."""
    return tuple((passes, factor * eta) for passes, eta in PUBLISHED_SCHEDULE)


PUBLISHED = Recipe(
    name="published",
    subsampling="plain",
    penalty_scale=0.5,
    weight_init="normal",
    init_gain=0.1,
    init_power=0.0,
    optimiser="sdlm_momentum",
    sdlm_rates="layer",
    curvature_factors=(("C1", 16.0), ("C3", 4.0)),
    momentum=0.9,
    batch=BATCH,
    schedule=times(100 * BATCH),  # our batches take the mean of their gradients
    order="reshuffled",
)
# What each step undoes; a step that changes two fields changes what makes no sense without each other.
STEPS: tuple[tuple[str, dict[str, object]], ...] = (
    ("equation 27 through the average", {"curvature_factors": ()}),
    ("one pattern an update, eta as printed", {"batch": 1, "schedule": PUBLISHED_SCHEDULE}),
    ("a rate for each parameter", {"sdlm_rates": "parameter"}),
    ("no momentum", {"optimiser": "sdlm"}),
    ("constant order", {"order": "constant"}),
    ("trainable subsampling", {"subsampling": "average"}),
    ("our start", {"weight_init": "uniform", "init_gain": 1.73, "init_power": 0.5}),
    ("our penalty scale", {"penalty_scale": 0.1}),
)


def ladder() -> tuple[Arm, ...]:
    """The recipe as published, with one more difference undone in each arm, and ours at its full length."""
    recipe = PUBLISHED
    published: dict[str, float | str] = {"train": "97.8%: 1,317 of 60,000 wrong", "test": 97.8}
    arms = [Arm(recipe, EPOCHS, published=published, published_time="1,805 s")]
    for what, changes in STEPS:
        recipe = replace(recipe, name=f"+ {what}", **changes)  # type: ignore[arg-type]
        arms.append(Arm(recipe, EPOCHS, published={"test": "not given"}, drawn=False))
    assert replace(recipe, name="default") == Recipe(), "every difference is undone"
    full = replace(recipe, name="+ 20 passes = ours")
    return (*arms, Arm(full, 20, published={"test": "not given"}))


SYSTEM = System(
    script="faithful_class",
    title="NumPy class of LeNet-5, MNIST",
    arms=ladder(),
    candidates=(),
    fold=5000,
)


def main() -> None:
    parser = options(SYSTEM, __doc__)
    parser.add_argument("--data", choices=("mnist", "synthetic"), default="mnist",
                        help="the embedded digits are for trials without MNIST (default: mnist)")  # fmt: skip
    arguments = parser.parse_args()
    perform(SYSTEM, arguments, partial(data.load, arguments.data, arguments.data_dir), arguments.data != "mnist")


if __name__ == "__main__":
    guarded(main)

"""A NumPy class of LeNet-5 that means to follow the paper: as published, and then difference by difference ours.

It has Table I, the scaled tanh, the 7x12 codes as radial basis function (RBF) units, half the squared distance and
stochastic diagonal Levenberg-Marquardt, and reports after 6 epochs 97.8% on the test set, 1,805 seconds, and 3,915,
1,982, ... 1,317 of 60,000 training patterns wrong after each epoch. It departs from the paper in: one rate per layer,
from the sum of h over it (500 patterns before each epoch, mu 0.02); momentum 0.9; batches of 256 in a fresh order,
whose gradients are added; eta 100 times the schedule's; averages without anything to learn; weights from N(0, 0.1).
What its article does not say comes from the repository that it took over, mattwang44/LeNet-from-Scratch. That notes
that its rates come out far too small, hence the factor of 100, and that there may be a slip. There is one: it passes
down a quarter of the curvature through an average where equation 27 has a sixteenth, so that h of C3 is 4 times and of
C1 16 times too large.

Each arm undoes one more of the differences, until the last is our default recipe. They are undone in an order in which
every network still learns; what becomes of the published recipe without its slip alone, which then diverges, is an arm
beside the ladder. The input may be changed too, as its options are: ``--set input_background=0 --set
input_foreground=1``, or -1 and 1, or ``--set input_threshold=40`` for a bilevel one.
"""

from dataclasses import replace
from typing import Any

from experiments.machinery.declaration import Record
from experiments.machinery.main import main
from experiments.teaching import report
from experiments.teaching.runs import declared
from experiments.teaching.system import Arm, System
from lenet1998.recipe import PUBLISHED_SCHEDULE, Recipe, Schedule
from lenet1998.report.table import Table

EPOCHS, BATCH = 6, 256


def times(factor: float) -> Schedule:
    """The paper's schedule, that many times."""
    return tuple((passes, factor * eta) for passes, eta in PUBLISHED_SCHEDULE)


PUBLISHED = Recipe(
    name="published",
    subsampling="plain",
    penalty_scale=0.5,
    loss="mle",
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
NO_SLIP: dict[str, Any] = {"curvature_factors": ()}
# What each step undoes. The factor of 100 makes up for one rate per layer, so both go at once.
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("one pattern an update", {"batch": 1, "schedule": times(100)}),
    ("constant order", {"order": "constant"}),
    ("no momentum", {"optimiser": "sdlm"}),
    ("a rate for each parameter, eta as printed", {"sdlm_rates": "parameter", "schedule": PUBLISHED_SCHEDULE}),
    ("equation 27 through the average", NO_SLIP),
    ("trainable subsampling", {"subsampling": "average"}),
    ("our start", {"weight_init": "uniform", "init_gain": Recipe().init_gain, "init_power": Recipe().init_power}),
    ("our penalty scale", {"penalty_scale": Recipe().penalty_scale}),
    ("equation 9", {"loss": "map"}),
)
NOT_GIVEN: dict[str, float | str] = {"test": ""}


def ladder() -> tuple[Arm, ...]:
    """The recipe as published, with one more difference undone in each arm, and ours at its full length."""
    recipe = PUBLISHED
    published: dict[str, float | str] = {"train": "97.8%: 1,317 of 60,000 wrong", "test": 97.8}
    arms = [
        Arm(recipe, EPOCHS, published=published, published_time="1,805 s"),
        Arm(replace(recipe, name="published without its slip", **NO_SLIP), EPOCHS, published=NOT_GIVEN, drawn=False),
    ]
    for what, changes in STEPS:
        recipe = replace(recipe, name=f"+ {what}", **changes)
        arms.append(Arm(recipe, EPOCHS, published=NOT_GIVEN, drawn=False))
    assert replace(recipe, name="default") == Recipe(), "every difference is undone"
    return (*arms, Arm(replace(recipe, name="+ 20 passes = ours"), 20, published=NOT_GIVEN))


SYSTEM = System(name="faithful_class", title="NumPy class of LeNet-5, MNIST", arms=ladder())


def tables(record: Record) -> list[Table]:
    """The accuracies, and what each step of the ladder changes."""
    names = [arm.recipe.name for arm in SYSTEM.arms if arm.recipe.name != SYSTEM.arms[1].recipe.name]
    steps = [*zip(names[1:], names, strict=False), (SYSTEM.arms[1].recipe.name, names[0])]
    return [*report.tables(SYSTEM, record), *report.differences(SYSTEM, record, steps, "test")]


EXPERIMENT = declared(
    __name__,
    SYSTEM,
    title="A NumPy class of LeNet-5",
    question="What parts a NumPy class that means to follow the paper from ours, difference by difference?",
    answer="The class gets {faithful_class_accuracies; published; test; accuracy} of the test set right, our recipe "
    "{faithful_class_accuracies; + 20 passes = ours; test; accuracy}. Without momentum its single rate is far too "
    "small ({faithful_class_accuracies; + no momentum; test; accuracy}), and a rate for each parameter restores most "
    "of the loss.",
    description=__doc__.partition("\n\n")[2],
    caption="Loss and accuracy by pass, as published and as ours; the table undoes one difference after the other.",
    place=3,
    tables=tables,
)


if __name__ == "__main__":
    main(EXPERIMENT)

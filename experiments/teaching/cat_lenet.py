"""Cat LeNet: LeNet-5's plan for colour photographs of 64x64, a cat or none; 209 to learn from and 50 to be tested on.

The published recipe is gradient descent on all 209 at once, rate 0.03, 500 iterations, all weights from U(+-0.12).
`ours` has the same layers and learns in mini-batches; of the recipes that fit all they learn from, it was the best in
five-fold cross-validation within the 209 (``--search``). A second table has what 50 test images can show: how many are
right, and how much better the same run would look if its best iteration were picked on them.

Its source's backward pass takes the rectifier's derivative from the sign of the gradient, not of the unit's input, and
so does not descend the cost that it computes: what `published` comes to here is not the source's result. Eight training
images at random with the answers of `published`, seed 1, are drawn as the source shows eight: RUNS/cat_lenet/eight.png,
since photographs of others are no results to publish.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.declaration import Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from experiments.teaching import report
from experiments.teaching.runs import declared
from experiments.teaching.system import SOFTMAX, Arm, System
from lenet1998.data.cats import FILES, load_cats
from lenet1998.errors import DataError
from lenet1998.evaluation import answers
from lenet1998.files import user_cache
from lenet1998.patterns import DataSet
from lenet1998.pictures.plotting import save, style
from lenet1998.report.table import Column, Table
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import CHECKPOINT
from lenet1998.running.work import Task

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


def eight(setting: Setting, runs: dict[tuple[str, int], Task]) -> None:
    """Eight training images drawn with seed 1, each with its label and the answer of `published`, seed 1."""
    task = runs.get((PUBLISHED.name, 1))
    if not task:
        return
    train, network = task.data.load().train, checkpoints.load(task.out / CHECKPOINT).network()
    chosen = np.random.default_rng(1).choice(len(train), 8, replace=False)
    shown, labels = train.images[chosen], train.labels[chosen]
    names = ("no cat", "cat")
    with style():
        figure = Figure(figsize=(7.5, 4.2))
        every = zip(figure.subplots(2, 4).flat, shown, labels, answers(network.forward(shown)), strict=True)
        for axes, image, label, answer in every:
            axes.set_axis_off()
            axes.imshow(image.transpose(1, 2, 0))
            axes.set_title(f"{names[label]}, answer: {names[answer]}", fontsize=8)
        for path in save(figure, setting.arguments.runs / "cat_lenet" / "eight"):
            print(path, file=sys.stderr)  # no result, as what is printed is


SAID: dict[str, float | str] = {"train": '"not satisfactory"', "test": ""}
SYSTEM = System(
    name="cat_lenet",
    title="cat LeNet",
    data="cats",
    size=209,
    arms=(
        Arm(PUBLISHED, passes=500, published=SAID, published_time="more than 10 hours"),
        Arm(OURS, passes=30, published=SAID),
    ),
    find=cats,
    given=(),
    after=eight,
    candidates=tuple(Arm(recipe, passes=30, keep_best=False) for recipe in CANDIDATES),
    fold=41,
    folds=5,
)
CONSTANT = (
    "Always to answer with one class scores as much as that class has: of the course's 50 test images 33 are cats, "
    "66%; of its 209 training images 72, so there 66% is the score of never seeing one."
)


def tables(record: Record) -> list[Table]:
    """The accuracies, and what so few test images say of a recipe."""
    return [*report.tables(SYSTEM, record), *([] if report.is_search(record) else [tested(record)])]


def tested(record: Record) -> Table:
    """How many test images are right, and how much a choice on them would flatter a recipe."""
    columns = [Column("recipe", kind="text"), Column("test images"), Column("fewest right"), Column("most right")]
    columns.append(Column("gain of a choice on the test images", "points", digits=1))
    rows = []
    for arm, runs in report.by_arm(SYSTEM, record).items():
        test = [run["measured"]["test"] for run in runs]
        right = sorted(each["patterns"] - each["errors"] for each in test)
        picked = np.array([100 - min(run["curves"]["test_error_percent"]) for run in runs])
        gain = float((picked - report.accuracies(runs, "test")).mean())
        rows.append([arm.recipe.name, test[0]["patterns"], right[0], right[-1], gain])
    notes = ["The gain: had each run kept the iteration that is best on the test images, its test accuracy would look "
             "so much higher, and would no longer be one.", CONSTANT]  # fmt: skip
    return Table(f"{SYSTEM.name}_tested", "cat LeNet: what so few test images show", columns, rows, notes)


EXPERIMENT = declared(
    __name__,
    SYSTEM,
    title="A LeNet for cats",
    question="What does LeNet-5's plan reach on 209 colour photographs, and what do 50 test images show of it?",
    answer="The published recipe gets {cat_lenet_accuracies; published; test; accuracy} of the test images right, "
    "ours {cat_lenet_accuracies; ours; test; accuracy}. So few images cannot tell the two apart: to keep each run's "
    "best iteration on them would alone add {cat_lenet_tested; published; gain of a choice on the test images}.",
    description=__doc__.partition("\n\n")[2],
    place=4,
    tables=tables,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""Section III-E's limits for networks that have learned digits scaled, shifted and turned as far as these say."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from experiments.fig13_invariance import report
from experiments.fig13_invariance.experiment import measured
from experiments.fig13_invariance.perturbations import PERTURBATIONS, rotated, scaled, shifted_down
from experiments.machinery.declaration import Experiment, Plan, Record, Training
from experiments.machinery.main import main
from experiments.machinery.record import are_mnist, description, published
from experiments.machinery.setting import Setting
from lenet1998.distortions import padded
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.report.table import Cell, Column, Estimate, Table
from lenet1998.running.check import data_of, slim
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice

WIDE, SEED = "distortions to III-E's limits", 13
KINDS = ("plain", "distortions")
"""Networks of `experiments.fig13_invariance`, as it recorded them."""
SCHEDULE = ((1, 5e-4), (1, 2e-4), (1, 5e-5), (2, 1e-5))
"""Of passes four times as long, so that there are as many updates as in 20 passes over 60,000 patterns."""


@dataclass(frozen=True)
class Widened:
    """What a worker loads: the digits, and three more of each, scaled by 1/2 to 2, moved up or down by up to 10 pixels,
    and turned by up to 30 degrees; uniform draws, of the scale's logarithm."""

    digits: DataChoice

    @lru_cache(maxsize=1)  # noqa: B019 - for the store, and for the run
    def load(self) -> DataSet:
        return widened(self.digits.load())


def widened(data: DataSet) -> DataSet:
    rng, images = np.random.default_rng(SEED), data.train.images
    draws = rng.uniform(-1, 1, (3, len(images)))
    changes = ((scaled, 2.0 ** draws[0]), (shifted_down, 10 * draws[1]), (rotated, 30 * draws[2]))
    further = [np.concatenate([change(image[None], value) for image, value in zip(images, values, strict=True)])
               for change, values in changes]  # fmt: skip
    train = Patterns(np.concatenate([padded(images, 32), *further]), np.tile(data.train.labels, 4))
    return replace(data, name=f"{data.name} widened", train=train, digests={"train": train.digest()})


def plan(setting: Setting) -> Plan:
    recipe = Recipe(name=WIDE, schedule=SCHEDULE)
    tasks = setting.runs(recipe, data=Widened(setting.choice))
    runs = yield tasks
    known = [[run["seed"], run["passes"][-1]] for run in runs]
    found = yield [
        setting.part(
            each.name, measured, [each.values, known], what=each, networks={WIDE: tasks}, choice=setting.choice
        )
        for each in PERTURBATIONS
    ]
    curves = {each.name: own for each, own in zip(PERTURBATIONS, found, strict=True)}
    if are_mnist([setting.data.name]) and not setting.quick:
        for name, own in published("fig13_invariance")["curves"].items():
            curves[name]["correct"] = {kind: own["correct"][kind] for kind in KINDS} | curves[name]["correct"]
    return {
        **provenance(),
        "data": description(setting.data),
        "test_size": len(setting.data.test),
        "curves": curves,
        "runs": [slim(run) for run in runs],
    }


def trainings(record: Record) -> Iterator[Training]:
    return (Training(run, partial(_again, record["data"])) for run in record["runs"])


def _again(data: dict, data_dir: Path | None) -> DataSet:
    return widened(data_of({"data": data}, data_dir))


def tables(record: Record) -> list[Table]:
    """Errors on the digits as they are, and what `experiments.fig13_invariance` has."""
    curve, size = record["curves"]["scale"], record["test_size"]
    clean = curve["values"].index(1.0)
    rows: list[list[Cell]] = []
    for kind, correct in curve["correct"].items():
        mean, low, high = 100 - report.accuracy(correct, size)[:, clean]
        rows.append([kind, len(correct), Estimate(float(mean), float(high), float(low), len(correct))])
    columns = [Column("trained with", kind="text"), Column("networks"), Column("test error", "%")]
    name = f"{record['experiment']}_clean"
    return [Table(name, "Errors on digits as they are", columns, rows), *report.tables(record)]


def figures(record: Record, stem: Path) -> list[Path]:
    return report.draw(record["curves"], record["test_size"], stem)


EXPERIMENT = Experiment(
    name="fig13_invariance_wide",
    title="Invariance that is learned",
    paper="section III-E",
    question="Does LeNet-5 withstand what section III-E says if it has learned distortions as wide, and what does that "
    "cost on digits as they are?",
    answer="In part. At half and double size {fig13_invariance_wide_accuracy; scale, to half and to double; "
    "distortions to III-E's limits; lower limit} and {fig13_invariance_wide_accuracy; scale, to half and to "
    "double; distortions to III-E's limits; upper limit} are right, turned by 30 degrees "
    "{fig13_invariance_wide_accuracy; rotation, 30 degrees; distortions to III-E's limits; lower limit} and "
    "{fig13_invariance_wide_accuracy; rotation, 30 degrees; distortions to III-E's limits; upper limit}, moved "
    "by half their height {fig13_invariance_wide_accuracy; vertical shift, half of 20 pixels; distortions to "
    "III-E's limits; lower limit} and {fig13_invariance_wide_accuracy; vertical shift, half of 20 pixels; "
    "distortions to III-E's limits; upper limit}. Digits as they are err {fig13_invariance_wide_clean; "
    "distortions to III-E's limits; test error} (three seeds); a cost is not seen. Inverted pixels are "
    "withstood less.",
    shown={"fig13_invariance_wide_clean": "", "fig13_invariance_wide_accuracy": ""},
    description="The training set is the digits and three more of each: one is scaled by 1/2 to 2, one moved up or "
    "down by up to 10 pixels, and one turned by up to 30 degrees. Draws are uniform, of the scale's logarithm. Five "
    "passes over these make as many updates as 20 passes over 60,000 patterns. The other networks are those of "
    "`experiments.fig13_invariance`, as recorded there.",
    caption="Accuracy by scale, shift, rotation, stroke width and noise of networks that learned distortions as wide "
    "as section III-E's limits, beside those of Figure 13.",
    chapter="Classifiers of section III",
    place=4,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=report.claims,
    trainings=trainings,
    seeds=3,
    passes=sum(count for count, _ in SCHEDULE),
)

if __name__ == "__main__":
    main(EXPERIMENT)

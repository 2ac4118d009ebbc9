"""The embedded digits: a sheet of them, and how hard they are for a linear classifier and for LeNet-5."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import curves
from experiments.machinery.setting import Setting
from lenet1998.data import load
from lenet1998.evaluation import ErrorRate
from lenet1998.patterns import Patterns
from lenet1998.pictures.plotting import save, style
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Estimate, Table
from lenet1998.running.provenance import provenance


def linear_error(train: Patterns, test: Patterns) -> ErrorRate:
    """Test error of ten linear units fitted by least squares to targets +-1, on pixels and a bias."""

    def inputs(patterns: Patterns) -> np.ndarray:
        pixels = patterns.images.reshape(len(patterns), -1) / 255
        return np.hstack([pixels, np.ones((len(patterns), 1))])

    targets = 2.0 * (train.labels[:, None] == np.arange(10)) - 1
    weights = np.linalg.lstsq(inputs(train), targets, rcond=None)[0]
    wrong = (inputs(test) @ weights).argmax(axis=1) != test.labels
    return ErrorRate(int(wrong.sum()), len(test))


def plan(setting: Setting) -> Plan:
    data = setting.data
    runs = yield setting.runs(Recipe())
    linear = linear_error(data.train, data.test).as_dict()
    return {**provenance(), "digests": dict(data.digests), "linear": linear, "runs": runs}


def tables(record: Record) -> list[Table]:
    """Both test errors."""
    linear, runs = record["linear"], record["runs"]
    passes = len(runs[0]["passes"])
    rows = [
        ["linear classifier", Estimate(linear["error_percent"], *linear["interval_percent"])],
        [f"LeNet-5, {passes} passes, {len(runs)} seeds", estimate(curves(runs, "test_error_percent")[:, -1])],
    ]
    columns = [Column("classifier", kind="text"), Column("test error", "%")]
    notes = ["Of the linear classifier, the 95% interval is that of an error rate on so many patterns."]
    return [Table("synthetic_digits", "Errors on the embedded digits", columns, rows, notes)]


def sheet(record: Record, stem: Path) -> list[Path]:
    """Twelve digits of each class, a row each."""
    patterns = load("synthetic").test
    rows = [patterns.images[patterns.labels == digit][:12] for digit in range(10)]
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    with style():
        figure = Figure(figsize=(6, 5))
        axes = figure.add_subplot()
        axes.imshow(picture, cmap="gray_r", interpolation="nearest")
        axes.set_axis_off()
        axes.set_title("The embedded synthetic digits")
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="synthetic_digits",
    title="The embedded digits",
    question="How hard are the embedded digits, which stand in for MNIST where it cannot be had?",
    answer="LeNet-5 errs {synthetic_digits; LeNet-5, 3 passes, 3 seeds; test error} after three passes, a linear "
    "classifier {synthetic_digits; linear classifier; test error}.",
    description="""\
Nothing measured on them compares with the paper. A linear classifier, fitted by least squares to 10,000 of them, and
LeNet-5 after 3 passes over the same 10,000 are tested on 2,000 others.""",
    caption="The digits that stand in for MNIST where it cannot be had; nothing measured on them compares with the "
    "paper. A linear classifier and LeNet-5 after 3 passes show how hard they are.",
    chapter="Tools",
    place=1,
    plan=plan,
    tables=tables,
    figures=sheet,
    load=lambda arguments: load("synthetic", train_size=arguments.train_size, test_size=arguments.test_size),
    full=lambda arguments, data: arguments.passes >= 3,
    seeds=3,
    passes=3,
)

if __name__ == "__main__":
    main(EXPERIMENT)

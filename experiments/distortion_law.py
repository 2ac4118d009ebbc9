"""How wide should distortions be drawn? (section III-B; paper_notes.md, the ledger, entry 17)"""

from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from experiments.fig6_training_size import distorted
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import at_pass, curves, named
from experiments.machinery.setting import Setting
from lenet1998.evaluation import interval_name
from lenet1998.pictures.plotting import TEST, TRAIN, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Table

WIDTHS = (1.0, 0.75, 0.5, 0.25, 0.0)


def widened(recipe: Recipe, width: float) -> Recipe:
    """The recipe with distorted copies drawn from `width` times Figure 7's half-widths; 0 is no distortion."""
    if not width:
        return replace(recipe, name=label(width))
    return replace(distorted(recipe), name=label(width), distortion_width=width)


def label(width: float) -> str:
    """The recipe's name at a width."""
    return f"width {width:g}"


def plan(setting: Setting) -> Plan:
    return (yield setting.every([widened(Recipe(), width) for width in WIDTHS], validation=setting.held_out))


def tables(record: Record) -> list[Table]:
    """Errors after the last pass, by width."""
    columns = [Column("width"), Column("seeds"), Column("training error", "%"), Column("held-out error", "%")]
    rows = [
        [width, len(runs), *(estimate(curves(runs, f"{which}_error_percent")[:, -1]) for which in ("train", "test"))]
        for width in WIDTHS
        if (runs := named(record["runs"], label(width)))
    ]
    notes = ["Width 1 is that of Figure 7's ranges. Training errors are counted on the fly, on distorted patterns."]
    return [Table("distortion_law", "Errors by the width of the law of distortions", columns, rows, notes)]


def draw(record: Record, stem: Path) -> list[Path]:
    histories = record["runs"]
    with style():
        figure = Figure()
        axes = figure.add_subplot()
        for key, colour, look, what in (
            ("train_error_percent", TRAIN, "s--", "training error, on the fly, distorted patterns"),
            ("test_error_percent", TEST, "o-", "held-out error, undistorted"),
        ):
            points = [(width, at_pass(runs, -1, key)) for width in WIDTHS if (runs := named(histories, label(width)))]
            means = [mean for _, (mean, _, _) in points]
            errors = [[mean - low for _, (mean, low, _) in points], [high - mean for _, (mean, _, high) in points]]
            widths = [width for width, _ in points]
            axes.errorbar(widths, means, errors, fmt=look, color=colour, capsize=3, label=what)
        axes.set(xlabel="width of the law of distortions (1: the ranges of Figure 7 of the paper)", ylabel="error (%)")
        seeds = len(named(histories, label(WIDTHS[0])))
        axes.set_title(f"Mean of {seeds} seeds, {interval_name(seeds)}")
        axes.set_ylim(bottom=0)
        axes.legend()
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="distortion_law",
    title="How wide distortions should be drawn",
    paper="section III-B",
    question="How wide should distortions be drawn, as a share of the ranges in Figure 7?",
    answer="Half the ranges serve: the held-out error is {distortion_law; 0.50; held-out error}, against "
    "{distortion_law; 1.00; held-out error} with the whole ranges and {distortion_law; 0.00; held-out error} without "
    "distortions. Widths from 0.25 to 0.75 cannot be told apart.",
    description="""\
The paper gives no ranges. Its Figure 7 shows ten distortions of ten digits, and an affine fit to them finds the ranges
that `lenet1998.distortions.Law` has as half-widths. A hundred examples chosen for a figure need not be typical draws,
so narrower laws are tried: all half-widths times 1, 0.75, 0.5 and 0.25, and no distortion. Each law is trained on the
first 50,000 training patterns and their distorted copies, and judged on the last 10,000, undistorted. The test set
plays no part.""",
    caption="Errors by the width of the law of distortions, 1 being the ranges of Figure 7, on held-out training "
    "patterns.",
    chapter="What the paper leaves open",
    place=2,
    plan=plan,
    tables=tables,
    figures=draw,
    seeds=3,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""What single runs of the default say, and how often one says as little as that of 1998 (section III-B)."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import curves
from experiments.machinery.setting import Setting
from lenet1998.evaluation import ErrorRate
from lenet1998.pictures.plotting import TEST, TRAIN, save, style
from lenet1998.recipe import Recipe
from lenet1998.reference import comparable
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Estimate, Table

PAPER = 0.95


def plan(setting: Setting) -> Plan:
    return (yield setting.runs(Recipe()))


def errors(record: Record) -> np.ndarray:
    """Test error of the last pass, by run."""
    return curves(record["runs"], "test_error_percent")[:, -1]


def as_low(record: Record) -> Estimate:
    """Share of runs that err no more than the paper's network, in per cent with its 95% interval."""
    share = ErrorRate(int((errors(record) <= PAPER).sum()), len(errors(record)))
    low, high = share.interval_percent
    return Estimate(share.error_percent, low, high, share.patterns)


def in_words(record: Record) -> str:
    """How often a run says 0.95% or less."""
    found, share = errors(record), as_low(record)
    return (
        f"{(found <= PAPER).sum()} of {len(found)} runs err {PAPER}% or less, that is {share.mean:.0f}% of runs "
        f"({share.low:.0f} to {share.high:.0f}%); all lie between {found.min():.2f} and {found.max():.2f}%"
    )


def tables(record: Record) -> list[Table]:
    found = errors(record)
    columns = [Column("runs"), Column("test error", "%"), Column("standard deviation", "points", 3)]
    columns += [Column("least", "%"), Column("median", "%"), Column("most", "%")]
    spread = float(found.std(ddof=1)) if len(found) > 1 else None
    row = [len(found), estimate(found), spread, *(float(q) for q in np.quantile(found, (0, 0.5, 1)))]
    if all(map(comparable, record["runs"])):
        columns, row = [*columns, Column(f"{PAPER}% or less", "%", 0)], [*row, as_low(record)]
    return [Table("single_runs", "Test errors of single runs after the last pass", columns, [row])]


def claims(record: Record) -> list[Claim]:
    """The error of 1998, as one run among ours."""
    if not all(map(comparable, record["runs"])):
        return []
    share = (errors(record) <= PAPER).mean()
    verdict = "agrees" if 0.025 <= share <= 0.975 else "contradicts"
    return [Claim("III-B", f"the test error is {PAPER}%", in_words(record), verdict)]


def figures(record: Record, stem: Path) -> list[Path]:
    """A dot for each run, those of the same error above one another."""
    found = errors(record)
    values, counts = np.unique(found.round(4), return_counts=True)
    x = np.repeat(values, counts)
    y = np.concatenate([1 + np.arange(count) for count in counts])
    with style():
        figure = Figure(figsize=(5.5, 2.8))
        axes = figure.add_subplot()
        axes.plot(x, y, "o", color=TEST, markersize=4, label=f"ours, {len(found)} runs")
        axes.axvline(
            float(found.mean()), color=TEST, linestyle="--", linewidth=1, label=f"their mean {found.mean():.2f}%"
        )
        if all(map(comparable, record["runs"])):
            axes.axvline(PAPER, color=TRAIN, linewidth=1.2, label=f"1998: {PAPER}%")
        axes.set(xlabel="test error after the last pass (%)", ylabel="runs", ylim=(0, counts.max() + 1.5))
        axes.set_title("Single runs of the default, one seed each")
        axes.legend()
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="single_runs",
    title="Test errors of single runs",
    paper="Figure 5, section III-B",
    question="How often does a single run err as little as the paper's network, 0.95% or less?",
    answer="In {single_runs; 100; 0.95% or less} of {single_runs; 100; runs} runs. Their mean is "
    "{single_runs; 100; test error}, and all lie between {single_runs; 100; least} and {single_runs; 100; most}.",
    description="The runs are those of Figure 5, with more seeds. The paper reports one run, and a mean over seeds "
    "does not say what one run would have shown.",
    caption="Test errors of single runs of the default after 20 passes, one dot per seed, and the paper's run.",
    chapter="Figures of the paper",
    place=5,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=claims,
    seeds=100,
    compared=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""Test errors of the readings that meet every claim: what the claims about training alone predict."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import curves, named, of_mnist, published
from experiments.machinery.setting import Setting
from experiments.readings.report import scored, short_names
from experiments.readings.score import SAMPLED, TEST_ERROR, every_claim
from lenet1998.pictures.plotting import TEST, TRAIN, save, style
from lenet1998.recipe import PRESETS, Recipe
from lenet1998.reference import comparable
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Table

KEPT = ("reading", "seeds", "departures", "held_out_error_percent")


def plan(setting: Setting) -> Plan:
    of_mnist([setting.data.name])
    every = scored(published("readings"))
    names, met = short_names(every), [row for row in every if row["part"] in SAMPLED and every_claim(row)]
    runs = yield setting.every([Recipe.from_dict(row["recipe"]) for row in met])
    return {"readings": [{"name": names[row["reading"]], **{key: row[key] for key in KEPT}} for row in met],
            "runs": runs}  # fmt: skip


def errors(record: Record) -> list[tuple[dict, np.ndarray]]:
    """Each reading with the test errors of its runs after the last pass, the lowest mean first."""
    found = [(row, curves(named(record["runs"], row["reading"]), "test_error_percent")[:, -1])
             for row in record["readings"]]  # fmt: skip
    return sorted(found, key=lambda one: float(one[1].mean()))


def is_default(record: Record, row: dict) -> bool:
    fields = named(record["runs"], row["reading"])[0]["recipe"]
    return Recipe.from_dict(fields | {"name": "default"}) == PRESETS["default"]


def in_words(record: Record) -> str:
    """The band of the readings' means, and of their runs."""
    every = [values for _, values in errors(record)]
    means, runs = [float(values.mean()) for values in every], np.concatenate(every)
    return (
        f"the {len(means)} readings that meet every claim about training have mean test errors of {min(means):.2f} to "
        f"{max(means):.2f}%; their {len(runs)} single runs lie between {runs.min():.2f} and {runs.max():.2f}%"
    )


def tables(record: Record) -> list[Table]:
    columns = [Column("reading", kind="text"), Column("departures"), Column("seeds"), Column("test error", "%")]
    columns += [Column("held-out error", "%"), Column("held-out seeds")]
    rows = [
        [
            row["name"],
            len(row["departures"]),
            len(values),
            estimate(values),
            row["held_out_error_percent"],
            row["seeds"],
        ]
        for row, values in errors(record)
    ]
    notes = ["Names are those of the readings study, and the held-out errors are its own, of 50,000 patterns."]
    notes += [f"{row['name']} is the default." for row, _ in errors(record) if is_default(record, row)]
    return [Table("readings_band", "Test errors of the readings that meet every claim", columns, rows, notes)]


def claims(record: Record) -> list[Claim]:
    """Whether the paper's error lies in the band of single runs."""
    if not all(map(comparable, record["runs"])):
        return []
    runs = np.concatenate([values for _, values in errors(record)])
    verdict = "agrees" if runs.min() <= TEST_ERROR <= runs.max() else "contradicts"
    return [Claim("III-B", f"the test error is {TEST_ERROR}%", in_words(record), verdict)]


def figures(record: Record, stem: Path) -> list[Path]:
    """A line for each reading: its runs, and their mean."""
    every = errors(record)
    means = [float(values.mean()) for _, values in every]
    with style():
        figure = Figure(figsize=(5.5, 0.9 + 0.26 * len(every)))
        axes = figure.add_subplot()
        axes.axvspan(min(means), max(means), color="0.9", label="band of the means")
        if all(map(comparable, record["runs"])):
            axes.axvline(TEST_ERROR, color=TRAIN, label=f"1998: {TEST_ERROR}%")
        for y, (_, values) in enumerate(every):
            axes.plot(values, [y] * len(values), "o", color=TEST, markersize=3.5, label="one run" if not y else None)
        axes.plot(means, range(len(every)), "|", color="black", markersize=12, label="mean")
        axes.set_yticks(range(len(every)), [row["name"] + (" (default)" if is_default(record, row) else "")
                                            for row, _ in every])  # fmt: skip
        axes.set(xlabel="test error after 20 passes (%)", ylabel="reading")
        axes.invert_yaxis()
        figure.legend(loc="outside upper center", ncols=4)
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="readings_band",
    title="Test errors of the readings that meet every claim",
    paper="section III-B",
    question="Which test errors have the readings that meet every claim about training?",
    answer="Mean errors between {readings_band; round 8; test error} and {readings_band; space 81; test error}. The "
    "paper's error lies below all these means, each of {readings_band; round 8; seeds} seeds, and among the single "
    "runs. With more seeds the default's mean is lower (single_runs).",
    description="""\
The readings study chose by held-out errors, and never looked at the test set. Here each of its readings that meets
every claim learns all 60,000 training patterns, and is judged on the test set. Nothing is chosen by what comes out.
But the claims include a held-out error within a point of the paper's, so this is no independent prediction.""",
    caption="Test errors of the readings that meet every claim about training: single runs, their means, the band in "
    "which the means lie, and the paper's error.",
    chapter="What the paper leaves open",
    place=2,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=claims,
    quick={"engine": "numpy"},
    seeds=10,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""Does any reading meet the paper's claims whose weights start within 2.4 over F, as appendix A prints it?"""

import argparse
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import of_mnist
from experiments.machinery.setting import Setting
from experiments.readings.design import BASE, Space, on_the_average
from experiments.readings.experiment import Study
from experiments.readings.report import measures_of, scores_of, short_names, values_of
from experiments.readings.score import by_departures, by_distance, every_claim, rows
from lenet1998.commands.options import positive
from lenet1998.pictures.plotting import LOOKS, log_ticks, save, style
from lenet1998.recipe import PRINTED, Recipe
from lenet1998.report.table import Table

PART, WHOLE = "strip", "meets every claim"
# Weights are small under 2.4 / F, and signals fade from layer to layer: larger coefficients of S layers would make up
# for it, and larger penalties for the small second derivatives, whose rates are too large.
SPACE = Space(coefficient=(0.5, 10.0), penalty_scale=(0.03, 10.0), base=replace(BASE, init_power=PRINTED.init_power))


def plan(setting: Setting) -> Plan:
    of_mnist([setting.data.name])
    study = Study(setting)
    yield from study.made(SPACE.points(setting.arguments.points, seed=3), PART)
    return {"passes": setting.passes, "runs": list(study.runs.values()), "diverged": list(study.lost.values())}


def found(record: Record) -> list[dict]:
    """The score of every reading, the best first. Raises LeNetError for other data than MNIST."""
    of_mnist(run["data"]["name"] for run in record["runs"])
    scored = rows(record["runs"], record["diverged"], record["passes"])
    return sorted(scored, key=lambda row: (not every_claim(row), by_distance(row), by_departures(row)))


def outcome(row: dict, record: Record) -> str:
    """What came of a reading, in words."""
    if not row["seeds"]:
        return "diverged"
    if row["stopped"]:
        made = next(len(run["passes"]) for run in record["runs"] if run["recipe"]["name"] == row["reading"])
        return f"given up after pass {made}"
    return WHOLE if every_claim(row) else "fails a claim at the end"


def tables(record: Record) -> list[Table]:
    every, caption = found(record), "weights that start over F"
    names = short_names(every)
    return [
        scores_of(PART, caption, every, names),
        measures_of(PART, caption, every, names),
        values_of(f"readings_{PART}_values", "The readings over F", every, names),
    ]


def claims(record: Record) -> list[Claim]:
    """Appendix A's start."""
    ends = [outcome(row, record) for row in found(record)]
    whole = ends.count(WHOLE)
    counted = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
    says = "weights start within 2.4 / F, F being the fan-in"
    verdict = "agrees" if whole else "contradicts"
    return [Claim("Appendix A", says, f"of {len(ends)} readings {whole} meet every claim: {counted}", verdict)]


def figures(record: Record, stem: Path) -> list[Path]:
    """The strip: coefficient and scale of the penalty, and what came of each reading."""
    points: dict[str, list[tuple[float, float]]] = {}
    for row in found(record):
        recipe = Recipe.from_dict(row["recipe"])
        points.setdefault(outcome(row, record), []).append((on_the_average(recipe), recipe.penalty_scale))
    with style():
        figure = Figure(figsize=(5.5, 3.6))
        axes = figure.add_subplot()
        for (name, places), look in zip(sorted(points.items()), LOOKS, strict=False):
            axes.plot(*zip(*places, strict=True), **{**look, "linestyle": ""}, label=f"{name} ({len(places)})")
        axes.set(xscale="log", yscale="log", xlabel="coefficient of S layers, on the average of a window",
                 ylabel="scale of the penalty", title="Weights that start over the fan-in F")  # fmt: skip
        for axis in (axes.xaxis, axes.yaxis):
            log_ticks(axis)
        figure.legend(loc="outside lower center", ncols=2)
        return save(figure, stem)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--points", metavar="N", type=positive, default=32, help="points of the space (default: 32)")


EXPERIMENT = Experiment(
    name="readings_over_fan_in",
    title="Weights that start over the fan-in",
    paper="appendix A",
    question=__doc__,
    answer="No: each of them was given up after its first pass. Strip 18 learned most, with a training error of "
    "{readings_strip_measures; strip 18; training, pass 1}% there, but its rates lie a factor of "
    "{readings_strip_measures; strip 18; factor} from the paper's.",
    shown={
        "readings_strip": "1-2; 5; 8; 13; 17-19; 22; 32",
        "readings_strip_measures": "1-2; 5; 8; 13; 17-19; 22; 32",
    },
    description="""\
The readings study has few points that divide by the fan-in F instead of its root. Here all do, at 32 points of a space
of their own. Coefficients of S layers and scales of the penalty reach further up: larger ones could make up for small
weights. Gains, losses, j and S layers are those of the study. Readings are learned, given up and scored as there, on
held-out patterns, with one seed. Ranges were chosen before a run was made.""",
    caption="Readings whose weights start over the fan-in F, by the coefficient of S layers and the scale of the "
    "penalty: what came of each.",
    chapter="What the paper leaves open",
    place=2,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=claims,
    options=options,
    quick={"points": 4, "engine": "numpy"},
    divergence=True,
    seeds=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)

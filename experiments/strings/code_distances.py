"""How near F6 comes to the code of its label (Figures 25 and 26)."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.measures import trained
from experiments.machinery.record import are_mnist, divergences, ended, named
from experiments.machinery.setting import Setting
from experiments.strings.networks import Choices, Images, Sizes, engine_of, recipe_of
from lenet1998.pictures.activations import activations, codes_of
from lenet1998.pictures.plotting import TEST, TRAIN, log_ticks, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Table
from lenet1998.running.work import Task

PAPER = 0.2, 8.5  # the least and the largest of the 27 labelled outputs
KINDS = {"isolated": "single digits", "sdnn": "three characters"}
# c, the scale of the penalty, and j, the penalty of the rubbish class. Those of strings come first: j / c, their bound,
# is 120. The others have the bound at which the figures' labels end, with a tenth of the squared distance and with all.
VALUES = ((0.1, 12.0), (0.1, 0.85), (1.0, 8.5))
SHARES = (0.05, 0.5, 0.95)
MEASURED = 1000  # test patterns
DISTANCES, CLAMPED = "distances", "clamped_distances"


def recipe(kind: str, scale: float, j: float) -> Recipe:
    return replace(recipe_of(kind, Choices(j=j)), name=f"{kind}, c = {scale:g}, j = {j:g}", penalty_scale=scale)


RECIPES = [recipe(kind, *values) for kind, values in product(KINDS, VALUES)]


def distances(task: Task) -> dict[str, list[float]]:
    """Quantiles of the squared distances of F6 from the codes of the labels, and of the same with F6 cut at -1 and 1,
    beyond which the figures' greys show no difference."""
    network, _ = trained(task)
    test, codes = task.data.load().test, codes_of(network)
    test = test.first(min(MEASURED, len(test)))
    assert codes is not None, "LeNet-5 has RBF units"
    f6, own = activations(network, test.images)[-2].values, codes[test.labels]
    found = {DISTANCES: f6, CLAMPED: np.clip(f6, -1, 1)}
    return {key: np.quantile(((x - own) ** 2).sum(axis=1), SHARES).tolist() for key, x in found.items()}


def plan(setting: Setting) -> Plan:
    sizes, engine = Sizes.of(setting.data.train, setting.passes), engine_of(setting)
    return ended((yield [
        setting.run(one, seed, Images(setting.choice, kind, sizes, seed), engine=engine, measure=distances)
        for kind, one in zip(np.repeat(list(KINDS), len(VALUES)).tolist(), RECIPES, strict=True)
        for seed in range(1, 1 + setting.seeds)
    ]))  # fmt: skip


def means(runs: list[dict], key: str) -> np.ndarray:
    """Those quantiles, their means over seeds."""
    return np.mean([run[key] for run in runs], axis=0)


def tables(record: Record) -> list[Table]:
    columns = [
        Column("learned", kind="text"),
        Column("c", kind="significant"),
        Column("j", kind="significant", digits=3),
    ]
    columns += [Column("j / c", kind="significant", digits=3), Column("seeds"), Column("test error", "%")]
    columns += [Column(f"{share:.0%}", digits=1) for share in SHARES]
    columns += [Column(f"{share:.0%}, cut at 1", digits=1) for share in SHARES]
    rows = []
    for one in RECIPES:
        if runs := named(record["runs"], one.name):
            error = estimate([run["passes"][-1]["test_error_percent"] for run in runs])
            about = [KINDS[one.name.partition(",")[0]], one.penalty_scale, one.j, one.j / one.penalty_scale, len(runs)]
            rows.append([*about, error, *means(runs, DISTANCES).tolist(), *means(runs, CLAMPED).tolist()])
    notes = ["Quantiles of the squared distance of F6 from the code of the label, in units of equation 7, over test "
             "patterns. Cut at 1: with states of F6 beyond 1 set to 1, as in the figures.",
             *divergences(record)]  # fmt: skip
    return [Table("code_distances", "Distances of F6 from the code of its label", columns, rows, notes)]


def claims(record: Record) -> list[Claim]:
    """Which readings bring F6 to its code, on images of three characters as the figures show them."""
    medians = {name.partition(", ")[2]: float(means(runs, CLAMPED)[1])
               for name, runs in runs_of(record).items() if name.startswith("sdnn")}  # fmt: skip
    if not medians or not are_mnist(run["data"]["name"] for run in record["runs"]):
        return []
    found = "; ".join(f"{name}: {median:.1f}" for name, median in medians.items())
    met = any(PAPER[0] <= median <= PAPER[1] for median in medians.values())
    says = f"labelled outputs lie {PAPER[0]} to {PAPER[1]} from their codes in units of equation 7"
    verdict = "agrees" if met else "contradicts"
    return [Claim("VII, Figures 25 and 26", says, f"medians by c and j, F6 cut at 1: {found}", verdict)]


def runs_of(record: Record) -> dict[str, list[dict]]:
    return {one.name: runs for one in RECIPES if (runs := named(record["runs"], one.name))}


def figures(record: Record, stem: Path) -> list[Path]:
    """For each reading the median and the middle 90%, with and without the cut."""
    every = runs_of(record)
    with style():
        figure = Figure(figsize=(6, 0.8 + 0.38 * len(every)))
        axes = figure.add_subplot()
        if are_mnist(run["data"]["name"] for run in record["runs"]):
            axes.axvspan(*PAPER, color="0.88", label="1998: Figures 25 and 26")
        for key, colour, mark, shift, label in (
            (DISTANCES, TRAIN, "s", -0.13, "F6 as it is"),
            (CLAMPED, TEST, "o", 0.13, "F6 cut at -1 and 1"),
        ):
            low, middle, high = np.transpose([means(runs, key) for runs in every.values()])
            y = np.arange(len(every)) + shift
            axes.errorbar(middle, y, xerr=[middle - low, high - middle], fmt=mark, color=colour, capsize=3, label=label)
        names = [f"{KINDS[name.partition(',')[0]]}{name[name.index(',') :]}" for name in every]
        axes.set_yticks(range(len(every)), names)
        axes.set(xscale="log", xlabel="squared distance of F6 from its label's code (units of equation 7)")
        log_ticks(axes.xaxis)
        axes.invert_yaxis()
        figure.legend(loc="outside upper center", ncols=3)
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="code_distances",
    title="Distances of F6 from its codes",
    paper="section VII, Figures 25 and 26",
    question="Which reading of equation 9 brings F6 to the code of its label?",
    answer="With j / c = 8.5, which the figures suggest, F6 comes near to the code: on single digits and with c = 1 "
    "the median distance is {code_distances; single digits; 1; 8.5; 50%}. With the j / c = 120 of our networks for "
    "strings it is {code_distances; single digits; 0.1; 12; 50%}.",
    description="""\
In Figures 25 and 26 labelled outputs lie 0.2 to 8.5 from their codes, in units of equation 7. A label is drawn where
the distance is under a bound of 8 to 9. In equation 9 with penalties c y that bound is j / c. LeNet-5 learns single
digits, and section VII-B's images of three characters, with three pairs of c and j. All else is as for strings. The
distance is measured from the code of the true label, on test patterns without blanks.""",
    caption="Squared distance of F6 from the code of the true label on test patterns: median and middle 90%, means "
    "over seeds. Each of two kinds of images is learned with three pairs of c, the penalty's scale, and j.",
    chapter="Strings of digits",
    place=6,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=claims,
    seeds=3,
    passes=4,
    divergence=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)

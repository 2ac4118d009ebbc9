"""What becomes of the RBF centres when they may learn (section II-C)?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import curves, divergences, ended, named, watched
from experiments.machinery.setting import Setting
from lenet1998.evaluation import rate_interval, student_interval
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.pictures.plotting import LOOKS, band, columns, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Table

PENALTIES = (0.1, 1.0, 5.0, 100.0)
FIXED, EQUATION_8 = "fixed centres, equation 8", "adaptive centres, equation 8"


def recipes() -> list[Recipe]:
    """The default recipe with fixed centres under equation 8, and with adaptive ones under either equation."""
    default = Recipe(loss="mle")
    adaptive = [
        replace(default, name=f"adaptive centres, equation 9, j = {j:g}", codes_learn=True, loss="map", j=j)
        for j in PENALTIES
    ]
    return [replace(default, name=FIXED), replace(default, name=EQUATION_8, codes_learn=True), *adaptive]


def spread(network: Network) -> dict[str, float]:
    """How far the centres are from each other: root mean square over pairs of classes and units of F6.

    >>> from lenet1998.network import LeNet5
    >>> round(spread(LeNet5(Recipe()))["spread"], 2)
    1.22
    """
    output = network.layers[-1]
    assert isinstance(output, RBF)
    centres = output.codes.astype(np.float64)
    squares = np.square(centres[:, None] - centres).mean(axis=2)
    return {"spread": float(np.sqrt(squares[np.triu_indices(len(centres), 1)].mean()))}


def plan(setting: Setting) -> Plan:
    return ended((yield setting.every(recipes(), watch=spread)))


def groups(record: Record) -> dict[str, list[dict]]:
    """The runs of each recipe that has any, by its name."""
    return {each.name: runs for each in recipes() if (runs := named(record["runs"], each.name))}


def tables(record: Record) -> list[Table]:
    """Spread, loss and error after the last pass."""
    columns = [Column("centres and loss", kind="text"), Column("seeds"), Column("spread", digits=3)]
    columns += [Column("training loss", digits=2, kind="significant"), Column("test error", "%")]
    rows = [
        [
            name,
            len(runs),
            float(watched(runs, "spread")[:, -1].mean()),
            float(curves(runs, "train_loss")[:, -1].mean()),
            estimate(curves(runs, "test_error_percent")[:, -1]),
        ]
        for name, runs in groups(record).items()
    ]
    notes = ["Spread: root mean squared distance between two centres, per unit of F6.", *divergences(record)]
    return [Table("adaptive_centres", "Centres that learn, after the last pass", columns, rows, notes)]


def draw(record: Record, stem: Path) -> list[Path]:
    """By pass: the spread of the centres, the training loss, and the test error."""
    with style():
        figure, (centres, *others) = panels(3, (9, 3.2))
        for recipe, look in zip(recipes(), LOOKS, strict=False):
            runs = named(record["runs"], recipe.name)
            if not runs:
                continue
            passes = np.array([each["pass"] for each in runs[0]["passes"]])
            band(centres, np.array([0, *passes]), watched(runs, "spread"), recipe.name, look, student_interval)
            for axes, key in zip(others, ("train_loss", "test_error_percent"), strict=True):
                interval = rate_interval if key.endswith("percent") else student_interval
                band(axes, passes, curves(runs, key), recipe.name, look, interval)
        centres.set(ylabel="spread of the centres", ylim=(0, None), title="Centres")
        others[0].set(ylabel="training loss, on the fly", yscale="log", title="Loss")
        others[1].set(ylabel="test error (%)", yscale="log", title="Error")
        others[1].yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        for axes in (centres, *others):
            axes.set_xlabel("pass")
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        lines, labels = centres.get_legend_handles_labels()
        figure.legend(lines, labels, loc="outside lower center", ncols=columns(3))
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="adaptive_centres",
    title="What becomes of RBF centres that learn",
    paper="section II-C, equations 8 and 9",
    question="Do RBF centres that may learn collapse under equation 8, and does equation 9 prevent it?",
    answer="Under equation 8 the centres collapse: their spread falls from {adaptive_centres; fixed centres, equation "
    "8; spread} to {adaptive_centres; adaptive centres, equation 8; spread}, and the test error rises to "
    "{adaptive_centres; adaptive centres, equation 8; test error}. Under equation 9 they stay apart, and with j = 5 "
    "the test error is the lowest, {adaptive_centres; adaptive centres, equation 9, j = 5; test error}.",
    description="""\
The paper says that with adaptive centres equation 8 has a trivial solution: all centres equal, and F6 equal to them
whatever the input. Then there is no penalty, and no class is told from another. It says that the competition of
equation 9 prevents this. Here the centres start at the codes of Figure 3 and learn like all other parameters, under
equation 8 and under equation 9 with several penalties j of its rubbish class. To compare, they also stay fixed. The
spread of the codes themselves is about 1.2.""",
    caption="Spread of the centres, training loss and test error by pass, with the centres fixed at the codes of "
    "Figure 3, and learning under equation 8 or equation 9.",
    chapter="What the paper leaves open",
    place=5,
    plan=plan,
    tables=tables,
    figures=draw,
    divergence=True,
    passes=5,
)

if __name__ == "__main__":
    main(EXPERIMENT)

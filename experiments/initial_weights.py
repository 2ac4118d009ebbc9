"""Initial weights, too small and too large (appendix A), and whether weights shrink at first (section III-C.5)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import curves, divergences, ended, named, watched
from experiments.machinery.setting import Setting
from lenet1998.classifiers.network import recipe_of
from lenet1998.evaluation import student_interval
from lenet1998.network import Network
from lenet1998.pictures.plotting import LOOKS, band, log_ticks, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table
from lenet1998.training import WATCHED

FACTORS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
PERCEPTRONS = ("mlp_300", "mlp_1000")
LAYERS = ("C1", "C3", "C5", "F6", "F1", "Output")


def name_of(factor: float) -> str:
    """The recipe's name at a factor."""
    return f"weights x {factor:g}"


def recipes() -> list[Recipe]:
    """LeNet-5 at every factor, and section III-C's perceptrons with one hidden layer."""
    default = Recipe()
    scaled = [replace(default, name=name_of(each), init_gain=each * default.init_gain) for each in FACTORS]
    return [*scaled, *(recipe_of(network) for network in PERCEPTRONS)]


def norms(network: Network) -> dict[str, float]:
    """The root mean square of each layer's weights.

    >>> from lenet1998.network import LeNet5
    >>> sorted(norms(LeNet5(Recipe())))
    ['C1', 'C3', 'C5', 'F6']
    """
    views = network.parameters.named(network.parameters.values)
    weights = {name.removesuffix(".weight"): view for name, view in views.items() if name.endswith(".weight")}
    return {name: float(np.sqrt(np.square(view, dtype=np.float64).mean())) for name, view in weights.items()}


def relative(runs: list[dict], layer: str) -> np.ndarray:
    """The rms of a layer's weights before the first pass and after each, as a share of the first, (runs, passes)."""
    found = watched(runs, layer)
    return found / found[:, :1]


def plan(setting: Setting) -> Plan:
    return ended((yield setting.every(recipes(), watch=norms)))


def tables(record: Record) -> list[Table]:
    """Errors of every start, and what became of the weights by the last pass."""
    networks = [(each.name, runs) for each in recipes() if (runs := named(record["runs"], each.name))]
    columns = [Column("network", kind="text"), Column("seeds"), Column("training error, pass 1", "%")]
    columns += [Column("training error, last pass", "%"), Column("test error", "%")]
    rows: list[list[Cell]] = []
    for name, runs in networks:
        train, test = curves(runs, "train_error_percent"), curves(runs, "test_error_percent")
        rows.append([name, len(runs), *map(estimate, (train[:, 0], train[:, -1], test[:, -1]))])
    notes = ["Training errors are counted on the fly.", *divergences(record)]
    errors = Table("initial_weights", "Errors by the size of the initial weights", columns, rows, notes)
    shares: list[list[Cell]] = [
        [name, *(float(relative(runs, layer)[:, -1].mean()) if layer in runs[0][WATCHED] else None for layer in LAYERS)]
        for name, runs in networks
    ]
    caption = "Root mean square of each layer's weights after the last pass, as a share of that at the start"
    heads = [Column("network", kind="text"), *map(Column, LAYERS)]
    return [errors, Table("initial_weights_layers", caption, heads, shares)]


def draw(record: Record, stem: Path) -> list[Path]:
    """Training error by factor and pass, and the layers' weights by pass."""
    histories = record["runs"]
    with style():
        figure, (left, middle, right) = panels(3, (9, 4))
        for factor, look in zip(FACTORS, LOOKS, strict=False):
            runs = named(histories, name_of(factor))
            if runs:
                passes = np.array([record["pass"] for record in runs[0]["passes"]])
                band(left, passes, curves(runs, "train_error_percent"), name_of(factor), look)
        left.set(xlabel="pass", ylabel="training error, on the fly (%)", yscale="log", title="Appendix A: LeNet-5")
        log_ticks(left.yaxis)
        for axes, title, networks in (
            (middle, "LeNet-5, weights x 1", [name_of(1.0)]),
            (right, "Perceptrons, III-C.5", list(PERCEPTRONS)),
        ):
            looks = iter(LOOKS)
            for network in networks:
                runs = named(histories, network)
                for layer in runs[0][WATCHED] if runs else ():
                    by_pass = relative(runs, layer)
                    label = f"{network}, {layer}" if network in PERCEPTRONS else layer
                    band(axes, np.arange(by_pass.shape[1]), by_pass, label, next(looks), student_interval)
            axes.axhline(1, color="0.5", linewidth=0.8)
            axes.set(xlabel="pass", ylabel="rms weight / at the start", title=title)
        for axes in (left, middle, right):
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="initial_weights",
    title="Initial weights, and whether they shrink",
    paper="appendix A, section III-C.5",
    question="What do too small and too large initial weights do, and do weights shrink in the first passes?",
    answer="Small weights cost little: a hundredth of the usual size gives a test error of {initial_weights; weights "
    "x 0.01; test error}, the usual size {initial_weights; weights x 1; test error}, ten times as large ones "
    "{initial_weights; weights x 10; test error}. From the usual start the weights of C1, C3 and C5 grow and only "
    "those of F6 shrink.",
    description="""\
Appendix A says that too small initial weights make learning slow, because the origin is a saddle point of the error,
and that too large ones saturate the units. LeNet-5 starts here with weights from a hundredth to ten times those of the
default recipe. Section III-C.5 says that weights "invariably shrink" in the first few passes, and explains with it why
large networks generalise. So the root mean square of each layer's weights is on record before the first pass and after
each, for LeNet-5 and for the perceptrons with one hidden layer that the section is about.""",
    caption="Errors by the size of the initial weights, and the root mean square of each layer's weights by pass.",
    chapter="What the paper leaves open",
    place=7,
    plan=plan,
    tables=tables,
    figures=draw,
    divergence=True,
    passes=5,
)

if __name__ == "__main__":
    main(EXPERIMENT)

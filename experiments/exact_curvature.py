"""What appendix C's approximations change: h_kk as it is computed beside the exact second derivative (equation 22)."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.effective_rates import by_layer
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.measures import trained
from experiments.machinery.record import description, divergences, ended, named
from experiments.machinery.setting import Setting
from experiments.sdlm_seen import mean_gradient
from lenet1998.loss import Loss, make_loss
from lenet1998.network import Network
from lenet1998.networks import build
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.patterns import Patterns
from lenet1998.pictures.plotting import LOOKS, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import by_errors, same_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.check import slim
from lenet1998.running.provenance import provenance
from lenet1998.running.work import Task
from lenet1998.training import Trainer

PATTERNS = 500  # those of equation 24
PER_LAYER = 12
MOMENTS = {"start": "before training", "end": "after training"}
CORRECTED = "h_kk corrected by layer"


def exact(network: Network, loss: Loss, patterns: Patterns, chosen: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """d2E/dw_k2 of the mean loss for the parameters in `chosen`, float64: equation 22, all connections that share w_k
    moved together, by central differences of the gradient. The network is of float64."""
    found, values = np.empty(len(chosen)), network.parameters.values
    for i, k in enumerate(chosen):
        here = values[k]
        slopes = []
        for values[k] in (here - step, here + step):
            slopes.append(mean_gradient(network, loss, patterns)[k])
        values[k] = here
        found[i] = (slopes[1] - slopes[0]) / (2 * step)
    return found


def drawn(network: Network, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """By layer, the places of the parameters that are looked at."""
    places = np.arange(len(network.parameters.values))
    return {
        layer: rng.choice(every, min(PER_LAYER, len(every)), replace=False)
        for layer, every in by_layer(network, places).items()
    }


def compared(weights: np.ndarray, recipe: Recipe, patterns: Patterns, seed: int) -> dict[str, list[list[float]]]:
    """By layer, [h_kk of equations 23 to 27, the exact one] of parameters that are drawn with the seed."""
    recipe = replace(recipe, dtype="float64")
    network, loss = build(recipe), make_loss(recipe)
    network.parameters.values[:] = weights
    h = NumpyEngine(network, loss).mean_curvature(patterns, np.arange(len(patterns)))
    return {
        layer: np.stack([h[chosen], exact(network, loss, patterns, chosen)], axis=1).tolist()
        for layer, chosen in drawn(network, np.random.default_rng(seed)).items()
    }


def curvatures(task: Task) -> dict[str, dict]:
    """`compared` at the start of a run and at its end."""
    data = task.data.load()
    patterns = Patterns(data.train.images[:PATTERNS], data.train.labels[:PATTERNS])
    ends = {"start": Trainer(task.recipe, data, task.seed, "numpy").network, "end": trained(task)[0]}
    return {
        "curvatures": {
            moment: compared(network.parameters.values, task.recipe, patterns, task.seed)
            for moment, network in ends.items()
        }
    }


def pairs_of(runs: list[dict], layer: str, moments: Iterable[str] = MOMENTS) -> np.ndarray:
    """h_kk and the exact second derivative of a layer's parameters, of all runs, (n, 2)."""
    return np.array([pair for run in runs for moment in moments for pair in run["curvatures"][moment][layer]])


def ratios(runs: list[dict], layer: str) -> np.ndarray:
    """Exact over approximate second derivatives, before training and after it."""
    h, true = pairs_of(runs, layer).T
    return true / h


def layers_of(runs: list[dict]) -> list[str]:
    return list(runs[0]["curvatures"]["start"])


def plan(setting: Setting) -> Plan:
    first = ended((yield setting.runs(Recipe(), measure=curvatures)))
    medians = {layer: float(np.median(ratios(first["runs"], layer))) for layer in layers_of(first["runs"])}
    factors = tuple((layer, round(max(ratio, 0.01), 4)) for layer, ratio in medians.items())
    second = ended((yield setting.runs(replace(Recipe(name=CORRECTED), curvature_factors=factors))))
    runs = [slim(run) for run in first["runs"] + second["runs"]]
    return {**provenance(), "data": description(setting.data), "runs": runs,
            "diverged": first["diverged"] + second["diverged"]}  # fmt: skip


def tables(record: Record) -> list[Table]:
    """Curvatures by layer, and what the difference is worth in test error."""
    name, usual, corrected = record["experiment"], *(named(record["runs"], each) for each in (Recipe().name, CORRECTED))
    heads = [Column("exact / h_kk"), Column("quarter below"), Column("quarter above"), Column("negative", "%", 0)]
    columns = [Column("layer", kind="text"), Column("when", kind="text"), *heads, Column("step of the steepest")]
    rows: list[list[Cell]] = []
    for layer in layers_of(usual):
        for moment, when in MOMENTS.items():
            pairs = pairs_of(usual, layer, (moment,))
            low, middle, high = np.quantile(pairs[:, 1] / pairs[:, 0], (0.25, 0.5, 0.75))
            estimated, exact = pairs[pairs[:, 0].argmax()]
            step = (Recipe().mu + estimated) / (Recipe().mu + max(exact, 0))
            rows.append([layer, when, *map(float, (middle, low, high, 100 * np.mean(pairs[:, 1] < 0), step))])
    notes = [
        f"h_kk: equations 23 to 27. Exact: equation 22, of {PER_LAYER} parameters per layer and run, drawn at random. "
        f"Both are of the first {PATTERNS} training patterns. The ratio is the median, with its quartiles.",
        "Step of the steepest: what equation 21 gives the parameter with the largest h_kk, with the exact second "
        "derivative, as a multiple of what it gives with h_kk.",
    ]
    errors = [[each["passes"][-1]["test_error_percent"] for each in own] for own in (usual, corrected)]
    shown: list[list[Cell]] = [
        [label, estimate(own)] for label, own in (("as in appendix C", errors[0]), (CORRECTED, errors[1])) if own
    ]
    if corrected:
        shown.append(["second minus first", difference(by_errors(*same_seeds(corrected, usual)))])
    about = [
        f"{CORRECTED}: h_kk times the layer's median of exact / h_kk, at least 0.01. Single parameters keep their "
        "differences.",
        *divergences(record),
    ]
    return [
        Table(name, "Second derivatives of appendix C beside the exact ones", columns, rows, notes),
        Table(f"{name}_errors", "What the approximation changes in test error",
              [Column("second derivatives", kind="text"), Column("test error", "%")], shown, about),
    ]  # fmt: skip


def figures(record: Record, stem: Path) -> list[Path]:
    """Each sampled parameter: its exact second derivative over h_kk; what is negative lies below, at its size."""
    runs = named(record["runs"], Recipe().name)
    with style():
        figure, axes = panels(2, (7.5, 3.4))
        every = np.concatenate([pairs_of(runs, layer) for layer in layers_of(runs)])
        span = np.geomspace(1e-3, 2 * every[:, 0].max())
        for panel, (moment, when) in zip(axes, MOMENTS.items(), strict=True):
            panel.plot(span, span, color="0.5", linewidth=1)
            panel.axhline(0, color="0.5", linewidth=0.6, linestyle=":")
            for layer, look in zip(layers_of(runs), LOOKS, strict=False):
                points = pairs_of(runs, layer, (moment,)).T
                panel.plot(*points, look["marker"], color=look["color"], markersize=3.5, label=layer)
            panel.set(
                title=when,
                xscale="log",
                xlabel="$h_{kk}$ of appendix C",
                ylim=(2 * min(every.min(), 0), 2 * every.max()),
            )
            panel.set_yscale("symlog", linthresh=1e-3)
        axes[0].set_ylabel("exact second derivative")
        axes[0].legend(fontsize=7, ncols=2)
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="exact_curvature",
    title="What appendix C's approximations change",
    paper="appendix C, equations 22 to 27",
    question="How far is h_kk from the exact second derivative, and does the difference change the error?",
    answer="After training, the exact second derivative is {exact_curvature; F6; after training; exact / h_kk} times "
    "h_kk in F6. In C1, where 784 connections share a weight, it is {exact_curvature; C1; after training; "
    "exact / h_kk} times h_kk. Before training its median is smaller in every layer, and some are negative. "
    "Step sizes corrected by layer make no difference in error that these seeds can show.",
    description="Appendix C leaves out terms between connections that share a weight, and the term of equation 26 that "
    "can be negative; the recursion starts from an approximation too. The exact second derivative of a parameter is "
    "the difference of two gradients, in float64. That is far too slow for all 60,000, so some are drawn in each "
    "layer. Then networks learn with h_kk multiplied by what was found for their layers.",
    caption="Exact second derivatives of parameters drawn at random, and their h_kk. On the line both are equal.",
    chapter="What the paper leaves open",
    place=4,
    plan=plan,
    tables=tables,
    figures=figures,
    divergence=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)

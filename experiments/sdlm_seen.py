"""What appendix C's method sees: h_kk by layer and pass, the step sizes that follow, and two weights' way down."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiments.effective_rates import PAPERS, by_layer
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from lenet1998.engine import Engine
from lenet1998.loss import Loss
from lenet1998.network import Network
from lenet1998.patterns import Patterns
from lenet1998.pictures.plotting import LOOKS, log_ticks, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.table import Column, Table
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.sdlm import step_sizes
from lenet1998.training import Progress, Trainer, make_loss

BINS = np.logspace(-5, -1, 49)
PATTERNS, STEPS, GRID = 500, 12, 31


def mean_gradient(network: Network, loss: Loss, patterns: Patterns) -> np.ndarray:
    """dE/dw of the mean loss, (parameters,)."""
    network.parameters.gradient.fill(0)
    network.backward(loss.gradient(network.forward(patterns.images), patterns.labels))
    return network.parameters.gradient / len(patterns)


class Slice:
    """The mean loss of some patterns as a function of two parameters, all others as they are."""

    def __init__(self, engine: Engine, recipe: Recipe, patterns: Patterns, weights: list[int]):
        self.engine, self.loss, self.patterns, self.weights = engine, make_loss(recipe), patterns, weights
        self.values = engine.network.parameters.values

    def at(self, point: np.ndarray) -> float:
        self.values[self.weights] = point
        return float(self.loss.value(self.engine.penalties(self.patterns.images), self.patterns.labels).mean())

    def slope(self, point: np.ndarray) -> np.ndarray:
        """The gradient, (2,)."""
        self.values[self.weights] = point
        return mean_gradient(self.engine.network, self.loss, self.patterns)[self.weights]

    def way(self, start: np.ndarray, rates: np.ndarray) -> list[list[float]]:
        """Where gradient descent with these rates goes in STEPS steps."""
        points = [start]
        for _ in range(STEPS):
            points.append(points[-1] - rates * self.slope(points[-1]))
        return [point.tolist() for point in points]


def sliced(trainer: Trainer, h: np.ndarray) -> Record:
    """The loss round the start over two weights: that of the largest h_kk, and of those with a hundredth of it or less
    the one with the largest gradient. One rate has to suit the first; appendix C gives each its own."""
    some = trainer.data.train
    patterns = Patterns(some.images[:PATTERNS], some.labels[:PATTERNS])
    first = int(h.argmax())
    start = trainer.network.parameters.values.copy()
    slope = np.abs(Slice(trainer.engine, trainer.recipe, patterns, list(range(len(h)))).slope(start))
    second = int(np.where(h <= h[first] / 100, slope, 0).argmax())
    seen = Slice(trainer.engine, trainer.recipe, patterns, [first, second])
    here = start[seen.weights].astype(np.float64)
    ways = {
        "SGD": seen.way(here, np.full(2, 1 / (trainer.recipe.mu + h[first]))),
        "SDLM": seen.way(here, step_sizes(h[seen.weights].astype(np.float64), 1.0, trainer.recipe.mu)),
    }
    points = np.concatenate(list(ways.values()))
    low, high = points.min(axis=0), points.max(axis=0)
    low, high = low - 0.3 * (high - low), high + 0.3 * (high - low)
    axes = [np.linspace(low[i], high[i], GRID) for i in (0, 1)]
    surface = [[seen.at(np.array([x, y])) for x in axes[0]] for y in axes[1]]
    trainer.network.parameters.values[:] = start
    names = trainer.network.parameters.named(np.arange(len(h)))
    called = [next(name for name, view in names.items() if weight in view) for weight in seen.weights]
    return {"weights": called, "h": h[seen.weights].tolist(), "ways": ways, "axes": [each.tolist() for each in axes],
            "loss": surface}  # fmt: skip


def measured(
    out: Path, progress: Progress | None, passed: Callable[[dict], None] | None, *, recipe: Recipe, data: DataChoice,
    count: int, engine: str,
) -> Record:  # fmt: skip
    """One run: h_kk before each pass, the step sizes of the first, and the slice at the start."""
    digits = data.load()
    trainer = Trainer(recipe, digits, seed=1, engine=engine)
    medians, about = [], {**provenance(), "recipe": recipe.as_dict(), "engine": trainer.engine.name}
    for number in range(1, count + 1):
        h = trainer.curvature(number)
        medians.append({layer: float(np.median(values)) for layer, values in by_layer(trainer.network, h).items()})
        if number == 1:
            steps = step_sizes(h, recipe.eta(1), recipe.mu)
            layers = by_layer(trainer.network, steps)
            histogram = {layer: np.histogram(own, BINS)[0].tolist() for layer, own in layers.items()}
            about |= {"steps": histogram, "slice": sliced(trainer, h)}
        record = trainer.run_pass(progress)
        if passed:
            passed(record)
    return {**about, "digests": dict(digits.digests), "mu": recipe.mu, "medians": medians}


def plan(setting: Setting) -> Plan:
    recipe, passes, size = setting.recipe, setting.passes, len(setting.data.train)
    given = {"data": setting.choice, "count": passes, "engine": setting.arguments.engine}
    (record,) = yield [setting.part("curvatures", measured, recipe.as_dict(), passes, size, recipe=recipe, **given)]
    return record


def tables(record: Record) -> list[Table]:
    layers = list(record["medians"][0])
    columns = [Column("pass"), *(Column(layer, kind="significant") for layer in layers)]
    rows = [[number, *(each[layer] for layer in layers)] for number, each in enumerate(record["medians"], 1)]
    return [Table(record["experiment"], "Median of h_kk by layer before each pass", columns, rows)]


def figures(record: Record, stem: Path) -> list[Path]:
    with style():
        figure, (passes, sizes, surface) = panels(3, (9.5, 3.2))
        layers = list(record["medians"][0])
        for layer, look in zip(layers, LOOKS, strict=False):
            passes.plot(range(1, 1 + len(record["medians"])), [each[layer] for each in record["medians"]], label=layer,
                        **look)  # fmt: skip
        passes.axhline(record["mu"], color="0.4", linestyle="--", linewidth=1)
        passes.text(len(record["medians"]), record["mu"] * 0.85, "mu", fontsize=8, ha="right", va="top")
        passes.set(yscale="log", xlabel="pass", ylabel="median of $h_{kk}$", title="Curvature by layer")
        log_ticks(passes.yaxis)
        passes.legend(fontsize=7, ncols=2)
        sizes.axvspan(*PAPERS, color="0.9")
        for layer, look in zip(layers, LOOKS, strict=False):
            counts = np.array(record["steps"][layer])
            sizes.stairs(counts / counts.sum(), BINS, label=layer, color=look["color"])
        sizes.set(xscale="log", xlabel="step size in pass 1", ylabel="share of the layer", title="Grey: range in III-B")
        seen = record["slice"]
        surface.contour(*seen["axes"], seen["loss"], 15, colors="0.7", linewidths=0.7)
        for (name, way), mark in zip(seen["ways"].items(), ("s--", "o-"), strict=True):
            surface.plot(*np.transpose(way), mark, markersize=3, label=name)
        names = [f"{name}, $h_{{kk}}$ = {h:.2g}" for name, h in zip(seen["weights"], seen["h"], strict=True)]
        surface.set(xlabel=names[0], ylabel=names[1], title=f"{STEPS} steps on {PATTERNS} patterns")
        surface.legend()
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="sdlm_seen",
    title="What appendix C's method sees",
    paper="appendix C",
    question="How do the second derivatives differ between layers and passes, and what do step sizes of one's own do?",
    answer="Before the first pass the median h_kk is {sdlm_seen; 1; S2} in S2 and {sdlm_seen; 1; C5} in C5. After it "
    "h_kk falls in every layer except F6.",
    shown={"sdlm_seen": "1-5; 8; 10; 12; 16; 20"},
    description="One run with the recipe. Before each pass h_kk is estimated. At the start the mean loss of 500 "
    "patterns is drawn over two parameters whose h_kk differ a hundredfold or more. Gradient descent with one rate "
    "(SGD) takes 1 / (mu + h_kk) of the steeper one for both; appendix C's method (SDLM) gives each its own. The "
    "picture explains the method. Whether networks err less with it is another question, which `sdlm_vs_sgd` measures.",
    caption="Left: median h_kk by layer before each pass. Middle: step sizes of the first pass, with the paper's "
    "range. Right: the loss over two parameters, with the ways of SGD and of SDLM.",
    chapter="What the paper leaves open",
    place=3,
    plan=plan,
    tables=tables,
    figures=figures,
    seeds=None,
    recipe=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)

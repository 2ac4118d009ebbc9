"""Effective rates eps_k = eta / (mu + h_kk) by layer, in the first pass and later (section III-B)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from lenet1998.data.files import FILES
from lenet1998.network import Network
from lenet1998.pictures.plotting import panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.table import Column, Table
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.sdlm import step_sizes
from lenet1998.training import Progress, Trainer

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
PASSES = (1, 3, 20)
PAPERS = (7e-5, 0.016)  # the smallest and the largest in the first pass


def by_layer(network: Network, vector: np.ndarray) -> dict[str, np.ndarray]:
    """A vector of all parameters under the names of the layers."""
    layers: dict[str, list[np.ndarray]] = {}
    for name, view in network.parameters.named(vector).items():
        layers.setdefault(name.split(".")[0], []).append(view.ravel())
    return {layer: np.concatenate(parts) for layer, parts in layers.items()}


def quantiles(trainer: Trainer, number: int) -> dict[str, list[float]]:
    """Quantiles of the step sizes of pass `number`, under the names of the layers."""
    steps = step_sizes(trainer.curvature(number), trainer.recipe.eta(number), trainer.recipe.mu)
    layers = by_layer(trainer.network, steps)
    return {layer: [float(q) for q in np.quantile(own, QUANTILES)] for layer, own in layers.items()}


def measured(
    out: Path, progress: Progress | None, passed: Callable[[dict], None] | None, *, recipe: Recipe, data: DataChoice,
    count: int, engine: str,
) -> Record:  # fmt: skip
    """One run, with the quantiles at the start of chosen passes."""
    digits = data.load()
    trainer = Trainer(recipe, digits, seed=1, engine=engine)
    rates = {}
    for number in range(1, count + 1):
        if number in PASSES or number == count:
            rates[str(number)] = quantiles(trainer, number)
        record = trainer.run_pass(progress)
        if passed:
            passed(record)
    about = {**provenance(), "recipe": trainer.recipe.as_dict(), "engine": trainer.engine.name}
    return {**about, "digests": dict(digits.digests), "quantiles": QUANTILES, "steps": rates}


def plan(setting: Setting) -> Plan:
    recipe, passes, size = setting.recipe, setting.passes, len(setting.data.train)
    given = {"data": setting.choice, "count": passes, "engine": setting.arguments.engine}
    (record,) = yield [setting.part("rates", measured, recipe.as_dict(), passes, size, recipe=recipe, **given)]
    return record


def compared(record: Record) -> bool:
    """Whether the data are MNIST's files, for which the paper gives its range."""
    return record["digests"].keys() == FILES.keys()


def tables(record: Record) -> list[Table]:
    """Quantiles of each layer's rates, pass by pass."""
    columns = [Column("pass"), Column("layer", kind="text")]
    heads = [{0.0: "smallest", 0.5: "median", 1.0: "largest"}.get(share, f"{share:.0%}") for share in QUANTILES]
    columns += [Column(head, kind="significant") for head in heads]
    rows = [
        [int(number), layer, *values] for number, layers in record["steps"].items() for layer, values in layers.items()
    ]
    return [Table(record["experiment"], "Quantiles of the effective rates by layer", columns, rows)]


def claims(record: Record) -> list[Claim]:
    """The range of the first pass."""
    if not compared(record):
        return []
    ends = [(values[0], values[-1]) for values in record["steps"]["1"].values()]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    near = max(abs(np.log(np.divide((low, high), PAPERS)))) <= np.log(1.5)
    says = "in the first pass effective rates lie between about 7e-5 and 0.016"
    return [Claim("III-B", says, f"between {low:.1e} and {high:.1e}", "agrees" if near else "contradicts")]


def draw(record: Record, stem: Path) -> list[Path]:
    """For each layer the range, the middle 90% and 50%, and the median of its steps; if it may be compared, the paper's
    range as a band."""
    with style():
        figure, every = panels(len(record["steps"]), (7, 3.2), sharey=True)
        for axes, (number, layers) in zip(every, record["steps"].items(), strict=True):
            if number == "1" and compared(record):
                axes.axhspan(*PAPERS, color="0.9", label="1998: 7e-5 to 0.016")
                axes.legend(loc="upper left", fontsize=7)
            for x, (low, q05, q25, median, q75, q95, high) in enumerate(layers.values()):
                axes.plot([x, x], [low, high], color="#0072B2", linewidth=1)
                axes.plot([x, x], [q05, q95], color="#0072B2", linewidth=3)
                axes.plot([x, x], [q25, q75], color="#0072B2", linewidth=6)
                axes.plot(x, median, "o", color="white", markersize=3, markeredgecolor="black")
            axes.set_xticks(range(len(layers)), layers)
            axes.set(yscale="log", title=f"pass {number}")
        figure.axes[0].set_ylabel("effective rate $\\epsilon_k$")
        figure.suptitle("Equation 21: range, middle 90% and 50%, and median of each layer's rates", fontsize=10)
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="effective_rates",
    title="Step sizes by layer",
    paper="section III-B, appendix C",
    question="How large are the effective rates of equation 21 in each layer, in the first pass and later?",
    answer="In the first pass they lie between {effective_rates; 1; S2; smallest} in S2 and {effective_rates; 1; C5; "
    "largest} in C5; the paper says 7e-5 to 0.016. Later those of C1, C3 and C5 lie close to the largest that is "
    "possible, eta / mu.",
    shown={"effective_rates": "1; 20"},
    description="One run with the recipe. At the start of the passes 1, 3 and 20 the step sizes of every layer's "
    "parameters are recorded as quantiles.",
    caption="Effective rates by layer at the start of a pass: range, middle 90% and 50%, and median. The paper gives "
    "7e-5 to 0.016 for the first.",
    chapter="What the paper leaves open",
    place=3,
    plan=plan,
    tables=tables,
    figures=draw,
    claims=claims,
    seeds=None,
    recipe=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)

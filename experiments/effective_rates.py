"""Effective rates eps_k = eta / (mu + h_kk) by layer, in the first pass and later (section III-B).

The paper gives 7e-5 to 0.016 for the first pass. One run with the recipe; at the start of chosen passes the step
sizes of every layer's parameters are recorded as quantiles.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from experiments.common import guarded, recorded, resolve_data
from experiments.options import parse, plain_options, variant
from lenet1998.commands.options import chosen_recipe
from lenet1998.data.files import FILES
from lenet1998.files import write_json
from lenet1998.pictures.plotting import panels, save, style
from lenet1998.running.progress import Console
from lenet1998.running.provenance import provenance
from lenet1998.sdlm import step_sizes
from lenet1998.training import Trainer

NAME = "effective_rates"
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
PASSES = (1, 3, 20)


def quantiles(trainer: Trainer, number: int) -> dict[str, list[float]]:
    """Quantiles of the step sizes of pass `number`, under the names of the layers."""
    steps = step_sizes(trainer.curvature(number), trainer.recipe.eta(number), trainer.recipe.mu)
    layers: dict[str, list[np.ndarray]] = {}
    for name, view in trainer.network.parameters.named(steps).items():
        layers.setdefault(name.split(".")[0], []).append(view.ravel())
    return {layer: [float(q) for q in np.quantile(np.concatenate(parts), QUANTILES)] for layer, parts in layers.items()}


def draw(rates: dict[str, dict[str, list[float]]], compared: bool, stem: Path) -> list[Path]:
    """For each layer the range, the middle 90% and 50%, and the median of its steps; if it may be compared, the paper's
    range as a band."""
    with style():
        figure, every = panels(len(rates), (7, 3.2), sharey=True)
        for axes, (number, layers) in zip(every, rates.items(), strict=True):
            if number == "1" and compared:
                axes.axhspan(7e-5, 0.016, color="0.9", label="1998: 7e-5 to 0.016")
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


def train(name: str, arguments: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Make the run, record the quantiles in OUT/name.json, and return them by pass and layer."""
    data = resolve_data(arguments)
    trainer = Trainer(chosen_recipe(arguments), data, seed=1, engine=arguments.engine)
    console = Console(arguments.passes, len(data.train), arguments.quiet)
    rates = {}
    try:
        for number in range(1, arguments.passes + 1):
            if number in PASSES or number == arguments.passes:
                rates[str(number)] = quantiles(trainer, number)
            console.passed(trainer.run_pass(console.progress))
    finally:
        console.close()
    record = {"experiment": NAME, **provenance(), "recipe": trainer.recipe.as_dict(), "engine": trainer.engine.name,
              "digests": dict(data.digests), "quantiles": QUANTILES, "steps": rates}  # fmt: skip
    write_json(arguments.out / f"{name}.json", record)
    return rates


def main() -> None:
    arguments = parse(plain_options(__doc__))
    name = variant(NAME, arguments)
    rates = recorded(name, arguments, "steps") if arguments.plot_only else train(name, arguments)
    for layer, values in rates["1"].items():
        print(f"pass 1, {layer}: {values[0]:.1e} .. {values[3]:.1e} .. {values[-1]:.1e}")
    compared = recorded(name, arguments, "digests").keys() == FILES.keys()  # those of MNIST's files
    for path in (arguments.out / f"{name}.json", *draw(rates, compared, arguments.out / name)):
        print(path)


if __name__ == "__main__":
    guarded(main)

"""Initial weights, too small and too large (appendix A), and whether weights shrink at first (section III-C.5).

Appendix A says that too small initial weights make learning slow, because the origin is a saddle point of the error,
and that too large ones saturate the units. LeNet-5 starts here with weights from a hundredth to ten times those of the
default recipe. Section III-C.5 says that weights "invariably shrink" in the first few passes, and explains with it why
large networks generalise; so the root mean square of each layer's weights is on record before the first pass and after
each, for LeNet-5 and for the perceptrons with one hidden layer that the section is about.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.common import at_pass, guarded, named, recorded, train_watched, watched
from experiments.options import options, parse
from lenet1998.classifiers.network import recipe_of
from lenet1998.evaluation import student_interval
from lenet1998.network import Network
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, band, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.training import WATCHED

NAME = "initial_weights"
FACTORS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
PERCEPTRONS = ("mlp_300", "mlp_1000")


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


def draw(histories: list[dict], stem: Path) -> list[Path]:
    """Training error by factor and pass, and the layers' weights by pass."""
    with style():
        figure, (left, middle, right) = panels(3, (9, 3.4))
        for factor, look in zip(FACTORS, LOOKS, strict=False):
            runs = named(histories, name_of(factor))
            if runs:
                passes = np.array([record["pass"] for record in runs[0]["passes"]])
                errors = np.array([[record["train_error_percent"] for record in run["passes"]] for run in runs])
                band(left, passes, errors, name_of(factor), look)
        left.set(xlabel="pass", ylabel="training error, on the fly (%)", yscale="log", title="Appendix A: LeNet-5")
        left.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
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
        left.set_ylim(top=100)  # room for the legend, as below
        for axes, place in ((left, (1, 1)), (middle, (0.3, 1)), (right, (1, 0.58))):
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
            if axes.get_legend_handles_labels()[0]:
                if chosen_look().narrow:
                    axes.legend(ncols=2 if axes is left else 1)
                else:
                    axes.legend(loc="upper right", bbox_to_anchor=place, ncols=2 if axes is left else 1)
        return save(figure, stem)


def main() -> None:
    arguments = parse(options(__doc__, seeds=5, passes=5, recipe=False))
    if not arguments.plot_only:
        train_watched(NAME, recipes(), norms, arguments)
    histories, diverged = recorded(NAME, arguments), recorded(NAME, arguments, "diverged")
    for recipe in recipes():
        runs = named(histories, recipe.name)
        if runs:
            first, last = (at_pass(runs, number, "train_error_percent") for number in (1, -1))
            test = at_pass(runs, -1, "test_error_percent")
            shares = ", ".join(f"{layer} {relative(runs, layer)[:, -1].mean():.2f}" for layer in runs[0][WATCHED])
            print(
                f"{recipe.name}, {len(runs)} seeds: training error {first[0]:.2f}% in pass 1, {last[0]:.2f}% in the "
                f"last, test error {test[0]:.2f}% ({test[1]:.2f} to {test[2]:.2f}); rms weights by then, as a share of "
                f"the start: {shares}"
            )
    for end in diverged:
        print(f"{end['recipe']}, seed {end['seed']}: {end['reason']}")
    for path in (arguments.out / f"{NAME}.json", *draw(histories, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)

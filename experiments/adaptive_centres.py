"""What becomes of the RBF centres when they may learn (section II-C)?

The paper says that with adaptive centres equation 8 has a trivial solution: all centres equal, and F6 equal to them
whatever the input, at no penalty and with no class told from another; and that the competition of equation 9 prevents
it. Here the centres start at the codes of Figure 3 and learn like all other parameters, under equation 8, under
equation 9 for several penalties j of its rubbish class, and, to compare, stay fixed. The spread of the centres is the
root of the mean squared distance between two of them, per unit of F6; for the codes themselves it is about 1.2.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.common import at_pass, guarded, named, recorded, train_watched, watched
from experiments.options import options, parse
from lenet1998.evaluation import rate_interval, student_interval
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.pictures.plotting import LOOKS, band, columns, panels, save, style
from lenet1998.recipe import Recipe

NAME = "adaptive_centres"
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


def draw(histories: list[dict], stem: Path) -> list[Path]:
    """By pass: the spread of the centres, the training loss, and the test error."""
    with style():
        figure, (centres, *others) = panels(3, (9, 3.2))
        for recipe, look in zip(recipes(), LOOKS, strict=False):
            runs = named(histories, recipe.name)
            if not runs:
                continue
            passes = np.array([record["pass"] for record in runs[0]["passes"]])
            band(centres, np.array([0, *passes]), watched(runs, "spread"), recipe.name, look, student_interval)
            for axes, key in zip(others, ("train_loss", "test_error_percent"), strict=True):
                curves = np.array([[each[key] for each in run["passes"]] for run in runs])
                interval = rate_interval if key.endswith("percent") else student_interval
                band(axes, passes, curves, recipe.name, look, interval)
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


def main() -> None:
    arguments = parse(options(__doc__, seeds=5, passes=5, recipe=False))
    if not arguments.plot_only:
        train_watched(NAME, recipes(), spread, arguments)
    histories = recorded(NAME, arguments)
    for recipe in recipes():
        runs = named(histories, recipe.name)
        if runs:
            loss, (error, low, high) = (at_pass(runs, -1, key) for key in ("train_loss", "test_error_percent"))
            ends = watched(runs, "spread")[:, -1]
            print(
                f"{recipe.name}, {len(runs)} seeds: spread {ends.mean():.3f}, training loss {loss[0]:.2g}, test error "
                f"{error:.2f}% ({low:.2f} to {high:.2f})"
            )
    for path in (arguments.out / f"{NAME}.json", *draw(histories, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)

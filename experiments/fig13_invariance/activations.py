"""Figure 13 itself: nine perturbed digits with all activations of a network."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.fig13_invariance.perturbations import PERTURBATIONS, perturbed
from lenet1998.evaluation import answers
from lenet1998.network import Network
from lenet1998.patterns import Patterns
from lenet1998.pictures import chosen_look
from lenet1998.pictures.activations import activations
from lenet1998.pictures.activations_figure import CAPTION, Drawing
from lenet1998.pictures.plotting import save, style

SHOWN = (
    ("scale", 0.6), ("scale", 1.6), ("vertical shift", 5.0), ("horizontal shift", 5.0), ("rotation", 30.0),
    ("rotation", -30.0), ("stroke width", -1.0), ("stroke width", 3.0), ("noise", 10.0),
)  # fmt: skip
"""The nine inputs of the figure: done to the first 1 of the test set, the first 2, and so on to 9."""


def shown(test: Patterns) -> tuple[np.ndarray, list[str]]:
    """The nine inputs, uint8 (9, 32, 32), and what they are. A digit that is not in the test set is left out."""
    by_name = {each.name: each for each in PERTURBATIONS}
    images, titles = [], []
    for digit, (name, value) in enumerate(SHOWN, 1):
        for index in np.flatnonzero(test.labels == digit)[:1]:
            images.append(perturbed(test.images[index : index + 1], by_name[name], value)[0])
            titles.append(f"a {digit} {by_name[name].done.format(value)}")
    return np.array(images), titles


def draw_activations(network: Network, test: Patterns, stem: Path) -> list[Path]:
    """Figure 13: nine inputs with C1 to F6, and the penalties as shades of the labels."""
    images, titles = shown(test)
    if chosen_look().narrow:  # in a column there is room for one of each kind
        kinds = [name for name, _ in SHOWN[: len(titles)]]
        kept = [kinds.index(name) for name in dict.fromkeys(kinds)]
        images, titles = images[kept], [titles[place] for place in kept]
    stages = activations(network, images)
    given = answers(stages[-1].values)
    with style():
        rows, across, size = (
            (len(titles), 1, (chosen_look().width or 0, 1.45 * len(titles) + 0.6))
            if chosen_look().narrow
            else (3, 3, (11, 5.4))
        )
        figure = Figure(figsize=size)
        grid = figure.subplots(rows, across).ravel()
        for axes in grid[len(images) :]:
            axes.set_axis_off()
        for which, (axes, title) in enumerate(zip(grid, titles, strict=False)):
            Drawing(axes, stages, details=False).show(stages, which)
            wrong = not title.startswith(f"a {given[which]} ")
            told, weight = (", wrong", "bold") if wrong else ("", "normal")
            axes.set_title(f"{title}: answer {given[which]}{told}", fontsize=8, weight=weight)
        figure.suptitle(
            "LeNet-5 that learned strings with a tenth of the pixels inverted, as drawn in Figures 25 and 26; "
            "after Figure 13",
            fontsize=10,
        )
        figure.supxlabel(CAPTION, fontsize=8)
        return save(figure, stem)

"""What networks for strings learn from and are tested on: a sheet of section VII-B's images.

Above, training images: characters flanked by two others, and blanks, as the text has them, with a tenth of the pixels
inverted and without. Below, strings of five characters, in the same way, and strings drawn in the manner of Figures 25
and 26. Training images show digits of the training set alone, strings those of the test set.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.common import guarded
from experiments.options import FIGURES, RESULTS
from lenet1998.commands.options import add_figure_options, natural
from lenet1998.data import load
from lenet1998.files import write_json
from lenet1998.patterns import Patterns
from lenet1998.pictures.plotting import save, style
from lenet1998.running.provenance import provenance
from lenet1998.strings.drawings import DRAWINGS, draw
from lenet1998.strings.grammar import BLANK
from lenet1998.strings.images import Layout, Strings, strings, training_images

ROWS, COLUMNS, STRINGS = 2, 14, 4
# More than there are in training, so that the sheet shows some.
BLANKS = 0.3


def show(axes: Axes, image: np.ndarray, title: str) -> None:
    """An image in a thin frame, under its title."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    axes.set_title(title, fontsize=8, pad=2)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, linewidth=0.3, color="#888888")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_figure_options(parser, FIGURES)
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where MNIST is")
    parser.add_argument("--seed", metavar="S", type=natural, default=1, help="default: 1")
    parser.add_argument("--out", metavar="DIR", type=Path, default=RESULTS, help="default: experiments/results")
    arguments = parser.parse_args()
    data = load("mnist", arguments.data_dir)
    noisy, clean = Layout(blanks=BLANKS), Layout(blanks=BLANKS, noise=0.0)
    record = {"experiment": "strings_sheet", **provenance(), "seed": arguments.seed, "layout": vars(noisy),
              "digests": dict(data.digests)}  # fmt: skip
    with style():
        figure = Figure(figsize=(8, 8))
        grid = figure.add_gridspec(3, 1, height_ratios=(5, 5, 1.2))
        above, below, last = (figure.add_subfigure(grid[row]) for row in range(3))
        above.suptitle("Training images, with noise and without", fontsize=10)
        for cells, layout in zip(above.subplots(2 * ROWS, COLUMNS).reshape(2, -1), (noisy, clean), strict=True):
            drawn: Patterns | Strings = training_images(data.train, ROWS * COLUMNS, arguments.seed, layout)
            for axes, image, label in zip(cells, drawn.images, drawn.labels, strict=True):
                show(axes, image, "blank" if label == BLANK else str(label))
        below.suptitle("Strings of five characters of the test set", fontsize=10)
        for cells, layout in zip(below.subplots(STRINGS, 2).T, (noisy, clean), strict=True):
            drawn = strings(data.test, STRINGS, 5, arguments.seed, layout)
            for axes, image, labels in zip(cells, drawn.images, drawn.labels, strict=True):
                show(axes, image, "".join(map(str, labels)))
        last.suptitle("After Figures 25 and 26", fontsize=10)
        for axes, drawing in zip(last.subplots(1, len(DRAWINGS)), DRAWINGS.values(), strict=True):
            image, digits = draw(drawing)
            show(axes, image, "".join(map(str, digits)))
        paths = save(figure, arguments.out / "strings_sheet")
    write_json(arguments.out / "strings_sheet.json", record)
    for path in (arguments.out / "strings_sheet.json", *paths):
        print(path)


if __name__ == "__main__":
    guarded(main)

"""What networks for strings learn from and are tested on: a sheet of section VII-B's images.

Above, training images: characters flanked by two others, and blanks, as the text has them, with a tenth of the pixels
inverted and without. Below, strings of five characters, in the same way, and strings drawn in the manner of Figures 25
and 26. Training images show digits of the training set alone, strings those of the test set.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from lenet1998.commands.options import natural
from lenet1998.data import load
from lenet1998.patterns import Patterns
from lenet1998.pictures.plotting import save, style
from lenet1998.report.table import Column, Table
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


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", metavar="S", type=natural, default=1, help="draw with this seed (default: 1)")


def plan(setting: Setting) -> Plan:
    yield []
    seed, data, noisy = setting.arguments.seed, setting.data, Layout(blanks=BLANKS)
    layouts = noisy, replace(noisy, noise=0.0)
    images = [shown(training_images(data.train, ROWS * COLUMNS, seed, layout)) for layout in layouts]
    found = [shown(strings(data.test, STRINGS, 5, seed, layout)) for layout in layouts]
    return {**provenance(), "seed": seed, "layout": vars(noisy), "digests": dict(data.digests),
            "training": images, "strings": found}  # fmt: skip


def shown(drawn: Patterns | Strings) -> list[dict]:
    """Images with their titles, as plain values."""
    return [
        {"title": "".join("blank" if one == BLANK else str(one) for one in np.atleast_1d(labels)),
         "shape": image.shape, "pixels": image.tobytes().hex()}
        for image, labels in zip(drawn.images, drawn.labels, strict=True)
    ]  # fmt: skip


def tables(record: Record) -> list[Table]:
    """The layout."""
    rows = [[key.replace("_", " "), str(value)] for key, value in record["layout"].items()]
    columns = [Column("what", kind="text"), Column("value", kind="text")]
    return [Table("strings_sheet", "Layout of the images of several characters", columns, rows)]


def figures(record: Record, stem: Path) -> list[Path]:
    """The sheet; of records of earlier versions, which have no images, it stays as it is."""
    if "training" not in record:
        return []
    with style():
        figure = Figure(figsize=(8, 8))
        grid = figure.add_gridspec(3, 1, height_ratios=(5, 5, 1.2))
        above, below, last = (figure.add_subfigure(grid[row]) for row in range(3))
        above.suptitle("Training images, with noise and without", fontsize=10)
        below.suptitle("Strings of five characters of the test set", fontsize=10)
        cells = [*above.subplots(2 * ROWS, COLUMNS).reshape(2, -1), *below.subplots(STRINGS, 2).T]
        for row, images in zip(cells, record["training"] + record["strings"], strict=True):
            for axes, each in zip(row, images, strict=True):
                pixels = np.frombuffer(bytes.fromhex(each["pixels"]), np.uint8)
                show(axes, pixels.reshape(each["shape"]), each["title"])
        last.suptitle("After Figures 25 and 26", fontsize=10)
        for axes, drawing in zip(last.subplots(1, len(DRAWINGS)), DRAWINGS.values(), strict=True):
            image, digits = draw(drawing)
            show(axes, image, "".join(map(str, digits)))
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="strings_sheet",
    title="Images of several characters",
    paper="section VII-B",
    question="What do the images look like from which networks for strings learn, and by which they are tested?",
    answer="A network learns a character between two others, or a blank between them, and is tested on strings of "
    "five characters. Half of the images have inverted pixels.",
    description=__doc__.partition("\n\n")[2],
    caption="Above, what a network for strings learns: a character between two others, or a blank; below, strings of "
    "five characters; each with a tenth of the pixels inverted, and without. There are more blanks than in training. "
    "Last, strings drawn after Figures 25 and 26.",
    chapter="Strings of digits",
    place=1,
    plan=plan,
    tables=tables,
    figures=figures,
    options=options,
    load=lambda arguments: load("mnist", arguments.data_dir),
    full=lambda arguments, data: arguments.seed == 1,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""Figure 7: ten distortions of each of ten training patterns (section III-B).

The digits are those of the figure, found in the training file. The law that distortions are drawn from is
`lenet1998.distortions.Law`; an affine fit to the hundred images of the printed figure gave, as the ranges it must
cover, scale 0.72 to 1.30, squeeze 0.91 to 1.10, shear +-0.15, shift +-2.4 pixels, and no rotation. Drawn here at the
figure's own width; networks learn from draws half as wide (`experiments.distortion_law`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.common import guarded
from experiments.options import FIGURES, RESULTS
from lenet1998.commands.options import add_figure_options, natural
from lenet1998.data import load
from lenet1998.distortions import Law, centred, distort
from lenet1998.files import write_json
from lenet1998.pictures.plotting import save, style
from lenet1998.running.provenance import provenance

# Indices in the training file of the ten digits in Figure 7, 0 to 9.
SOURCES = (359, 366, 339, 330, 336, 376, 331, 337, 333, 334)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_figure_options(parser, FIGURES)
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where MNIST is")
    parser.add_argument("--seed", metavar="S", type=natural, default=1, help="default: 1")
    parser.add_argument("--out", metavar="DIR", type=Path, default=RESULTS, help="default: experiments/results")
    arguments = parser.parse_args()
    data = load("mnist", arguments.data_dir)
    drawn = Law().draw(10 * len(SOURCES), np.random.default_rng(arguments.seed)).reshape(len(SOURCES), 10, 5)
    rows = []
    for source, distortions in zip(SOURCES, drawn, strict=True):
        original = data.train.images[source]
        rows.append(np.hstack([centred(original), *(distort(original, distortion) for distortion in distortions)]))
    with style():
        figure = Figure(figsize=(6, 5.6))
        axes = figure.add_subplot()
        axes.imshow(np.vstack(rows), cmap="gray_r", interpolation="nearest")
        axes.axvline(31.5, color="#D55E00", linewidth=1)
        axes.set_axis_off()
        axes.set_title("Ten training patterns (left) and ten distortions of each; after Figure 7 of the paper")
        paths = save(figure, arguments.out / "fig7_distortions")
    record = {"experiment": "fig7_distortions", **provenance(), "seed": arguments.seed, "sources": SOURCES,
              "law": vars(Law()), "digests": dict(data.digests), "distortions": drawn.round(4).tolist()}  # fmt: skip
    write_json(arguments.out / "fig7_distortions.json", record)
    for path in (arguments.out / "fig7_distortions.json", *paths):
        print(path)


if __name__ == "__main__":
    guarded(main)

"""Figure 7: ten distortions of each of ten training patterns (section III-B)."""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from lenet1998.commands.options import natural
from lenet1998.data import load
from lenet1998.distortions import Law, centred, distort
from lenet1998.pictures.plotting import save, style
from lenet1998.report.table import Column, Table
from lenet1998.running.provenance import provenance

# Indices in the training file of the ten digits in Figure 7, 0 to 9.
SOURCES = (359, 366, 339, 330, 336, 376, 331, 337, 333, 334)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", metavar="S", type=natural, default=1, help="draw with this seed (default: 1)")


def plan(setting: Setting) -> Plan:
    yield []
    seed, law = setting.arguments.seed, Law()
    drawn = law.draw(10 * len(SOURCES), np.random.default_rng(seed)).reshape(len(SOURCES), 10, 5)
    originals = [setting.data.train.images[source].tobytes().hex() for source in SOURCES]
    return {**provenance(), "seed": seed, "sources": SOURCES, "law": vars(law), "digests": dict(setting.data.digests),
            "distortions": drawn.tolist(), "originals": originals}  # fmt: skip


def tables(record: Record) -> list[Table]:
    """The law."""
    rows = list(record["law"].items())
    caption = "Half-widths of the law that distortions are drawn from; of the shift in pixels"
    return [Table("fig7_distortions", caption, [Column("distortion", kind="text"), Column("half-width")], rows)]


def draw(record: Record, stem: Path) -> list[Path]:
    rows = []
    for pixels, distortions in zip(record["originals"], record["distortions"], strict=True):
        original = np.frombuffer(bytes.fromhex(pixels), np.uint8).reshape(28, 28)
        rows.append(np.hstack([centred(original), *(distort(original, np.array(each)) for each in distortions)]))
    with style():
        figure = Figure(figsize=(6, 5.6))
        axes = figure.add_subplot()
        axes.imshow(np.vstack(rows), cmap="gray_r", interpolation="nearest")
        axes.axvline(31.5, color="#D55E00", linewidth=1)
        axes.set_axis_off()
        axes.set_title("Ten training patterns (left) and ten distortions of each; after Figure 7 of the paper")
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="fig7_distortions",
    title="Distorted patterns",
    paper="Figure 7, section III-B",
    question="What do distorted training patterns look like?",
    answer="They are small planar affine maps: scale, squeeze, shear and shift, without rotation. The table has their "
    "half-widths.",
    description="""\
The digits are those of the figure, found in the training file. The law that distortions are drawn from is
`lenet1998.distortions.Law`. An affine fit to the hundred images of the printed figure gave, as the ranges it must
cover, scale 0.72 to 1.30, squeeze 0.91 to 1.10, shear ±0.15, shift ±2.4 pixels, and no rotation. The figure has the
law's full width; networks learn from draws half as wide (`experiments.distortion_law`).""",
    caption="Ten training patterns, those of Figure 7, and ten random planar affine distortions of each. The law has "
    "the half-widths that they are drawn from; the shift is in pixels.",
    chapter="Figures of the paper",
    place=7,
    plan=plan,
    tables=tables,
    figures=draw,
    options=options,
    load=lambda arguments: load("mnist", arguments.data_dir),
    full=lambda arguments, data: arguments.seed == 1,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)

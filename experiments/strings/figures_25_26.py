"""Figures 25 and 26: strings that are hard to cut, as a network for strings sees and reads them.

The strings are `lenet1998.strings.drawings`: digits that touch, dotted strokes, a 4 in two halves, lines across digits,
spots and bars. For each the input, the maps of C1 to S4, F6 as bitmaps of Figure 3 side by side, the label of each
output, the darker the nearer its code and none where a blank costs less, and the answer. The network learned section
VII-B's images of three characters and then whole strings. Nothing is chosen here: what it reads wrongly is shown too.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from experiments.strings.networks import Sizes
from lenet1998 import pretrained
from lenet1998.commands.networks import CHOICES, chosen_network, stated
from lenet1998.data import load
from lenet1998.network import Network
from lenet1998.parameters import digest
from lenet1998.pictures import chosen_look
from lenet1998.pictures.activations import Stage, activations
from lenet1998.pictures.activations_figure import CAPTION
from lenet1998.pictures.plotting import plain, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.table import Column, Table
from lenet1998.running.provenance import provenance
from lenet1998.strings.drawings import DRAWINGS, draw
from lenet1998.strings.figure import show_maps, show_string
from lenet1998.strings.reading import Reading, confidence, read
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.wide import replicate

TITLE = (
    f"Strings as a network reads them that learned images of three characters, then {Sizes().strings:,} whole strings; "
    "after Figures 25 and 26"
)


def read_drawings(network: Network, recipe: Recipe) -> list[tuple[dict, Sequence[Stage], Reading]]:
    """Of each drawing what is recorded, its stages and its reading."""
    found: list[tuple[dict, Sequence[Stage], Reading]] = []
    sdnn = SDNN(recipe.j)
    for name, drawing in DRAWINGS.items():
        image, digits = draw(drawing)
        stages = activations(replicate(network, image.shape[1]), image[None])
        penalties = recipe.penalty_scale * stages[-1].values
        reading = read(sdnn, penalties)
        least = penalties.min(axis=1)
        labels = np.where(least < recipe.j, penalties.argmin(axis=1).astype(str), ".")
        found.append((
            {
                "drawing": name,
                "digits": "".join(map(str, digits)),
                "read": "".join(map(str, reading.labels)),
                "confidence": confidence(sdnn, penalties, reading.labels),
                "outputs": "".join(labels.tolist()),
                "penalties": [round(float(value), 3) for value in least],
            },
            stages,
            reading,
        ))  # fmt: skip
    return found


def figure_of(found: Sequence[tuple[dict, Sequence[Stage], Reading]], j: float, title: str) -> Figure:
    """A row for each string: on the left string, F6, labels and answer over each other, on the right the maps; below
    the string where the figure is to be narrow."""
    widest = max(stages[0].values.shape[3] for _, stages, _ in found)
    if chosen_look().narrow:
        figure = Figure(figsize=(chosen_look().width or 0, 3.4 * len(found) + 0.7))
        rows = figure.subplots(2 * len(found), 1, gridspec_kw={"height_ratios": (1, 0.75) * len(found)}).reshape(-1, 2)
    else:
        figure = Figure(figsize=(10, 3 * len(found) + 0.7))
        rows = figure.subplots(len(found), 2, squeeze=False, gridspec_kw={"width_ratios": (1, 1.25)})
    for (left, right), (record, stages, reading) in zip(rows, found, strict=True):
        show_string(left, stages, j, reading, f6=True)
        answer, wrong = record["read"] or "nothing", record["read"] != record["digits"]
        told = f", which is wrong: {record['digits']}" if wrong else ""
        left.set_title(f"{record['drawing']}: {answer}{told}", fontsize=9, pad=2, weight="bold" if wrong else "normal")
        left.set(xlim=(-1, widest + 1), anchor="W")
        show_maps(right, stages)
        right.set(anchor="W")
    figure.suptitle(plain(title), fontsize=10)
    figure.supxlabel(CAPTION, fontsize=8)
    return figure


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", metavar="CHECKPOINT", default=pretrained.STRINGS,
        help=f"{CHOICES}, that learned strings (default: {pretrained.STRINGS})",
    )  # fmt: skip


def plan(setting: Setting) -> Plan:
    yield []
    saved, network = chosen_network(setting.arguments.checkpoint)
    found = read_drawings(saved.network(), saved.recipe)
    return {**provenance(), "network": {**network, "sha256": digest(saved.values)}, "j": saved.recipe.j,
            "penalty_scale": saved.recipe.penalty_scale, "strings": [each for each, _, _ in found]}  # fmt: skip


def tables(record: Record) -> list[Table]:
    """What was read."""
    columns = [Column(name, kind="text") for name in ("drawing", "digits", "read")]
    columns += [Column("confidence"), Column("outputs", kind="code")]
    rows = [[each[column.name] for column in columns] for each in record["strings"]]
    j, scale = record["j"], record["penalty_scale"]
    labelled = [penalty / scale for each in record["strings"] for penalty in each["penalties"] if penalty < j]
    notes = [
        f"The {stated(record['network'])}.",
        "Outputs: the label at each position, a dot for a blank.",
        f"In units of equation 7 a blank costs {j / scale:.0f} and labelled outputs cost {min(labelled):.0f} to "
        f"{max(labelled):.0f}. By their greys those of Figures 25 and 26 cost 0.2 to 8.5, and labels end at 8 to 9: "
        "the F6 of 1998 came nearer to its codes.",
    ]
    return [Table("figures_25_26", "Strings that are hard to cut", columns, rows, notes)]


def figures(record: Record, stem: Path) -> list[Path]:
    """The figure, by the network of the record; it stays as it is where that is no longer there."""
    saved, _ = chosen_network(record["network"]["name"])
    if digest(saved.values) != record["network"]["sha256"]:
        return []
    with style():
        found = read_drawings(saved.network(), saved.recipe)
        return save(figure_of(found, saved.recipe.j / saved.recipe.penalty_scale, TITLE), stem)


EXPERIMENT = Experiment(
    name="figures_25_26",
    title="Strings that are hard to cut",
    paper="section VII-A, Figures 25 and 26",
    question="How does a network for strings read strings that are hard to cut?",
    answer="It reads each string rightly except the one with crossing lines, and its confidence there is "
    "{figures_25_26; crossed; confidence}.",
    description=__doc__.partition("\n\n")[2],
    caption="Own strings with the difficulties of Figures 25 and 26, read by the package's network for strings: the "
    "answer, the labels of the outputs, the darker the lower their penalty, F6 at each position, string, and maps.",
    chapter="Strings of digits",
    place=5,
    plan=plan,
    tables=tables,
    figures=figures,
    options=options,
    load=lambda arguments: load("synthetic", train_size=1, test_size=1),  # it needs none
    full=lambda arguments, data: arguments.checkpoint == pretrained.STRINGS,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)

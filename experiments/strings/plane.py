"""Digits found in a plane by LeNet-5 swept over it in both directions (section VII-D).

VII-D finds faces so, and prints no numbers. Here planes have four test digits each, anywhere. The networks are two of
the package: that of `experiments.strings`, which learned digits between others, and that of single characters, which
learned rubbish. An output is a digit where it is likelier than one half, more than the rubbish class of equation 9 and
more than all outputs nearby. It is right within 4 pixels of a digit's centre of that class.
"""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import description
from experiments.machinery.setting import Setting
from lenet1998 import pretrained
from lenet1998.distortions import inverted
from lenet1998.evaluation import ErrorRate
from lenet1998.loss import MAP
from lenet1998.patterns import CLASSES, Patterns
from lenet1998.report.table import Cell, Column, Estimate, Table
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.strings.images import FIELD, STEP
from lenet1998.strings.wide import Wide

SIDE, DIGITS, PLANES = 112, 4, 250
APART, NEAR = 24, 4
"""Pixels between centres of digits, at least, in one direction or the other; and from what is found to a digit."""
NOISE = (0.0, 0.1)
ROWS = 2  # how far each sweep lies below the one before
NETWORKS = {"digits between others": pretrained.STRINGS, "characters and rubbish": pretrained.CHARACTERS}


def plane(digits: Patterns, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A plane uint8 (SIDE, SIDE) with digits drawn from these, the centres of their fields, (DIGITS, 2), and labels."""
    image, centres = np.zeros((SIDE, SIDE), np.uint8), np.empty((0, 2), int)
    chosen = rng.choice(len(digits), DIGITS, replace=False)
    while len(centres) < DIGITS:
        centre = rng.integers(FIELD // 2, SIDE - FIELD // 2 + 1, 2)
        if (np.abs(centres - centre).max(axis=1) >= APART).all():
            centres = np.append(centres, [centre], axis=0)
    for (row, column), which in zip(centres, chosen, strict=True):
        half = digits.images.shape[1] // 2
        place = np.s_[row - half : row + half, column - half : column + half]
        image[place] = np.maximum(image[place], digits.images[which])
    return image, centres, digits.labels[chosen]


def found_in(posteriors: np.ndarray) -> np.ndarray:
    """Row and column of each output that is a digit, and its class, (found, 3), from posteriors (rows, columns, 10)."""
    best = posteriors.max(axis=2)
    reach = (2 * (APART // 2 // ROWS) + 1, 2 * (APART // 2 // STEP) + 1)
    peaks = (best > 0.5) & (best == maximum_filter(best, reach))
    row, column = np.nonzero(peaks)
    return np.stack([FIELD // 2 + ROWS * row, FIELD // 2 + STEP * column, posteriors[peaks].argmax(axis=1)], axis=1)


def spotted(out: Path, progress: Any, passed: Any, *, name: str, noise: float, count: int, choice: DataChoice) -> dict:
    """The part of one network and noise: digits, those found with their class, with another, and what is none."""
    saved, digits, rng = pretrained.load(name), choice.load().test, np.random.default_rng([7, count])
    wide, loss = Wide(saved.network()), MAP(saved.recipe.penalty_scale, saved.recipe.j)
    totals = {"digits": 0, "right": 0, "other": 0, "none": 0}
    for _ in range(count):
        image, centres, labels = plane(digits, rng)
        image = inverted(image, noise, rng) if noise else image
        strips = np.stack([image[top : top + FIELD] for top in range(0, SIDE - FIELD + 1, ROWS)])
        posteriors = loss.posteriors(wide.forward(strips).reshape(-1, wide.network.classes).astype(float))
        found = found_in(posteriors.reshape(len(strips), -1, wide.network.classes)[:, :, :CLASSES])
        near = np.abs(found[:, None, :2] - centres).max(axis=2) <= NEAR
        same = near & (found[:, 2:] == labels)
        totals["digits"] += len(labels)
        totals["right"] += int(same.any(axis=0).sum())
        totals["other"] += int((near.any(axis=0) & ~same.any(axis=0)).sum())
        totals["none"] += int((~near.any(axis=1)).sum())
    return totals


def plan(setting: Setting) -> Plan:
    wanted = [(what, noise) for what in NETWORKS for noise in NOISE]
    count = 5 if setting.quick else PLANES
    found = yield [
        setting.part(f"{what}, noise {noise:g}", spotted, name=NETWORKS[what], noise=noise, count=count,
                     choice=setting.choice) for what, noise in wanted
    ]  # fmt: skip
    entries = [{"network": what, "noise": noise, "planes": count, **each}
               for (what, noise), each in zip(wanted, found, strict=True)]  # fmt: skip
    return {**provenance(), "data": description(setting.data), "entries": entries}


def tables(record: Record) -> list[Table]:
    columns = [Column("the network learned", kind="text"), Column("pixels inverted", "%", 0), Column("found", "%")]
    columns += [Column("with another class", "%"), Column("what is no digit, per plane")]
    rows: list[list[Cell]] = []
    for entry in record["entries"]:
        rates = [ErrorRate(entry[key], entry["digits"]) for key in ("right", "other")]
        shown = [Estimate(rate.error_percent, low, high) for rate in rates for low, high in [rate.interval_percent]]
        rows.append([entry["network"], 100 * entry["noise"], *shown, entry["none"] / entry["planes"]])
    first = record["entries"][0]
    notes = [
        f"{first['planes']} planes of {SIDE}x{SIDE} pixels with {DIGITS} test digits each. Intervals are Wilson's."
    ]
    return [Table(record["experiment"], "Digits found in a plane", columns, rows, notes)]


EXPERIMENT = Experiment(
    name="strings_plane",
    title="Digits found in a plane",
    paper="section VII-D",
    question="Does LeNet-5, swept in both directions, find digits anywhere in a plane?",
    answer="Yes: the one network of strings that was tried finds {strings_plane; digits between others; 0; found} of "
    "the digits. In each plane it also finds {strings_plane; digits between others; 0; what is no digit, per "
    "plane} where there is none. With a tenth of the pixels inverted it finds {strings_plane; digits between "
    "others; 10; found}; that of characters, which learned no noise, {strings_plane; characters and rubbish; "
    "10; found}.",
    description=__doc__.partition("\n\n")[2],
    chapter="Strings of digits",
    place=7,
    plan=plan,
    tables=tables,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""Why section III-C's perceptrons err more than ours: how their weights start, tried on held-out patterns."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from experiments.initial_weights import norms
from experiments.machinery.choices import HELD_OUT
from experiments.machinery.declaration import Claim, Experiment, Plan, Record, Training
from experiments.machinery.main import main
from experiments.machinery.record import are_mnist, curves, description, divergences, ended, named, of_digits, watched
from experiments.machinery.setting import Setting
from experiments.section3.report import RELATIVE
from experiments.section3.rows import LABELS, PAPER
from experiments.section3.status import ERROR
from lenet1998.classifiers.rows import ROWS, Version
from lenet1998.data.deslant import deslanted
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.check import data_of, slim
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice, Task
from lenet1998.training import WATCHED

FIRST = ("mlp_28x28_300_10", "mlp_28x28_300_100_10", "deslant_mlp_20x20_300_10")
"""The rows that are trained with every start. The others, which cost more, have the one that fits these best."""
OTHERS = tuple(name for name in ROWS if "mlp" in name and name not in FIRST)
POWERS = (0.5, 0.6, 0.7, 0.85, 1.0)  # the first power is the rows' own, the last one appendix A's
EARLY = 3  # passes: III-C.5's "first few"


@dataclass(frozen=True)
class Versioned:
    """What a worker loads: a version of the data base, of which section III-A has three."""

    digits: DataChoice
    version: Version

    @lru_cache(maxsize=2)  # noqa: B019 - for the store, and for the run
    def load(self) -> DataSet:
        return versioned(self.digits.load(), self.version)


def versioned(data: DataSet, version: Version) -> DataSet:
    """The data in another version."""
    train, test = (Patterns(version(half.images), half.labels) for half in (data.train, data.test))
    return replace(
        data, name=f"{data.name} {version.__name__}", train=train, test=test, digests={"train": train.digest()}
    )


def recipe(row: str, power: float) -> Recipe:
    """How a row's network learns if its weights start within 2.4 / F^power.

    >>> recipe("mlp_28x28_300_10", 1).name
    'mlp_28x28_300_10, power 1'
    """
    usual = ROWS[row].make(0).recipe  # type: ignore[attr-defined]
    return replace(usual, name=f"{row}, power {power:g}", init_power=power)


def plan(setting: Setting) -> Plan:
    of_digits(setting.data)
    held_out = replace(setting.choice, test_size=None, validation=min(HELD_OUT, setting.held_out))

    def runs(row: str, power: float) -> list[Task]:
        return setting.runs(recipe(row, power), data=Versioned(held_out, ROWS[row].version), watch=norms)

    tried = ended((yield [run for power in POWERS for row in FIRST for run in runs(row, power)]))
    others = OTHERS if are_mnist([setting.data.name]) else ()  # by whose errors in the paper the start is chosen
    best = nearest(tried["runs"])
    further = ended((yield [run for row in others for run in runs(row, best)]))
    return {
        **provenance(),
        "data": description(held_out.load()),
        "runs": [slim(each) for each in tried["runs"] + further["runs"]],
        "diverged": tried["diverged"] + further["diverged"],
    }


def error(runs: list[dict], row: str, power: float, key: str = "test_error_percent") -> float | None:
    """A row's error after the last pass, held-out patterns', a mean over seeds; None where no run ended."""
    own = named(runs, recipe(row, power).name)
    return float(curves(own, key)[:, -1].mean()) if own else None


def ratio(runs: list[dict], row: str, power: float) -> float | None:
    """The error, as a multiple of the paper's."""
    found = error(runs, row, power)
    return None if found is None else found / PAPER[row][ERROR]


def nearest(runs: list[dict]) -> float:
    """The start that fits the rows of 28x28 pixels best: whose two errors are the nearest multiples of the paper's."""

    def distance(power: float) -> float:
        found = [ratio(runs, row, power) for row in FIRST if ROWS[row].version is not deslanted]
        return sum(abs(np.log(max(each, 1e-9))) if each is not None else np.inf for each in found)

    return min(POWERS, key=distance)


def tables(record: Record) -> list[Table]:
    """Errors on held-out patterns by start, those of every row with the best one, and what becomes of the weights."""
    runs, name = record["runs"], record["experiment"]
    rows: list[list[Cell]] = [[power, *(error(runs, row, power) for row in FIRST)] for power in POWERS]
    compared = are_mnist([record["data"]["name"]])
    if compared:
        rows.append([None, *(PAPER[row][ERROR] for row in FIRST)])
    columns = [Column("power"), *(Column(LABELS[row], "%") for row in FIRST)]
    notes = [
        "Weights start within 2.4 / F^power; F is the fan-in." + " The last row is 1998's, tested." * compared,
        *divergences(record),
    ]
    tried = Table(name, "Perceptrons: errors on held-out patterns by start", columns, rows, notes)
    return [tried, *([every(record)] if compared else []), shares(record)]


def every(record: Record) -> Table:
    """All nine rows with the start that fits best."""
    runs = record["runs"]
    power = nearest(runs)
    rows: list[list[Cell]] = [
        [LABELS[row], error(runs, row, power, "train_error_percent"), error(runs, row, power), PAPER[row][ERROR],
         ratio(runs, row, power)]
        for row in FIRST + OTHERS
    ]  # fmt: skip
    columns = [Column("row", kind="text"), Column("training error", "%"), Column("held-out error", "%"),
               Column("1998, tested", "%"), Column("held-out / 1998")]  # fmt: skip
    caption = f"Perceptrons whose weights start within 2.4 / F^{power:g}"
    return Table(f"{record['experiment']}_every", caption, columns, rows)


def share(runs: list[dict], layer: str) -> np.ndarray:
    """The rms of a layer's weights after each of the first passes, as a share of that at the start."""
    found = watched(runs, layer)[:, : EARLY + 1].mean(axis=0)
    return found[1:] / found[0]


def layers(record: Record) -> Iterator[tuple[str, float, str, np.ndarray]]:
    """Row, power, layer and what `share` says, for each power."""
    for row in FIRST:
        for power in POWERS:
            own = named(record["runs"], recipe(row, power).name)
            for layer in own[0][WATCHED] if own else ():
                yield row, power, layer, share(own, layer)


def shares(record: Record) -> Table:
    rows: list[list[Cell]] = [
        [LABELS[row], power, layer, *map(float, found)] for row, power, layer, found in layers(record)
    ]
    passes = [Column(f"pass {number + 1}") for number in range(max(len(row) for row in rows) - 3)]
    columns = [Column("row", kind="text"), Column("power"), Column("layer", kind="text"), *passes]
    caption = "Root mean square of a layer's weights after the first passes, as a share of that at the start"
    return Table(f"{record['experiment']}_weights", caption, columns, rows)


def claims(record: Record) -> list[Claim]:
    shrinking = list(layers(record))
    found = [
        f"{sum(bool(each[0] < 1) for each in own)} of {len(own)} layers at power {power:g}"
        for power in POWERS
        if (own := [each for _, other, _, each in shrinking if other == power])
    ]
    verdict = "agrees" if all(each[0] < 1 for *_, each in shrinking) else "contradicts"
    says = 'weights "invariably shrink" in the first few passes'
    shrinks = Claim("III-C.5", says, f"smaller after the first pass: {', '.join(found)}", verdict)
    return [shrinks, *([together(record)] if are_mnist([record["data"]["name"]]) else [])]


def together(record: Record) -> Claim:
    """Whether one start brings every row near the paper's error."""
    power = nearest(record["runs"])
    ratios = [ratio(record["runs"], row, power) for row in FIRST + OTHERS]
    near = sum(each is not None and abs(each - 1) <= RELATIVE for each in ratios)
    says = f"the errors of {len(ratios)} perceptrons (Figure 9)"
    found = f"with 2.4 / F^{power:g} {near} of {len(ratios)} are within {100 * RELATIVE:g}% of the paper's"
    return Claim("III-C.5, III-C.6", says, found, "agrees" if near == len(ratios) else "contradicts")


def trainings(record: Record) -> Iterator[Training]:
    for run in record["runs"]:
        row = run["recipe"]["name"].partition(",")[0]
        yield Training(run, partial(_again, row, record["data"]))


def _again(row: str, data: dict, data_dir: Path | None) -> DataSet:
    return versioned(data_of({"data": data}, data_dir), ROWS[row].version)


EXPERIMENT = Experiment(
    name="section3_perceptrons",
    title="Why section III's perceptrons err more than ours",
    paper="section III-C.5 and III-C.6",
    question="Which start of the weights brings the perceptrons to the errors of Figure 9?",
    answer="On held-out patterns, with one seed, a start within 2.4 / F^0.7 brings seven of the eight perceptrons for "
    "28x28 pixels within 15% of the errors of Figure 9. The network for deslanted images then errs twice as much as in "
    "Figure 9; it agrees with our own start, 2.4 over the root of F. No single start explains all nine.",
    shown={"section3_perceptrons_weights": "1-2; 5-6; 11-13; 17-19"},
    chapter="Classifiers of section III",
    place=3,
    plan=plan,
    tables=tables,
    claims=claims,
    trainings=trainings,
    divergence=True,
    seeds=1,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""Why section III-C's perceptrons err more than ours: how they start, learn and stop, tried on held-out patterns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from experiments.initial_weights import norms
from experiments.machinery.choices import HELD_OUT
from experiments.machinery.declaration import Claim, Experiment, Plan, Record, Training
from experiments.machinery.main import main
from experiments.machinery.record import curves, description, divergences, ended, named, of_digits, watched
from experiments.machinery.setting import Setting
from experiments.section3.report import POINT, RELATIVE
from experiments.section3.rows import LABELS, PAPER
from lenet1998.classifiers.network import recipe_of
from lenet1998.classifiers.rows import FEWER_SEEDS, SEEDS, Version, regular
from lenet1998.data.deslant import deslanted
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.check import data_of, slim
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.training import WATCHED

ROWS = {
    "mlp_300": "mlp_28x28_300_10",
    "mlp_20x20_300": "deslant_mlp_20x20_300_10",
    "mlp_300_100": "mlp_28x28_300_100_10",
    "mlp_500_150": "mlp_28x28_500_150_10",
}
"""The networks that are trained here, and the rows of Figure 9 that they are."""
DESIGN = tuple(ROWS)[:2]
"""Those of every reading; what is found is then tried on all."""
POWERS, AFTER, TRIED = (0.5, 0.75, 1.0), (1, 2, 5), 5
EARLY = 3  # passes: III-C.5's "first few"
Reading = tuple[float, float]
READINGS: list[Reading] = [(1.0, 1.0), (0.75, 1.0), (1.0, 2.0), (0.5, 1.0)]


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


def recipe(network: str, power: float, factor: float) -> Recipe:
    """A network of III-C whose weights start within 2.4 / F^power, at so many times LeNet-5's rates.

    >>> recipe("mlp_300", 1, 2).name
    'mlp_300, power 1, rates x 2'
    """
    name = f"{network}, power {power:g}, rates x {factor:g}"
    return replace(recipe_of(network, faster=factor), name=name, init_power=power)


def version_of(network: str) -> Version:
    return deslanted if network == "mlp_20x20_300" else regular


def plan(setting: Setting) -> Plan:
    of_digits(setting.data)
    held_out = replace(setting.choice, test_size=None, validation=min(HELD_OUT, setting.held_out))

    def runs(network: str, reading: Reading, choice: DataChoice, seeds: int, passes: int) -> list:
        data = Versioned(choice, version_of(network))
        return setting.runs(recipe(network, *reading), seeds, data=data, passes=passes, watch=norms)

    few = min(TRIED, setting.passes)
    tried = yield [run for each in READINGS for net in DESIGN for run in runs(net, each, held_out, 1, few)]
    nearest = max(READINGS, key=lambda each: nearness(ended(tried)["runs"], each, few))
    seeds = {net: min(setting.seeds, FEWER_SEEDS if net == "mlp_500_150" else SEEDS) for net in ROWS}
    tested = yield [
        run for net, most in seeds.items() for run in runs(net, nearest, setting.choice, most, setting.passes)
    ]
    found = ended([*tried, *tested])
    about = {**provenance(), "data": description(setting.data), "nearest": nearest}
    return {**about, **found, "runs": [slim(each) for each in found["runs"]]}


def is_tried(history: dict) -> bool:
    return " validation " in history["data"]["name"]


def paper(network: str) -> float:
    return PAPER[ROWS[network]]["fig9_test_error_percent"]


def errors(runs: list[dict], network: str, reading: Reading) -> np.ndarray | None:
    """The held-out error of a network by pass, None if its run diverged."""
    own = [each for each in named(runs, recipe(network, *reading).name) if is_tried(each)]
    return curves(own, "test_error_percent")[0] if own else None


def nearness(runs: list[dict], reading: Reading, passes: int) -> tuple[int, float]:
    """How many of the paper's errors a reading meets, as section III's table counts, and minus the mean size of the
    logarithms of the ratios."""
    met, sizes = 0, []
    for network in DESIGN:
        own, said = errors(runs, network, reading), paper(network)
        if own is None:
            return 0, -np.inf
        error = own[passes - 1]
        met += int(abs(error - said) <= min(POINT, RELATIVE * said))
        sizes.append(abs(np.log(error / said)))
    return met, -float(np.mean(sizes))


def tables(record: Record) -> list[Table]:
    """Every reading on held-out patterns, the nearest to the paper on the test set, and what becomes of its weights."""
    made = max(len(each["passes"]) for each in record["runs"] if is_tried(each))
    shown = [each for each in AFTER if each <= made] or [made]
    rows: list[list[Cell]] = []
    for reading in READINGS:
        own = [errors(record["runs"], network, reading) for network in DESIGN]
        for number in shown:
            met, far = nearness(record["runs"], reading, number)
            values = [None if each is None else float(each[number - 1]) for each in own]
            rows.append([*reading, number, *values, met, -far if np.isfinite(far) else None])
    rows.append([None, None, None, *map(paper, DESIGN), None, None])
    columns = [Column("power"), Column("rates", digits=1), Column("pass")]
    columns += [*(Column(LABELS[ROWS[network]], "%") for network in DESIGN), Column("met"), Column("distance")]
    notes = [
        "Weights start within 2.4 / F^power, and rates are so many times LeNet-5's. The last row is the paper's.",
        f"Met: how many of the paper's errors are within {POINT} point and {100 * RELATIVE:.0f}%. Distance: the "
        "mean size of ln(ours / the paper's). One seed. The paper's test errors are what is to be explained.",
        *divergences(record),
    ]
    name = record["experiment"]
    tried = Table(name, "Perceptrons: errors on held-out patterns by start and rates", columns, rows, notes)
    return [tried, tested(record), shares(record)]


def of(record: Record, network: str) -> list[dict]:
    """The runs of a network that are tested on the test set."""
    return [each for each in named(record["runs"], recipe(network, *record["nearest"]).name) if not is_tried(each)]


def tested(record: Record) -> Table:
    columns = [Column("network", kind="text"), Column("1998", "%"), Column("test error", "%")]
    columns += [Column(f"after {TRIED} passes", "%"), Column("training error", "%"), Column("runs")]
    rows: list[list[Cell]] = []
    for network, row in ROWS.items():
        test, train = (curves(of(record, network), f"{half}_error_percent") for half in ("test", "train"))
        rows.append(
            [
                LABELS[row],
                paper(network),
                estimate(test[:, -1]),
                estimate(test[:, :TRIED][:, -1]),
                estimate(train[:, -1]),
                len(test),
            ]
        )
    power, factor = record["nearest"]
    caption = (
        f"Perceptrons: the reading nearest to the paper on held-out patterns, power {power:g} and rates x {factor:g}"
    )
    return Table(f"{record['experiment']}_tested", caption, columns, rows, ["Training errors are counted on the fly."])


def share(runs: list[dict], layer: str) -> np.ndarray:
    """The rms of a layer's weights after each of the first passes, as a share of that at the start."""
    found = watched(runs, layer)[:, : EARLY + 1].mean(axis=0)
    return found[1:] / found[0]


def layers(record: Record) -> Iterator[tuple[str, float, str, np.ndarray]]:
    """Network, power, layer and what `share` says, at LeNet-5's rates."""
    for network in DESIGN:
        for power in POWERS:
            own = [each for each in named(record["runs"], recipe(network, power, 1.0).name) if is_tried(each)]
            for layer in own[0][WATCHED] if own else ():
                yield network, power, layer, share(own, layer)


def shares(record: Record) -> Table:
    rows: list[list[Cell]] = [
        [LABELS[ROWS[network]], power, layer, *map(float, found)] for network, power, layer, found in layers(record)
    ]
    passes = [Column(f"pass {number + 1}") for number in range(max(len(row) for row in rows) - 3)]
    columns = [Column("network", kind="text"), Column("power"), Column("layer", kind="text"), *passes]
    caption = "Root mean square of a layer's weights after the first passes, as a share of that at the start"
    return Table(f"{record['experiment']}_weights", caption, columns, rows)


def claims(record: Record) -> list[Claim]:
    every = list(layers(record))
    found = [
        f"{sum(bool(each[0] < 1) for each in own)} of {len(own)} layers at power {power:g}"
        for power in POWERS
        if (own := [each for _, other, _, each in every if other == power])
    ]
    says = 'weights "invariably shrink" in the first few passes'
    verdict = "agrees" if all(each[0] < 1 for *_, each in every) else "contradicts"
    return [Claim("III-C.5", says, f"smaller after the first pass: {', '.join(found)}", verdict)]


def trainings(record: Record) -> Iterator[Training]:
    for run in record["runs"]:
        yield Training(run, partial(_again, run["recipe"]["network"], is_tried(run), record["data"]))


def _again(network: str, tried: bool, data: dict, data_dir: Path | None) -> DataSet:
    digits = data_of({"data": data}, data_dir)
    return versioned(digits.held_out(min(HELD_OUT, len(digits.train) // 6)) if tried else digits, version_of(network))


EXPERIMENT = Experiment(
    name="section3_perceptrons",
    title="Why section III's perceptrons err more than ours",
    paper="section III-C.5 and III-C.6",
    question="Which start and which rates bring the perceptrons to the errors of Figure 9?",
    chapter="Classifiers of section III",
    place=3,
    plan=plan,
    tables=tables,
    claims=claims,
    trainings=trainings,
    divergence=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)

"""How far weighted sums vary before training, under 2.4 / F and under 2.4 over its root (appendix A)."""

from dataclasses import replace

import numpy as np

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import description
from experiments.machinery.setting import Setting
from lenet1998.network import LeNet5, Network
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.provenance import provenance
from lenet1998.training import Trainer

PATTERNS = 500
STARTS = {"F": 1.0, "root of F": 0.5}
"""What the gain is divided by, and `init_power`."""


def varying(network: Network, pixels: np.ndarray) -> dict[str, float]:
    """By layer with weights, how far a unit's weighted sum varies over images uint8 (P, 28, 28): its standard deviation
    over the patterns, root mean square over the layer's units.

    >>> varying(LeNet5(Recipe()), np.zeros((2, 28, 28), np.uint8))
    {'C1': 0.0, 'C3': 0.0, 'C5': 0.0, 'F6': 0.0}
    """
    x, found = network.input(pixels, network.dtype), {}
    for layer in network.layers[:-1]:
        x = layer.forward(x)
        if "weight" in layer.values:
            found[layer.name] = float(np.sqrt(np.var(x, axis=0, dtype=np.float64).mean()))
    return found


def expected(fan_in: np.ndarray, gain: float, power: float) -> float:
    """The same if inputs have unit variance and nothing to do with each other, for units of these fan-ins.

    >>> round(expected(np.array([400]), 2.4, 1.0), 2), round(expected(np.array([400]), 2.4, 0.5), 2)
    (0.07, 1.39)
    """
    return float(np.sqrt(np.mean(fan_in * (gain / fan_in**power) ** 2 / 3)))


def plan(setting: Setting) -> Plan:
    yield []
    digits, found = setting.data, dict[str, list[dict[str, float]]]()
    for start, power in STARTS.items():
        recipe = replace(Recipe(), init_power=power)
        networks = (Trainer(recipe, digits, seed, "numpy").network for seed in range(1, 1 + setting.seeds))
        found[start] = [varying(network, digits.train.images[:PATTERNS]) for network in networks]
    return {**provenance(), "data": description(digits), "gain": Recipe().init_gain, "deviations": found}


def tables(record: Record) -> list[Table]:
    """Layer by layer, what is to be expected and what was measured."""
    columns = [Column("layer", kind="text"), Column("F", kind="text")]
    columns += [
        Column(f"{start.replace(' of', '')}: {how}", kind="significant")
        for start in STARTS
        for how in ("expected", "measured")
    ]
    rows = []
    for layer in LeNet5(Recipe()).layers:
        if "weight" in layer.values:
            fan_in = layer.fan_in("bias")
            ends = sorted({int(np.min(fan_in)), int(np.max(fan_in))})
            row: list[Cell] = [layer.name, " to ".join(map(str, ends))]
            for start, power in STARTS.items():
                values = [one[layer.name] for one in record["deviations"][start]]
                row += [expected(fan_in, record["gain"], power), estimate(values, percent=False)]
            rows.append(row)
    note = "Expected: for inputs of unit variance that have nothing to do with each other."
    return [
        Table(record["experiment"], "Deviation of weighted sums over patterns, before training", columns, rows, [note])
    ]


EXPERIMENT = Experiment(
    name="initial_sums",
    title="Weighted sums before training",
    paper="appendix A",
    question="How far do weighted sums vary from pattern to pattern before training, if weights start within 2.4 over "
    "the fan-in F, and if they start within 2.4 over its root?",
    answer="Within 2.4/F the signals fade: weighted sums deviate by {initial_sums; C1; F: measured} in C1 and by "
    "{initial_sums; F6; F: measured} in F6. Within 2.4 over the root of F they keep their size: {initial_sums; C1; "
    "root F: measured} and {initial_sums; F6; root F: measured}.",
    description="The first 500 training patterns go through new networks. Recorded is, for each layer with weights, "
    "the standard deviation of a unit's weighted sum over the patterns, root mean square over the units.",
    chapter="What the paper leaves open",
    place=4,
    plan=plan,
    tables=tables,
    seeds=10,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)

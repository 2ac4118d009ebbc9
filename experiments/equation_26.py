"""Equation 26 with its term of f'': how far each approximation of appendix C takes h_kk from the exact value."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.exact_curvature import MOMENTS, PATTERNS, PER_LAYER, drawn, exact
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import description, of_digits
from experiments.machinery.setting import Setting
from lenet1998 import pretrained
from lenet1998.initialisation import initialise
from lenet1998.layer import as_is
from lenet1998.layers import Squash
from lenet1998.loss import Loss, make_loss
from lenet1998.network import Network
from lenet1998.networks import build
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.patterns import Patterns
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.squash import A, S, squash_slope

STARTS = 1  # networks before training; after it there is one too, the package's


class Bent(Squash):
    """The squashing layer with the whole of equation 26: f'(a)^2 d2E/dx2 + f''(a) dE/dx; `backward` comes first."""

    def backward(self, g: np.ndarray) -> np.ndarray | None:
        self.g = g
        return self.adjoint(g, as_is, {})

    def curvature(self, h: np.ndarray) -> np.ndarray | None:
        return self.adjoint(h, np.square, {}) - 2 * S / A * self.x * squash_slope(self.x) * self.g


def with_bend(network: Network, loss: Loss, patterns: Patterns) -> np.ndarray:
    """h_kk with the term of f'', the mean over patterns; the network's squashing layers are replaced by `Bent`."""
    network.layers = [Bent() if isinstance(layer, Squash) else layer for layer in network.layers]
    network.parameters.curvature.fill(0)
    for at in range(0, len(patterns), 25):
        labels = patterns.labels[at : at + 25]
        y = network.forward(patterns.images[at : at + 25])
        network.backward(loss.gradient(y, labels))
        network.curvature(loss.seed(y, labels))
    return network.parameters.curvature / len(patterns)


def compared(out: Path, progress: Any, passed: Any, *, moment: str, seed: int, choice: DataChoice) -> dict[str, Any]:
    """The part of one network: by layer, [h_kk, the same with f'', exact] of parameters drawn with the seed."""
    saved, train = pretrained.load("default"), choice.load().train
    patterns = Patterns(train.images[:PATTERNS], train.labels[:PATTERNS])
    recipe = replace(saved.recipe, dtype="float64")
    network, loss, rng = build(recipe), make_loss(recipe), np.random.default_rng(seed)
    network.parameters.values[:] = saved.values
    if moment == "start":
        initialise(network, recipe, rng)
    known = NumpyEngine(network, loss).mean_curvature(patterns, np.arange(len(patterns)))
    places = drawn(network, rng)
    true = {layer: exact(network, loss, patterns, chosen) for layer, chosen in places.items()}
    further = with_bend(network, loss, patterns)
    found = {layer: np.stack([known[chosen], further[chosen], true[layer]], axis=1).tolist()
             for layer, chosen in places.items()}  # fmt: skip
    return {"moment": moment, "seed": seed, "layers": found}


def plan(setting: Setting) -> Plan:
    of_digits(setting.data)
    wanted = [("start", seed) for seed in range(1, 1 + STARTS)] + [("end", 1)]
    found = yield [
        setting.part(f"{moment}, seed {seed}", compared, moment=moment, seed=seed, choice=setting.choice)
        for moment, seed in wanted
    ]
    return {**provenance(), "data": description(setting.data), "networks": found}


def tables(record: Record) -> list[Table]:
    columns = [Column("layer", kind="text"), Column("when", kind="text"), Column("networks")]
    columns += [Column("exact / h_kk"), Column("exact / with f''"), Column("with f'' / h_kk")]
    columns += [Column(f"negative, {what}", "%", 0) for what in ("with f''", "exact")]
    rows: list[list[Cell]] = []
    for layer in record["networks"][0]["layers"]:
        for moment, when in MOMENTS.items():
            own = [each["layers"][layer] for each in record["networks"] if each["moment"] == moment]
            known, further, true = np.concatenate(own).T
            medians = [float(np.median(each)) for each in (true / known, true / further, further / known)]
            negative = [100 * float(np.mean(each < 0)) for each in (further, true)]
            rows.append([layer, when, len(own), *medians, *negative])
    notes = [f"Medians over {PER_LAYER} parameters per layer and network, of the first {PATTERNS} training patterns.",
             "h_kk: equations 23, 25 and 27. With f'': equation 26 in place of 27."]  # fmt: skip
    return [Table(record["experiment"], "Second derivatives with and without f''", columns, rows, notes)]


EXPERIMENT = Experiment(
    name="equation_26",
    title="Equation 26 with its term of f''",
    paper="appendix C, equation 26",
    question="Does the term of f'', which appendix C leaves out, bring h_kk nearer to the exact second derivative?",
    answer="In one network, before training, in C5 and F6: with it h_kk is right there, and without it too large: the "
    "exact value is {equation_26; C5; before training; exact / h_kk} and {equation_26; F6; before training; "
    "exact / h_kk} times h_kk. After training both are right there. In C3 and C1, where many connections share "
    "a weight, it does not help.",
    chapter="What the paper leaves open",
    place=8,
    plan=plan,
    tables=tables,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)

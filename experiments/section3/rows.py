"""The rows of section III: how one is measured, with one seed, as work of its own on one core.

A row of `lenet1998.classifiers.rows` is fitted here; its networks are trained in the store, where rows that begin with
the same network find it. LeNet-5's two are not trained again: their error rates are those that Figures 5 and 6
recorded, over their seeds, and what else there is to know comes from the networks that come with the package.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from experiments.fig6_training_size import group
from experiments.machinery.measures import trained
from experiments.machinery.record import published
from experiments.machinery.store import Given, Store
from lenet1998 import pretrained
from lenet1998.classifiers.classifier import Training
from lenet1998.classifiers.rows import BESIDE, ROWS, judged, measure
from lenet1998.engines import make_engine
from lenet1998.errors import LeNetError
from lenet1998.loss import make_loss
from lenet1998.network import Network
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.reference import comparable, figures_9_to_12
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import data_of, repeated, slim
from lenet1998.running.provenance import provenance
from lenet1998.running.run import CHECKPOINT
from lenet1998.running.work import DataChoice

PAPER = figures_9_to_12()
# Every row in the order of the figures, those that the paper does not have below the one they depart from.
NAMES = [each for name in PAPER for each in (name, *(extra for extra, below in BESIDE.items() if below == name))]

# Of the rows that are not fitted here: Figure 9's names for them.
LABELS = {name: row.label for name, row in ROWS.items()} | {
    "lenet5": "LeNet-5",
    "dist_lenet5": "[dist] LeNet-5",
}
# The network that comes with the package, and the experiment that recorded the errors of its recipe's seeds.
LENET5 = {"lenet5": ("default", "fig5_error_curves"), "dist_lenet5": ("distorted", "fig6_training_size")}
TRAININGS = "trainings"  # of a row's run, the histories of the networks that it trained, in turn


def seeds_of(name: str, seeds: int | None) -> range:
    """The seeds that a row is measured with: as many as it has of its own, or so many, where chance has a part."""
    if name not in ROWS or not ROWS[name].random:
        return range(1, 2)
    return range(1, 1 + (seeds or ROWS[name].seeds))


def network_of(name: str) -> str:
    """The row whose network is the first that a row trains: its own name, unless both have one training of it."""
    return (ROWS[name].network if name in ROWS else "") or name


def measured(
    out: Path,
    progress: object,
    passed: Callable[[dict], None] | None,
    *,
    name: str,
    seed: int,
    choice: DataChoice,
    runs: Path,
) -> dict[str, Any]:
    """The part of a row with one seed: a run of the row's file, and where it was made."""
    data = choice.load()
    if name in LENET5:
        return {"run": lenet5(name, data), "made": provenance()}
    histories: list[dict] = []
    run = measure(ROWS[name], data, seed, stored(runs, histories, passed))
    run |= {TRAININGS: [slim(history) for history in histories]} if histories else {}
    return {"run": run, "made": provenance()}


def stored(runs: Path, histories: list[dict], passed: Callable[[dict], None] | None = None) -> Training:
    """Training in the store `runs`, which goes on from what is there; its history is added to `histories`.

    It raises LeNetError where a run has made more passes than are asked for.
    """

    def train(recipe: Recipe, data: DataSet, seed: int, passes: int, engine: str) -> tuple[Network, float]:
        task, earlier = Store(runs).task(recipe, seed, Given(data), passes=passes, engine=engine), 0.0
        if (task.out / CHECKPOINT).exists():
            earlier = sum(record["seconds"] for record in checkpoints.load(task.out / CHECKPOINT).history["passes"])
        histories.append(task.perform(passed=passed))
        return trained(task)[0], earlier

    return train


def begun(name: str, described: dict, seed: int, data_dir: Path | None) -> tuple[dict, Iterator[dict]]:
    """The first training of a row again, on data as its file describes them: what `repeated` of
    `lenet1998.running.check` gives."""

    def train(recipe: Recipe, data: DataSet, seed: int, passes: int, engine: str) -> NoReturn:
        raise _Begun(repeated({"recipe": recipe.as_dict(), "seed": seed, "engine": engine}, data))

    try:
        measure(ROWS[name], data_of({"data": described}, data_dir), seed, train)
    except _Begun as found:
        return found.training
    raise LeNetError(f"the row {name} has no training")


class _Begun(Exception):
    def __init__(self, training: tuple[dict, Iterator[dict]]):
        self.training = training


def lenet5(name: str, data: DataSet) -> dict[str, Any]:
    """A LeNet-5 of the package on the test set.

    Counts are of the network's layers; the fixed codes of the output units are not among the variables, as in the
    paper's 60 thousand. The seconds to train are those of the run that the network is from.
    """
    saved = pretrained.load(LENET5[name][0])
    network = saved.network()
    engine = make_engine("auto", network, make_loss(saved.recipe))
    engine.penalties(data.test.images[:1])  # compiling is not classifying
    began = time.perf_counter()
    scores = engine.penalties(data.test.images)
    seconds = time.perf_counter() - began
    return {
        "label": LABELS[name],
        "seed": saved.history["seed"],
        "data": {"name": data.name, "train_size": saved.history["data"]["train_size"], "test_size": len(data.test)},
        **judged(scores, data.test.labels),
        "multiply_accumulates": sum(layer["macs"] for layer in network.table()),
        "variables": len(network.parameters),
        "seconds_to_fit": sum(record["seconds"] for record in saved.history["passes"]),
        "microseconds_to_classify": 1e6 * seconds / len(data.test),
    }


def errors_of(name: str) -> list[float]:
    """The errors on all of MNIST that the seeds of a LeNet-5's recipe ended with, as recorded elsewhere."""
    network, experiment = LENET5[name]
    histories = [history for history in published(experiment)["runs"] if comparable(history)]
    same = group(histories, 60_000, pretrained.load(network).recipe.distorted_copies)
    return [history["passes"][-1]["test_error_percent"] for history in same]

"""The rows of section III: how they are measured, each in a process of its own.

A row of `lenet1998.classifiers.rows` is fitted here. LeNet-5's two are not trained again: their error rates are those
that Figures 5 and 6 recorded, over their seeds, and what else there is to know comes from the networks that come with
the package.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NoReturn, cast

from experiments.common import description, recorded
from experiments.fig6_training_size import group
from experiments.machinery.store import Given, Store
from experiments.options import RESULTS
from lenet1998 import pretrained
from lenet1998.classifiers.classifier import Training
from lenet1998.classifiers.rows import BESIDE, ROWS, judged, measure
from lenet1998.engines import make_engine
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.network import Network
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.reference import comparable, figures_9_to_12
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import repeated, slim
from lenet1998.running.provenance import provenance
from lenet1998.running.run import CHECKPOINT, run
from lenet1998.running.work import DataChoice
from lenet1998.training import make_loss

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
SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Failed:
    """A row without a result, and the one line that says why."""

    reason: str


def measured(name: str, data: DataSet, seeds: int | None, runs: Path) -> dict[str, object]:
    """What a row's file holds of it: a run for each seed, or one where chance plays no part.

    A row's first network keeps its training in `runs`/ROW/seedN, ROW being the one whose network it is, and finds it
    there; further ones in `runs`/ROW/seedN/PART. Where the error rates of more runs are recorded elsewhere, they are
    under "errors_percent".
    """
    if name in LENET5:
        return lenet5(name, data)
    found = []
    for seed in range(1, 1 + runs_of(name, seeds)):
        histories: list[dict] = []
        first, further = (runs / each / f"seed{seed}" for each in (network_of(name), name))
        row = measure(ROWS[name], data, seed, kept(first, further, histories))
        found.append(row | ({TRAININGS: [slim(history) for history in histories]} if histories else {}))
    return {"runs": found}


def network_of(name: str) -> str:
    """The row whose network is the first that a row trains: its own name, unless both have one training of it."""
    return (ROWS[name].network if name in ROWS else "") or name


def kept(first: Path, further: Path, histories: list[dict]) -> Training:
    """Training in a run of the directory `first`, or of a part's own in `further`, which goes on from what is there;
    its history is added to `histories`.

    It raises CheckpointError where another run is there.
    """

    def train(
        recipe: Recipe, data: DataSet, seed: int, passes: int, engine: str, part: str = ""
    ) -> tuple[Network, float]:
        out, earlier = further / part if part else first, 0.0
        if (out / CHECKPOINT).exists():
            earlier = sum(record["seconds"] for record in checkpoints.load(out / CHECKPOINT).history["passes"])
        histories.append(run(out, recipe, data, seed=seed, passes=passes, engine=engine, resume=True))
        return checkpoints.load(out / CHECKPOINT).network(), earlier

    return train


def stored(runs: Path, histories: list[dict], passed: Callable[[dict], None] | None = None) -> Training:
    """Training in the store `runs`, which goes on from what is there; its history is added to `histories`.

    It raises CheckpointError where a run has made more passes than are asked for.
    """

    def train(
        recipe: Recipe, data: DataSet, seed: int, passes: int, engine: str, part: str = ""
    ) -> tuple[Network, float]:
        task, earlier = Store(runs).task(recipe, seed, Given(data), passes=passes, engine=engine), 0.0
        if (task.out / CHECKPOINT).exists():
            earlier = sum(record["seconds"] for record in checkpoints.load(task.out / CHECKPOINT).history["passes"])
        histories.append(task.perform(passed=passed))
        saved = checkpoints.load(task.out / CHECKPOINT)
        if len(saved.history["passes"]) != passes:
            made = len(saved.history["passes"])
            raise CheckpointError(f"{task.out} has made {made} passes: ask for as many, or use other --runs")
        return saved.network(), earlier

    return train


def begun(name: str, data: DataSet, seed: int) -> tuple[dict, Iterator[dict]]:
    """The first training of a row again, as `repeated` of `lenet1998.running.check` has it."""

    def train(recipe: Recipe, data: DataSet, seed: int, passes: int, engine: str, part: str = "") -> NoReturn:
        raise _Begun(repeated({"recipe": recipe.as_dict(), "seed": seed, "engine": engine}, data))

    try:
        measure(ROWS[name], data, seed, train)
    except _Begun as found:
        return found.training
    raise LeNetError(f"the row {name} has no training")


class _Begun(Exception):
    def __init__(self, training: tuple[dict, Iterator[dict]]):
        self.training = training


def runs_of(name: str, seeds: int | None) -> int:
    """How many runs a row is measured with: as many as it has seeds of its own, or so many, where the seed matters."""
    if name not in ROWS or not ROWS[name].random:
        return 1
    return seeds or ROWS[name].seeds


def lenet5(name: str, data: DataSet) -> dict[str, object]:
    """A LeNet-5 of the package on the test set and, for all of MNIST, the errors that its recipe's seeds ended with.

    Counts are of the network's layers; the fixed codes of the output units are not among the variables, as in the
    paper's 60 thousand. The seconds to train are those of the run that the network is from.
    """
    network_name, experiment = LENET5[name]
    saved = pretrained.load(network_name)
    network = saved.network()
    engine = make_engine("auto", network, make_loss(saved.recipe))
    engine.penalties(data.test.images[:1])  # compiling is not classifying
    began = time.perf_counter()
    scores = engine.penalties(data.test.images)
    seconds = time.perf_counter() - began
    run = {
        "label": LABELS[name],
        "seed": saved.history["seed"],
        "data": {"name": data.name, "train_size": saved.history["data"]["train_size"], "test_size": len(data.test)},
        **judged(scores, data.test.labels),
        "multiply_accumulates": sum(layer["macs"] for layer in network.table()),
        "variables": len(network.parameters),
        "seconds_to_fit": sum(record["seconds"] for record in saved.history["passes"]),
        "microseconds_to_classify": 1e6 * seconds / len(data.test),
    }
    if not comparable({"data": description(data)}):
        return {"runs": [run]}
    histories = [history for history in recorded(experiment, argparse.Namespace(out=RESULTS)) if comparable(history)]
    same = group(histories, 60_000, saved.recipe.distorted_copies)
    return {"runs": [run], "errors_percent": [history["passes"][-1]["test_error_percent"] for history in same]}


def perform(
    names: list[str],
    choice: DataChoice,
    seeds: int | None,
    jobs: int,
    runs: Path,
    finished: Callable[[str, dict | Failed], None],
) -> None:
    """Measure rows, `jobs` at a time, each on one core in a process of its own; hand each to `finished` as it comes.

    So no row keeps another's memory, and a row whose process is killed fails alone. Rows that begin with the same
    network take turns: the first trains it.
    """
    os.environ.update(dict.fromkeys(SINGLE_THREAD, "1"))
    processes = multiprocessing.get_context("spawn")
    waiting, running = list(names), dict[Any, tuple[str, Any]]()
    while waiting or running:
        while len(running) < jobs and (name := _next(waiting, [name for name, _ in running.values()])):
            receiver, sender = processes.Pipe(duplex=False)
            process = processes.Process(target=work, args=(name, choice, seeds, runs, sender), daemon=True)
            process.start()
            sender.close()  # the child has its own: when that is gone, so is the child
            running[receiver] = name, process
            waiting.remove(name)
        for ready in wait(list(running)):
            name, process = running.pop(ready)
            outcome: dict | Failed | None
            try:
                outcome = cast(Connection, ready).recv()
            except EOFError:
                outcome = None
            process.join()
            lost = Failed(f"its process ended with code {process.exitcode}: is there enough memory?")
            finished(name, outcome or lost)


def _next(waiting: list[str], running: list[str]) -> str:
    """The first row that begins with no running row's network, "" if there is none."""
    busy = {network_of(name) for name in running}
    return next((name for name in waiting if network_of(name) not in busy), "")


def work(name: str, choice: DataChoice, seeds: int | None, runs: Path, sender: Connection) -> None:
    """The child: measure one row and send its record, or Failed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says what an interruption means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        data = choice.load()
        outcome = {"experiment": "section3", "row": name, **provenance(), "data": description(data)}
        sender.send(outcome | measured(name, data, seeds, runs))
    except LeNetError as error:
        sender.send(Failed(str(error)))
    except Exception as error:  # whatever it is, the other rows go on, and it is reported
        sender.send(Failed(f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    """A child whose parent was killed ends too: nobody takes its result, and it would hold the lock of its runs."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)

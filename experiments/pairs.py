"""Two recipes compared seed by seed: on test errors, and on which test patterns each seed's network gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from lenet1998.engines import make_engine
from lenet1998.errors import LeNetError
from lenet1998.evaluation import answers
from lenet1998.report.comparison import MISCLASSIFIED, PatternTest, SeedTest, by_errors, by_patterns, same_seeds
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import CHECKPOINT
from lenet1998.running.work import Task
from lenet1998.training import make_loss


def with_misclassified(tasks: list[Task]) -> Callable[[dict], dict]:
    """For `carry_out`: what adds to a run's history the indices of the test patterns that its network gets wrong."""
    by_run = {(task.recipe.name, task.seed): task for task in tasks}

    def extend(history: dict) -> dict:
        task = by_run[history["recipe"]["name"], history["seed"]]
        return history | {MISCLASSIFIED: list(misclassified(task))}

    return extend


@cache
def misclassified(task: Task) -> tuple[int, ...]:
    """Those indices, from the task's checkpoint. Raises LeNetError if that has made more passes than are asked for."""
    saved = checkpoints.load(task.out / CHECKPOINT)
    if len(saved.history["passes"]) != task.passes:
        made = len(saved.history["passes"])
        raise LeNetError(f"{task.out} has made {made} passes: ask for as many with --passes, or use other --runs")
    engine = make_engine(task.engine, saved.network(), make_loss(saved.recipe))
    test = task.data.load().test
    return tuple(int(index) for index in np.flatnonzero(answers(engine.penalties(test.images)) != test.labels))


def paired(a: list[dict], b: list[dict]) -> tuple[SeedTest, PatternTest] | None:
    """The tests of `lenet1998.report.comparison` on the last test errors and the misclassified patterns of two recipes.

    Runs are paired by seed; None if no seed is in both.
    """
    runs = same_seeds(a, b)
    return (by_errors(*runs), by_patterns(*runs)) if runs[0] else None

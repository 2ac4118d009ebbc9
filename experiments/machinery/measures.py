"""What is measured on finished runs, in the worker that has made them: fields `measure` of `Task`."""

import numpy as np

from lenet1998.engine import Engine
from lenet1998.engines import make_engine
from lenet1998.errors import LeNetError
from lenet1998.evaluation import answers, error_rate
from lenet1998.evaluation import misclassified as wrong_answers
from lenet1998.loss import make_loss
from lenet1998.network import Network
from lenet1998.report.comparison import MISCLASSIFIED
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import CHECKPOINT
from lenet1998.running.work import Task

WRONG = "wrong"
AFTER = "train_error_after_percent"


def trained(task: Task, file: str = CHECKPOINT) -> tuple[Network, Engine]:
    """The network of a finished run with an engine. Raises LeNetError if it has made more passes than are asked for."""
    saved = checkpoints.load(task.out / file)
    made, network = len(saved.history["passes"]), saved.network()
    if file == CHECKPOINT and made != task.passes:
        raise LeNetError(f"{task.out} has made {made} passes: ask for as many with --passes, or use other --runs")
    return network, make_engine(task.engine, network, make_loss(saved.recipe))


def after_training(task: Task) -> dict[str, float]:
    """The error of a task's trained network on the patterns that it learned."""
    _, engine = trained(task)
    return {AFTER: error_rate(engine, task.data.load().train).error_percent}


def misclassified(task: Task) -> dict[str, list[int]]:
    """The indices of the test patterns that the network gets wrong."""
    _, engine = trained(task)
    test = task.data.load().test
    return {MISCLASSIFIED: np.flatnonzero(answers(engine.penalties(test.images)) != test.labels).tolist()}


def wrong(task: Task) -> dict[str, list[list[int]]]:
    """The same with true label and answer: a list [index, label, answer] per pattern."""
    _, engine = trained(task)
    test = task.data.load().test
    found = wrong_answers(test.labels, answers(engine.penalties(test.images)))
    return {WRONG: [[index, *pair] for index, pair in found.items()]}

"""Which test patterns a run's network gets wrong, from its checkpoint, for as many passes as were asked for."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.machinery.measures import misclassified
from lenet1998.errors import LeNetError
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import MISCLASSIFIED
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import CHECKPOINT, run
from lenet1998.running.work import DataChoice, Task


def test_the_patterns_are_those_of_the_network_after_so_many_passes(tmp_path):
    data = DataChoice("synthetic", train_size=40, test_size=30)
    task = Task(tmp_path, Recipe(hessian_patterns=10), 1, data, passes=2, engine="numpy")
    run(task.out, task.recipe, data.load(), seed=1, passes=2, engine="numpy")
    test = data.load().test
    given = checkpoints.load(tmp_path / CHECKPOINT).network().forward(test.images).argmin(axis=1)
    wrong = np.flatnonzero(given != test.labels).tolist()
    assert wrong and misclassified(task)[MISCLASSIFIED] == wrong
    for passes in (1, 3):
        with pytest.raises(LeNetError, match="has made 2 passes: ask for as many"):
            misclassified(replace(task, passes=passes))

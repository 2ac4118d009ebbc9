"""Threads that share an engine, a classifier or a Trainer: answers are right and equal, and training stays as it is."""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from threading import Event, Thread

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from lenet1998 import LeNet5Classifier, numpy_engine, pretrained
from lenet1998.data import load
from lenet1998.engines import make_engine
from lenet1998.errors import LeNetError
from lenet1998.loss import make_loss
from lenet1998.recipe import Recipe, preset
from lenet1998.training import Trainer

ENGINES = ["numpy", *(["numba"] if find_spec("numba") else [])]
THREADS = 8


def at_once(work, threads: int = THREADS) -> list:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))


@pytest.fixture(scope="module")
def digits():
    return load("synthetic", train_size=200, test_size=100)


@pytest.mark.parametrize("engine", ENGINES)
def test_predictions_from_threads_are_those_of_one(digits, engine):
    saved = pretrained.load("default")
    shared = make_engine(engine, saved.network(), make_loss(saved.recipe))
    parts = np.split(digits.train.images[: 25 * THREADS], THREADS)
    alone = [shared.penalties(part) for part in parts]
    for _ in range(5):
        for one, other in zip(alone, at_once(lambda number: shared.penalties(parts[number])), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_classifier_may_be_shared(digits, engine):
    lenet5 = LeNet5Classifier(passes=1, engine=engine).fit(digits.train.images, digits.train.labels)
    expected = lenet5.predict_proba(digits.test.images)
    for found in at_once(lambda _: lenet5.predict_proba(digits.test.images)):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("recipe", [Recipe(hessian_patterns=20), preset("modern")], ids=lambda recipe: recipe.name)
def test_questions_while_it_trains_change_no_bit_of_training(digits, engine, recipe):
    alone, asked = (Trainer(recipe, digits, seed=1, engine=engine) for _ in range(2))
    expected, ended, answers = alone.run_pass(), Event(), []

    def ask() -> None:
        while not ended.wait(0.01):  # threads that never wait would leave training no time
            answers.append(asked.engine.penalties(digits.test.images[:30]))

    questions = Thread(target=ask)
    questions.start()
    record = asked.run_pass()
    ended.set()
    questions.join()
    assert record["parameters_sha256"] == expected["parameters_sha256"]
    assert answers and all(np.isfinite(each).all() for each in answers)


def test_matrix_products_have_one_thread_until_the_last_call_ends():
    def threads() -> set[int]:
        return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        with numpy_engine._one_thread:
            with numpy_engine._one_thread:
                assert threads() == {1}
            assert threads() == {1}
        assert threads() == {2}


@pytest.mark.parametrize("engine", ENGINES)
def test_two_threads_that_learn_with_one_engine_are_told_so(digits, engine):
    trainer, sample = Trainer(Recipe(hessian_patterns=20), digits, seed=1, engine=engine), np.arange(5)
    with trainer.engine.busy, pytest.raises(LeNetError, match="another thread learns"):
        trainer.engine.mean_curvature(digits.train, sample)
    with trainer.engine.busy, pytest.raises(LeNetError, match="an engine and a network of its own"):
        trainer.run_pass()
    trainer.run_pass()

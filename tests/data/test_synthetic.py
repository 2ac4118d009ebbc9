"""The drawn digits: the same wherever they are drawn, in MNIST's form, neither too easy nor too hard."""

import time

import numpy as np
import pytest

from lenet1998.data.strokes import SAMPLES, WRITINGS, parse
from lenet1998.data.synthetic import BLOCK, MOST, synthetic_digits
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns


@pytest.fixture(scope="module")
def sets() -> tuple[Patterns, Patterns]:
    return synthetic_digits(10_000, 0, "train"), synthetic_digits(2_000, 0, "test")


def test_the_seed_decides(sets):
    again = synthetic_digits(600, 0, "train")
    assert again.digest() == sets[0].first(600).digest()
    assert synthetic_digits(600, 1, "train").digest() != again.digest()


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_the_first_digits_do_not_depend_on_how_many(sets, count):
    assert synthetic_digits(count, 0, "test").digest() == sets[1].first(count).digest()


def test_train_and_test_share_no_digit(sets):
    train, test = ({image.tobytes() for image in patterns.images} for patterns in sets)
    assert len(train) == 10_000 and len(test) == 2_000
    assert not train & test


def test_classes_are_balanced(sets):
    assert (np.bincount(sets[0].labels) == 1_000).all()
    assert (np.bincount(sets[1].labels[:BLOCK]) == BLOCK // 10).all()
    assert sets[0].labels[:BLOCK].tolist() != sets[0].labels[BLOCK : 2 * BLOCK].tolist()


def test_they_are_in_mnist_form(sets):
    images = sets[1].images
    rows, columns = images.any(axis=2), images.any(axis=1)
    height = 28 - rows.argmax(axis=1) - rows[:, ::-1].argmax(axis=1)
    width = 28 - columns.argmax(axis=1) - columns[:, ::-1].argmax(axis=1)
    assert (np.maximum(height, width) <= 20).all()
    assert (np.maximum(height, width) == 20).mean() > 0.95
    mass = images.sum(axis=(1, 2), dtype=float)
    centre = images.sum(axis=2) @ np.arange(28) / mass
    assert np.abs(centre - 14.0).max() < 2.5 and np.abs(centre.mean() - 14.0) < 0.1
    assert (images.max(axis=(1, 2)) > 150).all()
    # In MNIST a fifth of the pixels have ink, and the mean is 0.13.
    assert 0.07 < images.mean() / 255 < 0.16
    assert 0.1 < (images > 0).mean() < 0.3


def test_harder_than_linear_and_yet_learnable(sets):
    train, test = (patterns.images.reshape(-1, 784).astype(np.float32) / 255 for patterns in sets)
    truth = sets[1].labels
    design = np.hstack([train, np.ones((len(train), 1), np.float32)])
    targets = 2.0 * np.eye(10, dtype=np.float32)[sets[0].labels] - 1.0
    weights = np.linalg.solve(design.T @ design + np.eye(785, dtype=np.float32), design.T @ targets)
    linear = (test @ weights[:-1] + weights[-1]).argmax(axis=1)
    assert 0.08 < (linear != truth).mean() < 0.16
    distances = (train**2).sum(axis=1) - 2.0 * test @ train.T
    nearest = sets[0].labels[distances.argmin(axis=1)]
    assert 0.005 < (nearest != truth).mean() < 0.03


def test_a_training_set_as_large_as_the_papers_takes_a_minute_at_most():
    start = time.process_time()
    synthetic_digits(1_000, 5)
    assert (time.process_time() - start) * 60 < 60.0


@pytest.mark.parametrize("count", [MOST + 1, 10**12, 10**30])
def test_more_than_can_be_drawn_are_refused_before_memory_is_taken(monkeypatch, count):
    monkeypatch.setattr(np, "empty", lambda *_: pytest.fail("memory was asked for"))
    with pytest.raises(DataError, match=f"{count} synthetic digits were asked for: ask for at most {MOST}"):
        synthetic_digits(count)


@pytest.mark.parametrize(("count", "seed", "stream"), [(0, 0, "train"), (-3, 0, "train"), (1, -1, "test"), (1, 0, "x")])
def test_refusals(count, seed, stream):
    with pytest.raises(DataError):
        synthetic_digits(count, seed, stream)


def test_large_seeds_work():
    assert len(synthetic_digits(1, 2**70)) == 1


@pytest.mark.parametrize("writing", [writing for ways in WRITINGS for writing in ways])
def test_writings_pass_through_their_points(writing):
    points, weights = parse(writing)
    assert weights.shape == (SAMPLES, len(points))
    assert np.allclose(weights.sum(axis=1), 1.0)
    gaps = np.linalg.norm((weights @ points)[:, np.newaxis] - points, axis=2).min(axis=0)
    assert gaps.max() < 4.0
    # No sample strays far from the frame that the points fill.
    assert np.ptp(weights @ points, axis=0).max() <= 110.0


def test_an_open_stroke_does_not_overshoot_its_ends():
    points, weights = parse("30,0 30,33 30,66 30,100")
    assert (np.diff((weights @ points)[:, 1]) > 0).all()


def test_a_closed_stroke_has_no_corner_where_it_closes():
    points, weights = parse("30,0 0,50 30,100 60,50 30,0")
    path = weights @ points
    first, last = path[1] - path[0], path[-1] - path[-2]
    assert first @ last / np.linalg.norm(first) / np.linalg.norm(last) > 0.9


def test_a_block_is_drawn_once_and_nobody_s_changes_come_back(monkeypatch):
    first = synthetic_digits(300, seed=4).images
    before = first.copy()
    first[:] = 0
    monkeypatch.setattr("lenet1998.data.synthetic._draw_block", lambda rng: pytest.fail("a block is drawn again"))
    np.testing.assert_array_equal(synthetic_digits(400, seed=4).images[:300], before)

"""Section III-B's distorted patterns: the affine maps, their law, and passes of 60,000 out of 600,000."""

import numpy as np
import pytest

from lenet1998.data import load
from lenet1998.distortions import DistortedSet, Law, centred, distort
from lenet1998.recipe import Recipe
from lenet1998.training import Trainer

PLAIN = np.array([1.0, 1.0, 0.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def digits():
    return load("synthetic", train_size=200, test_size=50)


def moments(image: np.ndarray) -> tuple[float, float, float, float, float]:
    """Mean row and column, and their variances and covariance, of the ink."""
    rows, columns = np.indices(image.shape)
    ink = image / image.sum()
    row, column = (ink * rows).sum(), (ink * columns).sum()
    return (row, column, (ink * (rows - row) ** 2).sum(), (ink * (columns - column) ** 2).sum(),
            (ink * (rows - row) * (columns - column)).sum())  # fmt: skip


def blob() -> np.ndarray:
    """A smooth blob, so that interpolation hardly changes its moments."""
    rows, columns = np.indices((28, 28))
    return np.round(255 * np.exp(-((rows - 14) ** 2) / 18 - (columns - 13) ** 2 / 8)).astype(np.uint8)


@pytest.mark.parametrize("scale", [0.8, 1.2])
@pytest.mark.parametrize("squeeze", [0.9, 1.1])
@pytest.mark.parametrize("shear", [-0.15, 0.1])
def test_moments_move_as_the_affine_map_says(scale, squeeze, shear):
    """Variances by the squares of the two factors; shear adds rows to columns, never columns to rows."""
    row, column, rows, columns, _ = moments(centred(blob()))
    image = distort(blob(), np.array([scale, squeeze, shear, 1.5, -0.5]))
    new_row, new_column, new_rows, new_columns, new_both = moments(image)
    assert new_row == pytest.approx(26 + scale / squeeze * (row - 26) - 0.5, abs=0.15)
    assert new_column == pytest.approx(15.5 + scale * squeeze * (column - 15.5) + shear * (row - 26) + 1.5, abs=0.15)
    assert new_rows == pytest.approx((scale / squeeze) ** 2 * rows, rel=0.1)
    assert new_columns == pytest.approx((scale * squeeze) ** 2 * columns + shear**2 * rows, rel=0.12)
    assert new_both == pytest.approx(shear * scale / squeeze * rows, abs=0.25)


def test_nothing_is_cut_off_that_fits_the_field():
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 4:24] = 200
    larger = distort(image, np.array([1.2, 1.0, 0.0, 0.0, 0.0]))
    assert larger.astype(int).sum() == pytest.approx(1.44 * image.astype(int).sum(), rel=0.02)


def test_the_law_fills_its_ranges_and_nothing_else():
    """The ranges measured in Figure 7: scale 0.72 to 1.30, squeeze 0.91 to 1.10, shear +-0.15, shift +-2.4."""
    drawn = Law().draw(20_000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.min(axis=0), [0.7, 0.9, -0.15, -2.3, -2.3], atol=2e-3)
    np.testing.assert_allclose(drawn.max(axis=0), [1.3, 1.1, 0.15, 2.3, 2.3], atol=2e-3)
    np.testing.assert_allclose(drawn.mean(axis=0), PLAIN, atol=0.03)


def test_originals_come_first_and_labels_follow(digits):
    some = DistortedSet(digits.train, Law(), 9, np.random.default_rng(1))
    assert len(some) == 2000
    batch = some.batch(np.array([7, 207, 1807]))
    np.testing.assert_array_equal(batch.images[0], centred(digits.train.images[7]))
    np.testing.assert_array_equal(batch.images[1], distort(digits.train.images[7], some.distortions[7]))
    assert batch.labels.tolist() == [digits.train.labels[7]] * 3


def test_twenty_passes_show_each_of_the_ten_versions_twice(digits):
    """ "20 passes of 60,000 patterns out of 600,000": here of 200 out of 2,000."""
    trainer = Trainer(Recipe(distorted_copies=9), digits, seed=1, engine="numpy")
    seen: list[int] = []
    some = trainer._distorted
    some.batch = lambda chosen: seen.extend(chosen) or ("batch", len(chosen))
    for number in range(1, 21):
        (_, size), order = trainer._patterns(number)
        assert size == len(order) == 200
    assert np.bincount(seen, minlength=2000).tolist() == [2] * 2000


def test_distorted_training_depends_on_the_seed_alone(digits):
    values = []
    for seed in (3, 3, 4):
        trainer = Trainer(Recipe(distorted_copies=9), digits, seed=seed, engine="numpy")
        trainer.run_pass()
        values.append(trainer.network.parameters.values.copy())
    np.testing.assert_array_equal(values[0], values[1])
    assert (values[0] != values[2]).any()


def test_a_resumed_distorted_run_makes_the_same_distortions(digits):
    whole = Trainer(Recipe(distorted_copies=2), digits, seed=1, engine="numpy")
    whole.run_pass()
    parts = Trainer(Recipe(distorted_copies=2), digits, seed=1, engine="numpy")
    parts.restore(whole.network.parameters.values.copy(), whole.passes, whole.optimiser.state())
    whole.run_pass()
    parts.run_pass()
    np.testing.assert_array_equal(parts.network.parameters.values, whole.network.parameters.values)


def test_the_width_of_the_law_is_a_multiple_of_figure_7s_ranges():
    digits = load("synthetic", train_size=20, test_size=1)
    drawn = [
        Trainer(Recipe(distorted_copies=2, distortion_width=width), digits, seed=1, engine="numpy")._distorted
        for width in (1.0, 0.25)
    ]
    none = np.array([1, 1, 0, 0, 0])
    np.testing.assert_allclose(drawn[1].distortions - none, 0.25 * (drawn[0].distortions - none))
    assert np.abs(drawn[0].distortions - none).max(axis=0) == pytest.approx([0.3, 0.1, 0.15, 2.3, 2.3], rel=0.2)

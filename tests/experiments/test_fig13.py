"""Section III-E and Figure 13: noise in training, perturbed test images, and what is said of the claims."""

import json
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest

from experiments.fig13_invariance import activations, report, wide
from experiments.fig13_invariance import experiment as fig13_invariance
from experiments.fig13_invariance.perturbations import (
    PERTURBATIONS,
    centre_of_mass,
    ink_kept,
    rotated,
    scaled,
    shifted_down,
    shifted_right,
    thickened,
)
from experiments.fig13_invariance.report import CLAIMS, accuracy, falls, limit, tables, verdict
from experiments.machinery.main import run
from lenet1998.data import load
from lenet1998.distortions import inverted, padded
from lenet1998.engines import ENGINES
from lenet1998.errors import LeNetError, RecipeError
from lenet1998.recipe import Recipe
from lenet1998.training import Trainer
from tests.programs import undrawn

NOISY = Recipe(noise=0.1)


@pytest.fixture(scope="module")
def digits():
    return load("synthetic", train_size=60, test_size=40)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_each_pixel_is_inverted_with_the_probability_and_on_its_own():
    images = rng().integers(0, 256, (1500, 32, 32), dtype=np.uint8)  # more than are drawn at a time
    for probability in (0.1, 0.4):
        noisy = inverted(images, probability, rng(1))
        changed = noisy != images
        np.testing.assert_array_equal(noisy[changed], 255 - images[changed])
        assert changed.mean() == pytest.approx(probability, abs=0.002)
        assert changed.mean(axis=0).std() < 0.02 and changed.mean(axis=(1, 2)).std() < 0.02
        pairs = (changed[:, :, 1:] & changed[:, :, :-1]).mean()
        assert pairs == pytest.approx(probability**2, abs=0.002), "neighbours do not know of each other"
    assert (inverted(images, 0.0, rng()) == images).all()
    assert images.mean() == pytest.approx(127.5, abs=1), "the images themselves stay as they were"


def test_padding_is_the_input_layers(digits):
    network = Trainer(Recipe(), digits, seed=1, engine="numpy").network
    images = digits.train.images[:3]
    for side in (28, 32):
        assert padded(images, side).shape == (3, side, side)
    np.testing.assert_array_equal(
        network.input(padded(images, 32), network.dtype), network.input(images, network.dtype)
    )


def test_a_tenth_of_the_field_is_inverted_in_training(digits):
    trainer = Trainer(NOISY, digits, seed=1, engine="numpy")
    patterns, order = trainer._patterns(1)
    np.testing.assert_array_equal(patterns.labels, digits.train.labels)
    np.testing.assert_array_equal(order, Trainer(Recipe(), digits, seed=1, engine="numpy")._patterns(1)[1])
    changed = patterns.images != padded(digits.train.images, 32)
    assert changed.mean() == pytest.approx(0.1, abs=0.005)
    assert changed[:, :2].mean() == pytest.approx(0.1, abs=0.02), "the margin too"


def test_without_noise_nothing_changes(digits):
    patterns, _ = Trainer(Recipe(), digits, seed=1, engine="numpy")._patterns(1)
    assert patterns is digits.train


def test_noise_is_fresh_in_each_pass(digits):
    trainer = Trainer(NOISY, digits, seed=1, engine="numpy")
    one, other = (trainer._patterns(number)[0].images for number in (1, 2))
    assert (one != other).any()
    again = Trainer(NOISY, digits, seed=1, engine="numpy")._patterns(1)[0].images
    another = Trainer(NOISY, digits, seed=2, engine="numpy")._patterns(1)[0].images
    assert (one == again).all() and (one != another).any()


def test_distorted_patterns_become_noisy_too(digits):
    plain, noisy = (
        Trainer(Recipe(distorted_copies=2, noise=noise), digits, seed=1, engine="numpy")._patterns(2)[0].images
        for noise in (0.0, 0.1)
    )
    assert (plain != noisy).mean() == pytest.approx(0.1, abs=0.005)


def test_the_curvature_is_that_of_noisy_patterns(digits):
    """Inverted background raises the inputs' mean square, and with it h_kk of C1 (equation 25)."""
    everything = {"hessian_patterns": 60}
    plain, noisy = (
        Trainer(replace(recipe, **everything), digits, seed=1, engine="numpy") for recipe in (Recipe(), NOISY)
    )
    ratio = noisy.curvature(1)[:150].mean() / plain.curvature(1)[:150].mean()
    assert ratio > 1.2


@pytest.mark.parametrize("engine", ENGINES)
def test_both_engines_learn_the_same_noise(digits, engine):
    few = replace(digits, train=digits.train.first(20))
    recipe = replace(NOISY, hessian_patterns=5)
    trainer, reference = (Trainer(recipe, few, seed=1, engine=name) for name in (engine, "numpy"))
    record, expected = trainer.run_pass(), reference.run_pass()
    np.testing.assert_allclose(
        trainer.network.parameters.values, reference.network.parameters.values, rtol=0, atol=1e-5
    )
    assert record["train_error_percent"] == expected["train_error_percent"]
    parts = Trainer(recipe, few, seed=1, engine=engine)
    parts.restore(trainer.network.parameters.values.copy(), trainer.passes, trainer.optimiser.state())
    for each in (trainer, parts):
        each.run_pass()
    np.testing.assert_array_equal(parts.network.parameters.values, trainer.network.parameters.values)


@pytest.mark.parametrize("settings", [["noise=0.6"], ["noise=-0.1"], ["noise=x"]])
def test_senseless_noise_is_refused_by_name(settings):
    with pytest.raises(RecipeError, match="noise") as refusal:
        Recipe().override(settings)
    assert "\n" not in str(refusal.value)


def test_a_recipe_from_before_there_was_noise_has_none():
    values = Recipe().as_dict()
    del values["noise"]
    assert Recipe.from_dict(values) == Recipe()


@pytest.mark.parametrize("what", PERTURBATIONS, ids=lambda each: each.name)
def test_what_changes_nothing_changes_nothing(what, digits):
    images = digits.test.images[:5]
    assert what.neutral in what.values
    for _, name, at in CLAIMS:
        assert name != what.name or set(at) <= set(what.values)
    same = what.apply(images, what.neutral, rng())
    if what.name == "stroke width":  # strokes are drawn again, with edges of their own
        assert ink_kept(images, same) == pytest.approx(1, abs=0.1)
        assert np.corrcoef(same.ravel(), padded(images, 32).ravel())[0, 1] > 0.97
    else:
        np.testing.assert_array_equal(same, padded(images, 32))


def blob() -> np.ndarray:
    """A smooth blob off the middle, longer than wide, so that interpolation hardly changes its moments."""
    rows, columns = np.indices((28, 28))
    return np.round(255 * np.exp(-((rows - 14) ** 2) / 30 - (columns - 12) ** 2 / 12)).astype(np.uint8)[None]


def spread(image: np.ndarray) -> np.ndarray:
    """The covariance matrix of rows and columns of the ink."""
    rows, columns = np.indices(image.shape)
    return np.cov(np.array([rows.ravel(), columns.ravel()]), aweights=image.ravel(), ddof=0)


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.3])
def test_scaling_is_about_the_images_own_centre(factor):
    image, larger = padded(blob(), 32)[0], scaled(blob(), factor)[0]
    np.testing.assert_allclose(centre_of_mass(larger), centre_of_mass(image), atol=0.05)
    smoothing = 0.0 if factor > 1 else (factor * (1 / factor - 1) / 2) ** 2
    expected = factor**2 * spread(image) + smoothing * np.eye(2)
    np.testing.assert_allclose(np.diag(spread(larger)), np.diag(expected), rtol=0.05)
    assert ink_kept(image, larger) == pytest.approx(factor**2, rel=0.05)


@pytest.mark.parametrize("degrees", [-40, 25, 60])
def test_rotation_turns_counter_clockwise_about_the_images_own_centre(degrees):
    """The long axis, upright before, leans to the left for positive angles: rows downwards, columns to the right."""
    image, turned = padded(blob(), 32)[0], rotated(blob(), degrees)[0]
    np.testing.assert_allclose(centre_of_mass(turned), centre_of_mass(image), atol=0.05)
    values, axes = np.linalg.eigh(spread(turned))
    np.testing.assert_allclose(values, np.linalg.eigvalsh(spread(image)), rtol=0.05)
    row, column = axes[:, 1] * np.sign(axes[0, 1])  # the long axis, pointing downwards
    assert np.degrees(np.arctan2(column, row)) == pytest.approx(degrees, abs=1.5)


def test_shifts_go_down_and_right_and_lose_what_leaves_the_field():
    image = padded(blob(), 32)
    np.testing.assert_array_equal(shifted_down(blob(), 3)[0, 3:], image[0, :-3])
    np.testing.assert_array_equal(shifted_right(blob(), -4)[0, :, :-4], image[0, :, 4:])
    whole = np.full((1, 28, 28), 255, np.uint8)
    assert ink_kept(whole, shifted_down(whole, 10)) == pytest.approx(20 / 28)


@pytest.mark.parametrize("change", [-2.0, -1.0, 1.0, 3.0])
def test_a_stroke_of_four_pixels_becomes_so_much_wider(change):
    bar = np.zeros((1, 28, 28), np.uint8)
    bar[0, 4:24, 12:16] = 255
    widths = thickened(bar, change)[0, 12:20].sum(axis=1) / 255
    np.testing.assert_allclose(widths, 4 + change, atol=0.05)
    assert not thickened(np.zeros((1, 28, 28), np.uint8), change).any(), "no stroke, no ink"


def test_accuracy_is_a_mean_over_seeds_or_one_networks_rate():
    np.testing.assert_allclose(accuracy([[90], [94]], 100)[:, 0], [92, 90, 94], atol=0.01)  # two seeds: their range
    np.testing.assert_allclose(accuracy([[95]], 100)[:, 0], [95, 88.82, 97.85], atol=0.01)  # Wilson (1927)


def test_limits_by_hand():
    values, curve = [-2.0, -1, 0, 1, 2], np.array([50.0, 94, 100, 96, 90])
    assert limit(values, curve, 95, 0, -1) == pytest.approx(-5 / 6)
    assert limit(values, curve, 95, 0, 1) == pytest.approx(1 + 1 / 6)
    assert limit(values, curve, 90, 0, 1) is None, "90 is not below 90"
    assert limit(values, curve - 10, 95, 0, 1) == 0
    again = np.array([50.0, 94, 100, 80, 100])
    assert limit(values, again, 90, 0, 1) == 0.5, "the first fall counts, whatever comes after"
    bands = np.array([curve, curve - 2, curve + 2])

    def around(values: list[float], bands: np.ndarray, level: float) -> list[tuple | None]:
        found = [falls(values, bands, 0, 5, level, side) for side in (-1, 1)]
        return [each and tuple(round(value, 2) for value in (each.mean, each.low, each.high) if value is not None)
                for each in found]  # fmt: skip

    assert around(values, bands, 90) == [(-1.09, -1.14, -1.05), None], "not beyond 2"
    assert around(values, bands, 95) == [(-0.83, -1.02, -0.5), (1.17, 0.75, 1.5)]
    assert around(values, bands - 10, 95) == [(0, 0, 0), (0, 0, 0)], "never reached"
    assert around(values, np.array([curve, curve - 2, curve + 9]), 95)[1] == (1.17,), "a bound is beyond"
    assert around([0.0, 1], np.array([[99.0, 90], [98, 89], [100, 91]]), 95) == [None, (0.44, 0.33, 0.56)], "one side"


def test_verdicts():
    band = np.array([[96.0, 97], [95, 96], [97, 98]])
    assert [verdict(band, level) for level in (95, 96, 97.5)] == ["met", "open", "missed"]


def few_values(monkeypatch) -> None:
    """The values that the claims name, and the neutral ones: all that the tables and the drawing need."""
    few = []
    for each in PERTURBATIONS:
        named = [value for _, what, at in CLAIMS if what == each.name for value in at]
        few.append(replace(each, values=tuple(sorted({each.neutral, *(named or each.values[-1:])}))))
    for module in (fig13_invariance, report):
        monkeypatch.setattr(module, "PERTURBATIONS", tuple(few))


def invariance(place, *options: str) -> None:
    once = ["--quick", "--data", "synthetic", "--engine", "numpy", "--quiet", "--passes", "1", "--seeds", "1"]
    run(fig13_invariance.EXPERIMENT, [*once, "--out", str(place), "--runs", str(place / "runs"), *options])


def test_from_start_to_figure(tmp_path, monkeypatch, capsys):
    few_values(monkeypatch)
    invariance(tmp_path)
    said, name = capsys.readouterr().out, "fig13_invariance_numpy"
    results = json.loads((tmp_path / f"{name}.json").read_text())
    assert {"versions", "commit", "machine"} <= set(results)
    kinds = ["plain", "distortions", "noisy strings"]
    assert [run["recipe"]["name"] for run in results["runs"]] == ["default", "default, distorted", "sdnn"]
    assert results["runs"][2]["strings"]["criterion"] == "discriminative_forward"
    for each in fig13_invariance.PERTURBATIONS:
        found = results["curves"][each.name]
        assert found["values"] == list(each.values) and list(found["correct"]) == kinds
    for kind, run_ in zip(kinds[:2], results["runs"], strict=False):
        ((noise_free, _),) = results["curves"]["noise"]["correct"][kind]
        assert 100 - noise_free / 2 == run_["passes"][-1]["test_error_percent"], (
            "the unperturbed test set, 200 patterns"
        )
    claimed, *_ = tables(results)
    for claim, *_ in CLAIMS:
        assert [row[1] for row in claimed.rows if row[0] == claim] == kinds
        assert said.count(f"| {claim} |") == 4, "accuracy of three kinds, and ink"
    assert "recognition is accurate for rotation, 30 degrees" in (tmp_path / f"{name}.md").read_text()
    for drawn in (name, "fig13_activations_numpy"):
        assert matplotlib.image.imread(tmp_path / f"{drawn}.png").std() > 0.05
    (tmp_path / f"{name}.png").unlink()
    with undrawn():
        invariance(tmp_path, "--plot-only")
        assert capsys.readouterr().out == said and (tmp_path / f"{name}.png").exists()
        invariance(tmp_path)
    assert capsys.readouterr().out == said, "a trial can be repeated"
    checked = {each.history["recipe"]["name"] for each in fig13_invariance.trainings(results)}
    assert checked == {"default", "default, distorted"}, "what learned strings is checked elsewhere"


def test_recipes_that_are_noisy_already_are_refused(tmp_path):
    with pytest.raises(LeNetError, match="leave out these settings"):
        invariance(tmp_path, "--set", "noise=0.2")


def test_the_nine_inputs_of_the_figure(digits):
    images, titles = activations.shown(digits.test)
    assert len(images) == len(titles) == 9
    assert [title.split()[1] for title in titles] == list("123456789")
    again, _ = activations.shown(digits.test)
    np.testing.assert_array_equal(images, again)
    first = digits.test.images[np.flatnonzero(digits.test.labels == 4)[0]]
    np.testing.assert_array_equal(images[3], shifted_right(first[None], 5)[0])


def test_networks_that_learn_the_limits_stand_beside_the_others(tmp_path, monkeypatch, capsys):
    few_values(monkeypatch)
    monkeypatch.setattr(wide, "PERTURBATIONS", fig13_invariance.PERTURBATIONS)
    once = ["--quick", "--data", "synthetic", "--engine", "numpy", "--quiet", "--passes", "1", "--seeds", "1"]
    run(wide.EXPERIMENT, [*once, "--train-size", "60", "--out", str(tmp_path), "--runs", str(tmp_path / "runs")])
    record = json.loads((tmp_path / "fig13_invariance_wide.json").read_text())
    (history,) = record["runs"]
    assert history["data"]["train_size"] == 240 and record["data"]["train_size"] == 60
    again = next(iter(wide.trainings(record))).data(None)
    assert dict(again.digests) == history["data"]["digests"]
    assert (again.train.labels[:60] == again.train.labels[60:120]).all() and again.train.images.shape[1:] == (32, 32)
    clean, *others = wide.tables(record)
    assert clean.rows[0][2].mean == history["passes"][-1]["test_error_percent"]
    assert {row[1] for row in others[0].rows} == {wide.WIDE}
    assert "Errors on digits as they are" in capsys.readouterr().out

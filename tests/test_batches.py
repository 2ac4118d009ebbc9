"""Mini-batches, optimisers and the networks that are not LeNet-5, through engine, trainer, runs and checkpoints."""

import json

import numpy as np
import pytest

from lenet1998.data import load
from lenet1998.engine import Batch, NonFinite
from lenet1998.errors import CheckpointError, DataError, DivergenceError, RecipeError
from lenet1998.loss import CrossEntropy, make_loss
from lenet1998.modern.optimisers import SGD, make_optimiser
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe, preset
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running import run as runs
from lenet1998.running.run import BEST, CHECKPOINT, HISTORY, run
from lenet1998.training import Trainer
from tests.networks import modern_network, random_images

ENGINE = "numpy"
SMALL = ["network=mlp_256_64", "batch=16", "dtype=float64"]


@pytest.fixture(scope="module")
def digits():
    return load("synthetic", train_size=90, test_size=60)


def modern(*settings: str) -> Recipe:
    return preset("modern").override([*SMALL, *settings])


def patterns(count: int = 11) -> Batch:
    labels = np.random.default_rng(1).integers(0, 3, count).astype(np.uint8)
    return Batch(random_images(count, 9, channels=2), labels)


def single_gradients(network, loss, batch: Batch, chosen) -> np.ndarray:
    gradients = []
    for index in chosen:
        network.parameters.gradient.fill(0)
        y = network.forward(batch.images[[index]])
        network.backward(loss.gradient(y, batch.labels[[index]]))
        gradients.append(network.parameters.gradient.copy())
    return np.array(gradients)


def test_a_batch_takes_the_mean_of_its_gradients_and_decays_weights_only():
    network, loss, batch = modern_network(), CrossEntropy(), patterns()
    decay, chosen = 0.3, np.array([4, 0, 9, 4])
    mean = single_gradients(network, loss, batch, chosen).mean(axis=0)
    before = network.parameters.values.copy()
    expected = before - 0.05 * (mean + decay * network.parameters.decaying * before)
    optimiser = SGD(network.parameters.values, decay * network.parameters.decaying)
    tally = NumpyEngine(network, loss).train_batches(batch, chosen, 4, optimiser, 0.05)
    np.testing.assert_allclose(network.parameters.values, expected, rtol=1e-11, atol=1e-13)
    for name, view in network.parameters.named(network.parameters.decaying).items():
        assert (view == (0 if name.endswith("bias") else 1)).all()
    network.parameters.values[:] = before
    y = network.forward(batch.images[chosen])
    assert tally.errors == (y.argmin(axis=1) != batch.labels[chosen]).sum()
    assert tally.loss == pytest.approx(loss.value(y, batch.labels[chosen]).sum()), "without the penalty of the decay"


def test_the_last_batch_may_be_smaller_and_large_ones_go_in_parts():
    """81 patterns by 70: one update with the mean of 70, which is more than pass the layers together, one with 11."""
    network, loss, batch = modern_network(), CrossEntropy(), patterns(40)
    order, w = np.arange(81) % 40, modern_network().parameters.values
    for chosen in (order[:70], order[70:]):
        network.parameters.values[:] = w
        w -= 0.02 * single_gradients(network, loss, batch, chosen).mean(axis=0)
    network = modern_network()
    NumpyEngine(network, loss).train_batches(batch, order, 70, SGD(network.parameters.values), 0.02)
    np.testing.assert_allclose(network.parameters.values, w, rtol=1e-10, atol=1e-12)


def test_batches_of_one_with_gradient_descent_are_the_online_path():
    order, ends, tallies = np.array([3, 1, 10, 3, 0]), [], []
    for online in (True, False):
        network = modern_network()
        engine = NumpyEngine(network, CrossEntropy())
        steps = np.random.default_rng(0).uniform(0, 0.1, len(network.parameters))
        if online:
            tallies.append(engine.train(patterns(), order, steps))
        else:  # SDLM's vector of step sizes, one pattern to a batch
            tallies.append(engine.train_batches(patterns(), order, 1, SGD(network.parameters.values), steps))
        ends.append(network.parameters.values)
    np.testing.assert_array_equal(*ends)
    assert tallies[0] == tallies[1]


def test_what_is_not_finite_is_named_with_its_place():
    network, batch = modern_network(), patterns()
    engine = NumpyEngine(network, CrossEntropy())
    with pytest.raises(NonFinite) as stop:
        engine.train_batches(batch, np.arange(10), 4, SGD(network.parameters.values), np.inf)
    assert (stop.value.what, stop.value.position) == ("weight", 3), "found after the first batch's update"
    network = modern_network()
    engine = NumpyEngine(network, CrossEntropy())
    value, poison = engine.loss.value, iter([0, np.nan])

    class Poisoned(CrossEntropy):
        def value(self, y, labels):
            losses = value(y, labels)
            losses[2:] += next(poison)
            return losses

    engine.loss = Poisoned()
    with pytest.raises(NonFinite) as stop:
        engine.train_batches(batch, np.arange(10), 4, SGD(network.parameters.values), 0.01)
    assert (stop.value.what, stop.value.position) == ("loss", 6), "the third pattern of the second batch"


def test_which_path_a_recipe_takes(digits, monkeypatch):
    taken = []
    for path in ("train", "train_batches"):
        whole = getattr(NumpyEngine, path)
        monkeypatch.setattr(
            NumpyEngine, path, lambda *args, path=path, whole=whole: (taken.append((path, *args[3:])), whole(*args))[1]
        )
    online = ["optimiser=sgd", "batch=1", "schedule=1x0.01"]
    for settings, expected in (
        (online, "train"),
        ([*online, "weight_decay=0.1"], "train_batches"),
        ([*online, "batch=2"], "train_batches"),
        ([*online, "optimiser=momentum"], "train_batches"),
        (["optimiser=sdlm", "batch=1"], "train"),
        (["optimiser=sdlm", "batch=7"], "train_batches"),
    ):
        trainer = Trainer(modern(*settings), digits, seed=1, engine=ENGINE)
        record = trainer.run_pass()
        path, *rest = taken.pop()
        assert path == expected, settings
        if path == "train_batches":
            size, optimiser, rate = rest
            assert size == trainer.recipe.batch
            assert optimiser is trainer.optimiser
            assert np.ndim(rate) == ("optimiser=sdlm" in settings)
        if "optimiser=sdlm" in settings:
            assert record["step_min"] < record["step_max"]
        else:
            assert record["step_min"] == record["step_max"] == pytest.approx(0.01)


def test_the_trainer_never_splits_a_batch(digits, monkeypatch):
    """Patterns go to the engine in stretches, for progress: multiples of a batch, or one batch that is larger."""
    stretches = []
    learn = NumpyEngine.train_batches
    monkeypatch.setattr(NumpyEngine, "train_batches", lambda *args: (stretches.append(len(args[2])), learn(*args))[1])
    monkeypatch.setattr("lenet1998.training._STRETCH", 40)
    seen = []
    Trainer(modern("batch=16"), digits, seed=1, engine=ENGINE).run_pass(lambda *progress: seen.append(progress[1]))
    assert stretches == [32, 32, 26]
    assert seen == [32, 64, 90]
    stretches.clear()
    Trainer(modern("batch=60"), digits, seed=1, engine=ENGINE).run_pass()
    assert stretches == [60, 30]


OPTIMISERS = ("sdlm", "sdlm_momentum", "sgd", "momentum", "rmsprop", "adam")


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_resume_is_bit_identical_with_every_optimiser(digits, tmp_path, optimiser):
    recipe = modern(f"optimiser={optimiser}", "schedule=2x0.001", "input_mean=true", "weight_decay=0.001")
    for out, parts in (("whole", (3,)), ("parts", (1, 2, 3))):
        for passes in parts:
            run(tmp_path / out, recipe, digits, seed=4, passes=passes, engine=ENGINE, resume=True)
    whole, parts = (checkpoints.load(tmp_path / out / CHECKPOINT) for out in ("whole", "parts"))
    np.testing.assert_array_equal(whole.values, parts.values)
    assert set(whole.optimiser) == set(
        make_optimiser(recipe, Trainer(recipe, digits, 1, ENGINE).network.parameters).state()
    )
    for name, array in whole.optimiser.items():
        assert array.any(), "the state has seen gradients"
        np.testing.assert_array_equal(array, parts.optimiser[name])
    assert whole.history["passes"][-1]["train_loss"] == parts.history["passes"][-1]["train_loss"]


def test_a_last_batch_that_is_not_full_may_be_dropped(digits, monkeypatch):
    """90 patterns in batches of 16: five are full, and the rates are those of the 80 patterns that were learned."""
    seen, whole = [], NumpyEngine.train_batches

    def recorded(self, patterns, order, batch, optimiser, rate):
        seen.extend(order.tolist())
        return whole(self, patterns, order, batch, optimiser, rate)

    monkeypatch.setattr(NumpyEngine, "train_batches", recorded)
    record = Trainer(modern("order=file", "last_batch=drop"), digits, seed=1, engine=ENGINE).run_pass()
    assert seen == list(range(80))
    assert record["train_error_percent"] * 80 / 100 == pytest.approx(round(record["train_error_percent"] * 0.8))
    seen.clear()
    Trainer(modern("order=file"), digits, seed=1, engine=ENGINE).run_pass()
    assert seen == list(range(90))
    with pytest.raises(DataError, match="batches of 91 are never full with 90 training patterns"):
        Trainer(modern("batch=91", "last_batch=drop"), digits, seed=1, engine=ENGINE)


def test_patterns_may_be_drawn_with_replacement(digits):
    trainer = Trainer(modern("order=replacement"), digits, seed=1, engine=ENGINE)
    first, second = trainer._order(1, 2000), trainer._order(2, 2000)
    assert len(first) == 2000 and first.min() >= 0 and first.max() < 2000 and (first != second).any()
    # A share of 1 - 1 / e is drawn at least once.
    assert len(np.unique(first)) / 2000 == pytest.approx(1 - np.exp(-1), abs=0.03)
    np.testing.assert_array_equal(first, Trainer(modern("order=replacement"), digits, 1, ENGINE)._order(1, 2000))


def test_sdlm_with_momentum_and_a_step_for_each_layer(digits):
    """Two updates by hand: v <- 0.5 v - eps g, with one eps a layer, eta / (mu + the sum of h over it)."""
    recipe = modern("optimiser=sdlm_momentum", "sdlm_rates=layer", "momentum=0.5", "batch=45", "order=file", "mu=0.3")
    trainer = Trainer(recipe, digits, seed=1, engine=ENGINE)
    parameters, loss = trainer.network.parameters, make_loss(recipe)
    h = parameters.named(trainer.curvature(1))
    eps = {}
    for layer in ("F1", "F2", "Output"):
        total = h[f"{layer}.weight"].sum() + h[f"{layer}.bias"].sum()
        eps |= dict.fromkeys([f"{layer}.weight", f"{layer}.bias"], recipe.eta(1) / (0.3 + total))
    w = parameters.values.copy()
    rates = parameters.named(np.empty_like(w))
    for name, view in rates.items():
        view[...] = eps[name]
    rates = np.concatenate([view.ravel() for view in rates.values()])
    velocity = np.zeros_like(w)
    other = Trainer(recipe, digits, seed=1, engine=ENGINE).network
    for chosen in (np.arange(45), np.arange(45, 90)):
        other.parameters.values[:] = w
        velocity = 0.5 * velocity - rates * single_gradients(other, loss, digits.train, chosen).mean(axis=0)
        w = w + velocity
    record = trainer.run_pass()
    np.testing.assert_allclose(parameters.values, w, rtol=1e-9, atol=1e-12)
    assert len({record["step_min"], record["step_max"]} & set(eps.values())) == 2
    by_hand = trainer.curvature(2)
    scaled = Trainer(recipe.override(["curvature_factors=F1x4"]), digits, seed=1, engine=ENGINE)
    scaled.restore(parameters.values, trainer.passes, trainer.optimiser.state())
    total = 4 * sum(view.sum() for name, view in parameters.named(by_hand).items() if name.startswith("F1."))
    assert any(
        scaled.run_pass()[key] == pytest.approx(recipe.eta(2) / (0.3 + total)) for key in ("step_min", "step_max")
    )
    with pytest.raises(RecipeError, match="no layer 'C1' has parameters: choose F1 or F2 or Output"):
        Trainer(recipe.override(["curvature_factors=C1x4"]), digits, seed=1, engine=ENGINE).run_pass()
    with pytest.raises(RecipeError, match="a factor above 0"):
        modern("curvature_factors=F1x0")
    with pytest.raises(RecipeError, match="optimiser=adam has one rate"):
        modern("sdlm_rates=layer")


def test_a_network_fits_twenty_patterns():
    """What every course asks first of a network and its gradients: all of twenty patterns, a hundred per cent."""
    data = load("synthetic", train_size=20, test_size=20)
    for recipe in (Recipe(name="paper"), preset("modern").override(["batch=4", "schedule=1x0.001"])):
        trainer = Trainer(recipe, data, seed=1, engine=ENGINE)
        for _ in range(40):
            if trainer.run_pass()["train_error_percent"] == 0:
                break
        assert (trainer.engine.penalties(data.train.images).argmin(axis=1) == data.train.labels).all()


def test_a_checkpoint_keeps_the_mean_that_the_input_subtracts(digits, tmp_path):
    recipe = modern("input_mean=true")
    trainer = Trainer(recipe, digits, 1, ENGINE)
    field = trainer.network.input(digits.train.images, np.dtype("float64"))
    np.testing.assert_allclose(trainer.network.mean, field.mean(axis=0), atol=1e-12)
    run(tmp_path, recipe, digits, passes=1, engine=ENGINE)
    saved = checkpoints.load(tmp_path / CHECKPOINT)
    trainer.run_pass()
    np.testing.assert_array_equal(saved.network().mean, trainer.network.mean)
    np.testing.assert_array_equal(
        NumpyEngine(saved.network(), make_loss(recipe)).penalties(digits.test.images),
        trainer.engine.penalties(digits.test.images),
    )


DAMAGES = {
    "no velocity": {"optimiser.velocity": None},
    "a velocity too short": {"optimiser.velocity": np.zeros(3)},
    "a velocity that is not finite": {"optimiser.velocity": np.full(218_058, np.nan)},
    "another optimiser's state": {"optimiser.mean": np.zeros(218_058)},
    "no mean": {"mean": None},
    "a mean of another size": {"mean": np.zeros((1, 32, 32))},
    "a mean that is not finite": {"mean": np.full((1, 28, 28), np.inf)},
}


def test_a_damaged_state_is_refused_in_one_line(digits, tmp_path):
    run(tmp_path, modern("optimiser=momentum", "input_mean=true"), digits, passes=1, engine=ENGINE)
    checkpoints.load(tmp_path / CHECKPOINT)
    with np.load(tmp_path / CHECKPOINT) as arrays:
        whole = dict(arrays)
    for damage, arrays in DAMAGES.items():
        kept = {key: array for key, array in (whole | arrays).items() if array is not None}
        np.savez(tmp_path / "damaged.npz", **kept)
        with pytest.raises(CheckpointError, match="not a whole checkpoint") as refusal:
            checkpoints.load(tmp_path / "damaged.npz")
        assert "\n" not in str(refusal.value), damage


def test_a_mean_that_the_recipe_does_not_ask_for_is_refused(digits, tmp_path):
    run(tmp_path, modern(), digits, passes=1, engine=ENGINE)
    with np.load(tmp_path / CHECKPOINT) as arrays:
        np.savez(tmp_path / "other.npz", **arrays, mean=np.zeros((1, 28, 28)))
    with pytest.raises(CheckpointError, match="mean"):
        checkpoints.load(tmp_path / "other.npz")


def test_a_diverging_batch_names_pass_and_pattern(digits):
    with pytest.raises(DivergenceError, match=r"diverged in pass 1 at its pattern number \d+ .*lower the rates"):
        Trainer(modern("optimiser=sgd", "schedule=1x1e300"), digits, seed=1, engine=ENGINE).run_pass()


def test_an_optimiser_whose_memory_overflows_has_diverged(digits, tmp_path):
    """The square of a gradient of 1e20 is beyond float32: then loss and weights are finite, and no weight changes."""
    recipe = modern("optimiser=adam", "dtype=float32", "schedule=1x1e9")
    with pytest.raises(DivergenceError, match="diverged in pass 1: the optimiser's square is not finite; lower the"):
        run(tmp_path, recipe, digits, seed=1, passes=1, engine=ENGINE)
    assert not (tmp_path / CHECKPOINT).exists()


@pytest.fixture
def scripted(monkeypatch):
    """Trainers whose test errors follow a script, whatever they learn."""
    script = {1: 30.0, 2: 20.0, 3: 25.0, 4: 20.0, 5: 10.0, 6: 50.0}
    whole = Trainer.run_pass

    def run_pass(self, progress=None):
        record = whole(self, progress)
        record["test_error_percent"] = script[record["pass"]]
        return record

    monkeypatch.setattr(Trainer, "run_pass", run_pass)
    return script


def best(out) -> int:
    return len(checkpoints.load(out / BEST).history["passes"])


def test_the_best_pass_is_kept_and_survives_resume(digits, tmp_path, scripted):
    kept = {}
    for passes in range(1, 7):
        run(tmp_path, modern(), digits, passes=passes, engine=ENGINE, resume=True, keep_best=True)
        kept[passes] = best(tmp_path)
    assert kept == {1: 1, 2: 2, 3: 2, 4: 2, 5: 5, 6: 5}, "of equals the first"
    run(tmp_path / "whole", modern(), digits, passes=6, engine=ENGINE, keep_best=True)
    ours, theirs = (checkpoints.load(out / BEST) for out in (tmp_path, tmp_path / "whole"))
    np.testing.assert_array_equal(ours.values, theirs.values)
    assert (ours.values != checkpoints.load(tmp_path / CHECKPOINT).values).any()
    run(tmp_path / "without", modern(), digits, passes=2, engine=ENGINE)
    assert not (tmp_path / "without" / BEST).exists()


def test_a_kill_between_best_and_checkpoint_costs_that_pass_only(digits, tmp_path, scripted, monkeypatch):
    save = checkpoints.save

    def killed(path, checkpoint):
        save(path, checkpoint)
        if path.name == BEST and len(checkpoint.history["passes"]) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(runs.checkpoints, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, modern(), digits, passes=3, engine=ENGINE, keep_best=True)
    monkeypatch.setattr(runs.checkpoints, "save", save)
    assert len(json.loads((tmp_path / HISTORY).read_text())["passes"]) == 1
    run(tmp_path, modern(), digits, passes=3, engine=ENGINE, keep_best=True, resume=True)
    assert best(tmp_path) == 2
    run(tmp_path / "whole", modern(), digits, passes=2, engine=ENGINE)
    np.testing.assert_array_equal(
        checkpoints.load(tmp_path / BEST).values, checkpoints.load(tmp_path / "whole" / CHECKPOINT).values
    )


def colours(network: str, count: int = 24) -> DataSet:
    """Two classes that differ in which colour is strong."""
    side, classes = {"cat_lenet": (64, 2), "cifar10_convnet": (32, 2)}[network]
    rng = np.random.default_rng(0)
    labels = (np.arange(count) % classes).astype(np.uint8)
    images = rng.integers(0, 120, (count, 3, side, side), dtype=np.uint8)
    images[np.arange(count), labels] += 100
    both = Patterns(images, labels)
    return DataSet("colours", both, both, "drawn here")


@pytest.mark.parametrize("network", ["cat_lenet", "cifar10_convnet"])
def test_colour_images_of_two_classes_are_learned(network, tmp_path):
    settings = [f"network={network}", "batch=8", "c3=table", "input_mean=true", "schedule=8x0.001"]
    data, recipe = colours(network), preset("modern").override(settings)
    history = run(tmp_path, recipe, data, passes=6, engine=ENGINE)
    assert history["passes"][-1]["test_error_percent"] == 0
    assert history["passes"][-1]["train_loss"] < history["passes"][0]["train_loss"] / 2
    saved = checkpoints.load(tmp_path / CHECKPOINT).network()
    assert (saved.forward(data.test.images).argmin(axis=1) == data.test.labels).all()


def test_full_batch_gradient_descent_on_a_logistic_unit():
    """As the published program: one update a pass, so that the loss on the fly is the whole set's cost."""
    settings = ["network=cat_lenet", "optimiser=sgd", "batch=24", "schedule=1x0.001", "order=file"]
    data = colours("cat_lenet")
    trainer = Trainer(preset("modern").override(settings), data, seed=1, engine=ENGINE)
    y = trainer.network.forward(data.train.images)
    cost = trainer.engine.loss.value(y, data.train.labels).mean()
    costs = [trainer.run_pass()["train_loss"] for _ in range(3)]
    assert costs[0] == pytest.approx(cost, rel=1e-5)
    assert costs == sorted(costs, reverse=True)


def test_data_that_do_not_fit_the_network_are_refused(digits):
    with pytest.raises(DataError, match=r"\(3, 64, 64\) do not fit an input of \(1, 32, 32\)"):
        Trainer(Recipe(), colours("cat_lenet"), seed=1, engine=ENGINE)
    with pytest.raises(DataError, match=r"\(28, 28\) do not fit"):
        Trainer(modern("network=cat_lenet"), digits, seed=1, engine=ENGINE)
    data = colours("cat_lenet")
    data = DataSet("colours", data.train, Patterns(data.test.images, data.test.labels + np.uint8(1)), "drawn here")
    with pytest.raises(DataError, match="a label is 2, but network=cat_lenet has 2 classes"):
        Trainer(modern("network=cat_lenet"), data, seed=1, engine=ENGINE)


def test_patterns_of_any_size_and_colour():
    images = np.zeros((4, 3, 5, 6), np.uint8)
    four = Patterns(images, np.array([0, 255, 7, 1], np.uint8))
    assert four.first(2).images.shape == (2, 3, 5, 6)
    assert four.spread(2).labels.tolist() == [0, 7]
    assert DataSet("x", four, four, "drawn here").held_out(1).test.labels.tolist() == [1]
    assert four.digest() != Patterns(images.reshape(4, 3, 6, 5), four.labels).digest()
    for wrong in (images[0, 0], images[None]):
        with pytest.raises(DataError, match="bring them to"):
            Patterns(wrong, four.labels)

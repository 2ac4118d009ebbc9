"""Section III-C's networks: their counts, what they learn, and the classifiers that are built on LeNet-4."""

import json
from dataclasses import replace

import numpy as np
import pytest

from experiments.section3.rows import TRAININGS, measured, stored
from lenet1998.classifiers import boosting
from lenet1998.classifiers.boosting import Boosted, confident_enough
from lenet1998.classifiers.classifier import vectors
from lenet1998.classifiers.features import PIXELS, LocalLinear, OnFeatures, with_pixels
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.classifiers.network import NetworkClassifier, recipe_of
from lenet1998.classifiers.rejection import confidence
from lenet1998.classifiers.rows import ROWS, Row, measure
from lenet1998.connections import LENET1_H3, inputs_of, lenet4_c3, lenet4_c5
from lenet1998.data import load
from lenet1998.engine import Batch
from lenet1998.engines import make_engine
from lenet1998.errors import DataError, LeNetError, RecipeError
from lenet1998.initialisation import initialise
from lenet1998.loss import make_loss
from lenet1998.networks import build
from lenet1998.recipe import Recipe
from lenet1998.reference import figures_9_to_12
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.work import DataChoice
from lenet1998.squash import squash
from lenet1998.training import Trainer

DIGITS = load("synthetic", train_size=200, test_size=60)
TRAIN, TEST = DIGITS.train, DIGITS.test


def table(name: str) -> dict[str, tuple[int, ...]]:
    """Layer: maps, side, parameters, connections."""
    rows = build(recipe_of(name)).table()
    return {row["name"]: (row["maps"], row["size"][0], row["parameters"], row["connections"]) for row in rows}


def total(name: str, key: str) -> int:
    return sum(row[key] for row in build(recipe_of(name)).table())


def short(name: str, passes: int = 3, seed: int = 1, copies: int = 0) -> NetworkClassifier:
    return NetworkClassifier(recipe_of(name, copies), seed, passes, engine="numpy")


def wrong(scores: np.ndarray) -> float:
    return float((scores.argmin(axis=1) != TEST.labels).mean())


def test_lenet1_has_the_2578_parameters_and_98442_connections_of_its_paper():
    assert table("lenet1") == {
        "H1": (4, 24, 104, 59_904),
        "H2": (4, 12, 8, 2_880),
        "H3": (12, 8, 512, 32_768),
        "H4": (12, 4, 24, 960),
        "Output": (10, 1, 1_930, 1_930),
    }
    assert (total("lenet1", "parameters"), total("lenet1", "connections")) == (2_578, 98_442)
    assert LENET1_H3.sum() == 20
    assert inputs_of(LENET1_H3)[:6] == [[0], [0, 1], [0, 1], [1], [0, 1], [0, 1]]
    np.testing.assert_array_equal(LENET1_H3[2:, 6:], LENET1_H3[:2, :6])  # its two halves are wired alike
    assert not LENET1_H3[2:, :6].any() and not LENET1_H3[:2, 6:].any()


def test_lenet4_is_what_section_3c8_says_of_it():
    """4 maps, 8 in pairs, 16, 16, 120 units; about 260,000 connections and 17,000 parameters."""
    assert table("lenet4") == {
        "C1": (4, 28, 104, 81_536),
        "S2": (8, 14, 16, 7_840),
        "C3": (16, 10, 1_616, 161_600),
        "S4": (16, 5, 32, 2_000),
        "C5": (120, 1, 13_720, 13_720),
        "Output": (10, 1, 1_210, 1_210),
    }
    assert total("lenet4", "connections") == pytest.approx(260_000, rel=0.05)
    assert total("lenet4", "parameters") == pytest.approx(17_000, rel=0.05)


def test_lenet4s_c3_maps_choose_one_of_each_pair_and_no_two_c5_units_see_the_same():
    choices = [tuple(number % 2 for number in seen) for seen in inputs_of(lenet4_c3())]
    assert [[number // 2 for number in seen] for seen in inputs_of(lenet4_c3())] == [[0, 1, 2, 3]] * 16
    assert len(set(choices)) == 16
    seen = inputs_of(lenet4_c5())
    assert len({tuple(each) for each in seen}) == 120
    assert [len(each) for each in seen] == [5] * 64 + [4] * 56
    uses = lenet4_c5().sum(axis=1)
    assert uses.max() - uses.min() <= 4


def test_lenet4s_subsampling_maps_come_in_pairs():
    network = build(recipe_of("lenet4"))
    initialise(network, recipe_of("lenet4"), np.random.default_rng(0))
    network.forward(TRAIN.images[:2])
    c1, s2 = network.layers[1].x, network.layers[2]
    for number in range(8):
        windows = c1[:, number // 2].reshape(2, 14, 2, 14, 2).mean(axis=(2, 4))
        np.testing.assert_allclose(s2.pooled[:, number], windows, atol=1e-6)


# Thousands of multiply-accumulates and variables in Figures 11 and 12.
COUNTS = {
    "one_layer_20x20": (4, 4),  # Figure 11's linear classifier has the size of the deslanted one: 4,010
    "mlp_20x20_300": (123, 123),
    "mlp_1000": (795, 795),
    "mlp_300_100": (267, 267),
    "mlp_500_150": (469, 469),
    "lenet1": (100, 3),
    "lenet4": (260, 17),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_those_of_figures_11_and_12(name):
    macs, variables = COUNTS[name]
    assert total(name, "macs") / 1000 == pytest.approx(macs, rel=0.06, abs=0.5)
    assert len(build(recipe_of(name)).parameters) / 1000 == pytest.approx(variables, rel=0.02, abs=0.5)


def test_the_linear_classifier_has_the_parameters_that_the_text_counts():
    """Section III-C.1: 7,850 on regular images, 4,010 on deslanted ones."""
    assert [len(build(recipe_of(name)).parameters) for name in ("one_layer", "one_layer_20x20")] == [7850, 4010]


def test_the_error_is_half_the_squared_distance_to_targets_of_plus_and_minus_one():
    recipe = replace(recipe_of("mlp_300"), dtype="float64")
    network = build(recipe)
    initialise(network, recipe, np.random.default_rng(0))
    penalties = network.forward(TRAIN.images[:5])
    units = squash(network.layers[2].forward(network.layers[2].x))  # the weighted sums of the ten output units
    targets = np.where(TRAIN.labels[:5, None] == np.arange(10), 1.0, -1.0)
    expected = np.square(units - targets).sum(axis=1) / 2
    np.testing.assert_allclose(make_loss(recipe).value(penalties, TRAIN.labels[:5]), expected)
    np.testing.assert_array_equal(penalties.argmin(axis=1), units.argmax(axis=1))
    # A lead in penalties is four times a lead of the outputs: so adding penalties is adding outputs.
    np.testing.assert_allclose(penalties[:, 0] - penalties[:, 1], 4 * (units[:, 1] - units[:, 0]))


@pytest.mark.outer(
    "the tests of kernels compare these layers; here two more networks are compiled, which takes a minute"
)
@pytest.mark.parametrize("name", ["lenet4", "mlp_20x20_300"])  # LeNet-1 has the layers of LeNet-5
def test_both_engines_learn_these_networks_alike(name):
    numba = pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")
    if numba.config.DISABLE_JIT:
        pytest.skip("hundreds of times slower in plain Python, where the tests of the layers run")
    engines = []
    for engine in ("numpy", "numba"):
        network = build(recipe_of(name))
        initialise(network, recipe_of(name), np.random.default_rng(0))
        engines.append(make_engine(engine, network, make_loss(recipe_of(name))))
    images = TRAIN.images[:, 4:-4, 4:-4] if name == "mlp_20x20_300" else TRAIN.images
    batch, order = Batch(images, TRAIN.labels), np.arange(50)
    curvatures = [engine.mean_curvature(batch, order) for engine in engines]
    np.testing.assert_allclose(curvatures[1], curvatures[0], rtol=1e-3, atol=1e-5 * curvatures[0].max())
    steps = (0.001 / (0.02 + curvatures[0])).astype(np.float32)
    tallies = [engine.train(batch, order, steps) for engine in engines]
    assert tallies[0].errors == tallies[1].errors
    values = [engine.network.parameters.values for engine in engines]
    np.testing.assert_allclose(values[1], values[0], atol=2e-5)


@pytest.mark.parametrize(("row", "most"), [("lenet1_16x16", 0.5), ("deslant_mlp_20x20_300_10", 0.35)])
def test_rows_that_are_a_network_learn_digits_and_are_measured(row, most, monkeypatch, tmp_path):
    made = ROWS[row].make(4)
    made.passes, made.engine_name = 3, "numpy"
    record = measure(replace(ROWS[row], make=lambda seed: made), DIGITS, 4, stored(tmp_path, []))
    assert record["error_percent"] <= 100 * most and record["seed"] == 4
    assert record["variables"] == len(build(made.recipe).parameters)
    assert record["seconds_to_fit"] > 0 and record["microseconds_to_classify"] > 0


def test_every_network_of_figure_9_has_a_row_with_its_recipe():
    networks = {name for name in figures_9_to_12() if "mlp" in name or "lenet" in name} - {"lenet5", "dist_lenet5"}
    networks |= {"linear", "deslant_linear"}
    assert networks <= set(ROWS) and all(ROWS[name].random for name in networks)
    assert ROWS["dist_mlp_28x28_500_150_10"].label == "[dist] 28x28-500-150-10"
    for name in networks:
        made = ROWS[name].make(7)
        recipe = made.network.recipe if isinstance(made, OnFeatures) else made.recipe
        # The boosted networks' first one is trained the usual way; distortions are for the others (section III-C.9).
        copies = 9 if name.startswith("dist") and "boosted" not in name else 0
        assert recipe.optimiser == "sdlm" and recipe.distorted_copies == copies
        assert (made.network if isinstance(made, OnFeatures) else made).seed == 7


def test_a_row_that_names_another_s_network_begins_with_it():
    def first(name: str) -> NetworkClassifier:
        made = ROWS[name].make(3)
        made = made.network if isinstance(made, OnFeatures) else made
        return made.networks[0] if isinstance(made, Boosted) else made

    sharing = {name: row.network for name, row in ROWS.items() if row.network}
    assert len(sharing) == 5
    for name, other in sharing.items():
        assert ROWS[name].version is ROWS[other].version and ROWS[name].seeds <= ROWS[other].seeds
        ours, theirs = ((each.recipe, each.seed, each.passes) for each in (first(name), first(other)))
        assert ours == theirs


def test_a_stopped_network_goes_on_where_it_was(tmp_path):
    whole = short("lenet1", passes=2).fit(TRAIN.images, TRAIN.labels)
    begun, resumed = short("lenet1", passes=1), short("lenet1", passes=2)
    begun.trained = resumed.trained = stored(tmp_path, [])
    begun.fit(TRAIN.images, TRAIN.labels)
    resumed.fit(TRAIN.images, TRAIN.labels)
    np.testing.assert_array_equal(resumed.scores(TEST.images), whole.scores(TEST.images))
    (path,) = tmp_path.glob("*/checkpoint.npz")
    passes = checkpoints.load(path).history["passes"]
    assert resumed.earlier_seconds == passes[0]["seconds"] > 0 and begun.earlier_seconds == 0
    with pytest.raises(LeNetError, match="has made 2 passes: ask for as many"):
        begun.fit(TRAIN.images, TRAIN.labels)
    other = short("lenet1", passes=1, seed=2)
    other.trained = stored(tmp_path, [])
    other.fit(TRAIN.images, TRAIN.labels)
    other.fit(TRAIN.images[::-1].copy(), TRAIN.labels[::-1].copy())
    assert len(list(tmp_path.glob("*/checkpoint.npz"))) == 3, "another seed and other data have their own places"


def test_rows_that_begin_with_the_same_network_train_it_once(tmp_path, monkeypatch):
    """One network, and boosting that begins with it: what the first row left is the second's first network."""

    def network(seed: int) -> NetworkClassifier:
        return short("lenet1", passes=1, seed=seed)

    def boosting(seed: int) -> Boosted:
        return Boosted(network(seed).recipe, seed, rounds=2, passes=1, engine="numpy")

    monkeypatch.setitem(ROWS, "one", Row("one", np.asarray, network))
    monkeypatch.setitem(ROWS, "three", Row("three", np.asarray, boosting, network="one"))
    choice, shown = DataChoice("synthetic", train_size=200, test_size=60), (tmp_path, None, None)
    one, three = (measured(*shown, name=name, seed=1, choice=choice, runs=tmp_path)["run"] for name in ("one", "three"))
    assert three[TRAININGS][0] == json.loads(json.dumps(one[TRAININGS][0])) and len(three[TRAININGS]) == 3
    assert three["seconds_to_fit"] > sum(record["seconds"] for run in three[TRAININGS] for record in run["passes"])
    assert len(list(tmp_path.glob("*/checkpoint.npz"))) == 3


def test_networks_of_rows_are_found_where_earlier_versions_left_them(tmp_path):
    made = short("lenet1", passes=1)
    made.trained = stored(tmp_path, [])
    made.fit(TRAIN.images, TRAIN.labels)
    (place,) = tmp_path.glob("*")
    (tmp_path / "section3" / "lenet1_16x16").mkdir(parents=True)
    place.rename(tmp_path / "section3" / "lenet1_16x16" / "seed1")
    made.fit(TRAIN.images, TRAIN.labels)
    assert made.earlier_seconds > 0 and not list(tmp_path.glob("lenet1*"))


def test_distortions_of_a_smaller_field_are_the_middle_of_the_larger_one():
    def batch(network: str) -> np.ndarray:
        trainer = Trainer(recipe_of(network, copies=1), DIGITS, seed=3, engine="numpy")
        return trainer._distorted.batch(np.array([0, len(TRAIN), len(TRAIN) + 9])).images

    larger, smaller = batch("lenet4"), batch("mlp_300")
    assert larger.shape == (3, 32, 32) and smaller.shape == (3, 28, 28)
    np.testing.assert_array_equal(smaller, larger[:, 2:30, 2:30])
    np.testing.assert_array_equal(smaller[0], TRAIN.images[0])
    assert wrong(short("mlp_300", passes=3, copies=1).fit(TRAIN.images, TRAIN.labels).scores(TEST.images)) < 0.6


def test_recipes_that_these_networks_cannot_follow_are_refused():
    with pytest.raises(RecipeError, match="network=lenet4 has one per class: choose codes=one_of_n"):
        Recipe(network="lenet4")
    with pytest.raises(RecipeError, match="choose subsampling=average or sum"):
        replace(recipe_of("lenet4"), subsampling="max")
    assert len(build(replace(recipe_of("lenet1"), subsampling="max")).parameters) == 2_578 - 8 - 24


@pytest.fixture(scope="module")
def lenet4() -> NetworkClassifier:
    return short("lenet4").fit(TRAIN.images, TRAIN.labels)


def test_features_are_what_the_last_layer_sees(lenet4):
    features = lenet4.features(TEST.images)
    assert features.shape == (60, 120)
    last = lenet4.network.layers[lenet4.last]
    units = squash(features @ last.values["weight"].T + last.values["bias"])
    codes = 2 * np.eye(10) - 1
    penalties = np.square(units[:, None] - codes).sum(axis=2)
    np.testing.assert_allclose(penalties, lenet4.scores(TEST.images), rtol=1e-4, atol=1e-4)


def test_neighbours_in_place_of_the_last_layer(lenet4, monkeypatch):
    pytest.importorskip("sklearn")
    replaced = OnFeatures(short("lenet4"), NearestNeighbours(k=3)).fit(TRAIN.images, TRAIN.labels)
    alone = NearestNeighbours(k=3).fit(lenet4.features(TRAIN.images), TRAIN.labels)
    np.testing.assert_allclose(replaced.scores(TEST.images), alone.scores(lenet4.features(TEST.images)))
    assert wrong(replaced.scores(TEST.images)) < 0.3
    assert replaced.macs() == lenet4.macs() - 1_200 + 200 * 120
    assert replaced.variables() == 16_698 - 1_210 + 200 * 120


def test_local_learning_solves_a_regularised_linear_problem_for_each_pattern():
    """Against least squares with a constant that is not decayed, over the k nearest, one pattern at a time."""
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    x, labels, t = rng.random((200, 5)), np.arange(200) % 10, rng.random((7, 5))
    local = LocalLinear(k=12, decay=0.3).fit(x, labels)
    for pattern, scores in zip(t.astype(np.float32), local.scores(t), strict=True):
        near = np.argsort(np.square(x - pattern).sum(axis=1))[:12]
        inputs = x[near] - pattern
        decay = 0.3 * np.square(inputs).sum(axis=1).mean()
        system = np.vstack(
            [np.hstack([np.ones((12, 1)), inputs]), np.hstack([np.zeros((5, 1)), np.eye(5) * decay**0.5])]
        )
        targets = np.vstack([2.0 * (labels[near, None] == np.arange(10)) - 1, np.zeros((5, 10))])
        np.testing.assert_allclose(scores, -np.linalg.lstsq(system, targets, rcond=None)[0][0], atol=1e-5)


def test_neighbours_are_found_by_other_numbers_than_are_fitted():
    """Where both are the same, so are the scores; by far-off places the neighbours are others."""
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    x, labels, t = rng.random((200, 4)), np.arange(200) % 10, rng.random((7, 4))
    both = LocalLinear(k=12, apart=4).fit(np.hstack([x, x]), labels)
    np.testing.assert_allclose(both.scores(np.hstack([t, t])), LocalLinear(k=12).fit(x, labels).scores(t))
    places = np.eye(10)[labels]  # in each class's own corner, so that all neighbours are of the pattern's class
    apart = LocalLinear(k=12, apart=10).fit(np.hstack([x, places]), labels)
    found = apart.scores(np.hstack([t, np.eye(10)[np.arange(7)]]))
    assert found.argmin(axis=1).tolist() == list(range(7)) and np.allclose(found.min(axis=1), -1)
    assert apart.variables() == 200 * 14 and apart.macs() - both.macs() == 200 * 6


def test_features_with_pixels_behind_them(lenet4):
    pytest.importorskip("sklearn")
    local = LocalLinear(k=5, apart=PIXELS)
    replaced = OnFeatures(short("lenet4"), local, pixels=True).fit(TRAIN.images, TRAIN.labels)
    assert local.x.shape == (200, 120) and local.variables() == 200 * (120 + 400)
    alone = LocalLinear(k=5, apart=PIXELS).fit(with_pixels(lenet4.features(TRAIN.images), TRAIN.images), TRAIN.labels)
    seen = with_pixels(lenet4.features(TEST.images), TEST.images)
    np.testing.assert_array_equal(seen[:, 120:], vectors(TEST.images[:, 4:24, 4:24]))
    np.testing.assert_allclose(replaced.scores(TEST.images), alone.scores(seen))


def test_local_learning_on_its_own_prototypes_and_with_too_few():
    pytest.importorskip("sklearn")
    x = vectors(TRAIN.images)
    local = LocalLinear(k=5, decay=1e-6).fit(x, TRAIN.labels)
    assert (local.scores(x).argmin(axis=1) == TRAIN.labels).all()
    twice = LocalLinear(k=4).fit(np.repeat(np.eye(10), 4, axis=0), np.arange(40) // 4)
    assert (twice.scores(np.eye(10)).argmin(axis=1) == np.arange(10)).all()  # all neighbours in one place
    with pytest.raises(DataError, match="there are only 200 images: give 300"):
        LocalLinear(k=300).fit(x, TRAIN.labels)


@pytest.fixture(scope="module")
def boosted() -> Boosted:
    return Boosted(recipe_of("lenet4", copies=9), seed=1, rounds=3, passes=2, engine="numpy").fit(
        TRAIN.images, TRAIN.labels
    )


def test_the_second_network_learns_half_right_and_half_wrong_patterns(boosted):
    first, second, third = boosted.networks

    def right(network: NetworkClassifier, batch: Batch) -> np.ndarray:
        return network.engine.penalties(batch.images).argmin(axis=1) == batch.labels

    mix = boosted._filtered(TRAIN, 0, lambda batch: [right(first, batch), ~right(first, batch)])
    assert right(first, mix).mean() == 0.5
    assert mix.images.shape[1:] == (32, 32) and 40 <= len(mix.labels) <= len(TRAIN)
    assert 0.2 < right(first, Batch(*(field[: len(mix.labels) // 2] for field in mix))).mean() < 0.8  # in random order
    found = boosted._filtered(TRAIN, 1, lambda batch: [right(first, batch) != right(second, batch)])
    assert (right(first, found) != right(second, found)).all()
    with pytest.raises(DataError, match="left for a further network to learn"):
        boosted._filtered(TRAIN, 0, lambda batch: [np.zeros(len(batch.labels), bool)])


def test_what_the_later_networks_were_fitted_to(monkeypatch):
    """Network 2: half of it wrong for network 1. Network 3: all of it disputed between the two."""
    seen = []
    fit = NetworkClassifier.fit

    def watched(self, images, labels):
        seen.append(Batch(images, labels))
        return fit(self, images, labels)

    monkeypatch.setattr(NetworkClassifier, "fit", watched)
    boosted = Boosted(recipe_of("lenet4", copies=9), seed=2, rounds=2, passes=1, engine="numpy")
    boosted.fit(TRAIN.images, TRAIN.labels)
    first, second, _ = boosted.networks
    answers = [[network.engine.penalties(batch.images).argmin(axis=1) for network in (first, second)] for batch in seen]
    assert (seen[0].images == TRAIN.images).all()
    assert (answers[1][0] == seen[1].labels).mean() == 0.5
    assert (answers[2][0] != answers[2][1]).all()
    assert [network.recipe.distorted_copies for network in boosted.networks] == [9, 0, 0]


def test_outputs_are_added_where_the_first_network_is_in_doubt(boosted):
    single = [network.engine.penalties(TEST.images) for network in boosted.networks]
    scores = boosted.scores(TEST.images)
    doubtful = confidence(single[0]) < boosted.confident
    np.testing.assert_allclose(scores[~doubtful], single[0][~doubtful], rtol=1e-5)
    np.testing.assert_allclose(3 * scores[doubtful], sum(single)[doubtful], rtol=1e-4)
    assert boosted.share_asked == doubtful.mean()
    one = boosted.networks[0].macs()
    assert boosted.macs() == round(one * (1 + 2 * boosted.share_asked))
    assert boosted.variables() == 3 * 16_698


def test_a_lead_that_is_just_enough_is_enough(boosted, monkeypatch):
    first = boosted.networks[0].engine.penalties(TEST.images)
    leads = confidence(first)
    edge = np.argsort(leads)[len(leads) // 2]
    monkeypatch.setattr(boosted, "confident", float(leads[edge]))
    monkeypatch.setattr(boosted, "_asked", 0, raising=False)
    scores = boosted._scores(TEST.images)
    np.testing.assert_array_equal(scores[edge], first[edge])
    assert boosted._asked == (leads < leads[edge]).sum() < len(leads)


def test_confidence_is_judged_on_patterns_that_no_network_learned(monkeypatch):
    learned, judged = [], []
    fit, judge = NetworkClassifier.fit, boosting.confident_enough

    def watched(self, images, labels):
        learned.append(images)
        return fit(self, images, labels)

    monkeypatch.setattr(NetworkClassifier, "fit", watched)
    monkeypatch.setattr(boosting, "confident_enough", lambda *given: (judged.append(given), judge(*given))[1])
    both = Boosted(recipe_of("lenet4", copies=9), seed=2, rounds=2, passes=1, engine="numpy")
    both.fit(TRAIN.images, TRAIN.labels)
    assert len(learned) == 3 and len(judged) == 1
    alone, engine = judged[0][0], both.networks[0].engine
    for images in learned:
        for row in engine.penalties(images):
            assert np.abs(alone - row).max(axis=1).min() > 1e-4


def test_confidence_enough_costs_no_error():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 500)
    truth = np.where(labels[:, None] == np.arange(10), 0.0, 1.0)
    alone, together = (truth + noise * rng.standard_normal((500, 10)) for noise in (0.5, 0.35))
    enough = confident_enough(alone, together, labels)
    doubtful = confidence(alone) < enough
    mixed = np.where(doubtful[:, None], together, alone)
    errors = [int((scores.argmin(axis=1) != labels).sum()) for scores in (alone, together, mixed)]
    assert errors[2] <= errors[1] < errors[0] and 0 < doubtful.mean() < 1
    assert confident_enough(alone, truth, labels) > enough
    assert confident_enough(alone, alone, labels) == confidence(alone).min()

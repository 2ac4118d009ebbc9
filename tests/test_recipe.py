"""Section III-B's schedule, appendix A's start, and the recipes that name what the paper leaves open."""

import json
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import numpy as np
import pytest

from lenet1998.commands.main import main
from lenet1998.errors import RecipeError
from lenet1998.initialisation import initialise
from lenet1998.loss import MAP, MLE, CrossEntropy, make_loss
from lenet1998.network import LeNet5
from lenet1998.recipe import CHOICES, PRESETS, Recipe, preset
from lenet1998.recipe_rules import SECTIONS


def started(recipe: Recipe, seed: int = 0) -> dict[str, np.ndarray]:
    network = LeNet5(recipe)
    initialise(network, recipe, np.random.default_rng(seed))
    return network.parameters.named(network.parameters.values)


def test_the_published_schedule():
    """0.0005 twice, 0.0002 three times, 0.0001 three times, 0.00005 four times, 0.00001 thereafter."""
    etas = [Recipe().eta(number) for number in range(1, 31)]
    assert etas[:12] == [0.0005] * 2 + [0.0002] * 3 + [0.0001] * 3 + [0.00005] * 4
    assert etas[12:] == [0.00001] * 18


def test_printed_starts_as_appendix_a_says():
    """Uniform in +-2.4 / F_i with F_i the fan-in of the unit that the connection enters, for every parameter."""
    parameters = started(preset("printed"))
    fan_in = {"C1": 25, "S2": 4, "S4": 4, "C5": 400, "F6": 120}
    for name, values in parameters.items():
        layer = name.split(".")[0]
        if layer in fan_in:
            bound = 2.4 / fan_in[layer]
            assert np.abs(values).max() <= bound
            if values.size > 100:
                assert np.abs(values).max() > 0.97 * bound
                assert values.std() == pytest.approx(bound / 3**0.5, rel=0.1)


def test_c3_maps_have_the_fan_ins_of_table_1():
    """75 for the first six maps, 100 for the next nine, 150 for the last; kernels lie map by map."""
    kernels = started(preset("printed"))["C3.weight"]
    per_map = [75] * 6 + [100] * 9 + [150]
    start = 0
    for inputs, fan_in in zip([3] * 6 + [4] * 9 + [6], per_map, strict=True):
        own = np.abs(kernels[start : start + inputs])
        assert 0.8 * 2.4 / fan_in < own.max() <= 2.4 / fan_in
        start += inputs
    assert start == 60


def test_each_bias_has_the_fan_in_of_its_own_unit():
    """Appendix A divides by the fan-in F_i of the unit: with init_power 1 against 0 the quotient is F_i itself."""
    printed = preset("printed")
    flat, divided = (started(replace(printed, init_power=power)) for power in (0.0, 1.0))
    np.testing.assert_allclose(flat["C3.bias"] / divided["C3.bias"], [75] * 6 + [100] * 9 + [150], rtol=1e-5)


def test_default_starts_as_the_ledger_says():
    parameters = started(Recipe())
    assert 0.95 * 2.4 / 5 < np.abs(parameters["C1.weight"]).max() <= 2.4 / 5
    assert 0.99 * 2.4 / 20 < np.abs(parameters["C5.weight"]).max() <= 2.4 / 20
    for name, values in parameters.items():
        if name.endswith("bias"):
            assert not values.any()
        if name.endswith("coefficient"):
            assert (values == 1).all(), "the average"


def test_a_fan_in_that_counts_the_bias():
    with_bias = started(Recipe(fan_in_counts_bias=True))["C1.weight"]
    np.testing.assert_allclose(with_bias, started(Recipe())["C1.weight"] * (25 / 26) ** 0.5, rtol=1e-6)


def test_recipes_share_the_rest_of_their_start():
    """A constant in place of a draw shifts no other draw."""
    free = started(Recipe(bias_init="uniform", coefficient_init="uniform"))
    for name, values in started(Recipe()).items():
        if name.endswith("weight"):
            np.testing.assert_array_equal(values, free[name])


def test_a_recipe_is_frozen_and_survives_json():
    with pytest.raises(FrozenInstanceError):
        Recipe().mu = 1.0
    for recipe in PRESETS.values():
        assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


def test_a_field_recorded_before_it_existed_has_its_default():
    values = Recipe(mu=0.5).as_dict()
    del values["distorted_copies"]
    assert Recipe.from_dict(values) == Recipe(mu=0.5)
    with pytest.raises(RecipeError, match="colour"):
        Recipe.from_dict(values | {"colour": "red"})


def test_override_parses_by_type():
    recipe = Recipe().override(
        ["loss=map", "j=7", "hessian_patterns=50", "fan_in_counts_bias=true", "schedule=1x0.001,2x1e-4", "mu=0.1"]
    )
    assert (recipe.loss, recipe.j, recipe.hessian_patterns, recipe.fan_in_counts_bias) == ("map", 7.0, 50, True)
    assert recipe.schedule == ((1, 0.001), (2, 1e-4))
    assert recipe.name != "default"


@pytest.mark.parametrize(
    "setting",
    [
        "nonsense=1", "mu", "name=x", "mu=", "mu=-1", "mu=nan", "mu=0", "loss=mse", "hessian_patterns=0",
        "hessian_patterns=2.5", "order=none", "dtype=float16", "schedule=", "schedule=0x1", "schedule=1x0",
        "schedule=1x-1", "schedule=1xinf", "schedule=abc", "fan_in_counts_bias=perhaps", "penalty_scale=0",
        "j=__import__('os')", "j=0", "j=inf", "init_gain=1e9", "subsampling=min", "batch=0", "batch=1.5",
        "momentum=1", "noise_draw=fixed", "weight_decay=-1", "input_mean=1", "network=lenet6", "optimiser=lbfgs",
        "codes=none", "weight_init=zero", "c3=none", "squash=sine", "output=softmax", "input_foreground=-0.1",
    ],
)  # fmt: skip
def test_refusals_name_the_key_and_what_is_allowed(setting):
    with pytest.raises(RecipeError) as refusal:
        Recipe().override([setting])
    message = str(refusal.value)
    assert setting.split("=")[0] in message
    assert "\n" not in message
    assert any(word in message for word in ("give", "choose", "needs"))


SENSELESS = {
    "a likelihood of weighted sums": (["output=linear", "loss=mle"], "output=rbf"),
    "codes without RBF units": (["output=linear", "loss=cross_entropy", "codes=random"], "output=rbf"),
    "the curvature of distances without distances": (
        ["output=linear", "loss=map", "curvature_seed=constant"],
        "curvature_seed=exact",
    ),
    "RBF units in another network": (["network=cifar10_convnet"], "output=linear"),
    "distorted colours": (
        ["network=cat_lenet", "output=linear", "loss=cross_entropy", "distorted_copies=1"],
        "network=lenet5",
    ),
}


@pytest.mark.parametrize(("settings", "advice"), SENSELESS.values(), ids=SENSELESS)
def test_combinations_without_sense_are_refused_with_what_to_choose(settings, advice):
    with pytest.raises(RecipeError, match=f"choose .*{advice}") as refusal:
        Recipe().override(settings)
    assert "\n" not in str(refusal.value)
    assert "{" not in str(refusal.value)


@pytest.mark.parametrize(
    "settings",
    [
        ["loss=cross_entropy"], ["loss=cross_entropy", "curvature_seed=constant"], ["codes=random", "loss=map"],
        ["output=linear", "loss=map"], ["output=linear", "loss=map", "optimiser=momentum"],
        ["output=linear", "loss=cross_entropy", "optimiser=sdlm", "batch=16", "weight_decay=0.001"],
        ["output=linear", "loss=map", "curvature_seed=constant", "optimiser=adam"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_combinations_with_sense_are_not(settings):
    assert Recipe().override(settings) != Recipe()


def test_the_loss_is_the_recipe_s():
    """The scale is that of squared distances; weighted sums have their own."""
    expected = {
        "loss=mle": MLE(0.1),
        "loss=map": MAP(0.1, 1.0),
        "loss=cross_entropy": CrossEntropy(0.1),
        "output=linear loss=map": MAP(1.0, 1.0),
        "output=linear loss=cross_entropy": CrossEntropy(),
    }
    for settings, loss in expected.items():
        found = make_loss(Recipe(penalty_scale=0.1).override(settings.split()))
        assert (type(found), found) == (type(loss), loss), settings
    assert make_loss(Recipe(loss="cross_entropy", curvature_seed="constant")).curvature_seed == "constant"


def test_modern_is_what_is_usual_today():
    modern = preset("modern")
    assert [modern.eta(number) for number in (1, 10, 11, 15, 16, 20, 25)] == [1e-3] * 2 + [3e-4] * 2 + [1e-4] * 3
    values = started(modern)
    for name, fan_in in (("C1", 25), ("C3", 150), ("C5", 400), ("F6", 120), ("Output", 84)):
        weights = values[f"{name}.weight"]
        assert np.abs(weights).max() <= 2.449 / fan_in**0.5
        assert weights.var() == pytest.approx(2 / fan_in, rel=0.35 if name == "C1" else 0.15)
        assert not values[f"{name}.bias"].any()


def test_normal_weights_have_the_deviation_that_the_recipe_says():
    values = started(preset("modern").override(["weight_init=normal", "init_gain=0.001", "init_power=0"]))
    for name in ("C3", "C5", "F6"):
        weights = values[f"{name}.weight"].ravel()
        assert weights.std() == pytest.approx(0.001, rel=0.1)
        assert np.abs(weights).max() > 0.003, "not uniform"
        assert not values[f"{name}.bias"].any()
    flatter = started(preset("modern").override(["weight_init=normal", "init_gain=1", "init_power=0.5"]))
    assert flatter["C5.weight"].std() == pytest.approx(1 / 20, rel=0.05)


def test_no_curvature_sample_is_read_as_plain_gradient_descent():
    """Before there was a choice of optimisers it meant h_kk = 0, and so the rate eta / mu."""
    values = {"hessian_patterns": 0, "mu": 0.5, "schedule": [[2, 0.001], [1, 0.0005]], "subsampling": "sum"}
    recipe = Recipe.from_dict(values)
    assert (recipe.optimiser, recipe.hessian_patterns, recipe.batch) == ("sgd", 500, 1)
    assert recipe.schedule == ((2, 0.002), (1, 0.001))
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("hessian_pattern", "hessian_patterns"),
        ("penalty", "penalty_scale"),
        ("sdlm_rate", "sdlm_rates"),
        ("=", "network"),
    ],
)
def test_an_unknown_key_is_told_the_nearest_and_where_all_are(wrong, near):
    with pytest.raises(RecipeError, match=f"{near}.*lenet1998 train --help lists them all"):
        Recipe().override([f"{wrong}=red"])


def test_an_unknown_preset_lists_the_known_ones():
    with pytest.raises(RecipeError, match="default or printed or modern"):
        preset("ancient")


@pytest.mark.parametrize("columns", ["72", "80", "200"])
def test_the_help_explains_every_field_in_whole_words(columns, monkeypatch, capsys):
    """Each field once, under a section of the paper, with a meaning, its default, and its choices or range."""
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = capsys.readouterr().out.partition("fields of a recipe")[2]
    words = shown.split()
    assert set(SECTIONS) == {each.metadata["section"] for each in fields(Recipe) if each.name != "name"}
    positions = [" ".join(words).index(section) for section in SECTIONS]
    assert positions == sorted(positions)
    for each in fields(Recipe):
        if each.name == "name":
            continue
        assert len([line for line in shown.splitlines() if line.startswith(f"    {each.name} ")]) == 1
        assert all(word in " ".join(words) for word in each.metadata["meaning"].split())
        assert all(choice in shown for choice in each.metadata.get("choices", ()))
    assert max(map(len, shown.splitlines())) <= min(int(columns), 120) - 2


def test_every_field_says_what_it_may_be():
    for each in fields(Recipe):
        if each.name in ("name", "characters", "c3") or isinstance(each.default, (bool, tuple)):
            continue
        assert each.metadata["choices" if isinstance(each.default, str) else "range"], each.name
        assert CHOICES[each.name] == each.metadata["choices"] if isinstance(each.default, str) else True


RECORDS = sorted((Path(__file__).parent.parent / "experiments" / "results").glob("*.json"))


def recipes_in(record: object) -> Iterator[dict]:
    """Every recipe of a record, wherever it stands."""
    if isinstance(record, dict):
        if isinstance(record.get("recipe"), dict):
            yield record["recipe"]
        for value in record.values():
            yield from recipes_in(value)
    elif isinstance(record, list):
        for value in record:
            yield from recipes_in(value)


def test_every_recorded_recipe_is_read_and_is_the_same_as_before():
    """What fields that are gone had on record is what the code does now; all else is as it was recorded."""
    found = {json.dumps(recipe) for path in RECORDS for recipe in recipes_in(json.loads(path.read_text("utf-8")))}
    assert len(found) > 100
    for text in found:
        recorded = json.loads(text)
        read = json.loads(json.dumps(Recipe.from_dict(recorded).as_dict()))
        if recorded.get("hessian_patterns") != 0:
            assert {key: read[key] for key in recorded.keys() & read.keys()} == {
                key: value for key, value in recorded.items() if key in read
            }
        assert recorded.keys() - read.keys() <= {"noise_draw", "rms_decay"}


@pytest.mark.parametrize("gone", [{"noise_draw": "fixed"}, {"rms_decay": 0.9}, {"loss": "hinge"}])
def test_a_record_of_what_is_gone_is_refused_in_a_line(gone):
    values = Recipe().as_dict() | {"noise_draw": "fresh", "rms_decay": 0.999}
    assert Recipe.from_dict(values) == Recipe()
    with pytest.raises(RecipeError, match=str(next(iter(gone)))) as refusal:
        Recipe.from_dict(values | gone)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("schedule", ["3x0.001", 3, (3, 0.001), (("3", 0.001),), ((1.5, 0.1),), ((1, "x"),), ()])
def test_a_schedule_that_is_none_is_refused_with_the_form_of_one(schedule):
    with pytest.raises(RecipeError, match=r"schedule needs pairs .* in Python \(\(2, 0.0005\)") as refusal:
        Recipe(schedule=schedule)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("word", "ours"),
    [("learning_rate", "schedule"), ("lr", "schedule"), ("epochs", "--passes"), ("batch_size", "batch=")],
)
def test_what_a_field_is_called_elsewhere_leads_to_ours(word, ours):
    with pytest.raises(RecipeError, match=f"{word} is .*{ours}"):
        Recipe().override([f"{word}=1"])

"""The measures of the experiments on claims of I-A, II-C, III-C.5 and appendices A and B, on numbers worked by hand."""

import numpy as np
import pytest

from experiments import initial_sums, passes_by_size, single_runs, stochastic_batch
from experiments.adaptive_centres import recipes, spread
from experiments.fig6_training_size import exponent, exponents, papers_exponent
from experiments.initial_weights import norms, relative
from experiments.stochastic_batch import ALL, best, curves, first_below, recipe_of
from lenet1998.data import load
from lenet1998.network import LeNet5
from lenet1998.recipe import Recipe
from lenet1998.training import Trainer
from tests.programs import planned


def test_alpha_of_equation_1():
    sizes = [15_000, 30_000, 60_000]
    gaps = [2.0 * size**-0.7 for size in sizes]
    assert exponent(sizes, np.add(gaps, 0.3), [0.3] * 3) == pytest.approx(0.7)

    def run(seed: int, size: int, alpha: float) -> dict:
        ends = {"test_error_percent": 100 * size**-alpha + 0.5, "train_error_percent": 0.5}
        return {"seed": seed, "data": {"train_size": size}, "recipe": {}, "passes": [ends]}

    runs = [run(seed, size, alpha) for seed, alpha in ((1, 0.5), (2, 0.6)) for size in sizes]
    assert exponents(runs) == pytest.approx([0.5, 0.6])
    assert exponents([*runs, run(3, 15_000, 0.9)]) == pytest.approx([0.5, 0.6]), "a seed that has not all sizes"


def test_the_paper_s_alpha_is_that_of_its_three_points():
    alpha, low, high = papers_exponent()
    ends = np.log((1.68 - 0.05) / (0.94 - 0.35)) / np.log(4)  # three points at equal distances: the outer two decide
    assert alpha == pytest.approx(ends) and 0.5 < alpha < 1
    assert low < 0.5 < alpha < high, "three points cannot tell it from the lower end of the text's range"


def test_as_many_updates_mean_more_passes_over_smaller_sets():
    def run(size: int, passes: int) -> dict:
        ends = [{"train_error_percent": 1.0, "test_error_percent": 1.0 + passes}] * passes
        return {"seed": 1, "data": {"train_size": size}, "recipe": {}, "passes": ends}

    sizes = [run(size, 20 * times) for size, every in passes_by_size.TIMES.items() for times in every]
    found = passes_by_size.by_rule({"runs": sizes[::-1]})
    made = {rule: [len(run["passes"]) for (run,) in sets] for rule, sets in found.items()}
    assert list(made.values()) == [[20, 20, 20], [80, 40, 20]]
    same, updates = found.values()
    assert passes_by_size.alpha(same).mean == pytest.approx(0), "test and training error as far apart at each size"
    assert passes_by_size.alpha(updates).mean == pytest.approx(1), "four and two times as far"
    assert passes_by_size.away(updates, "train") == pytest.approx(np.sqrt((0.95**2 + 0.69**2 + 0.65**2) / 3))


def test_how_often_a_run_says_as_little_as_that_of_1998():
    runs = [{"passes": [{"test_error_percent": 9.0}, {"test_error_percent": error}]} for error in (0.9, 0.95, 0.96, 1)]
    share = single_runs.as_low({"runs": runs})
    assert (share.mean, share.n) == (50.0, 4) and share.low < 20 and share.high > 80
    assert single_runs.in_words({"runs": runs}).startswith("2 of 4 runs err 0.95% or less, that is 50% of runs")


def test_the_spread_of_centres():
    network = LeNet5(Recipe(codes_learn=True))
    centres = network.layers[-1].values["centre"]
    centres[...] = 0.25
    assert spread(network) == {"spread": 0.0}, "all equal"
    centres[0] += 1  # nine of forty-five pairs differ by one in every unit
    assert spread(network)["spread"] == pytest.approx(np.sqrt(9 / 45))
    assert spread(LeNet5(Recipe()))["spread"] > 1, "the codes of Figure 3"


def test_only_the_recipes_that_say_so_have_centres_that_learn():
    names = {recipe.name: recipe.codes_learn for recipe in recipes()}
    assert len(names) == 6 and {name for name, learns in names.items() if not learns} == {"fixed centres, equation 8"}


def test_weights_as_a_share_of_the_start():
    network = LeNet5(Recipe())
    for view in network.parameters.named(network.parameters.values).values():
        view[...] = 3.0
    assert norms(network) == dict.fromkeys(("C1", "C3", "C5", "F6"), 3.0)
    runs = [{"watched": {"C1": 2.0}, "passes": [{"watched": {"C1": rms}} for rms in (1.0, 3.0)]}] * 2
    np.testing.assert_array_equal(relative(runs, "C1"), [[1, 0.5, 1.5]] * 2)


def held_out(batch: int, rate: float, *errors: float) -> dict:
    passes = [{"test_error_percent": error, "seconds": 2.0} for error in errors]
    return {"recipe": recipe_of(batch, rate, 300).as_dict(), "seed": 1, "passes": passes}


def test_each_batch_has_its_own_best_rate():
    assert recipe_of(ALL, 0.5, 300).batch == 300 and recipe_of(64, 0.5, 300).schedule == ((1, 0.5),)
    search = [held_out(1, 0.001, 3, 9), held_out(1, 0.002, 9, 4), held_out(ALL, 0.1, 80), held_out(ALL, 0.2, 70)]
    assert {size: run["recipe"]["schedule"][0][1] for size, run in best(search).items()} == {1: 0.002, 300: 0.2}


def test_how_long_a_batch_needs():
    runs = [held_out(64, 0.1, 9, 5, 4), held_out(64, 0.1, 9, 3, 4)]
    assert first_below(runs, 4) == 2 and first_below(runs, 3.9) is None
    errors, seconds = curves(runs)
    assert errors.shape == (2, 3) and seconds.tolist() == [2, 4, 6]


def test_larger_batches_make_more_passes(tmp_path):
    """Two fifths of the passes in the search, and the chosen rates with all: what is asked for."""

    def outcome(task) -> dict:
        return held_out(task.recipe.batch, task.recipe.eta(1), 100 * task.recipe.eta(1))

    sizes = ["--data", "synthetic", "--train-size", "300", "--test-size", "50", "--runs", str(tmp_path)]
    record, (search, full) = planned(stochastic_batch.EXPERIMENT, outcome, *sizes, "--passes", "5", "--seeds", "2")
    assert {task.recipe.batch: task.passes for task in search} == {1: 2, 64: 2, 1000: 4, 250: 12}
    assert {task.recipe.batch: task.passes for task in full} == {1: 5, 64: 5, 1000: 10, 250: 30}
    assert [(task.seed, task.recipe.eta(1)) for task in full if task.recipe.batch == 1] == [(1, 0.001), (2, 0.001)]
    assert (len(record["runs"]), len(record["search"]["runs"])) == (8, 16)


def test_weighted_sums_before_training_vary_as_a_unit_does_by_hand():
    recipe = Recipe(dtype="float64")
    trainer = Trainer(recipe, load("synthetic", train_size=20, test_size=1), 1, "numpy")
    network, pixels = trainer.network, trainer.data.train.images[:5]
    field, c1 = network.input(pixels, network.dtype), network.layers[0].values["weight"]
    sums = np.array([
        [[[(kernel * image[0, r : r + 5, c : c + 5]).sum() for c in range(28)] for r in range(28)] for kernel in c1]
        for image in field
    ])  # fmt: skip
    assert initial_sums.varying(network, pixels)["C1"] == pytest.approx(np.sqrt(sums.var(axis=0).mean()))


@pytest.mark.parametrize("power", initial_sums.STARTS.values())
def test_inputs_of_unit_variance_give_the_expected_deviation(power):
    rng, fan_in = np.random.default_rng(1), np.array([75, 100, 150])
    sums = [rng.standard_normal((400, f)) @ rng.uniform(-2.4, 2.4, (f, 400)) / f**power for f in fan_in]
    assert initial_sums.expected(fan_in, 2.4, power) == pytest.approx(np.sqrt(np.mean(np.square(sums))), rel=0.02)

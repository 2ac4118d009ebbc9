"""Paired tests against published and counted values; and the comparison of two recipes that a user writes."""

import json
import math
import sys

import matplotlib.image
import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel

from experiments import compare
from experiments.compare import paired
from experiments.machinery import agenda
from experiments.machinery.recipes import read_recipe, recipes_of, slug
from lenet1998.errors import LeNetError, RecipeError
from lenet1998.recipe import Recipe, preset
from lenet1998.report.comparison import holm, over_patterns, over_seeds
from tests.experiments.test_experiments import experiment


def test_students_own_example():
    # Hours of sleep gained by ten patients with two drugs (Student 1908); interval and p as R's t.test prints them.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    test = over_seeds(first, second)
    assert test.pairs == 10 and test.difference == pytest.approx(-1.58)
    assert (test.low, test.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-6)
    assert test.p == pytest.approx(0.002833, abs=1e-6) == ttest_rel(first, second).pvalue


@pytest.mark.filterwarnings("error")
def test_what_no_t_test_can_say():
    assert over_seeds([1.0], [0.5]) == over_seeds([0.7], [0.2]).__class__(0.5, None, None, None, 1)
    same = over_seeds([34.0, 35.0, 36.1], [37.0, 38.0, 39.1])
    assert same.p is None and same.difference == pytest.approx(-3), "no spread, no test"
    for a, b in (([1.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ValueError, match="no pairs"):
            over_seeds(a, b)


def test_one_seed_is_mcnemars_test():
    a, b = set(range(20)), set(range(14, 22))
    test = over_patterns([a], [b])
    assert (test.worse_a, test.worse_b) == (14, 2)
    assert test.p == pytest.approx(2 * sum(math.comb(16, k) for k in range(3)) / 2**16)
    assert over_patterns([b], [a]).p == test.p
    assert over_patterns([a], [a]).p == 1.0


def test_a_pattern_counts_once_however_many_seeds_err_on_it():
    a, b = [{1, 2}, {1, 2}, {1, 3}], [{3}, {2, 3}, {3}]
    test = over_patterns(a, b)  # 1: 3 against 0; 2: 2 against 1; 3: 1 against 3
    assert (test.worse_a, test.worse_b) == (2, 1)
    assert test.p == binomtest(2, 3, 0.5).pvalue


def test_holm_as_in_rs_p_adjust():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_runs_are_paired_by_seed():
    def made(errors: dict[int, float]) -> list[dict]:
        return [
            {"seed": seed, "passes": [{"test_error_percent": error}], "misclassified": [seed]}
            for seed, error in errors.items()
        ]

    seeds, patterns = paired(made({3: 1.3, 1: 1.0, 2: 1.1}), made({1: 1.1, 3: 1.2, 4: 9.0}))
    assert seeds.pairs == 2 and seeds.difference == pytest.approx(0)
    assert (patterns.worse_a, patterns.worse_b) == (0, 0)
    assert paired(made({1: 1.0}), made({2: 1.0})) is None


def test_a_recipe_in_a_word():
    assert read_recipe("modern") == preset("modern")
    recipe = read_recipe("default, loss=map, schedule=2x0.0005,3x0.0002, j=2")
    assert (recipe.loss, recipe.j, recipe.schedule) == ("map", 2.0, ((2, 0.0005), (3, 0.0002)))
    for text in ("moderm", "loss=mle", "default,los=map", "default,j=-1", "default,map", "default,name=x",
                 "default,output=linear,loss=mle"):  # fmt: skip
        with pytest.raises(RecipeError) as refusal:
            read_recipe(text)
        assert "\n" not in str(refusal.value)


needs_toml = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 may be without tomli")


@needs_toml
def test_a_recipe_in_a_file(tmp_path):
    path = tmp_path / "slower.toml"
    path.write_text(
        'preset = "modern"\noptimiser = "sgd"\nbatch = 16\nschedule = "10x0.05,10x0.01"\ninput_mean = true\n'
    )
    recipe = read_recipe(str(path))
    assert recipe.name == "slower" and recipe.schedule == ((10, 0.05), (10, 0.01))
    assert (recipe.optimiser, recipe.batch, recipe.input_mean, recipe.squash) == ("sgd", 16, True, "relu")
    path.write_text('name = "mine"\n')
    assert read_recipe(str(path)) == Recipe(name="mine")


@needs_toml
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("loss = map", "not TOML"),
        ("[loss]\nmap = 1", "not a single value"),
        ("schedule = [[1, 2.0]]", "not a single value"),
        ("day = 2024-01-01", "not a single value"),
        ('colour = "red"', "KEY=VALUE with a field of the recipe"),
        ('preset = "old"', "no recipe is called 'old'"),
        ("batch = 2.5", "whole number"),
        ("j = nan", "out of range"),
        ("loss = \"__import__('os')\"", "not allowed"),
        ("j = " + "[" * 5000, "not TOML"),
        ("#" * 70_000, "no more than 65536"),
        ("\udcff", "not TOML"),
    ],
)
def test_files_that_are_refused(tmp_path, content, reason):
    path = tmp_path / "bad.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecipeError, match=reason) as refusal:
        read_recipe(str(path))
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(RecipeError, match="cannot read"):
        read_recipe(str(tmp_path / "none.toml"))


def test_without_a_toml_reader_the_way_out_is_named(tmp_path, monkeypatch):
    path = tmp_path / "any.toml"
    path.write_text('loss = "mle"\n')
    for module in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RecipeError, match="lenet1998\\[toml\\]"):
        read_recipe(str(path))


def test_recipes_must_differ():
    with pytest.raises(RecipeError, match="same recipe"):
        recipes_of(["default", "modern", f"default,j={Recipe().j}"])
    for many in (["default"], [f"default,j={j}" for j in range(1, 9)]):
        with pytest.raises(RecipeError, match="name 2 to 7"):
            recipes_of(many)
    assert [recipe.name for recipe in recipes_of(["default", "modern", "printed"])] == ["default", "modern", "printed"]
    assert len({slug(name) for name in ("a b", "a_b", "a/b", "../a", "a" * 300, "a" * 301)}) == 6
    assert all("/" not in slug(name) and len(slug(name)) < 60 for name in ("a/b", "../a", "a" * 300))


def test_from_start_to_figure(tmp_path):
    recipes = ["default,hessian_patterns=20", "modern"]
    options = ["--data", "synthetic", "--engine", "numpy", "--out", str(tmp_path), "--quiet"]
    done = experiment("compare", *recipes, *options, "--runs", str(tmp_path / "runs"), "--quick", "--passes", "1")
    assert done.returncode == 0, done.stderr
    (tests,) = tmp_path.glob("compare_*_tests.json")
    record = tests.with_name(tests.name.replace("_tests", ""))
    runs, tests = json.loads(record.read_text())["runs"], json.loads(tests.read_text())
    assert [(run["recipe"]["name"], run["seed"]) for run in runs] == [
        (name, seed) for name in ("default hessian_patterns=20", "modern") for seed in (1, 2)
    ]
    ends = np.array([run["passes"][-1]["test_error_percent"] for run in runs]).reshape(2, 2)
    assert tests["seeds"][0]["difference"] == pytest.approx((ends[0] - ends[1]).mean())
    assert [len(run["misclassified"]) / 2 for run in runs] == pytest.approx(ends.ravel().tolist()), "of 200 patterns"
    for seed, test in zip((1, 2), tests["mcnemar_by_seed"], strict=True):
        wrong = [set(run["misclassified"]) for run in runs if run["seed"] == seed]
        assert (test["worse_a"], test["worse_b"]) == (len(wrong[0] - wrong[1]), len(wrong[1] - wrong[0]))
    assert "test error" in done.stdout and "McNemar's exact test" in done.stdout
    figure = record.with_suffix(".png")
    assert matplotlib.image.imread(figure).std() > 0.05
    figure.unlink()
    again = experiment("compare", *recipes, *options, "--plot-only")
    assert again.returncode == 0 and again.stdout == done.stdout and figure.exists()


@pytest.mark.usefixtures("undrawn")
def test_the_first_of_several_is_compared_with_each(tmp_path):
    def runs(name: str, errors: tuple[float, ...]) -> list[dict]:
        return [
            {"recipe": {"name": name}, "seed": seed, "data": {"name": "mnist"}, "misclassified": [seed],
             "passes": [{"test_error_percent": 9.0}, {"test_error_percent": error}]}
            for seed, error in enumerate(errors, 1)
        ]  # fmt: skip

    histories = runs("one", (1.0, 1.2, 1.4)) + runs("two", (1.1, 1.5, 1.6)) + runs("three", (0.5, 0.6, 0.9))
    record = {"experiment": "compare", "runs": histories}
    comparison = compare.tests(record)
    assert [(test["recipe"], test["minus"]) for test in comparison["seeds"]] == [("one", "two"), ("one", "three")]
    alone = [ttest_rel((1.0, 1.2, 1.4), other).pvalue for other in ((1.1, 1.5, 1.6), (0.5, 0.6, 0.9))]
    assert [test["p_holm"] for test in comparison["seeds"]] == pytest.approx(holm(alone))
    assert len(comparison["mcnemar_by_seed"]) == 6
    _, differences, _ = compare.tables(record)
    rows = [(row[0], round(row[2].mean, 2)) for row in differences.rows]
    assert rows == [("two", -0.2), ("three", 0.53)]
    assert [row[4] for row in differences.rows] == pytest.approx(holm(alone))
    assert len(compare.figures(record, tmp_path / "three")) == 2


def test_a_choice_can_be_made_without_the_test_set(tmp_path, monkeypatch):
    seen = []

    def sweep(tasks, **_):
        seen.extend(tasks)
        raise LeNetError("enough")

    monkeypatch.setattr(agenda, "sweep", sweep)
    sizes = ["--data", "synthetic", "--train-size", "60", "--test-size", "10", "--held-out", "100", "--quiet"]
    done = experiment("compare", "default", "modern", *sizes, "--out", str(tmp_path), "--runs", str(tmp_path))
    assert done.stderr == "enough\n"
    assert {task.data.validation for task in seen} == {100} and len(seen) == 10


def test_the_command_line_refuses_in_one_line(tmp_path):
    done = experiment("compare", "default", "moderm", "--out", str(tmp_path))
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "moderm" in done.stderr

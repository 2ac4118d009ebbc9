"""The ablation: what its variants are, that all have the same search, and that its statistics are those of the runs."""

import json
import math
import os
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
from scipy.stats import ttest_rel

from experiments.ablation import experiment as ablation
from experiments.ablation import report
from experiments.ablation.experiment import EXPERIMENT, variants
from experiments.ablation.figures import draw
from lenet1998.recipe import Recipe, preset
from lenet1998.running.check import is_sealed
from lenet1998.running.work import Failure
from tests.programs import experiment, planned

FACTORS = {f"{factor:g}" for factor in ablation.FACTORS}
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"


def changed(one: Recipe, other: Recipe) -> set[str]:
    """The fields in which two recipes differ, name and schedule aside."""
    here, there = one.as_dict(), other.as_dict()
    return {key for key in here if here[key] != there[key]} - {"name", "schedule"}


def test_the_ladder_goes_from_one_end_to_the_other():
    ladder = [row.recipe for row in variants() if row.group == "ladder"]
    assert [ladder[0].name, ladder[1].name, ladder[-1].name] == ["default", "1998", "modern"]
    assert ladder.pop(0) == preset("default"), "at its own rates"
    assert not changed(ladder[0], preset("default")) and not changed(ladder[-1], preset("modern"))
    steps = [changed(below, above) for below, above in zip(ladder, ladder[1:], strict=False)]
    assert all(steps), "every rung changes something"
    assert sum(len(step) for step in steps) == len(set.union(*steps)), "and nothing that another has changed"


@pytest.mark.parametrize("end", ["1998", "modern"])
def test_single_parts_cover_every_component(end):
    rows = [row for row in variants() if row.group == end]
    itself = next(row.recipe for row in variants() if row.recipe.name == end)
    parts = [changed(itself, row.recipe) for row in rows if row.recipe != itself]
    together = [{"output", "loss"}, {"output", "codes"}]  # a linear output cannot have equation 8, nor any codes
    assert all(len(part) == 1 or part in together for part in parts)
    assert set.union(*parts) == {
        "c3", "subsampling", "squash", "init_gain", "output", "codes", "loss", "optimiser", "batch", "order",
    }  # fmt: skip


def test_a_recipe_is_trained_once_under_one_name():
    rows = variants()
    by_name: dict[str, set] = {}
    for row in rows:
        by_name.setdefault(row.recipe.name, set()).add(row.recipe)
    assert all(len(recipes) == 1 for recipes in by_name.values())
    assert len({replace(row.recipe, name="") for row in rows}) == len(by_name) < len(rows)


def test_the_schedule_is_the_papers_in_shape():
    recipe = ablation.at_factor(Recipe(), 1.0)
    published = [eta for _, eta in Recipe().schedule]
    assert [eta for _, eta in recipe.schedule] == pytest.approx(published)
    assert sum(passes for passes, _ in recipe.schedule) == ablation.PASSES
    assert ablation.centre(preset("modern")) == pytest.approx(0.004)


BEST = {"modern, online": 64.0}  # of all others it is 2; at "1998, SGD" all that is not far below the centre diverges
HOPELESS = "modern, SGD"
FRAGILE = "modern, momentum"  # at its best rate its second seed learns nothing


def outcome(task) -> dict | Failure:
    """Errors that are known: by factor in the search, by name and seed after it."""
    name = task.recipe.name.partition(", rate x ")[0]
    factor = task.recipe.schedule[0][1] / ablation.centre(task.recipe)
    if name == HOPELESS or name == "1998, SGD" and factor > 0.1:
        return Failure(task, "diverged in pass 1", diverged=True)
    error = 1 + abs(math.log2(factor / BEST.get(name, 2.0))) + 0.01 * task.seed + 0.001 * len(name)
    shown = {"train_error_percent": 90.0 if name == FRAGILE and factor == 2 and task.seed == 2 else 3.0, "seconds": 2.0}
    passes = [{"pass": k, "test_error_percent": error + 1 / k, **shown} for k in range(1, task.passes + 1)]
    measured = {"misclassified": [task.seed, len(name)]} if task.measure else {}
    return {"recipe": task.recipe.as_dict(), "seed": task.seed, "passes": passes, **measured}


def test_every_variant_has_the_same_search_and_its_best_rate(tmp_path):
    places = ["--out", str(tmp_path), "--runs", str(tmp_path / "runs")]
    given = ["--data", "synthetic", "--train-size", "60", "--test-size", "10", *places]
    record, steps = planned(EXPERIMENT, outcome, *given)
    tasks = [task for step in steps for task in step]
    searched = [task for task in tasks if ", rate x " in task.recipe.name]
    final = [task for task in tasks if ", rate x " not in task.recipe.name and task.recipe.name != "default"]
    names = {row.recipe.name for row in variants()} - {"default"}
    untouched = [task for task in tasks if task.recipe == preset("default")]
    assert [(task.seed, task.passes) for task in untouched] == [(seed, 10) for seed in range(1, 6)]
    for name in names:
        own = [task for task in searched if task.recipe.name.startswith(f"{name}, rate x ")]
        assert len({task.recipe.schedule for task in own}) == len(own) == 5, name
        assert all((task.passes, task.seed, task.data.validation) == (3, 1, 10) for task in own)
    assert len(searched) == 5 * len(names)
    assert [(task.recipe.name, task.seed) for task in final if task.recipe.name == "1998"] == [
        ("1998", seed) for seed in range(1, 6)
    ]
    given_up = [task for task in final if task.recipe.name == FRAGILE][:5]
    final = [task for task in final if task not in given_up]
    assert len(final) == 5 * len(names) and all((task.passes, task.data.validation) == (10, 0) for task in final)
    factors = {task.recipe.name: task.recipe.schedule[0][1] / ablation.centre(task.recipe) for task in final}
    assert factors.pop("modern, online") == pytest.approx(8) and factors.pop("1998, SGD") == pytest.approx(1 / 16)
    assert factors.pop(HOPELESS) == pytest.approx(1 / 64)
    assert factors.pop(FRAGILE) == pytest.approx(1), "half the rate, since with the best one a seed learned nothing"
    assert list(factors.values()) == pytest.approx([2.0] * len(factors))
    assert len({task.out for task in tasks}) == len(tasks)
    ladder = {row.recipe.name for row in variants() if row.group == "ladder"} - {"default"}
    assert {task.recipe.name for task in final[: 5 * len(ladder)]} == ladder, "the whole ladder comes first"
    rows = report.scores(variants(), record)
    assert [row["label"] for row in rows] == [row.label for row in variants()]
    by_name = {row["name"]: row for row in rows}
    assert {row["name"] for row in rows if row["at_edge"]} == {"modern, online"}
    assert by_name[HOPELESS]["diverged"] == 5 and by_name[HOPELESS]["seeds"] == 0
    assert {row["name"]: row["given_up"] for row in rows if row["given_up"]} == {FRAGILE: ["2"]}
    rate = by_name[FRAGILE]["rate"]
    assert by_name[FRAGILE]["seeds"] == 5 and rate == pytest.approx(ablation.CENTRES["momentum"][0] * 64**0.75)
    shown = {
        row[0]: row for table in report.tables(rows) if table.name == "ablation_in_modern_speed" for row in table.rows
    }
    assert shown["momentum"][1:4] == (rate, "", 1) and shown["online"][2] == "yes"
    search = by_name["1998, SGD"]["search"]
    assert len(search) == 5 and {factor for factor, error in search.items() if error is None} == {"0.25", "1", "4"}
    for path in draw(rows, record["runs"], tmp_path / "ablation")[::2]:
        assert matplotlib.image.imread(path).std() > 0.05

    (tmp_path / "ablation.json").write_text(json.dumps(record))
    after, steps = planned(EXPERIMENT, outcome, *given, "--only", "modern, tanh", "--seeds", "6")
    again = [task for step in steps for task in step]
    assert {task.recipe.name.partition(", rate x ")[0] for task in again} == {"modern, tanh"} and len(again) == 11
    assert len(after["runs"]) == len(record["runs"]) + 1 and after["diverged"] == record["diverged"]


def made(name: str, errors: list[float], wrong: list[list[int]], seconds: float = 2.0) -> list[dict]:
    """Histories of two passes that end at `errors`, a seed each."""
    return [
        {
            "recipe": {"name": name, "schedule": [[1, 0.01]]},
            "seed": seed,
            "passes": [
                {"pass": 1, "test_error_percent": 1.8, "seconds": seconds},
                {"pass": 2, "test_error_percent": error, "seconds": seconds},
            ],
            "misclassified": patterns,
        }
        for seed, (error, patterns) in enumerate(zip(errors, wrong, strict=True), start=1)
    ]


def test_scores_are_those_of_the_runs():
    old, new = [1.3, 1.25, 1.45], [1.1, 1.15, 1.16]
    runs = made("default", old, [[1, 2, 3], [1, 2], [1, 9]]) + made("modern", new, [[1, 7], [7], [7]])
    runs += made("1998, ReLU", [1.2], [[1]]) + made("1998, ReLU, rate x 1", [5.0], [[]])
    lost = [{"recipe": "1998, ReLU", "seed": 2, "reason": ""}, {"recipe": "1998, ReLU, rate x 4", "seed": 1}]
    rows = {row["name"]: row for row in report.scores(variants(), {"runs": runs, "diverged": lost})}
    assert rows.keys() == {"default", "modern", "1998, ReLU"}
    first, last = rows["default"], rows["modern"]
    assert first["test_error_percent"] == pytest.approx(np.mean(old)) and first["by_seed"] == old
    assert first["reached"]["2.0"] == {"seeds": 3, "passes": 1.0, "seconds": None}, "made at another time"
    assert last["reached"]["1.2"] == {"seeds": 3, "passes": 2.0, "seconds": 4.0}
    assert first["reached"]["1.2"] == {"seeds": 0, "passes": None, "seconds": None}
    test = last["against"]["default"]
    assert test["p"] == pytest.approx(ttest_rel(new, old).pvalue) and test["difference"] < 0
    assert test["patterns"] == {"worse_a": 1, "worse_b": 4, "p": 0.375}
    assert test["p_holm"] == test["p"], "ReLU has one seed that ended, and no t-test"
    assert "modern" not in last["against"]
    relu = rows["1998, ReLU"]
    assert (relu["seeds"], relu["diverged"], relu["search"]) == (1, 1, {"1": 5.0, "4": None})
    ladder, _, _, into, _, speed = report.tables(list(rows.values()))
    assert into.rows[0][1:3] == (1, 1) and into.rows[0][3].mean == 1.2 and speed.rows[0][1] == 0.01
    error = ladder.rows[0][3]
    assert (error.low, error.high, error.n) == (1.25, 1.45, 3), "the least and the largest of the three"
    assert into.rows[0][4].mean == pytest.approx(1.2 - 1.3) and into.rows[0][5] is None


@pytest.mark.skipif(PLAIN, reason="dozens of runs, all on the NumPy engine")
@pytest.mark.usefixtures("undrawn")
def test_from_start_to_tables(tmp_path):
    options = ["--data", "synthetic", "--engine", "numpy", "--out", str(tmp_path), "--quiet"]
    trial = [*options, "--runs", str(tmp_path / "runs"), "--quick", "--passes", "1", "--seeds", "1"]
    done = experiment("ablation", *trial)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "ablation.json").read_text())
    final = [run for run in results["runs"] if ", rate x " not in run["recipe"]["name"]]
    assert [run["recipe"]["name"] for run in final] == ["default", "1998", "modern"], "a trial is of the ends"
    for run in final:
        assert len(run["misclassified"]) == round(2 * run["passes"][-1]["test_error_percent"]), "of 200 patterns"
    searched = [run for run in results["runs"] if run["recipe"]["name"].rpartition(" ")[2] in FACTORS]
    assert [run["data"]["test_size"] for run in searched] == [50] * 10
    page = (tmp_path / "ablation.md").read_text()
    (tmp_path / "ablation.md").unlink()
    scores = json.loads((tmp_path / "ablation_scores.json").read_text())
    assert scores["rows"] and is_sealed(scores)
    again = experiment("ablation", *options, "--plot-only")
    assert again.returncode == 0 and again.stdout == done.stdout
    assert (tmp_path / "ablation.md").read_text() == page

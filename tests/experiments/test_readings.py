"""The readings study: its points, its scores on histories made by hand, its stages in miniature."""

import json
from dataclasses import replace

import numpy as np
import pytest

from experiments.machinery import main as machinery
from experiments.readings import experiment as readings
from experiments.readings import report
from experiments.readings.design import (
    ANSWERS,
    BASE,
    OPEN,
    Space,
    departures,
    literal,
    on_the_average,
    questions,
    rounded,
)
from experiments.readings.design import reading as made
from experiments.readings.figures import draw
from experiments.readings.score import CLAIMS, CURVE, best, curve_lost, every_claim, hopeless, rows, score, winners
from lenet1998.recipe import PRINTED, Recipe
from lenet1998.reference import figure_5
from lenet1998.running.check import slim
from lenet1998.running.work import Failure, Task
from lenet1998.training import DIGEST
from tests.programs import planned

FIGURE = [point["train_error_on_the_fly_percent"] for point in figure_5()]
TESTED = [point["test_error_percent"] for point in figure_5()]


def history(recipe: Recipe = BASE, passes: int = 20, seed: int = 1, **first: float) -> dict:
    """A run that is the paper's own, but for what pass 1 is given."""
    records = [
        {"pass": k + 1, "train_error_percent": FIGURE[k], "test_error_percent": TESTED[k], "step_min": 7e-5,
         "step_max": 0.016} for k in range(passes)
    ]  # fmt: skip
    records[0] |= first
    return {"recipe": recipe.as_dict(), "seed": seed, "part": "space", "passes": records}


def point(name: str, held_out: float = 1.0, worse: float = 0.0, seed: int = 1, **changes: object) -> dict:
    """The run of a reading of that name, with a training error so much above the paper's."""
    run = history(replace(BASE, name=name, **changes), seed=seed)
    for record in run["passes"]:
        record["train_error_percent"] += worse
    run["passes"][-1]["test_error_percent"] = held_out
    return run


def test_the_paper_s_own_run_meets_every_claim():
    row = score(BASE, [history(), history(seed=2)])
    assert every_claim(row) and row["distance"] < 0.1 and row["seeds"] == 2
    assert score(BASE, [history()], diverged=1)["met"] == dict.fromkeys(CLAIMS, True) | {"stable": False}
    assert not any(score(BASE, [], diverged=1)["met"].values())


def broken(claim: str) -> dict:
    run = history()
    records = run["passes"]
    if claim == "rates":
        records[0]["step_min"] /= 2  # rms of one factor of 2 and one of 1: 2^(1/sqrt 2) = 1.63
    elif claim == "curve":
        for record in records[10:14]:
            record["train_error_percent"] += 0.5
    elif claim == "end":
        records[18]["train_error_percent"] += 0.11
    elif claim == "stable":
        for record in records[-3:]:
            record["test_error_percent"] += 0.1
    elif claim == "first":
        records[0]["test_error_percent"] += 0.76
    else:  # as much in all, but half of the fall at pass 6 comes one pass late
        records[5]["train_error_percent"] = 1.1
    return run


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_fails_alone(claim):
    met = score(BASE, [broken(claim)])["met"]
    assert [each for each, holds in met.items() if not holds] == [claim]


def test_a_seed_that_has_not_learned_is_not_stable():
    bad = history(seed=2)
    for record in bad["passes"]:
        record["test_error_percent"] = 2.5
    assert not score(BASE, [history(), bad])["met"]["stable"]


def test_a_reading_is_given_up_only_when_its_curve_is_lost_whatever_follows():
    random = np.random.default_rng(1)
    for _ in range(200):
        train = np.array(FIGURE[:20])
        train[:3] += random.normal(0, 1, 3)
        lost = curve_lost(train[:3])
        assert not (lost and np.sqrt(np.mean((train - FIGURE[:20]) ** 2)) <= CURVE)
    assert curve_lost(np.add(FIGURE[:3], 1)) and not curve_lost(np.add(FIGURE[:3], 0.1))
    assert not hopeless([history(passes=3)]) and hopeless([history(passes=3, step_min=1e-6)])
    row = score(BASE, [history(passes=3, train_error_percent=9.0)], stopped=True)
    assert row["met"] == {"rates": True, "curve": False, "end": None, "stable": None, "first": False, "drops": None}
    assert not every_claim(score(BASE, [history(passes=3)], stopped=True)), "what is not known is not met"


def test_points_fill_the_space_and_the_printed_answers_have_their_share():
    points = Space().points(96, seed=1)
    assert points == Space().points(96, seed=1) and len({recipe.name for recipe in points}) == 96
    for recipe in points:
        assert 1 <= recipe.init_gain <= 3 and 0.03 <= recipe.penalty_scale <= 1 and recipe.init_power == 0.5
        assert 0.499 <= on_the_average(recipe) <= 4
        assert made(BASE, recipe.name.split()) == recipe, "a name says all"
    for share, count in (
        (1 / 4, sum(recipe.init_gain == 2.4 for recipe in points)),
        (1 / 8, sum(recipe.penalty_scale == 1 for recipe in points)),
        (1 / 3, sum(recipe.loss == "mle" for recipe in points)),
        (1 / 3, sum(recipe.loss == "map" and recipe.curvature_seed == "constant" for recipe in points)),
        (1 / 2, sum(recipe.subsampling == "sum" for recipe in points)),
    ):
        assert abs(count / 96 - share) < 0.03


def test_the_box_holds_what_it_was_drawn_around():
    some = [recipe for recipe in Space().points(96, seed=1) if recipe.loss == "mle"][:5]
    box = Space().around(some)
    assert {recipe.loss for recipe in box.points(16, seed=2)} == {"mle"}
    for recipe in box.points(16, seed=2):
        assert (
            min(each.penalty_scale for each in some) <= recipe.penalty_scale <= max(each.penalty_scale for each in some)
        )


def test_departures_are_counted_from_the_recipe():
    assert departures(PRINTED) == []
    taken = PRINTED.override(["bias_init=zero", "coefficient_init=constant", "subsampling=average", "loss=map", "j=1"])
    assert departures(taken) == [], "what the text leaves open is no departure"
    stated = ["init_gain=1", "init_power=0.5", "penalty_scale=0.1", "order=file", "mu=0.1", "hessian_patterns=50"]
    assert sorted(departures(PRINTED.override(stated))) == sorted(each.partition("=")[0] for each in stated)
    assert departures(PRINTED.override(["loss=map", "curvature_seed=constant"])) == ["curvature_seed"]
    assert set(OPEN) <= set(PRINTED.as_dict())
    assert [departures(recipe) for recipe in rounded()] == [["init_power", "penalty_scale"]] * 8


def test_the_text_comes_first_and_with_every_combination_of_the_other_answers():
    recipes = literal()
    assert len(recipes) == len({recipe.name for recipe in recipes}) == 2 ** len(ANSWERS)
    assert replace(recipes[0], name="") == replace(PRINTED, name="") and len(departures(recipes[-1])) == 2
    winner = Space().points(1, seed=1)[0]
    for recipe in questions(winner):
        changed = [key for key, value in recipe.as_dict().items() if value != winner.as_dict()[key]]
        assert changed == ["name", recipe.name.removeprefix("winner ").partition("=")[0]]


def test_best_takes_turns_and_the_winners_are_the_closest_and_the_least_departure():
    runs = [
        point("near", penalty_scale=0.1, init_gain=2.0),
        point("farther", worse=0.01, penalty_scale=0.1, init_gain=2.1),
        point("printed gain", worse=0.08, penalty_scale=0.1),
        point("printed gain, errs more", held_out=1.5, worse=0.05, penalty_scale=0.1),
        point("as printed, but fails", worse=0.5),
    ]
    found = rows(runs, [])
    assert [row["reading"] for row in best(found, 3)] == ["near", "printed gain", "farther"]
    given_up = history(replace(BASE, name="given up"), passes=10)
    assert len(best(rows([*runs, given_up], []), 12)) == len(runs), "what was given up is not made again"
    named = {title: row["reading"] for title, row in winners(found).items()}
    assert named == {"closest": "near", "least departure": "printed gain"}
    more = [point("printed gain, errs more", held_out=1.0, penalty_scale=0.1, seed=2)]
    assert winners(rows(runs + more, []))["closest"]["reading"] == "printed gain, errs more", "what has most seeds"


def test_divergence_and_giving_up_are_told_and_drawn(tmp_path):
    text = {"recipe": "printed", "seed": 1, "reason": "diverged in pass 1", "fields": PRINTED.as_dict()}
    given_up = history(replace(BASE, name="given up"), passes=3, train_error_percent=9.0)
    runs = [run | {"data": {"name": "mnist validation"}} for run in (point("good"), given_up)]
    record = {"runs": runs, "diverged": [text | {"part": "literal"}]}
    found = report.scored(record)
    assert [row["reading"] for row in found] == ["good", "given up", "printed"]
    shown = {table.name: {row[0]: row for row in table.rows} for table in report.tables(record)}
    assert shown["readings_literal"]["text"][1:7] == (0, 1, 0, "", "diverged", None)
    assert shown["readings_space"]["space 2"][4:7] == ("curve, first", "given up", None)
    assert shown["readings_space_measures"]["space 2"][4] is None, "so few passes are no curve"
    assert report.tables(record)[0].notes[-2:] == ("closest: space 1, `good`.", "least departure: space 1, `good`.")
    assert {claim.verdict for claim in report.claims(record)} == {"agrees"} and len(report.claims(record)) == len(
        CLAIMS
    )
    drawn = draw(found, tmp_path / "map")
    assert all(path.stat().st_size > 1000 for path in drawn)


def test_a_slim_history_can_still_be_checked():
    run = history(passes=4) | {"resumed": [{}]}
    for record in run["passes"]:
        record[DIGEST] = f"of pass {record['pass']}"
    kept = slim(run)
    assert [record["pass"] for record in kept["passes"] if DIGEST in record] == [1, 4] and "resumed" not in kept
    assert kept["passes"][1] == {key: value for key, value in run["passes"][1].items() if key != DIGEST}


@pytest.fixture
def small(monkeypatch):
    """One reading of each kind, of data that are compared with nothing."""
    for module in (readings, report):
        monkeypatch.setattr(module, "of_mnist", list)
    monkeypatch.setattr(readings, "questions", lambda winner: questions(winner)[:1])
    monkeypatch.setattr(readings, "literal", lambda: literal()[:1])
    monkeypatch.setattr(readings, "rounded", lambda: rounded()[:1])


def test_an_interrupted_study_goes_on_to_its_end(tmp_path, monkeypatch, small):
    where = ["--out", str(tmp_path), "--runs", str(tmp_path / "runs")]
    options = ["--quick", "--data", "synthetic", "--quiet", "--seeds", "1", "--passes", "1", "--points", "2", *where]
    options += ["--engine", "numpy", "--train-size", "60", "--test-size", "20"]
    perform, asked = Task.perform, []

    def stop(task, *shown):
        asked.append(task.out)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return perform(task, *shown)

    with monkeypatch.context() as patched:
        patched.setattr(Task, "perform", stop)
        with pytest.raises(KeyboardInterrupt):
            machinery.run(readings.EXPERIMENT, options)
    assert len(list((tmp_path / "runs").glob("*/history.json"))) == 2 and not (tmp_path / "readings.json").exists()
    machinery.run(readings.EXPERIMENT, options)
    recorded = json.loads((tmp_path / "readings.json").read_text())
    sizes = [run["data"]["train_size"] for run in recorded["runs"] if "train_error_after_percent" in run]
    assert sorted(sizes) == [15, 30, 60]
    scores = json.loads((tmp_path / "readings_scores.json").read_text())
    assert {row["part"] for row in scores["rows"]} == {"space", "box", "round", "literal", "questions"}
    assert [row["size"] for row in scores["sizes"]] == [15, 30, 60]


def test_what_is_hopeless_gets_no_more_passes_and_what_diverges_stays_on_record(tmp_path, small):
    """Of the space, the first point is lost after a pass, the second diverges after it; others are the paper's."""
    space = [recipe.name for recipe in Space().points(4, seed=1)][:2]

    def outcome(task):
        if task.recipe.name == space[1] and task.passes > 1:
            return Failure(task, "diverged in pass 2", diverged=True)
        first = {"train_error_percent": 9.0} if task.recipe.name == space[0] else {}
        measured = {"train_error_after_percent": 0.3} if task.measure else {}
        data = {"train_size": task.data.train_size or 250, "name": "mnist validation"}
        return history(task.recipe, task.passes, task.seed, **first) | {"data": data} | measured

    options = ["--data", "synthetic", "--points", "4", "--seeds", "2", "--train-size", "300", "--out", str(tmp_path)]
    record, steps = planned(readings.EXPERIMENT, outcome, *options)
    asked = {name: [task.passes for step in steps for task in step if task.recipe.name == name] for name in space}
    assert asked == {space[0]: [1], space[1]: [1, 3]}
    assert [(end["recipe"], end["part"], end["reason"]) for end in record["diverged"]] == [
        (space[1], "space", "diverged in pass 2")
    ]
    by_name = {run["recipe"]["name"]: run for run in record["runs"]}
    assert len(by_name[space[0]]["passes"]) == 1 and space[1] not in by_name
    assert {run["part"] for run in record["runs"]} == {"space", "box", "round", "literal", "sizes", "questions"}
    again = [task for task in steps[-1] if task.measure] or [task for step in steps for task in step if task.measure]
    assert {task.data.validation for task in again} == {50} and len(again) == 6

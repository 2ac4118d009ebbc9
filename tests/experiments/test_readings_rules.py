"""The small rules of the study of readings: rates, ranks, ranges, and which seeds count."""

import pytest

from experiments.machinery.options import find_data, parse
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store
from experiments.readings import over_fan_in
from experiments.readings.design import Space, _number, on_the_average
from experiments.readings.experiment import EXPERIMENT, Study
from experiments.readings.score import by_departures, rates, rows
from lenet1998.recipe import PRINTED


def test_rates_are_geometric_means_over_seeds():
    runs = [{"passes": [{"step_min": low, "step_max": high}]} for low, high in ((1e-5, 0.01), (4e-5, 0.04))]
    assert rates(runs) == pytest.approx([2e-5, 0.02])


def test_a_claim_of_which_nothing_is_known_is_not_met():
    """Of equal departures the one that fails fewer claims comes first; then the lower error, if there is one."""
    known = {"met": {"a": True, "b": True}, "departures": ["x"], "held_out_error_percent": 1.0}
    unknown = {"met": {"a": True, "b": None}, "departures": []}
    assert by_departures(known) == (0, 1, 1.0) and by_departures(unknown) == (1, 0, float("inf"))


def test_what_has_fewer_passes_than_the_whole_was_given_up():
    """Also where every reading was: the longest is not taken for the whole then."""
    first = {"step_min": 1e-5, "step_max": 0.01, "train_error_percent": 50.0, "test_error_percent": 50.0}
    run = {"recipe": PRINTED.as_dict(), "seed": 1, "passes": [first], "part": "strip"}
    assert [row["stopped"] for row in rows([run], [])] == [False]
    assert [row["stopped"] for row in rows([run], [], 20)] == [True]


def test_the_strip_divides_by_the_fan_in():
    found = over_fan_in.SPACE.points(32, seed=3)
    assert len({recipe.name for recipe in found}) == 32 and {recipe.init_power for recipe in found} == {1.0}
    assert {recipe.bias_init for recipe in found} == {"zero"}
    wide = [recipe for recipe in found if on_the_average(recipe) > Space().coefficient[1]]
    assert len(wide) > 8 and any(recipe.penalty_scale > 1 for recipe in found)


def test_the_printed_value_has_its_share_of_a_range_that_holds_it():
    for printed in (1.0, 2.0, 4.0):
        assert _number((1.0, 4.0), 0.2, printed, own=0.25) == printed
    assert _number((1.0, 4.0), 0.25, 4.0, own=0.25) == 1.0 and _number((1.0, 4.0), 0.625, 4.0, own=0.25) == 2.0
    assert _number((1.0, 4.0), 0.5, 4.1, own=0.25) == 2.0, "out of the range it has none"


def test_later_seeds_do_not_count_before_their_turn(tmp_path):
    arguments = parse(EXPERIMENT, ["--data", "synthetic", "--out", str(tmp_path), "--runs", str(tmp_path)])
    study = Study(Setting(arguments, find_data(EXPERIMENT, arguments), Store(tmp_path), "readings"))
    ends = {"recipe": "printed", "reason": "diverged", "fields": PRINTED.as_dict(), "part": "literal"}
    study.lost = {("printed", seed): ends | {"seed": seed} for seed in (1, 2, 3)}
    assert [row["diverged"] for row in study.rows(["literal"], seeds=2)] == [2]
    assert study.rows(["space"], seeds=2) == []
    first = {"step_min": 1e-5, "step_max": 0.01, "train_error_percent": 50.0, "test_error_percent": 50.0}
    run = {"recipe": PRINTED.as_dict(), "passes": [first], "part": "literal"}
    study.lost, study.runs = {}, {("printed", seed): run | {"seed": seed} for seed in (1, 2, 3)}
    assert [row["seeds"] for row in study.rows(["literal"], seeds=2)] == [2]

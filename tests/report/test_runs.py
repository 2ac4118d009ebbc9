"""Runs side by side: who is paired with whom, what is compared with the paper, and the files that say so."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from lenet1998.commands.main import main
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.pictures import learning_curves, plotting
from lenet1998.recipe import Recipe, preset
from lenet1998.report.comparison import over_patterns, over_seeds
from lenet1998.report.runs import grouped, side_by_side
from lenet1998.running.run import run

RESULTS = Path(__file__).parent.parent.parent / "experiments" / "results"


def history(error: float, seed=1, recipe=None, passes=20, size=60_000, engine="numba", data="mnist", **more) -> dict:
    made = [
        {"pass": k, "test_error_percent": error + passes - k, "train_error_percent": 0.5} for k in range(1, passes + 1)
    ]
    about = {"name": data, "train_size": size, "test_size": 10_000}
    recipe = (recipe or Recipe()).as_dict()
    return {"recipe": recipe, "seed": seed, "engine": engine, "data": about, "passes": made, **more}


OTHER = preset("default").override(["loss=mle"])
LATER = preset("default").override(["j=2"])


def rows(*histories: dict) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in side_by_side(grouped(histories)).rows}


def test_runs_are_grouped_by_all_that_decides_and_labelled_by_what_differs():
    assert list(grouped([history(1.0, 1), history(1.1, 2), history(0.9, 1, OTHER)])) == ["default", "default loss=mle"]
    sizes = grouped([history(1.0), history(1.7, size=15_000)])
    assert list(sizes) == ["default, 60,000 patterns", "default, 15,000 patterns"]
    assert list(grouped([history(1.0), history(1.0, engine="numpy")])) == ["default, numba", "default, numpy"]
    old = history(1.0)
    del old["recipe"]["distorted_copies"]  # as recorded before the field existed
    assert len(grouped([old, history(1.1, 2)])) == 1


def test_a_run_named_twice_counts_once_and_another_in_its_place_is_refused():
    (own,) = grouped([history(1.0), history(1.0, misclassified=[3]), history(1.2, 2)]).values()
    assert [each["seed"] for each in own] == [1, 2] and own[0]["misclassified"] == [3]
    with pytest.raises(LeNetError, match="seed 1 differ"):
        grouped([history(1.0), history(1.1)])


def test_differences_are_paired_by_seed_and_tested_as_the_experiments_test_them():
    first = [history(error, seed) for seed, error in enumerate([1.0, 1.1, 1.2], 1)]
    second = [history(error, seed, OTHER) for seed, error in enumerate([0.9, 1.05, 1.0, 7.0], 1)]
    row = rows(*first, *second)["default loss=mle"]
    expected = over_seeds([0.9, 1.05, 1.0], [1.0, 1.1, 1.2])
    assert row[4] == f"{expected.difference:+.2f} ({expected.low:+.2f} to {expected.high:+.2f})"
    assert float(row[5]) == pytest.approx(expected.p, rel=0.06) and row[6] == ""
    assert rows(*first[:1], *second[1:])["default loss=mle"][4:] == ["", "", ""], "no seed is in both"
    known = rows(history(1.0, misclassified=[1, 2, 3, 4, 5, 6]), history(0.9, recipe=OTHER, misclassified=[6]))
    assert known["default loss=mle"][4:6] == ["-0.10", ""]
    assert float(known["default loss=mle"][6]) == pytest.approx(over_patterns([range(5)], [[]]).p, rel=0.02)


def test_several_comparisons_are_adjusted_for_one_another():
    runs = [history(1.0, misclassified=list(range(8))), history(0.9, recipe=OTHER, misclassified=[])]
    alone, both = rows(*runs), rows(*runs, history(0.8, recipe=LATER, misclassified=[]))
    assert float(both["default loss=mle"][6]) == pytest.approx(2 * float(alone["default loss=mle"][6]), rel=0.03)


def test_1998_is_a_row_only_where_it_may_be_compared():
    assert rows(history(1.0))["1998"] == ["", "20", "0.95", "0.35", "", "", ""]
    both = rows(history(1.0), history(1.8, size=15_000))
    assert (both["1998, 60,000 patterns"][2], both["1998, 15,000 patterns"][2]) == ("0.95", "1.68")
    for other in ({"passes": 19}, {"data": "synthetic"}, {"size": 50_000}):
        assert not any("1998" in label for label in rows(history(1.0, **other)))


def test_errors_on_other_test_patterns_are_not_subtracted():
    (_, *row) = list(rows(history(1.0), history(5.0, recipe=OTHER, data="synthetic")).items())[-1]
    assert row[0][2] == "5.00" and row[0][4:] == ["", "", ""]


def test_curves_of_several_seeds_have_bands_and_1998_s_beside_them(monkeypatch, tmp_path):
    figures = []
    monkeypatch.setattr(learning_curves, "save", lambda figure, stem: figures.append(figure) or [])
    groups = grouped([history(1.0, 1), history(1.1, 2), history(0.9, recipe=OTHER, passes=10)])
    learning_curves.learning_curves(groups, tmp_path / "c")
    other_data = history(0.9, recipe=OTHER, data="synthetic")
    learning_curves.learning_curves(grouped([history(1.0), other_data]), tmp_path / "c")
    for axes in figures[0].axes:
        labels = [line.get_label() for line in axes.lines]
        assert labels == ["default", "default loss=mle", "1998, Figure 5"] and len(axes.collections) == 1
        assert len({(str(line.get_linestyle()), line.get_marker()) for line in axes.lines}) == 3
    assert not any("1998" in line.get_label() for axes in figures[1].axes for line in axes.lines)
    many = {str(k): [history(1.0)] for k in range(len(plotting.LOOKS) + 1)}
    with pytest.raises(LeNetError, match="compare 7 at a time"):
        learning_curves.learning_curves(many, tmp_path / "c")


def test_the_command_on_directories_and_on_recorded_results(tmp_path, capsys):
    digits = load("synthetic", train_size=200, test_size=100)
    for name, recipe in (("one", Recipe()), ("two", OTHER)):
        for seed in (1, 2):
            run(tmp_path / name / f"seed{seed}", recipe, digits, seed=seed, passes=2, engine="numpy")
    out = tmp_path / "out"
    assert main(["compare", *(str(tmp_path / name) for name in ("one", "two")), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    for suffix in (".png", ".pdf", ".csv", ".tex", ".md"):
        assert str(out / f"comparison{suffix}") in printed and (out / f"comparison{suffix}").stat().st_size > 100
    head, _, second = csv.reader((out / "comparison.csv").read_text().splitlines())
    made = [json.loads((tmp_path / "two" / f"seed{seed}" / "history.json").read_text()) for seed in (1, 2)]
    mean = sum(each["passes"][-1]["test_error_percent"] for each in made) / 2
    assert second[:3] == ["default loss=mle", "2", "2"] and second[3].startswith(f"{mean:.2f}")
    assert head[5] == "difference" and second[5] and second[7], "the networks are there, so patterns are compared"
    assert r"\toprule" in (out / "comparison.tex").read_text() and "1998" not in printed.replace("lenet1998", "")
    recorded = [str(RESULTS / f"{name}.json") for name in ("fig5_error_curves", "compare_default_modern")]
    assert main(["compare", *recorded, "--out", str(out)]) == 0
    assert "| 1998 |" in capsys.readouterr().out
    assert main(["compare", str(tmp_path / "nothing"), "--out", str(out)]) == 2
    assert "name a run's directory" in capsys.readouterr().err

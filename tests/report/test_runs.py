"""Runs side by side: who is paired with whom, what is compared with the paper, and the files that say so."""

import csv
import itertools
import json
from pathlib import Path

import pytest

from lenet1998.commands.main import main
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.pictures import learning_curves, plotting
from lenet1998.recipe import Recipe, preset
from lenet1998.report.comparison import over_patterns, over_seeds
from lenet1998.report.runs import grouped, side_by_side, sorted_out
from lenet1998.report.table import Table
from lenet1998.report.tables import TEST
from lenet1998.running.check import SEAL
from lenet1998.running.run import run
from lenet1998.training import DIGEST

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


def rows(*histories: dict, **asked) -> dict[str, list[str]]:
    """The cells of each row as they are shown, by what stands in the first."""
    return shown(side_by_side(grouped(histories), **asked))


def shown(table: Table) -> dict[str, list[str]]:
    lines = [[column.shown(cell) for column, cell in zip(table.columns, row, strict=True)] for row in table.rows]
    return {line[0]: line[1:] for line in lines}


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


def said(*histories: dict, unfinished=False, **asked) -> str:
    groups, told = sorted_out(histories, unfinished)
    return " ".join(side_by_side(groups, said=told, **asked).notes)


def test_a_row_says_the_same_whatever_order_its_runs_are_named_in():
    short, long = history(30.0, passes=2, misclassified=[1, 2]), history(20.0, passes=5, misclassified=[1, 2, 3, 4, 5])
    short["passes"] = [
        {**each, TEST: longer[TEST]} for each, longer in zip(short["passes"], long["passes"], strict=False)
    ]
    other = history(31.0, recipe=OTHER, passes=2, misclassified=[7])
    found = [rows(*order) for order in itertools.permutations((short, long, other))]
    assert all(each["default"] == found[0]["default"] for each in found)
    assert found[0]["default"][:3] == ["1", "5", "20.00"] and found[0]["default loss=mle"][4:] == ["", "", ""]
    assert "default: unfinished and left out (seed 1: 2 of 5 passes)" in said(short, long, other)
    for order in ((short, long, other), (other, long, short)):
        groups, told = sorted_out(order, unfinished=True)
        assert len(groups["default"][0]["passes"]) == 5 and not told, "the short run is the beginning of the long one"


def test_unfinished_runs_are_named_and_left_out_unless_asked_for():
    runs = [history(1.0, 1), history(1.2, 2), history(1.4, 3, passes=16, misclassified=[5])]
    assert rows(*runs)["default"][:3] == ["2", "20", "1.10 (1.00 to 1.20)"]
    assert "default: unfinished and left out (seed 3: 16 of 20 passes)" in said(*runs)
    groups, told = sorted_out(runs, unfinished=True)
    assert shown(side_by_side(groups))["default"][:2] == ["3", "16"]
    assert "(seed 3: 16 of 20 passes). All runs of this row are read at pass 16." in told[0]
    assert [each.get("misclassified") for each in groups["default"]] == [None, None, [5]]


def test_patterns_of_another_pass_are_not_those_of_a_cut_run():
    ends = [history(1.0, seed, passes=3, misclassified=[1, 2]) for seed in (1, 2)]
    begun = history(3.0, 2, passes=1, misclassified=[3])
    begun["passes"][0][TEST] = ends[1]["passes"][0][TEST]
    groups, _ = sorted_out([*ends[:1], begun], unfinished=True)
    assert [each.get("misclassified") for each in groups["default"]] == [None, [3]]


def test_what_is_unequal_is_compared_only_where_that_is_asked_for_and_said():
    runs = history(1.0), history(2.0, recipe=OTHER, passes=10), history(3.0, size=15_000)
    assert all(row[4:] == ["", "", ""] for row in rows(*runs).values())
    told = said(*runs)
    assert (
        "default loss=mle, 60,000 patterns is not compared with default, 60,000 patterns: 10 passes against 20" in told
    )
    assert "15,000 patterns against 60,000 patterns." in told and "--unequal compares" in told
    asked = rows(*runs, unequal=True)
    assert asked["default loss=mle, 60,000 patterns"][4] == "+1.00" and asked["default, 15,000 patterns"][4] == "+2.00"
    assert "although unequal: 10 passes against 20 passes." in said(*runs, unequal=True)
    distorted = history(0.8, recipe=preset("default").override(["distorted_copies=9"]))
    assert said(history(1.0), distorted).count("is not compared") == 0, "distortions are the recipe's"
    own = [history(1.0, misclassified=[1]), history(1.5, recipe=OTHER, misclassified=[2])]
    own[1]["data"]["digests"] = {"t10k-images": "other"}
    assert rows(*own)["default loss=mle"][4:] == ["", "", ""] and "other data of the same name" in said(*own)
    assert rows(*own, unequal=True)["default loss=mle"][4:] == ["+0.50", "", ""], "patterns of other data are no pairs"


def test_mean_and_difference_of_a_row_are_of_the_same_seeds_and_that_is_said():
    first = [history(error, seed) for seed, error in enumerate([1.0, 1.1, 1.2], 1)]
    second = [history(error, seed, OTHER) for seed, error in ((2, 0.9), (3, 0.8), (4, 7.0))]
    made = side_by_side(grouped([*first, *second]))
    assert [column.name for column in made.columns][3:7] == ["test error", "training error", "baseline", "difference"]
    _, seeds, _, error, _, baseline, difference, *_ = next(row for row in made.rows if row[0] == "default loss=mle")
    assert seeds == 2 and (round(error.mean, 6), round(baseline.mean, 6)) == (0.85, 1.15)
    assert difference.mean == pytest.approx(error.mean - baseline.mean)
    told = " ".join(made.notes)
    assert (
        "All numbers of a row are of the same seeds" in told and "without seeds that default does not have (4)" in told
    )
    assert "no seed is in both" in said(*first[:1], *second)


def test_a_range_of_three_runs_is_not_called_a_95_percent_interval():
    few, many = ([history(1 + seed / 10, seed) for seed in range(count)] for count in (3, 4))
    assert side_by_side(grouped(few)).explained[-1] == "In brackets: range of 3 runs, which is not a 95% interval."
    assert side_by_side(grouped(many)).explained[-1] == "In brackets: 95% interval."


def test_two_runs_that_differ_in_parameters_alone_are_two():
    one, other = history(1.0), history(1.0)
    one["passes"][-1][DIGEST], other["passes"][-1][DIGEST] = "a", "b"
    with pytest.raises(LeNetError, match="seed 1 differ"):
        grouped([one, other])


def test_names_that_would_move_a_terminal_s_cursor_are_spelt_out_in_rows_and_notes():
    evil, other = history(1.0), history(1.0, data="mnist\x1b[2J", engine="numpy\x1b[1m")
    evil["recipe"]["name"] = "a\x1b[31mred\u202e"
    table = side_by_side(grouped([evil, other]))
    assert r"a\x1b[31mred\u202e, numba, mnist, 10,000 tested" in shown(table)
    assert "".join([*shown(table), *table.notes]).isprintable()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: run["data"].pop("train_size"),
        lambda run: run["data"].pop("name"),
        lambda run: run["data"].update(test_size="10000"),
        lambda run: run.pop("seed"),
        lambda run: run.pop("versions"),
        lambda run: run["passes"][3].pop("train_error_percent"),
        lambda run: run["passes"][3].update(test_error_percent="x"),
        lambda run: run["passes"][19].update(train_error_percent=None),
        lambda run: run["recipe"].pop("name"),
    ],
)
def test_a_record_that_lacks_a_field_is_one_line_and_exit_code_2(spoil, tmp_path, capsys):
    content = json.loads((RESULTS / "fig5_error_curves_numpy.json").read_text())
    del content[SEAL]
    spoil(content["runs"][0])
    path = tmp_path / "results" / "fig5_error_curves.json"
    path.parent.mkdir()
    path.write_text(json.dumps(content))
    for command in (["compare", path, "--out", tmp_path / "out"], ["check", path], ["check", path, "--with", path]):
        assert main(list(map(str, command))) == 2, command
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1 and str(path) in told[0], told
    assert not (tmp_path / "out").exists()


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


@pytest.mark.usefixtures("numpy_alone", "undrawn")
def test_the_command_on_directories_and_on_recorded_results(tmp_path, prints):
    digits = load("synthetic", train_size=200, test_size=100)
    for name, recipe in (("one", Recipe()), ("two", OTHER)):
        for seed in (1, 2):
            run(tmp_path / name / f"seed{seed}", recipe, digits, seed=seed, passes=2, engine="numpy")
    out = tmp_path / "out"
    printed = prints("compare", *(str(tmp_path / name) for name in ("one", "two")), "--out", out).out
    for suffix in (".png", ".pdf", ".csv", ".tex", ".md"):
        assert str(out / f"comparison{suffix}") in printed and (out / f"comparison{suffix}").exists()
    _, second = csv.DictReader((out / "comparison.csv").read_text().splitlines())
    made = [json.loads((tmp_path / "two" / f"seed{seed}" / "history.json").read_text()) for seed in (1, 2)]
    mean = sum(each["passes"][-1]["test_error_percent"] for each in made) / 2
    assert [second[name] for name in ("run", "seeds", "passes")] == ["default loss=mle", "2", "2"]
    assert float(second["test error (%) mean"]) == pytest.approx(mean) and second["test error (%) n"] == "2"
    assert second["difference (%) mean"] and second["p (patterns)"], "the networks are there, so patterns are compared"
    assert r"\toprule" in (out / "comparison.tex").read_text() and "1998" not in printed.replace("lenet1998", "")
    recorded = [str(RESULTS / f"{name}.json") for name in ("fig5_error_curves", "compare_default_modern")]
    assert "| 1998 |" in prints("compare", *recorded, "--out", out).out
    chosen = ["--columns", "run", "test error", "--rows", "2", "--caption", "Ours", "--label", "tab:ours", "--wide"]
    printed = prints("compare", *recorded, "--out", out, *chosen).out
    assert (
        printed.startswith("Ours:\n\n") and "\n\n| run | test error (%) |\n| --- | ---: |\n| default | 0.9" in printed
    )
    assert r"\begin{table*}[t]" in (out / "comparison.tex").read_text()
    assert r"\label{tab:ours}" in (out / "comparison.tex").read_text()
    assert "name a run's directory" in prints("compare", tmp_path / "nothing", "--out", out, code=2).err

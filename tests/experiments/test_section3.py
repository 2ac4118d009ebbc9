"""The rows of section III: measured one by one, kept, and what the tables and the figures make of them."""

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from experiments.machinery.check import check
from experiments.machinery.declaration import nothing
from experiments.machinery.main import run
from experiments.machinery.record import write
from experiments.machinery.setting import in_turns
from experiments.section3 import rows as section3_rows
from experiments.section3.claims import claims
from experiments.section3.experiment import EXPERIMENT
from experiments.section3.report import bars, gaps, tables
from experiments.section3.status import ERROR, MACS, REJECT, STATUS, VERDICTS
from lenet1998.classifiers.classifier import vectors
from lenet1998.classifiers.network import NetworkClassifier
from lenet1998.classifiers.rows import BESIDE, ROWS, Row, judged
from lenet1998.classifiers.svm import SVM
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.recipe import Recipe
from lenet1998.reference import figures_9_to_12
from lenet1998.report.table import Table
from lenet1998.running.check import DifferenceError
from lenet1998.training import DIGEST

SMALL = ["--data", "synthetic", "--train-size", "100", "--test-size", "50", "--quiet"]


def rows(place: Path, *options: str, drawn: bool = False) -> None:
    """`python -m experiments.section3` on few patterns, in this process."""
    experiment = EXPERIMENT if drawn else replace(EXPERIMENT, figures=nothing)
    run(experiment, [*SMALL, "--out", str(place), "--runs", str(place / "runs"), *options])


def table(found: list[Table], name: str) -> dict[str, tuple]:
    """The cells of a table by its rows' labels."""
    return {str(row[0]): row[1:] for each in found if each.name == name for row in each.rows}


@cache  # bootstrap intervals take most of a second, and nothing here changes a run
def run_of(error: float, **others: object) -> dict:
    """A run with this error on 10,000 patterns, as `judged` and `measure` write it."""
    labels = np.zeros(10_000, int)
    scores = np.arange(10.0) + np.random.default_rng(0).random((10_000, 1)) * np.arange(10)
    scores[: round(100 * error), 1] = -0.001
    counts = {"multiply_accumulates": 4000, "variables": 4000, "seconds_to_fit": 2.0, "microseconds_to_classify": 3.0}
    return judged(scores, labels) | counts | others


def record_of(*runs: dict, data: str = "mnist", **others: object) -> dict:
    sizes = {"train_size": 60_000, "test_size": 10_000}
    return {"data": {"name": data, **sizes, "digests": {}}, "runs": list(runs), **others}


def test_every_row_of_the_paper_is_measured():
    paper = set(figures_9_to_12())
    assert len(paper) == 27 and set(ROWS) | set(section3_rows.LENET5) == paper | set(BESIDE) == set(
        section3_rows.LABELS
    )
    names = section3_rows.NAMES
    assert sorted(names) == sorted(section3_rows.LABELS) and not set(BESIDE) & paper
    for below in BESIDE.values():  # each extra stands below its row, before any other of the paper's
        extras = [extra for extra, own in BESIDE.items() if own == below]
        assert names[names.index(below) + 1 :][: len(extras)] == extras


def test_a_row_that_fails_or_dies_loses_no_other(monkeypatch, tmp_path, capsys):
    """scikit-learn's neighbours cannot be imported, and its support vector machines take the process with them."""
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").write_text("")
    (tmp_path / "sklearn" / "svm.py").write_text("import os; os._exit(9)")
    root = Path(section3_rows.__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    monkeypatch.syspath_prepend(str(tmp_path))
    out = tmp_path / "out"
    chosen = [f"--only={name}" for name in ("svm_poly4", "knn_euclidean", "pairwise_linear")]
    with pytest.raises(LeNetError, match="2 parts failed .* --resume repeats what failed"):
        rows(out, *chosen, "--jobs", "2")
    assert [path.name for path in (out / "section3").iterdir()] == ["pairwise_linear.json"]
    record = json.loads((out / "section3" / "pairwise_linear.json").read_text())
    assert {"experiment", "row", "versions", "commit", "machine", "data"} <= set(record)
    assert record["data"]["train_size"] == 100 and len(record["runs"]) == 1
    page = (out / "section3.md").read_text()
    assert "| K-NN Euclidean | error (%) | not measured | this classifier needs scikit-learn" in page
    assert "pip install 'lenet1998" in page and "the record is `section3`" in page
    assert "| SVM poly 4 | error (%) | not measured | not done: its process was killed" in page
    further = "".join(
        path.read_text() for path in (out / "csv").glob("*.csv")
    )  # the tables that the page does not show
    assert "1998 (" not in page + further and page.count("| Pairwise |") + further.count("\nPairwise,") == 5
    assert "Pairwise" in capsys.readouterr().out


@pytest.fixture
def quickly(monkeypatch) -> list[str]:
    """The rows that are measured, which takes no time: each has errs 2%."""
    asked: list[str] = []

    def measure(row, data, seed, trained):
        asked.append(row.label)
        return run_of(2.0, seed=seed)

    monkeypatch.setattr(section3_rows, "measure", measure)
    monkeypatch.setattr(section3_rows, "lenet5", lambda name, data: asked.append("LeNet-5") or run_of(2.0))
    return asked


def test_what_is_there_is_kept_and_the_rest_is_measured(quickly, tmp_path):
    rows(tmp_path, "--only", "pairwise_linear", "--only", "rbf1000_linear", "--seeds", "2")
    assert sorted(quickly) == ["1000 RBF + linear", "1000 RBF + linear", "Pairwise"]
    paths = [tmp_path / "section3" / f"{name}.json" for name in ("pairwise_linear", "rbf1000_linear")]
    before = [path.stat().st_ino for path in paths]
    quickly.clear()
    rows(tmp_path, "--only", "linear", "--seeds", "1")
    assert quickly == ["Linear"] and [path.stat().st_ino for path in paths] == before
    quickly.clear()
    rows(tmp_path, "--only", "rbf1000_linear", "--seeds", "3", "--resume")
    assert quickly == ["1000 RBF + linear"], "two seeds are there"
    assert len(json.loads(paths[1].read_text())["runs"]) == 3 and paths[0].stat().st_ino == before[0]


def test_all_rows_are_measured_drawn_and_drawn_again(quickly, tmp_path, capsys):
    rows(tmp_path, "--quick", "--seeds", "1", drawn=True)
    first, drawn = capsys.readouterr().out, sorted(tmp_path.glob("*.png"))
    assert len(quickly) == 32 and "1998 (" not in first
    assert [path.stem for path in drawn] == [
        "fig10_rejection",
        "fig11_multiply_accumulates",
        "fig12_variables",
        "fig9_classifiers",
    ]
    for path in drawn:
        assert matplotlib.image.imread(path).std() > 0.05
        path.unlink()
    run(EXPERIMENT, ["--plot-only", "--out", str(tmp_path)])
    assert capsys.readouterr().out == first
    assert all(path.exists() and path.with_suffix(".pdf").stat().st_size > 1000 for path in drawn)
    rows(tmp_path, "--quick", "--seeds", "1")
    assert len(quickly) == 32, "a trial can be repeated"


def test_rows_of_other_data_are_never_mixed_or_replaced(quickly, tmp_path):
    rows(tmp_path, "--only", "pairwise_linear")
    before = (tmp_path / "section3" / "pairwise_linear.json").read_bytes()
    with pytest.raises(LeNetError, match="rows of other data: choose another place with --out"):
        rows(tmp_path, "--only", "pairwise_linear", "--test-size", "40")
    assert len(quickly) == 1 and (tmp_path / "section3" / "pairwise_linear.json").read_bytes() == before


def test_a_damaged_row_is_named(quickly, tmp_path):
    rows(tmp_path, "--only", "pairwise_linear")
    (tmp_path / "section3" / "pairwise_linear.json").write_text('{"runs": []')
    with pytest.raises(LeNetError, match="pairwise_linear.json cannot be read .* remove it"):
        run(EXPERIMENT, ["--plot-only", "--out", str(tmp_path)])
    with pytest.raises(LeNetError, match="no results in"):
        run(EXPERIMENT, ["--plot-only", "--out", str(tmp_path / "nowhere")])


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="digests are those of the compiled engine")
def test_the_first_training_of_a_row_is_checked(tmp_path, capsys, monkeypatch):
    lenet1 = Row("LeNet-1", np.asarray, lambda seed: NetworkClassifier(Recipe(), seed, passes=1), seeds=2)
    monkeypatch.setitem(ROWS, "lenet1_16x16", lenet1)
    rows(tmp_path, "--only", "lenet1_16x16", "--only", "pairwise_linear")
    check(tmp_path, [], [], 1, None, quiet=True)
    assert "1 of 1 recorded trainings begin with the same pass, bit for bit" in capsys.readouterr().out
    path = tmp_path / "section3" / "lenet1_16x16.json"
    row = json.loads(path.read_text())
    assert [len(run[section3_rows.TRAININGS]) for run in row["runs"]] == [1, 1]
    row["runs"][0][section3_rows.TRAININGS][0]["passes"][0][DIGEST] = "0" * 64
    write(path, row)
    with pytest.raises(DifferenceError, match="0 of 1"):
        check(tmp_path, [], [], 1, None, quiet=True)


def test_a_row_has_seeds_of_its_own_where_none_are_asked_for():
    wanted = {name: len(section3_rows.seeds_of(name, None)) for name in section3_rows.NAMES}
    assert wanted["lenet4"] == 5 and wanted["pairwise_linear"] == wanted["lenet5"] == 1
    few = {name for name, count in wanted.items() if count == 3}
    boosted = {name for name in wanted if name.startswith("dist_boosted_lenet4")}
    assert few == {"mlp_28x28_1000_10", "dist_mlp_28x28_1000_10", "lenet4_local_pixels"} | boosted and len(boosted) == 3
    assert list(section3_rows.seeds_of("dist_boosted_lenet4", 7)) == [1, 2, 3, 4, 5, 6, 7]
    assert len(section3_rows.seeds_of("pairwise_linear", 7)) == 1


def test_the_first_of_rows_that_begin_with_one_network_goes_before_the_others():
    names = ["linear", "lenet4", "lenet4_local", "lenet4_knn", "dist_boosted_lenet4"]
    wanted = [(name, seed) for name in names for seed in (1, 2)]
    turns = in_turns(wanted, [(section3_rows.network_of(name), seed) for name, seed in wanted])
    assert next(turns) == [("lenet4", 1), ("lenet4", 2)]
    after = turns.send(["first", "second"])
    assert after == [each for each in wanted if each[0] != "lenet4"]
    with pytest.raises(StopIteration) as stop:
        turns.send(after)
    assert stop.value.value == [*wanted[:2], "first", "second", *wanted[4:]]


def test_intervals_are_over_seeds_and_wilsons_alone():
    records = {
        "linear": record_of(run_of(12.0)),
        "rbf1000_linear": record_of(run_of(3.0), run_of(4.0)),
        "lenet5": record_of(run_of(1.1), errors_percent=[0.9, 1.0, 1.0, 1.1]),
    }
    found = {row.name: row for row in bars(records, {"svm_poly4": "it fell"})}
    for name, *expected in (
        ("linear", 12.0, 11.38, 12.65, 1),
        ("rbf1000_linear", 3.5, 3.0, 4.0, 2),
        ("lenet5", 1.0, 0.88, 1.14, 4),
    ):
        error = found[name].error
        assert [error.mean, error.low, error.high, error.n] == pytest.approx(expected, abs=0.01)
    alone, rejection = records["lenet5"]["runs"][0]["rejection"], found["lenet5"].rejection
    assert (rejection.mean, rejection.low, rejection.high) == (alone["rejected_percent"], *alone["interval_percent"])
    assert found["svm_poly4"].open == "it fell"
    assert found["knn_euclidean"].open == "not measured yet"
    # Two runs of 2 s to train, and 3 us for each of 10,000 patterns.
    assert found["rbf1000_linear"].total_seconds == pytest.approx(2 * 2.03) and found["svm_poly4"].total_seconds == 0


def test_a_row_of_which_a_run_lost_a_unit_is_its_median_without_an_interval():
    runs = [run_of(error) for error in (1.5, 11.5, 1.6, 1.4)]
    row = next(row for row in bars({"mlp_28x28_300_10": record_of(*runs)}, {}) if not row.open)
    for value in (row.error, row.rejection):
        assert (value.low, value.high, value.n, value.lost) == (None, None, 4, 1)
    assert row.error.mean == pytest.approx(1.55) and row.runs[ERROR] == [1.5, 11.5, 1.6, 1.4]
    assert all(status.verdict in VERDICTS for status in STATUS.values())


def test_gaps_of_more_than_a_third_of_a_point_or_15_percent_are_listed():
    def known(name: str, error: float) -> tuple[str, str] | None:
        found = gaps(bars({name: record_of(run_of(error, multiply_accumulates=10**6))}, {}))
        return next(((status, why) for _, figure, status, why in found if figure == ERROR), None)

    assert known("svm_poly4", 1.2) is None and known("knn_euclidean", 4.75) is None  # 9% of 1.1, and 0.25 point
    assert known("svm_poly4", 1.3) == ("open", "what is known is of 1.5")
    assert known("svm_poly4", 1.5)[0] == "explained" and known("svm_poly4", 1.5)[1].startswith("the row below was not")
    assert known("lenet1_16x16", 2.0) == ("open", "nothing was tried")
    assert known("knn_euclidean", 5.35) == ("open", "what is known is of 2.71")
    assert known("deslant_knn_euclidean", 2.0)[0] == "contradicts"
    assert known("lenet4_local", 0.85)[1].startswith("the row below was not measured: Figure 12")
    found = {figure for _, figure, *_ in gaps(bars({"svm_poly4": record_of(run_of(1.1))}, {}))}
    assert MACS in found and REJECT in found and ERROR not in found
    near = record_of(*(run_of(3.89, seed=seed) for seed in range(3)))
    both = {
        "pairwise_linear": record_of(run_of(7.01)),
        "rbf1000_linear": near,
        "deslant_linear": record_of(run_of(8.4)),
    }
    made = tables({"rows": both})
    paper, ours, status = table(made, "fig9")["Pairwise"]
    assert (paper, ours.mean, status) == (7.6, 7.01, "explained") and table(made, "fig11")["Pairwise"][0] == 36
    assert table(made, "fig9")["1000 RBF + linear"][-1] == "open", "0.29 point, but no run is as near as 0.1"
    assert table(made, "fig9")["[deslant] Linear"][-1] == "agrees"
    listed = [row for each in made if each.name == "section3_gaps" for row in each.rows]
    assert any(row[:3] == ("Pairwise", "error (%)", "explained") for row in listed)
    assert ("Linear", "error (%)", "not measured", "not measured yet") in listed


def test_what_contradicts_the_text_is_said_to():
    """III-C.8: no better error, better rejection. Pairs of the same seeds decide; one seed alone says nothing."""
    lower, same = [0.8, 0.9, 1.0], [1.2, 0.9, 1.2]
    plain = record_of(*(run_of(error, seed=seed) for seed, error in enumerate([1.2, 1.25, 1.3])))
    local = record_of(*(run_of(error, seed=seed) for seed, error in enumerate(lower)))
    knn = record_of(*(run_of(error, seed=seed) for seed, error in enumerate(same)))
    knn_error, _, own, rejected = claims({"rows": {"lenet4": plain, "lenet4_local": local, "lenet4_knn": knn}})
    assert own.found == "LeNet-4 / Local minus LeNet-4, same seeds: error -0.35 point (-0.47 to -0.23)"
    assert (own.section, own.verdict) == ("III-C.8", "contradicts") and "improved rejection" in rejected.says
    assert knn_error.found.startswith("LeNet-4 / K-NN minus") and knn_error.verdict == "agrees"
    alone = {name: record_of(run_of(1.0, seed=1)) for name in ("lenet4", "lenet4_knn")}
    assert not claims({"rows": alone})
    svm = {name: record_of(run_of(1.5)) for name in ("svm_poly4", "rs_svm_poly5")}
    assert "1.50 and 1.50%" in claims({"rows": svm})[0].found
    assert not claims({"rows": {name: row | {"data": {"name": "synthetic"}} for name, row in svm.items()}})


def test_times_to_train_stand_beside_those_of_section_iii_d():
    made = tables({"rows": {"lenet5": record_of(run_of(1.0, seconds_to_fit=100.0))}})
    assert table(made, "section3_times")["LeNet-5"] == ("2 to 3 days", "1,728 to 2,592", 100.0, 3.0, 1)


def test_only_all_of_mnist_is_compared_with_the_paper():
    others = {"linear": record_of(run_of(2.0), data="synthetic")}
    assert not any(row.paper for row in bars(others, {}))
    names = {column.name for each in tables({"rows": others}) for column in each.columns}
    assert not any("1998" in name for name in names) and "ours" in names


def test_lenet5_is_judged_by_its_penalties_and_counted_from_its_layers():
    data = load("synthetic", train_size=20, test_size=200)
    run = section3_rows.lenet5("lenet5", data)
    assert run["error_percent"] < 10 and run["rejection"]["rejected_percent"] < 100
    assert (run["multiply_accumulates"], run["variables"]) == (332_824, 60_000)
    assert run["data"]["train_size"] == 60_000 and run["seconds_to_fit"] > 0


def test_lenet5_on_all_of_mnist_has_the_errors_that_figure_5_recorded(monkeypatch):
    recipe, data = {"distorted_copies": 0}, {"name": "mnist", "train_size": 60_000, "test_size": 10_000}
    histories = [{"recipe": recipe, "data": data, "passes": [{"test_error_percent": 1 + n / 10}]} for n in range(3)]
    histories.append({"recipe": {"distorted_copies": 9}, "data": data, "passes": [{"test_error_percent": 7}]})
    monkeypatch.setattr(section3_rows, "published", {"fig5_error_curves": {"runs": histories}}.get)
    monkeypatch.setattr(section3_rows, "comparable", lambda history: True)
    assert section3_rows.errors_of("lenet5") == [1.0, 1.1, 1.2]


def test_a_support_vector_machine_leads_by_the_margins_of_the_two_best_classes():
    """Not by machines won, which leave the doubtful and the certain alike: each wins nine."""
    pytest.importorskip("sklearn")
    data = load("synthetic", train_size=300, test_size=100)
    svm = SVM(degree=4).fit(data.train.images, data.train.labels)
    scores = svm.scores(data.test.images)
    x = vectors(data.test.images)
    margins = svm.machines.decision_function(x / np.linalg.norm(x, axis=1, keepdims=True))
    column = {pair: k for k, pair in enumerate((i, j) for i in range(10) for j in range(i + 1, 10))}
    plain = 0
    for score, margin in zip(scores, margins, strict=True):
        best, rival = np.argsort(score)[:2]
        between = margin[column[min(best, rival), max(best, rival)]] * (1 if best < rival else -1)
        assert score[best] == pytest.approx(-min(margin_of(margin, column, best, j) for j in range(10) if j != best))
        plain += score[rival] - score[best] == pytest.approx(2 * between)
    assert plain >= 80  # in the others a third class comes nearer to the best than its rival
    assert (scores.argmin(axis=1) == svm.machines.predict(x / np.linalg.norm(x, axis=1, keepdims=True))).mean() > 0.9


def margin_of(margin: np.ndarray, column: dict[tuple[int, int], int], i: int, j: int) -> float:
    """How far class i beats class j in their machine."""
    return margin[column[i, j]] if i < j else -margin[column[j, i]]

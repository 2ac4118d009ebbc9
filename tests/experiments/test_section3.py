"""The driver of section III: rows one by one, what is kept, and what the table and the figures make of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from experiments.fig13_invariance import __main__ as fig13_invariance
from experiments.section3 import __main__ as section3
from experiments.section3 import rows as section3_rows
from experiments.section3.claims import claims
from experiments.section3.figures import draw
from experiments.section3.report import ERROR, MACS, REJECT, bars, gaps, markdown
from lenet1998.classifiers.classifier import vectors
from lenet1998.classifiers.rows import BESIDE, ROWS, judged
from lenet1998.classifiers.svm import SVM
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.reference import figures_9_to_12

SMALL = ["--data", "synthetic", "--train-size", "100", "--test-size", "50", "--quiet"]


def driver(monkeypatch, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["section3", *SMALL, *options])
    section3.main()


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
    assert all(names.index(extra) == names.index(below) + 1 for extra, below in BESIDE.items())


def test_a_row_that_fails_or_dies_loses_no_other(monkeypatch, tmp_path):
    """scikit-learn's neighbours cannot be imported, and its support vector machines take the process with them."""
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").write_text("")
    (tmp_path / "sklearn" / "svm.py").write_text("import os; os._exit(9)")
    root = Path(section3.__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    chosen = [f"--only={name}" for name in ("svm_poly4", "knn_euclidean", "pairwise_linear")]
    with pytest.raises(LeNetError, match="2 of the rows failed .* --resume repeats what failed"):
        monkeypatch.syspath_prepend(str(tmp_path))
        driver(monkeypatch, *chosen, "--jobs", "2", "--out", str(tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out" / "section3").iterdir()] == ["pairwise_linear.json"]
    record = json.loads((tmp_path / "out" / "section3" / "pairwise_linear.json").read_text())
    assert {"versions", "commit", "machine", "data"} <= set(record)
    assert record["data"]["train_size"] == 100 and len(record["runs"]) == 1
    table = (tmp_path / "out" / "section3.md").read_text()
    assert "K-NN Euclidean: this classifier needs scikit-learn" in table
    assert "pip install 'lenet1998[baselines]'" in table
    assert "SVM poly 4: its process ended with code 9" in table
    assert "1998:" not in table


def test_a_row_does_not_outlive_a_driver_that_is_killed(tmp_path):
    """It would hold the lock of its runs, and the same command with --resume would be refused."""
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").write_text("")
    busy = f"import os, pathlib, time; pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))"
    (tmp_path / "sklearn" / "svm.py").write_text(f"{busy}; time.sleep(100)")
    root = Path(section3.__file__).parents[2]
    command = [sys.executable, "-m", "experiments.section3", *SMALL, "--only", "svm_poly4", "--out", tmp_path / "out"]
    driver = subprocess.Popen(command, cwd=root, env=os.environ | {"PYTHONPATH": f"{tmp_path}:{root}"})
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    child = int((tmp_path / "pid").read_text())
    os.kill(child, 0)  # it is there
    driver.kill()
    driver.wait()
    until(lambda: not Path(f"/proc/{child}").exists() or "\nState:\tZ" in Path(f"/proc/{child}/status").read_text())


def until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.05)


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The rows that the driver asks to be measured; they come back with one run each, at once."""
    names: list[str] = []

    def perform(rows, choice, seeds, jobs, runs, finished):
        names.extend(rows)
        data = section3_rows.description(choice.load())
        for name in rows:
            finished(name, record_of(*[run_of(2.0)] * section3_rows.runs_of(name, seeds)) | {"data": data})

    monkeypatch.setattr(section3, "perform", perform)
    monkeypatch.setattr(section3, "draw", lambda rows, records, out: [])
    monkeypatch.setattr(section3.fig13_invariance, "main", lambda given: None)
    return names


def test_resume_keeps_what_is_there_and_measures_the_rest(asked, monkeypatch, tmp_path):
    place = ["--out", str(tmp_path), "--seeds", "2"]
    driver(monkeypatch, "--only", "pairwise_linear", "--only", "rbf1000_linear", *place)
    kept = (tmp_path / "section3" / "pairwise_linear.json").stat().st_ino
    asked.clear()
    driver(monkeypatch, "--resume", *place)
    assert asked == [name for name in section3_rows.NAMES if name not in ("pairwise_linear", "rbf1000_linear")]
    assert (tmp_path / "section3" / "pairwise_linear.json").stat().st_ino == kept
    asked.clear()
    driver(monkeypatch, "--resume", "--out", str(tmp_path), "--seeds", "3")
    random = {name for name, row in ROWS.items() if row.random}
    assert set(asked) == random and {"rbf1000_linear", "lenet4", "dist_boosted_lenet4"} < random
    asked.clear()
    driver(monkeypatch, "--resume", *place)  # more than as many seeds are as good
    assert not asked


def test_a_row_has_seeds_of_its_own_where_none_are_asked_for():
    wanted = {name: section3_rows.runs_of(name, None) for name in section3_rows.NAMES}
    assert wanted["lenet4"] == 5 and wanted["pairwise_linear"] == wanted["lenet5"] == 1
    few = {name for name, count in wanted.items() if count == 3}
    assert few == {"mlp_28x28_1000_10", "dist_mlp_28x28_1000_10", "dist_boosted_lenet4", "dist_boosted_lenet4_all"}
    assert section3_rows.runs_of("dist_boosted_lenet4", 7) == 7 and section3_rows.runs_of("pairwise_linear", 7) == 1


def test_rows_that_begin_with_one_network_train_it_once_and_take_turns(monkeypatch, tmp_path):
    begun: list[str] = []

    class Process:
        """A row that ends as soon as it is waited for."""

        exitcode = 0

        def __init__(self, target, args, daemon):
            self.args = args

        def start(self):
            name, sender = self.args[0], self.args[-1]
            begun.append(name)
            sender.send({"row": name})

        def join(self):
            pass

    class Context:
        Pipe = staticmethod(multiprocessing.Pipe)

    Context.Process = Process
    monkeypatch.setattr(section3_rows.multiprocessing, "get_context", lambda kind: Context)
    together: list[set[str]] = []
    monkeypatch.setattr(section3_rows, "wait", lambda ready: together.append(set(begun) - set(done)) or list(ready)[:1])
    done: list[str] = []
    names = ["lenet4", "lenet4_local", "lenet4_knn", "linear", "dist_boosted_lenet4", "mlp_28x28_300_10"]
    section3_rows.perform(names, None, None, 2, tmp_path, lambda name, outcome: done.append(name))
    assert sorted(done) == sorted(names)
    family = {"lenet4", "lenet4_local", "lenet4_knn", "dist_boosted_lenet4"}
    assert max(len(at_once & family) for at_once in together) == 1 < max(map(len, together))


def test_figure_13_is_made_on_the_same_data_and_only_drawn_where_it_is_on_record(asked, monkeypatch, tmp_path):
    calls: list[list[str]] = []
    monkeypatch.setattr(section3.fig13_invariance, "main", calls.append)
    place = ["--out", str(tmp_path)]
    driver(monkeypatch, "--only", "pairwise_linear", *place)
    assert not calls
    driver(monkeypatch, "--resume", "--seeds", "2", "--jobs", "2", *place)
    (given,) = calls
    made = fig13_invariance.parse(fig13_invariance.options("", seeds=5), given)
    assert (made.data, made.train_size, made.test_size, made.seeds, made.jobs) == ("synthetic", 100, 50, 2, 2)
    assert made.out == tmp_path and made.runs == tmp_path / "section3" / "runs" and made.resume and made.quiet

    curves = {"scale": {"correct": {"plain": [[9], [8]], "distortions": [[7], [9]]}}}
    (tmp_path / "fig13_invariance.json").write_text(json.dumps({"curves": curves}))
    driver(monkeypatch, "--resume", "--seeds", "2", *place)
    driver(monkeypatch, "--plot-only", *place)
    assert calls[1:] == [["--plot-only", "--out", str(tmp_path)]] * 2
    driver(monkeypatch, "--resume", "--seeds", "3", *place)
    assert "--seeds=3" in calls[3]


def test_runs_that_are_there_are_continued_or_left_alone(asked, monkeypatch, tmp_path):
    """Training that was stopped: nothing replaces it unasked."""
    (tmp_path / "section3" / "runs" / "lenet4").mkdir(parents=True)
    with pytest.raises(LeNetError, match="lenet4 already holds runs: add --resume"):
        driver(monkeypatch, "--only", "pairwise_linear", "--only", "lenet4", "--out", str(tmp_path))
    assert not asked
    driver(monkeypatch, "--only", "pairwise_linear", "--only", "lenet4", "--out", str(tmp_path), "--resume")
    assert asked == ["pairwise_linear", "lenet4"]


def test_rows_of_other_data_are_never_mixed_or_replaced(asked, monkeypatch, tmp_path):
    driver(monkeypatch, "--only", "pairwise_linear", "--out", str(tmp_path))
    before = (tmp_path / "section3" / "pairwise_linear.json").read_bytes()
    asked.clear()
    with pytest.raises(LeNetError, match="rows of other data: choose another place with --out"):
        driver(monkeypatch, "--quick", "--only", "pairwise_linear", "--out", str(tmp_path))
    assert not asked and (tmp_path / "section3" / "pairwise_linear.json").read_bytes() == before


def test_a_damaged_row_is_named(asked, monkeypatch, tmp_path):
    driver(monkeypatch, "--only", "pairwise_linear", "--out", str(tmp_path))
    (tmp_path / "section3" / "pairwise_linear.json").write_text('{"runs": []')
    with pytest.raises(LeNetError, match="pairwise_linear.json cannot be read .* remove it"):
        driver(monkeypatch, "--plot-only", "--out", str(tmp_path))
    with pytest.raises(LeNetError, match="no row is on record"):
        driver(monkeypatch, "--plot-only", "--out", str(tmp_path / "nowhere"))


def test_figures_and_table_are_drawn_again_from_the_record(asked, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(section3, "draw", draw)
    driver(monkeypatch, "--out", str(tmp_path))
    first, figures = capsys.readouterr().out, sorted(tmp_path.glob("*.png"))
    assert [path.stem for path in figures] == [
        "fig10_rejection",
        "fig11_multiply_accumulates",
        "fig12_variables",
        "fig9_classifiers",
    ]
    for path in figures:
        assert matplotlib.image.imread(path).std() > 0.05
        path.unlink()
    driver(monkeypatch, "--plot-only", "--out", str(tmp_path))
    assert capsys.readouterr().out == first
    assert all(path.exists() and path.with_suffix(".pdf").stat().st_size > 1000 for path in figures)


def test_intervals_are_over_seeds_and_wilsons_alone():
    records = {
        "linear": record_of(run_of(12.0)),
        "rbf1000_linear": record_of(run_of(3.0), run_of(4.0)),
        "lenet5": record_of(run_of(1.1), errors_percent=[0.9, 1.0, 1.0, 1.1]),
    }
    rows = {row.name: row for row in bars(records, {"svm_poly4": "it fell"})}
    assert rows["linear"].error == pytest.approx((12.0, 11.38, 12.65), abs=0.01)
    assert rows["rbf1000_linear"].error == pytest.approx((3.5, 3.0, 4.0), abs=0.01)
    assert rows["lenet5"].error == pytest.approx((1.0, 0.88, 1.14), abs=0.01) and rows["lenet5"].seeds == 4
    alone = records["lenet5"]["runs"][0]["rejection"]
    assert rows["lenet5"].rejection == (alone["rejected_percent"], *alone["interval_percent"])
    assert rows["svm_poly4"].open == "it fell"
    assert rows["knn_euclidean"].open == "not measured yet"
    # Two runs of 2 s to train, and 3 us for each of 10,000 patterns.
    assert rows["rbf1000_linear"].total_seconds == pytest.approx(2 * 2.03) and rows["svm_poly4"].total_seconds == 0


def test_gaps_of_more_than_a_third_of_a_point_or_15_percent_are_listed():
    def known(name: str, error: float) -> str | None:
        found = gaps(bars({name: record_of(run_of(error, multiply_accumulates=10**6))}, {}))
        return next((text for _, figure, text in found if figure == ERROR), None)

    assert known("svm_poly4", 1.2) is None and known("svm_poly4", 1.3).startswith(
        "open: the text has 1.4 and 1.1"
    )  # 9% and 18% of 1.1
    assert known("knn_euclidean", 4.75) is None and known("knn_euclidean", 5.35).startswith("open: neither k nor")
    assert known("pairwise_linear", 7.01).startswith("explained: what a unit puts out")
    assert known("pairwise_linear", 20.0) == "open"
    found = {figure for _, figure, _ in gaps(bars({"svm_poly4": record_of(run_of(1.1))}, {}))}
    assert MACS in found and REJECT in found and ERROR not in found
    text = markdown(bars({"pairwise_linear": record_of(run_of(7.01))}, {}))
    assert "| Pairwise | 7.6 | 7.01 (6.53 to 7.53) | explained |" in text


def test_what_contradicts_the_text_is_said_in_words():
    """III-C.8: no better error, better rejection. Pairs of the same seeds decide; one seed alone says nothing."""
    lower, same = [0.8, 0.9, 1.0], [1.2, 0.9, 1.2]
    plain = record_of(*(run_of(error, seed=seed) for seed, error in enumerate([1.2, 1.25, 1.3])))
    local = record_of(*(run_of(error, seed=seed) for seed, error in enumerate(lower)))
    knn = record_of(*(run_of(error, seed=seed) for seed, error in enumerate(same)))
    neighbours, own, *_ = claims({"lenet4": plain, "lenet4_local": local, "lenet4_knn": knn})
    assert "LeNet-4 / Local" in own and "error -0.35 point (-0.47 to -0.23), which contradicts the paper" in own
    assert "LeNet-4 / K-NN" in neighbours and "which agrees: no difference beyond the seeds'" in neighbours
    alone = {name: record_of(run_of(1.0, seed=1)) for name in ("lenet4", "lenet4_knn")}
    assert not any("III-C.8" in line for line in claims(alone))


def test_times_to_train_stand_beside_those_of_section_iii_d():
    rows = bars({"lenet5": record_of(run_of(1.0, seconds_to_fit=100.0))}, {})
    (line,) = [line for line in markdown(rows).splitlines() if line.startswith("| LeNet-5 ")]
    assert "| 2 to 3 days | 1,728 to 2,592 | 100.0 |" in line
    assert "1998: to train" not in markdown(bars({"lenet5": record_of(run_of(1.0), data="synthetic")}, {}))


def test_only_all_of_mnist_is_compared_with_the_paper():
    assert not any(row.paper for row in bars({"linear": record_of(run_of(2.0), data="synthetic")}, {}))
    assert "1998" not in markdown(bars({"linear": record_of(run_of(2.0), data="synthetic")}, {}))


def test_lenet5_is_judged_by_its_penalties_and_counted_from_its_layers():
    data = load("synthetic", train_size=20, test_size=200)
    (run,) = section3_rows.lenet5("lenet5", data)["runs"]
    assert run["error_percent"] < 10 and run["rejection"]["rejected_percent"] < 100
    assert (run["multiply_accumulates"], run["variables"]) == (332_824, 60_000)
    assert run["data"]["train_size"] == 60_000 and run["seconds_to_fit"] > 0


def test_lenet5_on_all_of_mnist_has_the_errors_that_figure_5_recorded(monkeypatch, tmp_path):
    recipe, data = {"distorted_copies": 0}, {"name": "mnist", "train_size": 60_000, "test_size": 10_000}
    histories = [{"recipe": recipe, "data": data, "passes": [{"test_error_percent": 1 + n / 10}]} for n in range(3)]
    histories.append({"recipe": {"distorted_copies": 9}, "data": data, "passes": [{"test_error_percent": 7}]})
    (tmp_path / "fig5_error_curves.json").write_text(json.dumps({"runs": histories}))
    monkeypatch.setattr(section3_rows, "RESULTS", tmp_path)
    monkeypatch.setattr(section3_rows, "comparable", lambda history: True)
    found = section3_rows.lenet5("lenet5", load("synthetic", train_size=20, test_size=50))
    assert found["errors_percent"] == [1.0, 1.1, 1.2] and len(found["runs"]) == 1


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

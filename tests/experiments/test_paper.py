"""The whole paper by one command, on commands made here, and the check of a record made here."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments import paper, queue_measured
from experiments.machinery.catalogue import Listed, costs, listed, named, pieces
from experiments.machinery.check import SHARE, check, shares, trainings
from experiments.machinery.declaration import Experiment, Variant
from experiments.machinery.record import RESULTS
from experiments.paper import asked_of
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.recipe import Recipe
from lenet1998.running.check import DifferenceError
from lenet1998.running.run import run
from lenet1998.training import DIGEST

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"


def test_costs_are_the_seconds_on_record(tmp_path):
    content = {"runs": [{"passes": [{"seconds": 2.5}, {"seconds": 1.5}]}, {"seconds": 4, "seconds_a_step": 99}]}
    other = {"runs": [{"passes": [{"seconds": 2.4}, {"seconds": 1.6}]}, {"seconds": 4}]}
    (tmp_path / "fig6_training_size.json").write_text(json.dumps(content))
    (tmp_path / "fig6_training_size_numpy.json").write_text(json.dumps(other))
    (tmp_path / "fig6_training_size_scores.json").write_text(json.dumps(content))
    (tmp_path / "other.json").write_text(json.dumps(content))
    assert costs(tmp_path) == {"fig6_training_size": 16}


def test_a_run_that_several_records_have_costs_once(tmp_path):
    def run(digest: str, seconds: float) -> dict:
        return {"passes": [{"seconds": 2.0}, {"seconds": seconds, DIGEST: digest}]}

    (tmp_path / "fig5_error_curves.json").write_text(json.dumps({"runs": [run("a", 1), run("b", 1)]}))
    (tmp_path / "fig6_training_size.json").write_text(json.dumps({"runs": [run("c", 4), run("a", 1)]}))
    # The same network trained once more took another time.
    (tmp_path / "compare_default_modern.json").write_text(json.dumps({"runs": [run("a", 1.5), run("b", 1)]}))
    assert costs(tmp_path) == {
        "fig5_error_curves": 6,
        "fig6_training_size": 6,
        "compare": 3.5,
    }


def test_what_is_trained_for_a_seed_is_counted_with_that_seed(tmp_path):
    """Also networks that draw seeds of their own, and what is no run of a network."""
    inner = {"seed": 1001, "passes": [{"seconds": 3.0, DIGEST: "a"}]}
    first, later = ({"seed": seed, "seconds_to_fit": 10 * seed} for seed in (1, 4))
    record = {"runs": [first | {"trainings": [inner]}, later]}
    (tmp_path / "fig6_training_size.json").write_text(json.dumps(record))
    assert [seconds for _, seconds in pieces(tmp_path, seeds=3)] == [3.0, 7.0]
    assert [seconds for _, seconds in pieces(tmp_path)] == [3.0, 7.0, 40.0]


def test_no_experiment_has_more_seeds_than_its_own(monkeypatch):
    asked: list = []
    monkeypatch.setattr(paper, "run", asked.append)
    monkeypatch.setattr(sys, "argv", ["paper", "--quiet", "--seeds", "3"])
    paper.main()
    names = ("fig5_error_curves", "strings_choosing", "section3_perceptrons")
    assert [asked_of(named(name), asked[0]).arguments.seeds for name in names] == [3, 2, 1]


@dataclass(frozen=True)
class Trace:
    """Work that leaves a line in a file each time that it is done, and may fail."""

    out: Path
    fails: bool = False
    label: str = "trace"
    passes: int = 1

    def patterns(self) -> int:
        return 1

    def size(self) -> float:
        return 1.0

    def perform(self, progress=None, passed=None) -> dict:
        self.out.parent.mkdir(parents=True, exist_ok=True)
        with self.out.open("a") as file:
            file.write("x")
        if self.fails:
            raise LeNetError("it was not to be")
        return {"seed": 1}


def declared(name: str, *works: Trace) -> Listed:
    def plan(setting):
        return (yield list(works))

    found = Experiment(name=name, title=name, question="?", chapter="Tools", plan=plan, seeds=None, passes=None)
    return Listed(found, Variant(name, "--data synthetic", name, ""))


def test_one_queue_does_shared_work_once_and_a_failure_stops_no_other(tmp_path, monkeypatch, capsys):
    shared, own, lost = tmp_path / "shared", tmp_path / "own", tmp_path / "lost"
    every = [
        declared("one", Trace(shared)),
        declared("two", Trace(lost, fails=True)),
        declared("three", Trace(shared), Trace(own)),
    ]
    monkeypatch.setattr(paper, "listed", lambda: every)
    monkeypatch.setattr(paper, "write_report", lambda *_: [])
    places = ["--out", str(tmp_path / "out"), "--runs", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", ["paper", "--quick", "--quiet", *places])
    with pytest.raises(LeNetError, match=r"1 of 3 experiments failed \(two\)"):
        paper.main()
    assert "two: FAILED, 1 of 1 runs failed" in capsys.readouterr().err
    assert [path.read_text() for path in (shared, own, lost)] == ["x", "x", "x"]
    assert json.loads((tmp_path / "out" / "three.json").read_text())["runs"] == [{"seed": 1}, {"seed": 1}]
    assert not (tmp_path / "out" / "two.json").exists()


def test_only_and_skip_name_experiments(tmp_path, monkeypatch):
    every = [declared(name, Trace(tmp_path / name)) for name in ("one", "two", "three")]
    monkeypatch.setattr(paper, "listed", lambda: every)
    monkeypatch.setattr(paper, "write_report", lambda *_: [])
    argv = ["paper", "--quick", "--quiet", "--out", str(tmp_path / "out"), "--runs", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", [*argv, "--only", "one", "--only", "two", "--skip", "two"])
    paper.main()
    assert [(tmp_path / name).exists() for name in ("one", "two", "three")] == [True, False, False]
    monkeypatch.setattr(sys, "argv", [*argv, "--only", "four"])
    with pytest.raises(LeNetError, match="'four': choose one, two, three"):
        paper.main()


def test_every_experiment_is_found_by_its_declaration():
    names = [one.name for one in listed()]
    assert len(names) == len(set(names)) and {"fig5_error_curves", "fig5_error_curves_printed", "compare"} <= set(names)
    for one in listed():
        assert one.experiment.question.endswith("?") and one.variant.title
        assert one.command.startswith("python -m experiments.")


@pytest.mark.skipif(PLAIN, reason="digests are those of the compiled engine")
def test_the_record_is_checked_training_by_training(tmp_path, capsys):
    digits = load("synthetic", train_size=100, test_size=50)
    recorded = [run(tmp_path / f"runs{seed}", Recipe(), digits, seed=seed, passes=1) for seed in (2, 1)]
    other = run(tmp_path / "numpy", Recipe(), digits, passes=1, engine="numpy")
    other["recipe"]["init_gain"] = 1.5

    def write(name: str, runs: list[dict]) -> None:
        (tmp_path / f"{name}.json").write_text(json.dumps({"runs": runs}))

    write("fig5_error_curves", [*recorded, other])
    write("fig6_training_size", recorded)  # the same training in another file
    write("ablation_scores", [{"rows": []}])
    (found,) = trainings(tmp_path)
    assert (found.experiment, found.history["seed"]) == ("fig5_error_curves", 1)
    check(tmp_path, [], [], 1, None, quiet=True)
    assert "1 of 1 recorded trainings begin with the same pass, bit for bit" in capsys.readouterr().out
    recorded[1]["passes"][0][DIGEST] = "0" * 64
    write("fig5_error_curves", recorded)
    with pytest.raises(DifferenceError, match="0 of 1"):
        check(tmp_path, [], [], 1, None, quiet=True)
    with pytest.raises(LeNetError, match="no training"):
        check(tmp_path, ["ablation"], [], 1, None)


def test_what_needs_the_same_kernels_is_shared_out_together():
    """Two processes that begin with the same kind would both compile it."""
    found = trainings(RESULTS)
    work = list(shares(found))
    assert sorted(map(id, found)) == sorted(id(one) for share in work for one in share)
    kinds = [{one.compiled for one in share} for share in work]
    assert {len(kind) for kind in kinds} == {1}
    different = len({one.compiled for one in found})
    assert len(set().union(*kinds[:different])) == different < len(work)
    assert max(sum(one.seconds for one in share[:-1]) for share in work) <= SHARE


def test_all_that_is_recorded_is_drawn_again_and_the_rest_is_named(tmp_path, monkeypatch, capsys):
    every = [declared("one", Trace(tmp_path / "one")), declared("two", Trace(tmp_path / "two"))]
    monkeypatch.setattr(paper, "listed", lambda: every)
    monkeypatch.setattr(paper, "write_report", lambda *_: [])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "one.json").write_text(json.dumps({"experiment": "one", "runs": [{"seed": 1}]}))
    monkeypatch.setattr(sys, "argv", ["paper", "--plot-only", "--quiet", "--only", "one", "--only", "two",
                                      "--out", str(tmp_path / "out"), "--runs", str(tmp_path / "runs")])  # fmt: skip
    paper.main()
    assert "one: done" in (said := capsys.readouterr().err) and "two: no results" in said
    assert (tmp_path / "out" / "one.md").exists() and not (tmp_path / "one").exists()


def test_the_queue_is_measured_by_the_processor_time_of_children_and_theirs(monkeypatch):
    """The wall time beyond the longest run, of what is computed; a child that waits computes nothing."""
    burn = "import time, subprocess, sys\nwhile time.process_time() < 0.5: pass\ntime.sleep(0.5)"
    inner = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])"

    def carried_out(place, setting, *options):
        subprocess.run([sys.executable, "-c", inner], check=True)
        return [0.25, 0.5]

    monkeypatch.setattr(queue_measured, "carried_out", carried_out)
    found = queue_measured.measured(None, cluster=False)
    assert 0.5 <= found["core_seconds"] < found["wall_seconds"] and found["wall_seconds"] >= 1.0
    assert (found["runs"], found["longest_seconds"]) == (2, 0.5)
    each = {"wall_seconds": 65.0, "longest_seconds": 10.0, "core_seconds": 100.0}
    assert queue_measured.share(each) == 0.55

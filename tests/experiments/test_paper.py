"""The whole paper by one command, on commands made here, and the check of a record made here."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.common import description
from experiments.options import RESULTS
from experiments.paper import __main__ as paper
from experiments.paper.__main__ import QUICK, WHOLE, Step, command, costs, steps
from experiments.paper.check import SHARE, _source, check, shares, trainings
from experiments.section3.rows import TRAININGS, measured
from experiments.strings.networks import KINDS, Choices, Sizes, recogniser
from experiments.teaching import relu_lenet
from experiments.teaching.system import Arm, Source
from lenet1998.classifiers.network import NetworkClassifier
from lenet1998.classifiers.rows import ROWS, Row
from lenet1998.data import load
from lenet1998.errors import DataError, LeNetError
from lenet1998.recipe import Recipe
from lenet1998.running.check import DifferenceError
from lenet1998.running.run import run
from lenet1998.training import DIGEST

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"


def test_every_experiment_is_a_step_and_comes_after_what_it_needs():
    names = [step.name for step in steps()]
    for needed, by in (
        ("fig5_error_curves", "fig6_training_size"),
        ("fig6_training_size", "fig8_misclassified"),
        ("fig6_training_size", "fig13_invariance"),
        ("fig6_training_size", "pretrained"),
        ("pretrained", "summary"),
        ("summary", "report"),
    ):
        assert names.index(needed) < names.index(by)
    assert names[-1] == "report" and len(names) == len(set(names))
    assert set(QUICK) | set(WHOLE) <= set(names)


def test_costs_are_the_seconds_on_record(tmp_path):
    content = {"runs": [{"passes": [{"seconds": 2.5}, {"seconds": 1.5}]}, {"seconds": 4, "seconds_a_step": 99}]}
    other = {"runs": [{"passes": [{"seconds": 2.4}, {"seconds": 1.6}]}, {"seconds": 4}]}
    (tmp_path / "fig6_training_size.json").write_text(json.dumps(content))
    (tmp_path / "fig6_training_size_numpy.json").write_text(json.dumps(other))
    (tmp_path / "fig6_training_size_scores.json").write_text(json.dumps(content))
    (tmp_path / "section3").mkdir()
    for row, spent in (("linear", 1.5), ("lenet4", 2.5), ("lenet5", 3.5)):  # Figure 5 has LeNet-5's
        run = {"seconds_to_fit": 3, "trainings": [{"passes": [{"seconds": spent}]}]}
        (tmp_path / "section3" / f"{row}.json").write_text(json.dumps({"runs": [run]}))
    (tmp_path / "other.json").write_text(json.dumps(content))
    assert costs(tmp_path) == {"fig6_training_size": 16, "section3": 6}


def test_a_run_that_several_records_have_costs_once(tmp_path):
    def run(digest: str, seconds: float) -> dict:
        return {"passes": [{"seconds": 2.0}, {"seconds": seconds, DIGEST: digest}]}

    (tmp_path / "fig5_error_curves.json").write_text(json.dumps({"runs": [run("a", 1), run("b", 1)]}))
    (tmp_path / "fig6_training_size.json").write_text(json.dumps({"runs": [run("c", 4), run("a", 1)]}))
    # The same network trained once more took another time.
    (tmp_path / "compare_default_modern.json").write_text(json.dumps({"runs": [run("a", 1.5), run("b", 1)]}))
    rows = {"lenet4": [run("d", 5)], "lenet4_knn": [run("d", 5), run("e", 1)]}
    (tmp_path / "section3").mkdir()
    for row, trained in rows.items():
        runs = [{"seconds_to_fit": 20, TRAININGS: trained}]
        (tmp_path / "section3" / f"{row}.json").write_text(json.dumps({"runs": runs}))
    assert costs(tmp_path) == {
        "fig5_error_curves": 6,
        "fig6_training_size": 6,
        "compare": 3.5,
        "section3": 20 + (20 - 7),
    }


def printing(name: str, code: int = 0) -> Step:
    """A step that leaves a trace of each time that it is performed, and ends so."""
    help_first = "import sys; '--help' in sys.argv and sys.exit()"
    return Step(name, ("-c", f"{help_first}; open({name!r}, 'a').write('x'); print('said'); sys.exit({code})"), 1.0)


def test_a_failure_stops_no_other_and_resume_repeats_it_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paper, "steps", lambda: [printing("one"), printing("two", code=2), printing("three")])
    monkeypatch.setattr(paper, "commit", lambda: "0" * 40)
    argv = ["paper", "--runs", "runs", "--quiet", "--quick"]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(LeNetError, match=r"1 of 3 experiments failed \(two\)"):
        paper.main()
    assert "two: FAILED (exit code 2" in capsys.readouterr().err
    assert Path("runs/paper/two.log").read_text() == "said\n"
    monkeypatch.setattr(paper, "steps", lambda: [printing("one"), printing("two"), printing("three")])
    monkeypatch.setattr(sys, "argv", [*argv, "--resume"])
    paper.main()
    assert [Path(name).read_text() for name in ("one", "two", "three")] == ["x", "xx", "x"]
    monkeypatch.setattr(paper, "commit", lambda: "0" * 40 + "+")
    paper.main()
    paper.main()
    assert Path("one").read_text() == "xxx", "what no commit holds is not known to be done"


def test_only_and_skip_name_experiments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paper, "steps", lambda: [printing("one"), printing("two"), printing("three")])
    monkeypatch.setattr(sys, "argv", ["paper", "--quick", "--quiet", "--only", "one", "--only", "two", "--skip", "two"])
    paper.main()
    assert Path("one").exists() and not Path("two").exists() and not Path("three").exists()
    monkeypatch.setattr(sys, "argv", ["paper", "--quick", "--only", "four"])
    with pytest.raises(LeNetError, match="'four': choose one, two, three"):
        paper.main()


def test_an_experiment_is_given_the_options_that_it_has(monkeypatch, tmp_path):
    arguments = ["paper", "--quick", "--jobs", "2", "--resume", "--runs", str(tmp_path)]
    commands = {}

    def take(arguments) -> None:
        asked = [step for step in steps() if step.name in ("sdlm_vs_sgd", "fig7_distortions")]
        commands.update({step.name: command(step, arguments)[2:] for step in asked})

    monkeypatch.setattr(paper, "run", take)
    monkeypatch.setattr(sys, "argv", arguments)
    paper.main()
    out = str(tmp_path / "results")
    places = ["--runs", str(tmp_path), "--out", out]
    wanted = [
        "experiments.sdlm_vs_sgd",
        "--jobs",
        "2",
        "--backend",
        "processes",
        *places,
        "--resume",
        "--quick",
        "--quiet",
    ]
    assert commands["sdlm_vs_sgd"] == wanted
    assert commands["fig7_distortions"] == ["experiments.fig7_distortions", "--out", out]


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


@pytest.mark.skipif(PLAIN, reason="digests are those of the compiled engine")
def test_rows_of_section_iii_and_arms_of_teaching_systems_are_checked_too(tmp_path, capsys, monkeypatch):
    digits = load("synthetic", train_size=100, test_size=50)
    lenet1 = Row("LeNet-1", np.asarray, lambda seed: NetworkClassifier(Recipe(), seed, passes=1), seeds=2)
    monkeypatch.setitem(ROWS, "lenet1_16x16", lenet1)
    row = {"row": "lenet1_16x16", "data": description(digits), **measured("lenet1_16x16", digits, 2, tmp_path / "runs")}
    assert [len(run[TRAININGS]) for run in row["runs"]] == [1, 1]
    (tmp_path / "section3").mkdir()
    (tmp_path / "section3" / "lenet1_16x16.json").write_text(json.dumps(row))
    (tmp_path / "section3" / "linear.json").write_text(json.dumps({"row": "linear", "runs": [{}]}))
    arm = Arm(Recipe(), passes=1, validation=20)
    system = replace(relu_lenet.SYSTEM, arms=(arm,), load=lambda where: digits)
    monkeypatch.setattr(relu_lenet, "SYSTEM", system)
    made = run(tmp_path / "arm", arm.recipe, Source(lambda: digits, arm).load(), passes=1)
    first = {key: value for key, value in made.items() if key != "passes"} | {"first": made["passes"][0]}
    (tmp_path / "relu_lenet.json").write_text(json.dumps({"runs": [first]}))
    check(tmp_path, [], [], 1, None, quiet=True)
    assert capsys.readouterr().out.startswith("2 of 2 recorded trainings begin with the same pass, bit for bit")
    row["runs"][0][TRAININGS][0]["passes"][0][DIGEST] = "0" * 64
    (tmp_path / "section3" / "lenet1_16x16.json").write_text(json.dumps(row))
    monkeypatch.setattr(relu_lenet, "SYSTEM", replace(system, load=missing))
    _source.cache_clear()
    with pytest.raises(DifferenceError, match="0 of 2 .*1 could not be checked"):
        check(tmp_path, [], [], 1, None, quiet=True)


@pytest.mark.skipif(PLAIN, reason="digests are those of the compiled engine")
def test_what_networks_for_strings_learn_first_is_checked(tmp_path, capsys):
    digits = load("synthetic", train_size=100, test_size=50)
    sizes = Sizes(100, 1, 3)
    made = {kind: recogniser(kind, digits, sizes, Choices(), 1, tmp_path / kind, "auto").history for kind in KINDS}
    taught = made["sdnn"] | {"strings": {}}
    for networks, name in ((made, "strings"), (taught, "fig13_invariance")):
        runs = [{"seed": 1, "networks": networks}] if name == "strings" else [networks]
        record = {"data": description(digits), "sizes": vars(sizes), "runs": runs}
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
    check(tmp_path, [], [], 1, None, quiet=True)
    assert capsys.readouterr().out.startswith("3 of 3 recorded trainings begin with the same pass, bit for bit")
    made["hos"]["passes"][0][DIGEST] = "0" * 64
    (tmp_path / "strings.json").write_text(json.dumps(record | {"runs": [{"seed": 1, "networks": made}]}))
    with pytest.raises(DifferenceError, match="2 of 3"):
        check(tmp_path, [], [], 1, None, quiet=True)


def missing(where):
    raise DataError("no digits here")

"""Options that a command would make no use of are refused, or said where they do no harm: none is ignored silently."""

import sys

import pytest

from experiments import fig5_error_curves, paper
from experiments.machinery.options import parse
from lenet1998.commands.main import main
from tests.own_data import drawn, put_idx


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("evaluate --out there", "--out is for what --confusion writes: add that, or leave it out"),
        ("evaluate --width 3.4", "--width is for what --confusion writes"),
        ("evaluate --no-title", "--no-title is for what --confusion writes"),
        ("evaluate --style slides --json", "--style is for what --confusion writes"),
        ("evaluate --data synthetic --resize", "--resize scales images of your own, named by --data, not synthetic"),
        ("evaluate --data mine --data-dir .", "--data-dir says where MNIST is, and the data are mine"),
        ("errors --data synthetic --data-dir .", "--data-dir says where MNIST is, and the data are synthetic"),
        ("train --data synthetic --resize", "--resize scales images of your own"),
        ("train --data mine --data-dir .", "--data-dir says where MNIST is"),
        ("show --kernels --data synthetic", "--data is for the number of a test pattern: leave it out"),
        ("show --kernels --animate", "--animate is for a digit, and kernels do not move"),
        ("show digit.png --test-size 7", "--test-size is for the number of a test pattern"),
        ("check default.npz --with other.npz --all", "--all is for a run that is repeated, and --with trains nothing"),
        ("table --caption Errors", "which table? NAME goes first"),
        ("table --format csv", "which table? NAME goes first"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(command, message, tmp_path, monkeypatch, prints):
    monkeypatch.chdir(tmp_path)
    put_idx(tmp_path / "mine", (drawn([0, 1] * 10), [0, 1] * 10), None)
    assert message in prints(*command.split(), code=2).err


def test_a_place_of_data_that_no_run_is_on_is_refused(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "default", "--data", "mine"]) == 2
    assert "--data is for runs on data of one's own, not on mnist: leave it out" in capsys.readouterr().err


def test_options_of_runs_are_said_to_play_no_part_where_nothing_is_run(monkeypatch, capsys, tmp_path):
    parse(fig5_error_curves.EXPERIMENT, ["--plot-only", "--seeds", "2", "--jobs", "3", "--quiet"])
    assert "--plot-only draws what is recorded: of no effect are --seeds, --jobs" in capsys.readouterr().err
    monkeypatch.setattr(paper, "check", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["paper", "--check", "--backend", "dask", "--only", "x", "--jobs", "2"])
    paper.main()
    assert capsys.readouterr().err == "--check trains nothing: of no effect are --backend\n"
    parse(fig5_error_curves.EXPERIMENT, ["--plot-only", "--out", str(tmp_path), "--loss", "mle", "--engine", "numpy"])
    assert not capsys.readouterr().err, "the recipe and the engine say what is drawn"

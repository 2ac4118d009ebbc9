"""What a network gets wrong, counted, listed and drawn; a directory in a checkpoint's place; where `train` writes."""

import argparse
import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import lenet1998
from lenet1998 import pretrained
from lenet1998.commands import train
from lenet1998.commands.compare import _wrong
from lenet1998.commands.evaluate import _beside
from lenet1998.commands.main import main, parser
from lenet1998.patterns import DataSet, Patterns
from lenet1998.pictures import misclassified as pictures
from lenet1998.recipe import Recipe
from lenet1998.reference import figure_8
from lenet1998.report.comparison import MISCLASSIFIED
from lenet1998.running import checkpoint
from lenet1998.running.checkpoint import Checkpoint

SMALL = ["--data", "synthetic", "--train-size", "300", "--test-size", "100", "--passes", "1", "--engine", "numpy"]
pytestmark = pytest.mark.usefixtures("numpy_alone")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory in which `train` has been run without --out."""
    where = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        assert main(["train", *SMALL, "--quiet"]) == 0
    return where


@pytest.fixture
def trained(place):
    return place / "runs" / "default-synthetic-300-100tested-seed1"


def test_train_names_its_directory_after_what_was_changed(place, trained, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(["train", *SMALL, "--quiet", "--loss", "mle"]) == 0
    assert main(["train", *SMALL, "--quiet", "--loss", "mle"]) == 2, "the same again is refused as before"
    assert "--resume" in capsys.readouterr().err
    found = {path.name for path in (place / "runs").iterdir()}
    assert found == {trained.name, "default-loss=mle-synthetic-300-100tested-seed1"}
    names = set()
    for given in ([], ["--seed", "2"], ["--set", "j=2"], ["--train-size", "500"], ["--test-size", "500"]):
        arguments = parser(["train"]).parse_args(["train", *given])
        for data in ("mnist", "synthetic"):
            names.add(train.default_name(train.chosen_recipe(arguments).name, data, arguments))
    assert len(names) == 10 and "default-seed1" in names and not any("/" in name or " " in name for name in names)


def test_the_confusion_matrix_the_list_and_the_errors_by_class_agree(trained, tmp_path, prints):
    command = ["evaluate", str(trained), "--test-size", "100", "--confusion", "--out", str(tmp_path)]
    found = json.loads(prints(*command, "--json").out)
    matrix = np.array(found["confusion"])
    assert matrix.shape == (10, 10) and matrix.sum() == 100 and matrix.sum() - np.trace(matrix) == found["errors"] > 0
    head, *rows = csv.reader((tmp_path / "confusion.csv").read_text().splitlines())
    assert head[0] == "true class" and [list(map(int, row[1:])) for row in rows] == found["confusion"]
    head, *wrong = csv.reader((tmp_path / "misclassified.csv").read_text().splitlines())
    assert head == ["index", "true class", "answer"] and len(wrong) == found["errors"]
    test = lenet1998.data.load("synthetic", train_size=1, test_size=100).test
    counted = np.diag(matrix.diagonal())
    for index, label, answer in (map(int, row) for row in wrong):
        assert test.labels[index] == label != answer
        counted[label, answer] += 1
    assert np.array_equal(counted, matrix), "true classes are rows, answers are columns"
    printed = prints(*command).out
    by_class = [line.split() for line in printed.splitlines() if line[:5].strip().isdigit()]
    assert [int(row[2]) for row in by_class] == (matrix.sum(1) - matrix.diagonal()).tolist()
    assert all(path in printed for path in found["files"])


def test_errors_are_drawn_as_in_figure_8(trained, tmp_path, prints, monkeypatch):
    figures = []
    save = pictures.save
    monkeypatch.setattr(pictures, "save", lambda figure, stem: figures.append(figure) or save(figure, stem))
    said = prints("errors", trained, "--test-size", "100", "--out", tmp_path / "e.png").out
    drawn = [axes for axes in figures[0].axes if axes.images]
    assert f"{len(drawn)} of 100 patterns of synthetic misclassified\n" in said
    assert all(">" in axes.get_title() and not axes.patches for axes in drawn), "no box without the paper's patterns"
    assert (tmp_path / "e.png").exists() and (tmp_path / "e.pdf").exists()
    assert main(["errors", str(trained), "--out", "errors.gif"]) == 2


def test_the_paper_s_own_errors_are_boxed_and_a_long_list_is_cut(monkeypatch, tmp_path):
    figures = []
    monkeypatch.setattr(pictures, "save", lambda figure, stem: figures.append(figure) or [])
    first = min(figure_8())
    images = np.zeros((10_000, 28, 28), np.uint8)
    pictures.misclassified_patterns({first: (4, 6), first + 1: (1, 2)}, images, tmp_path / "e", {first})
    assert [len(axes.patches) for axes in figures[0].axes[:2]] == [1, 0] and "boxed" in figures[0].get_suptitle()
    monkeypatch.setattr(pictures, "MOST", 20)
    pictures.misclassified_patterns(dict.fromkeys(range(21), (1, 2)), images, tmp_path / "e")
    assert len(figures[1].axes) == 20 and figures[1].get_suptitle().startswith("The first 20 of 21 ")


@pytest.mark.usefixtures("undrawn")
def test_a_directory_is_as_good_as_its_checkpoint(trained, tmp_path, capsys):
    saved = lenet1998.checkpoint.load(trained)
    assert np.array_equal(saved.values, lenet1998.checkpoint.load(str(trained / "checkpoint.npz")).values)
    digit = str(tmp_path / "digit.png")
    image = lenet1998.data.load("synthetic", train_size=1, test_size=1).test.images[0]
    Image.fromarray(np.kron(image, np.ones((3, 3), np.uint8))).save(digit)
    for command in (
        ["check", str(trained), "--with", str(trained / "checkpoint.npz")],
        ["show", "3", "--test-size", "10", "--checkpoint", str(trained), "--out", str(tmp_path / "s.png")],
        ["predict", digit, "--checkpoint", str(trained)],
        ["export", str(trained), "--format", "npz", "--out", str(tmp_path / "x.npz")],
    ):
        assert main(command) == 0, capsys.readouterr().err
    with pytest.raises(lenet1998.CheckpointError, match=r"cannot read .*checkpoint\.npz"):
        lenet1998.checkpoint.load(tmp_path)


@pytest.mark.usefixtures("undrawn")
def test_a_packaged_network_can_be_compared_by_its_name(tmp_path, prints):
    said = prints("compare", "default", "distorted", "--data-dir", tmp_path, "--out", tmp_path / "c")
    rows = [line for line in said.out.splitlines() if line.startswith("| default")]
    assert len(rows) == 2 and f"{pretrained.load('default').history['passes'][-1]['test_error_percent']:.2f}" in rows[0]
    assert said.err.count("no test over patterns") == 2, "MNIST is not there"


def test_what_compare_counts_as_wrong_is_wrong(trained):
    saved = checkpoint.load(trained / "checkpoint.npz")
    found = _wrong(saved, argparse.Namespace(data_dir=None, data=None))
    test = lenet1998.data.load("synthetic", train_size=300, test_size=100).test
    given = saved.network().forward(test.images).argmin(axis=1)
    assert found == {MISCLASSIFIED: np.flatnonzero(given != test.labels).tolist()}


def test_the_paper_s_error_and_that_of_all_seeds_stand_beside(monkeypatch):
    saved = pretrained.load("default")
    test = Patterns(np.zeros((10_000, 1, 1), np.uint8), np.zeros(10_000, np.uint8))
    mnist = DataSet("mnist", test, test, "", {})
    monkeypatch.setattr(pretrained, "errors_of_all_seeds", lambda recipe: [0.9, 1.0, 1.0, 1.1])
    assert _beside(saved, mnist) == ["4 seeds of this recipe: 1.00 (0.88 to 1.14)%", "1998: 0.95%"]
    assert _beside(saved, replace(mnist, name="synthetic")) == []
    assert _beside(saved, replace(mnist, test=Patterns(test.images[1:], test.labels[1:]))) == [], "another test set"
    short = Checkpoint(saved.values, saved.history | {"passes": saved.history["passes"][:19]})
    assert _beside(short, mnist) == []


def test_errors_of_all_seeds_are_those_of_the_description(tmp_path, monkeypatch):
    card = {"recipe": Recipe().as_dict(), "test_error_percent_of_all_seeds": [1.0, 2.0]}
    (tmp_path / pretrained.CARDS).write_text(json.dumps({"default": card}))
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    assert pretrained.errors_of_all_seeds(replace(Recipe(), name="mine")) == [1.0, 2.0]
    assert pretrained.errors_of_all_seeds(Recipe(mu=0.5)) == []


@pytest.mark.usefixtures("undrawn")
def test_what_is_written_about_a_run_stands_in_its_directory(place, monkeypatch, capsys):
    """And what compares runs, or is about a packaged network, under runs/ in a directory named after them."""
    monkeypatch.chdir(place)
    run = "runs/default-synthetic-300-100tested-seed1"
    test = ["--data", "synthetic", "--test-size", "50"]
    assert main(["evaluate", "distorted", *test]) == 0 and not (place / "runs" / "packaged-distorted").exists()
    assert main(["errors", run, *test]) == 0
    assert main(["evaluate", f"{run}/checkpoint.npz", "--confusion", *test]) == 0
    assert main(["show", "3", "--checkpoint", run, *test]) == main(["errors", *test]) == 0
    assert main(["compare", run, "default", "--data-dir", "nowhere"]) == 0
    written = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert {f"{run}/{name}" for name in ("errors.png", "confusion.csv", "misclassified.csv", "show.png")} <= written
    assert "runs/packaged-default/errors.png" in written
    assert "runs/compared-default-synthetic-300-100tested-seed1-default/comparison.csv" in written
    assert all(name.startswith("runs/") for name in written)


@pytest.mark.parametrize(
    "option, says",
    [("--epochs", "--passes N"), ("--lr=0.1", "--set schedule="), ("--batch-size", "--set batch="), ("--gpu", "no gr")],
)
def test_an_option_that_other_programs_have_leads_to_ours(option, says, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["train", option])
    assert f"in place of {option.partition('=')[0]}: " in (told := capsys.readouterr().err) and says in told


def test_on_a_terminal_the_table_grows_as_passes_end(tmp_path, monkeypatch, capsys, prints):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    rows = prints("train", *SMALL, "--out", tmp_path / "run").out.splitlines()
    assert rows[0] == "pass  training error (%)  test error (%)" and sum(row == rows[0] for row in rows) == 1
    error = json.loads((tmp_path / "run" / "history.json").read_text())["passes"][-1]["test_error_percent"]
    assert rows[1].split()[::2] == ["1", f"{error:.2f}"]
    assert rows[-2] == f"test error {error:.2f}% after pass 1; everything is in {tmp_path / 'run'}"
    assert main(["train", *SMALL, "--out", str(tmp_path / "run"), "--resume"]) == 0
    assert rows[:2] == capsys.readouterr().out.splitlines()[:2], "a run that is there is shown whole"

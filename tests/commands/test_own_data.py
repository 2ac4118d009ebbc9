"""One's own data from the command line: trained, found again, judged, drawn and compared under their classes' names."""

import csv
import json
import shutil

import numpy as np
import pytest

import lenet1998
from experiments import fig5_error_curves
from experiments.machinery.options import find_data, parse
from experiments.machinery.record import of_digits
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store
from lenet1998.commands import errors, evaluate, networks
from lenet1998.commands.main import main
from lenet1998.data import qmnist
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.pictures import activations_figure, misclassified
from lenet1998.recipe import Recipe
from lenet1998.reference import comparable
from lenet1998.report.comparison import over_patterns
from lenet1998.report.tables import papers
from lenet1998.running import checkpoint
from lenet1998.running.check import data_of
from tests.own_data import drawn, idx, put_folders, put_idx

LETTERS = np.arange(60) % 3 + 1
SHORT = ["--passes", "1", "--engine", "numpy", "--quiet"]
pytestmark = pytest.mark.usefixtures("numpy_alone", "undrawn")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Letters as EMNIST has them, garments, and a network that has learned each, trained without --out."""
    where = tmp_path_factory.mktemp("own")
    pair = drawn(LETTERS).transpose(0, 2, 1), LETTERS
    put_idx(where / "letters", pair, (pair[0][:9], LETTERS[:9]), "emnist-letters-", ("train", "test"))
    put_folders(where / "garments", drawn(LETTERS), [["", "coat", "bag", "shoe"][label] for label in LETTERS])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        for name in ("letters", "garments"):
            assert main(["train", "--data", name, *SHORT]) == 0
    return where


@pytest.fixture
def letters(place, monkeypatch):
    """The directory of the run on letters, and the working directory."""
    monkeypatch.chdir(place)
    (run,) = (place / "runs").glob("default-emnist-letters-*")
    return run


def history(run):
    return json.loads((run / "history.json").read_text())


def test_the_record_names_the_data_their_digest_and_classes(place, letters):
    recorded = history(letters)
    held = lenet1998.data.load(place / "letters")
    assert recorded["data"] == {
        "name": held.name, "train_size": 60, "test_size": 9, "digests": dict(held.digests), "classes": ["A", "B", "C"],
        "path": str(place / "letters"),
    }  # fmt: skip
    assert (recorded["recipe"]["classes"], recorded["recipe"]["characters"]) == (3, "ABC")
    saved = checkpoint.load(letters)
    assert saved.classes == ["A", "B", "C"] and saved.network().classes == 3
    (garments,) = (place / "runs").glob("default-garments-*")
    recorded = history(garments)
    assert recorded["data"]["classes"] == ["bag", "coat", "shoe"] and recorded["recipe"]["codes"] == "random"
    for run in (letters, garments):
        assert not comparable(history(run)) and papers(history(run)) == {}


def test_what_is_taken_for_what_is_said_in_a_line_each(letters, tmp_path, caplog, capsys):
    with caplog.at_level("INFO", "lenet1998"):
        assert main(["train", "--data", "letters", *SHORT[:-1], "--out", str(tmp_path / "a")]) == 0
        assert main(["train", "--data", "garments", *SHORT[:-1], "--out", str(tmp_path / "b")]) == 0
        given = ["--set", "codes=random", "--out", str(tmp_path / "c")]
        assert main(["train", "--data", "letters", *SHORT[:-1], *given]) == 0
        modern = ["--recipe", "modern", "--set", "batch=4", "--out", str(tmp_path / "d")]
        assert main(["train", "--data", "letters", *SHORT[:-1], *modern]) == 0
    told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("output: ")]
    assert told == [
        "output: Figure 3's codes of A, B, C; for classes that are no characters, --set codes=random",
        "output: random codes for bag, coat, shoe",
        "output: random codes for A, B, C",
        "output: one unit for each of 3 classes",
    ]
    out, error = capsys.readouterr()
    for shown in (out, error):
        assert "known by its name alone; 3 classes (A, B, C); 60 training and 9 test patterns; images turned" in shown
        assert "every tenth pattern of a class is held out for tests" in shown
    assert "1998:" not in out and main(["train", "--data", "nothing", *SHORT]) == 2


def test_a_run_finds_its_data_again_from_anywhere(letters, tmp_path, monkeypatch, capsys, prints):
    monkeypatch.chdir(tmp_path)
    found = json.loads(prints("evaluate", letters, "--json").out)
    assert found["patterns"] == 9 and found["error_percent"] == history(letters)["passes"][-1]["test_error_percent"]
    assert main(["train", "--data", str(letters.parent.parent / "letters"), *SHORT, "--out", str(letters)]) == 2
    assert "--resume" in capsys.readouterr().err
    data = data_of(history(letters))
    assert data.path == str(letters.parent.parent / "letters") and len(data.train) == 60


def test_what_was_done_to_images_is_on_record_and_done_again(tmp_path, monkeypatch, capsys, prints):
    """Dark digits on pages of 64x48 are trained on as light ones of 28x28, and judged and repeated as these."""
    monkeypatch.chdir(tmp_path)
    pages = 255 - np.pad(drawn(LETTERS).repeat(2, axis=1), ((0, 0), (4, 4), (10, 10)))
    put_folders(tmp_path / "pages", pages, [["", "coat", "bag", "shoe"][label] for label in LETTERS])
    assert main(["train", "--data", "pages", *SHORT, "--out", "run"]) == 2
    assert "has 48x64 pixels: 28x28 is taken, or 32x32; --resize" in capsys.readouterr().err
    said = prints("train", "--data", "pages", "--resize", *SHORT, "--out", "run").err
    assert "images scaled to 28x28, their aspect kept; training patterns dark on light, so inverted" in said
    for recorded in (history(tmp_path / "run"), checkpoint.load(tmp_path / "run").history):
        assert recorded["data"]["inverted"] == ["training"] and recorded["data"]["resized"] is True
    assert f"{history(tmp_path / 'run')['passes'][-1]['test_error_percent']:.2f}%" in prints("evaluate", "run").out
    assert main(["check", "run", "--quiet"]) == 0


def test_a_network_that_learned_dark_digits_on_light_reads_drawings(tmp_path, monkeypatch, capsys):
    """Its images were inverted, so that it reads what `predict` makes of any picture: light ink."""
    monkeypatch.chdir(tmp_path)
    digits = synthetic_digits(600, seed=1)
    np.savez("dark.npz", x_train=255 - digits.images, y_train=digits.labels)
    np.savez("light.npz", x_train=digits.images, y_train=digits.labels)
    for name in ("dark", "light"):
        assert main(["train", "--data", f"{name}.npz", *SHORT, "--out", name]) == 0
    dark, light = (checkpoint.load(tmp_path / name) for name in ("dark", "light"))
    assert np.array_equal(dark.values, light.values)
    assert dark.history["data"]["inverted"] == ["training"] and "inverted" not in light.history["data"]
    assert dark.history["data"]["digests"] == light.history["data"]["digests"]


def test_a_class_is_no_formula_of_a_spreadsheet_nor_an_order_to_a_terminal(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = ["=1+1", "@SUM(A1)", "three"]
    put_folders(tmp_path / "data", drawn(LETTERS), [names[label - 1] for label in LETTERS])
    assert main(["train", "--data", "data", *SHORT, "--out", "run"]) == 0
    assert main(["evaluate", "run", "--confusion", "--out", "c"]) == 0
    head, *rows = csv.reader((tmp_path / "c" / "confusion.csv").read_text().splitlines())
    assert head[1:] == [row[0] for row in rows] == ["'=1+1", "'@SUM(A1)", "three"]
    wrong = csv.reader((tmp_path / "c" / "misclassified.csv").read_text().splitlines()[1:])
    assert {cell for row in wrong for cell in row[1:]} <= {"'=1+1", "'@SUM(A1)", "three"}
    saved = checkpoint.load("run")
    saved.history["data"]["classes"][2] = "\x1b[2Jthree"
    checkpoint.save(tmp_path / "theirs.npz", saved)
    capsys.readouterr()
    assert main(["evaluate", "theirs.npz", "--data", "run/../data", "--confusion", "--out", "d"]) in (0, 2)
    assert "\x1b" not in "".join(capsys.readouterr())


def test_data_that_have_moved_or_changed(place, letters, tmp_path, capsys, prints):
    def trained(folder, seed):
        pair = drawn(LETTERS, seed=seed), LETTERS
        return put_idx(tmp_path / folder, pair, pair)

    assert main(["train", "--data", str(trained("first", 1)), *SHORT, "--out", str(tmp_path / "run")]) == 0
    (tmp_path / "first").rename(tmp_path / "second")
    capsys.readouterr()
    for command in (["evaluate"], ["errors"], ["show", "1", "--checkpoint"]):
        assert "first' is no kind of data, and no file or directory" in prints(*command, tmp_path / "run", code=2).err
    moved = ["--data", str(tmp_path / "second")]
    assert main(["evaluate", str(tmp_path / "run"), *moved]) == 0
    resumed = ["train", *moved, *SHORT, "--passes", "2", "--resume", "--out", str(tmp_path / "run")]
    assert main(resumed) == 0, "where data lie is no part of what they are"
    assert main(["check", str(tmp_path / "run"), *moved, "--quiet"]) == 0
    trained("first", 2)
    capsys.readouterr()
    assert "first is no longer the data that the run learned, " in prints("evaluate", tmp_path / "run", code=2).err
    assert main(["check", str(tmp_path / "run"), "--quiet"]) == 2
    assert "holds a run with other data" in prints(*resumed[:1], "--data", tmp_path / "first", *resumed[3:], code=2).err


def test_answers_have_the_classes_names(letters, tmp_path, capsys, prints):
    sheet = np.full((1, 60, 60), 255, np.uint8)
    sheet[:, 10:50, 28:33] = 0
    image = put_folders(tmp_path, sheet, ["x"]) / "x" / "0000.png"
    (answer,) = json.loads(prints("predict", image, "--checkpoint", letters, "--json").out)
    assert answer["classes"] == ["A", "B", "C"] and {answer["class"], answer["runner_up"]} < {"A", "B", "C"}
    assert answer["class"] == "ABC"[int(np.argmin(answer["distances"]))]
    assert main(["predict", str(image), "--checkpoint", str(letters)]) == 0
    assert f": {answer['class']}, runner-up {answer['runner_up']}\n  RBF distances: A: " in capsys.readouterr().out


def test_errors_by_class_have_the_classes_names(letters, tmp_path, monkeypatch, prints):
    monkeypatch.setattr(evaluate, "answers", lambda _: np.zeros(9, int))
    out = prints("evaluate", letters, "--confusion", "--out", tmp_path).out
    assert "    B         3       3     100.00" in out and "    A         3       0       0.00" in out
    head, *rows = csv.reader((tmp_path / "confusion.csv").read_text().splitlines())
    assert head == ["true class", "A", "B", "C"] and rows[1] == ["B", "3", "0", "0"]
    _, *wrong = csv.reader((tmp_path / "misclassified.csv").read_text().splitlines())
    assert wrong[:2] == [["1", "B", "A"], ["2", "C", "A"]]


def test_pictures_have_the_classes_names(letters, tmp_path, monkeypatch, capsys, prints):
    figures = []
    monkeypatch.setattr(misclassified, "save", lambda figure, stem: figures.append(figure) or [])
    monkeypatch.setattr(activations_figure, "written", lambda figure, path: figures.append(figure))
    monkeypatch.setattr(errors, "answers", lambda _: np.zeros(9, int))
    assert main(["errors", str(letters), "--out", str(tmp_path / "e.png")]) == 0
    assert [axes.get_title() for axes in figures[-1].axes][:6] == ["B>A", "C>A"] * 3
    capsys.readouterr()
    out = prints("show", "1", "--checkpoint", letters, "--out", tmp_path / "s.png").out
    answer = next(line for line in out.splitlines() if line.startswith("test pattern 1 of")).split(": ")[1][0]
    texts = [text.get_text() for text in figures[-1].axes[0].texts]
    assert ", class B: " in out and {"A", "B", "C", f"code of {answer}"} <= set(texts)


def test_networks_and_data_of_other_classes(place, letters, capsys, prints):
    error = prints("evaluate", letters, "--data", "garments", code=2).err
    assert "has the class 'bag', which is none of the network's 3 (A, B, C): choose data of these classes" in error
    assert main(["evaluate", str(letters), "--data", "synthetic", "--test-size", "5"]) == 2
    assert "synthetic has the class '" in capsys.readouterr().err
    assert main(["evaluate", "default", "--data", "letters"]) == 2
    assert "has the class 'A', which is none of the network's 10 (0, 1, 2" in capsys.readouterr().err


def test_digits_of_ones_own_are_judged_by_a_network_of_mnists(tmp_path, prints):
    """Labelled by their names, not by their places among those that occur."""
    sevens = lenet1998.data.load("synthetic", train_size=1, test_size=200).test
    two = np.isin(sevens.labels, (3, 7))
    pair = sevens.images[two], sevens.labels[two]
    put_idx(tmp_path / "two", pair, None)
    saved, _ = networks.chosen_network("default")
    given = networks.engine_of(saved).penalties(pair[0]).argmin(axis=1)
    found = json.loads(prints("evaluate", "default", "--data", tmp_path / "two", "--json").out)
    assert found["patterns"] == len(given)
    assert found["errors"] == int((given != pair[1]).sum()) < len(given) / 2


def test_compare_tests_over_patterns_of_ones_own_data(letters, tmp_path, capsys, prints):
    other = ["train", "--data", "letters", "--loss", "mle", *SHORT, "--out", str(tmp_path / "mle")]
    assert main(other) == 0
    capsys.readouterr()
    out, error = prints("compare", letters, tmp_path / "mle", "--out", tmp_path / "c")
    assert "no test over patterns" not in error and "| 1998" not in out
    row = next(line for line in out.splitlines() if "loss=mle" in line)
    test = data_of(history(letters)).test
    engines = (networks.engine_of(checkpoint.load(run)) for run in (tmp_path / "mle", letters))
    wrong = [np.flatnonzero(engine.penalties(test.images).argmin(axis=1) != test.labels) for engine in engines]
    assert row.rstrip(" |").split("|")[-1].strip() == f"{over_patterns(wrong[:1], wrong[1:]).p:.2g}"
    moved = shutil.copytree(letters.parent.parent / "letters", tmp_path / "moved")
    for run in (tmp_path / "mle", shutil.copytree(letters, tmp_path / "first")):
        saved = checkpoint.load(run)
        saved.history["data"]["path"] = str(tmp_path / "gone")
        checkpoint.save(run / "checkpoint.npz", saved)
    runs = [str(tmp_path / name) for name in ("first", "mle")]
    assert prints("compare", *runs, "--out", tmp_path / "c").err.count("no test over patterns") == 2
    out, error = prints("compare", *runs, "--data", moved, "--out", tmp_path / "c")
    assert not error and row in out


def test_a_record_with_other_classes_is_no_checkpoint(letters, tmp_path):
    saved = checkpoint.load(letters)
    for key, value in (("classes", ["A", "B"]), ("classes", "ABC"), ("classes", [1, 2, 3]), ("path", 3)):
        changed = {**saved.history, "data": {**saved.history["data"], key: value}}
        checkpoint.save(tmp_path / "c.npz", checkpoint.Checkpoint(saved.values, changed))
        with pytest.raises(CheckpointError, match="the (classes|path) of the data set"):
            checkpoint.load(tmp_path / "c.npz")


def test_qmnist_has_two_numbers(tmp_path, monkeypatch, capsys, prints):
    """On all of the test patterns, and on those after MNIST's."""
    labels = np.arange(50) % 10
    columns = np.column_stack([labels] + [labels * 0] * 7).astype(np.int32)
    (tmp_path / qmnist.IMAGES).write_bytes(idx(drawn(labels)))
    (tmp_path / qmnist.LABELS).write_bytes(idx(columns))
    monkeypatch.setattr(qmnist, "COUNT", 50)
    monkeypatch.setattr(qmnist, "KNOWN", 20)
    given = np.where(np.isin(np.arange(50), (3, 19, 20, 49)), (labels + 1) % 10, labels)
    monkeypatch.setattr(evaluate, "answers", lambda penalties: given[: len(penalties)])
    command = ["evaluate", "--data", "qmnist", "--data-dir", str(tmp_path)]
    found = json.loads(prints(*command, "--json").out)
    assert (found["errors"], found["patterns"]) == (4, 50)
    assert (found["untouched"]["errors"], found["untouched"]["patterns"]) == (2, 30)
    out, error = prints(*command)
    assert "test error 8.00% (4 of 50 patterns of qmnist; 95% Wilson interval" in out
    assert "on those that nobody ever chose on 6.67% (2 of 30 after MNIST's 20; 95% Wilson interval" in out
    assert "digests are not known here" in error
    assert main([*command, "--test-size", "20", "--json"]) == 0
    assert "untouched" not in json.loads(capsys.readouterr().out), "spread patterns are not those after the first"
    assert main(["train", *command[1:], *SHORT, "--out", str(tmp_path / "run")]) == 2
    assert "qmnist has no patterns to learn" in capsys.readouterr().err


def test_experiments_take_ones_own_data(place, letters, tmp_path):
    one = fig5_error_curves.EXPERIMENT
    arguments = parse(one, ["--data", "letters", "--passes", "1", "--engine", "numpy", "--seeds", "1", "--quiet"])
    found = find_data(one, arguments)
    assert arguments.out.parts[:2] == ("runs", "trial") and arguments.out.name.startswith("emnist-letters-")
    (task,) = Setting(arguments, found, Store(tmp_path), "fig5").runs(Recipe())
    assert task.data.kind == str(place / "letters")
    assert task.perform()["data"]["digests"] == dict(found.digests)
    with pytest.raises(LeNetError, match="is not of the ten digits in 28x28"):
        of_digits(found)

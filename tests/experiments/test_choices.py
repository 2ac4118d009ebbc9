"""What the paper leaves open, tried on held-out patterns: candidates, their measures, and the table."""

import json
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.machinery.choices import Choices
from experiments.machinery.main import run
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store
from experiments.section3 import choices as section3_choices
from lenet1998.classifiers.network import NetworkClassifier, recipe_of
from lenet1998.data import load
from lenet1998.data.deslant import reduced
from lenet1998.errors import DivergenceError
from lenet1998.report.table import Estimate


def choose(place: Path, *options: str) -> list[dict]:
    """Try the candidates of section III on few patterns, and return what is on record of each."""
    sizes = [
        "--data",
        "synthetic",
        "--held-out",
        "50",
        "--train-size",
        "100",
        "--passes",
        "1",
        "--engine",
        "numpy",
        "--quiet",
    ]
    run(section3_choices.EXPERIMENT, [*sizes, "--out", str(place), "--runs", str(place / "runs"), *options])
    record = json.loads((place / "section3_choices.json").read_text())
    assert record["data"]["train_size"] == 100 and record["data"]["held_out"] == 50
    return record["tried"]


@pytest.fixture
def few(monkeypatch):
    """Little of each question."""
    monkeypatch.setattr(section3_choices, "RATES", {"lenet1": (reduced, (1, 6))})
    monkeypatch.setattr(section3_choices, "NEIGHBOURS", (1,))
    monkeypatch.setattr(section3_choices, "PREFILTERS", {"4x4: 5, 16x16: 2": ((4, 5), (1, 2))})
    monkeypatch.setattr(section3_choices, "LOCAL", [(5, 0.3)])
    monkeypatch.setattr(
        section3_choices, "TANGENTS", []
    )  # as the prefilter's, which looks at the 20 nearest of a class
    monkeypatch.setattr(section3_choices, "UNITS", [])  # a hundred of each class
    monkeypatch.setattr(section3_choices, "LARGER", {})
    monkeypatch.setattr(section3_choices, "BY_PIXELS", [(6, 0.3)])
    monkeypatch.setattr(section3_choices, "ROUNDS", (2,))
    monkeypatch.setattr(section3_choices, "MACHINES", {"C = 1": {"c": 1.0}})


def test_choices_are_made_on_the_last_training_patterns(few, monkeypatch, tmp_path, capsys):
    pytest.importorskip("sklearn")
    fitted = []

    class Watched(NetworkClassifier):
        def fit(self, images, labels):
            assert self.engine_name == "numpy", "as was asked for"
            fitted.append((self.recipe.name, self.recipe.eta(1), len(images)))
            return super().fit(images, labels)

    monkeypatch.setattr(section3_choices, "NetworkClassifier", Watched)
    first = choose(tmp_path)
    of_networks = {"sigmoid, appendix C", "1 times LeNet-5's", "6 times LeNet-5's"}
    of_features = {"k = 1", "k = 5, decay 0.3", "k = 6, decay 0.3", "2"}
    of_images = {"linear, least squares", "mass", "box", "regular", "deslanted", "sum", "sum within +-1", "sign"}
    of_images |= {"mass, 4 bits", section3_choices.SHADES, "C = 1"}
    of_images |= {*section3_choices.TEMPLATES, *section3_choices.TERMS, *section3_choices.PREFILTERS}
    assert {found["candidate"] for found in first} == of_networks | of_features | of_images
    assert all(0 <= found["error_percent"] < 90 and found["commit"] for found in first)
    rates = [("one_layer", 0.0005), ("one_layer_20x20", 0.0005), ("lenet1", 0.0005), ("lenet1", 0.003)]
    lenet4 = ("lenet4", recipe_of("lenet4").eta(1))
    assert fitted == [(name, rate, 100) for name, rate in [lenet4, *rates]], "once for all that stands on it"
    lines = capsys.readouterr().out.splitlines()
    for choice in {found["choice"] for found in first}:
        errors = [found["error_percent"] for found in first if found["choice"] == choice]
        rows = [line for line in lines if line.startswith(f"| {choice} |")]
        assert ["| best |" in row for row in rows] == [error == min(errors) for error in errors]

    fitted.clear()
    assert choose(tmp_path, "--resume") == first and not fitted
    run(section3_choices.EXPERIMENT, ["--plot-only", "--out", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[-len(lines) :] == lines


def test_candidates_go_to_other_processes():
    setting = SimpleNamespace(passes=1, arguments=SimpleNamespace(engine="numpy"))
    asked = list(section3_choices.candidates(setting))
    assert len(asked) == 77 and len({(each.question, each.name) for each in asked}) == 77
    sent = pickle.loads(pickle.dumps([each.what for each in asked]))
    assert [type(each.make()) for each in sent] == [type(each.what.make()) for each in asked]
    assert sum(each.begins == "lenet4" for each in asked) == 1 + 5 + 15 + 4 + 3, (
        "one training of LeNet-4 for all of these"
    )


def test_a_rate_with_which_a_network_diverges_is_said_to(few, monkeypatch, tmp_path, capsys):
    class Diverging(NetworkClassifier):
        def fit(self, images, labels):
            if self.recipe.name == "lenet1":
                raise DivergenceError("diverged in pass 1")
            return super().fit(images, labels)

    monkeypatch.setattr(section3_choices, "NetworkClassifier", Diverging)
    asked = section3_choices.candidates
    several = Choices(lambda setting: [each for each in asked(setting) if "lenet1" in each.question],
                      section3_choices.judge, section3_choices.CHOICES.measures)  # fmt: skip
    monkeypatch.setattr(section3_choices, "CHOICES", several)
    found = choose(tmp_path)
    assert [each["error_percent"] for each in found] == [None, None]
    assert capsys.readouterr().out.count("| diverged |") == 2


def test_a_table_of_choices_has_what_there_is_to_say():
    choices = Choices(lambda setting: [], section3_choices.judge, {"wrong": "strings wrong", "other": "other"})
    entries = [
        {"choice": choice, "candidate": name, "seed": seed, "wrong": wrong, "other": 2 * wrong}
        for choice, name, errors in (("k", "1", (3.0, 4.0)), ("k", "3", (2.0, 4.0)), ("noise", "0", (9.0, 9.0)))
        for seed, wrong in enumerate(errors)
    ]
    table = choices.table("choices", entries, "Choices")
    assert [column.name for column in table.columns] == ["choice", "candidate", "strings wrong", "other", "remark"]
    assert [row[-1] for row in table.rows] == ["", "best", "best"]
    assert table.rows[0][2:4] == (Estimate(3.5, 3.0, 4.0, 2), Estimate(7.0, 6.0, 8.0, 2))
    alone = [{"candidate": "1", "wrong": 3.0, "interval_percent": [2.0, 4.0], "other": None, "seconds": 2.0}]
    table = choices.table("choices", alone, "Choices")
    assert [column.name for column in table.columns] == ["candidate", "strings wrong", "time"]
    assert table.rows == (("1", Estimate(3.0, 2.0, 4.0), 2.0),)


def test_a_candidate_has_the_same_place_in_every_process(tmp_path):
    """What it makes is no part of the place: a function's address differs from process to process."""
    given = SimpleNamespace(data="synthetic", data_dir=None, train_size=None, test_size=None)
    setting = Setting(given, load("synthetic", train_size=20, test_size=20), Store(tmp_path), "choices")
    tried = [section3_choices.Tried(None, make) for make in (lambda: None, lambda: None)]
    places = {setting.part("k = 1", section3_choices.judge, what=what).out for what in tried}
    assert len(places) == 1 and len({str(what) for what in tried}) == 2

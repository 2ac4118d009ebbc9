"""Experiments on strings in miniature, on the embedded digits."""

from __future__ import annotations

import json

import matplotlib.image
import numpy as np
import pytest

from experiments.strings import choices, choosing, report, sheet
from experiments.strings.networks import Choices
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.running import checkpoint
from lenet1998.strings.segmentation import Segmentor
from tests.experiments.test_experiments import experiment


def test_the_sheet_shows_images_and_strings(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "load", lambda *_: load("synthetic", train_size=50, test_size=50))
    monkeypatch.setattr("sys.argv", ["sheet", "--out", str(tmp_path)])
    sheet.main()
    assert matplotlib.image.imread(tmp_path / "strings_sheet.png").std() > 0.1
    record = json.loads((tmp_path / "strings_sheet.json").read_text())
    assert record["layout"]["noise"] == 0.1 and record["seed"] == 1


def test_choices_change_one_thing_at_a_time():
    found = choices.candidates()
    assert found[choices.PLAIN] == Segmentor()
    for name, segmentor in found.items():
        changed = [key for key, value in vars(segmentor).items() if value != getattr(Segmentor(), key)]
        assert changed == ([] if name == choices.PLAIN else [name.split(" ")[0]])


def test_choices_from_start_to_table(tmp_path):
    """A network that has learned little reads little; the table has each candidate, also when it is made again."""
    done = experiment("strings.choices", "--quick", "--data", "synthetic", "--engine", "numpy", "--seeds", "1",
                      "--passes", "1", "--quiet", "--out", str(tmp_path))  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "strings_choices.json").read_text())
    assert {run["candidate"] for run in record["runs"]} == set(choices.candidates())
    assert all(run["character_error_percent"] >= 0 for run in record["runs"])
    table = (tmp_path / "strings_choices.md").read_text()
    assert all(f"| {name} |" in table for name in choices.candidates())
    (tmp_path / "strings_choices.md").unlink()
    assert experiment("strings.choices", "--plot-only", "--out", str(tmp_path)).stdout == done.stdout
    assert (tmp_path / "strings_choices.md").read_text() == table


def test_nothing_recorded_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["choices", "--plot-only", "--out", str(tmp_path)])
    with pytest.raises(LeNetError, match="no results to plot"):
        choices.main()


def test_strings_from_start_to_figure(tmp_path):
    """All methods, trained and measured; what is done is taken with --resume, and refused without."""
    command = ("strings", "--quick", "--data", "synthetic", "--seeds", "1", "--passes", "1", "--quiet",
               "--out", str(tmp_path), "--runs", str(tmp_path / "runs"))  # fmt: skip
    done = experiment(*command)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "strings.json").read_text())
    assert {row["method"] for row in record["runs"][0]["rows"]} == set(report.METHODS)
    assert {row["method"] for row in record["runs"][0]["rows"] if row["condition"] == "noise, cut"} >= {"hos", "sdnn"}
    assert "SDNN, whole strings" in (tmp_path / "strings.md").read_text()
    assert matplotlib.image.imread(tmp_path / "strings.png").std() > 0.02
    learned = checkpoint.load(tmp_path / "runs" / "strings" / "seed1" / "sdnn_eq._17").history["strings"]
    assert learned["criterion"] == "discriminative_forward" and len(learned["passes"]) == 2
    refused = experiment(*command)
    assert refused.returncode and "already holds a run" in refused.stderr


def test_choices_of_training_change_one_thing_at_a_time():
    found = choosing.candidates()
    assert found[choosing.PLAIN] == Choices()
    for name, tried in found.items():
        changed = [key for key, value in vars(tried).items() if value != getattr(Choices(), key)]
        assert changed == ([] if name == choosing.PLAIN else [name.split(" ")[0]])


def rows(*wrong: int) -> list[dict]:
    """Runs with so many wrong of four strings, before training and, half of them, after it."""
    return [
        {"seed": seed, "rows": [
            {"method": method, "condition": "plain", "strings": 4, "characters": 20, "wrong": count, "edits": 2 * count,
             "confidence": [0.9, 0.1, 0.8, 0.2], "right": [1, 0, 1, 0]}
            for method, count in (("sdnn", errors), ("sdnn eq. 17", errors / 2))]}
        for seed, errors in enumerate(wrong, 1)
    ]  # fmt: skip


def test_rates_drops_and_rejection():
    runs = rows(4, 2)
    assert report.rates(runs, "sdnn", "plain").tolist() == [[100], [50]]
    assert report.rates(runs, "sdnn", "plain", "characters").tolist() == [[40], [20]]
    assert report.drops(runs, "sdnn", "sdnn eq. 17", "plain").tolist() == [50, 50]
    assert report.rejected(runs, "sdnn", "plain", np.array([0, 0.25, 0.5])).round(1).tolist() == [[50, 33.3, 0]] * 2

"""Experiments on strings in miniature, on the embedded digits."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.image
import pytest

from experiments.strings import choices, figures_25_26, sheet
from lenet1998 import pretrained
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.parameters import digest
from lenet1998.strings.drawings import DRAWINGS, draw
from lenet1998.strings.scores import edit_distance
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


def test_figures_25_and_26_show_and_record_every_drawing(tmp_path, monkeypatch, capsys):
    if not (Path(pretrained.__file__).parent / f"{pretrained.STRINGS}.npz").exists():
        pytest.skip("this copy has no pretrained networks")
    monkeypatch.setattr("sys.argv", ["figures_25_26", "--out", str(tmp_path)])
    figures_25_26.main()
    record = json.loads((tmp_path / "figures_25_26.json").read_text())
    assert [each["drawing"] for each in record["strings"]] == list(DRAWINGS)
    for each in record["strings"]:
        image, digits = draw(DRAWINGS[each["drawing"]])
        assert each["digits"] == "".join(map(str, digits))
        assert len(each["outputs"]) == len(each["penalties"]) == (image.shape[1] - 32) // 4 + 1
        blank = [penalty >= record["j"] for penalty in each["penalties"]]
        assert [output == "." for output in each["outputs"]] == blank
        runs = "".join(
            one for one, before in zip(each["outputs"], "." + each["outputs"], strict=False) if one != before
        )
        assert edit_distance(runs.replace(".", ""), each["read"]) <= 2, "the reading is near what the labels say"
    assert sum(each["digits"] == each["read"] for each in record["strings"]) >= 3
    assert record["network"]["sha256"] == digest(pretrained.load(pretrained.STRINGS).values)
    assert matplotlib.image.imread(tmp_path / "figures_25_26.png").std() > 0.1
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "figures_25_26.pdf")

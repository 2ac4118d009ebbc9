"""The experiment with pictures from start to figure, and what it says of answers."""

import json

import pytest

from experiments.machinery.main import run
from experiments.pictures.experiment import EXPERIMENT, reliability, tables


def test_some_kinds_from_start_to_figure_and_another_beside_them(tmp_path, capsys):
    places = ["--quiet", "--out", str(tmp_path)]
    options = ["--quick", "--data", "synthetic", "--runs", str(tmp_path / "runs"), *places]
    run(EXPERIMENT, [*options, "--only", "digit: two above", "--only", "clean"])
    run(EXPERIMENT, [*options, "--only", "empty sheet"])
    said = capsys.readouterr().out
    kinds = json.loads((tmp_path / "pictures.json").read_text())["kinds"]
    assert list(kinds) == ["clean", "empty sheet", "digit: two above"], "in the order of the declaration"
    assert kinds["empty sheet"]["right"] == 2 and {sum(each.values()) for each in kinds.values()} == {2}
    (tmp_path / "pictures_reliability.png").unlink()
    run(EXPERIMENT, ["--plot-only", *places])
    assert said.endswith(capsys.readouterr().out) and (tmp_path / "pictures_reliability.png").exists()


def test_shares_are_of_all_pictures_of_a_kind_and_of_sure_answers():
    outcomes = {"right": 3, "doubted": 0, "warned": 0, "refused": 0, "silent": 1}
    confidences = [["clean", 0.97, True], ["clean", 0.96, False], ["clean", 0.2, True]]
    (table,) = tables({"count": 4, "kinds": {"clean": outcomes}, "confidences": confidences})
    assert table.rows[0][3:] == (75, 0, 0, 0, 25)
    assert "2 answers with a confidence of 0.9 or more, 50.0%" in table.notes[1]
    assert reliability(confidences) == [(pytest.approx(0.2), 1, 1), (pytest.approx(0.965), 0.5, 2)]

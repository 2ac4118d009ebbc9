"""Experiments on strings in miniature, on the embedded digits."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from experiments.strings import choices, choosing, figures_25_26, kept, report, sheet
from experiments.strings.networks import IMAGES, Choices, Sizes, recipe_of
from lenet1998 import pretrained
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.parameters import digest
from lenet1998.running import checkpoint
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.strings.drawings import DRAWINGS, draw
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
        labels = iter(each["outputs"])
        assert all(digit in labels for digit in each["read"]), "the labels show what was read, in its order"
    assert sum(each["digits"] == each["read"] for each in record["strings"]) >= 3
    assert record["network"]["sha256"] == digest(pretrained.load(pretrained.STRINGS).values)
    assert matplotlib.image.imread(tmp_path / "figures_25_26.png").std() > 0.1
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "figures_25_26.pdf")


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
    assert (found[0].name, found[0].choices, found[0].layout) == (choices.PLAIN, Choices(), IMAGES)
    assert len({each.place for each in found}) == len(found)
    firsts = {(each.choices.j, each.choices.noise, each.layout) for each in found}
    assert len({each.first for each in found}) == len(firsts), "each is learned once"
    for each in found[1:]:
        changed = [key for tried, usual in ((each.choices, Choices()), (each.layout, IMAGES))
                   for key, value in vars(tried).items() if value != getattr(usual, key)]  # fmt: skip
        assert changed == [each.name.split(" ")[0]]


def test_choices_of_training_from_start_to_table(tmp_path, monkeypatch, capsys):
    """Each candidate is trained and read; what is done is taken when the experiment goes on."""
    for tried, kept_ones in ((choosing.TRAINED, {"etas"}), (choosing.LAID_OUT, {"overlap"})):
        for key in set(tried) - kept_ones:
            monkeypatch.delitem(tried, key)
    command = ["choosing", "--quick", "--data", "synthetic", "--engine", "numpy", "--seeds", "1", "--passes", "1",
               "--quiet", "--out", str(tmp_path), "--runs", str(tmp_path / "runs")]  # fmt: skip
    monkeypatch.setattr("sys.argv", command)
    choosing.main()
    said = capsys.readouterr().out
    record = json.loads((tmp_path / "strings_choosing.json").read_text())
    names = [each.name for each in choosing.candidates()]
    assert list(record["runs"][0]["errors"]) == names and len(names) == 4 and record["commit"]
    assert record["runs"][0]["seconds"] > 0
    table = (tmp_path / "strings_choosing.md").read_text()
    assert table in said and all(f"| {name} |" in table for name in names)
    choosing.main()
    assert capsys.readouterr().out == said


def rows(*wrong: int) -> list[dict]:
    """Runs with so many wrong of four strings, before training and, half of them, after it."""
    return [
        {"seed": seed, "rows": [
            {"method": method, "condition": "plain", "strings": 4, "characters": 20, "wrong": count, "edits": 2 * count,
             "right": "1100"}
            for method, count in (("sdnn", errors), ("sdnn eq. 17", errors / 2))]}
        for seed, errors in enumerate(wrong, 1)
    ]  # fmt: skip


def test_rates_drops_and_rejection():
    runs = rows(4, 2)
    assert report.rates(runs, "sdnn", "plain").tolist() == [[100], [50]]
    assert report.rates(runs, "sdnn", "plain", "characters").tolist() == [[40], [20]]
    assert report.drops(runs, "sdnn", "sdnn eq. 17", ["plain"]).tolist() == [50, 50]
    assert report.rejected(runs, "sdnn", "plain", np.array([0, 0.25, 0.5])).round(1).tolist() == [[50, 33.3, 0]] * 2


def learned(seed: int, loss: float, train: float = 4.0) -> Checkpoint:
    """A network as the experiment leaves it, after whole strings."""
    values = np.random.default_rng(seed).normal(size=60_000).astype(np.float32)
    choices = Choices()
    passes = [dict.fromkeys(checkpoint.RECORD, 9.0) | {"pass": number} for number in range(1, Sizes().passes + 1)]
    passes[-1] |= {"train_error_percent": train}
    told = {"criterion": "discriminative_forward", "strings": Sizes().strings, "etas": list(choices.etas),
            "mu": choices.mu, "curvature": choices.curvature, "noisy": choices.noisy,
            "passes": [{"loss": 9.0, "skipped": 0}, {"loss": loss, "skipped": 0}]}  # fmt: skip
    history = {"recipe": recipe_of("sdnn", choices).as_dict(), "seed": seed, "engine": "numba", "commit": "0" * 40,
               "data": {"name": "mnist sdnn", "train_size": 60_000, "test_size": 2000}, "passes": passes,
               "strings": told}  # fmt: skip
    return Checkpoint(values, json.loads(json.dumps(history)))


def keep(tmp_path, monkeypatch, *networks: Checkpoint) -> Path:
    for network in networks:
        place = tmp_path / "runs" / "strings" / f"seed{network.history['seed']}" / kept.PLACE / checkpoint.CHECKPOINT
        checkpoint.save(place, network)
    (tmp_path / pretrained.CARDS).write_text('{"default": {"sha256": "as it was"}}')
    monkeypatch.setattr("sys.argv", ["kept", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)])
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    kept.main()
    return tmp_path


def test_of_the_networks_for_strings_that_of_the_lowest_loss_is_kept(tmp_path, monkeypatch):
    folder = keep(tmp_path, monkeypatch, learned(1, 0.6, train=1.0), learned(2, 0.4, train=8.0), learned(10, 0.5))
    cards = json.loads((folder / pretrained.CARDS).read_text())
    assert cards["default"] == {"sha256": "as it was"}, "the other networks stay"
    found = pretrained.load(pretrained.STRINGS)
    assert found.history == learned(2, 0.4, train=8.0).history
    card = cards[pretrained.STRINGS]
    assert (card["seed"], card["loss_of_strings"]) == (2, 0.4) and "seeds 1, 2, 10 " in card["chosen"]
    assert (folder / "strings.npz").stat().st_size < 300_000


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda one: one["data"].update(train_size=50_000), "60,000 digits"),
        (lambda one: one["data"].update(name="synthetic sdnn"), "60,000 digits"),
        (lambda one: one["recipe"].update(j=2.0), "recipe"),
        (lambda one: one["passes"].pop(), "3 passes, not 4"),
        (lambda one: one.pop("strings"), "whole strings"),
        (lambda one: one["strings"].update(strings=10), "whole strings"),
        (lambda one: one["strings"].update(criterion="viterbi"), "whole strings"),
        (lambda one: one.update(commit="0" * 40 + "+"), "no commit"),
    ],
)
def test_a_network_for_strings_that_is_not_what_the_experiment_makes_is_refused(tmp_path, monkeypatch, harm, reason):
    one = learned(3, 0.1)
    harm(one.history)
    with pytest.raises(LeNetError, match=reason):
        keep(tmp_path, monkeypatch, learned(1, 0.5), one)
    assert not (tmp_path / "strings.npz").exists()


def test_without_networks_for_strings_the_experiment_is_named(tmp_path, monkeypatch):
    with pytest.raises(LeNetError, match="python -m experiments.strings"):
        keep(tmp_path, monkeypatch)

"""Experiments on strings in miniature, on the embedded digits."""

import csv
import json
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from experiments.machinery.agenda import Agenda
from experiments.machinery.check import Recorded
from experiments.machinery.options import find_data, parse
from experiments.machinery.setting import Setting
from experiments.machinery.store import Given, Store
from experiments.strings import (
    choices,
    choosing,
    claims,
    code_distances,
    figures_25_26,
    kept,
    plane,
    report,
    segment_penalties,
    sheet,
)
from experiments.strings.experiment import EXPERIMENT
from experiments.strings.networks import IMAGES, Choices, Sizes, place_of, recipe_of, swept
from lenet1998 import pretrained
from lenet1998.bitmaps import digit_codes
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.network import LeNet5
from lenet1998.parameters import digest
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.work import Task
from lenet1998.squash import A
from lenet1998.strings.drawings import DRAWINGS, draw
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.segmentation import Segmentor, Segments
from lenet1998.strings.training import CRITERIA, StringTrainer
from lenet1998.strings.viterbi import viterbi
from lenet1998.training import DIGEST, Trainer
from tests.programs import experiment, undrawn

OLD = "sdnn_eq._17"  # the directory in which earlier versions kept what reads strings


def made(name: str, *options: object) -> str:
    """What `python -m experiments.NAME` prints."""
    done = experiment(name, *map(str, options))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_sheet_shows_images_and_strings(tmp_path, monkeypatch):
    """Drawn again, it needs no data."""
    monkeypatch.setattr(sheet, "load", lambda *_: load("synthetic", train_size=50, test_size=50))
    monkeypatch.setattr(sheet, "COLUMNS", 2)
    printed = made("strings.sheet", "--out", tmp_path)
    picture = tmp_path / "strings_sheet.png"
    assert matplotlib.image.imread(picture).std() > 0.1
    record = json.loads((tmp_path / "strings_sheet.json").read_text())
    assert record["layout"]["noise"] == 0.1 and record["seed"] == 1
    before = picture.read_bytes()
    picture.unlink()
    monkeypatch.setattr(sheet, "load", lambda *_: pytest.fail("the data are looked for"))
    assert made("strings.sheet", "--plot-only", "--out", tmp_path) == printed
    assert picture.read_bytes() == before


def test_choices_change_one_thing_at_a_time():
    found = {each.name: each.what for each in choices.candidates()}
    assert found[choices.PLAIN] == Segmentor()
    for name, segmentor in found.items():
        changed = [key for key, value in vars(segmentor).items() if value != getattr(Segmentor(), key)]
        assert changed == ([] if name == choices.PLAIN else [name.split(" ")[0]])


FEW = ["--quick", "--data", "synthetic", "--engine", "numpy", "--seeds", 1, "--passes", 1, "--quiet"]
FEW += ["--train-size", 150, "--test-size", 100]


def test_choices_from_start_to_table(tmp_path):
    """A network that has learned little reads little; the table has each candidate, also when it is made again."""
    printed = made("strings.choices", *FEW, "--out", tmp_path, "--runs", tmp_path / "runs")
    record = json.loads((tmp_path / "strings_choices.json").read_text())
    names = [each.name for each in choices.candidates()]
    assert [run["candidate"] for run in record["runs"]] == names and record["engine"] == "numpy"
    assert all(run["character_error_percent"] >= 0 for run in record["runs"])
    page = tmp_path / "strings_choices.md"
    (rows,) = [
        csv.reader(path.read_text().splitlines()) for path in tmp_path.glob("csv/*.csv")
    ]  # more than a page shows
    assert set(names) <= {cell for row in rows for cell in row}
    assert len(list(tmp_path.glob("runs/default-seed1-*"))) == 1, "one network reads for all"
    page.unlink()
    assert made("strings.choices", "--plot-only", "--out", tmp_path) == printed and page.exists()


def test_figures_25_and_26_show_and_record_every_drawing(tmp_path, monkeypatch):
    if not (Path(pretrained.__file__).parent / f"{pretrained.STRINGS}.npz").exists():
        pytest.skip("this copy has no pretrained networks")
    printed = made("strings.figures_25_26", "--out", tmp_path)
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
    assert printed.splitlines()[-1] == str(tmp_path / "figures_25_26.pdf")
    (tmp_path / "figures_25_26.png").unlink()
    assert made("strings.figures_25_26", "--plot-only", "--out", tmp_path) == printed
    monkeypatch.setattr(figures_25_26, "digest", lambda values: "of another network")
    assert figures_25_26.figures(record, tmp_path / "figures_25_26") == []


def test_strings_from_start_to_figure(tmp_path, monkeypatch):
    """All methods, trained and measured; what is done is taken again."""
    command = ("strings", *FEW, "--out", tmp_path, "--runs", tmp_path / "runs")
    with undrawn():
        printed = made(*command)
    record = json.loads((tmp_path / "strings.json").read_text())
    (one,) = record["runs"]
    assert {row["method"] for row in one["rows"]} == set(report.METHODS) == set(one["networks"])
    assert {row["method"] for row in one["rows"] if row["condition"] == "noise, cut"} >= {"hos", "sdnn"}
    assert one["seconds"] >= one["seconds_training"] > 0
    assert "| SDNN, whole strings |" in (tmp_path / "strings.md").read_text()
    (place,) = tmp_path.glob("runs/strings_sdnn_discriminative_forward_seed_1-*")
    learned = checkpoint.load(place).history["strings"]
    assert learned["criterion"] == "discriminative_forward" and len(learned["passes"]) == 2
    monkeypatch.setattr(Trainer, "run_pass", lambda *_: pytest.fail("a finished run is trained again"))
    monkeypatch.setattr(StringTrainer, "learn", lambda *_: pytest.fail("a finished network learns again"))
    with undrawn():
        assert made(*command) == printed
    assert made("strings", "--plot-only", "--out", tmp_path) == printed
    assert matplotlib.image.imread(tmp_path / "strings.png").std() > 0.02
    # Other experiments find the swept network, and so do those who have it where earlier versions kept it.
    given = parse(EXPERIMENT, [*map(str, command[1:])])
    data = find_data(EXPERIMENT, given)
    setting = Setting(given, data, Store(given.runs), "another")
    sizes = Sizes.of(data.train, 1)
    (task,), _ = Agenda({"another": swept(setting, sizes)}).carry_out(resume=True)["another"]
    assert task.out == place
    old = tmp_path / "old"
    for method, there in (("sdnn", next(tmp_path.glob("runs/sdnn-seed1-*"))), ("sdnn eq. 17", place)):
        shutil.copytree(there, old / place_of(1, method))
    setting = Setting(given, data, Store(old), "another")
    (task,), _ = Agenda({"another": swept(setting, sizes)}).carry_out(resume=True)["another"]
    assert task.out.parent == old and checkpoint.load(task.out).history == checkpoint.load(place).history
    (training, *_) = [one for one in EXPERIMENT.trainings(record) if one.label == "sdnn"]
    _, passes = Recorded("strings", training).again(None)
    monkeypatch.undo()
    assert next(passes)[DIGEST] == one["networks"]["sdnn eq. 17"]["strings"]["from"]


def test_choices_of_training_change_one_thing_at_a_time():
    found = choosing.ways()
    assert (found[0].name, found[0].choices, found[0].layout) == (choices.PLAIN, Choices(), IMAGES)
    assert len({each.place for each in found}) == len(found)
    firsts = {(each.choices.j, each.choices.noise, each.layout) for each in found}
    assert len({each.first for each in found}) == len(firsts), "each is learned once"
    for each in found[1:]:
        changed = [key for tried, usual in ((each.choices, Choices()), (each.layout, IMAGES))
                   for key, value in vars(tried).items() if value != getattr(usual, key)]  # fmt: skip
        assert changed == [each.name.split(" ")[0]]


def test_choices_of_training_from_start_to_table(tmp_path, monkeypatch):
    """Each candidate is trained and read; what is done is taken when the experiment goes on."""
    for tried, kept_ones in ((choosing.TAUGHT, {"etas"}), (choosing.LAID_OUT, {"overlap"})):
        for key in set(tried) - kept_ones:
            monkeypatch.delitem(tried, key)
    command = ("strings.choosing", *FEW, "--out", tmp_path, "--runs", tmp_path / "runs")
    said = made(*command)
    record = json.loads((tmp_path / "strings_choosing.json").read_text())
    names = [each.name for each in choosing.ways()]
    assert list(record["runs"][0]["errors"]) == names and len(names) == 4 and record["commit"]
    assert record["runs"][0]["seconds"] > 0 and record["sizes"]["passes"] == 1
    assert all(f"| {name} |" in said for name in names)
    assert len(list(tmp_path.glob("runs/sdnn-seed1-*"))) == 2, "three candidates begin with the same network"
    monkeypatch.setattr(StringTrainer, "learn", lambda *_: pytest.fail("a finished network learns again"))
    assert made(*command) == said


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
        place = tmp_path / "runs" / "strings" / f"seed{network.history['seed']}" / OLD / checkpoint.CHECKPOINT
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


def test_networks_in_the_store_are_found_and_those_of_choices_left_out(tmp_path):
    other = learned(2, 0.1)
    other.history["data"]["name"] = "mnist validation sdnn"
    for number, one in enumerate((learned(1, 0.6), other)):
        place = tmp_path / f"strings-{number:010x}"
        checkpoint.save(place / checkpoint.CHECKPOINT, one)
        (place / "history.json").write_text(json.dumps(one.history))
    assert [one.history["seed"] for one in kept.candidates(tmp_path)] == [1]


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


def test_distances_from_the_code_of_the_label(monkeypatch):
    """With all states of F6 at 1.2: cut at 1, a unit of the code at -1 is 2 away and one at 1 is not."""
    network, digits = LeNet5(Recipe()), load("synthetic", train_size=50, test_size=50)
    views = network.parameters.named(network.parameters.values)
    views["F6.weight"][...], views["F6.bias"][...] = 0, 1.5 * np.arctanh(1.2 / A)
    monkeypatch.setattr(code_distances, "trained", lambda task: (network, None))
    task = Task(Path(), Recipe(), 1, Given(digits))
    found, codes = code_distances.distances(task), digit_codes()[digits.test.labels]
    below = (codes < 0).sum(axis=1)
    quantiles = np.quantile(4.0 * below, code_distances.SHARES)
    np.testing.assert_allclose(found[code_distances.CLAMPED], quantiles, rtol=1e-5)
    as_it_is = np.quantile(2.2**2 * below + 0.2**2 * (84 - below), code_distances.SHARES)
    np.testing.assert_allclose(found[code_distances.DISTANCES], as_it_is, rtol=1e-4)


def test_without_networks_for_strings_the_experiment_is_named(tmp_path, monkeypatch):
    with pytest.raises(LeNetError, match="python -m experiments.strings"):
        keep(tmp_path, monkeypatch)


def test_penalties_of_segments_from_start_to_table(tmp_path):
    printed = made("strings.segment_penalties", *FEW, "--out", tmp_path, "--runs", tmp_path / "runs")
    record = json.loads(next(tmp_path.glob("segment_penalties*.json")).read_text())
    ways = [(entry["method"], entry["arm"]) for entry in record["entries"]]
    arms = [segment_penalties.PLAIN, segment_penalties.PENALTY, segment_penalties.ALONE, segment_penalties.RUBBISH]
    by_segments = (segment_penalties.ISOLATED, segment_penalties.HOS)
    swept_ones = [(segment_penalties.SWEPT, arm) for arm in (arms[0], arms[3])]
    assert ways == [(method, arm) for method in by_segments for arm in arms] + swept_ones
    assert len({len(entry["right"]) for entry in record["entries"]}) == 1
    counts = {each: entry["right"].count("1") for each, entry in zip(ways, record["entries"], strict=True)}
    assert counts[swept_ones[0]] == counts[swept_ones[1]] > 0, "what every path has changes no answer"
    assert made("strings.segment_penalties", "--plot-only", "--out", tmp_path) == printed


def test_claims_about_training_on_strings_from_start_to_table(tmp_path):
    printed = made("strings.claims", *FEW, "--out", tmp_path, "--runs", tmp_path / "runs")
    record = json.loads((tmp_path / "strings_claims.json").read_text())
    found = {entry["arm"]: entry for entry in record["entries"]}
    assert list(found) == [arm.name for arm in claims.ARMS]
    own = {arm.equation: found[arm.name] for arm in claims.ARMS if arm.centres == "learn"}
    alone = [own[equation]["spread"] for equation in ("eq. 11", "eq. 13")]
    assert max(alone) < own["eq. 17"]["spread"], "without competition centres approach each other"
    assert [entry["j"] != arm.j for arm, entry in zip(claims.ARMS, found.values(), strict=True)] == [
        arm.blank == "learns" for arm in claims.ARMS
    ]
    words = [each["words"] for each in found[claims.ARMS[0].name]["lexica"]]
    assert words == 2 * [0, *claims.LEXICA]
    assert made("strings.claims", "--plot-only", "--out", tmp_path) == printed


def test_a_blank_follows_the_derivative_of_the_loss():
    y, step = np.random.default_rng(1).random((7, 10)) * 9, 1e-3
    blank = claims.Blank(4.0, step)
    blank(None, y, [3, 1])
    above, below = (CRITERIA["discriminative_forward"](SDNN(j), y, [3, 1]).value for j in (4.001, 3.999))
    assert blank.j == pytest.approx(4 - step * (above - below) / 0.002, abs=1e-9)


def test_the_best_word_of_a_lexicon_is_the_cheapest_of_its_paths():
    rng = np.random.default_rng(2)
    graph = Segments(np.array([0, 0, 1, 1, 2]), np.array([1, 2, 2, 3, 3]), np.zeros((5, 2)), np.zeros((5, 32, 32)))
    y, words = rng.random((5, 10)), rng.integers(0, 10, (40, 2))
    costs = [viterbi(graph.constrained(y, word.tolist()).graph).penalty for word in words]
    assert claims.best_word(graph, y, words) == words[np.argmin(costs)].tolist()
    lexicon = claims.lexicon([[0, 7], [3, 1], [0, 7]], 50)
    assert len(np.unique(lexicon, axis=0)) == 50 and {(0, 7), (3, 1)} <= set(map(tuple, lexicon.tolist()))


def test_digits_are_found_where_they_are():
    posteriors = np.zeros((20, 20, 10))
    posteriors[3, 4, 7], posteriors[4, 4, 7], posteriors[15, 18, 2], posteriors[9, 9, 1] = 0.9, 0.8, 0.6, 0.4
    assert plane.found_in(posteriors).tolist() == [[22, 32, 7], [46, 88, 2]]
    digits = load("synthetic", train_size=50, test_size=50).test
    image, centres, labels = plane.plane(digits, np.random.default_rng(1))
    for centre, label in zip(centres, labels, strict=True):
        row, column = centre
        shown = image[row - 14 : row + 14, column - 14 : column + 14]
        assert any((np.maximum(own, shown) == shown).all() for own in digits.images[digits.labels == label])


def test_planes_from_start_to_table(tmp_path):
    printed = made("strings.plane", "--quick", "--data", "synthetic", "--quiet", "--out", tmp_path, "--runs", tmp_path)
    record = json.loads((tmp_path / "strings_plane.json").read_text())
    assert [entry["digits"] for entry in record["entries"]] == [5 * plane.DIGITS] * 4
    assert max(entry["right"] for entry in record["entries"]) > 10
    assert made("strings.plane", "--plot-only", "--out", tmp_path) == printed

"""The networks that come with the package: how they are chosen, that they are what was chosen, and that they answer."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imsave

from experiments import pretrained as choice
from experiments import pretrained_passes as passes_kept
from lenet1998 import engines, pretrained
from lenet1998.data import load
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.recipe import Recipe, preset
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.training import RECORD, Trainer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KEPT = Path(pretrained.__file__).parent


def history(name: str, seed: int, train: float, loss: float = 0.1, test: float = 1.0, passes: int = 20) -> dict:
    last = {"train_error_percent": train, "train_loss": loss, "test_error_percent": test}
    records = [dict.fromkeys(RECORD, 9.0) | {"pass": number} for number in range(1, passes + 1)]
    one = {
        "recipe": choice.SOURCES[name][1].as_dict(),
        "seed": seed,
        "engine": "numba",
        "commit": COMMIT,
        "data": {"name": "mnist", "train_size": 60_000, "test_size": 10_000},
        "passes": [*records[:-1], records[-1] | last],
    }
    return json.loads(json.dumps(one))


def values(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=60_000).astype(np.float32)


def put(runs: Path, name: str, one: dict) -> Path:
    path = runs / choice.SOURCES[name][0] / f"seed{one['seed']}" / "checkpoint.npz"
    checkpoints.save(path, Checkpoint(values(one["seed"]), one))
    path.with_name("history.json").write_text(json.dumps(one))
    return path


@pytest.fixture
def runs(tmp_path) -> Path:
    """Three runs of each kind: the first tests best, the second trains worst, the last has the lower loss of two."""
    for name in choice.SOURCES:
        for seed, train, loss, test in ((1, 0.4, 0.3, 0.5), (2, 0.5, 0.1, 1.0), (10, 0.4, 0.2, 3.0)):
            put(tmp_path / "runs", name, history(name, seed, train, loss, test))
    return tmp_path / "runs"


@pytest.fixture
def choose(tmp_path, monkeypatch):
    """Runs the experiment, which writes into a folder that then stands for the package's own."""
    folder = tmp_path / "kept"
    monkeypatch.setattr(pretrained, "FOLDER", folder)

    def main(runs: Path) -> Path:
        monkeypatch.setattr("sys.argv", ["pretrained", "--runs", str(runs), "--out", str(folder)])
        choice.main()
        return folder

    return main


def test_the_lowest_training_error_is_kept_whatever_the_test_error(runs, choose):
    folder = choose(runs)
    cards = json.loads((folder / pretrained.CARDS).read_text())
    assert set(cards) == set(choice.SOURCES) == set(pretrained.NAMES) - {pretrained.STRINGS}
    for name, card in cards.items():
        kept = pretrained.load(name)
        np.testing.assert_array_equal(kept.values, values(10))
        assert kept.history == history(name, 10, 0.4, 0.2, 3.0)
        assert (card["seed"], card["test_error_percent"], card["commit"]) == (10, 3.0, COMMIT)
        assert card["recipe"] == kept.history["recipe"]
        assert card["sha256"] == pretrained.digest(values(10))
        assert "seeds 1, 2, 10 " in card["chosen"]
        assert (folder / f"{name}.npz").stat().st_size < 300_000


WRONG = {
    "19 passes": lambda one: one["passes"].pop(),
    "21 passes": lambda one: one["passes"].append(one["passes"][-1] | {"pass": 21}),
    "changed files": lambda one: one.update(commit=f"{COMMIT}+"),
    "no commit": lambda one: one.update(commit=None),
    "a dirty end": lambda one: one.update(resumed=[{"after_pass": 3, "commit": f"{COMMIT}+"}]),
}


@pytest.mark.parametrize("name", choice.SOURCES)
@pytest.mark.parametrize("what", WRONG)
def test_a_run_that_is_not_whole_or_has_no_commit_is_refused(runs, choose, what, name, tmp_path):
    one = history(name, 2, 0.5)  # not even the one that would be chosen: the others were then no fair choice
    WRONG[what](one)
    path = put(runs, name, one)
    with pytest.raises(LeNetError) as refusal:
        choose(runs)
    assert str(path) in str(refusal.value) and f"experiments.{choice.SOURCES[name][0]} --resume" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "kept").exists(), "both or none"


OTHER = {
    "fewer training patterns": lambda one: one["data"].update(train_size=50_000),
    "fewer test patterns": lambda one: one["data"].update(test_size=1000),
    "a validation set": lambda one: one["data"].update(name="mnist validation"),
    "another recipe": lambda one: one["recipe"].update(mu=0.1),
}


@pytest.mark.parametrize("what", OTHER)
def test_other_runs_in_the_same_place_are_not_looked_at(runs, choose, what):
    one = history("default", 3, 0.0)  # the lowest training error of all
    OTHER[what](one)
    put(runs, "default", one)
    assert json.loads((choose(runs) / pretrained.CARDS).read_text())["default"]["seed"] == 10


def test_without_runs_the_experiment_that_makes_them_is_named(runs, choose):
    shutil.rmtree(runs / "fig6_training_size")
    with pytest.raises(LeNetError, match="run python -m experiments.fig6_training_size"):
        choose(runs)


def drop(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("file", "harm", "reason"),
    [
        ("default.npz", drop, "came without its pretrained network 'default'"),
        ("default.npz", lambda path: path.write_bytes(b"damaged"), "not a whole checkpoint"),
        (
            "default.npz",
            lambda path: checkpoints.save(path, Checkpoint(values(1), history("default", 10, 0.4))),
            "is not the network that",
        ),
        (pretrained.CARDS, drop, "No such file"),
        (pretrained.CARDS, lambda path: path.write_text("{"), "does not describe"),
        (pretrained.CARDS, lambda path: path.write_text("[]"), "does not describe"),
        (pretrained.CARDS, lambda path: path.write_text('{"distorted": {"sha256": ""}}'), "does not describe"),
    ],
)
def test_what_is_not_what_was_kept_is_one_clear_line(runs, choose, capsys, prints, file, harm, reason):
    harm(choose(runs) / file)
    capsys.readouterr()
    with pytest.raises(CheckpointError, match=reason):
        pretrained.load("default")
    for command in (["evaluate"], ["evaluate", "default"], ["predict", "digit.png"]):
        (line,) = prints(*command, code=2).err.splitlines()
        assert reason in line and "lenet1998 train" in line


def test_predict_and_evaluate_say_which_network_answered(runs, choose, tmp_path, capsys, prints, monkeypatch):
    """Predictions are those of the network that was named: the default, another kept one, or a file."""
    monkeypatch.setattr(engines, "numba_works", lambda: False)  # compiling for a few digits takes longer than they do
    put(runs, "distorted", history("distorted", 3, 0.1, test=0.81))
    choose(runs)
    capsys.readouterr()
    digit = tmp_path / "digit.png"
    imsave(digit, synthetic_digits(1, 0, "test").images[0], cmap="gray", vmin=0, vmax=255)
    file = runs / "fig5_error_curves" / "seed1" / "checkpoint.npz"
    expected = {
        "default": ("default", 10, 3.0),
        "distorted": ("default, distorted", 3, 0.81),
        str(file): ("default", 1, 0.5),
    }
    small, distances = ["--data", "synthetic", "--test-size", "20"], {}
    for name, (recipe, seed, error) in expected.items():
        line = f"network: {name} (recipe {recipe}, seed {seed}, 20 passes over mnist, recorded test error {error:.2f}%)"
        assert prints("predict", "--checkpoint", name, digit).out.splitlines()[0] == line
        (answer,) = json.loads(prints("predict", "--checkpoint", name, digit, "--json").out)
        assert (answer["network"]["name"], answer["network"]["seed"]) == (name, seed)
        assert answer["network"]["recorded_test_error_percent"] == error
        distances[name] = answer["distances"]
        assert prints("evaluate", name, *small).out.splitlines()[0] == line
        assert json.loads(prints("evaluate", name, *small, "--json").out)["network"] == answer["network"]
    assert len({tuple(row) for row in distances.values()}) == 3
    assert prints("predict", digit).out == prints("predict", "--checkpoint", "default", digit).out
    assert prints("evaluate", *small).out == prints("evaluate", "default", *small).out


@pytest.mark.skipif(not (KEPT / pretrained.CARDS).exists(), reason="this copy has no pretrained networks")
@pytest.mark.skipif("LENET1998_DATA" not in os.environ, reason="needs MNIST: set LENET1998_DATA")
@pytest.mark.parametrize("name", choice.SOURCES)
def test_a_network_that_comes_with_the_package_has_its_recorded_test_error(name, prints):
    """Rounding differs from processor to processor and between the engines, and may turn a doubtful pattern or two."""
    given = json.loads(prints("evaluate", name, "--json").out)
    assert given["patterns"] == 10_000
    assert given["error_percent"] == pytest.approx(given["network"]["recorded_test_error_percent"], abs=0.03)
    card = json.loads((KEPT / pretrained.CARDS).read_text())[name]
    assert given["network"]["seed"] == card["seed"]
    assert not choice.refusal(pretrained.load(name).history)


@pytest.mark.parametrize("name", ["default", "modern"])
def test_networks_after_fewer_passes_are_those_of_one_run(name):
    """Before training as the seed has it, in the end as the packaged network: each weight rounded to 16 bits."""
    kept = pretrained.by_pass(name)
    card = json.loads((KEPT / pretrained.CARDS).read_text())[f"{name} by pass"]
    assert [passes for passes, *_ in kept] == list(passes_kept.PASSES) and not passes_kept.uncommitted(card)
    packaged = pretrained.load("default")
    assert card["seed"] == packaged.history["seed"] and preset(name) == Recipe.from_dict(card["recipe"])
    start = Trainer(preset(name), load("synthetic", train_size=1, test_size=1), card["seed"])
    ends = {0: start.network.parameters.values}
    if name == "default":
        ends[-1] = packaged.values
    for place, values in ends.items():
        np.testing.assert_array_equal(kept[place][2].parameters.values, values.astype(np.float16))


@pytest.mark.skipif("LENET1998_DATA" not in os.environ, reason="needs MNIST: set LENET1998_DATA")
def test_the_modern_network_has_its_recorded_test_error():
    _, error, network = pretrained.by_pass("modern")[-1]
    test = load("mnist").test
    wrong = network.forward(test.images).argmin(axis=1) != test.labels
    assert 100 * wrong.mean() == pytest.approx(error, abs=0.03)


def test_a_changed_file_of_passes_is_refused(tmp_path, monkeypatch):
    shutil.copytree(KEPT, tmp_path / "kept")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "kept")
    np.savez(tmp_path / "kept" / pretrained.BY_PASS, default=np.zeros((6, 60_000), np.float16))
    with pytest.raises(CheckpointError, match="does not hold the networks"):
        pretrained.by_pass("default")


def test_passes_that_differ_from_the_packaged_run_are_not_kept():
    """The digest of pass 1 is that of digits other than MNIST's."""
    data = load("synthetic", train_size=20, test_size=10)
    with pytest.raises(LeNetError, match="pass 1 of default has other parameters"):
        passes_kept.kept(Recipe(), data, 6, ["0" * 64])


def test_the_networks_are_kept_where_the_package_looks_for_them():
    assert choice.PACKAGE == KEPT and (KEPT / pretrained.CARDS).is_file()

"""The teaching systems, in miniature: recipes as published, splits, what is measured, and the table."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial

import matplotlib.image
import numpy as np
import pytest

from experiments.teaching import cat_lenet, cifar10_convnet, faithful_class, mlp_mnist, relu_lenet
from experiments.teaching import runs as teaching_runs
from experiments.teaching.report import as_pictures, table
from experiments.teaching.system import Arm, Source, System, decayed
from experiments.teaching.trace import trace
from lenet1998.data import load
from lenet1998.data.label_csv import read_csv
from lenet1998.errors import DataError, LeNetError, RecipeError
from lenet1998.evaluation import error_rate
from lenet1998.initialisation import initialise
from lenet1998.loss import make_loss
from lenet1998.networks import build
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.work import Task
from lenet1998.training import Trainer
from tests.data.test_cifar10 import folder, pickled

SCRIPTS = {
    "faithful_class": faithful_class,
    "relu_lenet": relu_lenet,
    "cat_lenet": cat_lenet,
    "mlp_mnist": mlp_mnist,
    "cifar10_convnet": cifar10_convnet,
}
QUICK = ["--quick", "--seeds", "1", "--engine", "numpy", "--quiet"]


@pytest.fixture
def places(tmp_path):
    """Options that name miniature data for each script."""
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(0)
    for stem, count in (("train", 10), ("test", 5)):
        with h5py.File(tmp_path / f"{stem}_catvnoncat.h5", "w") as file:
            file[f"{stem}_set_x"] = rng.integers(0, 256, (count, 64, 64, 3), np.uint8)
            file[f"{stem}_set_y"] = np.arange(count) % 2
    batches = {name: pickled(rng.integers(0, 256, (count, 3072), np.uint8), (np.arange(count) % 10).tolist())
               for name, count in (("data_batch_1", 10), ("test_batch", 5))}  # fmt: skip
    return {
        "faithful_class": ["--data", "synthetic"],
        "relu_lenet": ["--data", "synthetic"],
        "cat_lenet": ["--data-dir", str(tmp_path)],
        "mlp_mnist": ["--data", "synthetic"],
        "cifar10_convnet": ["--data-dir", str(folder(tmp_path / "batches", batches))],
    }


@pytest.fixture(autouse=True)
def few_synthetic_digits(monkeypatch):
    monkeypatch.setattr(teaching_runs.data, "load", lambda kind, place: load(kind, place, train_size=60, test_size=20))


def called(script, monkeypatch, capsys, *options) -> str:
    monkeypatch.setattr("sys.argv", [script.__name__, *map(str, options)])
    script.main()
    return capsys.readouterr().out


@pytest.mark.parametrize("name", SCRIPTS)
def test_from_start_to_figure(name, places, tmp_path, monkeypatch, capsys):
    out = ["--out", tmp_path / "out"]
    options = [*QUICK, *places[name], *out, "--runs", tmp_path / "runs"]
    printed = called(SCRIPTS[name], monkeypatch, capsys, *options)
    assert "A trial" in printed and f"python -m experiments.teaching.{name}" in printed
    path = tmp_path / "out" / f"{name}.json"
    results = json.loads(path.read_text())
    arms = [arm.recipe.name for arm in SCRIPTS[name].SYSTEM.arms]
    assert [run["recipe"]["name"] for run in results["runs"]] == arms
    for run in results["runs"]:
        assert len(run["curves"]["train_loss"]) == 2 and run["versions"] and run["data"]["digests"]
    others = {each for kind in ("filters", "trace") for each in path.parent.glob(f"*_{kind}.json")}
    traced = {arm.recipe.name for arm in SCRIPTS[name].SYSTEM.arms if arm.trace is not None}
    assert len(others) == bool(traced) + (name == "cifar10_convnet")
    if traced:
        of_arms = json.loads((tmp_path / "out" / f"{name}_trace.json").read_text())["traces"]
        assert set(of_arms) == traced
    pictures = {each.with_suffix(".png") for each in (path, *others)}
    for picture in pictures:
        assert matplotlib.image.imread(picture).std() > 0.02
        assert picture.with_suffix(".pdf").stat().st_size > 1000
        picture.unlink()
    # Nothing is trained again, and the data are not needed to draw.
    monkeypatch.setattr(Trainer, "run_pass", lambda *_: pytest.fail("a finished run is trained again"))
    assert called(SCRIPTS[name], monkeypatch, capsys, *options, "--resume") == printed
    assert json.loads(path.read_text()) == results
    again = called(SCRIPTS[name], monkeypatch, capsys, "--plot-only", *out, "--data-dir", tmp_path / "nowhere")
    assert again == printed.replace("A trial: nothing here can be compared with the published figures.\n", "")
    assert all(picture.exists() for picture in pictures)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit) as end:
        SCRIPTS[name].main()
    printed = capsys.readouterr().out
    assert end.value.code == 0
    assert all(
        option in printed for option in ("--data-dir", "--quick", "--resume", "--plot-only", "--jobs", "'published'")
    )


def test_a_search_never_sees_a_test_set(tmp_path, monkeypatch, capsys):
    never = partial(pytest.fail, "the test set is looked at")
    options = ["--search", "--data", "synthetic", *QUICK, "--out", tmp_path, "--runs", tmp_path / "runs"]
    monkeypatch.setattr(mlp_mnist, "SYSTEM", replace(mlp_mnist.SYSTEM, tests=never))
    printed = called(mlp_mnist, monkeypatch, capsys, *options)
    runs = json.loads((tmp_path / "mlp_mnist_search.json").read_text())["runs"]
    assert [set(run["measured"]) for run in runs] == [{"train", "validation"}] * len(mlp_mnist.CANDIDATES)
    assert all(f"{recipe.name}: validation accuracy" in printed for recipe in mlp_mnist.CANDIDATES)


def test_published_starts_and_schedules():
    def start(recipe):
        network = build(recipe)
        initialise(network, recipe, np.random.default_rng(0))
        return network.parameters.named(network.parameters.values)

    mlp = start(mlp_mnist.PUBLISHED)
    for layer, deviation in (("F1", 0.1), ("F2", math.sqrt(2 / 256)), ("Output", 0.1)):
        assert mlp[f"{layer}.weight"].std() == pytest.approx(deviation, rel=0.1)
    for recipe, deviation in (
        (relu_lenet.PUBLISHED, 0.001),
        (cifar10_convnet.PUBLISHED, 0.001),
    ):
        weights = start(recipe)
        assert all(
            view.std() == pytest.approx(deviation, rel=0.25) for name, view in weights.items() if "weight" in name
        )
        assert not any(view.any() for name, view in weights.items() if "bias" in name)
    cats = start(cat_lenet.PUBLISHED)
    assert all(0.1 < abs(view).max() <= 0.12 for name, view in cats.items() if "weight" in name)
    assert cats["C3.weight"].size == 60 * 81, "C3 has the connections of Table I"
    rate = relu_lenet.PUBLISHED.eta
    assert [rate(1), rate(11), rate(12), rate(13)] == pytest.approx([1e-3, 1e-3, 7.5e-4, 5.625e-4])
    rate = cifar10_convnet.PUBLISHED.eta
    assert [rate(1), rate(2), rate(10)] == pytest.approx([1e-3, 9.5e-4, 1e-3 * 0.95**9])
    assert decayed(1.0, 0.5, first=2, passes=3) == ((1, 1.0), (1, 0.5), (1, 0.25))


def test_deviations_of_single_layers():
    recipe = Recipe().override(["init_deviations=F6x0.5,C1x0"])
    assert recipe.init_deviations == (("F6", 0.5), ("C1", 0.0)) and Recipe.from_dict(recipe.as_dict()) == recipe
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe
    network, plain = build(recipe), build(recipe)
    initialise(network, recipe, np.random.default_rng(0))
    initialise(plain, Recipe(), np.random.default_rng(0))
    weights, others = (each.parameters.named(each.parameters.values) for each in (network, plain))
    assert weights["F6.weight"].std() == pytest.approx(0.5, rel=0.05) and not weights["C1.weight"].any()
    assert (weights["C3.weight"].max() == pytest.approx(others["C3.weight"].max(), rel=0.05)
            and weights["S2.coefficient"] == pytest.approx(others["S2.coefficient"]))  # fmt: skip
    with pytest.raises(RecipeError, match="no layer 'F7' has weights: choose C1 or C3"):
        initialise(network, Recipe(init_deviations=(("F7", 1.0),)), np.random.default_rng(0))
    for wrong in ("init_deviations=F6", "init_deviations=F6xmuch", "init_deviations=F6x-1", "init_deviations=F6xnan"):
        with pytest.raises(RecipeError, match="LAYERxNUMBER|0 or more"):
            Recipe().override([wrong])


def numbered(count: int) -> DataSet:
    """Patterns that can be told apart: pattern i has the two bytes of i, and test patterns those of 10,000 + i."""

    def patterns(first):
        number = np.arange(first, first + count)
        images = np.stack([number // 256, number % 256], axis=1).astype(np.uint8)[:, None]
        return Patterns(np.ascontiguousarray(images), (number % 10).astype(np.uint8))

    return DataSet("numbered", patterns(0), patterns(10_000), "made here")


def numbers(patterns: Patterns) -> list[int]:
    return (patterns.images[:, 0, 0].astype(int) * 256 + patterns.images[:, 0, 1]).tolist()


def test_splits():
    published = relu_lenet.SYSTEM.arms[0]
    split = Source(partial(numbered, 2000), published).load()
    assert numbers(split.train) == list(range(1500)) and numbers(split.test) == list(range(1500, 2000))
    cats = Source(partial(numbered, 209), cat_lenet.SYSTEM.arms[0]).load()
    assert numbers(cats.train) == list(range(209)) and numbers(cats.test)[0] == 10_000
    few = Source(partial(numbered, 7000), cifar10_convnet.SYSTEM.arms[2]).load()
    assert numbers(few.train) == list(range(500)) and numbers(few.test) == list(range(6950, 7000))
    table = Source(partial(numbered, 42_000), mlp_mnist.SYSTEM.arms[0]).load()
    shuffled = np.random.RandomState(42).permutation(42_000)  # as train_test_split has it, the held out first
    assert numbers(table.test) == shuffled[:4200].tolist() and numbers(table.train) == shuffled[4200:34_200].tolist()
    folded = replace(cat_lenet.CANDIDATES and cat_lenet.SYSTEM.candidates[0], validation=41)
    folds = [Source(partial(numbered, 209), folded, rotation=41 * fold).load() for fold in range(5)]
    held_out = [number for fold in folds for number in numbers(fold.test)]
    assert len(set(held_out)) == 5 * 41
    for fold in folds:
        assert sorted(numbers(fold.train) + numbers(fold.test)) == list(range(209))
        assert all(
            int(label) == number % 10 for label, number in zip(fold.train.labels, numbers(fold.train), strict=True)
        )


def test_the_best_weights_are_measured(tmp_path, monkeypatch):
    """The validation error rises again after the rate has been far too large, so the best pass is not the last."""
    digits = load("synthetic", train_size=120, test_size=40)
    recipe = replace(relu_lenet.OURS, schedule=((3, 0.003), (2, 0.1)), batch=10)
    system = System("relu_lenet", "", (Arm(recipe, 5, validation=30, published={"test": 97.56}),), (), fold=30)
    arguments = teaching_runs.options(system, "").parse_args([*QUICK, "--passes", "5"])
    arguments.out = arguments.runs = tmp_path
    (run,) = teaching_runs.perform(system, arguments, lambda: digits)
    errors = run["curves"]["test_error_percent"]
    assert 1 <= run["kept_pass"] <= 3 and errors[-1] > min(errors)
    measured = run["measured"]
    assert measured["validation"]["error_percent"] == pytest.approx(min(errors), rel=1e-5)
    assert measured["validation, last weights"]["error_percent"] == pytest.approx(errors[-1], rel=1e-5)
    best = checkpoints.load(tmp_path / "relu_lenet" / "ours" / "seed1" / "best.npz").network()
    found = error_rate(NumpyEngine(best, make_loss(recipe)), digits.test).error_percent
    assert measured["test"]["error_percent"] == found != measured["test, last weights"]["error_percent"]


def test_a_trace_is_of_the_same_run(tmp_path):
    """Batches of 7 of 60 patterns, the last not full: their means add up to the pass's, and not a bit is changed."""
    digits = load("synthetic", train_size=60, test_size=20)
    recipe = replace(relu_lenet.OURS, batch=7)
    task = Task(tmp_path / "run", recipe, 3, Source(lambda: digits, Arm(recipe, 2)), 2, "numpy")
    for every, sizes in ((0, [*[7] * 8, 4]), (14, [*[14] * 4, 4])):
        found = trace(task, every)
        trainer = Trainer(recipe, digits, seed=3, engine="numpy")
        records = [trainer.run_pass() for _ in range(2)]
        assert found["parameters_sha256"] == trainer.network.parameters.digest()
        assert found["patterns"] == 2 * sizes
        for key, whole in (("loss", "train_loss"), ("error_percent", "train_error_percent")):
            by_pass = np.reshape(found[key], (2, -1)) @ sizes / 60
            assert by_pass == pytest.approx([record[whole] for record in records], rel=1e-3)


def test_only_keeps_the_other_arms(tmp_path, monkeypatch, capsys):
    where = [*QUICK, "--data", "synthetic", "--out", tmp_path, "--runs", tmp_path / "runs"]
    called(relu_lenet, monkeypatch, capsys, *where)
    before = json.loads((tmp_path / "relu_lenet.json").read_text())["runs"]
    called(relu_lenet, monkeypatch, capsys, *where, "--only", "published", "--resume")
    after = json.loads((tmp_path / "relu_lenet.json").read_text())["runs"]
    assert sorted(run["recipe"]["name"] for run in after) == ["ours", "published"]
    assert [run for run in after if run["recipe"]["name"] == "ours"] == before[1:]


def recorded_runs(directory, errors, patterns):
    measured = [
        {"test": {"error_percent": 100 * wrong / patterns, "errors": wrong, "patterns": patterns}} for wrong in errors
    ]
    runs = [{"recipe": {"name": "ours"}, "seconds": 60.4, "measured": each} for each in measured]
    (directory / "relu_lenet.json").write_text(json.dumps({"runs": runs}))


def test_the_table(tmp_path):
    recorded_runs(tmp_path, [100, 120, 140], 10_000)
    (line,) = table([relu_lenet.SYSTEM], tmp_path).splitlines()[2:]
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells[1:4] == ["97.56%", "98.80% (98.60 to 99.00)", "60 s (published: not given)"]
    recorded_runs(tmp_path, [10, 12, 14], 50)
    assert "76.00% (72.00 to 80.00); 50 patterns, Wilson 63 to 86" in table([relu_lenet.SYSTEM], tmp_path)
    with pytest.raises(LeNetError, match="without --plot-only"):
        table([cat_lenet.SYSTEM], tmp_path)


def test_eight_cats_are_drawn_beside_the_runs(places, tmp_path, monkeypatch, capsys):
    where = ["--out", tmp_path / "out", "--runs", tmp_path / "runs", *places["cat_lenet"]]
    called(cat_lenet, monkeypatch, capsys, *QUICK, "--only", "published", *where)
    assert matplotlib.image.imread(tmp_path / "runs" / "cat_lenet" / "eight.png").std() > 0.05
    assert not list((tmp_path / "out").glob("*eight*")), "photographs are no results"


def test_cats_say_what_a_choice_on_the_test_set_is_worth():
    run = {"curves": {"test_error_percent": [40.0, 20.0, 30.0]},
           "measured": {"test": {"error_percent": 30.0, "errors": 15, "patterns": 50}}}  # fmt: skip
    first, second = cat_lenet.what_the_test_shows("ours", [run, run])
    assert "35 to 35 of 50" in first and "Wilson 56 to 81" in first
    assert "10.0 points higher" in second


def test_copies():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8), np.uint8)
    both = cifar10_convnet.mirrored(Patterns(images, np.array([4, 7], np.uint8)))
    assert (both.images[2:] == np.flip(images, axis=3)).all() and both.labels.tolist() == [4, 7, 4, 7]
    copies = cifar10_convnet.shifted(Patterns(images, np.array([4, 7], np.uint8)))
    assert len(copies) == 20 and (copies.images[:4] == both.images).all() and copies.labels.tolist() == [4, 7] * 10
    moved = {(-3, 0), (3, 0), (0, -3), (0, 3)}
    for start in range(4, 20, 4):
        (found,) = [by for by in moved if (np.roll(images, by, (2, 3))[:, :, 3:5, 3:5]
                                           == copies.images[start : start + 2, :, 3:5, 3:5]).all()]  # fmt: skip
        moved.remove(found)
    assert not moved


def test_filters_as_pictures():
    weights = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    pictures = as_pictures(weights)
    assert pictures.shape == (2, 4, 5, 3) and pictures.dtype == np.uint8
    assert all((picture.min(), picture.max()) == (0, 255) for picture in pictures)
    assert (pictures.argmax(axis=3) == weights.argmax(axis=1)).mean() > 0.9
    assert as_pictures(np.ones((1, 3, 2, 2))).max() == 0


def test_tables_of_digits(tmp_path, monkeypatch, capsys):
    path = tmp_path / "digits.csv"
    called(mlp_mnist, monkeypatch, capsys, "--data", "synthetic", "--write-csv", path)
    digits = load("synthetic", train_size=60, test_size=20).train
    assert (read_csv(path).images == digits.images).all()
    options = [*QUICK, "--csv", path, "--only", "ours", "--out", tmp_path / "out", "--runs", tmp_path]
    called(mlp_mnist, monkeypatch, capsys, *options)
    (run,) = json.loads((tmp_path / "out" / "mlp_mnist.json").read_text())["runs"]
    assert run["data"]["digests"] == {"rows": digits.digest()}
    assert set(run["measured"]) == {"train", "validation", "1,000 held-out rows"}


def test_what_is_missing_is_said(tmp_path, places, monkeypatch, capsys):
    for name, remedy in (("cat_lenet", "LENET1998_CATS"), ("cifar10_convnet", "lenet1998 data fetch cifar10")):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
        monkeypatch.delenv("LENET1998_CATS", raising=False)
        monkeypatch.delenv("LENET1998_CIFAR10", raising=False)
        with pytest.raises(DataError, match=remedy) as caught:
            called(SCRIPTS[name], monkeypatch, capsys, *QUICK, "--out", tmp_path)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="50,000"):
        called(cifar10_convnet, monkeypatch, capsys, *places["cifar10_convnet"], "--full", "--out", tmp_path)
    with pytest.raises(LeNetError, match="choose published or ours"):
        called(relu_lenet, monkeypatch, capsys, *QUICK, "--data", "synthetic", "--only", "theirs")

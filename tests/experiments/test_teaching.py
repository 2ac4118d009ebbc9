"""The teaching systems, in miniature: recipes as published, splits, what is measured, and the table."""

import copy
import hashlib
import json
import math
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from experiments.machinery.check import Recorded
from experiments.machinery.main import run
from experiments.machinery.options import find_data, parse
from experiments.machinery.record import published
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store
from experiments.teaching import cat_lenet, cifar10_convnet, faithful_class, mlp_mnist, relu_lenet, report
from experiments.teaching import system as teaching_system
from experiments.teaching.report import as_pictures, comparable
from experiments.teaching.runs import declared, tasks
from experiments.teaching.system import Arm, Source, System, decayed
from experiments.teaching.trace import trace
from lenet1998.data import cats, cifar10, load
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
from lenet1998.running import work
from lenet1998.running.run import run as train
from lenet1998.running.work import DataChoice, Task
from lenet1998.training import DIGEST, Trainer
from tests.data.test_cifar10 import folder, pickled
from tests.programs import experiment, made, undrawn

SCRIPTS = {
    "faithful_class": faithful_class,
    "relu_lenet": relu_lenet,
    "cat_lenet": cat_lenet,
    "mlp_mnist": mlp_mnist,
    "cifar10_convnet": cifar10_convnet,
}
TITLES = {"title": "one", "question": "what?"}
QUICK = ["--quick", "--seeds", "1", "--engine", "numpy", "--quiet"]


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Options that name miniature data for each script, which are taken for those of the records."""
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(0)
    for stem, count in (("train", 10), ("test", 5)):
        with h5py.File(tmp_path / f"{stem}_catvnoncat.h5", "w") as file:
            file[f"{stem}_set_x"] = rng.integers(0, 256, (count, 64, 64, 3), np.uint8)
            file[f"{stem}_set_y"] = np.arange(count) % 2
        digest = hashlib.sha256((tmp_path / f"{stem}_catvnoncat.h5").read_bytes()).hexdigest()
        monkeypatch.setitem(cats.FILES, f"{stem}_catvnoncat.h5", digest)
    batches = {name: pickled(rng.integers(0, 256, (count, 3072), np.uint8), (np.arange(count) % 10).tolist())
               for name, count in (("data_batch_1", 10), ("test_batch", 5))}  # fmt: skip
    known = {name: hashlib.sha256(body).hexdigest() for name, body in batches.items()}
    monkeypatch.setattr(cifar10, "CUT_DOWN", known)
    return {
        "faithful_class": ["--data", "synthetic"],
        "relu_lenet": ["--data", "synthetic"],
        "cat_lenet": ["--data-dir", str(tmp_path)],
        "mlp_mnist": ["--data", "synthetic"],
        "cifar10_convnet": ["--data-dir", str(folder(tmp_path / "batches", batches))],
    }


@pytest.fixture(autouse=True)
def few_synthetic_digits(monkeypatch):
    monkeypatch.setattr(teaching_system, "load", lambda kind, place: load(kind, place, train_size=60, test_size=20))


def recorded(path: Path) -> list[dict]:
    return json.loads(path.read_text())["runs"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_from_start_to_figure(name, places, tmp_path, monkeypatch):
    out = ["--out", tmp_path / "out"]
    options = [*QUICK, *places[name], *out, "--runs", tmp_path / "runs"]
    with undrawn():
        printed = made(f"teaching.{name}", *options)
    assert "A trial" in printed and "Published" not in printed and "published (%)" not in printed
    path = tmp_path / "out" / f"{name}.json"
    results = recorded(path)
    arms = [arm.recipe.name for arm in SCRIPTS[name].SYSTEM.arms]
    assert [run["recipe"]["name"] for run in results] == arms
    for one in results:
        assert len(one["curves"]["train_loss"]) == 2 and one["versions"] and one["data"]["digests"]
    others = {each for kind in ("filters", "trace") for each in path.parent.glob(f"*_{kind}.json")}
    traced = {arm.recipe.name for arm in SCRIPTS[name].SYSTEM.arms if arm.trace is not None}
    assert len(others) == bool(traced) + (name == "cifar10_convnet")
    if traced:
        of_arms = json.loads((tmp_path / "out" / f"{name}_trace.json").read_text())["traces"]
        assert set(of_arms) == traced
    # Nothing is trained again, and the data are not needed to draw.
    monkeypatch.setattr(Trainer, "run_pass", lambda *_: pytest.fail("a finished run is trained again"))
    with undrawn():
        assert made(f"teaching.{name}", *options) == printed
    assert recorded(path) == results
    with undrawn() if name != "cifar10_convnet" else nullcontext():  # which has every kind of figure
        assert made(f"teaching.{name}", "--plot-only", *out, "--data-dir", tmp_path / "nowhere") == printed
    for each in (path, *others):
        assert each.with_suffix(".png").exists() and each.with_suffix(".pdf").exists()
        if name == "cifar10_convnet":
            assert matplotlib.image.imread(each.with_suffix(".png")).std() > 0.02
            assert each.with_suffix(".pdf").stat().st_size > 1000


@pytest.mark.parametrize("name", SCRIPTS)
def test_published_figures_stand_beside_what_is_done_as_they_were(name):
    """They do on record, and do not when the last run was another."""
    system, record = SCRIPTS[name].SYSTEM, published(name)
    assert comparable(system, record)
    for harm in (
        lambda run: run["data"].update(name="letters"),
        lambda run: run["protocol"].update(train_size=100),
        lambda run: run["recipe"].update(momentum=0.5),
        lambda run: run["curves"]["eta"].pop(),
    ):
        other = copy.deepcopy(record)
        harm(other["runs"][-1])
        assert not comparable(system, other)


@pytest.mark.usefixtures("undrawn")
def test_a_search_never_sees_a_test_set(tmp_path, capsys):
    never = partial(pytest.fail, "the test set is looked at")
    searched = declared("experiments.teaching.mlp_mnist", replace(mlp_mnist.SYSTEM, tests=never),
                        options=mlp_mnist.options, **TITLES)  # fmt: skip
    options = ["--search", "--data", "synthetic", *QUICK, "--out", tmp_path, "--runs", tmp_path / "runs"]
    run(searched, list(map(str, options)))
    runs = recorded(tmp_path / "mlp_mnist_search.json")
    assert [set(one["measured"]) for one in runs] == [{"train", "validation"}] * len(mlp_mnist.CANDIDATES)
    printed = capsys.readouterr().out
    assert all(f"| {recipe.name} |" in printed for recipe in mlp_mnist.CANDIDATES)


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
    cat = start(cat_lenet.PUBLISHED)
    assert all(0.1 < abs(view).max() <= 0.12 for name, view in cat.items() if "weight" in name)
    assert cat["C3.weight"].size == 60 * 81, "C3 has the connections of Table I"
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


def source(count: int, arm: Arm, **more: int) -> Source:
    return Source(numbered, (count,), arm, **more)


def test_splits():
    split = source(2000, relu_lenet.SYSTEM.arms[0]).load()
    assert numbers(split.train) == list(range(1500)) and numbers(split.test) == list(range(1500, 2000))
    whole = source(209, cat_lenet.SYSTEM.arms[0]).load()
    assert numbers(whole.train) == list(range(209)) and numbers(whole.test)[0] == 10_000
    few = source(7000, cifar10_convnet.SYSTEM.arms[2]).load()
    assert numbers(few.train) == list(range(500)) and numbers(few.test) == list(range(6950, 7000))
    table = source(42_000, mlp_mnist.SYSTEM.arms[0]).load()
    shuffled = np.random.RandomState(42).permutation(42_000)  # as train_test_split has it, the held out first
    assert numbers(table.test) == shuffled[:4200].tolist() and numbers(table.train) == shuffled[4200:34_200].tolist()
    folded = replace(cat_lenet.CANDIDATES and cat_lenet.SYSTEM.candidates[0], validation=41)
    folds = [source(209, folded, rotation=41 * fold).load() for fold in range(5)]
    held_out = [number for fold in folds for number in numbers(fold.test)]
    assert len(set(held_out)) == 5 * 41
    for fold in folds:
        assert sorted(numbers(fold.train) + numbers(fold.test)) == list(range(209))
        assert all(
            int(label) == number % 10 for label, number in zip(fold.train.labels, numbers(fold.train), strict=True)
        )


@pytest.mark.usefixtures("undrawn")
def test_the_best_weights_are_measured_and_the_run_can_be_checked(tmp_path, monkeypatch):
    """The validation error rises again after the rate has been far too large, so the best pass is not the last."""
    digits = load("synthetic", train_size=120, test_size=40)
    monkeypatch.setattr(teaching_system, "load", lambda *_: digits)
    recipe = replace(relu_lenet.OURS, schedule=((3, 0.003), (2, 0.1)), batch=10)
    system = System("relu_lenet", "", (Arm(recipe, 5, validation=24, split_seed=1, published={"test": 97.56}),))
    declaration = declared("experiments.teaching.relu_lenet", system, **TITLES)
    run(declaration, ["--seeds", "1", "--engine", "numpy", "--data", "synthetic",
                      "--out", str(tmp_path), "--runs", str(tmp_path / "runs")])  # fmt: skip
    (one,) = recorded(tmp_path / "relu_lenet.json")
    errors = one["curves"]["test_error_percent"]
    assert 1 <= one["kept_pass"] <= 3 and errors[-1] > min(errors)
    measured = one["measured"]
    assert measured["validation"]["error_percent"] == pytest.approx(min(errors), rel=1e-5)
    assert measured["validation, last weights"]["error_percent"] == pytest.approx(errors[-1], rel=1e-5)
    (place,) = (tmp_path / "runs").iterdir()
    best = checkpoints.load(place / "best.npz").network()
    found = error_rate(NumpyEngine(best, make_loss(recipe)), digits.test).error_percent
    assert measured["test"]["error_percent"] == found != measured["test, last weights"]["error_percent"]
    (training,) = declaration.trainings({"experiment": "relu_lenet", "runs": [one]})
    _, passes = Recorded("relu_lenet", training).again(None)
    assert next(passes)[DIGEST] == one["first"][DIGEST]


def asked(name: str, tmp_path: Path, *options: str) -> Setting:
    given = parse(SCRIPTS[name].EXPERIMENT, [*options, "--out", str(tmp_path), "--runs", str(tmp_path)])
    return Setting(given, find_data(SCRIPTS[name].EXPERIMENT, given), Store(tmp_path), name)


def test_what_other_experiments_train_too_is_shared_with_them(tmp_path, monkeypatch):
    """The last arm of the ladder is a run of Figure 5; one that stops sooner is a run of its own."""
    monkeypatch.setattr(work, "load", lambda kind, *_, **how: load(kind, train_size=60, test_size=20))
    found = tasks(faithful_class.SYSTEM, asked("faithful_class", tmp_path, "--data", "synthetic", "--seeds", "1"))
    figure_5 = Store(tmp_path).task(Recipe(), 1, DataChoice("synthetic"))
    shared = found["+ 20 passes = ours", 1]
    assert (shared.out.name[-10:], shared.passes) == (figure_5.out.name[-10:], 20)
    assert found["+ equation 9", 1].recipe.as_dict() | {"name": "default"} == figure_5.recipe.as_dict()
    assert found["+ equation 9", 1].out.name[-10:] != figure_5.out.name[-10:]


def test_runs_of_earlier_versions_are_taken(tmp_path):
    """From directories that were named after system, arm and seed, if their record is of the same run."""
    setting = asked("mlp_mnist", tmp_path, *QUICK, "--data", "synthetic")
    new = tasks(mlp_mnist.SYSTEM, setting)["published", 1]
    earlier = tmp_path / "mlp_mnist" / "published" / "seed1"
    train(earlier, new.recipe, new.data.load(), passes=2, engine="numpy")
    setting = asked("mlp_mnist", tmp_path, *QUICK, "--data", "synthetic")
    assert tasks(mlp_mnist.SYSTEM, setting)["published", 1].out == earlier != new.out
    other = asked("mlp_mnist", tmp_path, *QUICK, "--data", "synthetic", "--set", "momentum=0.5")
    assert tasks(mlp_mnist.SYSTEM, other)["published", 1].out != earlier


def test_a_trace_is_of_the_same_run(tmp_path):
    """Batches of 7 of 60 patterns, the last not full: their means add up to the pass's, and not a bit is changed."""
    digits = load("synthetic", train_size=60, test_size=20)
    recipe = replace(relu_lenet.OURS, batch=7)
    task = Task(tmp_path / "run", recipe, 3, Source(lambda: digits, (), Arm(recipe, 2)), 2, "numpy")
    for every, sizes in ((0, [*[7] * 8, 4]), (14, [*[14] * 4, 4])):
        found = trace(tmp_path, None, None, task, every)
        trainer = Trainer(recipe, digits, seed=3, engine="numpy")
        records = [trainer.run_pass() for _ in range(2)]
        assert found["parameters_sha256"] == trainer.network.parameters.digest()
        assert found["patterns"] == 2 * sizes
        for key, whole in (("loss", "train_loss"), ("error_percent", "train_error_percent")):
            by_pass = np.reshape(found[key], (2, -1)) @ sizes / 60
            assert by_pass == pytest.approx([record[whole] for record in records], rel=1e-3)


@pytest.mark.usefixtures("undrawn")
def test_only_keeps_the_other_arms(tmp_path):
    where = [*QUICK, "--data", "synthetic", "--out", tmp_path, "--runs", tmp_path / "runs"]
    made("teaching.relu_lenet", *where)
    before = recorded(tmp_path / "relu_lenet.json")
    made("teaching.relu_lenet", *where, "--only", "published", "--seeds", "2")
    after = recorded(tmp_path / "relu_lenet.json")
    assert [(one["recipe"]["name"], one["seed"]) for one in after] == [("published", 1), ("published", 2), ("ours", 1)]
    assert after[2] == before[1]
    with pytest.raises(LeNetError, match="no arm of ReLU LeNet, MNIST is left"):
        run(relu_lenet.EXPERIMENT, [*map(str, where), "--only", "no L2"])


def of_test_errors(errors: list[int], patterns: int) -> dict:
    tests = [{"error_percent": 100 * wrong / patterns, "errors": wrong, "patterns": patterns} for wrong in errors]
    runs = [{"recipe": {"name": "ours"}, "seed": seed, "seconds": 60.4, "measured": {"test": each}}
            for seed, each in enumerate(tests, 1)]  # fmt: skip
    return {"experiment": "relu_lenet", "runs": runs}


def test_the_table(monkeypatch):
    monkeypatch.setattr(report, "comparable", lambda *_: True)
    (table, *_) = report.tables(relu_lenet.SYSTEM, of_test_errors([100, 120, 140], 10_000))
    shown = [column.shown(cell) for column, cell in zip(table.columns, table.rows[0], strict=True)]
    assert shown == ["ours", "test", "10,000", "97.56", "98.80 (98.60 to 99.00)", "60"]
    (table, *_) = report.tables(relu_lenet.SYSTEM, of_test_errors([10, 12, 14], 50))
    shown = [column.shown(cell) for column, cell in zip(table.columns, table.rows[0], strict=True)]
    assert shown[4:6] == ["76.00 (72.00 to 80.00)", "76.00 (62.59 to 85.70)"]


def test_eight_cats_are_drawn_beside_the_runs(places, tmp_path):
    where = ["--out", tmp_path / "out", "--runs", tmp_path / "runs", *places["cat_lenet"]]
    made("teaching.cat_lenet", *QUICK, "--only", "published", *where)
    assert matplotlib.image.imread(tmp_path / "runs" / "cat_lenet" / "eight.png").std() > 0.05
    assert not list((tmp_path / "out").glob("*eight*")), "photographs are no results"


def test_cats_say_what_a_choice_on_the_test_set_is_worth():
    record = of_test_errors([15, 20], 50)
    for one in record["runs"]:
        one["curves"] = {"test_error_percent": [40.0, 20.0, 30.0]}
    assert cat_lenet.tested(record).rows == (("ours", 50, 30, 35, 15.0),)


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


@pytest.mark.usefixtures("undrawn")
def test_tables_of_digits(tmp_path):
    path = tmp_path / "digits.csv"
    assert made("teaching.mlp_mnist", "--data", "synthetic", "--write-csv", path) == f"{path}\n"
    digits = load("synthetic", train_size=60, test_size=20).train
    assert (read_csv(path).images == digits.images).all()
    options = [*QUICK, "--csv", path, "--only", "ours", "--out", tmp_path / "out", "--runs", tmp_path]
    made("teaching.mlp_mnist", *options)
    (one,) = recorded(tmp_path / "out" / "mlp_mnist.json")
    assert one["data"]["digests"] == {"rows": digits.digest()}
    assert set(one["measured"]) == {"train", "validation", "1,000 held-out rows"}


def test_what_is_missing_is_said(tmp_path, places, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
    for name, remedy in (("cat_lenet", "LENET1998_CATS"), ("cifar10_convnet", "lenet1998 data fetch cifar10")):
        monkeypatch.delenv("LENET1998_CATS", raising=False)
        monkeypatch.delenv("LENET1998_CIFAR10", raising=False)
        with pytest.raises(DataError, match=remedy) as caught:
            run(SCRIPTS[name].EXPERIMENT, [*QUICK, "--out", str(tmp_path)])
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="50,000"):
        run(cifar10_convnet.EXPERIMENT, [*places["cifar10_convnet"], "--full", "--out", str(tmp_path)])
    done = experiment("teaching.relu_lenet", *QUICK, "--data", "synthetic", "--only", "theirs")
    assert done.returncode == 2 and "'published'" in done.stderr

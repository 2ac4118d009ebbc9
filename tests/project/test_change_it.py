"""docs/change_it.md: its files are written out, and every command of the page is carried out on a few digits."""

import json
import re
import runpy
import shlex
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import lenet1998
from experiments.machinery.record import RESULTS
from lenet1998 import registry
from lenet1998.commands.main import main
from lenet1998.connections import TABLE_I, parse_table
from lenet1998.data import load
from lenet1998.engines import SLOWER
from lenet1998.errors import LeNetError, RecipeError
from lenet1998.interop.export import to_html, to_onnx
from lenet1998.layers import Squash
from lenet1998.loss import make_loss
from lenet1998.networks import build
from lenet1998.recipe import Recipe, preset
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import histories
from lenet1998.running.sweep import sweep
from lenet1998.running.work import DataChoice, Failure, Task
from lenet1998.training import Trainer
from tests.project.test_readme import typed

PAGE = (Path(__file__).parent.parent.parent / "docs" / "change_it.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r'^```\w+ title="([\w.]+)"\n(.*?)^```', PAGE, re.M | re.S))
SMALL = ["--train-size", "100", "--test-size", "40", "--passes", "1", "--engine", "numpy", "--quiet"]


@pytest.fixture(autouse=True)
def as_it_was():
    """What a test registers is gone after it."""
    kept = {field: (dict(each), dict(each.sources)) for field, each in registry.REGISTRIES.items()}
    yield
    registry._loaded.clear()
    for field, (things, sources) in kept.items():
        each = registry.REGISTRIES[field]
        each.clear()
        each.update(things)
        each.sources.clear()
        each.sources.update(sources)


@pytest.fixture
def place(tmp_path, monkeypatch, undrawn):
    """A directory with the page's files, far from the clone."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(*words: str, out: str = "run") -> Path:
    assert main(["train", *words, "--data", "synthetic", *SMALL, "--out", out]) == 0
    return Path(out)


def test_every_command_of_the_page_is_carried_out(place, capsys):
    assert len(FILES) == 6
    trained("--seed", "1", out="runs/default-seed1")
    for line in typed(PAGE):
        words = shlex.split(line)
        if words[0] == "python":
            runpy.run_path(words[1])
        elif words[1] == "train":
            data = [] if "--data" in words else ["--data", "synthetic"]
            assert main([*words[1:], *data, *SMALL]) == 0, line
        elif words[1] != "export" or find_spec("onnx"):
            assert main(words[1:]) == 0, line
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--plugin", "softsign.py", "--set", "squash=softsign"],
        ["--plugin", "small.py", "--set", "network=small", "--set", "codes=one_of_n"],
        ["--c3", "c3.txt"],
    ],
    ids=lambda words: words[1],
)
def test_gradients_and_curvatures_of_the_page_s_parts_are_right(place, words):
    """By differences of E, in float64; of curvatures the Gauss-Newton form is that of one linear output."""
    for word in words[1::4]:
        if word.endswith(".py"):
            lenet1998.load_plugin(word)
    c3 = (place / "c3.txt").read_text() if "--c3" in words else "table"
    settings = [word for word in words if "=" in word]
    recipe = Recipe(c3=c3, dtype="float64", output="linear", loss="map").override(
        [each for each in settings if not each.startswith("codes")]
    )
    network, loss = build(recipe), make_loss(recipe)
    rng = np.random.default_rng(1)
    network.parameters.values[:] = rng.normal(0, 0.1, len(network.parameters))
    images, labels = rng.integers(0, 256, (2, 28, 28), dtype=np.uint8), np.array([3, 7])
    network.backward(loss.gradient(network.forward(images), labels))
    found = network.parameters.gradient.copy()
    for place_of in rng.choice(len(found), 40, replace=False):
        step = np.zeros(len(found))
        step[place_of] = 1e-5
        ends = []
        for sign in (1, -1):
            network.parameters.values += sign * step
            ends.append(loss.value(network.forward(images), labels).sum())
            network.parameters.values -= sign * step
        assert found[place_of] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-7)


def test_the_page_s_hinge_by_hand_and_without_curvature(place):
    """D = 1, y = (1.5, 1, 4): 1 + 1 - 1.5 = 0.5 for the first class, 1 + 1 - 4 < 0 for the last."""
    lenet1998.load_plugin("hinge.py")
    loss = make_loss(preset("modern").override(["loss=hinge"]))
    y = np.array([[1.5, 1.0, 4.0], [0.0, 0.5, 0.5]])
    assert loss.value(y, np.array([1, 1])).tolist() == [0.5, 1.5 + 1.0]
    assert loss.gradient(y, np.array([1, 1])).tolist() == [[-1, 1, 0], [-1, 2, -1]]
    with pytest.raises(RecipeError, match="loss=hinge has no second derivatives.*optimiser=sgd"):
        make_loss(Recipe(output="linear", loss="hinge"))


def test_a_checkpoint_asks_for_the_file_and_executes_nothing(place, refused):
    run = trained("--plugin", "softsign.py", "--set", "squash=softsign")
    (part,) = histories(run)[0]["plugins"]
    digest = part["sha256"]
    assert (part["field"], part["name"], part["file"]) == ("squash", "softsign", "softsign.py") and len(digest) == 64
    del registry.REGISTRIES["squash"]["softsign"], registry.REGISTRIES["squash"].sources["softsign"]
    with (place / "softsign.py").open("a") as file:
        file.write("open('executed', 'w').close()\n")
    evaluate = ["evaluate", "run", "--data", "synthetic", "--test-size", "40"]
    for command in (evaluate, ["compare", "run"], ["export", "run", "--format", "npz"], ["check", "run"]):
        line = refused(*command)
        assert "it needs squash=softsign: add --plugin softsign.py" in line and digest in line
    assert not (place / "executed").exists()
    line = refused(*evaluate, "--plugin", "softsign.py")
    assert digest in line and "--changed-plugin softsign.py" in line
    assert main([*evaluate, "--changed-plugin", "softsign.py"]) == 0


def test_exports_of_a_part_of_one_s_own(place):
    trained("--plugin", "softsign.py", "--set", "squash=softsign")
    saved = checkpoints.load(place / "run")
    with pytest.raises(LeNetError, match="Softsign has no function in the page: take --format npz"):
        to_html(saved)
    onnxruntime = pytest.importorskip("onnxruntime")
    images = load("synthetic", train_size=1, test_size=5).test.images
    (found,) = onnxruntime.InferenceSession(to_onnx(saved)).run(None, {"images": images})
    np.testing.assert_allclose(found, saved.network().forward(images), rtol=1e-4)


def test_a_table_of_one_s_own_is_in_record_checkpoint_and_page(place, refused):
    run = trained("--c3", "c3.txt")
    table = parse_table(FILES["c3.txt"])
    saved = checkpoints.load(run)
    assert saved.history["recipe"]["c3"].count("/") == 5 and saved.recipe.name.startswith("default c3=")
    assert "plugins" not in saved.history
    (c3,) = [layer for layer in saved.network().layers if layer.name == "C3"]
    np.testing.assert_array_equal(c3.table, table)
    assert to_html(saved)
    (place / "same.txt").write_text("\n".join("".join("X" if cell else "." for cell in row) for row in TABLE_I))
    assert trained("--c3", "same.txt", out="same") and histories(place / "same")[0]["recipe"]["c3"] == "table"
    (place / "none.txt").write_text("X.\nX.\n")
    assert "a map of C3 sees nothing" in refused("train", "--c3", "none.txt")
    assert "no.txt" in refused("train", "--c3", "no.txt")


def test_what_has_no_kernels_is_computed_by_numpy_which_is_said(place, caplog):
    pytest.importorskip("numba")
    digits = load("synthetic", train_size=20, test_size=10)
    for name, recipe in (("Softsign", ["squash=softsign"]), ("Nesterov", ["optimiser=nesterov"])):
        lenet1998.load_plugin(f"{name.lower()}.py")
        caplog.clear()
        assert Trainer(Recipe().override(recipe), digits, 1).engine.name == "numpy"
        assert f"15 times as slow as compiled code: the numba engine has no kernels for {name}" in caplog.text
        with pytest.raises(LeNetError, match=f"{name}.*take --engine numpy"):
            Trainer(Recipe().override(recipe), digits, 1, "numba")


def test_how_much_slower_is_what_was_measured():
    rows = json.loads((RESULTS / "benchmark_speed.json").read_text())["rows"]
    step = {row["engine"]: row["step"] for row in rows}
    assert round(step["numpy"] / step["numba"]) == SLOWER


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1/0", "failed: division by zero"),
        ("def", "failed"),
        ("import lenet1998\nlenet1998.register('squash', 'tanh', object)", "squash=tanh is lenet1998's own"),
        ("import lenet1998\nlenet1998.register('colour', 'red', object)", "choose .*squash"),
        ("import lenet1998\nlenet1998.register('squash', 'a b', object)", "is no name"),
        (None, "cannot read the plugin"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_refused_in_a_line(tmp_path, refused, text, says):
    plugin = tmp_path / "mine.py"
    if text is not None:
        plugin.write_text(text)
    assert re.search(says, refused("train", "--plugin", plugin))


def test_another_run_with_a_changed_plugin_is_not_resumed(place, refused):
    words = ["--plugin", "softsign.py", "--set", "squash=softsign"]
    trained(*words)
    with (place / "softsign.py").open("a") as file:
        file.write("# another\n")
    line = refused("train", *words, "--data", "synthetic", *SMALL, "--out", "run", "--resume")
    assert "--changed-plugin" in line


def test_workers_know_the_plugin_too(place):
    lenet1998.load_plugin("softsign.py")
    data = DataChoice("synthetic", train_size=40, test_size=10)
    recipe = Recipe(squash="softsign")
    tasks = [Task(place / f"seed{seed}", recipe, seed, data, passes=1, engine="numpy") for seed in (1, 2)]
    outcomes = sweep(tasks, jobs=2, quiet=True)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Failure)]


def test_what_is_typed_has_no_digest_and_is_asked_for_by_name():
    class Typed(Squash):
        pass

    exec("register('squash', 'typed', Typed)", {"register": lenet1998.register, "Typed": Typed})
    (part,) = registry.own_parts(Recipe(squash="typed"))
    assert (part["file"], part["sha256"]) == ("", "")
    registry.require([part])
    del registry.REGISTRIES["squash"].sources["typed"]
    with pytest.raises(LeNetError, match="typed in an interactive session: register it again"):
        registry.require([part])

"""The PyTorch module of `export --format torch` computes what ours does: answers, gradients, SDLM's steps."""

import ast
import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lenet1998 import data, engines, pretrained
from lenet1998.commands.main import main
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import DataError, LeNetError
from lenet1998.interop.onnx_graph import image_shape
from lenet1998.interop.torch_module import imported, torch_files, torch_module
from lenet1998.layers import Squash
from lenet1998.loss import make_loss
from lenet1998.networks import build
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.recipe import Recipe, preset
from lenet1998.running import checkpoint
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.sdlm import step_sizes
from tests.interop.test_export import RECIPES, started

RECIPES = {**RECIPES, "default": Recipe(), "mle": Recipe(loss="mle", codes="random", input_threshold=90)}


@pytest.fixture(name="torch")
def _torch():
    torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    torch.set_num_threads(1)
    return torch


def kept(recipe: Recipe, seed: int = 1) -> Checkpoint:
    """A run of the recipe that has made no pass."""
    network = started(recipe, seed)
    history = {"recipe": recipe.as_dict(), "seed": seed, "data": {"name": "mnist"}, "passes": []}
    return Checkpoint(network.parameters.values, history, mean=network.mean if recipe.input_mean else None)


def written(saved: Checkpoint, folder: Path):
    """The module and the optimiser, imported from their files."""
    found = []
    for path, content in torch_files(saved, folder / "lenet5.py").items():
        path.write_bytes(content)
        if path.suffix == ".py":
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found.append(module)
    return found


def assert_same_answers(torch, saved: Checkpoint, images: np.ndarray, folder: Path) -> None:
    module, _ = written(saved, folder)
    with torch.no_grad():
        found = module.load()(torch.from_numpy(images)).numpy()
    ours = NumpyEngine(saved.network(), make_loss(saved.recipe)).penalties(images)
    np.testing.assert_allclose(found, ours, rtol=1e-4, atol=1e-4)
    assert np.array_equal(found.argmin(axis=1), ours.argmin(axis=1))


@pytest.mark.parametrize("name", [*pretrained.NAMES, pretrained.CHARACTERS])
def test_a_packaged_network_answers_the_same(torch, name, tmp_path):
    assert_same_answers(torch, pretrained.load(name), synthetic_digits(200, stream="test").images, tmp_path)


@pytest.mark.outer("10,000 test digits, for changes of the module's layers")
@pytest.mark.parametrize("name", pretrained.NAMES)
def test_a_packaged_network_answers_the_same_on_all_test_digits(torch, name, tmp_path):
    try:
        digits = data.load("mnist", train_size=1)
    except DataError:
        pytest.skip("needs MNIST")
    assert len(digits.test) == 10_000
    assert_same_answers(torch, pretrained.load(name), digits.test.images, tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_every_network_that_a_recipe_can_name_is_written_and_needs_little(name):
    """At most 150 lines, Python's own library, NumPy and PyTorch; what is written needs no PyTorch to be written."""
    text = torch_module(kept(RECIPES[name]), "lenet5.npz")
    assert len(text.splitlines()) <= 150
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name if isinstance(node, ast.Import) else node.module for node in nodes for alias in node.names}
    assert names == {"collections", "pathlib", "numpy", "torch", "torch.nn"}


@pytest.mark.parametrize("name", RECIPES)
def test_penalties_and_gradients_are_ours(torch, name, tmp_path):
    """In float64, of the recipe's own loss and of every parameter."""
    recipe = replace(RECIPES[name], dtype="float64")
    saved = kept(recipe)
    network, loss = saved.network(), make_loss(recipe)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, *image_shape(network)), dtype=np.uint8)
    labels = rng.integers(0, network.classes, 3)
    module, _ = written(saved, tmp_path)
    twin = module.load(torch.float64)
    y = twin(torch.from_numpy(images))
    found = module.loss(y, torch.from_numpy(labels))
    found.sum().backward()
    ours = network.forward(images)
    np.testing.assert_allclose(y.detach(), ours, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.detach(), loss.value(ours, labels), rtol=1e-9, atol=1e-9)
    network.backward(loss.gradient(ours, labels))
    gradients = network.parameters.named(network.parameters.gradient)
    parameters = dict(twin.named_parameters())
    assert list(parameters) == list(gradients)
    for key, gradient in gradients.items():
        np.testing.assert_allclose(parameters[key].grad, gradient, rtol=1e-5, atol=1e-9, err_msg=key)


LEARNING = {
    "default": (Recipe(), 200),
    "printed": (preset("printed"), 20),
    "constant": (Recipe(curvature_seed="constant"), 20),
    "later layers": (replace(preset("modern"), optimiser="sdlm", loss="cross_entropy"), 20),
    "plain": (Recipe(subsampling="plain", output="linear"), 20),
    "one unit a class": (replace(RECIPES["one unit a class"]), 20),
}


@pytest.mark.parametrize("name", LEARNING)
def test_sdlm_makes_our_steps(torch, name, tmp_path):
    """Curvatures of a sample, then one update for each pattern: all parameters agree in the end."""
    recipe, count = LEARNING[name]
    recipe = replace(recipe, dtype="float64")
    digits = synthetic_digits(count)
    saved = kept(recipe)
    network = saved.network()
    engine = NumpyEngine(network, make_loss(recipe))
    h = engine.mean_curvature(digits, np.arange(20))
    engine.train(digits, np.arange(count), step_sizes(h, 0.0005, recipe.mu))

    module, optimiser = written(saved, tmp_path)
    assert len((tmp_path / "lenet5_sdlm.py").read_text().splitlines()) <= 80
    twin = module.load(torch.float64)
    images, labels = torch.from_numpy(digits.images), torch.from_numpy(digits.labels.astype(np.int64))
    seed = module.equation_8 if recipe.curvature_seed == "constant" else module.loss
    sdlm = optimiser.SDLM(twin, seed, eta=0.0005, mu=recipe.mu)
    sdlm.curvature(images[:20], labels[:20])
    for image, label in zip(images, labels, strict=True):
        sdlm.zero_grad()
        module.loss(twin(image[None]), label[None]).sum().backward()
        sdlm.step()
    curvatures, values = network.parameters.named(h), network.parameters.named(network.parameters.values)
    for key, parameter in twin.named_parameters():
        np.testing.assert_allclose(sdlm.state[parameter]["h"], curvatures[key], rtol=1e-6, atol=1e-9, err_msg=key)
        np.testing.assert_allclose(parameter.detach(), values[key], rtol=0, atol=1e-5, err_msg=key)
    assert np.abs(network.parameters.values - saved.values).max() > 1e-3, "something was learned"


def test_a_state_dict_comes_back(torch, tmp_path, monkeypatch, capsys, prints):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engines, "numba_works", lambda: False)
    assert main(["export", "distorted", "--format", "torch"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"distorted_export{end}" for end in (".py", ".npz", "_sdlm.py")]
    monkeypatch.syspath_prepend(tmp_path)
    twin = importlib.import_module("distorted_export").load()
    torch.save(twin.state_dict(), "mine.pt")
    small = ["--data", "synthetic", "--test-size", "50", "--json"]
    found = json.loads(prints("import", "mine.pt", *small).out)
    assert main(["evaluate", "distorted", *small]) == 0
    assert json.loads(capsys.readouterr().out)["errors"] == found["errors"] and found["patterns"] == 50
    back = checkpoint.load("mine_checkpoint.npz")
    assert np.array_equal(back.values, pretrained.load("distorted").values)
    assert (back.recipe.name, back.history["passes"]) == ("default, mine.pt", [])
    assert main(["import", "mine.pt", *small]) == 2 and "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "refused", [["--out", "figures"], ["--width", "3"], ["--data", "nowhere"], ["--confusion", "--out", "taken"]]
)
def test_what_import_refuses_it_refuses_before_it_writes(tmp_path, monkeypatch, capsys, refused):
    monkeypatch.chdir(tmp_path)
    Path("taken").touch()
    monkeypatch.setattr(importlib.import_module("lenet1998.commands.import"), "imported", lambda _, like: like)
    small = ["--data", "synthetic", "--test-size", "20"]
    assert main(["import", "mine.pt", *small, *refused]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["taken"], capsys.readouterr().err
    assert main(["import", "mine.pt", *small]) == 0 and Path("mine_checkpoint.npz").exists()


def test_what_is_no_such_state_dict_is_refused(torch, tmp_path, monkeypatch):
    like, path = pretrained.load("default"), tmp_path / "mine.pt"
    state = {
        name: torch.from_numpy(view.copy())
        for name, view in like.network().parameters.named(like.values.copy()).items()
    }
    for content, said in (
        ([1, 2], "no state dict"),
        ({"C1.weight": 5}, "no state dict"),
        (state | {"C1.bias": torch.zeros(5)}, r"not of this network: C1\.bias"),
        (state | {"C9.bias": torch.zeros(5)}, r"not of this network: C9\.bias"),
        ({name: state[name] for name in list(state)[1:]}, r"not of this network: C1\.weight"),
        (state | {"C1.bias": torch.full((6,), torch.nan)}, "not finite"),
    ):
        torch.save(content, path)
        with pytest.raises(LeNetError, match=said):
            imported(path, like)
    path.write_bytes(b"no zip")
    for place in (path, tmp_path / "nowhere.pt"):
        with pytest.raises(LeNetError, match="no state dict"):
            imported(place, like)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(LeNetError, match="pip install torch"):
        imported(path, like)


def test_what_has_no_form_is_refused_by_its_name(monkeypatch):
    class Swish(Squash):
        pass

    with pytest.raises(LeNetError, match="Output RBF has no form in PyTorch"):
        torch_module(kept(Recipe(codes_learn=True)), "w.npz")
    saved = kept(Recipe())
    network = build(Recipe())
    network.layers[1] = Swish()
    monkeypatch.setattr(Checkpoint, "network", lambda self: network)
    with pytest.raises(LeNetError, match="Swish has no form in PyTorch"):
        torch_module(saved, "w.npz")


def test_names_are_only_words_in_what_is_written():
    """A recipe's name may be anything; in the module it stands in a docstring."""
    text = torch_module(kept(replace(Recipe(), name='"""\nimport os\\')), 'a"b.npz')
    assert "import os" in ast.get_docstring(ast.parse(text)) and "\nimport os" not in text


def test_a_file_that_is_there_is_left_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("lenet5.npz").write_text("mine")
    assert main(["export", "default", "--out", "lenet5.py"]) == 2
    assert "lenet5.npz is there already" in capsys.readouterr().err and not Path("lenet5.py").exists()
    assert main(["export", "default", "--format", "npz", "--out", "x.py"]) == 2

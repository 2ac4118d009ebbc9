"""Exported networks compute what ours do: the ONNX graph in onnxruntime, and the plain arrays by literal loops."""

import io
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from lenet1998 import pretrained
from lenet1998.commands import main as cli
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import LeNetError
from lenet1998.initialisation import initialise
from lenet1998.interop.export import about, to_npz, to_onnx
from lenet1998.interop.onnx_graph import image_shape, onnx_model
from lenet1998.layers import Squash
from lenet1998.network import Network
from lenet1998.networks import NETWORKS, build
from lenet1998.recipe import Recipe, preset
from lenet1998.running import checkpoint
from lenet1998.running.checkpoint import Checkpoint
from tests.networks import modern_network, random_images, small_network


def started(recipe: Recipe, seed: int = 1) -> Network:
    """The recipe's network at its start, with a mean where it subtracts one."""
    network, rng = build(recipe), np.random.default_rng(seed)
    initialise(network, recipe, rng)
    if recipe.input_mean:
        network.mean[...] = rng.uniform(0, 1, network.mean.shape)
    return network


def in_onnxruntime(model: bytes, images: np.ndarray) -> np.ndarray:
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, {"images": images})[0]


def assert_equal(found: np.ndarray, ours: np.ndarray, near_zero: float = 1e-5) -> None:
    """To 1e-5, and to `near_zero` of the largest: what is near zero is a difference of rounded numbers."""
    assert found.dtype == np.float32 and found.shape == ours.shape
    np.testing.assert_allclose(found, ours, rtol=1e-5, atol=near_zero * np.abs(ours).max())


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_the_ten_distances_of_a_trained_network(name):
    pytest.importorskip("onnx")
    saved, images = pretrained.load(name), synthetic_digits(100, stream="test").images
    ours = saved.network().forward(images)
    found = in_onnxruntime(to_onnx(saved), images)
    assert_equal(found, ours, near_zero=1e-6)
    assert np.array_equal(found.argmin(axis=1), ours.argmin(axis=1))


RECIPES = {name: Recipe(network=name, output="linear", loss="map") for name in NETWORKS if name != "lenet5"}
RECIPES |= {
    "one unit a class": Recipe(network="lenet4", codes="one_of_n", subsampling="sum"),
    "printed": preset("printed"),
    "modern": preset("modern"),
    "plain": replace(preset("modern"), subsampling="plain", input_mean=True, dtype="float64"),
    "random codes": Recipe(codes="random", input_background=-3.0, input_foreground=0.5),
}


@pytest.mark.parametrize("name", RECIPES)
def test_every_network_that_a_recipe_can_name(name):
    pytest.importorskip("onnx")
    network = started(RECIPES[name])
    images = np.random.default_rng(0).integers(0, 256, (7, *image_shape(network)), dtype=np.uint8)
    assert_equal(in_onnxruntime(onnx_model(network, {}).SerializeToString(), images), network.forward(images))


@pytest.mark.parametrize("network", [small_network(True), small_network(False), modern_network(), modern_network(True)])
def test_every_layer_also_with_strides_margins_and_tables(network):
    pytest.importorskip("onnx")
    shape = image_shape(network)
    images = random_images(5, shape[-1], channels=shape[0] if len(shape) == 3 else None)
    assert_equal(in_onnxruntime(onnx_model(network, {}).SerializeToString(), images), network.forward(images))


def test_what_the_graph_says_of_itself():
    onnx = pytest.importorskip("onnx")
    saved = pretrained.load("default")
    model = onnx.load_from_string(to_onnx(saved))
    metadata = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert metadata == json.loads(json.dumps(about(saved)))
    assert Recipe.from_dict(metadata["recipe"]) == saved.recipe
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    assert constants["C3.weight"].shape == (16, 6, 5, 5)
    assert int(constants["C3.weight"].any(axis=(2, 3)).sum()) == 60, "Table I joins 60 pairs of maps"
    named = {node.output[0] for node in model.graph.node}
    assert {"C1", "C1.f", "S2", "C3", "S4", "C5", "F6", "F6.f", "penalties"} <= named
    (opset,) = model.opset_import
    assert (opset.version, model.ir_version) == (17, 8)


def test_a_layer_without_a_form_is_refused_by_its_name():
    pytest.importorskip("onnx")

    class Swish(Squash):
        """A subclass may compute something else, so it is not taken for what it comes from."""

    network = started(Recipe())
    network.layers[1] = Swish()
    with pytest.raises(LeNetError, match="Swish has no form in ONNX"):
        onnx_model(network, {})


def test_without_onnx_the_pip_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(LeNetError, match=r"pip install 'lenet1998\[onnx\]'"):
        to_onnx(pretrained.load("default"))


def test_the_arrays_are_enough_to_compute_lenet_5():
    """Read as `lenet1998.interop.export` documents them, with the paper's loops and none of the package's layers."""
    saved = pretrained.load("default")
    with np.load(io.BytesIO(to_npz(saved)), allow_pickle=False) as arrays:
        found = dict(arrays)
    facts = json.loads(str(found.pop("about")))
    assert facts == json.loads(json.dumps(about(saved))) and facts["format"] == 1
    assert all(array.dtype.kind in "fib" for array in found.values())
    recipe = facts["recipe"]
    (image,) = synthetic_digits(1).images
    x = np.full((1, 32, 32), recipe["input_background"])
    x[0, 2:30, 2:30] += (recipe["input_foreground"] - recipe["input_background"]) * image / 255
    share = {"average": 0.25, "sum": 1.0}[recipe["subsampling"]]
    for layer in ("C1", "S2", "C3", "S4", "C5"):
        if layer[0] == "C":
            table = found[f"{layer}.table"]
            x = convolution(x, table, found[f"{layer}.weight"], found[f"{layer}.bias"])
        else:
            sums = x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]
            x = (share * found[f"{layer}.coefficient"])[:, None, None] * sums + found[f"{layer}.bias"][:, None, None]
        x = 1.7159 * np.tanh(2 / 3 * x)  # equation 6
    x = 1.7159 * np.tanh(2 / 3 * (found["F6.weight"] @ x.ravel() + found["F6.bias"]))
    distances = ((x - found["Output.codes"]) ** 2).sum(axis=1)
    np.testing.assert_allclose(distances, saved.network().forward(image[None])[0], rtol=1e-4)


def convolution(x, table, kernels, bias):
    size, k = x.shape[1] - kernels.shape[1] + 1, kernels.shape[1]
    maps, kernel = np.zeros((table.shape[1], size, size)) + bias[:, None, None], iter(kernels)
    for there in range(table.shape[1]):
        for here in range(table.shape[0]):
            if table[here, there]:
                windows = np.lib.stride_tricks.sliding_window_view(x[here], (k, k))
                maps[there] += (windows * next(kernel)).sum(axis=(2, 3))
    return maps


def test_the_mean_of_the_input_goes_along():
    recipe = replace(preset("modern"), input_mean=True)
    network = started(recipe)
    history = {"recipe": recipe.as_dict(), "seed": 1, "data": {"name": "synthetic"}, "passes": []}
    with np.load(io.BytesIO(to_npz(Checkpoint(network.parameters.values, history, {}, network.mean)))) as arrays:
        assert np.array_equal(arrays["Input.mean"], network.mean)


def test_the_command(tmp_path, monkeypatch, capsys, prints):
    monkeypatch.chdir(tmp_path)
    checkpoint.save(tmp_path / "checkpoint.npz", pretrained.load("default"))
    before = (tmp_path / "checkpoint.npz").read_bytes()
    assert prints("export", "checkpoint.npz", "--format", "npz").out.splitlines()[-1] == "checkpoint_export.npz"
    assert (tmp_path / "checkpoint_export.npz").read_bytes() == to_npz(pretrained.load("default"))
    # What is there already is kept: it may be the checkpoint itself.
    assert cli.main(["export", "default", "--format", "npz", "--out", "checkpoint.npz"]) == 2
    assert "checkpoint.npz is there already" in capsys.readouterr().err
    assert (tmp_path / "checkpoint.npz").read_bytes() == before
    assert "nothing.npz" in prints("export", "nothing.npz", "--format", "npz", code=2).err
    assert "cannot write" in prints("export", "default", "--format", "npz", "--out", "checkpoint.npz/x.npz", code=2).err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.npz", "checkpoint_export.npz"]


def test_the_command_writes_onnx(tmp_path, capsys):
    pytest.importorskip("onnx")
    assert cli.main(["export", "distorted", "--out", str(tmp_path / "lenet5.onnx")]) == 0
    images = synthetic_digits(3).images
    found = in_onnxruntime((tmp_path / "lenet5.onnx").read_bytes(), images)
    assert_equal(found, pretrained.load("distorted").network().forward(images))
    assert "uint8 (P, 28, 28)" in capsys.readouterr().out


def test_the_export_of_a_directory_has_the_whole_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "default-j=0.5-seed1"
    run.mkdir()
    checkpoint.save(run / "checkpoint.npz", pretrained.load("default"))
    assert cli.main(["export", run.name, "--format", "npz"]) == 0
    assert (tmp_path / "default-j=0.5-seed1_export.npz").exists()

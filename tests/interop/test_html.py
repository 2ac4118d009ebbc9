"""The exported page computes what the package computes, and needs nothing that is not in it."""

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from lenet1998 import pretrained
from lenet1998.bitmaps import digit_codes
from lenet1998.connections import full_table, parse_table
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import LeNetError
from lenet1998.form import to_mnist_form
from lenet1998.interop.html import _FACTS, described, html_page
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Input, Network
from lenet1998.output import RBF, for_classes
from lenet1998.photos.parts import _are_several, _joined, _size_and_gap
from lenet1998.pictures.activations import activations
from lenet1998.recipe import Recipe, preset
from lenet1998.running import checkpoint
from lenet1998.running.checkpoint import Checkpoint
from tests.chromium import CHROMIUM
from tests.drawings import all_written
from tests.interop.test_export import RECIPES, started
from tests.networks import random_images

GREY = [name for name in RECIPES if name not in ("cat_lenet", "cifar10_convnet") and "20x20" not in name]
NODE = shutil.which("node")


def table_of(page: str) -> str:
    """The page's networks, as JSON."""
    (table,) = re.findall(r'<script type="application/json" id="network">(.*?)</script>', page, re.DOTALL)
    return table


def computed(page: str, expression: str, folder: Path, **inputs) -> np.ndarray:
    """What a JavaScript expression gives of the page's own functions, its `network` and `inputs`, as float64.

    By Node, else by Chromium without a window; skipped where there is neither.
    """
    table = table_of(page)
    (code,) = re.findall(r'<script id="code">(.*?)</script>', page, re.DOTALL)
    given = "".join(f"const {name} = {value};\n" for name, value in inputs.items())
    program = f"{code}\nconst network = read({json.dumps(table)});\n{given}const out = JSON.stringify({expression});\n"
    if NODE:
        (folder / "program.js").write_text(f"{program}console.log(out);", encoding="utf-8")
        command = [NODE, folder / "program.js"]
    elif CHROMIUM:
        shown = (
            f"<meta charset=utf-8><pre></pre><script>{program}document.querySelector('pre').textContent = out</script>"
        )
        (folder / "program.html").write_text(shown, encoding="utf-8")
        command = [CHROMIUM, "--headless", "--no-sandbox", "--dump-dom", (folder / "program.html").as_uri()]
    else:
        pytest.skip("JavaScript is run by node or chromium, and neither is here")
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    answer = done.stdout if NODE else unescape(re.findall(r"<pre>(.*?)</pre>", done.stdout, re.DOTALL)[0])
    return np.array(json.loads(answer), dtype=np.float64)


def bytes_of(array: np.ndarray) -> str:
    """A JavaScript expression for the bytes of an array."""
    return f'Uint8Array.from(atob("{base64.b64encode(array.tobytes()).decode()}"), (c) => c.charCodeAt(0))'


@pytest.fixture(scope="module")
def page() -> str:
    return html_page(pretrained.load("default"))


def holding(network: Network, page: str) -> str:
    """The page with another network in it."""
    before, _, after = re.split(r'(?<=id="network">)(.*)(?=</script>)', page, maxsplit=1)
    return before + json.dumps(described(network)) + after


def assert_same(page: str, network: Network, images: np.ndarray, folder: Path) -> None:
    """Penalties to 1e-4, and to 1e-4 of the largest where they are near zero; decisions too."""
    penalties = "[...stagesOf(network, images.subarray(784 * k, 784 * (k + 1))).pop().values]"
    every = f"Array.from({{ length: {len(images)} }}, (_, k) => {penalties})"
    found, ours = computed(page, every, folder, images=bytes_of(images)), network.forward(images)
    np.testing.assert_allclose(found, ours, rtol=1e-4, atol=1e-4 * min(1.0, np.abs(ours).max()))
    assert np.array_equal(found.argmin(axis=1), ours.argmin(axis=1))


def test_the_penalties_of_1000_test_patterns(page, tmp_path):
    network = pretrained.load("default").network()
    assert_same(page, network, synthetic_digits(1000, stream="test").images, tmp_path)


def test_the_networks_after_fewer_passes_and_the_modern_one(page, tmp_path):
    """Weights of 16 bits are exact in the page too. The last of "default" is the page's own network, in 32 bits."""
    images, others = random_images(3, 28), json.loads(table_of(page))["others"]
    penalties = "[0, 1, 2].map((k) => [...stagesOf(other, images.subarray(784 * k, 784 * (k + 1))).pop().values])"
    found = computed(page, f"network.others.map((other) => {penalties})", tmp_path, images=bytes_of(images))
    kept = [*pretrained.by_pass("default")[:-1], *pretrained.by_pass("modern")]
    for other, values, (passes, error, network) in zip(others, found, kept, strict=True):
        np.testing.assert_allclose(values, network.forward(images), rtol=1e-4, atol=1e-4)
        assert other["passes"] == passes and f"seed 6, {passes} pass" in other["facts"]
        assert f" over mnist: test error {error:.2f}%." in other["facts"]
    assert [other["softmax"] for other in others] == [False] * 5 + [True] * 6
    assert len(page) < 5e6


def test_softmax(page, tmp_path):
    found = computed(page, "[...softmax(Float64Array.of(-3, 1000, -2))]", tmp_path)
    np.testing.assert_allclose(found, [1 / (1 + np.exp(-1)), 0, 1 / (1 + np.exp(1))])


def test_other_pages_have_one_network(page):
    page = html_page(pretrained.load("distorted"))
    assert json.loads(table_of(page))["others"] == []


@pytest.mark.parametrize("name", GREY)
def test_every_network_that_a_recipe_can_name(name, page, tmp_path):
    network = started(RECIPES[name])
    assert_same(holding(network, page), network, random_images(5, 28), tmp_path)


def every_layer(*output: Layer, seed: int = 3) -> Network:
    """Every type of layer, tables, strides, padding that is not seen whole, and subsampling with two maps for each."""
    layers = [
        Convolution("C1", full_table(1, 3), kernel=4, padding=2),
        ReLU(),
        Convolution("C2", parse_table("X . X X\n X X . X\n . X X ."), kernel=3, stride=2, padding=1),
        Squash(),
        Subsampling("S3", average=bool(seed % 2), each=2),
        Squash(),
        MaxPooling("S4"),
        AveragePooling("S5", window=2),
        FullConnection("F6", 84),
        Squash(),
        *output,
    ]
    network = Network(Input(side=31, mean=True, threshold=100), layers, "float64")
    rng = np.random.default_rng(seed)
    network.parameters.values[:] = rng.normal(0, 0.3, len(network.parameters))
    network.mean[...] = rng.uniform(0, 1, network.mean.shape)
    return network


OUTPUTS = {
    "codes": lambda: [RBF("Output", digit_codes())],
    "centres that learn": lambda: [RBF("Output", digit_codes(), learns=True)],
    "linear": lambda: [FullConnection("Output", 5)],
    "logistic": lambda: [FullConnection("F7", 1), Contrast("Output")],
    "one unit a class": lambda: [FullConnection("Output", 4), Squash(), RBF("", 2 * np.eye(4) - 1)],
}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("seed", [3, 4])
def test_every_layer_also_with_strides_margins_and_tables(output, seed, page, tmp_path):
    network = every_layer(*OUTPUTS[output](), seed=seed)
    assert_same(holding(network, page), network, random_images(5, 28), tmp_path)


def test_these_are_all_the_types_of_layers():
    """Of those that the package's networks are made of, none is without a function."""
    tried = {type(layer) for output in OUTPUTS.values() for layer in every_layer(*output()).layers}
    assert set(_FACTS) == tried


@pytest.mark.parametrize("recipe", [Recipe(), preset("modern"), RECIPES["lenet1"], RECIPES["one unit a class"]])
def test_the_stages_are_those_that_show_draws(recipe, page, tmp_path):
    network, (image,) = started(recipe), synthetic_digits(1).images
    ours = activations(network, image[None])
    flat = "stagesOf(network, image).flatMap(({ values, low, high }) => [values.length, low, high, ...values])"
    found = computed(holding(network, page), flat, tmp_path, image=bytes_of(image))
    expected = [[stage.values[0].size, stage.low, stage.high, *stage.values[0].ravel()] for stage in ours]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-4, atol=1e-4)


def strokes(*points: tuple[float, float]) -> np.ndarray:
    """Ink, float (140, 140) from 0 to 1: lines between points, each (column, row), with the page's brush.

    A single point makes a dot.
    """
    rows, columns = np.indices((140, 140))
    ink = np.zeros((140, 140))
    for (x, y), end in zip(points, points[1:] or points, strict=False):
        along_x, along_y = np.subtract(end, (x, y))
        length = along_x**2 + along_y**2
        share = np.clip(((columns - x) * along_x + (rows - y) * along_y) / length, 0, 1) if length else 0.0
        distance = np.hypot(columns - x - share * along_x, rows - y - share * along_y)
        np.maximum(ink, np.clip(6.5 - distance, 0, 1), out=ink)
    return ink


def drawings() -> list[np.ndarray]:
    """Sheets of ink, uint8 (140, 140): strokes, a dot, single pixels, one that is too faint, and an empty one."""
    rng = np.random.default_rng(8)
    sheets = [strokes(*rng.uniform(8, 132, (lines + 1, 2))) for lines in (1, 2, 3, 4, 5, 6, 7, 8)]
    pixels, faint = np.zeros((2, 140, 140))
    pixels[20, 30] = pixels[21, 33] = 1.0
    faint[0, 0] = faint[139, 139] = 1 / 255
    bar = np.zeros((140, 140))
    bar[10:90, 30:40] = 1.0  # a width of two and a half in the box
    return [
        np.rint(sheet * 255).astype(np.uint8) for sheet in (*sheets, strokes((3.0, 70.0)), pixels, bar, faint, 0 * bar)
    ]


def test_what_is_drawn_is_brought_to_mnist_form(page, tmp_path):
    """To a grey level in one pixel of a hundred: Pillow may scale the columns before the rows, and rounds between."""
    sheets = drawings()
    digit = "[...toMnistForm(ink.subarray(19600 * k, 19600 * (k + 1)), 140).image]"
    every = f"Array.from({{ length: {len(sheets)} }}, (_, k) => {digit})"
    found = computed(page, every, tmp_path, ink=bytes_of(np.stack(sheets)))
    ours = [to_mnist_form(sheet).ravel() for sheet in sheets[:-2]]
    assert np.abs(found[:-2] - ours).max() <= 1
    assert (found[:-2] == ours).mean() > 0.99
    assert not found[-2:].any(), "ink that does not survive scaling, and no ink, are no digit"


def test_several_digits_are_seen_as_predict_sees_them(page, tmp_path):
    """Digits in one stroke or several, small and large pens, alone and in pairs beside and above one another.

    The page's pen never skips, so it has no more than the rule for all pens.
    """
    rng = np.random.default_rng(5)
    written = [np.asarray(drawn.resize((70, 100))) < 130 for drawn, _ in all_written(0.06)]
    sheets = np.zeros((3 * len(written), 140, 140), bool)
    for one, sheet in zip(written, sheets, strict=False):
        sheet[20:120, 35:105] = one
    for sheet in sheets[len(written) :]:
        for k, pick in enumerate(rng.integers(len(written), size=2)):
            top, left = (8 + 5 * k, 70 * k) if rng.random() < 0.5 else (64 * k, 20)
            small = written[pick][: 140 - top, : 140 - left] if top < 60 and left else written[pick][::2, ::2]
            sheet[top : top + len(small), left : left + small.shape[1]] |= small
    ours = [_are_several(_joined(sheet, _size_and_gap(sheet)[1])) for sheet in sheets]
    several = "Number(isSeveral(ink.subarray(19600 * k, 19600 * (k + 1)), 140))"
    every = f"Array.from({{ length: {len(sheets)} }}, (_, k) => {several})"
    found = computed(page, every, tmp_path, ink=bytes_of((255 * sheets).astype(np.uint8)))
    assert np.array_equal(found, ours)
    assert sum(ours[: len(written)]) <= 2 and sum(ours[len(written) :]) > len(written)


def test_the_page_asks_for_nothing_and_says_what_it_is(page):
    markup = re.sub(r'(?<=id="network">).*(?=</script>)', "", page)
    assert not re.search(r"https?:|src=|@import|url\(|fetch\(|XMLHttp|WebSocket|\bimport\b", markup)
    assert "default-src 'none'" in markup
    error = pretrained.load("default").history["passes"][-1]["test_error_percent"]
    assert re.search(r"Of \d+ drawings made by a program, it reads \d\d\.\d \(\d\d\.\d to \d\d\.\d\) per cent", markup)
    assert "<h1>LeNet-5</h1>" in markup and f"test error {error:.2f}%" in markup
    assert "Gradient-Based Learning Applied to Document Recognition" in markup


def test_names_are_text_and_an_error_that_was_not_measured_is_not_given():
    saved = pretrained.load("default")
    recipe = replace(saved.recipe, name="</p><script>$code")
    history = {**saved.history, "recipe": recipe.as_dict(), "passes": []}
    page = html_page(Checkpoint(0.5 * saved.values, history))
    assert f"Recipe &lt;/p&gt;&lt;script&gt;$code, seed {history['seed']}, 0 passes over mnist.</p>" in page
    assert "test error" not in page, "and not that of the package's network, whose weights these are not"
    assert "drawings made" not in html_page(of_classes(*"0123456789"))


def of_classes(*names: str) -> Checkpoint:
    """An untrained network of these classes."""
    recipe = for_classes(Recipe(), names)
    history = {"recipe": recipe.as_dict(), "seed": 1, "passes": []}
    data = {"name": "own", "classes": list(names), "path": ""}
    return Checkpoint(started(recipe).parameters.values, {**history, "data": data})


def test_the_name_of_a_class_ends_no_script():
    name = "</script><script>alert(1)"
    page = html_page(of_classes("a", name))
    (table,) = re.findall(r'<script type="application/json" id="network">(.*?)</script>', page, re.DOTALL)
    assert json.loads(table)["classes"] == ["a", name] and "<script>alert" not in page


@pytest.mark.parametrize(
    ("names", "what"),
    [
        ("0123456789", "a digit"),
        ("AB3<", "a character"),
        (["coat", "bag", "a < b"], "one of coat, bag, a &lt; b"),
        ([f"no. {k}" for k in range(12)], "one of no. 0, no. 1, no. 2 ... no. 11"),
    ],
)
def test_the_page_says_what_the_network_reads(names, what, tmp_path):
    """In its title, its first line, on the sheet and where the runner-up will stand; and knows the classes' names."""
    page = html_page(of_classes(*names))
    for place in (f"LeNet-5: draw {what}</title>", f"<p>Draw {what}, and", f'"The sheet: draw {what} here"'):
        assert page.count(place) == 1
    assert f'<span id="second">draw {what}</span>' in page
    assert ("digit" in page.partition("<footer>")[0]) == (what == "a digit")
    same = f"Number(JSON.stringify(network.classes) === JSON.stringify({json.dumps(list(names))}))"
    assert computed(page, same, tmp_path) == 1


@pytest.mark.skipif(not CHROMIUM, reason="the page is opened in Chromium, which is not here")
def test_what_is_drawn_is_answered_by_the_class_s_name(tmp_path):
    saved = of_classes("coat", "bag", "shoe")
    drawn = "pen.moveTo(140, 30);pen.lineTo(140, 250);pen.stroke();show();"
    (tmp_path / "page.html").write_text(html_page(saved).replace("show();\n</script>", f"{drawn}</script>"))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--dump-dom", (tmp_path / "page.html").as_uri()]
    page = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
    digit = to_mnist_form(strokes((70.0, 15.0), (70.0, 125.0)))
    best, runner_up = (saved.classes[k] for k in saved.network().forward(digit[None])[0].argsort()[:2])
    assert f'<span id="answer" aria-live="polite" class="word">{best}</span>' in page
    assert f'<span id="second">runner-up {runner_up}</span>' in page


@pytest.mark.parametrize("name", sorted(RECIPES.keys() - set(GREY)))
def test_a_network_for_other_images_is_refused(name):
    with pytest.raises(LeNetError, match=r"draws grey images of 28x28, and the network's input is \(\d, \d\d, \d\d\)"):
        described(started(RECIPES[name]))


def test_a_layer_without_a_function_is_refused_by_its_name():
    class Swish(Squash):
        """A subclass may compute something else, so it is not taken for what it comes from."""

    network = started(Recipe())
    network.layers[1] = Swish()
    with pytest.raises(LeNetError, match="Swish has no function in the page"):
        described(network)


def test_the_command(tmp_path, monkeypatch, prints):
    monkeypatch.chdir(tmp_path)
    for options in (["--format", "html"], ["--out", "page.html"]):
        written = Path(prints("export", "default", *options).out.splitlines()[-1])
        assert written.read_text(encoding="utf-8") == html_page(pretrained.load("default"))
    network, recipe = started(RECIPES["cat_lenet"]), RECIPES["cat_lenet"]
    history = {"recipe": recipe.as_dict(), "seed": 1, "data": {"name": "cats"}, "passes": []}
    checkpoint.save(tmp_path / "cats.npz", Checkpoint(network.parameters.values, history))
    said = prints("export", "cats.npz", "--format", "html", code=2).err
    assert said.count("\n") == 1 and "grey images of 28x28" in said
    assert not Path("cats_export.html").exists()

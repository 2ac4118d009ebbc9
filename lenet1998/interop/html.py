"""A network as one HTML page to draw on, made from its list of layers: no server, and nothing is sent or fetched.

The page has the network as JSON: the input field, and of each layer its type, its sizes, what its function needs to
know and its parameters, little-endian float32 in base64. ``network.js`` has a function for each type of layer and
computes with them in float64, ``form.js`` brings ink to MNIST's form, ``parts.js`` sees several digits, ``terms.js``
takes weighted sums apart; these need no document. ``sheet.js`` is drawn on, ``unit.js`` explains a unit, ``page.js``
shows all. Values are those of the package to about 1e-5.

The page of the packaged network "default" also has what it was after fewer passes, and a modern network after as many,
in weights of 16 bits. A run keeps no network but its last, so its page has that alone.
"""

import base64
import json
import re
from collections.abc import Callable
from html import escape
from importlib import resources
from importlib.metadata import version
from string import Template
from typing import Any

import numpy as np

from lenet1998 import pretrained
from lenet1998.connections import TABLE_I
from lenet1998.data.mnist import FILES, find, read_file
from lenet1998.data.places import contents
from lenet1998.errors import LeNetError
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.patterns import SIDE, one_of
from lenet1998.reference import figure_8
from lenet1998.report.kept import read_tables, recorded
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.squash import A, S

BITMAPS = (
    "Why bitmaps? Characters that look alike have codes that are alike. "
    "A program that knows which words are likely can then choose between them (section II-C)."
)


KINDS = {"default": "1998: tanh, RBF units", "modern": "Modern: ReLU, max pooling, softmax"}


def _convolution(layer: Convolution) -> dict[str, Any]:
    is_table_i = np.array_equal(layer.table, TABLE_I)
    sees = [np.flatnonzero(column).tolist() for column in layer.table.T]
    return {"kernel": layer.k, "stride": layer.stride, "padding": layer.padding, "sees": sees, "tableI": is_table_i}


_FACTS: dict[type[Layer], Callable[[Any], dict[str, Any]]] = {
    Convolution: _convolution,
    Subsampling: lambda layer: {"scale": layer.scale, "each": layer.each},
    MaxPooling: lambda layer: {"window": layer.window},
    AveragePooling: lambda layer: {"window": layer.window},
    FullConnection: lambda layer: {},
    Squash: lambda layer: {"A": A, "S": S},
    ReLU: lambda layer: {},
    RBF: lambda layer: {},
    Contrast: lambda layer: {},
}
"""The types that network.js has a function for, and what it must know of a layer beside its sizes and parameters."""


def described(network: Network, bits: int = 32) -> dict[str, Any]:
    """The network in JSON's types, as network.js reads it; its parameters are floats of so many bits.

    Raises LeNetError for a network that does not take grey images of 28x28, and for a layer without a function, by its
    name.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> c1, *_ = described(LeNet5(Recipe()))["layers"]
    >>> c1["kind"], c1["below"], c1["shape"], c1["kernel"], c1["sees"]
    ('Convolution', (1, 32, 32), (6, 28, 28), 5, [[0], [0], [0], [0], [0], [0]])
    """
    field = network.input
    if field.channels != 1 or field.side < SIDE:
        raise LeNetError(
            f"the page draws grey images of {SIDE}x{SIDE}, and the network's input is {field.shape}: take --format npz"
        )
    for layer in network.layers:
        if type(layer) not in _FACTS:
            what = " ".join([layer.name, type(layer).__name__]).strip()
            raise LeNetError(f"{what} has no function in the page: take --format npz")
    levels = {"background": field.background, "foreground": field.foreground, "threshold": field.threshold}
    mean = {"mean": network.mean} if field.mean else {}
    return {
        "bits": bits,
        "input": {"shape": field.shape, **levels, "arrays": _in_base64(mean, bits)},
        "layers": [_entry(layer, bits) for layer in network.layers],
    }


def _entry(layer: Layer, bits: int) -> dict[str, Any]:
    sizes = {"kind": type(layer).__name__, "name": layer.name, "below": layer.below, "shape": layer.shape}
    arrays = {"codes": layer.codes} if isinstance(layer, RBF) else layer.values
    return {**sizes, **_FACTS[type(layer)](layer), "arrays": _in_base64(arrays, bits)}


def _in_base64(arrays: dict[str, np.ndarray], bits: int) -> dict[str, str]:
    kind = f"<f{bits // 8}"
    return {name: base64.b64encode(array.astype(kind).tobytes()).decode() for name, array in arrays.items()}


def html_page(saved: Checkpoint) -> str:
    """The page of a trained network. Raises LeNetError as `described` does.

    >>> from lenet1998 import pretrained
    >>> page = html_page(pretrained.load("default"))
    >>> page.splitlines()[0], "<h1>LeNet-5</h1>" in page, "http:" in page
    ('<!DOCTYPE html>', True, False)
    """
    passes = saved.history["passes"]
    about = _about(saved, saved.recipe.name, len(passes), passes[-1]["test_error_percent"] if passes else np.nan)
    packaged = pretrained.name_of(saved.values)
    about["facts"] += _drawings(packaged)
    content = {**described(saved.network()), **about, "others": _others(saved) if packaged == "default" else []}
    content |= {"classes": saved.classes, "examples": _hard_digits(saved)}
    network = json.dumps(content, separators=(",", ":")).replace("<", r"\u003c")
    return Template(_part("page.html")).substitute(
        title=escape(re.sub(r"^lenet(?=\d)", "LeNet-", saved.recipe.network)),
        what=escape(one_of(saved.classes)),
        facts=escape(about["facts"]),
        version=version("lenet1998"),
        network=network,
        css=_part("page.css"),
        bitmaps=BITMAPS if saved.recipe.codes == "bitmap" else "",
        code="".join(_part(f"{name}.js") for name in ("network", "form", "parts", "terms")),
        page="".join(_part(f"{name}.js") for name in ("sheet", "unit", "page")),
    )


def _hard_digits(saved: Checkpoint) -> list[dict[str, str]]:
    """Of the 82 digits of Figure 8 those that this network gets wrong too, at most one per class: label, the paper's
    answer and the image. They are MNIST's, so there are none where MNIST is not found; nothing is downloaded.
    """
    copy, _ = find()
    if copy is None or saved.classes != list("0123456789"):
        return []
    name = "t10k-images-idx3-ubyte"
    images = read_file(contents(copy[1])[name], FILES[name])
    places = list(figure_8())
    answers = saved.network().forward(images[places]).argmin(axis=1)
    wrong = {figure_8()[place][0]: place for place, answer in zip(places, answers, strict=True)
             if answer != figure_8()[place][0]}  # fmt: skip
    return [
        {
            "label": str(label),
            "taken": str(figure_8()[place][1]),
            "image": base64.b64encode(images[place].tobytes()).decode(),
        }
        for label, place in sorted(wrong.items())
    ]


def _others(saved: Checkpoint) -> list[dict[str, Any]]:
    """Beside the packaged network "default": itself after fewer passes, and the modern network."""
    done = len(saved.history["passes"])
    return [
        {**_about(saved, name, passes, error), "softmax": name == "modern", **described(network, bits=16)}
        for name in KINDS
        for passes, error, network in pretrained.by_pass(name)
        if (name, passes) != ("default", done)
    ]


def _about(saved: Checkpoint, recipe: str, passes: int, error: float) -> dict[str, Any]:
    """Where a network of a run like `saved` comes from, and its test error (%) where one was measured."""
    seed, data = saved.history["seed"], saved.history["data"]["name"]
    facts = f"Recipe {recipe}, seed {seed}, {passes} {'pass' if passes == 1 else 'passes'} over {data}"
    facts += "." if np.isnan(error) else f": test error {error:.2f}%."
    return {"kind": KINDS.get(recipe, ""), "passes": passes, "facts": facts}


def _drawings(packaged: str) -> str:
    """How many drawings a network of the package reads rightly, by the record; "" for others."""
    said = ""
    drawn = ("drawings made by a program", "MNIST test digits drawn again")
    for table, what in zip(read_tables(recorded() / "drawn_digits.json"), drawn, strict=True):
        for name, count, rate, *_ in table.rows:
            if name == packaged:
                said += f" Of {count} {what}, it reads {table.columns[2].shown(rate)} per cent rightly."
    return said


def _part(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")

"""A trained network for use outside this package: as an ONNX graph (`onnx_graph`), a page (`html`), or plain arrays.

The npz format, version 1: what ``numpy.load(path, allow_pickle=False)`` reads, one array for each of

- ``LAYER.weight``: kernels (kernels, k, k) of a convolution, or a matrix (units, inputs); ``LAYER.bias``: a bias for
  each map or unit; ``LAYER.coefficient``: one for each map of S2 and S4, times the sum of the window or, where the
  recipe says ``subsampling`` = "average", its mean;
- ``LAYER.table``: bool (maps below, maps), which maps a convolution joins (Table I for C3); its kernels lie in the
  order of the table's columns, read from the first to the last, each from top to bottom;
- ``LAYER.codes``: +-1 (classes, inputs), the codes of RBF units (Figure 3);
- ``Input.mean``: (channels, side, side), only where the recipe says ``input_mean``;
- ``about``: a text, JSON, with "format" (1), "recipe" (`lenet1998.recipe.Recipe`: the input's range, the squashing
  function and all else), "layers" (`Network.table`), "seed", "data", "classes" (their names, in the order of the
  outputs), "passes", "versions" and "commit".

Numbers have the recipe's ``dtype``. Images are padded to the input's side with background before the first layer.
"""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from lenet1998.interop.html import html_page
from lenet1998.interop.onnx_graph import onnx_model
from lenet1998.running.checkpoint import Checkpoint

FORMAT = 1


def about(saved: Checkpoint) -> dict[str, Any]:
    """What ONNX and npz files say of a network, JSON's types only: where it comes from, and its recipe and layers.

    >>> from lenet1998 import pretrained
    >>> facts = about(pretrained.load("default"))
    >>> facts["format"], facts["recipe"]["subsampling"], facts["layers"][0]["name"]
    (1, 'average', 'C1')
    """
    history = saved.history
    return {
        "format": FORMAT,
        "recipe": saved.recipe.as_dict(),
        "layers": saved.network().table(),
        "seed": history["seed"],
        "data": history["data"]["name"],
        "classes": saved.classes,
        "passes": len(history["passes"]),
        "versions": history.get("versions"),
        "commit": history.get("commit"),
    }


def to_npz(saved: Checkpoint) -> bytes:
    """The bytes of an npz file in the format that this module describes.

    >>> from lenet1998 import pretrained
    >>> arrays = np.load(io.BytesIO(to_npz(pretrained.load("default"))), allow_pickle=False)
    >>> arrays["C3.weight"].shape, int(arrays["C3.table"].sum()), arrays["Output.codes"].shape
    ((60, 5, 5), 60, (10, 84))
    """
    network = saved.network()
    arrays = network.parameters.named(network.parameters.values)
    for layer in network.layers:
        for constant in ("table", "codes"):
            if hasattr(layer, constant):
                arrays[f"{layer.name}.{constant}"] = getattr(layer, constant)
    if network.input.mean:
        arrays["Input.mean"] = network.mean
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, about=np.array(json.dumps(about(saved))))  # type: ignore[arg-type]
    return buffer.getvalue()


def to_onnx(saved: Checkpoint) -> bytes:
    """The bytes of an ONNX file; its metadata has what `about` gives, each value as JSON.

    Raises LeNetError where onnx is missing, and for a network that has no form in ONNX (`onnx_graph`).
    """
    model = onnx_model(saved.network(), {key: json.dumps(value) for key, value in about(saved).items()})
    return model.SerializeToString(deterministic=True)


def to_html(saved: Checkpoint) -> bytes:
    """The bytes of an HTML page to draw on. Raises LeNetError for a network that the page cannot show (`html`)."""
    return html_page(saved).encode("utf-8", "backslashreplace")  # a recipe's name may hold halves of characters


FORMATS: dict[str, Callable[[Checkpoint], bytes]] = {"onnx": to_onnx, "npz": to_npz, "html": to_html}

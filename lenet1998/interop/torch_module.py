"""A network as a module of PyTorch to read and to import, made from its list of layers; it needs no lenet1998.

Three files: the module, its weights beside it (`lenet1998.interop.export.to_npz`), and SDLM as an optimiser. The layers
are those of ``twin/layers.py``, of which the module has the ones that its network is made of. Parameters have the names
and shapes that they have here, so that a state dict can come back (`imported`).
"""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from lenet1998.connections import drawn
from lenet1998.errors import LeNetError, escaped, reason_of
from lenet1998.interop.onnx_graph import image_shape
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.loss import MAP, MLE, has_rubbish, make_loss
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.running.checkpoint import Checkpoint

_MODULE = Template('''"""$facts.

From "Gradient-Based Learning Applied to Document Recognition" (LeCun, Bottou, Bengio and Haffner, 1998); written by
lenet1998 $version. The network takes bytes $images, 0 background and 255 ink, to penalties (P, $classes), of which
the smallest is the answer: `load()(images).argmin(dim=1)`.
"""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

C, J = $c, $j  # equations 8 and 9: the factor of penalties, and the penalty of the rubbish class
$tables

$definitions

loss = $loss  # that the network was trained with


def build():
    """The network, its parameters at zero."""
    return nn.Sequential(OrderedDict({
$layers
    }))


def load(dtype=torch.float32):
    """The trained network."""
    network = build().to(dtype)
    with np.load(Path(__file__).with_name($weights)) as arrays:
        for name, values in [*network.named_parameters(), *network.named_buffers()]:
            if name in arrays:
                values.data.copy_(torch.from_numpy(arrays[name]))
    return network
''')


def _convolution(layer: Convolution) -> str:
    below, maps = layer.table.shape
    table = f'" ".join(["X" * {maps}] * {below})' if layer.table.all() else f"{layer.name}_TABLE"
    more = f", {layer.stride}, {layer.padding}" if (layer.stride, layer.padding) != (1, 0) else ""
    return f"Convolution({table}, {layer.k}{more})"


def _subsampling(layer: Subsampling) -> str:
    """Two modules: the window's unit has one input, the sum, which is what the curvature squares."""
    window = "nn.AvgPool2d(2)" if layer.scale < 1 else "nn.AvgPool2d(2, divisor_override=1)"
    each = f", {layer.each}" if layer.each > 1 else ""
    return f'{window}, "{layer.name}": Subsampling({layer.shape[0]}{each})'


def _rbf(layer: RBF) -> str:
    """Codes come with the weights; those of one unit per class, in a layer without a name, are written out."""
    classes, units = layer.codes.shape
    return f"RBF(torch.zeros({classes}, {units}))" if layer.name else f"RBF(2 * torch.eye({classes}) - 1)"


_FORMS: dict[type[Layer], Callable[[Any], str]] = {
    Convolution: _convolution,
    Subsampling: _subsampling,
    FullConnection: lambda layer: f"FullConnection({int(np.prod(layer.below))}, {layer.units})",
    Squash: lambda layer: "Squash()",
    ReLU: lambda layer: "nn.ReLU()",
    MaxPooling: lambda layer: f"nn.MaxPool2d({layer.window})",
    AveragePooling: lambda layer: f"nn.AvgPool2d({layer.window})",
    Contrast: lambda layer: "Contrast()",
    RBF: _rbf,
}


def torch_files(saved: Checkpoint, out: Path) -> dict[Path, bytes]:
    """The module at `out`, its weights and the optimiser beside it.

    Raises LeNetError for a network that has no form in PyTorch here: layers and losses of one's own, centres that
    learn.
    """
    from lenet1998.interop.export import to_npz

    weights = out.with_suffix(".npz")
    module = torch_module(saved, weights.name)
    optimiser = _source("sdlm.py").encode()
    return {out: module.encode(), weights: to_npz(saved), out.with_name(f"{out.stem}_sdlm.py"): optimiser}


def torch_module(saved: Checkpoint, weights: str) -> str:
    """The module's text; `weights` is the name of the file beside it.

    >>> from lenet1998 import pretrained
    >>> text = torch_module(pretrained.load("default"), "lenet5.npz")
    >>> [line.strip() for line in text.splitlines() if '"C3"' in line]
    ['"C3": Convolution(C3_TABLE, 5), "C3_squash": Squash(),']
    """
    network, recipe, history = saved.network(), saved.recipe, saved.history
    loss, layers = make_loss(recipe), "\n".join(_lines(network))
    if not isinstance(loss, (MLE, MAP)):
        raise LeNetError(f"loss={recipe.loss} has no form in PyTorch here: take --format npz")
    tables = [layer for layer in network.layers if isinstance(layer, Convolution) and not layer.table.all()]
    title, data, passes = re.sub(r"^lenet(?=\d)", "LeNet-", recipe.network), history["data"]["name"], history["passes"]
    facts = f"{title} in PyTorch: recipe {recipe.name}, seed {history['seed']}, {len(passes)} passes over {data}"
    return _MODULE.substitute(
        facts=re.sub(r'[\\"]', "'", escaped(facts)),
        version=version("lenet1998"),
        weights=json.dumps(weights),
        images=f"(P, {', '.join(map(str, image_shape(network)))})",
        classes=network.classes,
        c=loss.penalty_scale,
        j=loss.j if isinstance(loss, MAP) and has_rubbish(loss) else "torch.inf",
        loss="equation_9" if isinstance(loss, MAP) else "equation_8",
        tables="".join(map(_table, tables)),
        definitions=_definitions(layers),
        layers=layers,
    )


def _lines(network: Network) -> list[str]:
    """What makes the modules: a line for the input and for each layer with a name, and after it what has none."""
    field = network.input
    threshold = f", {field.threshold}" if field.threshold else ""
    lines = [
        f'        "Input": Input({field.channels}, {field.side}, {field.background}, {field.foreground}{threshold}),'
    ]
    named = "Input"
    for layer in network.layers:
        kind = type(layer).__name__
        if type(layer) not in _FORMS or (isinstance(layer, RBF) and layer.learns):
            raise LeNetError(f"{' '.join([layer.name, kind]).strip()} has no form in PyTorch here: take --format npz")
        form = _FORMS[type(layer)](layer)
        if layer.name:
            named = layer.name
            key = f"{named}_window" if isinstance(layer, Subsampling) else named
            lines.append(f'        "{key}": {form},')
        else:
            lines[-1] += f' "{named}_{kind.lower()}": {form},'
    return lines


def _table(layer: Convolution) -> str:
    rows = drawn(layer.table).replace("/", "\n    ")
    return f'{layer.name}_TABLE = """\n    {rows}"""  # a row for each map below, a column for each of this layer\n'


def _definitions(body: str) -> str:
    """The layers that the body makes, and the losses, as they are in ``twin/layers.py``."""
    source = _source("layers.py")
    kept = [
        ast.get_source_segment(source, node) or ""
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.ClassDef) and f" {node.name}(" in body)
    ]
    return "\n\n\n".join(kept)


def _source(name: str) -> str:
    return (resources.files(__package__) / "twin" / name).read_text(encoding="utf-8")


def imported(path: Path, like: Checkpoint) -> Checkpoint:
    """The network of `like` with the parameters of a state dict, which has no passes on record.

    Raises LeNetError where PyTorch is missing, and for a file that is no state dict of these names and shapes.
    """
    try:
        import torch
    except ImportError as error:
        raise LeNetError(f"a state dict is read with PyTorch ({error}): pip install torch") from None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = {name: value.detach().numpy() for name, value in state.items()}
    except Exception as error:  # of a damaged file almost anything
        raise LeNetError(f"{path} is no state dict of PyTorch ({reason_of(error)}): torch.save it anew") from error
    network = like.network()
    shapes = {name: view.shape for name, view in network.parameters.named(network.parameters.values).items()}
    if {name: array.shape for name, array in found.items()} != shapes:
        wrong = sorted(name for name in {*found, *shapes} if name not in found or found[name].shape != shapes.get(name))
        raise LeNetError(
            f"{path} is not of this network: {', '.join(wrong)}; name with --like the one that was exported"
        )
    for name, view in network.parameters.named(network.parameters.values).items():
        view[...] = found[name]
    if not np.isfinite(network.parameters.values).all():
        raise LeNetError(f"a parameter in {path} is not finite: its training has diverged")
    name = f"{like.recipe.name}, {path.name}"
    history = {**like.history, "recipe": {**like.history["recipe"], "name": name}, "passes": []}
    return replace(like, values=network.parameters.values, history=history)

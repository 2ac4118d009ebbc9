"""A network as an ONNX graph, for other runtimes: made from its list of layers, so it describes no network of its own.

Each kind of layer has one short function here; a layer of one's own may have a method ``to_onnx(graph, x, out)`` like
it. Values are named as in section II-B: ``C1`` is the layer's weighted sum and ``C1.f`` what its squashing function
makes of it. The graph takes bytes, as the network does, and computes in float32; where C3's table joins no maps its
dense kernels are zero. Opset 17 needs onnxruntime 1.12 or later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from lenet1998.errors import LeNetError
from lenet1998.layer import Layer, Shape
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.modern.layers import AveragePooling, Contrast, MaxPooling, ReLU
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.patterns import SIDE
from lenet1998.squash import A, S

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET, IR_VERSION = 17, 8
IMAGES, PENALTIES = "images", "penalties"


class _Graph:
    """The nodes and constants so far."""

    def __init__(self, onnx: ModuleType):
        self.onnx, self.nodes, self.constants = onnx, [], []  # type: ModuleType, list[Any], list[Any]

    def constant(self, name: str, values: Any, dtype: type = np.float32) -> str:
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], out: str, **attributes: Any) -> str:
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [out], name=out, **attributes))
        return out


def _convolution(layer: Convolution, graph: _Graph, x: str, out: str) -> str:
    dense = np.zeros((*layer.table.T.shape, layer.k, layer.k))
    dense[layer.table.T] = layer.values["weight"]  # kernels lie in the order of the table's columns
    weight = graph.constant(f"{layer.name}.weight", dense)
    bias = graph.constant(f"{layer.name}.bias", layer.values["bias"])
    return graph.node("Conv", [x, weight, bias], out, strides=[layer.stride] * 2, pads=[layer.padding] * 4)


def _subsampling(layer: Subsampling, graph: _Graph, x: str, out: str) -> str:
    """The coefficient stands at all four places of the window, and every map below is a group of its own."""
    taps = (layer.scale * layer.values["coefficient"])[:, None, None, None] * np.ones((1, 2, 2))
    coefficient = graph.constant(f"{layer.name}.coefficient", taps)
    bias = graph.constant(f"{layer.name}.bias", layer.values["bias"])
    return graph.node("Conv", [x, coefficient, bias], out, strides=[2, 2], group=layer.below[0])


def _full_connection(layer: FullConnection, graph: _Graph, x: str, out: str) -> str:
    flat = graph.node("Flatten", [x], f"{out}.inputs", axis=1)
    weight = graph.constant(f"{layer.name}.weight", layer.values["weight"])
    return graph.node("Gemm", [flat, weight, graph.constant(f"{layer.name}.bias", layer.values["bias"])], out, transB=1)


def _squash(layer: Squash, graph: _Graph, x: str, out: str) -> str:
    scaled = graph.node("Mul", [x, graph.constant(f"{out}.S", S)], f"{out}.scaled")
    return graph.node("Mul", [graph.node("Tanh", [scaled], f"{out}.tanh"), graph.constant(f"{out}.A", A)], out)


def _rbf(layer: RBF, graph: _Graph, x: str, out: str) -> str:
    """Equation 7, with the units along a new axis."""
    row = graph.node("Unsqueeze", [x, graph.constant(f"{out}.units", [1], np.int64)], f"{out}.row")
    offsets = graph.node("Sub", [row, graph.constant(f"{layer.name}.codes", layer.codes)], f"{out}.offsets")
    squares = graph.node("Mul", [offsets, offsets], f"{out}.squares")
    return graph.node("ReduceSum", [squares, graph.constant(f"{out}.inputs", [2], np.int64)], out, keepdims=0)


def _relu(layer: ReLU, graph: _Graph, x: str, out: str) -> str:
    return graph.node("Relu", [x], out)


def _max_pooling(layer: MaxPooling, graph: _Graph, x: str, out: str) -> str:
    return graph.node("MaxPool", [x], out, kernel_shape=[layer.window] * 2, strides=[layer.window] * 2)


def _average_pooling(layer: AveragePooling, graph: _Graph, x: str, out: str) -> str:
    return graph.node("AveragePool", [x], out, kernel_shape=[layer.window] * 2, strides=[layer.window] * 2)


def _contrast(layer: Contrast, graph: _Graph, x: str, out: str) -> str:
    return graph.node("MatMul", [x, graph.constant(f"{layer.name}.signs", [[0, -1]])], out)


_FORMS: dict[type[Layer], Callable[..., str]] = {
    Convolution: _convolution,
    Subsampling: _subsampling,
    FullConnection: _full_connection,
    Squash: _squash,
    RBF: _rbf,
    ReLU: _relu,
    MaxPooling: _max_pooling,
    AveragePooling: _average_pooling,
    Contrast: _contrast,
}


def image_shape(network: Network) -> Shape:
    """What the graph takes of a pattern: MNIST's (28, 28), or the field if it is smaller; of colours the whole field.

    Smaller images need a margin of zeros, as the network's own input would give them.
    """
    field = network.input
    return (min(field.side, SIDE),) * 2 if field.channels == 1 else field.shape


def onnx_model(network: Network, about: Mapping[str, str]) -> ModelProto:
    """The network with its parameters: ``images``, uint8 (P, \\*image_shape), to ``penalties``, float32 (P, classes).

    The input's range, margin and mean are in the graph. `about` becomes the model's metadata. Raises LeNetError where
    onnx is missing, and for a layer that has no form in ONNX here, by its name.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> model = onnx_model(LeNet5(Recipe()), {})  # doctest: +SKIP
    >>> len(model.graph.node)  # doctest: +SKIP
    34
    """
    try:
        import onnx
    except ImportError as error:
        raise LeNetError(f"this export needs onnx ({error}): pip install 'lenet1998[onnx]'") from None
    graph = _Graph(onnx)
    x = _input(network, graph)
    for layer in network.layers:
        form = _FORMS.get(type(layer)) or getattr(type(layer), "to_onnx", None)
        if form is None:
            what = " ".join([layer.name, type(layer).__name__]).strip()
            raise LeNetError(f"{what} has no form in ONNX here: give it a method to_onnx, or take --format npz")
        out = PENALTIES if layer is network.layers[-1] else layer.name or f"{x}.f"
        x = form(layer, graph, x, out)
    helper, kinds = onnx.helper, onnx.TensorProto
    images = helper.make_tensor_value_info(IMAGES, kinds.UINT8, ["P", *image_shape(network)])
    penalties = helper.make_tensor_value_info(PENALTIES, kinds.FLOAT, ["P", network.classes])
    body = helper.make_graph(graph.nodes, "lenet1998", [images], [penalties], graph.constants)
    model = helper.make_model(
        body, producer_name="lenet1998", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    helper.set_model_props(model, dict(about))
    onnx.checker.check_model(model, full_check=True)
    return model


def _input(network: Network, graph: _Graph) -> str:
    """Section II-B's input: bytes with a margin of zeros, scaled so that 0 is the background and 255 the ink."""
    field = network.input
    x = graph.node("Cast", [IMAGES], "Input.grey", to=graph.onnx.TensorProto.FLOAT)
    if field.threshold:
        above = graph.node("Greater", [x, graph.constant("Input.threshold", field.threshold)], "Input.above")
        ink = graph.node("Cast", [above], "Input.ink", to=graph.onnx.TensorProto.FLOAT)
        x = graph.node("Mul", [ink, graph.constant("Input.full", 255)], "Input.bilevel")
    if field.channels == 1:
        x = graph.node("Unsqueeze", [x, graph.constant("Input.channel", [1], np.int64)], "Input.map")
    *_, height, width = image_shape(network)
    top, left = (field.side - height) // 2, (field.side - width) // 2
    if (height, width) != (field.side, field.side):
        margins = [0, 0, top, left, 0, 0, field.side - height - top, field.side - width - left]
        x = graph.node("Pad", [x, graph.constant("Input.margins", margins, np.int64)], "Input.padded")
    range_ = graph.constant("Input.range", (field.foreground - field.background) / 255)
    x = graph.node("Mul", [x, range_], "Input.scaled")
    x = graph.node("Add", [x, graph.constant("Input.background", field.background)], "Input")
    return graph.node("Sub", [x, graph.constant("Input.mean", network.mean)], "Input.centred") if field.mean else x

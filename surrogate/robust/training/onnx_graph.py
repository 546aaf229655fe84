"""The nets as ONNX graphs, layer by layer: there are few kinds, so no exporter is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from surrogate._optional import require
from surrogate.errors import AbilityError
from surrogate.types import Label

__all__ = ["to_graph"]

OPSET = 17
IR_VERSION = 8  # what onnxruntime 1.19 reads
ROWS = "rows"


class _Graph:
    """Nodes and constants as they are gathered, and the name of what was last computed."""

    def __init__(self, given: str) -> None:
        self.onnx = require("onnx", extra="onnx")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.at = given

    def constant(self, name: str, value: Any) -> str:
        """Keep an array under a name."""
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, name: str, *inputs: str, settings: dict[str, Any]) -> None:
        """Compute a node from what was last computed and from constants."""
        node = self.onnx.helper.make_node(kind, [self.at, *inputs], [name], name=name, **settings)
        self.nodes.append(node)
        self.at = name


def _weights(graph: _Graph, layer: Any, name: str) -> tuple[str, str]:
    """A layer's weight and bias as constants."""
    arrays = {part: getattr(layer, part).detach().cpu().numpy() for part in ("weight", "bias")}
    return (
        graph.constant(f"{name}.weight", arrays["weight"]),
        graph.constant(f"{name}.bias", arrays["bias"]),
    )


def _add_layer(graph: _Graph, layer: Any, name: str) -> None:
    """One layer of a net as one node."""
    kind = type(layer).__name__
    if kind == "Linear":
        graph.add("Gemm", name, *_weights(graph, layer, name), settings={"transB": 1})
    elif kind == "Conv2d":
        pads = [*layer.padding, *layer.padding]
        graph.add("Conv", name, *_weights(graph, layer, name), settings={"pads": pads})
    elif kind == "ReLU":
        graph.add("Relu", name, settings={})
    elif kind in ("MaxPool1d", "MaxPool2d"):
        window = [layer.kernel_size] * (1 if kind == "MaxPool1d" else 2)
        graph.add("MaxPool", name, settings={"kernel_shape": window, "strides": window})
    elif kind == "Unflatten":
        shape = np.array([0, *layer.unflattened_size], dtype=np.int64)  # 0: as many rows as come
        graph.add("Reshape", name, graph.constant(f"{name}.shape", shape), settings={})
    elif kind == "Flatten":
        graph.add("Flatten", name, settings={"axis": 1})
    else:
        raise AbilityError(f"The layer {name} is a {kind}, which to_onnx does not write.")


def _scale_columns(graph: _Graph, columns: tuple[Any, Any]) -> None:
    """Bring raw columns to the net's units: (x - centre) / scale."""
    centre, scale = (np.asarray(part, dtype=np.float32) for part in columns)
    graph.add("Sub", "centred", graph.constant("centre", centre), settings={})
    graph.add("Div", "scaled", graph.constant("scale", scale), settings={})


def to_graph(
    module: Any,
    *,
    d: int,
    columns: tuple[Any, Any] | None,
    classes: Sequence[Label],
    output: Literal["probabilities", "scores"],
    about: str,
) -> Any:
    """An onnx.ModelProto that answers labels, and probabilities or logits.

    Parameters
    ----------
    module : torch.nn.Sequential
        Of the layers that the architectures are made of.
    d : int
        Columns.
    columns : pair of arrays of shape (d,), or None
        Centre and scale of the raw columns, where the graph is to take those.
    classes : sequence of str or int
        Named in the graph, so that whoever reads it knows them.
    output : {"probabilities", "scores"}
    about : str
        Kept as the graph's description.

    Raises
    ------
    AbilityError
        If a layer is of another kind.
    """
    graph = _Graph("rows_in")
    helper, proto = graph.onnx.helper, graph.onnx.TensorProto
    if columns is not None:
        _scale_columns(graph, columns)
    for name, layer in module.named_modules():
        if not list(layer.children()):
            _add_layer(graph, layer, name)
    logits = graph.at
    graph.add("ArgMax", "code", settings={"axis": 1, "keepdims": 0})
    graph.nodes.append(
        helper.make_node("Gather", [_names(graph, classes), "code"], ["label"], name="label")
    )
    graph.at = logits
    if output == "probabilities":
        graph.add("Softmax", output, settings={"axis": 1})
    else:
        graph.add("Identity", output, settings={})
    text = any(isinstance(name, str) for name in classes)
    made = helper.make_graph(
        graph.nodes,
        "trained",
        [helper.make_tensor_value_info("rows_in", proto.FLOAT, [ROWS, d])],
        [
            helper.make_tensor_value_info("label", proto.STRING if text else proto.INT64, [ROWS]),
            helper.make_tensor_value_info(output, proto.FLOAT, [ROWS, len(classes)]),
        ],
        graph.constants,
        doc_string=about,
    )
    model = helper.make_model(
        made,
        producer_name="surrogate",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    graph.onnx.checker.check_model(model, full_check=True)
    return model


def _names(graph: _Graph, classes: Sequence[Label]) -> str:
    """The classes as a constant: texts, or whole numbers."""
    if all(isinstance(name, (int, np.integer)) for name in classes):
        return graph.constant("classes", np.array([int(n) for n in classes], dtype=np.int64))
    if all(isinstance(name, str) for name in classes):
        made = graph.onnx.helper.make_tensor(
            "classes", graph.onnx.TensorProto.STRING, [len(classes)], [str(n) for n in classes]
        )
        graph.constants.append(made)
        return "classes"
    raise AbilityError(
        f"An ONNX graph names classes as texts or whole numbers; these are {tuple(classes)}."
    )

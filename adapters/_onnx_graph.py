"""Reading and changing copies of ONNX graphs.

Everything here works on the `onnx` library's ModelProto, always on a copy of the user's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from surrogate._optional import require
from surrogate.types import Label

__all__ = [
    "classes",
    "constants_of",
    "inner",
    "parse",
    "symbolic",
    "with_outputs",
    "without_zipmap",
]

Model: TypeAlias = Any  # onnx.ModelProto
Node: TypeAlias = Any  # onnx.NodeProto

_BATCH = "rows"
_CLASSES = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
_PICKS_CLASS = ("ArrayFeatureExtractor", "Gather")


def parse(source: Any) -> Model:
    """A model of its own from a path or from bytes."""
    onnx = require("onnx", extra="onnx")
    return onnx.load_from_string(source) if isinstance(source, bytes) else onnx.load(source)


def symbolic(model: Model, batch: int) -> None:
    """Free the first axis of inputs, outputs and reshapes that were exported as `batch`.

    That is a guess about what the axis means; whoever calls compares the answers.
    """
    constants = constants_of(model)
    given = [value for value in model.graph.input if value.name not in constants]
    for value in (*given, *model.graph.output):
        shape = value.type.tensor_type.shape
        if shape.dim and shape.dim[0].dim_value == batch:
            shape.dim[0].dim_param = _BATCH
    del model.graph.value_info[:]
    for node in model.graph.node:
        if node.op_type == "Reshape" and node.input[0] not in constants:
            _free_reshape(model, node, constants, batch)


def _free_reshape(model: Model, node: Node, constants: dict[str, Any], batch: int) -> None:
    """Let a reshape to (batch, ...) keep as many rows as come."""
    helper = require("onnx.numpy_helper", extra="onnx")
    constant = constants.get(node.input[1])
    if constant is None:
        return
    shape = helper.to_array(constant).copy()
    if shape.size < 2 or shape[0] != batch:
        return
    shape[0] = 0 if -1 in shape else -1
    name = f"{node.input[1]}_{_BATCH}_{len(model.graph.initializer)}"
    model.graph.initializer.append(helper.from_array(shape, name))
    node.input[1] = name


def constants_of(model: Model) -> dict[str, Any]:
    """Tensors that are part of the model, by name."""
    found = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = node.attribute[0].t
    return found


def without_zipmap(model: Model) -> None:
    """Put out the arrays that ZipMap nodes would turn into lists of dicts."""
    onnx = require("onnx", extra="onnx")
    for node in [node for node in model.graph.node if node.op_type == "ZipMap"]:
        output = next((v for v in model.graph.output if v.name == node.output[0]), None)
        if output is None or any(v.name == node.input[0] for v in model.graph.output):
            continue
        array = onnx.helper.make_tensor_value_info(
            node.input[0], onnx.TensorProto.FLOAT, [_BATCH, None]
        )
        output.CopyFrom(array)
        model.graph.node.remove(node)


def classes(model: Model, label_output: str | None) -> tuple[Label, ...] | None:
    """The classes behind a classifier's labels, in column order, where the graph tells.

    The nearest node before the labels decides, since an ensemble's inner classifiers may
    number the classes.
    """
    zipmaps = [node for node in model.graph.node if node.op_type == "ZipMap"]
    constants = constants_of(model)
    for node in (*zipmaps, *_before(model, label_output)):
        found = _named_in(node, constants)
        if found is not None:
            return found
    return None


def _named_in(node: Node, constants: dict[str, Any]) -> tuple[Label, ...] | None:
    """The classes that one node names."""
    helper = require("onnx.numpy_helper", extra="onnx")
    if node.op_type in _PICKS_CLASS and node.input[0] in constants:
        values = helper.to_array(constants[node.input[0]]).ravel().tolist()
        return tuple(v.decode() if isinstance(v, bytes) else v for v in values)
    for attribute in node.attribute:
        if attribute.name in _CLASSES and (attribute.strings or attribute.ints):
            return tuple(s.decode() for s in attribute.strings) or tuple(attribute.ints)
    return None


def _before(model: Model, output: str | None) -> Iterator[Node]:
    """Nodes that an output depends on, the nearest first."""
    makers = {name: node for node in model.graph.node for name in node.output}
    waiting, seen = [output], set()
    while waiting:
        node = makers.get(waiting.pop(0))
        if node is None or node.output[0] in seen:
            continue
        seen.add(node.output[0])
        yield node
        waiting.extend(node.input)


def inner(model: Model) -> tuple[str, ...]:
    """Names of the floating arrays that depend on the input, from input to output."""
    onnx = require("onnx", extra="onnx")
    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
    inferred = onnx.shape_inference.infer_shapes(model).graph
    known = {v.name: v.type.tensor_type.elem_type for v in (*inferred.value_info, *inferred.output)}
    given = {value.name for value in model.graph.input} - set(constants_of(model))
    names: list[str] = []
    for node in model.graph.node:  # a graph's nodes stand in the order they can be run in
        if node.op_type != "ZipMap" and not given.isdisjoint(node.input):
            given.update(node.output)
            names.extend(name for name in node.output if name)
    return tuple(name for name in names if known.get(name, onnx.TensorProto.FLOAT) in kinds)


def with_outputs(model: Model, names: Sequence[str]) -> None:
    """Put some inner arrays out, beside what is put out already."""
    onnx = require("onnx", extra="onnx")
    known = {value.name for value in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)

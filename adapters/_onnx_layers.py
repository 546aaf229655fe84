"""The hidden layers of an ONNX graph."""

from __future__ import annotations

from typing import Any, Literal

from surrogate.adapters._layers import Step, hidden_layers
from surrogate.adapters._onnx_graph import constants_of

__all__ = ["hidden"]

_WEIGHTED = frozenset({"Gemm", "MatMul", "Conv", "FusedMatMul", "FusedConv"})
_NONLINEAR = frozenset(
    {
        "Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "PRelu", "Softplus",
        "Softsign", "HardSigmoid", "HardSwish", "Mish", "ThresholdedRelu", "Clip", "Erf",
    }
)  # fmt: skip


def hidden(model: Any) -> tuple[str, ...]:
    """Names of the arrays behind the nonlinearity of each hidden block of a ModelProto."""
    weights = _weights(model)
    makers: dict[str, int] = {}
    steps: list[Step] = []
    for node in model.graph.node:  # a graph's nodes stand in the order they can be run in
        if not node.output:
            continue
        for name in node.output:
            makers[name] = len(steps)
        sources = tuple(dict.fromkeys(makers[name] for name in node.input if name in makers))
        inputs = tuple(source for source in sources if source != len(steps))
        steps.append(Step(node.output[0], _kind(node, weights), inputs))
    return hidden_layers(steps)


def _weights(model: Any) -> set[str]:
    """Arrays that are part of the model, and what is computed of such alone."""
    known = set(constants_of(model))
    for node in model.graph.node:
        if node.input and known.issuperset(name for name in node.input if name):
            known.update(node.output)
    return known


def _kind(node: Any, weights: set[str]) -> Literal["weighted", "nonlinear", "other"]:
    """What a node does."""
    if node.op_type in _WEIGHTED and not weights.isdisjoint(node.input):
        return "weighted"
    return "nonlinear" if node.op_type in _NONLINEAR else "other"

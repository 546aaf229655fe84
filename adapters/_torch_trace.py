"""A torch module's graph, traced so that activations written as functions are found too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from surrogate._optional import require
from surrogate.adapters._decisions import is_of
from surrogate.adapters._layers import Step, hidden_layers

__all__ = ["Traced", "by_definition", "trace"]

_WEIGHTED = (
    "torch.nn.modules.linear.Linear",
    "torch.nn.modules.linear.Bilinear",
    "torch.nn.modules.conv._ConvNd",
)
_WEIGHTED_CALLS = ("linear", "conv1d", "conv2d", "conv3d", "matmul", "addmm", "bilinear")
_ACTIVATIONS = "torch.nn.modules.activation"
_NOT_HIDDEN = ("Softmax", "Softmin", "LogSoftmax", "Softmax2d", "MultiheadAttention", "Threshold")
_NONLINEAR_CALLS = frozenset(
    {
        "relu", "relu6", "sigmoid", "tanh", "gelu", "elu", "selu", "celu", "leaky_relu", "silu",
        "mish", "softplus", "softsign", "hardtanh", "hardsigmoid", "hardswish", "logsigmoid",
        "prelu", "rrelu", "clamp", "clamp_min",
    }
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Traced:
    """What tracing found.

    Parameters
    ----------
    module : torch.fx.GraphModule
        Shares parameters and submodules with the module traced.
    nodes : mapping from str to str
        Nodes of the graph behind layers that are no submodule called once, by layer.
    hidden : tuple of str
        Layers behind the nonlinearities of hidden blocks.
    """

    module: Any
    nodes: Mapping[str, str]
    hidden: tuple[str, ...]

    def run(self, tensor: Any, wanted: Mapping[str, Callable[[Any], None]]) -> Any:
        """The module's answer; some nodes' outputs are handed to functions on the way."""
        fx = require("torch.fx", extra="torch")
        by_node = {self.nodes[layer]: take for layer, take in wanted.items()}

        class Looking(fx.Interpreter):  # type: ignore[misc, name-defined]
            def run_node(self, n: Any) -> Any:
                value = super().run_node(n)
                if n.name in by_node:
                    by_node[n.name](value)
                return value

        return Looking(self.module).run(tensor)


def trace(module: Any) -> Traced | None:
    """The graph of a module in eval mode; None where its code cannot be traced."""
    fx = require("torch.fx", extra="torch")
    try:
        graph = fx.Tracer().trace(module)
        traced = fx.GraphModule(module, graph)
    except Exception:  # branches on values, unusual arguments: whatever the user's code does
        return None
    nodes = [node for node in graph.nodes if node.op != "output"]
    if sum(node.op == "placeholder" for node in nodes) != 1:
        return None
    calls = [node.target for node in nodes if node.op == "call_module"]
    number = {node: at for at, node in enumerate(nodes)}
    names: dict[str, str] = {}
    steps: list[Step] = []
    for node in nodes:
        kind = _kind(node, module)
        once = node.op == "call_module" and calls.count(node.target) == 1
        name = node.target if once else _free_name(node, steps, number, names)
        if not once and kind != "other":
            names[name] = node.name
        inputs = tuple(number[source] for source in node.all_input_nodes)
        steps.append(Step(name, kind, inputs))
    hidden = hidden_layers(steps)
    other = {step.name: node.name for step, node in zip(steps, nodes) if node.op != "call_module"}
    names |= {name: other[name] for name in hidden if name in other}
    return Traced(traced, names, hidden)


def by_definition(module: Any) -> tuple[str, ...]:
    """Hidden layers of a module that cannot be traced, by the order of its definition.

    The nonlinearity defined right behind a weighted layer, else the weighted layer itself;
    the last weighted layer answers, and is not hidden.
    """
    leaves = [(name, part) for name, part in module.named_modules() if not list(part.children())]
    steps = [
        Step(name, _kind_of_module(part), (at - 1,) if at else ())
        for at, (name, part) in enumerate(leaves)
    ]
    return hidden_layers(steps)


def _free_name(
    node: Any, steps: list[Step], number: Mapping[Any, int], taken: Mapping[str, str]
) -> str:
    """A name for what is no submodule called once: where it comes from, and what is done."""
    done = node.target if isinstance(node.target, str) else node.target.__name__
    sources = [steps[number[source]].name for source in node.all_input_nodes]
    name = f"{sources[0].rpartition(':')[0] or sources[0]}:{done}" if sources else str(done)
    count = 2
    base = name
    while name in taken:
        name, count = f"{base}#{count}", count + 1
    return name


def _kind(node: Any, module: Any) -> Any:
    """What a node of the graph does."""
    if node.op == "call_module":
        return _kind_of_module(module.get_submodule(node.target))
    if node.op not in ("call_function", "call_method"):
        return "other"
    done = node.target if isinstance(node.target, str) else node.target.__name__
    if done.rstrip("_") in _NONLINEAR_CALLS:
        return "nonlinear"
    weights = any(source.op == "get_attr" for source in node.all_input_nodes)
    return "weighted" if done in _WEIGHTED_CALLS and weights else "other"


def _kind_of_module(part: Any) -> Any:
    """What a submodule does."""
    if is_of(part, *_WEIGHTED):
        return "weighted"
    own = type(part)
    nonlinear = own.__module__ == _ACTIVATIONS and own.__name__ not in _NOT_HIDDEN
    return "nonlinear" if nonlinear else "other"

"""Small nets that the methods which read layers are tested on."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.oracle import Oracle

RNG = np.random.default_rng(0)
X = np.round(RNG.uniform(-1, 1, (240, 3)), 3)
Y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")


@cache
def net(kind: str) -> Any:
    """A net of 8 and 4 units that knows whether two columns have the same sign."""
    made = MLPClassifier((8, 4), activation=kind, solver="lbfgs", max_iter=400, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made.fit(X, Y)


@cache
def regression_net() -> Any:
    made = MLPRegressor(hidden_layer_sizes=(8, 4), solver="lbfgs", max_iter=400, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made.fit(X, np.abs(X[:, 0]))


def as_torch(mlp: Any) -> Any:
    """The same net as a torch module."""
    import torch

    act = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "logistic": torch.nn.Sigmoid}
    parts: list[Any] = []
    for weights, bias in zip(mlp.coefs_, mlp.intercepts_):
        layer = torch.nn.Linear(*weights.shape).double()
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights.T))
            layer.bias.copy_(torch.from_numpy(bias))
        parts += [layer, act[mlp.activation]()]
    return torch.nn.Sequential(*parts[:-1], torch.nn.Sigmoid())


def as_onnx(mlp: Any) -> Any:
    """The same net as an ONNX model."""
    from onnx import TensorProto, helper, numpy_helper

    op = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}[mlp.activation]
    nodes, constants, given = [], [], "x"
    for i, (weights, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_)):
        constants += [
            numpy_helper.from_array(weights, f"w{i}"),
            numpy_helper.from_array(bias, f"b{i}"),
        ]
        last = i == len(mlp.coefs_) - 1
        nodes.append(helper.make_node("Gemm", [given, f"w{i}", f"b{i}"], [f"z{i}"]))
        nodes.append(helper.make_node("Sigmoid" if last else op, [f"z{i}"], [f"h{i}"]))
        given = f"h{i}"
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["n", 3])],
        [helper.make_tensor_value_info(given, TensorProto.DOUBLE, ["n", 1])],
        constants,
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def box_of(library: str, kind: str = "relu") -> Any:
    """The net in a library."""
    if library == "sklearn":
        return wrap(net(kind))
    made = {"torch": as_torch, "onnx": as_onnx}[library](net(kind))
    return wrap(made, output="probabilities", classes=("other", "same"))


def oracle_of(box: Any, **options: Any) -> Oracle:
    return Oracle(box, Domain.infer(X), **options)

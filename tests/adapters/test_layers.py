"""Hidden layers: found, named, read in one pass, alike whatever holds the net."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from surrogate.adapters import wrap
from surrogate.adapters._layers import Step, hidden_layers
from surrogate.errors import ModelError, OptionError
from surrogate.types import HasActivations

torch = pytest.importorskip("torch")
nn = torch.nn
F = torch.nn.functional

ROWS = np.random.Generator(np.random.Philox(key=3)).standard_normal((9, 4))
SIZES = (4, 5, 3, 2)
RNG = np.random.Generator(np.random.Philox(key=4))
WEIGHTS = [RNG.standard_normal((a, b)) for a, b in pairwise(SIZES)]
BIASES = [RNG.standard_normal(b) for b in SIZES[1:]]
NONLINEAR = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
}


def expected(kind: str) -> list[np.ndarray]:
    """Both hidden layers, by hand."""
    first = NONLINEAR[kind](ROWS @ WEIGHTS[0] + BIASES[0])
    return [first, NONLINEAR[kind](first @ WEIGHTS[1] + BIASES[1])]


def linear(number: int) -> Any:
    layer = nn.Linear(*WEIGHTS[number].shape).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(WEIGHTS[number].T))
        layer.bias.copy_(torch.from_numpy(BIASES[number]))
    return layer


TORCH = {"relu": nn.ReLU, "tanh": nn.Tanh, "logistic": nn.Sigmoid}
CALLS = {"relu": F.relu, "tanh": torch.tanh, "logistic": torch.sigmoid}


def modules(kind: str) -> Any:
    act = TORCH[kind]
    return nn.Sequential(linear(0), act(), linear(1), act(), linear(2), nn.Softmax(dim=1))


class Functional(nn.Module):
    """Activations as functions, dropout between."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.fc1, self.fc2, self.out = linear(0), linear(1), linear(2)

    def forward(self, x: Any) -> Any:
        x = F.dropout(CALLS[self.kind](self.fc1(x)), training=self.training)
        return self.out(CALLS[self.kind](self.fc2(x))).softmax(-1)


class Shared(nn.Module):
    """One activation module, called twice."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.fc1, self.fc2, self.out, self.act = linear(0), linear(1), linear(2), TORCH[kind]()

    def forward(self, x: Any) -> Any:
        return self.out(self.act(self.fc2(self.act(self.fc1(x))))).softmax(-1)


class Branching(nn.Module):
    """Code that torch.fx cannot trace."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.fc1, self.act1, self.fc2 = linear(0), TORCH[kind](), linear(1)
        self.act2, self.out = TORCH[kind](), linear(2)

    def forward(self, x: Any) -> Any:
        if x.sum() > 1e9:
            x = -x
        return self.out(self.act2(self.fc2(self.act1(self.fc1(x))))).softmax(-1)


def onnx_model(kind: str) -> Any:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    op = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}[kind]
    nodes, given, constants = [], "x", []
    for i, (w, b) in enumerate(zip(WEIGHTS, BIASES)):
        constants += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
        if i == 0:  # both ways in which exporters write a layer
            nodes.append(helper.make_node("Gemm", [given, "w0", "b0"], ["z0"]))
        else:
            nodes.append(helper.make_node("MatMul", [given, f"w{i}"], [f"m{i}"]))
            nodes.append(helper.make_node("Add", [f"m{i}", f"b{i}"], [f"z{i}"]))
        last = i == len(WEIGHTS) - 1
        nodes.append(helper.make_node("Softmax" if last else op, [f"z{i}"], [f"h{i}"]))
        given = f"h{i}"
    double = onnx.TensorProto.DOUBLE
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", double, ["n", 4])],
        [helper.make_tensor_value_info("h2", double, ["n", 2])],
        constants,
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def mlp(kind: str, *, piped: bool = False) -> Any:
    network = pytest.importorskip("sklearn.neural_network")
    net = network.MLPClassifier(SIZES[1:3], activation=kind, max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(ROWS, ROWS[:, 0] > 0)
    net.coefs_ = [*WEIGHTS[:2], WEIGHTS[2][:, :1]]
    net.intercepts_ = [*BIASES[:2], BIASES[2][:1]]
    if not piped:
        return net
    pipeline = pytest.importorskip("sklearn.pipeline")
    scaler = pytest.importorskip("sklearn.preprocessing").FunctionTransformer(lambda rows: rows / 2)
    return pipeline.make_pipeline(scaler.fit(ROWS), net)


CASES: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "torch": (modules, ("1", "3")),
    "torch functions": (Functional, ("fc1:{}", "fc2:{}")),
    "torch shared": (Shared, ("fc1:act", "fc2:act")),
    "torch branching": (Branching, ("act1", "act2")),
    "onnx": (onnx_model, ("h0", "h1")),
    "sklearn": (mlp, ("hidden 1", "hidden 2")),
}
SAID = {"relu": "relu", "tanh": "tanh", "logistic": "sigmoid"}


def boxed(name: str, kind: str) -> Any:
    output = None if name == "sklearn" else "probabilities"
    return wrap(CASES[name][0](kind), output=output)


@pytest.mark.parametrize("kind", ["relu", "tanh", "logistic"])
@pytest.mark.parametrize("name", list(CASES))
def test_hidden_layers_are_found_and_agree(name: str, kind: str) -> None:
    box = boxed(name, kind)
    assert isinstance(box, HasActivations)
    wanted = tuple(layer.format(SAID[kind]) for layer in CASES[name][1])
    assert box.hidden_layers() == wanted
    assert set(wanted) <= set(box.layers())
    reply = box.look(ROWS, wanted)
    assert list(reply.activations) == list(wanted)
    for layer, units in zip(wanted, expected(kind)):
        assert reply.activations[layer].dtype == np.float64
        np.testing.assert_allclose(reply.activations[layer], units, atol=1e-6)
        np.testing.assert_allclose(box.activations(ROWS, layer), units, atol=1e-6)
    np.testing.assert_allclose(reply.values, box.ask(ROWS).values, atol=1e-9)


@pytest.mark.parametrize("name", list(CASES))
def test_one_pass_asks_the_net_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    box = boxed(name, "relu")
    if name.startswith("torch"):
        calls = []
        first = next(part for part in box._module.modules() if isinstance(part, nn.Linear))
        handle = first.register_forward_hook(lambda *given: calls.append(1))
        box.look(ROWS, box.hidden_layers())
        handle.remove()
        assert len(calls) == 1
    elif name == "onnx":
        box.look(ROWS, box.hidden_layers())
        assert len(box._layer_runners) == 1
        monkeypatch.setattr("surrogate.adapters.onnx.start", None)  # no third session
        box.look(ROWS, box.hidden_layers())


@pytest.mark.parametrize("name", list(CASES))
def test_unknown_layers_are_named(name: str) -> None:
    box = boxed(name, "relu")
    with pytest.raises(OptionError, match="has no layer 'hiden 1'"):
        box.look(ROWS, ["hiden 1"])


@pytest.mark.parametrize("name", list(CASES))
def test_nothing_is_left_on_the_net(name: str) -> None:
    if not name.startswith("torch"):
        pytest.skip("hooks are torch's")
    module = CASES[name][0]("relu").train()
    box = wrap(module, output="probabilities")
    known = {key: set(vars(part)) for key, part in module.named_modules()}
    box.look(ROWS, box.hidden_layers())
    with pytest.raises(ModelError, match="shapes cannot be multiplied"):
        box.look(ROWS[:, :3], box.hidden_layers())
    assert {key: set(vars(part)) for key, part in module.named_modules()} == known
    assert all(not part._forward_hooks for part in module.modules())
    assert all(part.training for part in module.modules())


@pytest.mark.parametrize("name", ["torch functions", "onnx", "sklearn"])
def test_a_pickled_box_shows_the_same(name: str) -> None:
    box = boxed(name, "relu")
    layer = box.hidden_layers()[0]
    box.activations(ROWS, layer)
    again = pickle.loads(pickle.dumps(box))
    np.testing.assert_array_equal(again.activations(ROWS, layer), box.activations(ROWS, layer))


def test_preprocess_comes_before_the_layers() -> None:
    halved = wrap(modules("relu"), output="probabilities", preprocess=lambda rows: rows / 2)
    plain = wrap(modules("relu"), output="probabilities")
    np.testing.assert_array_equal(halved.activations(ROWS, "1"), plain.activations(ROWS / 2, "1"))
    piped = wrap(mlp("relu", piped=True))
    inner = wrap(mlp("relu"))
    np.testing.assert_allclose(
        piped.activations(ROWS, "hidden 1"), inner.activations(ROWS / 2, "hidden 1")
    )
    assert piped.hidden_layers() == ("hidden 1", "hidden 2")


def test_convolutions_are_hidden_layers_too() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(3, 2)
    )
    box = wrap(net, output="scores", preprocess=lambda rows: rows.reshape(-1, 1, 2, 2))
    assert box.hidden_layers() == ("2",)
    assert box.activations(ROWS, "2").shape == (9, 3)


def test_other_models_show_none() -> None:
    assert not isinstance(wrap(lambda rows: rows[:, 0], task="regression"), HasActivations)
    linear_model = pytest.importorskip("sklearn.linear_model")
    model = linear_model.LogisticRegression().fit(ROWS, ROWS[:, 0] > 0)
    assert not isinstance(wrap(model), HasActivations)
    assert wrap(nn.Linear(4, 2), output="scores").hidden_layers() == ()


KINDS: dict[str, Any] = {"w": "weighted", "r": "nonlinear", "s": "other"}


def graph(*steps: str) -> list[Step]:
    """Steps such as "r1 0": a nonlinearity that takes the output of step 0."""
    parts = [step.split() for step in steps]
    return [Step(name, KINDS[name[0]], tuple(map(int, inputs))) for name, *inputs in parts]


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (graph("w", "r 0"), ()),  # it answers, and is not hidden
        (graph("w1", "s 0", "r 1", "w2 2"), ("r",)),
        (graph("w1", "s 0", "w2 1"), ("s",)),
        # a residual block: the sum is passed on, its nonlinearity counts
        (graph("w1", "r1 0", "w2 1", "s 1 2", "r2 3", "w3 4"), ("r1", "r2")),
    ],
    ids=["one layer", "normalised", "linear", "residual"],
)
def test_hidden_layers_of_a_graph(steps: list[Step], found: tuple[str, ...]) -> None:
    assert hidden_layers(steps) == found

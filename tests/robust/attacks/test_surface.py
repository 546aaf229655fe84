"""Whose gradients they are, and what the module behind them answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate.adapters import TorchBox, wrap
from surrogate.domain import Domain
from surrogate.errors import AbilityError, ModelError, OptionError
from surrogate.oracle import Oracle
from surrogate.robust.attacks import run_attack

torch = pytest.importorskip("torch")
RADIUS = 0.15
N = 30


def fooled(oracle: Oracle, digits: Any, **said: Any) -> Any:
    return run_attack("pgd", oracle, digits.X[:N], digits.y[:N], radius=RADIUS, **said)


def numbers(net: Any, *, softmax: bool = True) -> Any:
    def answer(rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            z = net(torch.tensor(rows).float())
            return (torch.softmax(z, 1) if softmax else z).double().numpy()

    return answer


def test_a_callable_is_attacked_by_the_gradients_of_its_net(digits: Any) -> None:
    own = fooled(digits.oracle(), digits)
    box = wrap(numbers(digits.net), output="probabilities")
    given = fooled(Oracle(box, digits.domain), digits, gradients=digits.net)
    np.testing.assert_array_equal(own.fooled, given.fooled)
    labels = wrap(lambda rows: digits.decide(rows), output="labels", classes=list(range(10)))
    asked = fooled(Oracle(labels, digits.domain), digits, gradients=digits.net)
    np.testing.assert_array_equal(own.fooled, asked.fooled)


def test_an_onnx_file_is_attacked_by_the_gradients_of_its_net(digits: Any, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    first, last = digits.net[0], digits.net[2]
    values = {"W": first.weight.T, "b": first.bias, "V": last.weight.T, "c": last.bias}
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "W", "b"], ["h"]),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("Gemm", ["r", "V", "c"], ["z"]),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 64])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [None, 10])],
        [
            numpy_helper.from_array(np.ascontiguousarray(value.detach().numpy()), name)
            for name, value in values.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, tmp_path / "net.onnx")
    oracle = Oracle(wrap(str(tmp_path / "net.onnx"), output="scores"), digits.domain)
    with pytest.raises(AbilityError, match="wrapped by the onnx adapter, shows none"):
        fooled(oracle, digits)
    found = fooled(oracle, digits, gradients=digits.net)
    np.testing.assert_array_equal(found.fooled, fooled(digits.oracle(), digits).fooled)


def test_a_module_that_answers_probabilities_is_read_so(digits: Any) -> None:
    net = torch.nn.Sequential(digits.net, torch.nn.Softmax(dim=1))
    oracle = Oracle(TorchBox(net, output="probabilities"), digits.domain)
    found = fooled(oracle, digits)
    assert found.notes[0].startswith("The module answers probabilities")
    plain = fooled(digits.oracle(), digits)
    assert found.fooled.mean() == pytest.approx(plain.fooled.mean(), abs=0.1)


class One(torch.nn.Module):
    """One column: the lead of the second of two classes, or its probability."""

    def __init__(self, *, sigmoid: bool, bias: float = 0.0) -> None:
        super().__init__()
        self.line = torch.nn.Linear(3, 1)
        with torch.no_grad():
            self.line.weight.copy_(torch.tensor([[1.0, -1.0, 0.5]]))
            self.line.bias.fill_(bias)
        self.sigmoid = sigmoid

    def forward(self, rows: Any) -> Any:
        z = self.line(rows)
        return torch.sigmoid(z) if self.sigmoid else z


@pytest.mark.parametrize(
    ("sigmoid", "output"), [(False, "scores"), (True, "probabilities"), (True, "labels")]
)
def test_one_column_is_two_classes(sigmoid: bool, output: str) -> None:
    X = np.random.default_rng(0).normal(size=(20, 3))
    lead = X @ [1, -1, 0.5]
    net = One(sigmoid=sigmoid)
    box: Any = TorchBox(net, output=output, classes=[0, 1])  # type: ignore[arg-type]
    if output == "labels":
        box = wrap(
            lambda rows: (rows @ [1, -1, 0.5] > 0).astype(int), output="labels", classes=[0, 1]
        )
    oracle = Oracle(box, Domain.infer(X))
    given = {"gradients": net} if output == "labels" else {}
    found = run_attack("flip_point", oracle, X, (lead > 0).astype(int), **given)
    np.testing.assert_allclose(found.distance, np.abs(lead) / 1.5, rtol=1e-4)


@pytest.mark.parametrize(("sigmoid", "threshold"), [(False, 1.2), (True, 0.8)])
def test_a_threshold_moves_the_boundary(sigmoid: bool, threshold: float) -> None:
    X = np.random.default_rng(0).normal(size=(20, 3))
    edge = np.log(0.8 / 0.2) if sigmoid else threshold
    lead = X @ [1, -1, 0.5] - edge
    output: Any = "probabilities" if sigmoid else "scores"
    box = TorchBox(One(sigmoid=sigmoid), output=output, classes=["a", "b"], threshold=threshold)
    found = run_attack("flip_point", Oracle(box, Domain.infer(X)), X, (lead > 0).astype(int))
    assert found.fooled.all()
    np.testing.assert_allclose(found.distance, np.abs(lead) / 1.5, rtol=1e-3)


def test_a_torch_preprocess_is_gone_through_and_a_function_is_not(digits: Any) -> None:
    class Half(torch.nn.Module):
        def forward(self, rows: Any) -> Any:
            return rows / 2

    through = TorchBox(digits.net, output="scores", preprocess=Half())
    wide = Domain.infer(
        digits.X,
        kinds=dict.fromkeys(range(64), "continuous"),
        bounds=dict.fromkeys(range(64), (0, 2)),
    )
    found = run_attack("fgsm", Oracle(through, wide), digits.X[:9] * 2, digits.y[:9], radius=0.3)
    plain = run_attack("fgsm", digits.oracle(), digits.X[:9], digits.y[:9], radius=0.15)
    np.testing.assert_allclose(found.rows, plain.rows * 2, atol=1e-5)
    blind = TorchBox(digits.net, output="scores", preprocess=lambda rows: rows / 2)
    with pytest.raises(AbilityError, match="square, hopskipjump, flip_point"):
        run_attack("fgsm", Oracle(blind, wide), digits.X[:9], digits.y[:9], radius=0.3)
    by_answers = run_attack(
        "flip_point", Oracle(blind, wide), digits.X[:9], digits.y[:9], options={"steps": 1}
    )
    assert by_answers.queries > 100


def test_gradients_of_another_model_are_refused(digits: Any) -> None:
    other = torch.nn.Linear(64, 10)
    with pytest.raises(OptionError, match=r"decide alike on \d+% of 30 rows, and their scores"):
        fooled(digits.oracle(), digits, gradients=other)
    oracle = Oracle(wrap(numbers(digits.net), output="probabilities"), digits.domain)
    scaled = torch.nn.Sequential(torch.nn.Upsample(scale_factor=1), digits.net)
    scaled[0] = type("Scale", (torch.nn.Module,), {"forward": lambda self, rows: rows * 255})()
    with pytest.raises(OptionError, match="for rows on the same scale"):
        fooled(oracle, digits, gradients=scaled)
    labels = wrap(lambda rows: digits.decide(rows), output="labels", classes=list(range(10)))
    with pytest.raises(OptionError, match="decide alike on"):
        fooled(Oracle(labels, digits.domain), digits, gradients=other)


def test_gradients_that_are_no_module_or_of_another_shape_are_refused(digits: Any) -> None:
    with pytest.raises(OptionError, match=r"`gradients` must be a torch.nn.Module .* got ndarray"):
        fooled(digits.oracle(), digits, gradients=np.zeros(3))
    with pytest.raises(OptionError, match=r"does not take internal rows of shape \(n, 64\)"):
        fooled(digits.oracle(), digits, gradients=torch.nn.Linear(3, 10))
    with pytest.raises(OptionError, match="answers 4 columns, and Sequential has 10 classes"):
        fooled(digits.oracle(), digits, gradients=torch.nn.Linear(64, 4))
    bad = torch.nn.Linear(64, 10)
    with torch.no_grad():
        bad.bias.fill_(float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        fooled(digits.oracle(), digits, gradients=bad)

"""Oracles of boxes whose answers are torch's."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.errors import AnswerError, DataError, ModelError

torch = pytest.importorskip("torch")

TORCH = {"library": "torch", "dtype": "float32"}


def soft(rows):
    return torch.softmax(torch.as_tensor(rows), dim=-1)


@pytest.fixture
def tensor(rows):
    return torch.from_numpy(rows)


@pytest.fixture
def make_deferred(make_oracle):
    """Oracles that check once, at the end, as they do where answers lie on a GPU."""

    def make(function, **options):
        oracle = make_oracle(function, **{**TORCH, **options})
        oracle._way._asker.deferred = True
        return oracle

    return make


@pytest.fixture(params=["at once", "at the end"])
def make(request, make_oracle, make_deferred):
    if request.param == "at the end":
        return make_deferred
    return lambda function, **options: make_oracle(function, **{**TORCH, **options})


def test_tensors_pass_and_answers_stay_tensors(make, tensor):
    oracle = make(soft)
    answers = oracle.ask(tensor)
    assert oracle.box.seen[0] is tensor
    assert isinstance(answers.values, torch.Tensor)
    torch.testing.assert_close(answers.values, soft(tensor))
    assert answers.decision.tolist() == soft(tensor).argmax(-1).tolist()


def test_batches_join(make, tensor):
    answers = make(soft, batch_rows=3).ask(tensor)
    torch.testing.assert_close(answers.values, soft(tensor))


def test_numpy_boxes_get_arrays(make_oracle, tensor):
    oracle = make_oracle(lambda r: r[:, 0] + 5, task="regression")
    np.testing.assert_array_equal(oracle.ask(tensor).values[:, 0], tensor[:, 0].numpy() + 5)
    assert isinstance(oracle.box.seen[0], np.ndarray)


def test_frames_are_decoded_from_tensors(make_oracle):
    domain = Domain.infer({"age": [31, 45], "job": ["cook", "clerk"]})
    oracle = make_oracle(lambda r: torch.as_tensor(r["age"] * 1.0), domain=domain, **TORCH)
    assert oracle.ask(torch.tensor([[30.0, 1.0]])).values.tolist() == [[30.0]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_sums_are_judged_by_their_dtype(make, tensor, dtype):
    answers = make(lambda r: soft(r).to(dtype)).ask(tensor)
    assert answers.values.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    torch.testing.assert_close(answers.values.double(), soft(tensor).double(), atol=1e-2, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p * 0.5, "sum to 0.5.* to row 0"),
        (lambda p: p * float("nan"), "answered nan to row 0"),
        (lambda p: p - 1, "the probability -"),
    ],
)
def test_bad_probabilities(make, tensor, dtype, change, message):
    answers = iter([soft(tensor).to(dtype), change(soft(tensor)).to(dtype)])
    oracle = make(lambda r: next(answers))
    oracle.ask(tensor)
    with pytest.raises(AnswerError, match=message):
        oracle.ask(tensor)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite(make, tensor, value):
    oracle = make(lambda r: torch.where(r[:, 0] == tensor[4, 0], value, r[:, 0]), task="regression")
    with pytest.raises(AnswerError, match=f"answered {value} to row 4"):
        oracle.ask(tensor)


def test_one_column_of_probabilities(make, tensor):
    answers = make(lambda r: torch.sigmoid(r[:, 0]), task="classification").ask(tensor)
    p = torch.sigmoid(tensor[:, 0])
    torch.testing.assert_close(answers.values, torch.stack([1 - p, p], dim=1))
    oracle = make(lambda r: 3 * torch.sigmoid(r[:, 0]), classes=(0, 1), output="probabilities")
    with pytest.raises(AnswerError, match="the probability"):
        oracle.ask(tensor)


def test_rows_that_are_not_finite(make, tensor):
    tensor[3, 1] = float("nan")
    with pytest.raises(DataError, match="Row 3 holds nan in column 'x1'"):
        make(soft).ask(tensor)


def test_bad_rows_are_named_before_the_model_is_blamed(make_deferred, tensor):
    tensor[3, 1] = float("inf")

    def strict(rows):
        raise ValueError("no")

    with pytest.raises(DataError, match="Row 3 holds inf"):
        make_deferred(strict).ask(tensor)


def test_what_was_answered_before_is_kept(make, tensor):
    calls = []

    def tiring(rows):
        calls.append(rows)
        if len(calls) == 3:
            raise RuntimeError("tired")
        return soft(rows)

    with pytest.raises(ModelError, match="tired") as caught:
        make(tiring, batch_rows=4).ask(tensor)
    assert len(caught.value.answers) == 8


def test_labels_of_a_torch_box_become_tensors(make, tensor):
    from surrogate.types import Reply

    answers = make(lambda r: Reply(labels=np.array(["a", "b"] * 5))).ask(tensor)
    assert isinstance(answers.values, torch.Tensor)
    assert answers.values[:2].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_settled_answers_are_kept_for_tensors(make, tensor):
    oracle = make(soft)
    oracle.settle(tensor)
    oracle.ask(tensor)
    assert oracle.queries.rows == 10


def test_answers_with_gradients_are_judged(make, tensor):
    weight = torch.ones(2, requires_grad=True)
    assert len(make(lambda r: torch.softmax(r * weight, -1)).ask(tensor)) == 10

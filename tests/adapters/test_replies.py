from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate.adapters._replies import rename, to_reply
from surrogate.errors import AnswerError
from surrogate.types import Reply, Traits

PLAIN = Traits("net", "callable")
CLASSES = Traits("net", "callable", task="classification", classes=("a", "b", "c"))
WHOLE = Traits("net", "callable", task="classification")


@pytest.mark.parametrize(
    ("answer", "traits", "labels"),
    [
        (np.array(["a", "b"]), PLAIN, ["a", "b"]),
        (np.array([["a"], ["b"]]), PLAIN, ["a", "b"]),
        (["a", "b"], PLAIN, ["a", "b"]),
        (np.array(["a", "b"], dtype=object), PLAIN, ["a", "b"]),
        (np.array([True, False]), PLAIN, [True, False]),
        ([True, False], PLAIN, [True, False]),
        (np.array([True, False], dtype=object), PLAIN, [True, False]),
        (np.array([0, 1]), WHOLE, [0, 1]),
        (np.array([[0], [1]]), WHOLE, [0, 1]),
        (np.array([0.0, 1.0]), Traits("net", "callable", output="labels"), [0.0, 1.0]),
        (np.array([2, 0]), CLASSES, ["c", "a"]),
        (np.array([2.0, 0.0]), Traits("n", "c", output="labels", classes=("a", "b", "c")), "ca"),
        (np.array([True, False]), Traits("n", "c", classes=("no", "yes")), ["yes", "no"]),
        (Reply(labels=[1, 0]), CLASSES, ["b", "a"]),
    ],
)
def test_labels_are_seen(answer: Any, traits: Traits, labels: Any) -> None:
    reply = to_reply(answer, traits)
    assert reply.values is None
    assert isinstance(reply.labels, np.ndarray)
    assert reply.labels.tolist() == list(labels)


@pytest.mark.parametrize(
    ("answer", "traits"),
    [
        (np.array([0.2, 0.8]), WHOLE),
        (np.array([[0, 1], [1, 0]]), WHOLE),  # one-hot, or counts
        (np.array([1, 2]), PLAIN),  # labels or numbers: the oracle asks
        (np.array([1, 2]), Traits("net", "callable", task="regression", output="values")),
        (np.array([1, 2], dtype=object), PLAIN),
        ([[0.5, 0.5], [1, 0]], PLAIN),
        (np.array([0, 1]), Traits("net", "callable", task="classification", output="scores")),
    ],
)
def test_numbers_stay_numbers(answer: Any, traits: Traits) -> None:
    reply = to_reply(answer, traits)
    assert reply.labels is None
    np.testing.assert_array_equal(reply.values, np.asarray(answer, dtype=float))
    assert reply.values.dtype.kind in "if"


@pytest.mark.parametrize("labels", [[7, 8], [-1, 0], [0.5, 1.0]])
def test_labels_that_are_no_codes_are_left_to_the_oracle(labels: list[float]) -> None:
    assert to_reply(Reply(labels=np.array(labels)), CLASSES).labels.tolist() == labels


def test_frames_and_series_of_labels_and_columns() -> None:
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    for library in (pd, pl):
        assert to_reply(library.Series(["a", "b"]), PLAIN).labels.tolist() == ["a", "b"]
        assert to_reply(library.Series([0.5, 0.7]), PLAIN).values.tolist() == [0.5, 0.7]
        assert to_reply(library.DataFrame({"y": [0.5, 0.7]}), PLAIN).values.tolist() == [0.5, 0.7]
        columns = library.DataFrame({"c": [0.1], "a": [0.6], "b": [0.3]})
        assert to_reply(columns, CLASSES).values.tolist() == [[0.6, 0.3, 0.1]]
        named = to_reply(columns, PLAIN)
        assert named.classes == ("c", "a", "b")
        assert named.values.tolist() == [[0.1, 0.6, 0.3]]
    assert to_reply(pd.Series(pd.Categorical(["a", "b"])), PLAIN).labels.tolist() == ["a", "b"]


def test_mappings_are_put_in_the_order_of_the_classes() -> None:
    answer = [{"b": 0.3, "a": 0.6, "c": 0.1}, {"a": 0.0, "c": 1.0, "b": 0.0}]
    assert to_reply(answer, CLASSES).values.tolist() == [[0.6, 0.3, 0.1], [0.0, 0.0, 1.0]]
    named = to_reply(answer, PLAIN)
    assert named.classes == ("a", "b", "c")
    both = to_reply(Reply(values=answer, labels=np.array(["a", "c"])), CLASSES)
    assert both.values.tolist() == [[0.6, 0.3, 0.1], [0.0, 0.0, 1.0]]
    assert both.labels.tolist() == ["a", "c"]
    columns = {"b": np.array([0.3]), "a": np.array([0.6]), "c": np.array([0.1])}
    assert to_reply(columns, CLASSES).values.tolist() == [[0.6, 0.3, 0.1]]
    assert to_reply([{1: 0.5, "x": 0.5}], PLAIN).classes == (1, "x")  # no order among them


def test_a_threshold_takes_the_decision_from_the_model() -> None:
    traits = Traits("net", "callable", task="classification", threshold=0.3)
    both = Reply(values=np.array([[0.6, 0.4]]), labels=np.array([0]))
    assert to_reply(both, traits).labels is None
    assert to_reply(both, WHOLE).labels.tolist() == [0]
    assert to_reply(Reply(labels=np.array([0])), traits).labels.tolist() == [0]


def test_tensors_come_to_the_library_that_is_said() -> None:
    torch = pytest.importorskip("torch")
    answer = torch.tensor([[0.5, 0.5]], requires_grad=True)
    assert isinstance(to_reply(answer, PLAIN).values, np.ndarray)
    kept = to_reply(answer, Traits("net", "torch", library="torch")).values
    assert isinstance(kept, torch.Tensor)
    assert not kept.requires_grad
    assert to_reply(answer.bfloat16(), PLAIN).values.dtype == np.float32
    assert to_reply(torch.tensor([1, 0]), CLASSES).labels.tolist() == ["b", "a"]
    assert to_reply(torch.tensor([True]), PLAIN).labels.tolist() == [True]


def test_sparse_matrices_are_filled_up() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    assert to_reply(sparse.csr_matrix(np.eye(2)), PLAIN).values.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "net answered NoneType, which is no array with one entry or row"),
        (0.5, "net answered float"),
        (np.float64(0.5), "net answered float64"),
        ("yes", "net answered str"),
        ((np.ones(2), np.ones(2)), "net answered a tuple of 2.*function that picks one"),
        ([[1, 2], [3]], "net answered list"),
        (np.ones(2, dtype=complex), "net answered ndarray"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "net answered ndarray"),
        (object(), "net answered object"),
        ([{"a": 1.0}, {"b": 1.0}], "net answered row 1 without the class 'a'"),
        ([{"a": "high"}, {"a": "low"}], "net answered mappings that hold no numbers"),
        ({}, "net answered a table without columns"),
        ({"a": np.ones(2), "b": np.ones(3)}, r"columns of unequal shapes: \(2,\), \(3,\)"),
    ],
)
def test_what_cannot_be_translated_is_said(answer: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        to_reply(answer, PLAIN)


def test_classes_that_the_answer_names_must_be_the_declared_ones() -> None:
    with pytest.raises(
        AnswerError, match="for the classes 'a', 'b', 'x'; declared are 'a', 'b', 'c'"
    ):
        to_reply([{"a": 0.2, "b": 0.3, "x": 0.5}], CLASSES)
    assert to_reply([{"a": 0.2, "b": 0.8}], CLASSES).values.shape == (1, 2)  # the oracle's matter


def test_renaming_keeps_what_has_no_name() -> None:
    assert rename(np.array([1, 2, 3]), (1, 2), ("good", "bad")).tolist() == ["good", "bad", 3]

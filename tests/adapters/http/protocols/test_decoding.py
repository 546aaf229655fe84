"""Answers come in whole: every shape that services share, and every one that is none."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from surrogate.adapters.http.protocols import (
    PROTOCOLS,
    V1,
    V2,
    Chat,
    HuggingFace,
    MLflow,
    Template,
    WireProtocol,
    make,
    names,
)
from surrogate.adapters.http.protocols._answer import CutShort, parse
from surrogate.errors import AnswerError, OptionError
from surrogate.types import Reply

ALL: list[WireProtocol] = [
    V2(),
    V1(),
    MLflow(),
    HuggingFace(),
    Chat("m", labels=("a", "b")),
    Chat("m", labels=("a", "b"), logprobs=False),
    Template(body='"$rows"', values="p.*", classes="c"),
]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ANSWERS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, max_dims=2, max_side=4), elements=NUMBERS
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["outputs", "predictions", "label", "score", "choices", "p", "c"])
            | st.text(max_size=2),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


# ---- what is common ----


@pytest.mark.parametrize("protocol", ALL, ids=lambda p: repr(p)[:30])
@given(answer=JSON, n=st.integers(1, 3))
def test_any_json_is_a_reply_or_an_error_of_ours(protocol: Any, answer: Any, n: int) -> None:
    with suppress(AnswerError):
        assert isinstance(protocol.decode(dump(answer), n), Reply)


@pytest.mark.parametrize("protocol", ALL, ids=lambda p: repr(p)[:30])
@given(body=st.binary(max_size=40))
def test_any_bytes_are_a_reply_or_an_error_of_ours(protocol: Any, body: bytes) -> None:
    with suppress(AnswerError):
        assert isinstance(protocol.decode(body, 1), Reply)


@pytest.mark.parametrize("protocol", ALL, ids=lambda p: repr(p)[:30])
def test_its_options_are_in_its_repr_and_it_is_a_protocol(protocol: Any) -> None:
    assert isinstance(protocol, WireProtocol)
    assert eval(repr(protocol)) == protocol  # so that it can be part of a key


@given(answer=JSON)
def test_parsing_agrees_with_the_standard_library(answer: Any) -> None:
    assert repr(parse(dump(answer))) == repr(json.loads(dump(answer)))


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"", CutShort, "empty"),
        (b" \n", CutShort, "empty"),
        (b'{"a": [1, 2', CutShort, "ends too early"),
        (b'{"a": "x', AnswerError, "."),
        (b"<html>", AnswerError, "HTML"),
        (b"[" * 65 + b"]" * 65, AnswerError, "nested more than 64"),
        (b'"' + b"[" * 65 + b'"', None, ""),
        (b'"\\"' + b"[" * 65 + b'"', None, ""),
        (b"[" * 64 + b"]" * 64, None, ""),
        (b"\xef\xbb\xbf[1]", None, ""),
        (b"[1] x", AnswerError, "not JSON"),
    ],
)
def test_bounded_json(body: bytes, kind: Any, message: str) -> None:
    if kind is None:
        parse(body)
        return
    with pytest.raises(kind, match=message) as caught:
        parse(body)
    assert type(caught.value) is kind or message == "."


def test_a_text_without_end_takes_no_time() -> None:
    for body in (b'"' + b'\\"' * 200_000, b'"' * 400_001, b"\\" * 400_000):
        with pytest.raises(AnswerError):
            parse(body)


# ---- v2 ----


def v2(*outputs: Any) -> bytes:
    return dump({"model_name": "m", "outputs": list(outputs)})


def tensor(array: np.ndarray, datatype: str, name: str = "predict") -> dict[str, Any]:
    data = array.ravel().tolist()
    return {"name": name, "shape": list(array.shape), "datatype": datatype, "data": data}


@given(values=ANSWERS)
def test_v2_numbers(values: np.ndarray) -> None:
    reply = V2().decode(v2(tensor(values, "FP64")), len(values))
    np.testing.assert_array_equal(reply.values, values)
    assert reply.values.dtype == np.float64
    nested = {**tensor(values, "FP32"), "data": values.tolist()}
    np.testing.assert_array_equal(V2().decode(v2(nested), len(values)).values, values)


def test_v2_labels() -> None:
    ints = V2().decode(v2(tensor(np.array([[0], [2]]), "INT64")), 2)
    assert ints.values.tolist() == [[0], [2]]
    assert ints.values.dtype.kind == "i"
    texts = V2().decode(v2(tensor(np.array([["no"], ["yes"]]), "BYTES")), 2)
    assert texts.labels.tolist() == ["no", "yes"]
    assert V2().decode(v2(tensor(np.array([True]), "BOOL")), 1).values.dtype.kind == "b"


def test_v2_several_outputs() -> None:
    labels = tensor(np.array([1]), "INT64", "predict")
    scores = tensor(np.array([[0.25, 0.75]]), "FP64", "predict_proba")
    reply = V2().decode(v2(labels, scores), 1)
    assert reply.values.tolist() == [[0.25, 0.75]]
    assert reply.labels.tolist() == [1]
    assert V2(answer="predict_proba").decode(v2(labels, scores), 1).labels is None
    other = tensor(np.array([[0.5, 0.5]]), "FP64", "margin")
    with pytest.raises(
        AnswerError, match=r"outputs 'predict', 'predict_proba', 'margin'; .*answer="
    ):
        V2().decode(v2(labels, scores, other), 1)
    with pytest.raises(AnswerError, match="has no 'probs'"):
        V2(answer="probs").decode(v2(labels, scores), 1)


def test_v2_columns_by_class() -> None:
    no, yes = (tensor(np.array([p]), "FP64", name) for p, name in ((0.2, "no"), (0.8, "yes")))
    reply = V2().decode(v2(no, yes), 1)
    assert (reply.classes, reply.values.tolist()) == (("no", "yes"), [[0.2, 0.8]])


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"name": "p"}, "no 'shape'"),
        ({"shape": [1], "datatype": "FP64", "data": [1]}, "no 'name'"),
        ({**tensor(np.ones(2), "FP64"), "shape": [3]}, "2 entries, which are not of shape"),
        ({**tensor(np.ones(2), "FP64"), "shape": "x"}, "not of shape x"),
        ({**tensor(np.ones(2), "FP64"), "data": 3}, "data of output 'predict' are a int"),
        ({**tensor(np.ones(1), "INT64"), "data": [1.5]}, "are not INT64, as it says"),
        ({**tensor(np.ones(1), "FP64"), "data": ["1"]}, "are not FP64, as it says"),
        ({**tensor(np.ones(1), "FP64"), "data": [None]}, "holds null"),
    ],
)
def test_v2_outputs_that_are_none(output: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        V2().decode(v2(output), 1)


# ---- v1, MLflow ----


@pytest.mark.parametrize("protocol", [V1(), MLflow()])
@given(values=ANSWERS)
def test_predictions_as_lists(protocol: Any, values: np.ndarray) -> None:
    reply = protocol.decode(dump({"predictions": values.tolist()}), len(values))
    np.testing.assert_array_equal(reply.values, values)
    assert reply.labels is None


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        (["no", "yes"], (None, ["no", "yes"], None)),
        ([0, 2], ([0, 2], None, None)),
        ([True, False], ([True, False], None, None)),
        ([[0.2, 0.8], [1, 0]], ([[0.2, 0.8], [1.0, 0.0]], None, None)),
        (
            [{"no": 0.2, "yes": 0.8}, {"yes": 1, "no": 0}],
            ([[0.2, 0.8], [0, 1]], None, ("no", "yes")),
        ),
        ([{"p": 0.2}, {"p": 0.3}], ([0.2, 0.3], None, None)),
        (
            [
                {"classes": ["a", "b"], "scores": [0.2, 0.8]},
                {"classes": ["b", "a"], "scores": [1, 0]},
            ],
            ([[0.2, 0.8], [0.0, 1.0]], None, ("a", "b")),
        ),
        ({"no": [0.2, 1], "yes": [0.8, 0]}, ([[0.2, 0.8], [1, 0]], None, ("no", "yes"))),
        ({"p": [0.2, 0.3]}, ([0.2, 0.3], None, None)),
    ],
)
def test_every_shape_of_predictions(predictions: Any, expected: Any) -> None:
    reply = MLflow().decode(dump({"predictions": predictions}), 2)
    values, labels, classes = expected
    assert (None if reply.values is None else reply.values.tolist()) == values
    assert (None if reply.labels is None else reply.labels.tolist()) == labels
    assert reply.classes == classes


def test_a_field_of_each_prediction_can_be_picked() -> None:
    rows = {"predictions": [{"label": "a", "p": [0.2, 0.8]}, {"label": "b", "p": [0.6, 0.4]}]}
    assert V1(answer="p").decode(dump(rows), 2).values.tolist() == [[0.2, 0.8], [0.6, 0.4]]
    assert MLflow(answer="label").decode(dump(rows), 2).labels.tolist() == ["a", "b"]
    with pytest.raises(AnswerError, match=r"an object with 'label', 'p'; say which.*answer="):
        V1().decode(dump(rows), 2)
    with pytest.raises(AnswerError, match="has no 'q'"):
        V1(answer="q").decode(dump(rows), 2)
    columns = {"outputs": {"p": [[0.2, 0.8]], "label": ["b"]}}
    assert V1(answer="p").decode(dump(columns), 1).values.tolist() == [[0.2, 0.8]]


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (None, "came null"),
        (3, "came a int"),
        ("x", "came a str"),
        ([None], "holds null where a number"),
        ([[1, 2], 3], "unequal lengths"),
        ([[1], [1, 2]], "unequal lengths"),
        (["a", 1], "mixes texts and numbers"),
        ([{"a": 1, "b": 2}, {"a": 1, "c": 2}], "Row 1 names other classes than row 0: b, c"),
        ([{"a": 1}, 2], "holds an object with 'a' where"),
        ({"a": [1], "b": [1, 2]}, "of unequal lengths"),
        ({"a": 1}, "came an object with 'a'"),
        ({}, "came {}"),
        ([10**400], "too large|not JSON"),
        ([{"classes": ["a"], "scores": [1, 2]}], "do not pair"),
        ([{"classes": [["a"]], "scores": [1]}], "no texts or numbers"),
    ],
)
def test_predictions_that_are_none(predictions: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        V1().decode(dump({"predictions": predictions}), 2)


# ---- the table ----


def test_every_protocol_is_in_the_table_by_its_name() -> None:
    assert list(PROTOCOLS) == ["v2", "v1", "mlflow", "huggingface", "chat", "template"]
    assert set(PROTOCOLS) < set(names())
    for name, kind in PROTOCOLS.items():
        assert kind.name == name  # type: ignore[attr-defined]


def test_options_are_checked_by_name() -> None:
    assert make("v1", {"model": "m"}, defaults={"columns": ("a",), "labels": ("x",)}) == V1(
        model="m", columns=("a",)
    )
    assert make("chat", {"model": "m", "labels": ["x", "y"]}).labels == ("x", "y")  # type: ignore[attr-defined]
    with pytest.raises(
        OptionError, match="`key` parameter of V1 must be one of 'instances', 'inputs'"
    ):
        make("v1", {"key": "rows"})
    with pytest.raises(OptionError, match="`datatype` parameter of V2"):
        make("v2", {"datatype": "FP8"})
    with pytest.raises(OptionError, match="`form` parameter of MLflow"):
        make("mlflow", {"form": "csv"})

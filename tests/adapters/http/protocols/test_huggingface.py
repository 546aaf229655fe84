from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters.http.protocols import HuggingFace
from surrogate.errors import AnswerError, DataError

LABELS = ("bad", "good", "mixed")


def scored(row: dict[str, float]) -> list[dict[str, Any]]:
    """One row as the service gives it: sorted by score."""
    found = [{"label": label, "score": score} for label, score in row.items()]
    return sorted(found, key=lambda part: -part["score"])


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=4),
    st.sampled_from([LABELS, LABELS[::-1], None]),
)
def test_scores_are_mapped_by_label_and_not_by_rank(rows: Any, labels: Any) -> None:
    answer = [scored(dict(zip(LABELS, row))) for row in rows]
    reply = HuggingFace(labels=labels).decode(json.dumps(answer).encode(), len(rows))
    assert reply.classes == (labels or tuple(sorted(LABELS)))
    order = [LABELS.index(name) for name in reply.classes]
    np.testing.assert_array_equal(reply.values, np.array(rows)[:, order])


@pytest.mark.parametrize("wrap", [lambda row: row, lambda row: [row], lambda row: [[row]][0]])
def test_one_row_may_be_nested_or_not(wrap: Any) -> None:
    row = scored({"bad": 0.25, "good": 0.75})
    reply = HuggingFace(labels=("bad", "good")).decode(json.dumps(wrap(row)).encode(), 1)
    assert reply.values.tolist() == [[0.25, 0.75]]


def test_the_best_class_alone_for_each_of_several_rows() -> None:
    answer = [{"label": "good", "score": 0.8}, {"label": "bad", "score": 0.6}]
    protocol = HuggingFace(labels=LABELS, top_k=1)
    reply = protocol.decode(json.dumps(answer).encode(), 2)
    np.testing.assert_allclose(reply.values, [[0.1, 0.8, 0.1], [0.6, 0.2, 0.2]])
    np.testing.assert_allclose(reply.values.sum(axis=1), 1)
    assert protocol.access.startswith("top 1 classes; what is missing to one is shared")
    assert HuggingFace(labels=LABELS, top_k=3).access == ""


def test_numbered_labels_stand_for_the_declared_ones() -> None:
    answer = [scored({"LABEL_0": 0.1, "LABEL_2": 0.7, "LABEL_1": 0.2})]
    reply = HuggingFace(labels=LABELS).decode(json.dumps(answer).encode(), 1)
    assert (reply.classes, reply.values.tolist()) == (LABELS, [[0.1, 0.2, 0.7]])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"error": "loading"}, "no 'label'"),
        (3, "Labels and scores were expected; came a int"),
        ([[{"label": "good"}]], "no 'score'"),
        ([[{"label": "good", "score": "x"}]], "score of 'good' is a str"),
        ([[{"label": "good", "score": 1}, {"label": "good", "score": 0}]], "names 'good' twice"),
        (
            [[{"label": "awful", "score": 1}]],
            "names 'awful', which is none of the classes 'bad', 'g",
        ),
        ([[], 3], "mixes lists with other things"),
    ],
)
def test_answers_that_are_none(answer: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        HuggingFace(labels=LABELS).decode(json.dumps(answer).encode(), 1)


def test_texts_go_out() -> None:
    one = HuggingFace(top_k=5).encode(["fine"])
    assert json.loads(one.body) == {"inputs": "fine", "parameters": {"top_k": 5}}
    rows = {"review": np.array(["fine", "ø"], dtype=object)}
    assert json.loads(HuggingFace(parameters=False).encode(rows).body) == {"inputs": ["fine", "ø"]}
    assert HuggingFace().wire(np.array([["fine"], ["ø"]])) == [b'"fine"', b'"\\u00f8"']
    for rows in (np.ones((1, 2)), np.ones((1, 1)), {"a": ["x"], "b": ["y"]}):
        with pytest.raises(DataError, match=r"sends one text a row; these rows have \d columns of"):
            HuggingFace().encode(rows)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from surrogate.errors import AnswerError
from surrogate.oracle.records import align, join, split
from surrogate.types import Reply

FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.one_of(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2), elements=FINITE),
    hnp.arrays(
        np.float32, hnp.array_shapes(min_dims=1, max_dims=1), elements=st.floats(-1, 1, width=32)
    ),
    hnp.arrays(np.int64, hnp.array_shapes(min_dims=1, max_dims=2)),
    hnp.arrays(np.bool_, st.integers(1, 5)),
    st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1).map(
        np.array
    ),
)


@given(VALUES)
@settings(deadline=None)
def test_values_come_back_as_they_came(values):
    back = join(split("toy", Reply(values=values), len(values)), None)
    assert back.labels is None
    expected = values if values.ndim == 2 and values.shape[1] > 1 else values.reshape(len(values))
    got = back.values if back.values.ndim == expected.ndim else back.values[:, 0]
    assert got.dtype.kind == values.dtype.kind
    np.testing.assert_array_equal(got, expected)


def test_labels_beside_values_come_back():
    reply = Reply(values=np.array([[0.5, 0.5], [1.0, 0.0]]), labels=np.array(["a", "b"]))
    back = join(split("toy", reply, 2), ("a", "b"))
    assert back.labels.tolist() == ["a", "b"]
    assert back.classes == ("a", "b")
    assert join(split("toy", Reply(labels=np.array([3, 4])), 2), None).labels.tolist() == [3, 4]


def test_whole_numbers_among_floats_are_floats():
    mixed = split("toy", Reply(values=np.array([1, 0])), 2)
    mixed += split("toy", Reply(values=np.array([0.25])), 1)
    np.testing.assert_array_equal(join(mixed, None).values, [[1.0], [0.0], [0.25]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 3)), "3 answers to 2 rows"),
        (np.array(["a", "b", "c"]), "3 answers to 2 rows"),
        (np.array([[0.5, 0.5], [np.nan, 1.0]]), "not finite to row 8"),
    ],
)
def test_what_is_no_answer_is_refused(values, message):
    with pytest.raises(AnswerError, match=message):
        split("toy", Reply(values=values), 2, start=7)


def test_columns_follow_the_classes_that_were_named_first():
    reply = Reply(values=np.array([[0.9, 0.1]]), classes=("b", "a"))
    np.testing.assert_array_equal(align("toy", reply, ("a", "b")).values, [[0.1, 0.9]])
    assert align("toy", reply, None) is reply
    with pytest.raises(AnswerError, match=r"classes \['b', 'a'\], and for \['a', 'c'\] before"):
        align("toy", reply, ("a", "c"))

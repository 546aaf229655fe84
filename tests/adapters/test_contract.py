"""What holds for every black box, whatever is inside."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from surrogate._array import is_torch, to_numpy
from surrogate.errors import DataError, ModelError
from surrogate.types import BlackBox, HasActivations, Reply

TOLERANCE = {"float16": 5e-3, "float32": 1e-5, "float64": 1e-5}


def as_numbers(values: Any) -> np.ndarray:
    array = np.asarray(to_numpy(values), dtype=np.float64)
    return array.reshape(len(array), -1)  # (n,) and (n, 1) alike


def close(reply: Reply, other: Reply, case: Any) -> None:
    """Two replies to the same rows are the same up to rounding."""
    for one, two in ((reply.values, other.values), (reply.labels, other.labels)):
        assert (one is None) == (two is None)
    if reply.values is not None:
        tolerance = TOLERANCE[case.make().traits.dtype]
        np.testing.assert_allclose(
            as_numbers(reply.values), as_numbers(other.values), atol=tolerance, rtol=0
        )
    if reply.labels is not None:
        assert reply.labels.tolist() == other.labels.tolist()


def test_answers_are_the_models_own(case: Any) -> None:
    rows = case.rows()
    reply = case.make().ask(rows)
    values, labels = case.expected(rows)
    close(reply, Reply(values, None if labels is None else np.asarray(labels)), case)
    if reply.labels is not None:
        assert isinstance(reply.labels, np.ndarray)
        assert reply.labels.shape == (len(rows),)


def test_traits_say_what_is_known(case: Any) -> None:
    box = case.make()
    traits = box.traits
    assert isinstance(box, BlackBox)
    assert traits.adapter == case.name.split()[0]
    assert traits.name
    assert traits.name in repr(box)
    assert traits.task == case.task
    if case.classes is not None:
        assert traits.classes == case.classes
        assert all(type(name) in (str, int, bool) for name in traits.classes)
    assert np.dtype(traits.dtype).kind == "f"
    assert all(isinstance(fact, str) for pair in traits.details.items() for fact in pair)


def test_values_are_on_the_library_that_the_traits_say(case: Any) -> None:
    box = case.make()
    values = box.ask(case.rows()).values
    if values is not None:
        assert is_torch(values) == (box.traits.library == "torch")


def test_rows_do_not_hang_together(case: Any) -> None:
    box, rows = case.make(), case.rows()
    whole = box.ask(rows)
    order = np.random.Generator(np.random.Philox(key=3)).permutation(len(rows))
    for picked in (order, [0], order[:7]):
        part = Reply(
            None if whole.values is None else to_numpy(whole.values)[picked],
            None if whole.labels is None else whole.labels[picked],
        )
        close(box.ask(rows[picked]), part, case)


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param(np.asfortranarray, id="fortran"),
        pytest.param(lambda rows: np.repeat(rows, 2, axis=0)[::2], id="strided"),
        pytest.param(lambda rows: rows[::-1][::-1], id="reversed twice"),
    ],
)
def test_layout_in_memory_does_not_matter(
    case: Any, layout: Callable[[np.ndarray], np.ndarray]
) -> None:
    box, rows = case.make(), case.rows()
    close(box.ask(layout(rows)), box.ask(rows), case)


def test_rows_are_read_and_never_written(case: Any) -> None:
    rows = case.rows()
    rows.flags.writeable = False
    before = rows.copy()
    box = case.make()
    close(box.ask(rows), box.ask(rows), case)
    np.testing.assert_array_equal(rows, before)


def named(case: Any) -> tuple[str, ...]:
    """Names of the columns of a case's rows: a, b, c, d, e4, e5, ..."""
    width = case.rows().shape[1]
    return tuple("abcd"[:width]) + tuple(f"e{j}" for j in range(4, width))


def as_frame(columns: dict[str, np.ndarray], kind: str) -> Any:
    if kind == "mapping":
        return columns
    return pytest.importorskip(kind).DataFrame(columns)


@pytest.mark.parametrize("kind", ["mapping", "pandas", "polars"])
def test_columns_are_matched_by_name(case: Any, kind: str) -> None:
    if not case.named:
        pytest.skip("the inputs of this model have names of their own")
    rows, names = case.rows(), named(case)
    box = case.make(columns=names)
    assert box.traits.columns == names
    columns = dict(zip(names, rows.T.copy()))
    shuffled = {name: columns[name] for name in (*names[2:], *names[:2])}
    shuffled = {"extra": np.zeros(len(rows)), **shuffled}
    close(box.ask(as_frame(shuffled, kind)), box.ask(rows), case)
    del shuffled["b"]
    with pytest.raises(DataError, match=r"needs the column 'b', which the rows lack.*'extra', 'c'"):
        box.ask(as_frame(shuffled, kind))


def test_a_wrong_width_is_said(case: Any) -> None:
    rows, names = case.rows(), named(case)
    box = case.make(columns=names)
    width = len(names)
    with pytest.raises(DataError, match=rf"takes {width} columns; the rows have {width - 1}\."):
        box.ask(rows[:, :-1])
    with pytest.raises(DataError, match="Expected 2D array, got 1D array"):
        box.ask(rows[0])


def test_preprocess_runs_before_the_model(case: Any) -> None:
    rows = case.rows()
    box = case.make(preprocess=lambda given: given / 2 + 0.25)
    close(box.ask(2 * (rows - 0.25)), case.make().ask(rows), case)
    assert box.traits.dtype == "float64"  # the rows that preprocess gets are not rounded


def test_a_preprocess_that_fails_is_named(case: Any) -> None:
    def broken(rows: Any) -> Any:
        raise RuntimeError("no such scale\nand more")

    box = case.make(preprocess=broken)
    with pytest.raises(
        ModelError, match=r"preprocess of .* raised RuntimeError: no such scale$"
    ) as error:
        box.ask(case.rows())
    assert isinstance(error.value.__cause__, RuntimeError)


def test_a_threshold_leaves_the_decision_to_the_user(case: Any) -> None:
    if case.task == "regression":
        pytest.skip("a threshold is for classes")
    if case.classes is not None and len(case.classes) > 2:
        pytest.skip("a threshold is for two classes")
    box = case.make(threshold=0.3)
    assert box.traits.threshold == 0.3
    assert box.traits.task == "classification"
    reply = box.ask(case.rows())
    assert reply.labels is None or reply.values is None


def test_copies_are_the_box_itself(case: Any) -> None:
    clone = pytest.importorskip("sklearn.base").clone
    box = case.make()
    assert copy.copy(box) is box
    assert copy.deepcopy(box) is box
    assert copy.deepcopy([box])[0] is box
    assert clone(box) is box


def test_a_pickled_box_answers_alike(case: Any) -> None:
    if not case.pickles:
        pytest.skip("this case is preprocessed by a local function")
    box = case.make()
    again = pickle.loads(pickle.dumps(box))
    assert again is not box
    assert again.traits == box.traits
    close(again.ask(case.rows()), box.ask(case.rows()), case)


def test_hidden_layers_can_be_read_where_there_are_any(case: Any) -> None:
    box, rows = case.make(), case.rows()
    assert isinstance(box, HasActivations) == (case.name.split()[0] in ("torch", "onnx"))
    if not isinstance(box, HasActivations):
        return
    straight = box.ask(rows)
    for layer in (*box.layers(), *box.hidden_layers()):
        units = box.activations(rows, layer)
        assert units.dtype == np.float64
        assert units.ndim == 2
        assert len(units) == len(rows)
        np.testing.assert_allclose(box.activations(rows[:3], layer), units[:3], atol=5e-3)
    close(box.ask(rows), straight, case)

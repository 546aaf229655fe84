"""Rows go out whole: what a service reads back from a body is what was given."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from surrogate.adapters.http.protocols import V1, V2, MLflow, Template, WireProtocol
from surrogate.errors import DataError

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MATRICES = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=4), elements=FLOATS
)
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "float": FLOATS,
    "int": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "text": st.text(max_size=5),
}
DTYPES = {"float": np.float64, "int": np.int64, "bool": np.bool_, "text": object}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, np.ndarray]:
    """Columns by name, of one kind each."""
    n = draw(st.integers(1, 4))
    names = draw(st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True))
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(list(COLUMNS)))
        values = draw(st.lists(COLUMNS[kind], min_size=n, max_size=n))
        columns[name] = np.array(values, dtype=DTYPES[kind])
    return columns


def plain(columns: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """The rows of a table as Python values."""
    parts = {name: values.tolist() for name, values in columns.items()}
    return [
        {name: parts[name][i] for name in parts} for i in range(len(next(iter(parts.values()))))
    ]


def from_v2(body: Any) -> list[Any]:
    (tensor,) = body["inputs"]
    return np.array(tensor["data"]).reshape(tensor["shape"]).tolist()


READERS: list[tuple[WireProtocol, Callable[[Any], Any]]] = [
    (V2(), from_v2),
    (V1(), lambda body: body["instances"]),
    (V1(key="inputs"), lambda body: body["inputs"]),
    (MLflow(), lambda body: body["inputs"]),
    (MLflow(form="instances"), lambda body: body["instances"]),
    (Template(body='{"a": [{"b": "$rows"}]}', values=""), lambda body: body["a"][0]["b"]),
]
NAMED: list[tuple[WireProtocol, Callable[[Any], Any]]] = [
    (V1(records=True), lambda body: body["instances"]),
    (MLflow(form="dataframe_records"), lambda body: body["dataframe_records"]),
    (MLflow(), lambda body: from_split(body["dataframe_split"])),
    (V2(layout="columns"), lambda body: from_columns(body["inputs"])),
    (Template(body='{"x": "$records"}', values=""), lambda body: body["x"]),
]


def from_split(frame: Any) -> list[dict[str, Any]]:
    return [dict(zip(frame["columns"], row)) for row in frame["data"]]


def from_columns(inputs: Any) -> list[dict[str, Any]]:
    n = inputs[0]["shape"][0]
    assert all(part["shape"] == [n, 1] for part in inputs)
    return [{part["name"]: part["data"][i] for part in inputs} for i in range(n)]


def named(given: Any) -> str:
    """What a case is called; alike in every process, which a function's address is not."""
    return "read" if callable(given) else repr(given)[:40]


@pytest.mark.parametrize(("protocol", "read"), READERS, ids=named)
@given(matrix=MATRICES)
def test_numbers_come_back_bit_for_bit(protocol: Any, read: Any, matrix: np.ndarray) -> None:
    request = protocol.encode(matrix)
    assert request.content_type == "application/json"
    back = np.array(read(json.loads(request.body)))
    np.testing.assert_array_equal(back, matrix)
    np.testing.assert_array_equal(np.signbit(back), np.signbit(matrix))


@pytest.mark.parametrize(("protocol", "read"), NAMED, ids=named)
@given(columns=tables())
def test_columns_come_back_by_name(protocol: Any, read: Any, columns: Any) -> None:
    back = read(json.loads(protocol.encode(columns).body))
    assert back == plain(columns)
    assert [list(map(type, row.values())) for row in back] == [
        list(map(type, row.values())) for row in plain(columns)
    ]


@pytest.mark.parametrize("protocol", [p for p, _ in READERS], ids=named)
@given(matrix=MATRICES)
def test_a_rows_bytes_do_not_depend_on_its_batch(protocol: Any, matrix: np.ndarray) -> None:
    together = protocol.wire(matrix)
    assert together == [protocol.wire(matrix[i : i + 1])[0] for i in range(len(matrix))]
    for a, one in zip(together, matrix):
        for b, other in zip(together, matrix):
            assert (a == b) == (one.tobytes() == other.tobytes())


@pytest.mark.parametrize("protocol", [p for p, _ in NAMED], ids=named)
@given(columns=tables())
def test_a_named_rows_bytes_are_equal_where_its_record_is(protocol: Any, columns: Any) -> None:
    together, records = protocol.wire(columns), [json.dumps(row) for row in plain(columns)]
    for a, one in zip(together, records):
        for b, other in zip(together, records):
            assert (a == b) == (one == other)
    singly = [
        {name: values[i : i + 1] for name, values in columns.items()} for i in range(len(records))
    ]
    assert together == [protocol.wire(one)[0] for one in singly]
    renamed = {f"{name}'": values for name, values in columns.items()}
    assert not set(protocol.wire(renamed)) & set(together)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_are_as_mappings(kind: str) -> None:
    columns = {"a": np.array([1.5, 2.5]), "b": np.array(["x", "y"], dtype=object)}
    frame = pytest.importorskip(kind).DataFrame(columns)
    for protocol in [p for p, _ in NAMED]:
        assert protocol.encode(frame) == protocol.encode(columns)
        assert protocol.wire(frame) == protocol.wire(columns)


def test_declared_names_serve_arrays_without_any() -> None:
    columns = ("a", "b")
    array, table = np.array([[1.0, 2.0]]), {"a": np.array([1.0]), "b": np.array([2.0])}
    for kind in (V1(records=True, columns=columns), MLflow(columns=columns)):
        assert kind.encode(array) == kind.encode(table)
    for kind in (V1(records=True), MLflow(form="dataframe_split"), V2(layout="columns")):
        with pytest.raises(DataError, match=r"by name, and these rows have none; .* say columns="):
            kind.encode(array)
    with pytest.raises(DataError, match="takes 2 columns; the rows have 3"):
        MLflow(columns=columns).encode(np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("rows", "datatype", "data"),
    [
        (np.array([[1.5]]), "FP64", [1.5]),
        (np.array([[1]]), "INT64", [1]),
        (np.array([[True]]), "BOOL", [True]),
        (np.array(["a", "b"]), "BYTES", ["a", "b"]),
        ({"a": np.array([1.5]), "b": np.array([2])}, "FP64", [1.5, 2.0]),
        (np.arange(12.0).reshape(1, 3, 4), "FP64", list(map(float, range(12)))),
    ],
)
def test_v2_datatypes_of_one_tensor(rows: Any, datatype: str, data: list[Any]) -> None:
    (tensor,) = json.loads(V2().encode(rows).body)["inputs"]
    assert (tensor["datatype"], tensor["data"]) == (datatype, data)
    assert [type(x) for x in tensor["data"]] == [type(x) for x in data]
    shape = rows.shape if isinstance(rows, np.ndarray) else (1, 2)
    assert tensor["shape"] == list(shape)


def test_v2_datatypes_of_columns() -> None:
    table = {
        "age": np.array([39, 50]),
        "gain": np.array([1.5, 0.0]),
        "job": np.array(["a", "b"], dtype=object),
        "own": np.array([True, False]),
    }
    body = json.loads(V2().encode(table).body)
    assert body["parameters"] == {"content_type": "pd"}
    assert [(part["name"], part["datatype"]) for part in body["inputs"]] == [
        ("age", "INT64"),
        ("gain", "FP64"),
        ("job", "BYTES"),
        ("own", "BOOL"),
    ]


def test_v2_rounds_rows_to_the_type_that_it_says() -> None:
    protocol = V2(datatype="FP32", input="INPUT__0")
    assert protocol.dtype == "float32"
    (tensor,) = json.loads(protocol.encode(np.array([[0.1]])).body)["inputs"]
    assert (tensor["name"], tensor["datatype"]) == ("INPUT__0", "FP32")
    assert tensor["data"] == [float(np.float32(0.1))]


def test_v2_refuses_columns_of_two_kinds() -> None:
    mixed = {"a": np.array([1.5, "x"], dtype=object)}
    with pytest.raises(DataError, match="column 'a' mixes texts and numbers"):
        V2().encode(mixed)
    with pytest.raises(DataError, match="texts need layout='columns'"):
        V2(layout="tensor").encode({"a": np.array([1.0]), "b": np.array(["x"])})


GAPS = {"a": np.array([1.0, np.nan]), "b": np.array(["x", None], dtype=object)}


def test_gaps_go_as_null_only_where_a_protocol_knows_them() -> None:
    frame = json.loads(MLflow().encode(GAPS).body)["dataframe_split"]
    assert frame["data"] == [[1.0, "x"], [None, None]]
    told = Template(body='{"x": "$rows"}', values="", gaps=True)
    assert json.loads(told.encode(GAPS).body)["x"][1] == [None, None]
    for protocol in (V1(), V2(), MLflow(form="inputs"), Template(body='["$rows"]', values="")):
        with pytest.raises(DataError, match="cannot send a missing value: row 1, column 'a'"):
            protocol.encode(GAPS)
        with pytest.raises(DataError, match="cannot send a missing value: row 0, column 1"):
            protocol.encode(np.array([[1.0, np.nan]]))
    with pytest.raises(DataError, match="MLflow without column names cannot send a missing value"):
        MLflow().encode(np.array([[np.nan]]))


def test_pandas_gaps_are_gaps() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"a": pd.array([1, None], dtype="Int64"), "b": pd.array(["x", None], dtype="string")}
    )
    body = json.loads(MLflow().encode(frame).body)["dataframe_split"]
    assert body["data"] == [[1.0, "x"], [None, None]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.inf, "cannot send inf: row 1, column 'a'"),
        (-np.inf, "cannot send -inf"),
        (1j, "cannot send a complex: row 1, column 'a'"),
        (b"x", "cannot send a bytes"),
        (np.datetime64("2020-01-01"), "cannot send a date.*Turn it into a number or a text with"),
        ([1], "cannot send a list"),
    ],
)
def test_what_has_no_place_in_json_is_named(value: Any, message: str) -> None:
    column = np.empty(2, dtype=object)
    column[:] = [1.0, value]
    for protocol in (V1(), V2(), MLflow(), Template(body='"$rows"', values="", gaps=True)):
        with pytest.raises(DataError, match=message):
            protocol.encode({"a": column})


def test_one_row_alone_is_refused() -> None:
    for protocol in (V1(), V2(), MLflow()):
        with pytest.raises(DataError, match="Expected 2D array, got 1D array"):
            protocol.encode(np.array([1.0, 2.0]))
        with pytest.raises(DataError, match="Expected 2D array, got 1D array"):
            protocol.encode([1.0, 2.0])


def test_lists_go_out_as_they_are() -> None:
    assert json.loads(V1().encode([[1, "a"], [2, "b\0"]]).body)["instances"] == [
        [1, "a"],
        [2, "b\0"],
    ]
    assert json.loads(V1().encode(["a\0", "b"]).body)["instances"] == ["a\0", "b"]

"""The user's rows, of any kind, as columns.

Arrays, mappings, pandas and polars frames all become a `Table`: one NumPy array per
column, numbers as numbers, everything else as objects with None where a value is missing.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate.domain.frame import ColumnType, Frame
from surrogate.errors import DataError

__all__ = ["Column", "Table", "as_array", "default_names", "exact", "is_missing", "read"]

_EXACT = 2**53
_RESHAPE = (
    "Reshape your data either using array.reshape(-1, 1) if your data has a single feature "
    "or array.reshape(1, -1) if it contains a single sample."
)
_DATES = "Give it as a number, such as days since a fixed day, or drop the column"


@dataclass(frozen=True, eq=False)
class Column:
    """One column: values of shape (n,), and how the user wrote them."""

    values: np.ndarray[Any, Any]
    type: ColumnType


@dataclass(frozen=True, eq=False)
class Table:
    """The user's rows by column. `names` is None where columns have a place only."""

    names: tuple[str, ...] | None
    columns: tuple[Column, ...]
    n_rows: int
    frame: Frame


def default_names(n: int) -> tuple[str, ...]:
    """Names of an array's columns: x0, x1, ..."""
    return tuple(f"x{j}" for j in range(n))


def read(rows: Any, where: str) -> Table:
    """Rows of any kind as a table, refused with a clear error where they cannot be."""
    _refuse_foreign(rows, where)
    if isinstance(rows, Mapping):
        return _from_mapping(rows, where)
    if _is_frame(rows):
        return _from_frame(rows, where)
    array = as_array(rows, where)
    columns = tuple(
        _numpy_column(array[:, j], f"{where} column {j}") for j in range(array.shape[1])
    )
    frame = Frame("array", tuple(column.type for column in columns))
    return Table(None, columns, len(array), frame)


def as_array(rows: Any, where: str) -> np.ndarray[Any, Any]:
    """Rows as a filled 2-D array of numbers, truth values, strings or objects."""
    array = _to_array(rows, where)
    if array.ndim < 2:
        _refuse_flat(array, where)
    if array.ndim > 2:
        raise DataError(
            f"{where} must be 2-D, one row per sample; got shape {array.shape}. Flatten each "
            f"sample with array.reshape(len(array), -1)."
        )
    if array.dtype.kind not in "biufcOUT":
        _refuse_dtype(str(array.dtype), where)
    if array.dtype.kind == "c":
        raise DataError(f"{where}: Complex data not supported; give real and imaginary parts.")
    _refuse_empty(array.shape[0], array.shape[1], where)
    return array


def _to_array(rows: Any, where: str) -> np.ndarray[Any, Any]:
    if is_torch(rows):
        return to_numpy(rows.float() if str(rows.dtype) == "torch.bfloat16" else rows)
    if isinstance(rows, np.ma.MaskedArray):
        raise DataError(f"{where} is a masked array; fill it with X.filled(numpy.nan) first.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array = np.asarray(rows)
            if array.dtype.kind == "U" and not hasattr(rows, "dtype"):
                array = np.array(rows, dtype=object)  # else numbers would turn into strings
    except (ValueError, TypeError, Warning) as error:
        raise DataError(
            f"{where} is not a table: {error}. Give rows of one length each."
        ) from error
    return array


def _refuse_flat(array: np.ndarray[Any, Any], where: str) -> None:
    if array.ndim and array.dtype == object and len(array):
        if isinstance(array[0], Mapping):
            raise DataError(
                f"{where} is a list of mappings; give one mapping from column names to arrays."
            )
        if isinstance(array[0], Sequence) and not isinstance(array[0], str):
            lengths = sorted({len(row) for row in array if isinstance(row, Sequence)})
            raise DataError(f"{where} is ragged: its rows have {lengths} values; give equal ones.")
    kind = "scalar" if array.ndim == 0 else "1D"
    raise DataError(
        f"{where}: Expected 2D array, got {kind} array instead:\narray={array}.\n{_RESHAPE}"
    )


def _refuse_empty(n: int, d: int, where: str) -> None:
    if d == 0:
        raise DataError(
            f"{where} is empty: it has 0 feature(s) (shape=({n}, 0)) while a minimum of 1 is "
            f"required."
        )
    if n == 0:
        raise DataError(
            f"{where} is empty: it has 0 sample(s) (shape=(0, {d})) while a minimum of 1 is "
            f"required."
        )


def _refuse_foreign(rows: Any, where: str) -> None:
    if type(rows).__module__.startswith("scipy.sparse") and hasattr(rows, "toarray"):
        raise DataError(
            f"{where} is a sparse matrix, which is not supported; make it dense with X.toarray()."
        )
    if rows is None or isinstance(rows, str | bytes):
        raise DataError(
            f"{where} must be a 2-D array, a DataFrame, or a mapping from column names to 1-D "
            f"arrays; got {rows!r}."
        )
    if type(rows).__name__ == "LazyFrame":
        raise DataError(f"{where} is a lazy frame; run it first with .collect().")


def _refuse_dtype(dtype: str, where: str) -> None:
    dated = any(word in dtype.lower() for word in ("date", "time", "duration", "period", "<m8"))
    if dated:
        raise DataError(f"{where} holds dates or times ({dtype}). {_DATES}.")
    if dtype.startswith(("complex", "|c")):
        raise DataError(f"{where}: Complex data not supported; give real and imaginary parts.")
    raise DataError(
        f"{where} has dtype {dtype}, which no feature can be made of. Give numbers, truth values "
        f"or strings, or drop the column."
    )


# ---- NumPy columns ----


def _from_mapping(rows: Mapping[Any, Any], where: str) -> Table:
    names = _names(tuple(rows), where)
    columns = []
    for name, values in zip(names, rows.values()):
        array = _to_array(values, f"{where} column {name!r}")
        if array.ndim != 1:
            raise DataError(
                f"{where} column {name!r} must be a 1-D array; got shape {array.shape}."
            )
        columns.append(_numpy_column(array, f"{where} column {name!r}"))
    lengths = {name: len(column.values) for name, column in zip(names, columns)}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{where} is ragged: its columns have lengths {lengths}.")
    _refuse_empty(max(lengths.values(), default=0), len(names), where)
    frame = Frame("columns", tuple(column.type for column in columns), _labels(rows, names))
    return Table(names, tuple(columns), len(columns[0].values), frame)


def _numpy_column(values: np.ndarray[Any, Any], where: str) -> Column:
    kind = values.dtype.kind
    if kind in "bf":
        return Column(values, ColumnType(values.dtype.str))
    if kind in "iu":
        _refuse_inexact(values, where)
        return Column(values, ColumnType(values.dtype.str))
    if kind == "U":
        return Column(values.astype(object), ColumnType(values.dtype.str))
    if kind == "T":
        return _object_column(values.astype(object), "T", where)
    if kind == "O":
        return _object_column(values, "|O", where)
    _refuse_dtype(str(values.dtype), where)
    raise AssertionError("unreachable")


def exact(values: np.ndarray[Any, Any]) -> bool:
    """Whether float64 holds whole numbers exactly: none is past 2**53."""
    if values.dtype.itemsize < 8 or not values.size:
        return True
    return int(values.max()) <= _EXACT and int(values.min()) >= -_EXACT


def _refuse_inexact(values: np.ndarray[Any, Any], where: str) -> None:
    if exact(values):
        return
    row = int(np.flatnonzero((values > _EXACT) | (values < -_EXACT))[0])
    raise DataError(
        f"{where} row {row} holds {values[row]}, past the 2**53 that float64 can tell apart. "
        f"Drop the column if it is an identifier, or give it as strings."
    )


def _object_column(values: np.ndarray[Any, Any], dtype: str, where: str) -> Column:
    """Cells of Python objects: numbers, truth values, strings, or some of each."""
    cells, marker = _without_missing(values)
    kinds = {_cell_kind(cell) for cell in set(map(type, cells)) - {type(None)}}
    if "other" in kinds:
        row, cell = next((i, c) for i, c in enumerate(cells) if _cell_kind(type(c)) == "other")
        _refuse_cell(cell, f"{where} row {row}")
    if kinds <= {"bool"} and kinds:
        array = _numbers(cells, bool)
        return Column(array, ColumnType(dtype, "bool", missing=marker))
    if kinds <= {"int", "bool"} and kinds:
        _refuse_inexact(np.array([cell or 0 for cell in cells], dtype=object), where)
        array = _numbers(cells, np.int64)
        return Column(array, ColumnType(dtype, "int", missing=marker))
    if kinds <= {"int", "bool", "float"}:
        return Column(_numbers(cells, np.float64), ColumnType(dtype, "float", missing=marker))
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    holds = "str" if kinds == {"str"} else "label"
    return Column(objects, ColumnType(dtype, "" if dtype == "T" else holds, missing=marker))


def _without_missing(values: np.ndarray[Any, Any]) -> tuple[list[Any], Any]:
    """Cells with None for every missing one, and how the first missing one was written."""
    cells = values.tolist()
    missing = [i for i, cell in enumerate(cells) if is_missing(cell)]
    if not missing:
        return cells, "none"
    marker = "nan" if isinstance(cells[missing[0]], float) else "none"
    for i in missing:
        cells[i] = None
    return cells, marker


def is_missing(cell: Any) -> bool:
    """Whether a cell is None, NaN, NaT or pandas' NA."""
    if cell is None:
        return True
    return type(cell).__name__ in ("NAType", "NaTType") or (
        isinstance(cell, float | np.floating) and bool(cell != cell)
    )


def _cell_kind(kind: type) -> str:
    if issubclass(kind, bool | np.bool_):
        return "bool"
    if issubclass(kind, int | np.integer):
        return "int"
    if issubclass(kind, float | np.floating):
        return "float"
    if issubclass(kind, str):
        return "str"
    return "float" if kind.__name__ in ("Decimal", "Fraction") else "other"


def _refuse_cell(cell: Any, where: str) -> None:
    name = type(cell).__name__
    if name in ("datetime", "date", "time", "timedelta", "Timestamp", "Timedelta", "Period"):
        raise DataError(f"{where} holds a date or time ({cell}). {_DATES}.")
    if isinstance(cell, complex | np.complexfloating):
        raise DataError(f"{where}: Complex data not supported; give real and imaginary parts.")
    shown = repr(cell) if len(repr(cell)) < 60 else repr(cell)[:57] + "..."
    raise DataError(
        f"{where} holds {shown} of type {name}; a value must be a number, a truth value or a "
        f"string."
    )


def _numbers(cells: list[Any], dtype: Any) -> np.ndarray[Any, Any]:
    """Cells as numbers; as float64 with NaN where some are missing."""
    if None in cells:
        return np.array([np.nan if cell is None else float(cell) for cell in cells])
    return np.array(cells, dtype=dtype)


# ---- DataFrames ----


def _is_frame(rows: Any) -> bool:
    return hasattr(rows, "columns") and hasattr(rows, "shape") and len(rows.shape) == 2


def _from_frame(rows: Any, where: str) -> Table:
    import narwhals as nw

    names = _names(tuple(rows.columns), where)
    _refuse_empty(rows.shape[0], len(names), where)
    try:
        frame = nw.from_native(rows, eager_only=True)
    except TypeError as error:
        raise DataError(
            f"{where} is a {type(rows).__name__}; give a pandas or polars DataFrame."
        ) from error
    kind = str(frame.implementation)
    if kind not in ("pandas", "polars"):
        raise DataError(f"{where} is a frame of {kind}; turn it into pandas or polars first.")
    columns = tuple(
        _frame_column(frame[label], kind, f"{where} column {name!r}")
        for label, name in zip(frame.columns, names)
    )
    types = tuple(column.type for column in columns)
    labels = _labels(rows.columns, names)
    source = Frame("pandas" if kind == "pandas" else "polars", types, labels)
    return Table(names, columns, rows.shape[0], source)


def _frame_column(series: Any, kind: str, where: str) -> Column:
    import narwhals as nw

    dtype, native = series.dtype, series.to_native().dtype
    name = str(native) if kind == "pandas" else str(native.base_type())
    if dtype in (nw.Categorical, nw.Enum):
        return _levels_column(series, name, ordered=dtype == nw.Enum)
    if dtype == nw.Decimal:
        series, dtype, name = series.cast(nw.Float64), nw.Float64, "Float64"
    if dtype.is_integer() or dtype.is_float():
        return _number_column(series, name, where)
    if dtype == nw.Boolean and not series.null_count():
        return Column(series.to_numpy().astype(bool), ColumnType(name, missing="none"))
    if dtype in (nw.Boolean, nw.String, nw.Object) and not name.startswith("Object"):
        cells = np.empty(len(series), dtype=object)
        cells[:] = series.to_list()
        column = _object_column(cells, name, where)
        plain = ColumnType(name, missing=column.type.missing)
        return column if name == "object" else Column(column.values, plain)
    _refuse_dtype(str(native), where)
    raise AssertionError("unreachable")


def _number_column(series: Any, name: str, where: str) -> Column:
    import narwhals as nw

    nulls = bool(series.null_count())
    values = (series.cast(nw.Float64) if nulls else series).to_numpy()
    if values.dtype == object:
        values = np.array([np.nan if is_missing(v) else v for v in values], dtype=np.float64)
    if series.dtype.is_integer():
        _refuse_inexact(values[~np.isnan(values)] if nulls else values, where)
    marker = "nan" if not nulls and values.dtype.kind == "f" and np.isnan(values).any() else "none"
    return Column(values, ColumnType(name, missing=marker))  # type: ignore[arg-type]


def _levels_column(series: Any, name: str, *, ordered: bool) -> Column:
    cells = np.empty(len(series), dtype=object)
    cells[:] = [None if is_missing(cell) else cell for cell in series.to_list()]
    if name == "Categorical":  # polars: its levels belong to the process, not to the data
        return Column(cells, ColumnType(name, missing="none"))
    levels = tuple(series.cat.get_categories().to_list())
    return Column(cells, ColumnType(name, "", levels, ordered, "none"))


def _names(labels: tuple[Hashable, ...], where: str) -> tuple[str, ...]:
    """Column labels as strings, each of them once."""
    for label in labels:
        if isinstance(label, tuple):
            raise DataError(
                f"{where} has columns of several levels, such as {label!r}; join each into one."
            )
    names = tuple(str(label) for label in labels)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"{where} has {'columns' if len(twice) > 1 else 'a column'} more than once: "
            f"{', '.join(map(repr, twice))}. Rename or drop them."
        )
    return names


def _labels(labels: Any, names: tuple[str, ...]) -> tuple[Hashable, ...]:
    own = tuple(label.item() if isinstance(label, np.generic) else label for label in labels)
    return () if own == names else own

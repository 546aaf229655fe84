"""The user's rows, of any kind, as columns.

Arrays, mappings, pandas and polars frames all become a `Table`: one NumPy array per
column, numbers as numbers, everything else as objects with None where a value is missing.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate.domain.columns import (
    Table,
    numpy_column,
    own_labels,
    refuse_dtype,
    refuse_empty,
    unique_names,
)
from surrogate.domain.dataframes import from_frame, is_frame
from surrogate.domain.frame import Frame
from surrogate.errors import DataError

__all__ = ["as_array", "default_names", "read"]

_RESHAPE = (
    "Reshape your data either using array.reshape(-1, 1) if your data has a single feature "
    "or array.reshape(1, -1) if it contains a single sample."
)


def default_names(n: int) -> tuple[str, ...]:
    """Names of an array's columns: x0, x1, ..."""
    return tuple(f"x{j}" for j in range(n))


def read(rows: Any, where: str) -> Table:
    """Rows of any kind as a table, refused with a clear error where they cannot be."""
    _refuse_foreign(rows, where)
    if isinstance(rows, Mapping):
        return _from_mapping(rows, where)
    if is_frame(rows):
        return from_frame(rows, where)
    array = as_array(rows, where)
    columns = tuple(numpy_column(array[:, j], f"{where} column {j}") for j in range(array.shape[1]))
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
        refuse_dtype(str(array.dtype), where)
    if array.dtype.kind == "c":
        raise DataError(f"{where}: Complex data not supported; give real and imaginary parts.")
    refuse_empty(array.shape[0], array.shape[1], where)
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
        f"{where}: Expected 2D array, got {kind} array instead, of shape {array.shape}. {_RESHAPE}"
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


def _from_mapping(rows: Mapping[Any, Any], where: str) -> Table:
    names = unique_names(tuple(rows), where)
    columns = []
    for name, values in zip(names, rows.values()):
        array = _to_array(values, f"{where} column {name!r}")
        if array.ndim != 1:
            raise DataError(
                f"{where} column {name!r} must be a 1-D array; got shape {array.shape}."
            )
        columns.append(numpy_column(array, f"{where} column {name!r}"))
    lengths = {name: len(column.values) for name, column in zip(names, columns)}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{where} is ragged: its columns have lengths {lengths}.")
    refuse_empty(max(lengths.values(), default=0), len(names), where)
    frame = Frame("columns", tuple(column.type for column in columns), own_labels(rows, names))
    return Table(names, tuple(columns), len(columns[0].values), frame)

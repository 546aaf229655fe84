"""From the user's rows to what a model wants: the one place of input translation.

Rows are an array (n, d), a pandas or polars DataFrame, or a mapping from column names to
1-D arrays. Columns that have names are matched by name, whatever their order.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import DataError

__all__ = [
    "check_width",
    "column",
    "count",
    "frame",
    "matrix",
    "names_of",
    "nearest",
    "numbers",
    "select",
]

_NUMERIC = "biuf"


def names_of(rows: Any) -> tuple[str, ...] | None:
    """Column names of a frame or mapping; None for arrays, whose columns have a place only."""
    if isinstance(rows, Mapping):
        return tuple(rows)
    columns = getattr(rows, "columns", None)
    return None if columns is None or isinstance(rows, np.ndarray) else tuple(columns)


def count(rows: Any) -> int:
    """Number of rows."""
    if isinstance(rows, Mapping):
        return len(next(iter(rows.values()))) if rows else 0
    return len(rows)


def select(rows: Any, columns: Sequence[str], *, who: str) -> Any:
    """Rows with the named columns in their order.

    Columns of frames and mappings are matched by name, and others are left out; columns of
    arrays are taken to stand in the order of `columns` already.

    Raises
    ------
    DataError
        If a column is missing or stands there twice, or an array has another width.
    """
    names = names_of(rows)
    if names is None:
        check_width(rows, len(columns), who=who)
        return rows
    if names == tuple(columns):
        return rows
    for name in columns:
        _check_present(name, names, who=who)
    if isinstance(rows, Mapping):
        return {name: rows[name] for name in columns}
    return rows[list(columns)]


def _check_present(name: str, names: Sequence[Any], *, who: str) -> None:
    """Raise unless a column is there once."""
    times = names.count(name)
    if times == 1:
        return
    if times > 1:
        raise DataError(f"The rows have {times} columns named {name!r}; {who} needs one.")
    raise DataError(
        f"{who} needs the column {name!r}, which the rows lack{nearest(name, names)}; they have: "
        + ", ".join(repr(n) for n in names)
    )


def nearest(name: str, known: Sequence[Any]) -> str:
    """A hint at the name that may be meant, or nothing."""
    lower = {str(n).lower(): n for n in known}
    near = [lower[n] for n in difflib.get_close_matches(name.lower(), lower, n=1)]
    return f" (did you mean {near[0]!r}?)" if near else ""


def check_width(rows: Any, width: int, *, who: str) -> None:
    """Raise if an array is one-dimensional, or a table of another width."""
    shape = np.shape(rows) if isinstance(rows, list) else tuple(rows.shape)
    if len(shape) == 1:
        raise DataError(
            f"Expected 2D array, got 1D array instead, with {shape[0]} entries. Rows are always a"
            " batch. Reshape your data either using array.reshape(-1, 1) if your data has a single"
            " feature or array.reshape(1, -1) if it contains a single sample."
        )
    if len(shape) == 2 and shape[1] != width:
        raise DataError(f"{who} takes {width} columns; the rows have {shape[1]}.")


def column(rows: Any, name: str) -> np.ndarray[Any, Any]:
    """One column of a frame or mapping as a 1-D array, missing numbers as NaN."""
    values = rows[name]
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "kind", "O") in _NUMERIC and not isinstance(dtype, np.dtype):
        missing = bool(values.isna().any())  # pandas' nullable numbers
        return np.asarray(values.to_numpy(dtype=float, na_value=np.nan) if missing else values)
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    return to_numpy(values)


def matrix(rows: Any) -> np.ndarray[Any, Any]:
    """Rows as one array: numbers where all columns hold numbers, else objects."""
    names = names_of(rows)
    if names is None:
        return to_numpy(rows)
    if len(set(names)) < len(names):
        raise DataError(f"The rows have duplicate column names: {', '.join(map(repr, names))}.")
    if not names:
        return np.empty((count(rows), 0))
    columns = [column(rows, name) for name in names]
    if all(values.dtype.kind in _NUMERIC for values in columns):
        return np.column_stack(columns)
    return np.column_stack([values.astype(object) for values in columns])


def numbers(rows: Any, *, who: str) -> np.ndarray[Any, Any]:
    """Rows as one numeric array.

    Raises
    ------
    DataError
        If an entry is no number, naming its column and row.
    """
    values = matrix(rows)
    if values.dtype.kind in _NUMERIC:
        return values
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise _not_a_number(values, names_of(rows), who=who) from None


def _not_a_number(
    values: np.ndarray[Any, Any], names: Sequence[str] | None, *, who: str
) -> DataError:
    """Say which entry is no number."""
    for place in np.ndindex(values.shape):
        try:
            np.float64(values[place])
        except (TypeError, ValueError):
            break
    where = place[1] if len(place) > 1 else 0
    name = names[where] if names else where
    return DataError(
        f"{who} takes numbers, but column {name!r} holds {values[place]!r} in row {place[0]};"
        " give preprocess= to turn such columns into numbers."
    )


def frame(rows: Any, names: Sequence[str], *, who: str) -> Any:
    """Rows as a DataFrame with the named columns in their order.

    Frames keep their library. Arrays and mappings become pandas frames, else polars frames;
    without either they become an array.
    """
    rows = select(rows, names, who=who)
    if hasattr(rows, "columns"):
        return rows
    if not isinstance(rows, Mapping):
        values = to_numpy(rows)
        if values.dtype.kind == "O":
            rows = {name: _narrow(values[:, j]) for j, name in enumerate(names)}
    for library in ("pandas", "polars"):
        try:
            module = importlib.import_module(library)
        except ImportError:
            continue
        if isinstance(rows, Mapping):
            return module.DataFrame({name: column(rows, name) for name in names})
        columns = {"columns": list(names)} if library == "pandas" else {"schema": list(names)}
        return module.DataFrame(values, **columns)
    return matrix(rows)


def _narrow(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A column of objects as numbers where it holds only numbers."""
    if any(isinstance(value, str) for value in values):
        return values
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return values

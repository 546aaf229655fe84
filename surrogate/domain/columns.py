"""One column of the user's rows, whatever library it comes from.

Numbers stay numbers; everything else becomes objects, with None where a value is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from surrogate.domain.frame import ColumnType, Frame, Holds
from surrogate.errors import DataError

__all__ = [
    "Column",
    "Table",
    "exact",
    "is_missing",
    "numpy_column",
    "object_column",
    "own_labels",
    "refuse_dtype",
    "refuse_empty",
    "refuse_inexact",
    "unique_names",
]

_EXACT = 2**53
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


def numpy_column(values: np.ndarray[Any, Any], where: str) -> Column:
    """A 1-D array as a column."""
    kind = values.dtype.kind
    if kind in "bf":
        return Column(values, ColumnType(values.dtype.str))
    if kind in "iu":
        refuse_inexact(values, where)
        return Column(values, ColumnType(values.dtype.str))
    if kind == "U":
        return Column(values.astype(object), ColumnType(values.dtype.str))
    if kind == "T":
        return object_column(values.astype(object), "T", where)
    if kind == "O":
        return object_column(values, "|O", where)
    refuse_dtype(str(values.dtype), where)


def exact(values: np.ndarray[Any, Any]) -> bool:
    """Whether float64 holds whole numbers exactly: none is past 2**53."""
    if values.dtype.itemsize < 8 or not values.size:
        return True
    return int(values.max()) <= _EXACT and int(values.min()) >= -_EXACT


def refuse_inexact(values: np.ndarray[Any, Any], where: str) -> None:
    """Raise where a whole number is past what float64 can tell apart."""
    if exact(values):
        return
    row = int(np.flatnonzero((values > _EXACT) | (values < -_EXACT))[0])
    raise DataError(
        f"{where} row {row} holds {values[row]}, past the 2**53 that float64 can tell apart. "
        f"Drop the column if it is an identifier, or give it as strings."
    )


def object_column(values: np.ndarray[Any, Any], dtype: str, where: str) -> Column:
    """Cells of Python objects: numbers, truth values, strings, or some of each."""
    cells, marker = _without_missing(values)
    kinds = {_cell_kind(kind) for kind in set(map(type, cells)) - {type(None)}}
    if "other" in kinds:
        row, cell = next((i, c) for i, c in enumerate(cells) if _cell_kind(type(c)) == "other")
        _refuse_cell(cell, f"{where} row {row}")
    if kinds <= {"bool"} and kinds:
        array = _numbers(cells, bool)
        return Column(array, ColumnType(dtype, "bool", missing=marker))
    if kinds <= {"int", "bool"} and kinds:
        refuse_inexact(np.array([cell or 0 for cell in cells], dtype=object), where)
        array = _numbers(cells, np.int64)
        return Column(array, ColumnType(dtype, "int", missing=marker))
    if kinds <= {"int", "bool", "float"}:
        return Column(_numbers(cells, np.float64), ColumnType(dtype, "float", missing=marker))
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    holds: Holds = "" if dtype == "T" else "str" if kinds == {"str"} else "label"
    return Column(objects, ColumnType(dtype, holds, missing=marker))


def _without_missing(values: np.ndarray[Any, Any]) -> tuple[list[Any], Any]:
    """Cells with None for every missing one, and how the first missing one was written."""
    cells = values.tolist()
    if set(map(type, cells)) == {str}:
        return cells, "none"
    missing = [i for i, cell in enumerate(cells) if type(cell) is not str and is_missing(cell)]
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


def unique_names(labels: tuple[Hashable, ...], where: str) -> tuple[str, ...]:
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


def own_labels(labels: Any, names: tuple[str, ...]) -> tuple[Hashable, ...]:
    """The user's own column labels where they are not the names already."""
    own = tuple(label.item() if isinstance(label, np.generic) else label for label in labels)
    return () if own == names else own


# ---- refusals ----


def refuse_dtype(dtype: str, where: str) -> NoReturn:
    """Raise over a dtype that no feature can be made of."""
    dated = any(word in dtype.lower() for word in ("date", "time", "duration", "period", "<m8"))
    if dated:
        raise DataError(f"{where} holds dates or times ({dtype}). {_DATES}.")
    if dtype.startswith(("complex", "|c")):
        raise DataError(f"{where}: Complex data not supported; give real and imaginary parts.")
    raise DataError(
        f"{where} has dtype {dtype}, which no feature can be made of. Give numbers, truth values "
        f"or strings, or drop the column."
    )


def refuse_empty(n: int, d: int, where: str) -> None:
    """Raise where there are no rows or no columns."""
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

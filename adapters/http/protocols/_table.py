"""From rows to JSON values: the one place where numbers, texts and gaps are written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate.adapters._rows import check_width, column, names_of
from surrogate.errors import DataError

__all__ = ["Kind", "Table", "dumps", "one_text_each", "table_of"]

Kind: TypeAlias = Literal["float", "int", "bool", "text", "mixed"]
Host: TypeAlias = np.ndarray[Any, Any]

_LINES = json.JSONEncoder(allow_nan=False, separators=("\n", ":"))
_KINDS: dict[str, Kind] = {"f": "float", "i": "int", "u": "int", "b": "bool"}


@dataclass(frozen=True)
class Table:
    """Rows as JSON values.

    Parameters
    ----------
    names : tuple of str or None
        Columns, where they have names.
    rows : list
        One JSON value a row: a list of one value a column, nested deeper for images; a text
        where rows are texts. A gap is None.
    kinds : tuple of str
        What each column holds; one entry for all where columns have no place of their own.
    shape : tuple of int
        (n, d), (n,) for texts, (n, height, width, ...) for images.
    """

    names: tuple[str, ...] | None
    rows: list[Any]
    kinds: tuple[Kind, ...]
    shape: tuple[int, ...]

    def records(self, protocol: str) -> list[dict[str, Any]]:
        """One mapping from column to value a row."""
        names = self.named(protocol)
        return [dict(zip(names, row)) for row in self.rows]

    def named(self, protocol: str) -> tuple[str, ...]:
        """Names of the columns, or an error that asks for them."""
        if self.names is None:
            raise DataError(
                f"{protocol} sends columns by name, and these rows have none; give a table with"
                " names, or say columns=."
            )
        return self.names

    def wire(self, *, named: str | None = None) -> list[bytes]:
        """What each row is, as bytes that are equal where rows are sent as equal JSON.

        JSON itself; but rows of nothing but floats as their bytes, since to write floats down
        takes longer than all else that remembering a row takes.

        Parameters
        ----------
        named : str or None
            Protocol that sends the names of columns with each row.
        """
        if len(self.shape) != 2 or not self.rows:
            return [dumps(row) for row in (self.records(named) if named else self.rows)]
        names = self.named(named) if named else None
        if names is None and set(self.kinds) == {"float"}:
            whole = np.array(self.rows, dtype="<f8").tobytes()  # a gap as NaN, which JSON lacks
            width = 8 * self.shape[1]
            return [whole[at : at + width] for at in range(0, len(whole), width)]
        # One call for all values: no line break stands within a value of JSON.
        values = _LINES.encode([value for row in self.rows for value in row])[1:-1].split("\n")
        keys = [f"{json.dumps(name)}:" for name in names] if names else [""] * self.shape[1]
        form = ",".join(key.replace("%", "%%") + "%s" for key in keys)
        form = f"{{{form}}}" if names else f"[{form}]"
        width = self.shape[1]
        starts = range(0, len(values), width)
        return [(form % tuple(values[at : at + width])).encode("ascii") for at in starts]


def table_of(
    rows: Any, *, protocol: str, columns: Sequence[str] | None = None, gaps: bool = False
) -> Table:
    """Rows as JSON values.

    Parameters
    ----------
    rows : array (n, d, ...), texts (n,), DataFrame, or mapping from name to column
    protocol : str
        For messages.
    columns : sequence of str, optional
        Names of the columns of rows that have none.
    gaps : bool
        Whether missing values may be sent, as null.

    Raises
    ------
    DataError
        If a value has no place in JSON, naming its column and row.
    """
    names = names_of(rows)
    if names is not None:
        parts = [_plain(column(rows, name), name, protocol, gaps) for name in names]
        return _joined(tuple(map(str, names)), parts)
    array = _from_list(rows) if isinstance(rows, list) else to_numpy(rows)
    if array.ndim == 1 and all(isinstance(value, str) for value in array.tolist()):
        return Table(None, array.tolist(), ("text",), array.shape)
    check_width(array, len(columns) if columns else array.shape[-1], who=protocol)
    told = tuple(columns) if columns is not None and array.ndim == 2 else None
    if array.dtype.kind in "biuf":
        values = _numbers(array, told, protocol, gaps)
        kind = _KINDS[array.dtype.kind]
        kinds = (kind,) * (array.shape[1] if array.ndim == 2 else 1)
        return Table(told, values, kinds, array.shape)
    if array.ndim != 2:
        raise DataError(f"{protocol} cannot send an array of {array.dtype} of shape {array.shape}.")
    labels: Sequence[Any] = told or range(array.shape[1])
    parts = [_plain(array[:, j], name, protocol, gaps) for j, name in enumerate(labels)]
    return _joined(told, parts)


def one_text_each(rows: Any, *, protocol: str) -> list[str]:
    """Rows that are one text each: (n,), (n, 1), or a table of one column."""
    table = table_of(rows, protocol=protocol)
    if table.kinds != ("text",):
        raise DataError(
            f"{protocol} sends one text a row; these rows have {len(table.kinds)} columns of"
            f" {', '.join(sorted(set(table.kinds)))}. Pick one with columns=, or give preprocess=."
        )
    return [row if isinstance(row, str) else row[0] for row in table.rows]


def dumps(value: Any) -> bytes:
    """JSON at full precision, without spaces; NaN is no JSON."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def _from_list(rows: list[Any]) -> Host:
    """Lists as an array that changes no value: one of texts would cut and convert."""
    array = np.asarray(rows)
    return array if array.dtype.kind in "biuf" else np.array(rows, dtype=object)


def _joined(names: tuple[str, ...] | None, parts: list[tuple[list[Any], Kind]]) -> Table:
    """Columns as rows."""
    rows = [list(row) for row in zip(*(values for values, _ in parts), strict=True)]
    return Table(names, rows, tuple(kind for _, kind in parts), (len(rows), len(parts)))


def _numbers(array: Host, names: Sequence[str] | None, protocol: str, gaps: bool) -> list[Any]:
    """An array of numbers as nested lists."""
    values: list[Any] = array.tolist()
    if array.dtype.kind != "f":
        return values
    finite = np.isfinite(array)
    if finite.all():
        return values
    holes = np.argwhere(~finite)
    for place in holes:
        value = array[tuple(place)]
        if not (gaps and np.isnan(value)):
            name = names[place[1]] if names and array.ndim == 2 else int(place[-1])
            raise _cannot(protocol, value, name, int(place[0]))
        inner = values
        for j in place[:-1]:
            inner = inner[j]
        inner[place[-1]] = None
    return values


def _plain(values: Host, name: Any, protocol: str, gaps: bool) -> tuple[list[Any], Kind]:
    """One column as JSON values, and their kind."""
    if values.dtype.kind in "biuf":
        rows = _numbers(values[:, None], (name,), protocol, gaps)  # (n,) -> (n, 1)
        return [row[0] for row in rows], _KINDS[values.dtype.kind]
    plain = [_value(value, name, protocol, gaps, i) for i, value in enumerate(values.tolist())]
    return plain, _kind(plain)


def _value(value: Any, name: Any, protocol: str, gaps: bool, i: int) -> Any:
    """One entry of a column of objects as a JSON value."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return value
    if _is_missing(value) and gaps:
        return None
    raise _cannot(protocol, value, name, i)


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def _kind(values: Sequence[Any]) -> Kind:
    """What a column of objects holds."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int" if None not in values else "float"
    if kinds <= {int, float}:
        return "float"
    return "text" if kinds == {str} else "mixed"


def _cannot(protocol: str, value: Any, name: Any, row: int) -> DataError:
    """Say which value cannot be sent."""
    if _is_missing(value):
        return DataError(
            f"{protocol} cannot send a missing value: row {row}, column {name!r}. Fill gaps with"
            " preprocess=, or declare a domain without them."
        )
    if isinstance(value, float):
        return DataError(f"{protocol} cannot send {value}: row {row}, column {name!r}.")
    return DataError(
        f"{protocol} cannot send a {type(value).__name__}: row {row}, column {name!r}. Turn it into"
        " a number or a text with preprocess=."
    )

"""One row, in whatever way a person writes it, as a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from surrogate.adapters._rows import check_width, count, names_of, select
from surrogate.errors import DataError

__all__ = ["gives_back", "is_text", "one_row"]


_WHAT = "A probe sends one row: a list of values, a mapping from column to value, or a text"


def one_row(row: Any, columns: tuple[str, ...] | None = None) -> Any:
    """A row as a batch of one; None stays None.

    Parameters
    ----------
    row : array or list (d,) or (1, d), mapping from column to value, frame of one row, text, None
    columns : tuple of str or None
        Columns to pick from a row with names.

    Raises
    ------
    DataError
        If it is not one row.

    Examples
    --------
    >>> from surrogate.adapters.http._one_row import one_row
    >>> one_row([39, "clerk"]).tolist(), one_row({"age": 39})
    ([[39, 'clerk']], {'age': array([39])})
    """
    if row is None:
        return None
    if isinstance(row, str):
        return [row]
    if isinstance(row, Mapping):
        rows: Any = {name: _column(value) for name, value in row.items()}
    elif names_of(row) is not None:
        rows = row
    elif np.ndim(row) == 0:
        raise DataError(f"{_WHAT}; got {row!r}.")
    else:
        array = np.asarray(row, dtype=object if _has_text(row) else None)
        rows = array[None, :] if array.ndim == 1 else array  # (d,) -> (1, d)
    if count(rows) != 1:
        raise DataError(f"{_WHAT}; got {count(rows)}.")
    if columns is None:
        return rows
    if names_of(rows) is None:
        check_width(rows, len(columns), who="The probed model")
    return select(rows, columns, who="The probed model")


def is_text(rows: Any) -> bool:
    """Whether a batch of one is one text."""
    if rows is None:
        return False
    names = names_of(rows)
    if names is not None:
        return len(names) == 1 and isinstance(next(iter(rows[names[0]])), str)
    return isinstance(rows, list) and isinstance(rows[0], str)


def gives_back(values: Any, rows: Any) -> bool:
    """Whether an answer is the numbers of the row itself."""
    if names_of(rows) is not None or isinstance(rows, list):
        return False
    sent = np.ravel(rows).tolist()
    return len(sent) > 1 and np.ravel(values).tolist() == sent


def _column(value: Any) -> Any:
    """One value as a column of one."""
    if isinstance(value, str) or value is None:
        return np.array([value], dtype=object)
    return np.atleast_1d(value)


def _has_text(row: Any) -> bool:
    """Whether a row holds texts, so that NumPy must not turn its numbers into some."""
    parts = np.ravel(row).tolist() if isinstance(row, np.ndarray) else row
    inner = [p for part in parts for p in (part if isinstance(part, list | tuple) else [part])]
    return any(isinstance(part, str) or part is None for part in inner)

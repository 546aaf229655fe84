"""The user's functions of rows: derived columns and the constraint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from surrogate._array import is_torch, namespace, to_numpy
from surrogate.domain.decoding import decode
from surrogate.domain.encoding import encode_column
from surrogate.domain.frame import ColumnType, Frame
from surrogate.domain.reading import read
from surrogate.domain.rounding import to_precision
from surrogate.errors import DataError
from surrogate.types import Array, BoolArray, Feature, FloatArray

if TYPE_CHECKING:
    from surrogate.domain.domain import Domain

__all__ = ["NotStored", "check_derived", "judge", "rederive"]

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class NotStored:
    """Stands where a function was: functions are not written to JSON."""

    what: str

    def __call__(self, rows: Any) -> NoReturn:
        """Say what is missing."""
        raise DataError(
            f"{self.what} was not stored with the domain, since functions are not; give it to "
            f"Domain.from_dict again."
        )


def rederive(matrix: Array, domain: Domain, dtype: str) -> None:
    """In place: derived columns, in the order declared, from the others."""
    host = np.array(to_numpy(matrix), dtype=np.float64)
    for name, function in domain.derived.items():
        j = domain.index(name)
        feature = domain.features[j]
        values = _derive(host, domain, name, function)
        if not feature.is_coded:
            values = to_precision(
                np.rint(values) if feature.kind != "continuous" else values, dtype
            )
        host[:, j] = values
        if is_torch(matrix):
            values = namespace(matrix).asarray(values, dtype=matrix.dtype, device=matrix.device)
        matrix[:, j] = values


def check_derived(matrix: FloatArray, domain: Domain, where: str) -> None:
    """Raise where a derived column differs from what its function gives."""
    for name, function in domain.derived.items():
        if isinstance(function, NotStored):
            continue
        j = domain.index(name)
        given, worked = matrix[:, j], _derive(matrix, domain, name, function)
        near = np.abs(given - worked) <= _TOLERANCE * np.maximum(1.0, np.abs(worked))
        bad = np.flatnonzero(~(near | (np.isnan(given) & np.isnan(worked))))
        if len(bad):
            row = int(bad[0])
            raise DataError(
                f"{where} column {name!r} row {row} is {float(given[row])!r}, but its function "
                f"gives {float(worked[row])!r} ({len(bad)} rows differ). Make the function give "
                f"what the data hold, rounding included, or do not declare the column derived."
            )


def _derive(matrix: FloatArray, domain: Domain, name: str, function: Any) -> FloatArray:
    """One derived column as numbers, shape (n,)."""
    j = domain.index(name)
    feature = domain.features[j]
    values = _call(function, _columns(matrix, domain), f"The function of derived column {name!r}")
    where = f"The derived column {name!r}:"
    column = read({name: values}, where).columns[0]
    if len(column.values) != len(matrix):
        raise DataError(
            f"The function of derived column {name!r} must return one value per row, "
            f"{len(matrix)}; got {len(column.values)}."
        )
    worked = encode_column(column.values, feature, where)
    if np.isinf(worked).any() or (np.isnan(worked).any() and not feature.missing):
        raise DataError(
            f"The function of derived column {name!r} gives values that are not finite, as in row "
            f"{int(np.flatnonzero(~np.isfinite(worked))[0])}."
        )
    return worked


def _columns(matrix: FloatArray, domain: Domain) -> dict[str, np.ndarray[Any, Any]]:
    """All columns by name, as NumPy arrays of the user's values."""
    kind = domain.frame.kind
    if kind in ("array", "columns"):
        frame = Frame("columns", domain.frame.columns)
    else:
        frame = Frame("columns", tuple(_numpy_type(feature) for feature in domain.features))
    columns: dict[str, np.ndarray[Any, Any]] = decode(matrix, domain.features, frame)
    return columns


def _numpy_type(feature: Feature) -> ColumnType:
    if feature.is_coded:
        return ColumnType("|O", "label", missing="none")
    whole = feature.kind != "continuous" and not feature.missing
    return ColumnType("<i8" if whole else "<f8")


def judge(constraint: Callable[[Any], Any], rows: Any, n: int) -> BoolArray:
    """One truth value per row from the user's constraint."""
    kept = np.asarray(to_numpy(_call(constraint, rows, "The domain's constraint")))
    if kept.dtype != np.bool_:
        raise DataError(
            f"The domain's constraint must return truth values; got an array of {kept.dtype}. "
            f"Compare, as in rows['age'] >= 18, and leave no missing ones."
        )
    if kept.shape != (n,):
        raise DataError(
            f"The domain's constraint must return one truth value per row, shape ({n},); got "
            f"shape {kept.shape}."
        )
    return kept


def _call(function: Callable[[Any], Any], rows: Any, what: str) -> Any:
    try:
        return function(rows)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{what} raised {type(error).__name__}: {error}") from error

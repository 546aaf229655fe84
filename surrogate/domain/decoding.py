"""From the internal matrix back to rows as the user's are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.domain.frame import ColumnType, Frame, is_whole, saturated
from surrogate.types import Feature, FloatArray

__all__ = ["column_values", "decode"]


def decode(matrix: FloatArray, features: tuple[Feature, ...], frame: Frame) -> Any:
    """Rows of the frame's kind, from a matrix of shape (n, d)."""
    return _BUILDERS[frame.kind](matrix, features, frame)


def _array(matrix: FloatArray, features: tuple[Feature, ...], frame: Frame) -> Any:
    dtype = np.dtype(frame.columns[0].dtype)
    if dtype.kind != "O" and not any(feature.is_coded for feature in features):
        return _cast(matrix, frame.columns[0])
    rows = np.empty(matrix.shape, dtype=dtype)
    for j, (feature, column) in enumerate(zip(features, frame.columns)):
        rows[:, j] = column_values(matrix[:, j], feature, column)
    return rows


def _mapping(matrix: FloatArray, features: tuple[Feature, ...], frame: Frame) -> Any:
    return dict(zip(_labels(features, frame), _numpy_columns(matrix, features, frame)))


def _numpy_columns(
    matrix: FloatArray, features: tuple[Feature, ...], frame: Frame
) -> list[np.ndarray[Any, Any]]:
    return [
        column_values(matrix[:, j], feature, column)
        for j, (feature, column) in enumerate(zip(features, frame.columns))
    ]


def _labels(features: tuple[Feature, ...], frame: Frame) -> tuple[Any, ...]:
    return frame.labels or tuple(feature.name for feature in features)


def column_values(codes: FloatArray, feature: Feature, column: ColumnType) -> np.ndarray[Any, Any]:
    """One column as the user wrote it, on NumPy."""
    dtype = np.dtype(column.dtype)
    if feature.is_coded:
        labels = _categories(codes, feature, np.nan if column.missing == "nan" else None)
        return labels if dtype.kind == "O" else np.asarray(labels.astype(dtype))
    if dtype.kind == "O":
        return _objects(codes, column)
    return _cast(codes, column)


def _cast(values: FloatArray, column: ColumnType) -> np.ndarray[Any, Any]:
    """Numbers in the column's own NumPy dtype."""
    dtype = np.dtype(column.dtype)
    if dtype.kind == "b":
        return np.asarray(values > 0.5)
    whole = saturated(values, column) if is_whole(column) else values
    return np.asarray(whole.astype(dtype, copy=False))


def _categories(codes: FloatArray, feature: Feature, missing: Any) -> np.ndarray[Any, Any]:
    """Codes as an object array of categories; NaN as `missing`."""
    labels = np.empty(len(feature.categories) + 1, dtype=object)
    labels[:] = [*feature.categories, missing]
    last = len(feature.categories)
    known = np.clip(np.rint(codes), 0, last - 1)
    return np.asarray(labels[np.where(np.isnan(codes), last, known).astype(np.intp)])


def _objects(codes: FloatArray, column: ColumnType) -> np.ndarray[Any, Any]:
    """Numbers as Python objects of the kind that the user's cells were."""
    kind: Callable[[float], Any] = {"bool": bool, "int": int}.get(column.holds, float)
    values = saturated(codes, column) if is_whole(column) else codes
    missing = np.nan if column.missing == "nan" else None
    objects = np.empty(len(codes), dtype=object)
    objects[:] = [missing if value != value else kind(value) for value in values.tolist()]
    return objects


# ---- DataFrames ----


def _pandas(matrix: FloatArray, features: tuple[Feature, ...], frame: Frame) -> Any:
    pandas = require("pandas", extra="test")
    columns = {
        j: _pandas_column(matrix[:, j], feature, column, pandas)
        for j, (feature, column) in enumerate(zip(features, frame.columns))
    }
    rows = pandas.DataFrame(columns, index=pandas.RangeIndex(len(matrix)))
    rows.columns = list(_labels(features, frame))
    return rows


def _pandas_column(codes: FloatArray, feature: Feature, column: ColumnType, pandas: Any) -> Any:
    name = column.dtype
    if name == "object":
        return column_values(codes, feature, _as_numpy(column, "|O"))
    if feature.is_coded:
        labels = _categories(codes, feature, None)
        if name == "category":
            return pandas.Categorical(labels, list(column.categories), ordered=column.ordered)
        return pandas.array(labels, dtype=name)
    values = saturated(codes, column) if is_whole(column) else codes
    return pandas.array(values, dtype=name)


def _polars(matrix: FloatArray, features: tuple[Feature, ...], frame: Frame) -> Any:
    polars = require("polars", extra="test")
    return polars.DataFrame(
        [
            _polars_column(matrix[:, j], feature, column, polars)
            for j, (feature, column) in enumerate(zip(features, frame.columns))
        ]
    )


def _polars_column(codes: FloatArray, feature: Feature, column: ColumnType, polars: Any) -> Any:
    dtype = getattr(polars, column.dtype)
    if column.dtype == "Enum":
        dtype = polars.Enum(list(column.categories))
    if feature.is_coded:
        return polars.Series(feature.name, _categories(codes, feature, None).tolist(), dtype=dtype)
    values = saturated(codes, column) if is_whole(column) else codes
    null = is_whole(column) or column.missing == "none"
    return polars.Series(feature.name, values, nan_to_null=null).cast(dtype)


def _as_numpy(column: ColumnType, dtype: str) -> ColumnType:
    return ColumnType(dtype, column.holds, missing=column.missing)


_Builder = Callable[[FloatArray, tuple[Feature, ...], Frame], Any]
_BUILDERS: Mapping[str, _Builder] = {
    "array": _array,
    "columns": _mapping,
    "pandas": _pandas,
    "polars": _polars,
}

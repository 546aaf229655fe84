"""Pandas and polars DataFrames as columns, through narwhals."""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate.domain.columns import (
    Column,
    Table,
    is_missing,
    object_column,
    own_labels,
    refuse_dtype,
    refuse_empty,
    refuse_inexact,
    unique_names,
)
from surrogate.domain.frame import ColumnType, Frame
from surrogate.errors import DataError

__all__ = ["from_frame", "is_frame"]


def is_frame(rows: Any) -> bool:
    """Whether rows look like a DataFrame, of any library."""
    return hasattr(rows, "columns") and hasattr(rows, "shape") and len(rows.shape) == 2


def from_frame(rows: Any, where: str) -> Table:
    """A pandas or polars DataFrame as a table."""
    import narwhals as nw

    names = unique_names(tuple(rows.columns), where)
    refuse_empty(rows.shape[0], len(names), where)
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
        _frame_column(series, kind, f"{where} column {name!r}")
        for series, name in zip(frame.iter_columns(), names)
    )
    types = tuple(column.type for column in columns)
    labels = own_labels(rows.columns, names)
    source = Frame("pandas" if kind == "pandas" else "polars", types, labels)
    return Table(names, columns, rows.shape[0], source)


def _frame_column(series: Any, kind: str, where: str) -> Column:
    import narwhals as nw

    dtype, native = series.dtype, series.to_native().dtype
    name = str(native) if kind == "pandas" else str(native.base_type())
    if dtype in (nw.Categorical, nw.Enum):
        return _levels_column(series, name)
    if dtype == nw.Decimal:
        series, dtype, name = series.cast(nw.Float64), nw.Float64, "Float64"
    if dtype.is_integer() or dtype.is_float():
        return _number_column(series, name, where)
    if dtype == nw.Boolean and not series.null_count():
        return Column(series.to_numpy().astype(bool), ColumnType(name, missing="none"))
    if dtype in (nw.Boolean, nw.String, nw.Object) and not name.startswith("Object"):
        cells = np.empty(len(series), dtype=object)
        cells[:] = series.to_list()
        column = object_column(cells, name, where)
        plain = ColumnType(name, missing=column.type.missing)
        return column if name == "object" else Column(column.values, plain)
    refuse_dtype(str(native), where)


def _number_column(series: Any, name: str, where: str) -> Column:
    import narwhals as nw

    nulls = bool(series.null_count())
    values = (series.cast(nw.Float64) if nulls else series).to_numpy()
    if values.dtype == object:
        values = np.array([np.nan if is_missing(v) else v for v in values], dtype=np.float64)
    if series.dtype.is_integer():
        refuse_inexact(values[~np.isnan(values)] if nulls else values, where)
    nan = not nulls and values.dtype.kind == "f" and bool(np.isnan(values).any())
    return Column(values, ColumnType(name, missing="nan" if nan else "none"))


def _levels_column(series: Any, name: str) -> Column:
    cells = np.empty(len(series), dtype=object)
    cells[:] = [None if is_missing(cell) else cell for cell in series.to_list()]
    native = series.to_native()
    if name == "category":
        levels = tuple(native.cat.categories.tolist())
        return Column(cells, ColumnType(name, "", levels, bool(native.cat.ordered), "none"))
    if name == "Enum":
        levels = tuple(native.dtype.categories.to_list())
        return Column(cells, ColumnType(name, "", levels, ordered=True, missing="none"))
    # the levels of polars' Categorical belong to the process, not to the data
    return Column(cells, ColumnType(name, missing="none"))

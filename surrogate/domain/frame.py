"""How the user's rows look, so that rows go back to the user as they came."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from surrogate.types import Feature, FloatArray, Label

__all__ = ["ColumnType", "Frame", "default_frame", "fitting_type"]

Source: TypeAlias = Literal["array", "pandas", "polars", "columns"]
Holds: TypeAlias = Literal["", "bool", "int", "float", "str", "label"]

FLOAT64 = "<f8"


@dataclass(frozen=True)
class ColumnType:
    """What one column of the user's rows is made of, by the library's own names.

    Parameters
    ----------
    dtype : str
        As the library writes it: ``"<f8"`` and ``"|O"`` (NumPy), "Int64" and "category"
        (pandas), "Float32" and "Enum" (polars).
    holds : {"", "bool", "int", "float", "str", "label"}
        What the cells of an object column are; "label" where they are mixed.
    categories : tuple
        Levels of a categorical dtype, in its order.
    ordered : bool
        Whether those levels are ordered.
    missing : {"nan", "none"}
        What stands where a value is missing.
    """

    dtype: str = FLOAT64
    holds: Holds = ""
    categories: tuple[Label, ...] = ()
    ordered: bool = False
    missing: Literal["nan", "none"] = "nan"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {
            "dtype": self.dtype,
            "holds": self.holds,
            "categories": list(self.categories),
            "ordered": self.ordered,
            "missing": self.missing,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ColumnType:
        """Undo `to_dict`."""
        return cls(**{**data, "categories": tuple(data["categories"])})


@dataclass(frozen=True)
class Frame:
    """How the user's rows look.

    Parameters
    ----------
    kind : {"array", "pandas", "polars", "columns"}
        "columns" is a mapping from names to 1-D arrays.
    columns : tuple of ColumnType
        One for each feature.
    labels : tuple
        The user's own column labels where they are not strings; else empty.

    Examples
    --------
    >>> from surrogate.domain import Domain
    >>> Domain.infer({"age": [31, 45], "job": ["clerk", "cook"]}).frame.kind
    'columns'
    """

    kind: Source = "array"
    columns: tuple[ColumnType, ...] = ()
    labels: tuple[Hashable, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {
            "kind": self.kind,
            "columns": [column.to_dict() for column in self.columns],
            "labels": list(self.labels),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Frame:
        """Undo `to_dict`."""
        columns = tuple(ColumnType.from_dict(column) for column in data["columns"])
        return cls(data["kind"], columns, tuple(data["labels"]))


def default_frame(features: tuple[Feature, ...]) -> Frame:
    """A plain float64 array, or an object array where categories are not numbers."""
    if all(_numeric(feature) for feature in features):
        return Frame("array", tuple(ColumnType() for _ in features))
    return Frame("array", tuple(_object_type(feature) for feature in features))


def _numeric(feature: Feature) -> bool:
    return all(not isinstance(label, str) for label in feature.categories)


def _object_type(feature: Feature) -> ColumnType:
    if feature.categories:
        return ColumnType("|O", "label", missing="none")
    return ColumnType("|O", "float" if feature.kind == "continuous" else "int")


def fitting_type(column: ColumnType, feature: Feature) -> ColumnType:
    """The column's type, widened where the feature can be what it cannot hold."""
    whole = is_whole(column)
    if feature.is_coded:
        return _wide_enough(column, feature)
    if whole and feature.kind == "continuous":
        return _floating(column)
    if whole and feature.missing and _is_numpy(column.dtype) and column.dtype != "|O":
        return _floating(column)
    return column


def is_whole(column: ColumnType) -> bool:
    """Whether the column holds whole numbers or truth values only."""
    if column.holds:
        return column.holds in ("int", "bool")
    name = column.dtype.lower()
    return name.startswith(("int", "uint", "bool")) or column.dtype[1:2] in ("i", "u", "b")


def holds_truth(column: ColumnType) -> bool:
    """Whether the column holds truth values only."""
    return column.holds == "bool" or column.dtype.lower().startswith(("bool", "|b"))


def _is_numpy(dtype: str) -> bool:
    return dtype[:1] in "<>|=" or bool(re.fullmatch(r"bool|u?int\d+|float\d+", dtype))


def _floating(column: ColumnType) -> ColumnType:
    if column.holds:
        return replace(column, holds="float")
    if column.dtype.endswith("[pyarrow]"):
        return replace(column, dtype="double[pyarrow]")
    if column.dtype[:1].isupper() or column.dtype == "boolean":  # nullable pandas, polars
        return replace(column, dtype="Float64")
    return replace(column, dtype="float64" if column.dtype[:1].isalpha() else FLOAT64)


def _wide_enough(column: ColumnType, feature: Feature) -> ColumnType:
    """Declared categories may be further or longer ones than those of the first rows."""
    if column.categories:
        further = tuple(label for label in feature.categories if label not in column.categories)
        return replace(column, categories=column.categories + further)
    if column.dtype[1:2] != "U":
        return column
    longest = np.asarray(feature.categories, dtype=str).dtype
    return replace(column, dtype=np.promote_types(np.dtype(column.dtype), longest).str)


def integer_limits(column: ColumnType) -> tuple[float, float]:
    """Smallest and largest number that an integer column can hold."""
    name = column.dtype.removesuffix("[pyarrow]")
    if column.holds or not is_whole(column) or holds_truth(column):
        return -np.inf, np.inf
    info = np.iinfo(np.dtype(name.lower() if name[:1].isalpha() else name))
    if info.bits < 64:
        return float(info.min), float(info.max)
    return float(max(info.min, -(2**53))), float(2**53)


def saturated(values: FloatArray, column: ColumnType) -> FloatArray:
    """Whole numbers within what the column can hold; NaN stays."""
    low, high = integer_limits(column)
    return np.minimum(np.maximum(np.rint(values), low), high)

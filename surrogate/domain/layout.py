"""Where each kind of column stands in the internal matrix; worked out once per domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from surrogate.domain.frame import ColumnType, Frame, integer_limits
from surrogate.types import Feature, FloatArray, IntArray

__all__ = ["Layout", "Where", "layout_of", "place"]

Where: TypeAlias = slice | list[int]
"""Columns as an index that NumPy and torch both take."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Column numbers by what is done to them.

    Parameters
    ----------
    whole : int array
        Integers, codes and truth values: rounded.
    numeric : int array
        Columns without categories: rounded to the box's floating type.
    binary : int array
        Columns that are 0 or 1.
    complete : int array
        Columns that may not be missing.
    low, high : float array of shape (d,)
        Declared bounds; of codes, the first and the last.
    can_low, can_high : float array of shape (d,)
        What the user's columns can hold at all, whatever is declared.
    groups : mapping from name to list of int
        Members of each one-hot group.
    """

    whole: IntArray
    numeric: IntArray
    binary: IntArray
    complete: IntArray
    low: FloatArray
    high: FloatArray
    can_low: FloatArray
    can_high: FloatArray
    groups: Mapping[str, list[int]]


def layout_of(
    features: tuple[Feature, ...], frame: Frame, groups: Mapping[str, tuple[str, ...]]
) -> Layout:
    """Work out the layout of a domain."""
    index = {feature.name: j for j, feature in enumerate(features)}
    whole = [feature.is_coded or feature.kind != "continuous" for feature in features]
    can = [_can_hold(feature, column) for feature, column in zip(features, frame.columns)]
    return Layout(
        whole=np.flatnonzero(whole),
        numeric=np.flatnonzero([not feature.is_coded for feature in features]),
        binary=np.flatnonzero([f.kind == "binary" and not f.is_coded for f in features]),
        complete=np.flatnonzero([not feature.missing for feature in features]),
        low=np.array([feature.low for feature in features], dtype=np.float64),
        high=np.array([feature.high for feature in features], dtype=np.float64),
        can_low=np.array([low for low, _ in can], dtype=np.float64),
        can_high=np.array([high for _, high in can], dtype=np.float64),
        groups={name: [index[member] for member in members] for name, members in groups.items()},
    )


def _can_hold(feature: Feature, column: ColumnType) -> tuple[float, float]:
    if feature.is_coded:
        return 0.0, float(len(feature.categories) - 1)
    if feature.kind == "binary":
        return 0.0, 1.0
    low, high = integer_limits(column)
    wide = high >= 2.0**53  # decoding keeps within int64; no need to look at every row
    return (0.0 if low == 0 else -np.inf, np.inf) if wide else (low, high)


def place(columns: IntArray) -> Where:
    """Columns as a slice where they are all or lie side by side, else as a list."""
    if len(columns) and columns[-1] - columns[0] + 1 == len(columns):
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return [int(column) for column in columns]

"""From the user's columns to the internal matrix, and the checks on the way."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from surrogate.domain.columns import Column, Table
from surrogate.domain.layout import Layout, place
from surrogate.errors import DataError
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["check_matrix", "encode_column", "encode_table", "ordered_columns", "suggestion"]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Ask in the message whether a near name was meant; empty where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def listed(names: Sequence[Any], most: int = 8) -> str:
    """Names for a message, shortened."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown}, ... ({len(names)} in all)"


def ordered_columns(table: Table, names: tuple[str, ...], where: str) -> tuple[Column, ...]:
    """The table's columns in the domain's order: by name where they have one, else by place."""
    if table.names is None:
        check_width(len(table.columns), names, where)
        return table.columns
    if table.names == names:
        return table.columns
    missing = [name for name in names if name not in table.names]
    extra = [name for name in table.names if name not in names]
    if missing:
        hint = suggestion(missing[0], extra).replace("did you mean", "is it what you call")
        raise DataError(
            f"{where} lacks the column{'s' * (len(missing) > 1)} {listed(missing)}{hint or '.'} "
            f"It has: {listed(table.names)}."
        )
    if extra:
        raise DataError(
            f"{where} has the unknown column{'s' * (len(extra) > 1)} {listed(extra)}"
            f"{suggestion(extra[0], names) or '.'} Drop what is not a feature. "
            f"The domain knows: {listed(names)}."
        )
    at = {name: j for j, name in enumerate(table.names)}
    return tuple(table.columns[at[name]] for name in names)


def check_width(width: int, names: tuple[str, ...], where: str) -> None:
    """Raise unless rows are as wide as the domain."""
    if width != len(names):
        raise DataError(
            f"{where} has {width} features, but Domain is expecting {len(names)} features as "
            f"input: {listed(names)}."
        )


def encode_table(columns: tuple[Column, ...], features: tuple[Feature, ...], where: str) -> Any:
    """Columns as a matrix of shape (n, d); values still to be checked."""
    matrix = np.empty((len(columns[0].values), len(columns)))
    for j, (column, feature) in enumerate(zip(columns, features)):
        matrix[:, j] = encode_column(column.values, feature, where)
    return matrix


def encode_column(values: np.ndarray[Any, Any], feature: Feature, where: str) -> FloatArray:
    """One column as numbers: codes where the feature has categories."""
    if feature.is_coded:
        return _codes(values, feature, where)
    if values.dtype.kind != "O":
        return values.astype(np.float64)
    for row, value in enumerate(values):
        if isinstance(value, str):
            raise DataError(
                f"{where} column {feature.name!r} row {row} holds {value!r}, but the column is "
                f"{feature.kind}: numbers only. Mend the value, or declare the column with "
                f"kinds={{{feature.name!r}: 'categorical'}}."
            )
    return np.array([np.nan if value is None else float(value) for value in values])


def _codes(values: np.ndarray[Any, Any], feature: Feature, where: str) -> FloatArray:
    table = _CodeOf((label, float(i)) for i, label in enumerate(feature.categories))
    table[None] = np.nan
    codes = np.fromiter(map(table.__getitem__, values.tolist()), np.float64, len(values))
    if values.dtype.kind == "f":
        codes[np.isnan(values)] = np.nan
    unknown = np.flatnonzero(codes == -1.0)
    if len(unknown):
        row = int(unknown[0])
        value = values[row].item() if isinstance(values[row], np.generic) else values[row]
        hint = suggestion(value, map(str, feature.categories)) if isinstance(value, str) else ""
        raise DataError(
            f"{where} column {feature.name!r} row {row} holds the unknown category {value!r}"
            f"{hint or '.'} Known: {listed(feature.categories)}. Declare further ones with "
            f"categories={{{feature.name!r}: [...]}}."
        )
    return codes


class _CodeOf(dict[Any, float]):
    """Codes of categories; -1 for what is none. Looked up without a Python call."""

    def __missing__(self, value: Any) -> float:
        return -1.0


# ---- checks on the matrix ----


def check_matrix(
    matrix: FloatArray, features: tuple[Feature, ...], layout: Layout, where: str
) -> None:
    """Raise unless every value is one that its feature can have."""
    flat = matrix.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        finite = bool(np.isfinite(flat @ flat))  # one pass; overflow only costs the exact check
    if not finite:
        _check_infinite(matrix, features, where)
        _check_missing(matrix, features, layout, where)
    _check_whole(matrix, features, layout, where)
    _check_binary(matrix, features, layout, where)
    _check_bounds(matrix, features, layout, where)
    _check_groups(matrix, features, layout, where)


def _first(bad: BoolArray, columns: Any) -> tuple[int, int] | None:
    """Row and column of the first true entry of `bad`, whose columns are some of the matrix's."""
    if not bad.any():
        return None
    row, place = np.argwhere(bad)[0]
    return int(row), int(columns[place])


def _check_infinite(matrix: FloatArray, features: tuple[Feature, ...], where: str) -> None:
    found = _first(np.isinf(matrix), range(len(features)))
    if found:
        row, j = found
        raise DataError(
            f"{where} column {features[j].name!r} row {row} is infinite (inf); values must be "
            f"finite numbers. Put a large finite number, or NaN where it means unknown."
        )


def _check_missing(
    matrix: FloatArray, features: tuple[Feature, ...], layout: Layout, where: str
) -> None:
    missing = np.isnan(matrix[:, layout.complete])
    found = _first(missing, layout.complete)
    if found:
        row, j = found
        name = features[j].name
        raise DataError(
            f"{where} column {name!r} row {row} is missing (NaN), {int(missing.sum())} in all, but "
            f"the column was complete in the data that the domain was inferred from. Fill or drop "
            f"these rows or, if the model takes missing values, declare missing=[{name!r}]."
        )


def _check_whole(
    matrix: FloatArray, features: tuple[Feature, ...], layout: Layout, where: str
) -> None:
    if not len(layout.whole):
        return
    block = matrix[:, place(layout.whole)]
    found = _first((np.rint(block) != block) & ~np.isnan(block), layout.whole)
    if found:
        row, j = found
        name = features[j].name
        raise DataError(
            f"{where} column {name!r} row {row} is {float(matrix[row, j])!r}, but the column is "
            f"{features[j].kind}: whole numbers only. Mend the value, or declare the column with "
            f"kinds={{{name!r}: 'continuous'}}."
        )


def _check_binary(
    matrix: FloatArray, features: tuple[Feature, ...], layout: Layout, where: str
) -> None:
    if not len(layout.binary):
        return
    block = matrix[:, place(layout.binary)]
    found = _first((block != 0) & (block != 1) & ~np.isnan(block), layout.binary)
    if found:
        row, j = found
        name = features[j].name
        raise DataError(
            f"{where} column {name!r} row {row} is {float(matrix[row, j])!r}, but the column is "
            f"binary: 0 or 1. Mend the value, or declare the column with "
            f"kinds={{{name!r}: 'integer'}}."
        )


def _check_bounds(
    matrix: FloatArray, features: tuple[Feature, ...], layout: Layout, where: str
) -> None:
    bounded = np.flatnonzero(np.isfinite(layout.low) | np.isfinite(layout.high))
    if not len(bounded):
        return
    block = matrix[:, place(bounded)]
    found = _first((block < layout.low[bounded]) | (block > layout.high[bounded]), bounded)
    if found:
        row, j = found
        raise DataError(
            f"{where} column {features[j].name!r} row {row} is {float(matrix[row, j])!r}, outside "
            f"its bounds [{features[j].low:g}, {features[j].high:g}]. Mend the value, or widen "
            f"the bounds that the domain declares."
        )


def _check_groups(
    matrix: FloatArray, features: tuple[Feature, ...], layout: Layout, where: str
) -> None:
    for name, members in layout.groups.items():
        ones = matrix[:, members].sum(axis=1)  # (n, members) -> (n,)
        if (ones != 1).any():
            row = int(np.flatnonzero(ones != 1)[0])
            raise DataError(
                f"{where} row {row} has {ones[row]:g} ones in the one-hot group {name!r}, which "
                f"must have exactly one. Its columns: "
                f"{listed([features[j].name for j in members])}."
            )

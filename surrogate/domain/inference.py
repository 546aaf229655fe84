"""What each column is: told by the user where they did, else read off its values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np

from surrogate.domain.columns import Column, Table
from surrogate.domain.encoding import listed, suggestion
from surrogate.domain.frame import FLOAT64, Frame, fitting_type, holds_truth
from surrogate.domain.reading import default_names
from surrogate.errors import DataError, OptionError
from surrogate.types import Feature, Kind, Label

__all__ = ["Declared", "infer_features", "names_of"]

_KINDS: tuple[str, ...] = get_args(Kind)
_EXACT = 2.0**53
_MANY = 1000
_FEW = 20


@dataclass(frozen=True)
class Declared:
    """What the user said of the columns, by name."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    categories: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    grouped: frozenset[str] = frozenset()


def names_of(table: Table, names: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the table's columns; `names` gives them to columns that have a place only."""
    width = len(table.columns)
    if names is None:
        return table.names or default_names(width)
    given = tuple(map(str, names))
    if len(given) != width:
        raise DataError(f"names gives {len(given)} names, but the data have {width} columns.")
    if len(set(given)) < width:
        twice = sorted({name for name in given if given.count(name) > 1})
        raise DataError(f"names has more than once: {listed(twice)}.")
    if table.names is not None and set(given) != set(table.names):
        raise DataError(f"names differ from the data's own columns: {listed(table.names)}.")
    return given


class Resolver:
    """Column names from what the user calls a column: its name, its label or its number."""

    def __init__(self, names: tuple[str, ...], labels: Sequence[Hashable], numbered: bool) -> None:
        self.names = names
        self.by_key: dict[Hashable, str] = dict(zip(range(len(names)), names)) if numbered else {}
        self.by_key.update(zip(labels, names))
        self.by_key.update(zip(names, names))

    def name(self, key: Hashable, option: str) -> str:
        """The column that `key` means, or a DataError with the nearest one."""
        if key in self.by_key:
            return self.by_key[key]
        raise DataError(
            f"The `{option}` parameter of Domain.infer names the unknown column {key!r}"
            f"{suggestion(str(key), self.names) or '.'} The data have: {listed(self.names)}."
        )

    def mapping(self, given: Mapping[Any, Any] | None, option: str) -> dict[str, Any]:
        """The same mapping with columns' names as keys."""
        return {self.name(key, option): value for key, value in (given or {}).items()}

    def names_in(self, given: Iterable[Any], option: str) -> frozenset[str]:
        """Names of the columns listed."""
        keys = [given] if isinstance(given, str) else given
        return frozenset(self.name(key, option) for key in keys)


def plain_categories(given: Mapping[str, Any]) -> dict[str, tuple[Label, ...]]:
    """Declared categories as plain Python values."""
    plain: dict[str, tuple[Label, ...]] = {}
    for name, labels in given.items():
        if isinstance(labels, str) or not len(labels):
            raise OptionError(
                f"The `categories` parameter of Domain.infer must give a list of values; got "
                f"{labels!r} for column {name!r}."
            )
        plain[name] = tuple(v.item() if isinstance(v, np.generic) else v for v in labels)
    return plain


def plain_bounds(given: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Declared bounds with infinities for None."""
    plain = {}
    for name, pair in given.items():
        try:
            low, high = pair
            plain[name] = (
                -np.inf if low is None else float(low),
                np.inf if high is None else float(high),
            )
        except (TypeError, ValueError) as error:
            raise OptionError(
                f"The `bounds` parameter of Domain.infer must give (low, high), None where there "
                f"is no bound; got {pair!r} for column {name!r}."
            ) from error
    return plain


def fitting_frame(
    table: Table,
    columns: tuple[Column, ...],
    names: tuple[str, ...],
    features: tuple[Feature, ...],
) -> Frame:
    """The data's frame, in the order of `names`, wide enough for all that rows can be."""
    types = tuple(fitting_type(column.type, f) for column, f in zip(columns, features))
    labels = table.frame.labels
    if labels and table.names is not None:
        labels = tuple(labels[table.names.index(name)] for name in names)
    if table.frame.kind == "array" and len({column.dtype for column in types}) > 1:
        types = tuple(replace(column, dtype=FLOAT64) for column in types)
    return Frame(table.frame.kind, types, labels)


def infer_features(
    columns: tuple[Column, ...], names: tuple[str, ...], declared: Declared
) -> tuple[Feature, ...]:
    """A feature for each column."""
    return tuple(_feature(column, name, declared) for column, name in zip(columns, names))


def _feature(column: Column, name: str, declared: Declared) -> Feature:
    present = _present(column.values)
    if not len(present) and name not in declared.categories:
        raise DataError(
            f"Column {name!r} has no value in any row. Drop it, or declare its categories."
        )
    kind = _kind(column, name, present, declared)
    categories = _categories(column, name, kind, present, declared)
    low, high = declared.bounds.get(name, (-np.inf, np.inf))
    if categories:
        if name in declared.bounds:
            raise OptionError(f"Column {name!r} has categories, so it can have no bounds.")
        low, high = 0.0, float(len(categories) - 1)
    elif kind == "binary":
        low, high = 0.0, 1.0
    return Feature(
        name,
        kind,
        low=low,
        high=high,
        categories=categories,
        unit=declared.units.get(name, ""),
        missing=len(present) < len(column.values) or name in declared.missing,
        protected=name in declared.protected,
    )


def _present(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values that are not missing."""
    if values.dtype.kind == "f":
        return np.asarray(values[~np.isnan(values)])
    if values.dtype.kind == "O":
        return np.asarray(values[values != np.array(None)])  # elementwise, at C's speed
    return values


def _kind(column: Column, name: str, present: np.ndarray[Any, Any], declared: Declared) -> Kind:
    if name in declared.grouped:
        return "binary"
    if name in declared.kinds:
        kind = declared.kinds[name]
        if kind not in _KINDS:
            raise OptionError(
                f"The `kinds` parameter of Domain.infer must give one of {', '.join(_KINDS)}; "
                f"got {kind!r} for column {name!r}{suggestion(str(kind), _KINDS) or '.'}"
            )
        return kind
    if column.type.categories:
        return "ordinal" if column.type.ordered else "categorical"
    if name in declared.categories:
        return "categorical"
    if present.dtype.kind == "O":
        _refuse_mixed(column, name)
        _refuse_text(column.values, present, name)
        return "categorical"
    return "binary" if holds_truth(column.type) else _numeric_kind(present)


def _numeric_kind(present: np.ndarray[Any, Any]) -> Kind:
    if present.dtype.kind == "f":
        values = present.astype(np.float64)
        if (np.abs(values) > _EXACT).any() or (np.rint(values) != values).any():
            return "continuous"
    if present.min() == 0 and present.max() == 1:
        return "binary"
    return "integer"


def _categories(
    column: Column, name: str, kind: Kind, present: np.ndarray[Any, Any], declared: Declared
) -> tuple[Label, ...]:
    """Values behind the codes; empty where the values are numbers themselves."""
    if name in declared.categories:
        return declared.categories[name]
    if kind in ("continuous", "integer") or name in declared.grouped:
        return ()
    if kind == "binary":
        labels = _labels(present)
        if set(labels) <= {0, 1}:
            return ()
        if len(labels) != 2:
            raise DataError(
                f"Column {name!r} is declared binary but has {len(labels)} different values: "
                f"{listed(labels)}."
            )
        return labels
    if column.type.categories:
        levels = column.type.categories
        return levels if column.type.ordered or kind == "ordinal" else _sorted(levels)
    return _labels(present)


def _labels(present: np.ndarray[Any, Any]) -> tuple[Label, ...]:
    """Distinct values, sorted, as plain Python ones; whole floats as ints."""
    if present.dtype.kind == "O":
        return _sorted(tuple(dict.fromkeys(present.tolist())))
    values = np.unique(present)
    if values.dtype.kind == "f" and bool((np.rint(values) == values).all()):
        return tuple(int(value) for value in values)
    return tuple(values.tolist())


def _sorted(labels: Sequence[Label]) -> tuple[Label, ...]:
    """Numbers before strings, each in their order."""
    return tuple(sorted(labels, key=lambda label: (isinstance(label, str), label)))


# ---- refusals ----


def _refuse_mixed(column: Column, name: str) -> None:
    """Numbers among strings: one of them is a slip, and guessing which would hide it."""
    texts = np.array([isinstance(value, str) for value in column.values])
    gaps = np.array([value is None for value in column.values])
    if (texts | gaps).all():
        return
    rare = texts if texts.sum() <= (~texts & ~gaps).sum() else ~texts & ~gaps
    row = int(np.flatnonzero(rare)[0])
    raise DataError(
        f"Column {name!r} mixes numbers and strings: row {row} holds {column.values[row]!r}, "
        f"most others {'numbers' if rare is texts else 'strings'}. Mend the value or, if they are "
        f"names, declare kinds={{{name!r}: 'categorical'}}."
    )


def _refuse_text(cells: np.ndarray[Any, Any], present: np.ndarray[Any, Any], name: str) -> None:
    """Numbers written as strings, identifiers and free text are no categories."""
    labels = set(present.tolist())
    if len(labels) > _FEW and all(_is_number(label) for label in labels):
        raise DataError(
            f"Column {name!r} holds numbers written as strings, such as {present[0]!r}. Turn them "
            f"into numbers or, if they are names, declare kinds={{{name!r}: 'categorical'}}."
        )
    strange = {label for label in labels if not _is_number(label)}
    if len(labels) > _FEW and 2 * len(strange) < len(labels):
        row, value = next((i, value) for i, value in enumerate(cells) if value in strange)
        raise DataError(
            f"Column {name!r} mixes numbers and strings: row {row} holds {value!r}, most others "
            f"numbers. Mend the value or, if they are names, declare "
            f"kinds={{{name!r}: 'categorical'}}."
        )
    if len(labels) > _MANY and 2 * len(labels) > len(present):
        raise DataError(
            f"Column {name!r} has {len(labels):,} different strings in {len(present):,} rows: an "
            f"identifier or text. Drop it, or declare kinds={{{name!r}: 'categorical'}}."
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

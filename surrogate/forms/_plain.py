"""Small helpers that the forms share: read-only arrays, JSON scalars, printed numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import InputError
from surrogate.types import Array, Feature, FloatArray, Label

__all__ = [
    "LISTED",
    "as_matrix",
    "class_text",
    "feature_from_dict",
    "feature_to_dict",
    "finite_or_none",
    "plain_labels",
    "plain_pair",
    "read_only",
    "same_array",
    "take",
    "threshold_text",
    "value_text",
]

LISTED = 8
"""How many categories a printed set lists before it counts the rest."""


def read_only(values: Any, dtype: Any) -> Any:
    """A copy that cannot be written to."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def same_array(a: Any, b: Any) -> bool:
    """Equal shapes and entries, NaN equal to NaN; None equals None only."""
    if a is None or b is None:
        return a is b
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def as_matrix(matrix: Array, features: tuple[Feature, ...]) -> FloatArray:
    """The internal matrix (n, d) on the host, or an error that says what it must be."""
    x = np.asarray(to_numpy(matrix), dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != len(features):
        raise InputError(
            f"A form with {len(features)} features needs a matrix of shape "
            f"(n, {len(features)}); got shape {x.shape}."
        )
    return x


def plain_labels(labels: Iterable[Any]) -> tuple[Label, ...]:
    """Labels as Python's own str, int, float or bool."""
    return tuple(label.item() if isinstance(label, np.generic) else label for label in labels)


def plain_pair(pair: tuple[float, float] | None) -> list[float] | None:
    """An interval's ends as a list, or None."""
    return None if pair is None else [float(end) for end in pair]


def finite_or_none(x: float) -> float | None:
    """What JSON can hold: None for NaN and for infinities."""
    return float(x) if math.isfinite(x) else None


def feature_to_dict(feature: Feature) -> dict[str, Any]:
    """A feature as plain JSON values; an infinite bound is None."""
    return {
        "name": feature.name,
        "kind": feature.kind,
        "low": finite_or_none(feature.low),
        "high": finite_or_none(feature.high),
        "categories": list(plain_labels(feature.categories)),
        "unit": feature.unit,
        "missing": feature.missing,
        "protected": feature.protected,
    }


def feature_from_dict(data: Mapping[str, Any]) -> Feature:
    """The feature that `feature_to_dict` wrote."""
    low, high = data["low"], data["high"]
    return Feature(
        name=data["name"],
        kind=data["kind"],
        low=-math.inf if low is None else low,
        high=math.inf if high is None else high,
        categories=tuple(data["categories"]),
        unit=data["unit"],
        missing=data["missing"],
        protected=data["protected"],
    )


def take(data: Mapping[str, Any], name: str, form: str) -> Any:
    """One entry of a form's dict, or an error that names it."""
    if name not in data:
        raise InputError(f"The dict of a {form} needs the entry {name!r}; it has: {sorted(data)}.")
    return data[name]


def threshold_text(x: float) -> str:
    """A number exactly as it is compared, without trailing zeros."""
    if x == 0 or 1e-4 <= abs(x) < 1e15:
        return np.format_float_positional(x, trim="-")
    return np.format_float_scientific(x, trim="-", exp_digits=1)


def value_text(x: float) -> str:
    """An estimate to four significant digits."""
    return f"{x:.4g}"


def class_text(classes: tuple[Label, ...], code: int) -> str:
    """The name of a class by its code."""
    return str(classes[code])

"""A column holds one of some categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.forms._plain import LISTED
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["CategorySet"]


@dataclass(frozen=True)
class CategorySet:
    """A column holds one of some categories.

    Parameters
    ----------
    feature : int
        Column of the internal matrix.
    codes : frozenset of int
        Codes of the categories.
    missing : bool
        Whether the condition holds for a missing value.

    Examples
    --------
    >>> from surrogate.forms import CategorySet
    >>> from surrogate.types import Feature
    >>> work = Feature("work", "categorical", categories=("Federal", "Local", "Private", "State"))
    >>> CategorySet(0, frozenset({2})).text((work,))
    'work = Private'
    >>> CategorySet(0, frozenset({1, 3})).text((work,))
    'work in {Local, State}'
    """

    feature: int
    codes: frozenset[int]
    missing: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozenset(int(code) for code in self.codes))

    @property
    def columns(self) -> frozenset[int]:
        """Columns that the condition looks at."""
        return frozenset({self.feature})

    @property
    def is_empty(self) -> bool:
        """Whether it holds for no row at all."""
        return not self.codes and not self.missing

    def is_certain(self, features: tuple[Feature, ...]) -> bool:
        """Whether it holds for every row."""
        n_codes = len(features[self.feature].categories)
        return self.missing and n_codes > 0 and self.codes >= set(range(n_codes))

    def holds(self, matrix: FloatArray) -> BoolArray:
        """For each row of a matrix (n, d), whether the condition holds: (n,)."""
        x = matrix[:, self.feature]
        inside = np.isin(x, np.fromiter(self.codes, dtype=np.float64))
        return inside | np.isnan(x) if self.missing else inside

    def meet(self, other: CategorySet) -> CategorySet:
        """The set where both hold."""
        return CategorySet(self.feature, self.codes & other.codes, self.missing and other.missing)

    def join(self, other: CategorySet) -> CategorySet:
        """The set where one of both holds."""
        return CategorySet(self.feature, self.codes | other.codes, self.missing or other.missing)

    def text(self, features: tuple[Feature, ...], *, limit: int | None = LISTED) -> str:
        """The condition in words: "workclass in {Local, State}"."""
        feature = features[self.feature]
        missing = self.missing and feature.missing
        every = set(range(len(feature.categories)))
        if not self.codes:
            return f"{feature.name} is missing" if missing else f"{feature.name} is never so"
        if every and self.codes >= every:
            partly = feature.missing and not missing
            return f"{feature.name} is known" if partly else f"{feature.name} is anything"
        others = every - self.codes
        too_many = limit is not None and len(others) < len(self.codes) > limit
        negated = bool(every) and (len(others) == 1 < len(self.codes) or too_many)
        codes = sorted(others if negated else self.codes)
        names = [str(feature.categories[c]) if c in every else str(c) for c in codes]
        if len(names) == 1:
            said = f"{feature.name} {'!=' if negated else '='} {names[0]}"
        else:
            within = "not in" if negated else "in"
            said = f"{feature.name} {within} {{{_listed(names, limit)}}}"
        return f"{said} or missing" if missing else said

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "condition": "categories",
            "feature": int(self.feature),
            "codes": sorted(self.codes),
            "missing": self.missing,
        }


def _listed(names: list[str], limit: int | None) -> str:
    """Names with commas, cut to `limit` with a count of the rest."""
    if limit is None or len(names) <= limit:
        return ", ".join(names)
    return ", ".join(names[:limit]) + f", and {len(names) - limit} more"

"""What a perturbed row may be: its box, the columns that may move, and the size of a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["Limits"]

MOVABLE = ("continuous", "integer")


@dataclass(frozen=True, eq=False)
class Limits:
    """What a perturbed row may be.

    Parameters
    ----------
    low, high : float arrays of shape (d,)
        The box, in the columns' own units; infinite where there is no bound.
    mutable : bool array of shape (d,)
        Which columns may move. Those that may not keep each row's own value.
    unit : float array of shape (d,)
        How far one unit of radius moves each column, so that a radius means the same for
        every column: ones for pixels, a spread for the columns of a table.

    Raises
    ------
    DataError
        If the arrays do not fit each other, or a number is none.
    OptionError
        If no column may move.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.robust.attacks import Limits
    >>> domain = Domain.infer({"age": [31, 45], "job": ["cook", "clerk"], "pay": [1.5, 2.5]})
    >>> limits = Limits.of(domain, immutable=["age"], scale={"pay": 0.5})
    >>> limits.mutable.tolist(), limits.unit.tolist()
    ([False, False, True], [1.0, 1.0, 0.5])
    """

    low: FloatArray
    high: FloatArray
    mutable: BoolArray
    unit: FloatArray

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            value: Any = np.array(getattr(self, name), dtype=dtype)
            if value.ndim != 1 or len(value) != np.size(self.low):
                raise DataError(f"Limits: `{name}` has shape {value.shape}, not that of `low`.")
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        if np.isnan(self.low).any() or np.isnan(self.high).any() or (self.low > self.high).any():
            raise DataError("Limits: every `low` must be a number not above its `high`.")
        unit = self.unit[self.mutable]
        if not (np.isfinite(unit) & (unit > 0)).all():
            raise DataError("Limits: the `unit` of every mutable column must be above 0.")
        if not self.mutable.any():
            raise OptionError(
                "No column may move, so there is nothing to attack: columns of codes, truth values "
                "and derived ones never move, nor those named immutable or of scale 0. Declare "
                "pixels and measurements as continuous: Domain.infer(..., kinds={...})."
            )

    @classmethod
    def of(
        cls,
        domain: Domain,
        *,
        immutable: Iterable[str] = (),
        scale: Mapping[str, float] | Iterable[float] | None = None,
        protected: bool = False,
    ) -> Limits:
        """The limits that a domain sets.

        Columns of categories, codes, truth values and one-hot groups do not move, since a
        continuous attack has no step between codes; derived columns follow the others.

        Parameters
        ----------
        domain : Domain
            Its bounds are the box.
        immutable : iterable of str
            Columns that keep their value.
        scale : mapping from str to float, or array of shape (d,), optional
            What one unit of radius is in each column, such as the standard deviation of the
            rows; 1 where it is not said. A column of scale 0 does not move.
        protected : bool
            Whether protected attributes keep their value too.

        Returns
        -------
        Limits

        Raises
        ------
        DataError
            If a column is unknown, or the scale does not fit.
        OptionError
            If no column may move.
        """
        fixed = {domain.index(name) for name in _names(immutable)}
        fixed |= {domain.index(name) for name in domain.derived}
        fixed |= {domain.index(name) for group in domain.groups.values() for name in group}
        unit = _units(domain, scale)
        moves = [
            _movable(feature, protected) and j not in fixed and unit[j] > 0
            for j, feature in enumerate(domain.features)
        ]
        return cls(
            low=np.array([feature.low for feature in domain.features]),
            high=np.array([feature.high for feature in domain.features]),
            mutable=np.array(moves),
            unit=np.where(unit > 0, unit, 1.0),
        )

    @property
    def bounded(self) -> bool:
        """Whether a column that may move has a bound."""
        ends = np.isfinite(self.low) | np.isfinite(self.high)
        return bool((ends & self.mutable).any())


_DTYPES = {"low": np.float64, "high": np.float64, "mutable": np.bool_, "unit": np.float64}


def _movable(feature: Feature, protected: bool) -> bool:
    """Whether steps between a feature's values mean something."""
    held = feature.protected and protected
    return feature.kind in MOVABLE and not feature.is_coded and not held


def _names(immutable: Iterable[str]) -> tuple[str, ...]:
    if isinstance(immutable, str):
        raise OptionError(f"`immutable` must be a sequence of columns, as [{immutable!r}].")
    return tuple(immutable)


def _units(domain: Domain, scale: Mapping[str, float] | Iterable[float] | None) -> FloatArray:
    """One unit of radius in each column: (d,)."""
    unit = np.ones(len(domain))
    if scale is None:
        return unit
    if isinstance(scale, Mapping):
        for name, size in scale.items():
            unit[domain.index(name)] = size
    else:
        unit = np.array(scale, dtype=np.float64)
    if unit.shape != (len(domain),):
        raise DataError(f"`scale` has shape {unit.shape}; one number a column: ({len(domain)},).")
    wrong = ~np.isfinite(unit) | (unit < 0)
    if wrong.any():
        j = int(np.argmax(wrong))
        raise DataError(f"The scale of column {domain.names[j]!r} must not be below 0: {unit[j]}.")
    return unit

"""A linear form with the encoding of its terms, so that it can predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from surrogate.errors import InputError
from surrogate.forms._plain import (
    as_matrix,
    feature_from_dict,
    feature_to_dict,
    plain_labels,
    read_only,
    same_array,
    take,
    value_text,
)
from surrogate.forms.conditions import Condition
from surrogate.forms.conditions import condition_from_dict as _condition
from surrogate.types import Array, Feature, FloatArray, IntArray, Label

__all__ = ["Linear", "Scaled", "Term", "term_from_dict"]


@dataclass(frozen=True)
class Scaled:
    """A column minus its centre, over its scale; 0 where the value is missing.

    Parameters
    ----------
    feature : int
        Column of the internal matrix.
    centre, scale : float
        In the feature's unit.

    Examples
    --------
    >>> from surrogate.forms import Scaled
    >>> import numpy as np
    >>> Scaled(0, centre=40.0, scale=10.0).encode(np.array([[25.0], [np.nan]]))
    array([-1.5,  0. ])
    """

    feature: int
    centre: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.centre) and np.isfinite(self.scale)) or self.scale == 0:
            raise InputError(f"A Scaled term needs a finite centre and scale, not 0; got {self}.")

    def encode(self, matrix: FloatArray) -> FloatArray:
        """The term's value for each row of a matrix (n, d): (n,)."""
        z = (matrix[:, self.feature] - self.centre) / self.scale
        return np.where(np.isnan(z), 0.0, z)

    def text(self, features: tuple[Feature, ...], *, limit: int | None = 8) -> str:
        """The term in words: "age, per 10 years from 40 years"."""
        feature = features[self.feature]
        unit = f" {feature.unit}" if feature.unit else ""
        if self.centre == 0 and self.scale == 1:
            return f"{feature.name}, per{unit or ' 1'}"
        start = f" from {value_text(self.centre)}{unit}" if self.centre else ""
        return f"{feature.name}, per {value_text(self.scale)}{unit}{start}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "condition": "scaled",
            "feature": int(self.feature),
            "centre": float(self.centre),
            "scale": float(self.scale),
        }


Term: TypeAlias = Scaled | Condition


def term_from_dict(data: Mapping[str, Any]) -> Term:
    """The term that ``to_dict`` wrote.

    Examples
    --------
    >>> from surrogate.forms import Scaled, term_from_dict
    >>> term_from_dict(Scaled(1, 2.0, 3.0).to_dict())
    Scaled(feature=1, centre=2.0, scale=3.0)
    """
    if take(data, "condition", "term") == "scaled":
        return Scaled(*(take(data, name, "scaled term") for name in ("feature", "centre", "scale")))
    return _condition(data)


@dataclass(frozen=True, eq=False)
class Linear:
    """intercept + coef @ terms(row): one linear function an output.

    A term is a scaled column, or a condition that counts 1 where it holds: LIME's
    discretised indicator is an `Interval`, its categorical one a `CategorySet` with the
    row's own code, its continuous one a `Scaled`.

    Parameters
    ----------
    features : tuple of Feature, length d
    classes : tuple or None
        Classes in the order of the outputs; None for regression.
    coef : float array of shape (k, p)
    intercept : float array of shape (k,)
    terms : tuple of Term, length p

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Interval, Linear, Scaled
    >>> from surrogate.types import Feature
    >>> form = Linear(
    ...     features=(Feature("age", unit="years"), Feature("pulse")),
    ...     classes=None,
    ...     coef=[[2.0, -0.5]],
    ...     intercept=[10.0],
    ...     terms=(Scaled(0, 40.0, 10.0), Interval(1, low=80.0)),
    ... )
    >>> form.predict(np.array([[50.0, 90.0]]))
    array([11.5])
    >>> print(form)
    intercept                           10
    age, per 10 years from 40 years     +2
    pulse > 80                        -0.5
    """

    features: tuple[Feature, ...]
    classes: tuple[Label, ...] | None
    coef: FloatArray
    intercept: FloatArray
    terms: tuple[Term, ...]

    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        fields = {
            "features": tuple(self.features),
            "classes": None if self.classes is None else plain_labels(self.classes),
            "coef": read_only(np.atleast_2d(self.coef), np.float64),
            "intercept": read_only(np.ravel(self.intercept), np.float64),
            "terms": tuple(self.terms),
        }
        for name, entry in fields.items():
            object.__setattr__(self, name, entry)
        k = len(self.intercept) if self.classes is None else len(self.classes)
        if self.coef.shape != (k, len(self.terms)) or len(self.intercept) != k:
            raise InputError(
                f"A Linear with {k} outputs and {len(self.terms)} terms needs `coef` of shape "
                f"({k}, {len(self.terms)}) and {k} intercepts; got {self.coef.shape} and "
                f"{len(self.intercept)}."
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Linear):
            return NotImplemented
        plain = ("features", "classes", "terms")
        return all(getattr(self, n) == getattr(other, n) for n in plain) and all(
            same_array(getattr(self, n), getattr(other, n)) for n in ("coef", "intercept")
        )

    @property
    def n_terms(self) -> int:
        """How many terms have a coefficient that is not 0 for some output."""
        return int((self.coef != 0).any(axis=0).sum())

    @property
    def size(self) -> dict[str, float]:
        """How large the form is, by the names that reports use."""
        return {"terms": self.n_terms}

    def encode(self, matrix: Array) -> FloatArray:
        """The terms of rows (n, d): (n, p)."""
        x = as_matrix(matrix, self.features)
        z = np.empty((len(x), len(self.terms)))
        for column, term in enumerate(self.terms):
            z[:, column] = term.encode(x) if isinstance(term, Scaled) else term.holds(x)
        return z

    def predict_values(self, matrix: Array) -> FloatArray:
        """The linear functions of rows (n, d): (n, k)."""
        return self.encode(matrix) @ self.coef.T + self.intercept

    def predict(self, matrix: Array) -> IntArray | FloatArray:
        """Class codes (n,) of rows (n, d), or regression values (n,) or (n, k)."""
        values = self.predict_values(matrix)
        if self.classes is not None:
            return np.asarray(values.argmax(axis=1))
        return values[:, 0] if values.shape[1] == 1 else values

    def to_text(self, *, limit: int | None = 8) -> str:
        """A table of terms, the greatest coefficient first, one column an output.

        Parameters
        ----------
        limit : int or None
            How many categories a condition lists before it counts the rest.
        """
        order = np.argsort(-np.abs(self.coef).max(axis=0), kind="stable")
        shown = [int(j) for j in order if (self.coef[:, j] != 0).any()]
        head = [] if self.classes is None else [["", *(str(label) for label in self.classes)]]
        table = [
            *head,
            ["intercept", *(value_text(v) for v in self.intercept)],
            *(
                [
                    self.terms[j].text(self.features, limit=limit),
                    *(f"{v:+.4g}" for v in self.coef[:, j]),
                ]
                for j in shown
            ),
        ]
        widths = [max(len(line[c]) for line in table) for c in range(len(table[0]))]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
            for line in table
        )

    def __str__(self) -> str:
        return self.to_text()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; a coefficient that is not finite is None."""
        return {
            "form": "linear",
            "features": [feature_to_dict(f) for f in self.features],
            "classes": None if self.classes is None else list(self.classes),
            "coef": _nullable(self.coef),
            "intercept": _nullable(self.intercept),
            "terms": [term.to_dict() for term in self.terms],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Linear:
        """The form that `to_dict` wrote.

        Raises
        ------
        InputError
            If an entry is missing, or the shapes do not fit.
        """
        fields = {name: take(data, name, "linear form") for name in cls.__dataclass_fields__}
        fields["features"] = tuple(feature_from_dict(f) for f in fields["features"])
        fields["classes"] = None if fields["classes"] is None else tuple(fields["classes"])
        fields["coef"] = np.array(fields["coef"], dtype=np.float64)
        fields["intercept"] = np.array(fields["intercept"], dtype=np.float64)
        fields["terms"] = tuple(term_from_dict(term) for term in fields["terms"])
        return cls(**fields)


def _nullable(values: FloatArray) -> Any:
    """Nested lists with None for what is not finite."""
    nested = values.astype(object)
    nested[~np.isfinite(values)] = None
    return nested.tolist()

"""What the encodings of many explained rows share; a row completes its own terms.

A local linear form speaks of z, not of x: of "age lies in the same bin as this row's age",
or of "age, centred and scaled". Everything but the row itself is the same for every row, so
it is kept once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from surrogate.errors import InputError
from surrogate.explanation.serial import pack, plain, unpack
from surrogate.forms import AtLeast, CategorySet, Interval, Term
from surrogate.forms import Scaled as ScaledTerm
from surrogate.types import BoolArray, Feature, FloatArray

__all__ = ["Binned", "Present", "Scaled", "SharedEncoding", "encoding_from_dict", "term_text"]


@dataclass(frozen=True, eq=False)
class Binned:
    """z_j is 1 where x_j lies in the row's own bin (or equals its category), else 0.

    Parameters
    ----------
    edges : tuple of arrays, one per feature
        Inner edges e_0 < e_1 < ...; a bin holds e_b < x <= e_(b+1). None for a feature that
        is compared for equality.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.explanation import Binned
    >>> from surrogate.types import Feature
    >>> features = (Feature("age"), Feature("sex", "categorical", categories=("f", "m")))
    >>> encoding = Binned((np.array([30.0, 50.0]), None))
    >>> [t.text(features) for t in encoding.terms(features, np.array([41.0, 0.0]))]
    ['30 < age <= 50', 'sex = f']
    """

    edges: tuple[FloatArray | None, ...]

    def terms(self, features: tuple[Feature, ...], row: FloatArray) -> tuple[Term, ...]:
        """The d terms of a local form around one row (d,)."""
        return tuple(
            equal_to(features[j], j, x) if edges is None else bin_of(j, edges, x)
            for j, (edges, x) in enumerate(zip(self.edges, row))
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        edges = [None if e is None else plain(np.asarray(e)) for e in self.edges]
        return {"encoding": "bins", "edges": edges}


@dataclass(frozen=True, eq=False)
class Scaled:
    """z_j is (x_j - centre_j) / scale_j, or whether x_j equals the row's category.

    Parameters
    ----------
    scale : array of shape (d,)
        In the features' units.
    centre : array of shape (d,), or None
        None: each row is its own centre.
    equality : bool array of shape (d,)
        Features that are compared for equality instead.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.explanation import Scaled
    >>> from surrogate.types import Feature
    >>> features = (Feature("age", unit="years"),)
    >>> encoding = Scaled(np.array([10.0]), None, np.array([False]))
    >>> encoding.terms(features, np.array([41.0]))
    (Scaled(feature=0, centre=41.0, scale=10.0),)
    """

    scale: FloatArray
    centre: FloatArray | None
    equality: BoolArray

    def terms(self, features: tuple[Feature, ...], row: FloatArray) -> tuple[Term, ...]:
        """The d terms of a local form around one row (d,)."""
        centre = np.nan_to_num(row) if self.centre is None else self.centre
        return tuple(
            equal_to(features[j], j, x)
            if self.equality[j]
            else ScaledTerm(j, float(centre[j]), float(self.scale[j]))
            for j, x in enumerate(row)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "encoding": "scale",
            "scale": pack(self.scale),
            "equality": plain(np.asarray(self.equality)),
            "centre": pack(self.centre),
        }


@dataclass(frozen=True, eq=False)
class Present:
    """z_j is 1 where x_j keeps the row's own value, and 0 where a background row's stands there.

    Parameters
    ----------
    groups : mapping from str to tuple of int
        Columns that are kept or replaced together, by the group's name. Its z stands in the first
        of them; the others have no effect of their own.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.explanation import Present
    >>> from surrogate.types import Feature
    >>> features = (Feature("age"), Feature("sex", "categorical", categories=("f", "m")))
    >>> row = np.array([41.0, 0.0])
    >>> [t.text(features) for t in Present().terms(features, row)]
    ['age = 41', 'sex = f']
    >>> Present({"who": (0, 1)}).terms(features, row)[0].text(features)
    'at least 2 of (age = 41, sex = f)'
    """

    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def terms(self, features: tuple[Feature, ...], row: FloatArray) -> tuple[Term, ...]:
        """The d terms of a local form around one row (d,)."""
        own = [equal_to(features[j], j, x) for j, x in enumerate(row)]
        terms: list[Term] = list(own)
        for columns in self.groups.values():
            if len(columns) > 1:
                terms[columns[0]] = AtLeast(len(columns), tuple(own[j] for j in columns))
        return tuple(terms)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        groups = {name: [int(j) for j in columns] for name, columns in self.groups.items()}
        return {"encoding": "present", "groups": groups}


SharedEncoding: TypeAlias = Binned | Scaled | Present


def encoding_from_dict(data: Mapping[str, Any]) -> SharedEncoding:
    """Give back the encoding that `to_dict` described.

    Raises
    ------
    InputError
        If the kind of encoding is unknown.
    """
    kind = data.get("encoding")
    if kind == "bins":
        edges = (None if e is None else np.asarray(e, dtype=np.float64) for e in data["edges"])
        return Binned(tuple(edges))
    if kind == "scale":
        centre = data["centre"]
        return Scaled(
            unpack(data["scale"]),
            None if centre is None else unpack(centre),
            np.asarray(data["equality"], dtype=np.bool_),
        )
    if kind == "present":
        return Present({name: tuple(columns) for name, columns in data["groups"].items()})
    raise InputError(
        f"Unknown encoding {kind!r} of a local explanation; known: bins, scale, present."
    )


def bin_of(j: int, edges: FloatArray, x: float) -> Interval:
    """The bin of column j that holds x; what is missing is a bin of its own."""
    if math.isnan(x):
        return Interval(j, 0.0, 0.0, missing=True)
    b = int(np.searchsorted(edges, x, side="left"))
    low = -math.inf if b == 0 else float(edges[b - 1])
    high = math.inf if b == len(edges) else float(edges[b])
    return Interval(j, low, high)


def equal_to(feature: Feature, j: int, x: float) -> Interval | CategorySet:
    """The condition that column j equals x."""
    if feature.is_coded:
        codes = frozenset() if math.isnan(x) else frozenset({int(x)})
        return CategorySet(j, codes, missing=math.isnan(x))
    if math.isnan(x):
        return Interval(j, 0.0, 0.0, missing=True)
    return Interval(j, float(x), float(x), low_closed=True, high_closed=True)


def term_text(term: Term, features: tuple[Feature, ...]) -> str:
    """A term in words; a number that a row itself has is shown to six digits."""
    if isinstance(term, Interval) and term.low == term.high and not term.missing:
        feature = features[term.feature]
        if feature.kind == "continuous" and not feature.is_coded:
            unit = f" {feature.unit}" if feature.unit else ""
            return f"{feature.name} = {term.low:.6g}{unit}"
    return term.text(features)

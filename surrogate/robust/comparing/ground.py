"""The rows that everything stands on, the same for all models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surrogate._target import Split
from surrogate.errors import OptionError
from surrogate.robust.attacks import Limits
from surrogate.sampling import generator
from surrogate.sampling.rows import column_scale
from surrogate.types import BlackBox, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Ground", "coarsest", "limits_of"]

_FINE = ("float64", "float32", "float16", "bfloat16")  # from the finest to the coarsest


@dataclass(frozen=True, eq=False)
class Ground:
    """The rows that everything stands on, the same for all models.

    Parameters
    ----------
    domain : Domain
    split : Split
    truth : array of shape (m,) or None
        True outcomes of the held-out rows: codes of classes, or numbers.
    limits : Limits or None
        None where no column may move.
    dtype : str
        The coarsest floating type that one of the models computes in.
    order : int array of shape (n,)
        Held-out rows in the order that they are asked.
    """

    domain: Domain
    split: Split
    truth: IntArray | FloatArray | None
    limits: Limits | None
    dtype: str
    order: IntArray

    @classmethod
    def of(
        cls,
        domain: Domain,
        split: Split,
        *,
        limits: Limits | None,
        dtype: str,
        most: int,
        seed: int,
        truth: IntArray | FloatArray | None = None,
    ) -> Ground:
        """Put held-out rows into the order that they are asked in."""
        order = generator(seed, "held-out").permutation(len(split.test))[:most]
        return cls(domain, split, truth, limits, dtype, order)

    def snap(self, rows: FloatArray) -> FloatArray:
        """Rows as every model can be asked."""
        return np.asarray(self.domain.round(rows, self.dtype), dtype=np.float64)

    def held(self, n: int) -> tuple[FloatArray, IntArray]:
        """The first n held-out rows (n, d) that are asked, and which they are (n,)."""
        source = self.order[:n]
        return self.snap(self.split.test[source]), source

    def fitting(self, most: int) -> FloatArray:
        """Real rows that are not held out, at most so many: (n, d)."""
        return self.snap(self.split.fit[:most])

    def place_of(self, rows: IntArray) -> IntArray:
        """Which held-out rows rows of the user's table are: (n,), -1 for those fitted on."""
        index = self.split.test_index
        if index is None:
            return rows
        place = np.full(len(self.split.fit) + len(self.split.test), -1, dtype=np.intp)
        place[index] = np.arange(len(index))
        return place[rows]

    @property
    def codes(self) -> IntArray | None:
        """True classes (m,); None where there are none, or the models answer numbers."""
        if self.truth is None or not np.issubdtype(self.truth.dtype, np.integer):
            return None
        return self.truth.astype(np.intp, copy=False)


def coarsest(boxes: Iterable[BlackBox]) -> str:
    """The coarsest floating type that one of some models computes in."""
    return max((box.traits.dtype for box in boxes), key=_FINE.index)


def limits_of(
    domain: Domain, fit: FloatArray, *, immutable: Sequence[str]
) -> tuple[Limits | None, str]:
    """What noise and attacks may move, by how much one unit of radius is; or why nothing may.

    Where all columns that may move have the same finite bounds, as pixels do, a unit is their
    range; in tables it is the standard deviation of each column.

    Parameters
    ----------
    domain : Domain
    fit : array of shape (n, d)
        Rows that deviations are taken from.
    immutable : sequence of str
    """
    known = {feature.name for feature in domain.features}
    if isinstance(immutable, str) or not all(name in known for name in immutable):
        raise OptionError(
            "The `immutable` parameter of compare must be a list of columns of the data; got "
            f"{immutable!r}."
        )
    bounds = {
        (feature.low, feature.high)
        for feature in domain.features
        if feature.kind in ("continuous", "integer") and not feature.is_coded
    }
    alike = len(bounds) == 1 and all(np.isfinite(end) for end in next(iter(bounds)))
    try:
        if alike:
            low, high = next(iter(bounds))
            scale = np.full(len(domain), high - low)
        else:
            scale = column_scale(fit)
        return Limits.of(domain, immutable=immutable, scale=scale), ""
    except OptionError as error:
        return None, f"No row was moved, neither by noise nor by an attack: {error}"

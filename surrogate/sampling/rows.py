"""What all samplers share: samples, columns that move together, finished rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from surrogate._array import device_name, is_torch, namespace, on_library, to_numpy
from surrogate.errors import DataError, OptionError
from surrogate.types import Array, BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Sample", "finish"]

Host: TypeAlias = np.ndarray[Any, Any]

MAX_ROUNDS = 50
MAX_WASTE = 200  # rows drawn for each row wanted, before a constraint counts as hopeless


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows that a sampler drew.

    Parameters
    ----------
    rows : array of shape (n, d)
        Internal rows, rounded to their features' kinds.
    source : int array of shape (n,)
        Index of the reference row that each row came from, or -1. Rows of one source are
        alike: intervals of fidelity treat a source as a cluster.
    rejected : float
        Share of drawn rows that the domain's constraint refused, from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.sampling import Sample
    >>> len(Sample(np.zeros((3, 2)), np.array([0, 0, 1])))
    3
    """

    rows: Array
    source: IntArray
    rejected: float = 0.0

    def __len__(self) -> int:
        return int(self.rows.shape[0])


def check_reference(owner: str, domain: Domain, reference: Array) -> FloatArray:
    """The reference rows on the host, or an error that says what is wrong with them."""
    rows = np.asarray(to_numpy(reference), dtype=np.float64)
    width = len(domain.features)
    if rows.ndim != 2 or rows.shape[1] != width:
        raise DataError(
            f"The `reference` rows of {owner} must have shape (m, {width}), one column for "
            f"each feature of the domain; got {rows.shape}."
        )
    if rows.shape[0] == 0:
        raise DataError(f"The `reference` rows of {owner} are empty; give at least one row.")
    if np.isinf(rows).any():
        i, j = np.argwhere(np.isinf(rows))[0]
        raise DataError(
            f"The `reference` rows of {owner} must be finite; row {i} holds {rows[i, j]} in "
            f"column {domain.features[j].name!r}."
        )
    return rows


def check_count(owner: str, n: int) -> int:
    """The number of rows to draw, or an error."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise OptionError(f"The `n` parameter of {owner} must be an int in [1, inf); got {n!r}.")
    return int(n)


def unit_of(domain: Domain) -> IntArray:
    """For each column the number of its unit: columns of a one-hot group move together."""
    names = [feature.name for feature in domain.features]
    group_of = {name: group for group, members in domain.groups.items() for name in members}
    keys = [("group", group_of[name]) if name in group_of else ("column", name) for name in names]
    numbers = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.intp)


def is_switched(domain: Domain) -> BoolArray:
    """For each column whether it changes by switching to another value, not by noise."""
    grouped = {name for members in domain.groups.values() for name in members}
    return np.array(
        [f.kind in ("categorical", "binary") or f.name in grouped for f in domain.features],
        dtype=np.bool_,
    )


def column_scale(rows: FloatArray) -> FloatArray:
    """Standard deviation of each column over its known values; 0 where there are none."""
    known = ~np.isnan(rows)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, rows, 0.0).sum(axis=0) / count
    centred = np.where(known, rows - mean, 0.0)
    return np.asarray(np.sqrt((centred * centred).sum(axis=0) / count))


def spread(n: int, m: int, rng: np.random.Generator) -> IntArray:
    """Indices (n,) into m rows, in random order, each as often as the others (or once more)."""
    whole = np.tile(np.arange(m), n // m)
    rest = rng.permutation(m)[: n - whole.size]
    return rng.permutation(np.concatenate([whole, rest])).astype(np.intp)


def finish(domain: Domain, rows: Array) -> Array:
    """Bring drawn rows inside the domain.

    Values beyond a bound are reflected at it, everything is rounded to its feature's kind,
    and derived columns are computed anew from the others.

    Parameters
    ----------
    domain : Domain
    rows : array of shape (n, d), NumPy or torch
        Drawn rows; they may hold NaN where a value is missing.

    Returns
    -------
    array of shape (n, d)
        On the library and the device of `rows`.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.sampling import finish
    >>> domain = Domain.infer(np.array([[0.5], [4.5]]), bounds={"x0": (0, 5)})
    >>> finish(domain, np.array([[-1.5], [2.0], [5.5]])).ravel().tolist()
    [1.5, 2.0, 4.5]
    """
    low, high = _limits(domain)
    bounded = bool(np.isfinite(low).any() or np.isfinite(high).any())
    if bounded:
        xp = namespace(rows)
        low, high = (_like(bound, rows) for bound in (low, high))
        rows = xp.where(rows < low, 2 * low - rows, rows)
        rows = xp.where(rows > high, 2 * high - rows, rows)
    return domain.round(rows, clip=bounded)


def _limits(domain: Domain) -> tuple[FloatArray, FloatArray]:
    """Bounds of each column, of codes the first and the last: (d,), (d,)."""
    low = np.array([0.0 if f.is_coded else f.low for f in domain.features], dtype=np.float64)
    high = [len(f.categories) - 1.0 if f.is_coded else f.high for f in domain.features]
    return low, np.array(high, dtype=np.float64)


def _like(vector: FloatArray, rows: Array) -> Array:
    """A host vector on the library and device of some rows, in their dtype."""
    if not is_torch(rows):
        return vector
    return on_library(vector, "torch", device_name(rows)).to(rows.dtype)


def draw_feasible(
    domain: Domain,
    n: int,
    *,
    owner: str,
    draw: Callable[[int, int], tuple[Host, ...]],
) -> tuple[tuple[Host, ...], float]:
    """Draw until n rows keep the domain's constraint.

    ``draw(count, attempt)`` gives finished rows and whatever made them, each with `count`
    rows. Returns those parts for n feasible rows, and the share that was refused.
    """
    if domain.constraint is None:
        return draw(n, 0), 0.0
    kept: list[tuple[Host, ...]] = []
    accepted, drawn = 0, 0
    for attempt in range(MAX_ROUNDS):
        rate = max(accepted, 1) / drawn if drawn else 1.0
        room = MAX_WASTE * n + 1_000 - drawn
        count = min(math.ceil(1.1 * (n - accepted) / rate), room, 20 * n + 100)
        if count <= 0:
            break
        parts = draw(count, attempt)
        keep = np.asarray(domain.feasible(parts[0]), dtype=np.bool_)
        kept.append(tuple(part[keep] for part in parts))
        accepted, drawn = accepted + int(keep.sum()), drawn + count
        if accepted >= n:
            joined = tuple(np.concatenate(column)[:n] for column in zip(*kept))
            return joined, 1.0 - accepted / drawn
    raise DataError(
        f"{owner} drew {drawn:,} rows, and the domain's constraint kept {accepted:,} of the "
        f"{n:,} wanted; loosen the constraint, check that it keeps real rows, or perturb less."
    )

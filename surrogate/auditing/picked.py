"""Which rows an audit explains one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from surrogate._target import Split
from surrogate.errors import DataError, OptionError
from surrogate.explanation import GlobalExplanation, LocalExplanations
from surrogate.forms import Linear
from surrogate.sampling import generator
from surrogate.types import FloatArray, IntArray

__all__ = [
    "LOCAL_ROWS",
    "PICKED_FROM",
    "Picked",
    "candidates",
    "covering",
    "numbered",
    "showing_most",
]

LOCAL_ROWS = 5
PICKED_FROM = 300
"""Most held-out rows that are explained to pick some of them."""


@dataclass(frozen=True, eq=False)
class Picked:
    """Rows (r, d) to explain, and what they are called: their numbers in the user's table."""

    rows: FloatArray
    index: tuple[str | int, ...]


def numbered(matrix: FloatArray, rows: Sequence[int]) -> Picked:
    """The rows that the user wants explained."""
    index = np.asarray(rows)
    if index.ndim != 1 or not len(index) or not np.issubdtype(index.dtype, np.integer):
        raise OptionError(f"The `rows` of audit must be a list of row numbers; got {rows!r}.")
    n = len(matrix)
    if index.min() < -n or index.max() >= n:
        raise DataError(f"`rows` goes beyond the {n:,} rows of `data`; got {index.tolist()[:5]}.")
    return Picked(matrix[index], tuple((index % n).tolist()))


def covering(surrogate: GlobalExplanation, split: Split) -> Picked:
    """A few held-out rows, the most typical of each of the largest parts of a surrogate."""
    form, rows = surrogate.form, split.test
    part = np.zeros(len(rows)) if isinstance(form, Linear) else form.apply(rows)
    parts, counts = np.unique(part, return_counts=True)
    largest = parts[np.argsort(-counts, kind="stable")][:LOCAL_ROWS]
    place = [int(_typical(rows, np.flatnonzero(part == one))) for one in largest]
    if split.test_index is None:
        return Picked(rows[place], tuple(f"{i} of test" for i in place))
    return Picked(rows[place], tuple(split.test_index[place].tolist()))


def candidates(split: Split, *, seed: int) -> Picked:
    """Held-out rows, at most `PICKED_FROM` of them drawn by seed, of which some will be picked."""
    place = generator(seed, "candidates").permutation(len(split.test))[:PICKED_FROM]
    place = np.sort(place)
    if split.test_index is None:
        return Picked(split.test[place], tuple(f"{i} of test" for i in place.tolist()))
    return Picked(split.test[place], tuple(split.test_index[place].tolist()))


def showing_most(
    explanations: LocalExplanations, n: int
) -> tuple[LocalExplanations, tuple[int, ...]]:
    """The rows whose explanations together show most of what matters, with a note; their places."""
    picked = explanations.pick(n)
    note = (
        f"These are {len(picked)} of {picked.n_rows:,} held-out rows, picked because their largest "
        f"terms together show {picked.coverage:.0%} of what matters over all of them (SP-LIME)."
    )
    part = explanations.take(picked.positions)
    return replace(part, notes=(note, *part.notes)), tuple(picked.positions)


def _typical(rows: FloatArray, among: IntArray) -> int:
    """Which of some rows is nearest to the medians of their columns, in their spreads."""
    there = rows[among]
    there = there[:, ~np.isnan(there).all(axis=0)]  # what is missing in all says nothing
    away = np.abs(there - np.nanmedian(there, axis=0))
    spread = np.nanstd(there, axis=0)
    distance = np.nansum(away / np.where(spread > 0, spread, 1.0), axis=1)
    return int(among[distance.argmin()])

"""Rules on single columns as boxes of atoms, so that their overlap is decided exactly.

The values that a column's conditions mention cut it into atoms: each cut, the gaps
between cuts, and a missing value where the feature may be missing. No condition splits an
atom, so a condition is a set of atoms, and a rule is a box: one such set a column.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from surrogate.forms.conditions import AtLeast, CategorySet, Condition, Interval, meet
from surrogate.types import BoolArray, Feature, FloatArray, IntArray

__all__ = ["Atoms", "clean", "disjoint", "possible"]


def clean(
    conditions: Sequence[Condition], features: tuple[Feature, ...]
) -> tuple[Condition, ...] | None:
    """One condition a column, certain ones dropped; None where they contradict each other."""
    single: dict[int, Condition] = {}
    others: list[Condition] = []
    for condition in _split(conditions):
        if condition.is_empty:
            return None
        if isinstance(condition, AtLeast):
            others += [] if condition in others else [condition]
            continue
        column = condition.feature
        both = meet(single[column], condition) if column in single else condition
        if both is None:
            others.append(condition)
        elif both.is_empty:
            return None
        else:
            single[column] = both
    kept = [*single.values(), *others]
    if others and not possible(kept):
        return None
    return tuple(c for c in kept if not c.is_certain(features))


def _split(conditions: Sequence[Condition]) -> Iterator[Condition]:
    """The conditions, with all of n said one by one."""
    for condition in conditions:
        if isinstance(condition, AtLeast) and condition.m == len(condition.conditions):
            yield from _split(condition.conditions)
        else:
            yield condition


def disjoint(boxes: Sequence[Sequence[Condition]], features: tuple[Feature, ...]) -> bool:
    """Whether no row satisfies two of some lists of conditions, as far as can be told."""
    if any(isinstance(c, AtLeast) for box in boxes for c in box):
        pairs = combinations(boxes, 2)
        return not any(possible((*a, *b)) for a, b in pairs)
    atoms = Atoms.of(boxes, features)
    masks = np.array([atoms.mask(box) for box in boxes], dtype=np.bool_)
    shared = (atoms.meets(mask, masks[at + 1 :]) for at, mask in enumerate(masks))
    return not any(some.any() for some in shared)


def possible(conditions: Sequence[Condition]) -> bool:
    """Whether a row may satisfy all conditions, as far as columns and pairs tell."""
    met: dict[int, Condition] = {}
    several = [c for c in conditions if isinstance(c, AtLeast)]
    for condition in conditions:
        if condition.is_empty:
            return False
        if isinstance(condition, AtLeast):
            continue
        column = condition.feature
        both = meet(met[column], condition) if column in met else condition
        if both is None:
            continue
        if both.is_empty:
            return False
        met[column] = both
    if any(sum(not _apart(c, met) for c in some.conditions) < some.m for some in several):
        return False
    return not any(_exclude(a, b) for a, b in combinations(several, 2))


def _apart(condition: Condition, met: Mapping[int, Condition]) -> bool:
    """Whether a condition cannot hold beside those on single columns."""
    if isinstance(condition, AtLeast):
        return sum(not _apart(c, met) for c in condition.conditions) < condition.m
    both = meet(met[condition.feature], condition) if condition.feature in met else condition
    return both is not None and both.is_empty


def _exclude(a: AtLeast, b: AtLeast) -> bool:
    """Whether two never hold together: each condition of one against one of the other."""
    if len(a.conditions) != len(b.conditions) or a.m + b.m <= len(a.conditions):
        return False
    pairs = [meet(x, y) for x, y in zip(a.conditions, b.conditions)]
    return all(both is not None and both.is_empty for both in pairs)


@dataclass(frozen=True, eq=False)
class Atoms:
    """The atoms of all columns that some rules mention.

    Parameters
    ----------
    columns : tuple of int
        The columns, in the order of their atoms.
    start : int array of shape (columns,)
        Where each column's atoms begin in a box's mask.
    points : tuple of float arrays
        One value per atom, column by column.
    """

    columns: tuple[int, ...]
    start: IntArray
    points: tuple[FloatArray, ...]

    @classmethod
    def of(cls, boxes: Sequence[Sequence[Condition]], features: tuple[Feature, ...]) -> Atoms:
        """The atoms that the conditions of `boxes` make."""
        mentioned: dict[int, list[Condition]] = {}
        for condition in (c for box in boxes for c in box):
            for column in condition.columns:
                mentioned.setdefault(column, []).append(condition)
        columns = tuple(sorted(mentioned))
        points = tuple(_points(mentioned[j], features[j]) for j in columns)
        start = np.cumsum([0, *(len(p) for p in points)])[:-1]
        return cls(columns, start, points)

    def mask(self, box: Sequence[Condition]) -> BoolArray:
        """Which atoms a rule's conditions hold for: (atoms,)."""
        parts = [np.ones(len(p), dtype=np.bool_) for p in self.points]
        for condition in box:
            (column,) = condition.columns
            at = self.columns.index(column)
            matrix = np.zeros((len(self.points[at]), column + 1))
            matrix[:, column] = self.points[at]
            parts[at] &= condition.holds(matrix)
        return np.concatenate(parts) if parts else np.ones(1, dtype=np.bool_)

    def meets(self, mask: BoolArray, masks: BoolArray) -> BoolArray:
        """Which of some boxes (m, atoms) share a row with one box: (m,)."""
        shared = masks & mask
        if self.columns:
            shared = np.logical_or.reduceat(shared, self.start, axis=1)
        return np.asarray(shared.all(axis=1))

    def volume(self, mask: BoolArray) -> int:
        """How many cells of the atoms' grid a box fills."""
        if not self.columns:
            return 1
        counts: list[int] = np.add.reduceat(mask.astype(np.intp), self.start).tolist()
        return math.prod(counts)


def _points(conditions: Sequence[Condition], feature: Feature) -> FloatArray:
    """One value of every atom of a column, only such as the feature can have."""
    cuts = sorted({cut for condition in conditions for cut in _cuts(condition)})
    if feature.is_coded:
        points = [float(code) for code in range(len(feature.categories))]
    elif feature.kind == "binary":
        points = [0.0, 1.0]
    elif feature.kind in ("integer", "ordinal"):
        steps = (-1.0, 0.0, 1.0)
        points = sorted({math.floor(cut) + step for cut in cuts or [0.0] for step in steps})
    else:
        # Half of each, not half the sum, which may overflow.
        gaps = [a / 2 + b / 2 for a, b in pairwise(cuts)]
        ends = [np.nextafter(cuts[0], -np.inf), np.nextafter(cuts[-1], np.inf)] if cuts else [0.0]
        points = sorted({*cuts, *gaps, *ends})
    if feature.missing:
        points.append(math.nan)
    return np.array(points, dtype=np.float64)


def _cuts(condition: Condition) -> list[float]:
    """Values at which a condition on one column may change."""
    if isinstance(condition, Interval):
        return (
            []
            if condition.is_void
            else [x for x in (condition.low, condition.high) if math.isfinite(x)]
        )
    if isinstance(condition, CategorySet):
        return [float(code) for code in condition.codes]
    return [cut for inner in condition.conditions for cut in _cuts(inner)]

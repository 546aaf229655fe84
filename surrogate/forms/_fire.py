"""Which rules hold for which rows, some rows at a time, and what the rules then say.

Conditions that rules share are tested once. Memory stays within `_CELLS` truth values, and
sums are taken rule by rule, so that exported code adds the same numbers in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from surrogate.forms.conditions import Condition
from surrogate.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.forms.rule import Rule

__all__ = ["fires", "first_of", "mean_of", "votes_of"]

_ROWS = 16_384
_CELLS = 2**25


def fires(rules: Sequence[Rule], x: FloatArray) -> Iterator[tuple[slice, int, Iterator[BoolArray]]]:
    """Rows some at a time, how many these are, and for each rule those it holds for."""
    numbers: dict[Condition, int] = {}
    parts = [[numbers.setdefault(c, len(numbers)) for c in rule.conditions] for rule in rules]
    unique = tuple(numbers)
    step = int(np.clip(_CELLS // max(1, len(unique)), 64, _ROWS))
    for first in range(0, len(x), step):
        rows = slice(first, min(first + step, len(x)))
        yield rows, rows.stop - first, _held(parts, unique, np.asfortranarray(x[rows]))


def _held(
    parts: Sequence[Sequence[int]], unique: Sequence[Condition], x: FloatArray
) -> Iterator[BoolArray]:
    """For each rule in turn, the rows (n,) of a block that all its conditions hold for."""
    known: dict[int, BoolArray] = {}
    for part in parts:
        held = np.ones(len(x), dtype=np.bool_)
        for number in part:
            if number not in known:
                known[number] = unique[number].holds(x)
            held &= known[number]
        yield held


def first_of(held: Iterable[BoolArray], n: int) -> IntArray:
    """Place of the first rule that holds for each of n rows, -1 where none does: (n,)."""
    first = np.full(n, -1, dtype=np.intp)
    free = np.ones(n, dtype=np.bool_)
    for place, rows in enumerate(held):
        taken = rows & free
        if taken.any():
            first[taken] = place
            free &= ~rows
            if not free.any():
                break
    return first


def votes_of(
    rules: Sequence[Rule], held: Iterable[BoolArray], n: int, k: int
) -> tuple[FloatArray, BoolArray]:
    """Weight for each class (n, k), and whether any rule with a weight holds (n,)."""
    votes = np.zeros((k, n))
    spoken = np.zeros(n, dtype=np.bool_)
    for rule, rows in zip(rules, held):
        if rule.weight > 0 and rule.decision is not None:
            votes[rule.decision] += rule.weight * rows
            spoken |= rows
    return votes.T, spoken


def mean_of(
    rules: Sequence[Rule], held: Iterable[BoolArray], n: int, *, default: FloatArray
) -> FloatArray:
    """Mean by weight of the values (k,) of the rules that hold, else the default: (n, k)."""
    k = len(default)
    total, sums = np.zeros(n), np.zeros((k, n))
    low, high = np.full((k, n), np.inf), np.full((k, n), -np.inf)
    for rule, rows in zip(rules, held):
        if rule.weight == 0 or not rows.any():
            continue
        total += rule.weight * rows
        for j, value in enumerate(rule.value.tolist()):
            sums[j] += (rule.weight * value) * rows
            np.minimum(low[j], value, out=low[j], where=rows)
            np.maximum(high[j], value, out=high[j], where=rows)
    spoken = total > 0
    mean = np.tile(default, (n, 1))
    # Within what the rules say: exact where all say the same.
    exact = np.clip(sums[:, spoken] / total[spoken], low[:, spoken], high[:, spoken])
    mean[spoken] = exact.T
    return mean

"""Which coalitions are asked: all of them, or pairs drawn by leverage without replacement.

A coalition and its complement are one pair, and stand as one mask here. Leverage scores of the
Shapley regression give every size the same expected number of coalitions (Musco and Witter,
"Provably Accurate Shapley Value Estimation via Leverage Score Sampling", ICLR 2025); sizes of
which there are fewer are taken whole.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb
from typing import Any, TypeAlias

import numpy as np

from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray, IntArray

__all__ = ["Fresh", "Pairs", "draw_fresh", "draw_pairs", "every", "most_pairs"]

Rng: TypeAlias = np.random.Generator

_LISTED = 16  # players up to which all coalitions are listed at once
_SHARE_LISTED = 4  # a size is listed whole where no more than one in so many is drawn
_AT_ONCE = 1 << 20  # random numbers drawn at once


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of coalitions of m players, best first: the first n of them are a plan, too.

    Parameters
    ----------
    masks : bool array of shape (p, m)
        One coalition of each pair, the smaller one.
    """

    masks: BoolArray

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def m(self) -> int:
        """Players."""
        return int(self.masks.shape[1])

    @cached_property
    def sizes(self) -> IntArray:
        """Players in each coalition, (p,)."""
        return np.asarray(self.masks.sum(axis=1), dtype=np.intp)

    @cached_property
    def signs(self) -> FloatArray:
        """1 for who is in, -1 for who is not: (p + 1, m), the last with all players in."""
        return np.vstack([np.where(self.masks, 1.0, -1.0), np.ones((1, self.m))])

    @property
    def complete(self) -> bool:
        """Whether these are all pairs there are."""
        return len(self) == most_pairs(self.m)

    def first(self, n: int) -> Pairs:
        """The first n pairs."""
        return self if n >= len(self) else Pairs(self.masks[:n])


def most_pairs(m: int) -> int:
    """How many pairs there are but that of none and all."""
    return max((1 << m - 1) - 1, 0) if m else 0


def draw_pairs(m: int, n: int, *, seed: int) -> Pairs:
    """At most n pairs of coalitions of m players.

    The j-th coalition of size s comes at (j + u) / share, with u drawn once a size and share the
    part of the size in a pair (the half where s = m / 2): the first n of that order hold every
    size alike, as far as it lasts.
    """
    n = min(n, most_pairs(m))
    rng = generator(seed, "shap", "pairs", m)
    sizes = range(1, m // 2 + 1)
    halves = {s: 2 * s == m for s in sizes}
    there = {s: comb(m, s) // (1 + halves[s]) for s in sizes}
    start = rng.random(len(sizes))
    queue = [((1.0 + halves[s]) * u, s, 0) for s, u in zip(sizes, start.tolist())]
    heapq.heapify(queue)
    order: list[int] = []
    while len(order) < n:
        _, s, j = heapq.heappop(queue)
        order.append(s)
        if j + 1 < there[s]:
            heapq.heappush(queue, ((1.0 + halves[s]) * (j + 1 + start[s - 1]), s, j + 1))
    turn = np.array(order, dtype=np.intp)
    masks = np.zeros((n, m), dtype=np.bool_)
    for s in sizes:
        at = np.flatnonzero(turn == s)
        if at.size:
            masks[at] = _of_size(m, s, at.size, there=there[s], rng=rng)
    return Pairs(masks)


def _of_size(m: int, s: int, count: int, *, there: int, rng: Rng) -> BoolArray:
    """Different coalitions of a size (count, m), no two of which are a pair."""
    half = 2 * s == m  # then the one with the first player stands for its pair
    if there <= _SHARE_LISTED * count or there <= 1 << 12:
        chosen = np.sort(rng.permutation(there)[:count])
        left, own = (m - 1, s - 1) if half else (m, s)
        masks = np.zeros((count, m), dtype=np.bool_)
        masks[:, 0] = half
        for i, players in enumerate(_picked(combinations(range(m - left, m), own), chosen)):
            masks[i, list(players)] = True
        return masks[rng.permutation(count)]
    found: dict[bytes, BoolArray] = {}
    while len(found) < count:
        for mask in _drawn(m, np.full(count - len(found), s), rng):
            kept = ~mask if half and not mask[0] else mask
            found.setdefault(kept.tobytes(), kept)
    return np.array(list(found.values()))


def _picked(whole: Iterator[Any], chosen: IntArray) -> Iterator[Any]:
    """The elements at ascending places."""
    place = -1
    for at in chosen.tolist():
        while place < at:
            one = next(whole)
            place += 1
        yield one


def _drawn(m: int, sizes: IntArray, rng: Rng) -> Iterator[BoolArray]:
    """A random coalition of each size."""
    step = max(1, _AT_ONCE // m)
    for start in range(0, len(sizes), step):
        here = sizes[start : start + step]
        rank = rng.random((len(here), m)).argsort(axis=1).argsort(axis=1)
        yield from rank < here[:, None]


@dataclass(frozen=True, eq=False)
class Fresh:
    """Coalitions that forms are measured on.

    Parameters
    ----------
    masks : bool array of shape (f, m)
    weight : array of shape (f,)
        So that they stand for the Shapley kernel.
    """

    masks: BoolArray
    weight: FloatArray


def draw_fresh(pairs: Pairs, count: int, *, seed: int) -> Fresh:
    """Coalitions from the Shapley kernel that are in no pair; all there are where they are few."""
    m = pairs.m
    if pairs.complete:
        return Fresh(pairs.masks[:0], np.empty(0))
    rng = generator(seed, "shap", "fresh", m)
    if m <= _LISTED:
        return _from_list(pairs, count, rng)
    sizes = np.arange(1, m)
    law = kernel(m)[1:-1]
    taken = _keys(pairs.masks) | _keys(~pairs.masks)
    found: dict[bytes, BoolArray] = {}
    while len(found) < count:
        for mask in _drawn(m, rng.choice(sizes, count, p=law / law.sum()), rng):
            if len(found) < count and mask.tobytes() not in taken:
                found.setdefault(mask.tobytes(), mask)
    return Fresh(np.array(list(found.values())), np.ones(count))


def every(pairs: Pairs) -> Fresh:
    """All coalitions of a complete plan, each weighed by the kernel; complements last."""
    m = pairs.m
    weight = kernel(m)[pairs.sizes] / np.array([float(comb(m, s)) for s in pairs.sizes])
    return Fresh(np.concatenate([pairs.masks, ~pairs.masks]), np.concatenate([weight, weight]))


def _from_list(pairs: Pairs, count: int, rng: Rng) -> Fresh:
    """The same, from a list of all coalitions; one that is drawn often weighs as often."""
    m = pairs.m
    bits = 1 << np.arange(m)
    codes = np.arange(1, max((1 << m) - 1, 1))
    asked = np.concatenate([pairs.masks @ bits, ~pairs.masks @ bits]) if m else codes[:0]
    left = np.setdiff1d(codes, asked)
    masks = (left[:, None] & bits) > 0
    sizes = masks.sum(axis=1)
    weight = kernel(m)[sizes] / np.array([float(comb(m, s)) for s in range(m + 1)])[sizes]
    if len(left) <= count:
        return Fresh(masks, weight)
    drawn = np.bincount(rng.choice(len(left), count, p=weight / weight.sum()))
    at = np.flatnonzero(drawn)
    return Fresh(masks[at], drawn[at].astype(np.float64))


def kernel(m: int) -> FloatArray:
    """What the Shapley kernel gives all coalitions of each size together: (m + 1,)."""
    s = np.arange(1, m)
    return np.concatenate([[0.0], (m - 1) / (s * (m - s)), [0.0]]) if m else np.zeros(1)


def _keys(masks: BoolArray) -> set[bytes]:
    return {mask.tobytes() for mask in masks}

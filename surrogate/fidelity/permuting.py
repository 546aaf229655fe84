"""Permutation tests on plain figures: signs flipped by source, labels permuted over seeds.

A permutation test is exact where what it permutes is exchangeable. Where few sources hold the
differences, or one arm varies more, its far tail, where Holm looks, is too thin; so an effect
counts as rejected only if Student's t rejects it too, on the freedom that the figures have. Both
tests come with the interval that their inversion gives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from surrogate.fidelity.bootstrap import MAX_BINS, source_totals
from surrogate.fidelity.holm import EXACT, LEAST, smallest_p
from surrogate.fidelity.intervals import effective_freedom
from surrogate.sampling import generator
from surrogate.types import BoolArray, FloatArray

__all__ = ["Permuted", "flip_signs", "permute_labels"]

_BATCH = 1000
_TIES = 1e-9
_STEPS = 16
_DOUBLINGS = 30


@dataclass(frozen=True, eq=False)
class Permuted:
    """What permutations say of q effects.

    Parameters
    ----------
    p : array of shape (q,)
        Two-sided.
    low, high : arrays of shape (q,)
        The effects that are not rejected lie between; infinite where there are too few units
        to reject any.
    smallest : float
        The smallest p that these units can reach.
    """

    p: FloatArray
    low: FloatArray
    high: FloatArray
    smallest: float


def flip_signs(
    differences: FloatArray, *, level: float = 0.95, resamples: int = LEAST, seed: int = 0
) -> Permuted:
    """Test that the mean difference is zero, by flipping the sign of each source's.

    To flip the sign of a source's difference is to swap the two models in it. Since the sum of
    squares is the same whatever the signs, the sum ranks the permutations as its t statistic
    would: the test is studentised, and so holds for large numbers of sources even where the
    differences are not symmetric. All sign patterns are tried where they are few.

    Parameters
    ----------
    differences : array of shape (G, q)
        One row a source: what it adds to each effect, times G.
    level : float
        Of the interval.
    resamples : int
    seed : int

    Returns
    -------
    Permuted
        By signs, an effect is rejected unless it lies between the means of the two parts that
        a pattern splits the sources into, for enough patterns; p and interval are the wider of
        this and of Student's t on the effective freedom of the differences.

    References
    ----------
    Hartigan (1969), JASA 64, on the typical values of a mean; Janssen (1999), on studentised
    tests; Phipson & Smyth (2010), on p values of (b + 1) / (m + 1).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.permuting import flip_signs
    >>> found = flip_signs(np.array([[1.0], [2.0], [3.0], [2.0], [1.0], [3.0], [2.0]]))
    >>> float(found.p[0]), found.smallest
    (0.015625, 0.015625)
    >>> bool(found.low[0] > 0)
    True
    """
    groups, q = differences.shape
    smallest = smallest_p(sources=groups, resamples=resamples)
    rng = generator(seed, "signs")
    sums = np.concatenate([np.ones((groups, 1)), differences], axis=1)
    every = groups <= 1 or 2 ** (groups - 1) <= EXACT
    if groups > MAX_BINS:
        sums = source_totals(sums, rng.permutation(groups) % MAX_BINS, MAX_BINS)
    total = sums.sum(axis=0)  # (1 + q,)
    reach = _TIES * np.abs(sums).sum(axis=0)[1:]
    count = 2 ** max(groups - 1, 0) if every else resamples
    extreme, outer = np.zeros(q), np.empty((2, count, q))
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        picks = _patterns(start, size, groups) if every else _coins(rng, size, len(sums))
        half = picks @ sums  # (b, 1 + q): of the sources whose sign stays
        extreme += (np.abs(2 * half - total)[:, 1:] >= np.abs(total[1:]) - reach).sum(axis=0)
        outer[:, start : start + size] = _typical(half, total)
    kept = 0 if every else 1  # the patterns as they were found, where not among those tried
    p = (extreme + kept) / (count + kept)
    low, high = (_end(side, upper, 1 - level, kept) for side, upper in zip(outer, (False, True)))
    by_t, half = _student(differences, level)
    mean = differences.mean(axis=0)
    return Permuted(
        np.maximum(p, by_t), np.minimum(low, mean - half), np.maximum(high, mean + half), smallest
    )


def permute_labels(
    first: FloatArray,
    second: FloatArray,
    *,
    level: float = 0.95,
    resamples: int = LEAST,
    seed: int = 0,
) -> Permuted:
    """Test that two arms have one mean, by permuting which arm each unit belongs to.

    The statistic is Welch's t, so that the test is exact where the arms are exchangeable. The p
    is the greater of this and of Welch's own, on Satterthwaite's freedom, so that it holds too
    where the means alone are alike and one arm varies more.

    Parameters
    ----------
    first, second : arrays of shape (a, q) and (b, q)
        One row a training seed.
    level : float
        Of the interval, which inverts the test.
    resamples : int
        Draws where there are more than 20,000 permutations.
    seed : int

    Returns
    -------
    Permuted

    References
    ----------
    Janssen (1997), Statistics & Probability Letters 36; Chung & Romano (2013), Annals of
    Statistics 41.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity.permuting import permute_labels
    >>> found = permute_labels(np.arange(8.0)[:, None], np.arange(8.0)[:, None] + 9)
    >>> round(float(found.p[0]) * 12870), bool(found.low[0] < 9 < found.high[0])
    (2, True)
    """
    a, b = len(first), len(second)
    smallest = smallest_p(seeds=(a, b), resamples=resamples)
    every = math.comb(a + b, a) <= EXACT
    picks = _splits(a, b) if every else _shuffles(generator(seed, "labels"), resamples, a, b)
    test = _Welch.of(first, second, picks, kept=0 if every else 1)
    p = test.p(np.zeros(first.shape[1]))
    if smallest > 1 - level:
        return Permuted(p, np.full_like(p, -np.inf), np.full_like(p, np.inf), smallest)
    low, high = (test.end(side, 1 - level) for side in (-1, 1))
    return Permuted(p, low, high, smallest)


def _student(differences: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """P of Student's t for a mean of zero, and half its interval, on the effective freedom."""
    groups = len(differences)
    away = differences - differences.mean(axis=0)
    error = np.sqrt((away**2).sum(axis=0) / (groups * max(groups - 1, 1)))
    freedom = effective_freedom(away)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, np.abs(differences.mean(axis=0)) / error, np.inf)
    p = 2 * special.stdtr(freedom, -t)
    return np.asarray(p), special.stdtrit(freedom, (1 + level) / 2) * error


def _patterns(start: int, size: int, groups: int) -> FloatArray:
    """Sign patterns number start, start + 1, ...; the first source keeps its sign."""
    numbers = np.arange(start, start + size)[:, None]
    flipped = (numbers >> np.arange(max(groups - 1, 0))) & 1
    return np.concatenate([np.ones((size, 1)), 1.0 - flipped], axis=1)


def _coins(rng: np.random.Generator, size: int, groups: int) -> FloatArray:
    """Fair coins: (size, groups) of 0 and 1."""
    width = -(-groups // 8)
    drawn = np.frombuffer(rng.bytes(size * width), dtype=np.uint8).reshape(size, width)
    return np.unpackbits(drawn, axis=1)[:, :groups].astype(np.float64)


def _typical(half: FloatArray, total: FloatArray) -> FloatArray:
    """Means of both parts of every split, the smaller before the larger: (2, b, q)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = half[:, 1:] / half[:, :1]
        rest = (total - half)[:, 1:] / (total - half)[:, :1]
    whole = (half[:, 0] <= 0) | (half[:, 0] >= total[0])  # this pattern rejects nothing
    low, high = np.minimum(kept, rest), np.maximum(kept, rest)
    low[whole], high[whole] = -np.inf, np.inf
    return np.stack([low, high])


def _end(side: FloatArray, upper: bool, alpha: float, kept: int) -> FloatArray:
    """The last effect that more than a share `alpha` of the patterns keeps: (q,)."""
    count = len(side) + kept
    place = math.floor(alpha * count + 1e-9) - kept  # so many of those tried lie beyond it
    if place < 0:
        return np.full(side.shape[1], np.inf if upper else -np.inf)
    ordered = np.sort(side, axis=0)
    return np.asarray(ordered[-1 - place] if upper else ordered[place])


def _splits(a: int, b: int) -> BoolArray:
    """Every way to pick the b units of the second arm, but for swapped arms: (m, a + b)."""
    n = a + b
    found: Iterator[tuple[int, ...]] = itertools.combinations(range(n), b)
    if a == b:  # those without the first unit are the others with their arms swapped
        found = itertools.takewhile(lambda one: one[0] == 0, found)
    chosen = np.fromiter(itertools.chain.from_iterable(found), dtype=np.intp).reshape(-1, b)
    picks = np.zeros((len(chosen), n), dtype=np.bool_)
    picks[np.arange(len(chosen))[:, None], chosen] = True
    return picks


def _shuffles(rng: np.random.Generator, size: int, a: int, b: int) -> BoolArray:
    """Random ways to pick the b units of the second arm: (m, a + b)."""
    order = rng.random((size, a + b)).argsort(axis=1)
    return np.asarray(order >= a)


@dataclass(frozen=True, eq=False)
class _Welch:
    """Welch's t of every permutation and of q figures, for any shift of the second arm.

    `own` (1 + m, 1) says how many units of the second arm each permutation leaves there, and
    `sums` (3, 1 + m, q) the sums of x, x², and x over those that come from it; the arms as they
    are come first.
    """

    own: FloatArray
    sums: FloatArray
    whole: FloatArray
    sizes: tuple[int, int]
    effect: FloatArray
    unit: FloatArray
    freedom: FloatArray
    kept: int

    @classmethod
    def of(cls, first: FloatArray, second: FloatArray, picks: BoolArray, *, kept: int) -> _Welch:
        a, b = len(first), len(second)
        values = np.concatenate([first, second])  # (a + b, q)
        values = values - values.mean(axis=0)  # against cancellation
        unit = np.abs(values).max(axis=0)
        unit[unit == 0] = 1.0
        x, own = values / unit, np.repeat([0.0, 1.0], [a, b])
        columns = np.stack([x, x * x, x * own[:, None]])  # (3, a + b, q)
        ways = np.concatenate([own[None], picks])
        effect = x[a:].mean(axis=0) - x[:a].mean(axis=0)
        whole = columns.sum(axis=1)
        freedom = _satterthwaite(x[:a], x[a:])
        counts = (ways @ own)[:, None]
        return cls(counts, ways @ columns, whole, (a, b), effect, unit, freedom, kept)

    def p(self, shift: FloatArray) -> FloatArray:
        """The p values of effects of `shift` (q,), in units."""
        t = self._t(shift)
        own, others = t[0], t[1:]
        slack = np.where(np.isfinite(own), _TIES * np.maximum(own, 1.0), 0.0)
        extreme = (others >= own - slack).sum(axis=0)
        by_t = 2 * special.stdtr(self.freedom, -own)
        share = (extreme + self.kept) / (len(others) + self.kept)
        return np.asarray(np.maximum(share, by_t))

    def end(self, side: int, alpha: float) -> FloatArray:
        """The farthest effects on one side that are not rejected, by bisection: (q,)."""
        error = self._error()
        inside, step = self.effect, np.where(error > 0, error, 1.0)
        outside = inside + side * step
        unbounded = self.p(outside) > alpha
        for _ in range(_DOUBLINGS):
            if not unbounded.any():
                break
            inside, step = np.where(unbounded, outside, inside), 2 * step
            outside = np.where(unbounded, inside + side * step, outside)
            unbounded = self.p(outside) > alpha
        for _ in range(_STEPS):
            middle = (inside + outside) / 2
            kept = self.p(middle) > alpha
            inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
        inside = np.where(error > 0, inside, self.effect)
        return np.where(unbounded, side * np.inf, inside * self.unit)

    def _t(self, shift: FloatArray) -> FloatArray:
        """Absolute t of the arms as they are, then of every permutation: (1 + m, q)."""
        a, b = self.sizes
        x, square, cross = self.sums
        moved = shift * self.own
        sum_b, sum_all = x - moved, self.whole[0] - shift * b
        square_b = square - 2 * shift * cross + shift * moved
        square_all = self.whole[1] - 2 * shift * self.whole[2] + shift**2 * b
        mean_b, mean_a = sum_b / b, (sum_all - sum_b) / a
        error = np.zeros_like(x)
        for size, mean, squares in ((b, mean_b, square_b), (a, mean_a, square_all - square_b)):
            if size > 1:
                error += np.maximum(squares / size - mean**2, 0.0) / (size - 1)
        gap = np.abs(mean_b - mean_a)
        gap[gap < 1e-12 * (1 + np.abs(shift))] = 0.0
        error[error < 1e-15 * (1 + shift**2)] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(gap > 0, gap / np.sqrt(error), 0.0)

    def _error(self) -> FloatArray:
        """Welch's standard errors of the effects; 0 where no arm varies."""
        far = 1 + np.abs(self.effect)
        return np.asarray(far / self._t(self.effect + far)[0])


def _satterthwaite(first: FloatArray, second: FloatArray) -> FloatArray:
    """Degrees of freedom of Welch's t: (q,)."""
    parts = [(arm.var(axis=0) / (len(arm) - 1), len(arm) - 1) for arm in (first, second)]
    most = float(len(first) + len(second) - 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = sum(v for v, _ in parts) ** 2 / sum(v**2 / df for v, df in parts)
    return np.asarray(np.where(np.isfinite(found), found, most))

"""HopSkipJump: along the decision boundary by decisions alone, every row in step.

The library's own draws from generators that no seed reaches and asks one row at a time; this
one draws from a stream of the seed for each row and asks all rows together, so equal seeds
give equal rows, and a run that is resumed from a ledger asks what it asked before.
"""

from __future__ import annotations

import math

import numpy as np

from surrogate.robust.attacks.job import Job
from surrogate.robust.attacks.projection import lengths, search_box
from surrogate.sampling import generator
from surrogate.types import FloatArray, IntArray

__all__ = ["evaluations", "hopskipjump", "search_steps", "walk"]

ENTRIES = 1 << 23  # numbers in the rows that are made at once
NEIGHBOURS = 3  # of the rows given, tried as a start
HALVINGS = 12  # of a step that leads back over the boundary
SHARE = 0.01  # of the distance: the size of a probe


def hopskipjump(job: Job) -> None:
    """Walk along the boundary from random rows of the box."""
    walk(job, from_rows=False)


def walk(job: Job, *, from_rows: bool) -> None:
    """Find rows that fool, and walk along the boundary towards their clean rows.

    Parameters
    ----------
    from_rows : bool
        Whether to start at the nearest of the rows given that the model decides otherwise,
        and at random rows only where there is none; else the other way round.
    """
    state = _Walk(job)
    decided = job.hunt.ask_clean()
    state.start(decided, from_rows=from_rows)
    for t in range(job.options["steps"]):
        state.step(t)


def search_steps(d: int, norm: str) -> int:
    """Halvings of a binary search to the boundary, as the published threshold says."""
    return math.ceil(math.log2(100 * (math.sqrt(d) if norm == "l2" else d)))


def evaluations(first: int, most: int, t: int) -> int:
    """Probes of the boundary's slope in step t."""
    return min(math.ceil(first * math.sqrt(t + 1)), most)


class _Walk:
    """Where the walk of each row stands; rows without a start have none."""

    def __init__(self, job: Job) -> None:
        self.job, self.space, self.hunt = job, job.space, job.hunt
        n, self.d = job.space.clean.shape
        self.draws = [generator(job.seed, "attack", "walk", i) for i in range(n)]
        self.here = job.space.clean.copy()
        self.active = np.zeros(n, dtype=np.bool_)

    # ---- where it starts ----

    def start(self, decided: IntArray, *, from_rows: bool) -> None:
        """Find a row that fools for each clean row that does not, and go to the boundary."""
        ways = [self._from_rows, self._from_random]
        for way in ways if from_rows else ways[::-1]:
            waiting = np.flatnonzero(~self.hunt.fooled)
            if len(waiting):
                way(waiting, decided)
        at = np.flatnonzero(self.active)
        if len(at):
            self.here[at] = self._to_boundary(self.here[at], at)

    def _from_rows(self, waiting: IntArray, decided: IntArray) -> None:
        """Start at the nearest rows given that are decided otherwise, a few of them."""
        clean = self.space.clean
        for rank in range(NEIGHBOURS):
            rows, at = [], []
            for i in waiting[~self.active[waiting]]:
                others = np.flatnonzero(decided != self.job.y[i])
                if len(others) > rank:
                    steps = (clean[others] - clean[i]) / self.space.limits.unit
                    order = np.argsort(lengths(np.nan_to_num(steps), "l2"), kind="stable")
                    rows.append(clean[others[order[rank]]])
                    at.append(i)
            if at:
                self._try(np.array(rows), np.array(at))

    def _from_random(self, waiting: IntArray, decided: IntArray) -> None:
        """Start at the first random row of the box that fools."""
        low, high = search_box(self.space)
        for _ in range(self.job.options["tries"]):
            at = waiting[~self.active[waiting]]
            if not len(at):
                return
            draws = np.stack([self.draws[i].random(self.d) for i in at])
            self._try(low + draws * (high - low), at)

    def _try(self, rows: FloatArray, at: IntArray) -> None:
        """Ask possible starts, and begin there where they fool."""
        rows, fooled = self.hunt.try_rows(rows, at)
        self.here[at[fooled]] = rows[fooled]
        self.active[at[fooled]] = True

    # ---- one step ----

    def step(self, t: int) -> None:
        """Probe the boundary's slope, step along it, and come back to the boundary."""
        at = np.flatnonzero(self.active)
        if not len(at):
            return
        count = evaluations(self.job.options["first"], self.job.options["most"], t)
        chunk = max(ENTRIES // (count * self.d), 1)
        parts = [at[k : k + chunk] for k in range(0, len(at), chunk)]
        slope = np.concatenate([self._slope(part, count, t) for part in parts])
        self.here[at] = self._to_boundary(self._jump(at, slope, t), at)

    def _slope(self, at: IntArray, count: int, t: int) -> FloatArray:
        """Which way out of the true class (m, d), in units: from decisions around the row."""
        limits, norm = self.space.limits, self.job.norm
        far = self.space.distance(self.here[at], norm, at)
        size = SHARE * far * (5.0 if t == 0 else 1.0) * (1.0 if norm == "l2" else math.sqrt(self.d))
        noise = np.stack([self._noise(i, count) for i in at])  # (m, count, d)
        noise *= size[:, None, None]
        if self.space.whole.any():  # less than one whole step would show nothing
            least = np.where(self.space.whole, 0.6 / limits.unit, 0.0)
            noise = np.where(np.abs(noise) < least, np.sign(noise) * least, noise)
        probes = (self.here[at, None, :] + noise * limits.unit).reshape(-1, self.d)
        probes, fooled = self.hunt.try_rows(probes, np.repeat(at, count))
        moved = (probes.reshape(noise.shape) - self.here[at, None, :]) / limits.unit
        moved = np.nan_to_num(moved)
        sign = np.where(fooled, 1.0, -1.0).reshape(len(at), count)
        mean = sign.mean(axis=1, keepdims=True)
        weight = np.where(np.abs(mean) == 1.0, sign, sign - mean)
        return np.asarray(np.einsum("mc,mcd->md", weight, moved) / count)

    def _noise(self, i: int, count: int) -> FloatArray:
        """Directions of length 1 (count, d) for row i, in the columns that may move."""
        draw = self.draws[i]
        if self.job.norm == "l2":
            noise = draw.standard_normal((count, self.d))
        else:
            noise = draw.uniform(-1.0, 1.0, (count, self.d))
        noise *= self.space.limits.mutable
        length = lengths(noise, "l2")[:, None]
        return np.asarray(noise / np.maximum(length, 1e-300))

    def _jump(self, at: IntArray, slope: FloatArray, t: int) -> FloatArray:
        """Rows (m, d) a step out along the slope that still fool: the longest of its halves."""
        norm, unit = self.job.norm, self.space.limits.unit
        if norm == "l2":
            slope = slope / np.maximum(lengths(slope, "l2"), 1e-300)[:, None]
        else:
            slope = np.sign(slope)
        size = self.space.distance(self.here[at], norm, at) / math.sqrt(t + 1)
        out, waiting = self.here[at].copy(), np.arange(len(at))
        for _ in range(HALVINGS):
            if not len(waiting):
                break
            rows = self.here[at[waiting]] + (size[waiting, None] * slope[waiting]) * unit
            rows, fooled = self.hunt.try_rows(rows, at[waiting])
            out[waiting[fooled]] = rows[fooled]
            waiting = waiting[~fooled]
            size /= 2
        return out

    def _to_boundary(self, rows: FloatArray, at: IntArray) -> FloatArray:
        """Rows that fool (m, d), moved towards their clean rows until they just do."""
        clean, norm = self.space.clean[at], self.job.norm
        reach = self.space.distance(rows, norm, at)
        low, high, out = np.zeros(len(at)), np.ones(len(at)), rows.copy()
        for _ in range(search_steps(self.d, norm)):
            middle = (low + high) / 2
            if norm == "l2":
                between = clean + middle[:, None] * (rows - clean)
            else:
                most = (middle * reach)[:, None] * self.space.limits.unit
                between = np.clip(rows, clean - most, clean + most)
            asked, fooled = self.hunt.try_rows(between, at)
            out[fooled] = asked[fooled]
            low, high = np.where(fooled, low, middle), np.where(fooled, middle, high)
        return out

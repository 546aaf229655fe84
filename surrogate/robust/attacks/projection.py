"""Keeps perturbed rows where they may be: in their ball and box, and rows that can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from surrogate.domain import Domain
from surrogate.robust.attacks.limits import Limits
from surrogate.types import BoolArray, FloatArray

__all__ = ["Norm", "Space", "lengths", "search_box"]

Norm: TypeAlias = Literal["linf", "l2"]

# Shares by which a row that rounding took out of its ball goes back to its clean row.
BACK = (2.0**-22, 2.0**-20, 2.0**-18, 2.0**-14, 2.0**-10, 2.0**-6, 2.0**-3, 1.0)

HALVINGS = 5
WIDE = 3.0  # of the rows' spread: where a column without bounds is searched


def lengths(steps: FloatArray, norm: Norm) -> FloatArray:
    """Length of each step: (n, d) -> (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.robust.attacks.projection import lengths
    >>> lengths(np.array([[3.0, -4.0]]), "l2").tolist(), lengths(np.array([[3.0, -4.0]]), "linf")
    ([5.0], array([4.]))
    """
    if norm == "linf":
        return np.asarray(np.abs(steps).max(axis=1))
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", steps, steps)))


@dataclass(frozen=True, eq=False)
class Space:
    """Where the rows made from some clean rows may lie.

    Parameters
    ----------
    domain : Domain
    limits : Limits
    clean : float array of shape (n, d)
        As the model sees them: snapped to its floating type.
    dtype : str
        The floating type that rows are snapped to.
    """

    domain: Domain
    limits: Limits
    clean: FloatArray
    dtype: str = "float64"

    @cached_property
    def _low(self) -> FloatArray:
        """Lowest value of each cell (n, d): snapping may have put a clean row below its bound."""
        return np.fmin(self.limits.low, self.clean)

    @cached_property
    def _high(self) -> FloatArray:
        return np.fmax(self.limits.high, self.clean)

    @cached_property
    def whole(self) -> BoolArray:
        """Columns (d,) that move in whole steps."""
        kinds = np.array([feature.kind == "integer" for feature in self.domain.features])
        return np.asarray(kinds & self.limits.mutable)

    @cached_property
    def _derived(self) -> BoolArray:
        return np.array([name in self.domain.derived for name in self.domain.names], dtype=np.bool_)

    def steps(self, rows: FloatArray, at: Any = slice(None)) -> FloatArray:
        """How far rows are from their clean rows, in units; derived columns do not count."""
        steps = (rows - self.clean[at]) / self.limits.unit
        return np.where(np.isnan(steps) | self._derived, 0.0, steps)

    def distance(self, rows: FloatArray, norm: Norm, at: Any = slice(None)) -> FloatArray:
        """Distances (n,) of rows from their clean rows, in units."""
        return lengths(self.steps(rows, at), norm)

    def keep(
        self,
        rows: FloatArray,
        at: Any = slice(None),
        *,
        norm: Norm = "l2",
        radius: float | None = None,
    ) -> FloatArray:
        """Rows that may be, near to those given.

        Columns that may not move are put back; then the box holds, the ball, whole numbers,
        and the model's floating type, in this order. Where the last ones lead out of the ball
        or box, the row goes back towards its clean row, which always may be.

        Parameters
        ----------
        rows : float array of shape (m, d)
        at : index
            Which clean row each was made from; all of them in order by default.
        norm : {"linf", "l2"}
        radius : float, optional
            Of the ball, in units; without one, only the box holds.

        Returns
        -------
        float array of shape (m, d)
        """
        clean = self.clean[at]
        low, high = self._low[at], self._high[at]
        moves = self.limits.mutable & np.isfinite(clean) & np.isfinite(rows)
        rows = np.clip(np.where(moves, rows, clean), low, high)
        asked = step = np.where(moves, rows - clean, 0.0)
        if radius is not None:
            step = self._in_ball(step, norm, radius)
        rounded = self._rounded(step, clean, norm, radius)
        found = self._snapped(np.where(rounded == asked, rows, clean + rounded), clean)
        for share in BACK:
            out = self._out(found, at, norm, radius)
            if not out.any():
                return found
            step = np.where(self.whole, np.trunc(step), (found - clean) * (1.0 - share))
            step = np.where(moves & (share < 1.0), step, 0.0)
            found[out] = self._snapped(clean[out] + step[out], clean[out])
        return found

    def _in_ball(self, step: FloatArray, norm: Norm, radius: float) -> FloatArray:
        """Steps no longer than the radius; shortened, so that they stay in the box."""
        unit = self.limits.unit
        if norm == "linf":
            return np.clip(step, -radius * unit, radius * unit)
        length = lengths(step / unit, "l2")
        return step * np.where(length > radius, radius / np.maximum(length, 1e-300), 1.0)[:, None]

    def _rounded(
        self, step: FloatArray, clean: FloatArray, norm: Norm, radius: float | None
    ) -> FloatArray:
        """Whole steps where a column holds whole numbers, to the nearest that the ball holds."""
        if not self.whole.any():
            return step
        whole = np.rint(step)
        if radius is not None:
            if norm == "linf":
                most = np.floor(radius * self.limits.unit)
                whole = np.clip(whole, -most, most)
            else:
                mixed = np.where(self.whole, whole, step) / self.limits.unit
                longer = lengths(mixed, "l2") > radius
                whole = np.where(longer[:, None], np.trunc(step), whole)
        return np.where(self.whole & (clean == np.rint(clean)), whole, step)

    def _snapped(self, rows: FloatArray, clean: FloatArray) -> FloatArray:
        """Rows as the model sees them; what may not move, and nothing derives, as it was."""
        held = ~self.limits.mutable & ~self._derived
        rows = np.array(self.domain.round(rows, self.dtype))
        return np.where(held | np.isnan(clean), clean, rows)

    def _out(self, rows: FloatArray, at: Any, norm: Norm, radius: float | None) -> BoolArray:
        """Which rows (m,) are out of their ball or box."""
        free = self.limits.mutable
        out = (free & ((rows < self._low[at]) | (rows > self._high[at]))).any(axis=1)
        if radius is not None:
            out |= self.distance(rows, norm, at) > radius
        return np.asarray(out)

    def possible(
        self, rows: FloatArray, *, norm: Norm = "l2", radius: float | None = None
    ) -> FloatArray:
        """Rows (n, d) that may be, one for each clean row, and that can exist.

        One that cannot, by the domain's constraint, goes half of the way back until it can;
        else it is the clean row.
        """
        found = self.keep(rows, norm=norm, radius=radius)
        for _ in range(HALVINGS):
            unfit = np.flatnonzero(~self.feasible(found))
            if not len(unfit):
                return found
            halfway = (found[unfit] + self.clean[unfit]) / 2
            found[unfit] = self.keep(halfway, unfit, norm=norm, radius=radius)
        return np.where(self.feasible(found)[:, None], found, self.clean)

    def feasible(self, rows: FloatArray) -> BoolArray:
        """Which rows can exist, by the domain's constraint; nearly always all."""
        if self.domain.constraint is None:
            return np.ones(len(rows), dtype=np.bool_)
        return self.domain.feasible(rows)


def search_box(space: Space) -> tuple[FloatArray, FloatArray]:
    """Where random rows are drawn: the box, and around the rows where it is open (d,)."""
    least, most = np.nanmin(space.clean, axis=0), np.nanmax(space.clean, axis=0)
    spread = WIDE * np.maximum(most - least, space.limits.unit)
    low, high = space.limits.low, space.limits.high
    low = np.where(np.isfinite(low), low, least - spread)
    return low, np.where(np.isfinite(high), high, most + spread)

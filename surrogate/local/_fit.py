"""Linear forms of many rows: from a shared plan, or from a plan of each row's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from surrogate.local._common import Common, CommonMoments, is_common
from surrogate.local._designs import Design, Drawn
from surrogate.local._kernel import effective_size, exponential
from surrogate.local._moments import (
    BLOCKS,
    PAIRED_BLOCKS,
    Moments,
    each_chunk,
    from_samples,
    shared_moments,
)
from surrogate.local._planes import make_planes
from surrogate.local._replicates import empty_sums, replicate_sums
from surrogate.local._select import select
from surrogate.local._solve import Centred, centre, coefficient_shares, solve, standard_errors
from surrogate.local.compatible import fit_r2, refit
from surrogate.types import BoolArray, FloatArray

__all__ = ["Fit", "Settings", "fit_own", "fit_shared", "is_single", "parts_of", "z_of"]

SINGLE_CONDITION = 1e3
"""Condition number up to which sums in float32 leave coefficients good to 1e-4 or better."""
TOGETHER = 32
"""Rows that are solved together."""
SINGLE_THIN = 1e-5
"""Variance, in squared means, that sums in float32 leave to a column that does not vary."""
SINGLE_SPAN = 60.0
"""Largest distance² / (2 width²) whose weight float32 holds with room to spare."""


@dataclass(frozen=True)
class Settings:
    """How the weighted least squares are solved.

    Parameters
    ----------
    width, ridge : float
    selection : str
    n_features : int
    with_row : bool
        Whether the explained row itself takes part, with weight 1, as in lime.
    exact : bool
        Whether sums are taken in float64 throughout.
    """

    width: float
    ridge: float
    selection: str
    n_features: int
    with_row: bool
    exact: bool

    @property
    def has_errors(self) -> bool:
        """Whether standard errors mean something."""
        return self.ridge == 0 and self.selection == "none" and not self.with_row


@dataclass(frozen=True, eq=False)
class Fit:
    """What the rows of a fit came to; arrays that are filled chunk by chunk.

    Parameters
    ----------
    coef, errors : arrays of shape (r, k, d)
    intercept, r2 : arrays of shape (r, k)
    ess, condition : arrays of shape (r,)
    inflation : array of shape (r, d)
        How many times the variance of a coefficient exceeds what it would be if its feature
        did not move with the others (variance inflation factor).
    sums : array of shape (chunks, h, 4, k, d)
        Sums of rows' coefficients over replicates of the plan, for the errors of summaries.
    """

    coef: FloatArray
    errors: FloatArray
    intercept: FloatArray
    r2: FloatArray
    ess: FloatArray
    condition: FloatArray
    inflation: FloatArray
    sums: FloatArray

    @classmethod
    def empty(cls, r: int, k: int, d: int, *, parts: int) -> Fit:
        """Room for r rows, fitted on a plan of so many independent parts."""
        return cls(
            coef=np.zeros((r, k, d)),
            errors=np.full((r, k, d), np.nan),
            intercept=np.zeros((r, k)),
            r2=np.full((r, k), np.nan),
            ess=np.zeros(r),
            condition=np.ones(r),
            inflation=np.ones((r, d)),
            sums=empty_sums(parts, k, d)[None],
        )

    def fill(
        self,
        at: slice,
        moments: Moments | CommonMoments,
        settings: Settings,
        *,
        z_row: FloatArray,
        y_row: FloatArray,
        n_samples: int,
        most: float = np.inf,
    ) -> FloatArray | None:
        """Solve a few rows from their moments; z_row (c, d) and y_row (c, k) are the rows' own.

        Gives back what they add to `sums`, where standard errors mean something; rows whose
        condition number is over `most` will be solved again, and add nothing.
        """
        total, square = moments.total, moments.square
        if settings.with_row:
            own = np.concatenate([z_row, np.ones((len(z_row), 1)), y_row], axis=1)
            total = total + own[:, :, None] * own[:, None, :]
            square = square + 1.0
        sums = centre(total, moments.q)
        solution = solve(sums, ridge=settings.ridge)
        self.coef[at], self.intercept[at] = solution.coef, solution.intercept
        condition = np.where(_thin(sums), np.inf, solution.condition)
        self.condition[at] = condition if np.isfinite(most) else solution.condition
        self.inflation[at] = np.einsum("rqq,rqq->rq", sums.zz, solution.inverse)
        self.ess[at] = effective_size(sums.weight, square)
        if settings.selection != "none":
            chosen = select(
                sums,
                z_row,
                method=settings.selection,
                n_features=settings.n_features,
                n_samples=n_samples,
            )
            self.coef[at], self.intercept[at] = refit(sums, chosen, settings.ridge)
        self.r2[at] = fit_r2(sums, self.coef[at])
        if not settings.has_errors:
            return None
        shares = coefficient_shares(moments, solution, sums)
        self.errors[at] = standard_errors(shares)
        final = ~(self.condition[at] > most)
        return replicate_sums(solution.coef[final], shares[final])

    def add(self, sums: FloatArray | None) -> None:
        """Add what a few rows gave."""
        if sums is not None:
            self.sums[0] += sums


def _thin(sums: Centred) -> BoolArray:
    """Rows with a column that varies so little that float32 may have made it vary."""
    varies = np.einsum("rqq->rq", sums.zz)
    least = SINGLE_THIN * sums.weight[:, None] * sums.mean_z**2
    return np.asarray(((varies != 0) & (np.abs(varies) < least)).any(axis=1))


def parts_of(design: Design) -> int:
    """Independent parts of a plan, for standard errors."""
    return PAIRED_BLOCKS // 2 if design.paired else BLOCKS


def is_single(design: Design, settings: Settings, d: int) -> bool:
    """Whether sums are taken in float32: of zeros and ones, by weights that it can hold."""
    span = d / (2.0 * settings.width**2)
    return bool(design.equality.all()) and not settings.exact and span < SINGLE_SPAN


def z_of(design: Design, rows: FloatArray) -> FloatArray:
    """The explained rows in their own units of z, (r, d)."""
    _, scaled = design.encode(rows)
    return np.where(design.equality, design.active(rows).astype(np.float64), scaled)


def fit_shared(
    design: Design,
    drawn: Drawn,
    rows: FloatArray,
    *,
    Y: FloatArray,
    y_row: FloatArray,
    settings: Settings,
) -> Fit:
    """Forms of r rows from one plan of n rows and the model's answers Y (n, k) to it.

    Sums are taken in float32 where only zeros and ones are summed up, and again in float64 for
    rows in which that is not enough.
    """
    parts = parts_of(design)
    fit = Fit.empty(len(rows), Y.shape[1], rows.shape[1], parts=parts)
    level = Y.mean(axis=0)  # centring keeps the digits of answers that vary little
    z_row = z_of(design, rows)
    single = is_single(design, settings, rows.shape[1])
    todo = np.arange(len(rows))
    for dtype in ("float32", "float64") if single else ("float64",):
        planes = make_planes(
            design, drawn, rows[todo], Y - level, width=settings.width, dtype=dtype
        )
        part = Fit.empty(len(todo), Y.shape[1], rows.shape[1], parts=parts)
        most = SINGLE_CONDITION if dtype == "float32" else np.inf
        alike = is_common(planes)
        moments = Common(planes).moments if alike else partial(shared_moments, planes)

        def work(at: slice, moments=moments, part=part, todo=todo, most=most) -> FloatArray | None:  # type: ignore[no-untyped-def]
            return part.fill(  # type: ignore[no-any-return]
                at,
                moments(at),
                settings,
                z_row=z_row[todo[at]],
                y_row=y_row[todo[at]] - level,
                n_samples=len(Y) + settings.with_row,
                most=most,
            )

        each_chunk(len(todo), work, size=TOGETHER, collect=fit.add)
        for name in vars(fit).keys() - {"sums"}:
            getattr(fit, name)[todo] = getattr(part, name)
        todo = np.flatnonzero(fit.condition > SINGLE_CONDITION)
        if not todo.size:
            break
    fit.intercept[...] += level
    return fit


def fit_own(
    design: Design,
    drawn: list[Drawn],
    rows: FloatArray,
    *,
    Y: FloatArray,
    y_row: FloatArray,
    settings: Settings,
) -> Fit:
    """Forms of r rows, each from its own n rows and answers Y (r, n, k)."""
    fit = Fit.empty(len(rows), Y.shape[2], rows.shape[1], parts=parts_of(design))
    z_row = z_of(design, rows)
    for i in range(len(rows)):
        at = slice(i, i + 1)
        level = Y[i].mean(axis=0)
        Z, weight = own_view(design, drawn[i], rows[at], settings.width)
        added = fit.fill(
            at,
            from_samples(Z, Y[at] - level, weight, mirrored=drawn[i].mirrored),
            settings,
            z_row=z_row[at],
            y_row=y_row[at] - level,
            n_samples=Y.shape[1] + settings.with_row,
        )
        fit.add(added)
        fit.intercept[i] += level
    return fit


def own_view(
    design: Design, drawn: Drawn, row: FloatArray, width: float
) -> tuple[FloatArray, FloatArray]:
    """Z (1, n, d) and weights (1, n) of drawn rows, seen from one row (1, d)."""
    codes, scaled = design.encode(row)
    active = design.active(row)[0]
    same = (drawn.codes == codes) | (np.isnan(drawn.codes) & np.isnan(codes))
    Z = np.where(design.equality, same & active, drawn.scaled)
    if not design.weighed:
        return Z[None], np.ones((1, len(Z)))
    away = np.where(design.equality, ~same & active, drawn.scaled - scaled)
    return Z[None], exponential((away**2).sum(axis=1), width)[None]

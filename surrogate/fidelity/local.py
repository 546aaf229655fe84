"""Fidelity of many local forms at once, each on fresh perturbations around its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from surrogate.errors import InputError
from surrogate.fidelity.score import Score
from surrogate.fidelity.values import Interval
from surrogate.types import FloatArray

__all__ = ["MIN_EFFECTIVE", "LocalScores", "R2Sums", "WeightedR2", "local_scores", "weighted_r2"]

MIN_EFFECTIVE = 20.0
"""Effective fresh rows below which there is a value, but no interval."""
METHOD = "sandwich on log(1 - R²)"
_CELLS = 1 << 15  # numbers worked on at once: they stay in the cache


class WeightedR2(NamedTuple):
    """Weighted R² of r rows and k classes; NaN is undefined.

    Parameters
    ----------
    value, low, high : arrays of shape (r, k)
        R² and the ends of its interval.
    rmse : array of shape (r, k)
        Weighted root mean squared error, in the unit of the answers.
    spread : array of shape (r, k)
        Weighted standard deviation of the model's answers around the row.
    ess : array of shape (r,)
        Effective sample size of the weights.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    rmse: FloatArray
    spread: FloatArray
    ess: FloatArray


def weighted_r2(
    errors: npt.NDArray[np.floating],
    answers: npt.NDArray[np.floating],
    weights: npt.NDArray[np.floating],
    *,
    level: float = 0.95,
) -> WeightedR2:
    """Weighted R² on fresh rows, with a sandwich interval, for many rows and classes.

    The interval stands on log(1 - R²), the difference of two logarithms of weighted sums, so
    that it never passes 1; the variance is the sum of squared influences of the fresh rows,
    the quantile Student's t on the effective sample size minus one.

    Parameters
    ----------
    errors : array of shape (r, k, n)
        Answers minus the local form's values.
    answers : array of shape (r, k, n), or (1, k, n) where all rows share them
    weights : array of shape (r, n)
        Of the kernel around each row; non-negative.
    level : float

    Returns
    -------
    WeightedR2

    References
    ----------
    White (1980), Econometrica 48; for ratios, Serfling (1980), section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import weighted_r2
    >>> rng = np.random.Generator(np.random.Philox(key=0))
    >>> answers, errors = rng.normal(size=(1, 1, 500)), .5 * rng.normal(size=(1, 1, 500))
    >>> found = weighted_r2(errors, answers, np.ones((1, 500)))
    >>> bool(found.low[0, 0] < .75 < found.high[0, 0]), found.ess
    (True, array([500.]))
    """
    return _by_chunks(lambda at: errors[at], errors.shape, answers, weights, level=level)


def _by_chunks(
    errors: Callable[[slice], npt.NDArray[np.floating]],
    shape: tuple[int, ...],
    answers: npt.NDArray[np.floating],
    weights: npt.NDArray[np.floating],
    *,
    level: float,
) -> WeightedR2:
    """`weighted_r2`, a few rows at a time, with errors made when they are needed."""
    r, k, n = shape
    made = [np.full((r, k), np.nan) for _ in range(5)]
    found = WeightedR2(made[0], made[1], made[2], made[3], made[4], np.zeros(r))
    step = max(1, _CELLS // max(k * n, 1))
    for start in range(0, r, step):
        at = slice(start, start + step)
        there = answers if len(answers) == 1 else answers[at]
        part = _chunk(errors(at), there, weights[at], level=level)
        for whole, piece in zip(found, part, strict=True):
            whole[at] = piece
    return found


def _chunk(
    errors: npt.NDArray[np.floating],
    answers: npt.NDArray[np.floating],
    weights: npt.NDArray[np.floating],
    *,
    level: float,
) -> WeightedR2:
    """`weighted_r2` of a few rows."""
    weight = weights[:, None, :]  # (c, 1, n)
    total = weights.sum(axis=1, dtype=np.float64)  # (c,)
    square = np.einsum("rn,rn->r", weights, weights, dtype=np.float64)
    safe = np.where(total > 0, total, 1.0)[:, None]  # (c, 1)
    mean = np.matmul(answers, weights[:, :, None])[..., 0] / safe  # (c, k)
    away = answers - mean[..., None].astype(answers.dtype)  # (c, k, n)
    varied = np.square(away, out=away)
    varied *= weight
    lost = np.square(errors)
    lost *= weight
    sse, sst = (part.sum(axis=2, dtype=np.float64) for part in (lost, varied))  # (c, k)
    one = np.where(sst > 0, sst, 1.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lost /= sse[..., None].astype(lost.dtype)
        varied /= one[..., None].astype(varied.dtype)
        lost -= varied
        influence = np.einsum("rkn,rkn->rk", lost, lost)
    size = np.abs(answers).max(axis=2)
    tiny = 4 * float(np.finfo(np.result_type(answers, errors)).eps)
    return R2Sums(total, square, sse, sst, influence, tiny * size).r2(level)


class R2Sums(NamedTuple):
    """What weighted R² and its interval are made of, for c rows and k classes.

    Parameters
    ----------
    total, square : arrays of shape (c,)
        Sums of weights and of squared weights.
    sse, sst : arrays of shape (c, k)
        Weighted sums of squared errors, and of squared differences from the weighted mean.
    influence : array of shape (c, k)
        Sums of (lost / sse - varied / sst)² over fresh rows, of whose weighted squares sse and
        sst are the sums: the variance on log(1 - R²).
    still : array of shape (c, k) or (1, k)
        Deviation of the answers up to which they count as constant.
    """

    total: FloatArray
    square: FloatArray
    sse: FloatArray
    sst: FloatArray
    influence: FloatArray
    still: FloatArray

    def r2(self, level: float) -> WeightedR2:
        """Values and intervals."""
        total, square, sse, sst = self.total, self.square, self.sse, self.sst
        ess = np.divide(total**2, square, out=np.zeros(len(total)), where=square > 0)
        safe = np.where(total > 0, total, 1.0)[:, None]
        spread, rmse = np.sqrt(sst / safe), np.sqrt(sse / safe)
        defined = (spread > self.still) & (ess > 1 + 1e-9)[:, None]
        rest = np.where(defined, sse / np.where(defined, sst, 1.0), np.nan)  # 1 - R²
        freedom = np.maximum(ess - 1, 1.0)
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.sqrt(self.influence * (ess / freedom)[:, None])
            half = special.stdtrit(freedom, (1 + level) / 2)[:, None] * error
            low, high = 1 - rest * np.exp(half), 1 - rest * np.exp(-half)
        shown = (ess >= MIN_EFFECTIVE)[:, None] & np.isfinite(low) & np.isfinite(high)
        low, high = np.where(shown, low, np.nan), np.where(shown, high, np.nan)
        rmse, spread = (np.where(total[:, None] > 0, a, np.nan) for a in (rmse, spread))
        return WeightedR2(1 - rest, low, high, rmse, spread, ess)


@dataclass(frozen=True, eq=False)
class LocalScores:
    """Local fidelity of r rows and k classes, and how much stands behind it.

    Parameters
    ----------
    value, low, high : arrays of shape (r, k)
        Weighted R² on fresh rows and the ends of its interval; NaN where undefined, and
        `score` says why.
    rmse, spread : arrays of shape (r, k)
        Weighted root mean squared error, and standard deviation of the model's answers.
    error : array of shape (r, k)
        Absolute error at the row itself, in the unit of the answers; NaN if not given.
    ess : array of shape (r,)
        Effective sample size of the kernel.
    neighbours : array of int of shape (r,)
        Fresh rows that weigh at least half as much as the row itself.
    n : int
        Fresh rows of each row.
    level : float
    seed : int or None
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    rmse: FloatArray
    spread: FloatArray
    error: FloatArray
    ess: FloatArray
    neighbours: npt.NDArray[np.intp]
    n: int
    level: float = 0.95
    seed: int | None = None

    def __len__(self) -> int:
        return len(self.value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LocalScores):
            return NotImplemented
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return all(np.array_equal(a, b, equal_nan=a is not None) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]

    def score(self, row: int, column: int = 0) -> Score:
        """The R² of one row and class, with the reason where there is none.

        Its trivial surrogate, the weighted mean around the row, has an R² of 0.
        """
        value, low, high, spread = (
            float(a[row, column]) for a in (self.value, self.low, self.high, self.spread)
        )
        if np.isnan(value):
            flat = self.ess[row] > 1 + 1e-9
            reason = f"the model does not vary around the row: spread {spread:.1e}"
            if not flat:
                reason = "the kernel reaches fewer than two fresh rows"
            return Score("R2", None, None, self.n, self.n, reason=reason)
        if np.isnan(low):
            reason = f"the kernel is worth {self.ess[row]:.1f} fresh rows"
            return Score("R2", value, None, self.n, self.n, 0.0, value, reason=reason)
        interval = Interval(low, high, self.level, METHOD)
        return Score("R2", value, interval, self.n, self.n, 0.0, value, interval)

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON; what is undefined is None."""
        found: dict[str, Any] = {}
        for field in fields(self):
            kept = getattr(self, field.name)
            found[field.name] = _nested(kept) if isinstance(kept, np.ndarray) else kept
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LocalScores:
        """Rebuild what `to_dict` gave."""
        names = ("value", "low", "high", "rmse", "spread", "error", "ess")
        made = [np.array(data[name], dtype=np.float64) for name in names]
        value, low, high, rmse, spread, error, ess = made
        near = np.array(data["neighbours"], dtype=np.intp)
        counts = data["n"], data["level"], data["seed"]
        return cls(value, low, high, rmse, spread, error, ess, near, *counts)


def local_scores(
    predictions: npt.ArrayLike,
    answers: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    here: npt.ArrayLike | None = None,
    there: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int | None = None,
) -> LocalScores:
    """Fidelity of local forms on fresh rows that they were not fitted on.

    Parameters
    ----------
    predictions : array of shape (r, n), or (r, k, n)
        What the form of each explained row says of each fresh row.
    answers : array of shape (n,) or (r, n), or (k, n) or (r, k, n)
        What the model says; without r where all explained rows share their fresh rows.
    weights : array of shape (r, n)
        The kernel, which is 1 at the explained row.
    here, there : arrays of shape (r,) or (r, k), or None
        What the form and what the model say of the explained row itself.
    level : float
    seed : int or None
        Seed of the fresh rows, for the record.

    Returns
    -------
    LocalScores

    Raises
    ------
    InputError
        If shapes do not fit, or there are no fresh rows.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import local_scores
    >>> rng = np.random.Generator(np.random.Philox(key=0))
    >>> x = rng.normal(size=1000)
    >>> scores = local_scores(np.stack([2 * x, x]), 2 * x + .1 * np.sin(20 * x),
    ...                       np.exp(-x**2 / 2) * np.ones((2, 1)), here=[0, 0], there=[0, .1])
    >>> print(scores.score(1))
    R² 0.749 (95 % interval 0.747 to 0.751; n = 1,000)
    >>> scores.error.ravel()
    array([0. , 0.1])
    """
    said, weight = np.asarray(predictions), np.asarray(weights)
    single = said.ndim == 2
    said = said[:, None, :] if single else said
    told = _answers(np.asarray(answers), said, single=single)
    if weight.shape != (said.shape[0], said.shape[2]) or said.shape[2] == 0:
        raise InputError(
            f"weights need shape {(said.shape[0], said.shape[2])}, one for each explained row "
            f"and fresh row, and at least one fresh row; got {weight.shape}."
        )
    r, k, n = said.shape
    found = _by_chunks(
        lambda at: (told if len(told) == 1 else told[at]) - said[at],
        said.shape,
        told,
        weight,
        level=level,
    )
    error = np.full((r, k), np.nan)
    if here is not None and there is not None:
        ours, theirs = (np.asarray(a, dtype=np.float64).reshape(r, k) for a in (here, there))
        error = np.abs(ours - theirs)
    near = np.count_nonzero(weight >= 0.5, axis=1)
    value, low, high, rmse, spread, ess = found
    return LocalScores(value, low, high, rmse, spread, error, ess, near, n, level, seed)


def _answers(
    told: npt.NDArray[Any], said: npt.NDArray[Any], *, single: bool
) -> npt.NDArray[np.floating]:
    """Answers as (r, k, n), or (1, k, n) where they are shared."""
    if single and told.ndim in (1, 2):
        told = told[..., None, :] if told.ndim == 2 else told[None, None, :]
    elif not single and told.ndim == 2:
        told = told[None]
    if told.ndim != 3 or told.shape[1:] != said.shape[1:] or len(told) not in (1, len(said)):
        raise InputError(
            f"answers do not fit predictions of shape {said.shape}: got {told.shape}; they "
            "are (n,) or (r, n), and with classes (k, n) or (r, k, n)."
        )
    return told


def _nested(array: npt.NDArray[Any]) -> list[Any]:
    """Nested lists with None where a number is undefined."""
    plain = array.astype(object)
    if np.issubdtype(array.dtype, np.floating):
        plain[np.isnan(array)] = None
    found: list[Any] = plain.tolist()
    return found

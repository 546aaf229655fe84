"""Errors of values: R², MAE, RMSE over the range, Jensen-Shannon divergence.

Each is a smooth function of totals over rows, so that one bootstrap serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from surrogate.types import FloatArray

__all__ = ["ValueErrors", "js_divergence", "value_errors"]


def js_divergence(p: FloatArray, q: FloatArray) -> FloatArray:
    """Jensen-Shannon divergence of distributions, row by row, in bits: between 0 and 1.

    Parameters
    ----------
    p, q : arrays of shape (n, k)
        Rows that sum to one; small negative entries count as 0.

    Returns
    -------
    array of shape (n,)

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37, section IV.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import js_divergence
    >>> js_divergence(np.array([[1., 0.], [.5, .5]]), np.array([[0., 1.], [.5, .5]]))
    array([1., 0.])
    """
    p, q = np.maximum(p, 0.0), np.maximum(q, 0.0)
    middle = (p + q) / 2
    bits = (special.rel_entr(p, middle) + special.rel_entr(q, middle)).sum(axis=1) / np.log(4)
    return np.asarray(np.clip(bits, 0.0, 1.0))


@dataclass(frozen=True, eq=False)
class ValueErrors:
    """Row-wise columns whose totals give every metric of values.

    Parameters
    ----------
    columns : array of shape (n, m)
        Weight, squared error, squared error of the trivial surrogate, absolute error, that
        of the trivial one, divergence, that of the trivial one, squared answers, answers.
    names : tuple of str
        Metrics that `metrics` gives, in order; each then comes again for the trivial
        surrogate, and once more as its lift.
    has_trivial : bool
    unit : float
        What one unit of the columns is in the unit of the answers.
    constant : bool
        Whether the model answers the same on all rows, so that R² is undefined.
    """

    columns: FloatArray
    names: tuple[str, ...]
    has_trivial: bool
    unit: float
    constant: bool

    def metrics(self, totals: FloatArray) -> FloatArray:
        """Totals (..., m) to the metrics, their trivial values and lifts (..., 3 * q)."""
        total = np.maximum(totals[..., 0], 0.0)
        both = [
            self._metric(name, totals, total, trivial) for trivial in (0, 1) for name in self.names
        ]
        values, trivial = both[: len(self.names)], both[len(self.names) :]
        lifts = [
            (a - b) if name == "R2" else (b - a)
            for name, a, b in zip(self.names, values, trivial, strict=True)
        ]
        return np.stack([*values, *trivial, *lifts], axis=-1)

    def _metric(self, name: str, totals: FloatArray, total: FloatArray, trivial: int) -> FloatArray:
        if name == "R2":
            answers = totals[..., 8:]
            spread = totals[..., 7] - (answers**2).sum(axis=-1) / total
            return np.asarray(1 - totals[..., 1 + trivial] / spread)
        if name == "RMSE / range":
            return np.asarray(np.sqrt(totals[..., 1 + trivial] / total))
        if name == "JS divergence":
            return np.asarray(totals[..., 5 + trivial] / total)
        return np.asarray(self.unit * totals[..., 3 + trivial] / total)


def value_errors(
    values: FloatArray,
    target: FloatArray,
    *,
    names: tuple[str, ...],
    trivial: FloatArray | None = None,
    weights: FloatArray | None = None,
    span: FloatArray | float = 1.0,
    eps: float = float(np.finfo(np.float64).eps),
) -> ValueErrors:
    """Row-wise errors of a surrogate's values, and of the trivial surrogate's beside them.

    Parameters
    ----------
    values, target : arrays of shape (n, k)
        Of the surrogate and of the model.
    names : tuple of str
        Metrics wanted, of "R2", "MAE", "RMSE / range", "JS divergence".
    trivial : array of shape (k,), or None
        The constant answer of the trivial surrogate.
    weights : array of shape (n,), or None
    span : array of shape (k,) or float
        Errors are divided by it before they are pooled over columns.
    eps : float
        Rounding of the type that the model answers in.
    """
    n, k = target.shape
    weight = np.ones(n) if weights is None else weights
    guess = np.broadcast_to(target[:1] if trivial is None else trivial, (n, k))
    middle = target.mean(axis=0)  # against cancellation in the variance
    centred, scale = (target - middle) / span, np.broadcast_to(span, (k,))
    error, blind = (values - target) / span, (guess - target) / span
    rows = np.empty((n, 8 + k))
    rows[:, 0] = 1.0
    rows[:, 1], rows[:, 2] = (error**2).mean(axis=1), (blind**2).mean(axis=1)
    rows[:, 3], rows[:, 4] = np.abs(error).mean(axis=1), np.abs(blind).mean(axis=1)
    wants_js = "JS divergence" in names
    rows[:, 5] = js_divergence(values, target) if wants_js else 0.0
    rows[:, 6] = js_divergence(guess, target) if wants_js else 0.0
    rows[:, 7] = (centred**2).mean(axis=1)
    rows[:, 8:] = centred / np.sqrt(k)
    rows *= weight[:, None]
    return ValueErrors(
        columns=rows,
        names=names,
        has_trivial=trivial is not None,
        unit=float(scale[0]) if k == 1 else 1.0,
        constant=is_constant(target, eps),
    )


def is_constant(target: FloatArray, eps: float) -> bool:
    """Whether no column varies beyond its rounding."""
    size = np.abs(target).max(axis=0)
    return bool((np.ptp(target, axis=0) <= 8 * eps * size).all())

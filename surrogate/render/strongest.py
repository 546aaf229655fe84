"""Which effects are shown, and how wide their intervals are."""

from __future__ import annotations

import numpy as np
from scipy import stats

from surrogate.types import FloatArray

__all__ = ["half_width", "strongest"]


def strongest(effects: FloatArray, top: int) -> list[int]:
    """Positions of the `top` largest effects by size, largest first, ties in order.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.render.strongest import strongest
    >>> strongest(np.array([0.1, -0.5, 0.0, 0.3]), 3)
    [1, 3, 0]
    """
    order = np.argsort(-np.abs(effects), kind="stable")[:top]
    return [int(j) for j in order if effects[j] != 0]


def half_width(errors: FloatArray, *, level: float, dof: int | None = None) -> FloatArray:
    """Half of the intervals' widths from standard errors: Student's t, or normal.

    Parameters
    ----------
    errors : array of shape (d,)
    level : float
    dof : int or None
        Degrees of freedom; None: normal.

    Returns
    -------
    array of shape (d,)

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.render.strongest import half_width
    >>> half_width(np.array([1.0]), level=0.95).round(2), half_width(
    ...     np.array([1.0]), level=0.95, dof=19
    ... ).round(2)
    (array([1.96]), array([2.09]))
    """
    tail = 0.5 + level / 2
    quantile = stats.norm.ppf(tail) if dof is None else stats.t.ppf(tail, dof)
    return np.asarray(quantile * np.asarray(errors), dtype=np.float64)

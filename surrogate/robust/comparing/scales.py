"""Answers on several scales: what of them is compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surrogate.explanation.compared import Scale
from surrogate.robust.comparing.agreeing import Common
from surrogate.types import FloatArray, IntArray

__all__ = ["CLIP", "on_scales", "pairs", "scales_of"]

CLIP = 1e-4
"""Probabilities are at least this before their logarithm is taken: a leaf may say 0."""


def scales_of(common: Common) -> tuple[Scale, ...]:
    """The scales that the models' answers have besides their decisions."""
    if common.said == "values":
        return ("value",)
    return ("probability", "logit", "margin") if common.said == "probabilities" else ()


def pairs(values: FloatArray) -> tuple[IntArray, IntArray]:
    """Classes (n,), (n,) whose difference is the margin: of two always the second and the first.

    Of more, the two that the model finds most likely on each row.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.robust.comparing.scales import pairs
    >>> top, next = pairs(np.array([[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]]))
    >>> top.tolist(), next.tolist()
    ([1, 0], [2, 2])
    """
    n, k = values.shape
    if k <= 2:  # numbers have one column, and no margin
        return np.full(n, k - 1, dtype=np.intp), np.zeros(n, dtype=np.intp)
    order = np.argsort(-values, axis=1, kind="stable")  # (n, k)
    return order[:, 0], order[:, 1]


def on_scales(
    values: FloatArray, scales: tuple[Scale, ...], *, pair: tuple[IntArray, IntArray]
) -> Mapping[Scale, FloatArray]:
    """Probabilities (n, k) as they are, as clipped logarithms (n, k), and as margins (n, 1).

    Parameters
    ----------
    values : array of shape (n, k)
    scales : tuple of str
        Of `scales_of`.
    pair : two int arrays of shape (n,)
        Of `pairs`, from the model's own answers, whoever's values these are.
    """
    if scales in ((), ("value",)):
        return dict.fromkeys(scales, values)
    logit = np.log(np.maximum(values, CLIP))
    at = np.arange(len(values))
    margin = logit[at, pair[0]] - logit[at, pair[1]]
    return {"probability": values, "logit": logit, "margin": margin[:, None]}

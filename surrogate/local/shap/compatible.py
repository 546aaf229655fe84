"""shap 0.51's KernelExplainer, followed exactly: its coalitions, its draws, its fit.

Lundberg and Lee 2017, "A Unified Approach to Interpreting Model Predictions", as the shap
package computes it. `KernelShap(compatible=True)` runs on this; `shap_fit` takes anybody's
answers, `shap_values` asks a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.errors import DataError, OptionError
from surrogate.local.shap._shap_plan import ShapPlan, shap_plan, varies
from surrogate.types import FloatArray, IntArray

__all__ = ["LINKS", "ShapPlan", "ShapValues", "shap_fit", "shap_plan", "shap_values"]

Values = Callable[[FloatArray], FloatArray]

_ROUNDED = 1e-10  # effects below which shap says 0
_WELL_COVERED = 0.2  # share of coalitions from which l1_reg="auto" selects nothing
_FIRST = re.compile(r"num_features\((\d+)\)")


def _logit(values: FloatArray) -> FloatArray:
    inside = np.clip(values, 1e-15, 1 - 1e-15)
    return np.asarray(np.log(inside / (1 - inside)))


LINKS: dict[str, Values] = {"identity": lambda values: values, "logit": _logit}
"""What is explained of a mean answer; the mean is taken first."""


@dataclass(frozen=True, eq=False)
class ShapValues:
    """What shap says of one row, all outputs at once.

    Parameters
    ----------
    values : array of shape (d, k)
    expected : array of shape (k,)
        The mean answer on the background, through the link (shap's `expected_value`).
    """

    values: FloatArray
    expected: FloatArray


def shap_values(
    values_of: Values,
    x: FloatArray,
    background: FloatArray,
    *,
    random: np.random.RandomState,
    weights: FloatArray | None = None,
    nsamples: int | str = "auto",
    l1_reg: str | float = "num_features(10)",
    link: str = "identity",
) -> ShapValues:
    """Explain one row as ``KernelExplainer(...).shap_values`` does.

    Parameters
    ----------
    values_of : callable
        The model: rows (n, d) -> answers (n, k).
    x : array of shape (d,)
        The explained row.
    background : array of shape (b, d)
        What stands in for features that a coalition leaves out.
    random : numpy.random.RandomState
        shap draws from NumPy's global one: after ``np.random.seed(s)`` it draws what
        ``RandomState(s)`` does. It moves on from row to row.
    weights : array of shape (b,) or None
        Of the background rows, such as `shap.kmeans` gives; None: equal.
    nsamples : int or "auto"
        Coalitions; "auto": 2,048 and two for each feature that varies.
    l1_reg : "num_features(k)", "aic", "bic", "auto", a number, 0 or False
        Which features may have an effect; 0 and False: all.
    link : {"identity", "logit"}

    Returns
    -------
    ShapValues

    Raises
    ------
    OptionError
        If an option is none that shap knows.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.local.shap.compatible import shap_values
    >>> found = shap_values(
    ...     lambda rows: rows[:, :1] * rows[:, 1:2],
    ...     np.array([2.0, 3.0, 5.0]),
    ...     np.zeros((1, 3)),
    ...     random=np.random.RandomState(0),
    ...     l1_reg=0,
    ... )
    >>> found.values.round(12).tolist()
    [[3.0], [3.0], [0.0]]
    """
    plan = shap_plan(varies(x, background), nsamples=nsamples, random=random)
    share = _shares(weights, len(background))
    none = share @ values_of(background)
    whole = values_of(x[None])[0]
    answers = values_of(plan.rows(x, background)) if len(plan.masks) else np.zeros((0, len(none)))
    means = mean_answers(answers, share)
    values = shap_fit(plan, means, none=none, whole=whole, link=link, l1_reg=l1_reg, random=random)
    return ShapValues(values, LINKS[link](none))


def mean_answers(answers: FloatArray, share: FloatArray) -> FloatArray:
    """Means over the background: (n * b, k), (b,) -> (n, k); summed in shap's order."""
    apart = answers.reshape(-1, len(share), answers.shape[1])
    total = np.zeros((len(apart), answers.shape[1]))
    for j, part in enumerate(share):
        total += apart[:, j] * part
    return total


def _shares(weights: FloatArray | None, b: int) -> FloatArray:
    """Weights of background rows that add up to 1."""
    if weights is None:
        return np.full(b, 1.0) / b
    share = np.asarray(weights, dtype=np.float64)
    if share.shape != (b,) or not (share >= 0).all() or not share.sum() > 0:
        raise DataError(
            f"The `weights` of KernelShap must be {b} numbers, one a background row, none below "
            f"0 and not all 0; got {weights!r}."
        )
    return np.asarray(share / share.sum())


def shap_fit(
    plan: ShapPlan,
    means: FloatArray,
    *,
    none: FloatArray,
    whole: FloatArray,
    link: str = "identity",
    l1_reg: str | float = "num_features(10)",
    random: np.random.RandomState | None = None,
) -> FloatArray:
    """Shapley values as shap estimates them from the answers to a plan.

    Parameters
    ----------
    plan : ShapPlan
    means : array of shape (n, k)
        Mean answer of each coalition over the background.
    none, whole : array of shape (k,)
        Mean answer of the background, and the answer to the row itself.
    link, l1_reg, random
        As in `shap_values`; a number as `l1_reg` has scikit-learn's lasso take one from the
        generator for each output, though it needs none.

    Returns
    -------
    array of shape (d, k)

    Raises
    ------
    OptionError
        If `link` or `l1_reg` is none that shap knows.
    """
    check_l1(l1_reg)
    if link not in LINKS:
        raise OptionError(
            f"The `link` parameter of KernelShap must be one of {sorted(LINKS)}; got {link!r}."
        )
    linked = LINKS[link]
    base = linked(none)
    gap, gains = linked(whole) - base, linked(means) - base
    phi = np.zeros((plan.d, len(none)))
    if len(plan.varying) == 1:
        phi[plan.varying[0]] = gap
    elif len(plan.varying):
        for c in range(len(none)):
            kept = _kept(plan, gains[:, c], float(gap[c]), l1_reg, random)
            phi[plan.varying, c] = _solve(plan, gains[:, c], float(gap[c]), kept)
    return phi


def check_l1(l1_reg: Any) -> None:
    """Refuse an `l1_reg` that shap does not know."""
    if isinstance(l1_reg, str):
        known = l1_reg in ("auto", "aic", "bic") or _FIRST.fullmatch(l1_reg) is not None
    else:
        known = l1_reg is not True and isinstance(l1_reg, (int, float)) and 0 <= l1_reg < np.inf
    if not known:
        raise OptionError(
            "The `l1_reg` parameter of KernelShap must be 'num_features(k)', 'aic', 'bic', "
            f"'auto', a number of at least 0, or False; got {l1_reg!r}."
        )


def _solve(plan: ShapPlan, gain: FloatArray, gap: float, kept: IntArray) -> FloatArray:
    """Least squares on the kept features, the last of which takes what the others leave: (m,)."""
    phi = np.zeros(len(plan.varying))
    if not len(kept):
        return phi
    masks = plan.masks.astype(np.float64)
    free, last = kept[:-1], masks[:, kept[-1]]
    X, y = masks[:, free] - last[:, None], gain - last * gap
    weighed = plan.weight[:, None] * X
    try:
        phi[free] = np.linalg.solve(X.T @ weighed, weighed.T @ y)
    except np.linalg.LinAlgError:  # too few coalitions for so many features
        root = np.sqrt(plan.weight)
        phi[free] = np.linalg.lstsq(root[:, None] * X, root * y, rcond=None)[0]
    phi[kept[-1]] = gap - phi[free].sum()
    phi[np.abs(phi) < _ROUNDED] = 0.0
    return phi


def _kept(
    plan: ShapPlan,
    gain: FloatArray,
    gap: float,
    l1_reg: str | float,
    random: np.random.RandomState | None,
) -> IntArray:
    """Features that may have an effect, in the order in which shap holds them."""
    m = len(plan.varying)
    if l1_reg == 0 or (l1_reg == "auto" and plan.share >= _WELL_COVERED):
        return np.arange(m)
    X, y = _both_ends(plan, gain, gap)
    if not isinstance(l1_reg, str):
        from sklearn.linear_model import Lasso

        return np.flatnonzero(Lasso(alpha=l1_reg, random_state=random).fit(X, y).coef_)
    first = _FIRST.fullmatch(l1_reg)
    if first:
        from sklearn.linear_model import lars_path

        return np.array(lars_path(X, y, max_iter=int(first[1]))[1], dtype=np.intp)
    from sklearn.linear_model import LassoLarsIC
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler(with_mean=False).fit_transform(X)
    criterion = "aic" if l1_reg == "auto" else l1_reg
    return np.flatnonzero(LassoLarsIC(criterion=criterion).fit(scaled, y).coef_)


def _both_ends(plan: ShapPlan, gain: FloatArray, gap: float) -> tuple[FloatArray, FloatArray]:
    """Rows and targets of the selection: each coalition from none, and again from all."""
    room = len(plan.masks) + plan.unused  # empty places count as rows of weight 0
    masks, weight, target = np.zeros((room, plan.masks.shape[1])), np.zeros(room), np.zeros(room)
    masks[: len(gain)], weight[: len(gain)], target[: len(gain)] = plan.masks, plan.weight, gain
    size = masks.sum(axis=1)
    root = np.sqrt(np.concatenate([weight * (masks.shape[1] - size), weight * size]))
    both = np.concatenate([masks, masks - 1])
    return root[:, None] * both, root * np.concatenate([target, target - gap])

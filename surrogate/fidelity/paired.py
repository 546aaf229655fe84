"""Whether two models, or two arms of models, differ: paired by source row, or over seeds.

What a verdict speaks of is what was permuted. Rows whose models are swapped say something of
*these nets*; *the training recipe* is only shown by training again, since two nets of one recipe
differ too: docs/verdicts.md has how often each goes wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from surrogate._validate import Real, Whole, check
from surrogate.errors import InputError
from surrogate.fidelity.bootstrap import Statistic
from surrogate.fidelity.holm import LEAST
from surrogate.fidelity.permuting import Permuted, flip_signs, permute_labels
from surrogate.types import BoolArray, FloatArray

__all__ = [
    "MIN_SEEDS",
    "Difference",
    "compare_rows",
    "compare_seeds",
    "lacking",
    "pseudo_values",
]

MIN_SEEDS = 8
"""Training seeds an arm from which a verdict may speak of the training recipe."""

NETS: Literal["these nets"] = "these nets"
RECIPE: Literal["the training recipe"] = "the training recipe"


@dataclass(frozen=True)
class Difference:
    """The second model's or arm's metric, less the first's, and what permutations say of it.

    Parameters
    ----------
    metric : str
    effect : float or None
        None where the metric is undefined for either.
    low, high : float or None
        The effects that the test does not reject at `level`; None where it cannot reject any.
    p : float or None
        Two-sided, not corrected for other tests: see `holm`.
    smallest : float
        The smallest p that these units can reach.
    about : {"these nets", "the training recipe"}
    unit : {"source rows", "training seeds"}
        What was permuted.
    n : int
        How many of them; seeds of both arms together.
    level : float
    reason : str
        Why a figure is missing, or what a wider claim lacks.
    """

    metric: str
    effect: float | None
    low: float | None
    high: float | None
    p: float | None
    smallest: float
    about: Literal["these nets", "the training recipe"]
    unit: Literal["source rows", "training seeds"]
    n: int
    level: float = 0.95
    reason: str = ""


def pseudo_values(totals: FloatArray, statistic: Statistic) -> tuple[FloatArray, FloatArray]:
    """Give metrics, and what each source adds to them, times the number of sources.

    Parameters
    ----------
    totals : array of shape (G, m)
        Sums over the rows of each source.
    statistic : callable
        Totals (..., m) to values (..., q).

    Returns
    -------
    values : array of shape (q,)
    pseudo : array of shape (G, q)
        Jackknife pseudo-values; of a mean, each source's own.

    References
    ----------
    Tukey (1958), Annals of Mathematical Statistics 29; Efron & Tibshirani (1993), chapter 11.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import pseudo_values
    >>> value, pseudo = pseudo_values(np.c_[np.ones(4), [1.0, 0, 0, 1]], lambda t: t[..., 1:] / 4)
    >>> float(value[0])
    0.5
    """
    whole, groups = totals.sum(axis=0), len(totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.asarray(statistic(whole))
        if groups < 2:
            return value, np.broadcast_to(value, (groups, value.size))
        return value, groups * value - (groups - 1) * statistic(whole - totals)


def compare_rows(
    first: FloatArray,
    second: FloatArray,
    statistic: Statistic,
    *,
    metrics: Sequence[str],
    level: float = 0.95,
    resamples: int = LEAST,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Compare two models, or the means of two arms, on rows paired by their source.

    Each source's part in both metrics is swapped between the models, or not, by a coin: the
    sign of its part in the difference flips. What a source adds to R², a ratio of sums, is its
    jackknife pseudo-value. To swap the sums instead, and make the ratios anew, would ask
    whether the models are alike in everything, and finds less where they have one R² and
    another spread: docs/verdicts.md.

    Parameters
    ----------
    first, second : array of shape (G, m), or (nets, G, m) for an arm
        Sums over the rows of each source, the same sources in the same order. The rows
        themselves may differ: each model's own adversarial ones.
    statistic : callable
        Totals (..., m) to values (..., q); undefined values are NaN.
    metrics : sequence of q str
        What the values are called.
    level : float
        Of the intervals, each by itself.
    resamples : int
        Draws where there are too many sign patterns to try all; see `resamples_for`.
    seed : int

    Returns
    -------
    tuple of Difference
        One a metric, about these nets.

    Raises
    ------
    InputError
        If there are no sources, or not the same number of them.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import compare_rows
    >>> rows = np.arange(300)
    >>> seldom, often = (np.c_[np.ones(300), rows % k != 0] for k in (4, 10))
    >>> share = lambda total: total[..., 1:] / total[..., :1]
    >>> (found,) = compare_rows(seldom, often, share, metrics=["agreement"])
    >>> round(found.effect, 3), found.p <= 0.001, found.about
    (0.15, True, 'these nets')
    """
    _check(level, resamples)
    arms = [_arm(first), _arm(second)]
    if arms[0].shape[1:] != arms[1].shape[1:] or not arms[0].shape[1]:
        raise InputError(
            "Models are compared on sums of the same sources; got shapes "
            f"{arms[0].shape[1:]} and {arms[1].shape[1:]}."
        )
    parts = [[pseudo_values(net, statistic) for net in arm] for arm in arms]
    one, other = (np.mean([value for value, _ in arm], axis=0) for arm in parts)
    ours, theirs = (np.mean([pseudo for _, pseudo in arm], axis=0) for arm in parts)
    effects, differences = other - one, theirs - ours
    defined = np.isfinite(np.concatenate([effects[None], differences])).all(axis=0)
    safe = np.where(defined, differences, 0.0)
    centred = safe - safe.mean(axis=0) + np.where(defined, effects, 0.0)
    found = flip_signs(centred, level=level, resamples=resamples, seed=seed)
    groups = len(differences)
    enough = min(map(len, arms)) >= MIN_SEEDS
    return _differences(
        metrics,
        effects,
        defined,
        found,
        few=f"{groups:,} source row{'' if groups == 1 else 's'}",
        unit="source rows",
        about=NETS,
        n=groups,
        level=level,
        reason="" if enough else lacking(*map(len, arms)),
    )


def compare_seeds(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    metrics: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = LEAST,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Compare two recipes by the figures of nets trained under several seeds.

    Which arm a net belongs to is permuted, and Welch's t compared: every permutation where
    there are at most 20,000, which holds for 8 and 8.

    Parameters
    ----------
    first, second : array of shape (a, q) and (b, q)
        One row a training seed, one column a metric; NaN where undefined.
    metrics : sequence of q str
        What the columns are called.
    level : float
    resamples : int
    seed : int

    Returns
    -------
    tuple of Difference
        About the training recipe from `MIN_SEEDS` seeds an arm, and about these nets below.

    Raises
    ------
    InputError
        If an arm has fewer than two seeds, or shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import compare_seeds
    >>> natural, robust = np.linspace(0.70, 0.78, 8), np.linspace(0.76, 0.90, 8)
    >>> (found,) = compare_seeds(natural[:, None], robust[:, None], ["agreement"])
    >>> found.about, round(found.effect, 3), found.p < 0.01, 0 < found.low < found.effect
    ('the training recipe', 0.09, True, True)
    """
    _check(level, resamples)
    x, y = _figures("first", first, metrics), _figures("second", second, metrics)
    defined = np.isfinite(np.concatenate([x, y])).all(axis=0)
    found = permute_labels(
        np.where(defined, x, 0.0),
        np.where(defined, y, 0.0),
        level=level,
        resamples=resamples,
        seed=seed,
    )
    enough = min(len(x), len(y)) >= MIN_SEEDS
    return _differences(
        metrics,
        y.mean(axis=0) - x.mean(axis=0),
        defined,
        found,
        few=f"{len(x)} and {len(y)} training seeds",
        unit="training seeds",
        about=RECIPE if enough else NETS,
        n=len(x) + len(y),
        level=level,
        reason="" if enough else lacking(len(x), len(y)),
    )


def lacking(first: int, second: int) -> str:
    """What these numbers of nets lack for a verdict on the training recipe.

    Examples
    --------
    >>> from surrogate.fidelity.paired import lacking
    >>> lacking(1, 1)
    'one net each; to speak of the training recipe, at least 8 training seeds an arm are needed'
    """
    nets = "one net each" if first == second == 1 else f"{first} and {second} nets"
    return (
        f"{nets}; to speak of the training recipe, at least {MIN_SEEDS} training seeds an arm are "
        "needed"
    )


def _check(level: float, resamples: int) -> None:
    check(
        "compare",
        {"level": Real(0.0, 1.0, closed="neither"), "resamples": Whole(99)},
        {"level": level, "resamples": resamples},
    )


def _arm(given: FloatArray) -> FloatArray:
    """Totals of every net of an arm: (nets, G, m)."""
    found = np.asarray(given, dtype=np.float64)
    if found.ndim not in (2, 3) or not len(found):
        raise InputError(
            f"Totals have shape (sources, m), or (nets, sources, m); got {found.shape}."
        )
    return found if found.ndim == 3 else found[None]


def _figures(name: str, given: npt.ArrayLike, metrics: Sequence[str]) -> FloatArray:
    found = np.asarray(given, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != len(metrics) or len(found) < 2:
        raise InputError(
            f"{name} needs at least 2 training seeds and one column a metric "
            f"({len(metrics)}); got shape {found.shape}."
        )
    return found


def _differences(
    names: Sequence[str],
    effects: FloatArray,
    defined: BoolArray,
    found: Permuted,
    *,
    few: str,
    unit: Literal["source rows", "training seeds"],
    about: Literal["these nets", "the training recipe"],
    n: int,
    level: float,
    reason: str,
) -> tuple[Difference, ...]:
    """One record a metric; what is undefined or out of reach says why."""
    told: dict[str, Any] = {"smallest": found.smallest, "about": about, "unit": unit, "n": n}
    told["level"] = level
    made: list[Difference] = []
    for j, name in enumerate(names):
        if not defined[j]:
            why = "undefined: a model answers the same on every row, or too few sources vary"
            made.append(Difference(name, None, None, None, None, **told, reason=why))
            continue
        effect, low, high = (float(a[j]) for a in (effects, found.low, found.high))
        bounded = np.isfinite(low) and np.isfinite(high)
        why = "" if bounded else f"the smallest p that {few} can reach is {found.smallest:.2g}"
        made.append(
            Difference(
                name,
                effect,
                min(low, effect) if bounded else None,
                max(high, effect) if bounded else None,
                float(found.p[j]),
                **told,
                reason="; ".join(filter(None, (why, reason))),
            )
        )
    return tuple(made)

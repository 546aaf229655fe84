"""Whether two models, or two arms of models, differ: paired by source row, or over seeds.

What a verdict speaks of is what was permuted. Rows that swap two nets say something of *these
nets*; *the training recipe* is only shown by training again, since two nets of one recipe differ
too: docs/verdicts.md has how often each goes wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from surrogate._validate import Real, Whole, check
from surrogate.errors import InputError
from surrogate.fidelity.bootstrap import source_totals
from surrogate.fidelity.holm import LEAST
from surrogate.fidelity.intervals import source_index
from surrogate.fidelity.permuting import Permuted, flip_signs, permute_labels
from surrogate.fidelity.sides import Side, parts_of
from surrogate.types import FloatArray, IntArray

__all__ = ["MIN_SEEDS", "Difference", "compare_arms", "compare_rows", "compare_seeds"]

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
        Name in `PAIRED_METRICS`.
    effect : float or None
        None where the metric is undefined for either.
    low, high : float or None
        The effects that the test does not reject at `level`; None where it cannot reject any.
    p : float or None
        Two-sided, not corrected for other tests.
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


def compare_rows(
    first: Side | Sequence[Side],
    second: Side | Sequence[Side],
    metrics: Sequence[str] | None = None,
    *,
    level: float = 0.95,
    resamples: int = LEAST,
    seed: int = 0,
    reason: str = "",
) -> tuple[Difference, ...]:
    """Compare two models, or the means of two arms, on rows paired by their source.

    Each source row's part in both metrics is swapped between the models, or not, by a coin:
    the sign of its part in the difference flips. What a source adds to R², a ratio of sums,
    is its jackknife pseudo-value. To swap and recompute the ratios instead would compare the
    models only if they varied alike: with equal R² and different spread of the output it
    errs, up to 27 % at a nominal 5 % in docs/verdicts.md.

    Parameters
    ----------
    first, second : Side, or sequence of Side
        Rows may differ (each model's own adversarial rows), their sources must not. Of
        several models in an arm the mean is compared.
    metrics : sequence of str, optional
        Names of `PAIRED_METRICS`; all that both sides allow, if not given.
    level : float
        Of the intervals, each by itself.
    resamples : int
        Draws where there are too many sign patterns to try all; see `resamples_for`.
    seed : int
    reason : str
        What a wider claim lacks, for the record.

    Returns
    -------
    tuple of Difference
        One a metric, about these nets.

    Raises
    ------
    InputError
        If the sides have no rows, other sources, or not what a metric needs.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import Side, compare_rows
    >>> model, rows = np.arange(300) % 2, np.arange(300)
    >>> often = Side(decision=model, said_decision=np.where(rows % 10 == 0, 1 - model, model))
    >>> seldom = Side(decision=model, said_decision=np.where(rows % 4 == 0, 1 - model, model))
    >>> (found,) = compare_rows(seldom, often)
    >>> found.metric, round(found.effect, 3), found.p <= 0.001, found.about
    ('agreement', 0.15, True, 'these nets')
    """
    _check(level, resamples)
    arms = [_arm(first), _arm(second)]
    names = _shared(arms, metrics)
    index, groups = _paired_sources(arms)
    values = np.empty((2, len(names)))
    pseudo = np.empty((2, groups, len(names)))
    for a, arm in enumerate(arms):
        for j, name in enumerate(names):
            each = [_pseudo(one, name, at, groups) for one, at in zip(arm, index[a], strict=True)]
            values[a, j] = np.mean([value for value, _ in each])
            pseudo[a, :, j] = np.mean([parts for _, parts in each], axis=0)
    effects = values[1] - values[0]
    differences = pseudo[1] - pseudo[0]
    defined = np.isfinite(np.concatenate([effects[None], differences])).all(axis=0)
    safe = np.where(defined, differences, 0.0)
    centred = safe - safe.mean(axis=0) + np.where(defined, effects, 0.0)
    found = flip_signs(centred, level=level, resamples=resamples, seed=seed)
    few = f"{groups:,} source row{'' if groups == 1 else 's'}"
    return _differences(
        names, effects, defined, found, few=few, unit="source rows", about=NETS, n=groups,
        level=level, reason=reason,
    )  # fmt: skip


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
        tuple(metrics), y.mean(axis=0) - x.mean(axis=0), defined, found,
        few=f"{len(x)} and {len(y)} training seeds", unit="training seeds",
        about=RECIPE if enough else NETS, n=len(x) + len(y), level=level,
        reason="" if enough else lacking(len(x), len(y)),
    )  # fmt: skip


def compare_arms(
    first: Sequence[Side],
    second: Sequence[Side],
    metrics: Sequence[str] | None = None,
    *,
    level: float = 0.95,
    resamples: int = LEAST,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Compare two arms by what they allow: over training seeds, or by source row.

    With at least `MIN_SEEDS` nets in both arms the seeds are permuted and the verdict speaks
    of the training recipe; else the arms' means are paired by source row, the verdict speaks
    of these nets, and the reason says what is missing.

    Parameters
    ----------
    first, second : sequence of Side
        One a net.
    metrics, level, resamples, seed
        As in `compare_rows`.

    Returns
    -------
    tuple of Difference
    """
    arms = [_arm(first), _arm(second)]
    if min(map(len, arms)) < MIN_SEEDS:
        return compare_rows(
            first,
            second,
            metrics,
            level=level,
            resamples=resamples,
            seed=seed,
            reason=lacking(*map(len, arms)),
        )
    names = _shared(arms, metrics)
    one, other = (np.array([figures_of(side, names) for side in arm]) for arm in arms)
    return compare_seeds(one, other, names, level=level, resamples=resamples, seed=seed)


def figures_of(side: Side, metrics: Sequence[str]) -> list[float]:
    """A side's figures without intervals, to be compared over seeds; NaN where undefined."""
    index, groups = _index([side])
    return [_pseudo(side, name, index[0], groups, figure_only=True)[0] for name in metrics]


def lacking(first: int, second: int) -> str:
    """What these numbers of nets lack for a verdict on the training recipe.

    Examples
    --------
    >>> from surrogate.fidelity.paired import lacking
    >>> lacking(1, 1)
    '1 and 1 nets; to speak of the training recipe, at least 8 training seeds an arm are needed'
    """
    return (
        f"{first} and {second} nets; to speak of the training recipe, at least {MIN_SEEDS} "
        "training seeds an arm are needed"
    )


def _check(level: float, resamples: int) -> None:
    check(
        "compare",
        {"level": Real(0.0, 1.0, closed="neither"), "resamples": Whole(99)},
        {"level": level, "resamples": resamples},
    )


def _arm(given: Side | Sequence[Side]) -> tuple[Side, ...]:
    arm = (given,) if isinstance(given, Side) else tuple(given)
    if not arm:
        raise InputError("An arm needs at least one model; got none.")
    return arm


def _shared(arms: Sequence[Sequence[Side]], metrics: Sequence[str] | None) -> tuple[str, ...]:
    """The metrics asked for, or all that every side allows."""
    if metrics is not None:
        return tuple(metrics)
    sides = [side for arm in arms for side in arm]
    return tuple(name for name in sides[0].metrics if all(name in s.metrics for s in sides))


def _index(sides: Sequence[Side]) -> tuple[list[IntArray], int]:
    """Source numbers of each side's rows, the same source having the same number."""
    given = [np.arange(s.n) if s.sources is None else np.asarray(s.sources) for s in sides]
    joined, groups = source_index(np.concatenate(given), sum(map(len, given)))
    ends = np.cumsum([len(one) for one in given])[:-1]
    return list(np.split(joined, ends)), groups


def _paired_sources(arms: Sequence[Sequence[Side]]) -> tuple[list[list[IntArray]], int]:
    """Source numbers of every side of both arms, which must have the same sources."""
    sides = [side for arm in arms for side in arm]
    if any(side.sources is not None and (np.asarray(side.sources) < 0).any() for side in sides):
        raise InputError("Rows are paired by their source; some have none (a negative number).")
    index, groups = _index(sides)
    for one in index:
        if len(np.unique(one)) != groups:
            raise InputError(
                "Models are compared on rows of the same sources; here one has "
                f"{len(np.unique(one)):,} of {groups:,}."
            )
    cut = len(arms[0])
    return [index[:cut], index[cut:]], groups


def _pseudo(
    side: Side, metric: str, index: IntArray, groups: int, *, figure_only: bool = False
) -> tuple[float, FloatArray]:
    """A metric's value, and each source's pseudo-value: what it adds, times their number."""
    columns, statistic, defined = parts_of(side, metric, index)
    if not defined:
        return np.nan, np.full(groups, np.nan)
    totals = source_totals(columns, index, groups)
    whole = totals.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(whole)[0])
        if figure_only or groups < 2:
            return value, np.full(groups, value)
        without = statistic(whole - totals)[:, 0]  # (G,)
    return value, groups * value - (groups - 1) * without


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
    defined: npt.NDArray[np.bool_],
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
    made: list[Difference] = []
    for j, name in enumerate(names):
        told: dict[str, Any] = {"smallest": found.smallest, "about": about, "unit": unit, "n": n}
        if not defined[j]:
            why = "undefined: a model answers the same on every row, or too few sources vary"
            made.append(Difference(name, None, None, None, None, **told, level=level, reason=why))
            continue
        low, high = float(found.low[j]), float(found.high[j])
        bounded = np.isfinite(low) and np.isfinite(high)
        why = "" if bounded else (f"the smallest p that {few} can reach is {found.smallest:.2g}")
        made.append(
            Difference(
                name,
                float(effects[j]),
                low if bounded else None,
                high if bounded else None,
                float(found.p[j]),
                **told,
                level=level,
                reason="; ".join(filter(None, (why, reason))),
            )
        )
    return tuple(made)

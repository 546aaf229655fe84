"""Fidelity of parts of the rows: by class, and by any grouping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.answers import value_errors
from surrogate.fidelity.bootstrap import smooth_intervals, source_totals
from surrogate.fidelity.intervals import share, share_interval, source_index
from surrogate.fidelity.score import GroupScore, Score
from surrogate.types import Label

__all__ = ["SMALL", "by_class", "by_group"]

SMALL = 30
"""Groups of fewer sources than this are flagged."""


def by_group(
    said: npt.ArrayLike,
    target: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    grouping: str = "group",
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    guarantee: bool = False,
    seed: int = 0,
) -> tuple[GroupScore, ...]:
    """Agreement, or the mean absolute error of values, in each group of rows.

    Each interval stands alone: among many groups some miss their figure.

    Parameters
    ----------
    said, target : arrays of int of shape (n,), or of float of shape (n,) or (n, k)
        Decisions of the surrogate and of the model, or their values.
    groups : array of shape (n,)
        Group of each row: strings or numbers.
    grouping : str
        What the grouping is called: groups are named "grouping = value".
    sources : array of int of shape (n,), or None
        The real row that each row was made from.
    level : float
    guarantee : bool
        Whether intervals of agreement must cover at least `level`.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    tuple of GroupScore, in the groups' sorted order

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import by_group
    >>> target = np.arange(80) % 2
    >>> said = np.where(np.arange(80) < 8, 1 - target, target)
    >>> for group in by_group(said, target, np.arange(80) // 40, grouping="half"):
    ...     print(group)
    half = 0: agreement 80.0 % (95 % interval 65.2 to 89.6; n = 40)
    half = 1: agreement 100.0 % (95 % interval 91.2 to 100.0; n = 40)
    """
    ours, theirs, labels = np.asarray(said), np.asarray(target), np.asarray(groups)
    if ours.shape != theirs.shape or labels.shape != ours.shape[:1]:
        raise InputError(
            f"said, target and groups need one entry a row; got shapes {ours.shape}, "
            f"{theirs.shape} and {labels.shape}."
        )
    index, _ = source_index(sources, len(theirs))
    found, member = np.unique(labels, return_inverse=True)
    scores = []
    for code, label in enumerate(found.tolist()):
        at = np.flatnonzero(member == code)
        if np.issubdtype(theirs.dtype, np.integer):
            score = _agreement(ours[at] == theirs[at], index[at], level=level, guarantee=guarantee)
        else:
            score = _error(ours[at], theirs[at], index[at], level=level, seed=seed)
        scores.append(GroupScore(f"{grouping} = {label}", score, score.n_sources < SMALL))
    return tuple(scores)


def by_class(
    said: npt.ArrayLike,
    target: npt.ArrayLike,
    *,
    classes: Sequence[Label] | None = None,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    guarantee: bool = False,
) -> tuple[GroupScore, ...]:
    """Agreement within each class that the model decides for.

    Parameters
    ----------
    said, target : arrays of int of shape (n,)
        Codes of the decisions of the surrogate and of the model.
    classes : sequence, or None
        Names of the classes by code.
    sources, level, guarantee
        As in `by_group`.

    Examples
    --------
    >>> from surrogate.fidelity import by_class
    >>> print(by_class([0, 0, 1], [0, 0, 1], classes=("no", "yes"))[1])
    class = yes: agreement 100.0 % (95 % interval 20.6 to 100.0; n = 1) [small group]
    """
    theirs = np.asarray(target)
    groups = by_group(
        said, theirs, theirs, grouping="class", sources=sources, level=level, guarantee=guarantee
    )
    if classes is None:
        return groups
    names = [classes[int(code)] for code in np.unique(theirs)]
    return tuple(
        GroupScore(f"class = {label}", group.score, group.small)
        for label, group in zip(names, groups, strict=True)
    )


def _agreement(
    agree: npt.NDArray[np.bool_],
    index: npt.NDArray[np.intp],
    *,
    level: float,
    guarantee: bool,
) -> Score:
    """Agreement of one group."""
    measured = share(agree, index)
    interval, reason = share_interval(measured, level=level, guarantee=guarantee)
    return Score(
        "agreement", measured.rate, interval, measured.n, measured.n_sources, reason=reason
    )


def _error(
    said: npt.NDArray[Any],
    target: npt.NDArray[Any],
    index: npt.NDArray[np.intp],
    *,
    level: float,
    seed: int,
) -> Score:
    """Mean absolute error of one group: R² would compare groups by their own spread."""
    n = len(target)
    ours, theirs = (np.asarray(a, dtype=np.float64).reshape(n, -1) for a in (said, target))
    errors = value_errors(ours, theirs, names=("MAE",))
    _, index = np.unique(index, return_inverse=True)
    totals = source_totals(errors.columns, index, int(index.max()) + 1)
    (interval, reason), *_ = smooth_intervals(
        totals, errors.metrics, scales=["log", "log", "plain"], level=level, seed=seed
    )
    value = float(errors.metrics(totals.sum(axis=0))[0])
    return Score("MAE", value, interval, n, len(totals), reason=reason)

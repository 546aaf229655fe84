"""Checks of local explanations: the target asked again with features changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from surrogate._array import to_numpy
from surrogate._probe import ENDINGS
from surrogate.errors import LedgerError
from surrogate.explanation import LocalExplanations
from surrogate.explanation.encoding import Scaled
from surrogate.explanation.local_checks import LocalChecks
from surrogate.fidelity import deletion, insertion, prediction_gap
from surrogate.types import FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate.domain import Domain
    from surrogate.oracle import Oracle

__all__ = ["PURPOSE", "check_rows", "checks_cost", "measure_checks"]

PURPOSE = "checks"
MOST_ROWS, DRAWS, MOST_STEPS, MOST_TOP = 20, 10, 10, 3


def checks_cost(domain: Domain, n_rows: int) -> int:
    """Rows that checks of so many explanations ask; none where columns are tied together."""
    if _tied(domain):
        return 0
    r, d = min(n_rows, MOST_ROWS), domain.n_features
    gaps, curves = 2 * r * (1 + DRAWS), 4 * r * (_steps(d) + 1)
    return gaps + curves


def check_rows(
    oracle: Oracle, local: LocalExplanations, reference: FloatArray, *, seed: int
) -> tuple[LocalChecks | None, tuple[str, ...]]:
    """Check the first explained rows against a population; and why not, or why it ended."""

    def ask(rows: FloatArray) -> FloatArray:
        return oracle.ask(to_numpy(oracle.snap(rows)), purpose=PURPOSE).numbers()

    try:
        return measure_checks(
            ask,
            local,
            reference,
            typical=typical_row(oracle.domain, reference),
            classes=oracle.classes,
            seed=seed,
        ), ()
    except LedgerError:  # offline, and kept without checks
        return None, ()
    except ENDINGS as ended:
        return None, (f"Local explanations were not checked: {ended.why}.",)


def measure_checks(
    ask: Callable[[FloatArray], FloatArray],
    local: LocalExplanations,
    reference: FloatArray,
    *,
    typical: FloatArray,
    classes: tuple[Label, ...] | None,
    seed: int,
) -> LocalChecks:
    """PGI, PGU, deletion and insertion of the explanations of the first rows.

    A function of the explanations and the answers: `ask` may give kept ones in their order, and
    then the contents of `reference` and `typical` do not matter but for their widths.

    Parameters
    ----------
    ask : callable
        Rows (n, d) to answers (n, k) of all classes.
    local : LocalExplanations
    reference : array of shape (m, d)
        Rows whose values replace those of the explained rows.
    typical : array of shape (d,)
        What a feature is set to when it goes.
    classes : tuple or None
        All classes of the target.
    seed : int
    """
    some = local[:MOST_ROWS]
    shown = np.asarray(some.box_values).argmax(axis=1)  # the class that the model decides for
    columns = _columns(some, shown, classes)
    slope = np.asarray(some.coef)[np.arange(len(shown)), shown]  # (r, d), by z or per spread
    effect = attributions(some, shown, typical)
    rows, d = np.asarray(some.rows), some.rows.shape[1]
    top = max(1, min(MOST_TOP, d // 2))
    gaps = [
        prediction_gap(
            ask,
            rows,
            slope,
            perturbed=reference,
            top=top,
            important=important,
            draws=DRAWS,
            columns=columns,
            seed=seed,
        )
        for important in (True, False)
    ]
    curves = [
        curve(ask, rows, effect, baseline=typical, columns=columns, steps=_steps(d), seed=seed)
        for curve in (deletion, insertion)
    ]
    found = [*gaps, *curves]
    left = len(local) - len(some)
    notes = (f"The first {len(some)} of {len(local)} explained rows were checked.",) if left else ()
    return LocalChecks(
        method=local.method,
        scores=tuple(one.score for one in found),
        rows=len(some),
        asked=sum(one.queries for one in found),
        top=top,
        draws=DRAWS,
        notes=notes,
    )


def attributions(local: LocalExplanations, shown: IntArray, typical: FloatArray) -> FloatArray:
    """What each feature adds to the answer by being as it is, and not as is typical: (r, d)."""
    coef = np.asarray(local.coef)[np.arange(len(shown)), shown]
    encoding = local.encoding
    if not isinstance(encoding, Scaled):
        return coef
    away = np.nan_to_num(np.asarray(local.rows) - typical)
    size = np.where(np.asarray(encoding.scale) > 0, encoding.scale, 1.0)
    return np.where(encoding.equality, coef, coef * away / size)


def typical_row(domain: Domain, rows: FloatArray) -> FloatArray:
    """The median of each number, and the commonest of each code, of the values that are known."""
    found = np.zeros(rows.shape[1])
    for j, feature in enumerate(domain.features):
        known = rows[~np.isnan(rows[:, j]), j]
        if not len(known):
            found[j] = np.nan
        elif feature.kind in ("continuous", "integer"):
            found[j] = np.median(known)
        else:
            values, counts = np.unique(known, return_counts=True)
            found[j] = values[counts.argmax()]
    return found


def _columns(
    local: LocalExplanations, shown: IntArray, classes: tuple[Label, ...] | None
) -> IntArray:
    """Of all the target's answers, the column that each explanation is about."""
    if classes is None or local.classes is None:
        return shown
    place = np.array([classes.index(label) for label in local.classes], dtype=np.intp)
    return np.asarray(place[shown])


def _tied(domain: Domain) -> bool:
    """Whether a column cannot be changed without another."""
    return bool(domain.groups or domain.derived or domain.constraint is not None)


def _steps(d: int) -> int:
    return min(d, MOST_STEPS)

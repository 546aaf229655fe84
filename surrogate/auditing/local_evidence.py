"""What local explanations were measured on, and their fidelity computed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import DataError, InputError, OptionError
from surrogate.explanation import LocalExplanations
from surrogate.fidelity import WeightedR2, weighted_r2
from surrogate.local import Lime
from surrogate.types import FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate.oracle.kept import Kept

__all__ = ["FRESH", "LocalKept", "as_measured", "local_kept", "measured_again", "told_by"]

FRESH = "fidelity"
"""The purpose under which local methods ask what they are measured on."""
_NEAR = 1e-3  # of R²: what single precision and a GPU may differ by, and no more


@dataclass(frozen=True, eq=False)
class LocalKept:
    """What local explanations were measured on.

    Parameters
    ----------
    rows : array of shape (n, d) or (r, n, d)
        Fresh perturbed rows, shared by the r explained rows or around each.
    answers : array of shape (n, k) or (r, n, k)
        The model's, of the explained classes.
    weights : array of shape (r, n)
        Of the kernel around each explained row, in single precision, which is plenty.
    fits : array of shape (S, r, k, d) or None
        Coefficients of refits under other seeds.
    """

    rows: FloatArray
    answers: FloatArray
    weights: FloatArray
    fits: FloatArray | None = None


def local_kept(
    kept: Kept,
    algorithm: Any,
    found: LocalExplanations,
    *,
    picked: Sequence[int] | None,
    reference: FloatArray,
    classes: Sequence[Label] | None,
    fits: Sequence[FloatArray] = (),
) -> LocalKept | None:
    """What some explanations were measured on; None where that was not fresh rows of LIME's.

    Parameters
    ----------
    kept : Kept
        Of all that was asked to explain.
    algorithm : object
        The local method.
    found : LocalExplanations
        Of all explained rows.
    picked : sequence of int, or None
        Which of them are wanted; None: all.
    reference : array of shape (m, d)
    classes : sequence, or None
        All classes of the model.
    fits : sequence of arrays of shape (r, k, d)
        Refits of all of them.
    """
    if not isinstance(algorithm, Lime) or found.interrupted:
        return None
    rows, answers = _fresh(kept, found)
    if rows is None or answers is None:
        return None
    columns = (
        slice(None)
        if found.classes is None
        else [list(classes or ()).index(c) for c in found.classes]
    )
    answers = answers[..., columns]
    wanted = found
    if picked is not None:
        wanted = found.take(picked)
        own: IntArray = np.asarray(picked, dtype=np.intp)
        rows, answers = (a[own] if a.ndim == 3 else a for a in (rows, answers))
    try:
        weights = algorithm.fresh_weights(wanted, rows, reference=reference)
    except (DataError, OptionError):
        return None
    again = np.stack(fits) if fits and picked is None else None
    return LocalKept(rows, answers, weights.astype(np.float32), again)


def _fresh(kept: Kept, found: LocalExplanations) -> tuple[FloatArray | None, FloatArray | None]:
    """Fresh rows and answers: (n, d) and (n, k), or (r, n, d) and (r, n, k)."""
    parts = kept.of(FRESH)
    n, r = found.fidelity.n, len(found)
    parts = parts[-1:] if parts and len(parts[-1][0]) == n and len(parts) < r else parts[-r:]
    if not parts or any(len(rows) != n for rows, _ in parts) or len(parts) not in (1, r):
        return None, None
    rows = np.stack([np.asarray(rows, dtype=np.float64) for rows, _ in parts])
    answers = np.stack([np.asarray(to_numpy(told.values)) for _, told in parts])
    return (rows[0], answers[0]) if len(parts) == 1 else (rows, answers)


def told_by(found: LocalExplanations, rows: FloatArray) -> FloatArray:
    """What each local form says of fresh rows: (r, k, n)."""
    each = [rows] * len(found) if rows.ndim == 2 else list(rows)
    return np.stack([form.predict_values(own).T for form, own in zip(found.forms(), each)])


def measured_again(
    told: FloatArray, answers: FloatArray, weights: FloatArray, *, level: float
) -> WeightedR2:
    """Weighted R² from what local forms (r, k, n) and the model (n, k) or (r, n, k) say."""
    shared = answers if answers.ndim == 3 else answers[None]
    target = np.asarray(shared, dtype=np.float64).swapaxes(1, 2)
    if told.shape[1:] != target.shape[1:] or weights.shape != (len(told), told.shape[2]):
        raise InputError(
            f"answers of shape {answers.shape} and weights of shape {weights.shape} do not fit "
            f"forms that said {told.shape}"
        )
    return weighted_r2(target - told, target, weights.astype(np.float64), level=level)


def as_measured(found: LocalExplanations, kept: LocalKept) -> LocalExplanations | None:
    """The explanations with the fidelity that their evidence gives, in double precision.

    None where that is another than was measured: then the evidence is not of it.
    """
    again = measured_again(
        told_by(found, kept.rows), kept.answers, kept.weights, level=found.fidelity.level
    )
    one, other = found.fidelity.value, again.value
    if not np.allclose(one, other, rtol=_NEAR, atol=_NEAR, equal_nan=True):
        return None
    local = np.stack(
        [form.predict_values(row[None])[0] for form, row in zip(found.forms(), found.rows)]
    )
    fidelity = replace(
        found.fidelity,
        value=again.value,
        low=again.low,
        high=again.high,
        ess=again.ess,
        error=np.abs(local - found.box_values),
    )
    return replace(found, local_values=local, fidelity=fidelity)

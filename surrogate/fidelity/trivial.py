"""The trivial surrogate: majority class and mean of the answers that were fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import InputError
from surrogate.types import FloatArray

__all__ = ["Trivial", "trivial"]


@dataclass(frozen=True, eq=False)
class Trivial:
    """What the surrogate has to beat.

    Parameters
    ----------
    values : array of shape (k,)
        Mean answer.
    decision : int or None
        Code of the majority class; None for regression.
    span : array of shape (k,)
        Range of the model's answers, in their unit.
    """

    values: FloatArray
    decision: int | None
    span: FloatArray


def trivial(answers: Any, *, weights: FloatArray | None = None) -> Trivial:
    """Fit the trivial surrogate on the answers that the surrogate was fitted on.

    Parameters
    ----------
    answers : surrogate.oracle.Answers
        Those of the FIT rows, so that nothing is learnt from the rows of the fidelity.
    weights : array of shape (n,), or None
        Weights of the fit.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from surrogate.fidelity import trivial
    >>> answers = SimpleNamespace(values=np.array([[1., 0.], [0., 1.], [0., 1.]]),
    ...                           decision=np.array([0, 1, 1]))
    >>> trivial(answers).decision
    1
    """
    values = to_numpy(answers.values).astype(np.float64, copy=False)
    if len(values) == 0:
        raise InputError("The trivial surrogate needs at least one answer to be fitted on.")
    decision = None
    if answers.decision is not None:
        codes = to_numpy(answers.decision).astype(np.intp, copy=False)
        decision = int(np.bincount(codes, weights).argmax())
    return Trivial(np.average(values, axis=0, weights=weights), decision, np.ptp(values, axis=0))

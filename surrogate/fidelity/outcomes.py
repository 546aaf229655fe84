"""Against true outcomes: how often whoever answers is right, the model or a surrogate."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.fidelity.assess import assess
from surrogate.fidelity.score import Score

__all__ = ["outcome_score"]


def outcome_score(
    said: npt.ArrayLike, truth: npt.ArrayLike, *, level: float = 0.95, seed: int = 0
) -> Score:
    """Accuracy of decisions, or R² of values, on true outcomes.

    No fidelity: a surrogate may be right where its model is wrong. It stands beside the
    fidelity so that nobody takes an easy task, or a constant model, for a readable one.

    Parameters
    ----------
    said, truth : int arrays of shape (n,), or float arrays of shape (n,)
        Codes of classes, or values.
    level : float
        Nominal coverage of the interval.
    seed : int
        Seed of the bootstrap, for values.

    Returns
    -------
    Score
        Its baseline is the majority class, or the mean, of these outcomes.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.fidelity import outcome_score
    >>> truth = np.arange(200) % 2
    >>> print(outcome_score(np.where(np.arange(200) < 20, 0, truth), truth))
    accuracy 95.0 % (95 % interval 91.0 to 97.3; n = 200)
    """
    ours, true = np.asarray(said), np.asarray(truth)
    if ours.shape != true.shape or ours.ndim != 1:
        raise InputError(f"said and truth need shape (n,); got {ours.shape} and {true.shape}.")
    if np.issubdtype(true.dtype, np.integer):
        answers = SimpleNamespace(values=np.eye(int(true.max()) + 1)[true], decision=true)
        majority = int(np.bincount(true).argmax())
        found = assess(
            None,
            ours,
            answers,
            task="classification",
            distribution="true outcomes",
            seed=seed,
            level=level,
            trivial_decision=majority,
        )
        return replace(found.main, metric="accuracy")
    answers = SimpleNamespace(values=true[:, None], decision=None)
    found = assess(
        ours[:, None],
        None,
        answers,
        task="regression",
        distribution="true outcomes",
        seed=seed,
        level=level,
        trivial_values=np.array([true.mean()]),
    )
    return found.main

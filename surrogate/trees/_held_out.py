"""Rows held out of the fit, among which the best of several candidates is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.errors import InputError
from surrogate.sampling import generator
from surrogate.trees._ask import Asked
from surrogate.types import FloatArray

__all__ = ["HeldOut", "hold_out"]


@dataclass(eq=False)
class HeldOut:
    """The rows of a fit in two parts: to learn from, and to choose by.

    Parameters
    ----------
    matrix, weight : float arrays of shape (n, d) and (n,)
        Rows to learn from.
    choice_matrix, choice_weight : float arrays of shape (m, d) and (m,)
        Rows to choose by; m is 0 where nothing is held out.
    fit, choice : Asked or None
        Their answers, where they were given.
    """

    matrix: FloatArray
    weight: FloatArray
    choice_matrix: FloatArray
    choice_weight: FloatArray
    fit: Asked | None = None
    choice: Asked | None = None


def hold_out(
    matrix: FloatArray, weight: FloatArray, given: Asked | None, *, share: float, seed: int
) -> HeldOut:
    """Part rows, with their answers where these are given.

    Perturbed rows are drawn around each part by itself, so that none of the rows that
    choose is a near copy of one that was learnt from.

    Raises
    ------
    InputError
        If a part would be empty.
    """
    if given is not None:
        matrix, weight = given.matrix, given.weight
    held = np.zeros(len(matrix), dtype=np.bool_)
    n_held = round(len(matrix) * share)
    if share and not 0 < n_held < len(matrix):
        raise InputError(
            f"A `validation` share of {share:g} leaves {n_held} of {len(matrix)} rows to choose "
            "by; both parts need at least one row."
        )
    held[generator(seed, "validation rows").permutation(len(matrix))[:n_held]] = True
    if not (weight[~held].any() and (weight[held].any() or not share)):
        raise InputError("The rows to learn from or those to choose by all weigh nothing.")
    return HeldOut(
        matrix=matrix[~held],
        weight=weight[~held],
        choice_matrix=matrix[held],
        choice_weight=weight[held],
        fit=None if given is None else _part(given, ~held),
        choice=None if given is None or not share else _part(given, held),
    )


def _part(asked: Asked, some: np.ndarray) -> Asked:
    """Some of the rows."""
    return replace(
        asked,
        matrix=asked.matrix[some],
        values=asked.values[some],
        decision=None if asked.decision is None else asked.decision[some],
        weight=asked.weight[some],
    )

"""What rules are to decide: a class, or the interval that an output lies in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.errors import AbilityError
from surrogate.trees._labelled import Labelled
from surrogate.types import FloatArray, IntArray

__all__ = ["Goals", "goals_of"]


@dataclass(frozen=True, eq=False)
class Goals:
    """What rules are to decide of each row.

    Parameters
    ----------
    codes : int array of shape (n,)
        Of a class, or of an interval of the output.
    values : float array of shape (n, k)
        Probabilities or outputs, of which nodes and rules tell the mean.
    n : int
        How many codes there are.
    """

    codes: IntArray
    values: FloatArray
    n: int


def goals_of(rows: Labelled, *, n_intervals: int) -> Goals:
    """The classes decided, or for regression in which of n intervals each output lies.

    The intervals hold about equally many rows.

    Raises
    ------
    AbilityError
        If there are several outputs.
    """
    if rows.decision is not None and rows.classes is not None:
        return Goals(rows.decision, rows.values, len(rows.classes))
    if rows.values.shape[1] != 1:
        raise AbilityError(
            f"Rules of intervals are for one output; this model answers {rows.values.shape[1]}. "
            "Give a function or a net that picks one."
        )
    output = rows.values[:, 0]
    edges = np.unique(np.quantile(output, np.arange(1, n_intervals) / n_intervals))
    codes = np.searchsorted(edges, output, side="left").astype(np.intp)
    present, codes = np.unique(codes, return_inverse=True)
    return Goals(codes.astype(np.intp), rows.values, len(present))

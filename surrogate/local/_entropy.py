"""Entropy bins: where trees on single features tell the model's own classes apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import OptionError
from surrogate.sampling import generator, make_bins
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.local.lime import Lime

__all__ = ["LABELLED", "asks_bins", "with_entropy_bins"]

LABELLED = 1000
"""Most reference rows whose class is asked."""


def asks_bins(lime: Lime) -> bool:
    """Whether the model has to say the classes of reference rows."""
    entropy = lime.bins == "entropy" and lime.sampling == "discretised"
    return entropy and lime.labels is None and lime.edges is None and not lime.compatible


def with_entropy_bins(lime: Lime, reference: Any, *, seed: int) -> tuple[Lime, int]:
    """The same with edges that tell the model's classes apart, and how many rows were asked.

    Raises
    ------
    OptionError
        If the model answers numbers.
    BudgetSpent, Interrupted
        If asking ended on the way.
    """
    assert lime.oracle is not None
    oracle, rows = lime.oracle, np.asarray(to_numpy(reference), dtype=np.float64)
    if len(rows) > LABELLED:
        chosen = generator(seed, "lime", "rows for bins").permutation(len(rows))[:LABELLED]
        rows = rows[np.sort(chosen)]
    decision = oracle.ask(oracle.snap(rows), purpose="bins").decision
    if decision is None:
        raise OptionError(
            "The `bins` parameter of Lime can be 'entropy' for classes only; this model answers "
            "numbers. Give `labels` for the reference rows, or `edges`."
        )
    cut = make_bins(oracle.domain, rows, binning="entropy", labels=to_numpy(decision))
    edges = [
        None if cut.coded[j] else np.array([_short(edge, rows[:, j]) for edge in cut.edges[j]])
        for j in range(len(cut))
    ]
    return replace(lime, edges=edges), len(rows)


def _short(edge: float, values: FloatArray) -> float:
    """The number of fewest digits that parts the values as an edge does."""
    below, above = values[values <= edge], values[values > edge]
    for digits in range(1, 17):
        short = float(f"{edge:.{digits}g}")
        if (below <= short).all() and (above > short).all():
            return short
    return edge

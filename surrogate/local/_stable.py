"""Seed stability: rows fitted again under other seeds, and what is unsteady about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.errors import BudgetSpent, Interrupted, OptionError
from surrogate.explanation.local_stability import LocalStability
from surrogate.fidelity.refits import refit_scores, shown_top
from surrogate.local._designs import child_seed
from surrogate.types import FloatArray

__all__ = ["UNSTEADY", "Stable", "compared", "measure_stability", "stability_cost"]

UNSTEADY = 0.5
"""Overlap of the largest coefficients below which another seed tells another story: of five
coefficients, two fits then share three at most."""


@dataclass(frozen=True, eq=False)
class Stable:
    """What refits showed.

    Parameters
    ----------
    stability : LocalStability or None
        None where not one refit was answered.
    flags : tuple of r tuples of str
        What is bad about a row's explanation.
    ended : str
        Why there are fewer refits than wanted; empty where all are there.
    fits : array of shape (S, r, k, d) or None
        Coefficients of all fits, the one that is shown first.
    """

    stability: LocalStability | None
    flags: tuple[tuple[str, ...], ...]
    ended: str = ""
    fits: FloatArray | None = None


def compared(fits: FloatArray, *, level: float, seeds: tuple[int, ...]) -> LocalStability:
    """How alike fits (S, r, k, d) under other seeds are."""
    top = shown_top(fits.shape[3])
    scores = refit_scores(fits, top=top, level=level)
    return LocalStability.of(scores, top=top, fits=len(fits), level=level, seeds=seeds)


def stability_cost(algorithm: Any, n_rows: int, times: int) -> dict[str, int]:
    """Rows that refits will ask.

    Raises
    ------
    OptionError
        If the method cannot be fitted again.
    """
    if not times:
        return {}
    if not hasattr(algorithm, "refit"):
        raise OptionError(
            f"`stability` must be 0 for {type(algorithm).__name__}, whose draws are no plan that "
            f"could be drawn again; got {times}."
        )
    return {"stability": times * algorithm.refit_cost(n_rows)}


def measure_stability(
    algorithm: Any, result: Any, *, reference: FloatArray, times: int, seed: int
) -> Stable:
    """Fit a result's rows again, `times` times, and compare all fits.

    A budget or a Ctrl-C that ends on the way leaves the refits that were answered.
    """
    seeds: list[int] = []
    fits, ended = [np.asarray(result.coef)], ""
    for i in range(times):
        other = child_seed(seed, f"stability {i}")
        try:
            fits.append(algorithm.refit(result, reference=reference, seed=other))
        except (BudgetSpent, Interrupted) as error:
            ended = f"Fitted again under {i} other seeds instead of {times}: {error.why}."
            break
        seeds.append(other)
    if len(fits) < 2:
        return Stable(None, result.flags, ended)
    every = np.stack(fits)
    stability = compared(every, level=result.fidelity.level, seeds=tuple(seeds))
    return Stable(stability, _flagged(result, stability), ended, every)


def _flagged(result: Any, stability: LocalStability) -> tuple[tuple[str, ...], ...]:
    """The result's flags, and a clause where the class that the model decides for is unsteady."""
    shown = np.asarray(result.box_values).argmax(axis=1)
    overlap = stability.jaccard[np.arange(len(shown)), shown, 0]
    flags = [list(row) for row in result.flags]
    for i in np.flatnonzero(overlap < UNSTEADY).tolist():
        largest = f"{stability.top} largest coefficients" if stability.top > 1 else "largest one"
        flags[i].append(
            f"it changes with the seed: the {largest} of two fits overlap by {overlap[i]:.2f} "
            "(Jaccard): raise `n_samples` or `width`"
        )
    return tuple(map(tuple, flags))

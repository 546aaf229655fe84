"""What a reader must know before any figure, where a higher agreement means less than it says."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from surrogate.explanation.compared import Measured
from surrogate.fidelity import Score
from surrogate.fidelity.values import number

__all__ = ["easier_notes"]


def easier_notes(measured: Sequence[Measured], names: Sequence[str]) -> tuple[str, ...]:
    """Pairs of models of which one is agreed with more often because a constant is, too.

    Parameters
    ----------
    measured : sequence of Measured
    names : sequence of str
        Models of which each is compared with each.
    """
    told = {
        (one.model, one.method): one.score
        for one in measured
        if one.region.kind == "clean" and one.score.metric == "agreement"
    }
    methods = dict.fromkeys(method for _, method in told)
    notes = []
    for method in methods:
        for pair in itertools.combinations(names, 2):
            scores = [told.get((name, method)) for name in pair]
            if any(score is None or score.lift is None for score in scores):
                continue
            notes += _easier(method, pair, [score for score in scores if score is not None])
    return tuple(notes)


def _easier(method: str, pair: tuple[str, ...], scores: Sequence[Score]) -> list[str]:
    """The note on two models, where agreement and its lift say the contrary."""
    low, high = sorted(range(2), key=lambda i: scores[i].value or 0.0)
    less, more = scores[low], scores[high]
    if (more.value or 0.0) <= (less.value or 0.0) or (more.lift or 0.0) >= (less.lift or 0.0):
        return []
    shares = [number(value or 0.0, percent=True) for value in (more.value, less.value)]
    blind = [number(value or 0.0, percent=True) for value in (more.baseline, less.baseline)]
    return [
        f"On held-out rows {method} agrees with {pair[high]} more often than with {pair[low]} "
        f"({shares[0]} against {shares[1]}), and so does a constant, {pair[high]}'s commonest "
        f"class ({blind[0]} against {blind[1]}): over it, {method} gains "
        f"{100 * (more.lift or 0):.1f} points for {pair[high]} and {100 * (less.lift or 0):.1f} "
        f"for {pair[low]}."
    ]

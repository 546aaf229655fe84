"""Whether a fidelity that is wanted is shown: for a pipeline that goes on, or stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate.fidelity import Score
from surrogate.fidelity.values import number
from surrogate.render.names import clean, clip

if TYPE_CHECKING:
    from surrogate.explanation.global_explanation import GlobalExplanation

__all__ = ["Gate", "gate_of"]


@dataclass(frozen=True)
class Gate:
    """A wanted fidelity, and what was measured.

    Parameters
    ----------
    wanted : float
        Least fidelity.
    score : Score or None
        The measured one; None where there is nothing global to measure.
    what : str
        Whose, and on which rows.
    """

    wanted: float
    score: Score | None
    what: str

    @property
    def shown(self) -> bool:
        """Whether the whole interval is at or above what is wanted.

        The value alone would let pass, half of the time, what lies just below.
        """
        return self.low is not None and self.low >= self.wanted

    @property
    def low(self) -> float | None:
        """The lower end of the interval; None where there is none."""
        interval = None if self.score is None else self.score.interval
        return None if interval is None else interval.low

    def __str__(self) -> str:
        percent = self.score is not None and self.score.percent
        wanted = number(self.wanted, percent=percent)
        if self.score is None:
            return f"fidelity of at least {wanted} is not shown: no surrogate was measured"
        verb = "is shown" if self.shown else "is NOT shown"
        why = "" if self.shown or self.low is None else _why(self.score, self.low, self.wanted)
        return f"fidelity of at least {wanted} {verb}: {self.what}, {self.score}{why}"


def _why(score: Score, low: float, wanted: float) -> str:
    """What is missing, where the value itself would do."""
    if score.value is None or score.value < wanted:
        return ""
    return f"; the lower end {number(low, percent=score.percent)} decides: measure on more rows"


def gate_of(result: Any, wanted: float) -> Gate:
    """Hold a result's claim against a wanted fidelity.

    Parameters
    ----------
    result : AuditResult, GlobalExplanation or Comparison
        Of an audit the first surrogate counts, of a comparison the least faithful one.
    wanted : float

    Returns
    -------
    Gate

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import distill
    >>> from surrogate.explanation.gate import gate_of
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> tree = distill(lambda X: np.where(X[:, 0] > 0, "yes", "no"), X, stability=0)
    >>> gate_of(tree, 0.8).shown, gate_of(tree, 0.999).shown
    (True, False)
    """
    gates = [_gate(one, wanted, name) for name, one in _claims(result)]
    return min(gates, key=_least, default=Gate(wanted, None, ""))


def _claims(result: Any) -> list[tuple[str, GlobalExplanation]]:
    """The surrogates that carry claims, each with the name of its model."""
    surrogates = getattr(result, "surrogates", None)
    if surrogates is None:
        return [("", result)]
    if surrogates and isinstance(surrogates[0], tuple):
        return list(surrogates)
    return [("", one) for one in surrogates[:1]]


def _gate(one: GlobalExplanation, wanted: float, name: str) -> Gate:
    first = one.fidelity[0]
    of = f" of {clip(clean(name), 40)}" if name else ""
    return Gate(wanted, first.main, f"{clean(one.method)}{of} on {clean(first.distribution)}")


def _least(gate: Gate) -> float:
    return float("-inf") if gate.low is None else gate.low

"""Rules measured on rows that the model answered: support, precision, overlap, the default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate._validate import Real, check
from surrogate.errors import InputError
from surrogate.fidelity import Score
from surrogate.fidelity.intervals import share, share_interval
from surrogate.forms import Rule, RuleSet
from surrogate.types import Array, BoolArray, IntArray

__all__ = ["RuleMeasures", "measure"]


@dataclass(frozen=True, eq=False)
class RuleMeasures:
    """What rules are worth on some rows.

    Parameters
    ----------
    rules : RuleSet
        The same rules, with support, correct rows and the interval of their precision.
    n : int
        Rows.
    overlap : int array of shape (rules, rules)
        Rows that both of two rules hold for; on the diagonal, that a rule holds for,
        wherever it stands in a list.
    several : Score
        Share of the rows that more than one rule holds for.
    contrary : Score or None
        Share of the rows whose rules decide for different classes; None for regression.
    default : Score
        Share of the rows that no rule holds for.

    Examples
    --------
    See `measure`.
    """

    rules: RuleSet
    n: int
    overlap: IntArray
    several: Score
    contrary: Score | None
    default: Score

    def __str__(self) -> str:
        shares = [one for one in (self.several, self.contrary, self.default) if one is not None]
        return "\n".join([str(self.rules), *map(str, shares)])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "rules": self.rules.to_dict(),
            "n": self.n,
            "overlap": self.overlap.tolist(),
            "several": self.several.to_dict(),
            "contrary": None if self.contrary is None else self.contrary.to_dict(),
            "default": self.default.to_dict(),
        }


def measure(
    rules: RuleSet,
    matrix: Array,
    decision: Array | None = None,
    *,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> RuleMeasures:
    """Count what each rule decides, and how often as the model does.

    Only rows that took no part in finding the rules tell what they are worth.

    Parameters
    ----------
    rules : RuleSet
    matrix : array of shape (n, d)
        Rows of the internal matrix.
    decision : int array of shape (n,), optional
        The model's class codes; without them, and for regression, no precision.
    sources : array of int of shape (n,), optional
        Source row of each row, for perturbed rows; intervals then allow for clusters.
    level : float
        Confidence level of each interval by itself, not of all together.

    Returns
    -------
    RuleMeasures
        In an ordered list a rule is charged with the rows that it decides, in an unordered
        set with all rows that it holds for.

    Raises
    ------
    InputError
        If there are no rows, or not as many decisions.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.forms import Interval, Rule, RuleSet
    >>> from surrogate.rules import measure
    >>> from surrogate.types import Feature
    >>> rules = RuleSet((Feature("age"),), ("no", "yes"), (
    ...     Rule((Interval(0, low=40.0),), (0.2, 0.8)),
    ...     Rule((Interval(0, low=60.0),), (0.1, 0.9)),
    ... ), (0.9, 0.1), ordered=True)
    >>> ages = np.arange(20.0, 80.0)[:, None]
    >>> measured = measure(rules, ages, (ages[:, 0] > 45).astype(int))
    >>> print(measured.several)
    rows in several rules 31.7 % (95 % interval 21.3 to 44.3; n = 60)
    >>> print(measured.rules)
    Rules in order; the first that holds decides.
    1. if age > 40
       then yes (p 0.8, 39 rows of which 34 agree: 87.2 %, 95 % interval 73.3 to 94.4 %)
    2. if age > 60
       then yes (p 0.9, 0 rows of which 0 agree)
    otherwise no (p 0.9, 21 rows of which 21 agree: 100 %, 95 % interval 84.5 to 100 %)
    """
    check("measure", {"level": Real(0.0, 1.0)}, {"level": level})
    x = np.asarray(to_numpy(matrix), dtype=np.float64)
    codes = None if decision is None else to_numpy(decision).astype(np.intp)
    if len(x) == 0 or (codes is not None and len(codes) != len(x)):
        given = "" if codes is None else f" and {len(codes)} decisions"
        raise InputError(
            f"Rules are measured on at least one row, with as many decisions; got {len(x)} rows"
            f"{given}."
        )
    origin = None if sources is None else np.asarray(sources)
    table = rules.holds(x)
    found = rules.measured(x, codes)
    if codes is not None and rules.classes is not None:
        found = _with_intervals(found, table, codes, sources=origin, level=level)
    count = table.sum(axis=1)
    shown = table.astype(np.float32)
    return RuleMeasures(
        rules=found,
        n=len(x),
        overlap=np.rint(shown.T @ shown).astype(np.intp),
        several=_share("rows in several rules", count > 1, origin, level),
        contrary=_contrary(rules, table, origin, level),
        default=_share("rows left to the default", count == 0, origin, level),
    )


def _with_intervals(
    rules: RuleSet, table: BoolArray, codes: IntArray, *, sources: Any, level: float
) -> RuleSet:
    """Measured rules with the interval of each one's precision."""
    free = np.ones(len(table), dtype=np.bool_)
    measured: list[Rule] = []
    for rule, held in zip(rules.rules, table.T):
        covered = held & free if rules.ordered else held
        ends = _ends(covered, codes == rule.decision, sources, level)
        measured.append(replace(rule, precision_interval=ends))
        free &= ~held
    ends = _ends(free, codes == rules.decision, sources, level)
    return replace(rules, rules=tuple(measured), precision_interval=ends, level=level)


def _ends(
    covered: BoolArray, right: BoolArray, sources: Any, level: float
) -> tuple[float, float] | None:
    """The interval of the share of covered rows that are right, where there is one."""
    if not covered.any():
        return None
    origin = None if sources is None else sources[covered]
    interval, _ = share_interval(share(right[covered], origin), level=level)
    return None if interval is None else (interval.low, interval.high)


def _share(metric: str, hit: BoolArray, sources: Any, level: float) -> Score:
    """The share of rows that are hit, as a score."""
    found = share(hit, sources)
    interval, reason = share_interval(found, level=level)
    return Score(metric, found.rate, interval, found.n, found.n_sources, reason=reason)


def _contrary(rules: RuleSet, table: BoolArray, sources: Any, level: float) -> Score | None:
    """The share of rows whose rules decide for different classes."""
    if rules.classes is None:
        return None
    said = np.zeros((len(table), len(rules.classes)), dtype=np.bool_)
    for rule, held in zip(rules.rules, table.T):
        said[:, rule.decision] |= held
    return _share("rows in contrary rules", said.sum(axis=1) > 1, sources, level)

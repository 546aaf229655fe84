"""One metric, measured: never a bare number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surrogate.errors import InputError
from surrogate.fidelity.values import Interval, ends, metric_named, number

__all__ = ["GroupScore", "Score"]


@dataclass(frozen=True)
class Score:
    """One metric, measured: its value, its interval, its rows, its trivial baseline.

    Parameters
    ----------
    metric : str
        A name of `METRICS`, or another.
    value : float or None
        None where the metric is undefined; `reason` says why.
    interval : Interval or None
        None where there cannot be one; `reason` says why.
    n : int
        Rows that it was measured on.
    n_sources : int
        Different source rows among them: perturbed rows of one source are not
        independent.
    baseline : float or None
        The same metric of the trivial surrogate (majority class or mean) on these rows.
    lift : float or None
        How much better than the trivial surrogate; positive is better, whatever the
        metric.
    lift_interval : Interval or None
        Interval of the lift, paired by source.
    reason : str
        Why value, interval or lift is missing.
    unit : str
        What `n` counts where it is not rows: "refits".

    Examples
    --------
    >>> from surrogate.fidelity import Interval, Score
    >>> print(Score("agreement", .941, Interval(.930, .951, .95, "Wilson"), 2000, 2000))
    agreement 94.1 % (95 % interval 93.0 to 95.1; n = 2,000)
    """

    metric: str
    value: float | None
    interval: Interval | None
    n: int
    n_sources: int
    baseline: float | None = None
    lift: float | None = None
    lift_interval: Interval | None = None
    reason: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        for name in ("value", "baseline", "lift"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"The {name} of a Score is finite or None; got {value}.")

    @property
    def symbol(self) -> str:
        """The metric as it is printed: "R²"."""
        return metric_named(self.metric).symbol

    @property
    def percent(self) -> bool:
        """Whether the value is a share, printed in per cent."""
        return metric_named(self.metric).percent

    @property
    def higher_is_better(self) -> bool:
        """Which way is better."""
        return metric_named(self.metric).higher_is_better

    @property
    def no_better_than_trivial(self) -> bool | None:
        """Whether the data do not show it to be better than the trivial surrogate.

        None where the trivial surrogate was not measured beside it.
        """
        if self.lift is None:
            return None
        return self.lift <= 0 if self.lift_interval is None else self.lift_interval.low <= 0

    def value_text(self) -> str:
        """The value in words and figures, without its interval; for tables that show both."""
        return "undefined" if self.value is None else number(self.value, percent=self.percent)

    def interval_text(self) -> str:
        """The interval's ends, or why there is none."""
        if self.interval is None:
            return f"no interval: {self.reason}" if self.reason else "no interval"
        return ends(self.interval, percent=self.percent)

    def baseline_text(self) -> str:
        """The trivial surrogate's value, "not measured" where it was not."""
        if self.baseline is None:
            return "not measured"
        return number(self.baseline, percent=self.percent)

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.symbol} undefined ({self.reason}; {self._rows()})"
        if self.interval is None:
            return f"{self.symbol} {self.value_text()} ({self.interval_text()}; {self._rows()})"
        level = f"{self.interval.level * 100:g} % interval"
        return f"{self.symbol} {self.value_text()} ({level} {self.interval_text()}; {self._rows()})"

    def _rows(self) -> str:
        """How many rows, of how many sources."""
        plural = "" if self.n_sources == 1 else "s"
        alone = self.n_sources == self.n
        sources = "" if alone else f" from {self.n_sources:,} source row{plural}"
        unit = f" {self.unit}" if self.unit else ""
        return f"n = {self.n:,}{unit}{sources}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON; what is undefined is None."""
        return {
            "metric": self.metric,
            "value": self.value,
            "interval": None if self.interval is None else self.interval.to_dict(),
            "n": self.n,
            "n_sources": self.n_sources,
            "baseline": self.baseline,
            "lift": self.lift,
            "lift_interval": None if self.lift_interval is None else self.lift_interval.to_dict(),
            "reason": self.reason,
            "unit": self.unit,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Score:
        """Rebuild what `to_dict` gave."""
        read = dict(data)
        for name in ("interval", "lift_interval"):
            if read.get(name) is not None:
                read[name] = Interval.from_dict(read[name])
        return cls(**read)


@dataclass(frozen=True)
class GroupScore:
    """The score of one group of rows.

    Parameters
    ----------
    group : str
        Name of the group, such as "sex = female".
    score : Score
    small : bool
        Whether the group has too few sources for its figure to be read alone.

    Examples
    --------
    >>> from surrogate.fidelity import GroupScore, Score
    >>> score = Score("agreement", None, None, 0, 0, reason="no rows")
    >>> print(GroupScore("sex = female", score, small=True))
    sex = female: agreement undefined (no rows; n = 0) [small group]
    """

    group: str
    score: Score
    small: bool

    def __str__(self) -> str:
        return f"{self.group}: {self.score}{' [small group]' if self.small else ''}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {"group": self.group, "score": self.score.to_dict(), "small": self.small}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GroupScore:
        """Rebuild what `to_dict` gave."""
        return cls(data["group"], Score.from_dict(data["score"]), data["small"])

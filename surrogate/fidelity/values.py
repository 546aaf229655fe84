"""What a fidelity is: a value with its interval, its rows and its seed, never alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from surrogate.errors import InputError

__all__ = [
    "METRICS",
    "NEW_SOURCES",
    "THESE_ROWS",
    "Curve",
    "Estimand",
    "Fidelity",
    "GroupScore",
    "Interval",
    "Metric",
    "Score",
]

Estimand = Literal["new source rows", "these rows"]
NEW_SOURCES: Estimand = "new source rows"
THESE_ROWS: Estimand = "these rows"


class Metric(NamedTuple):
    """How a metric is written, and which way is better."""

    symbol: str
    percent: bool
    higher_is_better: bool
    meaning: str


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "agreement": Metric("agreement", True, True, "share of rows with the model's decision"),
        "balanced agreement": Metric(
            "balanced agreement", True, True, "mean over the model's classes of the agreement"
        ),
        "worst-class agreement": Metric(
            "worst-class agreement", True, True, "least agreement over the model's classes"
        ),
        "R2": Metric("R²", False, True, "share of the model's variance that is reproduced"),
        "MAE": Metric("MAE", False, False, "mean absolute error, in the unit of the answers"),
        "JS divergence": Metric(
            "JS divergence", False, False, "mean Jensen-Shannon divergence, in bits"
        ),
        "RMSE / range": Metric(
            "RMSE / range", False, False, "root mean squared error over the model's range"
        ),
    }
)
"""Metric by name; metrics not named here are written as they are, higher being better."""


def _metric(name: str) -> Metric:
    return METRICS.get(name, Metric(name, False, True, ""))


@dataclass(frozen=True)
class Interval:
    """An interval for an unknown number.

    Parameters
    ----------
    low, high : float
        Ends, in the unit of the number.
    level : float
        Nominal coverage, in (0, 1).
    method : str
        How it was computed: "Wilson", "Clopper-Pearson", "BCa cluster bootstrap", ...
    guaranteed : bool
        Whether the coverage is at least `level` under the stated assumptions (an exact
        or anytime-valid kind), and not only nearly `level`.

    Examples
    --------
    >>> from surrogate.fidelity import Interval
    >>> print(Interval(.93, .951, .95, "Wilson"))
    95 % interval 0.930 to 0.951
    """

    low: float
    high: float
    level: float
    method: str
    guaranteed: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise InputError(
                f"An interval needs finite ends in order; got {self.low} to {self.high}."
            )

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"{self.level * 100:g} % interval {ends(self)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "method": self.method,
            "guaranteed": self.guaranteed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Interval:
        """Rebuild what `to_dict` gave."""
        return cls(**data)


def ends(interval: Interval, *, percent: bool = False) -> str:
    """Both ends as text, rounded outwards so that the text never claims more."""
    factor, digits = (100, 1) if percent else (1, 3)
    if max(abs(interval.low), abs(interval.high)) >= 1000:
        digits = 0
    unit = 10.0**digits
    low = math.floor(interval.low * factor * unit + 1e-6) / unit
    high = math.ceil(interval.high * factor * unit - 1e-6) / unit
    return f"{low + 0.0:,.{digits}f} to {high + 0.0:,.{digits}f}"


def number(value: float, *, percent: bool = False) -> str:
    """A value as text; 99.97 % is never written as 100 %."""
    if not percent:
        return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    for digits in (1, 2, 3, 4):
        text = f"{value * 100:.{digits}f}"
        if (float(text) in (0.0, 100.0)) == (value in (0.0, 1.0)):
            break
    return f"{text} %"


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

    def __post_init__(self) -> None:
        for name in ("value", "baseline", "lift"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"The {name} of a Score is finite or None; got {value}.")

    @property
    def symbol(self) -> str:
        """The metric as it is printed: "R²"."""
        return _metric(self.metric).symbol

    @property
    def percent(self) -> bool:
        """Whether the value is a share, printed in per cent."""
        return _metric(self.metric).percent

    @property
    def higher_is_better(self) -> bool:
        """Which way is better."""
        return _metric(self.metric).higher_is_better

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
        sources = "" if self.n_sources == self.n else f" from {self.n_sources:,} source rows"
        return f"n = {self.n:,}{sources}"

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


@dataclass(frozen=True)
class Fidelity:
    """Agreement of a surrogate with its model on rows that took no part in fitting it.

    Parameters
    ----------
    distribution : str
        Where the rows come from: "held-out real rows", "perturbed rows", ...
    scores : tuple of Score
        The first is the main one.
    seed : int or None
        Seed of the rows' draw and of the bootstrap.
    level : float
        Nominal level of every interval.
    estimand : {"new source rows", "these rows"}
        What the intervals are about: rows whose sources are new draws from the
        population, or new perturbations of exactly these sources.
    groups : tuple of GroupScore
        The main metric by class and by subgroup; each interval stands alone, it is not
        simultaneous over the groups.
    notes : tuple of str
        What a reader has to know.

    Examples
    --------
    >>> from surrogate.fidelity import Fidelity, Interval, Score
    >>> score = Score("agreement", .941, Interval(.930, .951, .95, "Wilson"), 2000, 2000)
    >>> fidelity = Fidelity("held-out real rows", (score,), seed=0)
    >>> print(fidelity)
    held-out real rows: agreement 94.1 % (95 % interval 93.0 to 95.1; n = 2,000)
    >>> Fidelity.from_dict(fidelity.to_dict()) == fidelity
    True
    """

    distribution: str
    scores: tuple[Score, ...]
    seed: int | None
    level: float = 0.95
    estimand: Estimand = NEW_SOURCES
    groups: tuple[GroupScore, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.scores:
            raise InputError("A Fidelity needs at least one Score.")

    @property
    def main(self) -> Score:
        """The score to read first."""
        return self.scores[0]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics, in order."""
        return tuple(score.metric for score in self.scores)

    def __getitem__(self, metric: str) -> Score:
        for score in self.scores:
            if score.metric == metric:
                return score
        raise KeyError(f"no metric {metric!r}; there are: {', '.join(self.metrics)}")

    def __contains__(self, metric: object) -> bool:
        return metric in self.metrics

    def __iter__(self) -> Iterator[Score]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def __str__(self) -> str:
        return f"{self.distribution}: {self.main}"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "distribution": self.distribution,
            "scores": [score.to_dict() for score in self.scores],
            "seed": self.seed,
            "level": self.level,
            "estimand": self.estimand,
            "groups": [group.to_dict() for group in self.groups],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fidelity:
        """Rebuild what `to_dict` gave."""
        return cls(
            distribution=data["distribution"],
            scores=tuple(Score.from_dict(score) for score in data["scores"]),
            seed=data["seed"],
            level=data["level"],
            estimand=data["estimand"],
            groups=tuple(GroupScore.from_dict(group) for group in data["groups"]),
            notes=tuple(data["notes"]),
        )


@dataclass(frozen=True)
class Curve:
    """Fidelity against the size of the surrogate, on the same rows throughout.

    Parameters
    ----------
    sizes : tuple of int
        Growing, in units of `unit`.
    fidelities : tuple of Fidelity
        One a size.
    unit : str
        What is counted: "leaves", "rules", ...

    Examples
    --------
    >>> from surrogate.fidelity import Curve, Fidelity, Interval, Score
    >>> def measured(value):
    ...     interval = Interval(value - .1, value + .1, .95, "BCa bootstrap")
    ...     return Fidelity("held-out real rows", (Score("R2", value, interval, 99, 99),), 0)
    >>> Curve((2, 4), (measured(.5), measured(.75))).band("R2")
    ((0.5, 0.75), (0.4, 0.65), (0.6, 0.85))
    """

    sizes: tuple[int, ...]
    fidelities: tuple[Fidelity, ...]
    unit: str = "leaves"

    def __post_init__(self) -> None:
        if not self.sizes or len(self.sizes) != len(self.fidelities):
            raise InputError(
                f"A Curve needs one Fidelity a size; got {len(self.sizes)} sizes and "
                f"{len(self.fidelities)} fidelities."
            )
        if any(a >= b for a, b in zip(self.sizes, self.sizes[1:], strict=False)):
            raise InputError(f"The sizes of a Curve grow; got {self.sizes}.")

    def band(
        self, metric: str | None = None
    ) -> tuple[tuple[float | None, ...], tuple[float | None, ...], tuple[float | None, ...]]:
        """Values, lower ends and upper ends of one metric, the main one if not named."""
        name = self.fidelities[0].main.metric if metric is None else metric
        scores = [fidelity[name] for fidelity in self.fidelities]
        intervals = [score.interval for score in scores]
        return (
            tuple(score.value for score in scores),
            tuple(None if i is None else i.low for i in intervals),
            tuple(None if i is None else i.high for i in intervals),
        )

    def __iter__(self) -> Iterator[tuple[int, Fidelity]]:
        return iter(zip(self.sizes, self.fidelities, strict=True))

    def __len__(self) -> int:
        return len(self.sizes)

    def __str__(self) -> str:
        return "\n".join(f"{size} {self.unit}, {fidelity}" for size, fidelity in self)

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "sizes": list(self.sizes),
            "fidelities": [fidelity.to_dict() for fidelity in self.fidelities],
            "unit": self.unit,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Curve:
        """Rebuild what `to_dict` gave."""
        return cls(
            sizes=tuple(data["sizes"]),
            fidelities=tuple(Fidelity.from_dict(fidelity) for fidelity in data["fidelities"]),
            unit=data["unit"],
        )

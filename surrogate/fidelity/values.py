"""Metrics by name, intervals, and how both are written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from surrogate.errors import InputError

__all__ = ["METRICS", "Interval", "Metric", "ends", "metric_named", "number"]


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
        "accuracy": Metric("accuracy", True, True, "share of rows with the true outcome"),
        "R2": Metric("R²", False, True, "share of the model's variance that is reproduced"),
        "MAE": Metric("MAE", False, False, "mean absolute error, in the unit of the answers"),
        "JS divergence": Metric(
            "JS divergence", False, False, "mean Jensen-Shannon divergence, in bits"
        ),
        "RMSE / range": Metric(
            "RMSE / range", False, False, "root mean squared error over the model's range"
        ),
        "prediction agreement": Metric(
            "prediction agreement", True, True, "share of rows on which two refits decide alike"
        ),
        "prediction difference / range": Metric(
            "prediction difference / range", False, False, "mean difference of two refits"
        ),
        "rule overlap": Metric(
            "rule overlap", False, True, "Jaccard overlap of the rows that rules of refits cover"
        ),
        "selection rate": Metric("selection rate", True, True, "share of rows decided favourably"),
        "impact ratio": Metric(
            "impact ratio", False, True, "selection rate over that of the reference group"
        ),
        "mean answer": Metric("mean answer", False, True, "in the unit of the answers"),
        "difference of means": Metric(
            "difference of means", False, True, "mean answer less that of the reference group"
        ),
        "decisions flipped": Metric(
            "decisions flipped", True, False, "share of changed rows that are decided otherwise"
        ),
        "answers changed": Metric(
            "answers changed", True, False, "share of changed rows that are answered otherwise"
        ),
        "became favourable": Metric(
            "became favourable", True, True, "share of changed rows that turned favourable"
        ),
        "became unfavourable": Metric(
            "became unfavourable", True, False, "share of changed rows that turned unfavourable"
        ),
        "mean change": Metric("mean change", False, True, "of the answer, in its unit"),
        "disagreement": Metric(
            "disagreement", True, False, "share of rows that are decided differently"
        ),
        "rows in several rules": Metric(
            "rows in several rules", True, False, "share of rows that two rules or more hold for"
        ),
        "rows in contrary rules": Metric(
            "rows in contrary rules", True, False, "share of rows whose rules decide differently"
        ),
        "rows left to the default": Metric(
            "rows left to the default", True, False, "share of rows that no rule holds for"
        ),
        "rank correlation": Metric(
            "rank correlation", False, True, "Spearman's, of the sizes of coefficients"
        ),
        "coefficient spread": Metric(
            "coefficient spread", False, False, "standard deviation over refits, over their size"
        ),
        "deletion area": Metric("deletion area", False, False, "area under f as features go"),
        "insertion area": Metric("insertion area", False, True, "area under f as features come"),
        "PGI": Metric("PGI", False, True, "prediction gap on the important features"),
        "PGU": Metric("PGU", False, False, "prediction gap on the unimportant features"),
        "infidelity": Metric("infidelity", False, False, "mean squared error of promised changes"),
        "local Lipschitz": Metric(
            "local Lipschitz", False, False, "greatest change of the explanation over distance"
        ),
        "max-sensitivity": Metric(
            "max-sensitivity", False, False, "greatest relative change of the explanation"
        ),
        "MSE": Metric(
            "MSE", False, False, "mean squared error, in the unit of the answers squared"
        ),
        "output spread": Metric(
            "output spread", False, True, "standard deviation of the model's output over rows"
        ),
        "accuracy on true labels": Metric(
            "accuracy on true labels", True, True, "the surrogate's own share of true classes"
        ),
        "robust accuracy": Metric(
            "robust accuracy", True, True, "share of attacked rows with the true class"
        ),
        "error rate": Metric("error rate", True, False, "share of rows without the true class"),
        "ECE": Metric(
            "ECE", False, False, "expected calibration error: confidence less accuracy, by bins"
        ),
        "Brier": Metric(
            "Brier", False, False, "mean squared distance of probabilities from the true class"
        ),
        "different decisions": Metric(
            "different decisions", True, False, "share of rows that models decide differently"
        ),
        "coverage": Metric("coverage", True, True, "share of rows that a rule holds for"),
        "precision": Metric("precision", True, True, "share of a rule's rows that it is right on"),
    }
)
"""Metric by name; metrics not named here are written as they are, higher being better."""


def metric_named(name: str) -> Metric:
    """The metric of that name; one that is not in the table is written as it is named."""
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

"""Fidelity: how far a surrogate may be trusted, measured on rows that it never saw."""

from __future__ import annotations

from surrogate.fidelity.values import (
    METRICS,
    Curve,
    Estimand,
    Fidelity,
    GroupScore,
    Interval,
    Metric,
    Score,
)

__all__ = [
    "METRICS",
    "Curve",
    "Estimand",
    "Fidelity",
    "GroupScore",
    "Interval",
    "Metric",
    "Score",
]

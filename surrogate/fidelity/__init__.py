"""Fidelity: how far a surrogate may be trusted, measured on rows that it never saw."""

from __future__ import annotations

from surrogate.fidelity.answers import js_divergence
from surrogate.fidelity.assess import assess
from surrogate.fidelity.groups import by_class, by_group
from surrogate.fidelity.intervals import KINDS, clopper_pearson, wilson
from surrogate.fidelity.measured import Curve, Estimand, Fidelity
from surrogate.fidelity.score import GroupScore, Score
from surrogate.fidelity.trivial import Trivial, trivial
from surrogate.fidelity.values import METRICS, Interval, Metric

__all__ = [
    "KINDS",
    "METRICS",
    "Curve",
    "Estimand",
    "Fidelity",
    "GroupScore",
    "Interval",
    "Metric",
    "Score",
    "Trivial",
    "assess",
    "by_class",
    "by_group",
    "clopper_pearson",
    "js_divergence",
    "trivial",
    "wilson",
]

"""Fidelity: how far a surrogate may be trusted, measured on rows that it never saw."""

from __future__ import annotations

from surrogate.fidelity.answers import js_divergence
from surrogate.fidelity.assess import assess
from surrogate.fidelity.faithfulness import (
    Faithfulness,
    deletion,
    infidelity,
    insertion,
    local_lipschitz,
    max_sensitivity,
    prediction_gap,
)
from surrogate.fidelity.flips import Flips, FlipScore, Said, flip_scores
from surrogate.fidelity.groups import by_class, by_group
from surrogate.fidelity.holm import family_note, holm, resamples_for, smallest_p
from surrogate.fidelity.impacts import GroupRate, Impact, PairContrast, impact
from surrogate.fidelity.intervals import KINDS, clopper_pearson, wilson
from surrogate.fidelity.local import LocalScores, WeightedR2, local_scores, weighted_r2
from surrogate.fidelity.measured import Curve, Estimand, Fidelity
from surrogate.fidelity.outcomes import outcome_score
from surrogate.fidelity.paired import (
    MIN_SEEDS,
    Difference,
    compare_rows,
    compare_seeds,
    pseudo_values,
)
from surrogate.fidelity.regions import RegionScore, region_scores
from surrogate.fidelity.score import GroupScore, Score
from surrogate.fidelity.sequential import ConfidenceSequence, Verdict, until
from surrogate.fidelity.stability import Stability, form_stability, linear_stability
from surrogate.fidelity.trivial import Trivial, trivial
from surrogate.fidelity.values import METRICS, Interval, Metric

__all__ = [
    "KINDS",
    "METRICS",
    "MIN_SEEDS",
    "ConfidenceSequence",
    "Curve",
    "Difference",
    "Estimand",
    "Faithfulness",
    "Fidelity",
    "FlipScore",
    "Flips",
    "GroupRate",
    "GroupScore",
    "Impact",
    "Interval",
    "LocalScores",
    "Metric",
    "PairContrast",
    "RegionScore",
    "Said",
    "Score",
    "Stability",
    "Trivial",
    "Verdict",
    "WeightedR2",
    "assess",
    "by_class",
    "by_group",
    "clopper_pearson",
    "compare_rows",
    "compare_seeds",
    "deletion",
    "family_note",
    "flip_scores",
    "form_stability",
    "holm",
    "impact",
    "infidelity",
    "insertion",
    "js_divergence",
    "linear_stability",
    "local_lipschitz",
    "local_scores",
    "max_sensitivity",
    "outcome_score",
    "prediction_gap",
    "pseudo_values",
    "region_scores",
    "resamples_for",
    "smallest_p",
    "trivial",
    "until",
    "weighted_r2",
    "wilson",
]

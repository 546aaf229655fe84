"""Explanations as long tables of pandas: one figure a line, its interval beside it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.errors import MissingDependency
from surrogate.explanation.encoding import term_text
from surrogate.explanation.findings import frame_lines

if TYPE_CHECKING:
    import pandas as pd

    from surrogate.explanation.audit_result import AuditResult
    from surrogate.explanation.global_explanation import GlobalExplanation
    from surrogate.explanation.local_explanations import LocalExplanations
    from surrogate.fidelity import Score

__all__ = ["audit_frame", "fidelity_frame", "local_frame", "pandas", "score_cells"]

TRUE_OUTCOMES = "against true outcomes (no fidelity)"


def pandas() -> Any:
    """Give pandas, which no extra of this package brings, or say what to install."""
    try:
        return importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        raise MissingDependency(
            "to_frame needs pandas, which is not installed; run: pip install pandas"
        ) from error


def fidelity_frame(explanation: GlobalExplanation) -> pd.DataFrame:
    """One line a metric and distribution of rows, groups included."""
    return pandas().DataFrame(_lines(explanation))  # type: ignore[no-any-return]


def audit_frame(audit: AuditResult) -> pd.DataFrame:
    """The lines of every surrogate, accuracies against true outcomes, then all else measured."""
    lines = [line for one in audit.surrogates for line in _lines(one)]
    lines += [
        {"method": o.group, "distribution": TRUE_OUTCOMES, "group": None, **_cells(o.score)}
        for o in audit.outcomes
    ]
    lines += frame_lines(audit, _cells)
    return pandas().DataFrame(lines)  # type: ignore[no-any-return]


def _lines(explanation: GlobalExplanation) -> list[dict[str, Any]]:
    """A line a metric, distribution and group; the first says whether a target is met."""
    lines: list[dict[str, Any]] = []
    for fidelity in explanation.fidelity:
        where = {"method": explanation.method, "distribution": fidelity.distribution}
        lines += [{**where, "group": None, **_cells(score)} for score in fidelity.scores]
        lines += [{**where, "group": g.group, **_cells(g.score)} for g in fidelity.groups]
    if explanation.verdict is not None:
        lines[0] |= {"target": explanation.verdict.target, "verdict": explanation.verdict.verdict}
    return lines


def local_frame(explanations: LocalExplanations) -> pd.DataFrame:
    """One line a row, class and feature."""
    n, k, d = explanations.coef.shape
    features = tuple(explanations.domain.features)
    fidelity = explanations.fidelity
    columns = {
        "row": np.repeat(np.asarray(explanations.index, dtype=object), k * d),
        "class": np.tile(np.repeat(_classes(explanations), d), n),
        "feature": np.tile(np.array([f.name for f in features], dtype=object), n * k),
        "term": np.concatenate([_terms(explanations, i) for i in range(n)]),
        "effect": explanations.coef.ravel(),
        "effect_se": _errors(explanations),
        "intercept": np.repeat(explanations.intercept.ravel(), d),
        "model": np.repeat(explanations.box_values.ravel(), d),
        "local": np.repeat(explanations.local_values.ravel(), d),
        "metric": fidelity.metric,
        "fidelity": np.repeat(fidelity.value.ravel(), d),
        "fidelity_low": np.repeat(fidelity.low.ravel(), d),
        "fidelity_high": np.repeat(fidelity.high.ravel(), d),
        "level": fidelity.level,
        "fidelity_n": fidelity.n,
        "ess": np.repeat(fidelity.ess, k * d),
        "error": np.repeat(fidelity.error.ravel(), d),
        **_stability(explanations, d),
        "bad": np.repeat(["; ".join(clauses) for clauses in explanations.flags], k * d),
    }
    return pandas().DataFrame(columns)  # type: ignore[no-any-return]


def _stability(explanations: LocalExplanations, d: int) -> dict[str, Any]:
    """What refits showed, of each coefficient and of each row and class."""
    stability = explanations.stability
    if stability is None:
        return {}
    columns: dict[str, Any] = {
        "effect_spread": stability.coef_spread.ravel(),
        "same_sign": stability.same_sign.ravel(),
    }
    names = {"jaccard": f"top{stability.top}_jaccard", "rank": "rank_correlation"}
    names |= {"signs": "sign_agreement", "spread": "spread"}
    for field, name in names.items():
        for at, end in enumerate(("", "_low", "_high")):
            columns[name + end] = np.repeat(getattr(stability, field)[..., at].ravel(), d)
    return columns


def _cells(score: Score) -> dict[str, Any]:
    return {**score_cells(score), "target": None, "verdict": None}


def score_cells(score: Score) -> dict[str, Any]:
    """A score's figures, its interval and its trivial baseline, by column."""
    interval = score.interval
    return {
        "metric": score.metric,
        "value": score.value,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "level": None if interval is None else interval.level,
        "interval": None if interval is None else interval.method,
        "trivial": score.baseline,
        "lift": score.lift,
        "n": score.n,
        "n_sources": score.n_sources,
    }


def _classes(explanations: LocalExplanations) -> np.ndarray[Any, Any]:
    k = explanations.coef.shape[1]
    return np.asarray(explanations.classes or [None] * k, dtype=object)


def _terms(explanations: LocalExplanations, i: int) -> np.ndarray[Any, Any]:
    """Texts of row i's terms, once a class: (k * d,)."""
    features = tuple(explanations.domain.features)
    terms = explanations.encoding.terms(features, explanations.rows[i])
    texts = np.array([term_text(term, features) for term in terms], dtype=object)
    return np.tile(texts, explanations.coef.shape[1])


def _errors(explanations: LocalExplanations) -> Any:
    return np.nan if explanations.coef_se is None else explanations.coef_se.ravel()

"""One explained row as the lime package's own object, with its lists and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._optional import require
from surrogate.explanation.encoding import Scaled, term_text

if TYPE_CHECKING:
    from surrogate.explanation.local_explanation import LocalExplanation

__all__ = ["to_lime"]


def to_lime(explanation: LocalExplanation, *, n_features: int) -> Any:
    """Make a `lime.explanation.Explanation`; see `LocalExplanation.to_lime`."""
    lime = require("lime.explanation", extra="lime")
    regression = explanation.classes is None
    made = lime.Explanation(
        _mapper(explanation),
        mode="regression" if regression else "classification",
        class_names=None if regression else [str(name) for name in explanation.classes or ()],
        random_state=0,
    )
    shown = 0 if regression else int(np.argmax(explanation.box_value))
    for k in range(len(explanation.coef)):
        made.local_exp[k] = _strongest(explanation.coef[k], n_features)
        made.intercept[k] = float(explanation.intercept[k])
    made.local_pred = np.array([explanation.local_value[shown]])
    made.score = explanation.fidelity[shown].value
    if regression:
        reach = float(np.abs(explanation.coef[0]).sum())
        made.predicted_value = float(explanation.box_value[0])
        made.min_value, made.max_value = (made.predicted_value + sign * reach for sign in (-1, 1))
        made.intercept[1] = made.intercept[0]
        made.local_exp[1] = made.local_exp[0]
        made.local_exp[0] = [(j, -value) for j, value in made.local_exp[1]]
    else:
        made.predict_proba = np.array(explanation.box_value)
        made.top_labels = np.argsort(-explanation.box_value, kind="stable").tolist()
    return made


def _strongest(coef: Any, n_features: int) -> list[tuple[int, float]]:
    """Features and coefficients, largest first, none of them 0."""
    order = np.argsort(-np.abs(coef), kind="stable")[:n_features]
    return [(int(j), float(coef[j])) for j in order if coef[j] != 0]


def _mapper(explanation: LocalExplanation) -> Any:
    """What gives features their names and values in lime's lists and tables."""
    table = require("lime.lime_tabular", extra="lime")
    batch = explanation.batch
    features = tuple(batch.domain.features)
    terms = batch.encoding.terms(features, batch.rows[0])
    numeric = np.zeros(len(features), dtype=np.bool_)
    if isinstance(batch.encoding, Scaled):
        numeric = ~np.asarray(batch.encoding.equality)
    names = [
        feature.name if number else term_text(term, features)
        for feature, term, number in zip(features, terms, numeric)
    ]
    return table.TableDomainMapper(
        [feature.name for feature in features],
        [_value(batch.domain, j, x) for j, x in enumerate(batch.rows[0])],
        batch.rows[0],
        categorical_features=np.flatnonzero(~numeric).tolist(),
        discretized_feature_names=names,
    )


def _value(domain: Any, j: int, x: float) -> str:
    """A value as it is printed."""
    feature = domain.features[j]
    if np.isnan(x):
        return "missing"
    return str(feature.categories[int(x)]) if feature.is_coded else f"{x:.6g}"

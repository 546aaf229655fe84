"""Whether an estimator's predict is the largest column of its scores.

It need not be: TunedThresholdClassifierCV moves the threshold, SVC's probabilities come
from a second model. So predict is asked beside the scores, which doubles the price, unless
the very methods that the estimator inherits are scikit-learn's and known to agree. A
subclass that overrides either of them is unknown, and pays.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ARGMAX", "decides_by_argmax", "inner", "is_of"]

_LINEAR = "sklearn.linear_model._base.LinearClassifierMixin"
_HIST = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier"
_DISCRIMINANT = "sklearn.discriminant_analysis.DiscriminantAnalysisPredictionMixin"
_RIDGE = "sklearn.linear_model._ridge._RidgeClassifierMixin"

ARGMAX: frozenset[tuple[str, str]] = frozenset(
    {
        # (class that defines predict, class that defines the scores)
        (_DISCRIMINANT, _DISCRIMINANT),
        (_HIST, _HIST),
        (_LINEAR, _LINEAR),
        (_LINEAR, "sklearn.discriminant_analysis.LinearDiscriminantAnalysis"),
        (_LINEAR, "sklearn.linear_model._logistic.LogisticRegression"),
        (_RIDGE, _LINEAR),
        (
            "sklearn.calibration.CalibratedClassifierCV",
            "sklearn.calibration.CalibratedClassifierCV",
        ),
        (
            "sklearn.ensemble._bagging.BaggingClassifier",
            "sklearn.ensemble._bagging.BaggingClassifier",
        ),
        (
            "sklearn.ensemble._forest.ForestClassifier",
            "sklearn.ensemble._forest.ForestClassifier",
        ),
        (
            "sklearn.ensemble._gb.GradientBoostingClassifier",
            "sklearn.ensemble._gb.GradientBoostingClassifier",
        ),
        (
            "sklearn.ensemble._voting.VotingClassifier",
            "sklearn.ensemble._voting.VotingClassifier",
        ),
        (
            "sklearn.ensemble._weight_boosting.AdaBoostClassifier",
            "sklearn.ensemble._weight_boosting.AdaBoostClassifier",
        ),
        ("sklearn.naive_bayes._BaseNB", "sklearn.naive_bayes._BaseNB"),
        (
            "sklearn.neighbors._classification.KNeighborsClassifier",
            "sklearn.neighbors._classification.KNeighborsClassifier",
        ),
        (
            "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
            "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
        ),
        (
            "sklearn.semi_supervised._label_propagation.BaseLabelPropagation",
            "sklearn.semi_supervised._label_propagation.BaseLabelPropagation",
        ),
        (
            "sklearn.tree._classes.BaseDecisionTree",
            "sklearn.tree._classes.DecisionTreeClassifier",
        ),
    }
)

_INNER = {
    # class that defines predict: attribute of the estimator that it hands all questions to
    "sklearn.ensemble._stacking.StackingClassifier": "final_estimator_",
    "sklearn.model_selection._search.BaseSearchCV": "best_estimator_",
    "sklearn.pipeline.Pipeline": "_final_estimator",
    "sklearn.semi_supervised._self_training.SelfTrainingClassifier": "estimator_",
}


def decides_by_argmax(model: Any, method: str) -> bool:
    """Whether predict is known to be the largest column of what `method` gives.

    Parameters
    ----------
    model : estimator
    method : str
        "predict_proba" or "decision_function".
    """
    predict, scores = _definer(model, "predict"), _definer(model, method)
    if predict in _INNER:
        within = inner(model)
        return within is not None and decides_by_argmax(within, method)
    return (predict, scores) in ARGMAX


def inner(model: Any) -> Any | None:
    """The estimator that a pipeline or search hands all questions to."""
    attribute = _INNER.get(_definer(model, "predict"))
    return None if attribute is None else getattr(model, attribute, None)


def is_of(model: Any, *names: str) -> bool:
    """Whether a class of the model's ancestry bears one of the full names."""
    return any(_full_name(cls) in names for cls in type(model).__mro__)


def _definer(model: Any, method: str) -> str:
    """Full name of the class whose definition of a method the model uses."""
    if method in getattr(model, "__dict__", {}):
        return ""
    owner = next((cls for cls in type(model).__mro__ if method in vars(cls)), None)
    return "" if owner is None else _full_name(owner)


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"

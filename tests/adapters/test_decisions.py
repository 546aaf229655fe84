from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from surrogate.adapters._decisions import ARGMAX, _definer, decides_by_argmax, inner

METHODS = ("predict_proba", "decision_function")
MORE = {
    "VotingClassifier": lambda: VotingClassifier(
        [("a", GaussianNB()), ("b", LogisticRegression())], voting="soft"
    ),
    "StackingClassifier": lambda: StackingClassifier(
        [("a", GaussianNB())], final_estimator=LogisticRegression()
    ),
    "SelfTrainingClassifier": lambda: SelfTrainingClassifier(LogisticRegression()),
    "OneVsRestClassifier": lambda: OneVsRestClassifier(LogisticRegression()),
    "FixedThresholdClassifier": lambda: FixedThresholdClassifier(LogisticRegression()),
    "TunedThresholdClassifierCV": lambda: TunedThresholdClassifierCV(LogisticRegression()),
}


def classifiers() -> list[tuple[str, Any]]:
    """Every classifier of scikit-learn that can be made without asking."""
    found = []
    for name, cls in all_estimators("classifier"):
        with warnings.catch_warnings(), contextlib.suppress(TypeError):
            warnings.simplefilter("ignore", FutureWarning)
            found.append((name, MORE[name]() if name in MORE else cls()))
    return found


def candidates() -> list[tuple[str, Any]]:
    """Those that are trusted, or may be once they are fitted."""
    return [
        (name, model)
        for name, model in classifiers()
        if name in MORE or any(decides_by_argmax(model, method) for method in METHODS)
    ]


def largest(model: Any, scores: np.ndarray) -> np.ndarray:
    if scores.ndim == 1:
        return model.classes_[(scores > 0).astype(int)]
    return model.classes_[scores.argmax(axis=1)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "model"), candidates())
@pytest.mark.parametrize("n_classes", [2, 3])
def test_whoever_is_trusted_decides_by_the_largest_column(
    name: str, model: Any, n_classes: int
) -> None:
    methods = [method for method in METHODS if decides_by_argmax(model, method)]
    X, y = make_classification(
        150, 6, n_informative=4, n_classes=n_classes, flip_y=0.2, random_state=n_classes
    )
    X = np.abs(X).round(2)  # for those that take no negative numbers
    try:
        model.fit(X, np.array(["no", "yes", "so"])[y])
    except ValueError:
        pytest.skip("this classifier cannot be fitted on these data")
    trusted = [method for method in METHODS if decides_by_argmax(model, method)]
    assert set(methods) <= set(trusted)
    for method in trusted:
        if hasattr(model, method):
            draws = np.random.Generator(np.random.Philox(key=9)).integers(0, 150, (1000, 6))
            rows = np.take_along_axis(X, draws, axis=0)  # new rows of known values
            decided = largest(model, getattr(model, method)(rows))
            assert (decided == model.predict(rows)).all()


def test_every_entry_of_the_table_is_somebodys() -> None:
    inherited = {
        (_definer(model, "predict"), _definer(model, method))
        for _, model in classifiers()
        for method in METHODS
    }
    assert inherited >= ARGMAX


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    return make_classification(200, 6, random_state=0)


@pytest.mark.parametrize(
    ("model", "trusted"),
    [
        (RandomForestClassifier(3), True),
        (make_pipeline(StandardScaler(), LogisticRegression()), True),
        (GridSearchCV(make_pipeline(LogisticRegression()), {}), True),
        (CalibratedClassifierCV(GaussianNB()), True),
        (BaggingClassifier(DecisionTreeClassifier(), 3), True),
        (SVC(), False),
        (make_pipeline(StandardScaler(), SVC()), False),
        (GridSearchCV(FixedThresholdClassifier(LogisticRegression(), threshold=0.3), {}), False),
        (FrozenEstimator(LogisticRegression()), False),
        (make_pipeline(StandardScaler(), "passthrough"), False),
    ],
)
def test_pipelines_and_searches_are_as_trusted_as_what_is_inside(
    model: Any, trusted: bool, data: tuple[np.ndarray, np.ndarray]
) -> None:
    if isinstance(model, FrozenEstimator):
        model.estimator.fit(*data)
    model.fit(*data)
    assert decides_by_argmax(model, "predict_proba") == trusted


def test_a_subclass_that_overrides_either_method_is_not_trusted() -> None:
    class Careful(LogisticRegression):
        def predict(self, X: Any) -> Any:
            return self.classes_[(self.predict_proba(X)[:, 1] > 0.9).astype(int)]

    class Sharpened(LogisticRegression):
        def predict_proba(self, X: Any) -> Any:
            return super().predict_proba(X)[:, ::-1]

    class Renamed(LogisticRegression):
        pass

    assert not decides_by_argmax(Careful(), "predict_proba")
    assert not decides_by_argmax(Sharpened(), "predict_proba")
    assert decides_by_argmax(Renamed(), "predict_proba")
    patched = LogisticRegression()
    patched.predict = lambda X: X  # type: ignore[method-assign]
    assert not decides_by_argmax(patched, "predict_proba")


def test_what_is_inside() -> None:
    final = LogisticRegression()
    assert inner(make_pipeline(StandardScaler(), final)) is final
    assert inner(final) is None
    assert inner(GridSearchCV(final, {})) is None  # not fitted yet

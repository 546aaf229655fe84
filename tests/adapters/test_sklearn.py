from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from surrogate.adapters import SklearnBox
from surrogate.errors import AbilityError, DataError, InputError, ModelError, OptionError

N = 120
_random = np.random.Generator(np.random.Philox(key=5))
PEOPLE = pd.DataFrame(
    {
        "age": _random.integers(18, 80, N),
        "job": _random.choice(["cook", "judge", "pilot"], N).astype(object),
        "hours": _random.normal(40, 8, N),
    }
)
RICH = np.where(PEOPLE["age"] + PEOPLE["hours"] > 90, "rich", "poor")
X = _random.standard_normal((N, 3))
Y = (X[:, 0] > 0.2).astype(int)


@pytest.fixture(scope="module")
def people_model() -> Any:
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), ["age", "hours"]), ("jobs", OneHotEncoder(), ["job"])]
    )
    return make_pipeline(columns, LogisticRegression()).fit(PEOPLE, RICH)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(PEOPLE, id="pandas"),
        pytest.param(PEOPLE[["hours", "job", "age"]], id="pandas, other order"),
        pytest.param(PEOPLE.assign(shoe=42), id="pandas, one column more"),
        pytest.param(pl.DataFrame(PEOPLE[["job", "hours", "age"]].to_dict("list")), id="polars"),
        pytest.param({c: PEOPLE[c].to_numpy() for c in ("job", "age", "hours")}, id="mapping"),
        pytest.param(PEOPLE.to_numpy(dtype=object), id="array of objects"),
    ],
)  # fmt: skip
def test_columns_fitted_by_name_are_found_by_name(people_model: Any, rows: Any) -> None:
    box = SklearnBox(people_model)
    assert box.traits.columns == ("age", "job", "hours")
    assert box.traits.n_features == 3
    np.testing.assert_allclose(box.ask(rows).values, people_model.predict_proba(PEOPLE))


def test_a_missing_column_is_named(people_model: Any) -> None:
    with pytest.raises(DataError, match=r"Pipeline\(LogisticRegression\) needs the column 'job'"):
        SklearnBox(people_model).ask(PEOPLE.drop(columns="job"))


def test_an_unknown_category_is_the_models_complaint(people_model: Any) -> None:
    with pytest.raises(ModelError, match="raised ValueError: Found unknown categories"):
        SklearnBox(people_model).ask(PEOPLE.assign(job="poet"))


def test_frames_for_a_model_fitted_on_an_array_go_by_place() -> None:
    model = LogisticRegression().fit(X, Y)
    rows = pd.DataFrame(X, columns=list("abc"))
    box = SklearnBox(model)
    np.testing.assert_array_equal(box.ask(rows).values, model.predict_proba(X))
    with pytest.raises(DataError, match="LogisticRegression takes 3 columns; the rows have 2"):
        box.ask(rows[["a", "b"]])
    with pytest.raises(DataError, match="Expected 2D array, got 1D array"):
        box.ask(X[0])


def test_nan_is_the_models_complaint() -> None:
    box = SklearnBox(LogisticRegression().fit(X, Y))
    rows = X.copy()
    rows[3, 1] = np.nan
    with pytest.raises(
        ModelError, match="LogisticRegression raised ValueError: Input X contains NaN"
    ):
        box.ask(rows)


class Counting(ClassifierMixin, BaseEstimator):
    """Counts what it is asked."""

    def __init__(self, model: Any = None) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> Counting:
        self.calls_ = Counter[str]()
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        self.calls_["predict"] += 1
        return np.where(X[:, 0] > 0.9, 1, 0)

    def predict_proba(self, X: Any) -> Any:
        self.calls_["predict_proba"] += 1
        return np.column_stack([1 - X[:, 0], X[:, 0]])


def test_an_own_decision_is_answered_beside_the_probabilities() -> None:
    model = Counting().fit(X, Y)
    rows = np.array([[0.2], [0.7], [0.95]])
    reply = SklearnBox(model).ask(rows)
    assert reply.labels.tolist() == [0, 0, 1]
    assert reply.values.argmax(axis=1).tolist() == [0, 1, 1]
    assert model.calls_ == {"predict": 1, "predict_proba": 1}


def test_predict_is_not_paid_for_where_nobody_looks() -> None:
    model = Counting().fit(X, Y)
    assert SklearnBox(model, threshold=0.3).ask(np.array([[0.2]])).labels is None
    assert model.calls_ == {"predict_proba": 1}
    assert SklearnBox(model, output="labels").ask(np.array([[0.2]])).values is None
    assert model.calls_ == {"predict_proba": 1, "predict": 1}


def test_output_picks_the_method() -> None:
    model = LogisticRegression().fit(X, Y)
    for output, method in (
        ("probabilities", "predict_proba"),
        ("scores", "decision_function"),
    ):
        box = SklearnBox(model, output=output)
        np.testing.assert_array_equal(box.ask(X).values, getattr(model, method)(X))
        assert box.traits.output == output
        assert box.traits.details["method"] == method
    assert SklearnBox(model, output="labels").ask(X).labels.tolist() == model.predict(X).tolist()
    with pytest.raises(OptionError, match="RandomForestClassifier has no decision_function, which"):
        SklearnBox(RandomForestClassifier(2).fit(X, Y), output="scores")


def test_classes_can_be_given_other_names() -> None:
    tuned = FixedThresholdClassifier(LogisticRegression(), threshold=0.9).fit(X, Y)
    box = SklearnBox(tuned, classes=["no", "yes"])
    reply = box.ask(X)
    assert box.traits.classes == ("no", "yes")
    assert reply.labels.tolist() == np.array(["no", "yes"])[tuned.predict(X)].tolist()
    labels = SklearnBox(tuned, classes=["no", "yes"], output="labels").ask(X).labels
    assert labels.tolist() == reply.labels.tolist()
    with pytest.raises(OptionError, match=r"in column order, \[0, 1\]; .* got \[1, 0\]"):
        SklearnBox(tuned, classes=[1, 0])


def test_a_class_that_is_coded_from_one_is_renamed_by_its_place() -> None:
    model = SVC().fit(X, Y + 1)
    labels = SklearnBox(model, classes=["good", "bad"]).ask(X).labels
    assert labels.tolist() == [("good", "bad")[i - 1] for i in model.predict(X)]


@pytest.mark.parametrize(
    ("model", "dtype"),
    [
        (RandomForestClassifier(2), "float32"),
        (DecisionTreeClassifier(), "float32"),
        (DecisionTreeRegressor(), "float32"),
        (GradientBoostingClassifier(n_estimators=2), "float32"),
        (LogisticRegression(), "float64"),
        (make_pipeline(StandardScaler(), DecisionTreeClassifier()), "float64"),
    ],
)
def test_the_floating_type_that_trees_compute_in(model: Any, dtype: str) -> None:
    assert SklearnBox(model.fit(X, Y)).traits.dtype == dtype


def test_tasks_are_read_from_the_estimator() -> None:
    regression = SklearnBox(LinearRegression().fit(X, Y))
    assert (regression.traits.task, regression.traits.output) == ("regression", "values")
    assert regression.traits.classes is None
    clusters = SklearnBox(KMeans(2, n_init=1).fit(X))
    assert (clusters.traits.task, clusters.traits.output) == ("classification", "labels")
    assert set(clusters.ask(X).labels.tolist()) == {0, 1}
    scored = SklearnBox(LinearRegression().fit(X, Y), task="classification", output=None)
    assert scored.traits.task == "classification"
    with pytest.raises(OptionError, match="LogisticRegression is a classifier; for task='regr"):
        SklearnBox(LogisticRegression().fit(X, Y), task="regression")


def test_estimators_of_other_libraries_are_known_by_their_methods() -> None:
    class Booster:
        classes_ = np.array(["a", "b"])

        def predict(self, rows: Any) -> Any:
            return self.classes_[(rows[:, 0] > 0.5).astype(int)]

        def predict_proba(self, rows: Any) -> Any:
            return np.column_stack([1 - rows[:, 0], rows[:, 0]])

    class Bare:
        def predict(self, rows: Any) -> Any:
            return rows[:, 0]

    box = SklearnBox(Booster())
    assert box.traits.classes == ("a", "b")
    assert box.ask(np.array([[0.7]])).labels.tolist() == ["b"]
    bare = SklearnBox(Bare())
    assert bare.traits.task is None
    assert bare.traits.output is None
    assert bare.ask(np.array([[0.7]])).values.tolist() == [0.7]


def test_text_pipelines_get_their_rows_as_they_are() -> None:
    texts = np.array(["good film", "bad film", "good", "bad"], dtype=object)
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0])
    assert SklearnBox(model).ask(texts).values.shape == (4, 2)


def test_images_are_laid_out_as_rows_of_as_many_columns() -> None:
    rows = np.arange(24.0).reshape(6, 4)
    box = SklearnBox(LinearRegression().fit(rows, rows[:, 3]))
    assert np.allclose(box.ask(rows.reshape(6, 2, 2)).values, rows[:, 3])


def test_preprocess_may_make_the_columns_that_the_model_knows(people_model: Any) -> None:
    box = SklearnBox(
        people_model,
        columns=["hours a week", "years", "work"],
        preprocess=lambda rows: rows.rename(
            columns={"hours a week": "hours", "years": "age", "work": "job"}
        ),
    )
    raw = PEOPLE.rename(columns={"hours": "hours a week", "age": "years", "job": "work"})
    assert box.traits.columns == ("hours a week", "years", "work")
    assert box.traits.n_features is None
    np.testing.assert_allclose(box.ask(raw).values, people_model.predict_proba(PEOPLE))


def test_nothing_is_written_onto_the_model() -> None:
    model = LogisticRegression().fit(X, Y)
    before = dict(vars(model))
    SklearnBox(model, classes=["no", "yes"]).ask(X)
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[key] is value for key, value in before.items())


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (LogisticRegression(), ModelError, "LogisticRegression is not fitted; call its fit"),
        (make_pipeline(StandardScaler(), SVC()), ModelError, r"Pipeline\(SVC\) is not fitted"),
        (LogisticRegression, InputError, "LogisticRegression is a class, not a model; give an"),
        (StandardScaler().fit(X), InputError, "StandardScaler has no predict, predict_proba or"),
        (
            MultiOutputClassifier(LogisticRegression()).fit(X, np.column_stack([Y, 1 - Y])),
            AbilityError,
            "answers 2 outputs at once",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(model: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        SklearnBox(model)


def test_a_threshold_needs_two_classes() -> None:
    model = LogisticRegression().fit(X, np.arange(N) % 3)
    with pytest.raises(OptionError, match="LogisticRegression has 3"):
        SklearnBox(model, threshold=0.4)

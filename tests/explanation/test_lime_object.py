"""lime's own object: lists, tables and pictures of our explanations."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from surrogate import explain

pytest.importorskip("lime")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # lime leaves a file open


def table(n: int = 120) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=0)).normal(size=(n, 3))


def test_lists_hold_terms_and_coefficients(demo: ModuleType) -> None:
    one = demo.local(4)[2]
    made = one.to_lime(n_features=3)
    features = tuple(one.batch.domain.features)
    terms = one.batch.encoding.terms(features, one.batch.rows[0])
    order = np.argsort(-np.abs(one.coef[1]))[:3]
    assert made.as_list(1) == [(terms[j].text(features), one.coef[1, j]) for j in order]
    assert made.as_map()[0] == [
        (int(j), one.coef[0, j]) for j in np.argsort(-np.abs(one.coef[0]))[:3]
    ]
    assert made.class_names == ["refused", "granted"]
    assert made.predict_proba.tolist() == one.box_value.tolist()
    assert made.available_labels()[0] == int(np.argmax(one.box_value))
    assert made.score == one.fidelity[int(np.argmax(one.box_value))].value


def test_pages_and_pictures_are_made(demo: ModuleType) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    made = demo.local(4)[1].to_lime()
    page = made.as_html()
    assert "granted" in page
    assert "income" in page
    assert page == demo.local(4)[1].to_lime().as_html()  # nothing is drawn anew
    figure = made.as_pyplot_figure(label=1)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()][::-1] == [
        name for name, _ in made.as_list(1)
    ]
    plt.close(figure)


def test_regression_keeps_lime_s_two_signs() -> None:
    X = table()
    one = explain(lambda rows: 2.0 * rows[:, 0] - rows[:, 1], X[:1], data=X)[0]
    made = one.to_lime()
    assert made.mode == "regression"
    assert made.as_list()[0][0] == "x0"
    assert made.as_list()[0][1] == pytest.approx(2 * X[:, 0].std(), rel=0.02)
    assert made.local_exp[0] == [(j, -value) for j, value in made.local_exp[1]]
    assert made.min_value < made.predicted_value < made.max_value
    assert "lime.PredictedValue" in made.as_html()


def test_missing_values_and_categories_have_words(demo: ModuleType) -> None:
    one = demo.local(4)[0]
    values = one.to_lime().domain_mapper.feature_values
    assert values[-1] in {"owns", "rents", "lodges free"}
    assert all(isinstance(value, str) for value in values)

"""Explanations as shap's own object: what its values are, and that its plots draw it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from surrogate import Texts, explain, wrap
from surrogate.errors import MissingDependency, OptionError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what shap imports may warn
    shap = pytest.importorskip("shap")

plt = pytest.importorskip("matplotlib.pyplot")


def table(n: int = 120) -> dict[str, np.ndarray]:
    rng = np.random.Generator(np.random.Philox(key=1))
    return {
        "age": rng.normal(40.0, 10.0, n),
        "town": rng.choice(["Rome", "Oslo", "Bern"], n),
        "pulse": rng.normal(70.0, 8.0, n),
        "sex": rng.choice(["f", "m"], n),
    }


def value(rows: dict[str, np.ndarray]) -> np.ndarray:
    return 0.2 * rows["age"] * (rows["sex"] == "m") + (rows["town"] == "Oslo") - rows["pulse"] / 9


def classes(rows: dict[str, np.ndarray]) -> np.ndarray:
    p = 1 / (1 + np.exp(-value(rows)))
    return np.stack([p, 1 - p], axis=1)


def first(rows: dict[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
    return {name: column[:n] for name, column in rows.items()}


def explained(box: Any, n: int = 6, *, method: str = "lime", **options: Any) -> Any:
    X = table()
    given = {"n_samples": 300} | options
    return explain(box, first(X, n), method=method, data=X, fidelity=50, options=given)


def number() -> Any:
    return wrap(value, task="regression")


def two() -> Any:
    return wrap(classes, classes=["yes", "no"])


def lime_classes() -> Any:
    return explained(two(), sampling="discretised")


def lime_number() -> Any:
    return explained(number(), sampling="discretised")


def shap_classes() -> Any:
    return explained(two(), method="kernel_shap", background=7)


def shap_number() -> Any:
    return explained(number(), method="kernel_shap", background=7)


MADE = {made.__name__: made for made in (lime_classes, lime_number, shap_classes, shap_number)}


@pytest.fixture(scope="module", params=MADE)
def case(request: pytest.FixtureRequest) -> Any:
    return MADE[request.param]()


def added(made: Any) -> np.ndarray:
    return made.base_values + made.values.sum(axis=1)


def as_outputs(values: np.ndarray, made: Any) -> np.ndarray:
    return values[:, 0] if made.values.ndim == 2 else values


def test_values_and_base_add_up_to_the_local_value(case: Any) -> None:
    made = case.to_shap()
    assert made.values.shape == ((6, 4, 2) if case.classes else (6, 4))
    np.testing.assert_allclose(added(made), as_outputs(case.local_values, made), atol=1e-9)
    np.testing.assert_allclose(made.base_values, as_outputs(case.intercept, made), atol=1e-9)


def test_names_and_values_are_the_users(case: Any) -> None:
    made, X = case.to_shap(), table()
    assert list(made.feature_names) == list(X)
    assert made.output_names == (["yes", "no"] if case.classes else None)
    assert made.data.dtype == np.float64
    for j, column in enumerate(X.values()):
        assert made.display_data[:, j].tolist() == column[:6].tolist()
    np.testing.assert_array_equal(made.data[:, 0], X["age"][:6])


def test_with_a_reference_they_are_shapley_values_of_the_local_form() -> None:
    case, X = lime_classes(), table()
    made = case.to_shap(reference=X)
    np.testing.assert_allclose(added(made), case.local_values, atol=1e-9)
    mean = case.predict(X).mean(axis=1)  # (n, k)
    np.testing.assert_allclose(made.base_values, mean, atol=1e-9)
    form = case[2].form
    background = case.domain.encode(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = shap.KernelExplainer(form.predict_values, background).shap_values(
            case.rows[2:3], silent=True, l1_reg=False
        )
    np.testing.assert_allclose(made.values[2], theirs[0], atol=1e-9)


def test_slopes_need_a_reference() -> None:
    case = explained(number())
    with pytest.raises(OptionError, match="`reference` parameter of to_shap must be given"):
        case.to_shap()
    made = case.to_shap(reference=table())
    np.testing.assert_allclose(added(made), case.local_values[:, 0], atol=1e-9)
    np.testing.assert_allclose(made.base_values, case.predict(table()).mean(axis=1)[:, 0])
    assert np.abs(made.values).max() > 0


def test_shapley_values_have_a_background_already() -> None:
    case = shap_number()
    np.testing.assert_array_equal(case.to_shap().values, case.coef[:, 0])
    with pytest.raises(OptionError, match="must be None for Shapley values"):
        case.to_shap(reference=table())


def test_intervals_go_with_values_where_they_are_claimed() -> None:
    made = lime_number().to_shap()
    half = made.upper_bounds - made.values
    assert (half > 0).all()
    np.testing.assert_allclose(made.values - made.lower_bounds, half)
    exact = shap_number()
    assert not np.any(exact.coef_se)
    assert exact.to_shap().lower_bounds is None


def test_missing_values_are_said() -> None:
    X = table()
    X["town"] = X["town"].astype(object)
    X["town"][1] = None
    X["age"][0] = np.nan

    def model(rows: dict[str, np.ndarray]) -> np.ndarray:
        return np.nan_to_num(rows["age"]) + (rows["town"] == "Oslo")

    options = {"n_samples": 300, "sampling": "discretised"}
    box = wrap(model, task="regression")
    case = explain(box, first(X, 3), data=X, fidelity=50, options=options)
    made = case.to_shap()
    assert made.display_data[1, 1] == "missing"
    assert np.isnan(made.data[0, 0])
    np.testing.assert_allclose(added(made), case.local_values[:, 0], atol=1e-9)


def test_without_shap_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    case = lime_number()
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingDependency, match=r"surrogate-toolkit\[shap\]"):
        case.to_shap()


PLOTS: dict[str, Callable[[ModuleType, Any], Any]] = {
    "beeswarm": lambda plots, e: plots.beeswarm(e, show=False),
    "bar": lambda plots, e: plots.bar(e, show=False),
    "bar of one": lambda plots, e: plots.bar(e[0], show=False),
    "heatmap": lambda plots, e: plots.heatmap(e, show=False),
    "waterfall": lambda plots, e: plots.waterfall(e[0], show=False),
    "scatter": lambda plots, e: plots.scatter(e[:, "age"], show=False),
    "scatter of categories": lambda plots, e: plots.scatter(e[:, "town"], show=False),
    "decision": lambda plots, e: plots.decision(
        float(e.base_values[0]), e.values, feature_names=e.feature_names, show=False
    ),
}


@pytest.fixture(scope="module", params=["lime_number", "shap_classes"])
def drawn(request: pytest.FixtureRequest) -> Any:
    """With intervals, and with classes."""
    return MADE[request.param]()


@pytest.mark.parametrize("plot", PLOTS)
def test_plots_of_shap_draw_it(drawn: Any, plot: str) -> None:
    made = drawn.to_shap()
    one = made[..., 1] if drawn.classes else made
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="shap")  # of its own making
        PLOTS[plot](shap.plots, one)
        plt.gcf().canvas.draw()
    assert plt.gcf().axes
    plt.close("all")


def test_a_waterfall_names_categories() -> None:
    made = lime_number().to_shap()
    shap.plots.waterfall(made[0], show=False)
    said = [tick.get_text() for tick in plt.gca().get_yticklabels()]
    said += [tick.get_text() for axes in plt.gcf().axes for tick in axes.get_yticklabels()]
    assert f"{table()['town'][0]} = town" in said
    plt.close("all")


@pytest.mark.parametrize("method", ["lime", "kernel_shap"])
def test_a_text_is_drawn_with_its_words(method: str) -> None:
    def model(texts: list[str]) -> np.ndarray:
        return np.array([0.5 + 0.1 * t.count("good") - 0.1 * t.count("bad") for t in texts])

    text, box = "good film but bad end", wrap(model, task="regression")
    given = {"n_samples": 30}
    case = explain(box, [text], domain=Texts(), method=method, fidelity=20, options=given)
    made = case[0].to_shap()
    assert made.data.tolist() == text.split()
    np.testing.assert_allclose(made.values, [0.1, 0, 0, -0.1, 0], atol=1e-9)
    assert made.base_values == pytest.approx(0.5)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="shap")
        assert "film" in shap.plots.text(made, display=False)


def test_one_row_is_that_row(case: Any) -> None:
    one, all_rows = case[2].to_shap(), case.to_shap()
    np.testing.assert_array_equal(one.values, all_rows.values[2])
    np.testing.assert_array_equal(one.base_values, all_rows.base_values[2])
    assert one.display_data[1] == table()["town"][2]

"""`Lime` as people use it: many rows, all kinds of columns, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import BudgetTooSmall, DataError, OptionError
from surrogate.local import Lime, LimeResult
from surrogate.oracle import Oracle

SAMPLINGS = ("neighbours", "discretised", "gaussian", "kernel")


def numbers(n: int = 200, d: int = 3) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=3)).normal(size=(n, d))


def plane(rows: np.ndarray) -> np.ndarray:
    return 2.0 * rows[:, 0] - rows[:, 1]


def regression(X: np.ndarray, function: Any = plane) -> Oracle:
    return Oracle(wrap(function, task="regression"), Domain.infer(X))


def explain(oracle: Oracle, X: np.ndarray, rows: int = 4, **options: Any) -> LimeResult:
    fidelity, seed = options.pop("fidelity", 300), options.pop("seed", 0)
    lime = Lime(oracle, **{"n_samples": 600, **options})
    return lime.explain(X[:rows], reference=X, fidelity=fidelity, seed=seed)


@pytest.mark.parametrize("sampling", ["neighbours", "gaussian", "kernel"])
def test_a_linear_model_is_found_again(sampling: str) -> None:
    X = numbers() * [1.0, 5.0, 0.1] + [0.0, 100.0, 0.0]
    result = explain(regression(X), X, sampling=sampling)
    slope = np.array([2.0, -1.0, 0.0]) * X.std(axis=0)
    np.testing.assert_allclose(result.coef, np.broadcast_to(slope, (4, 1, 3)), atol=1e-6)
    np.testing.assert_allclose(result.local_values, result.box_values, atol=1e-6)
    np.testing.assert_allclose(result.intercept, result.box_values, atol=1e-6)  # centred on the row
    assert (result.fidelity.value > 1 - 1e-9).all()
    assert result.flags == ((),) * 4


def test_a_model_of_bins_is_found_again() -> None:
    X = numbers()
    cut = np.median(X[:, 0])
    result = explain(
        regression(X, lambda rows: 3.0 * (rows[:, 0] > cut)),
        X,
        sampling="discretised",
        n_samples=4000,
    )
    upper = X[:4, 0] > cut
    np.testing.assert_array_less(result.coef[:, 0, 0] * np.where(upper, -1, 1), -0.5)
    assert np.abs(result.coef[:, 0, 1:]).max() < 0.2


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_the_form_that_is_shown_is_the_form_that_is_measured(sampling: str) -> None:
    data = {
        "age": np.random.Generator(np.random.Philox(key=1)).normal(40, 12, size=200),
        "town": np.array(["Ghent", "Lund", "Cork", "Lund"] * 50, dtype=object),
        "loud": np.array([0, 1] * 100),
    }
    data["age"][::9] = np.nan
    domain = Domain.infer(data)

    def answer(rows: Any) -> np.ndarray:
        age = np.nan_to_num(np.asarray(rows["age"], dtype=float), nan=30.0)
        lund = np.asarray(rows["town"], dtype=object) == "Lund"
        return age / 40 + 2.0 * lund * np.asarray(rows["loud"], dtype=float)

    matrix = domain.encode(data)
    oracle = Oracle(wrap(answer, task="regression"), domain)
    result = explain(oracle, matrix, rows=12, sampling=sampling)
    for i in range(12):
        form = result.form(i, domain.features)
        np.testing.assert_allclose(
            form.predict_values(result.rows[i : i + 1])[0], result.local_values[i], atol=1e-9
        )
    assert np.isfinite(result.coef).all()
    assert (result.fidelity.low <= result.fidelity.value).all()
    town = result.coef[:, 0, 1]
    loud_lund = (matrix[:12, 1] == domain.encode(data)[1, 1]) & (matrix[:12, 2] == 1)
    assert (town[loud_lund] > 0.2).all()


def test_one_set_of_queries_serves_all_rows_and_classes() -> None:
    X = numbers()

    def three(rows: np.ndarray) -> np.ndarray:
        odds = np.exp(rows)
        return odds / odds.sum(axis=1, keepdims=True)

    oracle = Oracle(wrap(three), Domain.infer(X))
    result = explain(oracle, X, rows=200)
    assert result.coef.shape == (200, 3, 3)
    assert dict(oracle.queries.purposes) == {"rows": 200, "fit": 600, "fidelity": 300}
    assert dict(result.queries) == Lime(oracle, n_samples=600).cost(200, fidelity=300)
    np.testing.assert_allclose(result.coef.sum(axis=1), 0.0, atol=1e-9)
    one = Lime(oracle, n_samples=600).explain(X[7:8], reference=X, fidelity=300)
    np.testing.assert_allclose(one.coef[0], result.coef[7], atol=1e-9)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_equal_seeds_equal_results(sampling: str) -> None:
    X = numbers()
    first, again, other = (
        explain(
            regression(X, lambda rows: np.sin(3 * rows[:, 0])),
            X,
            seed=s,
            sampling=sampling,
        )
        for s in (5, 5, 6)
    )
    np.testing.assert_array_equal(first.coef, again.coef)
    np.testing.assert_array_equal(first.fidelity.low, again.fidelity.low)
    assert not np.array_equal(first.coef, other.coef)


def test_float32_sums_are_good_enough() -> None:
    """Fast sums differ from exact ones by less than a thousandth of a standard error."""
    X = numbers(300, 8)

    def probability(rows: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-4 * rows[:, 0] * rows[:, 1] - rows[:, 2]))
        return np.column_stack([1 - p, p])

    oracle = Oracle(wrap(probability), Domain.infer(X))
    lime = Lime(oracle, sampling="discretised", n_samples=2000)
    fast = lime.explain(X[:10], reference=X, fidelity=300)
    from surrogate.local import _fit

    limit = _fit.SINGLE_SPAN
    try:
        _fit.SINGLE_SPAN = 0.0
        exact = lime.explain(X[:10], reference=X, fidelity=300)
    finally:
        _fit.SINGLE_SPAN = limit
    assert not np.array_equal(fast.coef, exact.coef)
    assert (np.abs(fast.coef - exact.coef) < 1e-3 * exact.coef_se).all()
    np.testing.assert_allclose(fast.coef, exact.coef, atol=2e-6)


def test_one_hot_groups_move_together_and_count_once() -> None:
    rng = np.random.Generator(np.random.Philox(key=4))
    hot = np.eye(3)[rng.integers(3, size=200)]
    X = np.column_stack([hot, rng.normal(size=200)])
    domain = Domain.infer(X, groups={"colour": ("x0", "x1", "x2")})
    asked = []

    def answer(rows: np.ndarray) -> np.ndarray:
        asked.append(rows)
        return 5.0 * rows[:, 1] + rows[:, 3]

    result = Lime(
        Oracle(wrap(answer, task="regression"), domain), sampling="discretised", n_samples=2000
    ).explain(X[:6], reference=X, fidelity=200)
    assert (np.concatenate(asked)[:, :3].sum(axis=1) == 1).all()
    active = X[:6, :3] == 1
    assert (result.coef[:, 0, :3][~active] == 0).all()
    assert (np.abs(result.coef[:, 0, :3][active]) > 1).all()
    assert result.widths[0] == pytest.approx(0.75 * np.sqrt(2))  # two columns, not four
    sign = np.where(X[:6, 1] == 1, 1, -1)
    assert (result.coef[:, 0, :3][active] * sign > 1).all()


def test_drawing_from_the_kernel_is_weighting_by_it() -> None:
    X = numbers()
    curved = regression(X, lambda rows: np.sin(2 * rows[:, 0]) + rows[:, 1] * rows[:, 2])
    drawn, weighed = (
        explain(curved, X, sampling=s, width=0.8, n_samples=8000) for s in ("kernel", "gaussian")
    )
    spread = np.hypot(drawn.coef_se, weighed.coef_se)
    assert (np.abs(drawn.coef - weighed.coef) < 4.5 * spread).all()
    assert (drawn.ess == 8000).all()


def test_the_kernel_keeps_categories() -> None:
    X = np.column_stack([numbers(400, 1), np.arange(400) % 2])
    domain = Domain.infer(X, kinds={"x1": "binary"})
    asked = []

    def answer(rows: np.ndarray) -> np.ndarray:
        asked.append(rows)
        return rows[:, 0]

    lime = Lime(
        Oracle(wrap(answer, task="regression"), domain),
        sampling="kernel",
        width=0.5,
        n_samples=4000,
    )
    lime.explain(X[:1], reference=X, fidelity=10)
    changed = np.concatenate(asked)[1:4001, 1].mean()  # the row's own value is 0
    assert changed == pytest.approx(0.5 * np.exp(-0.5 / 0.5**2), abs=0.02)


def test_label_only_boxes() -> None:
    X = numbers()
    box = wrap(lambda rows: np.where(rows[:, 0] > 0, "yes", "no"))
    result = explain(Oracle(box, Domain.infer(X)), X, n_samples=1000)
    assert result.classes == ("no", "yes")
    assert set(np.unique(result.box_values)) == {0.0, 1.0}
    assert (np.abs(result.coef[:, 1]).argmax(axis=1) == 0).all()
    np.testing.assert_allclose(result.coef[:, 0], -result.coef[:, 1])
    np.testing.assert_allclose(result.intercept.sum(axis=1), 1.0)
    np.testing.assert_allclose(result.fidelity.value[:, 0], result.fidelity.value[:, 1], atol=1e-4)


def test_chosen_classes() -> None:
    X = numbers()
    box = wrap(lambda rows: np.where(rows[:, 0] > 0, "yes", "no"))
    oracle = Oracle(box, Domain.infer(X))
    both, second = explain(oracle, X), explain(oracle, X, classes=["yes"])
    assert second.classes == ("yes",)
    np.testing.assert_allclose(second.coef[:, 0], both.coef[:, 1], atol=1e-9)
    with pytest.raises(OptionError, match="names 'maybe', which the model does not have; it has"):
        explain(oracle, X, classes=["maybe"])
    with pytest.raises(OptionError, match=r"`classes` parameter .* None for a regression model"):
        explain(regression(X), X, classes=["yes"])


def test_torch_boxes_answer_the_same() -> None:
    torch = pytest.importorskip("torch")
    X = numbers().astype(np.float32).astype(np.float64)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    box = wrap(net, task="regression")
    result = explain(Oracle(box, Domain.infer(X)), X)
    assert isinstance(result.coef, np.ndarray)
    assert result.coef.dtype == np.float64
    assert (result.fidelity.value > 0.8).all()


def test_a_constant_model_is_said_to_be_one() -> None:
    X = numbers()
    for sampling in SAMPLINGS:
        result = explain(regression(X, lambda rows: np.full(len(rows), 0.1)), X, sampling=sampling)
        assert (result.coef == 0).all()
        assert np.isnan(result.fidelity.value).all()
        assert "does not vary around the row, so fidelity is undefined" in result.flags[0][0]


def test_a_constant_feature_gets_zero() -> None:
    X = numbers()
    X[:, 2] = 7.0
    for sampling in SAMPLINGS:
        result = explain(regression(X), X, sampling=sampling)
        assert (result.coef[:, 0, 2] == 0).all()
        assert np.isfinite(result.coef_se).all()


def test_features_that_move_together_are_named() -> None:
    X = numbers()
    X[:, 1] = X[:, 0] + 0.01 * X[:, 1]
    together = " ".join(explain(regression(X), X).notes)
    assert "one can make up for another: x0, x1." in together
    assert "make up" not in " ".join(explain(regression(numbers()), numbers()).notes)


def test_a_bad_explanation_says_so() -> None:
    X = numbers()
    wild = regression(X, lambda rows: np.sin(40 * rows[:, 0]))
    weak = explain(wild, X)
    assert all("not shown to describe the model better" in " ".join(flags) for flags in weak.flags)
    assert "interval" in weak.flags[0][0]
    narrow = explain(wild, X, width=0.05)
    assert all("effective samples" in " ".join(flags) for flags in narrow.flags)


def test_standard_errors_only_where_they_mean_something() -> None:
    X = numbers()
    assert explain(regression(X), X).coef_se is not None
    assert explain(regression(X), X, ridge=1.0).coef_se is None
    chosen = explain(regression(X), X, selection="highest_weights", n_features=1)
    assert chosen.coef_se is None
    assert ((chosen.coef != 0).sum(axis=2) == 1).all()
    assert any("No standard errors" in note for note in chosen.notes)


def test_a_job_that_does_not_fit_is_refused_before_the_first_query() -> None:
    X = numbers()
    oracle = Oracle(wrap(plane, task="regression"), Domain.infer(X), budget=500)
    with pytest.raises(BudgetTooSmall):
        explain(oracle, X)
    assert oracle.queries.rows == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "grid"}, "`sampling` parameter of Lime must be one of 'neighbours'"),
        (
            {"width": 0.0},
            r"`width` parameter of Lime must be a float in \(0, inf\), one of 'auto' or None",
        ),
        ({"ridge": -1}, r"`ridge` parameter of Lime must be a float in \[0, inf\) or None; got -1"),
        ({"n_samples": 3.5}, "`n_samples` parameter of Lime must be an int in"),
        ({"selection": "best"}, "`selection` parameter of Lime must be one of"),
        ({"bins": "thirds"}, "`bins` parameter of Lime must be one of 'quartile', 'decile'"),
        ({"sampling": "mean"}, "can be 'mean' only where compatible=True"),
        ({"fidelity": 0}, "`fidelity` parameter of Lime.explain must be an int in"),
        ({"seed": -1}, "`seed` parameter of Lime.explain must be an int in"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    X = numbers()
    with pytest.raises(OptionError, match=message):
        explain(regression(X), X, **options)


def test_fewer_samples_than_features() -> None:
    X = numbers(200, 30)
    with pytest.raises(OptionError, match=r"must be at least 32 for 30 features .* got 20"):
        explain(regression(X), X, n_samples=20)


def test_no_oracle() -> None:
    with pytest.raises(OptionError, match="`oracle` parameter of Lime must be an Oracle"):
        Lime().explain(numbers(), reference=numbers())


@pytest.mark.parametrize("shape", [(3,), (2, 4), (0, 3)])
def test_rows_of_the_wrong_shape(shape: tuple[int, ...]) -> None:
    X = numbers()
    lime = Lime(regression(X))
    with pytest.raises(DataError, match=r"rows to explain of Lime must have shape \(n, 3\)"):
        lime.explain(np.zeros(shape), reference=X)
    with pytest.raises(DataError, match=r"reference rows of Lime must have shape \(n, 3\)"):
        lime.explain(X[:2], reference=np.zeros(shape))

"""Kernel SHAP against the definition, against known errors, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from surrogate import Domain, Images, LocalExplanations, Oracle, Texts, explain, wrap
from surrogate.errors import BudgetTooSmall, DataError, Interrupted, OptionError
from surrogate.local import KernelShap

Model = Callable[[np.ndarray], np.ndarray]


def rows_of(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=seed)).normal(size=(n, d))


def tangled(rows: np.ndarray) -> np.ndarray:
    """A smooth function whose features act together."""
    x = rows - 0.3
    together = (
        x[:, 0] * x[:, 1] + np.tanh(x[:, 1] * x[:, 2] - x[:, -1]) + np.cos(x[:, :3].sum(axis=1))
    )
    return x @ np.linspace(-1, 1, x.shape[1]) + together


def soft(rows: np.ndarray) -> np.ndarray:
    z = np.column_stack([tangled(rows), np.sin(rows[:, 0]), rows[:, 1] * rows[:, -1]])
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def shap_of(f: Model, X: np.ndarray, task: str = "regression", **options: Any) -> KernelShap:
    return KernelShap(Oracle(wrap(f, task=task), Domain.infer(X)), **options)


def brute(
    f: Model,
    row: np.ndarray,
    background: np.ndarray,
    *,
    players: list[list[int]],
    link: Model = lambda v: v,
) -> np.ndarray:
    """Shapley values (m, k) by dynamic programming over the definition, coalition by coalition."""
    m = len(players)
    value = []
    for code in range(1 << m):
        mixed = background.copy()
        for i in range(m):
            if code >> i & 1:
                mixed[:, players[i]] = row[players[i]]
        value.append(link(f(mixed).reshape(len(mixed), -1).mean(axis=0)))
    # mean over the orders in which players may come, by the number that came before
    phi = np.zeros((m, len(value[0])))
    ways = [1.0]
    for s in range(1, m + 1):
        ways.append(ways[-1] * s)
    for code in range(1 << m):
        s = bin(code).count("1")
        for i in range(m):
            if not code >> i & 1:
                phi[i] += ways[s] * ways[m - s - 1] / ways[m] * (value[code | 1 << i] - value[code])
    return phi


def test_the_brute_force_is_the_mean_over_orders() -> None:
    X = rows_of(5, 4)
    found = brute(tangled, X[0], X[1:], players=[[j] for j in range(4)])
    effects = np.zeros(4)
    for order in permutations(range(4)):
        mixed, before = X[1:].copy(), tangled(X[1:]).mean()
        for j in order:
            mixed[:, j] = X[0, j]
            after = tangled(mixed).mean()
            effects[j] += after - before
            before = after
    np.testing.assert_allclose(found[:, 0], effects / 24, atol=1e-12)


# ---- exact where all coalitions are asked ----


@pytest.mark.parametrize("d", [3, 4, 5, 7, 10])
def test_all_coalitions_give_the_definition(d: int) -> None:
    X = rows_of(12, d)
    result = shap_of(tangled, X, n_samples=2**d - 2).explain(X[:2], reference=X[2:])
    for i in range(2):
        wanted = brute(tangled, X[i], X[2:], players=[[j] for j in range(d)])
        np.testing.assert_allclose(result.coef[i].T, wanted, atol=1e-10)
    assert result.exact.all()
    assert (result.coef_se == 0).all()
    assert result.dof is None


@pytest.mark.parametrize("d", [1, 2])
def test_one_and_two_features(d: int) -> None:
    X = rows_of(6, d)
    f = lambda rows: np.exp(rows[:, 0]) * (1 + rows[:, -1])  # noqa: E731
    result = shap_of(f, X).explain(X[:1], reference=X[1:])
    wanted = brute(f, X[0], X[1:], players=[[j] for j in range(d)])
    np.testing.assert_allclose(result.coef[0].T, wanted, atol=1e-12)


def test_log_odds_of_classes_are_exact() -> None:
    X = rows_of(9, 5)
    link = lambda p: np.log(p / (1 - p))  # noqa: E731
    shap = shap_of(soft, X, "classification", link="logit")
    result = shap.explain(X[:1], reference=X[1:])
    wanted = brute(soft, X[0], X[1:], players=[[j] for j in range(5)], link=link)
    np.testing.assert_allclose(result.coef[0].T, wanted, atol=1e-10)
    np.testing.assert_allclose(result.box_values[0], link(soft(X[:1])[0]), atol=1e-12)
    assert "log odds" in result.notes[0]


def test_groups_play_as_one() -> None:
    X = rows_of(9, 5)
    shap = shap_of(tangled, X, groups={"pair": ["x1", "x3"]})
    result = shap.explain(X[:1], reference=X[1:])
    wanted = brute(tangled, X[0], X[1:], players=[[0], [1, 3], [2], [4]])
    np.testing.assert_allclose(result.coef[0, 0, [0, 1, 2, 4]], wanted[:, 0], atol=1e-10)
    assert result.coef[0, 0, 3] == 0
    form = result.form(0, Domain.infer(X).features)
    half = X[:1].copy()
    half[0, 3] += 1  # not the whole group: it does not count
    np.testing.assert_allclose(form.predict(half)[0], tangled(X[:1])[0] - wanted[1, 0], atol=1e-10)


def test_one_hot_groups_stay_whole_and_strings_are_asked_as_strings() -> None:
    hot = np.eye(3)[[0, 1, 2, 1, 0, 2]]
    seen: list[np.ndarray] = []

    def f(rows: dict[str, np.ndarray]) -> np.ndarray:
        ones = np.column_stack([rows[name] for name in ("a", "b", "c")])
        seen.append(ones.sum(axis=1))
        assert set(rows["job"]) <= {"cook", "clerk"}
        return ones @ [1.0, 2.0, 4.0] * np.where(rows["job"] == "cook", 2.0, 1.0) + rows["age"]

    table = {
        "a": hot[:, 0].astype(int), "b": hot[:, 1].astype(int), "c": hot[:, 2].astype(int),
        "job": np.array(["cook", "clerk", "cook", "clerk", "clerk", "cook"], dtype=object),
        "age": np.arange(6.0) + 30.5,
    }  # fmt: skip
    domain = Domain.infer(table, groups={"letter": ["a", "b", "c"]})
    matrix = domain.encode(table)
    shap = KernelShap(Oracle(wrap(f, task="regression"), domain))
    result = shap.explain(matrix[2:3], reference=matrix)
    assert (np.concatenate(seen) == 1).all()
    g = lambda rows: f(domain.decode(rows))  # noqa: E731
    wanted = brute(g, matrix[2], matrix, players=[[0, 1, 2], [3], [4]])
    np.testing.assert_allclose(result.coef[0, 0, [2, 3, 4]], wanted[:, 0], atol=1e-10)
    assert (result.coef[0, 0, :2] == 0).all()  # the value stands where the row is 1


def test_what_never_varies_has_no_effect_and_is_not_played() -> None:
    X = rows_of(9, 6)
    X[:, 2] = 1.0
    oracle = Oracle(wrap(tangled, task="regression"), Domain.infer(X))
    result = KernelShap(oracle).explain(X[:1], reference=X[1:])
    assert result.coef[0, 0, 2] == 0
    assert result.queries["fit"] == (2**5 - 2) * 8
    assert oracle.queries.rows == 1 + 8 + 30 * 8


def test_a_row_that_equals_the_background_has_nothing_to_explain() -> None:
    X = np.vstack([np.ones((1, 4)), rows_of(3, 4)])
    result = shap_of(tangled, X).explain(X[:2], reference=X[:1])
    assert (result.coef[0] == 0).all()
    assert np.isnan(result.fidelity.value[0]).all()
    assert "equals the whole background" in result.flags[0][0]
    assert not np.isnan(result.fidelity.value[1]).any()


def test_a_constant_model_has_no_effects_and_no_fidelity() -> None:
    X = rows_of(30, 14)
    result = shap_of(lambda rows: np.full(len(rows), 2.5), X, n_samples=100).explain(
        X[:2], reference=X[:10]
    )
    assert (np.abs(result.coef) < 1e-12).all()
    assert np.isnan(result.fidelity.value).all()
    assert "does not vary" in result.flags[0][0]


# ---- sampled ----


@pytest.mark.parametrize("estimator", ["bayes", "regression"])
@pytest.mark.parametrize("d", [12, 25])
def test_values_add_up_exactly(estimator: str, d: int) -> None:
    X = rows_of(30, d)
    shap = shap_of(soft, X, "classification", n_samples=4 * d, estimator=estimator)
    result = shap.explain(X[:3], reference=X[10:])
    total = result.intercept + result.coef.sum(axis=2)
    np.testing.assert_allclose(total, result.box_values, atol=1e-12)
    assert (result.fidelity.error < 1e-12).all()
    np.testing.assert_allclose(result.coef.sum(axis=1), 0, atol=1e-9)  # probabilities sum to 1


@pytest.mark.parametrize("estimator", ["bayes", "regression"])
def test_linear_models_are_exact_from_few_coalitions(estimator: str) -> None:
    X, slope = rows_of(40, 20), np.linspace(-2, 3, 20)
    result = shap_of(lambda rows: rows @ slope, X, n_samples=60, estimator=estimator).explain(
        X[:2], reference=X[10:]
    )
    wanted = (X[:2] - X[10:].mean(axis=0)) * slope
    np.testing.assert_allclose(result.coef[:, 0], wanted, atol=1e-9)
    assert result.coef_se.max() < 1e-7
    assert result.fidelity.value.min() > 1 - 1e-9


def errors_by_seed(estimator: str, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors and standard errors of 12 features' values, (seeds, rows, d)."""
    X = rows_of(20, 12, seed=3)
    exact = shap_of(tangled, X, n_samples=2**12 - 2).explain(X[:6], reference=X[16:]).coef
    shap = shap_of(tangled, X, n_samples=200, estimator=estimator)
    found = [shap.explain(X[:6], reference=X[16:], fidelity=10, seed=s) for s in range(seeds)]
    return (
        np.array([one.coef - exact for one in found]),
        np.array([one.coef_se for one in found]),
    )


@pytest.fixture(scope="module")
def simulated() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: errors_by_seed(name, 16) for name in ("bayes", "regression")}


@pytest.mark.parametrize("estimator", ["bayes", "regression"])
def test_standard_errors_cover(
    estimator: str, simulated: dict[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    errors, se = simulated[estimator]
    covered = (np.abs(errors) < 1.96 * se).mean()
    assert 0.88 < covered < 0.995, covered
    ratio = np.sqrt((errors**2).mean() / (se**2).mean())
    assert 0.6 < ratio < 1.4, ratio


def test_the_prior_pays(simulated: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    bayes, regression = (np.square(simulated[name][0]).mean() for name in ("bayes", "regression"))
    assert bayes < 0.6 * regression


def test_equal_seeds_give_equal_values_and_others_do_not() -> None:
    X = rows_of(30, 13)
    shap = shap_of(tangled, X, n_samples=100)
    one, same, other = (
        shap.explain(X[:3], reference=X, fidelity=20, seed=s).coef for s in (4, 4, 5)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-6


def test_a_target_stops_asking_row_by_row() -> None:
    X = rows_of(30, 14)
    easy = lambda rows: np.where(rows[:, 0] > 5, tangled(rows), rows.sum(axis=1))  # noqa: E731
    X[1, 0] = 9.0
    shap = shap_of(easy, X, n_samples=1024, target_se=0.003)
    result = shap.explain(X[:2], reference=X[20:], fidelity=20)
    assert result.coalitions[0] == 128  # the first round: this row's model is linear
    assert result.coalitions[1] > 128
    reached = result.coef_se[1].max() <= 0.003
    assert reached or result.coalitions[1] == 1024
    assert result.queries["fit"] == 10 * result.coalitions.sum()
    assert result.queries["fit"] <= shap.cost(2, n_reference=10)["fit"]


def test_cost_is_what_is_asked() -> None:
    X = rows_of(30, 13)
    shap = shap_of(tangled, X, n_samples=100)
    result = shap.explain(X[:3], reference=X[:20], fidelity=4000)
    assert result.fidelity.n == result.queries["fidelity"] / 60
    cost = shap.cost(3, fidelity=4000, n_reference=20)
    assert {**cost, "fidelity": 0} == {**result.queries, "fidelity": 0}
    assert 0.7 * cost["fidelity"] <= result.queries["fidelity"] <= cost["fidelity"]


# ---- fidelity ----


def test_fidelity_is_low_where_features_act_together_and_says_so() -> None:
    X = np.sign(rows_of(40, 12))
    parity = lambda rows: rows[:, :4].prod(axis=1) + 0.02 * rows[:, 5]  # noqa: E731
    result = shap_of(parity, X, n_samples=400).explain(X[:2], reference=-X[:1])
    assert result.fidelity.value[0, 0] < 0.5
    assert "act together" in result.flags[0][0]


def test_fidelity_of_all_coalitions_is_the_weighted_r2_without_error() -> None:
    X = rows_of(9, 5)
    result = shap_of(tangled, X).explain(X[:1], reference=X[1:])
    codes = np.arange(1, 31)
    Z = (codes[:, None] >> np.arange(5) & 1).astype(bool)
    v = np.array([tangled(np.where(z, X[0], X[1:])).mean() for z in Z])
    s = Z.sum(axis=1)
    weight = np.array([1 / 5, 1 / 10, 1 / 10, 1 / 5])[s - 1] / (s * (5 - s))
    form = result.intercept[0, 0] + Z @ result.coef[0, 0]
    r2 = 1 - weight @ (v - form) ** 2 / (weight @ (v - np.average(v, weights=weight)) ** 2)
    assert result.fidelity.value[0, 0] == pytest.approx(r2, abs=1e-10)
    assert result.fidelity.low[0, 0] == result.fidelity.high[0, 0] == result.fidelity.value[0, 0]
    assert result.fidelity.n == 30
    assert "fidelity" not in result.queries


# ---- backgrounds, constraints, derived columns ----


def test_backgrounds() -> None:
    X = rows_of(300, 4)
    for background, most in ((None, 100), (7, 7), ("kmeans", 20)):
        shap = shap_of(tangled, X, background=background)
        result = shap.explain(X[:1], reference=X)
        assert len(result.background) == most == shap.cost(1)["background"]
        assert result.background_weights.sum() == pytest.approx(1)
    linear = shap_of(lambda rows: rows @ np.arange(4.0), X, background="kmeans", n_centres=5)
    values = linear.explain(X[:1], reference=X).coef[0, 0]  # centres keep the mean
    np.testing.assert_allclose(values, (X[0] - X.mean(axis=0)) * np.arange(4.0), atol=1e-10)


def test_one_background_row_is_said() -> None:
    X = rows_of(5, 4)
    result = shap_of(tangled, X).explain(X[:1], reference=X[1:2])
    assert any("single row" in note for note in result.notes)


def test_kmeans_keeps_categories_as_they_are() -> None:
    rng = np.random.Generator(np.random.Philox(key=0))
    table = {"n": rng.normal(size=90), "c": rng.choice(["a", "b", "z"], 90).astype(object)}
    domain = Domain.infer(table)
    f = lambda rows: rows["n"] + (rows["c"] == "z")  # noqa: E731
    shap = KernelShap(Oracle(wrap(f, task="regression"), domain), background="kmeans", n_centres=6)
    matrix = domain.encode(table)
    codes = shap.explain(matrix[:2], reference=matrix).background[:, 1]
    assert set(codes.tolist()) <= {0.0, 1.0, 2.0}


def test_derived_columns_follow_and_do_not_play() -> None:
    X = rows_of(8, 3)
    X[:, 2] = X[:, 0] * X[:, 1]
    domain = Domain.infer(X, derived={"x2": lambda rows: rows["x0"] * rows["x1"]})

    def f(rows: np.ndarray) -> np.ndarray:
        np.testing.assert_allclose(rows[:, 2], rows[:, 0] * rows[:, 1])
        return rows[:, 2] + rows[:, 0]

    result = KernelShap(Oracle(wrap(f, task="regression"), domain)).explain(X[:1], reference=X[1:])
    g = lambda rows: rows[:, 0] * rows[:, 1] + rows[:, 0]  # noqa: E731
    wanted = brute(g, X[0, :2], X[1:, :2], players=[[0], [1]])
    np.testing.assert_allclose(result.coef[0, 0], [*wanted[:, 0], 0.0], atol=1e-12)


def test_rows_that_cannot_exist_are_not_asked() -> None:
    X = np.abs(rows_of(20, 4))
    X[:, 1] = X[:, 0] + np.abs(X[:, 1])

    def f(rows: np.ndarray) -> np.ndarray:
        assert (rows[:, 1] >= rows[:, 0]).all()
        return rows.sum(axis=1)

    domain = Domain.infer(X, constraint=lambda rows: rows[:, 1] >= rows[:, 0])
    shap = KernelShap(Oracle(wrap(f, task="regression"), domain))
    median = X[np.argsort(X[:, 0])[[10]]]
    result = shap.explain(median, reference=X)
    assert any("refused" in note for note in result.notes)
    np.testing.assert_allclose(
        result.intercept + result.coef.sum(axis=2), result.box_values, atol=1e-12
    )
    low = np.array([[1.0, 2.0, 0.0, 0.0]])
    with pytest.raises(DataError, match="refuses every background row"):
        shap.explain(low, reference=np.array([[5.0, 6.0, 1.0, 1.0]]))


# ---- torch ----


def test_torch_rows_are_made_in_torch_and_agree() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(13, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
    X = rows_of(30, 13).astype(np.float32).astype(np.float64)
    kinds = []

    class Spied(torch.nn.Module):
        def forward(self, rows: Any) -> Any:
            kinds.append(rows.dtype)
            return net(rows)

    box = wrap(Spied(), output="scores")
    tensor = KernelShap(Oracle(box, Domain.infer(X)), n_samples=120)

    def plain(rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(net(torch.from_numpy(rows.astype(np.float32))).double().numpy())

    array = KernelShap(Oracle(wrap(plain, output="scores"), Domain.infer(X)), n_samples=120)
    one, other = (s.explain(X[:3], reference=X, fidelity=100) for s in (tensor, array))
    assert set(kinds) == {torch.float32}
    np.testing.assert_allclose(one.coef, other.coef, atol=2e-6)
    np.testing.assert_allclose(one.fidelity.value, other.fidelity.value, atol=1e-4)


# ---- images and texts ----


def test_texts_and_images() -> None:
    worth = {"good": 2.0, "not": -1.0}

    def reads(texts: list[str]) -> np.ndarray:
        one = [sum(worth.get(w, 0.0) for w in t.split()) for t in texts]
        return np.array(one) + 3.0 * np.array(["not" in t and "good" in t for t in texts])

    text = "this is not good at all"
    found = explain(wrap(reads, task="regression"), [text], domain=Texts(), method="kernel_shap")
    values = dict(zip(found[0].domain.names, found[0].coef[0].round(9).tolist()))
    assert values == {"this": 0, "is": 0, "not": 0.5, "good": 3.5, "at": 0, "all": 0}
    assert "kernel_shap" in str(found)

    image = np.zeros((8, 8, 1)) + np.arange(8.0)[:, None, None] / 8
    sees = wrap(lambda images: images[:, :4].sum(axis=(1, 2, 3)), task="regression")
    found = explain(
        sees, image[None], domain=Images(n_segments=16, fill="constant"),
        method="kernel_shap", options={"n_samples": 80},
    )  # fmt: skip
    total = found[0].coef.sum() + found[0].intercept.sum()
    assert total == pytest.approx(image[:4].sum())
    again = type(found).from_json(found.to_json())
    assert again == found


# ---- the front door ----


def test_explain_prints_stores_and_fits_again() -> None:
    X = rows_of(80, 13)
    found = explain(
        wrap(soft, classes=["a", "b", "c"]), X[:2], data=X, method="kernel_shap",
        options={"n_samples": 80, "background": 10}, stability=2, fidelity=200,
    )  # fmt: skip
    assert isinstance(found, LocalExplanations)
    assert found.coef.shape == (2, 3, 13)
    assert found.stability is not None
    assert LocalExplanations.from_json(found.to_json()) == found
    assert "x0 = " in str(found)
    assert "fresh coalitions of features" in " ".join(str(found).split())
    np.testing.assert_allclose(found.predict(X[:2])[[0, 1], [0, 1]], soft(X[:2]), atol=1e-12)
    assert len(found.to_frame()) == 2 * 3 * 13
    assert "<" in found._repr_html_()


def test_a_dry_run_asks_nothing() -> None:
    X = rows_of(80, 13)
    quote = explain(
        wrap(soft, classes=["a", "b", "c"]), X[:2], data=X, method="kernel_shap", dry_run=True
    )
    assert quote.plan["fit"] == 2 * (2 * 13 + 2048) * 80


# ---- what goes wrong ----


def test_a_budget_that_ends_keeps_the_rows_explained() -> None:
    X = rows_of(30, 13)
    calls = [0]

    def stops(rows: np.ndarray) -> np.ndarray:
        calls[0] += len(rows)
        if calls[0] > 5000:
            raise KeyboardInterrupt
        return tangled(rows)

    shap = shap_of(stops, X, n_samples=100)
    result = shap.explain(X[:20], reference=X[:10], fidelity=50)
    assert result.interrupted
    assert len(result) == 3
    assert result.notes[0].startswith("3 of 20 rows were explained")
    calls[0] = 4500
    with pytest.raises(Interrupted):
        shap.explain(X[:20], reference=X[:10], fidelity=50)


def test_a_small_budget_is_refused_before_the_first_row() -> None:
    X = rows_of(30, 13)
    oracle = Oracle(wrap(tangled, task="regression"), Domain.infer(X), budget=5000)
    with pytest.raises(BudgetTooSmall):
        KernelShap(oracle).explain(X[:2], reference=X)
    assert oracle.queries.rows == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 12}, "must be at least 26 for 12 features"),
        ({"n_samples": 0}, "`n_samples` parameter of KernelShap"),
        ({"estimator": "magic"}, "one of 'bayes', 'regression'"),
        ({"background": "all"}, "`background` parameter of KernelShap"),
        ({"link": "probit"}, "one of 'identity', 'logit'"),
        ({"link": "logit"}, "only for answers from 0 to 1"),
        ({"target_se": 0}, "`target_se` parameter of KernelShap"),
        ({"classes": ["x"]}, "must be None for a regression model"),
        ({"groups": {"g": ["nope"]}}, "names 'nope' in 'g'"),
        ({"groups": {"g": ["x1"], "h": ["x1", "x2"]}}, "'x1' in two groups"),
        ({"groups": {"g": []}}, "has no feature in 'g'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    X = rows_of(20, 12)
    with pytest.raises(OptionError, match=message):
        shap_of(tangled, X, **options).explain(X[:1], reference=X)


def test_wrong_rows() -> None:
    X = rows_of(20, 12)
    with pytest.raises(DataError, match="rows to explain of KernelShap"):
        shap_of(tangled, X).explain(X[:1, :3], reference=X)
    with pytest.raises(DataError, match="reference rows of KernelShap"):
        shap_of(tangled, X).explain(X[:1], reference=X[:0])
    with pytest.raises(OptionError, match="must be an Oracle"):
        KernelShap().explain(X[:1], reference=X)


def test_certain_answers_have_no_log_odds_and_it_is_said() -> None:
    X = rows_of(20, 4)
    sure = lambda rows: np.where(rows[:, 0] > 0, "yes", "no")  # noqa: E731
    shap = KernelShap(Oracle(wrap(sure), Domain.infer(X)), link="logit")
    result = shap.explain(X[:2], reference=X)
    assert np.isfinite(result.coef).all()
    assert any("no finite log odds" in note for note in result.notes)

"""Active querying: what is asked, what is kept, and that it reaches more with fewer rows."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate import distill
from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.errors import AbilityError, BudgetSpent, BudgetTooSmall, Interrupted, OptionError
from surrogate.oracle import Oracle
from surrogate.trees import CartClassifier, CartRegressor
from surrogate.trees._active import make_pool, merged
from surrogate.trees._ask import Asked
from surrogate.trees._student import Student, float32_codes

from remote_boxes import FakeRemote

ACTIVE = {"querying": "active", "n_pool": 600, "max_leaves": 4, "growth": 1.0, "refine": "none"}


def corner(rows: np.ndarray) -> np.ndarray:
    return np.where((rows[:, 0] > 0.5) & (rows[:, 1] > 0.0), "yes", "no")


def chances(rows: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-5 * rows[:, 0]))
    return np.stack([1 - p, p], axis=1)


def asker(X: np.ndarray, box=corner, **of_oracle) -> Oracle:
    return Oracle(CallableBox(box, classes=("no", "yes")), Domain.infer(X), **of_oracle)


@pytest.fixture(autouse=True)
def _small_forests(monkeypatch):
    monkeypatch.setattr("surrogate.trees._student.TREES", 20)


@pytest.fixture(name="X")
def normal_rows(rng):
    return rng.normal(size=(300, 3))


class Recorder:
    """A box that remembers its batches, and may raise at one."""

    def __init__(self, box=corner, *, breaks: int | None = None) -> None:
        self.box, self.breaks, self.batches = box, breaks, []

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        if self.breaks == len(self.batches):
            raise KeyboardInterrupt
        self.batches.append(rows.copy())
        return self.box(rows)


def test_asks_as_many_rows_as_said_real_ones_included_and_none_twice(X):
    seen = Recorder()
    oracle = asker(X, seen)
    cart = CartClassifier(oracle, n_queries=50, **ACTIVE).fit(X)
    assert cart.cost(300) == {"fit": 50}
    assert oracle.queries.rows == 50 == len(cart.rows_.matrix)
    asked = np.vstack(seen.batches)
    np.testing.assert_array_equal(cart.rows_.matrix, asked)
    assert len(np.unique(asked, axis=0)) == 50
    np.testing.assert_array_equal(np.array(["no", "yes"])[cart.rows_.decision], corner(asked))
    real = {row.tobytes() for row in X}
    n_real = sum(row.tobytes() in real for row in asked)
    assert 4 <= n_real < 50


def test_each_round_is_one_batch_and_grows(X):
    seen = Recorder()
    CartClassifier(asker(X, seen), n_queries=40, **ACTIVE).fit(X)
    assert [len(batch) for batch in seen.batches] == [4, 4, 8, 16, 8]


def test_a_pool_smaller_than_the_count_is_asked_whole_without_equal_rows():
    X = np.repeat(np.arange(6.0), 5)[:, None]
    oracle = Oracle(
        CallableBox(lambda r: np.where(r[:, 0] > 2, "yes", "no"), classes=("no", "yes")),
        Domain.infer(X, kinds={0: "integer"}),
    )
    cart = CartClassifier(oracle, querying="active", n_queries=20, n_pool=0).fit(X)
    assert oracle.queries.rows == 6
    np.testing.assert_allclose(cart.rows_.weight, 1.0)
    assert not cart.notes_
    assert cart.learnt_from_.matrix.shape == (6, 1)
    assert cart.cost(30) == {"fit": 20}


def test_equal_seeds_ask_equal_rows_and_others_do_not(X):
    batches = []
    for seed in (0, 0, 1):
        seen = Recorder()
        CartClassifier(asker(X, seen), n_queries=30, random_state=seed, **ACTIVE).fit(X)
        batches.append(np.vstack(seen.batches))
    np.testing.assert_array_equal(batches[0], batches[1])
    assert not np.array_equal(batches[0], batches[2])


def test_rows_are_asked_where_the_answer_is_not_sure(X):
    seen = Recorder()
    CartClassifier(asker(X, seen), n_queries=150, **ACTIVE).fit(X)
    late = np.vstack(seen.batches)[64:]
    edge = np.minimum(abs(late[:, 0] - 0.5), np.where(late[:, 0] > 0.5, abs(late[:, 1]), 9))
    usual = np.minimum(abs(X[:, 0] - 0.5), np.where(X[:, 0] > 0.5, abs(X[:, 1]), 9))
    assert np.median(edge) < 0.6 * np.median(usual)


def test_active_beats_rows_at_random_on_a_known_box():
    agreed = {"active": [], "random": []}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, fresh = rng.normal(size=(2, 600, 6))
        for name in agreed:
            if name == "active":
                cart = CartClassifier(
                    asker(X), n_queries=48, random_state=seed, querying="active", n_pool=600
                ).fit(X)
            else:  # the usual way, with as many rows: half real ones, half perturbed
                cart = CartClassifier(asker(X), n_queries=24, random_state=seed).fit(X[:24])
            assert cart.oracle.queries.rows == 48
            agreed[name].append((cart.predict(fresh) == corner(fresh)).mean())
    assert np.mean(agreed["active"]) > np.mean(agreed["random"]) + 0.02


def test_counts_are_of_the_models_own_answers(X):
    cart = CartClassifier(asker(X), n_queries=60, **ACTIVE).fit(X)
    assert cart.form_.count[0] == 60
    rules = cart.rules_
    assert sum(rule.n_covered for rule in rules.rules) + rules.n_covered == 60
    assert sum(rule.n_covered for rule in cart.form_.rules().rules) == 60
    leaves = cart.form_.apply(cart.rows_.matrix)
    np.testing.assert_array_equal(
        cart.form_.count[cart.form_.is_leaf],
        np.bincount(leaves, minlength=len(cart.form_.count))[cart.form_.is_leaf],
    )
    assert "itself answered 60 of the 900 rows" in cart.notes_[0]
    assert len(cart.learnt_from_.matrix) == 900
    assert all(tree.count[0] == 60 for tree in cart.path([2, 4]))


def test_nothing_stands_in_for_the_answers_that_were_given(X):
    cart = CartClassifier(asker(X, chances), n_queries=60, **ACTIVE).fit(X)
    whole = cart.learnt_from_
    place = {row.tobytes(): i for i, row in enumerate(whole.matrix)}
    asked = [place[row.tobytes()] for row in cart.rows_.matrix]
    np.testing.assert_array_equal(whole.values[asked], cart.rows_.values)
    np.testing.assert_array_equal(whole.decision[asked], cart.rows_.decision)
    np.testing.assert_allclose(cart.rows_.values, chances(cart.rows_.matrix))
    # the others have probabilities too, and not votes
    assert np.abs(whole.values - chances(whole.matrix)).mean() < 0.1


def test_a_plan_after_an_active_fit_has_nothing_that_stands_in(X):
    cart = CartClassifier(asker(X), n_queries=30, **ACTIVE).fit(X)
    cart.fit(X, corner(X))
    assert cart.learnt_from_ is cart.rows_
    assert not cart.notes_


def test_weights_go_into_the_pool():
    rows, weight = merged(
        np.array([[1.0], [0.0], [1.0], [-0.0], [9.0]]), np.array([1.0, 2, 3, 4, 0])
    )
    np.testing.assert_array_equal(rows, [[1.0], [0.0]])
    np.testing.assert_array_equal(weight, [4.0, 6.0])
    missing = np.array([[np.nan], [np.nan], [1.0]])
    assert len(merged(missing, np.ones(3))[0]) == 2
    pool = make_pool(missing, np.array([1.0, 1.0, 2.0]), sample=None, real_weight=0.5)
    np.testing.assert_array_equal(pool.weight, [2.0, 2.0])


def test_rows_of_no_weight_are_not_asked(X):
    seen = Recorder()
    CartClassifier(asker(X, seen), n_queries=40, jitter=0.0, sampler="gaussian", **ACTIVE).fit(
        X, sample_weight=(X[:, 2] < 0).astype(float)
    )
    assert (np.vstack(seen.batches)[:, 2] < 0).all()


def test_a_budget_that_is_too_small_is_said_before_anything_is_asked(X):
    oracle = asker(X, budget=49)
    with pytest.raises(BudgetTooSmall):
        CartClassifier(oracle, n_queries=50, **ACTIVE).fit(X)
    assert oracle.queries.rows == 0


def test_ctrl_c_keeps_what_was_answered(X):
    box = Recorder(breaks=4)
    cart = CartClassifier(asker(X, box), n_queries=500, **ACTIVE).fit(X)
    n = sum(map(len, box.batches))
    assert cart.interrupted_
    assert len(cart.rows_.matrix) == n > 10
    assert cart.notes_[0] == f"Fitted on {n} of 500 rows: interrupted by Ctrl-C."
    early = Recorder(breaks=2)
    with pytest.raises(Interrupted) as caught:
        CartClassifier(asker(X, early), n_queries=500, **ACTIVE).fit(X)
    assert len(caught.value.answers) == sum(map(len, early.batches)) < 10


def test_a_budget_that_ends_on_the_way_keeps_what_was_answered(X):
    box = Recorder()
    oracle = asker(X, box, budget=60)
    oracle.admit = lambda plan: None  # as with prices, which only time tells
    cart = CartClassifier(oracle, n_queries=100, validation=0.2, **ACTIVE).fit(X)
    assert cart.interrupted_
    assert len(cart.rows_.matrix) == 60 == oracle.queries.rows
    assert cart.held_out_ is None
    oracle = asker(X, budget=5)
    oracle.admit = lambda plan: None
    with pytest.raises(BudgetSpent) as caught:
        CartClassifier(oracle, n_queries=100, **ACTIVE).fit(X)
    assert len(caught.value.answers) == 5


def test_held_out_rows_are_part_of_the_count(X):
    oracle = asker(X)
    cart = CartClassifier(oracle, n_queries=100, validation=0.2, **ACTIVE).fit(X)
    assert cart.cost(300) == {"fit": 80, "validate": 20}
    assert len(cart.rows_.matrix) == 80
    assert len(cart.held_out_.matrix) == 20
    assert oracle.queries.rows == 100
    fitted = {row.tobytes() for row in cart.learnt_from_.matrix}
    assert not any(row.tobytes() in fitted for row in cart.held_out_.matrix)


@pytest.mark.parametrize(("n_queries", "validation"), [(0, 0.0), (2, 0.2)])
def test_too_few_queries_are_refused(X, n_queries, validation):
    oracle = asker(X)
    with pytest.raises(OptionError, match="all rows asked when `querying` is 'active'"):
        CartClassifier(oracle, n_queries=n_queries, validation=validation, **ACTIVE).fit(X)
    assert oracle.queries.rows == 0


def test_one_query_is_enough_for_one_leaf(X):
    cart = CartClassifier(asker(X), n_queries=1, **ACTIVE).fit(X)
    assert cart.form_.n_leaves == 1


@pytest.mark.parametrize("option", [{"querying": "random"}, {"growth": 0.0}, {"n_pool": -1}])
def test_wrong_options_are_refused(option):
    with pytest.raises(OptionError, match=next(iter(option))):
        CartClassifier(**option).fit([[0.0], [1.0]], [0, 1])


def test_classes_that_nobody_named_are_looked_for_first(X):
    seen = Recorder()
    oracle = Oracle(CallableBox(seen), Domain.infer(X))
    CartClassifier(oracle, n_queries=100, **ACTIVE).fit(X)
    assert len(seen.batches[0]) == 25
    assert oracle.queries.rows == 100


def test_a_model_of_another_task_costs_the_first_rows_at_most(X):
    oracle = Oracle(CallableBox(lambda r: r[:, 0] * 9, task="regression"), Domain.infer(X))
    with pytest.raises(AbilityError, match="CartRegressor"):
        CartClassifier(oracle, n_queries=100, **ACTIVE).fit(X)
    assert oracle.queries.rows <= 4


def test_numbers_are_asked_where_the_forest_varies(X):
    def step(rows):
        return np.where(rows[:, 0] > 0.5, 5.0, 0.0) + rows[:, 1] * 0.01

    oracle = Oracle(CallableBox(step, task="regression"), Domain.infer(X))
    cart = CartRegressor(oracle, n_queries=60, **ACTIVE).fit(X)
    assert cart.score(X, step(X)) > 0.9
    late = cart.rows_.matrix[30:, 0]
    assert np.median(abs(late - 0.5)) < 0.5 * np.median(abs(X[:, 0] - 0.5))
    assert oracle.queries.rows == 60


def test_several_outputs_and_constant_ones(X):
    oracle = Oracle(
        CallableBox(lambda r: np.stack([r[:, 0], 0 * r[:, 1] + 2.0], axis=1), task="regression"),
        Domain.infer(X),
    )
    cart = CartRegressor(oracle, n_queries=60, **ACTIVE).fit(X)
    assert cart.predict(X).shape == (300, 2)
    np.testing.assert_allclose(cart.predict(X)[:, 1], 2.0)


def test_categories_missing_values_and_class_weights(rng):
    data = {
        "work": rng.choice(["Local", "Private", "State"], 300),
        "age": np.where(rng.random(300) < 0.1, np.nan, rng.normal(40.0, 9.0, 300)),
    }

    def judge(rows):
        return np.where((rows["work"] == "Local") & ~(rows["age"] < 35), "yes", "no")

    oracle = Oracle(CallableBox(judge, classes=("no", "yes")), Domain.infer(data))
    cart = CartClassifier(
        oracle, n_queries=120, class_weight="balanced", targets="values", **ACTIVE
    ).fit(data)
    assert (cart.predict(data) == judge(data)).mean() > 0.9
    assert oracle.queries.rows == 120


def test_large_offsets_do_not_blur_the_forest():
    X = 1.7e9 + np.arange(40.0)[:, None]
    codes = float32_codes(X)
    assert len(np.unique(codes)) == 40
    y = np.eye(2)[(X[:, 0] > 1.7e9 + 20).astype(int)]
    asked = Asked(X, y, y.argmax(axis=1), np.ones(40), (0, 1), 0.0)
    np.testing.assert_array_equal(
        Student(codes, asked, seed=0).guess(codes).decision, asked.decision
    )


def test_the_front_door_keeps_to_the_count_of_a_box_of_labels(X):
    found = distill(
        corner,
        X,
        options={**ACTIVE, "n_queries": 60},
        fidelity=50,
        stability=1,
        budget=60 + 100 + 60,
    )
    assert found.queries.rows == 220
    assert found.queries.purposes["fidelity"] == 100
    assert any("itself answered 60 of the 810 rows" in note for note in found.notes)
    assert found.fidelity[0].main.n == 50


def test_a_ledger_replays_the_rounds_offline(X, tmp_path):
    def job(box, **how):
        return distill(
            box,
            X[:, :2],
            options={**ACTIVE, "n_queries": 40},
            fidelity=40,
            stability=0,
            budget=1000,
            ledger=tmp_path / "ledger.db",
            **how,
        )

    first = job(FakeRemote())
    silent = FakeRemote()
    again = job(silent, offline=True)
    assert not silent.attempts
    assert again.form == first.form
    assert first.queries.rows == 40 + 80

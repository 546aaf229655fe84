"""Plans around each row: one operator for all rows, or each row from its own samples."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import AnswerError, BudgetSpent
from surrogate.local import Lime
from surrogate.local._around import Around, Moved, moves_alike
from surrogate.local._replicates import plan_errors
from surrogate.local._run import run, run_chunks
from surrogate.oracle import Oracle

SEEDS = {"fit": 3, "fidelity": 4}


def numbers(n: int = 60, d: int = 4) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=8)).normal(size=(n, d)) * [1.0, 9.0, 0.2, 3.0]


def curved(rows: np.ndarray) -> np.ndarray:
    return np.column_stack([np.sin(rows[:, 0]) + rows[:, 1] * rows[:, 2], rows[:, 3] ** 2])


def probabilities(rows: np.ndarray) -> np.ndarray:
    p = 1.0 / (1.0 + np.exp(-rows[:, 0] - rows[:, 1] * rows[:, 2]))
    return np.column_stack([1.0 - p, p])


def job(function: Any, X: np.ndarray, *, domain: Domain | None = None, **options: Any) -> Any:
    kind = {} if function is probabilities else {"task": "regression"}
    budget = options.pop("budget", None)
    oracle = Oracle(wrap(function, **kind), domain or Domain.infer(X), budget=budget)
    lime = Lime(oracle, **{"sampling": "kernel", "width": 0.8, **options})
    return lime.job(X[:7], reference=X)


def assert_equal_found(one: Any, other: Any, **tolerance: float) -> None:
    for part in ("fit", "fresh"):
        for field in fields(getattr(one, part)):
            if field.name != "sums":  # over the chunks of either way
                a, b = (getattr(getattr(found, part), field.name) for found in (one, other))
                np.testing.assert_allclose(a, b, **tolerance, err_msg=field.name)
    a, b = (plan_errors(found.fit.sums.sum(axis=0)) for found in (one, other))
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(one.answers, other.answers)
    assert one.asked == other.asked


@pytest.mark.parametrize("function", [curved, probabilities], ids=["values", "probabilities"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sampling": "gaussian"},
        {"ridge": 2.0},
        {"selection": "highest_weights", "n_features": 2},
        {"selection": "forward_selection", "n_features": 2, "sampling": "gaussian"},
    ],
    ids=["kernel", "gaussian", "ridge", "highest", "forward"],
)
def test_one_operator_finds_what_each_row_alone_finds(function: Any, options: Any) -> None:
    work = job(function, numbers(), **options)
    assert moves_alike(work)
    every = slice(0, 7)
    one, other = (way(work, 501, 203, SEEDS)(every) for way in (Moved, Around))
    assert_equal_found(one, other, rtol=1e-7, atol=1e-8)


def test_a_constant_feature_has_no_part_in_it() -> None:
    X = numbers()
    X[:, 2] = 0.5
    work = job(probabilities, X)
    one, other = (way(work, 400, 100, SEEDS)(slice(0, 7)) for way in (Moved, Around))
    assert (one.fit.coef[:, :, 2] == 0).all()
    assert_equal_found(one, other, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    ("kinds", "bounds", "dtype"),
    [
        ({"x1": "integer"}, {}, "float64"),
        ({}, {"x3": (-50.0, 50.0)}, "float64"),
        ({}, {}, "float16"),
    ],
    ids=["wholes", "bounds", "half"],
)
def test_rows_that_change_the_offsets_are_solved_alone(kinds: Any, bounds: Any, dtype: str) -> None:
    X = np.round(numbers())
    domain = Domain.infer(X + 0.0, kinds={"x0": "continuous", **kinds}, bounds=bounds)
    work = job(curved, X, domain=domain)
    work.oracle._traits = replace(work.oracle._traits, dtype=dtype)
    assert not moves_alike(work)


def test_float32_next_to_large_numbers_is_not_overlooked() -> None:
    X = numbers()
    X[:, 0] += 1e6
    work = job(curved, X)
    assert moves_alike(work)
    work.oracle._traits = replace(work.oracle._traits, dtype="float32")
    assert not moves_alike(work)


def test_rows_come_in_pairs_on_both_sides_of_the_row() -> None:
    seen = []

    def record(rows: np.ndarray) -> np.ndarray:
        seen.append(rows.copy())
        return rows[:, 0]

    X = numbers()
    found = run(job(record, X), n_samples=100, fidelity=50, seeds=SEEDS)
    assert found.asked == {"rows": 7, "fit": 700, "fidelity": 350}
    first = np.concatenate(seen)[7:107]
    np.testing.assert_allclose((first[0::2] + first[1::2]) / 2, np.tile(X[0], (50, 1)))


@pytest.mark.parametrize("kind", ["moved", "around"])
def test_what_is_even_about_the_row_does_not_disturb_slopes(kind: str) -> None:
    """Of a parabola about the row paired draws see the slope without error."""
    X = numbers()
    domain = Domain.infer(X, bounds={} if kind == "moved" else {"x0": (-99, 99)})
    work = job(lambda rows: ((rows - X[0]) ** 2).sum(axis=1) + rows[:, 0], X, domain=domain)
    assert moves_alike(work) == (kind == "moved")
    found = run(work, n_samples=200, fidelity=20, seeds=SEEDS)
    np.testing.assert_allclose(found.fit.coef[0, 0] / X.std(axis=0), [1, 0, 0, 0], atol=1e-9)


@pytest.mark.parametrize("sampling", ["kernel", "gaussian"])
def test_standard_errors_of_paired_draws(sampling: str) -> None:
    """Over plans the interval holds the coefficient of a very large plan as often as it says."""
    X = numbers()
    work = job(lambda rows: curved(rows)[:, 0], X, sampling=sampling)
    work = replace(work, rows=work.rows[:1])
    seeds = {"fit": 10**6, "fidelity": 1}
    truth = run(work, n_samples=200_000, fidelity=10, seeds=seeds).fit.coef
    found = [
        run(work, n_samples=1000, fidelity=10, seeds={"fit": s, "fidelity": 1}).fit
        for s in range(150)
    ]
    error = np.array([fit.errors for fit in found])
    off = np.array([fit.coef for fit in found]) - truth
    held = (np.abs(off) <= stats.t.ppf(0.95, 19) * error).mean(axis=0)  # 90 %
    assert 0.85 < held.mean() < 0.95
    ratio = np.sqrt((off**2).mean(axis=0) / (error**2).mean(axis=0))
    assert (ratio > 0.75).all()
    assert (ratio < 1.25).all()


THREE = [slice(0, 3), slice(3, 6), slice(6, 7)]


@pytest.mark.parametrize("sampling", ["kernel", "neighbours", "discretised"])
def test_chunks_are_one_run(sampling: str) -> None:
    whole, parted, late = (job(probabilities, numbers(), sampling=sampling) for _ in range(3))
    sizes: Any = {"n_samples": 300, "fidelity": 100, "seeds": SEEDS}
    one = run(whole, **sizes)
    chunks = list(run_chunks(parted, THREE, **sizes))
    assert [at for at, _ in chunks] == THREE
    assert whole.oracle.queries.purposes == parted.oracle.queries.purposes
    for at, found in [*chunks, *run_chunks(late, THREE[1:], **sizes)]:
        np.testing.assert_allclose(found.fit.coef, one.fit.coef[at], atol=1e-10)
        np.testing.assert_allclose(found.fit.errors, one.fit.errors[at], atol=1e-10)
        np.testing.assert_allclose(found.fresh.low, one.fresh.low[at], atol=1e-10)


@pytest.mark.parametrize(("sampling", "budget"), [("kernel", 5 * 310 + 6), ("neighbours", 310 + 5)])
def test_chunks_end_with_the_budget(sampling: str, budget: int) -> None:
    work = job(probabilities, numbers(), sampling=sampling, budget=budget)
    sizes: Any = {"n_samples": 300, "fidelity": 10, "seeds": SEEDS}
    chunks = list(run_chunks(work, THREE, **sizes))
    assert [at for at, _ in chunks] == [slice(0, 3), slice(3, 5)]
    assert chunks[1][1].ended.startswith("5 of 7 rows were explained: the budget")
    with pytest.raises(BudgetSpent):
        next(run_chunks(work, THREE[1:], **sizes))


def test_answers_too_large_to_be_squared() -> None:
    with pytest.raises(AnswerError, match="more than can be squared"):
        run(
            job(lambda rows: 1e200 * rows[:, 0], numbers()),
            n_samples=100,
            fidelity=20,
            seeds=SEEDS,
        )


def test_tensors_are_moved_where_they_lie() -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    seen = []
    net.register_forward_pre_hook(lambda module, given: seen.append(given[0].dtype))
    X = numbers()
    domain = Domain.infer(X)
    with torch.no_grad():
        tensors = Oracle(wrap(net, task="regression"), domain)
        arrays = Oracle(
            wrap(lambda rows: net(torch.tensor(rows).float()).numpy(), task="regression"), domain
        )
        results = [
            Lime(oracle, sampling="kernel", n_samples=500).explain(X[:20], reference=X)
            for oracle in (tensors, arrays)
        ]
    assert set(seen) == {torch.float32}
    np.testing.assert_allclose(results[0].coef, results[1].coef, atol=1e-5)
    np.testing.assert_allclose(results[0].fidelity.low, results[1].fidelity.low, atol=1e-4)

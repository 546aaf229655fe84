"""Stopping at a target, with an interval that holds however often one looks."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.fidelity import ConfidenceSequence, Verdict, until
from surrogate.fidelity.sequential import source_means


def coin(rng: np.random.Generator, rate: float) -> Callable[[int], np.ndarray]:
    return lambda n: rng.random(n) < rate


def test_the_interval_only_shrinks_and_nears_the_mean(rng: np.random.Generator) -> None:
    sequence = ConfidenceSequence()
    last = sequence.interval
    assert (last.low, last.high) == (0.0, 1.0)
    for _ in range(60):
        found = sequence.update(rng.random(100) < 0.9)
        assert last.low <= found.low <= found.high <= last.high
        last = found
    assert 0.9 in last
    assert last.high - last.low < 0.04
    assert last.guaranteed


def test_batches_do_not_matter(rng: np.random.Generator) -> None:
    x = rng.random(1000)
    at_once, one_by_one = ConfidenceSequence(), ConfidenceSequence()
    at_once.update(x)
    for value in x:
        one_by_one.update([value])
    assert at_once.interval == one_by_one.interval


def test_a_point_is_exact_between_grid_points() -> None:
    coarse = ConfidenceSequence(grid=10)
    exact = ConfidenceSequence(grid=10, points=(0.93,))
    coarse.update(np.ones(200))
    exact.update(np.ones(200))
    assert coarse.interval.low == pytest.approx(0.9)
    assert exact.interval.low == pytest.approx(0.93)


def test_a_target_is_met_not_met_or_undecided(rng: np.random.Generator) -> None:
    met = until(coin(rng, 0.98), 0.9, max_rows=5000)
    assert met.verdict == "met"
    assert met.score.n < 5000
    assert until(coin(rng, 0.7), 0.9, max_rows=5000).verdict == "not met"
    close = until(coin(rng, 0.9), 0.9, max_rows=600)
    assert close.verdict == "undecided"
    assert close.note == "undecided after 600 rows"
    assert close.batches == 3


def test_a_target_of_one_fails_at_some_disagreement_and_of_zero_is_met(
    rng: np.random.Generator,
) -> None:
    assert until(coin(rng, 0.9), 1.0, max_rows=2000).verdict == "not met"
    assert until(np.ones, 1.0, max_rows=2000).verdict == "undecided"
    assert until(np.ones, 0.0, max_rows=2000).verdict == "met"


def test_rows_run_out() -> None:
    left = [np.ones(20)]
    found = until(lambda n: left.pop() if left else np.ones(0), 0.99, max_rows=5000)
    assert (found.verdict, found.score.n) == ("undecided", 20)


def test_no_rows_at_all() -> None:
    found = until(lambda n: np.ones(0), 0.9, max_rows=100)
    assert found.verdict == "undecided"
    assert found.score.value is None


def test_rows_of_one_source_count_once() -> None:
    turn = iter(range(1000))

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        first = next(turn) * n
        return np.ones(n), (first + np.arange(n)) // 10

    alone = until(np.ones, 0.95, max_rows=1000)
    clustered = until(draw, 0.95, max_rows=1000)
    assert clustered.verdict == "undecided"
    assert clustered.score.n_sources == 100
    assert clustered.score.n == 1000
    assert alone.verdict == "met"


def test_a_source_in_two_batches_is_refused() -> None:
    with pytest.raises(InputError, match="Source row 0 came in two batches"):
        until(lambda n: (np.ones(n), np.arange(n)), 0.99999, max_rows=1000)


def test_source_means_keep_the_order_of_first_rows() -> None:
    assert source_means([1, 0, 1, 1], [5, 5, 2, 2]).tolist() == [0.5, 1.0]
    assert source_means([1, 0, 0], [-1, -1, 4]).tolist() == [1.0, 0.0, 0.0]


def test_a_model_that_changes_on_the_way_is_undecided() -> None:
    sequence = ConfidenceSequence()
    sequence.update(np.ones(3000))
    sequence.update(np.zeros(30000))
    assert sequence.empty


def test_json_comes_back_equal(rng: np.random.Generator) -> None:
    found = until(coin(rng, 0.98), 0.9, max_rows=5000)
    assert Verdict.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert str(found).startswith("met: at least 90.0 % wanted, agreement")


@pytest.mark.parametrize("bad", [[1.5], [-0.1], [[0.5]], [np.nan]])
def test_values_outside_0_to_1_are_refused(bad: list[float]) -> None:
    with pytest.raises(InputError, match=r"values in \[0, 1\]"):
        ConfidenceSequence().update(bad)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(InputError, match=r"level of a confidence sequence is in \(0, 1\)"):
        ConfidenceSequence(level=95)
    with pytest.raises(InputError, match=r"points of a confidence sequence are in \[0, 1\]"):
        until(np.ones, 95, max_rows=10)
    with pytest.raises(InputError, match="batch and max_rows are at least 1"):
        until(np.ones, 0.9, max_rows=0)

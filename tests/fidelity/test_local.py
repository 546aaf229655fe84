"""Local fidelity of many rows at once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score

from surrogate.errors import InputError
from surrogate.fidelity import LocalScores, local_scores, weighted_r2


@pytest.fixture
def shared(rng: np.random.Generator) -> dict[str, Any]:
    answers = rng.normal(size=(2, 400))  # (k, n)
    return {
        "predictions": answers + rng.normal(size=(7, 2, 400)) * 0.5,
        "answers": answers,
        "weights": rng.random((7, 400)),
    }


def test_the_value_is_scikit_learns_weighted_r2(shared: dict[str, Any]) -> None:
    found = local_scores(**shared)
    for row in range(7):
        for column in range(2):
            expected = r2_score(
                shared["answers"][column],
                shared["predictions"][row, column],
                sample_weight=shared["weights"][row],
            )
            assert found.value[row, column] == pytest.approx(expected)
    assert (found.low < found.value).all()
    assert (found.value < found.high).all()


def test_spread_error_and_size_of_the_kernel(shared: dict[str, Any]) -> None:
    here, there = np.zeros((7, 2)), np.tile([0.25, -1.0], (7, 1))
    found = local_scores(**shared, here=here, there=there, seed=4)
    w, y = shared["weights"][3], shared["answers"][1]
    mean = np.average(y, weights=w)
    assert found.spread[3, 1] == pytest.approx(np.sqrt(np.average((y - mean) ** 2, weights=w)))
    error = y - shared["predictions"][3, 1]
    assert found.rmse[3, 1] == pytest.approx(np.sqrt(np.average(error**2, weights=w)))
    assert found.error[3].tolist() == [0.25, 1.0]
    assert found.ess[3] == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert found.neighbours[3] == (w >= 0.5).sum()
    assert (found.n, found.seed) == (400, 4)


def test_many_rows_are_worked_on_as_single_ones(rng: np.random.Generator) -> None:
    answers, errors = rng.normal(size=(200, 1, 500)), rng.normal(size=(200, 1, 500))
    weights = rng.random((200, 500))
    whole = weighted_r2(errors, answers, weights)
    one = weighted_r2(errors[150:151], answers[150:151], weights[150:151])
    for all_, single in zip(whole, one, strict=True):
        assert all_[150] == pytest.approx(single[0])


def test_shared_answers_are_answers_of_each_row(shared: dict[str, Any]) -> None:
    own = {**shared, "answers": np.tile(shared["answers"], (7, 1, 1))}
    a, b = local_scores(**shared), local_scores(**own)
    assert a.value == pytest.approx(b.value)
    assert a.low == pytest.approx(b.low)


def test_one_class_needs_no_axis(shared: dict[str, Any]) -> None:
    flat = local_scores(shared["predictions"][:, 0], shared["answers"][0], shared["weights"])
    assert flat.value[:, 0] == pytest.approx(local_scores(**shared).value[:, 0])


def test_single_precision_agrees(shared: dict[str, Any]) -> None:
    single = {name: a.astype(np.float32) for name, a in shared.items()}
    a, b = local_scores(**shared), local_scores(**single)
    assert b.value == pytest.approx(a.value, abs=1e-5)
    assert b.high == pytest.approx(a.high, abs=1e-5)


def test_nothing_given_is_changed(shared: dict[str, Any]) -> None:
    before = {name: a.copy() for name, a in shared.items()}
    local_scores(**shared)
    weighted_r2(shared["predictions"], shared["answers"][None], shared["weights"])
    for name, kept in before.items():
        assert np.array_equal(shared[name], kept)


def test_a_model_constant_near_the_row_has_no_r2_and_says_so(shared: dict[str, Any]) -> None:
    shared["answers"] = np.stack([shared["answers"][0], np.full(400, 0.3)])
    found = local_scores(**shared)
    score = found.score(2, 1)
    assert score.value is None
    assert score.reason.startswith("the model does not vary around the row")
    assert found.score(2, 0).value is not None
    assert found.spread[2, 1] == pytest.approx(0, abs=1e-12)
    assert np.isfinite(found.rmse[2, 1])


def test_a_model_constant_within_the_kernel_has_no_r2(shared: dict[str, Any]) -> None:
    inside = np.arange(400) < 200
    shared["answers"] = np.where(inside, 1.0, shared["answers"])
    shared["weights"] = np.where(inside, shared["weights"], 0.0)
    assert local_scores(**shared).score(0, 0).value is None


@pytest.mark.parametrize(
    ("reached", "reason"), [(0, "fewer than two fresh rows"), (1, "fewer than two fresh rows")]
)
def test_a_kernel_that_reaches_nothing_is_undefined(
    shared: dict[str, Any], reached: int, reason: str
) -> None:
    shared["weights"] = np.where(np.arange(400) < reached, 1.0, 0.0) * np.ones((7, 1))
    score = local_scores(**shared).score(0)
    assert score.value is None
    assert reason in score.reason


def test_a_kernel_worth_few_rows_has_no_interval(shared: dict[str, Any]) -> None:
    shared["weights"] = np.where(np.arange(400) < 12, 1.0, 0.0) * np.ones((7, 1))
    score = local_scores(**shared).score(0)
    assert score.value is not None
    assert score.interval is None
    assert score.reason == "the kernel is worth 12.0 fresh rows"


def test_a_perfect_form_has_an_r2_of_one(shared: dict[str, Any]) -> None:
    shared["predictions"] = np.tile(shared["answers"], (7, 1, 1))
    score = local_scores(**shared).score(0)
    assert score.value == 1.0


def test_json_comes_back_equal(shared: dict[str, Any]) -> None:
    shared["answers"] = np.stack([shared["answers"][0], np.full(400, 0.3)])
    found = local_scores(**shared)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert LocalScores.from_dict(json.loads(text)) == found
    assert json.loads(text)["value"][0][1] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.ones((7, 3))}, r"weights need shape \(7, 400\)"),
        ({"answers": np.ones(400)}, r"answers do not fit predictions of shape \(7, 2, 400\)"),
        ({"answers": np.ones((3, 2, 400))}, "answers do not fit"),
    ],
)
def test_wrong_shapes_are_refused(
    shared: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        local_scores(**{**shared, **change})

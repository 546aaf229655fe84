"""What `assess` measures, on which rows, beside what, and what it refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from surrogate.errors import InputError
from surrogate.fidelity import Fidelity, assess, by_class, by_group, trivial
from surrogate.types import FloatArray


def answers(values: Any, decision: Any = None) -> SimpleNamespace:
    return SimpleNamespace(values=np.asarray(values), decision=decision)


@pytest.fixture
def probabilities(rng: np.random.Generator) -> tuple[FloatArray, SimpleNamespace]:
    p = rng.dirichlet((1, 1, 1), size=600)
    q = 0.8 * p + 0.2 * rng.dirichlet((1, 1, 1), size=600)
    return q, answers(p, p.argmax(axis=1))


def classified(q: FloatArray, told: SimpleNamespace, **more: Any) -> Fidelity:
    base = trivial(told)
    given: dict[str, Any] = {
        "task": "classification",
        "distribution": "held-out real rows",
        "seed": 0,
        "trivial_values": base.values,
        "trivial_decision": base.decision,
    }
    return assess(q, None, told, **{**given, **more})


def test_agreement_is_scikit_learns(
    probabilities: tuple[FloatArray, SimpleNamespace],
) -> None:
    q, told = probabilities
    found = classified(q, told)
    said = q.argmax(axis=1)
    recalls = metrics.recall_score(told.decision, said, average=None)
    assert found["agreement"].value == pytest.approx(metrics.accuracy_score(told.decision, said))
    assert found["balanced agreement"].value == pytest.approx(recalls.mean())
    assert found["worst-class agreement"].value == pytest.approx(recalls.min())
    assert found.metrics == (
        "agreement",
        "balanced agreement",
        "worst-class agreement",
        "R2",
        "MAE",
        "JS divergence",
    )


def test_errors_of_probabilities_are_scikit_learns(
    probabilities: tuple[FloatArray, SimpleNamespace],
) -> None:
    q, told = probabilities
    found = classified(q, told)
    r2 = metrics.r2_score(told.values, q, multioutput="variance_weighted")
    assert found["R2"].value == pytest.approx(r2)
    assert found["MAE"].value == pytest.approx(np.abs(q - told.values).mean())
    assert found["R2"].baseline == pytest.approx(0)
    lift = found["MAE"].lift
    assert lift is not None
    assert lift > 0  # better means positive, also where lower is better


def test_errors_of_values_are_scikit_learns(rng: np.random.Generator) -> None:
    y = rng.normal(size=(300, 1)) * 5 + 100
    q = y + rng.normal(size=y.shape)
    weights = rng.random(300)
    found = assess(
        q,
        None,
        answers(y),
        task="regression",
        distribution="held-out real rows",
        seed=0,
        weights=weights,
    )
    assert found["R2"].value == pytest.approx(metrics.r2_score(y, q, sample_weight=weights))
    mae = metrics.mean_absolute_error(y, q, sample_weight=weights)
    assert found["MAE"].value == pytest.approx(mae)
    rmse = metrics.root_mean_squared_error(y, q, sample_weight=weights)
    assert found["RMSE / range"].value == pytest.approx(rmse / np.ptp(y))


def test_every_defined_score_has_an_interval_that_holds_it(
    probabilities: tuple[FloatArray, SimpleNamespace],
) -> None:
    q, told = probabilities
    for sources in (None, np.arange(600) // 4, np.arange(600) // 40):
        for score in classified(q, told, sources=sources):
            assert score.interval is not None
            assert score.value is not None
            assert score.value in score.interval
            assert score.lift_interval is not None


def test_sources_widen_the_intervals_unless_these_rows_are_meant(
    probabilities: tuple[FloatArray, SimpleNamespace],
) -> None:
    q, told = probabilities
    q, told = (
        np.repeat(q[:60], 10, axis=0),
        answers(np.repeat(told.values[:60], 10, axis=0), np.repeat(told.decision[:60], 10)),
    )
    sources = np.repeat(np.arange(60), 10)

    def width(found: Fidelity, metric: str) -> float:
        interval = found[metric].interval
        assert interval is not None
        return interval.high - interval.low

    new = classified(q, told, sources=sources)
    these = classified(q, told, sources=sources, estimand="these rows")
    assert these.estimand == "these rows"
    for metric in new.metrics:
        assert width(new, metric) > 2 * width(these, metric)
        assert new[metric].n_sources == these[metric].n_sources == 60


def test_the_trivial_surrogate_has_no_lift_over_itself() -> None:
    decision = np.arange(100) % 4 == 0
    told = answers(np.eye(2)[decision.astype(int)], decision.astype(int))
    found = classified(np.tile([1.0, 0.0], (100, 1)), told)
    main = found.main
    assert (main.value, main.baseline, main.lift) == (0.75, 0.75, 0.0)
    assert main.no_better_than_trivial


def test_a_constant_model_has_no_r2_and_says_so() -> None:
    told = answers(np.full((50, 1), 7.0))
    found = assess(
        told.values + np.linspace(0, 1, 50)[:, None],
        None,
        told,
        task="regression",
        distribution="perturbed rows",
        seed=0,
        trivial_values=[7.0],
    )
    assert found["R2"].value is None
    assert found["R2"].reason == "the model answers the same on every row"
    assert found["MAE"].value == pytest.approx(0.5)
    assert "RMSE / range" not in found


def test_rounding_of_single_precision_is_no_variance() -> None:
    values = np.float32(0.3) + np.float32(3e-8) * (np.arange(50) % 2).astype(np.float32)
    told = answers(values[:, None])
    found = assess(np.zeros((50, 1)), None, told, task="regression", distribution="rows", seed=0)
    assert found["R2"].value is None


def test_one_class_only_is_noted() -> None:
    told = answers(np.tile([1.0, 0.0], (20, 1)), np.zeros(20, int))
    found = classified(told.values, told, classes=("no", "yes"))
    assert found.notes == ("The model decides for no on every row: a constant agrees as well.",)
    assert found.main.value == 1.0
    assert found.main.lift == 0.0


def test_absent_classes_are_noted(probabilities: tuple[FloatArray, SimpleNamespace]) -> None:
    q, told = probabilities
    kept = told.decision != 2
    found = classified(
        q[kept], answers(told.values[kept], told.decision[kept]), classes=("a", "b", "c")
    )
    assert found.notes == ("The model never decides for c on these rows.",)


def test_labels_are_measured_by_agreement_only() -> None:
    told = answers(np.eye(2)[[0, 1, 1, 0]], np.array([0, 1, 1, 0]))
    found = classified(np.eye(2)[[0, 1, 0, 0]], told)
    assert found.metrics == ("agreement", "balanced agreement", "worst-class agreement")


def test_values_that_are_no_probabilities_have_no_divergence(
    probabilities: tuple[FloatArray, SimpleNamespace],
) -> None:
    q, told = probabilities
    found = classified(1.7 * q - 0.2, told)
    assert found["JS divergence"].value is None
    assert found["JS divergence"].reason == "the surrogate's values are not probabilities"


def test_scores_have_no_divergence(rng: np.random.Generator) -> None:
    values = rng.normal(size=(80, 2))
    found = classified(values, answers(values, values.argmax(axis=1)))
    assert "JS divergence" not in found


def test_a_guarantee_is_marked(probabilities: tuple[FloatArray, SimpleNamespace]) -> None:
    q, told = probabilities
    for score in tuple(classified(q, told, guarantee=True))[:3]:
        assert score.interval is not None
        assert score.interval.guaranteed
    for score in tuple(classified(q, told))[:3]:
        assert score.interval is not None
        assert not score.interval.guaranteed


def test_one_source_has_scores_without_intervals(
    probabilities: tuple[FloatArray, SimpleNamespace],
) -> None:
    q, told = probabilities
    for score in classified(q, told, sources=np.zeros(600, int)):
        assert score.interval is None
        assert score.reason


def test_groups_are_scored_and_small_ones_flagged(
    probabilities: tuple[FloatArray, SimpleNamespace],
) -> None:
    q, told = probabilities
    sex = np.where(np.arange(600) < 20, "f", "m")
    found = classified(q, told, classes=("a", "b", "c"), groups={"sex": sex})
    names = [(group.group, group.small) for group in found.groups]
    assert names == [
        ("class = a", False),
        ("class = b", False),
        ("class = c", False),
        ("sex = f", True),
        ("sex = m", False),
    ]
    agree = q.argmax(axis=1) == told.decision
    assert found.groups[3].score.value == pytest.approx(agree[:20].mean())


def test_groups_of_values_are_scored_by_their_error(rng: np.random.Generator) -> None:
    y = rng.normal(size=100)
    low, high = by_group(y + np.where(np.arange(100) < 50, 1.0, 3.0), y, np.arange(100) // 50)
    assert (low.score.metric, low.score.value) == ("MAE", pytest.approx(1.0))
    assert high.score.value == pytest.approx(3.0)


def test_classes_are_those_of_the_model() -> None:
    found = by_class([0, 0, 0, 1], [0, 0, 1, 1])
    assert [group.score.value for group in found] == [1.0, 0.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.ones((3, 2))}, r"values of the surrogate have shape \(3, 2\)"),
        ({"values": np.ones(4)}, r"values must have shape \(n, k\)"),
        ({"values": np.full((4, 2), np.nan)}, "values must be finite; got nan at 0, 0"),
        ({"decision": np.zeros(3, int)}, "decision must be 4 whole numbers"),
        ({"decision": np.zeros(4)}, "decision must be 4 whole numbers"),
        ({"decision": None}, "Give the surrogate's decision"),
        ({"answers": answers(np.eye(2)[[0, 1, 0, 1]])}, "answers.decision is needed"),
        ({"answers": answers(np.ones((0, 2)), np.ones(0, int))}, "There are no rows"),
        ({"sources": [0, 1]}, "sources must be 4 whole numbers"),
        ({"task": "regression"}, "measured by its values; got None"),
        ({"groups": {"sex": ["f"]}}, "need one entry a row"),
    ],
)
def test_wrong_input_is_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "values": None,
        "decision": np.zeros(4, int),
        "answers": answers(np.eye(2)[[0, 1, 0, 1]], np.array([0, 1, 0, 1])),
        "task": "classification",
        "distribution": "rows",
        "seed": 0,
        **change,
    }
    first = (given.pop("values"), given.pop("decision"), given.pop("answers"))
    with pytest.raises(InputError, match=message):
        assess(*first, **given)


def test_the_trivial_surrogate_needs_answers() -> None:
    with pytest.raises(InputError, match="at least one answer"):
        trivial(answers(np.ones((0, 2)), np.ones(0, int)))

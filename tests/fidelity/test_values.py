"""Values carry what stands behind them, print it, and come back from JSON."""

from __future__ import annotations

import json
import math

import pytest

from surrogate.errors import InputError
from surrogate.fidelity import Curve, Fidelity, GroupScore, Interval, Score


def score(value: float = 0.941, metric: str = "agreement") -> Score:
    interval = Interval(value - 0.011, value + 0.01, 0.95, "Wilson")
    return Score(metric, value, interval, 2000, 500, 0.6, value - 0.6, interval)


def fidelity(value: float = 0.941) -> Fidelity:
    undefined = Score("R2", None, None, 2000, 500, reason="the model answers the same")
    group = GroupScore("sex = female", score(), small=True)
    return Fidelity("held-out real rows", (score(value), undefined), 3, groups=(group,))


def test_a_score_is_printed_with_its_interval_and_its_rows() -> None:
    text = str(score())
    assert text == "agreement 94.1 % (95 % interval 93.0 to 95.1; n = 2,000 from 500 source rows)"


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "100.0 %"), (0.99996, "99.996 %"), (0.0, "0.0 %"), (0.9421, "94.2 %")]
)
def test_nearly_all_is_never_written_as_all(value: float, text: str) -> None:
    assert Score("agreement", value, None, 9, 9, reason="why").value_text() == text


def test_ends_are_rounded_outwards() -> None:
    kept = Score("agreement", 0.94, Interval(0.93049, 0.95001, 0.95, "Wilson"), 9, 9)
    assert kept.interval_text() == "93.0 to 95.1"


def test_what_is_undefined_says_why() -> None:
    assert str(fidelity()["R2"]) == (
        "R² undefined (the model answers the same; n = 2,000 from 500 source rows)"
    )


def test_a_value_without_interval_says_why() -> None:
    text = str(Score("R2", 0.5, None, 9, 1, reason="all rows come from one source row"))
    assert text == (
        "R² 0.500 (no interval: all rows come from one source row; n = 9 from 1 source row)"
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_number_is_nan_or_infinite(bad: float) -> None:
    with pytest.raises(InputError, match="value of a Score is finite or None"):
        Score("R2", bad, None, 1, 1)
    with pytest.raises(InputError, match="finite ends in order"):
        Interval(bad, 1.0, 0.95, "Wilson")


def test_an_interval_keeps_its_order() -> None:
    with pytest.raises(InputError, match="finite ends in order"):
        Interval(0.9, 0.1, 0.95, "Wilson")


def test_no_better_than_trivial_looks_at_the_interval_of_the_lift() -> None:
    across = Interval(-0.01, 0.05, 0.95, "jackknife t")
    assert Score("agreement", 0.9, None, 9, 9, 0.88, 0.02, across).no_better_than_trivial
    assert not score().no_better_than_trivial
    assert Score("agreement", 0.9, None, 9, 9).no_better_than_trivial is None


def test_json_comes_back_equal() -> None:
    found = fidelity()
    assert Fidelity.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False))) == found
    curve = Curve((2, 4), (fidelity(0.8), fidelity(0.9)))
    assert Curve.from_dict(json.loads(json.dumps(curve.to_dict(), allow_nan=False))) == curve


def test_scores_are_found_by_name() -> None:
    found = fidelity()
    assert found.main is found["agreement"]
    assert "R2" in found
    with pytest.raises(KeyError, match="no metric 'MAE'; there are: agreement, R2"):
        found["MAE"]


def test_a_curve_has_one_fidelity_a_size_and_grows() -> None:
    assert Curve((2, 4), (fidelity(0.8), fidelity(0.9))).band()[0] == (0.8, 0.9)
    with pytest.raises(InputError, match="one Fidelity a size"):
        Curve((2, 4), (fidelity(),))
    with pytest.raises(InputError, match="sizes of a Curve grow"):
        Curve((4, 2), (fidelity(), fidelity()))


def test_a_fidelity_has_a_score() -> None:
    with pytest.raises(InputError, match="at least one Score"):
        Fidelity("held-out real rows", (), 0)

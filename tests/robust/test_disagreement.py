"""The joint tree finds where models differ, says who says what, and measures itself afresh."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.domain import Domain
from surrogate.errors import InputError, OptionError
from surrogate.explanation import Disagreement
from surrogate.robust.disagreement import find_disagreement
from surrogate.sampling import generator

Said = dict[str, np.ndarray]


def table(n: int, seed: int = 0) -> np.ndarray:
    return generator(seed, "table").uniform(0, 10, size=(n, 3))


def find(said: dict[str, np.ndarray], rows: np.ndarray, **options: object) -> Disagreement:
    """Fitted on the first half of the rows, measured on the second."""
    half = len(rows) // 2
    given = {"classes": ("no", "yes"), **options}
    return find_disagreement(
        rows[:half],
        {name: codes[:half] for name, codes in said.items()},
        held_rows=rows[half:],
        held_decisions={name: codes[half:] for name, codes in said.items()},
        domain=Domain.infer(rows),
        **given,  # type: ignore[arg-type]
    )


def test_a_planted_difference_is_found_and_told() -> None:
    rows = table(3000)
    old = (rows[:, 0] > 5).astype(int)
    new = np.where((rows[:, 1] > 8) & (rows[:, 0] > 5), 0, old)
    found = find({"old": old, "new": new}, rows)
    ((rule, pattern, coverage, precision),) = found.differing()
    assert pattern == "old: yes, new: no"
    said = rule.text(found.rules.features)
    assert said.startswith("x0 > ")
    assert " and x1 > " in said
    truth = (old != new)[1500:].mean()
    assert coverage.value == pytest.approx(truth, abs=0.01)
    assert found.rate.value == pytest.approx(truth)
    assert precision.value is not None
    assert precision.value > 0.97
    assert found.fidelity.main.value is not None
    assert found.fidelity.main.value > 0.97
    assert found.fidelity.main.baseline is not None
    assert found.names[:2] == ("both no", "both yes")
    assert "old and new: different decisions" in str(found)


def test_precision_and_coverage_are_those_of_the_held_out_rows() -> None:
    """The held-out half follows another law: what fits the first half fails there."""
    rows = table(2000, 1)
    old = np.zeros(2000, dtype=int)
    new = (rows[:, 0] > 7).astype(int)
    new[1000:] = (rows[1000:, 0] < 2).astype(int)
    found = find({"old": old, "new": new}, rows)
    ((_, _, coverage, precision),) = found.differing()
    assert coverage.value == pytest.approx((rows[1000:, 0] > 7).mean(), abs=0.01)
    assert precision.value == 0.0
    assert coverage.n == 1000
    assert any("not shown to be right more often" in note for note in found.notes)


def test_models_that_agree_have_no_rule() -> None:
    rows = table(400, 2)
    same = (rows[:, 0] > 5).astype(int)
    found = find({"old": same, "new": same}, rows)
    assert list(found.differing()) == []
    assert found.rate.value == 0.0
    assert "The joint tree finds no rule of disagreement." in str(found)
    assert any("no place" in note for note in found.notes)


def test_models_that_always_differ_are_told_too() -> None:
    rows = table(400, 3)
    one = (rows[:, 0] > 5).astype(int)
    found = find({"old": one, "new": 1 - one}, rows)
    assert found.rate.value == 1.0
    assert {pattern for _, pattern, *_ in found.differing()} == {
        "old: no, new: yes",
        "old: yes, new: no",
    }


def test_rare_differences_are_sought_with_weights_and_measured_without() -> None:
    rng = generator(4, "rare")
    rows = table(6000, 4)
    old = np.zeros(6000, dtype=int)
    new = ((rows[:, 2] > 8) & (rng.random(6000) < 0.3)).astype(int)
    found = find({"old": old, "new": new}, rows)
    assert any("disagreement counted" in note for note in found.notes)
    rules = list(found.differing())
    assert rules
    covered = sum(coverage.value or 0 for _, _, coverage, _ in rules)
    right = sum((c.value or 0) * (p.value or 0) for _, _, c, p in rules)
    assert 0.2 < right / covered < 0.45


def test_many_classes_stay_readable() -> None:
    rng = generator(5, "many")
    rows = table(4000, 5)
    old = rng.integers(10, size=4000)
    new = np.where(rows[:, 0] > 7, rng.integers(10, size=4000), old)
    found = find({"old": old, "new": new}, rows, classes=tuple(range(10)))
    assert found.names == ("both agree", "disagreement")
    assert any(note.startswith("Of ") and "old: " in note for note in found.notes)
    planted = np.where(rows[:, 0] > 7, 8, 3)
    told = find({"old": np.full(4000, 3), "new": planted}, rows, classes=tuple(range(10)))
    ((_, pattern, _, precision),) = told.differing()
    assert (pattern, told.names[0]) == ("old: 3, new: 8", "both agree")
    assert precision.value == 1.0


def test_models_of_one_answer_are_named_together() -> None:
    rows = table(2000, 6)
    said = {
        "natural": (rows[:, 0] > 4).astype(int),
        "fgsm": (rows[:, 0] > 4).astype(int),
        "pgd": (rows[:, 0] > 6).astype(int),
    }
    found = find(said, rows)
    ((_, pattern, _, _),) = found.differing()
    assert pattern == "natural and fgsm: yes, pgd: no"
    assert found.names[0] == "all no"


def test_rows_of_one_source_widen_the_intervals() -> None:
    rows = np.repeat(table(400, 7), 5, axis=0)
    old = (rows[:, 0] > 5).astype(int)
    new = (rows[:, 0] > 7).astype(int)
    alone = find({"old": old, "new": new}, rows)
    clustered = find({"old": old, "new": new}, rows, held_sources=np.repeat(np.arange(200), 5))
    assert alone.rate.interval is not None
    assert clustered.rate.interval is not None
    assert clustered.rate.n_sources == 200
    width = clustered.rate.interval.high - clustered.rate.interval.low
    assert width > 1.8 * (alone.rate.interval.high - alone.rate.interval.low)


@given(st.integers(0, 50), st.integers(2, 4), st.integers(2, 5))
def test_whatever_the_answers_it_comes_back_equal(seed: int, models: int, classes: int) -> None:
    rng = generator(seed, "answers")
    rows = rng.normal(size=(120, 2)).round(2)
    said = {f"m{i}": rng.integers(classes, size=120) for i in range(models)}
    found = find(said, rows, classes=tuple(range(classes)), max_leaves=4)
    assert Disagreement.from_dict(found.to_dict()) == found
    assert str(found)
    held = found.rules.holds(rows[60:])
    assert [c.value for c in found.coverage] == pytest.approx(held.mean(axis=0).tolist())


def test_equal_seeds_give_equal_trees() -> None:
    rows = table(600, 8)
    said = {"old": (rows[:, 0] > 5).astype(int), "new": (rows[:, 1] > 5).astype(int)}
    assert find(said, rows) == find(said, rows)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"old": np.zeros(10, int)}, "at least two models"),
        ({"old": np.zeros(10, int), "new": np.zeros(9, int)}, "one a row"),
        ({"old": np.zeros(10, int), "new": np.zeros(10)}, "whole numbers"),
    ],
)
def test_what_does_not_fit_is_refused(said: Said, message: str) -> None:
    rows = table(10)
    with pytest.raises(InputError, match=message):
        find_disagreement(
            rows, said, held_rows=rows, held_decisions=said, domain=Domain.infer(rows),
            classes=("no", "yes"),
        )  # fmt: skip


def test_other_models_on_the_held_out_rows_are_refused() -> None:
    rows, zeros = table(10), np.zeros(10, int)
    with pytest.raises(InputError, match="must be the same"):
        find_disagreement(
            rows, {"a": zeros, "b": zeros}, held_rows=rows, held_decisions={"b": zeros, "a": zeros},
            domain=Domain.infer(rows), classes=("no", "yes"),
        )  # fmt: skip
    with pytest.raises(OptionError, match="max_leaves"):
        find({"a": zeros, "b": zeros}, rows, max_leaves=0)

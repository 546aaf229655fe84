"""Flips of an attribute: against known truth, and back from JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.fidelity import Flips, Said, flip_scores
from surrogate.fidelity.flips import ALL


def test_a_flip_and_its_direction_are_counted() -> None:
    before = Said(np.full(40, 0.4), np.zeros(40, dtype=int))
    now = np.where(np.arange(40) < 10, 0.7, 0.4)
    found = flip_scores(
        before,
        Said(now, (now > 0.5).astype(int)),
        ["f → m"] * 40,
        sources=np.arange(40),
        favourable=1,
    )
    (one,) = found  # one change is all there is
    assert one.change == "f → m"
    assert one.flips.value == 0.25
    assert one.favourable is not None
    assert one.unfavourable is not None
    assert one.shift is not None
    assert (one.favourable.value, one.unfavourable.value) == (0.25, 0.0)
    assert one.shift.value == pytest.approx(0.075)
    assert not one.small
    assert [score.metric for score in one.scores()] == [
        "decisions flipped",
        "became favourable",
        "became unfavourable",
        "mean change",
    ]


def test_rows_changed_in_several_ways_are_one_source() -> None:
    was = np.zeros(120, dtype=int)
    sources, changes = np.arange(120) // 3, np.tile(["a", "b", "c"], 40)
    now = (sources < 20).astype(int)  # all three changes of a row do the same
    found = flip_scores(Said(None, was), Said(None, now), changes, sources=sources)
    whole, part = found[0], found[1]
    assert whole.change == ALL
    assert (whole.flips.n, whole.flips.n_sources) == (120, 40)
    assert whole.flips.interval is not None
    assert part.flips.interval is not None
    assert whole.flips.interval.method == "Wilson at n/deff"
    assert part.flips.interval.method == "Wilson"
    wide = whole.flips.interval.high - whole.flips.interval.low
    assert wide >= part.flips.interval.high - part.flips.interval.low - 1e-9
    assert whole.favourable is None  # nobody said which decision is


@pytest.mark.parametrize("ways", [1, 3])
def test_shares_and_mean_changes_cover_their_truth(ways: int) -> None:
    rng = np.random.Generator(np.random.Philox(key=5))
    missed = np.zeros(2)
    n, runs, rate = 150, 120 // ways, 0.15
    for _ in range(runs):
        kind = rng.random(n) < rate  # rows whose decision hangs on the attribute
        shift = np.where(kind, 0.3, 0.02) + rng.normal(0, 0.05, n)
        sources = np.repeat(np.arange(n), ways)
        before = Said(np.full(n * ways, 0.4), np.zeros(n * ways, dtype=int))
        after = Said(0.4 + shift[sources], kind[sources].astype(int))
        changes = np.tile([f"c{i}" for i in range(ways)], n)
        one = flip_scores(before, after, changes, sources=sources, favourable=1)[0]
        assert one.flips.interval is not None
        assert one.shift is not None
        assert one.shift.interval is not None
        missed[0] += rate not in one.flips.interval
        missed[1] += rate * 0.3 + (1 - rate) * 0.02 not in one.shift.interval
    assert (missed / runs < 0.125).all()


def test_numbers_that_change_are_counted_beyond_their_rounding() -> None:
    before = Said(np.array([100.0, 200.0, 300.0]), None)
    after = Said(np.array([100.0 + 1e-9, 210.0, 300.0]), None)
    (one,) = flip_scores(before, after, ["up"] * 3, sources=np.arange(3))
    assert one.flips.metric == "answers changed"
    assert one.flips.value == pytest.approx(1 / 3)
    assert one.shift is not None
    assert one.shift.value == pytest.approx(10 / 3)
    assert one.small


def test_who_does_not_look_at_the_attribute_flips_nothing() -> None:
    said = Said(np.linspace(0, 1, 50), (np.arange(50) > 25).astype(int))
    (one,) = flip_scores(said, said, ["f → m"] * 50, sources=np.arange(50), favourable=1)
    assert one.flips.value == 0.0
    assert one.flips.interval is not None
    assert 0 < one.flips.interval.high < 0.1
    assert one.shift is not None
    assert one.shift.value == 0.0


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_what_was_found_comes_back_from_json(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = Said(rng.random(n), rng.integers(0, 2, n))
    after = Said(rng.random(n), rng.integers(0, 2, n))
    scores = flip_scores(
        before, after, rng.choice(["a", "b"], n), sources=rng.integers(0, 20, n), favourable=1
    )
    found = Flips("sex", "cart", scores, 20, n, {"refused": 3}, favourable="yes", value="p")
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert Flips.from_dict(json.loads(text)) == found
    assert found[scores[0].change] == scores[0]


def test_what_does_not_fit_is_refused() -> None:
    said = Said(None, np.zeros(3, dtype=int))
    with pytest.raises(InputError, match="one entry a row"):
        flip_scores(said, said, ["a"] * 2, sources=[0, 1])
    with pytest.raises(InputError, match="one entry a row"):
        flip_scores(Said(None, np.zeros(0)), Said(None, np.zeros(0)), [], sources=[])

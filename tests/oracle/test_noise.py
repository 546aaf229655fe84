from __future__ import annotations

import json

import numpy as np
import pytest

from surrogate.oracle import Steadiness, Watch
from surrogate.oracle.noise import MOMENTS, decimals_of

from remote_boxes import FakeRemote, ask_oracle, probability, remote_traits, rows_of

ROWS = rows_of(10)


def logit(rows, shift=0.0):
    p = 1 / (1 + np.exp(-rows[:, 0] - shift))
    return np.column_stack([1 - p, p])


def watched(function, *, moments=MOMENTS, between=lambda: None, rows=ROWS, seed=0, **traits):
    box = FakeRemote(function, traits=remote_traits(max_batch=20, **traits))
    watch = Watch(ask_oracle(box), rows, seed=seed)
    for moment in moments:
        watch.look(moment)
        between()
    return watch.found(), box


def test_a_steady_target_is_called_steady():
    found, box = watched(probability)
    assert len(box.billed) == 60
    assert (found.rows, found.pairs, found.changed, found.noise) == (10, 30, 0, 0.0)
    assert not found.drifted
    assert "no noise of its own. Nothing shows that the target changed" in str(found)


def test_noise_is_measured():
    rng = np.random.default_rng(0)
    found, _ = watched(lambda r: logit(r, rng.normal(0, 0.5, len(r))))
    assert 0.05 < found.noise < 0.2
    assert found.changed is not None
    assert f"{found.changed} of 30 pairs were decided differently" in str(found)


def test_drift_is_flagged_where_there_is_no_noise():
    shift = [0.0]
    found, _ = watched(lambda r: logit(r, shift[0]), between=lambda: shift.__setitem__(0, 0.3))
    assert found.drifted
    assert found.p_value is None
    assert "The target changed while it was audited" in str(found)


@pytest.mark.parametrize(("drift", "flagged"), [(1.5, True), (0.0, False)])
def test_drift_is_told_from_noise(drift, flagged):
    rng, shift = np.random.default_rng(1), [0.0]

    def step() -> None:
        shift[0] += drift

    found, _ = watched(lambda r: logit(r, shift[0] + rng.normal(0, 0.3, len(r))), between=step)
    assert found.drifted is flagged


def test_noise_alone_is_seldom_called_drift():
    """At a level of .01, 4 alarms or more among 50 targets without drift come once in 600 runs."""
    alarms = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        found, _ = watched(lambda r, g=rng: logit(r, g.normal(0, 0.4, len(r))), seed=seed)
        alarms += found.drifted
    assert alarms <= 3


def test_labels_that_change_are_counted():
    rng = np.random.default_rng(2)
    names = np.array(["no", "yes"])
    found, _ = watched(lambda r: names[rng.integers(0, 2, len(r))], output="labels")
    assert 5 <= found.changed <= 25
    assert found.decimals is None


def test_what_was_seen_before_the_end_is_kept():
    found, _ = watched(probability, moments=("start",))
    assert found.moments == ("start",)
    assert not found.drifted
    assert "changed meanwhile" not in str(found)
    assert Watch(ask_oracle(FakeRemote()), ROWS, seed=0).found() is None


def test_equal_rows_are_watched_once():
    found, box = watched(probability, rows=np.vstack([ROWS, ROWS]))
    assert (found.rows, len(box.billed)) == (10, 60)


@pytest.mark.parametrize("decimals", [1, 3, 6])
def test_rounded_answers_are_noticed(decimals):
    found, _ = watched(lambda r: logit(r).round(decimals))
    assert found.decimals == decimals
    assert f"{decimals} decimals at most" in str(found)


def test_what_is_not_rounded_has_no_decimals():
    rng = np.random.default_rng(0)
    assert decimals_of(rng.random(1_000)) is None
    assert decimals_of(rng.random(1_000).astype(np.float32).astype(float)) is None
    assert decimals_of(np.eye(9)) is None  # whole numbers say nothing
    assert decimals_of(np.array([0.5, 0.25])) is None  # nor do few


def test_it_goes_to_json_and_back():
    found, _ = watched(lambda r: logit(r).round(2))
    assert Steadiness.from_dict(json.loads(json.dumps(found.to_dict()))) == found

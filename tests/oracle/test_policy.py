"""When an attempt is made again: every row of the table in `policy`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.errors import AttemptError, OptionError
from surrogate.oracle import RetryPolicy
from surrogate.oracle.pace import Bucket, Concurrency
from surrogate.oracle.policy import kind_of, may_be_billed

POLICY = RetryPolicy(tries=6, uncertain=3, first_wait=0.5, longest_wait=60.0)


def rejected(status, **more):
    return AttemptError("no", reason="rejected", status=status, **more)


def attempts(error: AttemptError, policy: RetryPolicy = POLICY) -> int:
    """How often the same body is sent if it fails so each time; 100 for without end."""
    kinds: list[str] = []
    while len(kinds) < 100:
        kinds.append(kind_of(error))
        if policy.decide(error, kinds=kinds, rows=8, draw=0.5).what != "wait":
            return len(kinds)
    return 100


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (AttemptError("refused", reason="unsent"), 100),
        (rejected(429), 6),
        (rejected(429, fatal=True), 1),  # quota or billing
        (rejected(503), 3),
        (rejected(503, retry_after=1.0), 6),
        (rejected(502), 3),
        (rejected(504), 3),
        (rejected(408), 3),
        (AttemptError("late", reason="unknown"), 3),
        (AttemptError("wrong count", reason="unknown", fatal=True), 1),
        (rejected(500), 2),
        *((rejected(status), 1) for status in (400, 401, 403, 404, 413, 415, 422, 501)),
    ],
)
def test_how_often_a_body_is_sent(error, times):
    assert attempts(error) == times


def test_what_may_be_billed():
    assert [s for s in (400, 401, 408, 413, 429, 500, 502, 503, 504) if may_be_billed(rejected(s))]
    assert [may_be_billed(rejected(s)) for s in (408, 500, 502, 504)] == [True] * 4
    assert [may_be_billed(rejected(s)) for s in (400, 401, 413, 422, 429, 503)] == [False] * 6
    assert may_be_billed(AttemptError("reset", reason="unknown"))
    assert not may_be_billed(AttemptError("refused", reason="unsent"))


def test_a_body_that_is_too_large_is_halved_until_it_is_one_row():
    error = rejected(413, split=True)
    assert POLICY.decide(error, kinds=["413"], rows=2, draw=0).what == "split"
    assert POLICY.decide(error, kinds=["413"], rows=1, draw=0).what == "stop"


def test_what_the_server_says_is_waited_by_everyone_and_never_cut_short():
    found = POLICY.decide(rejected(429, retry_after=90.0), kinds=["429"], rows=1, draw=0.5)
    assert found.everyone
    assert found.wait == 90.25  # spread over the first wait, so that not all come back at once


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
@settings(deadline=None)
def test_full_jitter_lies_between_nothing_and_the_doubled_wait(failures, draw):
    error = AttemptError("refused", reason="unsent")
    found = POLICY.decide(error, kinds=["unsent"] * failures, rows=1, draw=draw)
    assert 0 <= found.wait <= min(60.0, 0.5 * 2.0 ** (failures - 1))
    assert not found.everyone


def test_a_share_of_attempts_may_be_repeated():
    policy = RetryPolicy(quota=0.1)
    assert not policy.overdrawn(10, 0)
    assert policy.overdrawn(11, 0)
    assert not policy.overdrawn(20, 100)
    assert policy.overdrawn(21, 100)


def test_wrong_policies_are_refused():
    with pytest.raises(OptionError, match=r"`tries` parameter of RetryPolicy must be an int"):
        RetryPolicy(tries=0)


# ---- pace ----


def test_a_bucket_keeps_to_its_rate():
    bucket, now, sent = Bucket(10.0), 0.0, 0
    while now < 10.0:
        delay = bucket.delay(now)
        if delay:
            now += delay
        else:
            bucket.take()
            sent += 1
    assert 99 <= sent <= 101


def test_a_bucket_does_not_save_up_what_was_not_sent():
    bucket = Bucket(10.0)
    assert bucket.delay(100.0) == 0.0
    bucket.take()
    assert bucket.delay(100.0) == pytest.approx(0.1)


def test_without_a_rate_all_pass():
    assert Bucket(None).delay(0.0) == 0.0


def test_concurrency_halves_once_a_round_and_comes_back_slowly():
    concurrency = Concurrency(8)
    for sent_at in (1.0, 1.1, 1.2):
        concurrency.failed(sent_at=sent_at, now=2.0)
    assert concurrency.limit == 4
    concurrency.failed(sent_at=2.5, now=3.0)
    concurrency.failed(sent_at=3.5, now=4.0)
    concurrency.failed(sent_at=4.5, now=5.0)
    assert concurrency.limit == 1
    rises = []
    for _ in range(60):
        concurrency.succeeded()
        rises.append(concurrency.limit)
    assert rises[0] == 2
    assert rises[2] < 4
    assert rises[-1] == 8

"""Queries over time: few points, growing, and the last one of all that was asked."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surrogate import Domain, wrap
from surrogate.oracle import Oracle, Queries, Timeline
from surrogate.oracle.timeline import MOST_POINTS, Recorder


@given(st.integers(1, 700), st.lists(st.sampled_from(["fit", "fidelity"]), min_size=1))
def test_points_are_few_and_end_with_everything(n: int, names: list[str]) -> None:
    recorder, purposes = Recorder(), dict.fromkeys(names, 0)
    for i in range(n):
        recorder.begin(float(i))
        purposes[names[i % len(names)]] += 10
        recorder.take(i + 0.5, purposes)
    found = recorder.timeline(purposes)
    assert 1 <= len(found) <= MOST_POINTS
    assert list(found.seconds) == sorted(found.seconds)
    assert found.seconds[-1] == n - 0.5
    assert {name: rows[-1] for name, rows in found.rows.items()} == purposes
    assert all(a <= b for a, b in zip(found.total, found.total[1:]))
    gaps = np.diff([0.0, *found.seconds])
    assert gaps.max() <= 4 * max(1.0, n / MOST_POINTS) + 1  # spread over the whole time
    assert Timeline.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_an_oracle_tells_when_it_asked_what() -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    oracle = Oracle(wrap(lambda X: X[:, 0], task="regression"), Domain.infer(X), batch_rows=100)
    assert len(oracle.queries.timeline) == 0
    oracle.ask(X, purpose="fit")
    oracle.ask(X[:50], purpose="fidelity")
    queries = oracle.queries
    line = queries.timeline
    assert line.rows == {"fit": (100, 200, 300, 300), "fidelity": (0, 0, 0, 50)}
    assert line.total == (100, 200, 300, 350)
    again = Queries.from_dict(json.loads(json.dumps(queries.to_dict())))
    assert again == queries
    assert again.timeline == line
    older = queries.to_dict()
    del older["timeline"]
    assert len(Queries.from_dict(older).timeline) == 0

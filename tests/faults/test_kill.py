"""An audit that is killed at any moment and started again pays for nothing twice.

Each audit is a process of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults import job
from faults.books import check, never_again
from faults.conftest import LONG, fresh
from faults.nursery import Nursery
from faults.server import KILLS, Fault, FaultyServer

pytest.importorskip("httpx2")


kinds = st.sampled_from([kind for kind in KILLS if kind != "kill_later"])
moments = st.one_of(
    st.tuples(st.integers(0, 14), st.builds(Fault, kinds)),
    st.tuples(st.just(0), st.builds(Fault, st.just("kill_later"), delay=st.floats(0, 0.15))),
)


@pytest.fixture(scope="module")
def nursery(running: FaultyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    fresh(running)
    folder = tmp_path_factory.mktemp("first")
    with Nursery() as made:
        made.learn(running.url, str(folder / "ledger"), str(folder / "found.json"))
        yield made


def start(nursery: Nursery, server: FaultyServer, *files: Path) -> int:
    """Run an audit until it ends or is killed; its exit code."""

    def born(pid: int) -> None:
        server.kill = striker(pid)

    return nursery.run(server.url, *map(str, files), born=born)


def striker(pid: int) -> Callable[[], None]:
    """What kills a process, if it is still there."""

    def strike() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    return strike


class Whole:
    """What an audit finds that nobody kills, and the rows that it asks, with how often."""

    def __init__(self, found: dict[str, Any], billed: dict[tuple[float, ...], int]) -> None:
        self.found, self.billed = found, billed


@pytest.fixture(scope="module")
def whole(
    nursery: Nursery, running: FaultyServer, tmp_path_factory: pytest.TempPathFactory
) -> Whole:
    fresh(running)
    folder = tmp_path_factory.mktemp("whole")
    assert start(nursery, running, folder / "ledger", folder / "found.json") == 0
    check(folder / "ledger", running.bill)
    found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return Whole(found, dict(running.bill.rows))


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(
    max_examples=300 if LONG else 12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(kills=st.lists(moments, min_size=1, max_size=3))
def test_killed_audits_go_on_where_they_were(
    running: FaultyServer,
    nursery: Nursery,
    whole: Whole,
    kills: list[tuple[int, Fault]],
) -> None:
    fresh(running)
    running.latency = 0.005
    once = {row for row, times in whole.billed.items() if times == 1}  # but for noise
    asked, kept = np.array(list(whole.billed)), []
    with folder() as here:
        ledger, found = here / "ledger", here / "found.json"
        for after, fault in [*kills, (0, None)]:
            calls = len(running.bill.calls)
            running.schedule[:] = [] if fault is None else [Fault("pass")] * after + [fault]
            code = start(nursery, running, ledger, found)
            assert code in ((0,) if fault is None else (0, -signal.SIGKILL))
            check(ledger, running.bill)
            never_again(running.bill, calls, once & set(kept))
            kept = job.settled_rows(running.url, ledger, asked)
        told = json.loads(found.read_text(encoding="utf-8"))
    assert told["form"] == whole.found["form"]
    assert told["fidelity"] == whole.found["fidelity"]

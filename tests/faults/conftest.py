"""One faulty server for all tests of a file, and how long they may play with it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from faults.server import Bill, FaultyServer, faulty_server

LONG = os.environ.get("SURROGATE_FAULTS") == "long"
"""Set SURROGATE_FAULTS=long for a night of it."""


@pytest.fixture(scope="session")
def running() -> Iterator[FaultyServer]:
    """The server, on a thread of its own."""
    with faulty_server() as server:
        yield server


@pytest.fixture
def server(running: FaultyServer) -> FaultyServer:
    """The server with a new bill and nothing that will go wrong."""
    fresh(running)
    return running


def fresh(server: FaultyServer) -> None:
    """Tear up the bill and the schedule."""
    server.bill, server.latency, server.stall = Bill(), 0.0, 1.0
    server.kill = lambda: None
    server.schedule.clear()
    server.seen.clear()

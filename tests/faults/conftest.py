"""One faulty server for all tests of a file, and how long they may play with it."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(autouse=True)
def _drop_cut_connections() -> Iterator[None]:
    """Collect what the faulty server's loop left open when it was stopped amid an answer."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The server cuts connections on purpose; that its own ends are unclosed is no finding."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))

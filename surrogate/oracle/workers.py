"""Threads that make attempts, and a Ctrl-C that waits for them."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

from surrogate.types import Reply

__all__ = ["Arrival", "Arrivals", "Workers", "interrupts_into"]


class Arrival(NamedTuple):
    """What came of a request, or of a Ctrl-C where `request` is None."""

    request: int | None
    result: Reply | BaseException
    seconds: float = 0.0


Arrivals: TypeAlias = "queue.SimpleQueue[Arrival]"


class Workers:
    """A few threads, started when they are needed; each makes one attempt at a time.

    Daemons, so that an attempt that hangs does not keep the program from ending.

    Parameters
    ----------
    ask : callable
        Of decoded rows.
    """

    def __init__(self, ask: Callable[[Any], Reply]) -> None:
        self.arrivals: Arrivals = queue.SimpleQueue()
        self._ask = ask
        self.started = 0
        self._waiting: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()

    def submit(self, request: int, rows: Any, *, threads: int) -> None:
        """Make an attempt as soon as one of so many threads is free."""
        if self.started < threads:
            self.started += 1
            threading.Thread(target=self._work, name="surrogate-ask", daemon=True).start()
        self._waiting.put((request, rows))

    def withdraw(self) -> list[int]:
        """Requests that no thread has begun with, and none will."""
        found = []
        with suppress(queue.Empty):
            while (given := self._waiting.get_nowait()) is not None:
                found.append(given[0])
        return found

    def close(self) -> None:
        """Let the threads end when their attempts do."""
        for _ in range(self.started):
            self._waiting.put(None)

    def _work(self) -> None:
        while (given := self._waiting.get()) is not None:
            request, rows = given
            start = perf_counter()
            result: Reply | BaseException
            try:
                result = self._ask(rows)
            except BaseException as error:  # handed to the thread that waits for it
                result = error
            self.arrivals.put(Arrival(request, result, perf_counter() - start))


@contextmanager
def interrupts_into(arrivals: Arrivals) -> Iterator[None]:
    """Put Ctrl-C among the arrivals, so that it ends no transaction halfway.

    Only where Python would raise KeyboardInterrupt: in the main thread, unless the program
    has a handler of its own.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def put(number: int, frame: Any) -> None:
        arrivals.put(Arrival(None, KeyboardInterrupt()))

    signal.signal(signal.SIGINT, put)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)

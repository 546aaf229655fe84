"""How fast requests go out: the time, a token bucket, and a limit that adapts."""

from __future__ import annotations

import queue
import time
from typing import Any

__all__ = ["Bucket", "Clock", "Concurrency"]

_PATIENCE = 0.5  # seconds after which a waiting main thread looks up, where signals do not wake it


class Clock:
    """The time, and waiting for it to pass; tests put another in its place."""

    def now(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def wait(
        self, arrivals: queue.SimpleQueue[Any], seconds: float | None, *, expected: bool
    ) -> Any:
        """The next arrival, or None where there was none for some seconds.

        Parameters
        ----------
        arrivals : queue
        seconds : float or None
            None: as long as it takes.
        expected : bool
            Whether anything is on its way.
        """
        del expected  # only a clock that is not real has to know
        try:
            return arrivals.get(timeout=_PATIENCE if seconds is None else min(seconds, _PATIENCE))
        except queue.Empty:
            return None


class Bucket:
    """A token bucket: so many requests a second on average, and hardly more at once.

    Parameters
    ----------
    rate : float or None
        Requests a second; None lets all pass.
    """

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._most = 1.0 if rate is None else max(1.0, 0.02 * rate)  # 20 ms of a late clock
        self._tokens, self._at = self._most, 0.0

    def delay(self, now: float) -> float:
        """Seconds until the next request may go out."""
        if self._rate is None:
            return 0.0
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        lacking = 1.0 - self._tokens
        return lacking / self._rate if lacking > 1e-6 else 0.0

    def take(self) -> None:
        """Let one request pass."""
        self._tokens -= 1.0


class Concurrency:
    """How many requests may be under way: one more a round, half after a failure.

    Additive increase, multiplicative decrease (Chiu and Jain 1989). Requests that were sent
    before the last decrease say nothing new when they fail.

    Parameters
    ----------
    most : int
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._limit = float(most)
        self._cut_at = -1.0

    @property
    def limit(self) -> int:
        """Requests that may be under way."""
        return int(self._limit)

    def succeeded(self) -> None:
        """Rise by one for each `limit` answers."""
        self._limit = min(float(self.most), self._limit + 1.0 / self._limit)

    def failed(self, *, sent_at: float, now: float) -> None:
        """Halve, unless the request was sent before the last time."""
        if sent_at > self._cut_at:
            self._limit = max(1.0, self._limit / 2.0)
            self._cut_at = now

"""Whether an attempt that failed is made again, and when.

=========================  ==================================================
what failed                how often the same body is sent again
=========================  ==================================================
not sent (refused, DNS)    freely; the breaker and the deadline end it
429                        up to `tries` times in all
503 with Retry-After       up to `tries` times in all
503 without                once after it failed twice alike
502, 504, 408, cut, late   up to `uncertain` times in all: it may be paid for
500                        once
too large (413)            in two halves
anything else              never
=========================  ==================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from surrogate._validate import Real, Rule, Whole, check
from surrogate.errors import AttemptError

__all__ = ["Decision", "RetryPolicy", "may_be_billed"]

_RULES: dict[str, Rule] = {
    "tries": Whole(1),
    "uncertain": Whole(1),
    "first_wait": Real(0),
    "longest_wait": Real(0),
    "breaker": Whole(1),
    "quota": Real(0),
    "seed": Whole(0),
}
_FREE_RETRIES = 10


@dataclass(frozen=True)
class Decision:
    """What to do with a batch whose attempt failed.

    Parameters
    ----------
    what : {"wait", "split", "stop"}
    wait : float
        Seconds until the batch may be sent again.
    everyone : bool
        Whether nothing else may be sent before either: the server said so.
    """

    what: Literal["wait", "split", "stop"]
    wait: float = 0.0
    everyone: bool = False


@dataclass(frozen=True)
class RetryPolicy:
    """When an attempt is made again.

    Parameters
    ----------
    tries : int
        Most attempts at one body that were refused for a while.
    uncertain : int
        Most attempts at one body that may be paid for each time.
    first_wait, longest_wait : float
        Seconds. The k-th wait is drawn between 0 and the smaller of `longest_wait` and
        ``first_wait * 2**(k - 1)``, unless the server said how long ("full jitter").
    breaker : int
        Failures in a row, whatever the body, after which nothing more is sent.
    quota : float
        Most repeated attempts, as a share of all; ten are free.
    seed : int
        Of the waits that are drawn.

    Examples
    --------
    >>> from surrogate.errors import AttemptError
    >>> from surrogate.oracle import RetryPolicy
    >>> busy = AttemptError("busy", reason="rejected", status=429, retry_after=2.0)
    >>> RetryPolicy().decide(busy, kinds=["429"], rows=8, draw=0.0)
    Decision(what='wait', wait=2.0, everyone=True)
    """

    tries: int = 6
    uncertain: int = 3
    first_wait: float = 0.5
    longest_wait: float = 60.0
    breaker: int = 16
    quota: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        check("RetryPolicy", _RULES, vars(self))

    def decide(
        self, error: AttemptError, *, kinds: Sequence[str], rows: int, draw: float
    ) -> Decision:
        """What to do, from the failure, those before it and a random number in [0, 1).

        Parameters
        ----------
        error : AttemptError
        kinds : sequence of str
            Kinds of all failures of this body, this one last.
        rows : int
            Rows of the body.
        draw : float
        """
        if error.split:
            return Decision("split" if rows > 1 else "stop")
        if error.fatal or self._used_up(error, kinds):
            return Decision("stop")
        if error.retry_after is not None:
            return Decision("wait", error.retry_after + draw * self.first_wait, everyone=True)
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(len(kinds) - 1, 40))
        return Decision("wait", draw * longest)

    def overdrawn(self, retried: int, attempts: int) -> bool:
        """Whether too many attempts had to be made again."""
        return retried > _FREE_RETRIES + self.quota * attempts

    def _used_up(self, error: AttemptError, kinds: Sequence[str]) -> bool:
        """Whether this body failed as often as it may."""
        if error.reason == "unsent":
            return False
        sent = [kind for kind in kinds if kind != "unsent"]
        most = {"429": self.tries, "500": 2, "502": self.uncertain, "504": self.uncertain}
        most |= {"408": self.uncertain, "unknown": self.uncertain}
        most["503"] = self.tries if error.retry_after is not None else min(3, self.tries)
        return len(sent) >= self.tries or sent.count(kinds[-1]) >= most.get(kinds[-1], 1)


def kind_of(error: AttemptError) -> str:
    """By what a failure is counted: its status, else its reason."""
    return str(error.status) if error.reason == "rejected" else error.reason


def may_be_billed(error: AttemptError) -> bool:
    """Whether the work may have been done: an answer that never came, or a failing server.

    429 and 503 refuse the work, and other statuses of 400 and more the request.
    """
    if error.reason != "rejected":
        return error.reason == "unknown"
    status = error.status or 500
    return status == 408 or (status >= 500 and status != 503)

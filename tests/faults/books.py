"""The ledger's books, read from its file beside the package, and held against the bill."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from faults.server import Bill

__all__ = ["Books", "check", "read"]


@dataclass(frozen=True)
class Books:
    """What a ledger says of all runs until now.

    Parameters
    ----------
    settled : int
        Answers, deliberate repeats among them.
    uncertain : int
        Rows of attempts that are unknown, refused after sending, or still reserved.
    states : dict
        Rows by state.
    """

    settled: int
    uncertain: int
    states: dict[str, int]


def read(path: Path) -> Books:
    """Read the file as it lies on the disk."""
    with sqlite3.connect(path) as db:
        ((settled,),) = db.execute("SELECT count(*) FROM answers")
        states = dict(db.execute("SELECT state, sum(rows) FROM requests GROUP BY state"))
    db.close()
    uncertain = sum(states.get(state, 0) for state in ("unknown", "refused", "reserved"))
    return Books(settled, uncertain, states)


def check(path: Path, bill: Bill) -> Books:
    """Hold the spec's invariant: settled <= billed <= settled + uncertain."""
    books, billed = read(path), bill.rows.total()
    assert books.settled <= billed <= books.settled + books.uncertain, (books, billed)
    return books


def never_again(bill: Bill, calls: int, settled: Iterable[tuple[float, ...]]) -> None:
    """Hold that rows settled when so many calls were billed were not asked since."""
    asked = {row for call in bill.calls[calls:] for row in call}
    assert not asked & set(settled)

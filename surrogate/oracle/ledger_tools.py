"""Ledgers as their owner sees them: listed, summed up, exported, purged."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.errors import InputError
from surrogate.oracle.budget import Spent
from surrogate.oracle.ledger import Ledger
from surrogate.oracle.ledger_file import is_ledger
from surrogate.oracle.queries import shares_text

__all__ = ["Summary", "export", "find_ledgers", "purge", "summary"]


@dataclass(frozen=True)
class Summary:
    """What a ledger holds.

    Parameters
    ----------
    path : str
        Empty for one in memory.
    target, identity : str or None
        Whose answers; None before any was asked.
    created : str
        In UTC.
    answers, repeats : int
        Rows whose answer is kept, and deliberate repeats.
    states : mapping from str to (int, int)
        Requests and rows that are settled, unknown, refused or failed.
    purposes : mapping from str to int
        Rows of each purpose that count in a budget.
    spent : Spent
        What counts in a budget.
    pending : int
        Rows that were sent and have no answer.
    """

    path: str
    target: str | None
    identity: str | None
    created: str
    answers: int
    repeats: int
    states: Mapping[str, tuple[int, int]]
    purposes: Mapping[str, int]
    spent: Spent
    pending: int

    def __str__(self) -> str:
        states = ", ".join(
            f"{state} {requests:,} ({rows:,} rows)"
            for state, (requests, rows) in self.states.items()
        )
        lines = [
            f"ledger      {self.path or 'in memory'}",
            f"target      {self.target or 'none yet'}",
            f"asked as    {self.identity or 'nothing yet'}",
            f"created     {self.created}",
            f"answers     {self.answers:,} rows and {self.repeats:,} deliberate repeats",
            f"requests    {states or 'none'}",
            f"purposes    {shares_text(self.purposes) or 'none'}",
            f"spent       {self.spent.rows:,} rows in {self.spent.requests:,} requests, "
            f"{self.spent.money:,.6g} in the target's currency",
        ]
        if self.pending:
            lines.append(f"unknown     {self.pending:,} rows were sent and have no answer")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        spent = {"rows": self.spent.rows, "requests": self.spent.requests}
        return {
            **vars(self),
            "states": {name: list(pair) for name, pair in self.states.items()},
            "purposes": dict(self.purposes),
            "spent": {**spent, "money": self.spent.money},
        }


def summary(ledger: Ledger) -> Summary:
    """Sum up a ledger.

    Examples
    --------
    >>> from surrogate.oracle import Ledger
    >>> from surrogate.oracle.ledger_tools import summary
    >>> summary(Ledger()).answers
    0
    """
    sql = "SELECT state, count(*), sum(rows) FROM requests GROUP BY state ORDER BY state"
    states = {state: (requests, rows) for state, requests, rows in ledger.run(sql)}
    purposes: dict[str, int] = {}
    counted = "SELECT purposes FROM requests WHERE state IN ('settled', 'unknown', 'reserved')"
    for (said,) in ledger.run(counted):
        for purpose, rows in json.loads(said).items():
            purposes[purpose] = purposes.get(purpose, 0) + rows
    ((repeats,),) = ledger.run("SELECT count(*) FROM answers WHERE replicate > 0")
    return Summary(
        path="" if ledger.path is None else str(ledger.path),
        target=ledger.fact("target"),
        identity=ledger.fact("identity"),
        created=_utc(ledger.fact("created")),
        answers=ledger.n_answers() - repeats,
        repeats=repeats,
        states=states,
        purposes=purposes,
        spent=ledger.spent(),
        pending=len(ledger.unknown()),
    )


def find_ledgers(folder: str | os.PathLike[str] = ".") -> list[Path]:
    """Ledgers in a folder, by their headers; none is opened."""
    found = Path(folder)
    if not found.is_dir():
        raise InputError(f"There is no folder {folder}.")
    files = (path for path in found.iterdir() if path.is_file())
    return sorted(path for path in files if os.access(path, os.R_OK) and is_ledger(path))


def export(ledger: Ledger, path: str | os.PathLike[str], *, answers: bool = False) -> int:
    """Write a ledger as JSON lines, without what could tell a row.

    First the target, then each request; no key, and not the salt.

    Parameters
    ----------
    ledger : Ledger
    path : str or path
        A new file, which only its owner may read.
    answers : bool
        Also each answer, under the number of its request.

    Returns
    -------
    int
        Lines written.

    Raises
    ------
    InputError
        If the file exists.
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise InputError(f"{path} exists; give another name.") from None
    written = 0
    with open(handle, "w", encoding="utf-8") as file:
        for line in _lines(ledger, answers=answers):
            file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            written += 1
    return written


def purge(ledger: Ledger) -> int:
    """Forget every answer and every key; what was spent stays counted.

    Returns
    -------
    int
        Answers forgotten.
    """
    n = ledger.n_answers()
    ledger.run("DELETE FROM answers")
    ledger.run("UPDATE requests SET keys = NULL")
    ledger.commit()
    ledger.shrink()
    return n


def _lines(ledger: Ledger, *, answers: bool) -> Iterator[dict[str, Any]]:
    """What an export holds, line by line."""
    yield {
        "ledger": ledger.fact("target"),
        "identity": ledger.fact("identity"),
        "created": _utc(ledger.fact("created")),
    }
    columns = ("id", "at", "state", "rows", "replicate", "purposes", "money", "seconds", "why")
    for row in ledger.run(f"SELECT {', '.join(columns)} FROM requests ORDER BY id"):
        line = dict(zip(columns, row))
        yield {
            "request": line.pop("id"),
            **line,
            "at": _utc(line["at"]),
            "purposes": json.loads(line["purposes"]),
        }
    if answers:
        sql = "SELECT request, replicate, vals, label FROM answers ORDER BY request, key"
        for request, replicate, values, label in ledger.run(sql):
            yield {
                "answer": request,
                "replicate": replicate,
                "values": _plain(values),
                "label": None if label is None else json.loads(label),
            }


def _plain(values: bytes | str | None) -> Any:
    """The values of an answer, for JSON."""
    if isinstance(values, bytes):
        return np.frombuffer(values, dtype="<f8").tolist()
    return None if values is None else json.loads(values)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

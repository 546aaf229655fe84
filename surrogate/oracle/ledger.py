"""What was sent and what came back, kept so that nothing is paid for twice.

A request is ``reserved`` before it is sent, and then

* ``settled``: answered; its answers are kept, row by row;
* ``unknown``: sent, and no answer came; it may be paid for, so it counts in the budget.
  What was reserved when a process died is unknown;
* ``refused``: the server would not do it; ``failed``: it was never sent.

So what was billed lies between the settled rows, and these with the unknown and refused ones;
and a settled (row, replicate) is never asked again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

from surrogate.errors import LedgerError
from surrogate.oracle.budget import Spent
from surrogate.oracle.ledger_file import connect, disconnect, free_bytes, reporting
from surrogate.oracle.records import Record
from surrogate.types import Label

__all__ = ["Ledger"]

RESERVE = 64 * 2**20
_KEY = 16
_AT_ONCE = 900  # SQLite of old takes 999 variables
_COUNTED = "('reserved', 'settled', 'unknown')"


class Ledger:
    """Answers that were paid for, of one target, in an SQLite file.

    Only its owner may read the file, and only one process at a time may use it. Rows are kept
    as salted hashes, so that the file does not tell them; answers are kept as they came.

    Parameters
    ----------
    path : str, path or None
        Made where there is none. None: in memory, for as long as the program runs.
    reserve : int
        Free bytes of the disk below which nothing is sent.

    Raises
    ------
    LedgerError
        If it is no ledger, of a newer version, in use, or cannot be written.

    Examples
    --------
    >>> from surrogate.oracle import Ledger
    >>> with Ledger() as ledger:
    ...     ledger.spent()
    Spent(rows=0, requests=0, money=0.0)
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, reserve: int = RESERVE):
        self.path = None if path is None else Path(path).absolute()
        self._reserve = reserve
        self._db = connect(self.path)
        self._disconnect = weakref.finalize(self, disconnect, self._db, self.path)
        self._dirty = False
        self.run("UPDATE requests SET state = 'unknown' WHERE state = 'reserved'")
        self.commit()
        self._hash = self._salted(self.fact("identity") or "")

    @property
    def name(self) -> str:
        """What messages call it."""
        return "memory" if self.path is None else f"the ledger {self.path}"

    def claim(self, target: str, identity: str) -> None:
        """Say whose answers these are.

        Parameters
        ----------
        target : str
            Name of the model.
        identity : str
            What answers depend on besides the row (`surrogate.types.Terms`).

        Raises
        ------
        LedgerError
            If it keeps the answers of another.
        """
        before = self.fact("identity")
        if before is None:
            self._set({"target": target, "identity": identity})
            self.commit()
            self._hash = self._salted(identity)
        elif before != identity:
            raise LedgerError(
                f"The ledger {self.path} holds answers of {self.fact('target')} ({before}), and "
                f"{target} ({identity}) is to be asked. Give each target a ledger of its own."
            )

    def _salted(self, identity: str) -> Any:
        """A hash of the target, to go on with each row."""
        return blake2b(identity.encode() + b"\0", key=self.fact("salt"), digest_size=_KEY)

    # ---- answers ----

    def keys(self, wire: Iterable[bytes]) -> list[bytes]:
        """Keys of rows, from each row as it goes over the wire."""
        keys = []
        for row in wire:
            digest = self._hash.copy()
            digest.update(row)
            keys.append(digest.digest())
        return keys

    def find(self, keys: Sequence[bytes], *, replicate: int = 0) -> dict[bytes, Record]:
        """The answers that are settled."""
        found: dict[bytes, Record] = {}
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows = self.run(
                f"SELECT key, vals, label FROM answers WHERE replicate = ? AND key IN ({marks})",
                (replicate, *some),
            )
            found.update((key, (values, label)) for key, values, label in rows)
        return found

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """Classes of the columns, where the answers named them."""
        said = self.fact("classes")
        return None if said is None else tuple(json.loads(said))

    @classes.setter
    def classes(self, classes: Sequence[Label]) -> None:
        self._set({"classes": json.dumps(list(classes))})

    # ---- requests ----

    def reserve(
        self, keys: Sequence[bytes], *, replicate: int, purposes: Mapping[str, int], money: float
    ) -> int:
        """Note a request that is about to be sent; commit before it is."""
        said = (time.time(), len(keys), replicate, json.dumps(dict(purposes)), money)
        cursor = self.run(
            "INSERT INTO requests (at, state, rows, replicate, purposes, money, keys) "
            "VALUES (?, 'reserved', ?, ?, ?, ?, ?)",
            (*said, b"".join(keys)),
        )
        return int(cursor.lastrowid or 0)

    def settle(
        self,
        request: int,
        answers: Mapping[bytes, Record],
        *,
        replicate: int,
        seconds: float,
        why: str | None = None,
    ) -> None:
        """Keep the answers of a request; one of which only some are good is unknown."""
        self._run_many(
            "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)",
            [(key, replicate, request, *record) for key, record in answers.items()],
        )
        self._end(request, "settled" if why is None else "unknown", seconds=seconds, why=why)

    def fail(self, request: int, state: str, *, seconds: float, why: str) -> None:
        """Note that no answer came: "unknown", "refused" or "failed"."""
        self._end(request, state, seconds=seconds, why=why)

    def _end(self, request: int, state: str, *, seconds: float, why: str | None) -> None:
        kept = "keys" if state == "unknown" else "NULL"
        self.run(
            f"UPDATE requests SET state = ?, seconds = ?, why = ?, keys = {kept} WHERE id = ?",
            (state, seconds, why, request),
        )

    def spent(self) -> Spent:
        """What counts against a budget: settled, unknown and reserved."""
        sql = f"SELECT sum(rows), count(*), sum(money) FROM requests WHERE state IN {_COUNTED}"
        ((rows, requests, money),) = self.run(sql)
        return Spent(rows or 0, requests, money or 0.0)

    def n_answers(self) -> int:
        """How many answers are kept, deliberate repeats among them."""
        ((n,),) = self.run("SELECT count(*) FROM answers")
        return int(n)

    def unknown(self) -> dict[tuple[bytes, int], int]:
        """How often each (row, replicate) was sent that has no answer."""
        sent: dict[int, dict[bytes, int]] = {}
        sql = "SELECT replicate, keys FROM requests WHERE state = 'unknown' AND keys NOT NULL"
        for replicate, keys in self.run(sql):
            times = sent.setdefault(replicate, {})
            for at in range(0, len(keys), _KEY):
                key = keys[at : at + _KEY]
                times[key] = times.get(key, 0) + 1
        found = {one: self.find(list(times), replicate=one) for one, times in sent.items()}
        return {
            (key, replicate): n
            for replicate, times in sent.items()
            for key, n in times.items()
            if key not in found[replicate]
        }

    # ---- the file ----

    def fact(self, name: str) -> Any:
        """One of: target, identity, created, classes, salt; None where it is not known."""
        found = self.run("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else found[0]

    def sha256(self) -> str:
        """Hash of all answers, with the salted hashes of the rows that they are answers to.

        Examples
        --------
        >>> from surrogate.oracle import Ledger
        >>> Ledger().sha256()[:8]  # of none
        'e3b0c442'
        """
        digest = hashlib.sha256()
        sql = "SELECT key, replicate, vals, label FROM answers ORDER BY key, replicate"
        for kept in self.run(sql):
            for value in kept:
                raw = value if isinstance(value, bytes) else str(value).encode()
                digest.update(len(raw).to_bytes(8, "little") + raw)
        return digest.hexdigest()

    def run(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement, in the transaction that `commit` ends."""
        with reporting(self.path):
            self._begin(sql)
            return self._db.execute(sql, values)

    def commit(self) -> None:
        """Bring what was noted onto the disk."""
        if self._dirty:
            self._dirty = False
            with reporting(self.path):
                try:
                    self._db.execute("COMMIT")
                except sqlite3.Error:
                    self._db.rollback()
                    raise

    def shrink(self) -> None:
        """Give back the room of what was deleted, and overwrite it."""
        self.commit()
        with reporting(self.path):
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def short_of_disk(self) -> int | None:
        """Free bytes, where they are fewer than the reserve."""
        if self.path is None:
            return None
        free = free_bytes(self.path)
        return free if free < self._reserve else None

    def close(self) -> None:
        """Commit, and let others use the file."""
        try:
            self.commit()
        finally:
            self._disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Ledger in {self.name.removeprefix('the ledger ')}>"

    def _set(self, facts: Mapping[str, Any]) -> None:
        self._run_many("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(facts.items()))

    def _run_many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        with reporting(self.path):
            self._begin(sql)
            self._db.executemany(sql, values)

    def _begin(self, sql: str) -> None:
        """Open a transaction before the first change."""
        if not self._dirty and not sql.startswith("SELECT"):
            self._db.execute("BEGIN IMMEDIATE")
            self._dirty = True

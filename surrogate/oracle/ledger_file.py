"""The file of a ledger: made, opened, claimed by one process, refused where it does not fit."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surrogate.errors import LedgerError

__all__ = ["connect", "disconnect", "free_bytes", "is_ledger", "reporting"]

APPLICATION = 0x53726774  # "Srgt", in the file's header
VERSION = 1
_HEADER = b"SQLite format 3\x00"
_LOCK_WAIT = 1.0  # seconds
_OPEN: set[Path] = set()
_IN_USE = (
    "The ledger {} is in use, by another process or by an Oracle that is open; let that end, "
    "close() it, or give another ledger."
)

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,            -- seconds since 1970
    state TEXT NOT NULL,         -- reserved, settled, unknown, refused, failed
    rows INTEGER NOT NULL,
    replicate INTEGER NOT NULL,
    purposes TEXT NOT NULL,      -- JSON: rows of each purpose
    money REAL NOT NULL,
    seconds REAL,
    why TEXT,                    -- what went wrong: a status, a kind
    keys BLOB                    -- of the rows, while their answers are not known
);
CREATE TABLE answers (
    key BLOB NOT NULL,           -- salted hash of the row as it goes over the wire
    replicate INTEGER NOT NULL,  -- 0 is the answer, others measure the target's own noise
    request INTEGER NOT NULL,
    vals,                        -- float64 columns as bytes, or JSON
    label TEXT,                  -- JSON
    PRIMARY KEY (key, replicate)
) WITHOUT ROWID;
"""


def connect(path: Path | None) -> sqlite3.Connection:
    """Open a ledger for this process alone, and make it where there is none.

    Parameters
    ----------
    path : pathlib.Path or None
        None: in memory.

    Raises
    ------
    LedgerError
        If it is no ledger, of a newer version, in use, or cannot be written.
    """
    if path is not None:
        _make_private(path)
        if path.resolve() in _OPEN:
            raise LedgerError(_IN_USE.format(path))
    name = ":memory:" if path is None else str(path)
    with reporting(path):
        db = sqlite3.connect(
            name, timeout=_LOCK_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(db, path)
        except BaseException:
            db.close()
            raise
    if path is not None:
        _OPEN.add(path.resolve())
    return db


def disconnect(db: sqlite3.Connection, path: Path | None) -> None:
    """Let others use the file."""
    db.close()
    if path is not None:
        _OPEN.discard(path.resolve())


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, where there is none."""
    if not path.parent.is_dir():
        raise LedgerError(f"The folder of the ledger {path} does not exist.")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not path.is_file():
            raise LedgerError(f"{path} is no file; give the ledger another name.") from None
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be made: {error.strerror}.") from None


def is_ledger(path: Path) -> bool:
    """Whether a file is a ledger, read from its header alone."""
    if path.resolve() in _OPEN:
        return True  # on POSIX, to open and close it here would let go of SQLite's lock
    with path.open("rb") as file:
        header = file.read(72)
    return header[:16] == _HEADER and header[68:72] == APPLICATION.to_bytes(4, "big")


def _prepare(db: sqlite3.Connection, path: Path | None) -> None:
    """Lock, check the version, and make the tables where there are none."""
    db.execute("PRAGMA locking_mode = EXCLUSIVE")  # until the connection or the process ends
    db.execute("BEGIN EXCLUSIVE")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (application or version or tables):
        raise LedgerError(f"{path} is a database of something else; give the ledger another name.")
    if version > VERSION:
        raise LedgerError(
            f"The ledger {path} is of version {version}; this surrogate-toolkit reads up to "
            f"version {VERSION}. Upgrade it: pip install --upgrade surrogate-toolkit"
        )
    if version == 0:
        for statement in filter(str.strip, _SCHEMA.split(";\n")):
            db.execute(statement)
        facts = {"salt": secrets.token_bytes(32), "created": time.time()}
        db.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
    if path is not None:
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")


@contextmanager
def reporting(path: Path | None) -> Iterator[None]:
    """Turn SQLite's errors into one that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "locked" in text:
            raise LedgerError(_IN_USE.format(path)) from None
        if "full" in text:
            hint = "the disk is full"
        elif "not a database" in text or "malformed" in text:
            hint = "it is damaged, or no ledger; give another name"
        elif "readonly" in text or "unable to open" in text:
            hint = f"it cannot be written ({text})"
        else:
            hint = text
        raise LedgerError(f"The ledger {path or 'in memory'} cannot be used: {hint}.") from error


def free_bytes(path: Path) -> int:
    """Free space of the disk that a ledger lies on."""
    return shutil.disk_usage(path.parent).free

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from surrogate.errors import InputError, LedgerError
from surrogate.oracle import Ledger, Spent
from surrogate.oracle.ledger_tools import export, find_ledgers, purge, summary

from remote_boxes import FakeRemote, ask_oracle, rows_of

RECORD = (b"12345678", '"yes"')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def reserve(ledger: Ledger, *names: bytes, replicate: int = 0) -> tuple[int, list[bytes]]:
    keys = ledger.keys(names)
    request = ledger.reserve(keys, replicate=replicate, purposes={"fit": len(keys)}, money=0.5)
    ledger.commit()
    return request, keys


def settle(ledger: Ledger, *names: bytes, replicate: int = 0) -> list[bytes]:
    request, keys = reserve(ledger, *names, replicate=replicate)
    ledger.settle(request, dict.fromkeys(keys, RECORD), replicate=replicate, seconds=0.1)
    ledger.commit()
    return keys


def test_settled_answers_come_back_after_a_restart(path):
    with Ledger(path) as ledger:
        ledger.claim("toy", "at example.org")
        keys = settle(ledger, b"a", b"b")
    with Ledger(path) as again:
        again.claim("toy", "at example.org")
        assert again.keys([b"a", b"b"]) == keys
        assert again.find(keys) == dict.fromkeys(keys, RECORD)
        assert again.spent() == Spent(2, 1, 0.5)


def test_replicates_are_answers_of_their_own():
    ledger = Ledger()
    keys = settle(ledger, b"a", replicate=2)
    assert ledger.find(keys) == {}
    assert ledger.find(keys, replicate=1) == {}
    assert ledger.find(keys, replicate=2) == {keys[0]: RECORD}


def test_a_settled_answer_is_never_replaced():
    ledger = Ledger()
    keys = settle(ledger, b"a")
    request, _ = reserve(ledger, b"a")
    ledger.settle(request, {keys[0]: (b"other", None)}, replicate=0, seconds=0.0)
    assert ledger.find(keys) == {keys[0]: RECORD}


def test_what_was_reserved_when_a_process_died_is_unknown(path):
    ledger = Ledger(path)
    reserve(ledger, b"a", b"b")
    # another process sees what a kill would have left
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    Path(f"{copy}-wal").write_bytes(Path(f"{path}-wal").read_bytes())
    with Ledger(copy) as after:
        assert summary(after).states == {"unknown": (1, 2)}
        assert after.spent() == Spent(2, 1, 0.5)
        assert len(after.unknown()) == 2


def test_only_unknown_requests_count_and_keep_their_keys():
    ledger = Ledger()
    for state in ("unknown", "refused", "failed"):
        request, _ = reserve(ledger, state.encode())
        ledger.fail(request, state, seconds=0.1, why="503")
    assert ledger.spent() == Spent(1, 1, 0.5)
    assert list(ledger.unknown().values()) == [1]
    settle(ledger, b"unknown")
    assert ledger.unknown() == {}


def test_keys_depend_on_the_row_the_target_and_the_file(path, tmp_path):
    first, second, other = Ledger(), Ledger(), Ledger()
    first.claim("toy", "a")
    second.claim("toy", "a")
    other.claim("toy", "b")
    assert len({*first.keys([b"x", b"y"]), *second.keys([b"x"]), *other.keys([b"x"])}) == 4
    assert all(len(key) == 16 for key in first.keys([b"x"]))


# ---- the file ----


def test_only_the_owner_may_read_it(path):
    umask = os.umask(0)
    try:
        with Ledger(path) as ledger:
            settle(ledger, b"a")
            files = list(path.parent.iterdir())
            assert len(files) > 1  # the write-ahead log lies beside it
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(umask)


def test_it_survives_a_power_cut_as_far_as_sqlite_promises(path):
    with Ledger(path) as ledger:
        assert ledger.run("SELECT * FROM pragma_synchronous").fetchone() == (2,)
        assert ledger.run("SELECT * FROM pragma_journal_mode").fetchone() == ("wal",)


def test_a_ledger_in_use_is_refused_here_and_in_another_process(path):
    code = f"from surrogate.oracle import Ledger; Ledger({str(path)!r})"
    with Ledger(path):
        with pytest.raises(LedgerError, match="is in use, by another process or by an Oracle"):
            Ledger(path)
        assert find_ledgers(path.parent) == [path]
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "LedgerError" in done.stderr
        assert "is in use" in done.stderr
    Ledger(path).close()


def test_a_ledger_that_nobody_holds_is_free_again(path):
    Ledger(path)
    with Ledger(path):
        pass


def test_a_ledger_of_another_model_is_refused(path):
    with Ledger(path) as ledger:
        ledger.claim("credit", "https://one.example/v2")
    with pytest.raises(
        LedgerError, match=r"holds answers of credit \(https://one.*ledger of its own"
    ):
        ask_oracle(FakeRemote(), ledger=path).ask(rows_of(3))


def test_a_ledger_of_a_newer_version_is_refused(path):
    Ledger(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(LedgerError, match=r"is of version 2; .* reads up to version 1"):
        Ledger(path)


def test_other_files_are_refused_and_left_alone(tmp_path):
    text, database = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a database " * 50)
    with sqlite3.connect(database) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    for path, message in (
        (text, "is damaged, or no ledger"),
        (database, "is a database of something else"),
        (tmp_path, "is no file"),
        (tmp_path / "none" / "ledger.db", "folder of the ledger .* does not exist"),
    ):
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(LedgerError, match=message):
            Ledger(path)
        assert before == (path.read_bytes() if path.is_file() else b"")
    assert find_ledgers(tmp_path) == []


# ---- tools ----


def test_a_summary_says_what_is_there(path):
    with Ledger(path) as ledger:
        ledger.claim("toy", "at example.org")
        settle(ledger, b"a", b"b")
        settle(ledger, b"a", replicate=1)
        request, _ = reserve(ledger, b"c")
        ledger.fail(request, "unknown", seconds=1.0, why="unknown")
        found = summary(ledger)
    assert (found.target, found.answers, found.repeats, found.pending) == ("toy", 2, 1, 1)
    assert found.states == {"settled": (2, 3), "unknown": (1, 1)}
    assert found.purposes == {"fit": 4}
    assert "2 rows and 1 deliberate repeats" in str(found)
    assert "1 rows were sent and have no answer" in str(found)
    json.dumps(found.to_dict())


def test_ledgers_are_found_by_what_they_are(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    Ledger(tmp_path / "b.anything").close()
    assert find_ledgers(tmp_path) == [tmp_path / "b.anything"]
    with pytest.raises(InputError, match="There is no folder"):
        find_ledgers(tmp_path / "none")


def test_an_export_tells_no_row(path, tmp_path):
    out = tmp_path / "out.jsonl"
    with Ledger(path) as ledger:
        ledger.claim("toy", "at example.org")
        keys = settle(ledger, b"secret row")
        salt = ledger.fact("salt")
        assert export(ledger, out, answers=True) == 3
        with pytest.raises(InputError, match="exists; give another name"):
            export(ledger, out)
    text = out.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["ledger"] == "toy"
    assert lines[1]["state"] == "settled"
    assert lines[2]["label"] == "yes"
    for hidden in (keys[0], salt, b"secret row"):
        assert hidden.hex() not in text
        assert repr(hidden) not in text
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_purged_ledger_forgets_answers_and_keeps_the_count(path):
    with Ledger(path) as ledger:
        keys = settle(ledger, b"a", b"b")
        assert purge(ledger) == 2
        assert ledger.find(keys) == {}
        assert ledger.spent() == Spent(2, 1, 0.5)
    for file in path.parent.iterdir():
        content = file.read_bytes()
        assert keys[0] not in content
        assert b"12345678" not in content


def test_the_ledger_does_not_hold_the_rows(path):
    rows = rows_of(6)
    with ask_oracle(FakeRemote(), ledger=path) as oracle:
        oracle.ask(rows)
    content = path.read_bytes()
    assert not any(row.tobytes() in content for row in rows)
    assert not any(repr(x).encode() in content for x in rows[:, 0].tolist())

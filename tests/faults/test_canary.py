"""A key that is sent a hundred times shows in nothing that an audit leaves behind.

The server repeats it in its errors; logs are at DEBUG. What a single attempt shows is tested in
tests/adapters/http/test_secrets.py.
"""

from __future__ import annotations

import base64
import copy
import logging
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from surrogate import Budget, audit
from surrogate.domain import Domain
from surrogate.errors import ModelError
from surrogate.oracle import Oracle

from faults.job import table
from faults.server import Fault, FaultyServer

pytest.importorskip("httpx2")
pytest.importorskip("jinja2")
from surrogate.adapters.http import Endpoint, HttpBox, Secret

CANARY = "cAnArY-8d1f0b7e-in-the-mine"
FORMS = (CANARY, CANARY[::-1], CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode())
SMALL = {"cart": {"n_queries": 100, "max_leaves": 3}}

ENDPOINT = """
url = "{url}"
protocol = "v1"
classes = ["no", "yes"]
rows_per_call = 40
[headers]
Authorization = "Bearer ${{CANARY_KEY}}"
[params]
code = "${{CANARY_KEY}}"
"""

LOUD = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from surrogate.cli import main
sys.exit(main(sys.argv[1:]))
"""


def assert_clean(shown: bytes | str, where: str) -> None:
    """Hold that no form of the canary is in what was shown."""
    data = shown if isinstance(shown, bytes) else shown.encode("utf-8", errors="replace")
    for form in FORMS:
        assert form.encode() not in data, f"the canary shows in {where}"


def assert_sent(server: FaultyServer) -> None:
    """Hold that the test tests something."""
    assert server.seen
    assert all(f"Bearer {CANARY}".encode() in request for request in server.seen)
    assert all(f"code={CANARY}".encode() in request for request in server.seen)


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_the_command_line_leaves_no_key(server: FaultyServer, tmp_path: Path, ends: str) -> None:
    (tmp_path / "endpoint.toml").write_text(ENDPOINT.format(url=server.url), encoding="utf-8")
    rows = ["a,b", *(f"{a},{b}" for a, b in table().tolist())]
    (tmp_path / "rows.csv").write_text("\n".join(rows), encoding="utf-8")
    server.schedule.extend([Fault("pass"), Fault("echo", 503, "0"), Fault("pass")])
    if ends == "badly":
        server.schedule.append(Fault("echo", 401))
    command = [
        *("audit", "endpoint.toml", "rows.csv", "--method", "cart", "--budget", "2000", "--debug"),
        *("--ledger", "ledger", "--json", "found.json", "--report", "report.html"),
        *("--option", "n_queries=100", "--fidelity", "50", "--stability", "0"),
    ]
    done = subprocess.run(
        [sys.executable, "-c", LOUD, *command],
        cwd=tmp_path,
        env={**os.environ, "CANARY_KEY": CANARY},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == (0 if ends == "well" else 1), done.stderr.decode()
    assert b"DEBUG:" in done.stderr
    assert_sent(server)
    assert_clean(done.stdout + done.stderr, "what was printed")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"ledger"} <= {path.name for path in written}
    for path in written:
        assert_clean(path.read_bytes(), path.name)


def test_objects_and_errors_hold_no_key(
    server: FaultyServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint(
        server.url,
        "v1",
        classes=("no", "yes"),
        headers={"Authorization": Secret(lambda: f"Bearer {CANARY}")},
        params={"code": Secret(CANARY)},
        rows_per_call=40,
    )
    box = HttpBox(endpoint)
    said = {"methods": ["cart"], "budget": Budget(rows=2000), "fidelity": 50, "stability": 0}
    try:
        found = audit(box, table(), ledger=tmp_path / "ledger", options=SMALL, **said)
        server.schedule.extend([Fault("echo", 500)] * 10)
        with pytest.raises(ModelError) as failed:
            audit(box, table() + 0.5, ledger=tmp_path / "other", options=SMALL, **said)
    finally:
        box.close()
    assert_sent(server)
    for thing in (found, found.target, found.surrogates[0], found.queries):
        assert_clean(repr(thing) + str(thing), f"the text of a {type(thing).__name__}")
    with Oracle(box, Domain.infer(table()), budget=10, ledger=tmp_path / "ledger") as oracle:
        oracle.ask(table()[:3])
    for thing in (oracle, box, endpoint):
        assert_clean(repr(thing) + str(thing), f"the text of a {type(thing).__name__}")
        assert_clean(pickle.dumps(thing), f"the pickle of a {type(thing).__name__}")
        assert_clean(repr(copy.deepcopy(thing)), f"the copy of a {type(thing).__name__}")
    assert_clean(found.to_json(), "the JSON")
    told = traceback.TracebackException.from_exception(failed.value, capture_locals=True)
    assert_clean("".join(told.format()), "the traceback, variables included")
    assert_clean("\n".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records), "the log")
    for path in tmp_path.rglob("*"):
        assert_clean(path.read_bytes(), path.name)

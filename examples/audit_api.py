"""Audit the demo's net through a URL alone, and show that the file gives the same surrogate.

Starts `serve_adult.py` with a key, a rate limit and faults, and audits it by `adult_endpoint.toml`
with a budget and a ledger. Kill it and run it again: it goes on where it was cut off, and pays for
nothing twice; remove adult.ledger to start anew. Then it opens the file, which an auditor of an API
could not, and compares.

Run: python examples/audit_api.py [FOLDER]
Needs the onnx, http and report extras. Exit code 1 if the surrogates differ.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from surrogate import Audit, audit, cli, wrap
from surrogate.domain.table import read_table

from adult import prepare

HERE = Path(__file__).resolve().parent
ENDPOINT, TABLE = HERE / "adult_endpoint.toml", HERE / "data" / "adult.csv"
ADDRESS = "http://127.0.0.1:8765"
FAULTS = 0.1  # of all calls
AGREE = 1e-6  # the net computes in float32, in batches of other sizes here and there


@contextlib.contextmanager
def served() -> Iterator[None]:
    """The net behind its URL, which ends with the block, or with this process if that is killed."""
    command = [sys.executable, HERE / "serve_adult.py", "--leashed", "--faults", str(FAULTS)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            if ADDRESS not in server.stdout.readline():
                raise SystemExit(f"The server did not start; is {ADDRESS} in use?")
            yield
        finally:
            server.terminate()


def surrogate(*arguments: str | Path) -> None:
    """Run a command as an auditor would type it, and show it."""
    shown = [os.path.relpath(a) if isinstance(a, Path) else a for a in arguments]
    print(f"\n$ surrogate {shlex.join(shown)}", flush=True)
    code = cli.main([str(argument) for argument in arguments])
    if code:
        raise SystemExit(code)


def bill(key: str) -> dict[str, int]:
    """What the server billed."""
    request = urllib.request.Request(
        f"{ADDRESS}/billing", headers={"Authorization": f"Bearer {key}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=10) as answer:
        told: dict[str, int] = json.load(answer)
        return told


def same(there: Audit, here: Audit) -> bool:
    """Whether two audits found the same tree and the same weights around the same rows."""
    tree, other = there.surrogates[0].form, here.surrogates[0].form
    if tree.to_text() != other.to_text() or there.local is None or here.local is None:
        return False
    pairs = [(tree.value, other.value), (there.local.coef, here.local.coef)]
    return all(np.allclose(a, b, rtol=0, atol=AGREE) for a, b in pairs)


def main(folder: Path) -> int:
    """Audit the URL, audit the file, compare."""
    key = os.environ["ADULT_KEY"] = secrets.token_urlsafe()
    found, ledger = folder / "api-audit.json", folder / "adult.ledger"
    job = ["audit", ENDPOINT, TABLE, "--target", "income", "--budget-money", "10"]
    with served():
        surrogate(*job, "--ledger", ledger, "--dry-run")
        results = ["--report", folder / "api-report.html", "--json", found]
        surrogate(*job, "--ledger", ledger, *results)
        billed = bill(key)
    surrogate("ledger", "show", ledger)
    print(f"\nThe server billed {billed['rows']:,} rows in {billed['calls']:,} calls this time.")

    table = read_table(TABLE)
    income = table.pop("income")
    net = wrap(HERE / "adult.onnx", preprocess=prepare)
    there, here = Audit.from_json(found.read_text(encoding="utf-8")), audit(net, table, y=income)
    for name, one in (("URL", there), ("file", here)):
        print(f"\nThe tree from the {name}:\n{one.surrogates[0].form.to_text()}")
    equal = same(there, here)
    print(
        f"\nThe surrogates from the URL and from the file are {'equal' if equal else 'NOT EQUAL'}."
    )
    print(f"The whole report: open {(folder / 'api-report.html').resolve()} in a browser.")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("out")))

"""An audit in a process of its own, to be killed."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np

from surrogate import Budget, audit
from surrogate.adapters.http import Endpoint, HttpBox
from surrogate.oracle import Ledger

__all__ = ["endpoint", "run", "settled_rows", "table"]


def table() -> np.ndarray:
    """The population: (60, 2)."""
    return np.arange(120.0).reshape(60, 2) / 10


def endpoint(url: str) -> Endpoint:
    """The faulty server's model, in small batches."""
    return Endpoint(
        url,
        "v1",
        classes=("no", "yes"),
        rows_per_call=20,
        concurrency=3,
        connect_timeout=2.0,
        read_timeout=2.0,
    )


def run(url: str, ledger: str, found: str) -> None:
    """Audit, and write down what was found."""
    with closing(HttpBox(endpoint(url))) as box:
        result = audit(
            box,
            table(),
            methods=["cart"],
            budget=Budget(rows=5_000),
            fidelity=60,
            stability=0,
            options={"cart": {"n_queries": 200, "max_leaves": 4}},
            ledger=ledger,
        )
    one = result.surrogates[0]
    told = {
        "form": one.form.to_dict(),
        "fidelity": [fidelity.to_dict() for fidelity in one.fidelity],
        "rows asked": result.queries.rows,
    }
    Path(found).write_text(json.dumps(told), encoding="utf-8")


def settled_rows(url: str, ledger: Path, rows: np.ndarray) -> list[tuple[float, ...]]:
    """Those of some rows of which the ledger keeps the answer."""
    with Ledger(ledger) as kept, closing(HttpBox(endpoint(url))) as box:
        keys = kept.keys(box.wire(rows))
        found = kept.find(keys)
    return [tuple(row) for row, key in zip(rows.tolist(), keys) if key in found]

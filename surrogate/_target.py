"""What the user gave, turned into an oracle, its rows and their split."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import DataError
from surrogate.oracle import Budget, Oracle
from surrogate.sampling import generator
from surrogate.types import BlackBox, FloatArray, IntArray

__all__ = ["OnProgress", "Split", "fingerprint", "open_oracle", "provenance", "split_rows"]

OnProgress = Callable[[int, int, str], None]

FIT_SHARE = 0.7
LEAST_ROWS = 10
_LIBRARIES = {
    "surrogate-toolkit": "surrogate",
    "numpy": "numpy",
    "scipy": "scipy",
    "scikit-learn": "sklearn",
    "onnxruntime": "onnxruntime",
    "torch": "torch",
    "pandas": "pandas",
    "polars": "polars",
}


def open_oracle(
    model: Any,
    domain: Domain,
    *,
    budget: Budget | int | None,
    on_progress: OnProgress | None = None,
) -> Oracle:
    """Wrap a model, unless it is a black box already, behind the one door to it."""
    box = model if isinstance(model, BlackBox) else wrap(model)
    return Oracle(box, domain, budget=budget, on_progress=on_progress)


@dataclass(frozen=True, eq=False)
class Split:
    """Real rows for fitting, and real rows held out for fidelity.

    Parameters
    ----------
    fit : array of shape (n, d)
    test : array of shape (m, d)
    fit_index, test_index : int arrays of shapes (n,) and (m,), or None
        Where the rows stood in the user's data; None for `test_index` where the user gave
        the test rows apart.
    """

    fit: FloatArray
    test: FloatArray
    fit_index: IntArray
    test_index: IntArray | None


def split_rows(domain: Domain, data: Any, test: Any, *, seed: int) -> Split:
    """Split real rows by seed, 70 for fitting and 30 for fidelity, unless `test` is given.

    Raises
    ------
    DataError
        If there are too few rows to fit on some and measure on others.
    """
    rows = domain.encode(data, where="data")
    if test is not None:
        return Split(rows, domain.encode(test, where="test"), np.arange(len(rows)), None)
    if len(rows) < LEAST_ROWS:
        raise DataError(
            f"`data` holds {len(rows)} rows, too few to fit on some and measure on others; "
            f"give at least {LEAST_ROWS} rows, or held-out rows as `test`."
        )
    order = generator(seed, "split").permutation(len(rows))
    cut = round(FIT_SHARE * len(rows))
    fit, held = np.sort(order[:cut]), np.sort(order[cut:])
    return Split(rows[fit], rows[held], fit, held)


def fingerprint(domain: Domain, rows: FloatArray) -> str:
    """SHA-256 of the columns' names and kinds, and of the rows as the domain encodes them."""
    columns = json.dumps([[f.name, f.kind, list(f.categories)] for f in domain.features])
    digest = hashlib.sha256(columns.encode())
    digest.update(np.ascontiguousarray(rows, dtype="<f8").data)
    return digest.hexdigest()


def provenance(
    *, seed: int, options: Mapping[str, Any], facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What it takes to do it again: seed, options, facts, and versions of what was loaded."""
    versions = {"python": platform.python_version()}
    for distribution, module in _LIBRARIES.items():
        if module in sys.modules:
            with contextlib.suppress(metadata.PackageNotFoundError):
                versions[distribution] = metadata.version(distribution)
    return {"seed": seed, "options": dict(options), **(facts or {}), "versions": versions}

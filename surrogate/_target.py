"""What the user gave, turned into an oracle, its rows and their split."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any, TypeAlias

import numpy as np

from surrogate._progress import OnProgress, showing
from surrogate._validate import Instance, NoneOr, Real, Rule, Whole, check
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import DataError
from surrogate.oracle import Budget, Ledger, Oracle
from surrogate.oracle.answers import LARGEST
from surrogate.sampling import generator
from surrogate.types import BlackBox, FloatArray, IntArray

__all__ = [
    "Kept",
    "Split",
    "check_said",
    "encode_rows",
    "fingerprint",
    "open_oracle",
    "provenance",
    "refuse_equal",
    "split_rows",
    "table_facts",
]

Kept: TypeAlias = Ledger | str | os.PathLike[str] | None
"""Where answers of a remote model are kept."""

FIT_SHARE = 0.7
LEAST_ROWS = 10
LEAST_TEST = 2


class _Told:
    """The rule of what is told of progress."""

    def holds(self, value: Any) -> bool:
        return callable(value) or isinstance(value, bool)

    def __str__(self) -> str:
        return "a callable, True for a bar,"


_MAPPING = Instance((Mapping,), "a mapping from names to values")
_RULES: Mapping[str, Rule] = {
    "domain": NoneOr(Instance((Domain,), "a Domain")),
    "fidelity": Whole(10),
    "stability": Whole(0),
    "target_fidelity": NoneOr(Real(0, 1, "neither")),
    "seed": Whole(0),
    "options": NoneOr(_MAPPING),
    "device": NoneOr(Instance((str,), 'the name of a device, such as "cpu" or "cuda"')),
    "on_progress": NoneOr(_Told()),
}
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


def check_said(
    owner: str,
    *,
    domain: Domain | None,
    seed: int,
    options: Mapping[str, Any] | None,
    on_progress: OnProgress | bool | None,
    fidelity: int = 10,
    stability: int = 0,
    target_fidelity: float | None = None,
    device: str | None = None,
) -> None:
    """Check what the front doors take alike, before anything is asked.

    Raises
    ------
    OptionError
        If a parameter is out of its range.
    """
    check(owner, _RULES, locals())


@contextlib.contextmanager
def open_oracle(
    model: Any,
    domain: Domain,
    *,
    budget: Budget | int | None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
) -> Iterator[Oracle]:
    """Wrap a model, unless it is a black box already, behind the one door to it."""
    box = model if isinstance(model, BlackBox) else wrap(model)
    with (
        showing(on_progress) as told,
        Oracle(
            box, domain, budget=budget, on_progress=told, ledger=ledger, offline=offline
        ) as oracle,
    ):
        yield oracle


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
        If there are too few rows to fit on some and measure on others, or all are equal.
    """
    rows = encode_rows(domain, data, where="data")
    refuse_equal(rows, "data")
    if test is not None:
        apart = encode_rows(domain, test, where="test")
        if len(apart) < LEAST_TEST:
            raise DataError(
                f"`test` holds 1 row, too few to measure on; give at least {LEAST_TEST} rows, or "
                "leave it out, and some rows of `data` are held out."
            )
        return Split(rows, apart, np.arange(len(rows)), None)
    if len(rows) < LEAST_ROWS:
        raise DataError(
            f"`data` holds {len(rows)} rows, too few to fit on some and measure on others; "
            f"give at least {LEAST_ROWS} rows, or held-out rows as `test`."
        )
    order = generator(seed, "split").permutation(len(rows))
    cut = round(FIT_SHARE * len(rows))
    fit, held = np.sort(order[:cut]), np.sort(order[cut:])
    refuse_equal(rows[fit], "data", which="row to fit on")
    return Split(rows[fit], rows[held], fit, held)


def encode_rows(domain: Domain, rows: Any, *, where: str) -> FloatArray:
    """Rows of the user as the internal matrix, of a size that can be squared and summed.

    Raises
    ------
    DataError
        If rows do not fit the domain, or a number is too large to compute with.
    """
    matrix = domain.encode(rows, where=where)
    with np.errstate(invalid="ignore"):
        large = np.abs(matrix) > LARGEST
    if large.any():
        row, column = np.argwhere(large)[0]
        raise DataError(
            f"{where} column {domain.names[column]!r} row {row} holds {matrix[row, column]:g}, "
            f"more than can be squared and summed (numbers to {LARGEST:g}); scale the column."
        )
    return matrix


def refuse_equal(rows: FloatArray, where: str, *, which: str = "row") -> None:
    """Raise where no row differs from another, so that there is nothing to draw between.

    Raises
    ------
    DataError
    """
    if ((rows == rows[0]) | (np.isnan(rows) & np.isnan(rows[0]))).all():
        said = f"All {len(rows):,} {which.replace('row', 'rows')} of `{where}` are equal"
        if len(rows) == 1:
            said = f"`{where}` has one {which}"
        raise DataError(
            f"{said}, and perturbed rows are drawn from how rows differ; give rows that do."
        )


def fingerprint(domain: Domain, rows: FloatArray) -> str:
    """SHA-256 of the columns' names and kinds, and of the rows as the domain encodes them."""
    columns = json.dumps([[f.name, f.kind, list(f.categories)] for f in domain.features])
    digest = hashlib.sha256(columns.encode())
    digest.update(np.ascontiguousarray(rows, dtype="<f8").data)
    return digest.hexdigest()


def table_facts(domain: Domain, split: Split) -> dict[str, Any]:
    """What a result says of the table that it stands on."""
    apart = split.test_index is None
    return {
        "rows": len(split.fit) + len(split.test),
        "columns": list(domain.names),
        "fit rows": len(split.fit),
        "held-out rows": len(split.test),
        "split": "held-out rows were given apart" if apart else "70/30 by seed",
        "fit rows sha256": fingerprint(domain, split.fit),
        "held-out rows sha256": fingerprint(domain, split.test),
    }


@cache
def _version(distribution: str) -> str:
    """The version that is installed; a file is read for it."""
    return metadata.version(distribution)


def provenance(
    *, seed: int, options: Mapping[str, Any], facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What it takes to do it again: seed, options, facts, and versions of what was loaded."""
    versions = {"python": platform.python_version()}
    for distribution, module in _LIBRARIES.items():
        if module in sys.modules:
            with contextlib.suppress(metadata.PackageNotFoundError):
                versions[distribution] = _version(distribution)
    return {"seed": seed, "options": dict(options), **(facts or {}), "versions": versions}

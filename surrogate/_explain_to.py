"""The front door for very many rows: explained shard by shard into a folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate import __version__
from surrogate._explain import (
    LOCAL_FIDELITY,
    as_explanations,
    local_method,
    on_device,
    reference_rows,
)
from surrogate._progress import OnProgress, showing
from surrogate._target import (
    Kept,
    check_said,
    encode_rows,
    fingerprint,
    open_oracle,
    provenance,
)
from surrogate._validate import Choice, NoneOr, Rule, Whole, check
from surrogate.bulk import BulkExplanations, read_explanations
from surrogate.bulk.formats import FORMATS, default_format
from surrogate.bulk.store import Store
from surrogate.domain import Domain, Images, Texts
from surrogate.errors import BudgetSpent, DataError, Interrupted, OptionError
from surrogate.explanation.serial import plain
from surrogate.local._chunks import Chunk, chunks_cost, explain_chunks
from surrogate.local._stable import Stable
from surrogate.methods import METHODS, find

if TYPE_CHECKING:
    from surrogate.oracle import Budget, Oracle, Quote

__all__ = ["explain_to"]

_RULES: Mapping[str, Rule] = {
    "rows_at_once": Whole(1),
    "format": NoneOr(Choice(tuple(FORMATS))),
    "dtype": Choice(("float64", "float32")),
}


def explain_to(
    model: Any,
    X: Any,
    folder: str | os.PathLike[str],
    *,
    rows_at_once: int = 10_000,
    format: str | None = None,
    dtype: str = "float64",
    index: Sequence[str | int] | None = None,
    method: str = "lime",
    data: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | None = None,
    fidelity: int = LOCAL_FIDELITY,
    seed: int = 0,
    device: str | None = None,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: bool = False,
) -> BulkExplanations | Quote:
    """Explain very many rows into a folder, a shard at a time.

    Every shard is whole or not there. The same call goes on where a job ended: it makes the
    shards that are missing and asks nothing for the others. All shards share one plan of
    queries, which a job that goes on asks once more unless a ledger keeps it.

    Parameters
    ----------
    model, X, method, data, domain, budget, fidelity, seed, device, options, ledger, offline
        As in `explain`, of a local method and a table.
    folder : str or path
        Made if it is not there; its manifest says what job its shards are of.
    rows_at_once : int
        Rows of a shard, which are in memory together.
    format : {"parquet", "npz"} or None
        None: "parquet" where pyarrow is installed (the extra ``parquet``), else "npz".
    dtype : {"float64", "float32"}
        Of what was found; the rows themselves are kept in float64.
    index : sequence of n str or int, optional
        What the rows are called; 0, 1, ... if not given.
    on_progress : callable or True, optional
        As in `explain`, of the rows of all shards that are made.
    dry_run : bool
        Ask and write nothing, and give back what it would take, as a `surrogate.oracle.Quote`.

    Returns
    -------
    BulkExplanations
        Of the shards that are there; `interrupted` where a budget or a Ctrl-C ended it on the
        way.

    Raises
    ------
    InputError
        If the folder holds shards of another job; the message names what differs.
    DataError, OptionError, BudgetTooSmall, LedgerError, ModelError
        As in `explain`.
    BudgetSpent, Interrupted
        If asking ended before there was one shard.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from surrogate import explain_to
    >>> X = np.random.default_rng(0).normal(size=(120, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bulk = explain_to(lambda rows: 2.0 * rows[:, 0], X, folder, rows_at_once=50)
    ...     bulk
    <BulkExplanations lime, 120 rows, 1 outputs, 3 features>
    """
    check("explain_to", _RULES, {"rows_at_once": rows_at_once, "format": format, "dtype": dtype})
    _refuse(method, domain)
    check_said(
        "explain_to",
        domain=domain,
        seed=seed,
        options=options,
        on_progress=on_progress,
        fidelity=fidelity,
        device=device,
    )
    domain = domain if domain is not None else Domain.infer(X if data is None else data)
    rows = encode_rows(domain, X, where="X")
    reference, notes = reference_rows(domain, rows, data)
    names = None if index is None else _names(index, len(rows))
    with showing(on_progress) as told:
        progress = _Progress(told)
        with open_oracle(
            model,
            domain,
            budget=budget,
            on_progress=None if told is None else progress,
            ledger=ledger,
            offline=offline,
        ) as oracle:
            options = on_device(oracle, device, method=method, options=options)
            algorithm, given = local_method(oracle, method, options)
            facts = {
                "method": method,
                "fidelity": fidelity,
                "reference rows": len(reference),
                "reference sha256": fingerprint(domain, reference),
            }
            job = {
                "surrogate-toolkit": __version__,
                "target": oracle.box.traits.name,
                "options": given,
                "seed": seed,
                **facts,
                "rows": len(rows),
                "rows at once": rows_at_once,
                "format": format or default_format(),
                "dtype": dtype,
                "X sha256": fingerprint(domain, rows),
                "domain sha256": _digest(domain.to_dict()),
                "index sha256": None if names is None else _digest(names),
            }
            sizes = {"n_reference": len(reference), "fidelity": fidelity}
            if dry_run:
                parts = [
                    slice(i, min(i + rows_at_once, len(rows)))
                    for i in range(0, len(rows), rows_at_once)
                ]
                return oracle.quote(chunks_cost(algorithm, parts, **sizes))
            store = Store(Path(folder), job)
            todo = store.missing()
            cost = chunks_cost(algorithm, todo, **sizes) if todo else {}
            oracle.admit(cost)
            progress.planned = sum(cost.values())
            chunks = explain_chunks(
                algorithm, rows, at=todo, reference=reference, fidelity=fidelity, seed=seed
            )
            settings = provenance(seed=seed, options=given, facts=facts)
            _write(
                oracle, store, chunks, method=method, settings=settings, notes=notes, names=names
            )
    return read_explanations(folder)


def _write(
    oracle: Oracle,
    store: Store,
    chunks: Iterator[Chunk],
    *,
    method: str,
    settings: Mapping[str, Any],
    notes: tuple[str, ...],
    names: list[str | int] | None,
) -> None:
    """Put away what is found as it is found; what ends the asking leaves whole shards."""
    try:
        for chunk in chunks:
            if chunk.result.interrupted:  # on a curtailed plan, which no other shard would share
                break
            at = chunk.at
            found = as_explanations(
                oracle,
                chunk.result,
                method=method,
                stable=Stable(None, chunk.result.flags),
                settings={**settings, **chunk.result.facts},
                notes=notes,
                index=range(at.start, at.stop) if names is None else names[at],
            )
            store.write(at, found, queries=chunk.queries, plan_sums=chunk.plan_sums)
    except (BudgetSpent, KeyboardInterrupt):
        if store.manifest is None:
            raise
    if store.manifest is None:
        said = "before the first shard was whole; smaller shards (`rows_at_once`) are sooner there"
        if oracle.queries.exhausted:
            raise BudgetSpent(f"The budget ended {said}.")
        raise Interrupted(f"Asking was interrupted {said}.")


def _refuse(method: str, domain: Any) -> None:
    """Raise for what has no shards.

    Raises
    ------
    OptionError
    """
    find(method)
    if METHODS[method].scope == "global":
        raise OptionError(
            f"The `method` of explain_to must explain single rows; {method!r} explains the whole "
            "model: use distill."
        )
    if isinstance(domain, Images | Texts):
        raise OptionError(
            "The `domain` of explain_to must be a Domain, since only rows of a table share their "
            "columns; explain images and texts with explain."
        )


def _names(index: Sequence[str | int], n: int) -> list[str | int]:
    """What the rows are called, one kind of name for all."""
    names: list[str | int] = np.asarray(index).tolist()
    if len(names) != n:
        raise DataError(f"`index` must name each of the {n:,} rows of `X`; got {len(names):,}.")
    return names


def _digest(value: Any) -> str:
    """SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(plain(value)).encode()).hexdigest()


class _Progress:
    """Tells of all shards what an oracle tells of each ask."""

    def __init__(self, told: OnProgress | None) -> None:
        self._told = told
        self._before = self._last = 0
        self.planned = 0

    def __call__(self, done: int, n: int, purpose: str) -> None:
        """Rows answered of one ask; where they do not go on, another has begun."""
        if done <= self._last:
            self._before += self._last
        self._last = done
        if self._told is not None:
            at = self._before + done
            self._told(at, max(self.planned, at), purpose)

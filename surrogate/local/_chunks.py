"""Rows explained some at a time, so that what was found can be put away before the next.

A plan that all rows share is asked once, with the first of them: together the chunks are what one
run finds, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from surrogate.local._assemble import assemble
from surrogate.local._designs import child_seed
from surrogate.local._run import run_chunks
from surrogate.local._settle import settle, unsettled
from surrogate.local.lime import Lime
from surrogate.local.result import LimeResult
from surrogate.local.shap import KernelShap
from surrogate.types import FloatArray

__all__ = ["Chunk", "chunks_cost", "explain_chunks", "planned_cost"]


@dataclass(frozen=True, eq=False)
class Chunk:
    """What was found for some of the rows.

    Parameters
    ----------
    at : slice
    result : LimeResult
        Or the like, of another local method.
    queries : mapping from purpose to int
        Rows that were asked for it.
    plan_sums : array of shape (h, 4, k, d) or None
        Sums over its rows of replicates of the shared plan, which add up over chunks.
    """

    at: slice
    result: LimeResult
    queries: Mapping[str, int]
    plan_sums: FloatArray | None


def explain_chunks(
    algorithm: Any,
    rows: FloatArray,
    *,
    at: Sequence[slice],
    reference: FloatArray,
    fidelity: int,
    seed: int,
) -> Iterator[Chunk]:
    """Explain some chunks of rows (r, d) by a local method, one after another.

    Raises
    ------
    BudgetSpent, Interrupted
        If asking ended within a chunk; those before it were given.
    """
    if isinstance(algorithm, Lime):
        yield from _lime_chunks(
            algorithm, rows, at=at, reference=reference, fidelity=fidelity, seed=seed
        )
        return
    for part in at:
        result = algorithm.explain(rows[part], reference=reference, fidelity=fidelity, seed=seed)
        yield Chunk(part, result, dict(result.queries), None)


def planned_cost(algorithm: Any, n_rows: int, *, n_reference: int, fidelity: int) -> dict[str, int]:
    """Rows that a method will ask, by purpose; of Kernel SHAP, by the rows of its background."""
    if isinstance(algorithm, KernelShap):
        return algorithm.cost(n_rows, fidelity=fidelity, n_reference=n_reference)
    return dict(algorithm.cost(n_rows, fidelity=fidelity))


def chunks_cost(
    algorithm: Any, at: Sequence[slice], *, n_reference: int, fidelity: int
) -> dict[str, int]:
    """Rows that `explain_chunks` will ask at most, by purpose."""
    sizes = [part.stop - part.start for part in at]
    if isinstance(algorithm, Lime):  # one plan for all chunks
        sizes = [sum(sizes)]
    total: dict[str, int] = {}
    for size in sizes:
        cost = planned_cost(algorithm, size, n_reference=n_reference, fidelity=fidelity)
        for purpose, n in cost.items():
            total[purpose] = total.get(purpose, 0) + n
    return total


def _lime_chunks(
    lime: Lime,
    rows: FloatArray,
    *,
    at: Sequence[slice],
    reference: FloatArray,
    fidelity: int,
    seed: int,
) -> Iterator[Chunk]:
    """One plan for all rows, asked once where they share it."""
    settled = None
    if unsettled(lime):
        settled = settle(lime, rows, reference=reference, seed=seed)
        lime = settled.lime
    job = lime.job(rows, reference=reference, seed=seed)
    streams = {purpose: child_seed(seed, purpose) for purpose in ("fit", "fidelity")}
    if lime.compatible:
        streams["fit"] = seed  # lime's stream starts at the seed itself
    n_samples = lime.n_samples - lime.compatible
    chunks = run_chunks(job, at, n_samples=n_samples, fidelity=fidelity, seeds=streams)
    for part, found in chunks:
        sums = found.fit.sums.sum(axis=0) if job.settings.has_errors else None
        result, queries = assemble(job, found, seed=seed), dict(found.asked)
        if settled is not None:
            result = settled.told(result)
            queries |= settled.asked if part == at[0] else {}
        yield Chunk(part, result, queries, sums)

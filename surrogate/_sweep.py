"""The front door to kernel widths: fidelity and stability at each, from one set of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, overload

from surrogate._explain import LOCAL_FIDELITY, local_method, reference_rows
from surrogate._progress import OnProgress
from surrogate._target import (
    Kept,
    check_said,
    encode_rows,
    fingerprint,
    open_oracle,
    provenance,
)
from surrogate.domain import Domain
from surrogate.explanation import WidthSweep

if TYPE_CHECKING:
    from surrogate.oracle import Budget, Quote

__all__ = ["sweep_widths"]


@overload
def sweep_widths(model: Any, X: Any, *, dry_run: Literal[True], **job: Any) -> Quote: ...
@overload
def sweep_widths(
    model: Any,
    X: Any,
    *,
    widths: Sequence[float] | None = None,
    data: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | None = None,
    fidelity: int = LOCAL_FIDELITY,
    stability: int = 2,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: Literal[False] = False,
) -> WidthSweep: ...
def sweep_widths(  # type: ignore[misc]  # the first overload takes any name, to say them once
    model: Any,
    X: Any,
    *,
    widths: Sequence[float] | None = None,
    data: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | None = None,
    fidelity: int = LOCAL_FIDELITY,
    stability: int = 2,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: bool = False,
) -> WidthSweep | Quote:
    """Show how fidelity and stability of LIME change with the kernel's width.

    The model is asked once for all widths, since its answers do not depend on them.
    ``explain(..., options={"width": "auto"})`` takes the width that is picked here.

    Parameters
    ----------
    model, X, data, domain, budget, seed, options, on_progress, ledger, offline, dry_run
        As in `explain`; a few dozen rows show the curve.
    widths : sequence of float, optional
        In units of z. None: nine around the default, from a quarter to four times as much.
    fidelity : int
        Fresh perturbations on which every form is measured.
    stability : int
        How many times to fit again under other seeds, at every width.

    Returns
    -------
    WidthSweep

    Raises
    ------
    DataError
        If rows do not fit the domain, or there is no reference population.
    OptionError
        If a width or an option is unknown or wrong.
    BudgetTooSmall, BudgetSpent
        If the job does not fit the budget, or the budget ended on the way.
    LedgerError
        If the ledger is in use, of another model, or lacks answers offline.
    ModelError
        If the model raises, or its answers are none.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import sweep_widths
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> found = sweep_widths(
    ...     lambda rows: np.sin(3 * rows[:, 0]), X[:5], data=X, options={"n_samples": 500}
    ... )
    >>> len(found)
    9
    """
    from surrogate.local.width_sweep import sweep, sweep_cost

    check_said(
        "sweep_widths",
        domain=domain,
        seed=seed,
        options=options,
        on_progress=on_progress,
        fidelity=fidelity,
        stability=stability,
    )
    domain = domain if domain is not None else Domain.infer(X if data is None else data)
    rows = encode_rows(domain, X, where="X")
    reference, notes = reference_rows(domain, rows, data)
    with open_oracle(
        model, domain, budget=budget, on_progress=on_progress, ledger=ledger, offline=offline
    ) as oracle:
        lime, given = local_method(oracle, "lime", options)
        if dry_run:
            cost = sweep_cost(lime, len(rows), fidelity=fidelity, fits=stability + 1)
            return oracle.quote({"width": cost})
        found = sweep(
            lime,
            rows,
            reference=reference,
            widths=widths,
            fidelity=fidelity,
            fits=stability + 1,
            seed=seed,
        )
        facts = {"reference sha256": fingerprint(domain, reference)}
        return replace(
            found,
            target=oracle.box.traits.name,
            queries=oracle.queries,
            settings=provenance(seed=seed, options=given, facts=facts),
            notes=(*notes, *found.notes),
        )

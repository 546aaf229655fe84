"""The front door for single rows: explain what a model does around each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from surrogate._progress import OnProgress
from surrogate._target import (
    Kept,
    check_said,
    encode_rows,
    fingerprint,
    open_oracle,
    provenance,
    refuse_equal,
)
from surrogate._validate import parameters
from surrogate.domain import Domain, Images, MaskDomain, Texts
from surrogate.errors import DataError, OptionError
from surrogate.explanation import GlobalExplanation, LocalExplanations, MaskExplanations
from surrogate.local._chunks import planned_cost
from surrogate.local._stable import Stable, measure_stability, stability_cost
from surrogate.methods import METHODS, find, method_class, method_options
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Budget, Oracle, Quote

__all__ = [
    "LOCAL_FIDELITY",
    "as_explanations",
    "explain",
    "explain_rows",
    "local_method",
    "on_device",
    "reference_rows",
]

LEAST_REFERENCE = 50
LOCAL_FIDELITY = 1000


@overload
def explain(model: Any, X: Any, *, dry_run: Literal[True], **job: Any) -> Quote: ...
@overload
def explain(
    model: Any,
    X: Any,
    *,
    method: str = "lime",
    data: Any = None,
    domain: Domain | Images | Texts | None = None,
    budget: Budget | int | None = None,
    fidelity: int | None = None,
    stability: int | None = None,
    seed: int = 0,
    device: str | None = None,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: Literal[False] = False,
) -> LocalExplanations | MaskExplanations | GlobalExplanation: ...
def explain(  # type: ignore[misc]  # the first overload takes any name, to say them once
    model: Any,
    X: Any,
    *,
    method: str = "lime",
    data: Any = None,
    domain: Domain | Images | Texts | None = None,
    budget: Budget | int | None = None,
    fidelity: int | None = None,
    stability: int | None = None,
    seed: int = 0,
    device: str | None = None,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: bool = False,
) -> LocalExplanations | MaskExplanations | GlobalExplanation | Quote:
    """Explain what a model does around each of some rows.

    Parameters
    ----------
    model : callable, estimator, torch module, path of an .onnx file, URL, or BlackBox
        What is asked; `surrogate.wrap` gives a BlackBox where more must be said (classes,
        preprocessing, a threshold).
    X : array, DataFrame or mapping of columns, r rows
        The rows to explain, in raw units; always a batch.
    method : str
        A local method of `surrogate.methods.METHODS`. A global method hands over to
        `distill`, with `data` as the population, or X where that is not given.
    data : array, DataFrame or mapping of columns, n rows
        The reference population that perturbations are drawn from. May be left out where X
        has at least 50 rows; then X serves, and the result says so.
    domain : Domain, Images or Texts, optional
        What a row is, where it cannot be inferred from `data`; `Images` and `Texts` say that X
        are images or texts, which need no `data`.
    budget : Budget or int, optional
        Most rows, or what else asking may cost; a job that does not fit is refused before its
        first query. A remote model is not asked without one.
    fidelity : int, optional
        Fresh perturbations on which each explanation is measured. None: 1,000 for a local
        method, 2,000 for a global one.
    stability : int, optional
        How many times to fit again under other seeds, on queries of their own, to see what of
        each explanation stays. None: 0 for a local method, 4 for a global one.
    seed : int
        Of every draw: equal seeds give equal results.
    device : str, optional
        Where a local method draws and computes, such as "cpu" or "cuda". None: where the
        model is; a method that computes nowhere else refuses another.
    options : mapping, optional
        Parameters of the method by name, such as ``{"width": 2.0}``.
    on_progress : callable or True, optional
        True shows a bar on standard error with an estimate of the time that is left. A function
        is called with the rows answered, the rows planned and their purpose, behind which a
        model with a price says what was spent.
    ledger : str, path or Ledger, optional
        Of a remote model: the file that keeps every answer. A job that was killed and is
        started again with it asks nothing twice.
    offline : bool
        Answer from the ledger alone.
    dry_run : bool
        Ask nothing, and give back what it would take, as a `surrogate.oracle.Quote`.

    Returns
    -------
    LocalExplanations
        Or a GlobalExplanation, where the method is a global one; MaskExplanations of images
        and texts.

    Raises
    ------
    DataError
        If rows do not fit the domain, or there is no reference population.
    OptionError
        If the method or an option is unknown or wrong.
    BudgetTooSmall
        If the job does not fit the budget.
    LedgerError
        If the ledger is in use, of another model, or lacks answers offline.
    ModelError
        If the model raises, or its answers are none.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import explain
    >>> rng = np.random.default_rng(0)
    >>> data = rng.normal(size=(200, 3))
    >>> explanations = explain(
    ...     lambda rows: np.where(rows[:, 0] > 0, "yes", "no"), data[:2], data=data
    ... )
    >>> explanations.coef.shape  # (rows, classes, features)
    (2, 2, 3)
    """
    check_said(
        "explain",
        domain=None if isinstance(domain, Images | Texts) else domain,
        seed=seed,
        options=options,
        on_progress=on_progress,
        fidelity=LOCAL_FIDELITY if fidelity is None else fidelity,
        stability=stability or 0,
        device=device,
    )
    find(method)
    if isinstance(domain, Images | Texts):
        from surrogate._explain_inputs import explain_inputs

        return explain_inputs(
            model,
            X,
            domain=domain,
            method=method,
            data=data,
            budget=budget,
            fidelity=fidelity,
            stability=stability or 0,
            seed=seed,
            device=device,
            options=options,
            on_progress=on_progress,
            ledger=ledger,
            offline=offline,
            dry_run=dry_run,
        )
    if METHODS[method].scope == "global":
        from surrogate._distill import FIDELITY, STABILITY, distill

        if device is not None:
            raise OptionError(
                f"`device` must be None for {method!r}, a global method; got {device!r}."
            )
        job: dict[str, Any] = {
            "method": method,
            "domain": domain,
            "budget": budget,
            "fidelity": FIDELITY if fidelity is None else fidelity,
            "stability": STABILITY if stability is None else stability,
            "seed": seed,
            "options": options,
            "on_progress": on_progress,
            "ledger": ledger,
            "offline": offline,
        }
        population = X if data is None else data
        if dry_run:
            return distill(model, population, dry_run=True, **job)
        return distill(model, population, dry_run=False, **job)
    domain = domain if domain is not None else Domain.infer(X if data is None else data)
    rows = encode_rows(domain, X, where="X")
    reference, notes = reference_rows(domain, rows, data)
    fidelity = LOCAL_FIDELITY if fidelity is None else fidelity
    with open_oracle(
        model,
        domain,
        budget=budget,
        on_progress=on_progress,
        ledger=ledger,
        offline=offline,
    ) as oracle:
        options = on_device(oracle, device, method=method, options=options)
        if dry_run:
            algorithm, _ = local_method(oracle, method, options)
            again = stability_cost(algorithm, len(rows), stability or 0)
            plan = planned_cost(algorithm, len(rows), n_reference=len(reference), fidelity=fidelity)
            return oracle.quote(plan | again)
        return explain_rows(
            oracle,
            rows,
            reference=reference,
            method=method,
            fidelity=fidelity,
            stability=stability or 0,
            seed=seed,
            options=options,
            notes=notes,
        )


def explain_rows(
    oracle: Oracle,
    rows: FloatArray,
    *,
    reference: FloatArray,
    method: str,
    fidelity: int,
    seed: int,
    options: Mapping[str, Any] | None,
    stability: int = 0,
    notes: tuple[str, ...] = (),
    index: Sequence[str | int] | None = None,
    fits: list[FloatArray] | None = None,
) -> LocalExplanations:
    """Explain internal rows (r, d) by a local method, against reference rows (n, d).

    Into `fits` go the coefficients of refits under other seeds.
    """
    algorithm, given = local_method(oracle, method, options)
    again = stability_cost(algorithm, len(rows), stability)
    plan = planned_cost(algorithm, len(rows), n_reference=len(reference), fidelity=fidelity)
    oracle.admit(plan | again)
    result = algorithm.explain(rows, reference=reference, fidelity=fidelity, seed=seed)
    stable = Stable(None, result.flags)
    if stability and not result.interrupted:
        stable = measure_stability(
            algorithm, result, reference=reference, times=stability, seed=seed
        )
    if fits is not None and stable.fits is not None:
        fits.extend(stable.fits[1:])
    facts = {
        "method": method,
        "fidelity": fidelity,
        "stability": stability,
        "reference rows": len(reference),
        "reference sha256": fingerprint(oracle.domain, reference),
        **result.facts,
    }
    return as_explanations(
        oracle,
        result,
        method=method,
        stable=stable,
        settings=provenance(seed=seed, options=given, facts=facts),
        notes=notes,
        index=range(len(rows)) if index is None else index,
    )


def as_explanations(
    oracle: Oracle,
    result: Any,
    *,
    method: str,
    stable: Stable,
    settings: Mapping[str, Any],
    notes: tuple[str, ...],
    index: Sequence[str | int],
) -> LocalExplanations:
    """What a local method found, as explanations that say where they come from."""
    return LocalExplanations(
        method=method,
        domain=oracle.domain,
        task=oracle.task,
        rows=result.rows,
        coef=result.coef,
        intercept=result.intercept,
        encoding=result.encoding,
        box_values=result.box_values,
        local_values=result.local_values,
        fidelity=result.fidelity,
        classes=result.classes,
        coef_se=result.coef_se,
        dof=result.dof,
        widths=result.widths,
        stability=stable.stability,
        plan_errors=result.plan_errors,
        index=tuple(index)[: len(result.rows)],
        flags=stable.flags,
        target=oracle.box.traits.name,
        queries=oracle.queries,
        settings=settings,
        notes=(*notes, *([stable.ended] if stable.ended else []), *result.notes),
        interrupted=result.interrupted or bool(stable.ended),
    )


def on_device(
    oracle: Oracle, device: str | None, *, method: str, options: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Options that make a local method compute on a device.

    Raises
    ------
    OptionError
        If it computes where the model is, and that is elsewhere.
    """
    if device is None or device == oracle.device:
        return options
    if "device" not in parameters(method_class(method, next(iter(METHODS[method].classes)))):
        raise OptionError(
            f"`device` must be None or {oracle.device!r} for {method!r}, which draws and computes "
            f"where the model is; got {device!r}. Move the model there."
        )
    return {**(options or {}), "device": device}


def local_method(
    oracle: Oracle | None, method: str, options: Mapping[str, Any] | None
) -> tuple[Any, dict[str, Any]]:
    """A local method that asks an oracle, and its options.

    Raises
    ------
    OptionError
        If an option is unknown.
    """
    task = next(iter(METHODS[method].classes))
    masks = oracle is not None and isinstance(oracle.domain, MaskDomain)
    given = method_options(method, task, options, masks=masks)
    return method_class(method, task, masks=masks)(oracle, **given), given


def reference_rows(
    domain: Domain, rows: FloatArray, data: Any
) -> tuple[FloatArray, tuple[str, ...]]:
    """The reference population, and what a reader must know of it."""
    if data is not None:
        reference = encode_rows(domain, data, where="data")
        refuse_equal(reference, "data")
        return reference, ()
    if len(rows) >= LEAST_REFERENCE:
        refuse_equal(rows, "X")
        return rows, ("The explained rows themselves served as the reference population.",)
    rows_text = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    raise DataError(
        f"`X` holds {rows_text}, too few to serve as the reference population that perturbations "
        f"are drawn from (at least {LEAST_REFERENCE}); give representative rows as `data`."
    )

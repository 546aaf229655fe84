"""The front door for auditors: surrogates of one model on one table, with their proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from surrogate._distill import FIDELITY, STABILITY
from surrogate._explain import local_method
from surrogate._held import (
    encode_outcomes,
    flip_columns,
    group_labels,
    outcome_scores,
    true_outcomes,
)
from surrogate._progress import OnProgress
from surrogate._reproduction import asking, call_text, model_hash, now
from surrogate._target import (
    Kept,
    check_said,
    open_oracle,
    provenance,
    split_rows,
    table_facts,
)
from surrogate.auditing.changed import FLIPS, plan_flips
from surrogate.auditing.find import audit_evidence, find_all
from surrogate.auditing.groups import Reference, check_reference, favourable_of
from surrogate.auditing.picked import LOCAL_ROWS
from surrogate.auditing.plan import (
    AuditPlan,
    audit_cost,
    audit_extras,
    audit_opening,
    by_scope,
    chosen_rows,
    target_watch,
)
from surrogate.auditing.read import read_all
from surrogate.domain import Domain
from surrogate.explanation import AuditResult
from surrogate.methods import check_needs
from surrogate.oracle.noise import PURPOSE as NOISE
from surrogate.types import Label

if TYPE_CHECKING:
    from surrogate.oracle import Budget, Oracle, Quote

__all__ = ["Audit", "audit"]

DEFAULT_METHODS = ("cart", "lime")


class Audit(AuditResult):
    """Everything one audit found, and the report of it."""


@overload
def audit(model: Any, data: Any, *, dry_run: Literal[True], **job: Any) -> Quote: ...
@overload
def audit(
    model: Any,
    data: Any,
    *,
    y: Any = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    rows: Sequence[int] | None = None,
    pick: int | None = None,
    test: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | None = None,
    fidelity: int = FIDELITY,
    stability: int = STABILITY,
    target_fidelity: float | None = None,
    groups: Sequence[str | Sequence[str]] | None = None,
    favourable: Label | None = None,
    reference: Reference = None,
    flips: int = FLIPS,
    changes: Mapping[str, float] | None = None,
    checks: bool | None = None,
    evidence: str = "rows",
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: Literal[False] = False,
) -> Audit: ...
def audit(  # type: ignore[misc]  # the first overload takes any name, to say them once
    model: Any,
    data: Any,
    *,
    y: Any = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    rows: Sequence[int] | None = None,
    pick: int | None = None,
    test: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | None = None,
    fidelity: int = FIDELITY,
    stability: int = STABILITY,
    target_fidelity: float | None = None,
    groups: Sequence[str | Sequence[str]] | None = None,
    favourable: Label | None = None,
    reference: Reference = None,
    flips: int = FLIPS,
    changes: Mapping[str, float] | None = None,
    checks: bool | None = None,
    evidence: str = "rows",
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: bool = False,
) -> Audit | Quote:
    """Audit a model on a table of rows: what it does, and how far each reading may be trusted.

    Held-out rows are asked once, and every surrogate is measured on them. Ctrl-C gives what
    there is by then, marked as interrupted.

    Parameters
    ----------
    model : callable, estimator, torch module, path of an .onnx file, URL, or BlackBox
        What is asked; `surrogate.wrap` gives a BlackBox where more must be said (classes,
        preprocessing, a threshold).
    data : array, DataFrame or mapping of columns, n rows
        The population, in raw units.
    y : array of shape (n,), optional
        True outcomes of the rows of `data` (of `test`, where that is given): then the model's
        and the surrogates' accuracy stand beside the fidelity.
    methods : sequence of str
        Names in `surrogate.methods.METHODS`, at least one global; the first global one carries
        the claim.
    rows : sequence of int, optional
        Rows of `data` to explain by the local methods. None: a few held-out ones, each from
        another part of the first surrogate.
    pick : int, optional
        How many rows to explain by the local method, instead of `rows`: those of 300 held-out
        ones at most whose explanations together show most of what matters (SP-LIME).
    test : array, DataFrame or mapping of columns, m rows, optional
        Held-out real rows for fidelity; without it, 30 % of `data`, drawn by seed.
    domain : Domain, optional
        What a row is, where it cannot be inferred from `data`.
    budget : Budget or int, optional
        Most rows, or what else asking may cost; a job that does not fit is refused before its
        first query. A remote model is not asked without one.
    fidelity : int
        Most fresh queries on which surrogates are measured, for held-out real rows and for
        perturbed rows each.
    stability : int
        How many times each surrogate is refitted under other seeds.
    target_fidelity : float, optional
        An agreement in (0, 1): held-out real rows are asked only until it is decided, at 95 %
        confidence, whether the first surrogate reaches it.
    groups : sequence of str, or of sequences of str, optional
        Columns by whose values fidelity and outcomes are measured apart; several together are
        crossed: ``["sex", ["sex", "race"]]``. None: the protected ones.
    favourable : label, optional
        The decision whose share is measured in each group. None: the second of two classes.
    reference : mapping from grouping to group, or "pairs", optional
        The group that others are compared with, such as ``{"sex": "Male"}``; "pairs" compares
        every two as well. None: the group with the highest rate.
    flips : int
        Most held-out rows that are asked again for each protected or grouping column, with that
        column changed and nothing else. 0: none.
    changes : mapping from column to float, optional
        How much a number among these columns is moved, up and down; by default a standard
        deviation.
    checks : bool, optional
        Whether explanations of single rows are checked by asking again with features changed.
        None: yes, but of a remote model only where the budget covers it.
    evidence : {"rows", "answers", "none"}
        What the result's JSON keeps, so that ``surrogate verify`` can compute its figures again
        without asking: the rows that were measured on and all answers to them; the answers
        alone, with each row's group and true outcome, where rows are personal data that must
        not be filed; or nothing. Rows that are explained one by one are in it in any case.
    seed : int
        Of every draw: equal seeds give equal results.
    options : mapping from method to mapping, optional
        Parameters of each method by name, such as ``{"cart": {"max_leaves": 8}}``.
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
    Audit

    Raises
    ------
    DataError
        If rows, outcomes or groups do not fit the domain, or rows are too few.
    OptionError
        If a method or an option is unknown or wrong.
    BudgetTooSmall
        If the job does not fit the budget.
    LedgerError
        If the ledger is in use, of another model, or lacks answers offline.
    ModelError
        If the model raises, or its answers are none.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import audit
    >>> rng = np.random.default_rng(0)
    >>> data = {"age": rng.integers(18, 80, 500), "income": rng.normal(40, 9, 500)}
    >>> found = audit(
    ...     lambda rows: np.where(rows["age"] > 40, "yes", "no"), data, methods=["cart"],
    ...     options={"cart": {"max_leaves": 4}},
    ... )
    >>> found.surrogates[0].fidelity[0].main.metric
    'agreement'
    """
    said, started = dict(locals()), now()
    check_said(
        "audit",
        domain=domain,
        seed=seed,
        options=options,
        on_progress=on_progress,
        fidelity=fidelity,
        stability=stability,
        target_fidelity=target_fidelity,
    )
    plan = AuditPlan(
        by_scope(methods),
        dict(options or {}),
        fidelity,
        stability,
        target_fidelity,
        seed,
        pick=pick,
        evidence=evidence,
        favourable=favourable,
        reference=reference,
        flips=flips,
        checks=checks,
    )
    domain = domain if domain is not None else Domain.infer(data)
    split = split_rows(domain, data, test, seed=seed)
    chosen = chosen_rows(domain, data, split, rows=rows, pick=pick, seed=seed)
    grouped = group_labels(domain, split, groups)
    check_reference(reference, grouped)
    changed = plan_flips(
        domain,
        split,
        flip_columns(domain, groups),
        most=plan.flips,
        measured=plan.fidelity,
        changes=changes,
        seed=seed,
    )
    truth = None if y is None else true_outcomes(y, split)
    n_local = LOCAL_ROWS if chosen is None else len(chosen.rows)
    with open_oracle(
        model,
        domain,
        budget=budget,
        on_progress=on_progress,
        ledger=ledger,
        offline=offline,
    ) as oracle:
        for method in plan.methods["global"]:
            check_needs(method, oracle.box)
        watch = target_watch(oracle, split, seed)
        cost = audit_cost(plan, split, n_local, oracle=oracle)
        cost |= {} if watch is None else {NOISE: watch.cost}
        extras = audit_extras(
            plan, cost, changed, local_rows=n_local, oracle=oracle, offline=offline
        )
        if dry_run:
            return oracle.quote(cost)
        oracle.admit(cost)
        oracle.settle(audit_opening(oracle, split, plan, seed))
        favoured = favourable_of(favourable, task=oracle.task, classes=oracle.classes)
        if truth is not None:
            truth = encode_outcomes(truth, oracle.classes, oracle.n_outputs)
        for method in plan.methods["local"]:  # refuses now what it would when all else is done
            algorithm, _ = local_method(oracle, method, plan.options.get(method))
            algorithm.job(split.test[:1], reference=split.fit, seed=seed)
        found = find_all(
            oracle, split, plan, groups=grouped, chosen=chosen, watch=watch, extras=extras
        )
        read = read_all(oracle, split, found, groups=grouped, favourable=favoured, plan=plan)
        proof = audit_evidence(
            oracle,
            found,
            plan,
            reference=split.fit,
            groups=grouped,
            favourable=favoured,
            truth=truth,
        )
        window = asking(oracle, started)
    forms = {one.method: one.form for one in found.surrogates}
    outcomes = () if truth is None else outcome_scores(found.probe, forms, truth)
    return Audit(
        target=_target_facts(oracle),
        data=table_facts(domain, split),
        surrogates=found.surrogates,
        local=found.local,
        outcomes=outcomes,
        queries=oracle.queries,
        steadiness=found.steadiness,
        interrupted=bool(found.ended) or any(one.interrupted for one in found.surrogates),
        settings=provenance(
            seed=seed,
            options=plan.options,
            facts={**plan.facts(), "call": call_text(audit, said), "asking": window},
        ),
        notes=(*found.ended, *found.notes, *extras.notes, *read.notes),
        evidence=proof,
        impacts=read.impacts,
        flips=read.flips,
        regions=read.regions,
        disagreements=read.disagreements,
        checks=found.checks,
    )


def _target_facts(oracle: Oracle) -> dict[str, Any]:
    """What is known of the model that was asked."""
    traits = oracle.box.traits
    return {
        "name": traits.name,
        "adapter": traits.adapter,
        "task": oracle.task,
        "output": oracle.output,
        "classes": oracle.classes,
        "threshold": traits.threshold,
        "dtype": traits.dtype,
        "details": dict(traits.details),
        "hash": model_hash(oracle.box),
    }

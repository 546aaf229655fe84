"""The front door for auditors: surrogates of one model on one table, with their proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from surrogate._distill import FIDELITY, STABILITY, distill_rows, opening_of, plan_of
from surrogate._explain import LOCAL_FIDELITY, explain_rows, local_method
from surrogate._held import encode_outcomes, group_labels, outcome_scores, true_outcomes
from surrogate._picked import LOCAL_ROWS, Picked, candidates, covering, numbered, showing_most
from surrogate._probe import ENDINGS, Groups, Probe
from surrogate._progress import OnProgress
from surrogate._target import (
    Kept,
    Split,
    check_said,
    encode_rows,
    fingerprint,
    open_oracle,
    provenance,
    split_rows,
)
from surrogate._validate import NoneOr, Whole, check, unknown
from surrogate.domain import Domain
from surrogate.errors import BudgetTooSmall, OptionError
from surrogate.explanation import AuditResult, GlobalExplanation, LocalExplanations
from surrogate.methods import check_needs, find
from surrogate.oracle import Steadiness, Watch
from surrogate.oracle.noise import PURPOSE as NOISE
from surrogate.sampling import generator
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Budget, Oracle, Quote

__all__ = ["Audit", "audit"]

DEFAULT_METHODS = ("cart", "lime")
WATCHED = 10  # rows that a remote model is asked again and again


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
    groups: Sequence[str] | None = None,
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
    groups: Sequence[str] | None = None,
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
    groups : sequence of str, optional
        Columns by whose values fidelity is measured apart. None: the protected ones.
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
    plan = _Plan(
        _by_scope(methods), dict(options or {}), fidelity, stability, target_fidelity, seed, pick
    )
    domain = domain if domain is not None else Domain.infer(data)
    split = split_rows(domain, data, test, seed=seed)
    chosen = _chosen(domain, data, split, rows=rows, pick=pick, seed=seed)
    grouped = group_labels(domain, split, groups)
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
        watch = _watch(oracle, split, seed)
        cost = _cost(plan, split, n_local, oracle=oracle)
        cost |= {} if watch is None else {NOISE: watch.cost}
        if dry_run:
            return oracle.quote(cost)
        oracle.admit(cost)
        oracle.settle(_opening(oracle, split, plan, seed))
        if truth is not None:
            truth = encode_outcomes(truth, oracle.classes, oracle.n_outputs)
        for method in plan.methods["local"]:  # refuses now what it would when all else is done
            algorithm, _ = local_method(oracle, method, plan.options.get(method))
            algorithm.job(split.test[:1], reference=split.fit, seed=seed)
        found = _find(oracle, split, plan, groups=grouped, chosen=chosen, watch=watch)
    forms = {one.method: one.form for one in found.surrogates}
    outcomes = () if truth is None else outcome_scores(found.probe, forms, truth)
    traits = oracle.box.traits
    return Audit(
        target={
            "name": traits.name,
            "adapter": traits.adapter,
            "task": oracle.task,
            "output": oracle.output,
            "classes": oracle.classes,
            "threshold": traits.threshold,
            "dtype": traits.dtype,
            "details": dict(traits.details),
        },
        data={
            "rows": len(split.fit) + len(split.test),
            "columns": list(domain.names),
            "fit rows": len(split.fit),
            "held-out rows": len(split.test),
            "split": "held-out rows were given apart" if test is not None else "70/30 by seed",
            "fit rows sha256": fingerprint(domain, split.fit),
            "held-out rows sha256": fingerprint(domain, split.test),
        },
        surrogates=found.surrogates,
        local=found.local,
        outcomes=outcomes,
        queries=oracle.queries,
        steadiness=found.steadiness,
        interrupted=bool(found.ended) or any(one.interrupted for one in found.surrogates),
        settings=provenance(seed=seed, options=plan.options, facts={"methods": list(methods)}),
        notes=(*found.ended, *found.notes),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """What the asking gave."""

    surrogates: tuple[GlobalExplanation, ...]
    probe: Probe
    local: LocalExplanations | None
    steadiness: Steadiness | None
    ended: tuple[str, ...]
    notes: tuple[str, ...]


def _find(
    oracle: Oracle,
    split: Split,
    plan: _Plan,
    *,
    groups: Groups,
    chosen: Picked | None,
    watch: Watch | None,
) -> _Found:
    """Ask, in the order of what is missed most where asking ends early."""
    if watch is not None:
        watch.look("start")
    surrogates, probe, ended = _surrogates(oracle, split, plan, groups)
    ended = ended or _look(watch, "middle")
    local = None
    if not ended:
        picked = covering(surrogates[0], split) if chosen is None else chosen
        local, ended = _local(oracle, picked, split.fit, plan)
    ended = ended or _look(watch, "end")
    steadiness = None if watch is None else watch.found(probe.answers.values)
    drifted = steadiness is not None and steadiness.drifted
    notes = (steadiness.drift(),) if steadiness is not None and drifted else ()
    return _Found(surrogates, probe, local, steadiness, ended, notes)


def _chosen(
    domain: Domain,
    data: Any,
    split: Split,
    *,
    rows: Sequence[int] | None,
    pick: int | None,
    seed: int,
) -> Picked | None:
    """The rows to explain, where the first surrogate has no say in them."""
    check("audit", {"pick": NoneOr(Whole(1))}, {"pick": pick})
    if rows is not None and pick is not None:
        raise OptionError("The `rows` and the `pick` of audit exclude each other; give one.")
    if pick is not None:
        return candidates(split, seed=seed)
    return None if rows is None else numbered(encode_rows(domain, data, where="data"), rows)


def _opening(oracle: Oracle, split: Split, plan: _Plan, seed: int) -> FloatArray:
    """The rows from which what answers are is found out: the most that a method asks first."""
    openings = [
        opening_of(method, split, oracle=oracle, seed=seed, options=plan.options.get(method))
        for method in plan.methods["global"]
    ]
    snapped: FloatArray = oracle.snap(split.fit)
    return max(openings, key=len, default=snapped)


def _watch(oracle: Oracle, split: Split, seed: int) -> Watch | None:
    """What watches the noise and the drift of a remote model."""
    if not oracle.box.traits.remote:
        return None
    picked = generator(seed, NOISE).permutation(len(split.fit))[:WATCHED]
    return Watch(oracle, split.fit[picked], seed=seed)


def _look(watch: Watch | None, moment: str) -> tuple[str, ...]:
    """Look once more; why it ended, if it did."""
    if watch is not None:
        try:
            watch.look(moment)
        except ENDINGS as ended:
            return (f"The target's noise was not measured at the {moment}: {ended.why}.",)
    return ()


@dataclass(frozen=True)
class _Plan:
    """What an audit is to do."""

    methods: Mapping[str, Sequence[str]]  # scope -> names
    options: Mapping[str, Mapping[str, Any]]
    fidelity: int
    stability: int
    target: float | None
    seed: int
    pick: int | None = None  # of the rows that are explained, how many are kept

    def __post_init__(self) -> None:
        known = [name for names in self.methods.values() for name in names]
        unknown("audit(options=...)", self.options, known)


def _by_scope(methods: Sequence[str]) -> dict[str, list[str]]:
    """Global and local methods, in the order given."""
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        raise OptionError(f"The `methods` of audit must be a list of names; got {methods!r}.")
    scopes: dict[str, list[str]] = {"global": [], "local": []}
    for name in dict.fromkeys(methods):
        scopes[find(name).scope].append(name)
    if not scopes["global"]:
        raise OptionError(
            "The `methods` of audit must name a global one, which carries the claim; got "
            f"{list(methods)}. For single rows alone, use explain."
        )
    if len(scopes["local"]) > 1:
        raise OptionError(
            f"The `methods` of audit must name one local one at most; got {scopes['local']}."
        )
    return scopes


def _cost(plan: _Plan, split: Split, local_rows: int, *, oracle: Oracle) -> dict[str, int]:
    """Rows by purpose, the held-out ones once for all methods."""
    cost: dict[str, int] = {}
    for method in plan.methods["global"]:
        one = plan_of(
            method,
            split,
            fidelity=plan.fidelity,
            stability=plan.stability,
            options=plan.options.get(method),
        )
        for purpose, n in one.items():
            shared = purpose == "fidelity"
            cost[purpose] = n if shared else cost.get(purpose, 0) + n
    for method in plan.methods["local"]:
        algorithm, _ = local_method(oracle, method, plan.options.get(method))
        cost["local"] = sum(algorithm.cost(local_rows, fidelity=LOCAL_FIDELITY).values())
    return cost


def _surrogates(
    oracle: Oracle, split: Split, plan: _Plan, groups: Groups
) -> tuple[tuple[GlobalExplanation, ...], Probe, tuple[str, ...]]:
    """Every global surrogate, measured on rows asked once; and why it ended, if it did."""
    found: list[GlobalExplanation] = []
    probes: tuple[Probe, ...] = ()
    for method in plan.methods["global"]:
        try:
            one, probes = distill_rows(
                oracle,
                split,
                method=method,
                fidelity=plan.fidelity,
                stability=plan.stability,
                seed=plan.seed,
                options=plan.options.get(method),
                target=plan.target,
                groups=groups,
                probes=probes,
            )
        except ENDINGS as ended:
            if not found:
                raise
            return tuple(found), probes[0], (f"{method} was not fitted: {ended.why}.",)
        found.append(one)
        if one.interrupted:
            return tuple(found), probes[0], (f"The audit ended with {method}, before its plan.",)
    return tuple(found), probes[0], ()


def _local(
    oracle: Oracle, picked: Picked, reference: FloatArray, plan: _Plan
) -> tuple[LocalExplanations | None, tuple[str, ...]]:
    """Explanations of single rows by the local method, if one was named."""
    for method in plan.methods["local"]:
        try:
            with oracle.counting("local"):
                found = explain_rows(
                    oracle,
                    picked.rows,
                    reference=reference,
                    method=method,
                    fidelity=LOCAL_FIDELITY,
                    seed=plan.seed,
                    options=plan.options.get(method),
                    index=picked.index,
                )
        except BudgetTooSmall as refused:
            return None, (f"No single rows were explained: {refused}",)
        except ENDINGS as ended:
            return None, (f"No single rows were explained: {ended.why}.",)
        early = (f"The audit ended with {method}, before its plan.",) if found.interrupted else ()
        return found if plan.pick is None else showing_most(found, plan.pick), early
    return None, ()

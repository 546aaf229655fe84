"""What an audit asks, in the order of what is missed most where asking ends early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surrogate._distill import distill_rows
from surrogate._explain import LOCAL_FIDELITY, explain_rows, local_method
from surrogate._kept import SurrogateKept
from surrogate._probe import ENDINGS, Groups, Probe
from surrogate._target import Split
from surrogate.auditing.changed import Changed
from surrogate.auditing.checks import PURPOSE as CHECKS
from surrogate.auditing.checks import check_rows, typical_row
from surrogate.auditing.evidence import ChecksKept, evidence_of
from surrogate.auditing.flips import ask_flips
from surrogate.auditing.groups import Favourable
from surrogate.auditing.local_evidence import FRESH, LocalKept, as_measured, local_kept
from surrogate.auditing.picked import Picked, covering, showing_most
from surrogate.auditing.plan import AuditPlan, Extras
from surrogate.errors import BudgetTooSmall, LedgerError
from surrogate.explanation import Evidence, GlobalExplanation, LocalExplanations
from surrogate.explanation.local_checks import LocalChecks
from surrogate.oracle import Steadiness, Watch
from surrogate.oracle.kept import Kept
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["AuditFound", "audit_evidence", "find_all"]


@dataclass(frozen=True, eq=False)
class AuditFound:
    """What the asking gave."""

    surrogates: tuple[GlobalExplanation, ...]
    probes: tuple[Probe, ...]
    kept: tuple[SurrogateKept, ...]
    local: LocalExplanations | None
    local_kept: LocalKept | None
    checks: LocalChecks | None
    checks_kept: Kept | None
    changed: tuple[Changed, ...]
    steadiness: Steadiness | None
    ended: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def probe(self) -> Probe:
        """Held-out real rows."""
        return self.probes[0]


def find_all(
    oracle: Oracle,
    split: Split,
    plan: AuditPlan,
    *,
    groups: Groups,
    chosen: Picked | None,
    watch: Watch | None,
    extras: Extras,
) -> AuditFound:
    """Ask, in the order of what is missed most where asking ends early."""
    if watch is not None:
        watch.look("start")
    kept: list[SurrogateKept] = []
    surrogates, probes, ended = _surrogates(oracle, split, plan, groups=groups, kept=kept)
    ended = ended or _look(watch, "middle")
    changed: tuple[Changed, ...] = ()
    local, own, checks = None, None, None
    if not ended:
        changed, ended = ask_flips(oracle, extras.flips, probes[0])
    if not ended:
        picked = covering(surrogates[0], split) if chosen is None else chosen
        local, own, ended = _local(oracle, picked, split.fit, plan, refits=extras.refits)
    told: Kept | None = None
    if not ended and local is not None and extras.checks:
        with oracle.keeping(CHECKS) as told:
            checks, ended = check_rows(oracle, local, split.fit, seed=plan.seed)
    ended = ended or _look(watch, "end")
    steadiness = None if watch is None else watch.found(probes[0].answers.values)
    drifted = steadiness is not None and steadiness.drifted
    notes = (steadiness.drift(),) if steadiness is not None and drifted else ()
    return AuditFound(
        surrogates,
        probes,
        tuple(kept),
        local,
        own,
        checks=checks,
        checks_kept=told,
        changed=changed,
        steadiness=steadiness,
        ended=ended,
        notes=notes,
    )


def audit_evidence(
    oracle: Oracle,
    found: AuditFound,
    plan: AuditPlan,
    *,
    reference: FloatArray,
    groups: Groups,
    favourable: Favourable,
    truth: npt.NDArray[Any] | None,
) -> Evidence | None:
    """What the figures can be computed from again, as much as is to be kept."""
    if plan.evidence == "none":
        return None
    explained = None
    if found.local is not None and found.local_kept is not None:
        explained = found.local, found.local_kept
    return evidence_of(
        "rows" if plan.evidence == "rows" else "answers",
        answering=oracle,
        probes=found.probes,
        surrogates=found.surrogates,
        kept=found.kept,
        groups=groups,
        truth=truth,
        explained=explained,
        changed=found.changed,
        favourable=favourable,
        reference=plan.reference,
        checks=_checks(oracle, found, reference),
        seed=plan.seed,
    )


def _checks(oracle: Oracle, found: AuditFound, reference: FloatArray) -> ChecksKept | None:
    """What the checks of single rows were computed from, if there are any."""
    if found.checks is None or found.checks_kept is None:
        return None
    parts = [answers.numbers() for _, answers in found.checks_kept.of(CHECKS)]
    typical = typical_row(oracle.domain, reference)
    return ChecksKept(np.concatenate(parts), typical, len(reference))


def _surrogates(
    oracle: Oracle,
    split: Split,
    plan: AuditPlan,
    *,
    groups: Groups,
    kept: list[SurrogateKept],
) -> tuple[tuple[GlobalExplanation, ...], tuple[Probe, ...], tuple[str, ...]]:
    """Every global surrogate, measured on rows asked once; and why it ended, if it did."""
    found: list[GlobalExplanation] = []
    probes: tuple[Probe, ...] = ()
    for method in plan.methods["global"]:
        own = SurrogateKept()
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
                kept=own,
            )
        except ENDINGS as ended:
            if not found:
                raise
            return tuple(found), probes, (f"{method} was not fitted: {ended.why}.",)
        found.append(one)
        kept.append(own)
        if one.interrupted:
            return tuple(found), probes, (f"The audit ended with {method}, before its plan.",)
    return tuple(found), probes, ()


def _local(
    oracle: Oracle, picked: Picked, reference: FloatArray, plan: AuditPlan, *, refits: int
) -> tuple[LocalExplanations | None, LocalKept | None, tuple[str, ...]]:
    """Explanations of single rows by the local method, if one was named, and why it ended."""
    for method in plan.methods["local"]:
        options = plan.options.get(method)
        fits: list[FloatArray] = []
        try:
            with oracle.counting("local"), oracle.keeping(FRESH) as kept:
                found = explain_rows(
                    oracle,
                    picked.rows,
                    reference=reference,
                    method=method,
                    fidelity=LOCAL_FIDELITY,
                    stability=refits,
                    seed=plan.seed,
                    options=options,
                    index=picked.index,
                    fits=fits,
                )
        except LedgerError:  # offline, and kept without refits
            if not refits:
                raise
            return _local(oracle, picked, reference, plan, refits=0)
        except BudgetTooSmall as refused:
            return None, None, (f"No single rows were explained: {refused}",)
        except ENDINGS as ended:
            return None, None, (f"No single rows were explained: {ended.why}.",)
        early = (f"The audit ended with {method}, before its plan.",) if found.interrupted else ()
        shown, places = (found, None) if plan.pick is None else showing_most(found, plan.pick)
        if plan.evidence == "none":
            return shown, None, early
        algorithm, _ = local_method(oracle, method, options)
        own = local_kept(
            kept,
            algorithm,
            found,
            picked=places,
            reference=reference,
            classes=oracle.classes,
            fits=fits,
        )
        again = None if own is None else as_measured(shown, own)
        return (shown, None, early) if again is None else (again, own, early)
    return None, None, ()


def _look(watch: Watch | None, moment: str) -> tuple[str, ...]:
    """Look once more; why it ended, if it did."""
    if watch is not None:
        try:
            watch.look(moment)
        except ENDINGS as ended:
            return (f"The target's noise was not measured at the {moment}: {ended.why}.",)
    return ()

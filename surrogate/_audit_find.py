"""What an audit asks, in the order of what is missed most where asking ends early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from surrogate._audit_plan import AuditPlan
from surrogate._distill import distill_rows
from surrogate._explain import LOCAL_FIDELITY, explain_rows
from surrogate._picked import Picked, covering, showing_most
from surrogate._probe import ENDINGS, Groups, Probe
from surrogate._target import Split
from surrogate.errors import BudgetTooSmall
from surrogate.explanation import GlobalExplanation, LocalExplanations
from surrogate.oracle import Steadiness, Watch
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["AuditFound", "find_all"]


@dataclass(frozen=True, eq=False)
class AuditFound:
    """What the asking gave."""

    surrogates: tuple[GlobalExplanation, ...]
    probe: Probe
    local: LocalExplanations | None
    steadiness: Steadiness | None
    ended: tuple[str, ...]
    notes: tuple[str, ...]


def find_all(
    oracle: Oracle,
    split: Split,
    plan: AuditPlan,
    *,
    groups: Groups,
    chosen: Picked | None,
    watch: Watch | None,
) -> AuditFound:
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
    return AuditFound(surrogates, probe, local, steadiness, ended, notes)


def _surrogates(
    oracle: Oracle, split: Split, plan: AuditPlan, groups: Groups
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
    oracle: Oracle, picked: Picked, reference: FloatArray, plan: AuditPlan
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


def _look(watch: Watch | None, moment: str) -> tuple[str, ...]:
    """Look once more; why it ended, if it did."""
    if watch is not None:
        try:
            watch.look(moment)
        except ENDINGS as ended:
            return (f"The target's noise was not measured at the {moment}: {ended.why}.",)
    return ()

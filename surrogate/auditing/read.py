"""What the answers of an audit say of groups, of flips, and of where the surrogate is worst."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from surrogate._array import to_numpy
from surrogate._probe import Groups
from surrogate._target import Split
from surrogate.auditing.disagree import disagreements_of, regions_of
from surrogate.auditing.find import AuditFound
from surrogate.auditing.flips import flips_of
from surrogate.auditing.groups import Favourable, impacts_of
from surrogate.auditing.plan import AuditPlan
from surrogate.explanation.disagreements import Disagreements
from surrogate.fidelity import Flips, Impact, RegionScore

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["AuditRead", "read_all"]


@dataclass(frozen=True, eq=False)
class AuditRead:
    """Figures for which nothing more was asked."""

    impacts: tuple[Impact, ...]
    flips: tuple[Flips, ...]
    regions: tuple[RegionScore, ...]
    disagreements: Disagreements
    notes: tuple[str, ...]


def read_all(
    oracle: Oracle,
    split: Split,
    found: AuditFound,
    *,
    groups: Groups,
    favourable: Favourable,
    plan: AuditPlan,
) -> AuditRead:
    """Regions of the first surrogate, and groups and flips of the target and all surrogates."""
    probe, first, seed = found.probe, found.surrogates[0], plan.seed
    says = {one.method: one.form for one in found.surrogates}
    impacts = impacts_of(
        probe,
        says,
        oracle,
        groups=groups,
        favourable=favourable,
        reference=plan.reference,
        seed=seed,
    )
    several = oracle.task == "regression" and to_numpy(probe.answers.values).shape[1] > 1
    many = "Outcomes of groups were not measured: the model answers several numbers."
    note = many if several else favourable.note
    apart = disagreements_of(oracle, first, probe, split, seed=seed)
    if plan.evidence != "rows":  # rows are not to leave with the report
        apart = replace(apart, examples=())
    return AuditRead(
        impacts=impacts,
        flips=flips_of(found.changed, probe, says, oracle, favourable=favourable, seed=seed),
        regions=regions_of(first, probe, oracle, seed=seed),
        disagreements=apart,
        notes=(note,) if groups and note else (),
    )

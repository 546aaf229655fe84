"""What an audit keeps, so that its figures can be computed again without asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate._kept import SurrogateKept
from surrogate._probe import Answering, Groups, Probe
from surrogate.auditing.changed import Changed
from surrogate.auditing.groups import Favourable, Reference
from surrogate.auditing.local_evidence import LocalKept, told_by
from surrogate.explanation import Evidence, GlobalExplanation, LocalExplanations
from surrogate.explanation.evidence import EvidenceKind
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.forms import Form

__all__ = ["ChecksKept", "evidence_of"]

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class ChecksKept:
    """What checks of local explanations were computed from.

    Parameters
    ----------
    answers : array of shape (n, k)
        To all that was asked, in its order.
    typical : array of shape (d,)
        What a feature is set to when it goes.
    population : int
        Rows that values were drawn from.
    """

    answers: FloatArray
    typical: FloatArray
    population: int


@dataclass(eq=False)
class _Kept:
    """Arrays and facts by name."""

    kind: EvidenceKind
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def put(self, name: str, array: Any, *, rows: bool = False) -> None:
        """Keep an array; rows only where rows are kept."""
        if not rows or self.kind == "rows":
            self.arrays[name] = np.asarray(to_numpy(array))


def evidence_of(
    kind: EvidenceKind,
    *,
    answering: Answering,
    probes: Sequence[Probe],
    surrogates: Sequence[GlobalExplanation],
    kept: Sequence[SurrogateKept],
    groups: Groups,
    truth: npt.NDArray[Any] | None,
    explained: tuple[LocalExplanations, LocalKept] | None,
    changed: Sequence[Changed] = (),
    favourable: Favourable | None = None,
    reference: Reference = None,
    checks: ChecksKept | None = None,
    seed: int,
) -> Evidence:
    """What the figures of an audit are computed from.

    Parameters
    ----------
    kind : {"rows", "answers"}
    answering : Answering
        Task, output and classes.
    probes : sequence of Probe
        Held-out rows, then perturbed ones.
    surrogates : sequence of GlobalExplanation
    kept : sequence of SurrogateKept
        One a surrogate.
    groups : mapping from name to array of shape (m,)
        Of all held-out rows.
    truth : array of shape (m,) or None
        True outcomes of all held-out rows.
    explained : pair of LocalExplanations and LocalKept, or None
    changed : sequence of Changed
        Flips, as far as they were answered.
    favourable : Favourable or None
        The decision that is counted in groups.
    reference : mapping, "pairs" or None
        The groups that others are compared with.
    checks : ChecksKept or None
    seed : int

    Returns
    -------
    Evidence
    """
    found = _Kept(kind)
    labels = {name: np.unique(member) for name, member in groups.items()}
    facts: dict[str, Any] = {
        "task": answering.task,
        "output": answering.output,
        "classes": None if answering.classes is None else list(answering.classes),
        "seed": seed,
        "level": LEVEL,
        "groups": [[name, member.tolist()] for name, member in labels.items()],
        "probes": [{"distribution": p.distribution, "notes": list(p.notes)} for p in probes],
        "surrogates": [_facts(one, own) for one, own in zip(surrogates, kept)],
    }
    for i, probe in enumerate(probes):
        _probe(found, f"probe{i}", probe)
        for g, (name, member) in enumerate(groups.items()):
            codes = np.searchsorted(labels[name], member[probe.held])
            found.put(f"probe{i}/group{g}", codes)
    if truth is not None:
        found.put("probe0/truth", truth[probes[0].held])
    facts["favourable"] = None if favourable is None else asdict(favourable)
    facts["reference"] = reference
    facts["flips"] = [_flips(found, f"flips{i}", one) for i, one in enumerate(changed)]
    if checks is not None:
        facts["checks"] = {"population": checks.population}
        found.put("checks/answers", checks.answers)
        found.put("checks/typical", checks.typical)
    asked = [probe.rows for probe in probes] + [one.rows for one in changed]
    for j, (one, own) in enumerate(zip(surrogates, kept)):
        _surrogate(found, f"surrogate{j}", one.form, own, asked=asked, answering=answering)
    if explained is not None:
        local, own_rows = explained
        seeds = () if local.stability is None else local.stability.seeds
        fidelity = local.fidelity
        facts["local"] = {"level": fidelity.level, "seed": fidelity.seed, "seeds": list(seeds)}
        _local(found, local, own_rows)
    return Evidence(kind, found.arrays, facts)


def _facts(one: GlobalExplanation, own: SurrogateKept) -> Mapping[str, Any]:
    """What says of which fit arrays are."""
    assert own.base is not None
    refits = own.refits
    return {
        "method": one.method,
        "trivial decision": own.base.decision,
        "target": None if one.verdict is None else one.verdict.target,
        "unit": next(iter(one.form.size)),
        "sizes": list(own.sizes),
        "refit seeds": [] if refits is None else list(refits.seeds),
        "refits use": [] if refits is None else [sorted(map(int, one)) for one in refits.used],
    }


def _probe(found: _Kept, name: str, probe: Probe) -> None:
    """Rows, where they come from, and the model's answers."""
    found.put(f"{name}/rows", probe.rows, rows=True)
    found.put(f"{name}/held", probe.held)
    found.put(f"{name}/values", probe.answers.values)
    if probe.answers.decision is not None:
        found.put(f"{name}/decision", probe.answers.decision)


def _surrogate(
    found: _Kept,
    name: str,
    form: Form,
    own: SurrogateKept,
    *,
    asked: Sequence[FloatArray],
    answering: Answering,
) -> None:
    """The trivial one beside it, and what its other sizes and its refits say."""
    assert own.base is not None
    found.put(f"{name}/trivial", own.base.values)
    found.put(f"{name}/span", own.base.span)
    for size, other in own.sizes.items():
        _said(found, f"{name}/size{size}", other, asked[0], answering)
    if own.refits is not None:
        found.put(f"{name}/refits said", own.refits.said)
        found.put(f"{name}/refits fired", own.refits.fired)
    if found.kind == "answers":  # with rows, the form itself says it again
        _said(found, f"{name}/asked", form, np.concatenate(asked), answering)


def _flips(found: _Kept, name: str, one: Changed) -> dict[str, Any]:
    """Rows with an attribute changed, as far as they were answered."""
    labels, codes = np.unique(one.changes, return_inverse=True)
    found.put(f"{name}/rows", one.rows, rows=True)
    found.put(f"{name}/held", one.held)
    found.put(f"{name}/change", codes)
    if one.answers is not None:
        found.put(f"{name}/values", one.answers.values)
        if one.answers.decision is not None:
            found.put(f"{name}/decision", one.answers.decision)
    return {
        "attribute": one.attribute,
        "changes": labels.tolist(),
        "left out": dict(one.left_out),
        "notes": list(one.notes),
    }


def _said(found: _Kept, name: str, form: Form, rows: FloatArray, answering: Answering) -> None:
    """What a form says of rows: as much as fidelity is computed from."""
    if answering.task == "classification":
        found.put(f"{name}/decision", form.predict(rows))
    if answering.output in ("probabilities", "values"):
        found.put(f"{name}/values", form.predict_values(rows))


def _local(found: _Kept, local: LocalExplanations, own: LocalKept) -> None:
    """Fresh rows around the explained ones, their weights and answers."""
    found.put("local/rows", own.rows, rows=True)
    found.put("local/answers", own.answers)
    found.put("local/weights", own.weights)
    found.put("local/box", local.box_values)
    if own.fits is not None:
        found.put("local/fits", own.fits)
    if found.kind == "answers":
        found.put("local/told", told_by(local, own.rows))

"""Every figure of an audit that its evidence gives, computed again without asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate._held import outcome_scores
from surrogate._probe import Groups, Probe, Saying
from surrogate.auditing.changed import Changed
from surrogate.auditing.checks import measure_checks
from surrogate.auditing.disagree import disagreement_scores, regions_of
from surrogate.auditing.flips import flips_of
from surrogate.auditing.groups import Favourable, impacts_of
from surrogate.auditing.local_evidence import measured_again, told_by
from surrogate.explanation import Evidence, GlobalExplanation, LocalExplanations
from surrogate.explanation.serial import pack
from surrogate.forms import form_from_dict
from surrogate.local._stable import compared
from surrogate.oracle import Answers
from surrogate.types import FloatArray
from surrogate.verifying.surrogates import Figures, Known, SurrogateFigures

__all__ = ["Many", "audit_figures"]


def audit_figures(document: Mapping[str, Any], evidence: Evidence) -> Figures:
    """Figures of an audit, by their place in its JSON.

    Parameters
    ----------
    document : mapping
        The JSON of an AuditResult.
    evidence : Evidence
        Its own.

    Yields
    ------
    path, value
    """
    facts = evidence.facts
    classes = facts["classes"]
    known = Known(facts["task"], facts["output"], None if classes is None else tuple(classes))
    probes, flips = _asked(evidence)
    groups = [_groups(evidence, i, probe) for i, probe in enumerate(probes)]
    says: dict[str, Saying] = {}
    yield ("target", "classes"), classes
    yield ("surrogates",), Many(len(facts["surrogates"]))
    for j in range(len(facts["surrogates"])):
        yield ("surrogates", j, "classes"), classes
        one = SurrogateFigures(document["surrogates"][j], evidence, j, known)
        for path, value in one.figures(probes, groups):
            yield ("surrogates", j, *path), value
        says[document["surrogates"][j]["method"]] = one.form()
    truth = evidence.arrays.get("probe0/truth")
    found = () if truth is None else outcome_scores(probes[0], says, _of_held(truth, probes[0]))
    yield ("outcomes",), [score.to_dict() for score in found]
    yield from _of_groups(evidence, probes[0], says, known, groups=groups[0], flips=flips)
    if evidence.kind == "rows":
        yield from _of_regions(document, evidence, probes[0], known)
    if "local" in facts:
        for path, value in _local(document["local"], evidence):
            yield ("local", *path), value
    if "checks" in facts:
        yield ("checks",), _checks(document["local"], evidence, known)


@dataclass(frozen=True)
class Many:
    """A list of so many entries, each of which is checked by itself."""

    n: int


def _asked(evidence: Evidence) -> tuple[list[Probe], list[Changed]]:
    """Probes and flips: rows with the model's answers; without the rows, their numbers."""
    start, probes, flips = 0, [], []
    for i, facts in enumerate(evidence.facts["probes"]):
        arrays = evidence.part(f"probe{i}")
        rows, start = _rows(arrays, start)
        answers = Answers(arrays["values"], arrays.get("decision"))
        notes = tuple(facts["notes"])
        probes.append(Probe(facts["distribution"], rows, arrays["held"], answers, notes))
    for i, facts in enumerate(evidence.facts["flips"]):
        arrays = evidence.part(f"flips{i}")
        rows, start = _rows(arrays, start)
        names = np.asarray(facts["changes"], dtype=np.str_)
        values = arrays.get("values")
        flips.append(
            Changed(
                facts["attribute"],
                rows,
                arrays["held"],
                names[arrays["change"]] if len(names) else np.empty(0, dtype=np.str_),
                left_out=facts["left out"],
                notes=tuple(facts["notes"]),
                answers=None if values is None else Answers(values, arrays.get("decision")),
            )
        )
    return probes, flips


def _rows(arrays: Mapping[str, npt.NDArray[Any]], start: int) -> tuple[FloatArray, int]:
    """The rows, or numbers from `start`; and the number after them."""
    end = start + len(arrays["held"])
    return arrays.get("rows", np.arange(start, end, dtype=np.float64)[:, None]), end


def _groups(evidence: Evidence, i: int, probe: Probe) -> Groups:
    """The group of each held-out row that a probe has rows of."""
    found = {}
    for g, (name, labels) in enumerate(evidence.facts["groups"]):
        member = np.asarray(labels)[evidence.arrays[f"probe{i}/group{g}"]]
        found[name] = _of_held(member, probe)
    return found


def _of_held(each: npt.NDArray[Any], probe: Probe) -> npt.NDArray[Any]:
    """What is known of a probe's rows (n,), by held-out row; the others are never looked at."""
    found = np.zeros(int(probe.held.max()) + 1, dtype=each.dtype)
    found[probe.held] = each
    return found


def _of_groups(
    evidence: Evidence,
    probe: Probe,
    says: Mapping[str, Saying],
    known: Known,
    *,
    groups: Groups,
    flips: list[Changed],
) -> Figures:
    """Outcomes by group, and what changing an attribute does."""
    facts, seed = evidence.facts, evidence.facts["seed"]
    favourable = Favourable(**(facts["favourable"] or {}))
    impacts = impacts_of(
        probe,
        says,
        known,
        groups=groups,
        favourable=favourable,
        reference=facts["reference"],
        seed=seed,
    )
    yield ("impacts",), [one.to_dict() for one in impacts]
    found = flips_of(flips, probe, says, known, favourable=favourable, seed=seed)
    yield ("flips",), [one.to_dict() for one in found]


def _of_regions(
    document: Mapping[str, Any], evidence: Evidence, probe: Probe, known: Known
) -> Figures:
    """Fidelity in regions of the first surrogate, and where a tree finds them to disagree."""
    first, seed = GlobalExplanation.from_dict(document["surrogates"][0]), evidence.facts["seed"]
    regions = regions_of(first, probe, known, seed=seed)
    yield ("regions",), [one.to_dict() for one in regions]
    described = document["disagreements"]
    if described is None:
        yield ("disagreements",), "how often they disagree"
    else:
        tree = None if described["tree"] is None else form_from_dict(described["tree"])
        overall, leaves = disagreement_scores(tree, first.form, probe, known, seed=seed)  # type: ignore[arg-type]
        yield (
            ("disagreements",),
            {
                "overall": overall.to_dict(),
                "leaves": [one.to_dict() for one in leaves],
                "n_fit": len(probe.rows) // 2,
            },
        )


def _checks(document: Mapping[str, Any], evidence: Evidence, known: Known) -> dict[str, Any]:
    """Checks of local explanations, from the answers to all that was asked for them."""
    answers, typical = evidence.arrays["checks/answers"], evidence.arrays["checks/typical"]
    place = 0

    def ask(rows: FloatArray) -> FloatArray:
        nonlocal place
        place += len(rows)
        return answers[place - len(rows) : place]

    found = measure_checks(
        ask,
        LocalExplanations.from_dict(document),
        np.zeros((evidence.facts["checks"]["population"], len(typical))),
        typical=typical,
        classes=known.classes,
        seed=evidence.facts["seed"],
    )
    return found.to_dict()


def _local(document: Mapping[str, Any], evidence: Evidence) -> Figures:
    """Fidelity of local explanations on fresh rows, and what they say of their own row."""
    arrays, facts = evidence.part("local"), evidence.facts["local"]
    found = LocalExplanations.from_dict(document)
    told = told_by(found, arrays["rows"]) if evidence.kind == "rows" else arrays["told"]
    again = measured_again(told, arrays["answers"], arrays["weights"], level=facts["level"])
    own = [form.predict_values(row[None])[0] for form, row in zip(found.forms(), found.rows)]
    local, box = np.stack(own), arrays["box"]
    yield (
        ("fidelity",),
        {
            "value": pack(again.value),
            "low": pack(again.low),
            "high": pack(again.high),
            "ess": pack(again.ess),
            "error": pack(np.abs(local - box)),
            "n": told.shape[2],
            "level": facts["level"],
            "seed": facts["seed"],
        },
    )
    yield ("local_values",), pack(local)
    if "fits" in arrays:
        fits = np.concatenate([found.coef[None], arrays["fits"]])
        stable = compared(fits, level=facts["level"], seeds=tuple(facts["seeds"]))
        yield ("stability",), stable.to_dict()
    yield ("box_values",), pack(box)

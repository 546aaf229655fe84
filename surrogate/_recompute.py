"""Every figure of an audit that its evidence gives, computed again without asking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from surrogate._evidence_local import measured_again, told_by
from surrogate._held import outcome_scores
from surrogate._kept import Refits
from surrogate._probe import Groups, Probe, Saying
from surrogate.explanation import Evidence, LocalExplanations
from surrogate.explanation.serial import pack
from surrogate.fidelity import Curve, Trivial, Verdict, until
from surrogate.forms import RuleSet, form_from_dict
from surrogate.oracle import Answers
from surrogate.rules import measure
from surrogate.types import FloatArray, Label, Output, Task

__all__ = ["Figures", "Many", "audit_figures"]

Figures: TypeAlias = Iterator[tuple[tuple[str | int, ...], Any]]
"""Where in the document, and what must stand there."""

_COUNTED = ("n_covered", "n_correct", "precision_interval")


@dataclass(frozen=True)
class _Known:
    """What is known of answers."""

    task: Task
    output: Output
    classes: tuple[Label, ...] | None


@dataclass(frozen=True, eq=False)
class _Said:
    """What a form said of the rows of a probe, where the form or the rows are not there."""

    values: FloatArray
    decision: npt.NDArray[Any]

    def predict(self, matrix: Any, /) -> npt.NDArray[Any]:
        return self.decision

    def predict_values(self, matrix: Any, /) -> npt.NDArray[Any]:
        return self.values


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
    known = _Known(facts["task"], facts["output"], None if classes is None else tuple(classes))
    probes = [_probe(evidence, i, one) for i, one in enumerate(facts["probes"])]
    groups = [_groups(evidence, i, probe) for i, probe in enumerate(probes)]
    said: dict[str, Saying] = {}
    yield ("surrogates",), Many(len(facts["surrogates"]))
    for j in range(len(facts["surrogates"])):
        one = _Surrogate(document["surrogates"][j], evidence, j, known)
        for path, value in one.figures(probes, groups):
            yield ("surrogates", j, *path), value
        said[document["surrogates"][j]["method"]] = one.form(0, probes[0])
    truth = evidence.arrays.get("probe0/truth")
    found = () if truth is None else outcome_scores(probes[0], said, _of_held(truth, probes[0]))
    yield ("outcomes",), [score.to_dict() for score in found]
    if "local" in facts:
        for path, value in _local(document["local"], evidence):
            yield ("local", *path), value


@dataclass(frozen=True)
class Many:
    """A list of so many entries, each of which is checked by itself."""

    n: int


def _probe(evidence: Evidence, i: int, facts: Mapping[str, Any]) -> Probe:
    """Rows with the model's answers; without the rows, as many empty ones."""
    arrays = evidence.part(f"probe{i}")
    values = arrays["values"]
    rows = arrays.get("rows", np.empty((len(values), 0)))
    answers = Answers(values, arrays.get("decision"))
    return Probe(facts["distribution"], rows, arrays["held"], answers, tuple(facts["notes"]))


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


@dataclass(frozen=True, eq=False)
class _Surrogate:
    """One surrogate: its JSON, and what is kept of it."""

    document: Mapping[str, Any]
    evidence: Evidence
    j: int
    known: _Known

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was kept of it, arrays aside."""
        own: Mapping[str, Any] = self.evidence.facts["surrogates"][self.j]
        return own

    @property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that were kept of it."""
        return self.evidence.part(f"surrogate{self.j}")

    def form(self, i: int, probe: Probe) -> Saying:
        """The form that is shown, or what it said of a probe's rows."""
        if self.evidence.kind == "rows":
            return form_from_dict(self.document["form"])
        return self._said(f"probe{i}", probe)

    def _said(self, name: str, probe: Probe) -> _Said:
        nothing = np.zeros(probe.answers.values.shape)
        values = self.arrays.get(f"{name}/values", nothing)
        decision = self.arrays.get(f"{name}/decision")
        return _Said(values, values[:, 0] if decision is None else decision)

    def figures(self, probes: list[Probe], groups: list[Groups]) -> Figures:
        """Its fidelity, curve, stability, verdict and counts of rules."""
        facts, arrays, seed = self.facts, self.arrays, self.evidence.facts["seed"]
        base = Trivial(arrays["trivial"], facts["trivial decision"], arrays["span"])
        forms = [self.form(i, probe) for i, probe in enumerate(probes)]
        measured = [
            probe.measure(form, self.known, base, seed=seed, groups=own)
            for probe, form, own in zip(probes, forms, groups)
        ]
        verdict = None
        if facts["target"] is not None:
            verdict = _verdict(forms[0], probes[0], facts["target"])
            measured[0] = replace(probes[0], verdict=verdict).stopped(measured[0])
        yield ("fidelity",), [one.to_dict() for one in measured]
        yield ("verdict",), None if verdict is None else verdict.to_dict()
        yield ("curve",), self._curve(probes[0], base, seed)
        yield ("stability",), self._stability()
        if self.evidence.kind == "rows":
            yield from self._counts(probes[0])

    def _curve(self, probe: Probe, base: Trivial, seed: int) -> dict[str, Any] | None:
        """Fidelity of the forms of other sizes."""
        sizes = self.facts["sizes"]
        if not sizes:
            return None
        measured = [
            probe.measure(self._said(f"size{size}", probe), self.known, base, seed=seed)
            for size in sizes
        ]
        return Curve(tuple(sizes), tuple(measured), unit=self.facts["unit"]).to_dict()

    def _stability(self) -> dict[str, Any] | None:
        """How alike the refits are."""
        arrays, facts = self.arrays, self.facts
        if "refits said" not in arrays:
            return None
        used = tuple(frozenset(columns) for columns in facts["refits use"])
        refits = Refits(
            arrays["refits said"], arrays["refits fired"], used, tuple(facts["refit seeds"])
        )
        return refits.stability(self.known.task).to_dict()

    def _counts(self, probe: Probe) -> Figures:
        """Support and precision of rules, and of their default."""
        for name in ("form", "rules"):
            described = self.document[name]
            rules = None if described is None else form_from_dict(described)
            if not isinstance(rules, RuleSet):
                continue
            found = measure(rules, probe.rows, probe.answers.decision, sources=probe.held).rules
            told = found.to_dict()
            yield (name,), {key: told[key] for key in (*_COUNTED, "n_rows", "level")}
            for i, rule in enumerate(told["rules"]):
                yield (name, "rules", i), {key: rule[key] for key in _COUNTED}


def _verdict(form: Saying, probe: Probe, target: float) -> Verdict:
    """Whether agreement reaches a target, row by row as it was asked."""
    agree = np.asarray(form.predict(probe.rows) == probe.answers.decision)
    place = 0

    def draw(count: int) -> npt.NDArray[Any]:
        nonlocal place
        place += count
        return agree[place - count : place]

    return until(draw, target, max_rows=len(agree))


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
    yield ("box_values",), pack(box)

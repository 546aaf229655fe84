"""Every figure of one surrogate that evidence gives, computed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from surrogate._kept import Refits
from surrogate._probe import Groups, Probe, Saying
from surrogate.explanation import Evidence
from surrogate.fidelity import Curve, Trivial, Verdict, until
from surrogate.forms import RuleSet, form_from_dict
from surrogate.rules import measure
from surrogate.types import FloatArray, IntArray, Label, Output, Task

__all__ = ["Figures", "Known", "SurrogateFigures"]

Figures: TypeAlias = Iterator[tuple[tuple[str | int, ...], Any]]
"""Where in the document, and what must stand there."""

_COUNTED = ("n_covered", "n_correct", "precision_interval")


@dataclass(frozen=True)
class Known:
    """What is known of answers."""

    task: Task
    output: Output
    classes: tuple[Label, ...] | None


@dataclass(frozen=True, eq=False)
class _Said:
    """What a form said of rows in their order, where the form is not there."""

    values: FloatArray
    decision: npt.NDArray[Any]

    def predict(self, matrix: Any, /) -> npt.NDArray[Any]:
        return self.decision

    def predict_values(self, matrix: Any, /) -> npt.NDArray[Any]:
        return self.values


@dataclass(frozen=True, eq=False)
class _Numbered:
    """What a form said of rows that are not there: each stands for itself by its number."""

    said: _Said

    def predict(self, matrix: Any, /) -> npt.NDArray[Any]:
        return self.said.decision[_places(matrix)]

    def predict_values(self, matrix: Any, /) -> npt.NDArray[Any]:
        return self.said.values[_places(matrix)]


def _places(matrix: Any) -> IntArray:
    places: IntArray = np.asarray(matrix)[:, 0].astype(np.intp)
    return places


@dataclass(frozen=True, eq=False)
class SurrogateFigures:
    """One surrogate: its JSON, and what is kept of it."""

    document: Mapping[str, Any]
    evidence: Evidence
    j: int
    known: Known

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was kept of it, arrays aside."""
        own: Mapping[str, Any] = self.evidence.facts["surrogates"][self.j]
        return own

    @property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that were kept of it."""
        return self.evidence.part(f"surrogate{self.j}")

    def form(self) -> Saying:
        """The form that is shown, or what it said."""
        if self.evidence.kind == "rows":
            return form_from_dict(self.document["form"])
        n = len(self.arrays.get("asked/decision", self.arrays.get("asked/values", ())))
        return _Numbered(self._said("asked", n))

    def _said(self, name: str, n: int) -> _Said:
        """What was said of n rows; values that no figure needs are 0."""
        nothing = np.zeros((n, self.evidence.arrays["probe0/values"].shape[1]))
        values = self.arrays.get(f"{name}/values", nothing)
        decision = self.arrays.get(f"{name}/decision")
        return _Said(values, values[:, 0] if decision is None else decision)

    def figures(self, probes: list[Probe], groups: list[Groups]) -> Figures:
        """Its fidelity, curve, stability, verdict and counts of rules."""
        facts, arrays, seed = self.facts, self.arrays, self.evidence.facts["seed"]
        base = Trivial(arrays["trivial"], facts["trivial decision"], arrays["span"])
        form = self.form()
        measured = [
            probe.measure(form, self.known, base, seed=seed, groups=own)
            for probe, own in zip(probes, groups)
        ]
        verdict = None
        if facts["target"] is not None:
            verdict = _verdict(form, probes[0], facts["target"])
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
            probe.measure(self._said(f"size{size}", len(probe.rows)), self.known, base, seed=seed)
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

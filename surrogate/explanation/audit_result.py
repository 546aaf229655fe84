"""Everything one audit found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from surrogate.explanation import frames, html, markdown, printing
from surrogate.explanation.disagreements import Disagreements
from surrogate.explanation.evidence import Evidence
from surrogate.explanation.global_explanation import GlobalExplanation
from surrogate.explanation.local_checks import LocalChecks
from surrogate.explanation.local_explanations import LocalExplanations
from surrogate.explanation.serial import Document, digest, plain
from surrogate.render.fragments import notebook

if TYPE_CHECKING:
    import pandas as pd

    from surrogate.fidelity import Flips, GroupScore, Impact, RegionScore
    from surrogate.oracle import Queries, Steadiness

__all__ = ["AuditResult"]


@dataclass(frozen=True, eq=False)
class AuditResult(Document):
    """Surrogates of one model on one table, and what they cost.

    Parameters
    ----------
    target : mapping
        Facts of the model: name, adapter, task, output, classes, dtype, details.
    data : mapping
        Facts of the table: source, rows, columns, hash, split into fit and test.
    surrogates : tuple of GlobalExplanation
        The first one carries the claim.
    local : LocalExplanations or None
        A few chosen rows.
    outcomes : tuple of GroupScore
        How often the model, and each surrogate, is right on held-out rows, where true
        outcomes were given. No fidelity: it stands beside it.
    queries : Queries or None
        Of the whole audit.
    steadiness : Steadiness or None
        The target's own noise and drift, where they were measured.
    interrupted : bool
        Whether it ended before its plan did; what there is, is kept.
    settings : mapping
        Command, seed, versions: what it takes to do it again.
    notes : tuple of str
        Warnings that a reader must see.
    evidence : Evidence or None
        The rows and answers that the figures were computed from, for `surrogate.verify`.
    impacts : tuple of Impact
        Outcomes by group, for each grouping those of the target first, then each surrogate's.
    flips : tuple of Flips
        What changing one attribute and nothing else does, the target first.
    regions : tuple of RegionScore
        Fidelity in each leaf or rule of the first surrogate, the worst first.
    disagreements : Disagreements or None
        Where the first surrogate and the target disagree.
    checks : LocalChecks or None
        Local explanations, checked by asking the target again.
    """

    SCHEMA: ClassVar[str] = "surrogate/audit"

    target: Mapping[str, Any]
    data: Mapping[str, Any]
    surrogates: tuple[GlobalExplanation, ...]
    local: LocalExplanations | None = None
    outcomes: tuple[GroupScore, ...] = ()
    queries: Queries | None = None
    steadiness: Steadiness | None = None
    interrupted: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    evidence: Evidence | None = None
    impacts: tuple[Impact, ...] = ()
    flips: tuple[Flips, ...] = ()
    regions: tuple[RegionScore, ...] = ()
    disagreements: Disagreements | None = None
    checks: LocalChecks | None = None

    def __post_init__(self) -> None:
        for name in ("target", "data", "settings"):
            object.__setattr__(self, name, plain(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "target": self.target,
            "data": self.data,
            "surrogates": [one.to_dict() for one in self.surrogates],
            "local": None if self.local is None else self.local.to_dict(),
            "outcomes": [one.to_dict() for one in self.outcomes],
            "impacts": [one.to_dict() for one in self.impacts],
            "flips": [one.to_dict() for one in self.flips],
            "regions": [one.to_dict() for one in self.regions],
            "disagreements": None if self.disagreements is None else self.disagreements.to_dict(),
            "checks": None if self.checks is None else self.checks.to_dict(),
            "queries": None if self.queries is None else self.queries.to_dict(),
            "steadiness": None if self.steadiness is None else self.steadiness.to_dict(),
            "interrupted": self.interrupted,
            "settings": self.settings,
            "notes": list(self.notes),
            "evidence": None if self.evidence is None else self.evidence.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Give back the result that `to_dict` described."""
        from surrogate.explanation.parts import optional
        from surrogate.fidelity import Flips, GroupScore, Impact, RegionScore
        from surrogate.oracle import Queries, Steadiness

        return cls(
            target=data["target"],
            data=data["data"],
            surrogates=tuple(GlobalExplanation.from_dict(one) for one in data["surrogates"]),
            local=optional(LocalExplanations.from_dict, data["local"]),
            outcomes=tuple(GroupScore.from_dict(one) for one in data["outcomes"]),
            queries=optional(Queries.from_dict, data["queries"]),
            steadiness=optional(Steadiness.from_dict, data.get("steadiness")),
            interrupted=data["interrupted"],
            settings=data["settings"],
            notes=tuple(data["notes"]),
            evidence=optional(Evidence.from_dict, data.get("evidence")),
            impacts=tuple(Impact.from_dict(one) for one in data.get("impacts", ())),
            flips=tuple(Flips.from_dict(one) for one in data.get("flips", ())),
            regions=tuple(RegionScore.from_dict(one) for one in data.get("regions", ())),
            disagreements=optional(Disagreements.from_dict, data.get("disagreements")),
            checks=optional(LocalChecks.from_dict, data.get("checks")),
        )

    def to_markdown(self, *, min_fidelity: float | None = None) -> str:
        """A summary in GitHub-flavoured Markdown, such as for a pipeline's page.

        Parameters
        ----------
        min_fidelity : float, optional
            Say whether the lower end of the interval reaches it.
        """
        return markdown.audit_markdown(self, digest(self.to_json()), min_fidelity=min_fidelity)

    def to_frame(self) -> pd.DataFrame:
        """Every measured figure as a pandas DataFrame, one a line, true outcomes last.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        return frames.audit_frame(self)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one self-contained HTML page.

        Parameters
        ----------
        path : str or path
            Where to; an existing file is replaced when the page is complete.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        MissingDependency
            If Jinja2 or matplotlib is not installed.
        InputError
            If the folder does not exist.
        """
        from surrogate.report import write_report

        return write_report(self, path)

    def __str__(self) -> str:
        return printing.audit_text(self)

    def __repr__(self) -> str:
        n = len(self.surrogates)
        ended = ", interrupted" if self.interrupted else ""
        return f"<{type(self).__name__} of {self.target.get('name')!r}, {n} surrogates{ended}>"

    def _repr_html_(self) -> str:
        return notebook(html.audit_html(self))

"""What a report says, in which order: the claim, how far to trust it, then what backs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from surrogate.explanation import AuditResult, GlobalExplanation, words
from surrogate.explanation.html import bad
from surrogate.explanation.printing import count_bad
from surrogate.render import fragments
from surrogate.render.features import isolated
from surrogate.render.fragments import Fragment
from surrogate.report import artefact, backing, disagreements, first_screen, groups, readings
from surrogate.report.live import starts_of

__all__ = ["PARTS", "Page", "Part", "Section", "Write", "kept_together", "page_of"]

Write: TypeAlias = Callable[[AuditResult], Fragment | None]


@dataclass(frozen=True)
class Section:
    """One numbered part of the page."""

    name: str
    title: str
    body: Fragment


@dataclass(frozen=True)
class Part:
    """A line of the table of sections.

    Parameters
    ----------
    name : str
        The section's anchor.
    title : str
    write : callable
        From an audit to the section's body; nothing where there is nothing to say.
    """

    name: str
    title: str
    write: Write


@dataclass(frozen=True)
class Page:
    """All that the template puts in its place.

    Parameters
    ----------
    title : str
        Of the browser's tab.
    target : str
        Name of the model.
    claim : str
        The first sentence.
    doubts : Fragment
        What is bad, on the first screen.
    trust : Fragment
        How far to trust the claim, on the first screen.
    sections : tuple of Section
    kind : str
        What stands above the claim.
    skip : str
        Of the link to the first section.
    """

    title: str
    target: str
    claim: str
    doubts: Fragment
    trust: Fragment
    sections: tuple[Section, ...]
    kind: str = "Fidelity report"
    skip: str = "Skip to the surrogate"


def page_of(audit: AuditResult) -> Page:
    """Lay out what an audit found."""
    target = isolated(audit.target.get("name") or "the model", 80)
    return Page(
        title=f"Fidelity report: {target}",
        target=target,
        claim=kept_together(_claim(audit)),
        doubts=_doubts(audit),
        trust=first_screen.trust(audit),
        sections=tuple(_sections(audit)),
    )


def _claim(audit: AuditResult) -> str:
    if audit.surrogates:
        return words.claim(audit.surrogates[0])
    if audit.local is not None:
        return words.locals_claim(audit.local, count_bad(audit.local))
    return "Nothing is claimed: no surrogate was fitted."


def kept_together(sentence: str) -> str:
    """No line ends between a figure and what it is a figure of."""
    return re.sub(
        r"(?<=\d) (?=%|to [+\-\d])|(?<=\b[np]) (?==)|(?<= =) (?=[\d.])|(?<=\d to) (?=[+\-\d])",
        "\u00a0",
        sentence,
    )


def _doubts(audit: AuditResult) -> Fragment:
    parts = []
    if audit.interrupted:
        said = "The audit was interrupted before its plan was done. This is what there was by then."
        parts.append(fragments.paragraph(said, "bad"))
    parts += [bad(words.doubts(audit.surrogates[0]))] if audit.surrogates else []
    return fragments.join(parts)


def _sections(audit: AuditResult) -> Iterator[Section]:
    """The sections that there is something to say in, in the order of the table."""
    for part in PARTS:
        body = part.write(audit)
        if body:
            yield Section(part.name, part.title, body)


def _surrogate(audit: AuditResult) -> Fragment | None:
    if not audit.surrogates:
        return None
    return artefact.surrogates(audit.surrogates, starts=starts_of(audit))


def _each(write: Callable[[GlobalExplanation], Fragment | None]) -> Write:
    """What is said of each surrogate, as tabs where there are several of which it is said."""

    def all_of(audit: AuditResult) -> Fragment | None:
        titles = artefact.titles(audit.surrogates)
        bodies = ((title, write(one)) for title, one in zip(titles, audit.surrogates))
        parts = [(title, body) for title, body in bodies if body]
        if len(audit.surrogates) == 1 and parts:
            return parts[0][1]
        return fragments.tabs("Surrogates", parts) if parts else None

    return all_of


def _size(one: GlobalExplanation) -> Fragment | None:
    return None if one.curve is None else readings.size(one)


def _stability(one: GlobalExplanation) -> Fragment | None:
    return None if one.stability is None else readings.stability(one)


def _others(audit: AuditResult) -> Fragment | None:
    return readings.others(audit.surrogates) if len(audit.surrogates) > 1 else None


PARTS: tuple[Part, ...] = (
    Part("surrogate", "The surrogate", _surrogate),
    Part("others", "Surrogates side by side", _others),
    Part("fidelity", "Fidelity", _each(readings.fidelity)),
    Part("regions", "Fidelity by region", disagreements.regions),
    Part("disagreements", "Where surrogate and model disagree", disagreements.disagreements),
    Part("size", "Fidelity against size", _each(_size)),
    Part("stability", "Stability", _each(_stability)),
    Part(
        "local",
        "Local explanations",
        lambda a: None if a.local is None else readings.local(a.local),
    ),
    Part("checks", "Local explanations, checked", disagreements.checks),
    Part(
        "outcomes", "True outcomes", lambda a: readings.outcomes(a.outcomes) if a.outcomes else None
    ),
    Part("groups", "Outcomes by group", groups.impacts),
    Part("flips", "One attribute changed", groups.flips),
    Part("target", "The model that was asked", backing.target),
    Part(
        "steadiness",
        "How steady the model is",
        lambda a: None if a.steadiness is None else backing.steadiness(a.steadiness),
    ),
    Part("queries", "Queries", lambda a: None if a.queries is None else backing.queries(a.queries)),
    Part("data", "Data and sampling", backing.data),
    Part("limits", "Limits", backing.limits),
    Part("reproduction", "Reproduction", backing.reproduction),
)
"""The sections of a page: the surrogate, then its proof, then what all of it stands on."""

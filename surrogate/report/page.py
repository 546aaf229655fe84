"""What a report says, in which order: the claim, how far to trust it, then what backs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from surrogate.explanation import AuditResult, words
from surrogate.explanation.html import bad
from surrogate.explanation.printing import count_bad
from surrogate.render import fragments
from surrogate.render.features import isolated
from surrogate.render.fragments import Fragment
from surrogate.report import backing, first_screen, readings

__all__ = ["Page", "Section", "page_of"]


@dataclass(frozen=True)
class Section:
    """One numbered part of the page."""

    name: str
    title: str
    body: Fragment


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
    """

    title: str
    target: str
    claim: str
    doubts: Fragment
    trust: Fragment
    sections: tuple[Section, ...]


def page_of(audit: AuditResult) -> Page:
    """Lay out what an audit found."""
    target = isolated(audit.target.get("name") or "the model", 80)
    return Page(
        title=f"Fidelity report: {target}",
        target=target,
        claim=_kept_together(_claim(audit)),
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


def _kept_together(sentence: str) -> str:
    """No line ends between a figure and what it is a figure of."""
    return re.sub(
        r"(?<=\d) (?=%|to \d)|(?<=\bn) (?==)|(?<= =) (?=\d)|(?<=\d to) (?=\d)", "\u00a0", sentence
    )


def _doubts(audit: AuditResult) -> Fragment:
    parts = []
    if audit.interrupted:
        said = "The audit was interrupted before its plan was done. This is what there was by then."
        parts.append(fragments.paragraph(said, "bad"))
    parts += [bad(words.doubts(audit.surrogates[0]))] if audit.surrogates else []
    return fragments.join(parts)


def _sections(audit: AuditResult) -> Iterator[Section]:
    """The sections that there is something to say in."""
    if audit.surrogates:
        first, *others = audit.surrogates
        yield Section("surrogate", "The surrogate", readings.surrogate(first))
        yield Section("fidelity", "Fidelity", readings.fidelity(first))
        if first.curve is not None:
            yield Section("size", "Fidelity against size", readings.size(first))
        if first.stability is not None:
            yield Section("stability", "Stability", readings.stability(first))
        if audit.outcomes:
            yield Section("outcomes", "True outcomes", readings.outcomes(audit.outcomes))
        if others:
            yield Section("others", "Other surrogates", readings.others(audit.surrogates))
    if audit.local is not None:
        yield Section("local", "Local explanations", readings.local(audit.local))
    yield Section("target", "The model that was asked", backing.target(audit))
    if audit.steadiness is not None:
        steady = backing.steadiness(audit.steadiness)
        yield Section("steadiness", "How steady the model is", steady)
    if audit.queries is not None:
        yield Section("queries", "Queries", backing.queries(audit.queries))
    yield Section("data", "Data and sampling", backing.data(audit))
    yield Section("limits", "Limits", backing.limits(audit))
    yield Section("reproduction", "Reproduction", backing.reproduction(audit))

"""What the findings stand on: the model, the queries, the data, and how to do it again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from surrogate.domain import Domain
from surrogate.explanation import AuditResult
from surrogate.explanation.serial import digest
from surrogate.oracle import Queries, Steadiness
from surrogate.oracle.budget import amount
from surrogate.render import fragments
from surrogate.render.features import isolated
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import count, number
from surrogate.render.plot_queries import plot_queries
from surrogate.render.tables import Table, queries_table
from surrogate.report.pictures import picture, shown_picture
from surrogate.types import Feature

__all__ = [
    "FEWEST",
    "data",
    "limits",
    "over_time",
    "queries",
    "reproduction",
    "steadiness",
    "target",
]

_LONG = 200
_TYPED = 2000
"""Characters of a fact, and of one that must be whole to be typed again."""
FEWEST = 4
"""Moments of which a picture says more than the table."""


def target(audit: AuditResult) -> Fragment:
    """What is known of the model."""
    return fragments.join(
        [
            fragments.paragraph("The model was asked through its answers only."),
            fragments.facts(flat(audit.target)),
        ]
    )


def steadiness(steady: Steadiness) -> Fragment:
    """The model's own noise, and whether it changed while it was asked."""
    parts = [
        fragments.paragraph(sentence, "bad")
        if steady.drifted and sentence == steady.drift()
        else fragments.paragraph(sentence)
        for sentence in steady.sentences()
    ]
    return fragments.join(parts)


def queries(spent: Queries) -> Fragment:
    """Rows asked by purpose, calls, time and budget."""
    facts = [
        ("rows asked", count(spent.rows)),
        ("calls", count(spent.calls)),
        ("time of the model", f"{number(spent.seconds)} s"),
        ("budget", spent.budget.text(spent.currency) if spent.budget else "none"),
    ]
    if spent.currency:
        facts.append(("cost", amount(spent.money, spent.currency)))
    more = (
        ("rows remembered, so not asked again", spent.remembered),
        ("attempts made again", spent.retried),
        ("rows refused or not sent", spent.failed),
        ("rows sent without a usable answer, which may be paid for", spent.unknown),
        ("rows asked by earlier runs, which the budget counts", spent.earlier.rows),
    )
    facts += [(name, count(n)) for name, n in more if n]
    table = queries_table(tuple(spent.purposes.items()), spent.rows)
    drawn = [over_time(spent)] if len(spent.timeline) >= FEWEST else []
    return fragments.join([fragments.facts(facts), *drawn, fragments.table(table)])


def over_time(spent: Queries) -> Fragment:
    """Rows asked until each moment, by purpose."""
    line = spent.timeline
    halfway = line.seconds[len(line) // 2], line.total[len(line) // 2]
    drawn = picture(
        lambda ax: plot_queries(line, budget=spent.budget.rows, ax=ax),
        alt=f"Rows asked over {number(line.seconds[-1])} s: {count(halfway[1])} after "
        f"{number(halfway[0])} s, {count(line.total[-1])} in the end; by purpose in the table.",
        width=7.0,
        height=2.8,
    )
    return shown_picture(drawn)


def data(audit: AuditResult) -> Fragment:
    """Where the rows came from, and what a row is."""
    parts = []
    if audit.data:
        parts.append(fragments.facts(flat(audit.data)))
    domain = _domain(audit)
    if domain is not None:
        parts += [fragments.heading("What a row is"), fragments.table(_schema(domain))]
    return fragments.join(parts or [fragments.paragraph("Nothing is recorded of the data.")])


def limits(audit: AuditResult) -> Fragment:
    """What this report does not say."""
    said = [
        "It says how often the surrogate answers as the model does, on rows like those measured. "
        "It does not say whether the model's answers are right.",
        "It describes what the model does with its inputs. It does not say what causes what in "
        "the world.",
        "Outside the range of the data it was not measured, and nothing is claimed there.",
        "A model can be built to answer differently when it notices that it is being explained; "
        "a report made from its answers cannot rule that out.",
        "It makes no claim that any law or standard is met.",
    ]
    domain = _domain(audit)
    if domain is not None and domain.constraint is not None:
        said.insert(3, "Rows were drawn under a constraint; rows that it refuses were not asked.")
    return fragments.listing(said)


def reproduction(audit: AuditResult) -> Fragment:
    """Versions, seeds, options and hashes."""
    pairs = [*flat(audit.settings)]
    for i, one in enumerate(audit.surrogates, start=1):
        if one.settings != audit.settings:
            pairs += flat(one.settings, f"surrogate {i}")
    if audit.local is not None and audit.local.settings != audit.settings:
        pairs += flat(audit.local.settings, "local")
    return fragments.join(
        [
            fragments.facts([*pairs, ("SHA-256 of the result as JSON", digest(audit.to_json()))]),
            fragments.paragraph(_checked(audit)),
        ]
    )


def _checked(audit: AuditResult) -> str:
    """How to check the JSON, and what that shows."""
    hashed = (
        "The hash is the one that the result's JSON bears, of everything else in it. It shows that "
        "page and JSON belong together; it does not show who made them."
    )
    if audit.evidence is None:
        return f"{hashed} No rows and answers are kept, so that figures cannot be computed again."
    kept = "the rows that were measured on and the answers to them"
    if audit.evidence.kind == "answers":
        kept = "the answers that figures were computed from, and no rows but those explained"
    return (
        f"{hashed} The JSON keeps {kept}: with `surrogate verify` anybody can compute the figures "
        "again from them, without asking the model. This page carries them only of the single rows "
        "that it shows."
    )


def flat(facts: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Nested facts as pairs of text: names joined by a comma, lists in one line.

    Examples
    --------
    >>> from surrogate.report.backing import flat
    >>> list(flat({"seed": 0, "split": {"fit": 700, "by": ["a", "b"]}}))
    [('seed', '0'), ('split, fit', '700'), ('split, by', 'a, b')]
    """
    for name, value in facts.items():
        path = f"{above}, {name}" if above else str(name)
        if isinstance(value, Mapping):
            yield from flat(value, path)
        elif value is not None and value != []:
            yield isolated(path), _value(value, _TYPED if name in ("command", "call") else _LONG)


def _value(value: Any, limit: int) -> str:
    """One fact in one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number(value, 6)
    if isinstance(value, list):
        return ", ".join(isolated(item) for item in value[:40]) + _rest(len(value) - 40)
    return isolated(value, limit)


def _rest(left: int) -> str:
    return f" and {count(left)} more" if left > 0 else ""


def _domain(audit: AuditResult) -> Domain | None:
    """What a row is, as the first finding has it."""
    if audit.surrogates:
        return audit.surrogates[0].domain
    return None if audit.local is None else audit.local.domain


def _schema(domain: Domain) -> Table:
    rows = tuple(
        (isolated(f.name), f.kind, _reach(f), isolated(f.unit, 16), _marks(f))
        for f in domain.features
    )
    return Table(("column", "kind", "values", "unit", ""), rows, "lllll")


def _reach(feature: Feature) -> str:
    """Categories or bounds of a column."""
    if feature.categories:
        shown = ", ".join(isolated(c, 24) for c in feature.categories[:8])
        return shown + _rest(len(feature.categories) - 8)
    below, above = math.isinf(feature.low), math.isinf(feature.high)
    if below and above:
        return "no bounds declared"
    low, high = number(feature.low, 6), number(feature.high, 6)
    return f"up to {high}" if below else f"from {low}" if above else f"{low} to {high}"


def _marks(feature: Feature) -> str:
    marks = (("may be missing", feature.missing), ("protected", feature.protected))
    return clean(", ".join(name for name, holds in marks if holds))

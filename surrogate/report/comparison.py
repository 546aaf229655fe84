"""The page of a comparison: which model is followed more closely, and what may mislead."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from surrogate.explanation import Comparison, ModelFacts
from surrogate.explanation import comparison_tables as tables
from surrogate.explanation import comparison_words as words
from surrogate.explanation.serial import digest
from surrogate.render import fragments
from surrogate.render.features import isolated
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import count
from surrogate.render.tables import Table
from surrogate.report import backing, comparison_findings, comparison_pictures
from surrogate.report.artefact import surrogate
from surrogate.report.page import Page, Section, kept_together

__all__ = ["comparison_page"]

_NOTES, _DOUBTS = 2, 4
"""Notes under the claim, and doubts below its figures; further ones come later."""
_MODELS = 4
"""Models on the first screen, and side by side in one table."""
_PGD = "pgd"


def comparison_page(comparison: Comparison) -> Page:
    """Lay out what a comparison found.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    Page
    """
    names = " against ".join(isolated(arm, 40) for arm in comparison.arms[:4])
    return Page(
        title=f"Comparison report: {names}",
        target=names or "no model",
        claim=kept_together(_claim(comparison)),
        doubts=_first(comparison),
        trust=_trust(comparison),
        sections=tuple(_sections(comparison)),
        kind="Comparison report",
        skip="Skip to the verdicts",
    )


def _first(comparison: Comparison) -> Fragment:
    """What a reader must see at once: that it ended early, and the first warnings."""
    said = list(_notes(comparison)[:_NOTES])
    if comparison.interrupted:
        said.insert(0, "The comparison was interrupted before its plan was done.")
    return fragments.join(fragments.paragraph(kept_together(one), "bad") for one in said)


def _notes(comparison: Comparison) -> list[str]:
    return [clean(note)[:400] for note in comparison.notes]


def _claim(comparison: Comparison) -> str:
    groups = words.grouped(comparison)
    return f"{words.lead(groups[0])}." if groups else words.claims(comparison)[0]


def _trust(comparison: Comparison) -> Fragment:
    """The figures behind the claim, what it speaks of, the other claims, what may mislead."""
    parts = []
    groups = words.grouped(comparison)
    if groups:
        behind = [words.sentence(c) for c in groups[0] if c.region == groups[0][0].region]
        parts.append(fragments.listing(map(kept_together, behind)))
        beyond = words.beyond(groups[0])
        parts += [fragments.paragraph(kept_together(beyond))] if beyond else []
    parts += [fragments.paragraph(kept_together(said)) for said in words.claims(comparison)[1:]]
    if comparison.models:
        said = [kept_together(robustness(model)) for model in _one_an_arm(comparison)]
        parts.append(fragments.listing(said))
    notes = _notes(comparison)[_NOTES:]
    parts += [fragments.listing(notes, "notes")] if notes else []
    parts += _doubts(comparison)
    return fragments.join(parts)


def _one_an_arm(comparison: Comparison) -> list[ModelFacts]:
    """All models where they are few, else the first of each arm."""
    models = list(comparison.models)
    if len(models) > _MODELS:
        models = list({model.arm: model for model in reversed(models)}.values())[::-1]
    return models[:_MODELS]


def _doubts(comparison: Comparison) -> list[Fragment]:
    """What may mislead: the first of them at once, the others folded away."""
    said = [
        *(f"{clean(one.name)}: {clean(note)}" for one in comparison.models for note in one.notes),
        *words.guards(comparison),
    ]
    parts = [fragments.paragraph(kept_together(one), "bad") for one in said[:_DOUBTS]]
    if len(said) > _DOUBTS:
        more = fragments.listing(map(kept_together, said[_DOUBTS:]), "notes")
        parts.append(fragments.details(f"{count(len(said) - _DOUBTS, 'more warning')}", more))
    return parts


def robustness(model: ModelFacts) -> str:
    """What may be said of how robust a model is: its PGD figures, or nothing."""
    name = isolated(model.name, 40)
    figures = [one for one in model.robust if one.attack == _PGD]
    if not figures:
        return f"{name}: no PGD figure was measured, so nothing is said of its robustness."
    said = ", ".join(
        f"{one.score.value_text()}"
        + ("" if one.radius is None else f" at radius {one.radius:g}")
        + f" ({one.score.interval_text()})"
        for one in figures
    )
    levels = {one.score.interval.level for one in figures if one.score.interval is not None}
    ends = f", with {100 * levels.pop():g} % intervals" if len(levels) == 1 else ""
    return f"{name} stays right under PGD on {said}{ends}."


def _sections(comparison: Comparison) -> Iterator[Section]:
    """The sections that there is something to say in."""
    for name, title, write in _PARTS:
        body = write(comparison)
        if body:
            yield Section(name, title, body)


def _models(comparison: Comparison) -> Fragment | None:
    """Each model by itself: right, robust, calibrated, varying."""
    if not comparison.models:
        return None
    parts = [
        fragments.paragraph(
            "A model that hardly varies is easily followed, and an easy task makes every model "
            "look readable; so these figures of the models by themselves stand beside the verdicts."
        )
    ]
    few = len(comparison.models) <= _MODELS
    content = comparison_findings.side_by_side(comparison.models)
    content = content if few else tables.models_table(comparison.models)
    if any(any(row[1:]) for row in content.rows):
        parts.append(fragments.table(content))
    if not few:
        parts.append(fragments.listing(map(robustness, comparison.models)))
    for model in comparison.models:
        facts = [("asked through", clean(model.adapter) or "not said"), *backing.flat(model.facts)]
        title = f"What is known of {isolated(model.name, 40)}"
        parts.append(fragments.details(title, fragments.facts(facts)))
    return fragments.join(parts)


def _surrogates(comparison: Comparison) -> Fragment | None:
    """Every model's surrogates, as tabs where the script runs; of many models, one an arm."""
    if not comparison.surrogates:
        return None
    wanted = {model.name for model in _one_an_arm(comparison)}
    shown = [pair for pair in comparison.surrogates if pair[0] in wanted]
    left = len(comparison.surrogates) - len(shown)
    parts = [
        (
            f"{isolated(model, 30)}, {clean(one.method)}",
            surrogate(one, name=f"surrogate-{at}"),
        )
        for at, (model, one) in enumerate(shown, start=1)
    ]
    said = f"{count(left, 'more surrogate')}, of further models, in the JSON of this report."
    more = fragments.paragraph(said) if left else Fragment("")
    body = parts[0][1] if len(parts) == 1 else fragments.tabs("Surrogates", parts)
    return fragments.join([body, more])


def _queries(comparison: Comparison) -> Fragment | None:
    if not comparison.queries:
        return None
    purposes = list(
        dict.fromkeys(
            purpose for spent in comparison.queries.values() for purpose in spent.purposes
        )
    )
    header = ("model", *map(clean, purposes), "rows asked", "calls")
    rows = tuple(
        (
            isolated(name, 40),
            *(count(spent.purposes.get(purpose, 0)) for purpose in purposes),
            count(spent.rows),
            count(spent.calls),
        )
        for name, spent in comparison.queries.items()
    )
    table = fragments.table(Table(header, rows, "l" + "r" * (len(header) - 1)))
    return fragments.join([comparison_pictures.over_time(comparison), table])


def _data(comparison: Comparison) -> Fragment | None:
    if not comparison.data:
        return None
    return fragments.facts(backing.flat(comparison.data))


def _tested(comparison: Comparison) -> Fragment | None:
    """How verdicts were made."""
    said = words.made_by(comparison)
    parts = [fragments.paragraph(said)] if said else []
    parts += [fragments.facts(backing.flat(comparison.test))] if comparison.test else []
    return fragments.join(parts) if parts else None


def _limits(comparison: Comparison) -> Fragment:
    """What this page does not say."""
    of_nets = any(one.about == "these nets" for one in comparison.rows)
    said = [
        "It says how closely each model is followed by the same surrogates on the same rows. It "
        "does not say which model is better, and not that either is understood.",
        "A difference between two nets may come from their training seeds alone. Only verdicts "
        "about the training recipe, over several seeds an arm, speak of how they were trained."
        if of_nets
        else "Verdicts about the training recipe hold for the seeds and settings that were tried.",
        "R², MSE, the spread of the output and agreement are read together: where a model varies "
        "less, R² can fall while its errors get smaller.",
        "A stronger attack than those that were run may break a model that stood here.",
        "Outside the radii and rows that were measured nothing is claimed.",
        "It makes no claim that any law or standard is met.",
    ]
    return fragments.listing(said)


def _reproduction(comparison: Comparison) -> Fragment:
    said = (
        "The hash is the one that the result's JSON bears, of everything else in it. It shows that "
        "page and JSON belong together; it does not show who made them."
    )
    pairs = [*backing.flat(comparison.settings)]
    pairs.append(("SHA-256 of the result as JSON", digest(comparison.to_json())))
    return fragments.join([fragments.facts(pairs), fragments.paragraph(said)])


_PARTS: tuple[tuple[str, str, Callable[[Comparison], Fragment | None]], ...] = (
    ("verdicts", "Verdicts", comparison_findings.verdicts),
    ("curves", "Over the radius", comparison_pictures.curves),
    ("models", "The models by themselves", _models),
    ("transfer", "Attacker and target", comparison_pictures.transfer),
    ("surrogates", "The surrogates", _surrogates),
    ("disagreement", "Where the models disagree", comparison_findings.disagreement),
    ("sizes", "Size and stability", comparison_findings.sizes),
    ("figures", "Every figure", comparison_findings.figures),
    ("tested", "How verdicts were made", _tested),
    ("queries", "Queries", _queries),
    ("data", "Data and sampling", _data),
    ("limits", "Limits", _limits),
    ("reproduction", "Reproduction", _reproduction),
)
"""Anchor, title and body of each section, in their order."""

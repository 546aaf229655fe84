"""Explanations of images and texts, as text for a terminal and as pieces of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.domain import ImageMasks, TextMasks
from surrogate.explanation import words
from surrogate.explanation.html import ENDED, bad
from surrogate.explanation.printing import half_widths, shown_classes
from surrogate.render import fragments
from surrogate.render.features import class_name, shown
from surrogate.render.fragments import Fragment
from surrogate.render.marked import marked_html, marked_text
from surrogate.render.names import clean, clip, for_terminal
from surrogate.render.numbers import count, number
from surrogate.render.overlay import overlay, picture
from surrogate.render.strongest import strongest
from surrogate.render.tables import Table, effect
from surrogate.render.text import bar, paragraph, table, terminal_width

if TYPE_CHECKING:
    from surrogate.explanation.mask_explanation import MaskExplanation
    from surrogate.explanation.mask_explanations import MaskExplanations

__all__ = ["mask_html", "mask_text", "masks_html", "masks_text"]

_TOP, _FULL, _BAR = 10, 3, 10


def masks_text(explanations: MaskExplanations) -> str:
    """A few inputs in full, or a line for each of many."""
    what = count(len(explanations), explanations.kind)
    target = clip(clean(explanations.target), 60)
    parts = [_head(f"{clean(explanations.method)} on {target}: {what}")]
    parts += [_mark(note) for note in _notes(explanations)]
    if len(explanations) <= _FULL:
        for one, own in zip(explanations, explanations.parts):
            parts += ["", *_one(one), *(_mark(note) for note in own.notes)]
    else:
        parts += ["", _table(_overview(explanations))]
    return for_terminal("\n".join([*parts, *_cost(explanations.queries)]))


def mask_text(explanation: MaskExplanation) -> str:
    """One input in full."""
    batch = explanation.batch
    head = f"{clean(batch.method)} on {clip(clean(batch.target), 60)}"
    notes = [_mark(note) for note in batch.notes]
    parts = [_head(head), *notes, *_one(explanation), *_cost(batch.queries)]
    return for_terminal("\n".join(parts))


def masks_html(explanations: MaskExplanations) -> Fragment:
    """A few inputs in full, or a line for each of many."""
    notes = [fragments.paragraph(note, "note") for note in explanations.notes]
    if explanations.interrupted:
        notes.insert(0, bad((ENDED,)))
    if len(explanations) <= _FULL:
        return fragments.join([*notes, *(_one_html(one) for one in explanations)])
    return fragments.join([*notes, fragments.table(_overview(explanations, html=True))])


def mask_html(explanation: MaskExplanation) -> Fragment:
    """One input, after what a reader must see."""
    notes = [fragments.paragraph(note, "note") for note in explanation.batch.notes]
    return fragments.join([*notes, _one_html(explanation)])


def parts_table(explanation: MaskExplanation, k: int, *, html: bool = False) -> Table:
    """The strongest parts for class k, with intervals where errors are claimed."""
    coef, half = explanation.coef[k], half_widths(explanation, k)
    names = [feature.name for feature in shown(explanation.domain.features, html=html)]
    order = strongest(coef, _TOP)
    rows = tuple(
        (names[j], effect(float(coef[j]), None if half is None else float(half[j]))) for j in order
    )
    level = 100 * explanation.batch.fidelity.level
    head = "effect" if half is None else f"effect, {level:g} % interval"
    part, left = explanation.domain.part, int(np.count_nonzero(coef)) - len(order)
    return Table((part, head), rows, "lr", f"and {count(left, f'weaker {part}')}" if left else "")


def _overview(explanations: MaskExplanations, *, html: bool = False) -> Table:
    """One line an input: what the model says, the strongest part, the fidelity."""
    lines = []
    for one in explanations:
        k = shown_classes(one)[0]
        effects = parts_table(one, k, html=html).rows
        strong = effects[0] if effects else ("no effect", "")
        score = one.fidelity[k]
        ends = "no interval" if score.interval is None else score.interval_text()
        name = class_name(one.classes, k, width=16, html=html)
        bad_one = "bad" if words.local_doubts(one, k) else ""
        said = number(float(one.box_value[k]))
        fidelity = f"{score.value_text()} ({ends})"
        lines.append((clean(one.index), name, said, *strong, fidelity, bad_one))
    part = f"strongest {explanations.domains[0].part}"
    header = (explanations.kind, "for", "model", part, "effect", "fidelity (interval)", "")
    return Table(header, tuple(lines), "rlrlrrl")


def _one(explanation: MaskExplanation) -> list[str]:
    """One input: per class the claim, what is wrong, the text, the strongest parts with bars."""
    domain, blocks = explanation.domain, []
    for k in shown_classes(explanation):
        coef, content = explanation.coef[k], parts_table(explanation, k)
        order = strongest(coef, _TOP)
        most = max((abs(float(coef[j])) for j in order), default=1.0)
        lines = [
            (*row, bar(abs(float(coef[j])) / most, _BAR)) for row, j in zip(content.rows, order)
        ]
        blocks.append(
            paragraph(f"{domain.kind} {explanation.index}, {words.local_claim(explanation, k)}")
        )
        doubts = words.local_doubts(explanation, k)
        blocks += [_mark(f"this explanation is bad: {clause}") for clause in doubts]
        if isinstance(domain, TextMasks):
            blocks.append(paragraph(marked_text(domain.pieces, domain.owner, coef, top=_TOP)))
        blocks.append(table((*content.header, ""), lines, align=content.align + "l"))
        blocks += [content.caption] if content.caption else []
    return blocks


def _one_html(explanation: MaskExplanation) -> Fragment:
    """One input: per class the claim, what is wrong, the picture, the strongest parts."""
    domain, parts = explanation.domain, []
    for k in shown_classes(explanation):
        coef, content = explanation.coef[k], parts_table(explanation, k, html=True)
        claim = words.local_claim(explanation, k)
        parts.append(fragments.paragraph(f"{domain.kind} {explanation.index}, {claim}"))
        parts.append(bad(words.local_doubts(explanation, k)))
        if isinstance(domain, TextMasks):
            parts.append(marked_html(domain.pieces, domain.owner, coef))
        elif isinstance(domain, ImageMasks):
            said = f"superpixels of {domain.kind} {explanation.index} that speak for and against "
            said += class_name(explanation.classes, k)
            parts.append(picture(overlay(domain.image, domain.segments, coef), said))
        most = max((abs(float(coef[j])) for j in strongest(coef, _TOP)), default=1.0)
        bars = [fragments.bar(float(coef[j]), -most, most) for j in strongest(coef, _TOP)]
        parts.append(
            fragments.table(content, pictures=bars) if bars else fragments.paragraph("No effects.")
        )
    return fragments.join(parts)


def _notes(explanations: MaskExplanations) -> tuple[str, ...]:
    ended = ("interrupted: this is what there was by then",) if explanations.interrupted else ()
    return (*ended, *explanations.notes)


def _head(text: str) -> str:
    line = clip(text, terminal_width())
    return f"{line}\n{'─' * min(terminal_width(), len(line))}"


def _mark(text: str) -> str:
    return paragraph(f"! {clean(text)}")


def _table(content: Table) -> str:
    return table(content.header, content.rows, align=content.align)


def _cost(queries: object) -> list[str]:
    return [] if queries is None else [paragraph(f"queries: {clean(queries)}")]

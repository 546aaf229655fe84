"""Sentences about groups, flips, regions and checks: what the figures are, and what they are not.

No sentence says that a law, a standard or a rule of thumb is met.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from surrogate.render.names import clean, clip
from surrogate.render.numbers import count

if TYPE_CHECKING:
    from surrogate.explanation.disagreements import Disagreements
    from surrogate.explanation.local_checks import LocalChecks
    from surrogate.fidelity import Flips, Impact, RegionScore

__all__ = [
    "FLIPS_MEAN",
    "IMPACTS_MEAN",
    "checks_said",
    "compared",
    "counted",
    "disagreements_said",
    "flips_said",
    "regions_said",
]

IMPACTS_MEAN = (
    "Rates describe what is decided for rows like these. They do not say whether a difference is "
    "justified, what causes it, or whether any law or standard is met."
)
FLIPS_MEAN = (
    "A flip shows that the answer hangs on this column directly. That there are few does not show "
    "that groups are treated alike: other columns may stand in for it, and they were not changed. "
    "Some of the changed rows may never occur."
)


def counted(one: Impact) -> str:
    """What a rate is a rate of."""
    if one.favourable is None:
        return f"Mean answer on {clean(one.distribution)}, in each group of {_name(one.grouping)}."
    said = f"Share of {clean(one.distribution)} decided {_name(one.favourable)}"
    if one.assumed:
        said += " (the second of two classes, since nobody named the favourable one)"
    return f"{said}, in each group of {_name(one.grouping)}."


def compared(one: Impact) -> str:
    """What a ratio compares with what, and what its interval allows for."""
    few = sum(group.small for group in one.rates)
    left = f" {_groups(few)} fewer than {one.minimum} rows: too few to say." if few else ""
    if not one.reference or all(group.contrast is None for group in one.rates):
        return f"No groups are compared.{left}"
    what = "Differences are from" if one.favourable is None else "Ratios are over the rate of"
    reference = _name(one.reference)
    if one.chosen:
        highest = "the highest mean" if one.favourable is None else "the highest"
        how = f"{what} {reference}, {highest} here; their intervals allow for that choice."
    else:
        how = f"{what} {reference}, which was named."
    return " ".join([f"{how}{left}", *(_note(note) for note in one.notes)])


def _groups(n: int) -> str:
    return "1 group has" if n == 1 else f"{n} groups have"


def flips_said(one: Flips) -> str:
    """Which rows were changed, how many were asked, and which were left out."""
    said = (
        f"{count(one.rows, 'held-out row')} asked again with {_name(one.attribute)} changed and "
        f"nothing else: {count(one.asked, 'changed row')}."
    )
    if one.value:
        said += f" The mean change is that of {_name(one.value)}."
    if one.left_out:
        why = "; ".join(f"{n:,} since {_name(reason)}" for reason, n in one.left_out.items())
        said += f" Left out: {why}."
    return " ".join([said, *(_note(note) for note in one.notes)])


def regions_said(regions: Sequence[RegionScore]) -> str:
    """What regions are, and what their intervals hold for."""
    few = sum(one.small for one in regions)
    said = (
        "The surrogate's own leaves or rules on held-out rows, the worst first. The intervals "
        "hold for all of them at once, so that the worst was not picked by luck."
    )
    return said + (f" {_regions(few)} fewer than 30 rows, and come last." if few else "")


def _regions(n: int) -> str:
    return "1 region has" if n == 1 else f"{n} regions have"


def disagreements_said(found: Disagreements) -> str:
    """How often they disagree, and how it was looked for."""
    said = f"{clean(found.method)} and the model, on rows of their own: {found.overall}."
    if found.tree is None:
        return " ".join([said, *(_note(note) for note in found.notes)])
    return (
        f"{said} A small tree was fitted on {count(found.n_fit, 'other held-out row')} to tell "
        "where they differ; the figures of its leaves are of rows that it has not seen, and their "
        "intervals hold for all leaves at once."
    )


def checks_said(found: LocalChecks) -> str:
    """What was asked to check the explanations of single rows."""
    said = (
        f"Explanations of {count(found.rows, 'row')} by {clean(found.method)}, checked by asking "
        f"the model {count(found.asked, 'further row')}. The {count(found.top, 'largest effect')} "
        f"of a row {'counts' if found.top == 1 else 'count'} as important; changed features take "
        f"values of other rows, {found.draws} times. Where an explanation tells what matters, the "
        "answer moves much by the important features and little by the others, it falls fast as "
        "features go and rises fast as they come, and a random order does worse."
    )
    return " ".join([said, *(_note(note) for note in found.notes)])


def _name(name: object) -> str:
    return clip(clean(name), 60)


def _note(note: str) -> str:
    return clip(clean(note), 400)

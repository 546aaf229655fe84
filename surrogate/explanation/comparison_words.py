"""Sentences of a comparison: what it claims, what may mislead, and how it was tested.

They put verdicts into words and measure nothing. Terminal, notebook and report all say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from surrogate.explanation.contrast import Contrast
from surrogate.fidelity.values import metric_named
from surrogate.render.names import clean, clip
from surrogate.render.numbers import count

if TYPE_CHECKING:
    from surrogate.explanation.compared import Measured
    from surrogate.explanation.comparison import Comparison

__all__ = [
    "beyond",
    "claims",
    "grouped",
    "guards",
    "headline",
    "lead",
    "made_by",
    "of_models",
    "sentence",
]

_OF_TASK = "accuracy on true labels"
_DOES = {
    "agreement": ("agrees with it more often", "agrees with it less often"),
    _OF_TASK: ("gives the true class more often", "gives the true class less often"),
    "accuracy": ("gives the true class more often", "gives the true class less often"),
    "output spread": ("varies more", "varies less"),
}

_WAYS: tuple[Callable[[Contrast], bool], ...] = (
    lambda c: c.better is True,
    lambda c: c.better is False,
    lambda c: not c.shown,
)
"""More closely, less closely, not shown."""


def sentence(contrast: Contrast) -> str:
    """One verdict as a sentence: who, where, by how much, how sure, and of what it speaks.

    Examples
    --------
    >>> from surrogate.explanation import Contrast, Region
    >>> from surrogate.explanation.comparison_words import sentence
    >>> print(sentence(Contrast("natural", "robust", "cart", Region("clean"), "agreement",
    ...     "label", "higher", 0.031, 0.012, 0.05, 0.0005, 0.004, "these nets")))
    The cart surrogate of robust agrees with it more often than that of natural on held-out rows:
    +3.1 points (95 % interval +1.2 to +5.0; Holm p = .004); about these nets.
    """
    first, second = _name(contrast.first), _name(contrast.second)
    whose = f"The {clean(contrast.method)} surrogate of" if contrast.method else "The model"
    where = f"on {_place(contrast)}"
    end = f"{_figures(contrast)}; about {contrast.about}."
    if not contrast.shown:
        if contrast.effect is None:
            return f"{_metric(contrast)} of {second} against {first} {where}: undefined, {end}"
        of = f"the {clean(contrast.method)} surrogates of " if contrast.method else ""
        return (
            f"No difference shown in {_metric(contrast)} between {of}{first} and {second} {where}: "
            f"{end}"
        )
    does = _does(contrast)
    than = f"than that of {first}" if contrast.method else f"than {first}"
    return f"{whose} {second} {does} {than} {where}: {end}"


def claims(comparison: Comparison) -> tuple[str, ...]:
    """What is claimed, one sentence a pair and method, on held-out rows first."""
    groups = grouped(comparison)
    if not groups and comparison.rows:
        return ("No surrogate was compared, so nothing is said of how the models can be read.",)
    if not groups:
        return ("Nothing is compared: no verdict was reached.",)
    return tuple(headline(rows) for rows in groups)


def grouped(comparison: Comparison) -> tuple[tuple[Contrast, ...], ...]:
    """Verdicts on surrogates, together by pair and method."""
    groups: dict[tuple[str, str, str], list[Contrast]] = {}
    for one in comparison.rows:
        if one.method:
            groups.setdefault((one.first, one.second, one.method), []).append(one)
    return tuple(tuple(rows) for rows in groups.values())


def headline(rows: Sequence[Contrast]) -> str:
    """All verdicts on one pair by one method in one sentence, held-out rows before others.

    It names every metric of fidelity, so that none is read alone.
    """
    if _unmeasured(rows):
        return f"{lead(rows)}."
    return f"{lead(rows)}{_elsewhere(rows, rows[0])}. {_about(rows[0])}"


def lead(rows: Sequence[Contrast]) -> str:
    """The verdicts on the first rows alone, without a full stop."""
    one = rows[0]
    if _unmeasured(rows):
        why = f" ({clean(one.reason)})" if one.reason else ""
        return (
            f"Read by {clean(one.method)}, {_name(one.first)} and {_name(one.second)} could not be "
            f"compared{why}"
        )
    here = [c for c in rows if c.region == one.region and c.metric != _OF_TASK]
    faithful = [c for c in here if c.metric != "output spread"]
    closer, further, same = (
        [_first_with_figures(c, faithful[0]) for c in faithful if holds(c)] for holds in _WAYS
    )
    said = [f"more closely in {_listed(closer)}"] if closer else []
    said += [f"less closely in {_listed(further)}"] if further else []
    start = f"Read by {clean(one.method)} on {_place(one)}, {_name(one.second)} is followed"
    if said:
        text = f"{start} {' and '.join(said)} than {_name(one.first)}"
        return text + (f"; no difference is shown in {_listed(same)}" if same else "")
    return (
        f"Read by {clean(one.method)} on {_place(one)}, no difference is shown between "
        f"{_name(one.first)} and {_name(one.second)} in {_listed(same)}"
    )


def beyond(rows: Sequence[Contrast]) -> str:
    """What stands behind `lead`: verdicts on other rows, and of what all of them speak."""
    if _unmeasured(rows):
        return ""
    elsewhere = _elsewhere(rows, rows[0]).removeprefix("; ")
    parts = [elsewhere[:1].upper() + elsewhere[1:] + "."] if elsewhere else []
    return " ".join([*parts, _about(rows[0])])


def guards(comparison: Comparison) -> tuple[str, ...]:
    """What may be taken for a difference of the models and is none.

    An easy task, a surrogate no better than a constant, and R² beside MSE where the spread of
    the output differs.
    """
    return (*_trivial(comparison), *_easy(comparison), *_contrary(comparison))


def of_models(comparison: Comparison) -> tuple[str, ...]:
    """What is noted of single models, and not yet of the comparison."""
    return tuple(
        f"{one.name}: {note}"
        for one in comparison.models
        for note in one.notes
        if note not in comparison.notes
    )


def made_by(comparison: Comparison) -> str:
    """How the verdicts were made, in one sentence."""
    test = comparison.test
    if not comparison.rows or not test:
        return ""
    family = count(int(test.get("family") or len(comparison.rows)), "test")
    declared = f" ({clean(test['declared'])})" if test.get("declared") else ""
    units = _listed(list(dict.fromkeys(one.unit for one in comparison.rows)))
    return (
        f"Verdicts: permutation by {units}; Holm over a family of {family}, declared before "
        f"anything was asked{declared}. Each interval stands by itself."
    )


def _figures(contrast: Contrast) -> str:
    """Effect, interval and p."""
    if contrast.effect is None:
        return clean(contrast.reason) or "no reason said"
    ends = contrast.interval_text()
    if contrast.low is not None:
        ends = f"{100 * contrast.level:g} % interval {ends}"
    return f"{contrast.effect_text()} ({ends}; {contrast.p_text()})"


def _does(contrast: Contrast) -> str:
    """What the second does: "agrees with it more often"."""
    at = 0 if contrast.verdict == "higher" else 1
    if contrast.metric in _DOES:
        return _DOES[contrast.metric][at]
    return f"has a {contrast.verdict} {_metric(contrast)}"


def _metric(contrast: Contrast) -> str:
    """The metric, with its scale where that is not plain from it."""
    symbol = metric_named(contrast.metric).symbol
    scale = "" if contrast.scale in ("label", "value") else f" of the {contrast.scale}"
    return f"{symbol}{scale}"


def _first_with_figures(contrast: Contrast, first: Contrast) -> str:
    """The metric; that of the first verdict with its effect and interval."""
    if contrast is not first or contrast.effect is None or contrast.low is None:
        return _metric(contrast)
    level = f"{100 * contrast.level:g} % interval {contrast.interval_text()}"
    return f"{_metric(contrast)} ({contrast.effect_text()}, {level})"


def _place(contrast: Contrast) -> str:
    return clean(contrast.region)


def _name(name: str) -> str:
    return clip(clean(name), 40)


def _listed(items: Sequence[str]) -> str:
    """Items with commas, and an "and" before the last."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _elsewhere(rows: Sequence[Contrast], first: Contrast) -> str:
    """How many of the verdicts on other rows go which way."""
    others = [c for c in rows if c.region != first.region and c.metric != _OF_TASK]
    faithful = [c for c in others if c.metric != "output spread"]
    if not faithful:
        return ""
    closer = sum(c.better is True for c in faithful)
    further = sum(c.better is False for c in faithful)
    if not closer and not further:
        return f"; on other rows, none of {count(len(faithful), 'verdict')} shows a difference"
    say = "says" if closer == 1 else "say"
    return (
        f"; on other rows, of {count(len(faithful), 'verdict')} {closer} {say} more closely and "
        f"{further} less closely"
    )


def _about(contrast: Contrast) -> str:
    """What the verdicts speak of, and what a wider claim lacks."""
    if contrast.about == "the training recipe":
        return "This speaks of the training recipe."
    missing = f": {clean(contrast.reason)}" if contrast.reason else ""
    return f"This speaks of these nets, not of how they were trained{missing}."


def _unmeasured(rows: Sequence[Contrast]) -> bool:
    """Whether no question of a pair has an answer, which is not the same as no difference."""
    return all(one.effect is None for one in rows)


def _trivial(comparison: Comparison) -> Iterator[str]:
    """Surrogates whose main figure is not shown to beat a constant, one sentence a surrogate."""
    found = [
        one
        for one in comparison.measured
        if one.score.metric in ("agreement", "R2") and one.score.no_better_than_trivial
    ]
    for one, others in _by_surrogate(found):
        constant = "always giving the commonest answer" if one.score.percent else "a constant"
        yield (
            f"The {clean(one.method)} surrogate of {_name(one.model)} is not shown to be better "
            f"than {constant} on {clean(one.region)}{others}: {_scaled(one)} "
            f"{one.score.value_text()} against {one.score.baseline_text()}."
        )


def _by_surrogate(found: Sequence[Measured]) -> Iterator[tuple[Measured, str]]:
    """The first figure of each surrogate, and on how many other kinds of rows there is one."""
    groups: dict[tuple[str, str], list[Measured]] = {}
    for one in found:
        groups.setdefault((one.model, one.method), []).append(one)
    for group in groups.values():
        others = len({one.region for one in group}) - 1
        yield group[0], f" (and on {count(others, 'other kind')} of rows)" if others else ""


def _scaled(one: Measured) -> str:
    scale = "" if one.scale in ("label", "value") else f" of the {one.scale}"
    return f"{one.score.symbol}{scale}"


def _easy(comparison: Comparison) -> Iterator[str]:
    """Surrogates that give the true class as often as the model's decision."""
    agreements = {
        (one.model, one.method, one.region): one.score
        for one in comparison.measured
        if one.score.metric == "agreement"
    }
    found = []
    for one in comparison.measured:
        agreement = agreements.get((one.model, one.method, one.region))
        if one.score.metric != _OF_TASK or one.score.value is None or agreement is None:
            continue
        if agreement.interval is not None and agreement.interval.low <= one.score.value:
            found.append(one)
    for one, others in _by_surrogate(found):
        agreement = agreements[one.model, one.method, one.region]
        yield (
            f"The {clean(one.method)} surrogate of {_name(one.model)} gives the true class on "
            f"{one.score.value_text()} of {clean(one.region)} and the model's decision on "
            f"{agreement.value_text()}{others}: its agreement measures mostly the task."
        )


def _contrary(comparison: Comparison) -> Iterator[str]:
    """Where R² and MSE point different ways, since one model's output varies less."""
    by_cell = {
        (c.first, c.second, c.method, c.region, c.scale, c.metric): c for c in comparison.rows
    }
    groups: dict[tuple[str, str, str, str, bool], list[Contrast]] = {}
    for c in comparison.rows:
        squared = by_cell.get((c.first, c.second, c.method, c.region, c.scale, "MSE"))
        if c.metric != "R2" or squared is None or c.better is None or squared.better is None:
            continue
        if c.better != squared.better:
            groups.setdefault((c.first, c.second, c.method, c.scale, c.better), []).append(c)
    for (_, second, method, scale, better), group in groups.items():
        others = f" (and {count(len(group) - 1, 'other kind')} of rows)" if group[1:] else ""
        yield (
            f"By {clean(method)} on {_place(group[0])}{others}, R² of the {scale} calls "
            f"{_name(second)} {'more' if better else 'less'} faithful and MSE calls it "
            f"{'less' if better else 'more'}: the spread of its output differs, so neither is "
            "read alone."
        )

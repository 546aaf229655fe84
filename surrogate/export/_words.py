"""What stands at a leaf or behind a rule, and names on one line."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from surrogate.forms import DecisionGraph, Form, Rule, RuleSet, Tree
from surrogate.forms._plain import value_text
from surrogate.types import Feature, FloatArray, Label

__all__ = ["answer_text", "on_lines", "one_line", "reach_text", "support_text"]


def one_line(text: object) -> str:
    r"""Text on one line: what acts without being seen is written as its escape.

    Examples
    --------
    >>> from surrogate.export._words import one_line
    >>> print(one_line("income\n(net)"))
    income\n(net)
    """
    return "".join(_visible(c) for c in str(text))


def _visible(character: str) -> str:
    hidden = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    if character == "\u200d" or unicodedata.category(character) not in hidden:
        return character
    return character.encode("unicode_escape").decode("ascii")


def on_lines(form: Form) -> Form:
    """The form with names, units, categories and classes that stay on one line."""
    features = tuple(_safe(feature) for feature in form.features)
    classes = None if form.classes is None else tuple(_label(label) for label in form.classes)
    return replace(form, features=features, classes=classes)


def _safe(feature: Feature) -> Feature:
    return replace(
        feature,
        name=one_line(feature.name),
        unit=one_line(feature.unit),
        categories=tuple(_label(category) for category in feature.categories),
    )


def _label(label: Label) -> Label:
    return one_line(label) if isinstance(label, str) else label


def answer_text(classes: tuple[Label, ...] | None, code: int | None, value: FloatArray) -> str:
    """The class with its probability, or the values."""
    if classes is None or code is None:
        return ", ".join(value_text(v) for v in value)
    return f"{classes[code]} (p {value[code]:.3g})"


def reach_text(form: Tree | DecisionGraph, node: int) -> str:
    """The share of the fitted rows that come by a node, or nothing."""
    if not form.weight[0] > 0:
        return ""
    return f"{100 * form.weight[node] / form.weight[0]:.3g} %"


def support_text(rules: RuleSet, rule: Rule | RuleSet) -> tuple[str, str]:
    """Rows of a rule, and how many of these the model decides alike, with its interval."""
    rows = "" if rule.n_covered is None else f"{rule.n_covered:,}"
    if rule.precision is None or rules.classes is None:
        return rows, ""
    agree = f"{100 * rule.precision:.3g} %"
    if rule.precision_interval is None or rules.level is None:
        return rows, f"{agree} (no interval)"
    low, high = (f"{100 * end:.3g}" for end in rule.precision_interval)
    return rows, f"{agree} ({100 * rules.level:g} % interval {low} to {high} %)"

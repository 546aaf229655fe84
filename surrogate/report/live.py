"""What the page's script works with: forms, fields and rows as JSON that nothing executes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from surrogate.domain import Domain
from surrogate.explanation import AuditResult, GlobalExplanation
from surrogate.fidelity import Score
from surrogate.forms import AtLeast, Condition, DecisionGraph, Form, Interval, Linear, RuleSet, Tree
from surrogate.render import fragments
from surrogate.render.features import class_name, isolated, shown
from surrogate.render.fragments import Fragment
from surrogate.render.names import clean
from surrogate.render.numbers import number
from surrogate.types import Feature, FloatArray

__all__ = ["Start", "data_block", "form_json", "live_form", "starts_of", "typical_row"]

_FIRST = 16
"""Fields that stand there at once; further ones are folded away."""
_STARTS = 12
_MOST = 400_000
"""Characters of a form that is tried in the page."""
_LISTED = 40
"""Columns that are named as of no concern to a surrogate, at most."""
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_UNUSED = ("features", "weight", "count")


@dataclass(frozen=True, eq=False)
class Start:
    """A row that a reader may start from: what it is called, and its d values."""

    name: str
    row: FloatArray


def data_block(name: str, content: Any) -> Fragment:
    r"""JSON under an id, for the page's script; no text in it can end the block.

    Examples
    --------
    >>> from surrogate.report.live import data_block
    >>> print(data_block("a", ["</script>"]))
    <script type="application/json" id="a">["\u003c/script\u003e"]</script>
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Fragment(
        f'<script type="application/json" id="{escape(name)}">{text.translate(_ESCAPED)}</script>'
    )


def live_form(
    parts: Sequence[Fragment],
    explanation: GlobalExplanation,
    *,
    name: str,
    at: int,
    starts: Sequence[Start] = (),
) -> Fragment:
    """A surrogate as it is shown, and among it the place where a row can be filled in.

    Parameters
    ----------
    parts : sequence of Fragment
        The surrogate: its picture, rules, tree or terms, whose parts the script marks.
    explanation : GlobalExplanation
    name : str
        Of the page's own making, another for every surrogate of a page.
    at : int
        Behind how many parts the row comes.
    starts : sequence of Start
        Rows to start from; without any, one between the values that the form compares with.

    Returns
    -------
    Fragment
        Without script it is the parts alone.
    """
    domain = explanation.domain
    used = _with_groups(_used(explanation.form), domain)
    if not used:
        return fragments.join(parts)
    fields = _fields(domain, used)
    rows = list(starts) or [Start("a row in the middle", typical_row(explanation.form, domain))]
    rules = explanation.rules if isinstance(explanation.form, Tree) else None
    content = {
        "form": form_json(explanation.form),
        "rules": None if rules is None else form_json(rules),
        "fields": fields,
        "first": _FIRST,
        "width": len(domain.features),
        "rows": [[clean(start.name), _row(start.row, used)] for start in rows],
        "note": _note(explanation),
    }
    body = [
        Fragment(f'<h3 id="{escape(name)}-row">Fill in a row</h3>'),
        fragments.paragraph(_what(domain, used)),
        Fragment('<div class="row-form" data-row hidden></div>'),
        fragments.paragraph("This needs the page's script, which is not running.", "no-script"),
    ]
    block = data_block(name, content)
    if len(block) > _MOST:
        said = "It is too large to be tried in the page; `why` and `predict` do it in Python."
        return fragments.join([*parts[:at], fragments.paragraph(said, "legend"), *parts[at:]])
    row = Fragment(f'<div class="try">{fragments.join(body)}</div>')
    whole = fragments.join([*parts[:at], row, *parts[at:]])
    return fragments.join(
        [
            Fragment(f'<p class="to-row"><a href="#{escape(name)}-row">Fill in a row</a></p>'),
            Fragment(f'<div data-form="{escape(name)}">{whole}</div>'),
            block,
        ]
    )


def form_json(form: Form) -> dict[str, Any]:
    """A form as the page's script evaluates it: as `to_dict`, without what it does not need."""
    data = {name: value for name, value in form.to_dict().items() if name not in _UNUSED}
    if form.classes is not None:
        data["classes"] = [class_name(form.classes, k, html=True) for k in range(len(form.classes))]
    if isinstance(form, Tree | DecisionGraph):
        leaves = form.is_leaf.tolist()
        data["value"] = [v if leaf else None for v, leaf in zip(data["value"], leaves)]
    return {name: _lean(value) for name, value in data.items()}


def _lean(data: Any) -> Any:
    """The same without what a condition does not say: no bound, not closed, not if missing."""
    if isinstance(data, list):
        return [_lean(item) for item in data] if any(isinstance(i, dict) for i in data) else data
    if not isinstance(data, dict):
        return data
    lean = "condition" in data
    said = {name: _lean(value) for name, value in data.items()}
    return {k: v for k, v in said.items() if not (lean and (v is None or v is False))}


def starts_of(audit: AuditResult) -> list[Start]:
    """Rows of an audit that a reader may start from: a typical one, and those explained."""
    starts = []
    kept = {} if audit.evidence is None else audit.evidence.part("probe0")
    if audit.surrogates and len(kept.get("rows", ())):
        row = _usual(audit.surrogates[0].domain, np.asarray(kept["rows"], dtype=np.float64))
        starts.append(Start("a typical row", row))
    if audit.local is not None:
        rows, names = audit.local.rows[:_STARTS], audit.local.index[:_STARTS]
        starts += [Start(f"row {isolated(name, 24)}", row) for name, row in zip(names, rows)]
    return starts


def _usual(domain: Domain, rows: FloatArray) -> FloatArray:
    """The median of each column of numbers, and the commonest of what is none: (d,)."""
    row = np.full(rows.shape[1], np.nan)
    for j, feature in enumerate(domain.features):
        known = rows[np.isfinite(rows[:, j]), j]
        if len(known) and (feature.is_coded or feature.kind == "binary"):
            values, counts = np.unique(known, return_counts=True)
            row[j] = values[counts.argmax()]
        elif len(known):
            row[j] = np.quantile(known, 0.5, method="lower")
    for members in domain.groups.values():
        columns = [domain.index(name) for name in members]
        row[columns] = np.arange(len(columns)) == np.nanmean(rows[:, columns], axis=0).argmax()
    return row


def typical_row(form: Form, domain: Domain) -> FloatArray:
    """A row in the middle of what a form compares with: (d,)."""
    cuts: dict[int, list[float]] = {j: [] for j in range(len(domain.features))}
    for condition in _conditions(form):
        _gather(condition, cuts)
    row = np.array([_middle(f, cuts[j]) for j, f in enumerate(domain.features)])
    for members in domain.groups.values():
        row[[domain.index(name) for name in members]] = np.arange(len(members)) == 0
    return row


def _middle(feature: Feature, cuts: Sequence[float]) -> float:
    """A value of a column that it can have, near the middle of some cuts."""
    ends = [end for end in (feature.low, feature.high) if math.isfinite(end)]
    middle = float(np.median(cuts)) if cuts else sum(ends) / max(1, len(ends))
    if feature.is_coded or feature.kind != "continuous":
        middle = math.floor(middle)
    return float(np.clip(middle, feature.low, feature.high))


def _gather(condition: Condition, cuts: Mapping[int, list[float]]) -> None:
    """Add the finite bounds of a condition to those of its column."""
    if isinstance(condition, AtLeast):
        for inner in condition.conditions:
            _gather(inner, cuts)
    elif isinstance(condition, Interval):
        cuts[condition.feature].extend(filter(math.isfinite, (condition.low, condition.high)))


def _conditions(form: Form) -> list[Condition]:
    """All conditions of a form."""
    if isinstance(form, Tree):
        return [form.test(int(node))[0] for node in np.flatnonzero(~form.is_leaf)]
    if isinstance(form, DecisionGraph):
        return [test for test in form.tests if test is not None]
    if isinstance(form, RuleSet):
        return [c for rule in form.rules for c in rule.conditions]
    return [term for term in form.terms if isinstance(term, AtLeast | Interval)]


def _used(form: Form) -> frozenset[int]:
    """Columns that a form looks at."""
    if not isinstance(form, Linear):
        return form.columns
    some = (form.coef != 0).any(axis=0)
    columns: set[int] = set()
    for term, counts in zip(form.terms, some):
        if counts:
            columns |= {term.feature} if not hasattr(term, "columns") else term.columns
    return frozenset(columns)


def _with_groups(used: frozenset[int], domain: Domain) -> frozenset[int]:
    """Columns, and those that are in a one-hot group with one of them."""
    groups = [frozenset(map(domain.index, members)) for members in domain.groups.values()]
    return used.union(*(columns for columns in groups if used & columns))


def _row(row: FloatArray, used: frozenset[int]) -> list[float | None]:
    """A row for JSON; None is a missing value, and a column that does not matter."""
    return [
        (int(x) if float(x).is_integer() else float(x)) if j in used and math.isfinite(x) else None
        for j, x in enumerate(row)
    ]


def _fields(domain: Domain, used: frozenset[int]) -> list[dict[str, Any]]:
    """One field for each column used; one for a one-hot group together."""
    groups = {name: [domain.index(m) for m in members] for name, members in domain.groups.items()}
    groups = {name: columns for name, columns in groups.items() if used >= set(columns)}
    grouped = {j for columns in groups.values() for j in columns}
    features = shown(domain.features, html=True)
    fields = [_field(features[j], j) for j in sorted(used - grouped)]
    for name, columns in groups.items():
        options = [features[j].name for j in columns]
        fields.append(
            {
                "name": isolated(name, 40),
                "hint": "one of these is 1",
                "columns": columns,
                "options": options,
                "missing": False,
            }
        )
    return fields


def _field(feature: Feature, column: int) -> dict[str, Any]:
    """What the page needs to ask for one column."""
    field: dict[str, Any] = {
        "name": feature.name,
        "hint": _hint(feature),
        "columns": [column],
        "missing": feature.missing,
    }
    if feature.is_coded:
        return {**field, "options": [isolated(c, 40) for c in feature.categories]}
    if feature.kind == "binary":
        return {**field, "options": ["0", "1"]}
    whole = feature.kind in ("integer", "ordinal")
    ends = {"low": feature.low, "high": feature.high}
    bounds = {name: end if math.isfinite(end) else None for name, end in ends.items()}
    return {**field, "whole": whole, **bounds}


def _hint(feature: Feature) -> str:
    """Kind, bounds, unit, and whether it may be missing: "whole number, 17 to 90 years"."""
    if feature.is_coded or feature.kind == "binary":
        kind = "in this order" if feature.kind == "ordinal" else "one of these"
        return kind + (", or missing" if feature.missing else "")
    said = "number" if feature.kind == "continuous" else "whole number"
    low, high = (number(end, 6) for end in (feature.low, feature.high))
    if math.isfinite(feature.low) and math.isfinite(feature.high):
        said += f", {low} to {high}"
    elif math.isfinite(feature.low):
        said += f", at least {low}"
    elif math.isfinite(feature.high):
        said += f", at most {high}"
    said += f" {feature.unit}" if feature.unit else ""
    return said + ("; empty if missing" if feature.missing else "")


def _what(domain: Domain, used: frozenset[int]) -> str:
    """What a row needs, and what does not matter."""
    said = "What the surrogate says of a row, and why. Nothing is asked of the model."
    features = shown(domain.features, html=True)
    left = [f.name for j, f in enumerate(features) if j not in used]
    if not left:
        return said
    more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
    return f"{said} It does not look at {', '.join(left[:_LISTED])}{more}."


def _note(explanation: GlobalExplanation) -> str:
    """The fidelity that stands beside every answer."""
    first = explanation.fidelity[0]
    return (
        f"This is the surrogate's answer; the model's may differ. On {clean(first.distribution)} "
        f"{_agrees(first.main)}."
    )


def _agrees(score: Score) -> str:
    if score.value is None:
        return f"how well it follows the model is undefined: {clean(score.reason)}"
    what = "it agrees with the model on" if score.percent else f"its {score.symbol} is"
    level = "" if score.interval is None else f"{100 * score.interval.level:g} % interval "
    return f"{what} {score.value_text()} ({level}{score.interval_text()})"

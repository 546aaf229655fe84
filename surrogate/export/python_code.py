"""A form as the source of a Python module that needs nothing but Python."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from surrogate.export._steps import Steps, codes_of, shared, steps_of
from surrogate.forms import (
    AtLeast,
    CategorySet,
    Condition,
    DecisionGraph,
    Form,
    Interval,
    Linear,
    RuleSet,
    Scaled,
    Tree,
)
from surrogate.forms._plain import plain_labels
from surrogate.types import Feature, FloatArray, Label

__all__ = ["python_code"]

_NESTED = 8
"""Tests inside one another at most; deeper ones get a function of their own."""
_TAKEN = {
    *keyword.kwlist,
    *("row", "rows", "number", "missing", "decide", "predict", "predict_values", "total"),
    *("votes", "vote", "values", "sum", "float", "dict", "zip", "hasattr", "len", "max", "min"),
}


def python_code(form: Form, *, heading: Sequence[str] = ()) -> str:
    """Source of a module with `predict(row)` and `predict_values(row)`.

    A row is a mapping from column names, or the values of all columns in their order.
    Categories go by their names; None and NaN are missing values.

    Parameters
    ----------
    form : Tree, RuleSet, DecisionGraph or Linear
    heading : sequence of str
        Lines of comment at the top.

    Returns
    -------
    str
        It predicts as the form does; of a Linear to rounding, as sums are taken in order.

    Examples
    --------
    >>> from surrogate.export import python_code
    >>> from surrogate.forms import Interval, Rule, RuleSet
    >>> from surrogate.types import Feature
    >>> rule = Rule((Interval(0, low=37.5),), (0.2, 0.8))
    >>> form = RuleSet((Feature("age"),), ("no", "yes"), (rule,), (0.9, 0.1), ordered=True)
    >>> made = {}
    >>> exec(python_code(form), made)
    >>> made["predict"]({"age": 40}), made["predict_values"]([30])
    ('yes', (0.9, 0.1))
    """
    names = _names(form.features)
    used = sorted(_columns(form))
    body = list(_reading(form.features, used, names))
    helpers: list[str] = []
    if isinstance(form, RuleSet):
        body += _rules(form, names)
        helpers = _VOTE if form.priority is None else []
    elif isinstance(form, Linear):
        body += _linear(form, names)
    else:
        body += _steps(steps_of(form), names)
    lines = [
        *(f"# {' '.join(line.split())}" for line in heading),
        f"COLUMNS = {_tuple(repr(feature.name) for feature in form.features)}",
        "",
        *_HELPERS,
        *helpers,
        "",
        "def decide(row):",
        '    """Answer and values of a row: a mapping by column, or values in order of COLUMNS."""',
        *(f"    {line}" if line else "" for line in body),
        "",
        *_DOORS,
    ]
    return "\n".join(lines) + "\n"


_HELPERS = [
    "",
    "def missing(value):",
    "    return value is None or value != value",
    "",
    "",
    "def number(value):",
    '    return float("nan") if value is None else float(value)',
    "",
]
_VOTE = [
    "",
    "def vote(votes, default):",
    '    """The class with most weight, and the weighted mean of the values."""',
    "    if not votes:",
    "        return default",
    "    total, weights, sums = 0.0, {}, [0.0] * len(default[1])",
    "    for weight, place, answer, values in votes:",
    "        total += weight",
    "        before = weights.get(place, (0.0, answer))[0]",
    "        weights[place] = (before + weight, answer)",
    "        for j, value in enumerate(values):",
    "            sums[j] += weight * value",
    "    most = max(weight for weight, _ in weights.values())",
    "    first = min(place for place, (weight, _) in weights.items() if weight == most)",
    "    said = list(zip(*(values for _, _, _, values in votes)))",
    "    mean = [min(max(s / total, min(v)), max(v)) for s, v in zip(sums, said)]",
    "    return weights[first][1], tuple(mean)",
    "",
]
_DOORS = [
    "",
    "def predict(row):",
    '    """The answer: a class, or a value (values, where there are several)."""',
    "    answer, values = decide(row)",
    "    if answer is not None:",
    "        return answer",
    "    return values[0] if len(values) == 1 else values",
    "",
    "",
    "def predict_values(row):",
    '    """Class probabilities, scores or values."""',
    "    return decide(row)[1]",
]


def _columns(form: Form) -> set[int]:
    """Columns that a form looks at."""
    if isinstance(form, Tree | RuleSet):
        return set(form.columns)
    if isinstance(form, DecisionGraph):
        return {column for test in form.tests if test is not None for column in test.columns}
    terms = (t for t in form.terms)
    return {c for t in terms for c in ({t.feature} if isinstance(t, Scaled) else t.columns)}


def _names(features: tuple[Feature, ...]) -> list[str]:
    """A variable for each column, after its name as far as that goes."""
    names: list[str] = []
    for j, feature in enumerate(features):
        plain = unicodedata.normalize("NFKD", feature.name).encode("ascii", "ignore").decode()
        name = re.sub(r"\W+", "_", plain).strip("_").lower()[:40]
        name = name if name and not name[0].isdigit() else f"x{j}"
        names.append(name if name not in _TAKEN and name not in names else f"{name}_{j}")
    # A name with a number may be another column's own.
    return names if len(set(names)) == len(names) else [f"x{j}" for j in range(len(features))]


def _reading(features: tuple[Feature, ...], used: list[int], names: list[str]) -> Iterator[str]:
    """Lines that take the columns out of a row."""
    yield 'if not hasattr(row, "keys"):'
    yield "    row = dict(zip(COLUMNS, row))"
    for j in used:
        taken = f"row[{features[j].name!r}]"
        yield f"{names[j]} = {taken}" if features[j].is_coded else f"{names[j]} = number({taken})"


# Trees and graphs -----------------------------------------------------------------------


def _steps(steps: Steps, names: list[str]) -> list[str]:
    """Nested tests; what several lead to, or lies deep, is a function of its own."""
    if steps.tests[0] is None:
        return [f"return {_leaf(steps, 0)}"]
    own = shared(steps) | _deep(steps)
    lines: list[str] = []
    for node in sorted(own, reverse=True):
        body = _branches(steps, node, names, own)
        lines += ["", f"def step_{node}():", *(f"    {line}" for line in body), ""]
    return lines + _branches(steps, 0, names, own)


def _deep(steps: Steps) -> set[int]:
    """Tests that would stand inside too many others; a `no` stands beside its test."""
    level = [0] * len(steps.tests)
    deep = set()
    for node, test in enumerate(steps.tests):
        if test is None:
            continue
        if level[node] == _NESTED:
            deep.add(node)
            level[node] = 0
        level[steps.yes[node]] = level[node] + 1
        level[steps.no[node]] = max(level[steps.no[node]], level[node])
    return deep


def _branches(steps: Steps, node: int, names: list[str], own: set[int]) -> list[str]:
    """Lines of a test and of what follows it."""
    test = steps.tests[node]
    assert test is not None
    yes, no = (_onward(steps, to, names, own) for to in (steps.yes[node], steps.no[node]))
    said = _condition(test, steps.features, names)
    return [f"if {said}:", *(f"    {line}" for line in yes), *no]


def _onward(steps: Steps, node: int, names: list[str], own: set[int]) -> list[str]:
    if node in own:
        return [f"return step_{node}()"]
    if steps.tests[node] is None:
        return [f"return {_leaf(steps, node)}"]
    return _branches(steps, node, names, own)


def _leaf(steps: Steps, node: int) -> str:
    code = None if steps.decision is None else int(steps.decision[node])
    return _answer(steps.classes, code, steps.value[node])


# Rules and linear forms -----------------------------------------------------------------


def _rules(form: RuleSet, names: list[str]) -> list[str]:
    """One test a rule; the first decides, or all that hold vote."""
    default = _answer(form.classes, form.decision, form.value)
    priority = form.priority
    lines = [] if priority is not None else ["votes = []"]
    for place in range(form.n_rules) if priority is None else priority.tolist():
        rule = form.rules[place]
        said = [_condition(c, form.features, names, alone=False) for c in rule.conditions]
        lines.append(f"if {' and '.join(said) or 'True'}:  # rule {place + 1}")
        answer = _answer(form.classes, rule.decision, rule.value)
        if priority is not None:
            lines.append(f"    return {answer}")
        elif rule.weight > 0:
            lines.append(f"    votes.append(({rule.weight!r}, {rule.decision or 0}, *{answer}))")
        else:
            lines.append("    pass  # it has no weight")
    return [
        *lines,
        f"return {default}" if priority is not None else f"return vote(votes, {default})",
    ]


def _linear(form: Linear, names: list[str]) -> list[str]:
    """The terms, then one sum an output."""
    lines = []
    for at, term in enumerate(form.terms):
        if isinstance(term, Scaled):
            name = names[term.feature]
            scaled = f"({name} - {_number(term.centre)}) / {_number(term.scale)}"
            lines.append(f"term_{at} = 0.0 if missing({name}) else {scaled}")
        else:
            lines.append(f"term_{at} = float({_condition(term, form.features, names)})")
    sums = [
        " + ".join([_number(start), *(f"{_number(c)} * term_{at}" for at, c in enumerate(row))])
        for start, row in zip(form.intercept.tolist(), form.coef.tolist())
    ]
    lines.append(f"values = {_tuple(sums)}")
    if form.classes is None:
        return [*lines, "return None, values"]
    lines.append(f"answer = {_tuple(map(repr, form.classes))}[values.index(max(values))]")
    return [*lines, "return answer, values"]


# Pieces ---------------------------------------------------------------------------------


def _answer(classes: tuple[Label, ...] | None, code: int | None, value: FloatArray) -> str:
    """What is returned: the class (None for regression), and the values."""
    said = "None" if classes is None or code is None else repr(classes[code])
    return f"({said}, {_tuple(_number(v) for v in value.tolist())})"


def _condition(
    condition: Condition, features: tuple[Feature, ...], names: list[str], *, alone: bool = True
) -> str:
    """A condition as an expression; within others, in brackets where it has an `or`."""
    if isinstance(condition, AtLeast):
        inner = ", ".join(_condition(c, features, names) for c in condition.conditions)
        return f"sum([{inner}]) >= {condition.m}"
    feature, name = features[condition.feature], names[condition.feature]
    said = _known(condition, feature, name)
    if not condition.missing or said == "True":
        return said
    if said == "False":
        return f"missing({name})"
    return f"missing({name}) or {said}" if alone else f"(missing({name}) or {said})"


def _known(condition: Interval | CategorySet, feature: Feature, name: str) -> str:
    """What is said of a value that is not missing."""
    codes = codes_of(condition, feature)
    if codes is not None:
        labels = plain_labels(feature.categories)
        return _among(name, [repr(labels[code]) for code in codes])
    if isinstance(condition, CategorySet):
        return _among(name, [str(code) for code in sorted(condition.codes)])
    if condition.is_void:
        return "False"
    if math.isinf(condition.low) and math.isinf(condition.high):
        return "True" if condition.missing else f"not missing({name})"
    below = f"{name} {'<=' if condition.high_closed else '<'} {_number(condition.high)}"
    if math.isinf(condition.low):
        return below
    if math.isinf(condition.high):
        return f"{name} {'>=' if condition.low_closed else '>'} {_number(condition.low)}"
    return f"{_number(condition.low)} {'<=' if condition.low_closed else '<'} {below}"


def _among(name: str, values: list[str]) -> str:
    if not values:
        return "False"
    return f"{name} == {values[0]}" if len(values) == 1 else f"{name} in {_tuple(values)}"


def _tuple(parts: Iterable[str]) -> str:
    listed = list(parts)
    return f"({', '.join(listed)}{',' if len(listed) == 1 else ''})"


def _number(x: float) -> str:
    return repr(float(x)) if math.isfinite(x) else f'float("{x}")'

"""A form as a CASE expression of SQL: of the standard, as SQLite and PostgreSQL read it.

NULL is a missing value. A comparison with NULL is neither true nor false, and CASE takes
only what is true, so that only conditions that hold for missing values mention it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from surrogate.errors import InputError
from surrogate.export._steps import Steps, codes_of, steps_of
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
    complement,
)
from surrogate.forms._plain import plain_labels
from surrogate.types import Feature, FloatArray, Label

__all__ = ["MOST_PATHS", "sql_case"]

MOST_PATHS = 4096
"""Ways through a graph that are written out one by one; SQL has no way to share them."""
_NESTED = 12
"""CASEs within one another that every parser stands; SQLite's own stops at about 20."""
_TRUE, _FALSE = "1 = 1", "1 = 0"
_PLAIN_DIGITS = 15  # decimals of so many digits are read exactly by every parser
_PLAIN = (1e-15, 1e15)


def sql_case(
    form: Form,
    *,
    table: str | None = None,
    output: int | None = None,
    heading: Sequence[str] = (),
) -> str:
    """The answer as one SQL expression, or as a SELECT over a table.

    Columns go by the features' names, quoted; categories by theirs, as literals. Thresholds
    are written so that they are read as the very number compared.

    Parameters
    ----------
    form : Tree, RuleSet, DecisionGraph or Linear
    table : str, optional
        Give ``SELECT *, ... AS prediction FROM table``; by default the expression alone.
    output : int, optional
        Give the probability (score, value) of this column of the form's values; by default
        what the form decides: the class, or the value of a regression.
    heading : sequence of str
        Lines of comment at the top.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If SQL cannot say it: a name with a NUL, a graph of more than `MOST_PATHS` ways, a
        regression of several values without `output`.

    Notes
    -----
    NaN must be stored as NULL. Where text is compared without regard to case (MySQL's
    default), categories that differ in case alone are taken for one. MySQL reads quoted
    identifiers with ``SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'``. Deep trees are
    written as long chains of WHEN, some tests turned round. SQLite limits expressions to a
    depth of 1,000, and with it the number of rules that can vote.

    Examples
    --------
    >>> from surrogate.export import sql_case
    >>> from surrogate.forms import Interval, Rule, RuleSet
    >>> from surrogate.types import Feature
    >>> rule = Rule((Interval(0, low=37.5, missing=True),), (0.2, 0.8))
    >>> form = RuleSet((Feature("age"),), ("no", "yes"), (rule,), (0.9, 0.1), ordered=True)
    >>> print(sql_case(form))
    CASE
      WHEN ("age" IS NULL OR "age" > 37.5) THEN 'yes'
      ELSE 'no'
    END
    """
    width = len(form.intercept) if isinstance(form, Linear) else form.value.shape[-1]
    if output is not None and not 0 <= output < width:
        raise InputError(f"`output` must be a column from 0 to {width - 1}; got {output}.")
    if form.classes is None and output is None:
        if width > 1:
            raise InputError(f"A form of {width} values needs output=, the one to say in SQL.")
        output = 0
    if isinstance(form, RuleSet):
        said = _rules(form, output)
    elif isinstance(form, Linear):
        said = _linear(form, output)
    else:
        said = _steps(form, output)
    comments = "".join(f"-- {' '.join(line.split())}\n" for line in heading)
    if table is None:
        return comments + said
    return f"{comments}SELECT *,\n{said} AS prediction\nFROM {_identifier(table)};\n"


def _steps(form: Form, output: int | None) -> str:
    """Nested CASEs, one a test; a chain of tests becomes one CASE of several WHENs."""
    if isinstance(form, DecisionGraph) and form.n_paths > MOST_PATHS:
        raise InputError(
            f"The graph has {form.n_paths:,} ways, which SQL would repeat one by one; at most "
            f"{MOST_PATHS:,} are written. Export it as Python or DOT, or distil it to a tree."
        )
    assert not isinstance(form, RuleSet | Linear)
    steps = steps_of(form)
    return "\n".join(_case(steps, 0, output, turned=_turned(steps)))


def _turned(steps: Steps) -> frozenset[int]:
    """Tests to be turned round, so that no CASE stands within too many others."""
    nested, height = [0] * len(steps.tests), [0] * len(steps.tests)
    taller = set()
    for node in reversed(range(len(steps.tests))):
        if steps.tests[node] is not None:
            yes, no = steps.yes[node], steps.no[node]
            nested[node] = max(nested[yes] + 1, nested[no])
            height[node] = max(height[yes], height[no]) + 1
            taller |= {node} if height[yes] > height[no] else set()
    return frozenset(taller) if nested[0] > _NESTED else frozenset()


def _case(steps: Steps, node: int, output: int | None, *, turned: frozenset[int]) -> list[str]:
    """Lines of the expression for what follows from a node."""
    if steps.tests[node] is None:
        return [_leaf(steps, node, output)]
    lines = ["CASE"]
    while (test := steps.tests[node]) is not None:
        then, onward = steps.yes[node], steps.no[node]
        if node in turned:
            test, then, onward = complement(test, steps.features), onward, then
        said = f"  WHEN {_condition(test, steps.features)} THEN"
        lines += _joined(said, _case(steps, then, output, turned=turned))
        node = onward
    return [*lines, f"  ELSE {_leaf(steps, node, output)}", "END"]


def _joined(said: str, then: list[str]) -> list[str]:
    """What is said, and what then, on one line where that is one."""
    if len(then) == 1:
        return [f"{said} {then[0]}"]
    return [said, *(f"    {line}" for line in then)]


def _leaf(steps: Steps, node: int, output: int | None) -> str:
    code = None if steps.decision is None else int(steps.decision[node])
    return _answer(steps.classes, code, steps.value[node], output)


def _rules(form: RuleSet, output: int | None) -> str:
    """One WHEN a rule; where rules vote, a sum for each class."""
    if not form.rules:
        return _answer(form.classes, form.decision, form.value, output)
    default = _answer(form.classes, form.decision, form.value, output)
    if form.priority is not None:
        lines = ["CASE"]
        for place in form.priority.tolist():
            rule = form.rules[place]
            answer = _answer(form.classes, rule.decision, rule.value, output)
            lines.append(f"  WHEN {_all(rule.conditions, form.features)} THEN {answer}")
        return "\n".join([*lines, f"  ELSE {default}", "END"])
    if output is None:
        return _voted(form, default)
    weighted = _sum(form, [rule.weight * float(rule.value[output]) for rule in form.rules])
    weights = _sum(form, [rule.weight for rule in form.rules])
    return (
        f"(SELECT CASE WHEN w > 0 THEN v / w ELSE {default} END\n"
        f"FROM (SELECT {weighted} AS v,\n{weights} AS w) AS votes)"
    )


def _voted(form: RuleSet, default: str) -> str:
    """The class with most weight, the first of these on a tie."""
    classes = form.classes or ()
    sums = [
        _sum(form, [rule.weight if rule.decision == code else 0.0 for rule in form.rules])
        for code in range(len(classes))
    ]
    return _greatest(sums, [_label(label) for label in classes], default=default)


def _greatest(sums: list[str], labels: list[str], *, default: str | None) -> str:
    """The label of the greatest of some expressions, each worked out once."""
    lines = ["(SELECT CASE"]
    if default is not None:
        none = " AND ".join(f"v{code} = 0" for code in range(len(sums)))
        lines.append(f"  WHEN {none} THEN {default}")
    for code, label in enumerate(labels[:-1]):
        beats = " AND ".join(f"v{code} >= v{other}" for other in range(code + 1, len(labels)))
        lines.append(f"  WHEN {beats} THEN {label}")
    given = ",\n".join(f"{said} AS v{code}" for code, said in enumerate(sums))
    return "\n".join([*lines, f"  ELSE {labels[-1]}", f"END FROM (SELECT {given}) AS votes)"])


def _sum(form: RuleSet, numbers: list[float]) -> str:
    """The sum of one number a rule over the rules that hold, in their order."""
    parts = [
        f"CASE WHEN {_all(rule.conditions, form.features)} THEN {_number(x)} ELSE 0 END"
        for rule, x in zip(form.rules, numbers)
        if rule.weight > 0 and x != 0
    ]
    return "\n  + ".join(parts) or "0.0"


def _linear(form: Linear, output: int | None) -> str:
    """A sum of terms; the class with the greatest one."""
    outputs = range(len(form.intercept)) if output is None else [output]
    sums = []
    for k in outputs:
        parts = [_number(float(form.intercept[k]))]
        for coef, term in zip(form.coef[k].tolist(), form.terms):
            if isinstance(term, Scaled):
                name = _identifier(form.features[term.feature].name)
                scaled = f"({name} - {_number(term.centre)}) / {_number(term.scale)}"
                parts.append(f"{_number(coef)} * COALESCE({scaled}, 0)")
            else:
                held = _condition(term, form.features)
                parts.append(f"CASE WHEN {held} THEN {_number(coef)} ELSE 0 END")
        sums.append("\n  + ".join(parts))
    if output is not None:
        return f"({sums[0]})"
    return _greatest(sums, [_label(label) for label in form.classes or ()], default=None)


# Conditions -----------------------------------------------------------------------------


def _all(conditions: Sequence[Condition], features: tuple[Feature, ...]) -> str:
    return " AND ".join(_condition(c, features) for c in conditions) or _TRUE


def _condition(condition: Condition, features: tuple[Feature, ...]) -> str:
    """A condition, true where it holds and false or NULL where it does not."""
    if isinstance(condition, AtLeast):
        parts = (
            f"CASE WHEN {_condition(c, features)} THEN 1 ELSE 0 END" for c in condition.conditions
        )
        return f"({' + '.join(parts)}) >= {condition.m}"
    feature = features[condition.feature]
    name = _identifier(feature.name)
    said = _known(condition, feature, name)
    if not condition.missing or said == _TRUE:
        return said
    return f"{name} IS NULL" if said == _FALSE else f"({name} IS NULL OR {said})"


def _known(condition: Interval | CategorySet, feature: Feature, name: str) -> str:
    """What is said of a value that is not NULL."""
    codes = codes_of(condition, feature)
    if codes is not None:
        labels = plain_labels(feature.categories)
        return _among(name, [_label(labels[code]) for code in codes])
    if isinstance(condition, CategorySet):
        return _among(name, [str(code) for code in sorted(condition.codes)])
    if condition.is_void:
        return _FALSE
    if math.isinf(condition.low) and math.isinf(condition.high):
        return _TRUE if condition.missing else f"{name} IS NOT NULL"
    parts = []
    if not math.isinf(condition.low):
        parts.append(f"{name} {'>=' if condition.low_closed else '>'} {_number(condition.low)}")
    if not math.isinf(condition.high):
        parts.append(f"{name} {'<=' if condition.high_closed else '<'} {_number(condition.high)}")
    return " AND ".join(parts)


def _among(name: str, values: list[str]) -> str:
    if not values:
        return _FALSE
    return f"{name} = {values[0]}" if len(values) == 1 else f"{name} IN ({', '.join(values)})"


def _answer(
    classes: tuple[Label, ...] | None, code: int | None, value: FloatArray, output: int | None
) -> str:
    """The class, or one of the values."""
    if output is not None or classes is None or code is None:
        x = float(value[output or 0])
        return _number(x) if math.isfinite(x) else "NULL"
    return _label(classes[code])


# Literals -------------------------------------------------------------------------------


def _identifier(name: str) -> str:
    """A quoted name."""
    return '"' + _text(name, "A name").replace('"', '""') + '"'


def _label(label: Label) -> str:
    """A category or a class as a literal."""
    if isinstance(label, bool):
        return "TRUE" if label else "FALSE"
    if isinstance(label, int):
        return str(label)
    if isinstance(label, float):
        return _number(label)
    return "'" + _text(label, "A category").replace("'", "''") + "'"


def _text(text: str, what: str) -> str:
    """Text that SQL can hold."""
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise InputError(f"{what} with NUL or half a surrogate pair is not for SQL: {text!r}.")
    return text


def _number(x: float) -> str:
    """A literal that is read as exactly this number, by parsers that err in the last digit too.

    SQLite's own reads some shortest decimals of 17 digits as the neighbouring number; a few
    more digits keep clear of that, and beyond its exact powers of ten, powers of two.
    """
    short = repr(float(x))
    digits = short.partition("e")[0].replace(".", "").replace("-", "").strip("0")
    inside = x == 0 or _PLAIN[0] <= abs(x) <= _PLAIN[1]
    if inside and len(digits) <= _PLAIN_DIGITS:
        return short
    if inside:
        return f"{x:.17e}" if abs(x) < 1e-4 else f"{x:.{17 - math.floor(math.log10(abs(x)))}f}"
    mantissa, exponent = math.frexp(x)
    parts, left = [f"{mantissa * 2**53:.1f}"], exponent - 53
    while left:
        step = max(-50, min(50, left))
        parts.append(f"{'*' if step > 0 else '/'} {2.0 ** abs(step):.1f}")
        left -= step
    return f"({' '.join(parts)})"

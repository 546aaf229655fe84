"""Every export decides as the form does: random forms, rows on the cuts, missing values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from export_readers import (
    by_dot,
    by_python,
    by_rules_table,
    by_rules_text,
    by_sql,
    by_tree_list,
    by_tree_text,
    labels_of,
    user_rows,
)
from hypothesis import given
from hypothesis import strategies as st

from surrogate.export import graphviz_dot, json_text, markdown_text, plain_text, read_json
from surrogate.forms import DecisionGraph, Linear, RuleSet, Scaled, Tree

from form_strategies import (
    condition_of,
    cuts_of,
    cuts_of_rules,
    features_of,
    mixed_tree_of,
    rows_of,
    ruleset_of,
    tree_of,
)

NASTY = (
    'say "hi"; DROP TABLE x--',
    "Größe in cm²",
    "select",
    "class",
    "NULL",
    "it's",
    "tab\there\nand there",
    "back\\slash %s {0} $1",
    "年齢",
    "1st",
    "Row",
    " ",
)
CATEGORIES = ("NULL", 'it\'s "quoted"', "None", "\\n né")


@st.composite
def trees(draw: st.DrawFn):
    features = draw(features_of())
    grown = draw(st.sampled_from([tree_of, mixed_tree_of]))
    tree = draw(grown(features, n_classes=draw(st.sampled_from([0, 2, 3]))))
    return tree, draw(rows_of(features, cuts_of(tree)))


@st.composite
def rule_sets(draw: st.DrawFn):
    features = draw(features_of())
    rules = draw(ruleset_of(features))
    return rules, draw(rows_of(features, cuts_of_rules(rules)))


@st.composite
def graphs(draw: st.DrawFn):
    """A tree with some of its leaves and tests made one."""
    features = draw(features_of())
    tests = draw(st.lists(condition_of(features), min_size=1, max_size=5))
    m, leaves = len(tests), 3
    yes = [draw(st.integers(at + 1, m + leaves - 1)) for at in range(m)]
    no = [at + 1 for at in range(m)]
    for leaf in range(m + 1, m + leaves):  # every node is reached from somewhere
        if leaf not in yes:
            yes[draw(st.integers(0, m - 1))] = leaf
    reached = {0, *yes, *no}
    kept = sorted(reached)
    place = {node: at for at, node in enumerate(kept)}
    value = draw(st.lists(st.integers(0, 9), min_size=3 * len(kept), max_size=3 * len(kept)))
    graph = DecisionGraph(
        features,
        ("a", "b", "c"),
        tuple(tests[node] if node < m else None for node in kept),
        [place[yes[node]] if node < m else -1 for node in kept],
        [place[no[node]] if node < m else -1 for node in kept],
        np.array(value, float).reshape(-1, 3) + 0.5,
        np.ones(len(kept)),
    )
    return graph, draw(rows_of(features, (0.0, 0.5, 1.0, -1.0)))


@st.composite
def linears(draw: st.DrawFn):
    features = draw(features_of())
    conditions = draw(st.lists(condition_of(features), max_size=3))
    scaled = tuple(
        Scaled(j, draw(st.sampled_from([0.0, 1.5])), draw(st.sampled_from([1.0, 0.3])))
        for j, feature in enumerate(features)
        if not feature.is_coded
    )
    terms = (*conditions, *scaled)
    k = draw(st.sampled_from([1, 3]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    classes = None if k == 1 else ("a", "b", "c")
    form = Linear(features, classes, rng.normal(size=(k, len(terms))), rng.normal(size=k), terms)
    return form, draw(rows_of(features, (0.0, 0.5, 1.0)))


def renamed(form, *, unique: int):
    """The form with names and categories that are hard to quote."""
    features = tuple(
        replace(
            f,
            name=NASTY[(j + unique) % len(NASTY)],
            categories=CATEGORIES if f.is_coded else (),
        )
        for j, f in enumerate(form.features)
    )
    classes = None if form.classes is None else CATEGORIES[: len(form.classes)]
    return replace(form, features=features, classes=classes)


@given(st.data(), st.integers(0, 11), st.booleans())
def test_the_python_function_decides_as_the_form_does(data, unique, positional):
    form, matrix = data.draw(trees() | rule_sets() | graphs())
    form = renamed(form, unique=unique)
    rows = user_rows(form.features, matrix)
    said, values = by_python(form, rows, positional=positional)
    assert said == labels_of(form, matrix)
    np.testing.assert_array_equal(values, form.predict_values(matrix))


@given(st.data(), st.integers(0, 11))
def test_the_sql_expression_decides_as_the_form_does(data, unique):
    form, matrix = data.draw(trees() | rule_sets() | graphs())
    form = renamed(form, unique=unique)
    rows = user_rows(form.features, matrix)
    assert by_sql(form, rows) == labels_of(form, matrix)
    output = form.value.shape[-1] - 1
    values = by_sql(form, rows, output=output)
    np.testing.assert_allclose(values, form.predict_values(matrix)[:, output], rtol=1e-12)


@given(st.data(), st.integers(0, 11))
def test_linear_forms_are_sums_in_python_and_in_sql(data, unique):
    form, matrix = data.draw(linears())
    form = renamed(form, unique=unique)
    rows = user_rows(form.features, matrix)
    values = form.predict_values(matrix)
    said, found = by_python(form, rows)
    np.testing.assert_allclose(found, values, atol=1e-9)
    np.testing.assert_allclose(by_sql(form, rows, output=0), values[:, 0], atol=1e-9)
    ranked = np.sort(values, axis=1)
    clear = (
        np.ones(len(rows), bool) if form.classes is None else ranked[:, -1] - ranked[:, -2] > 1e-9
    )
    if form.classes is not None:
        for answers in (said, by_sql(form, rows)):
            wrong = [a != b for a, b in zip(answers, labels_of(form, matrix))]
            assert not (np.array(wrong) & clear).any()


@given(st.data())
def test_trees_in_words_decide_as_the_tree_does(data):
    tree, matrix = data.draw(trees().filter(lambda drawn: drawn[0].classes is not None))
    rows = user_rows(tree.features, matrix)
    said = labels_of(tree, matrix)
    assert by_tree_text(plain_text(tree), tree.features, rows) == said
    assert by_tree_list(markdown_text(tree), tree.features, rows) == said


@given(st.data())
def test_rules_in_words_decide_as_the_rules_do(data):
    rules, matrix = data.draw(rule_sets())
    rules = replace(rules, conflict="heaviest").listed()
    rows = user_rows(rules.features, matrix)
    said = labels_of(rules, matrix)
    assert by_rules_text(plain_text(rules), rules.features, rows) == said
    assert by_rules_table(markdown_text(rules), rules.features, rows) == said


@given(st.data())
def test_pictures_in_dot_decide_as_the_form_does(data):
    form, matrix = data.draw(trees() | rule_sets() | graphs())
    if isinstance(form, RuleSet):
        form = replace(form, conflict="heaviest")
    if form.classes is None:
        form = replace(form, classes=("x",), decision=np.zeros(len(form.value), int))
    rows = user_rows(form.features, matrix)
    assert by_dot(graphviz_dot(form), form.features, rows) == labels_of(form, matrix)


@given(st.data(), st.integers(0, 11))
def test_json_comes_back_equal(data, unique):
    form, _ = data.draw(trees() | rule_sets() | graphs() | linears())
    form = renamed(form, unique=unique)
    assert read_json(json_text(form, heading=["of a test"])) == form


# One large tree and its rules, 10,000 rows ------------------------------------------------


def large_tree() -> tuple[Tree, np.ndarray]:
    """64 leaves over numbers of all sizes, categories and missing values; rows on the cuts."""
    from surrogate.types import Feature

    rng = np.random.default_rng(5)
    features = (
        Feature("x", missing=True),
        Feature("tiny"),
        Feature("n", "integer"),
        Feature("size", "ordinal", categories=("small", "medium", "large"), missing=True),
        Feature("work", "categorical", categories=CATEGORIES, missing=True),
        Feature("flag", "binary"),
    )
    scale = np.array([1.0, 1e-9, 20.0, 0, 0, 0])
    m = 127
    feature = np.r_[rng.integers(0, 6, 63), np.full(64, -1)]
    threshold = np.where(feature >= 0, rng.normal(size=m) * scale[feature], np.nan)
    threshold[feature == 3] = rng.choice([0.5, 1.5], (feature == 3).sum())
    threshold[feature == 5] = 0.5
    threshold[feature == 4] = np.nan
    sets = [
        frozenset(rng.choice(4, rng.integers(1, 4), replace=False).tolist()) if j == 4 else None
        for j in feature
    ]
    inner = feature >= 0
    node = np.arange(m)
    tree = Tree(
        features,
        ("deny", "grant", 3),
        feature,
        threshold,
        tuple(sets),
        np.where(inner, 2 * node + 1, -1),
        np.where(inner, 2 * node + 2, -1),
        rng.random(m) < 0.5,
        rng.dirichlet(np.ones(3), m),
        np.ones(m),
    )
    rows = np.column_stack([
        rng.normal(size=10_000), rng.normal(size=10_000) * 1e-9, rng.integers(-60, 60, 10_000),
        rng.integers(0, 3, 10_000), rng.integers(0, 4, 10_000), rng.integers(0, 2, 10_000),
    ])  # fmt: skip
    for j in (0, 1):
        cuts = threshold[feature == j]
        beside = np.concatenate([cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)])
        on = rng.random(10_000) < 0.5
        rows[on, j] = rng.choice(beside, on.sum())
    rows[np.ix_(rng.random(10_000) < 0.1, [0])] = np.nan
    for j in (3, 4):
        rows[rng.random(10_000) < 0.1, j] = np.nan
    return tree, rows


FORMS = {
    "tree": lambda tree: tree,
    "rules": lambda tree: tree.rules(),
    "voting rules": lambda tree: replace(
        tree.rules(),
        rules=tuple(replace(r, conditions=r.conditions[:2]) for r in tree.rules().rules),
    ),
}


@pytest.mark.parametrize("kind", FORMS)
def test_ten_thousand_rows_are_decided_alike(kind):
    tree, matrix = large_tree()
    form = FORMS[kind](tree)
    rows, said = user_rows(form.features, matrix), labels_of(form, matrix)
    assert len(set(said)) == 3
    assert by_python(form, rows)[0] == said
    assert by_sql(form, rows) == said
    simple = replace(
        form,
        features=tuple(
            replace(f, categories=("A", "B", "C", "D") if f.name == "work" else f.categories)
            for f in form.features
        ),
    )
    rows = user_rows(simple.features, matrix)
    said = [str(label) for label in said]
    if kind == "tree":
        assert by_tree_text(plain_text(simple), simple.features, rows) == said
        assert by_tree_list(markdown_text(simple), simple.features, rows) == said
        assert by_dot(graphviz_dot(simple), simple.features, rows) == said
    np.testing.assert_array_equal(read_json(json_text(form)).predict(matrix), form.predict(matrix))

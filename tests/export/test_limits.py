"""What formats cannot say is refused; what is deep, shared or strange is written all the same."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from export_readers import by_python, by_sql, labels_of, user_rows

from surrogate.errors import InputError
from surrogate.export import (
    FORMATS,
    export_form,
    format_of,
    graphviz_dot,
    markdown_text,
    plain_text,
    python_code,
    read_json,
    sql_case,
)
from surrogate.export.sql_case import _number
from surrogate.forms import (
    CategorySet,
    DecisionGraph,
    Interval,
    Linear,
    Rule,
    RuleSet,
    Scaled,
    Tree,
)
from surrogate.types import Feature

X = (Feature("x"),)
RULE = Rule((Interval(0, low=0.0),), (0.2, 0.8))
RULES = RuleSet(X, ("no", "yes"), (RULE,), (0.9, 0.1))


def chain(depth: int, *, to_the_left: bool) -> Tree:
    """A tree that leads one leaf away at each depth."""
    inner, leaf = np.arange(depth) * 2, np.arange(depth) * 2 + 1
    m = 2 * depth + 1
    feature, left, right = np.full(m, -1), np.full(m, -1), np.full(m, -1)
    feature[inner] = 0
    left[inner], right[inner] = (inner + 2, leaf) if to_the_left else (leaf, inner + 2)
    threshold = np.full(m, np.nan)
    threshold[inner] = -np.arange(depth) if to_the_left else np.arange(depth)
    value = np.eye(2)[np.arange(m) // 2 % 2]
    missing = np.zeros(m, bool)
    return Tree(X, ("a", "b"), feature, threshold, (None,) * m, left, right, missing, value,
                np.ones(m))  # fmt: skip


@pytest.mark.parametrize("to_the_left", [True, False])
def test_a_tree_of_depth_200_is_still_a_function_and_an_expression(to_the_left):
    tree = chain(200, to_the_left=to_the_left)
    matrix = np.random.default_rng(0).uniform(-210, 210, (300, 1))
    rows = user_rows(X, matrix)
    assert by_python(tree, rows)[0] == labels_of(tree, matrix)
    assert by_sql(tree, rows) == labels_of(tree, matrix)


def ladder(steps: int) -> DecisionGraph:
    """A graph whose ways double at each step: two tests, both leading to both of the next."""
    tests: list = [Interval(0, high=0.0)]
    yes, no = [1], [2]
    for step in range(steps):
        first = 2 * step + 3
        tests += [Interval(0, high=step + 1.0), Interval(0, low=-step - 1.0)]
        yes += [first, first + 1]
        no += [first + 1, first]
    tests += [None, None]
    yes += [-1, -1]
    no += [-1, -1]
    value = np.zeros((len(tests), 2)) + 0.5
    value[-2:] = np.eye(2)
    return DecisionGraph(X, ("a", "b"), tuple(tests), yes, no, value, np.ones(len(tests)))


def test_shared_parts_of_a_graph_are_written_once_in_python_and_refused_in_sql():
    graph = ladder(30)
    assert graph.n_paths > 2**30
    matrix = np.linspace(-40, 40, 161)[:, None]
    rows = user_rows(X, matrix)
    assert len(python_code(graph)) < 20_000
    assert by_python(graph, rows)[0] == labels_of(graph, matrix)
    assert graphviz_dot(graph).count(" -> ") == 2 * graph.n_conditions
    with pytest.raises(InputError, match="ways, which SQL would repeat"):
        sql_case(graph)


@pytest.mark.parametrize(
    ("form", "options", "match"),
    [
        (replace(RULES, features=(Feature("a\0b"),)), {}, "NUL"),
        (replace(RULES, classes=("no", "\ud800")), {}, "half a surrogate pair"),
        (RULES, {"output": 2}, "column from 0 to 1; got 2"),
        (
            RuleSet(X, None, (Rule(RULE.conditions, (1.0, 2.0)),), (0.0, 0.0)),
            {},
            "form of 2 values needs output=",
        ),
    ],
)
def test_what_sql_cannot_say_is_refused(form, options, match):
    with pytest.raises(InputError, match=match):
        sql_case(form, **options)


def test_what_has_no_picture_is_refused():
    linear = Linear(X, None, [[1.0]], [0.0], (Scaled(0),))
    with pytest.raises(InputError, match="no tests to draw"):
        graphviz_dot(linear)
    voting = replace(RULES, rules=(RULE, Rule((), (0.5, 0.5))))
    with pytest.raises(InputError, match="cannot become an ordered list"):
        graphviz_dot(voting)


def test_numbers_come_back_exact_from_sqlite():
    rng = np.random.default_rng(0)
    tail = rng.normal(size=1000) * 10.0 ** rng.integers(-300, 300, 1000)
    edges = [0.0, 5e-324, -5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e15, 1e-15, 2.0**53 + 2]
    numbers = [float(x) for x in (*rng.normal(size=3000), *tail, *edges)]
    base = sqlite3.connect(":memory:")
    for x in numbers:
        assert base.execute(f"SELECT {_number(x)}").fetchone()[0] == x, repr(x)


def test_regressions_give_their_value_everywhere():
    form = RuleSet(X, None, (Rule(RULE.conditions, (2.5,)),), (-1.0,))
    matrix = np.array([[1.0], [0.0], [np.nan]])
    rows = user_rows(X, matrix)
    assert by_python(form, rows)[0] == by_sql(form, rows) == [2.5, -1.0, -1.0]


@pytest.mark.parametrize("label", [True, 3, 2.5, "it's"])
def test_classes_of_any_kind_come_back(label):
    form = replace(RULES, classes=(label, "other"))
    rows = user_rows(X, np.array([[0.0], [1.0]]))
    assert by_python(form, rows)[0] == by_sql(form, rows) == [label, "other"]


def test_a_function_says_which_column_a_row_lacks():
    made = {}
    exec(python_code(RULES), made)
    with pytest.raises(KeyError, match="x"):
        made["predict"]({"y": 1.0})


def test_names_cannot_write_lines_of_their_own():
    evil = "x\n\nimport os\n- * | `"
    form = replace(RULES, features=(Feature(evil),), classes=("no\n", "yes"))
    for name in ("text", "markdown", "dot"):
        text = FORMATS[name].write(form, heading=["told\nof"])
        assert "\nimport os" not in text
        assert "told\nof" not in text
    assert "\nof" not in python_code(form, heading=["told\nof"])
    assert "\nof" not in sql_case(form, heading=["told\nof"])


def test_markdown_and_text_of_a_graph_a_leaf_and_a_sum():
    leaf = Tree(X, ("a",), [-1], [np.nan], (None,), [-1], [-1], [False], [[1.0]], [1.0])
    assert markdown_text(leaf) == "always **a (p 1)**, 100 %\n"
    assert "always a" in plain_text(leaf)
    assert "1. x \\<= 0: go to 2; else go to 3" in markdown_text(ladder(1))
    linear = Linear(X, None, [[1.5]], [0.25], (Scaled(0),))
    assert markdown_text(linear).splitlines()[2:] == ["| intercept | 0.25 |", "| x, per 1 | +1.5 |"]


@pytest.mark.parametrize(
    ("path", "format", "match"),
    [
        ("a.xls", None, "'a.xls' says no format; end it in one of .txt"),
        ("a.sql", "excel", "must be one of text, markdown, json, python, sql, dot; got 'excel'"),
    ],
)
def test_unknown_formats_are_refused(path, format, match, tmp_path):
    with pytest.raises(InputError, match=match):
        format_of(path, format=format)
    with pytest.raises(InputError, match=match):
        export_form(RULES, tmp_path / path, format=format)
    assert not (tmp_path / path).exists()


@pytest.mark.parametrize("text", ["{", "[1]", '{"form": "x"}'])
def test_other_json_is_refused(text):
    with pytest.raises(InputError):
        read_json(text)


def test_a_set_of_categories_on_a_column_of_numbers_is_compared_by_number():
    form = replace(RULES, rules=(Rule((CategorySet(0, {0, 2}),), (0.2, 0.8)),))
    matrix = np.array([[0.0], [1.0], [2.0], [np.nan]])
    rows = user_rows(X, matrix)
    assert by_python(form, rows)[0] == by_sql(form, rows) == labels_of(form, matrix)

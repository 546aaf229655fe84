"""Readers of what is exported: they decide rows by the exported text alone."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from surrogate.export import python_code, sql_case
from surrogate.forms import Form
from surrogate.types import Feature

Row = dict[str, Any]


def user_rows(features: Sequence[Feature], matrix: np.ndarray) -> list[Row]:
    """Rows as a user has them: categories by name, missing values as None or NaN."""
    return [
        {f.name: _cell(f, float(x), i) for f, x in zip(features, row)}
        for i, row in enumerate(matrix)
    ]


def _cell(feature: Feature, x: float, i: int) -> Any:
    if np.isnan(x):
        return None if i % 2 else float("nan")
    return feature.categories[int(x)] if feature.is_coded else x


def labels_of(form: Form, matrix: np.ndarray) -> list[Any]:
    """What the form itself says, by name."""
    said = form.predict(matrix)
    return said.tolist() if form.classes is None else [form.classes[code] for code in said]


def by_python(form: Form, rows: Sequence[Row], *, positional: bool = False) -> tuple[list, list]:
    """Answers and values of the exported function."""
    made: dict[str, Any] = {}
    exec(compile(python_code(form), "exported", "exec"), made)
    given = [list(row.values()) for row in rows] if positional else rows
    return [made["predict"](row) for row in given], [made["predict_values"](row) for row in given]


def by_sql(form: Form, rows: Sequence[Row], *, output: int | None = None) -> list[Any]:
    """Answers of the exported expression in SQLite."""
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in rows[0])
    connection = sqlite3.connect(":memory:")
    connection.execute(f'CREATE TABLE "the table" ({names})')
    marks = ", ".join("?" * len(rows[0]))
    cells = [[None if x != x else x for x in row.values()] for row in rows]
    connection.executemany(f'INSERT INTO "the table" VALUES ({marks})', cells)
    query = sql_case(form, table="the table", output=output, heading=["told"])
    return [row[-1] for row in connection.execute(query)]


# Conditions in words --------------------------------------------------------------------

Test = Callable[[Row], bool]
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def is_missing(x: Any) -> bool:
    return x is None or x != x


def test_of(text: str, features: Sequence[Feature]) -> Test:
    """The test that a condition in words describes; names have no spaces in them."""
    parts = split(text, " and ")
    if len(parts) > 1:
        tests = [test_of(part, features) for part in parts]
        return lambda row: all(test(row) for test in tests)
    if text == "always":
        return lambda row: True
    if found := re.fullmatch(r"at least (\d+) of \((.*)\)", text):
        tests = [test_of(part, features) for part in split(found[2], ", ")]
        return lambda row: sum(test(row) for test in tests) >= int(found[1])
    if text.endswith(" or missing"):
        test = test_of(text.removesuffix(" or missing"), features)
        name = next(f.name for f in features if f.name in text.split())
        return lambda row: is_missing(row[name]) or test(row)
    return single(text, {f.name: f for f in features})


def single(text: str, features: dict[str, Feature]) -> Test:
    words = text.split()
    if words[1] == "is":
        name = words[0]
        kind = {"missing": is_missing, "known": lambda x: not is_missing(x),
                "anything": lambda x: True, "never": lambda x: False}[words[2]]  # fmt: skip
        return lambda row: kind(row[name])
    if "{" in text:
        inside = set(text.partition("{")[2].rstrip("}").split(", "))
        wanted = " not in " not in text
        return lambda row: not is_missing(row[words[0]]) and (row[words[0]] in inside) == wanted
    if words[0] in features:
        bounds = [(words[1], words[2])]
        name = words[0]
    else:
        name = words[2]
        flipped = {"<=": ">=", "<": ">"}
        bounds = [(flipped[words[1]], words[0]), (words[3], words[4])]
    rank = rank_of(features[name])
    return lambda row: (
        not is_missing(row[name])
        and all(
            SIGNS[sign](rank(row[name]), rank(_value(bound, features[name])))
            for sign, bound in bounds
        )
    )


def _value(bound: str, feature: Feature) -> Any:
    return bound if feature.is_coded else float(bound)


def rank_of(feature: Feature) -> Callable[[Any], float]:
    return feature.categories.index if feature.is_coded else float


def split(text: str, between: str) -> list[str]:
    """Parts of a text, brackets kept whole."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "({") - (c in ")}")
        if depth == 0 and text.startswith(between, i):
            parts.append(text[start:i])
            start = i + len(between)
    return [*parts, text[start:]]


# Whole forms in words -------------------------------------------------------------------


def answer(said: str) -> str:
    return said.partition(" (")[0]


def by_tree_text(text: str, features: Sequence[Feature], rows: Sequence[Row]) -> list[str]:
    """The indented lines of a tree, followed row by row."""
    lines = text.strip("\n").splitlines()
    if lines[0].startswith("always "):
        return [answer(lines[0].removeprefix("always "))] * len(rows)
    entries = []
    for line in lines:
        bare = line.lstrip("│├└─ ")
        said, _, then = bare.partition("  ->  ")
        entries.append(((len(line) - len(bare)) // 3, said, then))
    return follow(entries, features, rows)


def follow(
    entries: list[tuple[int, str, str]], features: Sequence[Feature], rows: Sequence[Row]
) -> list[str]:
    """Rows through entries of (depth, condition, answer); of two siblings one holds."""
    tests = [
        None if said == "else" or said.startswith("fewer than") else test_of(said, features)
        for _, said, _ in entries
    ]
    found = []
    for row in rows:
        at = 0
        while True:
            test = tests[at]
            if test is None or test(row):
                if entries[at][2]:
                    found.append(answer(entries[at][2]))
                    break
                at += 1
                continue
            depth = entries[at][0]
            at += 1
            while entries[at][0] != depth:
                assert entries[at][0] > depth, "neither branch holds"
                at += 1
    return found


def by_rules_text(text: str, features: Sequence[Feature], rows: Sequence[Row]) -> list[str]:
    """The lines of an ordered list of rules."""
    lines = text.strip("\n").splitlines()[1:]
    pairs = list(zip(lines[:-1:2], lines[1:-1:2]))
    rules = [
        (test_of(said.partition(". if ")[2], features), answer(then.strip().removeprefix("then ")))
        for said, then in pairs
    ]
    default = answer(lines[-1].partition(" ")[2])
    return [next((then for test, then in rules if test(row)), default) for row in rows]


def by_rules_table(text: str, features: Sequence[Feature], rows: Sequence[Row]) -> list[str]:
    """The table of an ordered list of rules in Markdown."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[plain(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[2:4]] for line in lines]
    rules = [(test_of(said, features), answer(then)) for said, then in cells[:-1]]
    default = answer(cells[-1][1])
    return [next((then for test, then in rules if test(row)), default) for row in rows]


def by_tree_list(text: str, features: Sequence[Feature], rows: Sequence[Row]) -> list[str]:
    """The nested list of a tree in Markdown."""
    if text.startswith("always "):
        return [answer(text.removeprefix("always **"))] * len(rows)
    entries = []
    for line in text.splitlines():
        said, _, then = line.lstrip(" -").partition(" → **")
        entries.append(((len(line) - len(line.lstrip())) // 2, plain(said), plain(then)))
    return follow(entries, features, rows)


def plain(text: str) -> str:
    """Markdown without its backslashes."""
    return re.sub(r"\\(.)", r"\1", text)


def by_dot(text: str, features: Sequence[Feature], rows: Sequence[Row]) -> list[str]:
    """A digraph walked from its first node."""
    string = r'"((?:[^"\\]|\\.)*)"'
    labels = dict(re.findall(rf"^  n(\d+) \[label={string}", text, re.MULTILINE))
    labels = {node: ast.literal_eval(f'"{said}"') for node, said in labels.items()}
    ways = {(a, said): b for a, b, said in re.findall(r'n(\d+) -> n(\d+) \[label="(\w+)"\]', text)}
    tests = {node: test_of(labels[node], features) for node, said in ways}
    found = []
    for row in rows:
        node = "0"
        while node in tests:
            node = ways[node, "yes" if tests[node](row) else "no"]
        found.append(answer(labels[node].partition("\n")[0]))
    return found

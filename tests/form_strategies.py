"""Random features, rows, conditions and trees for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from surrogate.forms import (
    AtLeast,
    CategorySet,
    Condition,
    DecisionGraph,
    Interval,
    Linear,
    Rule,
    RuleSet,
    Scaled,
    Tree,
)
from surrogate.types import Feature

CATEGORIES = ("blue", "green", "red", "yellow")


@st.composite
def features_of(draw: st.DrawFn) -> tuple[Feature, ...]:
    kinds = draw(
        st.lists(
            st.sampled_from(["continuous", "integer", "ordinal", "categorical", "binary"]),
            min_size=1,
            max_size=4,
        )
    )
    return tuple(
        Feature(
            f"f{j}",
            kind,
            categories=CATEGORIES if kind in ("ordinal", "categorical") else (),
            unit=draw(st.sampled_from(["", "cm"])),
            missing=draw(st.booleans()),
        )
        for j, kind in enumerate(kinds)
    )


def cut_of(feature: Feature) -> st.SearchStrategy[float]:
    if feature.is_coded or feature.kind == "binary":
        return st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0])
    if feature.kind == "integer":
        return st.integers(-6, 6).map(lambda i: i / 2)
    return st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-3, 3).map(float)


@st.composite
def single_condition(draw: st.DrawFn, features: tuple[Feature, ...]) -> Condition:
    column = draw(st.integers(0, len(features) - 1))
    feature, missing = features[column], draw(st.booleans())
    if feature.is_nominal:
        return CategorySet(column, draw(st.frozensets(st.integers(0, 3))), missing)
    bound = cut_of(feature)
    low = draw(bound | st.just(-np.inf))
    high = draw(bound | st.just(np.inf))
    return Interval(column, low, high, draw(st.booleans()), draw(st.booleans()), missing)


@st.composite
def condition_of(draw: st.DrawFn, features: tuple[Feature, ...]) -> Condition:
    if draw(st.booleans()):
        return draw(single_condition(features))
    inner = draw(st.lists(single_condition(features), min_size=1, max_size=3))
    return AtLeast(draw(st.integers(1, len(inner))), tuple(inner))


@st.composite
def tree_of(draw: st.DrawFn, features: tuple[Feature, ...], *, n_classes: int = 3) -> Tree:
    """A random tree of up to 9 leaves; `n_classes` 0 gives a regression."""
    feature, threshold, sets, missing = [-1], [np.nan], [None], [False]
    left, right = [-1], [-1]
    for _ in range(draw(st.integers(0, 8))):
        leaves = [node for node in range(len(feature)) if left[node] < 0]
        node = draw(st.sampled_from(leaves))
        column = draw(st.integers(0, len(features) - 1))
        feature[node], missing[node] = column, draw(st.booleans())
        if features[column].is_nominal:
            sets[node] = draw(st.frozensets(st.integers(0, 3), min_size=1, max_size=3))
        else:
            threshold[node] = draw(cut_of(features[column]) | st.just(np.inf))
        left[node], right[node] = len(feature), len(feature) + 1
        for grown, empty in ((feature, -1), (threshold, np.nan), (sets, None), (missing, False)):
            grown += [empty, empty]
        left += [-1, -1]
        right += [-1, -1]
    m = len(feature)
    k = max(n_classes, 1)
    value = np.array(draw(st.lists(st.integers(0, 9), min_size=m * k, max_size=m * k)), float)
    value = value.reshape(m, k)
    if n_classes:
        value = (value + 0.1) / (value + 0.1).sum(axis=1, keepdims=True)
    weight = np.zeros(m)
    for node in reversed(range(m)):
        weight[node] = 1.0 if left[node] < 0 else weight[left[node]] + weight[right[node]]
    return Tree(
        features,
        tuple("abc"[:n_classes]) if n_classes else None,
        feature,
        threshold,
        tuple(sets),
        left,
        right,
        missing,
        value,
        weight,
        count=weight.astype(int),
    )


@st.composite
def mixed_tree_of(draw: st.DrawFn, features: tuple[Feature, ...], *, n_classes: int = 3) -> Tree:
    """A random tree of up to 6 leaves whose tests are conditions of any kind."""
    tests: list[Condition | None] = [None]
    left, right = [-1], [-1]
    for _ in range(draw(st.integers(0, 5))):
        node = draw(st.sampled_from([node for node in range(len(left)) if left[node] < 0]))
        tests[node] = draw(condition_of(features))
        left[node], right[node] = len(left), len(left) + 1
        tests += [None, None]
        left += [-1, -1]
        right += [-1, -1]
    m, k = len(left), max(n_classes, 1)
    value = np.array(draw(st.lists(st.integers(0, 9), min_size=m * k, max_size=m * k)), float)
    value = value.reshape(m, k)
    if n_classes:
        value = (value + 0.1) / (value + 0.1).sum(axis=1, keepdims=True)
    return Tree.of_tests(
        features,
        tuple("abc"[:n_classes]) if n_classes else None,
        tests,
        left=left,
        right=right,
        value=value,
        weight=np.ones(m),
    )


@st.composite
def ruleset_of(draw: st.DrawFn, features: tuple[Feature, ...]) -> RuleSet:
    """Random rules, overlapping and contradictory ones too."""
    probabilities = st.sampled_from([(0.5, 0.3, 0.2), (0.1, 0.8, 0.1), (0.2, 0.2, 0.6)])
    rules = tuple(
        Rule(
            tuple(draw(st.lists(condition_of(features), max_size=3))),
            draw(probabilities),
            weight=draw(st.sampled_from([0.5, 1.0, 2.0])),
        )
        for _ in range(draw(st.integers(0, 5)))
    )
    return RuleSet(
        features,
        ("a", "b", "c"),
        rules,
        draw(probabilities),
        ordered=draw(st.booleans()),
        conflict=draw(st.sampled_from(["vote", "heaviest", "specific"])),
    )


@st.composite
def graph_of(draw: st.DrawFn, features: tuple[Feature, ...]) -> DecisionGraph:
    """A random graph of up to 7 tests and 3 leaves, every node of which is reached."""
    n = draw(st.integers(1, 7))
    tests, ways = [], []
    for node in range(n):
        later = st.integers(node + 1, n + 2)
        tests.append(draw(condition_of(features)))
        ways.append([draw(later), draw(later)])
        if node:  # some node before leads here
            from_node, side = draw(st.integers(0, node - 1)), draw(st.integers(0, 1))
            if not any(node in pair for pair in ways[:node]):
                ways[from_node][side] = node
    return reached(features, [*tests, None, None, None], [*ways, [-1, -1], [-1, -1], [-1, -1]])


def reached(features, tests, ways) -> DecisionGraph:
    """The graph of the nodes that are reached from the first."""
    seen, waiting = {0}, [0]
    while waiting:
        for to in ways[waiting.pop()]:
            if to >= 0 and to not in seen:
                seen.add(to)
                waiting.append(to)
    number = {node: at for at, node in enumerate(sorted(seen))} | {-1: -1}
    kept = sorted(seen)
    return DecisionGraph(
        features,
        ("low", "mid", "top"),
        tuple(tests[node] for node in kept),
        [number[ways[node][0]] for node in kept],
        [number[ways[node][1]] for node in kept],
        value=np.random.default_rng(len(kept)).dirichlet(np.ones(3), len(kept)),
        weight=np.ones(len(kept)),
    )


@st.composite
def linear_of(draw: st.DrawFn, features: tuple[Feature, ...], *, n_classes: int = 3) -> Linear:
    """A random linear form of scaled columns and of conditions that count 1."""
    terms = []
    for _ in range(draw(st.integers(1, 5))):
        column = draw(st.integers(0, len(features) - 1))
        centre, scale = draw(st.integers(-5, 5)) / 3, draw(st.sampled_from([0.1, 1.0, 7.0]))
        scaled = Scaled(column, centre, scale)
        terms.append(scaled if draw(st.booleans()) else draw(condition_of(features)))
    k = max(1, n_classes)
    coef = draw(st.lists(st.integers(-99, 99), min_size=k * len(terms), max_size=k * len(terms)))
    return Linear(
        features,
        tuple("abc"[:n_classes]) if n_classes else None,
        np.array(coef, float).reshape(k, -1) / 7,
        np.arange(k) / 3,
        tuple(terms),
    )


@st.composite
def rows_of(draw: st.DrawFn, features: tuple[Feature, ...], cuts: tuple[float, ...] = ()):
    """Rows that the features allow, many of them on the cuts and right beside them."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n = 200
    near = [x for cut in cuts for x in (cut, np.nextafter(cut, -np.inf), np.nextafter(cut, np.inf))]
    near = np.array([*near, 0.0, 1.0])
    matrix = np.empty((n, len(features)))
    for j, feature in enumerate(features):
        if feature.is_coded:
            x = rng.integers(0, len(feature.categories), n).astype(float)
        elif feature.kind == "binary":
            x = rng.integers(0, 2, n).astype(float)
        elif feature.kind == "integer":
            x = rng.integers(-4, 5, n).astype(float)
        else:
            x = np.where(rng.random(n) < 0.7, rng.choice(near, n), rng.normal(0, 3, n))
        if feature.missing:
            x[rng.random(n) < 0.2] = np.nan
        matrix[:, j] = x
    return matrix


def bounds_of(condition: Condition) -> tuple[float, ...]:
    """Finite bounds that a condition names."""
    if isinstance(condition, AtLeast):
        return tuple(cut for inner in condition.conditions for cut in bounds_of(inner))
    ends = (condition.low, condition.high) if isinstance(condition, Interval) else ()
    return tuple(end for end in ends if np.isfinite(end))


def cuts_of(tree: Tree) -> tuple[float, ...]:
    given = (cut for test in tree.tests if test is not None for cut in bounds_of(test))
    return (*tree.threshold[np.isfinite(tree.threshold)], *given)


def cuts_of_rules(rules: RuleSet) -> tuple[float, ...]:
    return tuple(cut for rule in rules.rules for c in rule.conditions for cut in bounds_of(c))

"""Explanations to print, plot, store and report, made without asking any model.

Loaded by path from the conftest of each room that needs it: tests are no package.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from surrogate.domain import Domain
from surrogate.explanation import (
    AuditResult,
    Binned,
    GlobalExplanation,
    LocalExplanations,
    LocalFidelity,
    Scaled,
)
from surrogate.explanation.disagreements import Disagreements, Example
from surrogate.explanation.local_checks import LocalChecks
from surrogate.fidelity import (
    Curve,
    Fidelity,
    Flips,
    GroupScore,
    Interval,
    Said,
    Score,
    Verdict,
    assess,
    flip_scores,
    impact,
    region_scores,
)
from surrogate.forms import AtLeast, CategorySet, DecisionGraph, Linear, Rule, RuleSet, Tree
from surrogate.forms import Interval as Between
from surrogate.forms import Scaled as Column
from surrogate.oracle import Budget, Queries
from surrogate.types import Feature

N = 3000
HOSTILE = (
    '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">',
    'it\'s a "quoted" & {{ 7 * 7 }} $\\frac{broken$ `name`',
    "\u202egnisrever\u202c עברית العربية",
    "👩\u200d🚀 emoji 🏳️\u200d🌈 \x1b[31mred\x07",
    "x" * 10_000,
)


def table(seed: int = 0) -> dict[str, np.ndarray]:
    """Rows of loan applications, drawn."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    return {
        "age": rng.integers(18, 80, N),
        "income": np.round(rng.lognormal(10.3, 0.5, N), 0),
        "hours per week": np.clip(np.round(rng.normal(40, 11, N)), 1, 99).astype(np.int64),
        "debt ratio": np.round(rng.beta(2, 5, N), 3),
        "housing": rng.choice(["owns", "rents", "lodges free"], N, p=[0.5, 0.4, 0.1]),
    }


def domain_of(rows: dict[str, np.ndarray], names: tuple[str, ...] = ()) -> Domain:
    if names:
        rows = dict(zip(names, rows.values()))
    return Domain.infer(rows)


def probability(x: np.ndarray) -> np.ndarray:
    """What the model would say of the internal matrix."""
    score = 0.05 * (x[:, 0] - 40) + 1.4 * np.log(x[:, 1] / 30000) - 4 * (x[:, 3] - 0.3)
    score += np.where(x[:, 0] > 55, -2.0, 0.4) + 0.02 * (x[:, 2] - 40)
    return 1 / (1 + np.exp(-score))


def tree_of(fitted, features, classes) -> Tree:
    """A tree of scikit-learn as a form."""
    t = fitted.tree_
    leaf = t.children_left == -1
    return Tree(
        features=features,
        classes=classes,
        feature=np.where(leaf, -1, t.feature),
        threshold=np.where(leaf, np.nan, np.round(t.threshold, 3)),
        categories=(None,) * t.node_count,
        left=t.children_left,
        right=t.children_right,
        missing_left=np.zeros(t.node_count, dtype=bool),
        value=t.value[:, 0, :],
        weight=t.weighted_n_node_samples,
        count=t.n_node_samples,
    )


def measured(form: Tree, x: np.ndarray, p: np.ndarray, *, seed: int, where: str) -> Fidelity:
    answers = SimpleNamespace(values=np.c_[1 - p, p], decision=(p > 0.5).astype(int))
    sources = np.arange(len(x)) // 4 if where == "perturbed rows" else None
    return assess(
        form.predict_values(x),
        form.predict(x),
        answers,
        task="classification",
        distribution=where,
        seed=seed,
        classes=form.classes,
        sources=sources,
        trivial_values=np.array([0.5, 0.5]),
        trivial_decision=int(np.median(answers.decision)),
    )


@cache
def classifier(*, leaves: int = 16, names: tuple[str, ...] = (), classes=("refused", "granted")):
    """A tree for a model of two classes, measured on held-out and perturbed rows."""
    domain = domain_of(table(), names)
    x = domain.encode(dict(zip(domain.names, table().values())))
    p = probability(x)
    fit, test = slice(0, 2100), slice(2100, N)
    rng = np.random.Generator(np.random.Philox(key=5))
    near = np.repeat(x[2100:2600], 4, axis=0)
    near[:, [0, 1, 3]] *= rng.normal(1, 0.15, (len(near), 3))

    def form(size: int) -> Tree:
        fitted = DecisionTreeClassifier(max_leaf_nodes=size, random_state=0)
        return tree_of(fitted.fit(x[fit], p[fit] > 0.5), domain.features, classes)

    tree = form(leaves)
    score = Score("agreement", 0.83, Interval(0.79, 0.86, 0.95, "mixture"), 900, 900)
    curve = tuple(
        measured(form(size), x[test], p[test], seed=0, where="held-out real rows")
        for size in (2, 4, 8, 16, 32)
    )
    return GlobalExplanation(
        method="cart",
        form=tree,
        domain=domain,
        task="classification",
        classes=classes,
        target="credit.onnx",
        fidelity=(
            measured(tree, x[test], p[test], seed=0, where="held-out real rows"),
            measured(tree, near, probability(near), seed=1, where="perturbed rows"),
        ),
        curve=Curve((2, 4, 8, 16, 32), curve),
        verdict=Verdict("not met", 0.95, score, 4),
        rules=tree.rules().measured(x[test], (p[test] > 0.5).astype(int)),
        queries=Queries(9100, 10, 1.24, {"fit": 7100, "fidelity": 2000}, Budget(10_000)),
        settings={
            "seed": 0,
            "options": {"max_leaves": leaves, "min_reach": 20},
            "versions": {"surrogate-toolkit": "0.1.0", "numpy": np.__version__},
        },
    )


@cache
def regressor() -> GlobalExplanation:
    """A tree for a model with one number as its answer."""
    domain = domain_of(table())
    x = domain.encode(table())
    y = 1000 * probability(x)
    fitted = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0).fit(x[:2100], y[:2100])
    tree = tree_of(fitted, domain.features, None)
    fidelity = assess(
        tree.predict_values(x[2100:]),
        None,
        SimpleNamespace(values=y[2100:, None], decision=None),
        task="regression",
        distribution="held-out real rows",
        seed=0,
        trivial_values=np.array([y[:2100].mean()]),
    )
    return GlobalExplanation(
        method="cart",
        form=tree,
        domain=domain,
        task="regression",
        fidelity=(fidelity,),
        target="price model",
    )


@cache
def local(n: int = 4, *, names: tuple[str, ...] = (), classes=("refused", "granted")):
    """Local explanations of n rows: the first good, the last bad."""
    domain = domain_of(table(), names)
    x = domain.encode(dict(zip(domain.names, table().values())))
    rng = np.random.Generator(np.random.Philox(key=9))
    k, d = len(classes), x.shape[1]
    coef = rng.normal(0, [0.12, 0.2, 0.03, 0.15, 0.01], (n, 1, d)) * np.array([-1, 1])[:, None]
    edges = tuple(np.quantile(x[:, j], [0.25, 0.5, 0.75]) for j in range(4))
    value = np.linspace(0.92, 0.08, n)[:, None].repeat(k, axis=1)
    p = probability(x[:n])
    box = np.c_[1 - p, p]
    return LocalExplanations(
        method="lime",
        domain=domain,
        task="classification",
        rows=x[:n],
        coef=coef,
        intercept=np.full((n, k), 0.4),
        encoding=Binned((*edges, None)),
        box_values=box,
        local_values=box + 0.02,
        fidelity=LocalFidelity(
            value=value,
            low=value - 0.05,
            high=np.minimum(1.0, value + 0.04),
            error=np.full((n, k), 0.02),
            ess=np.full(n, 310.0),
            n=1000,
            seed=0,
        ),
        classes=classes,
        coef_se=np.full((n, k, d), 0.02),
        dof=19,
        widths=np.full(n, 1.68),
        target="credit.onnx",
        queries=Queries(6000 + n, 7, 0.31, {"fit": 5000 + n, "fidelity": 1000}),
        settings={"seed": 0, "options": {"n_samples": 5000}},
    )


@cache
def scaled_local() -> LocalExplanations:
    """A regression's local explanations, centred at each row, with nothing claimed."""
    one = local(3)
    x = np.asarray(one.rows)
    equality = np.array([False] * 4 + [True])
    return replace(
        one,
        task="regression",
        classes=None,
        coef=one.coef[:, 1:],
        intercept=one.intercept[:, 1:],
        box_values=one.box_values[:, 1:],
        local_values=one.local_values[:, 1:],
        encoding=Scaled(np.maximum(x.std(axis=0), 1.0), None, equality),
        fidelity=LocalFidelity(
            value=one.fidelity.value[:, 1:],
            low=one.fidelity.low[:, 1:],
            high=one.fidelity.high[:, 1:],
            error=one.fidelity.error[:, 1:],
            ess=one.fidelity.ess,
            n=1000,
        ),
        coef_se=None,
        widths=None,
    )


@cache
def findings(names: tuple[str, ...] = (), classes=("refused", "granted")) -> dict:
    """Outcomes by group, flips, regions, disagreements and checks of the loan model."""
    one = classifier(names=names, classes=classes)
    domain, tree = one.domain, one.form
    x = domain.encode(dict(zip(domain.names, table().values())))[2100:]
    said, p = tree.predict(x), probability(x)
    decided = (p > 0.5).astype(int)
    rare = np.where(np.arange(len(x)) < 12, 3, x[:, 4].astype(int))
    labels = np.array([*(names or ("owns", "rents", "lodges free", "a caravan")), ""])[rare]
    label, how = classes[1], {"favourable": 1, "label": classes[1], "assumed": True}
    moved = x[:200].copy()
    moved[:, 0] += 10
    changes = np.where(np.arange(200) % 2, f"up by 10 {labels[0]}", f"{labels[0]} → {labels[1]}")
    before = Said(p[:200], decided[:200])
    after = Said(probability(moved), (probability(moved) > 0.5).astype(int))
    flips = flip_scores(before, after, changes, sources=np.arange(200), favourable=1)
    rules = tree.rules()
    shown = {i: (rule.text(tree.features), str(label)) for i, rule in enumerate(rules.rules)}
    grouping = names[4] if names else "housing"
    row = dict(zip(domain.names, (41, 30_000.0, 40, None, labels[1].item())))
    return {
        "impacts": tuple(
            impact(codes, labels, grouping=grouping, who=who, pairs=True, **how)
            for who, codes in (("the model", decided), ("cart", said))
        ),
        "flips": tuple(
            Flips(grouping, who, flips, 200, 200, {"refused": 7}, label, f"p of {label}")
            for who in ("the model", "cart")
        ),
        "regions": region_scores(rules.apply(x), said == decided, metric="agreement", names=shown),
        "disagreements": Disagreements(
            method="cart",
            overall=Score("disagreement", 0.17, Interval(0.14, 0.2, 0.95, "Wilson"), 450, 450),
            tree=tree,
            leaves=region_scores(
                rules.apply(x),
                said != decided,
                metric="disagreement",
                names=shown,
                low_is_worst=False,
            ),
            examples=tuple(Example(i, row, classes[1], classes[0], 0.93) for i in (7, "4 of test")),
            n_fit=450,
        ),
        "checks": LocalChecks(
            method="lime",
            scores=(
                Score("PGI", 0.31, Interval(0.1, 0.5, 0.95, "jackknife t"), 4, 4),
                Score("PGU", 0.12, Interval(-0.1, 0.3, 0.95, "jackknife t"), 4, 4),
                Score(
                    "deletion area",
                    0.4,
                    Interval(0.3, 0.5, 0.95, "jackknife t"),
                    4,
                    4,
                    0.6,
                    0.2,
                    Interval(0.1, 0.3, 0.95, "jackknife t"),
                ),
            ),
            rows=4,
            asked=200,
            top=2,
            draws=10,
        ),
    }


def audit(*, names: tuple[str, ...] = (), classes=("refused", "granted")) -> AuditResult:
    """An audit of the loan model with one tree and four rows."""
    outcome = Score("accuracy", 0.71, Interval(0.68, 0.74, 0.95, "Wilson"), 900, 900)
    return AuditResult(
        target={
            "name": "credit.onnx",
            "adapter": "onnx",
            "task": "classification",
            "output": "probabilities",
            "classes": list(classes),
            "dtype": "float32",
            "device": "cpu",
            "details": {
                "sha256": "9f2c" * 16,
                "execution provider": "CPUExecutionProvider",
            },
        },
        data={
            "source": "applications.csv",
            "sha256": "51ab" * 16,
            "rows": N,
            "columns": 5,
            "split": {"fit": 2100, "test": 900, "by": "seed 0"},
            "sampler": "neighbours, jitter 0.3",
            "rejected": 0.0,
        },
        surrogates=(classifier(names=names, classes=classes),),
        local=local(names=names, classes=classes),
        outcomes=(GroupScore("the model", outcome, small=False),),
        queries=Queries(15_104, 17, 1.55, {"fit": 12_104, "fidelity": 3000}, Budget(20_000)),
        settings={
            "command": "surrogate audit credit.onnx applications.csv --report report.html",
            "seed": 0,
            "versions": {"surrogate-toolkit": "0.1.0", "numpy": np.__version__},
        },
        notes=("Held-out rows may be rows that the model was trained on.",),
        **findings(names, classes),
    )


def hostile() -> AuditResult:
    """The same audit with names that try to break the page."""
    made = audit(names=HOSTILE, classes=(HOSTILE[0], HOSTILE[4]))
    return replace(
        made,
        target={**made.target, "name": HOSTILE[0], "details": {HOSTILE[1]: HOSTILE[2]}},
        data={**made.data, "source": HOSTILE[4]},
        surrogates=tuple(replace(one, target=HOSTILE[0]) for one in made.surrogates),
        notes=HOSTILE,
    )


def several() -> AuditResult:
    """An audit with a surrogate of every form: two trees, rules, a graph, a linear form."""
    one = classifier(leaves=8)
    assert isinstance(one.form, Tree)
    plain = replace(one, curve=None, verdict=None, rules=None)
    features, classes = one.form.features, one.form.classes
    linear = Linear(
        features,
        classes,
        [[-0.2, 0.0, 0.3], [0.2, 0.0, -0.3]],
        [0.6, 0.4],
        (Column(0, 40.0, 10.0), Column(2, 40.0, 10.0), Between(3, low=0.3)),
    )
    return replace(
        audit(),
        surrogates=(
            replace(one, curve=None, verdict=None),
            replace(plain, form=classifier(leaves=4).form),
            replace(plain, method="ripper", form=one.rules),
            replace(plain, method="oblique", form=graph_of(one.form)),
            replace(plain, method="lore", form=linear),
        ),
        local=replace(local(), index=("Ann", "Bo", "Cy", "Di")),
    )


def graph_of(tree: Tree) -> DecisionGraph:
    """The same decisions as a graph."""
    inner = ~tree.is_leaf
    return DecisionGraph(
        tree.features,
        tree.classes,
        tuple(tree.test(node)[0] if inner[node] else None for node in range(len(inner))),
        tree.left,
        tree.right,
        tree.value,
        tree.weight,
    )


def mixed() -> GlobalExplanation:
    """Rules over columns of every kind: bounded, missing, categorical, one-hot."""
    rng = np.random.Generator(np.random.Philox(key=3))
    work = rng.choice(["Federal", "Private", "State"], N).astype(object)
    work[:50] = None
    red = rng.integers(0, 2, N)
    domain = Domain.infer(
        {"age": rng.integers(17, 91, N), "work": work, "red": red, "blue": 1 - red},
        units={"age": "years"},
        bounds={"age": (17, 90)},
        groups={"colour": ("red", "blue")},
    )
    conditions = (
        (Between(0, low=40.0), CategorySet(1, frozenset({1, 2}), missing=True)),
        (Between(2, low=0.5), CategorySet(1, frozenset({0}))),
    )
    rules = tuple(Rule(both, (0.2, 0.8)) for both in conditions)
    form = RuleSet(domain.features, ("refused", "granted"), rules, (0.9, 0.1), ordered=True)
    one = replace(classifier(leaves=4), curve=None, verdict=None, rules=None)
    return replace(one, form=form, domain=domain, method="ripper")


def crowd() -> AuditResult:
    """An audit of 500 columns and 200 classes, every one of whose names tries to break the page."""
    d, k = 500, 200
    parts = (*HOSTILE, "</script><script>window.hacked = 3</script>", "<!--\u2028\u2029-->", "]]>")
    names = [f"{parts[j % len(parts)]}{j}" for j in range(d)]
    classes = tuple(f"{parts[c % len(parts)]} {c}" for c in range(k))
    features = tuple(
        Feature(name, "categorical", categories=tuple(f"{p}{j}" for p in parts), missing=True)
        if j % 3 == 0
        else Feature(name, low=-5.0, high=5.0, unit=parts[j % len(parts)], missing=j % 2 == 0)
        for j, name in enumerate(names)
    )
    domain = Domain(features)
    rng = np.random.Generator(np.random.Philox(key=5))
    conditions = [
        CategorySet(j, frozenset({j % 8, 1}), missing=True)
        if j % 3 == 0
        else Between(j, low=float(rng.normal()))
        for j in range(d)
    ]
    values = rng.dirichlet(np.full(k, 0.05), 300)
    rules = tuple(
        Rule((conditions[j], conditions[(7 * j + 1) % d], conditions[(3 * j + 2) % d]), values[j])
        for j in range(60)
    )
    one = replace(classifier(leaves=4), curve=None, verdict=None, rules=None)
    made = replace(one, domain=domain, classes=classes, target=HOSTILE[0], method="ripper")
    listed = RuleSet(features, classes, rules, values[-1], conflict="vote")
    linear = Linear(features, classes, rng.normal(size=(k, d)), np.zeros(k), tuple(conditions))
    inner = [conditions[0], conditions[1], AtLeast(2, tuple(conditions[2:6]))]
    tree = Tree.of_tests(
        features,
        classes,
        [*inner, None, None, None, None],
        left=[1, 3, 5, -1, -1, -1, -1],
        right=[2, 4, 6, -1, -1, -1, -1],
        value=values[:7],
        weight=np.array([6.0, 3.0, 3.0, 1.0, 2.0, 1.0, 2.0]),
    )
    forms = (tree, listed, linear)
    return replace(
        hostile(),
        surrogates=tuple(replace(made, form=form, notes=parts) for form in forms),
        local=None,
        notes=tuple(parts),
    )

"""A comparison to print, plot, store and report, made without training or asking any model.

Loaded by path from the conftest of each room that needs it: tests are no package.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from surrogate.explanation import (
    Comparison,
    Contrast,
    Disagreement,
    GlobalExplanation,
    Measured,
    ModelFacts,
    Region,
    RobustAccuracy,
    Size,
    Transfer,
)
from surrogate.fidelity import Fidelity, Interval, Score
from surrogate.forms import Tree
from surrogate.oracle import Queries, Timeline

NOISE, ATTACKED, WIDTHS = (0.05, 0.1, 0.2, 0.4), (0.1, 0.25, 0.4), (0.5, 1.0, 2.0)
CLEAN = Region("clean")
ROWS = (CLEAN, *(Region("noise", radius) for radius in NOISE))
ASKED = {"fit": 7100, "fidelity": 2000}
OVER_TIME = Timeline(
    (0.2, 0.5, 0.9, 1.3), {"fit": (2000, 7100, 7100, 7100), "fidelity": (0, 0, 1000, 2000)}
)
LOCAL = tuple(Region("local", width) for width in WIDTHS)
METHODS = ("cart", "lime")


def _demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "surrogate_demo", Path(__file__).with_name("demo.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def score(metric: str, value: float, half: float, *, n: int = 900, baseline: float | None = None):
    low, high = value - half, value + half
    if metric not in ("MSE", "output spread", "R2"):
        low, high = max(0.0, low), min(1.0, high)
    lift = None if baseline is None else value - baseline
    ends = Interval(low, high, 0.95, "Wilson")
    beyond = None if lift is None else Interval(lift - half, lift + half, 0.95, "bootstrap")
    return Score(metric, value, ends, n, n, baseline, lift, beyond)


def cells(model: str, method: str, *, robust: bool) -> list[Measured]:
    """Every figure of one model's surrogate: falling with the radius, less so where robust."""
    found = []

    def add(region: Region, reach: float) -> None:
        fall = reach * (0.2 if robust else 0.6)
        spread = 0.12 if robust else 0.35
        squared = spread**2 * (0.35 + fall)
        parts = (
            ("agreement", "label", max(0.1, 0.84 - fall), 0.03, 0.51),
            ("accuracy on true labels", "label", max(0.05, 0.78 - 1.5 * fall), 0.03, None),
            ("R2", "probability", (0.48 if robust else 0.6) - fall, 0.06, 0.0),
            ("R2", "margin", (0.62 if robust else 0.6) - fall, 0.05, 0.0),
            ("MSE", "probability", squared, 0.2 * squared, None),
            ("output spread", "probability", spread, 0.01, None),
        )
        for metric, scale, value, half, baseline in parts:
            of_model = metric == "output spread"
            if of_model and method != "cart":
                continue
            shown = score(metric, value, half, baseline=baseline)
            by = "" if of_model else method
            found.append(Measured(model, model.partition("/")[0], by, region, scale, shown))

    for region in LOCAL if method == "lime" else ROWS:
        add(region, region.radius or 0.0)
    if method != "lime":
        for radius in ATTACKED:
            add(Region("adversarial", radius, "pgd", model), 1.5 * radius)
    return found


def contrasts(names: tuple[str, str], *, about: str = "these nets") -> list[Contrast]:
    first, second = names
    recipe = about == "the training recipe"
    rest = {
        "about": about,
        "n": 16 if recipe else 900,
        "unit": "training seeds" if recipe else "source rows",
    }
    found = []
    for method in METHODS:
        for region in LOCAL if method == "lime" else ROWS:
            reach = region.radius or 0.0
            for metric, scale, effect, half in (
                ("agreement", "label", 0.4 * reach, 0.03),
                ("R2", "probability", -0.12 + 0.4 * reach, 0.05),
                ("MSE", "probability", -0.03 - 0.02 * reach, 0.01),
                ("output spread", "probability", -0.23, 0.01),
            ):
                shown = abs(effect) > half
                of_model = metric == "output spread"
                if of_model and method == "lime":
                    continue
                verdict = "higher" if effect > 0 else "lower"
                p = 0.0005 if shown else 0.31
                found.append(
                    Contrast(
                        first,
                        second,
                        "" if of_model else method,
                        region,
                        metric,
                        scale,
                        verdict if shown else "no difference shown",
                        effect,
                        effect - half,
                        effect + half,
                        p,
                        min(1.0, 40 * p),
                        **rest,
                    )
                )
    return found


def facts(name: str, *, robust: bool) -> ModelFacts:
    broken = (0.9, 0.74, 0.55) if robust else (0.61, 0.07, 0.0)
    attacked = [
        RobustAccuracy("pgd", radius, score("robust accuracy", value, 0.03))
        for radius, value in zip(ATTACKED, broken)
    ]
    attacked.append(RobustAccuracy("fgsm", 0.25, score("robust accuracy", broken[1] + 0.05, 0.03)))
    spread = score("output spread", 0.12 if robust else 0.35, 0.01)
    return ModelFacts(
        name,
        name.partition("/")[0],
        "onnx",
        accuracy=score("accuracy", 0.95 if robust else 0.97, 0.012, baseline=0.51),
        calibration=(score("ECE", 0.04, 0.01), score("Brier", 0.08, 0.01)),
        robust=tuple(attacked),
        spread=((str(CLEAN), spread),),
        facts={"sha256": "9f2c" * 16, "trained_eps": 0.25 if robust else None},
    )


def differing(tree: Tree, names: tuple[str, str]) -> Disagreement:
    """A joint tree of the loans: its two classes are patterns of answers."""
    rules = tree.rules()
    n = len(rules.rules)
    return Disagreement(
        models=names,
        names=tree.classes,
        disagreeing=(False, True),
        tree=tree,
        rules=rules,
        coverage=tuple(score("coverage", 0.04 + 0.02 * i, 0.01) for i in range(n)),
        precision=tuple(score("precision", 0.9 - 0.1 * i, 0.08, n=40) for i in range(n)),
        rate=score("different decisions", 0.11, 0.02),
        fidelity=Fidelity(
            "held-out rows", (score("agreement", 0.92, 0.02, baseline=0.89),), seed=0
        ),
    )


@cache
def _read() -> tuple[GlobalExplanation, GlobalExplanation, Tree]:
    """Two surrogates, and a tree over two patterns of answers."""
    demo = _demo()
    patterns = ("both say the same", "first granted, second refused")
    joint = demo.classifier(leaves=4, classes=patterns).form
    return demo.classifier(leaves=16), demo.classifier(leaves=4), joint


def comparison(names: tuple[str, str] = ("natural", "robust")) -> Comparison:
    """Two nets, read by a tree and by LIME."""
    large, little, tree = _read()
    return Comparison(
        models=tuple(facts(name, robust=i == 1) for i, name in enumerate(names)),
        measured=tuple(
            cell
            for i, name in enumerate(names)
            for method in METHODS
            for cell in cells(name, method, robust=i == 1)
        ),
        rows=tuple(contrasts(names)),
        sizes=tuple(
            Size(
                name, "cart", {"leaves": 16, "depth": 5}, score("prediction agreement", 0.91, 0.02)
            )
            for name in names
        ),
        transfer=tuple(
            Transfer(
                "pgd",
                radius,
                attacker,
                target,
                score("error rate", (0.93 if attacker == target else 0.31) * (radius + 0.5), 0.02),
            )
            for radius in ATTACKED
            for attacker in names
            for target in names
        ),
        surrogates=tuple(
            (name, replace(one, target=name)) for name, one in zip(names, (large, little))
        ),
        disagreement=differing(tree, names),
        data={"source": "applications.csv", "sha256": "51ab" * 16, "rows": 3000, "columns": 5},
        queries={name: Queries(9100, 10, 1.24, ASKED, timeline=OVER_TIME) for name in names},
        test={
            "unit": "source rows",
            "resamples": 9999,
            "correction": "Holm",
            "family": 40,
            "declared": "2 methods, 5 regions, 4 metrics",
            "level": 0.95,
            "seed": 0,
        },
        settings={"seed": 0, "versions": {"surrogate-toolkit": "0.1.0", "numpy": np.__version__}},
        notes=("Both models were asked for the same rows.",),
    )


def seeds() -> Comparison:
    """Eight training seeds an arm, so that the recipe is spoken of."""
    made = comparison()
    names = [f"{arm}/{i}" for arm in ("natural", "robust") for i in range(8)]
    return replace(
        made,
        models=tuple(facts(name, robust=name.startswith("robust")) for name in names),
        measured=tuple(
            cell for name in names for cell in cells(name, "cart", robust=name.startswith("robust"))
        ),
        rows=tuple(contrasts(("natural", "robust"), about="the training recipe")),
        transfer=(),
        surrogates=(),
        queries={},
    )


def hostile() -> Comparison:
    """Two nets whose names try to break the page."""
    demo = _demo()
    made = comparison((demo.HOSTILE[0], demo.HOSTILE[4]))
    return replace(
        made,
        measured=tuple(m for m in made.measured if m.region in ROWS and m.method in ("", "cart")),
        surrogates=made.surrogates[1:],
        notes=demo.HOSTILE,
        data={demo.HOSTILE[1]: demo.HOSTILE[2]},
    )


def bare() -> Comparison:
    """What there is when nearly everything failed: an undefined figure and no verdict."""
    lost = Score("R2", None, None, 40, 40, reason="the model does not vary")
    return Comparison(
        models=(ModelFacts("a", "a"), ModelFacts("b", "b", notes=("it always says 3",))),
        measured=(
            Measured("a", "a", "cart", CLEAN, "probability", lost),
            Measured("a", "a", "cart", Region("noise", 0.1), "probability", lost),
        ),
        rows=(
            Contrast(
                "a",
                "b",
                "cart",
                CLEAN,
                "R2",
                "probability",
                "no difference shown",
                None,
                None,
                None,
                None,
                None,
                "these nets",
                reason="one of them does not vary",
            ),
        ),
        transfer=(
            Transfer("pgd", None, "a", "b", Score("error rate", None, None, 0, 0, reason="no")),
        ),
        interrupted=True,
    )

"""Where the first surrogate is worst: by its own regions, and by a tree that looks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate._probe import Answering, Probe, Saying
from surrogate.explanation import GlobalExplanation
from surrogate.explanation.disagreements import Disagreements, Example
from surrogate.fidelity import RegionScore, Score, region_scores
from surrogate.fidelity.asking import mean_score
from surrogate.fidelity.intervals import share, share_interval
from surrogate.forms import RuleSet, Tree
from surrogate.render.features import class_name, shown
from surrogate.render.numbers import number
from surrogate.sampling import generator
from surrogate.trees import CartRegressor
from surrogate.types import Feature, FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate._target import Split
    from surrogate.oracle import Oracle

__all__ = ["disagreement_scores", "disagreements_of", "regions_of"]

EXAMPLES = 5
PER_REGION = 2  # examples from one region of the surrogate, so that they are not all alike
MOST_REGIONS = 40
LEAVES, LEAST_REACH = 5, 0.08
LEAST_ROWS, LEAST_FOUND = 60, 8
"""Rows that it takes to look for disagreement, and rows that disagree among those fitted."""


def regions_of(
    explanation: GlobalExplanation, probe: Probe, answering: Answering, *, seed: int
) -> tuple[RegionScore, ...]:
    """Fidelity in each leaf or rule of a surrogate on the rows of a probe, the worst first.

    Needs the probe's rows and answers and the surrogate's form. Empty for linear forms, and for
    graphs that stand for too many rules.
    """
    rules = _rules_of(explanation)
    if rules is None or not rules.rules:
        return ()
    wrong = differing(explanation.form, probe, answering)
    decides = wrong.dtype == bool
    found = region_scores(
        rules.apply(probe.rows),
        ~wrong if decides else wrong,
        metric="agreement" if decides else "MAE",
        names=_names(rules),
        low_is_worst=decides,
        seed=seed,
    )
    return found[:MOST_REGIONS]


def disagreements_of(
    oracle: Oracle,
    explanation: GlobalExplanation,
    probe: Probe,
    split: Split,
    *,
    seed: int,
    rows_shown: bool = True,
) -> Disagreements:
    """A small tree of where surrogate and target disagree, measured on rows of its own.

    Rows are shown as examples, unless rows must not be filed.
    """
    form = explanation.form
    wrong = differing(form, probe, oracle)
    fit, _ = halves(len(wrong), seed)
    found = int((wrong[fit] > 0).sum())
    tree, notes = None, _too_few(len(wrong), found)
    if not notes:
        model = CartRegressor(
            oracle, max_leaves=LEAVES, min_reach=LEAST_REACH, random_state=seed, n_queries=0
        )
        model.fit(oracle.domain.decode(probe.rows[fit]), wrong[fit].astype(np.float64))
        tree = model.form_
    overall, leaves = disagreement_scores(tree, form, probe, oracle, seed=seed)
    return Disagreements(
        method=explanation.method,
        overall=overall,
        tree=tree,
        leaves=leaves,
        examples=_examples(explanation, probe, oracle, wrong, split) if rows_shown else (),
        n_fit=len(fit),
        notes=notes,
    )


def disagreement_scores(
    tree: Tree | None, form: Saying, probe: Probe, answering: Answering, *, seed: int
) -> tuple[Score, tuple[RegionScore, ...]]:
    """How often they disagree on the measured half, and in each leaf of the tree.

    Needs the rows and answers of the probe, the surrogate's form, the tree and the seed of the
    halves; nothing is fitted.
    """
    wrong = differing(form, probe, answering)
    _, measured = halves(len(wrong), seed)
    own = wrong[measured]
    decides = own.dtype == bool
    if decides:
        told = share(own)
        interval, reason = share_interval(told)
        n = len(own)
        overall = Score("disagreement", told.rate, interval, n, n, reason=reason)
    else:
        overall = mean_score("MAE", own, None, 0.95, seed)
    rules = None if tree is None else tree.rules()
    if rules is None or not rules.rules:
        return overall, ()
    leaves = region_scores(
        rules.apply(probe.rows[measured]),
        own,
        metric="disagreement" if decides else "MAE",
        names={i: (name, "") for i, (name, _) in _names(rules).items()},
        low_is_worst=False,
        seed=seed,
    )
    return overall, leaves


def differing(form: Saying, probe: Probe, answering: Answering) -> npt.NDArray[Any]:
    """Whether each row is decided differently, or by how much its answer is off: (n,)."""
    if answering.task == "classification":
        said = np.asarray(form.predict(probe.rows))
        return np.asarray(said != to_numpy(probe.answers.decision))
    values = to_numpy(probe.answers.values).astype(np.float64)
    return np.asarray(np.abs(form.predict_values(probe.rows) - values).mean(axis=1))


def halves(n: int, seed: int) -> tuple[IntArray, IntArray]:
    """Rows that the tree is fitted on, and rows that it is measured on."""
    order = generator(seed, "disagreements").permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


def _too_few(n: int, found: int) -> tuple[str, ...]:
    """Why no tree was fitted."""
    if n >= LEAST_ROWS and found >= LEAST_FOUND:
        return ()
    return (
        f"Too little to describe where they disagree: {found} of the {n // 2} rows that a tree "
        f"would be fitted on differ (it takes {LEAST_FOUND}, of {LEAST_ROWS // 2} rows).",
    )


def _rules_of(explanation: GlobalExplanation) -> RuleSet | None:
    """The surrogate as rules, each a region."""
    form = explanation.form
    if isinstance(form, Tree):
        return form.rules()
    return form if isinstance(form, RuleSet) else explanation.rules


def _names(rules: RuleSet) -> dict[int, tuple[str, str]]:
    """Of each rule, and of where none holds: its conditions and what it says, fit to be shown."""
    features = shown(rules.features)
    names = {-1: ("where no rule holds", _says(rules, rules.value, rules.decision))}
    for i, rule in enumerate(rules.rules):
        names[i] = (rule.text(features, limit=4), _says(rules, rule.value, rule.decision))
    return names


def _says(rules: RuleSet, value: FloatArray, decision: int | None) -> str:
    if rules.classes is None or decision is None:
        return ", ".join(number(float(v)) for v in value)
    return class_name(rules.classes, decision)


def _examples(
    explanation: GlobalExplanation,
    probe: Probe,
    answering: Answering,
    wrong: npt.NDArray[Any],
    split: Split,
) -> tuple[Example, ...]:
    """A few rows that they answer differently: of which the target is surest, or furthest off."""
    values = to_numpy(probe.answers.values).astype(np.float64)
    sure = values.max(axis=1) if wrong.dtype == bool else wrong
    rules = _rules_of(explanation)
    part = np.zeros(len(wrong)) if rules is None else rules.apply(probe.rows)
    taken: Counter[int] = Counter()
    found: list[Example] = []
    for i in np.lexsort((np.arange(len(sure)), -sure)).tolist():
        if not wrong[i] or taken[int(part[i])] >= PER_REGION or len(found) == EXAMPLES:
            continue
        taken[int(part[i])] += 1
        found.append(_example(explanation, probe, answering, i, split))
    return tuple(found)


def _example(
    explanation: GlobalExplanation, probe: Probe, answering: Answering, i: int, split: Split
) -> Example:
    """One row, in the user's own values."""
    row, held = probe.rows[i], int(probe.held[i])
    features = explanation.domain.features
    index = f"{held} of test" if split.test_index is None else int(split.test_index[held])
    values = to_numpy(probe.answers.values)[i].astype(np.float64)
    said = explanation.form.predict(row[None])[0]
    model: Label = float(values[0])
    surrogate: Label = float(np.ravel(said)[0])
    probability = None
    if answering.classes is not None and probe.answers.decision is not None:
        code = int(to_numpy(probe.answers.decision)[i])
        model, surrogate = answering.classes[code], answering.classes[int(said)]
        probability = float(values[code]) if answering.output == "probabilities" else None
    return Example(index, _row(features, row), model, surrogate, probability)


def _row(features: tuple[Feature, ...], row: FloatArray) -> Mapping[str, Label | None]:
    """A row of the internal matrix by column, in the user's own values."""
    return {f.name: _value(f, float(x)) for f, x in zip(features, row, strict=True)}


def _value(feature: Feature, x: float) -> Label | None:
    if np.isnan(x):
        return None
    if feature.categories:
        return feature.categories[int(x)]
    return x if feature.kind == "continuous" else int(x)

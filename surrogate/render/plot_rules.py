"""Rules as bars: how many rows each decides, and how often it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate.forms import RuleSet
from surrogate.render.canvas import BLUE, GREY, axes_or_new, label, tidy
from surrogate.render.features import class_name, shown
from surrogate.render.numbers import count, number, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_rules"]


def plot_rules(rules: RuleSet, *, top: int = 20, ax: Axes | None = None) -> Axes:
    """Draw the rows that each rule covers, and among them those where the model agrees.

    Parameters
    ----------
    rules : surrogate.forms.RuleSet
        Measured ones (`RuleSet.measured`); without that, bars show the rules' weights.
    top : int
        Rules at most, in their order.
    ax : matplotlib.axes.Axes, optional
        Drawn on; new ones if not given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingDependency
        If matplotlib is not installed.
    """
    chosen = rules.rules[:top]
    ax = axes_or_new(ax, width=8, height=1.1 + 0.42 * max(1, len(chosen)))
    places = np.arange(len(chosen))
    measured = all(rule.n_covered is not None for rule in chosen)
    covered = [float(r.n_covered or 0) if measured else r.weight for r in chosen]
    correct = [float(r.n_correct or 0) if measured else 0.0 for r in chosen]
    ax.barh(places, covered, height=0.6, color=GREY, alpha=0.45, label="covered")
    if measured and rules.classes is not None:
        ax.barh(places, correct, height=0.6, color=BLUE, label="of these, the model agrees")
    for place, rule, length in zip(places, chosen, covered):
        note = "" if rule.precision is None else f", {share(rule.precision)}"
        if note and rule.precision_interval is not None:
            note += f" ({100 * rule.precision_interval[0]:.0f} to "
            note += f"{100 * rule.precision_interval[1]:.0f})"
        size = count(int(length)) if measured else number(length)
        ax.annotate(
            f"{size}{note}",
            (length, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    features = shown(rules.features, width=24)
    names = [
        label(f"{i}. {rule.text(features, limit=3)}: {_says(rules, i - 1)}", 64)
        for i, rule in enumerate(chosen, start=1)
    ]
    ax.set_yticks(places, names, fontsize=8, parse_math=False)
    ax.set_ylim(len(chosen) - 0.4, -0.6)
    ax.margins(x=0.15)
    ax.set_xlabel("rows" if measured else "weight")
    if measured and rules.classes is not None:
        ax.legend(loc="lower right", frameon=False, fontsize=8)
    tidy(ax)
    return ax


def _says(rules: RuleSet, i: int) -> str:
    """What rule i says."""
    rule = rules.rules[i]
    if rules.classes is None or rule.decision is None:
        return ", ".join(number(float(v)) for v in rule.value)
    return class_name(rules.classes, rule.decision, width=20)

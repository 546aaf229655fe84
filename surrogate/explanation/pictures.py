"""Pictures of many explained rows, with their fidelity on the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surrogate._validate import Choice, Rule, Whole, check
from surrogate.errors import OptionError
from surrogate.explanation import words
from surrogate.render.features import class_name, shown
from surrogate.render.numbers import count
from surrogate.render.plot_heat import ORDERS, plot_heat
from surrogate.render.plot_swarm import plot_swarm, ranks
from surrogate.types import IntArray, Label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from surrogate.explanation.local_explanations import LocalExplanations

__all__ = ["KINDS", "class_column", "plot_rows", "shown_class"]

KINDS = ("bars", "beeswarm", "heatmap")
MOST = 1000
"""Rows of a picture; of more, so many are drawn at even distances."""

_RULES: dict[str, Rule] = {"kind": Choice(KINDS), "order": Choice(ORDERS), "top": Whole(1)}


def plot_rows(
    explanations: LocalExplanations,
    *,
    kind: str,
    label: Label | None,
    order: str,
    top: int | None,
    ax: Axes | None,
) -> Axes:
    """Draw as `LocalExplanations.plot` says."""
    given = {"kind": kind, "order": order, "top": 1 if top is None else top}
    check("LocalExplanations.plot", _RULES, given)
    if kind == "bars":
        return explanations[0]._bars(ax, label=label, top=top or 12)
    k = shown_class(explanations) if label is None else class_column(explanations.classes, label)
    rows = _drawn(len(explanations))
    effects, features = explanations.coef[rows, k], shown(explanations.domain.features)
    names = [feature.name for feature in features]
    title = f"{count(len(explanations), 'row')}, {class_name(explanations.classes, k)}"
    if len(rows) < len(explanations):
        title += f" ({len(rows):,} drawn)"
    bad = np.array([bool(words.local_doubts(explanations[i], k)) for i in rows.tolist()])
    said = words.rows_fidelity(explanations, k)
    if bad.any():
        said += f"; {bad.sum():,} bad" + (", drawn pale" if kind == "beeswarm" else "")
    if kind == "heatmap":
        answers = explanations.box_values[rows, k]
        return plot_heat(
            names,
            effects,
            answers=answers,
            order=order,
            title=title,
            below=said,
            top=top or 30,
            ax=ax,
        )
    colours = np.stack(
        [
            np.full(len(rows), np.nan) if feature.kind == "categorical" else ranks(x)
            for feature, x in zip(features, explanations.rows[rows].T)
        ],
        axis=1,
    )
    return plot_swarm(
        names,
        effects,
        colours=colours,
        pale=bad,
        title=title,
        below=said,
        top=top or 12,
        ax=ax,
    )


def shown_class(explanations: LocalExplanations) -> int:
    """The class worth drawing: of two the second, of more the one that is likeliest on average."""
    k = explanations.coef.shape[1]
    return k - 1 if k <= 2 else int(explanations.box_values.mean(axis=0).argmax())


def class_column(classes: tuple[Label, ...] | None, label: Label) -> int:
    """Position of a class among the explained ones.

    Raises
    ------
    OptionError
        If it was not explained.
    """
    if classes is None or label not in classes:
        known = "none, this is a regression" if classes is None else classes
        raise OptionError(f"Class {label!r} was not explained; explained were: {known}.")
    return classes.index(label)


def _drawn(n: int) -> IntArray:
    """Rows of a picture, at even distances."""
    return np.unique(np.linspace(0, n - 1, min(n, MOST)).round().astype(np.intp))

"""The best of several candidates, by rows that none of them was fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from surrogate.forms import Tree
from surrogate.trees._labelled import Labelled

__all__ = ["Choice", "choose", "fit_of"]


class Choice(NamedTuple):
    """What was chosen, and how."""

    tree: Tree
    note: str


def choose(trees: Sequence[Tree], rows: Labelled) -> Choice:
    """The candidate that fits held-out rows best; of equal ones the first.

    Parameters
    ----------
    trees : sequence of Tree
        Smaller ones first.
    rows : Labelled
        Rows that no candidate was fitted on.
    """
    fits = [fit_of(tree, rows) for tree in trees]
    best = max(range(len(trees)), key=lambda i: fits[i])
    note = (
        f"Chosen among {len(trees)} trees of 1 to {trees[-1].n_leaves} leaves by "
        f"{len(rows.matrix):,} rows held out of the fit; fresh rows tell the fidelity."
    )
    return Choice(trees[best], note)


def fit_of(tree: Tree, rows: Labelled) -> float:
    """Weight that agrees with the rows' decisions, or their squared error taken negative."""
    if rows.decision is not None:
        return float(rows.weight[tree.predict(rows.matrix) == rows.decision].sum())
    error = rows.values - tree.predict_values(rows.matrix)
    return -float((rows.weight[:, None] * error**2).sum())

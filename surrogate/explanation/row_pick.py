"""Which rows to look at: those whose explanations together show most of what matters (SP-LIME)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surrogate._validate import NoneOr, Whole, check
from surrogate.errors import OptionError
from surrogate.explanation.encoding import Binned, Scaled, SharedEncoding
from surrogate.explanation.frames import pandas
from surrogate.fidelity.refits import shown_top
from surrogate.render.fragments import notebook, preformatted
from surrogate.render.names import clean
from surrogate.render.numbers import count
from surrogate.render.tables import Table
from surrogate.render.text import paragraph, table
from surrogate.types import FloatArray, IntArray, Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Choices", "RowPick", "pick_rows"]


@dataclass(frozen=True, eq=False)
class Choices:
    """What rows are picked from: n rows, k explained classes, d features.

    Parameters
    ----------
    coef : array of shape (n, k, d)
    rows : array of shape (n, d)
        As the domain encodes them.
    box_values : array of shape (n, k)
    encoding : Binned, Scaled or Present
    classes : tuple or None
    index : sequence of n str or int
    """

    coef: npt.NDArray[np.floating[Any]]
    rows: FloatArray
    box_values: npt.NDArray[np.floating[Any]]
    encoding: SharedEncoding
    classes: tuple[Label, ...] | None
    index: Sequence[str | int]


@dataclass(frozen=True)
class RowPick:
    """Rows in the order in which they were picked.

    Parameters
    ----------
    positions : tuple of int
        Among the explained rows; ``explanations.take(positions)`` gives them.
    index : tuple of int or str
        What the rows are called.
    gained : tuple of float
        Share of the global importance of all terms that each row adds to those before it.
    n_rows, n_terms : int
        Rows and terms there were to pick from.
    top : int
        How many of each row's largest coefficients count as shown.

    References
    ----------
    Ribeiro, Singh and Guestrin, "Why should I trust you?", KDD 2016, section 4.
    """

    positions: tuple[int, ...]
    index: tuple[str | int, ...]
    gained: tuple[float, ...]
    n_rows: int
    n_terms: int
    top: int

    @property
    def coverage(self) -> float:
        """Share of the global importance that the rows show together."""
        return float(sum(self.gained))

    def __len__(self) -> int:
        return len(self.positions)

    def to_frame(self) -> pd.DataFrame:
        """One line a picked row, as a pandas DataFrame.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        columns = {
            "row": np.asarray(self.index, dtype=object),
            "position": self.positions,
            "gained": self.gained,
            "coverage": np.cumsum(self.gained),
        }
        return pandas().DataFrame(columns)  # type: ignore[no-any-return]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "positions": list(self.positions),
            "index": list(self.index),
            "gained": list(self.gained),
            "n_rows": self.n_rows,
            "n_terms": self.n_terms,
            "top": self.top,
        }

    def _repr_html_(self) -> str:
        return notebook(preformatted(str(self)))

    def __str__(self) -> str:
        lines = tuple(
            (clean(name), f"{100 * gain:.1f}", f"{100 * total:.1f}")
            for name, gain, total in zip(self.index, self.gained, np.cumsum(self.gained))
        )
        content = Table(("row", "adds, %", "together, %"), lines, "rrr")
        said = (
            f"{count(len(self), 'row')} of {self.n_rows:,}; their {self.top} largest terms show "
            f"{100 * self.coverage:.1f} % of the importance of {count(self.n_terms, 'term')}."
        )
        return f"{table(content.header, content.rows, align=content.align)}\n\n{paragraph(said)}"


def pick_rows(
    choices: Choices, n: int, *, top: int | None = None, label: Label | None = None
) -> RowPick:
    """Pick greedily, on the square roots of the terms' summed sizes.

    Parameters
    ----------
    choices : Choices
    n : int
        Rows wanted.
    top : int, optional
        Largest coefficients of a row that count as shown. None: `shown_top`.
    label : optional
        The class whose coefficients count; of each row that which the model decides for if not
        given.

    Raises
    ------
    OptionError
        If n or top is less than 1, or the class was not explained.
    """
    check("pick", {"n": Whole(1), "top": NoneOr(Whole(1))}, {"n": n, "top": top})
    coef = _chosen_class(choices, label)
    top = shown_top(coef.shape[1]) if top is None else min(top, coef.shape[1])
    terms = _terms(choices)
    order = np.argsort(-np.abs(coef), axis=1, kind="stable")[:, :top]
    size = np.abs(np.take_along_axis(coef, order, axis=1))  # (n, top)
    _, ids = np.unique(np.take_along_axis(terms, order, axis=1), return_inverse=True)
    positions, gained, n_terms = _greedy(ids.reshape(size.shape), size, n)
    return RowPick(
        positions=tuple(positions),
        index=tuple(choices.index[i] for i in positions),
        gained=tuple(gained),
        n_rows=len(coef),
        n_terms=n_terms,
        top=top,
    )


def _chosen_class(choices: Choices, label: Label | None) -> FloatArray:
    """Coefficients (n, d) of one class: that named, or that which the model decides for."""
    coef, classes = choices.coef, choices.classes
    if label is not None:
        if classes is None or label not in classes:
            known = "none, this is a regression" if classes is None else classes
            raise OptionError(f"Class {label!r} was not explained; explained were: {known}.")
        return np.asarray(coef[:, classes.index(label)])
    shown = choices.box_values.argmax(axis=1)
    return np.asarray(coef[np.arange(len(coef)), shown])


def _terms(choices: Choices) -> IntArray:
    """A number (n, d) for each row's term of each feature: equal terms have equal numbers.

    A term is what the coefficient speaks of, as it is printed: a feature's bin or category, or
    the feature itself where it is a number.
    """
    rows, encoding = choices.rows, choices.encoding
    terms = np.zeros(rows.shape, dtype=np.intp)
    first = 0
    for j in range(rows.shape[1]):
        x, code = rows[:, j], np.zeros(len(rows), dtype=np.intp)
        edges = encoding.edges[j] if isinstance(encoding, Binned) else None
        if edges is not None:
            code = np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x))
        elif isinstance(encoding, Binned) or (
            isinstance(encoding, Scaled) and encoding.equality[j]
        ):
            _, code = np.unique(x, return_inverse=True)
        terms[:, j] = first + code
        first += int(code.max(initial=0)) + 1
    return terms


def _greedy(ids: IntArray, size: FloatArray, n: int) -> tuple[list[int], list[float], int]:
    """Rows that add most, one after another, until nothing is added.

    What a row would add is kept up to date: when a term is covered, its importance is taken from
    the rows that show it, once. So all picks together touch each shown term of each row once,
    which is less than lazy evaluation would.
    """
    shown = size > 0
    importance = np.sqrt(np.bincount(ids[shown], weights=size[shown], minlength=ids.max() + 1))
    adds = np.where(shown, importance[ids], 0.0).sum(axis=1)
    rows = np.nonzero(shown)[0]
    order = np.argsort(ids[shown], kind="stable")
    holders, starts = (
        rows[order],
        np.searchsorted(ids[shown][order], np.arange(len(importance) + 1)),
    )
    left = importance > 0
    total, n_terms = float(importance.sum()), int(left.sum())
    picked: list[int] = []
    gained: list[float] = []
    while len(picked) < n and total > 0:
        best = int(adds.argmax())
        fresh = ids[best][shown[best] & left[ids[best]]]
        if not fresh.size:
            break
        picked.append(best)
        gained.append(float(importance[fresh].sum()) / total)
        left[fresh] = False
        for term in fresh.tolist():
            adds[holders[starts[term] : starts[term + 1]]] -= importance[term]
        adds[best] = -1.0
    return picked, gained, n_terms

"""What is known of held-out rows besides the model's answers: groups and true outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate.errors import DataError, OptionError
from surrogate.fidelity import GroupScore, outcome_score
from surrogate.oracle import Answers
from surrogate.types import Feature, FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate._probe import Groups, Probe, Saying
    from surrogate._target import Split
    from surrogate.domain import Domain

__all__ = [
    "class_name",
    "encode_outcomes",
    "flip_columns",
    "group_labels",
    "grouping_columns",
    "outcome_scores",
    "true_outcomes",
]

BINS = 4
BOTH = " & "
"""Between the columns that are crossed, and between their groups."""


def group_labels(
    domain: Domain, split: Split, names: Sequence[str | Sequence[str]] | None
) -> Groups:
    """The group of each held-out row, for each grouping: a column, or several together.

    Raises
    ------
    DataError
        If a column is not there.
    OptionError
        If `names` is no list of columns, or of lists of them.
    """
    groups = {}
    for columns in grouping_columns(domain, names):
        parts = [_labels(domain.features[i], split, i) for i in map(domain.index, columns)]
        groups[BOTH.join(columns)] = np.array([BOTH.join(row) for row in zip(*parts)])
    return groups


def grouping_columns(
    domain: Domain, names: Sequence[str | Sequence[str]] | None
) -> tuple[tuple[str, ...], ...]:
    """The columns of each grouping: those named, else the protected ones, one by one.

    Raises
    ------
    DataError, OptionError
        As in `group_labels`.
    """
    if names is None:
        return tuple((feature.name,) for feature in domain.features if feature.protected)
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise OptionError(
            f"The `groups` of audit must be a list of columns; got {names!r}. Columns that are to "
            'be crossed are a list in it: [["sex", "race"]].'
        )
    found = []
    for given in names:
        columns = (given,) if isinstance(given, str) else tuple(given)
        for name in columns:
            if name not in domain.names:
                raise DataError(
                    f"`groups` names the column {name!r}, which `data` does not have; it has: "
                    f"{', '.join(domain.names)}."
                )
        if not columns or len(set(columns)) < len(columns):
            raise OptionError(f"A grouping crosses different columns; got {given!r}.")
        found.append(columns)
    return tuple(dict.fromkeys(found))


def flip_columns(domain: Domain, names: Sequence[str | Sequence[str]] | None) -> tuple[str, ...]:
    """The columns that are changed one by one: protected ones, and those of the groupings."""
    both = (*grouping_columns(domain, None), *grouping_columns(domain, names))
    return tuple(dict.fromkeys(name for columns in both for name in columns))


def _labels(feature: Feature, split: Split, column: int) -> npt.NDArray[Any]:
    """Categories, or the quarter of the population that a number falls in: (m,)."""
    x = split.test[:, column]
    if feature.categories:
        return _named(x, [str(category) for category in feature.categories])
    population = np.concatenate([split.fit[:, column], x])
    values = np.unique(population[~np.isnan(population)])
    if len(values) <= BINS:
        return _named(
            np.where(np.isnan(x), x, np.searchsorted(values, x)), [f"{v:g}" for v in values]
        )
    edges = np.unique([np.nanquantile(population, i / BINS) for i in range(1, BINS)])
    inner = [f"{a:g} to {b:g}" for a, b in pairwise(edges)]  # the upper end is part of it
    names = [f"up to {edges[0]:g}", *inner, f"more than {edges[-1]:g}"]
    return _named(np.where(np.isnan(x), x, np.searchsorted(edges, x)), names)


def _named(codes: FloatArray, names: list[str]) -> npt.NDArray[Any]:
    """Names of codes (m,), of which NaN is missing."""
    said = np.array([*names, "missing"])
    return np.asarray(said[np.where(np.isnan(codes), -1, codes).astype(np.intp)])


def true_outcomes(y: Any, split: Split) -> npt.NDArray[Any]:
    """True outcomes of the held-out rows: (m,).

    Raises
    ------
    DataError
        If there is not one for each row, or one is missing.
    """
    outcomes = np.asarray(y)
    index = split.test_index
    n = len(split.test) if index is None else len(split.fit) + len(split.test)
    if outcomes.shape != (n,):
        of = "`test`" if index is None else "`data`"
        raise DataError(
            f"`y` must hold one outcome for each of the {n:,} rows of {of}; got shape "
            f"{outcomes.shape}."
        )
    missing = np.array([value is None or value != value for value in outcomes.tolist()])
    if missing.any():
        raise DataError(
            f"`y` lacks the outcome of row {int(missing.argmax()):,}, {int(missing.sum()):,} in "
            "all; leave out rows whose outcome is not known, or give no `y`."
        )
    return outcomes if index is None else np.asarray(outcomes[index])


def encode_outcomes(
    truth: npt.NDArray[Any], classes: Sequence[Label] | None, n_outputs: int
) -> npt.NDArray[Any]:
    """True outcomes (m,) as codes of the model's classes, or as numbers.

    Raises
    ------
    DataError
        If the outcomes are other classes than the model's, or no numbers.
    """
    if classes is not None:
        return _codes(truth, classes)
    if n_outputs > 1:
        raise DataError(
            f"`y` holds one outcome a row, and the model answers {n_outputs} numbers; leave `y` "
            "out, or give a function that answers one of them."
        )
    return _numbers(truth)


def outcome_scores(
    probe: Probe, forms: Mapping[str, Saying], truth: npt.NDArray[Any]
) -> tuple[GroupScore, ...]:
    """How often the model, and each form, is right on the rows of a probe.

    Parameters
    ----------
    probe : Probe
    forms : mapping from name to what decides
    truth : array of shape (m,)
        Encoded outcomes of all held-out rows.
    """
    true = truth[probe.held]
    said = {"the model": _said(probe.answers)}
    said |= {name: form.predict(probe.rows) for name, form in forms.items()}
    scores = {name: outcome_score(answer, true) for name, answer in said.items()}
    return tuple(GroupScore(name, score, small=False) for name, score in scores.items())


def _said(answers: Answers) -> npt.NDArray[Any]:
    """Decisions, or values where there are none: (n,)."""
    if answers.decision is not None:
        return to_numpy(answers.decision).astype(np.intp)
    return to_numpy(answers.values)[:, 0].astype(np.float64)


def _numbers(true: npt.NDArray[Any]) -> FloatArray:
    """True outcomes of a regression."""
    try:
        return true.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"`y` must hold numbers, since the model answers numbers; got {true.tolist()[0]!r}."
        ) from None


def _codes(true: npt.NDArray[Any], classes: Sequence[Label]) -> IntArray:
    """True outcomes as codes of the model's classes; 1, 1.0, True and "1" name one class."""
    place = {class_name(label): code for code, label in enumerate(classes)}
    names = [class_name(label) for label in true.tolist()]
    strange = [name for name in dict.fromkeys(names) if name not in place]
    if strange:
        raise DataError(
            f"`y` holds {', '.join(map(repr, strange[:5]))}, which the model does not answer: its "
            f"classes are {', '.join(map(repr, list(classes)[:10]))}. Name them as `y` does, in "
            "the order of the model's columns, with wrap(model, classes=[...])."
        )
    return np.array([place[name] for name in names], dtype=np.intp)


def class_name(label: Label) -> str:
    """One name for equal labels."""
    if isinstance(label, int | float) and float(label).is_integer():
        return str(int(label))
    return str(label)

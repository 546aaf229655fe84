"""Measure a surrogate against its model on rows that took no part in fitting it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate.errors import InputError
from surrogate.fidelity.decisions import decision_scores
from surrogate.fidelity.groups import by_class, by_group
from surrogate.fidelity.intervals import source_index
from surrogate.fidelity.measured import NEW_SOURCES, THESE_ROWS, Estimand, Fidelity
from surrogate.fidelity.rows import Rows, are_probabilities, codes, matrix
from surrogate.fidelity.score import GroupScore, Score
from surrogate.fidelity.value_scores import value_scores
from surrogate.types import FloatArray, IntArray, Label, Output, Task

__all__ = ["assess"]


def assess(
    values: npt.ArrayLike | None,
    decision: npt.ArrayLike | None,
    answers: Any,
    *,
    task: Task,
    distribution: str,
    seed: int,
    classes: Sequence[Label] | None = None,
    sources: npt.ArrayLike | None = None,
    level: float = 0.95,
    trivial_values: npt.ArrayLike | None = None,
    trivial_decision: int | None = None,
    span: npt.ArrayLike | None = None,
    output: Output | None = None,
    weights: npt.ArrayLike | None = None,
    estimand: Estimand = NEW_SOURCES,
    guarantee: bool = False,
    groups: Mapping[str, npt.ArrayLike] | None = None,
) -> Fidelity:
    """Fidelity of a surrogate on rows that the model has just answered.

    Parameters
    ----------
    values : array of shape (n, k), or None
        What the surrogate says; None for a surrogate that only decides.
    decision : array of int of shape (n,), or None
        Codes of the surrogate's decisions; None: the largest of `values`, or regression.
    answers : surrogate.oracle.Answers
        The model's answers on the same rows: `values` (n, k) and `decision` (n,).
    task : {"classification", "regression"}
    distribution : str
        Where the rows come from, for the reader: "held-out real rows".
    seed : int
        Seed of the bootstrap, and of the rows' draw for the record.
    classes : sequence, or None
        Names of the classes in column order.
    sources : array of int of shape (n,), or None
        The real row that each row was made from; None where every row is its own.
    level : float
        Nominal coverage of the intervals.
    trivial_values, trivial_decision : array of shape (k,), int, or None
        The trivial surrogate, fitted on the answers that the surrogate was fitted on: see
        `trivial`.
    span : array of shape (k,), or None
        Range of the model's answers; None: on these rows.
    output : {"labels", "probabilities", "scores", "values"}, or None
        What the answers are; None: labels where all are 0 or 1, probabilities where rows
        sum to one, else scores.
    weights : array of shape (n,), or None
        Weights of the rows.
    estimand : {"new source rows", "these rows"}
        What the intervals are about: new sources from the population, or new
        perturbations of exactly these sources.
    guarantee : bool
        Whether the intervals of agreement must cover at least `level`.
    groups : mapping from name to array of shape (n,), or None
        Groupings of the rows whose groups are scored one by one.

    Returns
    -------
    Fidelity

    Raises
    ------
    InputError
        If shapes do not fit, there are no rows, or numbers are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from surrogate.fidelity import assess
    >>> p = np.linspace(0, 1, 200)
    >>> answers = SimpleNamespace(values=np.c_[1 - p, p], decision=(p > .5).astype(int))
    >>> said = (p > .45).astype(int)
    >>> fidelity = assess(None, said, answers, task="classification", seed=0,
    ...                   distribution="held-out real rows", trivial_decision=1)
    >>> print(fidelity.main)
    agreement 95.0 % (95 % interval 91.0 to 97.3; n = 200)
    """
    target = matrix("answers.values", to_numpy(answers.values))
    said = None if values is None else matrix("values", np.asarray(values))
    rows = _rows(target, said, sources, weights, level, guarantee, seed, estimand)
    scores: list[Score] = []
    parts: tuple[GroupScore, ...] = ()
    notes: list[str] = []
    if task == "classification":
        ours = codes("decision", decision if decision is not None else _argmax(said), rows.n)
        theirs = codes("answers.decision", answers.decision, rows.n)
        scores = decision_scores(ours == theirs, theirs, rows, trivial_decision)
        notes = _class_notes(theirs, classes)
        parts = by_class(
            ours, theirs, classes=classes, sources=rows.index, level=level, guarantee=guarantee
        )
        pair: tuple[Any, Any] = (ours, theirs)
        names, reach = _probability_metrics(output, target), np.ones(target.shape[1])
    else:
        if said is None:
            raise InputError("A regression surrogate is measured by its values; got None.")
        pair = (said, target)
        names, reach = _regression_metrics(target, span)
    if said is not None and names:
        eps = float(np.finfo(np.result_type(to_numpy(answers.values).dtype, np.float16)).eps)
        mean = None if trivial_values is None else np.asarray(trivial_values, dtype=np.float64)
        scores += value_scores(said, target, rows, names=names, trivial=mean, span=reach, eps=eps)
    for name, labels in (groups or {}).items():
        parts += by_group(
            pair[0],
            pair[1],
            labels,
            grouping=name,
            sources=rows.index,
            level=level,
            guarantee=guarantee,
            seed=seed,
        )
    return Fidelity(distribution, tuple(scores), seed, level, estimand, parts, tuple(notes))


def _rows(
    target: FloatArray,
    said: FloatArray | None,
    sources: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
    level: float,
    guarantee: bool,
    seed: int,
    estimand: Estimand,
) -> Rows:
    """The rows, checked; given exactly these sources, perturbed rows are independent."""
    n = len(target)
    if n == 0:
        raise InputError("There are no rows to measure the fidelity on.")
    if said is not None and said.shape != target.shape:
        raise InputError(
            f"values of the surrogate have shape {said.shape}, the model's answers {target.shape}."
        )
    index, n_sources = source_index(sources, n)
    if estimand == THESE_ROWS:
        index = np.arange(n)
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)
    return Rows(n, n_sources, index, weight, level, guarantee, seed)


def _regression_metrics(
    target: FloatArray, span: npt.ArrayLike | None
) -> tuple[tuple[str, ...], FloatArray]:
    """Metrics of a regression, and the range that errors are divided by."""
    reach = np.ptp(target, axis=0) if span is None else np.asarray(span, dtype=np.float64)
    names = ("R2", "MAE", "RMSE / range") if (reach > 0).any() else ("R2", "MAE")
    return names, np.where(reach > 0, reach, 1.0)


def _probability_metrics(output: Output | None, target: FloatArray) -> tuple[str, ...]:
    """Which metrics of values a classifier's answers allow."""
    if output is None:
        one_hot = bool(((target == 0) | (target == 1)).all())
        output = "labels" if one_hot else "probabilities"
        if not one_hot and not are_probabilities(target):
            output = "scores"
    if output == "labels":
        return ()
    return ("R2", "MAE", "JS divergence") if output == "probabilities" else ("R2", "MAE")


def _class_notes(theirs: IntArray, classes: Sequence[Label] | None) -> list[str]:
    """What the reader has to know of classes that the model did not decide for."""
    met = np.unique(theirs)
    if len(met) == 1:
        name = met[0] if classes is None else classes[int(met[0])]
        return [f"The model decides for {name!s} on every row: a constant agrees as well."]
    if classes is None or len(met) == len(classes):
        return []
    absent = [str(name) for code, name in enumerate(classes) if code not in met]
    return [f"The model never decides for {', '.join(absent)} on these rows."]


def _argmax(values: FloatArray | None) -> IntArray:
    if values is None:
        raise InputError("Give the surrogate's decision, or its values to decide by.")
    return np.asarray(values.argmax(axis=1))

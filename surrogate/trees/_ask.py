"""Which rows a global method asks, and what their answers weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import AbilityError, BudgetSpent, Interrupted
from surrogate.sampling import GaussianSampler, NeighbourSampler, Sample
from surrogate.types import FloatArray, IntArray, Label, Task

if TYPE_CHECKING:
    from surrogate.domain import Domain
    from surrogate.oracle import Answers, Oracle

__all__ = ["SAMPLERS", "Asked", "answered", "ask_around", "draw_rows", "read_answers", "wrong_task"]

LEAST_FITTED = 10
SAMPLERS = ("mixed", "neighbours", "gaussian")
"""Where perturbed rows come from; mixed is half of each of the others."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows and answers that a surrogate is fitted on.

    Parameters
    ----------
    matrix : float array of shape (n, d)
        Real rows first.
    values : float array of shape (n, k)
    decision : int array of shape (n,) or None
    weight : float array of shape (n,)
    classes : tuple or None
    rejected : float
        Share of drawn rows that the domain's constraint refused.
    ended : str
        Why there are fewer answers than rows were drawn; empty where all were answered.
    activations : mapping from str to float array of shape (n, units), or None
        Of the hidden layers that were looked at.
    """

    matrix: FloatArray
    values: FloatArray
    decision: IntArray | None
    weight: FloatArray
    classes: tuple[Label, ...] | None
    rejected: float
    ended: str = ""
    activations: Mapping[str, FloatArray] | None = None


def draw_rows(
    sampler: Any, domain: Domain, reference: FloatArray, *, n: int, jitter: float, seed: int
) -> Sample:
    """Draw n perturbed rows around reference rows, by the name of a sampler or by one given."""
    if not isinstance(sampler, str):
        drawn: Sample = sampler.draw(n, seed=seed)
        return drawn
    to_neighbours = {"mixed": n // 2, "neighbours": n, "gaussian": 0}[sampler]
    if len(reference) < 2:
        to_neighbours = 0  # one row has no neighbours
    kinds = ((NeighbourSampler, to_neighbours), (GaussianSampler, n - to_neighbours))
    parts = [
        kind(domain, reference, jitter=jitter).draw(count, seed=seed)
        for kind, count in kinds
        if count
    ]
    return Sample(
        np.vstack([part.rows for part in parts]),
        np.concatenate([part.source for part in parts]),
        float(np.average([part.rejected for part in parts], weights=[len(p.rows) for p in parts])),
    )


def ask_around(
    oracle: Oracle,
    matrix: FloatArray,
    weight: FloatArray,
    *,
    task: Task,
    owner: str,
    sample: Sample | None,
    real_weight: float,
    purpose: str = "fit",
    layers: Sequence[str] = (),
) -> Asked:
    """Ask real rows and perturbed ones around them, in one go.

    The real rows together weigh `real_weight` of the whole, the perturbed ones the rest,
    each as its source does.
    """
    real = oracle.snap(matrix)
    oracle.settle(real)
    if oracle.task != task:
        raise AbilityError(wrong_task(owner, oracle.task))
    rows, shares = real, weight / weight.sum()
    if sample is not None:
        rows = np.vstack([real, to_numpy(oracle.snap(sample.rows))])
        around = weight[sample.source]
        shares = np.concatenate([real_weight * shares, (1 - real_weight) * around / around.sum()])
    rejected = 0.0 if sample is None else sample.rejected
    return answered(oracle, rows, shares, purpose=purpose, layers=layers, rejected=rejected)


def answered(
    oracle: Oracle,
    rows: FloatArray,
    shares: FloatArray,
    *,
    purpose: str,
    layers: Sequence[str] = (),
    rejected: float = 0.0,
) -> Asked:
    """Ask rows (n, d) of these weights (n,), and leave out those that weigh nothing."""
    answers, ended = _answers(oracle, rows, purpose, layers)
    rows, shares = rows[: len(answers)], shares[: len(answers)]
    values, decision = read_answers(oracle, answers)
    some, hidden = shares > 0, answers.activations
    return Asked(
        matrix=to_numpy(rows)[some],
        values=values[some],
        decision=None if decision is None else decision[some],
        weight=shares[some] * some.sum(),
        classes=oracle.classes,
        rejected=rejected,
        ended=ended,
        activations=hidden and {layer: units[some] for layer, units in hidden.items()},
    )


def read_answers(oracle: Oracle, answers: Answers) -> tuple[FloatArray, IntArray | None]:
    """What is fitted on: values (n, k), and decisions (n,) of a classification.

    A mean of scores says nothing, so of scores the decisions are the values.
    """
    values = answers.numbers()
    if oracle.task == "regression":
        return values, None
    decision = to_numpy(answers.decision).astype(np.intp)
    return np.eye(values.shape[1])[decision] if oracle.output == "scores" else values, decision


def _answers(
    oracle: Oracle, rows: FloatArray, purpose: str, layers: Sequence[str]
) -> tuple[Answers, str]:
    """All that was answered, and why it is not all; what was paid for is fitted on."""
    try:
        if layers:
            return oracle.look(rows, layers, purpose=purpose), ""
        return oracle.ask(rows, purpose=purpose), ""
    except (BudgetSpent, Interrupted) as ended:
        if ended.answers is None or len(ended.answers) < LEAST_FITTED:
            raise
        n = len(ended.answers)
        said = "Fitted on" if purpose == "fit" else "Chosen by"
        return ended.answers, f"{said} {n:,} of {len(rows):,} rows: {ended.why}."


def wrong_task(owner: str, task: Task) -> str:
    """What to use for a model of another task."""
    regression = task == "regression"
    says = "numbers, not classes" if regression else "classes, not numbers"
    kind, other = ("Classifier", "Regressor") if regression else ("Regressor", "Classifier")
    return (
        f"{owner} cannot stand for this model, which answers {says}; use "
        f"{owner.replace(kind, other)}, or declare the model's task."
    )

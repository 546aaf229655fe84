"""Active querying: rows are asked where it is unsure what the black box will say.

Of a pool of real and perturbed rows only some are asked, in rounds. After each round a
student, a forest, is fitted on all answers; the next rows are drawn with probability in
proportion to their weight times what the student and the surrogate leave open (uncertainty
sampling: Lewis and Gale 1994; committees: Seung, Opper and Sompolinsky 1992).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from surrogate.errors import AbilityError, BudgetSpent, Interrupted
from surrogate.oracle import Answers
from surrogate.sampling import Sample, child_seed, generator
from surrogate.trees._ask import LEAST_FITTED, Asked, read_answers, wrong_task
from surrogate.trees._student import (
    Guess,
    Student,
    expected,
    float32_codes,
    forest,
    votes_of,
)
from surrogate.types import FloatArray, IntArray, Task

if TYPE_CHECKING:
    from surrogate.forms import Tree
    from surrogate.oracle import Oracle

__all__ = [
    "Amplified",
    "Asking",
    "Pool",
    "amplified",
    "ask_in_rounds",
    "first_rows",
    "make_pool",
    "with_values",
]

FIRST = 4
"""Rows asked before anything is known of the box."""

LABELS_FIRST = 4
"""One row in so many is asked before, of a box whose classes nobody named."""

FLOOR = 1e-4
"""What a row counts of which nothing is open: student and surrogate may err together."""

Outline: TypeAlias = Callable[[Asked], "Tree"]
"""Makes the surrogate of answers as it stands, without refinement."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows that may be asked, none twice.

    Parameters
    ----------
    matrix : float array of shape (m, d)
        Real rows first.
    weight : float array of shape (m,)
        Positive.
    rejected : float
        Share of drawn rows that the domain's constraint refused.
    """

    matrix: FloatArray
    weight: FloatArray
    rejected: float


@dataclass(frozen=True)
class Asking:
    """How rows of a pool are asked.

    Parameters
    ----------
    n : int
        Rows in all.
    growth : float
        Each round asks so many rows for each row asked before.
    seed : int
    task : {"classification", "regression"}
    owner : str
        The method's name, for messages.
    disagreement : float
        What the surrogate's disagreement with the student counts beside the student's doubt.
    """

    n: int
    growth: float
    seed: int
    task: Task
    owner: str
    disagreement: float = 0.5


@dataclass(frozen=True, eq=False)
class Amplified:
    """What was asked, and the whole pool with a student's answers to the rest.

    Parameters
    ----------
    asked : Asked
        Rows that the box answered, in the order asked.
    whole : Asked
        The pool: the box's own answers where it was asked, else the student's.
    taken : int array of shape (n,)
        Which rows of the pool were asked.
    """

    asked: Asked
    whole: Asked
    taken: IntArray


def merged(matrix: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Equal rows as one that weighs what they weigh together, in order of first appearance.

    Rows that weigh nothing are left out.
    """
    matrix, weight = matrix[weight > 0], weight[weight > 0]
    rows = np.ascontiguousarray(matrix + 0.0)  # minus zero is zero
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    total = np.bincount(which.ravel(), weight)
    order = np.argsort(first)
    return np.asarray(rows[first[order]]), np.asarray(total[order], dtype=np.float64)


def make_pool(
    real: FloatArray, weight: FloatArray, *, sample: Sample | None, real_weight: float
) -> Pool:
    """Real rows, which together weigh `real_weight`, and perturbed ones as their sources do."""
    if sample is None:
        return Pool(*merged(real, weight), rejected=0.0)
    around = weight[sample.source]
    shares = (real_weight * weight / weight.sum(), (1 - real_weight) * around / around.sum())
    rows = np.vstack([real, sample.rows])
    return Pool(*merged(rows, np.concatenate(shares)), rejected=sample.rejected)


def first_rows(
    real: FloatArray, weight: FloatArray, *, n: int, names_classes: bool, seed: int
) -> IntArray:
    """Which of the merged real rows are asked first, of n in all: drawn by their weight."""
    rows, weight = merged(real, weight)
    size = FIRST if names_classes else max(FIRST, n // LABELS_FIRST)
    rng = generator(seed, "active", "first")
    size = min(size, n, len(rows))
    return rng.choice(len(rows), size=size, replace=False, p=weight / weight.sum())


def ask_in_rounds(
    oracle: Oracle, pool: Pool, first: IntArray, *, how: Asking, outline: Outline
) -> Iterator[Amplified]:
    """Ask rows of the pool, and give what is known after every round.

    Raises
    ------
    AbilityError
        If the model has another task; at most the first rows were asked then.
    BudgetSpent, Interrupted
        If asking ended before there was enough to fit on; with all answers.
    """
    oracle.settle(pool.matrix[first])
    if oracle.task != how.task:
        raise AbilityError(wrong_task(how.owner, oracle.task))
    codes = float32_codes(pool.matrix)
    n = min(how.n, len(pool.matrix))
    taken, new = np.empty(0, dtype=np.intp), first
    answers: Answers | None = None
    while True:
        answers, ended = _ask_more(oracle, pool.matrix[new], answers, n)
        taken = np.concatenate([taken, new])[: len(answers)]
        asked = _asked(oracle, pool, taken, answers, ended)
        student = Student(codes[taken], asked, seed=child_seed(how.seed, "student", len(taken)))
        guess = student.guess(codes)
        now = Amplified(asked, amplified(asked, guess, pool, taken), taken)
        yield now
        if ended or len(taken) == n:
            return
        left = _openness(now.whole, guess, outline, how.disagreement) * pool.weight
        left[taken] = 0.0
        step = min(math.ceil(how.growth * len(taken)), n - len(taken))
        rng = generator(how.seed, "active", len(taken))
        new = rng.choice(len(left), size=step, replace=False, p=left / left.sum())


def with_values(last: Amplified, *, seed: int) -> Amplified:
    """The same, with probabilities where the box gives any: a forest of their own expects them.

    Rounds go by decisions alone, which a forest learns from fewer rows.
    """
    asked, whole = last.asked, last.whole
    if asked.decision is None or np.array_equal(asked.values, votes_of(asked)):
        return last
    codes = float32_codes(whole.matrix)
    trees = forest(codes[last.taken], asked.values, seed=child_seed(seed, "values"))
    values = expected(trees, codes)
    values[last.taken] = asked.values
    return replace(last, whole=replace(whole, values=values))


def _openness(whole: Asked, guess: Guess, outline: Outline, disagreement: float) -> FloatArray:
    """How open it is what is to be said of each row: (m,).

    Beside the student's doubt stands the surrogate's: where the student expects another
    answer than the surrogate gives, a split is wrong, or not yet decided.
    """
    form = outline(whole)
    if guess.decision is None:
        scale = np.var(whole.values, axis=0)
        error = (form.predict_values(whole.matrix) - guess.values) ** 2
        apart = (error / np.where(scale > 0, scale, 1.0)).sum(axis=1)
    else:
        said = form.predict(whole.matrix).astype(np.intp)
        apart = (1.0 - guess.values[np.arange(len(said)), said]) ** 2
    return np.asarray(guess.unsure + disagreement * apart + FLOOR)


def _ask_more(
    oracle: Oracle, rows: FloatArray, before: Answers | None, n: int
) -> tuple[Answers, str]:
    """All answers until now, and why they are not n where asking ended."""
    parts = [] if before is None else [before]
    try:
        return Answers.concat([*parts, oracle.ask(rows, purpose="fit")]), ""
    except (BudgetSpent, Interrupted) as ended:
        parts += [] if ended.answers is None else [ended.answers]
        ended.answers = Answers.concat(parts) if parts else None
        if ended.answers is None or len(ended.answers) < min(LEAST_FITTED, n):
            raise
        answered = len(ended.answers)
        return ended.answers, f"Fitted on {answered:,} of {n:,} rows: {ended.why}."


def _asked(oracle: Oracle, pool: Pool, taken: IntArray, answers: Answers, ended: str) -> Asked:
    """The box's own answers."""
    values, decision = read_answers(oracle, answers)
    weight = pool.weight[taken]
    return Asked(
        matrix=pool.matrix[taken],
        values=values,
        decision=decision,
        weight=weight / weight.mean(),
        classes=oracle.classes,
        rejected=pool.rejected,
        ended=ended,
    )


def amplified(asked: Asked, guess: Guess, pool: Pool, taken: IntArray) -> Asked:
    """The whole pool: the box's answers where it was asked, else the student's."""
    values, decision = guess.values.copy(), guess.decision
    values[taken] = asked.values
    if decision is not None and asked.decision is not None:
        decision = decision.copy()
        decision[taken] = asked.decision
    return replace(
        asked,
        matrix=pool.matrix,
        values=values,
        decision=decision,
        weight=pool.weight / pool.weight.mean(),
    )

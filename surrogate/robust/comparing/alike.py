"""One way of answering for every model: probabilities of the same classes in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import numpy as np

from surrogate._array import is_torch, namespace, to_numpy
from surrogate.errors import BudgetSpent, Interrupted, ModelError
from surrogate.oracle import Answers, Oracle
from surrogate.oracle.asker import Purpose
from surrogate.types import Array, IntArray, Label, Output

__all__ = ["Alike", "Said"]

Said: TypeAlias = Literal["probabilities", "labels", "values"]
"""What all models of a comparison are taken to answer."""


class Alike(Oracle):
    """An oracle whose answers read like those of the other models of a comparison.

    Scores become probabilities by a softmax, columns come in an agreed order of classes, and
    where one of the models answers labels alone, only decisions are left of all of them. Until
    `agree` is called, answers are as the model gives them.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import wrap
    >>> from surrogate.domain import Domain
    >>> from surrogate.robust.comparing.alike import Alike
    >>> X = np.array([[0.0], [3.0]])
    >>> box = wrap(lambda rows: np.c_[rows, 0 * rows], output="scores", classes=["yes", "no"])
    >>> oracle = Alike(box, Domain.infer(X))
    >>> oracle.settle(X)
    >>> oracle.agree(("no", "yes"), order=[1, 0], said="probabilities")
    >>> oracle.ask(X).values.round(2).tolist()
    [[0.5, 0.5], [0.05, 0.95]]
    """

    _agreed: tuple[Label, ...] | None = None
    _order: IntArray | None = None
    _said: Said | None = None

    def agree(
        self, classes: tuple[Label, ...] | None, *, order: Sequence[int] | None, said: Said
    ) -> None:
        """From now on, answer as all models do.

        Parameters
        ----------
        classes : tuple or None
            In the agreed order; None for regression.
        order : sequence of int or None
            Column of the model's own answers for each agreed class.
        said : {"probabilities", "labels", "values"}
        """
        own = super().output
        self._agreed, self._said = classes, said
        self._order = None if order is None else np.asarray(order, dtype=np.intp)
        alike = said == own and (order is None or list(order) == list(range(len(order))))
        self._as_it_is = alike

    _as_it_is = True

    @property
    def output(self) -> Output:
        """What an answer is, once it reads like the others."""
        return super().output if self._said is None else self._said

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The agreed classes."""
        return super().classes if self._said is None else self._agreed

    @property
    def answers_scores(self) -> bool:
        """Whether the model itself answers scores."""
        return bool(super().output == "scores")

    def own_codes(self, codes: IntArray) -> IntArray:
        """Codes of agreed classes (n,) as codes of the model's own."""
        return codes if self._order is None else np.asarray(self._order[codes])

    def ask(self, matrix: Array, *, purpose: Purpose = "fit", replicate: int = 0) -> Answers:
        """Ask rows, in their order; see `Oracle.ask`."""
        with self._carrying():
            return self._turned(super().ask(matrix, purpose=purpose, replicate=replicate))

    def ask_parts(self, parts: Sequence[tuple[str, Array]]) -> list[Answers]:
        """Ask several matrices in one go; see `Oracle.ask_parts`."""
        with self._carrying():
            return [self._turned(part) for part in super().ask_parts(parts)]

    def look(self, matrix: Array, layers: Sequence[str], *, purpose: str = "fit") -> Answers:
        """Ask rows with hidden layers; see `Oracle.look`."""
        with self._carrying():
            return self._turned(super().look(matrix, layers, purpose=purpose))

    @contextmanager
    def _carrying(self) -> Iterator[None]:
        """Turn the answers too that an error carries."""
        try:
            yield
        except (BudgetSpent, Interrupted, ModelError) as ended:
            if ended.answers is not None:
                ended.answers = self._turned(ended.answers)
            raise

    def _turned(self, answers: Answers) -> Answers:
        """Answers in the agreed order and kind."""
        if self._as_it_is or self._said in (None, "values"):
            return answers
        values, order = answers.values, self._order
        decision = answers.decision
        if order is not None:
            place = np.argsort(order)
            values, decision = values[:, order], _like(place, decision)[decision]
        if self._said == "labels":
            values = _one_hot(decision, len(self._agreed or ()))
        elif self.answers_scores:
            values = softmax(values)
        turned = Answers(values, decision, decide="given")
        return turned if answers.activations is None else turned.seen(answers.activations)


def softmax(scores: Array) -> Array:
    """Scores (n, k) as probabilities, in float64: the logarithm keeps their differences.

    One column z of scores is kept as (-z, z), whose probability is the logistic of z.
    """
    if is_torch(scores):
        half = 0.5 if _is_one(scores) else 1.0
        return (half * scores.double()).softmax(dim=1)
    away = np.asarray(scores, dtype=np.float64)
    away = 0.5 * away if _is_one(away) else away
    grown = np.exp(away - away.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def _is_one(scores: Array) -> bool:
    """Whether two columns are one column of scores and its negative."""
    return scores.shape[1] == 2 and bool((scores[:, 0] == -scores[:, 1]).all())


def _like(place: IntArray, decision: Any) -> Any:
    """A table of codes on the library of the decisions."""
    if not is_torch(decision):
        return place
    return decision.new_tensor(place.tolist())


def _one_hot(decision: Array, k: int) -> Array:
    """Codes (n,) as columns (n, k), on their library."""
    if is_torch(decision):
        xp = namespace(decision)
        return xp.eye(k, dtype=xp.float64, device=decision.device)[decision]
    return np.eye(k)[to_numpy(decision)]

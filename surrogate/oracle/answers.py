"""Answers of a black box, always as columns: (n, k)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from surrogate._array import is_torch, namespace
from surrogate.errors import AnswerError
from surrogate.oracle.screens import on_host
from surrogate.types import Array, FloatArray

__all__ = ["LARGEST", "Answers", "Decide"]

LARGEST = 1e150
"""Numbers up to this are added and squared without overflow."""

Decide: TypeAlias = Literal["given", "largest"] | float


class Answers:
    """What a box answered, one row an answer. Read-only.

    A class and no dataclass, because `decision` is computed when it is first read: finding
    it can cost as much as asking a small model.

    Parameters
    ----------
    values : array of shape (n, k)
        Probabilities, scores, one-hot labels or regression values, as the box's library
        has them and where it has them.
    decision : int array of shape (n,), optional
        The model's own decisions, as codes into the classes, where it has them.
    decide : {"given", "largest"} or float
        Where `decision` is None, how it is read: not at all (regression), from the largest
        column, or as the second class where its column is greater than a threshold.
    activations : mapping from str to float array of shape (n, units), optional
        Of the hidden layers that were looked at.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.oracle import Answers
    >>> answers = Answers(np.array([[0.2, 0.8], [0.6, 0.4]]), decide="largest")
    >>> answers.decision.tolist(), len(answers[:1])
    ([1, 0], 1)
    """

    __slots__ = ("_activations", "_decide", "_decision", "_values")

    def __init__(
        self,
        values: Array,
        decision: Array | None = None,
        *,
        decide: Decide = "given",
        activations: Mapping[str, FloatArray] | None = None,
    ) -> None:
        self._values = values
        self._decision = decision
        self._decide = decide
        self._activations = activations

    @property
    def values(self) -> Array:
        """Columns of shape (n, k)."""
        return self._values

    @property
    def decision(self) -> Array | None:
        """Codes of the classes decided for, of shape (n,); None for regression."""
        if self._decision is None and self._decide != "given":
            self._decision = _decide(self._values, self._decide)
        return self._decision

    @property
    def activations(self) -> Mapping[str, FloatArray] | None:
        """Activations of shape (n, units) by layer; None where no layer was looked at."""
        return self._activations

    def seen(self, activations: Mapping[str, FloatArray]) -> Answers:
        """The same answers, with activations beside them."""
        return Answers(self._values, self._decision, decide=self._decide, activations=activations)

    def numbers(self) -> FloatArray:
        """The columns in host memory and float64, fit to be squared and summed.

        Raises
        ------
        AnswerError
            If a number is so large that sums of squares would overflow.
        """
        values = np.asarray(on_host(self._values), dtype=np.float64)
        size = np.abs(values)
        if size.size and size.max() > LARGEST:
            i, j = np.argwhere(size > LARGEST)[0]
            raise AnswerError(
                f"The model answered {values[i, j]:.3g} to row {i:,}, more than can be squared "
                f"and summed (numbers to {LARGEST:g}); give a function that scales its answers.",
                self,
                row=int(i),
            )
        return values

    def __len__(self) -> int:
        return int(self._values.shape[0])

    def __getitem__(self, index: Any) -> Answers:
        """Some of the answers: by a slice, an index array or a mask, never by one number."""
        decision = None if self._decision is None else self._decision[index]
        hidden = self._activations
        if hidden is not None:
            hidden = {layer: units[index] for layer, units in hidden.items()}
        return Answers(self._values[index], decision, decide=self._decide, activations=hidden)

    def __repr__(self) -> str:
        n, k = self._values.shape
        return f"<Answers to {n:,} rows, {k} {'column' if k == 1 else 'columns'}>"

    @staticmethod
    def concat(parts: Sequence[Answers]) -> Answers:
        """Answers one after another, of one oracle.

        Parameters
        ----------
        parts : sequence of Answers
            At least one.

        Returns
        -------
        Answers
        """
        if len(parts) == 1:
            return parts[0]
        xp = namespace(parts[0]._values)
        values = xp.concat([part._values for part in parts])
        decisions = [part._decision for part in parts]
        known = all(decision is not None for decision in decisions)
        return Answers(
            values,
            xp.concat(decisions) if known else None,
            decide=parts[0]._decide,
            activations=_joined([part._activations for part in parts]),
        )


def _joined(
    parts: Sequence[Mapping[str, FloatArray] | None],
) -> Mapping[str, FloatArray] | None:
    """Activations one after another; None where a part has none."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return {layer: np.concatenate([part[layer] for part in known]) for layer in known[0]}


def _decide(values: Array, decide: Decide) -> Array:
    """Codes of shape (n,) from columns of shape (n, k); the first of equal columns wins."""
    if decide != "largest":
        return _codes(values[:, 1] > decide)
    if values.shape[1] == 2:
        return _codes(values[:, 1] > values[:, 0])
    return values.argmax(-1)


def _codes(second: Array) -> Array:
    """Codes from whether it is the second class."""
    return second.long() if is_torch(second) else second.astype(np.intp)

"""Any Python function of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from surrogate.adapters._base import Box, Preprocess, blame, declare
from surrogate.adapters._replies import to_reply
from surrogate.errors import InputError
from surrogate.types import Label, Output, Reply, Task, Traits

__all__ = ["CallableBox"]


class CallableBox(Box):
    """A function that takes rows and answers them.

    Parameters
    ----------
    function : callable
        Gets rows as the user's data are (an array (n, d), a DataFrame, or a mapping from
        column names to 1-D arrays) and returns labels (n,), probabilities or scores (n, k),
        values (n,) or (n, k), one mapping from class to number for each row, or a `Reply`.
    task : {"classification", "regression"}, optional
    output : {"labels", "probabilities", "scores", "values"}, optional
        What an answer is. What is not said is settled from the first answers.
    classes : sequence, optional
        Classes in column order.
    columns : sequence of str, optional
        Columns that the function wants, in its order; matched by name where rows have names.
    preprocess : callable, optional
        Runs on the rows before the function does.
    threshold : float, optional
        Two classes: the second is decided where its probability is greater than this.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import CallableBox
    >>> box = CallableBox(lambda rows: np.where(rows[:, 0] > 0, "yes", "no"))
    >>> box.ask(np.array([[1.0], [-1.0]])).labels.tolist()
    ['yes', 'no']
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        *,
        task: Task | None = None,
        output: Output | None = None,
        classes: Iterable[Label] | None = None,
        columns: Iterable[str] | None = None,
        preprocess: Preprocess | None = None,
        threshold: float | None = None,
    ) -> None:
        if not callable(function):
            raise InputError(f"CallableBox wraps a callable; got {function!r}.")
        said = declare(
            "CallableBox",
            task=task,
            output=output,
            classes=classes,
            columns=columns,
            threshold=threshold,
        )
        traits = Traits(
            name=_name(function),
            adapter="callable",
            task=said.task,
            output=said.output,
            classes=said.classes,
            n_features=len(said.columns) if said.columns and preprocess is None else None,
            columns=said.columns,
            threshold=said.threshold,
        )
        super().__init__(traits, columns=said.columns, preprocess=preprocess)
        self._function = function

    def ask(self, rows: Any) -> Reply:
        """Answer one batch of rows, once.

        Raises
        ------
        ModelError
            If the function raises.
        AnswerError
            If no array can be made of what it returns.
        """
        rows = self._prepare(rows)
        with blame(self.traits.name):
            answer = self._function(rows)
        return to_reply(answer, self.traits)


def _name(function: Callable[[Any], Any]) -> str:
    """What reports call a function."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__name__
    if str(name).endswith("<lambda>"):
        return "lambda function"
    return str(name).replace("<locals>.", "")

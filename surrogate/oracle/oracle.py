"""The only door to a black box: checks, batches, counts, and stops at the budget."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Self

from surrogate._array import namespace
from surrogate._validate import NoneOr, Whole, check
from surrogate.errors import AbilityError, ModelError, OptionError
from surrogate.oracle.answers import Answers
from surrogate.oracle.asker import OnProgress, Purpose, closed
from surrogate.oracle.budget import Budget
from surrogate.oracle.direct import Direct
from surrogate.oracle.kept import Kept
from surrogate.oracle.ledger import Ledger
from surrogate.oracle.pace import Clock
from surrogate.oracle.policy import RetryPolicy
from surrogate.oracle.queries import Queries
from surrogate.oracle.quote import Quote
from surrogate.oracle.wired import Wired
from surrogate.types import (
    Array,
    BlackBox,
    HasActivations,
    Label,
    Output,
    Remote,
    Task,
    Traits,
)

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Oracle", "no_activations"]


class Oracle:
    """Asks a black box, and answers in columns.

    Clones and copies of an oracle are the oracle itself, so that they share one budget and
    one count. It pickles closed, without its box.

    Parameters
    ----------
    box : BlackBox
    domain : Domain
        What a row is; internal rows are decoded by it before they are asked.
    budget : Budget, int or None
        Most rows, or what else asking may cost; a remote model is not asked without one.
    batch_rows : int, optional
        Most rows in one batch. By default 8,192 (65,536 on a GPU), fewer of very wide rows,
        and never more than the box takes.
    on_progress : callable, optional
        Called after every batch with the rows answered until then, the rows of the ask, and
        its purpose; of a remote model also what was spent of the budget, behind the purpose.
    ledger : Ledger, path or None
        Where answers of a remote model are kept; without one, in memory, so that equal rows
        are asked once either way.
    offline : bool
        Answer from the ledger alone.
    retry : RetryPolicy or None
        When a failed attempt at a remote model is made again.
    clock : Clock or None
        Another time than the real one, for tests.

    Raises
    ------
    OptionError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import CallableBox
    >>> from surrogate.domain import Domain
    >>> from surrogate.oracle import Oracle
    >>> X = np.array([[0.5], [-0.5], [2.5]])
    >>> box = CallableBox(lambda rows: np.where(rows[:, 0] > 0, "yes", "no"))
    >>> oracle = Oracle(box, Domain.infer(X), budget=100)
    >>> answers = oracle.ask(X)
    >>> oracle.classes, answers.decision.tolist(), oracle.remaining
    (('no', 'yes'), [1, 0, 1], 97)
    """

    def __init__(
        self,
        box: BlackBox,
        domain: Domain,
        *,
        budget: Budget | int | None = None,
        batch_rows: int | None = None,
        on_progress: OnProgress | None = None,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        offline: bool = False,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        check("Oracle", {"batch_rows": NoneOr(Whole(1))}, {"batch_rows": batch_rows})
        self.domain = domain
        self._traits = box.traits
        self._budget = Budget.of(budget)
        self._counted_as: str | None = None
        self._kept: Kept | None = None
        way: type[Direct] | partial[Wired] = Direct
        if isinstance(box, Remote):
            way = partial(Wired, ledger=ledger, offline=offline, retry=retry, clock=clock)
        elif ledger is not None or offline:
            raise _needs_no_ledger(self._traits.name)
        self._way: Direct | Wired = way(
            box, domain, budget=self._budget, batch_rows=batch_rows, on_progress=on_progress
        )

    # ---- what is known ----

    @property
    def box(self) -> BlackBox:
        """The black box, unless this oracle was unpickled without it."""
        if self._way.box is None:
            raise closed(self._traits)
        return self._way.box

    @property
    def task(self) -> Task:
        """Classification or regression."""
        task: Task = self._known(self._traits.task, "task")
        return task

    @property
    def output(self) -> Output:
        """What an answer of the model is."""
        output: Output = self._known(self._traits.output, "output")
        return output

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """Classes in column order; None for regression."""
        if self._way.settled is not None:
            return self._way.settled.classes
        if self._traits.task == "regression":
            return None
        classes: tuple[Label, ...] = self._known(self._traits.classes, "classes")
        return classes

    @property
    def n_outputs(self) -> int:
        """Columns k of `Answers.values`."""
        classes = self._traits.classes
        return int(self._known(None if classes is None else len(classes), "n_outputs"))

    @property
    def library(self) -> str:
        """Whose arrays the answers are: "numpy" or "torch"."""
        return self._traits.library

    @property
    def device(self) -> str:
        """Where the answers lie."""
        return self._traits.device

    @property
    def dtype(self) -> str:
        """The floating type that the model computes in."""
        return self._traits.dtype

    @property
    def queries(self) -> Queries:
        """What was asked until now."""
        return self._way.queries

    @property
    def ledger_sha256(self) -> str | None:
        """Hash of the answers that the ledger keeps; None of a model in this process."""
        return self._way.ledger_sha256 if isinstance(self._way, Wired) else None

    @property
    def remaining(self) -> int | None:
        """Rows that the budget leaves; None without a budget of rows."""
        most = self._budget.rows
        return None if most is None else max(most - self._way.spent.rows, 0)

    def _known(self, said: Any, fact: str) -> Any:
        """A fact of the settled answers, else what was said, else an error."""
        if self._way.settled is not None:
            return getattr(self._way.settled, fact)
        if said is not None:
            return said
        raise ModelError(
            f"The {fact} of {self._traits.name} is not known before it was asked; declare it, or "
            "call settle(rows) or ask(rows) first."
        )

    # ---- asking ----

    def admit(self, plan: Mapping[str, int]) -> None:
        """Refuse a plan that the budget does not cover.

        Parameters
        ----------
        plan : mapping from str to int
            Rows of each purpose, such as ``{"fit": 4000, "fidelity": 1000}``.

        Raises
        ------
        BudgetTooSmall
            With every share, and what would fit.
        """
        self._way.admit(plan)

    def quote(self, plan: Mapping[str, int]) -> Quote:
        """What a plan would take; nothing is asked.

        Parameters
        ----------
        plan : mapping from str to int
            Rows of each purpose, such as ``{"fit": 4000, "fidelity": 1000}``.

        Returns
        -------
        Quote
        """
        return self._way.quote(plan)

    def snap(self, matrix: Array) -> Array:
        """Rows as the model sees them: rounded to their kinds and to its floating type.

        Parameters
        ----------
        matrix : array of shape (n, d)

        Returns
        -------
        array of shape (n, d)
        """
        return self.domain.round(matrix, self._traits.dtype)

    def settle(self, rows: Array) -> None:
        """Ask a few rows, unless it is known already what answers are.

        The first 64 rows are asked, under the purpose "settle"; all of them where the model
        answers labels and did not say which there are. Their answers are kept, and are not
        asked again where the next rows to be asked begin with the same rows.

        Parameters
        ----------
        rows : array of shape (n, d)
            Internal rows.

        Raises
        ------
        AnswerError
            If the answers are none, or could be several things.
        """
        if self._way.settled is None:
            self._way.settle(rows, domain=self.domain)

    def ask(self, matrix: Array, *, purpose: Purpose = "fit", replicate: int = 0) -> Answers:
        """Ask rows, in their order.

        Parameters
        ----------
        matrix : array of shape (n, d)
            Internal rows, NumPy or torch.
        purpose : str, or tuple of (str, int)
            What they are counted under; or several names, each with the number at which its
            rows end.
        replicate : int
            From 1 up: a deliberate repeat, which a remote model is asked though the rows were
            answered before, to measure its noise.

        Returns
        -------
        Answers

        Raises
        ------
        DataError
            If the rows are not rows of the domain.
        AnswerError
            If the model's answers are not answers; it carries the good ones before.
        ModelError
            If the model raises; it carries the answers before.
        BudgetSpent
            If the budget, the deadline or the disk ends on the way; it carries the answers.
        LedgerError
            Offline, if the ledger lacks answers.
        Interrupted
            On Ctrl-C; it carries the answers.
        """
        counted = self._counted_as or purpose
        answers = self._way.ask(matrix, counted, domain=self.domain, replicate=replicate)
        if self._kept is not None:
            self._kept.take(purpose, matrix, answers)
        return answers

    def ask_parts(self, parts: Sequence[tuple[str, Array]]) -> list[Answers]:
        """Ask several matrices in one go, each counted under its own purpose.

        What answers are is settled from all of them together, and an error carries the
        answers to all of them, one after another.

        Parameters
        ----------
        parts : sequence of (purpose, array of shape (n, d))

        Returns
        -------
        list of Answers
            One a part.

        Raises
        ------
        DataError, AnswerError, ModelError, BudgetSpent, Interrupted
            As in `ask`.
        """
        sizes = [int(matrix.shape[0]) for _, matrix in parts]
        ends = list(accumulate(sizes))
        spans = tuple((purpose, end) for (purpose, _), end in zip(parts, ends))
        whole = namespace(parts[0][1]).concat([matrix for _, matrix in parts])
        answers = self._way.ask(whole, self._counted_as or spans, domain=self.domain)
        if self._kept is not None:
            self._kept.take(spans, whole, answers)
        return [answers[end - size : end] for size, end in zip(sizes, ends)]

    def look(self, matrix: Array, layers: Sequence[str], *, purpose: str = "fit") -> Answers:
        """Ask rows, and look at hidden layers on the way: one query a row.

        Parameters
        ----------
        matrix : array of shape (n, d)
            Internal rows, NumPy or torch.
        layers : sequence of str
            Some of the box's `layers()`, at least one.
        purpose : str
            What they are counted under.

        Returns
        -------
        Answers
            With `activations`.

        Raises
        ------
        AbilityError
            If the box shows no hidden layers.
        OptionError
            If it has no such layer; nothing was asked then.
        DataError, AnswerError, ModelError, BudgetSpent, Interrupted
            As in `ask`; what they carry has its activations too.
        """
        box = self.box
        if not isinstance(box, HasActivations) or isinstance(self._way, Wired):
            raise AbilityError(no_activations(self._traits))
        known = box.layers()
        unknown = [layer for layer in layers if layer not in known]
        if unknown or not layers:
            raise OptionError(
                f"{self._traits.name} has no layer {unknown[0] if unknown else None!r}; it has: "
                + ", ".join(known)
            )
        purpose = self._counted_as or purpose
        return self._way.look(matrix, purpose, tuple(layers), domain=self.domain)

    @contextmanager
    def counting(self, purpose: str) -> Iterator[None]:
        """Count all that is asked meanwhile under one purpose.

        Parameters
        ----------
        purpose : str
        """
        before, self._counted_as = self._counted_as, purpose
        try:
            yield
        finally:
            self._counted_as = before

    @contextmanager
    def keeping(self, *purposes: str) -> Iterator[Kept]:
        """Keep the rows that are asked meanwhile for some purposes, with their answers.

        Parameters
        ----------
        *purposes : str
            As the asker names them, whatever they are counted under.

        Examples
        --------
        >>> import numpy as np
        >>> from surrogate import Domain, Oracle, wrap
        >>> X = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> oracle = Oracle(wrap(lambda X: X.sum(axis=1), task="regression"), Domain.infer(X))
        >>> with oracle.keeping("fidelity") as kept:
        ...     _ = oracle.ask(X, purpose=(("fit", 1), ("fidelity", 2)))
        >>> [(rows.tolist(), answers.values.tolist()) for rows, answers in kept.of("fidelity")]
        [([[3.0, 4.0]], [[7.0]])]
        """
        before, self._kept = self._kept, Kept(purposes)
        try:
            yield self._kept
        finally:
            self._kept = before

    def seen(self, domain: Domain) -> Oracle:
        """The same oracle, whose rows are rows of another domain.

        The box, the budget, the counts, the ledger and what is known of answers are shared.
        Of many images or texts each has a domain of its own, and all are asked so.

        Parameters
        ----------
        domain : Domain

        Returns
        -------
        Oracle

        Examples
        --------
        >>> import numpy as np
        >>> from surrogate import Domain, Oracle, wrap
        >>> short, long = np.zeros((3, 2)), np.ones((4, 5))
        >>> box = wrap(lambda rows: rows.sum(axis=1), task="regression")
        >>> oracle = Oracle(box, Domain.infer(short), budget=10)
        >>> oracle.seen(Domain.infer(long)).ask(long).values[:, 0].tolist(), oracle.remaining
        ([5.0, 5.0, 5.0, 5.0], 6)
        """
        view = object.__new__(Oracle)
        vars(view).update(vars(self), domain=domain)
        return view

    def close(self) -> None:
        """Close the ledger and the connections; asking opens them again."""
        self._way.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # ---- copies share the box and the count ----

    def __sklearn_clone__(self) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_way": self._way.without_box()}

    def __repr__(self) -> str:
        return f"<Oracle of {self._traits.name}: {self.queries}>"


def no_activations(traits: Traits) -> str:
    """What a box lacks whose hidden layers cannot be read."""
    return (
        f"{traits.name}, wrapped by the {traits.adapter} adapter, shows no hidden layers; torch "
        "modules, .onnx files and multi-layer perceptrons of scikit-learn do."
    )


def _needs_no_ledger(name: str) -> OptionError:
    """The error of a ledger that nothing would be written to."""
    return OptionError(
        f"`ledger` and `offline` are for remote models; {name} answers in this process, where "
        "asking again costs less than remembering."
    )

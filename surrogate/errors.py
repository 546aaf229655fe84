"""Every error that this package raises on purpose.

::

    SurrogateError
    ├── InputError (ValueError)        what the user gave is wrong
    │   ├── DataError                  rows, columns, domains, frames
    │   ├── OptionError                a parameter of a method or function
    │   └── LedgerError                a ledger cannot serve this job
    ├── AbilityError (TypeError)       the model cannot do what the method needs
    ├── ModelError                     the model raised, or could not be loaded
    │   ├── AnswerError                the model answered, but not with an answer
    │   └── AttemptError               one attempt at a remote model failed; may be tried again
    ├── BudgetError
    │   ├── BudgetTooSmall             refused before the first query
    │   └── BudgetSpent                ended on the way; carries the answers
    └── MissingDependency (ImportError)
    Interrupted (KeyboardInterrupt)    Ctrl-C; carries the answers
"""

from __future__ import annotations

from typing import Any, Literal

__all__ = [
    "AbilityError",
    "AnswerError",
    "AttemptError",
    "BudgetError",
    "BudgetSpent",
    "BudgetTooSmall",
    "DataError",
    "InputError",
    "Interrupted",
    "LedgerError",
    "MissingDependency",
    "ModelError",
    "OptionError",
    "SurrogateError",
]


class SurrogateError(Exception):
    """Root of the errors that this package raises on purpose."""


class InputError(SurrogateError, ValueError):
    """What the user gave is wrong; nothing was asked because of it."""


class DataError(InputError):
    """Rows, columns or a domain do not fit."""


class OptionError(InputError):
    """A parameter is unknown or out of its range."""


class LedgerError(InputError):
    """A ledger is locked, of another model, of a newer version, or lacks answers."""


class AbilityError(SurrogateError, TypeError):
    """The model cannot do what the method needs."""


class ModelError(SurrogateError):
    """The model raised, or could not be loaded.

    Attributes
    ----------
    answers : surrogate.oracle.Answers or None
        What was answered before, in the order asked: paid for, so kept.
    """

    def __init__(self, message: str, answers: Any = None) -> None:
        super().__init__(message)
        self.answers = answers

    @property
    def why(self) -> str:
        """Why asking ended before its plan, as a clause."""
        return f"the model failed ({self})"


class AnswerError(ModelError):
    """The model answered, but with something that is not an answer.

    Attributes
    ----------
    row : int or None
        Which of the rows asked it was, where it was one.
    """

    def __init__(self, message: str, answers: Any = None, *, row: int | None = None) -> None:
        super().__init__(message, answers)
        self.row = row


class AttemptError(ModelError):
    """One attempt at a remote model failed.

    Attributes
    ----------
    reason : {"unsent", "unknown", "rejected"}
        "unsent": nothing of the body went out (DNS, refused connection, TLS, a local error),
        so nothing can have been billed. "unknown": anything that went wrong after sending
        (time-out, reset, cut or unusable body): the rows may be billed. "rejected": the
        server answered with an error status.
    status : int or None
        HTTP status, where there was one.
    retry_after : float or None
        Seconds that the server asked to wait.
    split : bool
        The body was too large: half of the rows may pass.
    fatal : bool
        Trying again cannot help (wrong key, wrong path, wrong protocol, quota spent).
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Literal["unsent", "unknown", "rejected"],
        status: int | None = None,
        retry_after: float | None = None,
        split: bool = False,
        fatal: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        self.split = split
        self.fatal = fatal


class BudgetError(SurrogateError):
    """A job and its budget do not fit."""


class BudgetTooSmall(BudgetError):
    """The job was refused before the first query."""


class BudgetSpent(BudgetError):
    """The budget of rows, requests, money, time or disk ended on the way.

    Attributes
    ----------
    answers : surrogate.oracle.Answers or None
        What was answered before, in the order asked: paid for, so kept.
    why : str
        What ended, in words.
    """

    def __init__(
        self, message: str, answers: Any = None, *, why: str = "the budget was spent"
    ) -> None:
        super().__init__(message)
        self.answers = answers
        self.why = why


class MissingDependency(SurrogateError, ImportError):
    """An optional library is needed; the message names the extra to install."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while the model was being asked.

    Attributes
    ----------
    answers : surrogate.oracle.Answers or None
        What was answered before, in the order asked: paid for, so kept.
    why : str
        Why asking ended before its plan, as a clause.
    """

    why = "interrupted by Ctrl-C"

    def __init__(self, message: str, answers: Any = None) -> None:
        super().__init__(message)
        self.answers = answers

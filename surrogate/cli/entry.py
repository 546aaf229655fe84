"""From arguments to an exit code: the one place where errors become lines."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from surrogate.cli.parser import build
from surrogate.cli.wording import for_command_line
from surrogate.errors import BudgetError, Interrupted, OptionError, SurrogateError

__all__ = ["BELOW", "BUDGET", "FAILED", "INTERRUPTED", "OK", "USAGE", "main"]

OK, FAILED, USAGE, BUDGET, BELOW, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows ``surrogate`` on the command line; by default that of this process.

    Returns
    -------
    int
        Exit code: 0 done; 1 the model or the data are wrong, or what ``verify`` checks was
        changed; 2 an option is wrong; 3 the budget does not suffice; 4 fidelity is below
        ``--min-fidelity``; 130 interrupted.

    Raises
    ------
    SystemExit
        As argparse does it: with 0 after ``--help``, with 2 where the arguments make no command.

    Examples
    --------
    >>> from surrogate.cli import main
    >>> main(["methods", "--nonsense"])
    Traceback (most recent call last):
    ...
    SystemExit: 2
    """
    given = build().parse_args(arguments)
    given.arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code: int = given.run(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader (head, less) has left: nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt as error:
        _say(_interruption(error))
        return INTERRUPTED
    except Exception as error:
        if given.debug:
            raise
        _say(_line(error))
        return _code(error)


def _code(error: Exception) -> int:
    """The exit code of an error."""
    if isinstance(error, OptionError | argparse.ArgumentTypeError):
        return USAGE
    return BUDGET if isinstance(error, BudgetError) else FAILED


def _line(error: Exception) -> str:
    """An error as one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, SurrogateError | argparse.ArgumentTypeError):
        return for_command_line(text)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return f"unexpected {type(error).__name__}: {text} (--debug shows where)"


def _interruption(error: KeyboardInterrupt) -> str:
    """What an interruption leaves, as one line."""
    answers = error.answers if isinstance(error, Interrupted) else None
    if answers is None or len(answers) == 0:
        return "interrupted before there was a result"
    return f"interrupted after {len(answers):,} answers, too early for a result"


def _say(text: str) -> None:
    print(f"surrogate: {text}", file=sys.stderr)

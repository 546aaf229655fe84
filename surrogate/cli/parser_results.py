"""The parser's parts for results: what is written beside them, what must hold, ``verify``."""

from __future__ import annotations

import argparse

from surrogate.cli.parser_remote import Command

__all__ = ["add_verify", "bound", "markdown"]

VERIFY = """\
Check results that were written as JSON, without asking their model: that nothing in them was
changed and, where an audit keeps its evidence, that every figure follows from it.
"""
VERIFY_EXAMPLES = """\
examples:
  surrogate verify report.json
  surrogate verify --recompute report.json
"""


def add_verify(make: Command) -> None:
    """Add ``surrogate verify``."""
    command = make("verify", VERIFY, examples=VERIFY_EXAMPLES, usage="FILE [FILE ...]")
    command.add_argument(
        "paths", metavar="FILE", nargs="+", help="JSON that a result was written as"
    )
    command.add_argument(
        "--recompute",
        action="store_true",
        help="fail where there is no evidence, so that the hash alone could be checked",
    )
    command.add_argument(
        "--json", metavar="-", choices=["-"], help="print as JSON what was checked"
    )


def markdown(group: argparse._ArgumentGroup) -> None:
    """Add the summary for CI."""
    group.add_argument(
        "--markdown", metavar="FILE", help="write a summary as Markdown; - prints it instead"
    )


def bound(group: argparse._ArgumentGroup) -> None:
    """Add the fidelity that must be shown."""
    group.add_argument(
        "--min-fidelity",
        type=share,
        metavar="F",
        help="leave with 4 unless fidelity is shown to be F or more: the lower end of its interval",
    )


def share(text: str) -> float:
    """A number up to 1."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number over 0 and up to 1, such as .9")
    return value

"""Arguments of what an audit says of groups, and what they become."""

from __future__ import annotations

import argparse
from typing import Any

from surrogate.cli.parser_remote import names, pair
from surrogate.errors import OptionError

__all__ = ["add_groups", "said_of_groups"]


def add_groups(command: argparse.ArgumentParser) -> None:
    """Add groups, their favourable decision and flips of an attribute."""
    group = command.add_argument_group("groups")
    group.add_argument(
        "--groups",
        metavar="A[,B]",
        action="append",
        type=names,
        help="a column by which outcomes and fidelity are told apart; several are crossed; give "
        "it again for more (the protected ones)",
    )
    group.add_argument(
        "--favourable",
        metavar="CLASS",
        help="the decision whose share is measured in each group (the second of two)",
    )
    group.add_argument(
        "--reference",
        metavar="GROUPING=GROUP",
        action="append",
        default=[],
        help="the group that others are compared with (the one with the highest rate); pairs: "
        "every two as well",
    )
    group.add_argument(
        "--flips",
        type=int,
        metavar="N",
        help="rows asked again with only a protected or grouping column changed, for each (500); "
        "0: none",
    )
    group.add_argument(
        "--change",
        metavar="COLUMN=STEP",
        action="append",
        default=[],
        type=pair,
        help="how far a number among these columns is moved, up and down (a standard deviation)",
    )
    group.add_argument(
        "--checks",
        action=argparse.BooleanOptionalAction,
        help="check explanations of single rows by asking again (where the budget covers it)",
    )


def said_of_groups(given: argparse.Namespace) -> dict[str, Any]:
    """What was said of groups, as `audit` takes it."""
    said: dict[str, Any] = {
        name: getattr(given, name)
        for name in ("favourable", "flips", "checks")
        if getattr(given, name) is not None
    }
    if given.groups is not None:
        said["groups"] = [one[0] if len(one) == 1 else one for one in given.groups]
    if given.reference:
        said["reference"] = _reference(given.reference)
    if given.change:
        said["changes"] = {name: _number(name, text) for name, text in given.change}
    return said


def _reference(given: list[str]) -> str | dict[str, str]:
    """Group by grouping, or all pairs."""
    if given == ["pairs"]:
        return "pairs"
    try:
        return dict(pair(text) for text in given)
    except argparse.ArgumentTypeError as error:
        raise OptionError(f"--reference takes GROUPING=GROUP, or pairs: {error}.") from error


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"--change {name}={text}: the step must be a number.") from None

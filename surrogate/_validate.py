"""Checks of parameters: unknown or wrong ones raise, never warn and go on.

Messages read "The `alpha` parameter of Lime must be a float in [0, inf); got -1."
"""

from __future__ import annotations

import difflib
import inspect
import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from surrogate.errors import OptionError

__all__ = [
    "Boolean",
    "Choice",
    "Instance",
    "NoneOr",
    "Real",
    "Rule",
    "Whole",
    "check",
    "parameters",
    "unknown",
]


class Rule(Protocol):
    """What a parameter must be; its text completes "must be ..."."""

    def holds(self, value: Any) -> bool: ...

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class Real:
    """A finite number in an interval; ``closed`` names its closed ends."""

    low: float = -math.inf
    high: float = math.inf
    closed: Literal["both", "left", "right", "neither"] = "both"

    def holds(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            return False
        x = float(value)
        above = x >= self.low if self.closed in ("both", "left") else x > self.low
        below = x <= self.high if self.closed in ("both", "right") else x < self.high
        return math.isfinite(x) and above and below

    def __str__(self) -> str:
        left = "[" if self.closed in ("both", "left") and math.isfinite(self.low) else "("
        right = "]" if self.closed in ("both", "right") and math.isfinite(self.high) else ")"
        return f"a float in {left}{self.low:g}, {self.high:g}{right}"


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`, both included."""

    low: float = -math.inf
    high: float = math.inf

    def holds(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            return False
        return self.low <= int(value) <= self.high

    def __str__(self) -> str:
        left = f"[{self.low:g}" if math.isfinite(self.low) else "(-inf"
        right = f"{self.high:g}]" if math.isfinite(self.high) else "inf)"
        return f"an int in {left}, {right}"


@dataclass(frozen=True)
class Choice:
    """One of a few strings."""

    names: Sequence[str]

    def holds(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.names

    def __str__(self) -> str:
        return "one of " + ", ".join(repr(name) for name in self.names)


@dataclass(frozen=True)
class Boolean:
    """True or False."""

    def holds(self, value: Any) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Instance:
    """An object of one of some types; ``text`` says it in words."""

    kinds: tuple[type, ...]
    text: str

    def holds(self, value: Any) -> bool:
        return isinstance(value, self.kinds)

    def __str__(self) -> str:
        return self.text


class NoneOr:
    """What one of several rules allows, or None."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules

    def holds(self, value: Any) -> bool:
        return value is None or any(rule.holds(value) for rule in self.rules)

    def __str__(self) -> str:
        return ", ".join(str(rule) for rule in self.rules) + " or None"


def check(owner: str, rules: Mapping[str, Rule], values: Mapping[str, Any]) -> None:
    """Raise unless every value that has a rule keeps it.

    Parameters
    ----------
    owner : str
        Class or function whose parameters they are, for the message.
    rules : mapping from name to Rule
    values : mapping from name to value

    Raises
    ------
    OptionError

    Examples
    --------
    >>> from surrogate._validate import Real, check
    >>> check("Lime", {"alpha": Real(0)}, {"alpha": -1})
    Traceback (most recent call last):
    ...
    surrogate.errors.OptionError: The `alpha` parameter of Lime must be a float in [0, inf); got -1.
    """
    for name, rule in rules.items():
        if name in values and not rule.holds(values[name]):
            raise OptionError(
                f"The `{name}` parameter of {owner} must be {rule}; got {values[name]!r}."
            )


def unknown(owner: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise if a name in `given` is not among `known`, with the nearest one.

    Examples
    --------
    >>> from surrogate._validate import unknown
    >>> unknown("Lime", {"widht": 1}, ["width"])
    Traceback (most recent call last):
    ...
    surrogate.errors.OptionError: Lime has no parameter `widht`; did you mean `width`? It has: ...
    """
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else "."
            raise OptionError(
                f"{owner} has no parameter `{name}`{hint} It has: {', '.join(sorted(known))}."
            )


def parameters(cls: type) -> tuple[str, ...]:
    """Names of a class's constructor parameters."""
    return tuple(inspect.signature(cls).parameters)

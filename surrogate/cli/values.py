"""From text on the command line to values: numbers, rows, options."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from surrogate._validate import parameters
from surrogate.errors import OptionError
from surrogate.methods import find, method_class
from surrogate.types import Label

__all__ = ["label_of", "options_by_method", "options_of", "parse_value", "pick_rows"]

Pairs = Sequence[tuple[str, str]]
_WORDS = {"true": True, "false": False, "none": None}


def parse_value(text: str) -> bool | int | float | str | None:
    """A number, true, false or none where the text is one; else the text.

    Examples
    --------
    >>> from surrogate.cli.values import parse_value
    >>> [parse_value(text) for text in ("8", ".5", "true", "none", "neighbours")]
    [8, 0.5, True, None, 'neighbours']
    """
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def label_of(text: str) -> Label:
    """A class as the model names it: a number where it looks like one."""
    value = parse_value(text)
    return text if value is None else value


def pick_rows(n_rows: int, text: str) -> list[int]:
    """Rows named as ``4``, ``0:5`` or ``1,4,7``, counted from 0.

    Raises
    ------
    OptionError
        If that names no rows, or rows beyond the `n_rows` there are.

    Examples
    --------
    >>> from surrogate.cli.values import pick_rows
    >>> pick_rows(100, "97:")
    [97, 98, 99]
    """
    try:
        if ":" in text:
            low, _, high = text.partition(":")
            picked = list(range(n_rows))[slice(int(low or 0), int(high or n_rows))]
        else:
            picked = [int(part) for part in text.split(",")]
    except ValueError:
        raise OptionError(f"--rows {text} must read like 4, 0:5 or 1,4,7.") from None
    if not picked:
        raise OptionError(f"--rows {text} names no row of the {n_rows:,} there are.")
    if max(picked) >= n_rows or min(picked) < -n_rows:
        raise OptionError(
            f"--rows {text} goes beyond the table: its {n_rows:,} rows are 0 to {n_rows - 1}."
        )
    return picked


def options_of(pairs: Pairs) -> dict[str, Any]:
    """Options of one method."""
    return {name: parse_value(value) for name, value in pairs}


def options_by_method(methods: Iterable[str], pairs: Pairs) -> dict[str, dict[str, Any]]:
    """Options of several methods: ``cart.max_leaves`` is for one, ``max_leaves`` for all takers.

    Raises
    ------
    OptionError
        If no method has an option, or one is for a method that is not used.
    """
    options: dict[str, dict[str, Any]] = {}
    for name, value in pairs:
        method, dot, key = name.rpartition(".")
        takers = [one for one in methods if (one == method if dot else key in _known(one))]
        if not takers:
            raise OptionError(f"None of the methods takes the option {name!r}.")
        for taker in takers:
            options.setdefault(taker, {})[key] = parse_value(value)
    return options


def _known(method: str) -> set[str]:
    """Options of a method, for any task."""
    return {
        name for task in find(method).classes for name in parameters(method_class(method, task))
    }

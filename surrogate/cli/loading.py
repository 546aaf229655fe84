"""From names on the command line to models, tables and values."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from surrogate.adapters import load, wrap
from surrogate.domain import Domain
from surrogate.domain.table import read_table
from surrogate.errors import DataError, InputError, OptionError
from surrogate.types import BlackBox, Label

__all__ = ["Table", "load_function", "load_model", "open_table", "parse_value", "pick_rows"]

Columns = dict[str, np.ndarray[Any, Any]]
_WORDS = {"true": True, "false": False, "none": None}


@dataclass(frozen=True, eq=False)
class Table:
    """Columns that the model sees, the true outcome if there is one, and what a row is."""

    columns: Columns
    target: np.ndarray[Any, Any] | None
    domain: Domain
    left_out: tuple[str, ...]

    def like(self, path: str) -> Table:
        """Another file, read as this one: the same columns left out."""
        columns = _read(path)
        kept = {name: column for name, column in columns.items() if name not in self.left_out}
        return Table(kept, None, self.domain, self.left_out)


def open_table(given: argparse.Namespace) -> Table:
    """Read DATA; take the target and the dropped columns out of it."""
    columns = _read(given.data)
    for name in (given.target, *given.drop, *(name for name, _ in given.kind), *given.protected):
        if name is not None and name not in columns:
            raise DataError(f"{given.data} has no column {name!r}{_near(name, columns)}")
    left_out = (*given.drop, *([given.target] if given.target else []))
    kept = {name: column for name, column in columns.items() if name not in left_out}
    if not kept:
        raise DataError(f"{given.data} has no column left after --target and --drop.")
    domain = Domain.infer(kept, kinds=dict(given.kind), protected=tuple(given.protected))
    return Table(kept, columns.get(given.target), domain, left_out)


def load_model(given: argparse.Namespace) -> BlackBox:
    """Load MODEL, and wrap it as the options say."""
    preprocess = None if given.preprocess is None else load_function(given.preprocess)
    classes = None if given.classes is None else [_label(name) for name in given.classes]
    return wrap(
        load(given.model, unpickle=given.unpickle),
        task=given.task,
        output=given.output_kind,
        classes=classes,
        columns=given.columns,
        preprocess=preprocess,
        threshold=given.threshold,
    )


def _label(text: str) -> Label:
    """A class as the model names it: a number where it looks like one."""
    value = parse_value(text)
    return text if value is None else value


def load_function(text: str) -> Callable[..., Any]:
    """Import the function that ``file.py:name`` or ``module:name`` names."""
    if ":" not in text:
        raise OptionError(f"{text!r} does not name a function; write it as file.py:name.")
    function = load(text)
    if not callable(function):
        raise InputError(f"{text} is of type {type(function).__name__}; a function is wanted.")
    return cast(Callable[..., Any], function)


def parse_value(text: str) -> bool | int | float | str | None:
    """A number, true, false or none where the text is one; else the text.

    Examples
    --------
    >>> from surrogate.cli.loading import parse_value
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


def pick_rows(columns: Mapping[str, np.ndarray[Any, Any]], text: str) -> Columns:
    """Rows named as ``4``, ``0:5`` or ``1,4,7``, counted from 0.

    Raises
    ------
    OptionError
        If that names no rows, or rows beyond the table.
    """
    n_rows = len(next(iter(columns.values())))
    try:
        if ":" in text:
            low, _, high = text.partition(":")
            picked = np.arange(n_rows)[slice(int(low or 0), int(high or n_rows))]
        else:
            picked = np.array([int(part) for part in text.split(",")])
    except ValueError:
        raise OptionError(f"--rows {text} must read like 4, 0:5 or 1,4,7.") from None
    if len(picked) == 0:
        raise OptionError(f"--rows {text} names no row of the {n_rows:,} there are.")
    if picked.max() >= n_rows or picked.min() < -n_rows:
        raise OptionError(
            f"--rows {text} goes beyond the table: its {n_rows:,} rows are 0 to {n_rows - 1}."
        )
    return {name: column[picked] for name, column in columns.items()}


def _read(path: str) -> Columns:
    """Read one table."""
    return dict(read_table(path))


def _near(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """The nearest known name, and all of them."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{hint} It has: {', '.join(known)}."

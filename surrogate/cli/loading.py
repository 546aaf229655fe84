"""From names on the command line to models, tables and values."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from surrogate._optional import require
from surrogate.adapters import load, wrap
from surrogate.cli.endpoints import model_behind
from surrogate.cli.values import label_of
from surrogate.domain import Domain
from surrogate.domain.table import read_table
from surrogate.errors import DataError, InputError, OptionError
from surrogate.types import BlackBox

__all__ = ["Table", "check_targets", "load_function", "load_model", "open_table"]

Columns = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns that the model sees, the true outcome if there is one, and what a row is."""

    columns: Columns
    target: np.ndarray[Any, Any] | None
    domain: Domain
    target_name: str | None
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rows(self, index: list[int]) -> Columns:
        """Some rows of the columns that the model sees."""
        return {name: column[index] for name, column in self.columns.items()}

    def like(self, path: str) -> Table:
        """Another file, read as this one: the same target, the same columns left out."""
        columns = dict(read_table(path))
        target = None if self.target_name is None else columns.get(self.target_name)
        kept = {name: column for name, column in columns.items() if name not in self.left_out}
        return replace(self, columns=kept, target=target)


def check_targets(given: argparse.Namespace) -> None:
    """Raise before anything is asked if the result could not be written afterwards.

    Raises
    ------
    InputError
        If a folder does not exist, or stands where a file is to be written.
    OptionError
        If two results are to be printed as one.
    MissingDependency
        If the report needs what is not installed.
    """
    report, summary = getattr(given, "report", None), getattr(given, "markdown", None)
    if given.json == summary == "-":
        raise OptionError("--json - and --markdown - exclude each other; name a file for one.")
    for path in (given.json, summary, report):
        if path in (None, "-"):
            continue
        if not Path(path).resolve().parent.is_dir():
            raise InputError(f"There is no folder {Path(path).parent} to write {path} into.")
        if Path(path).is_dir():
            raise InputError(f"{path} is a folder; name a file in it to write into.")
    if report is not None:
        from surrogate.report.twin import check_twin

        check_twin(Path(report))
        for library in ("jinja2", "matplotlib"):
            require(library, extra="report")


def open_table(given: argparse.Namespace) -> Table:
    """Read DATA; take the target and the dropped columns out of it."""
    columns = dict(read_table(given.data))
    for name in (given.target, *given.drop, *(name for name, _ in given.kind), *given.protected):
        if name is not None and name not in columns:
            raise DataError(f"{given.data} has no column {name!r}{_near(name, columns)}")
    left_out = (*given.drop, *([given.target] if given.target else []))
    kept = {name: column for name, column in columns.items() if name not in left_out}
    if not kept:
        raise DataError(f"{given.data} has no column left after --target and --drop.")
    domain = Domain.infer(kept, kinds=dict(given.kind), protected=tuple(given.protected))
    return Table(kept, columns.get(given.target), domain, given.target, left_out)


def load_model(given: argparse.Namespace) -> BlackBox:
    """Load MODEL, and wrap it as the options say."""
    preprocess = None if given.preprocess is None else load_function(given.preprocess)
    classes = None if given.classes is None else [label_of(name) for name in given.classes]
    model = load(given.model, unpickle=given.unpickle)
    return wrap(
        model_behind(model, given),
        task=given.task,
        output=given.output_kind,
        classes=classes,
        columns=given.columns,
        preprocess=preprocess,
        threshold=given.threshold,
    )


def load_function(text: str) -> Callable[..., Any]:
    """Import the function that ``file.py:name`` or ``module:name`` names."""
    if ":" not in text:
        raise OptionError(f"{text!r} does not name a function; write it as file.py:name.")
    function = load(text)
    if not callable(function):
        raise InputError(f"{text} is of type {type(function).__name__}; a function is wanted.")
    return cast(Callable[..., Any], function)


def _near(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """The nearest known name, and all of them."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{hint} It has: {', '.join(known)}."

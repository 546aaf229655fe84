"""What each command does: load, call the front door, print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from surrogate.cli.loading import Table, load_model, open_table, parse_value, pick_rows
from surrogate.cli.progress import Progress

__all__ = ["COMMANDS"]

OK, INTERRUPTED = 0, 130


def run_explain(given: argparse.Namespace) -> int:
    """Explain rows of the table, one by one."""
    from surrogate import explain

    table, model = open_table(given), load_model(given)
    with Progress(quiet=given.quiet) as progress:
        result = explain(
            model,
            pick_rows(table.columns, given.rows),
            data=table.columns,
            domain=table.domain,
            on_progress=progress,
            **_work(given),
        )
    return _finish(given, result)


def run_distill(given: argparse.Namespace) -> int:
    """Distil the model into one form."""
    from surrogate import distill

    table, model = open_table(given), load_model(given)
    with Progress(quiet=given.quiet) as progress:
        result = distill(
            model,
            table.columns,
            domain=table.domain,
            test=_test(given, table),
            on_progress=progress,
            **_work(given),
        )
    return _finish(given, result)


def run_audit(given: argparse.Namespace) -> int:
    """Audit the model, and write the report."""
    from surrogate import audit

    table, model = open_table(given), load_model(given)
    with Progress(quiet=given.quiet) as progress:
        result = audit(
            model,
            table.columns,
            domain=table.domain,
            y=table.target,
            test=_test(given, table),
            on_progress=progress,
            **_work(given),
        )
    if given.report:
        result.report(given.report)
        _remark(f"wrote {given.report}", quiet=given.quiet)
    return _finish(given, result)


def run_methods(given: argparse.Namespace) -> int:
    """List the methods, or the options of one."""
    from surrogate.cli import methods_table

    if given.json is not None:
        _write(given.json, json.dumps(methods_table.as_dict(), indent=2), quiet=True)
    else:
        print(methods_table.details(given.name) if given.name else methods_table.text())
    return OK


def _test(given: argparse.Namespace, table: Table) -> Mapping[str, Any] | None:
    """The table to measure on, without the columns that the model never sees."""
    return None if given.test is None else table.like(given.test).columns


def _work(given: argparse.Namespace) -> dict[str, Any]:
    """What the three front doors take alike; what was not said is left to their defaults."""
    work: dict[str, Any] = {"seed": given.seed}
    for name in ("budget", "fidelity", "method"):
        if getattr(given, name) is not None:
            work[name] = getattr(given, name)
    if given.option:
        work["options"] = {name: parse_value(value) for name, value in given.option}
    return work


def _finish(given: argparse.Namespace, result: Any) -> int:
    """Print the result, or write it, and say by the exit code whether it is whole."""
    if given.json != "-":
        print(result)
    if given.json is not None:
        _write(given.json, result.to_json(indent=2), quiet=given.quiet)
    if getattr(result, "interrupted", False):
        print("surrogate: interrupted; the result is what there was", file=sys.stderr)
        return INTERRUPTED
    return OK


def _write(target: str, text: str, *, quiet: bool) -> None:
    """Print JSON where the target is "-", else write it to that file."""
    if target == "-":
        print(text)
        return
    Path(target).write_text(text + "\n", encoding="utf-8")
    _remark(f"wrote {target}", quiet=quiet)


def _remark(text: str, *, quiet: bool) -> None:
    """Say something beside the result."""
    if not quiet:
        print(f"surrogate: {text}", file=sys.stderr)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "explain": run_explain,
    "distill": run_distill,
    "audit": run_audit,
    "methods": run_methods,
}

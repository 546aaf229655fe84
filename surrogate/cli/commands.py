"""What each command does: load, call the front door, print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from surrogate._progress import Progress
from surrogate.cli.endpoints import remote_terms
from surrogate.cli.loading import Table, check_targets, load_model, open_table
from surrogate.cli.parser_groups import said_of_groups
from surrogate.cli.provenance import with_command
from surrogate.cli.remote_commands import run_ledger, run_probe
from surrogate.cli.values import options_by_method, options_of, pick_rows
from surrogate.cli.verifying import run_verify
from surrogate.errors import OptionError

__all__ = ["COMMANDS"]

OK, FAILED, BUDGET, BELOW, INTERRUPTED = 0, 1, 3, 4, 130


def run_explain(given: argparse.Namespace) -> int:
    """Explain rows of the table, one by one."""
    from surrogate._explain import explain
    from surrogate.explanation import LocalExplanations

    check_targets(given)
    table, model = open_table(given), load_model(given)
    many = given.out is not None or given.pick is not None or given.summary
    rows = pick_rows(len(table), given.rows or (":" if many else "0:5"))
    if given.out is not None:
        return _explain_to(given, table, model, rows)
    if given.widths is not None:
        return _sweep(given, table, model, rows)
    with Progress(quiet=given.quiet) as progress:
        result = explain(
            model,
            table.rows(rows),
            data=table.columns,
            domain=table.domain,
            method=given.method,
            options=options_of(given.option),
            on_progress=progress,
            **_said(given, "fidelity", "stability", "device"),
        )
    if not isinstance(result, LocalExplanations):
        return _finish(given, with_command(result, given))
    result = with_command(result, given)
    names = tuple(row % len(table) for row in rows)  # as in DATA, not among those explained
    result = replace(result, index=names[: len(result)])
    shown = sys.stderr if given.json == "-" else sys.stdout
    if given.summary:
        print(result.summary(), end="\n\n", file=shown)
    if given.pick is not None:
        picked = result.pick(given.pick)
        print(picked, end="\n\n", file=shown)
        result = result.take(picked.positions)
    return _finish(given, result)


def _sweep(given: argparse.Namespace, table: Table, model: Any, rows: list[int]) -> int:
    """Show fidelity and stability at several kernel widths."""
    from surrogate._sweep import sweep_widths

    if given.method != "lime" or given.pick is not None or given.summary:
        raise OptionError("--widths is for lime alone, and goes without --pick and --summary.")
    with Progress(quiet=given.quiet) as progress:
        result = sweep_widths(
            model,
            table.rows(rows),
            widths=given.widths or None,
            data=table.columns,
            domain=table.domain,
            options=options_of(given.option),
            on_progress=progress,
            **_said(given, "fidelity", "stability"),
        )
    return _finish(given, result)


def _explain_to(given: argparse.Namespace, table: Table, model: Any, rows: list[int]) -> int:
    """Explain rows of the table into a folder, shard by shard."""
    from surrogate._explain_to import explain_to

    if given.json is not None or given.markdown is not None:
        raise OptionError(
            "--json, --markdown and --out exclude each other: the shards are the result."
        )
    for name in ("stability", "pick", "widths", "summary"):
        if getattr(given, name):
            raise OptionError(f"--{name} and --out exclude each other; explain fewer rows for it.")
    with Progress(quiet=given.quiet) as progress:
        result = explain_to(
            model,
            table.rows(rows),
            given.out,
            rows_at_once=given.rows_at_once,
            index=[row % len(table) for row in rows],  # as in DATA
            data=table.columns,
            domain=table.domain,
            method=given.method,
            options=options_of(given.option),
            on_progress=progress,
            **_said(given, "fidelity", "device"),
        )
    print(result)
    if not getattr(result, "interrupted", False):
        return OK
    print("surrogate: it ended on the way; the same command goes on", file=sys.stderr)
    return INTERRUPTED


def run_distill(given: argparse.Namespace) -> int:
    """Distil the model into one form."""
    from surrogate._distill import distill
    from surrogate.explanation.files import check_export

    check_targets(given)
    for path in given.export:
        check_export(path)
    table, model = open_table(given), load_model(given)
    with Progress(quiet=given.quiet) as progress:
        result = distill(
            model,
            table.columns,
            domain=table.domain,
            test=None if given.test is None else table.like(given.test).columns,
            method=given.method,
            options=options_of(given.option),
            on_progress=progress,
            **_said(given, "fidelity", "stability"),
        )
    result = with_command(result, given)
    code = _finish(given, result)
    for path in () if given.dry_run else given.export:
        result.export(path)
        _remark(f"wrote {path}", quiet=given.quiet)
    return code


def run_audit(given: argparse.Namespace) -> int:
    """Audit the model, and write the report."""
    from surrogate._audit import DEFAULT_METHODS, audit

    check_targets(given)
    table, model = open_table(given), load_model(given)
    test = None if given.test is None else table.like(given.test)
    methods = given.method or DEFAULT_METHODS
    rows = None if given.rows is None else pick_rows(len(table), given.rows)
    with Progress(quiet=given.quiet) as progress:
        result = audit(
            model,
            table.columns,
            domain=table.domain,
            y=(test or table).target,
            test=None if test is None else test.columns,
            methods=methods,
            rows=rows,
            options=options_by_method(methods, given.option),
            on_progress=progress,
            **said_of_groups(given),
            **_said(given, "fidelity", "stability", "target_fidelity", "pick", "evidence"),
        )
    result = with_command(result, given)
    code = _finish(given, result)
    if given.report and not given.dry_run:
        result.report(given.report)
        _remark(f"wrote {given.report}", quiet=given.quiet)
    return code


def run_compare(given: argparse.Namespace) -> int:
    """Compare several models, and write the report."""
    from surrogate.cli.comparing import compare_models

    said = _said(given, "fidelity", "stability", "attacked", "local_rows", "widths")
    result = compare_models(given, said)
    result = with_command(result, given)
    code = _finish(given, result)
    if given.report and not given.dry_run:
        result.report(given.report)
        _remark(f"wrote {given.report}", quiet=given.quiet)
    return code


def run_methods(given: argparse.Namespace) -> int:
    """List the methods, or the options of one."""
    from surrogate.cli import methods_table

    if given.json is not None:
        _write(given.json, json.dumps(methods_table.as_dict(), indent=2), quiet=True)
    else:
        print(methods_table.details(given.name) if given.name else methods_table.text())
    return OK


def _said(given: argparse.Namespace, *names: str) -> dict[str, Any]:
    """The seed, the budget, and those of some arguments that were said; others keep defaults."""
    said = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    return {"seed": given.seed, **remote_terms(given), **said}


def _finish(given: argparse.Namespace, result: Any) -> int:
    """Print the result, or write it, and say by the exit code whether it is whole."""
    summary = None if given.dry_run else getattr(given, "markdown", None)
    if "-" not in (given.json, summary):
        print(result)
    if given.json is not None:
        text = json.dumps(result.to_dict(), indent=2) if given.dry_run else result.to_json(indent=2)
        _write(given.json, text, quiet=given.quiet)
    least = None if given.dry_run else getattr(given, "min_fidelity", None)
    if summary is not None:
        said = {} if least is None else {"min_fidelity": least}
        _write(summary, result.to_markdown(**said).rstrip("\n"), quiet=given.quiet)
    if not getattr(result, "interrupted", False):
        return OK if least is None else _gated(result, least, quiet=given.quiet)
    why, code = "interrupted", INTERRUPTED
    if _exhausted(result):
        why, code = "the budget ended on the way", BUDGET
    elif any("the model failed" in note for note in _notes(result)):
        why, code = "the model failed on the way", FAILED
    print(f"surrogate: {why}; the result is what there was by then", file=sys.stderr)
    return code


def _exhausted(result: Any) -> bool:
    """Whether a budget ended it: its own, or that of one of several models."""
    queries = result.queries
    each = queries.values() if isinstance(queries, Mapping) else [queries]
    return any(one.exhausted for one in each)


def _gated(result: Any, least: float, *, quiet: bool) -> int:
    """Say whether the fidelity that was wanted is shown."""
    from surrogate.explanation.gate import gate_of

    gate = gate_of(result, least)
    _remark(str(gate), quiet=quiet and gate.shown)
    return OK if gate.shown else BELOW


def _notes(result: Any) -> Iterator[str]:
    """Notes of a result, and of those that it holds."""
    yield from result.notes
    for part in (*getattr(result, "surrogates", ()), getattr(result, "local", None)):
        one = part[1] if isinstance(part, tuple) else part  # of a comparison: under its model
        yield from () if one is None else one.notes


def _write(target: str, text: str, *, quiet: bool) -> None:
    """Print text where the target is "-", else write it to that file."""
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
    "compare": run_compare,
    "verify": run_verify,
    "methods": run_methods,
    "probe": run_probe,
    "ledger": run_ledger,
}

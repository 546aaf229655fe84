"""The commands beside an audit of a model behind a URL: ``probe`` and ``ledger``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surrogate.cli.endpoints import headers_of
from surrogate.cli.values import label_of
from surrogate.domain.table import read_table
from surrogate.errors import DataError, InputError, LedgerError, OptionError

if TYPE_CHECKING:
    from surrogate.oracle import Ledger

__all__ = ["run_ledger", "run_probe"]


def run_probe(given: argparse.Namespace) -> int:
    """Find out what a URL speaks, and write the endpoint file."""
    from surrogate.adapters.http.probe import probe

    if given.output and not Path(given.output).resolve().parent.is_dir():
        raise InputError(f"There is no folder {Path(given.output).parent} to write into.")
    finding = probe(
        given.url,
        None if given.data is None else _first_row(given),
        classes=None if given.classes is None else [label_of(name) for name in given.classes],
        headers=headers_of(given.header),
        ca_file=given.ca_file,
        protocol=given.protocol or "",
        model=given.model_name or "",
    )
    print(finding)
    if given.output and finding.toml:
        _write_new(given.output, finding.toml)
        _remark(f"wrote {given.output}", quiet=given.quiet)
    return 0


def _first_row(given: argparse.Namespace) -> dict[str, Any]:
    """The first row of the table, without what the model never sees."""
    columns = dict(read_table(given.data))
    for name in (given.target, *given.drop):
        if name is not None and columns.pop(name, None) is None:
            raise DataError(f"{given.data} has no column {name!r}; it has: {', '.join(columns)}.")
    return {name: column[0] for name, column in columns.items()}


def run_ledger(given: argparse.Namespace) -> int:
    """List, show, export or purge ledgers."""
    return _ACTIONS[given.action](given)


def _list(given: argparse.Namespace) -> int:
    from surrogate.oracle import Ledger
    from surrogate.oracle.ledger_tools import find_ledgers, summary

    found: list[dict[str, Any]] = []
    for path in [path for folder in given.paths or ["."] for path in find_ledgers(folder)]:
        try:
            with Ledger(path) as ledger:
                found.append({**summary(ledger).to_dict(), "path": str(path)})
        except LedgerError as error:
            found.append({"path": str(path), "error": str(error)})
    if given.json is not None:
        _put(given, json.dumps(found, indent=2))
    else:
        print("\n".join(map(_line, found)) or "no ledger")
    return 0


def _line(one: Mapping[str, Any]) -> str:
    """A ledger in one line."""
    if "error" in one:
        return f"{one['path']}: {one['error']}"
    spent = one["spent"]
    return (
        f"{one['path']}: {one['target'] or 'no target yet'}, {one['answers']:,} answers, "
        f"{spent['rows']:,} rows asked in {spent['requests']:,} requests"
    )


def _show(given: argparse.Namespace) -> int:
    from surrogate.oracle.ledger_tools import summary

    found = []
    for path in _some(given):
        with _opened(path) as ledger:
            found.append(summary(ledger))
    if given.json is not None:
        _put(given, json.dumps([one.to_dict() for one in found], indent=2))
    else:
        print("\n\n".join(map(str, found)))
    return 0


def _export(given: argparse.Namespace) -> int:
    from surrogate.oracle.ledger_tools import export

    if given.output is None:
        raise OptionError("ledger export writes a new file; name it: --output FILE.")
    with _opened(_one(given)) as ledger:
        lines = export(ledger, given.output, answers=given.answers)
    _remark(f"wrote {lines:,} lines to {given.output}", quiet=given.quiet)
    return 0


def _purge(given: argparse.Namespace) -> int:
    from surrogate.oracle.ledger_tools import purge

    path = _one(given)
    with _opened(path) as ledger:
        if not given.yes and not _agreed(f"Forget all {ledger.n_answers():,} answers of {path}?"):
            raise OptionError(f"Nothing was forgotten; to purge {path} unasked, say --yes.")
        answers = purge(ledger)
    _remark(f"forgot {answers:,} answers; what was spent stays counted", quiet=given.quiet)
    return 0


def _agreed(question: str) -> bool:
    """Ask a person, if one is there."""
    return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _some(given: argparse.Namespace) -> Sequence[str]:
    """The ledgers that were named."""
    if not given.paths:
        raise OptionError(f"ledger {given.action} needs the path of a ledger.")
    paths: Sequence[str] = given.paths
    return paths


def _one(given: argparse.Namespace) -> str:
    """The one ledger that was named."""
    if len(_some(given)) > 1:
        raise OptionError(f"ledger {given.action} takes one ledger; got {len(given.paths)}.")
    return str(given.paths[0])


def _opened(path: str) -> Ledger:
    """A ledger that exists."""
    from surrogate.oracle import Ledger
    from surrogate.oracle.ledger_file import is_ledger

    if not Path(path).is_file() or not is_ledger(Path(path)):
        raise InputError(f"{path} is no ledger.")
    return Ledger(path)


def _put(given: argparse.Namespace, text: str) -> None:
    """Print JSON where it was asked for as "-", else write it to that file."""
    if given.json == "-":
        print(text)
        return
    Path(given.json).write_text(text + "\n", encoding="utf-8")
    _remark(f"wrote {given.json}", quiet=given.quiet)


def _write_new(path: str, text: str) -> None:
    """Write a file, unless there is one: a person may have put work into it."""
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists; give another name with --output.") from None


def _remark(text: str, *, quiet: bool) -> None:
    if not quiet:
        print(f"surrogate: {text}", file=sys.stderr)


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "export": _export,
    "purge": _purge,
}

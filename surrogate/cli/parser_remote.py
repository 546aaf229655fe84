"""The parser's parts for models behind a URL: endpoints, budgets, ledgers."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["Command", "add_ledger", "add_probe", "endpoint", "names", "pair", "spending"]

Command = Callable[..., argparse.ArgumentParser]

PROBE = """\
Find out which protocol a URL speaks, and print the endpoint file to use it with. What is free is
asked first: metadata and health. Where that does not tell, one row is sent, which may cost.
"""
PROBE_EXAMPLES = """\
examples:
  surrogate probe http://127.0.0.1:8000
  surrogate probe https://models.example/score --data people.csv --target income \\
      --header "Authorization=Bearer ENV:SCORE_KEY" --output score.toml
"""

LEDGER = """\
Look into ledgers: what was asked of a model behind a URL, what it cost, what came back.
"""
LEDGER_EXAMPLES = """\
examples:
  surrogate ledger list out
  surrogate ledger show out/adult.ledger
  surrogate ledger export out/adult.ledger --answers --output answers.jsonl
  surrogate ledger purge out/adult.ledger --yes
"""
LEDGER_ACTIONS = {
    "list": "the ledgers in folders",
    "show": "what one holds: target, requests by state, rows, money",
    "export": "its requests as lines of JSON, without hashes or anything else that tells rows",
    "purge": "forget every answer; what was spent stays counted",
}


def names(text: str) -> list[str]:
    """Names between commas."""
    return [name.strip() for name in text.split(",")]


def pair(text: str) -> tuple[str, str]:
    """A name and what stands behind its equals sign."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return key.strip(), value.strip()


def endpoint(command: argparse.ArgumentParser) -> None:
    """Add how a model behind a URL is asked; what a .toml file says, these override."""
    group = command.add_argument_group(
        "model behind a URL", "what a .toml file may say as well; said here, it goes before"
    )
    connection(group)
    group.add_argument(
        "--protocol-option",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        type=pair,
        help="an option of the protocol, such as answer=predict_proba",
    )
    numbers: tuple[tuple[str, type, str, str], ...] = (
        ("--rows-per-call", int, "N", "most rows in one call (100)"),
        ("--concurrency", int, "N", "most calls at once (1)"),
        ("--rate", float, "R", "most calls a second"),
        ("--deadline", float, "S", "stop asking after S seconds; the ledger goes on from there"),
        ("--price-per-row", float, "P", "what a row costs"),
        ("--price-per-call", float, "P", "what a call costs"),
    )
    for name, kind, metavar, text in numbers:
        group.add_argument(name, type=kind, metavar=metavar, help=text)
    group.add_argument("--currency", metavar="NAME", help="of these prices and the budget (USD)")


def connection(group: argparse._ArgumentGroup) -> None:
    """Add what it takes to reach a server at all."""
    group.add_argument(
        "--protocol", metavar="NAME", help="v2, v1, mlflow, ...: see `surrogate probe URL`"
    )
    group.add_argument(
        "--header",
        metavar="NAME=ENV:VAR",
        action="append",
        default=[],
        type=pair,
        help="send a header; ENV:VAR stands for the environment variable VAR, which is where keys "
        'belong: "Authorization=Bearer ENV:MY_KEY"',
    )
    group.add_argument("--ca-file", metavar="FILE", help="trust these certificates, and no others")


def spending(group: argparse._ArgumentGroup) -> None:
    """Add what asking may cost, and where answers are kept."""
    group.add_argument("--budget", type=int, metavar="N", help="ask for at most N rows")
    group.add_argument(
        "--budget-requests", type=int, metavar="N", help="send at most N requests (URLs)"
    )
    group.add_argument(
        "--budget-money",
        type=float,
        metavar="M",
        help="pay at most M, by --price-per-row and --price-per-call (URLs)",
    )
    group.add_argument(
        "--ledger",
        metavar="FILE",
        help="keep every answer here; the same command goes on where it was cut off (URLs)",
    )
    group.add_argument(
        "--offline", action="store_true", help="answer from the ledger alone, and send nothing"
    )
    group.add_argument(
        "--dry-run", action="store_true", help="say what it would take, and ask nothing"
    )


def add_probe(make: Command) -> None:
    """Add ``surrogate probe``."""
    command = make("probe", PROBE, examples=PROBE_EXAMPLES, usage="URL")
    command.add_argument("url", metavar="URL", help="where the model is, as far as it is known")
    group = command.add_argument_group("connection")
    connection(group)
    group.add_argument("--model-name", metavar="NAME", help="the model, where a server has several")
    group = command.add_argument_group("data")
    group.add_argument(
        "--classes", type=names, metavar="A,B", help="names of the classes in column order"
    )
    group.add_argument(
        "--data", metavar="DATA", help="table of which the first row may be sent: .csv or .tsv"
    )
    group.add_argument("--target", metavar="COLUMN", help="column that the model never sees")
    group.add_argument(
        "--drop", metavar="COLUMN", action="append", default=[], help="leave a column out"
    )
    group = command.add_argument_group("results")
    group.add_argument("--output", metavar="FILE", help="write the endpoint to FILE (.toml)")
    group.add_argument("--quiet", action="store_true", help="no remarks")


def add_ledger(make: Command) -> None:
    """Add ``surrogate ledger list|show|export|purge``."""
    lines = "\n".join(f"  {name:<8}{text}" for name, text in LEDGER_ACTIONS.items())
    command = make(
        "ledger",
        f"{LEDGER}\nactions:\n{lines}\n",
        examples=LEDGER_EXAMPLES,
        usage="ACTION [PATH ...]",
    )
    command.add_argument("action", metavar="ACTION", choices=LEDGER_ACTIONS, help="see above")
    command.add_argument(
        "paths", metavar="PATH", nargs="*", help="a ledger; for list, folders (this one)"
    )
    command.add_argument("--output", metavar="FILE", help="export: the file to make")
    command.add_argument("--answers", action="store_true", help="export: the answers too")
    command.add_argument("--yes", action="store_true", help="purge: do not ask first")
    command.add_argument("--json", metavar="FILE", help="list, show: write as JSON; - prints it")
    command.add_argument("--quiet", action="store_true", help="no remarks")

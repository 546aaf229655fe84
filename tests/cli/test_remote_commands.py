"""Audits of a URL, probes and ledgers, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surrogate.cli import main

from faults.server import Fault, FaultyServer, faulty_server

pytest.importorskip("httpx2")

SMALL = ["--option", "n_queries=100", "--fidelity", "40", "--stability", "0", "--seed", "1"]


@pytest.fixture
def server() -> FaultyServer:
    with faulty_server() as running:
        yield running


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    lines = ["a,b", *(f"{i / 7:.4f},{(i * i) % 13}.5" for i in range(60))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def distill(server: FaultyServer, table: str, *options: str) -> int:
    remote = [server.url, table, "--classes", "no,yes", "--rows-per-call", "30"]
    return main(["distill", *remote, *SMALL, *options])


def test_a_dry_run_prices_the_job_and_asks_nothing(
    server: FaultyServer, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    price = ["--price-per-row", ".01", "--currency", "EUR", "--rate", "10"]
    assert distill(server, table, "--dry-run", *price) == 0
    out = capsys.readouterr().out
    assert "EUR" in out
    assert "Nothing was asked." in out
    assert distill(server, table, "--dry-run", "--json", "-", *price) == 0
    quote = json.loads(capsys.readouterr().out)
    assert quote["rows"] == sum(quote["plan"].values()) > 100
    assert server.bill.attempts == 0


def test_without_a_budget_it_says_what_it_would_take(
    server: FaultyServer, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert distill(server, table) == 2
    assert "budget" in capsys.readouterr().err
    assert server.bill.attempts == 0


def test_a_ledger_answers_again_and_offline(
    server: FaultyServer, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = ["--ledger", str(tmp_path / "toy.ledger"), "--quiet"]
    assert distill(server, table, "--budget", "1000", *ledger) == 0
    first = capsys.readouterr().out
    billed = server.bill.rows.total()
    assert distill(server, table, "--budget", "1000", *ledger) == 0
    assert distill(server, table, "--offline", *ledger) == 0
    assert server.bill.rows.total() == billed
    shown = capsys.readouterr().out
    assert shown.count(first.partition("queries:")[0]) == 2
    assert "0 rows asked" in shown


def test_a_budget_too_small_asks_nothing(
    server: FaultyServer, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert distill(server, table, "--budget-requests", "2") == 3
    assert "Nothing was asked" in capsys.readouterr().err
    assert server.bill.attempts == 0


def test_a_refused_key_is_one_line(
    server: FaultyServer, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.schedule.append(Fault("refuse", 401))
    assert distill(server, table, "--budget", "1000") == 1
    err = capsys.readouterr().err
    assert err.startswith("surrogate: http://127.0.0.1:")
    assert "refused the key (HTTP 401)" in err
    assert len(err.splitlines()) == 1


def test_ledgers_are_listed_shown_exported_and_purged(
    server: FaultyServer, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "toy.ledger"
    assert distill(server, table, "--budget", "1000", "--ledger", str(ledger), "--quiet") == 0
    capsys.readouterr()

    assert main(["ledger", "list", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert out.startswith(f"{ledger}: 127.0.0.1:")

    assert main(["ledger", "show", str(ledger), "--json", "-"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["answers"] == told["spent"]["rows"] == server.bill.rows.total()

    export = tmp_path / "answers.jsonl"
    assert main(["ledger", "export", str(ledger), "--answers", "--output", str(export)]) == 0
    lines = [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines()]
    assert sum("answer" in line for line in lines) == told["answers"]
    assert export.stat().st_mode & 0o077 == 0

    assert main(["ledger", "purge", str(ledger)]) == 2  # nobody is there to agree
    assert main(["ledger", "purge", str(ledger), "--yes"]) == 0
    capsys.readouterr()
    assert main(["ledger", "show", str(ledger), "--json", "-"]) == 0
    (after,) = json.loads(capsys.readouterr().out)
    assert after["answers"] == 0
    assert after["spent"] == told["spent"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show"], 2, "ledger show needs the path of a ledger"),
        (["show", "{table}"], 1, "is no ledger"),
        (["show", "gone"], 1, "gone is no ledger"),
        (["purge", "a", "b", "--yes"], 2, "takes one ledger; got 2"),
        (["export", "{table}"], 2, "--output FILE"),
        (["list", "gone"], 1, "There is no folder gone"),
    ],
)
def test_what_is_no_ledger_is_said(
    arguments: list[str],
    code: int,
    message: str,
    table: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["ledger", *(part.format(table=table) for part in arguments)]) == code
    assert message in capsys.readouterr().err


def test_no_ledger_is_made_by_looking(tmp_path: Path) -> None:
    assert main(["ledger", "show", str(tmp_path / "new")]) == 1
    assert main(["ledger", "list", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []


def test_probe_writes_an_endpoint_file_that_works(
    server: FaultyServer, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tmp_path / "found.toml"
    command = ["probe", server.url, "--data", table, "--classes", "no,yes"]
    assert main([*command, "--output", str(found)]) == 0
    assert "speaks v1" in capsys.readouterr().out
    assert server.bill.rows.total() == 1
    assert main([*command, "--output", str(found)]) == 1
    assert "exists" in capsys.readouterr().err
    assert main(["distill", str(found), table, *SMALL, "--budget", "1000", "--quiet"]) == 0
    assert "agreement" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["probe", "ledger"])
def test_help_shows_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    out = capsys.readouterr().out
    assert f"surrogate {command}" in out.partition("examples:")[2]
    assert "exit codes:" in out

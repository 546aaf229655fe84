"""``surrogate explain --out``: a table into shards."""

from __future__ import annotations

from pathlib import Path

import pytest

from surrogate import read_explanations
from surrogate.cli import main

SMALL = ("--option", "n_samples=100", "--fidelity", "50")


def test_all_rows_go_into_the_folder_and_the_command_goes_on(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    command = ["explain", model, table, "--drop", "truth", "--out", str(folder), *SMALL]
    command += ["--rows-at-once", "70", "--quiet"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "mean size" in said
    bulk = read_explanations(folder)
    n = len(Path(table).read_text().splitlines()) - 1
    assert f"{n:,} rows" in said
    assert len(bulk) == n
    next(folder.glob("shard-000001.json")).unlink()
    assert len(read_explanations(folder)) == n - min(70, n - 70)
    assert main(command) == 0
    assert len(read_explanations(folder)) == n
    assert main([*command, "--seed", "3"]) == 1
    assert "differs in seed: 0 there, 3 now" in capsys.readouterr().err


def test_some_rows_keep_their_numbers(model: str, table: str, tmp_path: Path) -> None:
    command = ["explain", model, table, "--drop", "truth", "--out", str(tmp_path), *SMALL]
    assert main([*command, "--rows", "3,9", "--quiet"]) == 0
    assert [one.index for one in read_explanations(tmp_path)] == [3, 9]


def test_a_folder_and_json_exclude_each_other(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", model, table, "--out", str(tmp_path), "--json", "-"]) == 2
    assert "--markdown and --out exclude" in capsys.readouterr().err

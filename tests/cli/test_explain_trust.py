"""surrogate explain: stability, widths, summaries, and the rows to look at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surrogate.cli import main
from surrogate.explanation import LocalExplanations, WidthSweep

SMALL = ["--drop", "truth", "--fidelity", "100", "--option", "n_samples=200"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["explain", *arguments, *SMALL])
    out, err = capsys.readouterr()
    return code, out, err


def test_stability_is_printed(model: str, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, model, table, "--rows", "0:2", "--stability", "2")
    assert code == 0
    assert "Fitted again under 2 other seeds" in " ".join(out.split())


def test_the_rows_that_show_most_are_shown(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "picked.json"
    code, out, _ = run(capsys, model, table, "--pick", "2", "--summary", "--json", str(target))
    assert code == 0
    picked = LocalExplanations.from_json(target.read_text(encoding="utf-8"))
    assert 1 <= len(picked) <= 2
    text = " ".join(out.split())
    assert "adds, %" in text
    assert "mean size" in text
    assert f"row {picked.index[0]}, " in text


def test_json_to_the_terminal_stays_json(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, model, table, "--pick", "1", "--summary", "--json", "-")
    assert code == 0
    assert json.loads(out)["schema"] == "surrogate/local-explanations"
    assert "mean size" in err


@pytest.mark.parametrize(("said", "n"), [("auto", 9), ("0.5,1,2", 3)])
def test_widths_are_shown_side_by_side(
    said: str, n: int, model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, model, table, "--widths", said, "--rows", "0:5", "--json", "-")
    assert code == 0
    assert len(WidthSweep.from_json(out)) == n


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--widths", "1,2", "--pick", "2"], "--widths is for lime alone"),
        (["--widths", "1,2", "--method", "kernel_shap"], "--widths is for lime alone"),
        (["--out", "shards", "--pick", "2"], "--pick and --out exclude each other"),
        (["--pick", "0"], "must be an int in [1"),
    ],
    ids=["widths and pick", "widths of shap", "out and pick", "none"],
)
def test_what_does_not_go_together(
    arguments: list[str],
    message: str,
    model: str,
    table: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, model, table, *arguments)
    assert code == 2
    assert message in err


def test_a_width_that_is_no_number_is_refused(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["explain", model, table, "--widths", "narrow"])
    assert left.value.code == 2
    assert "'narrow' is not like auto or 0.5,1,2" in capsys.readouterr().err

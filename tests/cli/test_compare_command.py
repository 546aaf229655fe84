"""``surrogate compare``: names, models, options, and what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from surrogate.cli import main
from surrogate.explanation import Comparison
from surrogate.robust.comparing import ReadyRows, write_ready

SCORERS = """
import numpy as np


def _columns(score):
    p = 1 / (1 + np.exp(-4 * score))
    return np.column_stack([1 - p, p])


def smooth(columns):
    return _columns(np.asarray(columns["x"], float) + np.asarray(columns["y"], float))


def rough(columns):
    x, y = (np.asarray(columns[name], float) for name in "xy")
    return _columns(x + y + 2 * np.sin(37 * (x + y)))


def mortal(columns):
    raise KeyboardInterrupt
"""
SMALL = [
    *("--method", "cart", "--stability", "0", "--fidelity", "40", "--radius", ".2"),
    *("--option", "cart.n_queries=200", "--option", "cart.max_leaves=8"),
]


@pytest.fixture
def scorers(tmp_path: Path) -> Path:
    path = tmp_path / "scorers.py"
    path.write_text(SCORERS, encoding="utf-8")
    return path


@pytest.fixture
def rows(tmp_path: Path) -> str:
    rng = np.random.Generator(np.random.Philox(key=2))
    x, y = rng.uniform(-1, 1, (2, 140))
    lines = [f"{a!r},{b!r},{int(a + b > 0)}" for a, b in zip(x.tolist(), y.tolist())]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["x,y,truth", *lines]) + "\n", encoding="utf-8")
    return str(path)


def named(scorers: Path, *names: str) -> list[str]:
    return [f"{name.rpartition('/')[0] or name}={scorers}:{name}" for name in names]


def test_two_models_are_compared_printed_and_written(
    scorers: Path, rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "compared.json"
    code = main(
        [
            *("compare", *named(scorers, "rough", "smooth"), rows, "--target", "truth"),
            *("--attack", "square", "--attacked", "5", "--option", "square.steps=5"),
            *("--json", str(out), *SMALL),
        ]
    )
    said = capsys.readouterr()
    assert code == 0
    assert "smooth against rough" in said.out
    result = Comparison.from_json(out.read_text(encoding="utf-8"))
    assert result.names == ("rough", "smooth")
    assert result.settings["options"] == {
        "cart": {"n_queries": 200, "max_leaves": 8},
        "square": {"steps": 5},
    }
    assert {one.attack for one in result.models[0].robust} == {"square"}
    assert result.models[0].accuracy is not None
    assert result.settings["command"].startswith("surrogate compare rough=")


def test_json_alone_can_be_printed(
    scorers: Path, rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *named(scorers, "rough", "smooth"), rows, "--json", "-", *SMALL]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "surrogate/comparison"


def test_the_report_is_written(scorers: Path, rows: str, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    page = tmp_path / "compared.html"
    command = ["compare", *named(scorers, "rough", "smooth"), rows, "--report", str(page), *SMALL]
    assert main(command) == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_ready_rows_and_held_out_rows_come_from_files(
    scorers: Path, rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = np.loadtxt(rows, delimiter=",", skiprows=1)
    sets = [
        ReadyRows("pgd", name, 0.2, np.clip(table[:, :2] + side, -1, 1), np.arange(140), "linf")
        for name, side in (("rough", 0.1), ("smooth", -0.1))
    ]
    write_ready(tmp_path / "moved.npz", sets, columns=["x", "y"])
    out = tmp_path / "compared.json"
    code = main(
        [
            *("compare", *named(scorers, "rough", "smooth"), rows, "--target", "truth"),
            *("--test", rows, "--adversarial", str(tmp_path / "moved.npz")),
            *("--json", str(out), *SMALL),
        ]
    )
    assert code == 0, capsys.readouterr().err
    result = Comparison.from_json(out.read_text(encoding="utf-8"))
    assert len(result.transfer) == 4
    assert result.transfer[0].score.n == 140


def test_seeds_of_an_arm_are_counted(scorers: Path, rows: str, tmp_path: Path) -> None:
    out = tmp_path / "compared.json"
    nets = [f"{arm}/{i}={scorers}:{arm}" for arm in ("rough", "smooth") for i in range(2)]
    assert main(["compare", *nets, rows, "--json", str(out), *SMALL]) == 0
    result = Comparison.from_json(out.read_text(encoding="utf-8"))
    assert result.names == ("rough/0", "rough/1", "smooth/0", "smooth/1")
    assert {row.first for row in result.rows} == {"rough"}


def test_a_dry_run_prices_every_model(
    scorers: Path, rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    models = named(scorers, "rough", "smooth")
    assert main(["compare", *models, rows, "--dry-run", *SMALL]) == 0
    assert capsys.readouterr().out.count("Nothing was asked") == 2
    assert main(["compare", *models, rows, "--dry-run", "--json", "-", *SMALL]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"rough", "smooth"}


def test_help_is_like_that_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["compare", "--help"])
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert said.startswith("usage: surrogate compare NAME=MODEL NAME=MODEL [NAME=MODEL ...] DATA")
    for word in ("examples:", "exit codes:", "--adversarial", "--report", "--ledger", "--attack"):
        assert word in said


WRONG = {
    "one model": (["smooth"], [], 2, "at least two models"),
    "a name twice": (["smooth", "smooth"], [], 2, "Two models are called 'smooth'"),
    "an unknown attack": (["rough", "smooth"], ["--attack", "fgms"], 2, "no attack 'fgms'"),
    "gradients that are not there": (
        ["rough", "smooth"],
        ["--attack", "pgd", "--target", "truth"],
        1,
        "attacks that only ask",
    ),
    "an attack without a target": (
        ["rough", "smooth"],
        ["--attack", "square"],
        1,
        "give --target",
    ),
    "a radius of 0": (["rough", "smooth"], ["--radius", "0"], 2, "above 0"),
    "no such rows": (["rough", "smooth"], ["--adversarial", "no.npz"], 1, "could not be read"),
    "a small budget": (["rough", "smooth"], ["--budget", "9"], 3, "Give a budget"),
    "an option of no attack": (
        ["rough", "smooth"],
        ["--attack", "none", "--option", "pgd.steps=3"],
        2,
        "No --attack pgd",
    ),
    "a folder that is not there": (
        ["rough", "smooth"],
        ["--json", "/nowhere/at/all.json"],
        1,
        "no folder",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line_and_a_code(
    name: str, scorers: Path, rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    models, options, code, message = WRONG[name]
    assert main(["compare", *named(scorers, *models), rows, *SMALL, *options]) == code
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1


def test_a_url_without_a_name_is_refused(
    rows: str, scorers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:1/score?key=1"
    assert main(["compare", url, *named(scorers, "smooth"), rows]) == 2
    assert "is no name of a model" in capsys.readouterr().err


def test_ctrl_c_leaves_with_130(
    scorers: Path, rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *named(scorers, "mortal", "smooth"), rows, *SMALL]) == 130
    assert "interrupted" in capsys.readouterr().err

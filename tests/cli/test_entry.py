"""Commands as a user runs them: what is printed where, and with which exit code."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from surrogate.cli import main
from surrogate.errors import DataError
from surrogate.explanation import GlobalExplanation, LocalExplanations

SMALL = ["--fidelity", "200", "--seed", "1"]


def shell(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "surrogate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("command", ["explain", "distill", "audit", "methods"])
def test_help_shows_examples_and_exit_codes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    out = capsys.readouterr().out
    assert f"surrogate {command}" in out.partition("examples:")[2]
    assert "exit codes:" in out


def test_distill_prints_the_tree_and_its_fidelity(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["distill", model, table, "--target", "truth", *SMALL]) == 0
    out, err = capsys.readouterr()
    assert "agreement" in out
    assert "95 %" in out
    assert err == ""


def test_distill_writes_the_form_where_it_is_wanted(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = [str(tmp_path / name) for name in ("tree.sql", "tree.dot")]
    exports = [word for path in wanted for word in ("--export", path)]
    command = ["distill", model, table, "--target", "truth", "--stability", "0", *SMALL, *exports]
    assert main(command) == 0
    capsys.readouterr()
    assert all("95 % interval" in Path(path).read_text(encoding="utf-8") for path in wanted)
    assert "CASE" in Path(wanted[0]).read_text(encoding="utf-8")


def test_a_file_of_no_format_is_refused_before_the_model_is_asked(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["distill", model, table, "--target", "truth", "--export", "tree.xls", *SMALL]
    assert main(command) != 0
    out, err = capsys.readouterr()
    assert "'tree.xls' says no format" in err
    assert out == ""


def test_explain_prints_the_rows_asked_for(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["explain", model, table, "--drop", "truth", "--rows", "0:6", "--json", "-", *SMALL]
    assert main(command) == 0
    result = LocalExplanations.from_json(capsys.readouterr().out)
    assert len(result) == 6
    assert {feature.name for feature in result.domain.features} == {"x", "y", "sex"}


def test_json_to_the_terminal_is_all_there_is(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["distill", model, table, "--target", "truth", "--json", "-", *SMALL]) == 0
    out, _ = capsys.readouterr()
    assert isinstance(GlobalExplanation.from_json(out), GlobalExplanation)


def test_the_same_seed_gives_the_same_json(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forms = []
    for name in ("a.json", "b.json"):
        path = tmp_path / name
        command = ["distill", model, table, "--target", "truth", "--json", str(path), *SMALL]
        assert main(command) == 0
        forms.append(json.loads(path.read_text(encoding="utf-8")))
    assert f"wrote {path}" in capsys.readouterr().err
    for form in forms:
        form.pop("queries", None)  # holds seconds
        form.pop("integrity")  # the hash of those, too
        assert form["settings"].pop("command").endswith(" ".join(SMALL))
        form.get("data", form).pop("queries", None)
    assert forms[0] == forms[1]


def test_audit_writes_the_report(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    command = ["audit", model, table, "--target", "truth", "--protected", "sex", *SMALL]
    assert main([*command, "--report", str(report), "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert "agreement" in out
    assert err == ""
    assert "<html" in report.read_text(encoding="utf-8")


def test_preprocess_belongs_to_the_model(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    doubled = model.replace(":predict", ":doubled")
    command = ["distill", model, table, "--target", "truth", "--preprocess", doubled, *SMALL]
    assert main(command) == 0
    assert "agreement" in capsys.readouterr().out


def test_options_reach_the_method(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["distill", model, table, "--target", "truth", "--option", "max_leaves=3"]
    assert main([*command, "--json", "-", *SMALL]) == 0
    assert GlobalExplanation.from_json(capsys.readouterr().out).form.n_leaves <= 3


def test_another_table_can_measure(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Path(table).read_text(encoding="utf-8").splitlines()
    later = tmp_path / "later.csv"
    later.write_text("\n".join([lines[0], *lines[101:]]) + "\n", encoding="utf-8")
    command = ["distill", model, table, "--target", "truth", "--test", str(later), *SMALL]
    assert main([*command, "--json", "-"]) == 0
    result = GlobalExplanation.from_json(capsys.readouterr().out)
    assert result.fidelity[0].main.n == 100


# Errors: one line, what and where and what to do, and a code that a script can read.


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--target", "trouth"], 1, r"no column 'trouth'; did you mean 'truth'\? It has: x, y"),
        (["--drop", "z"], 1, "no column 'z'"),
        (["--target", "truth", "--option", "max_leafs=3"], 2, "did you mean `max_leaves`"),
        (["--target", "truth", "--method", "kart"], 2, "no global method 'kart'; there are: cart"),
        (["--target", "truth", "--budget", "20"], 3, "budget"),
        (["--target", "truth", "--kind", "x=colour"], 2, "colour"),
        (["--target", "truth", "--preprocess", "nowhere.py:f"], 1, "no file nowhere.py"),
        (["--target", "truth", "--json", "nowhere/a.json"], 1, "no folder nowhere to write"),
        (["--target", "truth", "--preprocess", "f"], 2, "write it as file.py:name"),
    ],
)
def test_errors_are_one_line(
    model: str,
    table: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    import re

    assert main(["distill", model, table, *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("surrogate: ")
    assert err.count("\n") == 1
    assert re.search(said, err), err


def test_a_missing_table_is_named(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["distill", model, "nowhere.csv"]) == 1
    assert "nowhere.csv" in capsys.readouterr().err


def test_a_missing_model_is_named(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["distill", "nowhere.onnx", table]) == 1
    assert "nowhere.onnx" in capsys.readouterr().err


def test_a_model_that_raises_is_named(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["distill", model.replace("predict", "broken"), table]) == 1
    err = capsys.readouterr().err
    assert "the weights are gone" in err
    assert "Traceback" not in err


def test_nothing_is_unpickled_unless_said(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (marker,)  # type: ignore[return-value]

    pickled = tmp_path / "model.pkl"
    pickled.write_bytes(pickle.dumps(Trap()))
    assert main(["distill", str(pickled), table]) == 1
    assert "unpickle" in capsys.readouterr().err
    assert not marker.exists()


def test_debug_shows_where_an_error_comes_from(model: str) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        main(["distill", model, "nowhere.csv", "--debug"])


@pytest.mark.parametrize(
    "arguments", [[], ["explode"], ["distill"], ["distill", "m", "d", "--kind", "x"]]
)
def test_what_is_no_command_is_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def test_an_interrupted_audit_prints_what_there_is(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    impatient = model.replace("predict", "impatient")
    assert main(["audit", impatient, table, "--target", "truth", *SMALL]) == 130
    out, err = capsys.readouterr()
    assert "interrupted" in (out + err)
    assert "Traceback" not in err


# The same from outside, where there is no terminal.


def test_a_pipe_gets_json_and_no_bars(model: str, table: str) -> None:
    done = shell("distill", model, table, "--target", "truth", "--json", "-", *SMALL)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert done.stderr == ""


def test_an_error_from_outside_has_no_traceback(model: str) -> None:
    done = shell("distill", model, "nowhere.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("surrogate: ")
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_error(model: str) -> None:
    done = shell("methods")
    assert done.returncode == 0
    command = f"{sys.executable} -W error -m surrogate methods | head -n 0"
    left = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert left.stderr == ""


def test_ctrl_c_ends_with_130(tmp_path: Path, table: str) -> None:
    started = tmp_path / "started"
    slow = tmp_path / "slow.py"
    slow.write_text(
        "import pathlib, time\n"
        "def predict(columns):\n"
        f"    pathlib.Path({str(started)!r}).touch()\n"
        "    time.sleep(60)\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "surrogate", "distill", f"{slow}:predict", table]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if started.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted before there was a result" in err
    assert "Traceback" not in err

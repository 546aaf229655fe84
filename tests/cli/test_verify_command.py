"""What is checked of results, and what pipelines want of them: verify, Markdown, a bound, facts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from surrogate.cli import main
from surrogate.explanation import AuditResult

SMALL = ["--target", "truth", "--fidelity", "200", "--stability", "0", "--quiet"]


@pytest.fixture
def audited(model: str, table: str, tmp_path: Path) -> Path:
    path = tmp_path / "found.json"
    options = ["--method", "cart", "--option", "n_queries=300", "--json", str(path)]
    assert main(["audit", model, table, *SMALL, *options]) == 0
    return path


def test_verify_says_what_it_checked(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["verify", str(audited)]) == 0
    out, err = capsys.readouterr()
    assert f"{audited}: verified" in out
    assert "computed again" in out
    assert err == ""
    assert main(["verify", "--json", "-", str(audited)]) == 0
    told = json.loads(capsys.readouterr().out)[str(audited)]
    assert told["ok"]
    assert told["recomputed"]["surrogates[0].fidelity"] > 10


def test_verify_fails_where_a_figure_was_edited(
    audited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(audited.read_text(encoding="utf-8"))
    document["surrogates"][0]["fidelity"][0]["scores"][0]["value"] = 0.999
    audited.write_text(json.dumps(document), encoding="utf-8")
    capsys.readouterr()
    assert main(["verify", str(audited)]) == 1
    out = capsys.readouterr().out
    assert "FAILED" in out
    assert "surrogates[0].fidelity[0].scores[0].value: stored 0.999" in out


def test_without_evidence_verify_may_be_told_to_fail(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "tree.json")
    assert main(["distill", model, table, *SMALL, "--json", path]) == 0
    assert main(["verify", path]) == 0
    assert "integrity only" in capsys.readouterr().out
    assert main(["verify", "--recompute", path]) == 1
    assert "keeps no evidence" in capsys.readouterr().out


def test_verify_of_what_is_no_result_is_one_line(
    table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", table]) == 1
    assert f"{table} is not the JSON of a result" in capsys.readouterr().err
    assert main(["verify", f"{table}.absent"]) == 1
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(("least", "code"), [("0.5", 0), ("0.999", 4)])
@pytest.mark.parametrize("command", ["distill", "audit"])
def test_fidelity_below_what_is_wanted_has_a_code_of_its_own(
    command: str,
    least: str,
    code: int,
    model: str,
    table: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "summary.md"
    options = ["--min-fidelity", least, "--markdown", str(path)]
    options += [] if command == "distill" else ["--method", "cart"]
    assert main([command, model, table, *SMALL, *options]) == code
    err = capsys.readouterr().err
    assert ("is NOT shown" in err) == (code == 4)
    assert "95 % interval" in err or code == 0  # quiet where all is well
    text = path.read_text(encoding="utf-8")
    assert ("is NOT shown" in text) == (code == 4)
    assert "| agreement |" in text


@pytest.mark.parametrize("said", ["0", "1.5", "-1", "nan", "much"])
def test_a_share_is_wanted(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["distill", "m", "t", "--min-fidelity", said])
    assert left.value.code == 2
    assert "over 0 and up to 1" in capsys.readouterr().err


def test_markdown_is_printed_instead_where_it_is_wanted(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["distill", model, table, *SMALL, "--markdown", "-"]) == 0
    assert capsys.readouterr().out.startswith("## cart on predict")
    assert (
        main(["explain", model, table, "--target", "truth", "--rows", "0", "--markdown", "-"]) == 0
    )
    assert "1 local explanation" in capsys.readouterr().out
    assert main(["distill", model, table, *SMALL, "--markdown", "-", "--json", "-"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_result_names_its_command_and_its_files(audited: Path, table: str, model: str) -> None:
    settings = AuditResult.from_json(audited.read_text(encoding="utf-8")).settings
    assert settings["command"].startswith("surrogate audit ")
    assert "--option n_queries=300" in settings["command"]
    assert settings["data file sha256"] == hashlib.sha256(Path(table).read_bytes()).hexdigest()
    scorer = Path(model.rpartition(":")[0])
    assert settings["model file sha256"] == hashlib.sha256(scorer.read_bytes()).hexdigest()
    assert settings["call"].startswith("audit(model, data, y=y, methods=['cart'], ")
    assert settings["asking"]["from"] <= settings["asking"]["to"]


def test_answers_may_be_kept_without_rows(model: str, table: str, tmp_path: Path) -> None:
    for kept in ("answers", "none"):
        path = tmp_path / f"{kept}.json"
        options = ["--method", "cart", "--evidence", kept, "--json", str(path)]
        assert main(["audit", model, table, *SMALL, *options]) == 0
        document = json.loads(path.read_text(encoding="utf-8"))
        assert (document["evidence"] is None) == (kept == "none")
        assert document["disagreements"]["examples"] == []
        assert main(["verify", str(path)]) == 0


def test_a_report_that_would_replace_something_else_is_refused_before_asking(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("jinja2")
    (tmp_path / "people.json").write_text("[1, 2]", encoding="utf-8")
    assert main(["audit", model, table, "--report", str(tmp_path / "people.html")]) == 1
    assert "is no result of surrogate's" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--json", "--markdown", "--report"])
def test_a_folder_in_the_place_of_a_file_is_refused_before_asking(
    option: str, model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", model, table, option, str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "is a folder; name a file in it" in said.err
    assert not said.out


def test_an_option_of_groups_is_called_by_its_own_name(
    model: str, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", model, table, "--groups", "nosuch"]) == 1
    assert "--groups names the column 'nosuch'" in capsys.readouterr().err
    assert main(["audit", model, table, "--flips", "-3"]) == 2
    assert "--flips must be" in capsys.readouterr().err


def test_a_comparison_is_verified_and_gated(
    model: str, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scorer = model.rpartition(":")[0]
    path = tmp_path / "found.json"
    models = [f"a={scorer}:probability", f"b={scorer}:probability"]
    options = ["--drop", "truth", "--drop", "sex", "--method", "cart", "--fidelity", "40"]
    options += ["--stability", "0", "--classes", "no,yes", "--json", str(path), "--quiet"]
    assert main(["compare", *models, table, *options, "--min-fidelity", "1"]) == 4
    assert "on held-out rows" in capsys.readouterr().err
    assert main(["verify", "--recompute", str(path)]) == 0
    settings = json.loads(path.read_text(encoding="utf-8"))["settings"]
    assert settings["model a file sha256"] == settings["model b file sha256"]

"""A bar where somebody looks, and nothing where nobody does."""

from __future__ import annotations

import sys

import pytest

from surrogate.cli.progress import Progress


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def run(progress: Progress) -> None:
    with progress:
        for done in (10, 60, 100):
            progress(done, 100, "fit")


@pytest.mark.usefixtures("terminal")
def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    run(Progress(delay=0.0))
    out, err = capsys.readouterr()
    assert "fit" in err
    assert "/100" in err
    assert out == ""


@pytest.mark.usefixtures("terminal")
def test_what_is_quick_shows_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    run(Progress(delay=60.0))
    assert "fit" not in capsys.readouterr().err


@pytest.mark.usefixtures("terminal")
def test_quiet_takes_the_bar_away(capsys: pytest.CaptureFixture[str]) -> None:
    run(Progress(quiet=True, delay=0.0))
    assert capsys.readouterr().err == ""


def test_a_file_gets_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    run(Progress(delay=0.0))
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("terminal")
def test_more_than_planned_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(delay=0.0) as progress:
        progress(120, 100, "fidelity")
    assert "120/120" in capsys.readouterr().err

"""A bar where somebody looks, and nothing where nobody does."""

from __future__ import annotations

import sys

import pytest

from surrogate._progress import Progress, showing


def look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make standard error a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def run(progress: Progress) -> None:
    with progress:
        for done in (10, 60, 100):
            progress(done, 100, "fit")


def test_a_terminal_gets_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look(monkeypatch)
    run(Progress(delay=0.0, interval=0.0))
    out, err = capsys.readouterr()
    assert "fit:" in err
    assert "60.0/100" in err
    assert out == ""


def test_what_is_quick_shows_no_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look(monkeypatch)
    run(Progress(delay=60.0, interval=0.0))
    assert "fit" not in capsys.readouterr().err


def test_quiet_takes_the_bar_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look(monkeypatch)
    run(Progress(quiet=True, delay=0.0, interval=0.0))
    assert capsys.readouterr().err == ""


def test_a_file_gets_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    run(Progress(delay=0.0, interval=0.0))
    assert capsys.readouterr().err == ""


def test_the_purpose_and_the_plan_may_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look(monkeypatch)
    with Progress(delay=0.0, interval=0.0) as progress:
        progress(100, 100, "fit")
        progress(120, 100, "fidelity")
    assert "fidelity: 100%" in capsys.readouterr().err


def test_a_front_door_shows_a_bar_where_it_is_asked_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with showing(True) as told:
        assert isinstance(told, Progress)
        told.delay = told.interval = 0.0
        told(10, 100, "fit")
    assert "fit:" in capsys.readouterr().err  # though standard error is no terminal here
    with showing(print) as told:
        assert told is print
    for nobody in (None, False):
        with showing(nobody) as told:
            assert told is None

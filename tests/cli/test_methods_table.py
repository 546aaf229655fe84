"""The table of methods: the same facts for the terminal, for programs and for the pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surrogate.cli import main
from surrogate.cli.methods_table import details, markdown, text
from surrogate.errors import OptionError
from surrogate.methods import METHODS, method_class


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_in_every_table(name: str) -> None:
    method = METHODS[name]
    assert any(line.startswith(f"{name} ") for line in text().splitlines())
    assert method.summary in markdown()
    assert method.source in markdown()


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_documented(name: str) -> None:
    for task in METHODS[name].classes:
        document = method_class(name, task).__doc__ or ""
        assert "Parameters" in document
        assert "Examples" in document


def test_every_method_is_in_the_guides() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    guides = " ".join(path.read_text(encoding="utf-8") for path in docs.glob("*.md"))
    for name in METHODS:
        assert name in guides.lower()


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    assert capsys.readouterr().out == text() + "\n"


def test_the_command_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json", "-"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(METHODS)


def test_one_method_shows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "cart"]) == 0
    out = capsys.readouterr().out
    assert "max_leaves" in out
    assert "oracle" not in out


def test_an_unknown_method_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "kart"]) == 2
    assert "there are: lime, kernel_shap, cart" in capsys.readouterr().err
    with pytest.raises(OptionError, match="kart"):
        details("kart")

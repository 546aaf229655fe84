"""The page on asking runs, and prints what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "oracle.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the page writes a ledger
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec("\n".join(blocks), {})
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["('grant', 'refuse')", "(500, 2)"]
    assert lines[3].startswith("500 of 2,000 rows asked in 1 call")
    assert "answered nan to row 7 for class 1; 1 of 500 answers are not finite" in lines[4]
    assert lines[5].endswith("in the same shares, fit 1,000, fidelity 500 would fit.")
    assert lines[6] == "1500"

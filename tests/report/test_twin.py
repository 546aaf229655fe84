"""The JSON beside a page: named by it, complete, and never in the place of something else."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from surrogate import verify
from surrogate.errors import InputError
from surrogate.explanation import AuditResult
from surrogate.report import write_report


def test_the_page_names_its_json_and_its_hash(demo: ModuleType, tmp_path: Path) -> None:
    page = write_report(demo.audit(), tmp_path / "out.html").read_text(encoding="utf-8")
    twin = tmp_path / "out.json"
    checked = verify(twin)
    assert checked.ok
    assert f"surrogate verify {twin.name}" in page
    assert page.count(checked.sha256) == 2  # in the footer, and under Reproduction
    assert AuditResult.from_json(twin.read_text(encoding="utf-8")) == demo.audit()


def test_hostile_names_pass_through_both(demo: ModuleType, tmp_path: Path) -> None:
    page = write_report(demo.hostile(), tmp_path / "a<b>&.html").read_text(encoding="utf-8")
    assert "a&lt;b&gt;&amp;.json" in page
    assert verify(tmp_path / "a<b>&.json").ok


@pytest.mark.parametrize(
    "there", ["", '{"schema": "surrogate/audit"}', '{\n  "schema":"surrogate/x"']
)
def test_an_earlier_result_is_replaced(demo: ModuleType, tmp_path: Path, there: str) -> None:
    (tmp_path / "out.json").write_text(there, encoding="utf-8")
    write_report(demo.regressor(), tmp_path / "out.html")
    assert verify(tmp_path / "out.json").ok


def test_nothing_else_is_replaced(demo: ModuleType, tmp_path: Path) -> None:
    twin = tmp_path / "people.json"
    twin.write_text('{"people": []}', encoding="utf-8")
    with pytest.raises(InputError, match="no result of surrogate's"):
        write_report(demo.regressor(), tmp_path / "people.html")
    assert twin.read_text(encoding="utf-8") == '{"people": []}'
    assert not (tmp_path / "people.html").exists()
    with pytest.raises(InputError, match=r"name the page out\.html"):
        write_report(demo.regressor(), tmp_path / "out.json")

"""The report as a file: complete, self-contained, escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from surrogate import distill
from surrogate.domain import Domain
from surrogate.errors import InputError, MissingDependency
from surrogate.explanation import GlobalExplanation
from surrogate.report import artefact, backing, write_report
from surrogate.report.write import page_script, render
from surrogate.types import Feature

VOID = {"meta", "link", "img", "source", "br"}


class Reader(HTMLParser):
    """Checks that tags are closed in order; keeps attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.text += data


@pytest.fixture(scope="module")
def page(demo: ModuleType) -> str:
    return render(demo.audit())


@pytest.fixture(scope="module")
def hostile(demo: ModuleType) -> str:
    return render(demo.hostile())


def words(html: str) -> str:
    return " ".join(Reader(html).text.split())


def test_the_claim_comes_first_with_its_interval(page: str, demo: ModuleType) -> None:
    score = demo.audit().surrogates[0].fidelity[0].main
    text = words(page)
    claim = f"on {score.value_text()} of held-out real rows (95 % interval"
    places = [
        text.index(said)
        for said in (
            claim,
            "How far to trust it",
            "perturbed rows",
            "Always giving the commonest answer",
            "Target not met: at least 95.0 % wanted",
            "Held-out rows may be rows that the model was trained on.",
            "It does not say that the model is right, fair or lawful",
            "1 The surrogate",
            "2 Fidelity",
            "5 Fidelity against size",
            "6 Local explanations",
            "8 True outcomes",
            "11 The model that was asked",
            "12 Queries",
            "13 Data and sampling",
            "14 Limits",
            "15 Reproduction",
        )
    ]
    assert places == sorted(places)


def test_the_first_screen_counts_all_queries_of_the_audit(demo: ModuleType) -> None:
    found = demo.audit()
    asked = replace(found.queries, rows=98_765)
    assert "the model was asked 98,765 rows in all" in words(render(replace(found, queries=asked)))


def test_a_long_command_is_whole_and_no_bound_is_infinite(demo: ModuleType) -> None:
    found, long = demo.audit(), f"surrogate audit {'--option a=1 ' * 50}--seed 3"
    text = words(render(replace(found, settings={**found.settings, "command": long})))
    assert long in text
    table = backing.data(replace(found, surrogates=(_unbounded(found.surrogates[0]),)))
    assert "no bounds declared" in table
    assert "inf to" not in table


def _unbounded(explanation: GlobalExplanation) -> GlobalExplanation:
    free = Domain((Feature("age"), Feature("rooms", low=1)))
    return replace(explanation, domain=free)


def test_a_rule_names_the_categories_by_which_it_is_sought() -> None:
    letters = tuple("abcdefghijklmnop")
    job = np.array(letters * 20)
    found = distill(
        lambda table: np.where(table["job"] < "j", "no", "yes"),
        {"job": job},
        options={"max_leaves": 2},
        stability=0,
    )
    assert "job in {j, k, l, m, n, o, p}" in words(str(artefact._rules(found.rules)))


def test_everything_that_backs_it_is_there(page: str) -> None:
    text = words(page)
    for said in (
        "credit.onnx",
        "CPUExecutionProvider",
        "surrogate audit credit.onnx applications.csv",
        "15,104",
        "applications.csv",
        "SHA-256 of the result as JSON",
        "lodges free",
        "+0.218 ± 0.042",
        "This explanation is bad",
        "It makes no claim that any law or standard is met.",
    ):
        assert said in text


@pytest.mark.parametrize("name", ["page", "hostile"])
def test_nothing_is_loaded_run_or_styled_inline(name: str, request: pytest.FixtureRequest) -> None:
    html = request.getfixturevalue(name)
    found = Reader(html).found
    scripts = [attributes for tag, attributes in found if tag == "script"]
    assert scripts[-1] == {}
    assert all(attributes["type"] == "application/json" for attributes in scripts[:-1])
    for tag, attributes in found:
        assert tag not in {"iframe", "object", "embed", "form", "base"}
        assert "style" not in attributes
        assert not any(key.startswith("on") for key in attributes)
        for key in ("src", "srcset", "href"):
            value = attributes.get(key) or "#"
            assert value.startswith(("data:", "#")), f"{tag} {key}"
    assert "default-src 'none'" in html
    assert "unsafe-inline" not in html


def test_the_one_script_is_the_same_in_every_report_and_pinned(page: str, hostile: str) -> None:
    digest = base64.b64encode(hashlib.sha256(page_script().encode()).digest()).decode()
    for html in (page, hostile):
        assert html.count(f"<script>{page_script()}</script>") == 1
        assert f"script-src 'sha256-{digest}';" in html
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert word not in page_script()
    parsed = ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(")
    reaching = ("fetch(", "XMLHttp", "Storage", "cookie", "import(", ".style")
    assert [word for word in parsed + reaching if word in page_script()] == []


def test_every_picture_has_a_text_alternative(page: str) -> None:
    pictures = [attributes for tag, attributes in Reader(page).found if tag == "img"]
    assert len(pictures) == 5
    assert all(len(attributes["alt"] or "") > 20 for attributes in pictures)


@pytest.mark.parametrize("name", ["page", "hostile"])
def test_every_link_leads_somewhere_and_no_name_is_used_twice(
    name: str, request: pytest.FixtureRequest
) -> None:
    found = [attributes for _, attributes in Reader(request.getfixturevalue(name)).found]
    names = [attributes["id"] for attributes in found if "id" in attributes]
    assert len(names) == len(set(names))
    links = [a["href"] for a in found if (a.get("href") or "").startswith("#")]
    assert {link[1:] for link in links} <= set(names)


def test_hostile_names_are_text(hostile: str) -> None:
    assert "window.hacked" in Reader(hostile).text
    assert "{{ 7 * 7 }}" in Reader(hostile).text
    assert "\u202e" not in hostile
    assert "x" * 500 not in hostile
    assert len(hostile) < 2_000_000


def test_equal_results_give_equal_pages(demo: ModuleType, page: str) -> None:
    assert render(demo.audit()) == page


def test_single_explanations_have_a_report_too(demo: ModuleType) -> None:
    assert "follows price model with R²" in words(render(demo.regressor()))
    text = words(render(demo.scaled_local()))
    assert "Of 3 local explanations of credit.onnx, 1 is bad." in text
    rules = demo.classifier(leaves=4)
    assert "list of" in words(render(replace(rules, form=replace(rules.rules, ordered=True))))
    with pytest.raises(InputError, match="got dict"):
        render({})  # type: ignore[arg-type]


def test_several_surrogates_stand_side_by_side(demo: ModuleType) -> None:
    one = demo.audit()
    two = replace(one, surrogates=(*one.surrogates, demo.classifier(leaves=4)))
    html = render(two)
    assert "Surrogates side by side" in words(html)
    assert "cart: This tree of 4 leaves gives" in words(html)
    assert html.count('<h3 class="tab-title">cart 2</h3>') == 3  # surrogate, fidelity, size
    assert html.count("data-form=") == 2


def test_an_interrupted_audit_says_so_first(demo: ModuleType) -> None:
    part = replace(demo.audit(), surrogates=(), local=None, queries=None, interrupted=True)
    text = words(render(part))
    assert text.index("Nothing is claimed") < text.index("interrupted") < text.index("How far")


def test_a_bad_surrogate_is_said_so_on_the_first_screen(demo: ModuleType) -> None:
    audit = demo.audit()
    first = audit.surrogates[0]
    score = replace(first.fidelity[0].main, lift=0.0, lift_interval=None)
    poor = replace(first, fidelity=(replace(first.fidelity[0], scores=(score,)),))
    text = words(render(replace(audit, surrogates=(poor,))))
    assert text.index("This explanation is bad: on held-out") < text.index("How far to trust it")


def test_a_file_is_replaced_when_the_page_is_complete(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    assert demo.audit().report(path) == path
    whole = path.read_text(encoding="utf-8")
    assert whole.startswith("<!doctype html>")
    assert whole.endswith("</html>\n") or whole.endswith("</html>")

    def fail(self: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(demo.regressor(), path)
    assert path.read_text(encoding="utf-8") == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_wrong_path_is_said_before_anything_is_drawn(demo: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; make it first"):
        write_report(demo.audit(), tmp_path / "none" / "report.html")
    with pytest.raises(InputError, match="is a folder"):
        write_report(demo.audit(), tmp_path)


def test_without_jinja_the_extra_is_named(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(MissingDependency, match=re.escape("surrogate-toolkit[report]")):
        write_report(demo.scaled_local(), tmp_path / "report.html")

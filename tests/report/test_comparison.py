"""The page of a comparison: claim first, then what may mislead, every picture in words too."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from surrogate.explanation import Comparison
from surrogate.report.comparison import (
    _models,
    _one_an_arm,
    _surrogates,
    comparison_page,
    robustness,
)
from surrogate.report.write import render


class Seen(HTMLParser):
    """Sections, texts of headings, alternatives of pictures, and attributes that act."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[str] = []
        self.alts: list[str] = []
        self.acting: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags.append(tag)
        if tag == "section" and said.get("id"):
            self.sections.append(said["id"] or "")
        if tag == "img":
            self.alts.append(said.get("alt") or "")
        self.acting += [name for name in said if name.startswith("on") or name == "style"]


def seen(html: str) -> Seen:
    found = Seen()
    found.feed(html)
    return found


@pytest.fixture(scope="module")
def made(compared: ModuleType) -> Comparison:
    return compared.comparison()


@pytest.fixture(scope="module")
def html(compared_pages: Any) -> str:
    return str(compared_pages["comparison"].read_text(encoding="utf-8"))


def test_it_says_all_there_is_in_its_order(html: str) -> None:
    assert seen(html).sections == [
        "verdicts",
        "curves",
        "models",
        "transfer",
        "surrogates",
        "disagreement",
        "sizes",
        "figures",
        "tested",
        "queries",
        "data",
        "limits",
        "reproduction",
    ]


def test_the_claim_names_both_ways_and_its_figures_follow_at_once(html: str) -> None:
    claim = html[html.index("<h1>") : html.index("</h1>")]
    for said in ("more closely in MSE", "less closely in R²", "no difference is shown in agree"):
        assert said in claim
    trust = html[html.index("</h1>") : html.index("<nav")]
    for said in ("-0.12 (95\u00a0% interval -0.17\u00a0to\u00a0-0.07", "Holm p\u00a0=\u00a0.020"):
        assert said in trust
    assert "not of how they were trained" in trust
    assert "gives the true class" in trust or "not shown to be better" in trust


def test_what_must_be_seen_stands_before_any_figure(html: str) -> None:
    between = html[html.index("</h1>") : html.index('id="trust"')]
    assert "Both models were asked for the same rows." in between


def test_nothing_is_called_robust_without_its_pgd_figures(
    made: Comparison, compared: ModuleType
) -> None:
    natural, _ = made.models
    assert robustness(natural) == (
        "natural stays right under PGD on 61.0 % at radius 0.1 (58.0 to 64.0), 7.0 % at radius "
        "0.25 (4.0 to 10.0), 0.0 % at radius 0.4 (0.0 to 3.0), with 95 % intervals."
    )
    fgsm_only = replace(natural, robust=tuple(r for r in natural.robust if r.attack == "fgsm"))
    assert "nothing is said of its robustness" in robustness(fgsm_only)
    bare = comparison_page(compared.bare())
    assert str(bare.trust).count("nothing is said of its robustness") == 2


def test_every_picture_has_its_figures_in_words(html: str) -> None:
    alts = [alt for alt in seen(html).alts if not alt.startswith("Picture of the tree")]
    assert len(alts) == 6
    assert all("." in alt and any(c.isdigit() for c in alt) for alt in alts)
    assert "natural: 84.0 % at 0, 60.0 % at 0.4" in alts[1]
    assert html.count("The figures of this picture") == 3


def test_what_all_verdicts_share_is_said_once(html: str) -> None:
    verdicts = html[html.index('id="verdicts"') : html.index('id="curves"')]
    assert "All lines: robust against natural, about these nets." in verdicts
    assert verdicts.count("<tr") == 1 + 29
    assert "data-live" in verdicts


def test_models_stand_side_by_side_and_many_below_each_other(
    html: str, compared: ModuleType
) -> None:
    models = html[html.index('id="models"') : html.index('id="transfer"')]
    assert "95.0 % (93.8 to 96.2)" in models
    assert "robust accuracy, pgd, radius 0.25" in models
    many = str(_models(compared.seeds()))
    assert many.count('scope="colgroup"') == 16


def test_of_many_models_one_an_arm_is_shown_whole(compared: ModuleType) -> None:
    made = compared.seeds()
    assert [model.name for model in _one_an_arm(made)] == ["natural/0", "robust/0"]
    (_, one), *_ = compared.comparison().surrogates
    small = replace(one, form=one.form, rules=None)
    many = replace(made, surrogates=tuple((model.name, small) for model in made.models))
    section = str(_surrogates(many))
    assert section.count('class="tab-title"') == 2
    assert "14 more surrogates, of further models, in the JSON of this report." in section


def test_disagreement_shows_coverage_and_precision_with_intervals(html: str) -> None:
    part = html[html.index('id="disagreement"') : html.index('id="sizes"')]
    assert "different decisions 11.0 % (95 % interval 9.0 to 13.0; n = 900)" in part
    assert "4.0 % (3.0 to 5.0)" in part
    assert "agreement" in part


def test_nearly_nothing_is_still_a_page(compared: ModuleType) -> None:
    html = render(compared.bare())
    assert "interrupted" in html
    assert "undefined" in html
    assert "it always says 3" in html
    assert "nan" not in html[html.index("<body") : html.index("<footer")].lower().replace(
        "attacker and", ""
    )
    empty = render(Comparison(models=(), measured=()))
    assert "Nothing is compared" in empty
    assert seen(empty).sections == ["limits", "reproduction"]


def test_hostile_names_stay_text_and_the_page_small(compared_pages: Any) -> None:
    html = compared_pages["hostile"].read_text(encoding="utf-8")
    found = seen(html)
    assert found.acting == []
    assert found.tags.count("script") == 1 + html.count('type="application/json"')
    assert "<script>window.hacked" not in html
    assert len(html.encode()) < 700_000


def test_a_comparison_writes_its_own_report(compared: ModuleType, tmp_path: Path) -> None:
    made = compared.bare()
    path = made.report(tmp_path / "page.html")
    page = path.read_text(encoding="utf-8")
    assert "<h1>Read by cart" in page
    assert "page.json" in page
    assert Comparison.from_json(path.with_suffix(".json").read_text(encoding="utf-8")) == made

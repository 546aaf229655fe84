"""Groups, flips, regions, disagreements and checks in the report: all said, nothing executed."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from types import ModuleType

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from surrogate.report import disagreements, groups
from surrogate.report.page import PARTS as TABLE

PARTS = (
    disagreements.checks,
    groups.impacts,
    groups.flips,
    disagreements.regions,
    disagreements.disagreements,
)
NAMES = ("checks", "groups", "flips", "regions", "disagreements")


class _Tags(HTMLParser):
    """Every element's name, and the text of all."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> _Tags:
    tags = _Tags()
    tags.feed(html)
    return tags


def test_every_section_is_there_and_says_what_its_figures_are(demo: ModuleType) -> None:
    assert set(NAMES) <= {part.name for part in TABLE}
    page = parsed("".join(str(part(demo.audit())) for part in PARTS))
    text = " ".join(page.text.split())
    for said in (
        "since nobody named the favourable one",
        "too few rows to say",
        "the highest here; their intervals allow for that choice",
        "became favourable",
        "changed and nothing else",
        "hold for all of them at once",
        "Row 4 of test: the model says granted (p 0.93), the surrogate refused",
        "in the JSON of this report",
        "or whether any law or standard is met",
    ):
        assert said in text, said


def test_no_figure_is_called_lawful(demo: ModuleType) -> None:
    audit = demo.audit()
    text = parsed("".join(str(part(audit)) for part in (groups.impacts, groups.flips))).text.lower()
    for word in ("four-fifths", "80 %", "compliant", "compliance", "legal", "fair"):
        assert word not in text


def test_hostile_names_stay_text_of_bounded_length(demo: ModuleType) -> None:
    audit = demo.hostile()
    for part in PARTS:
        body = str(part(audit))
        page = parsed(body)
        for tag, attrs in page.found:
            assert tag not in ("script", "iframe", "object", "embed")
            assert not [name for name in attrs if name.startswith("on")]
            assert tag != "img" or str(attrs["src"]).startswith("data:")
        assert "x" * 400 not in body
        assert "\u202e" not in page.text


def test_what_there_is_nothing_of_has_no_section(demo: ModuleType) -> None:
    empty = replace(demo.audit(), impacts=(), flips=(), regions=(), disagreements=None, checks=None)
    for part in PARTS:
        assert part(empty) is None


def test_every_picture_says_its_figures(demo: ModuleType) -> None:
    audit = demo.audit()
    for part in (groups.impacts, disagreements.regions):
        images = [attrs for tag, attrs in parsed(str(part(audit))).found if tag == "img"]
        assert images
        assert all("%" in str(attrs["alt"]) for attrs in images)

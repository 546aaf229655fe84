"""The report in headless Chromium: it opens offline and says what it must, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest


@pytest.mark.parametrize("name", ["audit", "several", "local"])
@pytest.mark.parametrize("width", [390, 1200])
def test_it_opens_without_error_request_or_overflow(
    opened: Callable[..., Any], name: str, width: int
) -> None:
    page = opened(name, width=width)
    assert page.errors == []
    assert page.requested == [page.path.as_uri()]
    assert not page.overflows


def test_first_screen_has_claim_interval_and_trivial_surrogate(
    opened: Callable[..., Any],
) -> None:
    for width, height in ((1200, 800), (390, 844)):
        page = opened("audit", width=width, height=height)
        assert page.browser.title == "Fidelity report: credit.onnx"
        claim = page.one("h1")
        assert "% of held-out real rows" in claim.text
        assert "interval" in claim.text
        trivial = page.browser.find_element("xpath", "//p[contains(., 'commonest answer reaches')]")
        for element in (claim, trivial):
            box = element.rect
            assert box["y"] + box["height"] <= height


def test_pictures_are_drawn(opened: Callable[..., Any]) -> None:
    sizes = opened("audit").run(
        "return [...document.images].map(i => [i.complete, i.naturalWidth, i.naturalHeight])"
    )
    assert len(sizes) >= 2
    assert all(complete and width > 300 and height > 100 for complete, width, height in sizes)


def contrast(page: Any, selector: str) -> float:
    """Contrast ratio of an element's text against the page (WCAG 2)."""
    script = """
        const lum = c => c.match(/\\d+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
            .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
        const ink = lum(getComputedStyle(document.querySelector(arguments[0])).color);
        const paper = lum(getComputedStyle(document.documentElement).backgroundColor);
        return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
    """
    return float(page.run(script, selector))


LOOK = """return [getComputedStyle(document.documentElement).backgroundColor,
                  document.images[0].currentSrc]"""


def test_light_and_dark_are_both_readable(opened: Callable[..., Any]) -> None:
    shown = {}
    for scheme in ("light", "dark"):
        page = opened("audit", scheme=scheme)
        for selector in ("h1", "td", ".legend", "dt", "nav a", ".kind", ".hint", ".then .n"):
            assert contrast(page, selector) >= 4.5, (scheme, selector)
        shown[scheme] = page.run(LOOK)
    assert shown["light"][0] != shown["dark"][0]
    assert shown["light"][1] != shown["dark"][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_turns_light_and_dark_around(opened: Callable[..., Any], scheme: str) -> None:
    page = opened("audit", scheme=scheme)
    before = page.run(LOOK)
    button = page.one("button.theme")
    assert button.text == ("Dark page" if scheme == "light" else "Light page")
    button.click()
    after = page.run(LOOK)
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert button.text == ("Light page" if scheme == "light" else "Dark page")
    button.click()
    assert page.run(LOOK) == before
    button.click()
    page.browser.refresh()
    assert page.run(LOOK) == before  # nothing is kept


def test_headings_make_an_outline(opened: Callable[..., Any]) -> None:
    page = opened("several")
    levels = [int(element.tag_name[1]) for element in page.all("h1, h2, h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_all_is_readable_without_script(opened: Callable[..., Any], pages: Any) -> None:
    page = opened("several", scripts=False)
    shown = "\n".join(page.seen("section"))
    for said in ("cart 2", "As rules", "As tests", "gives the same answer", "debt ratio"):
        assert said in shown
    assert page.seen(".no-script")
    assert not page.seen("button, input, select, [role=tab]")

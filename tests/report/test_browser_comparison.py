"""The page of a comparison in headless Chromium: no fault, no request, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("selenium")

from selenium.webdriver.common.keys import Keys


@pytest.fixture(scope="module")
def pages(compared_pages: Any) -> Any:
    return compared_pages


@pytest.mark.parametrize("name", ["comparison", "hostile"])
def test_it_opens_without_error_request_or_overflow(opened: Callable[..., Any], name: str) -> None:
    for width in (390, 1200):
        page = opened(name, width=width)
        assert page.errors == []
        assert page.requested == [page.path.as_uri()]
        assert not page.overflows
    assert page.run("return window.hacked") is None


def test_pictures_are_drawn_in_light_and_dark(opened: Callable[..., Any]) -> None:
    sources = {}
    for scheme in ("light", "dark"):
        page = opened("comparison", scheme=scheme)
        sizes = page.run("return [...document.images].map(i => [i.complete, i.naturalWidth])")
        assert len(sizes) == 8
        assert all(complete and width > 300 for complete, width in sizes)
        sources[scheme] = page.run("return document.images[0].currentSrc")
    assert sources["light"] != sources["dark"]


def test_claim_and_its_figures_are_on_the_first_screen(opened: Callable[..., Any]) -> None:
    page = opened("comparison", width=1200, height=800)
    for selector in ("h1", ".trust li"):
        box = page.one(selector).rect
        assert box["y"] + box["height"] <= 800
    assert "no difference is shown in agreement" in page.text("h1")


def test_models_are_tabs_and_verdicts_can_be_sorted(
    opened: Callable[..., Any],
) -> None:
    page = opened("comparison")
    assert page.seen("#surrogates .tab-list button, #surrogates [role=tab]") == [
        "natural, cart",
        "robust, cart",
    ]
    button = page.one("#verdicts thead button")
    button.send_keys(Keys.ENTER)
    first = page.run("return document.querySelector('#verdicts tbody tr').textContent")
    button.send_keys(Keys.ENTER)
    assert page.run("return document.querySelector('#verdicts tbody tr').textContent") != first


def test_without_script_every_model_is_there(opened: Callable[..., Any]) -> None:
    page = opened("comparison", scripts=False)
    assert {"natural, cart", "robust, cart"} <= set(page.seen("#surrogates .tab-title"))

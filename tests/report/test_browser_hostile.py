"""Names that try to break the page break nothing, and nothing of them is executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("selenium")

from selenium.webdriver.support.ui import Select

FOREIGN = """
    const own = [...document.scripts].at(-1);
    return [...document.querySelectorAll("script, iframe, object, embed, base, form, style, link")]
        .filter((one) => one !== own && one.type !== "application/json")
        .map((one) => one.tagName);
"""
HANDLERS = """
    return [...document.querySelectorAll("*")].flatMap((one) => [...one.attributes])
        .filter(({name, value}) => name.startsWith("on") || name === "style"
            || /^(javascript|https?):/i.test(value))
        .map(({name, value}) => `${name}=${value.slice(0, 40)}`);
"""
WIDE = """
    return [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .filter((one) => !one.closest(".scroll, .outline, pre, svg, option, .skip"))
        .map((one) => one.outerHTML.slice(0, 90));
"""


@pytest.mark.parametrize("name", ["hostile", "crowd"])
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_executed_asked_for_or_pushed_off_the_page(
    opened: Callable[..., Any], name: str, width: int
) -> None:
    page = opened(name, width=width)
    assert page.run("return window.hacked ?? null") is None
    assert page.errors == []
    assert page.requested == [page.path.as_uri()]
    assert sorted(page.run(FOREIGN)) == ["LINK", "STYLE"]
    assert page.run(HANDLERS) == []
    assert page.all("img[src=x], b, main img:not([alt])") == []
    assert not page.overflows
    assert page.run(WIDE) == []
    assert page.path.stat().st_size < 2_000_000


def test_the_row_form_stands_hostile_names(opened: Callable[..., Any]) -> None:
    page = opened("crowd")
    for tab in page.all("#surrogate [role=tab]")[:2]:
        tab.click()
        said = " ".join(page.seen(".answer"))
        assert said.startswith("The surrogate says")
        for choice in page.all(".tab:not(.away) .field select")[:4]:
            if choice.is_displayed():
                Select(choice).select_by_index(1)
        assert " ".join(page.seen(".answer")).startswith("The surrogate says")
    assert page.run("return window.hacked ?? null") is None
    assert page.errors == []
    labels = page.run(
        "return [...document.querySelectorAll('.field label')].map(l => l.textContent)"
    )
    assert any("<script>" in label for label in labels)
    assert max(map(len, labels)) <= 50
    assert not any(c in label for label in labels for c in "\u202e\u2028\u2029\x1b")


def test_filters_and_headings_take_hostile_text(opened: Callable[..., Any]) -> None:
    page = opened("crowd")
    page.all("#surrogate [role=tab]")[1].click()
    field = next(one for one in page.all("input[type=search]") if one.is_displayed())
    field.send_keys("<img src=x onerror=alert(1)> \\ .* (")
    shown = [one for one in page.all("#surrogate [data-live] tbody tr") if one.is_displayed()]
    assert shown == []
    assert page.run("return window.hacked ?? null") is None
    assert page.all("img[src=x]") == []


def test_right_to_left_names_keep_to_themselves(opened: Callable[..., Any]) -> None:
    page = opened("crowd")
    hebrew = "\u05e2\u05d1\u05e8\u05d9\u05ea"
    texts = page.run(
        "return [...document.querySelectorAll('.field label, td, .if, dd')].map(e => e.textContent)"
    )
    found = [text for text in texts if hebrew in text]
    assert found
    assert all("\u2068" in text and "\u2069" in text for text in found)

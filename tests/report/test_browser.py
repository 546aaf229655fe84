"""The report in headless Chromium: it opens offline, says what it must, executes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
pytest.importorskip("selenium")

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from surrogate.report import write_report

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium-driver)")
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(driver))
    made.set_page_load_timeout(60)
    yield made
    made.quit()


@pytest.fixture(scope="module")
def pages(demo: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    made = {"audit": demo.audit(), "hostile": demo.hostile(), "local": demo.scaled_local()}
    return {name: write_report(result, folder / f"{name}.html") for name, result in made.items()}


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path]) -> Callable[..., Any]:
    def at(name: str, *, width: int = 1200, height: int = 900, scheme: str = "light") -> Any:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        for kind in ("browser", "performance"):
            browser.get_log(kind)
        browser.get(pages[name].as_uri())
        return browser

    return at


def requested(browser: Any) -> list[str]:
    """Addresses that the page asked for since it was opened."""
    events = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


@pytest.mark.parametrize("name", ["audit", "hostile", "local"])
@pytest.mark.parametrize("width", [390, 1200])
def test_it_opens_without_error_request_or_overflow(
    opened: Callable[..., Any], pages: dict[str, Path], name: str, width: int
) -> None:
    page = opened(name, width=width)
    assert page.get_log("browser") == []
    loaded = [url for url in requested(page) if not url.startswith("data:")]
    assert loaded == [pages[name].as_uri()]
    wide, seen = page.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert wide <= seen


def test_first_screen_has_claim_interval_and_trivial_surrogate(
    opened: Callable[..., Any],
) -> None:
    for width, height in ((1200, 800), (390, 844)):
        page = opened("audit", width=width, height=height)
        assert page.title == "Fidelity report: credit.onnx"
        claim = page.find_element(By.TAG_NAME, "h1")
        assert "83.2\u00a0%" in claim.text or "% of held-out real rows" in claim.text
        assert "interval" in claim.text
        trivial = page.find_element(By.XPATH, "//p[contains(., 'commonest answer reaches')]")
        for element in (claim, trivial):
            box = element.rect
            assert box["y"] + box["height"] <= height


def test_nothing_from_hostile_names_is_executed(opened: Callable[..., Any]) -> None:
    page = opened("hostile")
    assert page.execute_script("return window.hacked") is None
    hostile = "script:not([type='application/json'], body > :last-child), img[src=x], b"
    assert page.find_elements(By.CSS_SELECTOR, f"{hostile}, main img:not([alt])") == []
    assert "<script>" in page.find_element(By.TAG_NAME, "body").text


def test_pictures_are_drawn(opened: Callable[..., Any]) -> None:
    page = opened("audit")
    sizes = page.execute_script(
        "return [...document.images].map(i => [i.complete, i.naturalWidth, i.naturalHeight])"
    )
    assert len(sizes) == 2
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
    return float(page.execute_script(script, selector))


def test_light_and_dark_are_both_readable(opened: Callable[..., Any]) -> None:
    shown = {}
    for scheme in ("light", "dark"):
        page = opened("audit", scheme=scheme)
        for selector in ("h1", "td", ".legend", "dt", "nav a", ".kind"):
            assert contrast(page, selector) >= 4.5, (scheme, selector)
        shown[scheme] = page.execute_script(
            "return [getComputedStyle(document.documentElement).backgroundColor,"
            "document.images[0].currentSrc]"
        )
    assert shown["light"][0] != shown["dark"][0]
    assert shown["light"][1] != shown["dark"][1]


def test_the_keyboard_alone_opens_what_is_folded(opened: Callable[..., Any]) -> None:
    page = opened("audit")
    details = page.find_element(By.CSS_SELECTOR, "details:not(.outline details)")
    summary = details.find_element(By.TAG_NAME, "summary")
    for _ in range(90):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if page.switch_to.active_element == summary:
            break
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert details.get_attribute("open") is not None
    assert "refused" in details.text


def test_headings_make_an_outline(opened: Callable[..., Any]) -> None:
    page = opened("audit")
    levels = [
        int(element.tag_name[1]) for element in page.find_elements(By.CSS_SELECTOR, "h1, h2, h3")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))

"""The explanations of tests/demo.py, and headless Chromium that opens reports of them."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

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


@pytest.fixture(scope="session")
def demo() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "demo.py"
    spec = importlib.util.spec_from_file_location("surrogate_demo", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for all tests of a process, or a skip that says what is missing."""
    pytest.importorskip("selenium")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

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


@dataclass
class Pages:
    """Reports of tests/demo.py by name, each written when it is first wanted."""

    demo: ModuleType
    folder: Path

    def __getitem__(self, name: str) -> Path:
        from surrogate.report import write_report

        path = self.folder / f"{name}.html"
        return path if path.exists() else write_report(getattr(self.demo, name)(), path)


@pytest.fixture(scope="session")
def pages(demo: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    return Pages(demo, tmp_path_factory.mktemp("reports"))


@dataclass
class Shown:
    """The page that the browser shows, and what tests ask of it."""

    browser: Any
    path: Path

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script says that the page itself does not hold."""
        return self.browser.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """The text of the first element, shown or not."""
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def one(self, selector: str) -> Any:
        """The first element."""
        return self.browser.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        """All elements."""
        return list(self.browser.find_elements("css selector", selector))

    def seen(self, selector: str) -> list[str]:
        """The texts of those elements that are shown."""
        script = """
            return [...document.querySelectorAll(arguments[0])]
                .filter((one) => one.checkVisibility() && one.getClientRects().length)
                .map((one) => one.innerText);
        """
        return list(self.run(script, selector))

    @cached_property
    def errors(self) -> list[Any]:
        """What the browser complained of."""
        return list(self.browser.get_log("browser"))

    @cached_property
    def requested(self) -> list[str]:
        """Addresses that were asked for since the page was opened; data: apart."""
        log = self.browser.get_log("performance")
        events = [json.loads(entry["message"])["message"] for entry in log]
        asked = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        urls = [event["request"]["url"] for event in asked]
        return [url for url in urls if not url.startswith("data:")]

    @property
    def overflows(self) -> bool:
        """Whether the page itself scrolls sideways."""
        wide, window = self.run("return [document.documentElement.scrollWidth, innerWidth]")
        return bool(wide > window)


@pytest.fixture
def opened(browser: Any, pages: Pages) -> Callable[..., Shown]:
    def at(
        name: str,
        *,
        width: int = 1200,
        height: int = 900,
        scheme: str = "light",
        media: str = "screen",
        scripts: bool = True,
        anchor: str = "",
    ) -> Shown:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        emulated = {
            "media": media,
            "features": [{"name": "prefers-color-scheme", "value": scheme}],
        }
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        browser.get("about:blank")
        for kind in ("browser", "performance"):
            browser.get_log(kind)
        browser.get(pages[name].as_uri() + (f"#{anchor}" if anchor else ""))
        return Shown(browser, pages[name])

    return at


@pytest.fixture(scope="session")
def compared() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "demo_comparison.py"
    spec = importlib.util.spec_from_file_location("surrogate_demo_comparison", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def compared_pages(compared: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Reports of tests/demo_comparison.py by name."""
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    return Pages(compared, tmp_path_factory.mktemp("comparisons"))

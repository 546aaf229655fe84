"""axe-core finds nothing wrong with the report: light and dark, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

pytest.importorskip("axe_playwright_python")

RUN = """
    const done = arguments[arguments.length - 1];
    axe.run(document, {resultTypes: ["violations"]}).then(
        (found) => done(found.violations.map((one) => [
            one.impact, one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)),
        ])),
        (error) => done([["error", String(error), []]]),
    );
"""


def faults(page: Any) -> list[Any]:
    """What axe-core finds, of any weight."""
    source = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    page.browser.set_script_timeout(60)
    page.run(source)
    return list(page.browser.execute_async_script(RUN))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_axe_finds_no_fault(opened: Callable[..., Any], width: int, scheme: str) -> None:
    page = opened("several", width=width, scheme=scheme)
    page.run("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert faults(page) == []


def test_axe_finds_faults_where_there_are_some(opened: Callable[..., Any]) -> None:
    page = opened("local")
    page.run("document.body.append(document.createElement('img'), document.createElement('input'))")
    assert {fault[1] for fault in faults(page)} >= {"image-alt", "label"}

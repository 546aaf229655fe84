"""What a notebook shows of every result: the claim, its interval, and no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from surrogate import explain, sweep_widths, verify
from surrogate.explanation import AuditResult

X = np.random.Generator(np.random.Philox(key=0)).normal(size=(60, 3))
JOB: dict[str, Any] = {"fidelity": 100, "options": {"n_samples": 200}}


def product(rows: np.ndarray) -> np.ndarray:
    return rows[:, 0] * rows[:, 1]


CLAIMING: dict[str, Callable[[AuditResult], Any]] = {
    "audit": lambda audit: audit,
    "global": lambda audit: audit.surrogates[0],
    "locals": lambda audit: audit.local[:2],  # type: ignore[index]
    "local": lambda audit: audit.local[0],  # type: ignore[index]
}
OTHERS: dict[str, Callable[[], Any]] = {
    "summary": lambda: explain(product, X, **JOB).summary(),
    "pick": lambda: explain(product, X, **JOB).pick(2),
    "widths": lambda: sweep_widths(product, X[:3], data=X, widths=[0.5, 1.0], **JOB),
    "verification": lambda: verify(explain(product, X, **JOB)),
}


def check(shown: str) -> None:
    assert "<script" not in shown
    assert not re.search(r'\son\w+="', re.sub(r"&quot;|&#x27;", "", shown))
    assert shown.count("<div") == shown.count("</div>")
    assert shown.count("<table") == shown.count("</table>")


@pytest.mark.parametrize("name", CLAIMING)
def test_a_claim_stands_with_its_interval(demo: ModuleType, name: str) -> None:
    shown = CLAIMING[name](demo.audit())._repr_html_()
    check(shown)
    assert "interval" in shown
    assert re.search(r"\d to \d", shown)


@pytest.mark.parametrize("name", OTHERS)
def test_other_results_are_shown_too(name: str) -> None:
    shown = OTHERS[name]()._repr_html_()
    check(shown)
    assert len(re.sub(r"<[^>]*>", "", shown)) > 50


@pytest.mark.parametrize("name", CLAIMING)
def test_hostile_names_are_escaped(demo: ModuleType, name: str) -> None:
    shown = CLAIMING[name](demo.hostile())._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown

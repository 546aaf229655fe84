"""How large a report becomes, and how long headless Chromium takes to open it.

Two trees of 64 leaves, 300 rules and 1,000 local explanations, all of the adult table's shape.
Asked of a report: under 2 MB, open in about 2 s.

    python benchmarks/report_size.py
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from surrogate import audit, explain
from surrogate.explanation import AuditResult
from surrogate.forms import Interval, Rule, RuleSet
from surrogate.report import write_report
from surrogate.types import FloatArray

ROWS, COLUMNS, RULES, EXPLAINED = 6000, 14, 300, 1000
OPENED = 5
"""How many times the page is opened; the median is told."""


def model(rows: FloatArray) -> FloatArray:
    """A model with enough bends for 64 leaves."""
    waves = np.sin(2 * rows[:, 0]) + rows[:, 1] * rows[:, 2] + np.cos(3 * rows[:, 3] * rows[:, 4])
    p = 1 / (1 + np.exp(-3 * waves))
    return np.c_[1 - p, p]


def rules_of(features: Any, X: FloatArray, decision: Any) -> RuleSet:
    """So many rules of two to four conditions, measured on rows."""
    rng = np.random.default_rng(1)
    rules = []
    for _ in range(RULES):
        columns = rng.choice(COLUMNS, rng.integers(2, 5), replace=False)
        bounds = np.sort(rng.normal(size=(len(columns), 2)), axis=1).round(3)
        conditions = tuple(Interval(int(j), *pair) for j, pair in zip(columns, bounds))
        rules.append(Rule(conditions, rng.dirichlet([1.0, 1.0])))
    return RuleSet(features, (0, 1), tuple(rules), (0.5, 0.5), ordered=True).measured(X, decision)


def found() -> AuditResult:
    """An audit with all that the page is asked to hold."""
    X = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).round(3)
    leaves = {"cart": {"max_leaves": 64}}
    made = audit(model, X, methods=["cart"], options=leaves, fidelity=1000)
    local = explain(model, X[:EXPLAINED], data=X, fidelity=200, options={"n_samples": 1000})
    one = made.surrogates[0]
    rules = rules_of(one.form.features, X, model(X).argmax(axis=1))
    listed = replace(one, method="ripper", form=rules, rules=None, curve=None)
    return replace(made, surrogates=(one, replace(one, curve=None), listed), local=local)


def opening(path: Path) -> dict[str, float]:
    """Milliseconds until the first text, the script's end, and all; and the main thread's own."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    script = """
        const [page] = performance.getEntriesByType("navigation");
        const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
        return [painted ?? 0, page.domContentLoadedEventEnd, page.loadEventEnd];
    """
    times = []
    try:
        for _ in range(OPENED):
            browser.get("about:blank")
            browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
            browser.get(path.as_uri())
            metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            (busy,) = (one["value"] for one in metrics if one["name"] == "TaskDuration")
            times.append([*browser.execute_script(script), 1000 * busy])
            browser.execute_cdp_cmd("Performance.disable", {})
    finally:
        browser.quit()
    names = ("first text", "script done", "loaded", "main thread busy")
    return dict(zip(names, np.median(times, axis=0).tolist()))


def main() -> None:
    """Print size and times."""
    result = found()
    leaves = [one.form.size for one in result.surrogates]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        path = write_report(result, Path(folder) / "report.html")
        written = time.perf_counter() - start
        size = path.stat().st_size
        print(f"surrogates: {leaves}; local explanations: {len(result.local or ())}")
        print(f"size {size / 1e6:.2f} MB (asked: < 2), written in {written:.1f} s")
        for name, value in opening(path).items():
            print(f"{name:17} {value / 1000:.2f} s")


if __name__ == "__main__":
    main()

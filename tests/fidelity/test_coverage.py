"""Intervals hold the truth as often as they say, in simulations with known truth.

Bounds are those of the simulation's own binomial error: 3.5 standard errors below or above
what is claimed, so that one check fails by chance about once in 4,000 runs; seeds are fixed.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "interval_coverage.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_coverage", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


coverage = load()


def error(simulations: int, rate: float = 0.95) -> float:
    return 3.5 * math.sqrt(rate * (1 - rate) / simulations)


def of_kind(cells: list[Any], *kinds: str) -> list[Any]:
    found = [cell for cell in cells if cell.kind in kinds]
    assert found
    return found


def average(cells: list[Any]) -> float:
    return float(sum(cell.covered for cell in cells) / len(cells))


def within_93_and_98(cells: list[Any]) -> bool:
    slack = error(sum(cell.simulations for cell in cells))
    return 0.93 - slack <= average(cells) <= 0.98 + slack


@pytest.fixture(scope="module")
def shares() -> list[Any]:
    found: list[Any] = coverage.shares(250, rates=(0.8, 0.97), plans=((30, 10), (150, 5)))
    return found


def test_exact_intervals_of_independent_rows_cover_their_level_everywhere() -> None:
    cells = coverage.independent(600)
    for cell in of_kind(cells, "Clopper-Pearson"):
        assert cell.covered >= 0.95 - error(600), cell
    assert within_93_and_98(of_kind(cells, "Wilson"))


def test_korn_graubard_covers_its_level_whatever_the_correlation(shares: list[Any]) -> None:
    for cell in of_kind(shares, "Korn-Graubard"):
        assert cell.covered >= 0.95 - error(250), cell


def test_wilson_at_the_design_effect_covers_whatever_the_correlation(shares: list[Any]) -> None:
    cells = of_kind(shares, "Wilson at n/deff")
    for icc in ("icc 0.0", "icc 0.1", "icc 0.4"):
        assert within_93_and_98([cell for cell in cells if icc in cell.setting])


def test_the_simulation_shows_what_plain_wilson_misses(shares: list[Any]) -> None:
    cells = [cell for cell in of_kind(shares, "Wilson") if "icc 0.4" in cell.setting]
    assert average(cells) < 0.8


def test_the_worst_class_is_corrected_for_being_the_minimum() -> None:
    cells = coverage.classes(250, groups=80)
    for cell in of_kind(cells, "worst"):
        assert cell.covered >= 0.95 - error(250), cell
    assert within_93_and_98(of_kind(cells, "balanced"))
    naive = [c for c in of_kind(cells, "worst, naive") if "8 alike, icc 0.0" in c.setting]
    assert average(naive) < 0.9


def test_errors_of_values_cover_on_average() -> None:
    cells = coverage.values(100, plans=((40, 8), (120, 4)), kinds=("chosen",))
    # The linear form errs most in far tails that few draws hold: docs/fidelity.md, "Limits".
    bounded = [cell for cell in cells if "linear form" not in cell.setting]
    assert within_93_and_98(bounded)


def test_local_r2_covers_on_average_with_fresh_plans() -> None:
    cells = coverage.local(400, fresh=(200, 800))
    assert within_93_and_98(cells)
    for cell in cells:
        assert cell.covered >= 0.93 - error(400), cell


def test_a_confidence_sequence_holds_at_all_looks_at_once() -> None:
    for cell in coverage.sequence(400, steps=1500):
        assert cell.covered >= 0.95 - error(400), cell

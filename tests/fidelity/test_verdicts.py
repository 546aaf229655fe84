"""Verdicts are wrong as seldom as they say, and find what is there, with known truth.

Families of 12 tests, after Holm, on the simulations of benchmarks/verdicts.py; bounds are those
of 200 runs at 5 %: 3.1 standard errors above it. Seeds are fixed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "verdicts.py"
RUNS = 200


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_verdicts", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


verdicts = load()


@pytest.mark.parametrize(
    ("sources", "size", "icc"), [(12, 4, 0.3), (40, 4, 0.6)], ids=["few", "clustered"]
)
def test_nets_alike_are_called_different_in_at_most_5_percent(
    monkeypatch: pytest.MonkeyPatch, sources: int, size: int, icc: float
) -> None:
    monkeypatch.setattr(verdicts, "RESAMPLES", 499)
    nets = (verdicts.Net(), verdicts.Net())
    cell = verdicts.rows_cell("", nets, RUNS, sources=sources, size=size, icc=icc, seed=31)
    assert cell.called <= 0.05
    assert 0.93 <= cell.covered <= 0.98


def test_rows_that_ignore_their_sources_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows, each its own source: the error that clusters are there to avoid."""
    monkeypatch.setattr(verdicts, "RESAMPLES", 499)
    apart = verdicts.pair_of_nets

    def alone(rng, nets, *, sources, size, icc, shared=0.5):  # type: ignore[no-untyped-def]
        totals = apart(rng, nets, sources=sources, size=1, icc=icc, shared=shared)
        return [one.repeat(size, axis=0) for one in totals]

    monkeypatch.setattr(verdicts, "pair_of_nets", alone)
    nets = (verdicts.Net(), verdicts.Net())
    cell = verdicts.rows_cell("", nets, 60, sources=40, size=4, seed=32)
    assert cell.called > 0.3


def test_equal_r2_of_unequal_spread_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "RESAMPLES", 499)
    nets = (verdicts.Net(), verdicts.Net(spread=0.2))
    cell = verdicts.rows_cell("", nets, RUNS, sources=60, size=2, only=("R2",), seed=33)
    assert cell.called <= 0.05


def test_one_recipe_twice_is_called_different_in_at_most_5_percent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """12 figures of 6 and 6 overdispersed seeds: what differs is how one net came out."""
    monkeypatch.setattr(verdicts, "FAMILY", 6)
    cell = verdicts.seeds_cell("", RUNS, (6, 6), seed=34)
    assert cell.called <= 0.05
    assert 0.93 <= cell.covered <= 0.98


def test_known_differences_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "RESAMPLES", 499)
    nets = (verdicts.Net(), verdicts.Net(agree=0.9))
    by_rows = verdicts.rows_cell("", nets, 30, sources=300, size=1, icc=0.0, seed=35)
    assert by_rows.called > 0.9
    monkeypatch.setattr(verdicts, "FAMILY", 3)
    assert verdicts.seeds_cell("", 20, (8, 8), shift=3.0, seed=36).called > 0.8

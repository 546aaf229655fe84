"""The explanations of tests/demo.py, as one fixture."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


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
def compared() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "demo_comparison.py"
    spec = importlib.util.spec_from_file_location("surrogate_demo_comparison", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""The package's own source, parsed once, for the tests that hold the rules of the house."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name, adapters/ as surrogate.adapters."""
    found = {}
    for folder, package in ((ROOT / "surrogate", "surrogate"), (ROOT / "adapters", "adapters")):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if package == "surrogate" and parts[0] == "adapters":
                continue  # the symlink, where the checkout has it
            prefix = ("surrogate",) if package == "surrogate" else ("surrogate", "adapters")
            name = ".".join((*prefix, *(part for part in parts if part != "__init__")))
            found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return found

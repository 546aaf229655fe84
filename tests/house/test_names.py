"""The public names are a promise: this file changes only with the CHANGELOG."""

from __future__ import annotations

import ast
import importlib

import pytest

import surrogate
from surrogate.methods import METHODS

PUBLIC = [
    "Audit",
    "Budget",
    "Domain",
    "GlobalExplanation",
    "LocalExplanations",
    "Oracle",
    "audit",
    "distill",
    "explain",
    "wrap",
]


def test_public_names_are_fixed() -> None:
    assert sorted(surrogate.__all__) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_what_its_room_defines(name: str) -> None:
    room = importlib.import_module(surrogate._EXPORTS[name])
    assert getattr(surrogate, name) is getattr(room, name)
    assert name in dir(surrogate)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'surrogate' has no attribute 'explian'"):
        _ = surrogate.explian


def test_no_module_bears_the_name_of_a_public_function(modules: dict[str, ast.Module]) -> None:
    wrong = []
    for name in modules:
        package, _, stem = name.rpartition(".")
        if package and stem in getattr(importlib.import_module(package), "__all__", ()):
            wrong.append(name)
    assert wrong == []


def public_packages(modules: dict[str, ast.Module]) -> list[str]:
    return [name for name in modules if name.count(".") == 1 and "._" not in name]


def test_every_room_lists_its_names_truly(modules: dict[str, ast.Module]) -> None:
    for name in public_packages(modules):
        module = importlib.import_module(name)
        assert hasattr(module, "__all__"), f"{name} has no __all__"
        for public in module.__all__:
            assert hasattr(module, public), f"{name}.{public}"


def test_everything_public_is_documented(modules: dict[str, ast.Module]) -> None:
    bare = []
    for name in public_packages(modules):
        module = importlib.import_module(name)
        for public in module.__all__:
            thing = getattr(module, public)
            if callable(thing) and not (thing.__doc__ or "").strip():
                bare.append(f"{name}.{public}")
    assert bare == []


def test_methods_are_named_in_lower_case() -> None:
    assert METHODS
    assert all(name == name.lower() and name.replace("-", "").isalnum() for name in METHODS)

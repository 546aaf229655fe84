"""The public names are a promise: this file changes only with the CHANGELOG."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import surrogate
from surrogate.methods import METHODS

PUBLIC = [
    "Audit",
    "Budget",
    "BulkExplanations",
    "Comparison",
    "Domain",
    "GlobalExplanation",
    "Images",
    "LocalExplanations",
    "MaskExplanations",
    "Oracle",
    "Texts",
    "audit",
    "compare",
    "distill",
    "explain",
    "explain_to",
    "read_explanations",
    "sweep_widths",
    "verify",
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


def test_no_module_bears_a_name_that_is_imported_lazily(modules: dict[str, ast.Module]) -> None:
    """Else ``from surrogate import explain`` would hand out the module."""
    wrong = []
    for name in modules:
        package, _, stem = name.rpartition(".")
        if package and stem in getattr(importlib.import_module(package), "_EXPORTS", ()):
            wrong.append(name)
    assert wrong == []


def public_packages(modules: dict[str, ast.Module]) -> list[str]:
    """Rooms that offer names; one without ``__all__`` (render) serves other rooms only."""
    rooms = [name for name in modules if name.count(".") == 1 and "._" not in name]
    return [name for name in rooms if hasattr(importlib.import_module(name), "__all__")]


def test_every_room_lists_its_names_truly(modules: dict[str, ast.Module]) -> None:
    assert len(public_packages(modules)) > 10
    for name in public_packages(modules):
        module = importlib.import_module(name)
        for public in module.__all__:
            assert hasattr(module, public), f"{name}.{public}"


def test_everything_public_is_documented(modules: dict[str, ast.Module]) -> None:
    bare = []
    for name in public_packages(modules):
        module = importlib.import_module(name)
        for public in module.__all__:
            thing = getattr(module, public)
            documented = (thing.__doc__ or "").strip()
            if (inspect.isfunction(thing) or inspect.isclass(thing)) and not documented:
                bare.append(f"{name}.{public}")
    assert bare == []


def public_functions(modules: dict[str, ast.Module]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions, and methods of classes, that the rooms name in ``__all__``."""
    for name in public_packages(modules):
        module = importlib.import_module(name)
        for public in module.__all__:
            thing = getattr(module, public)
            if inspect.isfunction(thing):
                yield f"{name}.{public}", thing
            elif inspect.isclass(thing) and not issubclass(thing, BaseException):
                for method, function in vars(thing).items():
                    if inspect.isfunction(function) and not method.startswith("_"):
                        yield f"{name}.{public}.{method}", function


def test_public_functions_have_at_most_three_positional_arguments(
    modules: dict[str, ast.Module],
) -> None:
    wrong = []
    for name, function in public_functions(modules):
        parameters = [
            p for p in inspect.signature(function).parameters.values() if p.name != "self"
        ]
        count = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        if count > 3:
            wrong.append(f"{name} has {count}")
    assert wrong == []


def test_methods_are_named_in_lower_case() -> None:
    assert METHODS
    assert all(name == name.lower() and name.replace("_", "").isalnum() for name in METHODS)

"""The plain table of methods, and the options of each."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from surrogate.errors import OptionError
from surrogate.methods import METHODS, find, method_class, method_options

PAIRS = [(method.name, task) for method in METHODS.values() for task in method.classes]


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_every_class_of_the_table_can_be_made(name: str, task: Any) -> None:
    cls = method_class(name, task)
    made = cls()
    assert sum(made.cost(100).values()) > 0
    assert f"{cls.__module__}.{cls.__name__}".startswith("surrogate.")
    assert getattr(made, "_task", task) == task


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_it_is(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    assert method.scope in ("local", "global")
    assert method.summary
    assert not method.summary.endswith(".")
    assert method.source[-4:].isdigit()  # the year


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_every_constructor_parameter_is_an_option(name: str, task: Any) -> None:
    cls = method_class(name, task)
    for option, parameter in inspect.signature(cls).parameters.items():
        if option in ("oracle", "random_state"):
            with pytest.raises(OptionError, match=f"has no parameter `{option}`"):
                method_options(name, task, {option: None})
        else:
            assert method_options(name, task, {option: parameter.default})


def test_the_table_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        METHODS["mine"] = METHODS["cart"]  # type: ignore[index]


def test_options_are_copied() -> None:
    given = {"max_leaves": 3}
    found = method_options("cart", "classification", given)
    found["max_leaves"] = 4
    assert given == {"max_leaves": 3}
    assert method_options("cart", "classification", None) == {}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: find("kart"), "There is no method 'kart'; there are: lime, kernel_shap, cart"),
        (lambda: find("lime", scope="global"), "no global method 'lime'; there are: cart"),
        (lambda: find(None), "no method None"),  # type: ignore[arg-type]
        (
            lambda: method_class("cart", "ranking"),  # type: ignore[arg-type]
            "Method 'cart' does not do ranking; these do: ",
        ),
        (
            lambda: method_options("cart", "regression", {"targets": "values"}),
            "CartRegressor has no parameter `targets`. It has: ",
        ),
        (
            lambda: method_options("cart", "regression", 3),  # type: ignore[arg-type]
            "options of CartRegressor must be a mapping from names to values; got 3",
        ),
    ],
)
def test_what_is_not_there_is_refused(call: Any, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        call()

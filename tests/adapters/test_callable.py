from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from surrogate.adapters import CallableBox
from surrogate.errors import AnswerError, InputError, ModelError
from surrogate.types import Reply


def risk(rows: Any, *, scale: float = 1.0) -> np.ndarray:
    return scale * np.asarray(rows).sum(axis=1)


class Scorer:
    def __call__(self, rows: Any) -> np.ndarray:
        return risk(rows)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (risk, "risk"),
        (partial(risk, scale=2.0), "risk"),
        (Scorer(), "Scorer"),
        (Scorer().__call__, "Scorer.__call__"),
        (lambda rows: risk(rows), "lambda function"),
    ],
)
def test_functions_have_a_name_for_the_report(function: Any, name: str) -> None:
    assert CallableBox(function).traits.name.endswith(name)
    assert "<" not in CallableBox(function).traits.name


def test_the_function_gets_the_rows_as_they_are() -> None:
    seen: list[Any] = []
    box = CallableBox(lambda rows: seen.append(rows) or np.zeros(len(rows)))
    rows = np.ones((2, 3))
    box.ask(rows)
    assert seen == [rows]
    assert seen[0] is rows


def test_a_reply_says_values_and_decisions() -> None:
    box = CallableBox(
        lambda rows: Reply(np.full((len(rows), 2), 0.5), np.array(["no"] * len(rows))),
        classes=("no", "yes"),
    )
    reply = box.ask(np.ones((2, 3)))
    assert reply.values.tolist() == [[0.5, 0.5]] * 2
    assert reply.labels.tolist() == ["no", "no"]


def test_columns_say_the_width_unless_something_stands_between() -> None:
    assert CallableBox(risk, columns=["a", "b"]).traits.n_features == 2
    assert CallableBox(risk, columns=["a", "b"], preprocess=abs).traits.n_features is None
    assert CallableBox(risk).traits.n_features is None


def test_a_function_that_raises_is_named() -> None:
    def broken(rows: Any) -> Any:
        raise ZeroDivisionError("no rows left\nafter filtering")

    with pytest.raises(ModelError, match=r"broken raised ZeroDivisionError: no rows left$"):
        CallableBox(broken).ask(np.ones((2, 3)))


def test_a_function_that_answers_nothing_is_named() -> None:
    with pytest.raises(AnswerError, match="lambda function answered NoneType"):
        CallableBox(lambda rows: None).ask(np.ones((2, 3)))


def test_only_callables_are_wrapped() -> None:
    with pytest.raises(InputError, match="CallableBox wraps a callable; got 3"):
        CallableBox(3)  # type: ignore[arg-type]

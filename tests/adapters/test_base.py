from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate.adapters import CallableBox
from surrogate.adapters._base import blame, check_renaming, declare
from surrogate.errors import DataError, ModelError, OptionError


@pytest.mark.parametrize(
    ("said", "task", "output"),
    [
        ({}, None, None),
        ({"output": "labels"}, "classification", "labels"),
        ({"output": "scores"}, "classification", "scores"),
        ({"output": "values"}, "regression", "values"),
        ({"task": "regression"}, "regression", "values"),
        ({"classes": ["a", "b"]}, "classification", None),
        ({"threshold": 0.3}, "classification", None),
    ],
)
def test_what_follows_from_what_is_said(said: dict[str, Any], task: Any, output: Any) -> None:
    declared = declare("Box", **said)
    assert (declared.task, declared.output) == (task, output)


def test_classes_become_plain_python_values() -> None:
    assert declare("Box", classes=np.array([1, 2])).classes == (1, 2)
    assert all(type(name) is int for name in declare("Box", classes=np.array([1, 2])).classes or ())
    assert declare("Box", classes=np.array(["x", "y"])).classes == ("x", "y")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"task": "ranking"}, "`task` parameter of Box must be one of 'classification', 'reg"),
        ({"output": "logits"}, "`output` parameter of Box must be one of 'labels', 'prob"),
        ({"output": "labels", "task": "regression"}, "output='labels' is classification; got task"),
        ({"output": "values", "task": "classification"}, "output='values' is regression; got task"),
        ({"task": "regression", "classes": "ab"}, "`classes` parameter of Box must be a sequence"),
        ({"task": "regression", "classes": ["a", "b"]}, "`classes` belongs to classification"),
        ({"output": "values", "threshold": 0.5}, "`threshold` belongs to classification"),
        ({"classes": ["a"]}, "must name at least two classes"),
        ({"classes": ["a", "b", "a"]}, "`classes` parameter of Box names 'a' twice"),
        ({"columns": ["x", "x"]}, "`columns` parameter of Box names 'x' twice"),
        ({"columns": 3}, "`columns` parameter of Box must be a sequence; got 3"),
        ({"threshold": 1.2}, r"must be a probability in \[0, 1\] .*; got 1.2"),
        ({"threshold": "high"}, "`threshold` parameter of Box must be a float"),
        ({"threshold": 0.5, "output": "labels"}, "output='labels' has none"),
        ({"threshold": 0.5, "classes": list("xyz")}, "for two classes; got 3 classes"),
    ],
)
def test_what_does_not_fit_together_is_said(said: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        declare("Box", **said)


def test_a_threshold_on_scores_may_be_any_number() -> None:
    assert declare("Box", threshold=-3, output="scores").threshold == -3.0


def test_declared_classes_rename_or_repeat_the_models_own() -> None:
    check_renaming("Box", "net", own=(0, 1), declared=("no", "yes"))
    check_renaming("Box", "net", own=("a", "b"), declared=("a", "b"))
    check_renaming("Box", "net", own=None, declared=("a", "b"))
    for wrong in (("b", "a"), ("a", "c"), ("x", "y", "z")):
        with pytest.raises(OptionError, match=r"classes of net are, in column order, \['a', 'b'\]"):
            check_renaming("Box", "net", own=("a", "b"), declared=wrong)


def test_blame_names_the_model_and_the_first_line_of_the_cause() -> None:
    with pytest.raises(ModelError, match=r"^net raised KeyError: 'x'$") as caught, blame("net"):
        raise KeyError("x")
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(ModelError, match=r"^net raised ValueError$"), blame("net"):
        raise ValueError
    with pytest.raises(ModelError, match=r"^net raised ValueError: one$"), blame("net"):
        raise ValueError("\none\ntwo")


def test_blame_lets_pass_what_is_not_the_models_fault() -> None:
    with pytest.raises(DataError, match="mine"), blame("net"):
        raise DataError("mine")
    with pytest.raises(KeyboardInterrupt), blame("net"):
        raise KeyboardInterrupt


def test_preprocess_must_be_callable() -> None:
    with pytest.raises(OptionError, match="`preprocess` parameter of CallableBox must be a call"):
        CallableBox(len, preprocess="scale")  # type: ignore[arg-type]

"""What is refused, and what a model that cannot be fooled comes to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate.adapters import TorchBox, wrap
from surrogate.domain import Domain
from surrogate.errors import AbilityError, DataError, OptionError
from surrogate.oracle import Oracle
from surrogate.robust.attacks import ATTACKS, Limits, most_queries, run_attack
from surrogate.types import Feature

torch = pytest.importorskip("torch")


def go(digits: Any, name: str = "pgd", **said: Any) -> Any:
    rows, codes = said.pop("rows", digits.X[:5]), said.pop("y", digits.y[:5])
    oracle = said.pop("oracle", None) or digits.oracle()
    return run_attack(name, oracle, rows, codes, **{"radius": 0.1, **said})


@pytest.mark.parametrize("radius", [None, 0, 0.0, -0.1])
@pytest.mark.parametrize("name", [n for n, a in ATTACKS.items() if a.takes_radius])
def test_a_ball_of_nothing_is_refused(digits: Any, name: str, radius: float | None) -> None:
    oracle = digits.oracle()
    with pytest.raises(OptionError, match=f"The attack {name} needs a `radius` above 0"):
        go(digits, name, radius=radius, oracle=oracle)
    assert oracle.queries.rows == 0


@pytest.mark.parametrize("name", [n for n, a in ATTACKS.items() if not a.takes_radius])
def test_a_radius_that_is_not_taken_is_refused(digits: Any, name: str) -> None:
    with pytest.raises(OptionError, match=r"read Adversarial.fooled_within\(radius\)"):
        go(digits, name)


@pytest.mark.parametrize("radius", [float("nan"), float("inf"), "0.1", True])
def test_a_radius_must_be_a_number(digits: Any, radius: Any) -> None:
    with pytest.raises(OptionError, match="The `radius` parameter of run_attack must be"):
        go(digits, radius=radius)


def test_an_unknown_attack_names_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"no attack 'pdg'; did you mean 'pgd'\? There are: fgsm"):
        most_queries("pdg", 1, 1)


def test_options_are_checked_by_name(digits: Any) -> None:
    with pytest.raises(OptionError, match="attack pgd has no parameter `step_size`; did you mean"):
        go(digits, options={"step_size": 1})
    with pytest.raises(OptionError, match="`steps` parameter of the attack pgd must be an int"):
        go(digits, options={"steps": 0})
    with pytest.raises(OptionError, match="`shape` parameter of the attack square"):
        go(digits, "square", options={"shape": (5, 5)})
    with pytest.raises(OptionError, match="asks the model alone"):
        go(digits, "square", gradients=digits.net)


def test_rows_outside_the_box_are_named(digits: Any) -> None:
    rows = digits.X[:5] * 255
    with pytest.raises(DataError, match=r"Row 0 lies outside the box: column 'p\d+' holds"):
        go(digits, rows=rows)
    one = digits.X[:5].copy()
    one[3, 7] = -0.5
    with pytest.raises(DataError, match=r"Row 3 .* column 'p7' holds -0.5, .* 0 and 1 \(1 of 5"):
        go(digits, rows=one)


@pytest.mark.parametrize(
    ("rows", "y", "said"),
    [
        (np.zeros(64), [0], r"must have shape \(n, 64\)"),
        (np.zeros((0, 64)), [], "n at least 1"),
        (np.zeros((2, 64)), [0], "true class of each of 2 rows"),
        (np.zeros((2, 64)), [0, 10], "whole numbers from 0 to 9"),
        (np.zeros((2, 64)), [0.0, 1.0], "whole numbers from 0 to 9"),
        (np.zeros((2, 64)), ["0", "1"], "whole numbers from 0 to 9"),
        (np.full((1, 64), np.nan), [0], "nan"),
    ],
)
def test_rows_and_classes_are_checked(digits: Any, rows: Any, y: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        go(digits, rows=rows, y=y)


def test_a_regression_has_no_decision(digits: Any) -> None:
    box = wrap(lambda rows: rows.sum(axis=1), task="regression")
    oracle = Oracle(box, digits.domain)
    with pytest.raises(AbilityError, match="needs a decision to change"):
        go(digits, "hopskipjump", oracle=oracle, radius=None)
    assert oracle.queries.rows == 0
    unsaid = Oracle(wrap(lambda rows: rows.sum(axis=1) * 9.5), digits.domain)
    with pytest.raises(AbilityError, match="needs a decision to change"):
        go(digits, "square", oracle=unsaid)


def test_gradients_of_a_function_are_not_to_be_had(digits: Any) -> None:
    box = wrap(lambda rows: np.full((len(rows), 10), 0.1), output="probabilities")
    oracle = Oracle(box, digits.domain)
    with pytest.raises(AbilityError, match="only asks: square, hopskipjump, flip_point"):
        go(digits, "cw_l2", oracle=oracle, radius=None)
    assert oracle.queries.rows == 0


class Constant(torch.nn.Module):
    """Always the same logits."""

    def __init__(self) -> None:
        super().__init__()
        self.z = torch.nn.Parameter(torch.tensor([0.0, 2.0]))

    def forward(self, rows: Any) -> Any:
        return self.z + 0.0 * rows.sum(dim=1, keepdim=True)


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_constant_model_is_not_fooled(name: str) -> None:
    X = np.random.default_rng(0).random((4, 3))
    oracle = Oracle(TorchBox(Constant(), output="scores"), Domain.infer(X))
    options = {"cw_l2": {"steps": 5, "searches": 3}, "cw_linf": {"steps": 5, "searches": 3}}
    options |= {"hopskipjump": {"tries": 3}, "square": {"steps": 5}}
    radius = 0.2 if ATTACKS[name].takes_radius else None
    said: dict[str, Any] = {"radius": radius, "options": options.get(name)}
    found = run_attack(name, oracle, X, [1, 1, 1, 1], **said)
    assert not found.fooled.any()
    assert np.isfinite(found.rows).all()
    assert any("as a constant model does" in note for note in found.notes)
    wrong = run_attack(name, oracle, X, [0, 0, 0, 0], **said)
    assert wrong.fooled.all()


def test_limits_are_checked(digits: Any) -> None:
    domain = Domain((Feature("a"), Feature("b", "binary")))
    with pytest.raises(OptionError, match="No column may move"):
        Limits.of(domain, immutable=["a"])
    with pytest.raises(DataError, match="no column 'c'"):
        Limits.of(domain, immutable=["c"])
    with pytest.raises(OptionError, match=r"sequence of columns, as \['a'\]"):
        Limits.of(domain, immutable="a")
    with pytest.raises(DataError, match="scale of column 'a' must not be below 0"):
        Limits.of(domain, scale={"a": -1.0})
    with pytest.raises(DataError, match=r"`scale` has shape \(3,\)"):
        Limits.of(domain, scale=[1.0, 2.0, 3.0])
    with pytest.raises(DataError, match="not above its `high`"):
        Limits(np.ones(2), np.zeros(2), np.ones(2, dtype=bool), np.ones(2))
    with pytest.raises(DataError, match="`unit` has shape"):
        Limits(np.zeros(2), np.ones(2), np.ones(2, dtype=bool), np.ones(3))
    with pytest.raises(DataError, match="`unit` of every mutable column"):
        Limits(np.zeros(2), np.ones(2), np.ones(2, dtype=bool), np.zeros(2))
    with pytest.raises(DataError, match="`limits` are of 2 columns"):
        go(digits, limits=Limits.of(Domain((Feature("a"), Feature("c")))))
    with pytest.raises(OptionError, match="`limits` parameter of run_attack must be Limits"):
        go(digits, limits=(0, 1))

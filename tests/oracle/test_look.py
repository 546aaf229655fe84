"""Looking at hidden layers is asking: counted, budgeted, batched, judged."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.errors import AbilityError, AnswerError, BudgetSpent, OptionError
from surrogate.oracle import Oracle
from surrogate.types import Reply

ROWS = np.random.default_rng(0).normal(size=(300, 3))


class Layered(CallableBox):
    """A box of one hidden layer, that counts how it is called."""

    def __init__(self, units=lambda rows: np.tanh(rows), **options) -> None:
        super().__init__(lambda rows: np.where(rows[:, 0] > 0, "yes", "no"), **options)
        self.units, self.looks, self.asks = units, 0, 0

    def ask(self, rows):
        self.asks += 1
        return super().ask(rows)

    def layers(self):
        return ("h",)

    def hidden_layers(self):
        return ("h",)

    def look(self, rows, layers):
        self.looks += 1
        reply = super().ask(rows)
        return Reply(reply.values, reply.labels, activations={"h": self.units(rows)})


def oracle_of(box, **options) -> Oracle:
    return Oracle(box, Domain.infer(ROWS), **options)


def test_rows_are_counted_once_and_batched():
    box = Layered()
    oracle = oracle_of(box, batch_rows=128)
    answers = oracle.look(ROWS, ["h"], purpose="fit")
    assert (box.looks, box.asks) == (3, 0)
    assert oracle.queries.rows == 300
    assert oracle.queries.purposes == {"fit": 300}
    np.testing.assert_array_equal(answers.activations["h"], np.tanh(ROWS))
    np.testing.assert_array_equal(answers.decision, (ROWS[:, 0] > 0).astype(int))
    some = answers[ROWS[:, 1] > 0]
    np.testing.assert_array_equal(some.activations["h"], np.tanh(ROWS[ROWS[:, 1] > 0]))


def test_rows_that_settled_are_not_counted_again():
    oracle = oracle_of(Layered(classes=("no", "yes")))
    oracle.settle(ROWS)
    assert oracle.queries.rows == 64
    answers = oracle.look(ROWS, ["h"])
    assert len(answers) == 300
    assert oracle.queries.rows == 300
    assert oracle.queries.purposes == {"settle": 64, "fit": 236}


def test_the_budget_ends_it_and_what_was_seen_is_carried():
    oracle = oracle_of(Layered(), budget=100)
    with pytest.raises(BudgetSpent) as ended:
        oracle.look(ROWS, ["h"])
    assert len(ended.value.answers) == 100
    np.testing.assert_array_equal(ended.value.answers.activations["h"], np.tanh(ROWS[:100]))
    assert oracle.remaining == 0


def test_asking_shows_no_layers():
    assert oracle_of(Layered()).ask(ROWS).activations is None


@pytest.mark.parametrize(
    ("units", "said"),
    [
        (lambda rows: rows[:-1], r"activations of shape \(299, 3\)"),
        (lambda rows: np.where(rows > 3, np.nan, rows) * np.nan, "for row 0 that are not finite"),
    ],
)
def test_what_are_no_activations_is_refused(units, said):
    with pytest.raises(AnswerError, match=said):
        oracle_of(Layered(units)).look(ROWS, ["h"])


def test_a_box_without_layers_is_refused_before_it_is_asked():
    oracle = oracle_of(CallableBox(lambda rows: rows[:, 0], task="regression"))
    with pytest.raises(AbilityError, match="shows no hidden layers; torch modules"):
        oracle.look(ROWS, ["h"])
    assert oracle.queries.rows == 0


def test_unknown_layers_are_refused_before_it_is_asked():
    oracle = oracle_of(Layered())
    for layers in (["g"], []):
        with pytest.raises(OptionError, match="it has: h"):
            oracle.look(ROWS, layers)
    assert oracle.queries.rows == 0

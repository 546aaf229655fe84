"""A black box of one function, and oracles of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.oracle import Oracle
from surrogate.types import Reply, Traits


@dataclass(eq=False)
class FakeBox:
    """Answers with a function of the rows; remembers the rows it saw."""

    function: Callable[[Any], Any]
    traits: Traits
    seen: list[Any] = field(default_factory=list)

    def ask(self, rows: Any) -> Reply:
        self.seen.append(rows)
        answer = self.function(rows)
        return answer if isinstance(answer, Reply) else Reply(values=answer)


MakeOracle = Callable[..., Oracle]


@pytest.fixture
def make_oracle() -> MakeOracle:
    """Oracle of a function of rows; keywords of Oracle by name, others are traits."""

    def make(
        function: Callable[[Any], Any],
        *,
        domain: Domain | None = None,
        n_features: int = 2,
        budget: Any = None,
        batch_rows: int | None = None,
        on_progress: Any = None,
        **traits: Any,
    ) -> Oracle:
        box = FakeBox(function, Traits(name="toy", adapter="callable", **traits))
        if domain is None:
            domain = Domain.infer(np.random.default_rng(0).normal(size=(5, n_features)))
        return Oracle(box, domain, budget=budget, batch_rows=batch_rows, on_progress=on_progress)

    return make


@pytest.fixture
def rows() -> np.ndarray:
    """Ten rows of two columns."""
    return np.random.default_rng(1).normal(size=(10, 2))

"""The report draws many local explanations together."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from surrogate import explain
from surrogate.report import readings


def test_many_rows_are_drawn_together_and_few_are_not() -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    many = explain(lambda r: 2.0 * r[:, 0], X, options={"n_samples": 100}, fidelity=20)
    page = readings.local(many)
    assert page.count('<div class="scroll picture"') == 2
    assert "All 60 rows" in page
    assert page == readings.local(many)
    assert "All 5 rows" not in readings.local(many[:5])

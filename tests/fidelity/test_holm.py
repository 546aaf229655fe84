"""Holm's correction, and what a family can decide at all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.fidelity import family_note, holm, resamples_for, smallest_p

P = st.floats(1e-6, 1.0)


def by_hand(p: list[float]) -> list[float]:
    """Holm's adjusted p from its definition: the largest of all steps up to one's own."""
    ordered = sorted(p)
    n = len(p)
    return [
        max(min(1.0, (n - i) * q) for i, q in enumerate(ordered) if q <= own + 1e-18) for own in p
    ]


@given(st.lists(P, min_size=1, max_size=12, unique=True))
def test_it_is_holms_definition(p: list[float]) -> None:
    assert np.allclose(np.array(holm(p), dtype=float), by_hand(p))


@given(st.lists(P, min_size=1, max_size=12), st.integers(0, 20))
def test_it_lies_between_the_p_itself_and_bonferronis(p: list[float], more: int) -> None:
    family = len(p) + more
    for own, corrected in zip(p, holm(p, family=family), strict=True):
        assert corrected is not None
        assert own <= corrected <= min(1.0, family * own) + 1e-12


def test_a_test_that_could_not_be_made_still_counts() -> None:
    assert holm([0.01, None]) == (0.02, None)
    assert holm([0.01], family=10) == (0.1,)
    assert holm([None, None]) == (None, None)
    assert holm([]) == ()


@pytest.mark.parametrize("p", [0.0, -0.1, 1.1, math.nan])
def test_what_is_no_p_value_is_refused(p: float) -> None:
    with pytest.raises(InputError, match="lies in"):
        holm([p])


def test_a_family_holds_all_its_tests() -> None:
    with pytest.raises(InputError, match="cannot hold the 2"):
        holm([0.1, 0.2], family=1)


@pytest.mark.parametrize("family", [1, 10, 99, 1000, 1999])
def test_enough_permutations_are_drawn_for_holms_first_step(family: int) -> None:
    smallest = smallest_p(sources=10**4, resamples=resamples_for(family))
    assert smallest * family <= 0.05
    assert family_note(smallest, family) == ""


def test_smallest_p_counts_permutations() -> None:
    assert smallest_p(sources=1) == 1.0
    assert smallest_p(sources=4) == 2 / 2**4
    assert smallest_p(sources=10**6, resamples=999) == 0.001
    assert smallest_p(seeds=(8, 8)) == 2 / math.comb(16, 8)
    assert smallest_p(seeds=(3, 5)) == 1 / math.comb(8, 3)
    assert smallest_p(seeds=(20, 20), resamples=999) == 0.001
    assert smallest_p(seeds=(1, 0)) == 1.0


def test_a_family_too_large_for_its_units_is_said() -> None:
    note = family_note(smallest_p(sources=8), 24)
    assert "smallest p value in reach is 0.0078" in note
    assert "24 tests asks for 0.0021" in note
    assert "at most 6 tests" in note
    assert family_note(smallest_p(sources=8), 6) == ""
    assert "at most" not in family_note(0.5, 1)

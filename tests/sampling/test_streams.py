from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import OptionError
from surrogate.sampling import generator

NAMES = st.lists(st.one_of(st.integers(), st.text()), max_size=3).map(tuple)


@given(st.integers(0, 2**70), NAMES)
def test_equal_streams_draw_equal_numbers(seed, stream):
    first, again = generator(seed, *stream), generator(seed, *stream)
    assert first.random(4).tolist() == again.random(4).tolist()


@given(st.integers(0, 2**40), NAMES, st.integers(0, 2**40), NAMES)
def test_other_streams_draw_other_numbers(seed, stream, other_seed, other):
    same = (seed, *map(repr, stream)) == (other_seed, *map(repr, other))
    a, b = generator(seed, *stream).random(4), generator(other_seed, *other).random(4)
    assert (a.tolist() == b.tolist()) == same


def test_streams_are_independent():
    n = 20_000
    draws = [generator(0, "a"), generator(0, "b"), generator(1, "a"), generator(0, 0), generator(0)]
    correlation = np.corrcoef([rng.standard_normal(n) for rng in draws])
    off = correlation[np.triu_indices(5, 1)]
    assert np.abs(off).max() < 4.5 / np.sqrt(n)  # ten pairs: false alarm below 1e-4


def test_draws_are_the_same_on_every_machine():
    assert generator(7, "bins").integers(1_000_000, size=3).tolist() == [386941, 809930, 779990]


@pytest.mark.parametrize("seed", [-1, 1.5, None, True, "7"])
def test_wrong_seeds_are_refused(seed):
    with pytest.raises(OptionError, match=r"`seed` parameter of generator must be an int in \[0"):
        generator(seed)


def test_numpy_integers_are_seeds():
    assert generator(np.int64(3)).random() == generator(3).random()

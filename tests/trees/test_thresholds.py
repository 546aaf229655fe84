from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from surrogate.trees import exact_threshold, shortest
from surrogate.trees._thresholds import between

number = st.floats(allow_nan=False, allow_infinity=False)


@given(number, number)
def test_the_shortest_threshold_parts_the_two_values(a, b):
    assume(a != b)
    low, high = min(a, b), max(a, b)
    assert low <= shortest(low, high) < high


@given(st.integers(-999, 999), st.integers(0, 6))
def test_no_shorter_number_lies_between(units, decimals):
    middle = units / 10**decimals
    low, high = middle - 0.4 * 10**-decimals, middle + 0.4 * 10**-decimals
    found = shortest(low, high)
    digits = len(np.format_float_positional(found, trim="-").partition(".")[2])
    assert digits <= decimals


def test_sides_with_nothing_known_have_a_threshold_too():
    nan = np.array([np.nan])
    assert between(np.array([1.0]), nan) == np.inf
    assert between(nan, np.array([5.0])) < 5.0


@given(
    st.floats(-1e30, 1e30) | st.floats(-(2.0**99), 2.0**99, width=32),
    st.lists(st.integers(-3, 3), min_size=1),
)
def test_float64_goes_the_way_of_float32(threshold, steps):
    exact = exact_threshold(threshold)
    near = np.float32(threshold)
    values = [exact, np.nextafter(exact, -np.inf), np.nextafter(exact, np.inf), threshold]
    for step in steps:
        x = float(near)
        for _ in range(abs(step)):
            x = float(np.nextafter(np.float32(x), np.float32(np.sign(step) * np.inf)))
        values += [x, np.nextafter(x, np.inf), np.nextafter(x, -np.inf)]
    for x in values:
        with np.errstate(over="ignore"):
            goes_left = float(np.float32(x)) <= threshold
        assert (x <= exact) == goes_left

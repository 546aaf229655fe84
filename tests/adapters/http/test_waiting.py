from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters.http._waiting import retry_after

NOW = 1_700_000_000.0  # 14 November 2023, 22:13:20 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "20", "retry-after": "1"}, 0.02),
        ({"x-ratelimit-reset": "1700000060"}, 60.0),
        ({"x-ratelimit-reset": "60"}, 60.0),
        ({"ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-tokens": "20ms"}, 0.02),
        (
            {
                "x-ratelimit-reset-requests": "9m",
                "x-ratelimit-remaining-requests": "12",
                "x-ratelimit-reset-tokens": "4s",
                "x-ratelimit-remaining-tokens": "0",
            },
            4.0,
        ),
        ({"x-ratelimit-reset": "9", "retry-after": "2"}, 2.0),
    ],
)
def test_every_way_of_asking_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-reset", "retry-after-ms"]), st.text()
    )
)
def test_no_header_raises_or_gives_a_wait_that_is_none(headers: dict[str, str]) -> None:
    wait = retry_after(headers, NOW)
    assert wait is None or 0 <= wait < float("inf")

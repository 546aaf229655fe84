from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters.http._failures import LENGTH, excerpt, from_exception, from_status
from surrogate.errors import AttemptError

WHO = "https://models.example/score"


def failed(
    status: int, body: object = b"", secrets: tuple[str, ...] = (), **headers: str
) -> AttemptError:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return from_status(status, named, text, who=WHO, secrets=secrets)


@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 405, 406, 409, 410, 415, 422, 501, 505]
)
def test_statuses_that_trying_again_cannot_help(status: int) -> None:
    error = failed(status)
    assert (error.reason, error.status, error.fatal, error.split) == (
        "rejected",
        status,
        True,
        False,
    )
    assert WHO in str(error)
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 529])
def test_statuses_that_may_pass(status: int) -> None:
    error = failed(status)
    assert (error.reason, error.status, error.fatal) == ("rejected", status, False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_names_its_target_without_its_secrets(status: int) -> None:
    error = failed(status, location="https://me:pw@other.example/login?token=abc#x")
    assert error.fatal
    assert "redirects to https://other.example/login (HTTP" in str(error)
    assert not any(secret in str(error) for secret in ("pw", "abc"))


@pytest.mark.parametrize(
    ("body", "fatal"),
    [
        ({"error": {"code": "insufficient_quota", "message": "You exceeded your quota."}}, True),
        ({"message": "Please check your plan and billing details"}, True),
        ({"error": "Quota exceeded for metric 'Requests per minute'"}, False),
        ({"error": "Rate limit reached"}, False),
        (b"slow down", False),
    ],
)
def test_a_429_that_speaks_of_quota_is_final(body: object, fatal: bool) -> None:
    assert failed(429, body).fatal is fatal


def test_a_429_says_how_long_to_wait() -> None:
    assert failed(429, retry_after="12").retry_after == 12.0
    assert failed(503, retry_after="3").retry_after == 3.0
    assert failed(500, retry_after="3").retry_after is None


@pytest.mark.parametrize(
    "words",
    [
        "The batch size exceeds the maximum of 128",
        "Too many instances in request",
        "payload too large",
        "maximum allowed batch is 32",
    ],
)
def test_a_batch_that_is_too_large_is_split(words: str) -> None:
    for status, body in ((413, b""), (400, {"error": words})):
        error = failed(status, body)
        assert (error.split, error.fatal) == (True, False)


def test_other_bad_requests_are_not_split() -> None:
    error = failed(400, {"error": "column 'age' is missing"})
    assert (error.split, error.fatal) == (False, True)
    assert "column 'age' is missing" in str(error)


def test_azures_wrapped_failure_of_a_model_is_unwrapped() -> None:
    assert failed(424, ms_azureml_model_error_statuscode="500").status == 500
    assert not failed(424, ms_azureml_model_error_statuscode="503").fatal
    assert failed(424, ms_azureml_model_error_statuscode="400").fatal
    assert failed(424).fatal


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "no such model", "type": "x"}}', "no such model"),
        (b'{"detail": [{"loc": ["body"], "msg": "field required"}]}', "field required"),
        (b'["bad row"]', "bad row"),
        (b'{"code": "not_found", "message": "gone"}', "not_found: gone"),
        (
            b"<html><head><style>p{}</style></head><body>502 <b>Bad</b> Gateway</body>",
            "502 Bad Gateway",
        ),
        (b"one\r\n\x1b[31mtwo\x00", "one [31mtwo"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_the_servers_own_words(body: bytes, words: str) -> None:
    assert excerpt(body) == words


def test_words_are_cut_and_hide_what_was_sent() -> None:
    assert len(excerpt(b"x" * 10_000)) == LENGTH
    said = excerpt(b"wrong key sk-12345 given", ("sk-12345", "sk"))
    assert said == "wrong key ... given"


@given(st.binary(max_size=500), st.integers(300, 599))
def test_no_body_raises(body: bytes, status: int) -> None:
    error = failed(status, body)
    assert len(str(error)) < 600
    assert str(error).isprintable()


def test_a_page_of_brackets_is_no_trouble() -> None:
    assert len(excerpt(b"[" * 60_000)) == LENGTH


def test_an_unknown_error_counts_as_billed_and_shows_no_text() -> None:
    error = from_exception(RuntimeError("key sk-12345"), WHO, connect=1, read=2)
    assert (error.reason, error.fatal) == ("unknown", False)
    assert "sk-12345" not in str(error)
    assert "RuntimeError" in str(error)

"""A canary is given in every way a secret can be given, and looked for wherever it could show."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from surrogate.adapters.http import Endpoint, HttpBox, Outgoing, Secret
from surrogate.errors import AttemptError, InputError

from raw_server import http, reset, then_end

CANARY = "cAnArY-0123456789"
ROWS = np.ones((2, 2))


def sign(request: Outgoing) -> None:
    request.headers["X-Signature"] = CANARY
    request.url += f"?sig={CANARY}"


def raise_with_canary(request: Outgoing) -> None:
    raise RuntimeError(f"cannot use {CANARY}")


WAYS: dict[str, dict[str, Any]] = {
    "header": {"headers": {"X-API-Key": CANARY}},
    "secret header": {"headers": {"X-Tenant": Secret(CANARY)}},
    "callable": {"headers": {"X-Tenant": Secret(lambda: CANARY)}},
    "environment": {"headers": {"Authorization": Secret.env("CANARY_KEY", form="Bearer {}")}},
    "query": {"params": {"code": CANARY}},
    "bearer": {"auth": Secret(CANARY)},
    "hook": {"auth": sign},
    "failing hook": {"auth": raise_with_canary},
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)


def every_text(error: BaseException) -> str:
    """All that a traceback can print of an error and of those behind it, variables too."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    chained, parts = error, ["".join(told.format(chain=True))]
    while chained is not None:
        parts += [str(chained), repr(chained), repr(chained.args), repr(vars(chained))]
        chained = chained.__cause__ or chained.__context__
    return "\n".join(parts)


ANSWERS: dict[str, Any] = {
    "good": http({"predictions": [1.5, 2.5]}, set_cookie=CANARY, x_echo=CANARY),
    "refused": http({"error": f"wrong key {CANARY}"}, status="401 Unauthorized", x_echo=CANARY),
    "redirect": http(b"", status="302 Found", location=f"https://other.example/{CANARY}?{CANARY}"),
    "no answer": http({"echo": CANARY}),
    "key as label": http({"predictions": [CANARY, CANARY]}),
    "html": http(f"<p>{CANARY}</p>".encode()),
    "cut": then_end(http(b'{"predictions": [1', length=99)),
    "reset": lambda connection, _: reset(connection),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_canary_shows_nowhere(
    way: str, answer: str, serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(ANSWERS[answer])
    endpoint = Endpoint(f"{server.url}/v1/models/m:predict", task="regression", **WAYS[way])
    box = HttpBox(endpoint)
    shown = [repr(endpoint), str(endpoint), repr(box), repr(box.traits), repr(box.terms)]
    shown += [repr(box.wire(ROWS))]
    try:
        reply = box.ask(ROWS)
        if answer != "key as label":  # whatever a model answers is an answer
            shown.append(repr(reply))
    except AttemptError as error:
        shown.append(every_text(error))
    finally:
        box.close()
    shown += [f"{record.getMessage()} {record.args}" for record in caplog.records]
    assert CANARY not in "\n".join(shown)
    for held in (endpoint, box):
        if way == "failing hook" or "hook" not in way:
            assert CANARY.encode() not in pickle.dumps(held)
    if way != "failing hook":
        assert CANARY.encode() in b"".join(server.requests[0])  # and yet it was sent


def test_the_line_that_is_logged_names_the_target(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(ANSWERS["good"])
    box = HttpBox(Endpoint(f"{server.url}/v1/models/m", task="regression"))
    box.ask(ROWS)
    box.close()
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert lines[0].startswith(f"POST {server.url}/v1/models/m:predict: ok, ")


def test_other_users_of_the_client_keep_their_logs(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    httpx2 = pytest.importorskip("httpx2")
    server = serve(ANSWERS["good"])
    box = HttpBox(Endpoint(f"{server.url}/v1/models/m", task="regression"))
    box.ask(ROWS)
    caplog.set_level(logging.DEBUG)
    httpx2.post(server.url, content=b"x")
    box.close()
    assert any(record.name.startswith("httpcore2") for record in caplog.records)


@pytest.mark.parametrize(
    "secret", [Secret(CANARY), Secret(lambda: CANARY), Secret.env("CANARY_KEY", form="Bearer {}")]
)
def test_a_secret_shows_nothing(secret: Secret) -> None:
    texts = [repr(secret), str(secret), f"{secret}", f"{secret:>40}", "%s" % secret]  # noqa: UP031
    texts += [repr([secret]), repr({"key": secret})]
    assert CANARY not in " ".join(texts)
    assert not hasattr(secret, "__dict__")
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"a": secret})["a"] is secret
    assert CANARY.encode() not in pickle.dumps(secret)
    assert CANARY in secret.reveal()


def test_a_secret_of_the_environment_is_pickled_as_its_name() -> None:
    again = pickle.loads(pickle.dumps(Secret.env("CANARY_KEY", form="Bearer {}")))
    assert again.reveal() == f"Bearer {CANARY}"
    assert again.reference == "Bearer ${CANARY_KEY}"
    gone = pickle.loads(pickle.dumps(Secret(CANARY)))
    with pytest.raises(InputError, match="A secret is not pickled"):
        gone.reveal()


def test_what_is_no_secret_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="'my key' is no name of an environment variable"):
        Secret.env("my key")
    with pytest.raises(InputError, match=r"names an environment variable: \$\{NAME\}"):
        Secret.refer("Bearer abc")
    with pytest.raises(InputError, match="a string or a callable; got a int"):
        Secret(5)  # type: ignore[arg-type]
    monkeypatch.setenv("CANARY_KEY", " ")
    with pytest.raises(InputError, match="environment variable CANARY_KEY is not set"):
        Secret.env("CANARY_KEY").reveal()
    with pytest.raises(InputError, match="A secret is empty"):
        Secret(" \n").reveal()
    with pytest.raises(InputError, match="gave a NoneType, not a string"):
        Secret(lambda: None).reveal()  # type: ignore[arg-type, return-value]


def test_a_newline_at_the_end_of_a_key_is_cut() -> None:
    assert Secret(f"{CANARY}\n").reveal() == CANARY


def test_a_hook_is_not_pickled() -> None:
    endpoint = Endpoint("https://models.example/v1/models/m", auth=lambda request: None)
    again = pickle.loads(pickle.dumps(endpoint))
    with pytest.raises(AttemptError, match="An auth hook is not pickled; give it again") as caught:
        HttpBox(again).ask(ROWS)
    assert (caught.value.reason, caught.value.fatal) == ("unsent", True)

"""What goes wrong on the way, on real connections of this machine."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate.adapters.http import Endpoint, HttpBox, Secret
from surrogate.errors import AttemptError

from raw_server import RawServer, Script, http, reset, then_end

Serve = Callable[..., RawServer]
ROWS = np.array([[1.0, 2.0], [3.0, 4.0]])
GOOD = http({"predictions": [3.0, 7.0]})
PATH = "/v1/models/m:predict"


def box_at(url: str, **options: Any) -> HttpBox:
    said = {"task": "regression", "connect_timeout": 2.0, "read_timeout": 2.0, **options}
    return HttpBox(Endpoint(f"{url}{PATH}", **said))


def failure(url: str, **options: Any) -> AttemptError:
    box = box_at(url, **options)
    try:
        with pytest.raises(AttemptError) as caught:
            box.ask(ROWS)
    finally:
        box.close()
    assert f"{url}{PATH}" in str(caught.value)
    assert str(caught.value).isprintable()
    return caught.value


def test_a_good_answer_over_one_connection(serve: Serve) -> None:
    ports = []

    def script(connection: socket.socket, _: bytes) -> None:
        ports.append(connection.getpeername())
        connection.sendall(GOOD)

    server = serve(script)
    box = box_at(server.url, headers={"X-API-Key": "k"})
    for _ in range(3):
        assert box.ask(ROWS).values.tolist() == [3.0, 7.0]
    assert len(set(ports)) == 1
    head, body = server.requests[0]
    assert head.startswith(b"POST /v1/models/m:predict HTTP/1.1\r\n")
    assert b"\r\nX-API-Key: k\r\n" in head + b"\r\n"
    assert body == b'{"instances":[[1.0,2.0],[3.0,4.0]]}'
    box.close()
    assert box.ask(ROWS).values.tolist() == [3.0, 7.0]  # open again
    assert len(set(ports)) == 2
    box.close()


# ---- nothing was sent ----


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}")
    assert "refused the connection. Is it running?" in str(error)
    assert (error.reason, error.fatal) == ("unsent", False)


def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter([socket.EAI_NONAME, socket.EAI_AGAIN])

    def no_name(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(next(codes), "no")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    error = failure("http://models.invalid")
    assert "its name is not found (DNS). Check the URL" in str(error)
    assert (error.reason, error.fatal) == ("unsent", True)
    error = failure("http://models.invalid")
    assert (error.reason, error.fatal) == ("unsent", False)


def test_no_connection_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any, **__: Any) -> Any:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", slow)
    error = failure("http://127.0.0.1:9", connect_timeout=0.5)
    assert "no connection within 0.5 seconds" in str(error)
    assert (error.reason, error.fatal) == ("unsent", False)


@pytest.mark.parametrize("auth", [Secret.env("NOT_SET_ANYWHERE"), Secret("a\nb"), Secret("ключ")])
def test_a_key_that_cannot_be_sent(auth: Secret, serve: Serve) -> None:
    server = serve(GOOD)
    error = failure(server.url, auth=auth)
    assert (error.reason, error.fatal) == ("unsent", True)
    assert "NOT_SET_ANYWHERE is not set" in str(error) or "'Authorization' holds what no" in str(
        error
    )
    assert server.requests == []


def test_a_hook_may_not_send_the_rows_elsewhere(serve: Serve) -> None:
    server = serve(GOOD)

    def elsewhere(request: Any) -> None:
        request.url = "http://other.example/"

    error = failure(server.url, auth=elsewhere)
    assert "changed the URL to another server" in str(error)
    assert (error.reason, error.fatal) == ("unsent", True)


def test_a_hook_signs_every_attempt(serve: Serve) -> None:
    server, seen = serve(GOOD), []

    def sign(request: Any) -> None:
        seen.append((request.method, request.url, request.body, dict(request.headers)))
        request.headers["X-Signature"] = str(len(seen))
        assert repr(request).startswith(f"<Outgoing POST {server.url}{PATH}, ")

    box = box_at(server.url, auth=sign)
    box.ask(ROWS)
    box.ask(ROWS)
    box.close()
    assert b"X-Signature: 1" in server.requests[0][0]
    assert b"X-Signature: 2" in server.requests[1][0]
    assert "X-Signature" not in seen[1][3]


# ---- TLS ----


@pytest.fixture(scope="session")
def authority() -> Any:
    return pytest.importorskip("trustme").CA()


def server_context(authority: Any, host: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


def test_an_authority_of_ones_own(serve: Serve, authority: Any, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = serve(GOOD, server_context(authority))
    box = box_at(server.url, ca_file=tmp_path / "ca.pem", auth=Secret("k"))
    assert box.ask(ROWS).values.tolist() == [3.0, 7.0]
    assert b"Authorization: Bearer k" in server.requests[0][0]
    box.close()


def test_an_authority_that_is_not_known(serve: Serve, authority: Any) -> None:
    server = serve(GOOD, server_context(authority))
    error = failure(server.url)
    assert "its certificate is not trusted" in str(error)
    assert (error.reason, error.fatal) == ("unsent", True)
    assert server.requests == []


def test_a_certificate_of_another_host(serve: Serve, authority: Any, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = serve(GOOD, server_context(authority, "models.example"))
    error = failure(server.url, ca_file=tmp_path / "ca.pem")
    assert "is not trusted" in str(error)
    assert "127.0.0.1" in str(error)
    assert (error.reason, error.fatal) == ("unsent", True)


def test_https_to_a_server_that_speaks_http(serve: Serve) -> None:
    server = serve(then_end(GOOD))
    error = failure(server.url.replace("http://", "https://"), connect_timeout=0.3)
    assert error.reason == "unsent"
    assert "onnection" in str(error)


def test_a_file_of_certificates_that_holds_none(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    error = failure("https://127.0.0.1:9", ca_file=tmp_path / "ca.pem")
    assert "ca_file= or proxy= is no good (SSLError)" in str(error)
    assert (error.reason, error.fatal) == ("unsent", True)


# ---- something was sent ----


def silent(connection: socket.socket, _: bytes) -> None:
    threading.Event().wait(5)


def dripping(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


PASSING: dict[str, tuple[Script | bytes, str]] = {
    "reset before the answer": (lambda c, _: reset(c), "broke after rows were sent"),
    "closed before the answer": (then_end(b""), "ended the connection before its answer"),
    "cut in the head": (then_end(b"HTTP/1.1 200 OK\r\nContent-"), "ended the connection"),
    "cut in the body": (then_end(http(b'{"predictions"', length=99)), "ended the connection"),
    "JSON that ends too early": (http(b'{"predictions": [3.0'), "JSON that ends too early"),
    "nothing": (http(b""), "The answer is empty"),
    "too few rows": (http({"predictions": [3.0]}), "There are 1 answers to 2 rows"),
    "too many rows": (http({"predictions": [1.0, 2.0, 3.0]}), "There are 3 answers to 2 rows"),
    "not HTTP": (then_end(b"220 mail.example ESMTP\r\n\r\n"), "does not speak HTTP"),
    "no gzip": (http(b"{}", content_encoding="gzip"), "is no gzip, though it says so"),
    "cut gzip": (
        http(gzip.compress(b'{"predictions": [3.0, 7.0]}')[:-9], content_encoding="gzip"),
        "ends in the middle of its gzip",
    ),
}

FINAL: dict[str, tuple[bytes, str]] = {
    "HTML": (http(b"<!doctype html><p>Log in", content_type="text/html"), "a page of HTML or XML"),
    "text": (http(b"OK"), "The answer is not JSON"),
    "another protocol": (http({"outputs": 3}), "One answer a row was expected; came a int"),
    "another object": (http({"result": [1, 2]}), "no 'predictions' or 'outputs': it is an object"),
    "NaN": (http(b'{"predictions": [3.0, NaN]}'), "row 1 of 2 is not finite"),
    "infinity": (http(b'{"predictions": [1e999, 1]}'), "row 0 of 2 is not finite"),
    "null": (http({"predictions": [3.0, None]}), "holds null where a number should be"),
    "ragged": (http({"predictions": [[1.0], [1.0, 2.0]]}), "of unequal lengths"),
    "texts among numbers": (http({"predictions": [1.0, "a"]}), "mixes texts and numbers"),
    "no columns": (http({"predictions": [[], []]}), "Its rows are empty"),
    "deep JSON": (http(b"[" * 100_000 + b"]" * 100_000), "nested more than 64 deep"),
    "a number without end": (http(b'{"predictions": [%s, 1]}' % (b"9" * 5000)), "is not JSON"),
    "not UTF-8": (http(b'{"predictions": ["\xff", "b"]}'), "is not JSON"),
    "an unknown packing": (http(b"x", content_encoding="br"), "not asked for ('br')"),
    "more after its gzip": (
        http(gzip.compress(b"{}") + b"x" * 70_000, content_encoding="gzip"),
        "goes on after the end of its gzip",
    ),
}


@pytest.mark.parametrize("fault", PASSING)
def test_faults_that_may_pass(fault: str, serve: Serve) -> None:
    script, message = PASSING[fault]
    error = failure(serve(script).url)
    assert message in str(error)
    assert (error.reason, error.fatal, error.split) == ("unknown", False, False)


@pytest.mark.parametrize("fault", FINAL)
def test_answers_that_will_not_get_better(fault: str, serve: Serve) -> None:
    answer, message = FINAL[fault]
    error = failure(serve(answer).url)
    assert message in str(error)
    assert (error.reason, error.fatal) == ("unknown", True)


def test_no_answer_in_time(serve: Serve) -> None:
    error = failure(serve(silent).url, connect_timeout=0.1, read_timeout=0.2)
    assert "did not answer in full within 0.2 seconds" in str(error)
    assert (error.reason, error.fatal) == ("unknown", False)


def test_a_body_that_drips_is_ended_by_the_clock(serve: Serve) -> None:
    started = time.monotonic()
    error = failure(serve(dripping).url, connect_timeout=0.1, read_timeout=0.4)
    assert time.monotonic() - started < 5
    assert "did not answer in full within 0.4 seconds" in str(error)
    assert (error.reason, error.fatal) == ("unknown", False)


def test_a_head_that_drips_is_ended_by_the_clock(serve: Serve) -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"A: b\r\n")
            time.sleep(0.02)

    started = time.monotonic()
    error = failure(serve(script).url, connect_timeout=0.1, read_timeout=0.4)
    assert time.monotonic() - started < 5
    assert "did not answer in full within 0.4 seconds" in str(error)
    assert (error.reason, error.fatal) == ("unknown", False)


def test_an_endless_body_is_ended_by_its_size(serve: Serve) -> None:
    sent = []

    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
            sent.append(65536)

    error = failure(serve(endless).url, max_bytes=2**20, read_timeout=10.0)
    assert "more than 1,048,576 bytes; max_bytes= allows more" in str(error)
    assert (error.reason, error.fatal) == ("unknown", True)
    assert sum(sent) < 2**25  # what was on its way, and no more


def test_a_bomb_of_gzip_is_not_unpacked(serve: Serve) -> None:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(256)) + packer.flush()
    assert len(bomb) < 2**19
    error = failure(serve(http(bomb, content_encoding="gzip")).url, max_bytes=2**20)
    assert "more than 1,048,576 bytes" in str(error)


def test_gzip_is_understood(serve: Serve) -> None:
    packed = gzip.compress(b'{"predictions": [3.0, 7.0]}')
    box = box_at(serve(http(packed, content_encoding="gzip")).url)
    assert box.ask(ROWS).values.tolist() == [3.0, 7.0]
    box.close()


@pytest.mark.parametrize("kind", ["text/plain", "*/*", "text/html", ""])
def test_answers_are_read_by_their_content(kind: str, serve: Serve) -> None:
    answer = http({"predictions": [3.0, 7.0]}, **({"content_type": kind} if kind else {}))
    box = box_at(serve(answer).url)
    assert box.ask(ROWS).values.tolist() == [3.0, 7.0]
    box.close()


# ---- the server says no ----


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    other = serve(GOOD)
    server = serve(http(b"", status="307 Temporary Redirect", location=f"{other.url}/x?k=1"))
    error = failure(server.url, headers={"X-API-Key": "k"})
    assert f"redirects to {other.url}/x (HTTP 307)" in str(error)
    assert (error.reason, error.status, error.fatal) == ("rejected", 307, True)
    assert other.requests == []


def test_no_cookie_is_kept(serve: Serve) -> None:
    server = serve(http({"predictions": [3.0, 7.0]}, set_cookie="a=b"))
    box = box_at(server.url)
    box.ask(ROWS)
    box.ask(ROWS)
    box.close()
    assert not any(b"ookie" in head for head, _ in server.requests)


def test_no_proxy_and_no_netrc_of_the_environment(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, server = serve(GOOD), serve(GOOD)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password canary")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    box = box_at(server.url)
    box.ask(ROWS)
    box.close()
    assert proxy.requests == []
    assert b"uthorization" not in server.requests[0][0]


def test_a_proxy_that_was_asked_for(serve: Serve) -> None:
    proxy = serve(GOOD)
    box = box_at("http://models.example", proxy=proxy.url)
    assert box.ask(ROWS).values.tolist() == [3.0, 7.0]
    box.close()
    assert proxy.requests[0][0].startswith(b"POST http://models.example/v1/models/m:predict")


def test_the_body_of_an_error_is_read_only_as_far_as_it_is_shown(serve: Serve) -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        head = b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"7\r\nno luck\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")

    error = failure(serve(script).url, read_timeout=10.0)
    assert "failed (HTTP 500): no luck" in str(error)
    assert (error.reason, error.status) == ("rejected", 500)


def test_an_error_whose_body_breaks_is_still_that_error(serve: Serve) -> None:
    error = failure(
        serve(then_end(http(b"wait", status="503 Busy", length=50, retry_after="2"))).url
    )
    assert (error.reason, error.status, error.retry_after) == ("rejected", 503, 2.0)
    assert "is not available (HTTP 503): wait" in str(error)

"""A connection is used again only where it stands right behind one whole answer."""

from __future__ import annotations

import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters.http import Endpoint, HttpBox
from surrogate.adapters.http._surplus import Ending

from raw_server import RawServer

pytest.importorskip("httpx2")

BODY = b'{"predictions": [1.5]}'
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
WHOLE = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY),
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:3\r\n\r\n1.5",
    "empty chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "no body": b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n",
}


def fed(data: bytes, cuts: list[int]) -> Ending:
    """An answer that came in pieces."""
    answer = Ending()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, stop in itertools.pairwise(edges):
        answer.feed(data[start:stop])
    return answer


@pytest.mark.parametrize("kind", WHOLE)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_the_end_is_found_however_the_pieces_fall(kind: str, cuts: list[int]) -> None:
    data = WHOLE[kind]
    assert fed(data, cuts).left == 0
    assert (fed(data + b"H", cuts).left or 0) < 0
    assert (fed(2 * data, cuts).left or 0) < 0
    assert fed(data[:-1], cuts).left != 0


def test_trailers_and_endless_answers_have_no_known_end() -> None:
    trailers = WHOLE["chunks"][:-2] + b"Checksum: 1\r\n\r\n"
    assert fed(trailers, []).left is None
    assert fed(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, []).left is None


@pytest.mark.parametrize("kind", ["length", "chunks"])
@pytest.mark.parametrize(("times", "connections"), [(1, 1), (2, 3)])
def test_connections_are_kept_unless_there_was_more(
    kind: str, times: int, connections: int
) -> None:
    callers: set[object] = set()

    def script(connection: socket.socket, body: bytes) -> None:
        callers.add(connection.getpeername())
        connection.sendall(WHOLE[kind] * times)

    server = RawServer(script)
    box = HttpBox(Endpoint(f"{server.url}/v1/models/m:predict", task="regression"))
    try:
        for _ in range(3):
            assert box.ask([[1.0]]).values.tolist() == [1.5]
    finally:
        box.close()
        server.close()
    assert len(callers) == connections

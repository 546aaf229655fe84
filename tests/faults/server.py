"""A model behind HTTP that bills what it works on, and before it all that goes wrong on the way.

It runs in an asyncio loop on a thread of its own. The bill is the truth that ledgers are held
against: a row is billed when the model has worked on it, whether or not its answer arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FAULTS", "KILLS", "Bill", "Fault", "FaultyServer", "faulty_server", "probability"]

Row = tuple[float, ...]
PATH = "/v1/models/m:predict"


def probability(row: Sequence[float]) -> list[float]:
    """What the model answers: a simple function of a row, exact in JSON."""
    p = 1.0 / (1.0 + abs(row[0]) + 0.5 * abs(sum(row[1:])))
    return [p, 1.0 - p]


@dataclass
class Bill:
    """Every row that the model worked on, in the order of the calls."""

    calls: list[tuple[Row, ...]] = field(default_factory=list)
    attempts: int = 0

    @property
    def rows(self) -> Counter[Row]:
        """How often each row was billed."""
        return Counter(row for call in self.calls for row in call)


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    Parameters
    ----------
    kind : str
        A key of `FAULTS` or `KILLS`.
    status : int
        Of "refuse" and "worked".
    after : str or None
        Retry-After of these.
    delay : float
        Seconds, of "kill_later".
    """

    kind: str
    status: int = 503
    after: str | None = None
    delay: float = 0.0


class FaultyServer:
    """The model, its bill, and the faults still to come.

    Attributes
    ----------
    url : str
        Where rows are posted.
    bill : Bill
    schedule : list of Fault
        One is taken off its front by each request; none left means that all goes well.
    kill : callable
        What the "kill" faults do to who asks.
    """

    def __init__(self) -> None:
        self.bill = Bill()
        self.schedule: list[Fault] = []
        self.kill: Callable[[], None] = lambda: None
        self.latency = 0.0
        self.stall = 5.0
        self.down = 0.03
        self.url = ""
        self.seen: list[bytes] = []
        self._port = 0
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen on a free port of the loopback."""
        await self._listen()
        self.url = f"http://127.0.0.1:{self._port}{PATH}"

    async def stop(self) -> None:
        """Hang up on everyone."""
        if self._listener is not None:
            self._listener.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        self._open.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET "):  # of a probe; costs nothing
                    writer.write(response(404, {"error": "there is only the model"}))
                    continue
                self.bill.attempts += 1
                fault = self.schedule.pop(0) if self.schedule else Fault("pass")
                exchange = Exchange(self, reader, writer, head, fault)
                if not await (FAULTS | KILLS)[fault.kind](exchange):
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has left, or the test has ended
        finally:
            self._open.discard(writer)
            writer.close()

    def answer(self, body: bytes) -> list[list[float]]:
        """Work on the rows of a body, and bill them."""
        rows = [tuple(map(float, row)) for row in json.loads(body)["instances"]]
        self.bill.calls.append(tuple(rows))
        return [probability(row) for row in rows]

    async def go_down(self) -> None:
        """Refuse connections for a while."""
        assert self._listener is not None
        self._listener.close()
        await asyncio.sleep(self.down)
        await self._listen()


@dataclass
class Exchange:
    """One request, and the means to answer it well or badly."""

    server: FaultyServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes
    fault: Fault

    async def body(self) -> bytes:
        """The whole request body."""
        lines = self.head.lower().split(b"\r\n")
        (length,) = (int(s.partition(b":")[2]) for s in lines if s.startswith(b"content-length:"))
        body = await self.reader.readexactly(length)
        self.server.seen.append(self.head + body)
        return body

    async def worked(self) -> bytes:
        """The whole answer, worked on and billed."""
        body = await self.body()
        await asyncio.sleep(self.server.latency)
        return response(200, {"predictions": self.server.answer(body)})

    async def send(self, content: bytes) -> bool:
        """Send, and keep the connection."""
        self.writer.write(content)
        await self.writer.drain()
        return True

    def reset(self) -> bool:
        """Hang up by a reset."""
        wire: socket.socket = self.writer.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        return False


def response(status: int, content: Any, headers: dict[str, str] | None = None) -> bytes:
    """An HTTP answer with a JSON body."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def passes(it: Exchange) -> bool:
    """Nothing goes wrong."""
    return await it.send(await it.worked())


async def down(it: Exchange) -> bool:
    """Answer, then hang up and refuse all connections for a moment."""
    await it.send(await it.worked())
    await it.server.go_down()
    return False


async def reset_before(it: Exchange) -> bool:
    """Reset before the body is read: nothing was worked on."""
    return it.reset()


async def reset_unworked(it: Exchange) -> bool:
    """Reset when the body is read, before any work."""
    await it.body()
    return it.reset()


async def reset_after(it: Exchange) -> bool:
    """Reset after the work: billed, and no answer."""
    await it.worked()
    return it.reset()


async def cut(it: Exchange) -> bool:
    """Half of the answer."""
    answer = await it.worked()
    await it.send(answer[: len(answer) // 2])
    return False


async def short(it: Exchange) -> bool:
    """A whole answer of another length than said: its end is missing, the connection ends."""
    answer = await it.worked()
    await it.send(answer[:-3])
    return False


async def slow(it: Exchange) -> bool:
    """The answer in drips."""
    answer = await it.worked()
    for start in range(0, len(answer), 1 + len(answer) // 4):
        await it.send(answer[start : start + 1 + len(answer) // 4])
        await asyncio.sleep(0.002)
    return True


async def stall(it: Exchange) -> bool:
    """Work, then say nothing for longer than anyone waits."""
    await it.worked()
    await asyncio.sleep(it.server.stall)
    return it.reset()


async def refuse(it: Exchange) -> bool:
    """An error status, before any work."""
    await it.body()
    return await it.send(_refusal(it.fault))


async def worked(it: Exchange) -> bool:
    """An error status, though the work was done and billed."""
    await it.worked()
    return await it.send(_refusal(it.fault))


async def echo(it: Exchange) -> bool:
    """An error status whose body and headers repeat all that was sent, the key too."""
    await it.body()
    said = it.head.decode("latin-1")
    headers = {"X-Echo": said.replace("\r\n", " "), "Set-Cookie": said.replace("\r\n", " ")}
    return await it.send(response(it.fault.status, {"error": said}, headers))


async def fewer(it: Exchange) -> bool:
    """An answer to one row fewer than were asked."""
    body = await it.body()
    return await it.send(response(200, {"predictions": it.server.answer(body)[:-1]}))


async def repeated(it: Exchange) -> bool:
    """The same answer twice, which a careless client takes for that to its next request."""
    return await it.send(2 * await it.worked())


async def garbled(it: Exchange) -> bool:
    """A body that says it is gzip, and is none."""
    body = await it.body()
    content = json.dumps({"predictions": it.server.answer(body)}).encode()
    return await it.send(response(200, content, {"Content-Encoding": "gzip"}))


async def page(it: Exchange) -> bool:
    """An HTML page with a good status, after the work."""
    await it.worked()
    headers = {"Content-Type": "text/html"}
    return await it.send(response(200, b"<html><p>Maintenance</p></html>", headers))


async def mislabelled(it: Exchange) -> bool:
    """A good answer that says it is something else."""
    body = await it.body()
    content = {"predictions": it.server.answer(body)}
    return await it.send(response(200, content, {"Content-Type": "text/plain"}))


async def kill_before(it: Exchange) -> bool:
    """Kill who asks before the body is read."""
    it.server.kill()
    return it.reset()


async def kill_unworked(it: Exchange) -> bool:
    """Kill who asks when the body is read, before any work."""
    await it.body()
    it.server.kill()
    return it.reset()


async def kill_worked(it: Exchange) -> bool:
    """Kill who asks when the work is done and billed."""
    await it.worked()
    it.server.kill()
    return it.reset()


async def kill_answered(it: Exchange) -> bool:
    """Kill who asks when the answer is on its way."""
    await it.send(await it.worked())
    it.server.kill()
    return it.reset()


async def kill_later(it: Exchange) -> bool:
    """Answer, and kill who asks some time after."""
    asyncio.get_running_loop().call_later(it.fault.delay, it.server.kill)
    return await it.send(await it.worked())


def _refusal(fault: Fault) -> bytes:
    headers = {} if fault.after is None else {"Retry-After": fault.after}
    return response(fault.status, {"error": "not now"}, headers)


FAULTS: dict[str, Callable[[Exchange], Coroutine[Any, Any, bool]]] = {
    "pass": passes,
    "down": down,
    "reset_before": reset_before,
    "reset_unworked": reset_unworked,
    "reset_after": reset_after,
    "cut": cut,
    "short": short,
    "slow": slow,
    "stall": stall,
    "refuse": refuse,
    "worked": worked,
    "echo": echo,
    "fewer": fewer,
    "repeated": repeated,
    "garbled": garbled,
    "page": page,
    "mislabelled": mislabelled,
}

KILLS: dict[str, Callable[[Exchange], Coroutine[Any, Any, bool]]] = {
    "kill_before": kill_before,
    "kill_unworked": kill_unworked,
    "kill_worked": kill_worked,
    "kill_answered": kill_answered,
    "kill_later": kill_later,
}


@contextlib.contextmanager
def faulty_server() -> Iterator[FaultyServer]:
    """A server on a thread of its own, until the block ends."""
    loop = asyncio.new_event_loop()
    made = FaultyServer()
    thread = threading.Thread(target=loop.run_forever, name="faulty-server", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.start(), loop).result(5)
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(made.stop(), loop).result(5)

        async def leave() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(leave(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()

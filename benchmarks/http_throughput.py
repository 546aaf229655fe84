"""Rows a second through the Oracle, against a bare loop with the same client, batches and server.

Run: python benchmarks/http_throughput.py [--rows 40000] [--rounds 5] [--latency .05 .1]

The bare loop is what one would write by hand: eight threads, one httpx2.Client, JSON out and
arrays back, no check, no retry, no ledger. The server, a process of its own, takes a fixed time
for each call, as a model behind a network does, and sends answers that it made before. The ways
take turns in each round, so that what disturbs one disturbs the others; the ratio is the median
of the rounds' ratios. Reach: the Oracle at least .9 of the bare loop. CPU is that of the client,
all threads, in microseconds a row.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from surrogate.adapters.http import Endpoint, HttpBox
from surrogate.domain import Domain
from surrogate.oracle import Budget, Oracle

CONCURRENCY, BATCH, N_FEATURES = 8, 100, 10
LATENCY = (0.05, 0.1)  # seconds a call takes
REACH = 0.9


@dataclass
class Timed:
    """Seconds and CPU seconds of each round."""

    wall: list[float]
    cpu: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--latency", type=float, nargs="+", default=LATENCY, help="seconds a call takes"
    )
    given = parser.parse_args()
    rows = np.random.default_rng(0).normal(size=(given.rows, N_FEATURES))
    for latency in given.latency:
        with served(latency) as url, tempfile.TemporaryDirectory() as folder:
            timed = rounds(url, rows, Path(folder), given.rounds)
        print(
            f"{given.rows:,} rows of {N_FEATURES} features, {BATCH} a call, {CONCURRENCY} at once, "
            f"{1000 * latency:.0f} ms a call, median of {given.rounds} rounds"
        )
        print(f"{'':24}{'rows/s':>10}{'of bare':>10}{'CPU us/row':>12}")
        for name, one in timed.items():
            report(name, one, timed["bare client loop"], given.rows)


def rounds(url: str, rows: np.ndarray, folder: Path, n: int) -> dict[str, Timed]:
    """Time every way in turn, n times after one to warm up."""
    ways = {
        "bare client loop": lambda: bare(url, rows),
        "box alone": lambda: boxed(url, rows),
        "Oracle": lambda: asked(url, rows, None),
        "Oracle with a ledger": lambda: asked(url, rows, folder / f"{time.time_ns()}"),
    }
    timed = {name: Timed([], []) for name in ways}
    for _ in range(n + 1):
        for name, way in ways.items():
            run(way, timed[name])
    return timed


def run(way: Callable[[], Any], timed: Timed) -> None:
    """Time one way once."""
    wall, cpu = time.perf_counter(), time.process_time()
    way()
    timed.wall.append(time.perf_counter() - wall)
    timed.cpu.append(time.process_time() - cpu)


def report(name: str, timed: Timed, base: Timed, n: int) -> None:
    """Print one line."""
    wall, cpu = statistics.median(timed.wall[1:]), statistics.median(timed.cpu[1:])
    ratio = statistics.median(b / own for own, b in zip(timed.wall[1:], base.wall[1:]))
    reach = ""
    if name.startswith("Oracle"):
        reach = f"   reach {REACH}: {'met' if ratio >= REACH else 'NOT MET'}"
    print(f"{name:24}{n / wall:10,.0f}{ratio:10.2f}{1e6 * cpu / n:12.1f}{reach}")


# ---- the ways ----


def batches(rows: np.ndarray) -> list[np.ndarray]:
    """Rows in the batches that the Oracle makes."""
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def bare(url: str, rows: np.ndarray) -> np.ndarray:
    """A loop by hand."""
    limits = httpx2.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    with (
        httpx2.Client(trust_env=False, limits=limits, timeout=30) as client,
        ThreadPoolExecutor(CONCURRENCY) as pool,
    ):

        def one(batch: np.ndarray) -> np.ndarray:
            body = json.dumps({"instances": batch.tolist()}).encode()
            answer = client.post(url, content=body, headers={"Content-Type": "application/json"})
            answer.raise_for_status()
            return np.array(json.loads(answer.content)["predictions"])

        return np.concatenate(list(pool.map(one, batches(rows))))


def opened(url: str) -> HttpBox:
    """The box of the server's model."""
    endpoint = Endpoint(
        url, "v1", classes=("no", "yes"), rows_per_call=BATCH, concurrency=CONCURRENCY
    )
    return HttpBox(endpoint)


def boxed(url: str, rows: np.ndarray) -> np.ndarray:
    """The box in the same loop."""
    with contextlib.closing(opened(url)) as box, ThreadPoolExecutor(CONCURRENCY) as pool:
        replies = list(pool.map(box.ask, batches(rows)))
        return np.concatenate([np.asarray(reply.values) for reply in replies])


def asked(url: str, rows: np.ndarray, ledger: Path | None) -> np.ndarray:
    """The Oracle, with all it checks and keeps."""
    domain = Domain.infer(rows[:500])
    with Oracle(opened(url), domain, budget=Budget(rows=len(rows)), ledger=ledger) as oracle:
        return np.asarray(oracle.ask(rows).values)


# ---- the server ----


@contextlib.contextmanager
def served(latency: float) -> Iterator[str]:
    """A server in a process of its own, for as long as the block lasts."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(there, latency), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}/v1/models/m:predict"
    finally:
        process.terminate()
        process.join(5)


def serve(pipe: Any, latency: float) -> None:
    """Answer every batch with as many rows, made before."""
    made: dict[int, bytes] = {}

    def answer(n: int) -> bytes:
        if n not in made:
            values = np.linspace(0.01, 0.98, n)
            body = json.dumps({"predictions": np.c_[values, 1 - values].tolist()}).encode()
            made[n] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        return made[n]

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                await asyncio.sleep(latency)
                writer.write(answer(body.count(b"[") - 1))
                await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(connection, "127.0.0.1", 0, limit=2**24)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main()

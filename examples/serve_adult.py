"""Serve the demo's net as a cloud would: behind a key, a rate limit, a bill, and faults.

The auditor's side of `make demo-api`. It speaks two protocols, both with a person's columns in raw
units: MLflow's (``POST /invocations``) and the Open Inference Protocol v2
(``POST /v2/models/adult/infer``). ``GET /billing`` says what was billed, for demos and tests: every
row that the net worked on, whether or not its answer arrived.

Run: ADULT_KEY=some-key python examples/serve_adult.py --port 8765 --rate 40 --faults .1
Needs the onnx extra. Listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import json
import math
import os
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from adult import constants, prepare

HERE = Path(__file__).resolve().parent
FAULTS = ("busy", "limited", "reset", "cut", "slow")
LONGEST_BODY = 6 * 2**20
MOST_ROWS = 1000
NAME = "adult"


class Bill:
    """What was billed, row by row."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls = 0
        self.rows: Counter[str] = Counter()

    def charge(self, records: list[dict[str, Any]]) -> None:
        """Bill every row, before its answer is sent."""
        keys = [json.dumps(record, sort_keys=True) for record in records]
        with self._lock:
            self.calls += 1
            self.rows.update(hashlib.blake2b(key.encode()).hexdigest() for key in keys)

    def summary(self) -> dict[str, int]:
        """Calls and rows billed, and how many rows more than once."""
        with self._lock:
            again = sum(count - 1 for count in self.rows.values())
            return {"calls": self.calls, "rows": self.rows.total(), "rows again": again}


class Bucket:
    """At most `rate` calls a second, in bursts of at most `burst`."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self._lock = threading.Lock()
        self._left, self._at = float(burst), time.monotonic()

    def wait(self) -> float:
        """0 if a call may pass now, else the seconds until one may."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self.burst, self._left + (now - self._at) * self.rate)
            self._at = now
            if self._left < 1:
                return (1 - self._left) / self.rate
            self._left -= 1
            return 0.0


class Service(ThreadingHTTPServer):
    """The net, and all that stands before it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, given: argparse.Namespace, key: str) -> None:
        super().__init__(("127.0.0.1", given.port), Handler)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.net = onnxruntime.InferenceSession(HERE / "adult.onnx", options)
        self.key, self.bill = key, Bill()
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.bucket = Bucket(given.rate, given.burst)
        self.faults, self.seed, self.latency = given.faults, given.seed, given.latency
        self._lock = threading.Lock()
        self._number = 0

    def fault(self) -> str | None:
        """What goes wrong with the next call, drawn by the seed; mostly nothing."""
        with self._lock:
            self._number += 1
            draw = random.Random(f"{self.seed}/{self._number}")
        return draw.choice(FAULTS) if draw.random() < self.faults else None

    def answer(self, records: list[dict[str, Any]]) -> tuple[list[str], list[list[float]]]:
        """Labels and probabilities of n rows: (n,), (n, 2)."""
        columns = {name: [record[name] for record in records] for name in known()}
        labels, probabilities = self.net.run(None, {"X": prepare(columns)})
        self.bill.charge(records)
        return list(labels), probabilities.tolist()

    def handle_error(self, request: Any, address: Any) -> None:
        """Say nothing of clients that hang up."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Service
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Health and metadata for anyone, the bill for who has the key."""
        if self.path in ("/ping", "/health", "/v2/health/ready", f"/v2/models/{NAME}/ready"):
            self._send(200, {})
        elif not self._known():
            self._send(401, {"error": "Give your key as `Authorization: Bearer KEY`."})
        elif self.path == "/billing":
            self._send(200, self.server.bill.summary())
        elif self.path == "/version":
            self._send(200, {"name": NAME, "version": "1"})
        elif self.path == f"/v2/models/{NAME}":
            self._send(200, metadata())
        else:
            self._send(404, {"error": f"There is no {self.path}."})

    def do_POST(self) -> None:
        """Ask the net, if the key, the rate and fate allow it."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY:
            self.close_connection = True
            return self._send(413, {"error": f"A body may have {LONGEST_BODY} bytes."})
        body = self.rfile.read(length)
        if not self._known():
            return self._send(401, {"error": "Give your key as `Authorization: Bearer KEY`."})
        wait = self.server.bucket.wait()
        if wait:
            return self._send(429, {"error": "Too many calls."}, after(wait))
        fault = self.server.fault()
        if fault == "busy":
            return self._send(503, {"error": "Busy; the net was not asked."})
        if fault == "limited":
            return self._send(429, {"error": "Too many calls."}, after(0.2))
        return self._answer(body, fault)

    def _answer(self, body: bytes, fault: str | None) -> None:
        """Ask the net, then send the answer as far as the fault lets it."""
        try:
            records, reply = READERS[self.path.partition("?")[0]](json.loads(body))
            if len(records) > MOST_ROWS:
                return self._send(413, {"error": f"A call may have {MOST_ROWS} rows."})
            check(records)
        except KeyError as error:
            missing = self.path not in READERS
            return self._send(404 if missing else 400, {"error": f"There is no {error}."})
        except (TypeError, ValueError) as error:
            return self._send(400, {"error": f"{type(error).__name__}: {error}"})
        time.sleep(self.server.latency * (20 if fault == "slow" else 1))
        content = reply(*self.server.answer(records))
        if fault in ("reset", "cut"):
            return self._break_off(content, sent=fault == "cut")
        return self._send(200, content)

    def _known(self) -> bool:
        """Whether the key is right."""
        said = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(said.encode(), self.server.key.encode())

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        """One whole answer."""
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _break_off(self, content: Any, *, sent: bool) -> None:
        """Hang up on work that was done and billed, after half of the answer or before any."""
        body = json.dumps(content).encode()
        if sent:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
        else:
            linger = struct.pack("ii", 1, 0)  # a reset, and no orderly end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal for the audit."""


def after(seconds: float) -> dict[str, str]:
    """How long to wait, in whole seconds for anyone and exactly for who reads it."""
    milliseconds = math.ceil(1000 * seconds)
    return {"Retry-After": str(math.ceil(seconds)), "Retry-After-Ms": str(milliseconds)}


def known() -> list[str]:
    """The columns of a row."""
    numbers = constants()
    return [*numbers["amounts"], *numbers["categories"]]


def check(records: list[dict[str, Any]]) -> None:
    """Raise if the net could not answer a row."""
    numbers = constants()
    for record in records:
        for name in numbers["amounts"]:
            if not isinstance(record[name], int | float) or not np.isfinite(record[name]):
                raise ValueError(f"{name} must be a number")
        for name, categories in numbers["categories"].items():
            if record[name] not in categories:
                raise ValueError(f"{name} has no such category")


def metadata() -> dict[str, Any]:
    """What the v2 protocol says of the model."""
    amounts = constants()["amounts"]
    return {
        "name": NAME,
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [
            {"name": name, "datatype": "FP64" if name in amounts else "BYTES", "shape": [-1, 1]}
            for name in known()
        ],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
        ],
    }


def from_mlflow(content: Any) -> tuple[list[dict[str, Any]], Any]:
    """Rows of an MLflow request, and how to answer it."""
    if "dataframe_records" in content:
        records = content["dataframe_records"]
    else:
        split = content["dataframe_split"]
        records = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
    return records, lambda labels, probabilities: {"predictions": probabilities}


def from_v2(content: Any) -> tuple[list[dict[str, Any]], Any]:
    """Rows of a v2 request, one input a column, and how to answer it."""
    columns = {one["name"]: np.ravel(one["data"]).tolist() for one in content["inputs"]}
    records = [dict(zip(columns, row)) for row in zip(*columns.values(), strict=True)]

    def reply(labels: list[str], probabilities: list[list[float]]) -> dict[str, Any]:
        outputs = {
            "label": ("BYTES", [len(labels)], labels),
            "probabilities": ("FP32", [len(labels), 2], np.ravel(probabilities).tolist()),
        }
        wanted = [one["name"] for one in content.get("outputs") or [{"name": "probabilities"}]]
        return {
            "model_name": NAME,
            "model_version": "1",
            "outputs": [
                {"name": name, "datatype": kind, "shape": shape, "data": data}
                for name, (kind, shape, data) in outputs.items()
                if name in wanted
            ],
        }

    return records, reply


READERS = {
    "/invocations": from_mlflow,
    f"/v2/models/{NAME}/infer": from_v2,
    f"/v2/models/{NAME}/versions/1/infer": from_v2,
}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (8765)")
    parser.add_argument("--rate", type=float, default=40.0, help="most calls a second (40)")
    parser.add_argument("--burst", type=int, default=8, help="calls that may come at once (8)")
    parser.add_argument("--faults", type=float, default=0.0, help="share of calls that fail (0)")
    parser.add_argument("--seed", type=int, default=0, help="of the faults (0)")
    parser.add_argument("--latency", type=float, default=0.02, help="seconds a call takes (.02)")
    parser.add_argument("--leashed", action="store_true", help="stop when standard input ends")
    return parser.parse_args()


def leash(service: Service) -> None:
    """Stop the service when standard input ends, as it does when who started it dies."""
    sys.stdin.read()
    service.shutdown()


def main() -> None:
    """Serve until stopped, by Ctrl-C or SIGTERM."""
    given = arguments()
    key = os.environ.get("ADULT_KEY", "")
    if not key:
        raise SystemExit("Set ADULT_KEY to the key that callers must give.")
    with Service(given, key) as service:
        print(f"serving on {service.address}", flush=True)
        if given.leashed:
            threading.Thread(target=leash, args=(service,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            service.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()

"""Starting servers that nobody here wrote, each from an environment of its own, and ending them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SERVERS", "Served", "free_port", "running", "venv_of"]

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent / "served"
PATIENCE = 90.0  # seconds for a server to be ready; it takes 4 to 15
QUIET = {
    "DO_NOT_TRACK": "1",
    "BENTOML_DO_NOT_TRACK": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Served:
    """How one server is made to serve the model.

    Parameters
    ----------
    prepare : callable
        From its folder and port: writes what the server reads, with its own Python.
    command : callable
        From its folder and port: what is run, the first word a program of its environment.
    ready : str
        Path that answers 200 when the model is up.
    env : callable
        From its folder: variables it needs.
    """

    prepare: Callable[[Path, int], tuple[list[str], ...]]
    command: Callable[[Path, int], list[str]]
    ready: str
    env: Callable[[Path], Mapping[str, str]] = lambda folder: {}


def venv_of(name: str) -> Path:
    """The environment of a server."""
    return ROOT / ".venv" / "servers" / name


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _script(name: str, *arguments: Any) -> list[str]:
    return ["python", str(SCRIPTS / name), *map(str, arguments)]


def _mlserver_files(folder: Path, port: int) -> tuple[list[str], ...]:
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 0,
    }
    model = {
        "name": "iris",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": "v1"},
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "model-settings.json").write_text(json.dumps(model), encoding="utf-8")
    return (_script("model.py", folder / "weights.json", folder),)


SERVERS = {
    "mlserver": Served(
        _mlserver_files,
        lambda folder, port: ["mlserver", "start", str(folder)],
        "/v2/models/iris/ready",
    ),
    "mlflow": Served(
        lambda folder, port: (_script("mlflow_model.py", folder / "weights.json", folder),),
        lambda folder, port: [
            *("mlflow", "models", "serve", "-m", str(folder / "mlflow"), "--env-manager", "local"),
            *("-h", "127.0.0.1", "-p", str(port), "--workers", "1"),
        ],
        "/ping",
    ),
    "litserve": Served(
        lambda folder, port: (_script("model.py", folder / "weights.json", folder),),
        lambda folder, port: _script("litserve_server.py", folder, port),
        "/health",
    ),
    "bentoml": Served(
        lambda folder, port: (_script("model.py", folder / "weights.json", folder),),
        lambda folder, port: [
            *("bentoml", "serve", "bentoml_service:Iris", "--working-dir", str(SCRIPTS)),
            *("--host", "127.0.0.1", "--port", str(port)),
        ],
        "/readyz",
        lambda folder: {"MODEL_FOLDER": str(folder), "BENTOML_HOME": str(folder / "home")},
    ),
}


@contextlib.contextmanager
def running(name: str, folder: Path, weights: Mapping[str, Any]) -> Iterator[str]:
    """The address of a server, for as long as the block lasts.

    Raises
    ------
    RuntimeError
        If it does not come up, with the end of what it printed.
    """
    served, port = SERVERS[name], free_port()
    (folder / "weights.json").write_text(json.dumps(dict(weights)), encoding="utf-8")
    programs = venv_of(name) / "bin"
    env = {**os.environ, **QUIET, **served.env(folder), "HOME": str(folder)}
    env["PATH"] = f"{programs}{os.pathsep}{env['PATH']}"
    env.pop("PYTHONPATH", None)
    for step in served.prepare(folder, port):
        done = subprocess.run(
            step, env=env, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{name} could not be prepared: {done.stderr[-2000:]}")
    log = folder / "log.txt"
    with log.open("wb") as printed:
        process = subprocess.Popen(
            served.command(folder, port),
            env=env,
            cwd=folder,
            stdout=printed,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(process, address + served.ready, log)
        yield address
    finally:
        _end(process)


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until a server is ready."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), opener.open(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise RuntimeError(f"{url} did not become ready; it printed:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and all processes that it started."""
    for signal_, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)

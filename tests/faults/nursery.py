"""Processes that audit, forked from one that has done it before, so that there can be many.

Run: python -m faults.nursery. Each line that comes in is a job, as JSON. The first is done at once
and in this process, so that all is imported. Of each other one the number of its process goes out,
and, after a second line let it begin, its exit code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

__all__ = ["Nursery"]

TESTS = Path(__file__).resolve().parents[1]


class Nursery:
    """The process that forks, as the tests see it."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.nursery"],
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()  # its input ends, and so does it

    def learn(self, *arguments: str) -> None:
        """Run a job in the process that forks; first of all."""
        assert self._say(json.dumps(arguments)) == "done\n"

    def run(self, *arguments: str, born: Callable[[int], None]) -> int:
        """Run a job until it ends or is killed; its exit code.

        Parameters
        ----------
        *arguments : str
            Of `faults.job.run`.
        born : callable
            Gets the number of the process before it begins.
        """
        born(int(self._say(json.dumps(arguments))))
        return int(self._say("go"))

    def _say(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the nursery has died"
        return answer


def fork(arguments: list[Any]) -> None:
    """One job: its number, a line, its exit code."""
    begin, tell = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(tell)
            os.read(begin, 1)
            run(*arguments)
            code = 0
        finally:
            os._exit(code)
    os.close(begin)
    print(child, flush=True)
    sys.stdin.readline()
    os.close(tell)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


def main() -> None:
    """Do one job, then fork for each line."""
    run(*json.loads(sys.stdin.readline()))
    print("done", flush=True)
    while line := sys.stdin.readline():
        fork(json.loads(line))


if __name__ == "__main__":
    from faults.job import run

    main()

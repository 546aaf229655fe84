"""What a result made on the command line says of how it came about."""

from __future__ import annotations

import argparse
import hashlib
import shlex
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["command_line", "with_command"]

T = TypeVar("T")


def with_command(result: T, given: argparse.Namespace) -> T:
    """The result with its command line, and the hashes of the files that it names.

    A quote, which asked nothing, stays as it is.
    """
    settings = getattr(result, "settings", None)
    if settings is None or not is_dataclass(result) or isinstance(result, type):
        return result
    facts: dict[str, Any] = {"command": command_line(given)}
    for name in ("model", "data", "test", "adversarial"):
        path = _file(getattr(given, name, None))
        if path is not None:
            facts[f"{name} file sha256"] = _sha256(path)
    for name, model in getattr(given, "models", ()):
        path = _file(model)
        if path is not None:
            facts[f"model {name} file sha256"] = _sha256(path)
    return replace(result, settings={**settings, **facts})


def command_line(given: argparse.Namespace) -> str:
    """The command as a shell takes it; it holds no key, since none may be given there."""
    return shlex.join(["surrogate", *given.arguments])


def _file(said: Any) -> Path | None:
    """The file that an argument names, a name in it aside (``file.py:predict``)."""
    if not isinstance(said, str) or "://" in said:
        return None
    for text in (said, said.rpartition(":")[0], said.rpartition("#")[0]):
        if text and Path(text).is_file():
            return Path(text)
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

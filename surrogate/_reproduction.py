"""How a result came about: the call, when the model was asked, and which model it was."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from surrogate.render.names import clean, clip
from surrogate.types import BlackBox, Label

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["asking", "call_text", "model_hash", "now"]

_LONG = 200


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def asking(oracle: Oracle, started: str) -> dict[str, Any]:
    """When the model was asked, and the hash of all its answers where a ledger keeps them."""
    return {"from": started, "to": now(), "ledger sha256": oracle.ledger_sha256}


def call_text(function: Callable[..., Any], said: Mapping[str, Any]) -> str:
    """A call as one would write it: what was said beside the defaults.

    What is no plain value, such as the model, is written by the name of its parameter.

    Examples
    --------
    >>> from surrogate._reproduction import call_text
    >>> def audit(model, data, *, seed=0, fidelity=2000, methods=("cart",)): ...
    >>> call_text(audit, {"model": len, "data": [], "seed": 7, "methods": ["c45"]})
    "audit(model, data, seed=7, methods=['c45'])"
    """
    parts = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = said.get(name, parameter.default)
        if parameter.default is inspect.Parameter.empty:
            parts.append(name)
        elif not _same(value, parameter.default):
            parts.append(f"{name}={_plain(value, name)}")
    return f"{function.__name__}({', '.join(parts)})"


def model_hash(box: BlackBox) -> str:
    """What tells this model from another, or why nothing does."""
    if box.traits.remote:
        return "none: behind a URL"
    known = box.traits.details.get("sha256")
    if known:
        return f"sha256 of the file: {known}"
    own = getattr(box, "sha256", None)
    if callable(own):
        return f"sha256 of the parameters: {own()}"
    return f"none: {box.traits.adapter} in memory"


def _same(value: Any, default: Any) -> bool:
    """Whether a plain value is the default."""
    plain = isinstance(value, Label | float | tuple | list | None)
    return value is default or (plain and value == default)


def _plain(value: Any, name: str) -> str:
    """A plain value as Python writes it; the name of its parameter for all else."""
    return clip(clean(repr(value)), _LONG) if _is_plain(value) else name


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_plain(one) for pair in value.items() for one in pair)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return len(value) <= _LONG and all(_is_plain(one) for one in value)
    return value is None or isinstance(value, str | int | float | bool)

"""The table of methods, for the terminal, for JSON and for the pages."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from surrogate.methods import METHODS, Method, find, method_class

__all__ = ["as_dict", "details", "markdown", "text"]

_SCOPES = {"local": "single rows", "global": "the whole model"}
_NOT_OPTIONS = ("oracle", "random_state")


def text() -> str:
    """The table in columns, as ``surrogate methods`` prints it."""
    rows = [("method", "explains", "does", "needs", "what it is")]
    rows += [
        (m.name, _SCOPES[m.scope], ", ".join(m.classes), m.needs, m.summary)
        for m in METHODS.values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def details(name: str) -> str:
    """One method: what it is, where it is from, and the options it takes.

    Raises
    ------
    OptionError
        If there is no such method.
    """
    method = find(name)
    lines = [
        f"{method.name}: {method.summary}",
        f"explains {_SCOPES[method.scope]}; {', '.join(method.classes)}; needs {method.needs}",
        f"source: {method.source}",
        "",
        "options (--option KEY=VALUE) and their defaults:",
    ]
    options = _options(method)
    width = max(map(len, options), default=0)
    lines += [f"  {key.ljust(width)}  {value!r}" for key, value in options.items()]
    return "\n".join(lines)


def as_dict() -> dict[str, Any]:
    """The table as plain values."""
    return {
        m.name: {
            "scope": m.scope,
            "tasks": list(m.classes),
            "needs": m.needs,
            "summary": m.summary,
            "source": m.source,
            "classes": dict(m.classes),
        }
        for m in METHODS.values()
    }


def markdown() -> str:
    """The table as the pages show it, each class a link into the reference."""
    lines = [
        "| method | explains | what it is | needs | classes | source |",
        "|---|---|---|---|---|---|",
    ]
    for m in METHODS.values():
        classes = ", ".join(f"{{py:class}}`~{path}`" for path in dict.fromkeys(_classes(m)))
        cells = (f"`{m.name}`", _SCOPES[m.scope], m.summary, m.needs, classes, m.source)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _classes(method: Method) -> list[str]:
    """Dotted paths of a method's classes, that for images and texts last."""
    return [*method.classes.values(), *([method.masks] if method.masks else [])]


def _options(method: Method) -> Mapping[str, Any]:
    """Options of a method with their defaults; of all its classes, if they differ."""
    found: dict[str, Any] = {}
    for task in method.classes:
        signature = inspect.signature(method_class(method.name, task))
        for name, parameter in signature.parameters.items():
            if name not in _NOT_OPTIONS and parameter.default is not parameter.empty:
                found.setdefault(name, parameter.default)
    return found

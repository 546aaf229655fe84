"""What a probe found, as a person reads it and as the file to use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.adapters.http._paths import sums_to_one
from surrogate.adapters.http._toml import to_toml
from surrogate.adapters.http.endpoint import Endpoint
from surrogate.adapters.http.secrets import Secret
from surrogate.types import Reply

__all__ = ["Asked", "Finding", "endpoint_file", "in_words", "still_to_say"]


@dataclass(frozen=True)
class Asked:
    """One request of a probe.

    Parameters
    ----------
    method, url : str
    rows : int
        1 where the row went along, so that it may be billed; else 0.
    outcome : str
        What came back, in brief.
    """

    method: str
    url: str
    rows: int
    outcome: str

    def __str__(self) -> str:
        told = ", one row" if self.rows else ""
        return f"{self.method} {self.url}{told}: {self.outcome}"


@dataclass(frozen=True)
class Finding:
    """What a URL speaks.

    Parameters
    ----------
    url : str
        As it was given.
    protocol : str
        Empty where nothing is known yet.
    confirmed : bool
        Whether a row was answered as the protocol says.
    evidence : tuple of str
    asked : tuple of Asked
    missing : tuple of str
        What is still to be said or done; lines for the file where they can be.
    answer : str
        What one row's answer is, in words; empty where none was sent.
    endpoint : Endpoint or None
        What to give to `wrap`; None where too little is known.
    toml : str
        The same as a file, with secrets as names of environment variables; may be empty.
    """

    url: str
    protocol: str
    confirmed: bool
    evidence: tuple[str, ...]
    asked: tuple[Asked, ...]
    missing: tuple[str, ...]
    answer: str
    endpoint: Endpoint | None
    toml: str

    @property
    def rows_sent(self) -> int:
        """How many requests held the row, and so may be billed."""
        return sum(one.rows for one in self.asked)

    def __str__(self) -> str:
        if self.confirmed:
            head = f"{self.url} speaks {self.protocol}."
        elif self.protocol:
            head = f"{self.url} seems to speak {self.protocol}; no row has shown it yet."
        else:
            head = f"{self.url} does not say what it speaks."
        free = len(self.asked) - self.rows_sent
        paid = f"{self.rows_sent} with one row, which may be billed" if self.rows_sent else "no row"
        parts = [
            head,
            _listed("Evidence", self.evidence),
            _listed("Answer to one row", (self.answer,) if self.answer else ()),
            _listed(f"Asked: {free} without a row, {paid}", [str(one) for one in self.asked]),
            _listed("Still to be said", self.missing),
            f"Endpoint file\n\n{self.toml}" if self.toml else "",
        ]
        return "\n\n".join(part for part in parts if part).rstrip()


def _listed(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def in_words(reply: Reply) -> str:
    """What one row's answer is, without saying it."""
    own = ", and a label of its own" if reply.labels is not None else ""
    if reply.values is None:
        return "a label"
    values = np.ravel(reply.values)
    if values.size == 1:
        kind = "a whole number" if values.dtype.kind in "iu" else "one number"
        return f"{kind}{' between 0 and 1' * bool(0 < values[0] < 1)}{own}"
    sums = "that sum to one" if sums_to_one(values) else "that do not sum to one"
    named = ", with the names of their classes" if reply.classes is not None else ""
    return f"{values.size} numbers {sums}{named}{own}"


def still_to_say(reply: Reply, classes: Sequence[Any] | None) -> list[str]:
    """What an answer leaves open, as lines for the file."""
    if reply.values is None:
        return [] if classes else ['classes = ["..."]  # every label that the model may give']
    values = np.ravel(reply.values)
    lines = []
    if values.size == 1 and not classes and reply.labels is None:
        lines.append('task = "..."  # regression, or classification: it is one number')
    if values.size > 1 and not sums_to_one(values):
        lines.append('output = "..."  # scores of classes, or values of a regression')
    if values.size > 1 and not classes and reply.classes is None:
        blanks = ", ".join(['"..."'] * values.size)
        lines.append(f"classes = [{blanks}]  # in the order of the columns, else they are numbered")
    return lines


def endpoint_file(
    said: dict[str, Any], base: Endpoint, missing: Sequence[str]
) -> tuple[str, list[str]]:
    """The file, and what has to be done for its secrets.

    Parameters
    ----------
    said : dict
        What was found: url, protocol, options, and so on.
    base : Endpoint
        What the user gave: headers, parameters, auth.
    missing : sequence of str
        Lines for the file that the user has to complete.
    """
    todo: list[str] = []
    options = dict(said.pop("options", {}))
    tables: dict[str, Any] = {
        "headers": {name: _value(name, v, todo) for name, v in base.headers.items()},
        "params": {name: _value(name, v, todo) for name, v in base.params.items()},
    }
    for name in ("auth", "proxy"):
        value = getattr(base, name)
        if isinstance(value, Secret):
            said[name] = _value(name, value, todo)
        elif value is not None:
            todo.append(f'{name}: a file holds no hook; wrap("endpoint.toml", {name}=...)')
    if base.ca_file is not None:
        said["ca_file"] = str(base.ca_file)
    inner = [line.removeprefix("options.") for line in missing if line.startswith("options.")]
    outer = [line for line in missing if not line.startswith("options.")]
    parts = [to_toml(said) + _commented([*outer, *todo])]
    if options or inner:
        told = to_toml(options) if options else ""
        parts.append(f"[options]\n{told}{_commented(inner)}")
    if any(tables.values()):
        parts.append(to_toml(tables).strip("\n") + "\n")
    return "\n".join(parts), todo


def _commented(lines: Sequence[str]) -> str:
    return "".join(f"# {line}\n" for line in lines)


def _value(name: str, value: str | Secret, todo: list[str]) -> str:
    """A header or parameter as a file may hold it."""
    if isinstance(value, str):
        return value
    if value.reference is not None:
        return value.reference
    variable = re.sub(r"\W+", "_", f"model {name}" if name.islower() else name).upper()
    todo.append(f"{variable}: set this environment variable to the value of {name}")
    return f"${{{variable}}}"

"""The rows and answers that figures were computed from, kept so that they can be again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from surrogate.errors import InputError
from surrogate.explanation.packing import AnyArray, from_text, raw_bytes, to_text
from surrogate.explanation.serial import integrity, plain

__all__ = ["EVIDENCE", "Evidence", "EvidenceKind"]

EvidenceKind: TypeAlias = Literal["rows", "answers"]
EVIDENCE = ("rows", "answers", "none")
"""What may be kept: rows with their answers, answers alone, or nothing."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Named arrays, exact to the bit, with the few facts that say how figures came of them.

    Parameters
    ----------
    kind : {"rows", "answers"}
        Whether the rows themselves are kept, or only what the model and the surrogates say of
        them, with source, group and true outcome of each.
    arrays : mapping from str to array
        Named by where they belong, such as "real/values".
    facts : mapping
        Plain values: names of distributions, classes, what answers are.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.explanation import Evidence
    >>> kept = Evidence("answers", {"real/decision": np.array([0, 1, 1])})
    >>> Evidence.from_dict(kept.to_dict()).arrays["real/decision"].tolist()
    [0, 1, 1]
    """

    kind: EvidenceKind
    arrays: Mapping[str, AnyArray]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in EVIDENCE[:2]:
            raise InputError(f"Evidence is of 'rows' or of 'answers'; got {self.kind!r}.")
        object.__setattr__(self, "arrays", MappingProxyType(dict(self.arrays)))
        object.__setattr__(self, "facts", plain(self.facts))

    @cached_property
    def sha256(self) -> str:
        """Hash of names, types, shapes, contents and facts, whatever they are packed in."""
        digest = hashlib.sha256(self.kind.encode("ascii"))
        for name in sorted(self.arrays):
            digest.update(hashlib.sha256(name.encode()).digest())
            digest.update(hashlib.sha256(raw_bytes(self.arrays[name])).digest())
        digest.update(integrity(self.facts).encode("ascii"))
        return digest.hexdigest()

    def part(self, prefix: str) -> dict[str, AnyArray]:
        """Arrays under a prefix, by the rest of their names."""
        start = f"{prefix}/"
        return {n.removeprefix(start): a for n, a in self.arrays.items() if n.startswith(start)}

    @property
    def n_bytes(self) -> int:
        """What it takes in the JSON."""
        return sum(len(packed["data"]) for packed in self._packed.values())

    @cached_property
    def _packed(self) -> dict[str, dict[str, Any]]:
        return {name: to_text(array) for name, array in self.arrays.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "kind": self.kind,
            "sha256": self.sha256,
            "facts": dict(self.facts),
            "arrays": self._packed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evidence:
        """Give back the evidence that `to_dict` described.

        Raises
        ------
        InputError
            If an array cannot be read, or all together do not have the hash that they had.
        """
        try:
            kind, facts, said = data["kind"], data["facts"], data["sha256"]
            arrays = {str(name): from_text(packed) for name, packed in data["arrays"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"This is no evidence: {type(error).__name__} {error}.") from error
        found = cls(kind, arrays, facts)
        if found.sha256 != said:
            raise InputError("The evidence was changed: its hash is not the one that it bears.")
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Evidence):
            return NotImplemented
        return self.sha256 == other.sha256

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        n = len(self.arrays)
        return f"<Evidence of {self.kind}, {n} arrays, {self.n_bytes:,} bytes>"

"""What was checked of a stored result, in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surrogate.render.fragments import notebook, preformatted
from surrogate.render.names import clean

__all__ = ["TOLERANCE", "Difference", "Verification"]

TOLERANCE = 1e-9
"""Relative difference up to which two floats are one figure: other processors, other BLAS."""
_SHOWN = 10


@dataclass(frozen=True)
class Difference:
    """One place where a stored result is not what its evidence gives.

    Parameters
    ----------
    place : str
        Such as "surrogates[0].fidelity[0].scores[0].value".
    stored, computed : str
        As JSON.
    """

    place: str
    stored: str
    computed: str

    def __str__(self) -> str:
        return f"{self.place}: stored {self.stored}, computed {self.computed}"


@dataclass(frozen=True)
class Verification:
    """What was checked of a stored result, and what was found.

    Parameters
    ----------
    schema : str
        What the result is, such as "surrogate/audit".
    intact : bool
        Whether the document has the hash that it bears.
    evidence : str or None
        What its figures were computed from again: "rows" or "answers"; None where there is
        no evidence, so that its hash alone was checked.
    recomputed, by_hash : mapping from str to int
        Numbers that were computed again, and those that only the hash holds, by the part of
        the document that they stand in.
    differences : tuple of Difference
    problems : tuple of str
        What else is wrong.
    sha256 : str
        Of the document's canonical JSON, computed.
    """

    schema: str
    intact: bool
    evidence: str | None
    recomputed: Mapping[str, int]
    by_hash: Mapping[str, int]
    differences: tuple[Difference, ...] = ()
    problems: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return self.intact and not self.differences and not self.problems

    @property
    def integrity_only(self) -> bool:
        """Whether no figure could be computed again."""
        return self.evidence is None

    def _repr_html_(self) -> str:
        return notebook(preformatted(str(self)))

    def __str__(self) -> str:
        lines = [
            self._verdict(),
            *(f"  wrong: {problem}" for problem in self.problems),
            *(f"  differs: {one}" for one in self.differences[:_SHOWN]),
        ]
        left = len(self.differences) - _SHOWN
        lines += [f"  and {left:,} more differences"] if left > 0 else []
        lines.append(f"  document  {clean(self.schema)}, sha256 {self.sha256}")
        hashed = sum(self.by_hash.values())
        if self.evidence is None:
            lines.append(f"  integrity only: {hashed:,} figures, none of them computed again")
        else:
            again = sum(self.recomputed.values())
            lines += [
                f"  {again:,} figures computed again from the {self.evidence} it keeps, "
                f"to {TOLERANCE:g} relative",
                *_counts(self.recomputed),
                f"  {hashed:,} figures held by the hash only",
            ]
        return "\n".join([*lines, *_counts(self.by_hash)])

    def _verdict(self) -> str:
        if not self.ok:
            return "FAILED: this is not what was written"
        return "intact" if self.integrity_only else "verified"

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "ok": self.ok,
            "schema": self.schema,
            "intact": self.intact,
            "evidence": self.evidence,
            "sha256": self.sha256,
            "tolerance": TOLERANCE,
            "recomputed": dict(self.recomputed),
            "by hash only": dict(self.by_hash),
            "differences": [vars(one) for one in self.differences],
            "problems": list(self.problems),
        }


def _counts(parts: Mapping[str, int]) -> list[str]:
    return [f"    {n:>6,}  {clean(name)}" for name, n in parts.items()]

"""Who plays: features, or groups of features that are kept or replaced together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surrogate.errors import OptionError
from surrogate.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Players"]


@dataclass(frozen=True, eq=False)
class Players:
    """m players, each with its columns of the internal matrix.

    Derived columns are no players: they follow from the columns that they are worked out from.

    Parameters
    ----------
    names : tuple of m str
    member : bool array of shape (m, d)
    one_hot : tuple of m bool
        Whether a player is one one-hot group.
    named : mapping from str to tuple of int
        The groups that were asked for, for the encoding.
    """

    names: tuple[str, ...]
    member: BoolArray
    one_hot: tuple[bool, ...]
    named: Mapping[str, tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(cls, domain: Domain, groups: Mapping[str, Sequence[str]] | None) -> Players:
        """One player a feature, but for one-hot groups and the groups that are asked for.

        Raises
        ------
        OptionError
            If a group names what is no feature, a derived feature, or a feature of another group.
        """
        named = {name: _columns(domain, name, list(of)) for name, of in (groups or {}).items()}
        owner: dict[int, str] = {}
        for name, columns in named.items():
            for j in columns:
                if j in owner:
                    raise OptionError(
                        f"The `groups` parameter of KernelShap has {domain.names[j]!r} in two "
                        f"groups, {owner[j]!r} and {name!r}."
                    )
                owner[j] = name
        parts = [(name, columns, False) for name, columns in named.items()]
        for name, members in domain.groups.items():
            columns = tuple(domain.index(member) for member in members)
            if columns[0] not in owner:
                parts.append((name, columns, True))
                owner |= dict.fromkeys(columns, name)
        for j, name in enumerate(domain.names):
            if j not in owner and name not in domain.derived:
                parts.append((name, (j,), False))
        parts.sort(key=lambda part: part[1][0])
        member = np.zeros((len(parts), len(domain.features)), dtype=np.bool_)
        for i, (_, columns, _) in enumerate(parts):
            member[i, list(columns)] = True
        names, _, one_hot = zip(*parts)
        return cls(names, member, one_hot, named)

    def varying(self, rows: FloatArray, background: FloatArray) -> BoolArray:
        """Whether a row differs from some background row in a player's columns: (r, m)."""
        same = np.ones(rows.shape, dtype=np.bool_)
        for b in background:
            same &= (rows == b) | (np.isnan(rows) & np.isnan(b))
        return np.asarray(~same @ self.member.T)  # truth values: any column

    def holders(self, row: FloatArray) -> IntArray:
        """The column (m,) in which each player's value stands.

        Of a one-hot group, the column that is 1; of a named group, the first.
        """
        first = self.member.argmax(axis=1)
        for i in np.flatnonzero(self.one_hot).tolist():
            columns = np.flatnonzero(self.member[i])
            first[i] = columns[row[columns].argmax()]
        return np.asarray(first, dtype=np.intp)


def _columns(domain: Domain, group: str, features: list[str]) -> tuple[int, ...]:
    """Columns of a group in order; a member of a one-hot group brings the whole of it."""
    found: set[int] = set()
    for feature in features:
        if feature not in domain.names and feature not in domain.groups:
            raise OptionError(
                f"The `groups` parameter of KernelShap names {feature!r} in {group!r}, which is no "
                f"feature of the domain; it has: {', '.join(map(repr, domain.names[:20]))}."
            )
        if feature in domain.derived:
            raise OptionError(
                f"The `groups` parameter of KernelShap names {feature!r} in {group!r}, a derived "
                "feature: it follows from others, and plays no part of its own."
            )
        whole = next(
            (m for name, m in domain.groups.items() if feature == name or feature in m), (feature,)
        )
        found |= {domain.index(name) for name in whole}
    if not found:
        raise OptionError(f"The `groups` parameter of KernelShap has no feature in {group!r}.")
    return tuple(sorted(found))

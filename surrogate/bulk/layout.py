"""Explanations as blocks of numbers, and blocks as flat columns that any reader of tables knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.errors import OptionError
from surrogate.explanation import LocalExplanations
from surrogate.types import Label

__all__ = ["Blocks", "Layout", "blocks_of"]

Blocks = dict[str, np.ndarray[Any, Any]]
"""Arrays by name, all with one entry a row: "coef" is (n, k, d)."""

FIDELITY = ("value", "low", "high")


@dataclass(frozen=True)
class Layout:
    """Which blocks there are, and what their columns are called.

    Parameters
    ----------
    classes : sequence of k str
    features : sequence of d str
    has_errors, has_widths : bool
        Whether standard errors are claimed, and kernel widths known.

    Examples
    --------
    >>> from surrogate.bulk.layout import Layout
    >>> Layout.of((0, 1), ("age",), has_errors=False, has_widths=False).columns("coef")
    ['coef.0.age', 'coef.1.age']
    """

    classes: tuple[str, ...]
    features: tuple[str, ...]
    has_errors: bool
    has_widths: bool

    @classmethod
    def of(
        cls,
        classes: Sequence[Label] | None,
        features: Sequence[str],
        *,
        has_errors: bool,
        has_widths: bool,
        n_outputs: int = 1,
    ) -> Layout:
        """Names of the classes, or of outputs that have none."""
        if classes is None:
            classes = ["value"] if n_outputs == 1 else [f"value{i}" for i in range(n_outputs)]
        return cls(_unique(map(str, classes)), _unique(features), has_errors, has_widths)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one row's entry in each block of numbers."""
        k, d = len(self.classes), len(self.features)
        shapes: dict[str, tuple[int, ...]] = {"x": (d,), "coef": (k, d)}
        if self.has_errors:
            shapes["se"] = (k, d)
        shapes |= {"intercept": (k,), "box_value": (k,), "local_value": (k,)}
        shapes |= {"fidelity": (k, 3), "error": (k,), "ess": ()}
        return shapes | ({"width": ()} if self.has_widths else {})

    def columns(self, block: str) -> list[str]:
        """Names of a block's columns, in the order of its entries."""
        axes: dict[int, Sequence[str]] = {0: self.classes, 1: self.features}
        if block == "x":
            axes = {0: self.features}
        elif block == "fidelity":
            axes = {0: self.classes, 1: FIDELITY}
        names = [block]
        for axis in range(len(self.shapes[block])):
            names = [f"{name}.{part}" for name in names for part in axes[axis]]
        return names

    def flat(self, blocks: Blocks) -> dict[str, np.ndarray[Any, Any]]:
        """Columns (n,) of some blocks; "index" and "flags" are columns already."""
        flat = {}
        for name, block in blocks.items():
            if name in ("index", "flags"):
                flat[name] = block
                continue
            table = block.reshape(len(block), -1)
            flat |= {c: table[:, j] for j, c in enumerate(self.columns(name))}
        return flat

    def block(self, name: str, columns: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        """A block put together from its columns (n,)."""
        parts = np.stack([columns[c] for c in self.columns(name)], axis=-1)
        return parts.reshape(len(parts), *self.shapes[name])

    def check(self, names: Iterable[str]) -> list[str]:
        """Some blocks' names.

        Raises
        ------
        OptionError
            If there is no such block.
        """
        known = ["index", *self.shapes, "flags"]
        wrong = [name for name in names if name not in known]
        if wrong:
            raise OptionError(f"There is no block {wrong[0]!r}; there are: {', '.join(known)}.")
        return list(names)


def blocks_of(explanations: LocalExplanations, dtype: str) -> Blocks:
    """Blocks of a batch, its own rows in float64 and what was found in `dtype`."""
    one, fidelity = explanations, explanations.fidelity
    found = {
        "coef": one.coef,
        "se": one.coef_se,
        "intercept": one.intercept,
        "box_value": one.box_values,
        "local_value": one.local_values,
        "fidelity": np.stack([fidelity.value, fidelity.low, fidelity.high], axis=-1),
        "error": fidelity.error,
        "ess": fidelity.ess,
        "width": one.widths,
    }
    flags = np.empty(len(one), dtype=object)
    flags[:] = [list(clauses) for clauses in one.flags]
    index = np.asarray(one.index)
    blocks: Blocks = {"index": index, "x": np.asarray(one.rows)}
    blocks |= {name: np.asarray(a, dtype=dtype) for name, a in found.items() if a is not None}
    return {**blocks, "flags": flags}


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """Names of which none is another: the second "a" becomes "a (2)"."""
    seen: dict[str, None] = {}
    for name in names:
        said, count = name, 1
        while said in seen:
            count += 1
            said = f"{name} ({count})"
        seen[said] = None
    return tuple(seen)

"""Linear readings of a model around images or texts, each with parts of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np

from surrogate.errors import DataError
from surrogate.explanation import mask_printing
from surrogate.explanation.frames import pandas
from surrogate.explanation.local_explanations import LocalExplanations
from surrogate.explanation.mask_explanation import MaskExplanation
from surrogate.explanation.serial import Document, plain
from surrogate.render.fragments import notebook
from surrogate.types import FloatArray, Label, Task

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from surrogate.domain import MaskDomain
    from surrogate.oracle import Queries

__all__ = ["MaskExplanations"]


@dataclass(frozen=True, eq=False)
class MaskExplanations(Document):
    """n explained images or texts, k explained classes; each input has parts of its own.

    It behaves as `LocalExplanations` does, but for what has one entry a feature: `coef` is
    one array an input.

    Parameters
    ----------
    parts : tuple of n LocalExplanations
        One an input, of one row each.
    queries : Queries or None
        Of all inputs together.
    settings : mapping
        Options, seeds, versions, hashes: what it takes to do it again.
    notes : tuple of str
        Warnings that a reader must see; each input may have more.
    interrupted : bool
        Whether it ended before its plan did; what there is, is kept.
    """

    SCHEMA: ClassVar[str] = "surrogate/mask-explanations"

    parts: tuple[LocalExplanations, ...]
    queries: Queries | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        object.__setattr__(self, "settings", plain(self.settings))
        if not self.parts or any(len(part) != 1 for part in self.parts):
            raise DataError(
                "`parts` of MaskExplanations must be explanations of one input each, at least one."
            )

    @property
    def kind(self) -> str:
        """What the inputs are: "image" or "text"."""
        return self.domains[0].kind

    @property
    def method(self) -> str:
        """Name in `surrogate.methods.METHODS`, such as "lime"."""
        return self.parts[0].method

    @property
    def task(self) -> Task:
        """Classification or regression."""
        return self.parts[0].task

    @property
    def target(self) -> str:
        """What the model is called."""
        return self.parts[0].target

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The k explained classes; None for regression."""
        return self.parts[0].classes

    @property
    def index(self) -> tuple[str | int, ...]:
        """What the inputs are called."""
        return tuple(part.index[0] for part in self.parts)

    @property
    def domains(self) -> tuple[MaskDomain, ...]:
        """The inputs with their parts."""
        return tuple(one.domain for one in self)

    @property
    def coef(self) -> tuple[FloatArray, ...]:
        """Coefficients, an array of shape (k, m) for each input."""
        return tuple(part.coef[0] for part in self.parts)

    @property
    def coef_se(self) -> tuple[FloatArray | None, ...]:
        """Standard errors of shape (k, m) for each input, where they are claimed."""
        return tuple(None if part.coef_se is None else part.coef_se[0] for part in self.parts)

    @property
    def intercept(self) -> FloatArray:
        """Intercepts of shape (n, k)."""
        return np.concatenate([part.intercept for part in self.parts])

    @property
    def box_values(self) -> FloatArray:
        """What the model says of the inputs, shape (n, k)."""
        return np.concatenate([part.box_values for part in self.parts])

    @property
    def local_values(self) -> FloatArray:
        """What the local forms say of the inputs, shape (n, k)."""
        return np.concatenate([part.local_values for part in self.parts])

    @property
    def flags(self) -> tuple[tuple[str, ...], ...]:
        """What is bad about each explanation."""
        return tuple(part.flags[0] for part in self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[MaskExplanation]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> MaskExplanation: ...
    @overload
    def __getitem__(self, index: slice) -> MaskExplanations: ...
    def __getitem__(self, index: int | slice) -> MaskExplanation | MaskExplanations:
        if isinstance(index, slice):
            return replace(self, parts=self.parts[index])
        n = len(self)
        if not -n <= int(index) < n:
            raise IndexError(f"{self.kind} {index} of {n} explained ones")
        part = self.parts[int(index)]
        notes = (*self.notes, *part.notes)
        return MaskExplanation(
            replace(part, queries=self.queries, settings=self.settings, notes=notes)
        )

    def to_frame(self) -> pd.DataFrame:
        """One line an input, class and part, fidelity included, as a pandas DataFrame.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        return pandas().concat([part.to_frame() for part in self.parts], ignore_index=True)  # type: ignore[no-any-return]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the first input; ``explanations[i].plot()`` draws another.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn on; new ones if not given.

        Returns
        -------
        matplotlib.axes.Axes
        """
        return self[0].plot(ax)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; images and texts are part of it."""
        return {
            "parts": [part.to_dict() for part in self.parts],
            "queries": None if self.queries is None else self.queries.to_dict(),
            "settings": self.settings,
            "notes": list(self.notes),
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MaskExplanations:
        """Give back the explanations that `to_dict` described."""
        from surrogate.explanation.parts import optional
        from surrogate.oracle import Queries

        return cls(
            parts=tuple(LocalExplanations.from_dict(part) for part in data["parts"]),
            queries=optional(Queries.from_dict, data["queries"]),
            settings=data["settings"],
            notes=tuple(data["notes"]),
            interrupted=data["interrupted"],
        )

    def __str__(self) -> str:
        return mask_printing.masks_text(self)

    def __repr__(self) -> str:
        sizes = sorted(coef.shape[1] for coef in self.coef)
        parts = f"{sizes[0]}" if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]}"
        n, part = len(self), self.domains[0].part
        return f"<MaskExplanations {self.method}, {n} {self.kind}s of {parts} {part}s>"

    def _repr_html_(self) -> str:
        return notebook(mask_printing.masks_html(self))

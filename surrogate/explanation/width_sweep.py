"""Local explanations at several kernel widths: fidelity and stability side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from surrogate.explanation.frames import pandas
from surrogate.explanation.serial import Document, pack, plain, unpack
from surrogate.render import fragments
from surrogate.render.fragments import notebook
from surrogate.render.numbers import count, number
from surrogate.render.plot_widths import plot_widths
from surrogate.render.tables import Table
from surrogate.render.text import paragraph, table
from surrogate.types import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from surrogate.oracle import Queries

__all__ = ["WidthSweep"]

_ARRAYS = (
    "widths",
    "fidelity",
    "overlap",
    "rank",
    "error",
    "ess",
    "row_fidelity",
    "row_overlap",
)


@dataclass(frozen=True, eq=False)
class WidthSweep(Document):
    """Fidelity and stability of r rows' explanations at w kernel widths.

    Of each row the class that the model decides for is measured. Arrays whose last axis is 3
    hold a value and the ends of its interval.

    Parameters
    ----------
    widths : array of shape (w,)
        Ascending, in units of z.
    fidelity : array of shape (w, 3)
        Weighted R² on fresh perturbations over all rows: one minus summed squared errors over
        summed squared deviations, as each row's kernel weighs them.
    overlap : array of shape (w, 3)
        Jaccard of the `top` largest coefficients of two fits, mean over rows and pairs.
    rank : array of shape (w, 3)
        Rank correlation of the coefficients' sizes, likewise.
    error : array of shape (w,)
        Distance of the forms from the model's answers at the rows themselves, mean over rows.
    ess : array of shape (w,)
        Effective sample size of the kernel, median over rows.
    row_fidelity, row_overlap : arrays of shape (w, r)
        The same of each row.
    picked : int or None
        Which width ``width="auto"`` takes; None where R² is undefined at all of them.
    why : str
        The reason, in words.
    top, fits, n : int
        Largest coefficients that are compared; fits at every width; fresh perturbations.
    level : float
        Of the intervals.
    seed : int
    target : str
        What the model is called.
    queries : Queries or None
    notes : tuple of str
    """

    SCHEMA: ClassVar[str] = "surrogate/width-sweep"

    widths: FloatArray
    fidelity: FloatArray
    overlap: FloatArray
    rank: FloatArray
    error: FloatArray
    ess: FloatArray
    row_fidelity: FloatArray
    row_overlap: FloatArray
    picked: int | None
    why: str
    top: int
    fits: int
    n: int
    level: float = 0.95
    seed: int = 0
    target: str = "the model"
    queries: Queries | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", plain(self.settings))

    @property
    def width(self) -> float | None:
        """The width that is picked."""
        return None if self.picked is None else float(self.widths[self.picked])

    def __len__(self) -> int:
        return len(self.widths)

    def to_frame(self) -> pd.DataFrame:
        """One line a width, as a pandas DataFrame.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        columns: dict[str, Any] = {"width": self.widths}
        for name in ("fidelity", "overlap", "rank"):
            value, low, high = getattr(self, name).T
            columns |= {name: value, f"{name}_low": low, f"{name}_high": high}
        columns |= {
            "level": self.level,
            "error": self.error,
            "ess": self.ess,
            "picked": np.arange(len(self)) == self.picked,
        }
        return pandas().DataFrame(columns)  # type: ignore[no-any-return]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw fidelity and stability over the width, the picked one marked.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn on; new ones if not given.

        Returns
        -------
        matplotlib.axes.Axes
        """
        lines = {"fidelity, R²": self.fidelity, f"top-{self.top} Jaccard": self.overlap}
        return plot_widths(self.widths, lines, chosen=self.width, level=self.level, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **{name: pack(getattr(self, name)) for name in _ARRAYS},
            "picked": self.picked,
            "why": self.why,
            "top": self.top,
            "fits": self.fits,
            "n": self.n,
            "level": self.level,
            "seed": self.seed,
            "target": self.target,
            "queries": None if self.queries is None else self.queries.to_dict(),
            "settings": self.settings,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> WidthSweep:
        """Give back what `to_dict` described."""
        from surrogate.explanation.parts import optional
        from surrogate.oracle import Queries

        arrays: dict[str, Any] = {name: unpack(data[name]) for name in _ARRAYS}
        known = ("picked", "why", "top", "fits", "n", "level", "seed", "target", "settings")
        return cls(
            **arrays,
            **{name: data[name] for name in known},
            queries=optional(Queries.from_dict, data["queries"]),
            notes=tuple(data["notes"]),
        )

    def __str__(self) -> str:
        content = self._table()
        return "\n".join(
            [
                table(content.header, content.rows, align=content.align),
                "",
                *map(paragraph, self._said()),
                *([paragraph(f"queries: {self.queries}")] if self.queries is not None else []),
            ]
        )

    def __repr__(self) -> str:
        return f"<WidthSweep of {count(len(self), 'width')}, picked {self.width}>"

    def _repr_html_(self) -> str:
        said = [fragments.paragraph(sentence) for sentence in self._said()]
        return notebook(fragments.join([fragments.table(self._table()), *said]))

    def _table(self) -> Table:
        """One line a width."""
        lines = tuple(
            (
                f"{self.widths[i]:.3g}",
                _ends(self.fidelity[i]),
                _ends(self.overlap[i]),
                number(float(self.error[i])),
                f"{self.ess[i]:,.0f}",
                "picked" if i == self.picked else "",
            )
            for i in range(len(self))
        )
        ends = f"{100 * self.level:g} % interval"
        header = (
            "width",
            f"fidelity, R² ({ends})",
            f"top-{self.top} Jaccard ({ends})",
            "error at the row",
            "effective",
            "",
        )
        return Table(header, lines, "rrrrrl")

    def _said(self) -> tuple[str, ...]:
        """What was measured, on how much, and why a width was picked."""
        rows = count(self.row_fidelity.shape[1], "row")
        return (
            f"{rows}, {self.fits} fits at every width, {count(self.n, 'fresh perturbation')}; "
            "fidelity is measured where each kernel looks, so widths describe different "
            "neighbourhoods.",
            f"Picked: {self.why}." if self.picked is not None else f"None picked: {self.why}.",
            *self.notes,
        )


def _ends(measured: FloatArray) -> str:
    """A value with its interval."""
    value, low, high = measured.tolist()
    if not np.isfinite(value):
        return "undefined"
    if not np.isfinite([low, high]).all():
        return f"{value:.3f} (no interval)"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"

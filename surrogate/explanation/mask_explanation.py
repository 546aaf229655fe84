"""One explained image or text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.domain import ImageMasks, MaskDomain, TextMasks
from surrogate.errors import AbilityError
from surrogate.explanation import mask_printing, printing, words
from surrogate.explanation.local_explanation import LocalExplanation
from surrogate.render.features import class_name
from surrogate.render.fragments import notebook
from surrogate.render.plot_overlay import plot_overlay
from surrogate.render.plot_text import plot_text
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MaskExplanation"]


@dataclass(frozen=True)
class MaskExplanation(LocalExplanation):
    """One input of a `MaskExplanations`: k classes, m superpixels or words.

    It is a `LocalExplanation` whose rows are masks: 1 keeps a part, 0 hides it.

    Parameters
    ----------
    batch : LocalExplanations
        Holding this input only; its domain is an `ImageMasks` or `TextMasks`.
    """

    @property
    def domain(self) -> MaskDomain:
        """The input and its parts."""
        domain = self.batch.domain
        assert isinstance(domain, MaskDomain)
        return domain

    @property
    def input(self) -> Any:
        """The image, (h, w) or (h, w, c), or the text."""
        domain = self.domain
        return domain.text if isinstance(domain, TextMasks) else domain.image  # type: ignore[attr-defined]

    def effects(self, label: Label | None = None, *, certain: bool = False) -> FloatArray:
        """Coefficients of one class, shape (m,).

        Parameters
        ----------
        label : optional
            The class; that which the model finds likeliest (of two, the second) if not given.
        certain : bool
            Whether those whose interval holds 0 are set to 0.

        Raises
        ------
        OptionError
            If the class was not explained.
        AbilityError
            If `certain` is wanted where no standard errors are claimed.
        """
        k = self._shown(label)
        if not certain:
            return np.asarray(self.coef[k])
        half = printing.half_widths(self, k)
        if half is None:
            raise AbilityError(
                "This explanation claims no standard errors, so it cannot say which effects are "
                "certain; leave ridge and feature selection out."
            )
        return np.where(np.abs(self.coef[k]) > half, self.coef[k], 0.0)

    def pixels(self, label: Label | None = None, *, certain: bool = False) -> FloatArray:
        """The coefficient of each pixel's superpixel, shape (h, w).

        Parameters
        ----------
        label, certain
            As in `effects`.

        Raises
        ------
        AbilityError
            If the input is a text.
        """
        if not isinstance(self.domain, ImageMasks):
            raise AbilityError("A text has no pixels; `effects` gives its words' coefficients.")
        return self.effects(label, certain=certain)[self.domain.segments]

    def plot(
        self, ax: Axes | None = None, *, label: Label | None = None, certain: bool = False
    ) -> Axes:
        """Draw the image or the text, its parts coloured by their coefficients.

        Blue parts add to the answer, orange ones take from it; `plot_bars` draws bars.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn on; new ones if not given.
        label, certain
            As in `effects`.

        Returns
        -------
        matplotlib.axes.Axes
        """
        k = self._shown(label)
        effects = self.effects(label, certain=certain)
        name, score = class_name(self.classes, k, width=20), self.fidelity[k]
        bad = "bad explanation: " if words.local_doubts(self, k) else ""
        domain = self.domain
        title = f"{domain.kind} {self.index}, {name}"
        if isinstance(domain, ImageMasks):
            ax = plot_overlay(domain.image, domain.segments, effects, title=title, ax=ax)
        else:
            assert isinstance(domain, TextMasks)
            ax = plot_text(domain.pieces, domain.owner, effects, title=title, ax=ax)
        head = ax.get_title(loc="left")
        ax.set_title(f"{head}\n{bad}{score}", loc="left", fontsize="small", parse_math=False)
        return ax

    def plot_bars(self, ax: Axes | None = None, *, label: Label | None = None) -> Axes:
        """Draw the strongest effects as bars, with intervals where errors are claimed.

        Parameters
        ----------
        ax, label
            As in `plot`.

        Returns
        -------
        matplotlib.axes.Axes
        """
        return super().plot(ax, label=label)

    def _shown(self, label: Label | None) -> int:
        return printing.shown_classes(self)[0] if label is None else self._column(label)

    def __str__(self) -> str:
        return mask_printing.mask_text(self)

    def __repr__(self) -> str:
        return f"<MaskExplanation {self.batch.method}, {self.domain.kind} {self.index}>"

    def _repr_html_(self) -> str:
        return notebook(mask_printing.mask_html(self))

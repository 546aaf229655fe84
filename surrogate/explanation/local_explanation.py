"""One explained row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate.explanation import frames, html, printing, words
from surrogate.explanation.encoding import term_text
from surrogate.explanation.lime_object import to_lime
from surrogate.explanation.pictures import class_column
from surrogate.forms import Linear
from surrogate.render.features import class_name, shown
from surrogate.render.fragments import notebook
from surrogate.render.plot_effects import plot_effects
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from surrogate.explanation.local_explanations import LocalExplanations
    from surrogate.explanation.local_stability import LocalStability
    from surrogate.fidelity import Score

__all__ = ["LocalExplanation"]


@dataclass(frozen=True)
class LocalExplanation:
    """One row of a `LocalExplanations`: k classes, d features.

    Parameters
    ----------
    batch : LocalExplanations
        Holding this row only.
    """

    batch: LocalExplanations

    @property
    def index(self) -> str | int:
        """What the row is called, or its position among those that were explained."""
        return self.batch.index[0]

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The k explained classes; None for regression."""
        return self.batch.classes

    @property
    def row(self) -> Any:
        """The explained row, as the user's own kind of table with one row."""
        return self.batch.domain.decode(self.batch.rows)

    @property
    def coef(self) -> FloatArray:
        """Coefficients of shape (k, d)."""
        return _first(self.batch.coef)

    @property
    def coef_se(self) -> FloatArray | None:
        """Standard errors of shape (k, d), where they are claimed."""
        return None if self.batch.coef_se is None else _first(self.batch.coef_se)

    @property
    def intercept(self) -> FloatArray:
        """Intercepts of shape (k,)."""
        return _first(self.batch.intercept)

    @property
    def box_value(self) -> FloatArray:
        """What the model says of the row, shape (k,)."""
        return _first(self.batch.box_values)

    @property
    def local_value(self) -> FloatArray:
        """What the local form says of the row, shape (k,)."""
        return _first(self.batch.local_values)

    @property
    def fidelity(self) -> tuple[Score, ...]:
        """One score per explained class, with its interval."""
        return tuple(self.batch.fidelity.score(0, k) for k in range(self.coef.shape[0]))

    @property
    def flags(self) -> tuple[str, ...]:
        """What is bad about this explanation."""
        return self.batch.flags[0]

    @property
    def stability(self) -> LocalStability | None:
        """The row fitted again under other seeds, where that was asked for."""
        return self.batch.stability

    @property
    def form(self) -> Linear:
        """The local form of all explained classes."""
        return next(self.batch.forms())

    def predict(self, rows: Any) -> FloatArray:
        """What the local form says of m user rows, shape (m, k)."""
        return _first(self.batch.predict(rows))

    def to_frame(self) -> pd.DataFrame:
        """One line a class and feature, fidelity included, as a pandas DataFrame."""
        return frames.local_frame(self.batch)

    def to_shap(self, *, reference: Any = None) -> Any:
        """A `shap.Explanation` of this row alone: values (d, k), or (d,) for one number.

        Parameters
        ----------
        reference : array, DataFrame or mapping of columns, optional
            As in `LocalExplanations.to_shap`, which says what the values are.

        Returns
        -------
        shap.Explanation
            Of a text, `data` holds its words, as shap's text plot wants them.
        """
        return self.batch.to_shap(reference=reference)[0]

    def to_lime(self, *, n_features: int = 10) -> Any:
        """Make the lime package's own object, with its lists and pictures.

        Classes are numbered as they were explained; of a regression, 1 is the answer and 0 its
        negative, as in lime. Its `score` is the fidelity on fresh perturbations, not lime's R²
        of the fit, and `local_pred` that of the class that the model decides for.

        Parameters
        ----------
        n_features : int
            Features at most, those of the largest coefficients.

        Returns
        -------
        lime.explanation.Explanation

        Raises
        ------
        MissingDependency
            If lime is not installed.
        """
        return to_lime(self, n_features=n_features)

    def plot(self, ax: Axes | None = None, *, label: Label | None = None) -> Axes:
        """Draw the strongest effects as bars, with intervals where errors are claimed.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn on; new ones if not given.
        label : optional
            The class to draw; that which the model finds likeliest (of two, the second) if
            not given.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        OptionError
            If the class was not explained.
        """
        return self._bars(ax, label=label, top=12)

    def _bars(self, ax: Axes | None, *, label: Label | None, top: int) -> Axes:
        """So many bars at most, and the fidelity above them."""
        k = printing.shown_classes(self)[0] if label is None else self._column(label)
        features = shown(self.batch.domain.features)
        terms = self.batch.encoding.terms(features, self.batch.rows[0])
        score = self.fidelity[k]
        bad = "bad explanation: " if words.local_doubts(self, k) else ""
        return plot_effects(
            [term_text(term, features) for term in terms],
            self.coef[k],
            half=printing.half_widths(self, k),
            level=self.batch.fidelity.level,
            title=f"row {self.index}, {class_name(self.classes, k)}",
            below=f"{bad}{score}",
            top=top,
            ax=ax,
        )

    def _column(self, label: Label) -> int:
        """Position of a class among the explained ones."""
        return class_column(self.classes, label)

    def __str__(self) -> str:
        return printing.local_text(self)

    def __repr__(self) -> str:
        return f"<LocalExplanation {self.batch.method}, row {self.index}>"

    def _repr_html_(self) -> str:
        return notebook(html.local_html(self))


def _first(array: FloatArray) -> FloatArray:
    """What the batch's only row has."""
    first: FloatArray = array[0]
    return first

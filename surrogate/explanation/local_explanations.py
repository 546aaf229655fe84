"""Linear readings of a model around chosen rows, one per row and class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np

from surrogate._validate import Real, check
from surrogate.errors import DataError
from surrogate.explanation import frames, html, markdown, printing
from surrogate.explanation.encoding import SharedEncoding, encoding_from_dict
from surrogate.explanation.local_explanation import LocalExplanation
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.explanation.local_stability import LocalStability
from surrogate.explanation.pictures import plot_rows
from surrogate.explanation.row_pick import Choices, RowPick, pick_rows
from surrogate.explanation.rows_summary import RowsSummary, summarise
from surrogate.explanation.serial import Document, digest, pack, plain, unpack
from surrogate.explanation.to_shap import to_shap
from surrogate.forms import Linear
from surrogate.render.fragments import notebook
from surrogate.types import FloatArray, IntArray, Label, Task

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from surrogate.domain import Domain
    from surrogate.oracle import Queries

__all__ = ["LocalExplanations"]


@dataclass(frozen=True, eq=False)
class LocalExplanations(Document):
    """n explained rows, k explained classes, d features.

    Parameters
    ----------
    method : str
        Name in `surrogate.methods.METHODS`, such as "lime".
    domain : Domain
        What a row is; user rows pass through it.
    task : {"classification", "regression"}
    rows : array of shape (n, d)
        The explained rows, as the domain encodes them.
    coef : array of shape (n, k, d)
        Change of the model's answer per unit of z, in the unit of the answer.
    intercept : array of shape (n, k)
    encoding : Binned, Scaled or Present
        How x becomes z around a row.
    box_values, local_values : arrays of shape (n, k)
        What the model, and the local form, say of the row itself.
    fidelity : LocalFidelity
    classes : tuple or None
        The k explained classes; None for regression.
    coef_se : array of shape (n, k, d) or None
        Standard errors of the coefficients, where they are claimed; NaN where a row has too
        few samples.
    dof : int or None
        Degrees of freedom of the standard errors, for quantiles of Student's t; None: normal.
    widths : array of shape (n,) or None
        Kernel width of each row, in units of z.
    stability : LocalStability or None
        The same rows fitted again under other seeds, where that was asked for.
    plan_errors : array of shape (3, k, d) or None
        Standard errors that the plan, which the rows share, leaves in the mean coefficient, the
        mean absolute coefficient and the share above 0 over all rows; for `summary`.
    index : tuple of n str or int
        What the rows are called; 0, 1, ... if not said.
    flags : tuple of n tuples of str
        What is bad about a row's explanation, each said as a clause.
    target : str
        What the model is called.
    queries : Queries or None
    settings : mapping
        Options, seeds, versions, hashes: what it takes to do it again.
    notes : tuple of str
        Warnings that a reader must see.
    interrupted : bool
        Whether it ended before its plan did, with fewer rows or samples than wanted; what
        there is, is kept.
    """

    SCHEMA: ClassVar[str] = "surrogate/local-explanations"

    method: str
    domain: Domain
    task: Task
    rows: FloatArray
    coef: FloatArray
    intercept: FloatArray
    encoding: SharedEncoding
    box_values: FloatArray
    local_values: FloatArray
    fidelity: LocalFidelity
    classes: tuple[Label, ...] | None = None
    coef_se: FloatArray | None = None
    dof: int | None = None
    widths: FloatArray | None = None
    stability: LocalStability | None = None
    plan_errors: FloatArray | None = None
    index: tuple[str | int, ...] = ()
    flags: tuple[tuple[str, ...], ...] = ()
    target: str = "the model"
    queries: Queries | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def __post_init__(self) -> None:
        for name in ("rows", "coef", "intercept", "box_values", "local_values"):
            object.__setattr__(self, name, _readonly(getattr(self, name)))
        for name in ("coef_se", "widths", "plan_errors"):
            array = getattr(self, name)
            object.__setattr__(self, name, None if array is None else _readonly(array))
        object.__setattr__(self, "settings", plain(self.settings))
        object.__setattr__(self, "index", tuple(plain(self.index or range(len(self.rows)))))
        if not self.flags:
            object.__setattr__(self, "flags", ((),) * len(self.rows))
        self._check()

    def _check(self) -> None:
        """Hold the arrays to one (n, k, d)."""
        n, k, d = self.coef.shape
        wanted = {
            "rows": (n, d),
            "intercept": (n, k),
            "box_values": (n, k),
            "local_values": (n, k),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise DataError(
                    f"`{name}` of LocalExplanations must have shape {shape} to fit `coef` of "
                    f"shape {(n, k, d)}; got {getattr(self, name).shape}."
                )
        for name in ("flags", "index", "fidelity", "stability"):
            if getattr(self, name) is not None and len(getattr(self, name)) != n:
                raise DataError(
                    f"`{name}` of LocalExplanations must have {n} entries, one a row; got "
                    f"{len(getattr(self, name))}."
                )

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[LocalExplanation]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> LocalExplanation: ...
    @overload
    def __getitem__(self, index: slice) -> LocalExplanations: ...
    def __getitem__(self, index: int | slice) -> LocalExplanation | LocalExplanations:
        if isinstance(index, slice):
            return self._take(index)
        n = len(self)
        i = int(index)
        if not -n <= i < n:
            raise IndexError(f"row {i} of {n} explained rows")
        i %= n
        return LocalExplanation(self._take(slice(i, i + 1)))

    def _take(self, rows: slice | IntArray) -> LocalExplanations:
        n = len(self)
        places = [*range(n)[rows]] if isinstance(rows, slice) else [i % n for i in rows.tolist()]
        whole = len(places) == n and sorted(places) == [*range(n)]
        return replace(
            self,
            rows=self.rows[rows],
            coef=self.coef[rows],
            intercept=self.intercept[rows],
            box_values=self.box_values[rows],
            local_values=self.local_values[rows],
            fidelity=self.fidelity[rows],
            coef_se=None if self.coef_se is None else self.coef_se[rows],
            widths=None if self.widths is None else self.widths[rows],
            stability=None if self.stability is None else self.stability[rows],
            plan_errors=self.plan_errors if whole else None,
            index=tuple(self.index[i] for i in places),
            flags=tuple(self.flags[i] for i in places),
        )

    def take(self, rows: Sequence[int]) -> LocalExplanations:
        """Some of the rows, in the order given.

        Parameters
        ----------
        rows : sequence of int
            Positions among the explained rows.
        """
        return self._take(np.asarray(rows, dtype=np.intp))

    def summary(self, *, level: float = 0.95) -> RowsSummary:
        """Mean coefficient, mean size and share above 0 over all rows, per class and feature.

        Their errors take into account that the rows share one plan.

        Parameters
        ----------
        level : float
            Of the intervals.

        Returns
        -------
        RowsSummary

        Raises
        ------
        OptionError
            If the level is not in (0, 1).

        Examples
        --------
        >>> import numpy as np
        >>> from surrogate import explain
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> found = explain(lambda rows: rows[:, 0] ** 2, X, options={"n_samples": 500})
        >>> found.summary().mean.shape  # classes, features
        (1, 2)
        """
        check("summary", {"level": Real(0, 1, closed="neither")}, {"level": level})
        return summarise(self, level=level)

    def pick(self, n: int = 5, *, top: int | None = None, label: Label | None = None) -> RowPick:
        """Rows whose explanations together show most of what matters (SP-LIME).

        Greedy: each row adds the most importance that those before it do not show. A term's
        importance is the square root of its summed sizes over all rows; a row shows its `top`
        largest terms. Bins and categories are terms of their own. Fewer than n come back where
        nothing is left to add.

        Parameters
        ----------
        n : int
            Rows wanted.
        top : int, optional
            Largest coefficients of a row that count as shown. None: 5, or half of them where
            there are fewer than 10.
        label : optional
            The class whose coefficients count; of each row that which the model decides for if
            not given.

        Returns
        -------
        RowPick

        Raises
        ------
        OptionError
            If n or top is less than 1, or the class was not explained.

        References
        ----------
        Ribeiro, Singh and Guestrin, "Why should I trust you?", KDD 2016, section 4.

        Examples
        --------
        >>> import numpy as np
        >>> from surrogate import explain
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> found = explain(lambda rows: rows[:, 0] * rows[:, 1], X, options={"n_samples": 500})
        >>> len(found.pick(2, top=1))
        2
        """
        choices = Choices(
            self.coef, self.rows, self.box_values, self.encoding, self.classes, self.index
        )
        return pick_rows(choices, n, top=top, label=label)

    def predict(self, rows: Any) -> FloatArray:
        """What each local form says of the user's own rows.

        Parameters
        ----------
        rows : array, DataFrame or mapping of columns, m rows
            As the domain takes them.

        Returns
        -------
        array of shape (n, m, k)
            One answer per explained row, given row and class. It means something near the
            explained row only.
        """
        matrix = self.domain.encode(rows)
        return np.stack([form.predict_values(matrix) for form in self.forms()])

    def forms(self) -> Iterator[Linear]:
        """The n local forms, as linear forms that predict, print and export."""
        features = tuple(self.domain.features)
        for row, coef, intercept in zip(self.rows, self.coef, self.intercept):
            terms = self.encoding.terms(features, row)
            yield Linear(features, self.classes, coef, intercept, terms)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "method": self.method,
            "target": self.target,
            "task": self.task,
            "classes": plain(self.classes),
            "rows": pack(self.rows),
            "coef": pack(self.coef),
            "intercept": pack(self.intercept),
            "encoding": self.encoding.to_dict(),
            "box_values": pack(self.box_values),
            "local_values": pack(self.local_values),
            "fidelity": self.fidelity.to_dict(),
            "coef_se": pack(self.coef_se),
            "dof": self.dof,
            "widths": pack(self.widths),
            "stability": None if self.stability is None else self.stability.to_dict(),
            "plan_errors": pack(self.plan_errors),
            "index": list(self.index),
            "flags": [list(flags) for flags in self.flags],
            "queries": None if self.queries is None else self.queries.to_dict(),
            "domain": self.domain.to_dict(),
            "settings": self.settings,
            "notes": list(self.notes),
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LocalExplanations:
        """Give back the explanations that `to_dict` described."""
        from surrogate.domain import domain_from_dict
        from surrogate.explanation.parts import optional
        from surrogate.oracle import Queries

        return cls(
            method=data["method"],
            domain=domain_from_dict(data["domain"]),
            task=data["task"],
            rows=unpack(data["rows"]),
            coef=unpack(data["coef"]),
            intercept=unpack(data["intercept"]),
            encoding=encoding_from_dict(data["encoding"]),
            box_values=unpack(data["box_values"]),
            local_values=unpack(data["local_values"]),
            fidelity=LocalFidelity.from_dict(data["fidelity"]),
            classes=optional(tuple, data["classes"]),
            coef_se=optional(unpack, data["coef_se"]),
            dof=data["dof"],
            widths=optional(unpack, data["widths"]),
            stability=optional(LocalStability.from_dict, data.get("stability")),
            plan_errors=optional(unpack, data.get("plan_errors")),
            index=tuple(data["index"]),
            flags=tuple(tuple(flags) for flags in data["flags"]),
            target=data["target"],
            queries=optional(Queries.from_dict, data["queries"]),
            settings=data["settings"],
            notes=tuple(data["notes"]),
            interrupted=data.get("interrupted", False),
        )

    def to_markdown(self) -> str:
        """A summary in GitHub-flavoured Markdown, such as for a pipeline's page."""
        return markdown.locals_markdown(self, digest(self.to_json()))

    def to_frame(self) -> pd.DataFrame:
        """One line a row, class and feature, fidelity included, as a pandas DataFrame.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        return frames.local_frame(self)

    def to_shap(self, *, reference: Any = None) -> Any:
        """A `shap.Explanation`, for the plots of the shap package.

        Its values say by how much each feature moves the local form at the row: values and
        base value of a row add up to `local_values`. Of Shapley values, they are these, and the
        base value is the mean answer over the background. Of LIME, they are coefficient times
        z, and the base value is the intercept: the local form where every z is 0, such as no
        feature in the row's bin. With `reference`, z is counted from its mean over those rows,
        and the base value is the local form's mean there: these are the Shapley values of the
        local form.

        Parameters
        ----------
        reference : array, DataFrame or mapping of columns, optional
            Rows to compare with, as the domain takes them. LIME's "neighbours", "gaussian" and
            "kernel" need it, since their effects are slopes around each row.

        Returns
        -------
        shap.Explanation
            values (n, d, k), or (n, d) for a regression of one number; `data` holds numbers, with
            codes of categories, and `display_data` their names; `lower_bounds` and
            `upper_bounds` are intervals, where standard errors are claimed.

        Raises
        ------
        OptionError
            If `reference` is missing where it is needed, or given for Shapley values.
        MissingDependency
            If shap is not installed.
        """
        return to_shap(self, reference=reference)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str = "bars",
        label: Label | None = None,
        order: str = "answer",
        top: int | None = None,
    ) -> Axes:
        """Draw the first row's effects as bars, or the effects of all rows.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn on; new ones if not given.
        kind : {"bars", "beeswarm", "heatmap"}
            "bars": of the first row; ``explanations[i].plot()`` draws another's. "beeswarm": a
            point for each row and feature, coloured by the feature's value, pale where the row
            is explained badly. "heatmap": a column for each row. Of more than 1,000 rows, 1,000
            are drawn at even distances.
        label : optional
            The class to draw; of two the second, of more the one that the model finds likeliest
            on average, if not given.
        order : {"answer", "similarity"}
            Of a heat map's rows: by what the model says, or like beside like.
        top : int, optional
            Features at most; 12, or 30 in a heat map, if not given.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        OptionError
            If the kind or the order is unknown, or the class was not explained.
        MissingDependency
            If matplotlib is not installed.
        """
        return plot_rows(self, kind=kind, label=label, order=order, top=top, ax=ax)

    def __str__(self) -> str:
        return printing.locals_text(self)

    def __repr__(self) -> str:
        n, k, d = self.coef.shape
        return f"<LocalExplanations {self.method}, {n} rows, {k} outputs, {d} features>"

    def _repr_html_(self) -> str:
        return notebook(html.locals_html(self))


def _readonly(array: Any) -> FloatArray:
    """A float64 view that cannot be written through."""
    view = np.asarray(array, dtype=np.float64).view()
    view.flags.writeable = False
    return view

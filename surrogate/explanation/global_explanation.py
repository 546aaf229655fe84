"""One surrogate of a whole model, with the proof of how far it may be trusted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from surrogate.errors import AbilityError
from surrogate.explanation import files, frames, html, markdown, printing, words
from surrogate.explanation.serial import Document, digest, plain
from surrogate.forms import DecisionGraph, Form, Linear, RuleSet, Tree, Why, why
from surrogate.render.describe import form_name
from surrogate.render.fragments import notebook
from surrogate.render.plot_curve import plot_curve
from surrogate.render.plot_effects import plot_effects
from surrogate.render.plot_rules import plot_rules
from surrogate.render.plot_scores import plot_groups
from surrogate.render.plot_tree import plot_tree

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

    from surrogate.domain import Domain
    from surrogate.fidelity import Curve, Fidelity, Stability, Verdict
    from surrogate.oracle import Queries
    from surrogate.types import FloatArray, Label, Task

__all__ = ["GlobalExplanation"]


@dataclass(frozen=True, eq=False)
class GlobalExplanation(Document):
    """A form that answers like the model, and how often it does.

    Parameters
    ----------
    method : str
        Name in `surrogate.methods.METHODS`, such as "cart".
    form : Tree, DecisionGraph, RuleSet or Linear
        What is shown, and what was measured.
    domain : Domain
        What a row is; user rows pass through it.
    task : {"classification", "regression"}
    fidelity : tuple of Fidelity
        One per distribution of rows; the first backs the claim (held-out real rows).
    classes : tuple or None
        Class names in column order; None for regression.
    target : str
        What the model is called.
    curve : Curve or None
        Fidelity against the size of the surrogate.
    stability : Stability or None
        The same explanation refitted under other seeds.
    rules : RuleSet or None
        The simplified rules of a tree.
    verdict : Verdict or None
        Whether a target of agreement is met, where one was set.
    queries : Queries or None
        Rows and calls spent.
    settings : mapping
        Options, seeds, versions, hashes: what it takes to do it again.
    notes : tuple of str
        Warnings that a reader must see.
    interrupted : bool
        Whether it ended before its plan did; what there is, is kept.
    """

    SCHEMA: ClassVar[str] = "surrogate/global-explanation"

    method: str
    form: Form
    domain: Domain
    task: Task
    fidelity: tuple[Fidelity, ...]
    classes: tuple[Label, ...] | None = None
    target: str = "the model"
    curve: Curve | None = None
    stability: Stability | None = None
    rules: RuleSet | None = None
    verdict: Verdict | None = None
    queries: Queries | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", plain(self.settings))

    def predict(self, rows: Any) -> np.ndarray[Any, Any]:
        """What the surrogate says of the user's own rows.

        Parameters
        ----------
        rows : array, DataFrame or mapping of columns, n rows
            As the domain takes them: raw units, columns by name in any order.

        Returns
        -------
        array of shape (n,)
            Class names, or values in the unit of the model's output.

        Raises
        ------
        DataError
            If the rows do not fit the domain.
        """
        predicted = np.asarray(self.form.predict(self.domain.encode(rows)))
        if self.classes is None:
            return predicted
        named: np.ndarray[Any, Any] = np.asarray(self.classes)[predicted]
        return named

    def predict_values(self, rows: Any) -> FloatArray:
        """What the surrogate says, as probabilities, scores or values of shape (n, k)."""
        return np.asarray(self.form.predict_values(self.domain.encode(rows)), dtype=np.float64)

    def why(
        self,
        rows: Any,
        *,
        to: Label | None = None,
        fixed: Collection[str] = (),
        keep_protected: bool = False,
        max_changes: int = 3,
    ) -> tuple[Why, ...]:
        """Which rule or leaf decides for the user's own rows, and what would change it.

        What is told of is the surrogate's answer; whether the model's changes too, only
        asking the model tells.

        Parameters
        ----------
        rows : array, DataFrame or mapping of columns, n rows
        to : label, optional
            The class that is wished for; by default any other.
        fixed : collection of str
            Features that must not change.
        keep_protected : bool
            Whether protected features must not change either.
        max_changes : int
            Features that may change at once.

        Returns
        -------
        tuple of surrogate.forms.Why
            One a row; print it. Distances are in standard deviations of the fitted rows.

        Raises
        ------
        AbilityError
            If the form is linear, and so has no rules.
        """
        if isinstance(self.form, Linear):
            raise AbilityError("A linear form has no rules that decide; see its coefficients.")
        return tuple(
            why(
                self.form,
                row,
                scale=self.settings.get("feature scale"),
                fixed=fixed,
                keep_protected=keep_protected,
                max_changes=max_changes,
                to=to,
                allowed=self.domain.feasible,
            )
            for row in self.domain.encode(rows)
        )

    def export(self, path: str | Path, *, format: str | None = None, rules: bool = False) -> None:
        """Write the form for other programs and for people, its fidelity on top.

        Parameters
        ----------
        path : str or Path
            The suffix says the format: .txt, .md, .json, .py, .sql, .dot (.gv); .png, .svg
            and .pdf are drawn.
        format : str, optional
            A name of `surrogate.export.FORMATS`, whatever the suffix.
        rules : bool
            Write the simplified rules of a tree, which decide the same, and not the tree.

        Raises
        ------
        InputError
            If no format is said, or it cannot say this form.
        AbilityError
            If there are no rules beside the form.
        MissingDependency
            If a picture is wanted and matplotlib is not installed.
        """
        files.write_form(self, path, format=format, rules=rules)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "method": self.method,
            "target": self.target,
            "task": self.task,
            "classes": plain(self.classes),
            "form": self.form.to_dict(),
            "rules": None if self.rules is None else self.rules.to_dict(),
            "fidelity": [one.to_dict() for one in self.fidelity],
            "curve": None if self.curve is None else self.curve.to_dict(),
            "stability": None if self.stability is None else self.stability.to_dict(),
            "verdict": None if self.verdict is None else self.verdict.to_dict(),
            "queries": None if self.queries is None else self.queries.to_dict(),
            "domain": self.domain.to_dict(),
            "settings": self.settings,
            "notes": list(self.notes),
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GlobalExplanation:
        """Give back the explanation that `to_dict` described."""
        from surrogate.domain import Domain
        from surrogate.explanation.parts import optional
        from surrogate.fidelity import Curve, Fidelity, Stability, Verdict
        from surrogate.forms import form_from_dict
        from surrogate.oracle import Queries

        classes = data["classes"]
        return cls(
            method=data["method"],
            form=form_from_dict(data["form"]),
            domain=Domain.from_dict(data["domain"]),
            task=data["task"],
            fidelity=tuple(Fidelity.from_dict(one) for one in data["fidelity"]),
            classes=None if classes is None else tuple(classes),
            target=data["target"],
            curve=optional(Curve.from_dict, data["curve"]),
            stability=optional(Stability.from_dict, data["stability"]),
            rules=optional(RuleSet.from_dict, data["rules"]),
            verdict=optional(Verdict.from_dict, data["verdict"]),
            queries=optional(Queries.from_dict, data["queries"]),
            settings=data["settings"],
            notes=tuple(data["notes"]),
            interrupted=data["interrupted"],
        )

    def to_markdown(self, *, min_fidelity: float | None = None) -> str:
        """A summary in GitHub-flavoured Markdown, such as for a pipeline's page.

        Parameters
        ----------
        min_fidelity : float, optional
            Say whether the lower end of the interval reaches it.
        """
        return markdown.global_markdown(self, digest(self.to_json()), min_fidelity=min_fidelity)

    def to_frame(self) -> pd.DataFrame:
        """Every measured figure with its interval as a pandas DataFrame, one a line.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        return frames.fidelity_frame(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the form: a tree as a picture, rules and linear forms as bars.

        A decision graph is drawn as its rules.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Drawn on; new ones if not given.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        AbilityError
            If the form is a decision graph with too many rules to write out.
        """
        form = self.rules if isinstance(self.form, DecisionGraph) else self.form
        if form is None:
            raise AbilityError(
                f"This {self.method!r} explanation is {form_name(self.form)} that stands for too "
                "many rules to draw; print it."
            )
        if isinstance(form, Tree):
            return plot_tree(form, ax=ax)
        if isinstance(form, RuleSet):
            return plot_rules(form, ax=ax)
        names = [term.text(form.features) for term in form.terms]
        return plot_effects(names, form.coef[-1], title=words.claim(self), ax=ax)

    def plot_fidelity(self, ax: Axes | None = None) -> Axes:
        """Draw fidelity against the size of the surrogate, with its band.

        Raises
        ------
        AbilityError
            If fidelity was measured at one size only.
        """
        if self.curve is None:
            raise AbilityError(
                f"This {self.method!r} explanation has no curve: its fidelity was measured at "
                "one size only. Print it, or see `.fidelity`."
            )
        return plot_curve(self.curve, chosen=chosen_size(self), ax=ax)

    def plot_groups(self, ax: Axes | None = None) -> Axes:
        """Draw the fidelity of every class and group, with intervals, beside that of all rows.

        Raises
        ------
        AbilityError
            If fidelity was measured by no class or group.
        """
        if not self.fidelity[0].groups:
            raise AbilityError(
                f"The fidelity of this {self.method!r} explanation was measured by no class or "
                "group; see `.fidelity` for all rows together."
            )
        return plot_groups(self.fidelity[0], ax=ax)

    def __str__(self) -> str:
        return printing.global_text(self)

    def __repr__(self) -> str:
        main = self.fidelity[0]
        return f"<GlobalExplanation {self.method}, {form_name(self.form)}; {main}>"

    def _repr_html_(self) -> str:
        return notebook(html.global_html(self))


def chosen_size(explanation: GlobalExplanation) -> int | None:
    """Size of the form that is shown, in the unit of its curve."""
    if explanation.curve is None:
        return None
    size = explanation.form.size.get(explanation.curve.unit)
    return None if size is None else int(size)

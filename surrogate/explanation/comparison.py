"""Everything that one comparison of models found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from surrogate.explanation import (
    comparison_frames,
    comparison_html,
    comparison_pictures,
    comparison_text,
    markdown,
)
from surrogate.explanation.compared import Measured, ModelFacts, Size, Transfer
from surrogate.explanation.contrast import Contrast
from surrogate.explanation.evidence import Evidence
from surrogate.explanation.global_explanation import GlobalExplanation
from surrogate.explanation.joint_tree import Disagreement
from surrogate.explanation.parts import optional
from surrogate.explanation.serial import Document, digest, plain
from surrogate.render.fragments import notebook

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from surrogate.oracle import Queries

__all__ = ["Comparison"]


@dataclass(frozen=True, eq=False)
class Comparison(Document):
    """Several models, read by the same surrogates on the same rows, and how they differ.

    Parameters
    ----------
    models : tuple of ModelFacts
    measured : tuple of Measured
        Every figure; the verdicts stand on them.
    rows : tuple of Contrast
        One a pair of models or arms, method, region, metric and scale.
    sizes : tuple of Size
    transfer : tuple of Transfer
        Attacker × target.
    surrogates : tuple of (str, GlobalExplanation)
        Each model's surrogates, under the model's name.
    disagreement : Disagreement or None
        The joint tree.
    data : mapping
        Facts of the table: source, rows, columns, hash, split.
    queries : mapping from str to Queries
        What was asked of each model.
    test : mapping
        How verdicts were made: "unit", "statistic", "resamples", "correction", "family" (how
        many tests), "declared" (of what the family consists), "level", "seed".
    settings : mapping
        Command, seed, versions: what it takes to do it again.
    notes : tuple of str
        Warnings that a reader must see.
    interrupted : bool
        Whether it ended before its plan did; what there is, is kept.
    evidence : Evidence or None
        Sums by source row that figures and verdicts are computed from, for `surrogate.verify`.
    """

    SCHEMA: ClassVar[str] = "surrogate/comparison"

    models: tuple[ModelFacts, ...]
    measured: tuple[Measured, ...]
    rows: tuple[Contrast, ...] = ()
    sizes: tuple[Size, ...] = ()
    transfer: tuple[Transfer, ...] = ()
    surrogates: tuple[tuple[str, GlobalExplanation], ...] = ()
    disagreement: Disagreement | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    queries: Mapping[str, Queries] = field(default_factory=dict)
    test: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        for name in ("data", "test", "settings"):
            object.__setattr__(self, name, plain(getattr(self, name)))

    @property
    def names(self) -> tuple[str, ...]:
        """The models' names."""
        return tuple(model.name for model in self.models)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms' names, each once."""
        return tuple(dict.fromkeys(model.arm for model in self.models))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found = self.disagreement
        return {
            "models": [one.to_dict() for one in self.models],
            "measured": [one.to_dict() for one in self.measured],
            "rows": [one.to_dict() for one in self.rows],
            "sizes": [one.to_dict() for one in self.sizes],
            "transfer": [one.to_dict() for one in self.transfer],
            "surrogates": [[name, one.to_dict()] for name, one in self.surrogates],
            "disagreement": None if found is None else found.to_dict(),
            "data": self.data,
            "queries": {name: one.to_dict() for name, one in self.queries.items()},
            "test": self.test,
            "settings": self.settings,
            "notes": list(self.notes),
            "interrupted": self.interrupted,
            "evidence": None if self.evidence is None else self.evidence.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Give back the result that `to_dict` described."""
        from surrogate.oracle import Queries

        return cls(
            models=tuple(ModelFacts.from_dict(one) for one in data["models"]),
            measured=tuple(Measured.from_dict(one) for one in data["measured"]),
            rows=tuple(Contrast.from_dict(one) for one in data["rows"]),
            sizes=tuple(Size.from_dict(one) for one in data["sizes"]),
            transfer=tuple(Transfer.from_dict(one) for one in data["transfer"]),
            surrogates=tuple(
                (name, GlobalExplanation.from_dict(one)) for name, one in data["surrogates"]
            ),
            disagreement=optional(Disagreement.from_dict, data["disagreement"]),
            data=data["data"],
            queries={name: Queries.from_dict(one) for name, one in data["queries"].items()},
            test=data["test"],
            settings=data["settings"],
            notes=tuple(data["notes"]),
            interrupted=data["interrupted"],
            evidence=optional(Evidence.from_dict, data.get("evidence")),
        )

    def to_markdown(self, *, min_fidelity: float | None = None) -> str:
        """A summary in GitHub-flavoured Markdown, such as for a pipeline's page.

        Parameters
        ----------
        min_fidelity : float, optional
            Say whether the lower end of the interval reaches it.
        """
        return markdown.comparison_markdown(self, digest(self.to_json()), min_fidelity=min_fidelity)

    def to_frame(self, what: str = "contrasts") -> pd.DataFrame:
        """Figures as a pandas DataFrame, one a line, with their intervals.

        Parameters
        ----------
        what : {"contrasts", "measured", "models", "transfer"}
            Verdicts; figures of surrogates; figures of the models themselves (accuracy,
            robust accuracy, calibration, spread); attacker × target.

        Raises
        ------
        InputError
            If `what` is another word.
        MissingDependency
            If pandas is not installed.
        """
        return comparison_frames.frame(self, what)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str = "radius",
        method: str | None = None,
        over: str | None = None,
        trained: Mapping[str, float] | None = None,
        top: int = comparison_pictures.TOP,
    ) -> list[Axes]:
        """Draw curves over the radius, the verdicts, or the table of transfer.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Of `pyplot.subplots`; its place is divided. New ones if not given.
        kind : {"radius", "contrasts", "transfer"}
            Agreement, R², MSE, spread of the output and the surrogate's own accuracy over the
            radius, with their bands; effects with their intervals, each verdict in words;
            error rates, attacker × target.
        method : str, optional
            Whose curves or verdicts; the first method's, or all verdicts, if not given.
        over : {"noise", "adversarial", "local"}, optional
            What grows along the curves: noise, an attack's radius, the kernel's width. The
            first that was swept if not given.
        trained : mapping from str to float, optional
            The radius that an arm was trained for, by its name; marked, since a curve reads
            differently inside and outside. A model's facts may say it as "trained_eps".
        top : int
            Verdicts at most, those on held-out rows first.

        Returns
        -------
        list of matplotlib.axes.Axes
            One a metric, or one a table.

        Raises
        ------
        AbilityError
            If there is nothing of that kind to draw.
        OptionError
            If there are no such curves.
        MissingDependency
            If matplotlib is not installed.
        """
        return comparison_pictures.plot(
            self, kind=kind, method=method, over=over, trained=trained, top=top, ax=ax
        )

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one self-contained HTML page.

        Parameters
        ----------
        path : str or path
            Where to; an existing file is replaced when the page is complete.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        MissingDependency
            If Jinja2 or matplotlib is not installed.
        InputError
            If the folder does not exist.
        """
        from surrogate.report import write_report

        return write_report(self, path)

    def __str__(self) -> str:
        return comparison_text.text(self)

    def __repr__(self) -> str:
        shown = sum(one.shown for one in self.rows)
        ended = ", interrupted" if self.interrupted else ""
        return (
            f"<{type(self).__name__} of {', '.join(self.arms)}: {len(self.rows):,} verdicts, "
            f"{shown:,} with a difference shown{ended}>"
        )

    def _repr_html_(self) -> str:
        return notebook(comparison_html.html(self))

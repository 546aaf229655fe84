"""What the methods share that look into a net: which layers, which rows, and what is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from sklearn.utils.validation import check_is_fitted

from surrogate._validate import NoneOr, Real, Rule, Whole, check
from surrogate.errors import AbilityError, InputError
from surrogate.oracle.oracle import no_activations
from surrogate.rules._goals import Goals, goals_of
from surrogate.rules._terms import Layers
from surrogate.trees._ask import Asked, ask_around, draw_rows
from surrogate.trees._c45_grow import C45Options
from surrogate.trees._estimator import SAMPLING, Distils
from surrogate.types import FloatArray, HasActivations, Task

__all__ = ["LAYERED", "Layered", "Names", "named_layers"]

Names: TypeAlias = str | Sequence[str] | None

DEEPEST = 40


class _LayerNames:
    """The rule of layers: a name, several, or None."""

    def holds(self, value: Any) -> bool:
        if value is None or isinstance(value, str):
            return True
        return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)

    def __str__(self) -> str:
        return "the name of a layer, a sequence of names, or None"


LAYERED: Mapping[str, Rule] = {
    **{name: SAMPLING[name] for name in ("n_queries", "sampler", "jitter", "real_weight")},
    "random_state": SAMPLING["random_state"],
    "min_cases": Real(1),
    "confidence": Real(0, 1, "right"),
    "max_leaves": Whole(2),
    "max_units": Whole(1),
    "max_rules": Whole(1),
    "n_intervals": Whole(2),
    "layers": _LayerNames(),
    "layer": NoneOr(_LayerNames()),
}
"""Rules of the options that the methods share."""


class Layered(Distils):
    """A global method that reads hidden layers; a method gives `_learn`, as in `Distils`."""

    rules: ClassVar[Mapping[str, Rule]] = LAYERED
    _task: ClassVar[Task]
    min_cases: float
    confidence: float
    max_leaves: int
    max_units: int
    max_rules: int
    layers_: tuple[str, ...]

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Look into the model for the rows given, and learn the form.

        Parameters
        ----------
        X : array, DataFrame or mapping of columns, n rows
            The population, in the user's own units.
        y : None
            The model's own decisions are explained.
        sample_weight : array of shape (n,), optional
            What each row of X weighs, and what is drawn around it.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If there is no oracle, or a y.
        AbilityError
            If the oracle's model shows no hidden layers, or has another task.
        OptionError
            If a parameter is out of its range, or there is no such layer.
        DataError
            If rows do not fit the domain.
        BudgetTooSmall
            If the rows do not fit the oracle's budget; nothing was asked then.
        """
        owner = type(self).__name__
        check(owner, self.rules, self.get_params(deep=False))
        if self.oracle is None or y is not None:
            raise InputError(
                f"{owner} explains a model by its hidden layers: it needs an oracle that asks "
                "such a model, and takes no y."
            )
        self.layers_ = self._chosen(_layers_of(self.oracle))
        super().fit(X, None, sample_weight)
        del self._seen  # large, and learnt from
        return self

    def path(self, sizes: Sequence[int]) -> list[Any]:
        """The form fitted, whatever the sizes: what is read of a net has no smaller versions.

        Parameters
        ----------
        sizes : sequence of int

        Returns
        -------
        forms : list of one form
        """
        check_is_fitted(self, "form_")
        return [self.form_]

    @property
    def is_drawn(self) -> bool:
        """Whether another seed may give another form."""
        return self.n_queries > 0

    def _chosen(self, hidden: tuple[str, ...]) -> tuple[str, ...]:
        """Which layers are read, of those found."""
        raise NotImplementedError

    def _ask_part(
        self,
        domain: Any,
        matrix: FloatArray,
        weight: FloatArray,
        *,
        n: int,
        purpose: str,
        seed: int,
    ) -> Asked:
        """Answers and activations of some real rows and n perturbed ones around them."""
        sample = None
        if n:
            sample = draw_rows(self.sampler, domain, matrix, n=n, jitter=self.jitter, seed=seed)
        asked = ask_around(
            self.oracle,
            matrix,
            weight,
            task=self._task,
            owner=type(self).__name__,
            sample=sample,
            real_weight=self.real_weight,
            purpose=purpose,
            layers=self.layers_,
        )
        assert asked.activations is not None
        self._seen = [asked.activations[layer] for layer in self.layers_]
        return asked

    def _layers(self) -> Layers:
        """Inputs and activations of the rows fitted, as trees are grown on them."""
        rows = self.rows_
        seen = [_most_varying(units, self.max_units) for units in self._seen]
        for layer, units in zip(self.layers_, self._seen):
            if units.shape[1] > self.max_units:
                self._say(
                    f"Layer {layer} has {units.shape[1]:,} units; the {self.max_units:,} that "
                    "vary most were read (max_units)."
                )
        options = C45Options(
            min_cases=self.min_cases, confidence=self.confidence, max_depth=DEEPEST
        )
        return Layers(rows.features, (rows.matrix, *seen), rows.weight, options, self.max_leaves)

    def _goals(self) -> Goals:
        """What is to be decided of each row fitted."""
        n_intervals = self.get_params(deep=False).get("n_intervals", 2)
        return goals_of(self.rows_, n_intervals=n_intervals)

    def _say(self, note: str) -> None:
        """Add to what a reader must know of the fit."""
        self.notes_ = (*self.notes_, note)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _layers_of(oracle: Any) -> tuple[str, ...]:
    """The hidden layers of an oracle's model, from input to output."""
    box = oracle.box
    if not isinstance(box, HasActivations):
        raise AbilityError(no_activations(box.traits))
    return box.hidden_layers()


def named_layers(owner: str, given: Names, hidden: tuple[str, ...], box: Any) -> tuple[str, ...]:
    """The layers wanted, or all that were found; an error where there is none."""
    if isinstance(given, str):
        return (given,)
    if given:
        return tuple(given)
    if hidden:
        return hidden
    known = ", ".join(box.layers()) or "none"
    raise AbilityError(
        f"{owner} found no hidden layer in {box.traits.name}: none of its weighted layers feeds "
        f"another one. Name one of its layers ({known}), or use a method that needs labels only."
    )


def _most_varying(units: FloatArray, most: int) -> FloatArray:
    """At most so many units (n, u), those of the largest variance."""
    if units.shape[1] <= most:
        return units
    spread = units.var(axis=0)
    return units[:, np.sort(np.argsort(-spread, kind="stable")[:most])]

"""Estimators and pipelines of scikit-learn, and what is built like them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from math import prod
from typing import Any

import numpy as np

from surrogate.adapters._base import Box, Declared, Preprocess, blame, check_renaming, declare
from surrogate.adapters._decisions import decides_by_argmax, inner, is_of
from surrogate.adapters._replies import to_reply
from surrogate.adapters._rows import check_width, frame, matrix
from surrogate.errors import AbilityError, InputError, ModelError, OptionError
from surrogate.types import Label, Output, Reply, Task, Traits

__all__ = ["SklearnBox"]

_METHODS: dict[Output, str] = {
    "probabilities": "predict_proba",
    "scores": "decision_function",
    "labels": "predict",
    "values": "predict",
}
_FLOAT32 = (  # these cast rows to float32 before they look at them
    "sklearn.ensemble._forest.BaseForest",
    "sklearn.ensemble._gb.BaseGradientBoosting",
    "sklearn.tree._classes.BaseDecisionTree",
)


class SklearnBox(Box):
    """A fitted estimator or pipeline.

    The answers are its ``predict_proba``, else its ``decision_function``, else its
    ``predict``; with the labels of ``predict`` beside probabilities or scores, since a
    tuned threshold may decide otherwise than the largest column. Where scikit-learn's own
    ``predict`` is plainly the largest column, it is not paid for a second time.

    Parameters
    ----------
    model : estimator
        Fitted. If it was fitted on a DataFrame, columns are matched by name.
    task : {"classification", "regression"}, optional
        Needed only where the estimator does not say.
    output : {"labels", "probabilities", "scores", "values"}, optional
        Picks the method: "probabilities" for ``predict_proba``, "scores" for
        ``decision_function``, "labels" or "values" for ``predict``.
    classes : sequence, optional
        Names for the estimator's classes, in the order of its ``classes_``.
    columns : sequence of str, optional
        Columns that `preprocess` or the estimator wants, in its order.
    preprocess : callable, optional
        Runs on the rows before the estimator does.
    threshold : float, optional
        Two classes: the second is decided where its probability is greater than this.

    Raises
    ------
    InputError
        If `model` has no ``predict``.
    ModelError
        If it is not fitted.
    AbilityError
        If it answers several outputs at once.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from surrogate.adapters import SklearnBox
    >>> X, y = load_iris(return_X_y=True)
    >>> box = SklearnBox(LogisticRegression(max_iter=500).fit(X, y))
    >>> box.ask(X[:2]).values.shape
    (2, 3)
    """

    def __init__(
        self,
        model: Any,
        *,
        task: Task | None = None,
        output: Output | None = None,
        classes: Iterable[Label] | None = None,
        columns: Iterable[str] | None = None,
        preprocess: Preprocess | None = None,
        threshold: float | None = None,
    ) -> None:
        _check_model(model)
        said = declare(
            "SklearnBox",
            task=task,
            output=output,
            classes=classes,
            columns=columns,
            threshold=threshold,
        )
        self._model = model
        own = _own_classes(model)
        said = _completed(said, model, own)
        self._method = _method(model, said)
        self._asks_decision = (
            self._method != "predict"
            and said.threshold is None
            and not decides_by_argmax(model, self._method)
        )
        self._fitted_names = _fitted_names(model)
        self._width: int | None = getattr(model, "n_features_in_", None)
        traits = _traits(model, said, self._method, preprocess=preprocess)
        super().__init__(traits, columns=said.columns, preprocess=preprocess, own_classes=own)

    def ask(self, rows: Any) -> Reply:
        """Answer one batch of rows, once.

        Raises
        ------
        DataError
            If a column is missing, or the width is not the estimator's.
        ModelError
            If the estimator raises.
        """
        rows = self._translated(self._prepare(rows))
        with blame(self.traits.name):
            answer = getattr(self._model, self._method)(rows)
            decision = self._model.predict(rows) if self._asks_decision else None
        if self._method == "predict" and self.traits.task == "classification":
            return self._reply(None, answer)
        if decision is None:
            return to_reply(answer, self.traits)
        return self._reply(answer, decision)

    def _translated(self, rows: Any) -> Any:
        """Rows as the estimator was fitted on: a frame with names, an array, or as they are."""
        if self._fitted_names is not None:
            return frame(rows, self._fitted_names, who=self.traits.name)
        if self._width is None:
            return rows
        rows = matrix(rows)
        if rows.ndim > 2 and prod(rows.shape[1:]) == self._width:
            rows = rows.reshape(len(rows), -1)  # images, (n, h, w) -> (n, h * w)
        check_width(rows, self._width, who=self.traits.name)
        return rows


def _check_model(model: Any) -> None:
    """Raise unless the model is a fitted object with a predict method."""
    if isinstance(model, type):
        raise InputError(
            f"{model.__name__} is a class, not a model; give an instance that is fitted:"
            f" {model.__name__}(...).fit(X, y)."
        )
    if not any(callable(getattr(model, name, None)) for name in (*_METHODS.values(),)):
        raise InputError(
            f"{type(model).__name__} has no predict, predict_proba or decision_function; give a"
            " fitted estimator, or a function that answers rows."
        )
    if not is_of(model, "sklearn.base.BaseEstimator"):
        return
    validation = import_module("sklearn.utils.validation")
    try:
        validation.check_is_fitted(model)
    except import_module("sklearn.exceptions").NotFittedError as error:
        raise ModelError(f"{_name(model)} is not fitted; call its fit(X, y) first.") from error


def _own_classes(model: Any) -> tuple[Label, ...] | None:
    """The estimator's classes as plain Python values, in column order."""
    classes = getattr(model, "classes_", None)
    if classes is None:
        return (-1, 1) if _estimator_type(model) == "outlier_detector" else None
    if isinstance(classes, list) and any(np.ndim(c) for c in classes):
        raise AbilityError(
            f"{_name(model)} answers {len(classes)} outputs at once, and one is explained at a"
            " time; give a function that picks one, such as"
            " `lambda rows: model.predict_proba(rows)[0]`."
        )
    return tuple(np.asarray(classes).tolist())


def _completed(said: Declared, model: Any, own: tuple[Label, ...] | None) -> Declared:
    """What the user says, completed by what the estimator says of itself."""
    task, classes = said.task, said.classes
    kind = _kind(model)
    if task is None:
        task = kind
    elif task == "regression" and kind == "classification":
        raise OptionError(
            f"{_name(model)} is a classifier; for task='regression' give a function, such as"
            " `lambda rows: model.predict_proba(rows)[:, 1]`."
        )
    if classes is None:
        classes = own if task == "classification" else None
    check_renaming("SklearnBox", _name(model), own=own, declared=classes)
    if said.threshold is not None and classes is not None and len(classes) != 2:
        raise OptionError(
            f"SklearnBox: `threshold` is for two classes; {_name(model)} has {len(classes)}."
        )
    return Declared(task, said.output, classes, said.columns, said.threshold)


def _kind(model: Any) -> Task | None:
    """The task that an estimator says it does."""
    said = _estimator_type(model)
    if said == "regressor":
        return "regression"
    if said is not None or hasattr(model, "classes_") or hasattr(model, "predict_proba"):
        return "classification"  # clusterers and outlier detectors answer labels too
    return None


def _estimator_type(model: Any) -> str | None:
    """What an estimator says it is: "classifier", "regressor", "clusterer", ..."""
    said = getattr(model, "_estimator_type", None)
    if said is None and hasattr(model, "__sklearn_tags__"):
        said = import_module("sklearn.utils").get_tags(model).estimator_type
    return None if said is None else str(said)


def _method(model: Any, said: Declared) -> str:
    """The method that gives the wanted answers."""
    if said.output is not None:
        method = _METHODS[said.output]
        if not callable(getattr(model, method, None)):
            raise OptionError(
                f"{_name(model)} has no {method}, which output={said.output!r} needs."
            )
        return method
    names = ("predict_proba", "decision_function", "predict")
    if said.task == "regression":
        names = ("predict", *names[:2])
    return next(name for name in names if callable(getattr(model, name, None)))


def _fitted_names(model: Any) -> tuple[str, ...] | None:
    """Column names that the estimator was fitted on, where it remembers them."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def _traits(model: Any, said: Declared, method: str, *, preprocess: Preprocess | None) -> Traits:
    """The traits of an estimator."""
    outputs: dict[str, Output] = {
        "predict_proba": "probabilities",
        "decision_function": "scores",
        "predict": "values" if said.task == "regression" else "labels",
    }
    settled = said.output or outputs[method]
    own = preprocess is None
    library = type(model).__module__.partition(".")[0]
    version = getattr(sys.modules.get(library), "__version__", "")
    return Traits(
        name=_name(model),
        adapter="sklearn",
        task=said.task,
        output=None if said.task is None else settled,
        classes=said.classes,
        n_features=getattr(model, "n_features_in_", None) if own else None,
        columns=said.columns or (_fitted_names(model) if own else None),
        dtype="float32" if own and is_of(model, *_FLOAT32) else "float64",
        threshold=said.threshold,
        details={"library": f"{library} {version}".strip(), "method": method},
    )


def _name(model: Any) -> str:
    """What reports call an estimator: its class, and that of the model inside."""
    name, within = type(model).__name__, inner(model)
    return name if within is None else f"{name}({_name(within)})"

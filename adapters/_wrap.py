"""Picking the adapter by looking at the model."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from surrogate.adapters._base import Preprocess, declare
from surrogate.adapters._decisions import is_of
from surrogate.adapters.callable import CallableBox
from surrogate.adapters.mlp import MlpBox, is_mlp
from surrogate.adapters.onnx import OnnxBox
from surrogate.adapters.sklearn import SklearnBox
from surrogate.adapters.torch import TorchBox
from surrogate.errors import InputError, OptionError
from surrogate.types import BlackBox, Label, Output, Task

__all__ = ["wrap"]

_PICKLES = (".joblib", ".pickle", ".pkl", ".pt", ".pth")
_METHODS: dict[str, Output] = {
    "decision_function": "scores",
    "predict_proba": "probabilities",
}


def wrap(
    model: Any,
    *,
    protocol: Any = None,
    task: Task | None = None,
    output: Output | None = None,
    classes: Iterable[Label] | None = None,
    columns: Iterable[str] | None = None,
    preprocess: Preprocess | None = None,
    threshold: float | None = None,
    auth: Any = None,
) -> BlackBox:
    """Make a black box of a model.

    The adapter is picked by looking at the object; no library is imported that the model
    does not already need.

    Parameters
    ----------
    model : callable, estimator, torch module, path, URL, Endpoint, or BlackBox
        A path is one to an .onnx file, or to a .toml file that declares an endpoint
        (``endpoints.toml#name`` where it declares several). A black box is given back as it is.
    protocol : str or WireProtocol, optional
        What a model behind a URL speaks, where the URL does not show it.
    task : {"classification", "regression"}, optional
    output : {"labels", "probabilities", "scores", "values"}, optional
        What an answer is.
    classes : sequence, optional
        Classes in column order.
    columns : sequence of str, optional
        Columns that the model (or `preprocess`) wants, in its order. Where rows have names
        they are matched by name, whatever their order.
    preprocess : callable, optional
        Runs on the rows before the model: people explain raw units while the model wants
        them scaled.
    threshold : float, optional
        Two classes: the second is decided where its probability is greater than this.
    auth : callable or Secret, optional
        Credentials of a model behind a URL: ``Secret.env("NAME")``, sent as a bearer token, or
        a function that signs each request. See `surrogate.adapters.Endpoint` for more.

    Returns
    -------
    BlackBox

    Raises
    ------
    InputError
        If the model is of no known kind, or a file that would have to be unpickled.
    OptionError
        If an option does not fit the model.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import wrap
    >>> box = wrap(lambda rows: rows.sum(axis=1), task="regression")
    >>> box.ask(np.ones((2, 3))).values.tolist()
    [3.0, 3.0]
    """
    said = (task, output, classes, columns, preprocess, threshold, protocol, auth)
    if isinstance(model, BlackBox) and not isinstance(model, type):
        if any(option is not None for option in said):
            raise OptionError(
                f"{model!r} is a black box already; say its task, output and so on where it is"
                " made."
            )
        return model
    if _is_endpoint(model):
        declared = declare(
            "wrap",
            task=task,
            output=output,
            classes=classes,
            columns=columns,
            threshold=threshold,
        )
        remote = import_module("surrogate.adapters.http._wrap").wrap_endpoint(
            model, declared=declared, protocol=protocol, auth=auth, preprocess=preprocess
        )
        return cast(BlackBox, remote)
    if protocol is not None or auth is not None:
        name = "protocol" if protocol is not None else "auth"
        raise OptionError(f"`{name}` is for models behind a URL.")
    kind, model, method = _kind(model)
    box = kind(
        model,
        task=task,
        output=output or method,
        classes=classes,
        columns=columns,
        preprocess=preprocess,
        threshold=threshold,
    )
    return cast(BlackBox, box)


def _is_endpoint(model: Any) -> bool:
    """Whether a model is behind a URL."""
    if isinstance(model, str | Path):
        text = str(model)
        return "://" in text or text.partition("#")[0].lower().endswith(".toml")
    return is_of(model, "surrogate.adapters.http.endpoint.Endpoint")


def _kind(model: Any) -> tuple[Any, Any, Output | None]:
    """The adapter for a model, the model for the adapter, and the output it was asked for by."""
    if isinstance(model, str | Path):
        return OnnxBox, _path(model), None
    if isinstance(model, type):
        raise InputError(
            f"{model.__name__} is a class; give an instance, trained and ready to be asked."
        )
    if is_of(model, "torch.nn.modules.module.Module"):
        return TorchBox, model, None
    if _root(model) == "onnx" and hasattr(model, "graph"):
        return OnnxBox, model, None
    if _root(model) == "onnxruntime":
        raise InputError(
            "An InferenceSession does not show what it was made of; give the path of its .onnx"
            " file instead."
        )
    owner, method = getattr(model, "__self__", None), getattr(model, "__name__", "")
    if method in _METHODS and is_of(owner, "sklearn.base.BaseEstimator"):
        return MlpBox if is_mlp(owner) else SklearnBox, owner, _METHODS[method]
    if any(callable(getattr(model, name, None)) for name in ("predict", *_METHODS)):
        return MlpBox if is_mlp(model) else SklearnBox, model, None
    if callable(model):
        return CallableBox, model, None
    raise InputError(
        f"A {type(model).__name__} cannot be asked; give a callable, a fitted scikit-learn"
        " estimator, a torch module, a URL, or the path of an .onnx file."
    )


def _root(model: Any) -> str:
    """Top package of the module that a model's class comes from."""
    return type(model).__module__.partition(".")[0]


def _path(model: str | Path) -> Path:
    """The path of an .onnx file, or why it is none."""
    path = Path(model)
    if path.suffix.lower() in _PICKLES:
        raise InputError(
            f"{path} is not opened, because loading such a file can run any code that is in it."
            " If you trust where it comes from, use"
            f" wrap(surrogate.adapters.load({path.name!r}, unpickle=True))."
        )
    if path.suffix.lower() != ".onnx":
        raise InputError(
            f"{path} is no .onnx file; a string must be the path of one,"
            " a URL, or the path of a .toml file."
        )
    return path

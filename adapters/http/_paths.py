"""Where in a service's own JSON the answer to one row is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from surrogate.adapters.http.protocols import Template
from surrogate.adapters.http.protocols._answer import parse
from surrogate.errors import AnswerError, OptionError
from surrogate.types import Reply

__all__ = ["sums_to_one", "template_for"]

MOST = 200
"""Most places in an answer that are looked at."""

_NUMBERS = (
    "probabilities", "probability", "predict_proba", "probas", "proba", "probs", "prob",
    "predictions", "prediction", "outputs", "output", "results", "result", "scores", "score",
    "logits", "values", "value", "data", "y",
)  # fmt: skip
_LABELS = (
    "labels", "label", "predicted_labels", "predicted_label", "predictions", "prediction",
    "predicted_class", "class_name", "class", "outputs", "output", "results", "result",
)  # fmt: skip
_CLASSES = ("classes", "class_names", "names", "labels", "categories", "target_names")


def template_for(request: str, body: bytes) -> tuple[dict[str, Any], Reply] | None:
    """Options of a template that reads an answer to one row, with what it reads; None if none does.

    Parameters
    ----------
    request : str
        Body of the template.
    body : bytes
        The answer.
    """
    try:
        answer = parse(body)
    except AnswerError:
        return None
    places = list(_places(answer, ""))[:MOST]
    best: tuple[float, dict[str, Any], Reply] | None = None
    for path, value in places:
        for key in ("values", "labels"):
            options = {"body": request, key: path}
            reply = _read(options, body)
            score = 0.0 if reply is None else _score(key, path, value, reply)
            if reply is not None and score > (best[0] if best else 0.0):
                best = score, options, reply
    if best is None:
        return None
    return _with_classes(best[1], best[2], places, body)


def sums_to_one(values: Any) -> bool:
    """Whether the numbers of one row are probabilities of several classes."""
    row = np.ravel(values)
    return bool(row.size > 1 and (row >= 0).all() and abs(row.sum() - 1.0) < 1e-3)


def _places(value: Any, path: str, depth: int = 6) -> Iterator[tuple[str, Any]]:
    """Every place in an answer that a path can name, from the outside in."""
    yield path, value
    inner: list[tuple[str, Any]] = []
    if isinstance(value, Mapping):
        inner = [(str(name), part) for name, part in value.items() if _is_step(name)]
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        inner = [(f"*.{name}", part) for name, part in value[0].items() if _is_step(name)]
    for step, part in inner if depth else ():
        where = f"{path}.{step}" if path else step
        if "*" in step and isinstance(value, list):
            yield from _places_of_each(part, where, depth - 1)
        else:
            yield from _places(part, where, depth - 1)


def _places_of_each(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """As `_places`, below a list with an entry a row."""
    yield path, [value]
    if isinstance(value, Mapping) and depth:
        for name, part in value.items():
            if _is_step(name):
                yield from _places_of_each(part, f"{path}.{name}", depth - 1)


def _is_step(name: Any) -> bool:
    """Whether a path can name a field."""
    return isinstance(name, str) and name not in ("", "*") and not set(name) & set(".?")


def _read(options: Mapping[str, Any], body: bytes) -> Reply | None:
    """What a template reads, if it is one answer to one row."""
    try:
        reply = Template(**options).decode(body, 1)
    except (AnswerError, OptionError):
        return None
    for part in (reply.values, reply.labels):
        if part is not None and np.shape(part)[:1] != (1,):
            return None
    if reply.values is None:
        return reply
    fine = reply.values.ndim <= 2 and reply.values.size and np.isfinite(reply.values).all()
    return reply if fine else None


def _score(key: str, path: str, value: Any, reply: Reply) -> float:
    """How much what was read looks like the answer; 0 if not at all.

    Numbers that sum to one are an answer anywhere; other numbers, which might count
    milliseconds, and texts are so only under a name that says so. A text comes before one
    number beside it, which may be the probability of whatever class the text names.
    """
    name = path.rpartition(".")[2].lower()
    depth = path.count(".") / 100
    if key == "labels":
        if reply.values is not None or _are_objects(value):
            return 0.0
        if _is_text(reply.labels):
            return 2.5 - depth if name in _LABELS or not path else 0.0
        return 1.5 - depth if name in _LABELS and name not in _NUMBERS else 0.0
    if reply.values is None or reply.values.dtype.kind not in "iuf":
        return 0.0
    if sums_to_one(reply.values):
        inside = _are_objects(value) and reply.classes is None
        return 4.0 + (name in _NUMBERS) - depth - inside
    if reply.classes is not None or _are_objects(value) or (path and name not in _NUMBERS):
        return 0.0
    return (3.0 if reply.values.size > 1 else 2.0) - depth


def _are_objects(value: Any) -> bool:
    """Whether a place holds objects, so that the answer lies deeper."""
    part = value[0] if isinstance(value, list) and value else value
    return isinstance(part, Mapping)


def _is_text(labels: Any) -> bool:
    return all(isinstance(label, str) for label in np.ravel(labels).tolist())


def _with_classes(
    options: dict[str, Any], reply: Reply, places: list[tuple[str, Any]], body: bytes
) -> tuple[dict[str, Any], Reply]:
    """The options with the path to the names of the classes, if the answer has them."""
    if reply.values is None or reply.classes is not None or np.size(reply.values) < 2:
        return options, reply
    for path, value in places:
        named = isinstance(value, list) and len(value) == np.size(reply.values)
        if not named or path == options["values"] or path.rpartition(".")[2] not in _CLASSES:
            continue
        more = {**options, "classes": path}
        read = _read(more, body)
        if read is not None and read.classes is not None and len(set(read.classes)) == len(value):
            return more, read
    return options, reply

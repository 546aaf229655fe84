"""What a server says of itself before it is given a row: metadata, all of it free of charge."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from surrogate.adapters.http._exchange import Answer
from surrogate.adapters.http._failures import cleaned
from surrogate.adapters.http._openapi import operations
from surrogate.adapters.http._place import Place, place_of
from surrogate.adapters.http.protocols import Request
from surrogate.types import Label

__all__ = ["Clue", "clues"]

SILENT = 2
"""After so many questions without an answer no further one is asked."""

_VERSION = re.compile(r'"?\d+\.\d+\.\d+[\w.+-]*"?')
_LISTING = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_BY_PATH = ("v2", "v1", "mlflow", "seldon", "azureml")  # whose paths nothing else has
_SIMPLE = re.compile(r"(/[A-Za-z0-9_.~-]+)+")


@dataclass(frozen=True)
class Clue:
    """What one free answer shows.

    Parameters
    ----------
    protocol : str
    text : str
        What was seen, in words.
    sure : bool
        Whether nothing else answers so.
    path : str
        Where rows go, below the root; empty if the URL or the protocol knows.
    options : mapping
    model : str
    classes, columns : tuple or None
    """

    protocol: str
    text: str
    sure: bool = True
    path: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    classes: tuple[Label, ...] | None = None
    columns: tuple[str, ...] | None = None


Ask = Callable[[str, Request], Answer | None]
"""Sends a request without rows; None where the answer is no good one. TimeoutError: no answer."""
Reader = Callable[[Any, Place, tuple[str, ...] | None], Iterator[Clue]]

_GET = Request(b"", accept="application/json, text/plain, */*", method="GET")


def clues(ask: Ask, place: Place, *, model: str, columns: tuple[str, ...] | None) -> list[Clue]:
    """Ask a server what it is, until it has said so.

    Parameters
    ----------
    ask : callable
    place : Place
    model : str
        The model's name, where it is known.
    columns : tuple of str or None
        Columns of the row, where they are known.
    """
    found: list[Clue] = []
    silent = 0
    for path, reader in _questions(place, model):
        try:
            found = _sum(found, _heard(ask, path, reader, place=place, columns=columns))
        except TimeoutError:
            silent += 1
            if silent == SILENT:
                break
        if any(clue.sure for clue in found):
            break
    return _with_models(ask, place, found, model)


def _heard(
    ask: Ask, path: str, reader: Reader, *, place: Place, columns: tuple[str, ...] | None
) -> list[Clue]:
    """What one answer shows, in words without what was secret in the question."""
    answer = ask(place.root + path, _GET)
    if answer is None:
        return []
    read = reader(_json_or_text(answer.body), place, columns)
    return [replace(clue, text=cleaned(clue.text, answer.secrets)) for clue in read]


def _sum(found: list[Clue], new: Sequence[Clue]) -> list[Clue]:
    """Clues together: two that agree are sure."""
    known = {clue.protocol for clue in found} - {"template"}
    return [*found, *(replace(c, sure=c.sure or c.protocol in known) for c in new)]


def _questions(place: Place, model: str) -> list[tuple[str, Reader]]:
    """What is asked, the protocols that the URL suggests first."""
    if place.managed:
        return []
    name = quote(model, safe="")
    table: list[tuple[tuple[str, ...], str, Reader]] = [
        (("v2",), f"/v2/models/{name}" if model else "/v2", _v2_model if model else _v2_server),
        (("v1", "chat"), f"/v1/models/{name}" if model else "/v1/models", _v1),
        (("litserve", "bentoml", "template"), "/openapi.json", _openapi),
        (("bentoml",), "/docs.json", _openapi),
        (("litserve", "huggingface"), "/info", _info),
        (("mlflow",), "/version", _version),
        (("torchserve", "mlflow"), "/ping", _ping),
        (("rayserve",), "/-/routes", _routes),
        (("seldon",), "/health/ping", _pong),
        (("azureml",), "/", _healthy),
    ]
    first = [row for hint in place.hints for row in table if hint in row[0]]
    return list(dict.fromkeys((path, reader) for _, path, reader in [*first, *table]))


def _with_models(ask: Ask, place: Place, found: list[Clue], model: str) -> list[Clue]:
    """The clues, after a v2 server that named no model was asked which it has."""
    nameless = [c for c in found if c.protocol == "v2" and c.sure and not (c.model or model)]
    if not nameless:
        return found
    names: list[str] = []
    for path, request in (
        ("/v2/models", _GET),
        ("/v2/repository/index", Request(b"{}")),  # lists models; sends no row
    ):
        try:
            names = _listed(ask(place.root + path, request))
        except TimeoutError:
            break
        if names:
            break
    if len(names) != 1:
        told = f"its models are {', '.join(names[:10])}" if names else "it lists no model"
        return [*found, Clue("v2", f"{told}; say which: model=", sure=False)]
    try:
        here = _heard(ask, f"/v2/models/{names[0]}", _v2_model, place=place, columns=None)
    except TimeoutError:
        here = []
    named = [replace(c, model=names[0]) if c in nameless else c for c in found]
    return [*here, *named]


def _listed(answer: Answer | None) -> list[str]:
    """Names of models in an answer, but for one that is what was secret in the question."""
    if answer is None:
        return []
    names = _names(_json_or_text(answer.body))
    return [name for name in names if cleaned(name, answer.secrets) == name]


def _names(listing: Any) -> list[str]:
    """Names of models in a listing."""
    entries = (
        listing.get("models", listing.get("data")) if isinstance(listing, Mapping) else listing
    )
    if not isinstance(entries, list):
        return []
    named = [e.get("name", e.get("id")) if isinstance(e, Mapping) else e for e in entries]
    return [n for n in named if isinstance(n, str) and _LISTING.fullmatch(n)]


# ---- readers ----


def _v2_server(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    if isinstance(said, Mapping) and "name" in said and isinstance(said.get("extensions"), list):
        yield Clue("v2", f"it is a v2 server ({_word(said['name'])})")


def _v2_model(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    """Name, inputs and outputs of a model: what its tensors are called and hold."""
    told = isinstance(said, Mapping) and {"platform", "inputs", "versions"} & said.keys()
    if not told or not isinstance(said.get("name"), str):
        return
    inputs = [i for i in said.get("inputs") or [] if isinstance(i, Mapping) and "name" in i]
    options: dict[str, Any] = {}
    names: tuple[str, ...] | None = None
    if len(inputs) == 1:
        options["input"] = str(inputs[0]["name"])
        if inputs[0].get("datatype") in ("FP16", "FP32"):
            options["datatype"] = str(inputs[0]["datatype"])
    elif inputs:
        options["layout"] = "columns"
        names = tuple(str(i["name"]) for i in inputs)
    kinds = f"{len(inputs)} input{'s' * (len(inputs) != 1)}" if inputs else "no inputs named"
    text = f"v2 describes the model {_word(said['name'])}, {kinds}"
    model = said["name"] if _LISTING.fullmatch(said["name"]) else ""
    yield Clue("v2", text, options=options, model=model, columns=names)


def _v1(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    """TensorFlow Serving's status, KServe's, or an OpenAI-style list of models."""
    if not isinstance(said, Mapping):
        return
    if isinstance(said.get("model_version_status"), list):
        yield Clue("v1", "TensorFlow Serving says the model's state")
    elif "ready" in said and "name" in said:
        yield Clue("v1", f"KServe says whether {_word(said['name'])} is ready")
    elif said.get("object") in ("list", "model"):
        names = _names(said)
        told = f"it lists {len(names)} model{'s' * (len(names) != 1)} as OpenAI does"
        yield Clue("chat", told, model=names[0] if len(names) == 1 else "")
    elif isinstance(said.get("models"), list):
        names = _names(said)
        told = f"it lists the models {', '.join(names[:10])}"
        yield Clue("v1", told, sure=len(names) == 1, model=names[0] if len(names) == 1 else "")


def _openapi(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    """A service's description of itself."""
    if not isinstance(said, Mapping) or not ({"openapi", "swagger"} & said.keys()):
        return
    info = said.get("info")
    contact = info.get("contact") if isinstance(info, Mapping) else None
    maker = contact.get("name") if isinstance(contact, Mapping) else ""
    kind = "bentoml" if maker == "BentoML Team" else "template"
    below = urlsplit(place.url).path[len(urlsplit(place.root).path) :]
    for operation in operations(said, path=below or urlsplit(place.url).path, columns=columns):
        for body in operation.bodies:
            text = f"its description says what {operation.path} takes: {body}"
            yield Clue(kind, text, path=operation.path, options={"body": body})
        if not operation.bodies:
            text = f"its description has {operation.path}, and not what it takes"
            shown = place_of(place.root + operation.path).hints[:1]
            kind = "".join(shown) if shown and shown[0] in _BY_PATH else "template"
            yield Clue(kind, text, sure=False, path=operation.path)


def _info(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    """LitServe's settings, or those of Text Embeddings Inference."""
    if not isinstance(said, Mapping):
        return
    server, kind = said.get("server"), said.get("model_type")
    if isinstance(server, Mapping) and "workers_per_device" in server:
        streams = server.get("stream")
        paths = [p for p in streams if _SIMPLE.fullmatch(p)] if isinstance(streams, Mapping) else []
        yield Clue("litserve", "LitServe tells of its workers", path="".join(paths[:1]))
    classifier = kind.get("classifier") if isinstance(kind, Mapping) else None
    if isinstance(classifier, Mapping):
        labels = classifier.get("id2label")
        classes = tuple(map(str, labels.values())) if isinstance(labels, Mapping) else ()
        yield Clue(
            "huggingface",
            "Text Embeddings Inference says that it classifies",
            path="/predict",
            options={"parameters": False},
            classes=classes if len(classes) > 1 else None,
        )


def _version(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    if isinstance(said, str) and _VERSION.fullmatch(said.strip()):
        text = f"/version says {said.strip()}, as MLflow's server does"
        yield Clue("mlflow", text, sure="mlflow" in place.hints)


def _ping(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    if isinstance(said, Mapping) and said.get("status") == "Healthy":
        yield Clue("torchserve", "/ping says Healthy, as TorchServe does", sure=False)
    elif said == "\n":
        yield Clue("mlflow", "/ping answers an empty line, as MLflow does", sure=False)


def _routes(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    plain = isinstance(said, Mapping) and all(isinstance(v, str) for v in said.values())
    if plain and said and all(isinstance(k, str) and k.startswith("/") for k in said):
        paths = [k for k in said if _SIMPLE.fullmatch(k)]
        path = paths[0] if len(said) == 1 and paths else ""
        yield Clue("rayserve", "Ray Serve tells its routes", path=path)


def _pong(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    if isinstance(said, str) and said.strip() == "pong":
        yield Clue("seldon", "/health/ping says pong, as Seldon does", sure=False)


def _healthy(said: Any, place: Place, columns: tuple[str, ...] | None) -> Iterator[Clue]:
    if isinstance(said, str) and said.strip() == "Healthy":
        yield Clue("azureml", "it says Healthy, as Azure's inference server does", sure=False)


def _json_or_text(body: bytes) -> Any:
    """JSON objects and lists as such; anything else as text."""
    text = body.decode("utf-8", errors="replace")
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _word(value: Any) -> str:
    """A server's own word, short and plain."""
    text = "".join(c for c in str(value) if c.isprintable())
    return text if len(text) <= 60 else text[:57] + "..."

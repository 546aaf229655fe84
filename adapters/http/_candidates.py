"""Which protocols a URL may speak, likeliest first, each with the request it would send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from surrogate.adapters._rows import names_of
from surrogate.adapters.http._clues import Clue
from surrogate.adapters.http._one_row import is_text
from surrogate.adapters.http._place import Place
from surrogate.adapters.http.protocols import PROTOCOLS, Request, WireProtocol, make
from surrogate.errors import DataError, InputError
from surrogate.types import Label

__all__ = ["Candidate", "Given", "Question", "body_of", "candidates", "questions"]

_NUMBERS = (
    '{"instances": "$rows"}',
    '{"inputs": "$rows"}',
    '{"data": "$rows"}',
    '{"input": "$rows"}',
    '"$rows"',
    '{"input": "$row"}',
    '{"features": "$row"}',
    '"$row"',
    "csv",
)
_NAMED = (
    '{"dataframe_split": {"columns": "$columns", "data": "$rows"}}',
    '"$records"',
    '{"instances": "$records"}',
    '"$record"',
    '{"data": "$records"}',
)
_TEXTS = (
    '{"inputs": "$text"}',
    '{"text": "$text"}',
    '{"instances": "$texts"}',
    '{"input": "$text"}',
    '{"inputs": "$texts"}',
    '{"texts": "$texts"}',
    '"$texts"',
)
_VARIANTS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "mlflow": ({"form": "inputs"},),
    "huggingface": ({"parameters": False},),
    "litserve": ({"body": '{"input": "$row"}'},),
    "rayserve": ({"body": '"$row"'},),
    "seldon": ({"body": '{"data": {"ndarray": "$rows"}}'},),
}
"""Options with which a protocol is met besides its own; equal requests are sent once."""
_FIXED = frozenset(PROTOCOLS) - {"template"}
_AT_ROOT = ("mlflow", "litserve", "bentoml", "seldon", "azureml", "rayserve")


@dataclass(frozen=True)
class Given:
    """What the user said.

    Parameters
    ----------
    rows : rows of one, or None
    columns, classes : tuple or None
    model : str
    protocol : str
        The only one to try; empty for any.
    """

    rows: Any = None
    columns: tuple[str, ...] | None = None
    classes: tuple[Label, ...] | None = None
    model: str = ""
    protocol: str = ""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the row's columns, if they are known."""
        own = names_of(self.rows) if self.rows is not None else None
        return self.columns or (None if own is None else tuple(map(str, own)))


@dataclass(frozen=True)
class Candidate:
    """A protocol that may be it.

    Parameters
    ----------
    name : str
    url : str
    why : str
        What speaks for it; empty for one that is merely common.
    options : mapping
    sure : bool
    columns, classes : tuple or None
        As the server named them.
    """

    name: str
    url: str
    why: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    sure: bool = False
    columns: tuple[str, ...] | None = None
    classes: tuple[Label, ...] | None = None

    def protocol(self, given: Given) -> WireProtocol:
        """The protocol itself. Raises InputError where something is still to be said."""
        said = {
            "columns": given.columns or self.columns,
            "labels": given.classes or self.classes,
        }
        known = {key: value for key, value in said.items() if value is not None}
        return make(self.name, self.options, defaults=known)


@dataclass
class Question:
    """A request with one row, and all the candidates that would send it."""

    url: str
    request: Request
    candidates: list[Candidate]


def candidates(place: Place, found: Sequence[Clue], given: Given) -> list[Candidate]:
    """Protocols that a URL may speak: those a server told of, those its URL shows, common ones."""
    ranked: list[Candidate] = []
    for clue in sorted(found, key=lambda clue: not clue.sure):
        ranked += _of_clue(clue, place, given)
    at = len([c for c in ranked if c.sure])
    ranked[at:at] = [c for hint in place.hints for c in _of_hint(hint, place, given)]
    if given.protocol:
        kept = [c for c in ranked if c.name == given.protocol]
        return kept or list(_named(given.protocol, place, given, why="you said so"))
    if any(c.sure and c.name in _FIXED for c in ranked):
        return [c for c in ranked if c.sure]  # whatever else is tried is paid for in vain
    url = next((c.url for c in ranked if c.sure), place.url)
    if place.is_bare and url == place.url:
        ranked += [c for name in _AT_ROOT for c in _named(name, place, given)]
    if is_text(given.rows):
        ranked += _named("huggingface", replace(place, url=url), given)
    return ranked + _common(url, given)


def questions(ranked: Sequence[Candidate], given: Given) -> Iterator[Question | str]:
    """Each request once, with all the candidates that would send it; or why one cannot be sent."""
    grouped: dict[tuple[str, Request], Question] = {}
    for candidate in ranked:
        try:
            protocol = candidate.protocol(given)
            url = protocol.target(candidate.url)
            request = protocol.encode(given.rows)
        except (InputError, DataError) as error:
            if candidate.why:
                yield f"{candidate.name}: {error}"
            continue
        question = grouped.setdefault((url, request), Question(url, request, []))
        question.candidates.append(candidate)
    yield from grouped.values()


def _of_clue(clue: Clue, place: Place, given: Given) -> Iterator[Candidate]:
    """What a server told of itself as candidates."""
    model = given.model or place.model or clue.model
    url = place.url if not place.is_bare or not clue.path else place.root + clue.path
    options = dict(clue.options)
    if clue.protocol in ("v2", "v1", "chat") and model:
        options["model"] = model
    if clue.protocol == "template" and "body" not in options:
        yield from _common(url, given)
        return
    if "body" in options:
        yield Candidate(clue.protocol, url, clue.text, _open(options["body"]), clue.sure)
        return
    if clue.protocol == "chat" and not _speaks_chat(place, given):
        return
    if clue.protocol == "huggingface" and given.rows is not None and not is_text(given.rows):
        return
    names = clue.columns if given.names is None else None
    yield Candidate(clue.protocol, url, clue.text, options, clue.sure, names, clue.classes)
    for more in _VARIANTS.get(clue.protocol, ()):
        yield Candidate(clue.protocol, url, clue.text, {**options, **more}, clue.sure)


def _speaks_chat(place: Place, given: Given) -> bool:
    """Whether a server that lists models as OpenAI does would be asked as a classifier."""
    return given.protocol == "chat" or place.hints[:1] == ("chat",) or is_text(given.rows)


def _of_hint(hint: str, place: Place, given: Given) -> Iterator[Candidate]:
    if given.protocol in ("", hint):
        yield from _named(hint, place, given, why=f"its URL looks like {hint}")


def _named(name: str, place: Place, given: Given, *, why: str = "") -> Iterator[Candidate]:
    """A protocol by its name, with the variants in which it is met."""
    model = given.model or place.model
    options: dict[str, Any] = {"model": model} if model and name in ("v2", "v1", "chat") else {}
    yield Candidate(name, place.url, why, options)
    for more in _VARIANTS.get(name, ()):
        yield Candidate(name, place.url, why, {**options, **more})


def _common(url: str, given: Given) -> list[Candidate]:
    """Requests that many services take."""
    bodies = _TEXTS if is_text(given.rows) else (*(_NAMED if given.names else ()), *_NUMBERS)
    return [Candidate("template", url, options=_open(body)) for body in bodies]


def _open(body: str) -> dict[str, Any]:
    """Options of a template whose answer is still to be seen."""
    if body != "csv":
        return {"body": body, "values": ""}
    return {"body": body, "values": "", "answer": "csv"}


def body_of(request: Candidate) -> str | None:
    """The body of a candidate that is a template with an answer in JSON, for another path in it."""
    body = request.options.get("body")
    if body is None and request.name not in PROTOCOLS:
        body = getattr(make(request.name, {}), "body", None)
    return body if body is not None and body != "csv" and json.loads(body) is not None else None

"""The search of a probe: one row after another, likeliest protocol first, until one fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from surrogate.adapters.http._candidates import (
    Candidate,
    Given,
    Question,
    body_of,
    candidates,
    questions,
)
from surrogate.adapters.http._clues import Clue
from surrogate.adapters.http._exchange import Answer
from surrogate.adapters.http._failures import cleaned
from surrogate.adapters.http._finding import Finding, endpoint_file, in_words, still_to_say
from surrogate.adapters.http._line import Line
from surrogate.adapters.http._one_row import gives_back
from surrogate.adapters.http._paths import template_for
from surrogate.adapters.http._place import Place
from surrogate.adapters.http._urls import shown
from surrogate.adapters.http.client import HttpBox
from surrogate.adapters.http.endpoint import Endpoint
from surrogate.errors import AnswerError, AttemptError, InputError, ModelError
from surrogate.types import Reply

__all__ = ["Search"]

_PATHS = ("values", "labels", "classes", "answer")


class Search:
    """One probe, from its clues on.

    Parameters
    ----------
    line : Line
    base : Endpoint
        What the user gave: URL, headers, parameters, auth.
    place : Place
    given : Given
    found : sequence of Clue
    """

    def __init__(
        self, line: Line, base: Endpoint, *, place: Place, given: Given, found: Sequence[Clue]
    ) -> None:
        self._line, self._base, self._place, self._given = line, base, place, given
        self._found = found
        self._notes: list[str] = []
        self._known = ""
        self._refused: set[tuple[str, str]] = set()

    def run(self) -> Finding:
        """Ask until a protocol fits."""
        ranked = candidates(self._place, self._found, self._given)
        if self._given.rows is None:
            return self._guessed(ranked)
        open_: list[Question] = []
        for question in questions(ranked, self._given):
            if isinstance(question, str):
                self._notes.append(question)
            else:
                open_.append(question)
        for question in open_:
            if self._is_refused(question):
                continue
            if self._line.calls_left == 0:
                break
            finding = self._ask(question)
            if finding is not None:
                return finding
        if not self._line.rows_sent and ranked and ranked[0].why:
            return self._guessed(ranked)
        raise ModelError(self._nothing_fits())

    def _ask(self, question: Question) -> Finding | None:
        """Send one row; the finding, if a candidate reads the answer."""
        first = question.candidates[0]
        if first.sure and first.name != "template":
            self._known = first.name
        outcome = self._line.post(question.url, question.request)
        if isinstance(outcome, AttemptError):
            if outcome.status in (404, 405, 501) or 300 <= (outcome.status or 0) < 400:
                self._refused.add((question.url, ""))
            elif outcome.status in (406, 415):
                self._refused.add((question.url, question.request.content_type))
            return None
        why = ""
        for candidate in question.candidates:
            try:
                return self._fitting(question, candidate, outcome)
            except (AnswerError, InputError) as error:
                why = why or cleaned(str(error), outcome.secrets)
        for candidate in question.candidates:
            finding = self._elsewhere(question, candidate, outcome)
            if finding is not None:
                return finding
        self._line.remark(why)
        return None

    def _is_refused(self, question: Question) -> bool:
        kind = question.request.content_type
        return bool(self._refused & {(question.url, ""), (question.url, kind)})

    # ---- does an answer fit? ----

    def _fitting(self, question: Question, candidate: Candidate, answer: Answer) -> Finding:
        """The finding for a candidate. Raises AnswerError if it does not read the answer."""
        endpoint = self._endpoint(candidate, question.url)
        plain = endpoint.wire_protocol().decode(answer.body, 1)
        reply = HttpBox(endpoint).decode(answer.body, 1)
        _check(reply, self._given.rows)
        words = in_words(reply)
        self._line.remark(words)
        missing = still_to_say(reply, endpoint.classes or reply.classes)
        if candidate.name == "v2" and "answer" not in candidate.options and _is_whole(plain):
            missing.append('options.answer = "predict_proba"  # where MLServer knows them')
        return self._told(candidate, endpoint, missing, answer=words, confirmed=True)

    def _elsewhere(
        self, question: Question, candidate: Candidate, answer: Answer
    ) -> Finding | None:
        """The finding for a template whose answer lies elsewhere than was thought."""
        body = body_of(candidate)
        found = None if body is None else template_for(body, answer.body)
        if found is None:
            return None
        own = {key: value for key, value in candidate.options.items() if key not in _PATHS}
        changed = replace(candidate, name="template", options={**own, **found[0]})
        try:
            return self._fitting(question, changed, answer)
        except (AnswerError, InputError):
            return None

    def _endpoint(self, candidate: Candidate, url: str) -> Endpoint:
        """What the user would give to `wrap`."""
        named = candidate.name in ("v2", "v1")  # by the URL
        options = {k: v for k, v in candidate.options.items() if k != "model" or not named}
        return replace(
            self._base,
            url=url,
            protocol=candidate.name,
            options=options,
            classes=self._base.classes or candidate.classes,
            columns=self._base.columns or candidate.columns,
            connect_timeout=10.0,
            read_timeout=60.0,
            max_bytes=64 * 2**20,
        )

    # ---- what is told ----

    def _guessed(self, ranked: list[Candidate]) -> Finding:
        """What the metadata and the URL alone say."""
        likely = next((c for c in ranked if c.why), None)
        missing: list[str] = []
        if likely is None:
            return self._told(None, None, missing, answer="", confirmed=False)
        try:
            url = likely.protocol(self._given).target(likely.url)
            endpoint = self._endpoint(likely, url)
        except InputError as error:
            return self._told(likely, None, [str(error)], answer="", confirmed=False)
        if endpoint.options.get("values") == "":
            missing.append('options.values = "..."  # the path to the numbers in its answer')
        return self._told(likely, endpoint, missing, answer="", confirmed=False)

    def _told(
        self,
        candidate: Candidate | None,
        endpoint: Endpoint | None,
        missing: list[str],
        *,
        answer: str,
        confirmed: bool,
    ) -> Finding:
        name = "" if candidate is None else candidate.name
        toml, todo = "", list[str]()
        if endpoint is not None:
            said = {
                "url": endpoint.url,
                "protocol": name,
                "classes": endpoint.classes,
                "columns": endpoint.columns,
                "options": endpoint.options,
            }
            toml, todo = endpoint_file(said, self._base, missing)
        evidence = [clue.text for clue in self._found]
        if candidate is not None and candidate.why and candidate.why not in evidence:
            evidence.append(candidate.why)
        if confirmed:
            evidence.append(f"it answered one row as {name} does")
        return Finding(
            url=shown(self._place.url),
            protocol=name,
            confirmed=confirmed,
            evidence=tuple(dict.fromkeys(evidence)),
            asked=self._line.asked,
            missing=(*missing, *todo, *self._without_row()),
            answer=answer,
            endpoint=endpoint,
            toml=toml,
        )

    def _advice(self) -> str:
        """What the user may do where nothing fits."""
        named = "" if self._given.names else "columns= if it takes columns by name, "
        return (
            f"Give {named}protocol= if you know it, or a template of its requests: "
            "Endpoint(url, 'template', options={'body': ..., 'values': ...})."
        )

    def _without_row(self) -> list[str]:
        """What a row would do, where none was given."""
        return [] if self._given.rows is not None else ["a row: it shows what answers look like"]

    def _nothing_fits(self) -> str:
        """All that was tried, and what came of it."""
        asked = self._line.asked
        spent = self._line.calls_left == 0
        where = shown(self._place.url)
        head = f"None of the protocols known here fits {where}"
        if self._known:
            name = self._known
            head = f"{where} seems to speak {name}, and did not answer the row as {name} does"
        lines = [
            head + (f" within {self._line.rows_sent} calls (max_calls=)." if spent else "."),
            *(f"  {_cut(str(one))}" for one in asked),
            *(f"  not sent: {_cut(note)}" for note in self._notes),
            self._advice(),
        ]
        return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= 160 else text[:157] + "..."


def _check(reply: Reply, rows: Any) -> None:
    """Raise unless an answer is numbers or a label, and not the row itself."""
    if reply.values is None:
        return
    if reply.values.dtype.kind not in "biuf" or reply.values.ndim > 2:
        raise AnswerError("Its answer is no row of numbers.")
    if gives_back(reply.values, rows):
        raise AnswerError("It gives the row back.")


def _is_whole(reply: Reply) -> bool:
    """Whether an answer is one whole number, which may be a label."""
    part = reply.values if reply.labels is None else reply.labels
    return part is not None and np.size(part) == 1 and np.asarray(part).dtype.kind in "iu"

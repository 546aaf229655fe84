"""A chat model used as a classifier, over the OpenAI-style chat completions."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any, ClassVar

import numpy as np

from surrogate._validate import Choice, Whole, check
from surrogate.adapters.http.protocols._answer import field, parse
from surrogate.adapters.http.protocols._base import Request, extend, path_of
from surrogate.adapters.http.protocols._table import dumps, table_of
from surrogate.errors import AnswerError, DataError, OptionError
from surrogate.types import Label, Reply

__all__ = ["Chat"]

_LIMITS = ("max_tokens", "max_completion_tokens", "")


@dataclass(frozen=True)
class Chat:
    """A chat model that is told to answer with one of a few labels.

    With `logprobs`, the first token's likeliest alternatives are read as probabilities: those
    that begin exactly one label, added up for it and divided by their sum. What that leaves out
    is said in `access`. Without, the label that was written is the answer.

    Parameters
    ----------
    model : str
    prompt : str
        What the user says, with the row's columns in braces: ``"Age {age}, works as {job}."``;
        ``{text}`` where a row is one text. A literal brace is doubled.
    labels : tuple
        The words that may be answered; the classes.
    system : str
        Instructions; by default, to answer with one of the labels alone.
    logprobs : bool
        Models that do not give them answer labels alone: say False.
    top_logprobs : int
    limit : {"max_tokens", "max_completion_tokens", ""}
        What the service calls the most tokens of an answer; newer models refuse the first.
    extra : mapping
        Further fields of the request, such as ``{"seed": 0}``.
    columns : tuple of str or None
        Names of the columns of rows that have none.

    Examples
    --------
    >>> from surrogate.adapters.http.protocols import Chat
    >>> chat = Chat("small", prompt="Review: {text}", labels=("bad", "good"))
    >>> chat.wire(["It broke."])
    [b'"Review: It broke."']
    """

    name: ClassVar[str] = "chat"

    model: str
    prompt: str = "{text}"
    labels: tuple[Label, ...] = ()
    system: str | None = None
    logprobs: bool = True
    top_logprobs: int = 20
    limit: str = "max_tokens"
    extra: Mapping[str, Any] = default(default_factory=dict)
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check("Chat", {"top_logprobs": Whole(1, 20), "limit": Choice(_LIMITS)}, vars(self))
        words = [_word(label) for label in self.labels]
        if len(words) < 2 or len(set(words)) < len(words) or not all(words):
            raise OptionError(
                "A chat classifier needs two or more labels, unlike in more than case and"
                f" punctuation: labels= or classes=; got {list(self.labels)}."
            )
        if not _fields(self.prompt):
            raise OptionError(
                "The prompt of a chat classifier has no place for the row; write {text}, or the"
                " names of columns in braces."
            )

    @property
    def max_rows(self) -> int | None:
        """One row a call."""
        return 1

    @property
    def access(self) -> str:
        """What is seen of the distribution."""
        if not self.logprobs:
            return "labels as written by a chat model"
        shared = _shared(tuple(map(_word, self.labels)))
        told = (
            f"top {self.top_logprobs} first tokens of a chat model, normalised over the labels; the"
            " mass of other tokens is not seen"
        )
        if shared:
            told += f"; {', '.join(shared)} may share a first token, whose mass is then left out"
        return told

    @property
    def dtype(self) -> str:
        """Texts have none."""
        return "float64"

    def target(self, url: str) -> str:
        """``.../chat/completions``."""
        path = path_of(url)
        if not path:
            return extend(url, "/v1/chat/completions")
        return extend(url, "/chat/completions") if path.endswith("/v1") else url

    def wire(self, rows: Any) -> list[bytes]:
        """Each row's prompt as JSON."""
        return [dumps(prompt) for prompt in self._prompts(rows)]

    def encode(self, rows: Any) -> Request:
        """One conversation."""
        prompts = self._prompts(rows)
        if len(prompts) != 1:
            raise DataError(f"A chat classifier takes one row a call; got {len(prompts)}.")
        words = ", ".join(str(label) for label in self.labels)
        system = f"Answer with exactly one of: {words}." if self.system is None else self.system
        messages = [{"role": "system", "content": system}] if system else []
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [*messages, {"role": "user", "content": prompts[0]}],
            "temperature": 0,
        }
        if self.limit:
            body[self.limit] = 1 if self.logprobs else 16
        if self.logprobs:
            body |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        return Request(dumps({**body, **self.extra}))

    def _prompts(self, rows: Any) -> list[str]:
        """The prompt filled in for each row."""
        table = table_of(rows, protocol="chat", columns=self.columns, gaps=True)
        if table.names is None:
            texts = [row if isinstance(row, str) else row[0] for row in table.rows]
            if table.kinds != ("text",):
                raise DataError(
                    "A chat prompt takes one text a row, or columns by name; these rows have no"
                    " names. Say columns=."
                )
            return [_filled(self.prompt, {"text": text}) for text in texts]
        records = table.records("chat")
        if len(table.names) == 1 and "text" not in table.names:
            records = [{**record, "text": next(iter(record.values()))} for record in records]
        return [_filled(self.prompt, record) for record in records]

    def decode(self, body: bytes, n: int) -> Reply:
        """Probabilities of the labels, (1, k), or the label that was written."""
        choices = field(parse(body), "choices")
        if not isinstance(choices, list) or not choices:
            raise AnswerError("The answer has no choices.")
        if not self.logprobs:
            text = field(field(choices[0], "message"), "content")
            label = np.empty(1, dtype=object)
            label[0] = self._label(str(text or ""))
            return Reply(labels=label)
        return Reply(values=self._probabilities(_alternatives(choices[0])), classes=self.labels)

    def _label(self, text: str) -> Label:
        """The label that a text says: it alone, or the only one among its words."""
        words = {_word(label): label for label in self.labels}
        if _word(text) in words:
            return words[_word(text)]
        found = [w for w in words if re.search(rf"(?<!\w){re.escape(w)}(?!\w)", text.casefold())]
        if len(found) == 1:
            return words[found[0]]
        raise AnswerError(f"The model wrote none of the labels, but {_cut(text)!r}.")

    def _probabilities(self, alternatives: list[tuple[str, float]]) -> Any:
        """Probabilities of the labels, from first tokens and their logarithms: (1, k)."""
        words = [_word(label) for label in self.labels]
        mass = np.zeros(len(words))
        for token, logarithm in alternatives:
            begun = [j for j, word in enumerate(words) if token and word.startswith(token)]
            exact = [j for j in begun if words[j] == token]
            if len(exact or begun) == 1:
                mass[(exact or begun)[0]] += math.exp(min(logarithm, 0.0))
        if mass.sum() <= 0:
            seen = ", ".join(repr(_cut(token)) for token, _ in alternatives[:5])
            raise AnswerError(
                f"None of the {len(alternatives)} likeliest first tokens begins one label alone:"
                f" {seen}. Use other labels, or logprobs=False."
            )
        return (mass / mass.sum())[None, :]


def _word(text: Any) -> str:
    """A label or token as it is compared: without case, space and punctuation around it."""
    return str(text).strip(string.whitespace + string.punctuation + "Ġ▁").casefold()


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _shared(words: tuple[str, ...]) -> list[str]:
    """Labels that begin with the same letters, and so may begin with the same token."""
    firsts = [word[:2] for word in words]
    return [word for word, first in zip(words, firsts) if firsts.count(first) > 1]


def _fields(prompt: str) -> list[str]:
    """Names in braces."""
    try:
        return [name for _, name, _, _ in string.Formatter().parse(prompt) if name]
    except ValueError as error:
        raise OptionError(f"The prompt cannot be read: {error}; double a literal brace.") from None


def _filled(prompt: str, record: Mapping[str, Any]) -> str:
    """The prompt with a row's values; names only, so that no attribute can be reached."""
    parts = []
    for text, name, _, _ in string.Formatter().parse(prompt):
        parts.append(text)
        if name is None:
            continue
        if name not in record:
            raise DataError(
                f"The prompt names {{{name}}}, which the rows lack; they have: {', '.join(record)}."
            )
        parts.append("missing" if record[name] is None else str(record[name]))
    return "".join(parts)


def _alternatives(choice: Any) -> list[tuple[str, float]]:
    """First tokens and their logarithms, likeliest first."""
    given = choice.get("logprobs") if isinstance(choice, Mapping) else None
    content = given.get("content") if isinstance(given, Mapping) else None
    if not content or not isinstance(content, list):
        raise AnswerError(
            "The service gave no logprobs; this model answers labels alone: say logprobs=False."
        )
    top = field(content[0], "top_logprobs")
    found = []
    for part in top if isinstance(top, list) else []:
        token, logarithm = field(part, "token"), field(part, "logprob")
        if not isinstance(logarithm, int | float):
            raise AnswerError("A logprob of the answer is no number.")
        found.append((_word(token), float(logarithm)))
    return found

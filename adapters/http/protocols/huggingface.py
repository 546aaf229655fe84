"""Hugging Face text classification: Inference Endpoints and Text Embeddings Inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from surrogate._validate import NoneOr, Whole, check
from surrogate.adapters.http.protocols._answer import field, kind_of, parse
from surrogate.adapters.http.protocols._base import Request
from surrogate.adapters.http.protocols._table import dumps, one_text_each
from surrogate.errors import AnswerError
from surrogate.types import Label, Reply

__all__ = ["HuggingFace"]


@dataclass(frozen=True)
class HuggingFace:
    """Text classification. Answers come sorted by score, and are mapped by label.

    Where an answer leaves classes out (the top k), what is missing to one is shared equally
    among them.

    Parameters
    ----------
    labels : tuple or None
        Every class, as the model names them; needed where `top_k` leaves some out, or where
        the model names other classes from answer to answer.
    top_k : int or None
        How many classes to ask for; None: all.
    parameters : bool
        Whether to send ``parameters``, which Text Embeddings Inference does not take.

    Examples
    --------
    >>> from surrogate.adapters.http.protocols import HuggingFace
    >>> body = b'[[{"label": "good", "score": 0.9}, {"label": "bad", "score": 0.1}]]'
    >>> reply = HuggingFace(labels=("bad", "good")).decode(body, 1)
    >>> reply.classes, reply.values.tolist()
    (('bad', 'good'), [[0.1, 0.9]])
    """

    name: ClassVar[str] = "huggingface"

    labels: tuple[Label, ...] | None = None
    top_k: int | None = None
    parameters: bool = True

    def __post_init__(self) -> None:
        check("HuggingFace", {"top_k": NoneOr(Whole(1))}, vars(self))

    @property
    def max_rows(self) -> int | None:
        """No bound."""
        return None

    @property
    def access(self) -> str:
        """How much of the distribution is seen."""
        if self.top_k is None or (self.labels is not None and self.top_k >= len(self.labels)):
            return ""
        return f"top {self.top_k} classes; what is missing to one is shared equally by the others"

    @property
    def dtype(self) -> str:
        """Texts have none."""
        return "float64"

    def target(self, url: str) -> str:
        """The URL itself."""
        return url

    def wire(self, rows: Any) -> list[bytes]:
        """Each text as JSON."""
        return [dumps(text) for text in one_text_each(rows, protocol="huggingface")]

    def encode(self, rows: Any) -> Request:
        """One text, or a list of several."""
        texts = one_text_each(rows, protocol="huggingface")
        body: dict[str, Any] = {"inputs": texts[0] if len(texts) == 1 else texts}
        if self.parameters:
            body["parameters"] = {"top_k": self.top_k}
        return Request(dumps(body))

    def decode(self, body: bytes, n: int) -> Reply:
        """Scores by label: (n, k)."""
        rows = [_scores(row) for row in _rows(parse(body), n)]
        names = self.labels or tuple(sorted({name for row in rows for name in row}))
        names = _renamed(names, rows)
        values = np.array([_completed(row, names, i) for i, row in enumerate(rows)])
        return Reply(values=values.reshape(len(rows), len(names)), classes=self.labels or names)


def _rows(value: Any, n: int) -> list[list[Any]]:
    """One list of label and score a row, however deep the service nests them."""
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        raise AnswerError(f"Labels and scores were expected; came {kind_of(value)}.")
    if value and all(isinstance(part, Mapping) for part in value):
        return [value] if n == 1 else [[part] for part in value]
    if len(value) == 1 and n > 1 and isinstance(value[0], list):
        return _rows(value[0], n)
    if not all(isinstance(part, list) for part in value):
        raise AnswerError("The answer mixes lists with other things.")
    return value


def _scores(row: list[Any]) -> dict[str, float]:
    """Scores of one row by label."""
    scores: dict[str, float] = {}
    for part in row:
        label, score = field(part, "label"), field(part, "score")
        if not isinstance(score, int | float) or isinstance(score, bool):
            raise AnswerError(f"The score of {label!r} is {kind_of(score)}.")
        if str(label) in scores:
            raise AnswerError(f"The answer names {label!r} twice for one row.")
        scores[str(label)] = float(score)
    return scores


def _renamed(names: tuple[Label, ...], rows: list[dict[str, float]]) -> tuple[str, ...]:
    """The answer's own names of the classes: LABEL_0, LABEL_1, ... where the model has none."""
    texts = tuple(map(str, names))
    numbered = tuple(f"LABEL_{i}" for i in range(len(names)))
    seen = {name for row in rows for name in row}
    return numbered if seen <= set(numbered) and not seen & set(texts) else texts


def _completed(row: dict[str, float], names: tuple[str, ...], i: int) -> list[float]:
    """Scores in the order of the classes, with what is missing to one shared by the rest."""
    unknown = sorted(row.keys() - set(names))
    if unknown:
        raise AnswerError(
            f"Row {i} of the answer names {unknown[0]!r}, which is none of the classes"
            f" {', '.join(map(repr, names))}."
        )
    absent = len(names) - len(row)
    share = max(1.0 - sum(row.values()), 0.0) / absent if absent else 0.0
    return [row.get(name, share) for name in names]

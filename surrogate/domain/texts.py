"""Texts as rows of a model: words that are kept or removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from surrogate._validate import Boolean, Instance, Rule, check
from surrogate.domain.masks import MaskDomain, kept, parts_of
from surrogate.errors import DataError, OptionError
from surrogate.types import Array

__all__ = ["TextMasks", "Texts", "Tokenizer"]

Tokenizer: TypeAlias = Callable[[str], Any]
"""From a text to its tokens in their order, or to their places as pairs (start, end)."""

_WORD = re.compile(r"\w+")
_RULES: Mapping[str, Rule] = {
    "bow": Boolean(),
    "mask_token": Instance((str,), "a string"),
}


@dataclass(frozen=True, eq=False)
class TextMasks(MaskDomain):
    """One text, of which words are kept or removed; made by `Texts`.

    Parameters
    ----------
    features : tuple of m Feature
        A word each.
    pieces : tuple of p str
        The text, cut into words and what stands between them.
    owner : tuple of p int
        The feature of each piece; -1 for what stands between words and always stays.
    mask_token : str
        What stands where a word is removed.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import Texts
    >>> (domain,) = Texts().domains(["not bad, not bad at all"])
    >>> domain.names
    ('not', 'bad', 'at', 'all')
    >>> domain.decode(np.array([[0.0, 1.0, 1.0, 1.0]]))
    [' bad,  bad at all']
    """

    kind: ClassVar[str] = "text"
    part: ClassVar[str] = "word"

    pieces: tuple[str, ...] = field(kw_only=True)
    owner: tuple[int, ...] = field(kw_only=True)
    mask_token: str = field(default="", kw_only=True)

    @property
    def text(self) -> str:
        """The text itself."""
        return "".join(self.pieces)

    @property
    def entries(self) -> int:
        """Characters of the text."""
        return sum(map(len, self.pieces))

    def decode(self, matrix: Array) -> list[str]:
        """Texts (n,) from masks (n, m)."""
        seen = kept(matrix)
        always = np.ones((len(seen), 1), dtype=np.bool_)
        shown = np.take(np.concatenate([seen, always], axis=1), self._place, axis=1)  # (n, p)
        if not self.mask_token:
            return ["".join(compress(self.pieces, row)) for row in shown.tolist()]
        return ["".join(row) for row in np.where(shown, self._words, self.mask_token).tolist()]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe."""
        return {
            "domain": self.kind,
            "pieces": list(self.pieces),
            "owner": list(self.owner),
            "names": list(self.names),
            "mask_token": self.mask_token,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:  # type: ignore[override]
        """Undo `to_dict`."""
        return cls(
            parts_of(data["names"]),
            pieces=tuple(data["pieces"]),
            owner=tuple(data["owner"]),
            mask_token=data["mask_token"],
        )

    def __repr__(self) -> str:
        return f"<TextMasks of {self.entries} characters, {len(self.features)} words>"

    @cached_property
    def _place(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        place = np.array(self.owner, dtype=np.intp)
        return np.where(place < 0, len(self.features), place)  # the column that is always 1

    @cached_property
    def _words(self) -> np.ndarray[Any, Any]:
        return np.array(self.pieces, dtype=object)


@dataclass(frozen=True, eq=False)
class Texts:
    r"""Says that inputs are texts, into what words they are cut, and what removing one means.

    Parameters
    ----------
    tokenizer : callable or None
        Gets a text and gives its tokens, as strings in their order or as pairs (start, end);
        what lies between them always stays. None: words, as in lime (``\w+``).
    bow : bool
        Bag of words: all occurrences of a word are one feature, kept or removed together.
        False: each occurrence is a feature of its own, for models that heed order.
    mask_token : str
        What stands where a word is removed, such as ``"[MASK]"``; by default, nothing.

    Examples
    --------
    >>> from surrogate import Texts, explain
    >>> found = explain(
    ...     lambda texts: ["good" in text for text in texts],
    ...     ["a good film", "a bad one"],
    ...     domain=Texts(),
    ... )
    >>> found[0].coef[1].round(2).tolist()
    [0.0, 1.0, 0.0]
    """

    tokenizer: Tokenizer | None = None
    bow: bool = True
    mask_token: str = ""

    def __post_init__(self) -> None:
        check("Texts", _RULES, vars(self))
        if self.tokenizer is not None and not callable(self.tokenizer):
            raise OptionError(
                f"The `tokenizer` parameter of Texts must be a callable or None; got "
                f"{self.tokenizer!r}."
            )

    def domains(self, texts: Any, *, where: str = "X") -> tuple[TextMasks, ...]:
        """A domain of masks for each text.

        Parameters
        ----------
        texts : sequence of n str
        where : str
            What messages call them.

        Returns
        -------
        tuple of n TextMasks

        Raises
        ------
        DataError
            If they are no texts, or one has fewer than two words.
        """
        if isinstance(texts, str | bytes):
            raise DataError(f"{where} must be a list of texts; got one text. Give [text].")
        given = list(texts)
        if not given:
            raise DataError(f"{where} holds no texts; give at least one.")
        return tuple(self._domain(text, f"{where}[{i}]") for i, text in enumerate(given))

    def to_dict(self) -> dict[str, Any]:
        """What was said, for the record; of a tokenizer, only that there is one."""
        said = "words" if self.tokenizer is None else "a callable"
        return {"tokenizer": said, "bow": self.bow, "mask_token": self.mask_token}

    def _domain(self, text: Any, where: str) -> TextMasks:
        """One text with its words."""
        if not isinstance(text, str):
            raise DataError(f"{where} must be a text; got {type(text).__name__}.")
        if not text.strip():
            raise DataError(f"{where} is empty; there is nothing to explain.")
        text = str(text)
        spans = self._spans(text, where)
        pieces, owner, names = _cut(text, spans, bow=self.bow)
        if len(names) < 2:
            found = f"one word, {names[0]!r}" if names else "no word"
            raise DataError(
                f"{where} has {found}; an explanation needs at least two words, to tell them apart."
            )
        return TextMasks(parts_of(names), pieces=pieces, owner=owner, mask_token=self.mask_token)

    def _spans(self, text: str, where: str) -> list[tuple[int, int]]:
        """Places of the tokens."""
        if self.tokenizer is None:
            return [found.span() for found in _WORD.finditer(text)]
        tokens = list(self.tokenizer(text))
        if all(isinstance(token, str) for token in tokens):
            return _found(text, tokens, where)
        return _checked(text, tokens, where)


def _cut(
    text: str, spans: Sequence[tuple[int, int]], *, bow: bool
) -> tuple[tuple[str, ...], tuple[int, ...], list[str]]:
    """Pieces of a text, the feature of each, and the features' words."""
    pieces: list[str] = []
    owner: list[int] = []
    names: list[str] = []
    known: dict[str, int] = {}
    at = 0
    for start, end in spans:
        if at < start:
            pieces.append(text[at:start])
            owner.append(-1)
        word = text[start:end]
        if not bow or word not in known:
            known[word] = len(names)
            names.append(word)
        pieces.append(word)
        owner.append(known[word])
        at = end
    if at < len(text):
        pieces.append(text[at:])
        owner.append(-1)
    return tuple(pieces), tuple(owner), names


def _found(text: str, tokens: Sequence[str], where: str) -> list[tuple[int, int]]:
    """Places of tokens that are given as strings, each behind the one before."""
    spans, at = [], 0
    for token in tokens:
        start = text.find(token, at)
        if not token or start < 0:
            raise DataError(
                f"The tokenizer gives {token!r}, which {where} does not hold behind the tokens "
                "before; let it give pieces of the text as they stand there, or pairs (start, end)."
            )
        at = start + len(token)
        spans.append((start, at))
    return spans


def _checked(text: str, tokens: Sequence[Any], where: str) -> list[tuple[int, int]]:
    """Places that are given, if they are places in the text, one behind the other."""
    spans, at = [], 0
    for token in tokens:
        try:
            start, end = (int(place) for place in token)
        except (TypeError, ValueError):
            start, end = -1, -1
        if not at <= start < end <= len(text):
            raise DataError(
                f"The tokenizer must give strings, or pairs (start, end) in their order within "
                f"{where}, which has {len(text)} characters; got {token!r}."
            )
        spans.append((start, end))
        at = end
    return spans

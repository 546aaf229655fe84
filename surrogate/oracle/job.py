"""The rows of one ask over a wire: which are answered, and which are still to be asked."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from surrogate.errors import AnswerError, ModelError
from surrogate.oracle.asker import Purpose
from surrogate.oracle.ledger import Ledger
from surrogate.oracle.records import Record, align, join, split
from surrogate.oracle.shapes import Answered
from surrogate.types import Array, Reply

if TYPE_CHECKING:
    from surrogate.domain import Domain
    from surrogate.oracle.judge import Judge

__all__ = ["BadRows", "Job"]

_DECODED = 4_096  # rows at a time, to bound memory


class BadRows(Exception):
    """An answer of which only some rows are good; never reaches a user."""

    def __init__(self, error: ModelError, good: Mapping[bytes, Record]) -> None:
        self.error, self.good = error, good


class Job:
    """One ask.

    Parameters
    ----------
    name : str
        What messages call the model.
    matrix : array of shape (n, d)
    domain : Domain
    wire : callable
        Each of some decoded rows as it goes over the wire.
    ledger : Ledger
    purpose : str or spans
    replicate : int
        0 for the answer, else which deliberate repeat.
    tell : callable
        Is given how many of the rows are answered.
    """

    def __init__(
        self,
        name: str,
        matrix: Array,
        domain: Domain,
        *,
        wire: Callable[[Any], list[bytes]],
        ledger: Ledger,
        purpose: Purpose,
        replicate: int,
        tell: Callable[[Job], None],
    ) -> None:
        self.matrix, self.purpose, self.replicate = matrix, purpose, replicate
        self.judge: Judge | None = None
        self.todo: deque[bytes] = deque()
        self._name, self._domain, self._ledger, self._tell = name, domain, ledger, tell
        self.keys: list[bytes] = []
        for at in range(0, len(matrix), _DECODED):
            rows = domain.decode(matrix[at : at + _DECODED])
            self.keys += ledger.keys(wire(rows))
        self.first: dict[bytes, int] = {}  # where each distinct row stands first
        for i, key in enumerate(self.keys):
            self.first.setdefault(key, i)
        self.found = ledger.find(list(self.first), replicate=replicate)
        self.remembered = frozenset(self.found)

    def __len__(self) -> int:
        return len(self.keys)

    def missing(self, stop: int | None = None) -> list[bytes]:
        """Keys of distinct rows that have no answer, among the first ones."""
        some = self.first if stop is None else dict.fromkeys(self.keys[:stop])
        return [key for key in some if key not in self.found]

    def answered(self) -> int:
        """How many rows from the first on have an answer."""
        found = self.found
        return next((i for i, key in enumerate(self.keys) if key not in found), len(self.keys))

    def reply(self, stop: int) -> Answered:
        """The answers to the first rows, as one reply."""
        records = [self.found[key] for key in self.keys[:stop]]
        return Answered(join(records, self._ledger.classes), stop)

    # ---- what the sender needs ----

    def rows(self, keys: Sequence[bytes]) -> Any:
        """Decoded rows of some keys."""
        return self._domain.decode(self.matrix[[self.first[key] for key in keys]])

    def purposes(self, keys: Sequence[bytes]) -> dict[str, int]:
        """How many rows are counted under which name."""
        if isinstance(self.purpose, str):
            return {self.purpose: len(keys)}
        ends = [end for _, end in self.purpose]
        shares: dict[str, int] = {}
        for key in keys:
            name = self.purpose[bisect_right(ends, self.first[key])][0]
            shares[name] = shares.get(name, 0) + 1
        return shares

    def accept(self, keys: Sequence[bytes], reply: Reply) -> Mapping[bytes, Record]:
        """Judge a reply to some keys, and keep it.

        Raises
        ------
        BadRows
            If not all of it is good; what is, is kept.
        """
        try:
            reply = align(self._name, reply, self._ledger.classes)
            good = self._judged(keys, reply, self.first[keys[0]])
        except AnswerError as error:
            good, first = self._salvage(keys, reply)
            self.found.update(good)
            raise BadRows(first or error, good) from None
        if reply.classes is not None and self._ledger.classes is None:
            self._ledger.classes = reply.classes
        self.found.update(good)
        return good

    def tell(self) -> None:
        """Tell how far it is."""
        self._tell(self)

    def _judged(self, keys: Sequence[bytes], reply: Reply, start: int) -> dict[bytes, Record]:
        records = split(self._name, reply, len(keys), start=start)
        if self.judge is not None:
            self.judge(Answered(join(records, reply.classes), len(keys), start))
        return dict(zip(keys, records))

    def _salvage(
        self, keys: Sequence[bytes], reply: Reply
    ) -> tuple[dict[bytes, Record], AnswerError | None]:
        """The good rows of a reply, and what is wrong with the first of the others."""
        good: dict[bytes, Record] = {}
        wrong: AnswerError | None = None
        columns = [part for part in (reply.values, reply.labels) if part is not None]
        if not columns or any(len(part) != len(keys) for part in columns):
            return good, None
        for i, key in enumerate(keys):
            values, labels = (
                None if part is None else part[i : i + 1] for part in (reply.values, reply.labels)
            )
            one = Reply(values=values, labels=labels, classes=reply.classes)
            try:
                good |= self._judged([key], one, self.first[key])
            except AnswerError as error:
                wrong = wrong or error
        return good, wrong

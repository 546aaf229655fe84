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

_PREPARED = 1_024  # rows at a time, so that the first ones go out before the last are hashed


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
        self._name, self._domain, self._ledger, self._tell = name, domain, ledger, tell
        self._wire = wire
        self.keys: list[bytes] = []  # of the rows that are prepared
        self.first: dict[bytes, int] = {}  # where each distinct row stands first
        self.found: dict[bytes, Record] = {}
        self.remembered: set[bytes] = set()
        self.todo: deque[bytes] = deque()
        self.flows = False  # whether rows are to be sent as they are prepared

    def __len__(self) -> int:
        return len(self.matrix)

    def prepare(self, stop: int | None = None) -> None:
        """See which rows have an answer, up to one of them, in whole chunks."""
        stop = len(self) if stop is None else min(stop, len(self))
        while len(self.keys) < stop:
            at = len(self.keys)
            rows = self._domain.decode(self.matrix[at : at + _PREPARED])
            keys = self._ledger.keys(self._wire(rows))
            new = [key for key in dict.fromkeys(keys) if key not in self.first]
            for i, key in enumerate(keys, at):
                self.first.setdefault(key, i)
            self.keys += keys
            known = self._ledger.find(new, replicate=self.replicate)
            self.found |= known
            self.remembered |= known.keys()
            if self.flows:
                self.todo.extend(key for key in new if key not in known)

    def flow(self) -> None:
        """From now on, send every row that has no answer."""
        self.todo.extend(self.missing())
        self.flows = True

    def fill(self, n: int) -> bool:
        """Have n rows ready to send, as far as there are; whether there is one."""
        while self.flows and len(self.todo) < n and len(self.keys) < len(self):
            self.prepare(len(self.keys) + 1)
        return bool(self.todo)

    def missing(self, stop: int | None = None) -> list[bytes]:
        """Keys of distinct rows that have no answer, among the first that are prepared."""
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

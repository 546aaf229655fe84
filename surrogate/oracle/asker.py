"""The loop over batches: ask, judge, count, and lose nothing on the way."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate.errors import AnswerError, Interrupted, ModelError, SurrogateError
from surrogate.oracle.answers import Answers
from surrogate.oracle.judge import Judge
from surrogate.oracle.rows import RowCheck, missing_columns, row_text
from surrogate.oracle.screens import host_view, is_finite
from surrogate.oracle.settle import Settled, lacks_classes, settle
from surrogate.oracle.shapes import Answered
from surrogate.oracle.timeline import Recorder
from surrogate.types import Array, BlackBox, Reply, Traits

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Asker", "OnProgress", "Purpose"]

OnProgress: TypeAlias = Callable[[int, int, str], None]
"""Called after every batch with the rows answered, the rows of the ask, and its purpose."""

Purpose: TypeAlias = str | tuple[tuple[str, int], ...]
"""What rows are counted under: one name, or names with the number at which each one's rows end."""

SETTLING_ROWS = 64
GUARDED_ROWS = 16


class Asker:
    """Asks one box, and counts what it asks.

    Parameters
    ----------
    box : BlackBox
    domain : Domain
    batch_rows : int or None
        Most rows in one batch.
    on_progress : callable or None
    """

    def __init__(
        self,
        box: BlackBox,
        domain: Domain,
        *,
        batch_rows: int | None,
        on_progress: OnProgress | None,
    ) -> None:
        self.box: BlackBox | None = box
        self.traits = box.traits
        self.on_progress = on_progress
        self.settled: Settled | None = None
        self.rows, self.calls, self.seconds = 0, 0, 0.0
        self.purposes: dict[str, int] = {}
        self.recorder = Recorder()
        # reading a number back from a GPU stops it, so there all is checked once, at the end
        self.deferred = self.traits.library == "torch" and self.traits.device != "cpu"
        self._tensors = self.traits.library == "torch"
        self._batch_rows = batch_rows
        self.see(domain)
        self._judge: Judge | None = None
        self._at = (0, 0)

    def see(self, domain: Domain) -> None:
        """From now on, rows are rows of this domain."""
        self.domain, self._check = domain, RowCheck(domain)
        self.batch = batch_size(self.traits, self._batch_rows, width=domain.entries)

    def check(self, matrix: Array) -> Array:
        """The rows in C order, or a DataError."""
        return self._check(matrix, screened=not self.deferred)

    def settle(self, matrix: Array) -> Answers:
        """Answers to as many of the rows as settle what answers are."""
        return self._ask(matrix, "settle", parts=[], brief=True)

    def ask(self, matrix: Array, purpose: Purpose, kept: Answers | None = None) -> Answers:
        """Answers to all rows, of which the first may have been kept from before."""
        return self._ask(matrix, purpose, parts=[] if kept is None else [kept])

    def look(self, matrix: Array, purpose: str, layers: tuple[str, ...], *, paid: int) -> Answers:
        """Answers with activations; the first `paid` rows were counted before."""
        return self._ask(matrix, purpose, parts=[], layers=layers, paid=paid)

    def without_box(self) -> Asker:
        """A copy that remembers what was asked, and has no box: what is pickled."""
        other = copy.copy(self)
        other.box = other.on_progress = None
        return other

    def _ask(
        self,
        matrix: Array,
        purpose: Purpose,
        *,
        parts: list[Answers],
        brief: bool = False,
        layers: tuple[str, ...] = (),
        paid: int = 0,
    ) -> Answers:
        """Ask what follows on the parts, and join them."""
        n, start = int(matrix.shape[0]), len(parts[0]) if parts else 0
        size = min(self.batch, SETTLING_ROWS) if brief else self.batch
        waiting: list[Answered] = []
        try:
            while start < n:
                stop = min(start + size, n)
                self._at = (start, stop)
                rows = matrix if stop - start == n else matrix[start:stop]
                shares = _shares(purpose, min(max(start, paid), stop), stop)
                answered = Answered(self._attempt(rows, shares, layers), stop - start, start)
                if self._judge is not None:
                    parts.append(self._judge(answered))
                else:
                    waiting.append(answered)
                    if brief and not lacks_classes(self.traits, answered):
                        break
                if self.on_progress is not None:
                    self.on_progress(stop, n, next(reversed(shares)))
                start, size = stop, self.batch
            if waiting:
                parts += self._settle(waiting)
            answers = Answers.concat(parts)
            if self.deferred:
                self._check_all(matrix, answers)
            return answers
        except KeyboardInterrupt:
            raise self._interrupted(self._rescue(parts, waiting), n) from None
        except ModelError as error:
            self._explain(error, matrix)
            error.answers = self._rescue(parts, waiting)
            raise

    def _attempt(
        self, rows: Array, shares: Mapping[str, int], layers: tuple[str, ...] = ()
    ) -> Reply:
        """One attempt at one batch; what is sent is counted, whatever comes of it."""
        if self.box is None:
            raise closed(self.traits)
        asked = self.domain.decode(rows if self._tensors else to_numpy(rows))
        self.calls += 1
        for purpose, n in shares.items():
            self.rows += n
            self.purposes[purpose] = self.purposes.get(purpose, 0) + n
        mark = self._mark(rows)
        start = perf_counter()
        self.recorder.begin(start)
        try:
            reply = self.box.look(asked, layers) if layers else self.box.ask(asked)  # type: ignore[attr-defined]
        except SurrogateError:
            raise
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            raise ModelError(
                f"{self.traits.name} raised {type(error).__name__}: {lines[0]}"
            ) from error
        finally:
            end = perf_counter()
            self.seconds += end - start
            self.recorder.take(end, self.purposes)
        if mark is not None and self._mark(rows) != mark:
            raise ModelError(
                f"{self.traits.name} changed the rows that it was given in place, so that what it "
                "answered is not what was asked; let it, or its preprocess, work on a copy "
                "(rows = rows.copy())."
            )
        return reply

    def _mark(self, rows: Array) -> bytes | int | None:
        """What tells whether a model changed its rows: a few of them, all at first.

        Tensors count their own changes; what NumPy does to their memory shows at first only.
        """
        if type(rows) is np.ndarray:
            step = 1 if self._judge is None else -(-len(rows) // GUARDED_ROWS)
            return rows[::step].tobytes()
        host = host_view(rows) if self._judge is None else None
        if host is not None:
            return host.tobytes()
        return None if rows.is_inference() else int(rows._version)

    def _settle(self, waiting: Sequence[Answered]) -> list[Answers]:
        """Settle what answers are, and judge those that waited for it."""
        self.settled = settle(self.traits, waiting)
        self._judge = Judge(self.traits, self.settled, deferred=self.deferred)
        return [self._judge(answered) for answered in waiting]

    def _check_all(self, matrix: Array, answers: Answers) -> None:
        """The one check of a plan whose answers lie on a GPU."""
        if not is_finite(matrix):
            self._check.check_finite(matrix)
        if self._judge is not None:
            self._judge.screen(answers.values)

    def _rescue(self, parts: list[Answers], waiting: list[Answered]) -> Answers | None:
        """What was answered before something broke, as far as it is good."""
        if waiting and self._judge is None:
            try:
                parts = parts + self._settle(waiting)
            except ModelError:
                return None
        return Answers.concat(parts) if parts else None

    def _explain(self, error: ModelError, matrix: Array) -> None:
        """Add to an error which rows were asked, and whether they lacked values."""
        start, stop = self._at
        rows = matrix[start:stop]
        if self.deferred and not is_finite(rows):
            self._check.check_finite(rows)
        message = str(error)
        if not isinstance(error, AnswerError):
            message += f" (while answering rows {start:,} to {stop - 1:,})."
        elif error.row is not None:
            message += f" Row {error.row:,} is {row_text(self.domain, matrix[error.row])}."
        absent = missing_columns(self.domain, rows)
        if absent:
            names = ", ".join(map(repr, absent[:10]))
            message += (
                f" These rows hold missing values, in {names}: does the model take them? "
                "If not, fill them in `preprocess`, or leave such rows out."
            )
        error.args = (message,)

    def _interrupted(self, answers: Answers | None, n: int) -> Interrupted:
        done = 0 if answers is None else len(answers)
        return Interrupted(
            f"Interrupted while {self.traits.name} was asked: {done:,} of {n:,} rows were "
            "answered, which this error carries as `answers`.",
            answers,
        )


def batch_size(traits: Traits, batch_rows: int | None, *, width: int) -> int:
    """Most rows in one batch: enough to keep a model busy, few enough to stay in memory."""
    most, entries = (8_192, 1 << 22) if traits.device == "cpu" else (65_536, 1 << 26)
    size = batch_rows or min(most, max(entries // max(width, 1), 64))
    return size if traits.max_batch is None else min(size, traits.max_batch)


def _shares(purpose: Purpose, start: int, stop: int) -> dict[str, int]:
    """How many of the rows from `start` to `stop` are counted under each name."""
    if isinstance(purpose, str):
        return {purpose: stop - start}
    shares: dict[str, int] = {}
    for name, end in purpose:
        if start < min(end, stop):
            shares[name] = shares.get(name, 0) + min(end, stop) - start
            start = min(end, stop)
    return shares


def closed(traits: Traits) -> ModelError:
    """The error of an oracle that has no box."""
    return ModelError(
        f"This oracle was unpickled, and pickles leave the model ({traits.name}) behind; make a "
        "new Oracle with its box."
    )

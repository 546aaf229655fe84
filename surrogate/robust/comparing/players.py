"""The models of a comparison while it runs: each is asked as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from surrogate._array import to_numpy
from surrogate._probe import ENDINGS
from surrogate.errors import Interrupted
from surrogate.explanation.compared import Region
from surrogate.oracle import Answers
from surrogate.robust.comparing.alike import Alike
from surrogate.robust.comparing.entrants import Entrant
from surrogate.types import FloatArray, IntArray

__all__ = ["Heard", "Player", "Table"]

LEAST = 2  # rows that something is measured on


@dataclass(frozen=True, eq=False)
class Heard:
    """What one model said of the rows of one region, as far as it was asked.

    Parameters
    ----------
    rows : array of shape (n, d)
    source : int array of shape (n,)
        Which held-out row each is, or was made from.
    answers : Answers
    values : array of shape (n, k)
        Of the answers, on the host.
    decision : int array of shape (n,) or None
    """

    rows: FloatArray
    source: IntArray
    answers: Answers
    values: FloatArray
    decision: IntArray | None

    @classmethod
    def of(cls, rows: FloatArray, source: IntArray, answers: Answers) -> Heard:
        """Answers beside the rows that they are about."""
        n = len(answers)
        decision = answers.decision
        codes = None if decision is None else to_numpy(decision).astype(np.intp)
        return cls(rows[:n], source[:n], answers, answers.numbers(), codes)

    def __len__(self) -> int:
        return len(self.values)


@dataclass(eq=False)
class Player:
    """One model, its oracle, and what it said so far.

    Parameters
    ----------
    entrant : Entrant
    oracle : Alike
    heard : dict from Region to Heard
    ended : str
        Why it is asked no more; empty while it is.
    told : str
        The same as a sentence, with what it ended.
    """

    entrant: Entrant
    oracle: Alike
    heard: dict[Region, Heard] = field(default_factory=dict)
    ended: str = ""
    told: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.entrant.name

    @property
    def arm(self) -> str:
        """What it is one of."""
        return self.entrant.arm


@dataclass(eq=False)
class Table:
    """All models around one table of rows, and whether somebody said stop.

    Parameters
    ----------
    players : tuple of Player
    notes : list of str
        What ended early, in order.
    stopped : bool
        Whether Ctrl-C ended it.
    first_end : exception or None
        What ended the asking of a model first.
    """

    players: tuple[Player, ...]
    notes: list[str] = field(default_factory=list)
    stopped: bool = False
    first_end: BaseException | None = None

    def asking(self) -> Iterator[Player]:
        """Players that may still be asked, one after another."""
        for player in self.players:
            if not player.ended and not self.stopped:
                yield player

    def hear(
        self, player: Player, region: Region, rows: FloatArray, *, source: IntArray, purpose: str
    ) -> Heard | None:
        """Ask one model the rows of a region, and keep what it says of them."""
        heard = self.ask(player, rows, source=source, purpose=purpose, what=str(region))
        if heard is not None:
            player.heard[region] = heard
        return heard

    def ask(
        self, player: Player, rows: FloatArray, *, source: IntArray, purpose: str, what: str
    ) -> Heard | None:
        """Ask one model; None where it said too little to measure anything."""
        answers: Answers | None = None
        with self.lasting(player, what):
            try:
                answers = player.oracle.ask(rows, purpose=purpose)
            except ENDINGS as ended:
                answers = ended.answers
                raise
        if answers is None or len(answers) < LEAST:
            return None
        return Heard.of(rows, source, answers)

    def lasting(self, player: Player, what: str) -> Lasting:
        """What ends one model's asking ends it alone, Ctrl-C ends all; both are said."""
        return Lasting(self, player, what)

    @property
    def interrupted(self) -> bool:
        """Whether anything ended before its plan."""
        return self.stopped or any(player.ended for player in self.players)


class Lasting:
    """A block in which what ends a model's asking is noted, and not raised."""

    def __init__(self, table: Table, player: Player, what: str) -> None:
        self._table, self._player, self._what = table, player, what

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, ended: BaseException | None, trace: object
    ) -> bool:
        if not isinstance(ended, (*ENDINGS, KeyboardInterrupt)):
            return False
        table, player = self._table, self._player
        player.ended = getattr(ended, "why", Interrupted.why)
        table.stopped = table.stopped or isinstance(ended, KeyboardInterrupt)
        table.first_end = table.first_end or ended
        player.told = f"{player.name}: {self._what} ended before its plan: {player.ended}."
        table.notes.append(player.told)
        return True

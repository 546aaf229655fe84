"""The game that is played: coalitions turned into rows, asked, and averaged on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import is_torch, on_library, to_numpy
from surrogate._optional import require
from surrogate.domain import MaskDomain
from surrogate.errors import DataError, OptionError
from surrogate.local._run import kept_columns
from surrogate.local.shap._background import Background
from surrogate.local.shap._players import Players
from surrogate.oracle import Answers
from surrogate.types import Array, BoolArray, FloatArray, IntArray, Label

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["LINKS", "Game", "Opened"]

LINKS = ("identity", "logit")
_CELLS = 1 << 23  # numbers in the rows asked at once: 64 MiB of float64
_CLIP = 1e-7


@dataclass(frozen=True, eq=False)
class Opened:
    """What is known before the first coalition.

    Parameters
    ----------
    whole : array of shape (r, k)
        Values with all players: what the model says of the rows.
    none : array of shape (k,)
        With none: its mean over the background.
    """

    whole: FloatArray
    none: FloatArray


@dataclass(eq=False)
class Game:
    """Values of coalitions around rows.

    Parameters
    ----------
    oracle : Oracle
    background : Background
    players : Players
    link : {"identity", "logit"}
    classes : sequence or None
    """

    oracle: Oracle
    background: Background
    players: Players
    link: str
    classes: Sequence[Label] | None
    asked: Counter[str] = field(default_factory=Counter)
    clipped: int = 0
    refused: int = 0
    drawn: int = 0
    _kept: IntArray | None = None
    _buffer: Any = None

    def open(self, rows: FloatArray) -> Opened:
        """Ask the rows and the background, each once for all that follows."""
        back = self.background
        told = self.oracle.ask_parts([("rows", rows), ("background", back.rows)])
        self.asked.update(rows=len(rows), background=len(back))
        self._kept = kept_columns(self.oracle, self.classes, owner="KernelShap")
        whole, each = (part.numbers()[:, self._kept] for part in told)
        return Opened(self._linked(whole), self._linked(back.weights @ each))

    def values(self, row: FloatArray, coalitions: BoolArray, purpose: str) -> FloatArray:
        """Linked mean answers (c, k) of coalitions (c, m) of all players around a row (d,).

        Raises
        ------
        DataError
            If the domain's constraint leaves a coalition no row.
        """
        assert self._kept is not None
        keep = coalitions @ self.players.member  # (c, d)
        step = max(1, _CELLS // (len(self.background) * keep.shape[1]))
        means = [
            self._mean(row, keep[start : start + step], purpose)
            for start in range(0, len(keep), step)
        ]
        if not means:
            return np.zeros((0, len(self._kept)))
        host = np.concatenate([np.asarray(to_numpy(mean), dtype=np.float64) for mean in means])
        return self._linked(Answers(host).numbers()[:, self._kept])

    # ---- parts of the above ----

    def _mean(self, row: FloatArray, keep: BoolArray, purpose: str) -> Array:
        """Mean answers (c, k) over the background, where the model answers."""
        rows = self._rows(row, keep)
        n, b = len(rows), len(self.background)
        self.drawn += n
        weights = self.background.weights
        if self.oracle.domain.constraint is not None:
            return self._feasible_mean(to_numpy(rows), len(keep), purpose)
        answers = self.oracle.ask(rows, purpose=purpose).values
        self.asked[purpose] += n
        if b == 1:
            return answers
        if is_torch(answers):
            torch = require("torch", extra="torch")

            w = torch.as_tensor(weights, dtype=torch.float64, device=answers.device)
            return torch.einsum("cbk,b->ck", answers.reshape(len(keep), b, -1).double(), w)
        shaped = np.asarray(answers, dtype=np.float64).reshape(len(keep), b, -1)
        return np.asarray(np.matmul(weights, shaped))

    def _feasible_mean(self, rows: FloatArray, c: int, purpose: str) -> FloatArray:
        """The same, over the background rows that the domain's constraint allows."""
        allowed = np.asarray(self.oracle.domain.feasible(rows))
        self.refused += int((~allowed).sum())
        weights = allowed.reshape(c, -1) * self.background.weights  # (c, b)
        total = weights.sum(axis=1)
        if (total <= 0).any():
            raise DataError(
                "The domain's constraint refuses every background row for some coalition of "
                "features, so that it has no value; give another background, or group the "
                "features that the constraint ties together (`groups`)."
            )
        told = np.asarray(to_numpy(self.oracle.ask(rows[allowed], purpose=purpose).values))
        self.asked[purpose] += len(told)
        answers = np.zeros((len(rows), told.shape[1]))
        answers[allowed] = told
        weights /= total[:, None]
        shaped = answers.reshape(c, weights.shape[1], -1)
        return np.asarray(np.einsum("cb,cbk->ck", weights, shaped))

    def _rows(self, row: FloatArray, keep: BoolArray) -> Array:
        """Rows (c · b, d): the row's own values where kept, else the background's."""
        domain, oracle = self.oracle.domain, self.oracle
        if isinstance(domain, MaskDomain):
            masks = keep.astype(np.float32)
            torch_made = oracle.library == "torch" and domain.kind == "image"
            return on_library(masks, "torch", oracle.device) if torch_made else masks
        c, (b, d) = len(keep), self.background.rows.shape
        buffer, own, back = self._room(c * b * d, row)
        if is_torch(buffer):
            torch = require("torch", extra="torch")

            shaped = buffer[: c * b * d].view(c, b, d)
            kept = torch.as_tensor(keep, device=buffer.device)[:, None, :]
            torch.where(kept, own, back, out=shaped)
            rows: Array = shaped.view(c * b, d)
        else:
            shaped = buffer[: c * b * d].reshape(c, b, d)
            shaped[...] = back
            np.copyto(shaped, own, where=keep[:, None, :])
            rows = shaped.reshape(c * b, d)
        # mixed rows are rounded as their parts are, but what is derived from them is not
        return oracle.snap(rows) if domain.derived else rows

    def _room(self, cells: int, row: FloatArray) -> tuple[Any, Any, Any]:
        """A buffer that is used again, the row and the background, where rows are made."""
        if self._buffer is None or len(self._buffer[0]) < cells:
            back = self.background.rows
            if self._on_device():
                torch = require("torch", extra="torch")

                dtype = getattr(torch, self.oracle.dtype)
                there = torch.as_tensor(back, dtype=dtype, device=self.oracle.device)
                room = torch.empty(cells, dtype=dtype, device=self.oracle.device)
                self._buffer = (room, there)
            else:
                self._buffer = (np.empty(cells), back)
        buffer, there = self._buffer
        if is_torch(buffer):
            torch = require("torch", extra="torch")

            return buffer, torch.as_tensor(row, dtype=there.dtype, device=there.device), there
        return buffer, row, there

    def _on_device(self) -> bool:
        """Whether rows are made in torch, where the model is: not if they must be decoded."""
        if self.oracle.library != "torch" or self.oracle.domain.derived:
            return False
        probe = on_library(self.background.rows[:1], "torch", "cpu")
        return is_torch(self.oracle.domain.decode(probe))

    def _linked(self, values: FloatArray) -> FloatArray:
        """Values through the link: the mean over the background first, the link after."""
        if self.link == "identity":
            return values
        low, high = float(values.min()), float(values.max())
        if low < 0 or high > 1:
            raise OptionError(
                f"The `link` parameter of KernelShap can be 'logit' only for answers from 0 to 1; "
                f"the model answered {low if low < 0 else high:.4g}."
            )
        self.clipped += int(((values < _CLIP) | (values > 1 - _CLIP)).sum())
        inside = np.clip(values, _CLIP, 1 - _CLIP)
        return np.asarray(np.log(inside / (1 - inside)))

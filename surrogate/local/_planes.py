"""A shared plan written as planes, and each explained row as a list of them."""

from __future__ import annotations

import numpy as np

from surrogate.local._designs import Design, Drawn
from surrogate.local._moments import Planes, blocked, pair_slots
from surrogate.types import BoolArray, FloatArray

__all__ = ["make_planes"]


def make_planes(
    design: Design,
    drawn: Drawn,
    rows: FloatArray,
    Y: FloatArray,
    *,
    width: float,
    dtype: str,
    single: bool = False,
) -> Planes:
    """Write each column that some row needs as a plane, and each row as a list of planes.

    Planes are: one per distinct code of the explained rows in each column of equality, one per
    other column, then zeros, ones, and the answers.
    """
    codes, scaled = design.encode(rows)  # (r, d), (r, d)
    active = design.active(rows)
    r, d = rows.shape
    columns: list[FloatArray] = []
    index = np.empty((r, d), dtype=np.intp)
    for j in range(d):
        if design.equality[j]:
            known, which = np.unique(codes[:, j], return_inverse=True)
            index[:, j] = len(columns) + which
            columns.extend((_same(drawn.codes[:, j], code)).astype(np.float64) for code in known)
        else:
            index[:, j] = len(columns)
            columns.append(drawn.scaled[:, j])
    zeros = len(columns)
    index[~active] = zeros
    columns.extend([np.zeros(len(drawn.rows)), np.ones(len(drawn.rows)), *Y.T])
    tail = np.broadcast_to(np.arange(zeros + 1, len(columns)), (r, 1 + Y.shape[1]))
    slope, base = _log_weights(design, drawn, scaled, active, width)
    stack = np.stack(columns)
    slots = None if drawn.source is None else pair_slots(drawn.source)
    bank = stack.astype(dtype)[None] if single else blocked(stack, dtype, slots)
    if base is not None:
        base = (base[None] if single else blocked(base[None], dtype, slots)[:, 0]).astype(dtype)
    slope = np.concatenate([slope, np.zeros((r, Y.shape[1]))], axis=1)
    index = np.concatenate([index, tail], axis=1)
    return Planes(bank, index, slope.astype(dtype), base, d, paired=slots is not None)


def _same(column: FloatArray, code: float) -> BoolArray:
    """Where a column equals a code, a missing value equal to a missing value."""
    return np.isnan(column) if np.isnan(code) else column == code


def _log_weights(
    design: Design, drawn: Drawn, scaled: FloatArray, active: BoolArray, width: float
) -> tuple[FloatArray, FloatArray | None]:
    """Slopes (r, d + 1) on [Z, 1], and what is left, (n,), of -distance² / (2 width²).

    Of a column of equality, distance² is 1 - z; of a number, z² - 2 z z_row + z_row².
    """
    per = 1.0 / (2.0 * width**2)
    equal, number = design.equality, ~design.equality
    slope = np.where(equal, active * per, 0.0)
    slope[:, number] = 2.0 * per * scaled[:, number]
    constant = -per * (active[:, equal].sum(axis=1) + (scaled[:, number] ** 2).sum(axis=1))
    base = -per * (drawn.scaled[:, number] ** 2).sum(axis=1) if number.any() else None
    return np.column_stack([slope, constant]), base

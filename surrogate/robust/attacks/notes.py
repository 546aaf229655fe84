"""What is said beside an attack's rows: what stood in its way, and what it could not move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from surrogate.robust.attacks.hunt import Hunt
from surrogate.robust.attacks.limits import Limits

if TYPE_CHECKING:
    from surrogate.robust.attacks.table import Attack

__all__ = ["ending", "facts", "remarks"]


def ending(hunt: Hunt, why: Sequence[str]) -> tuple[str, ...]:
    """That asking ended before its plan, and what that means for the rows."""
    if not why:
        return ()
    n = len(hunt.y)
    if hunt.answered is None:
        left = f"{int(hunt.fooled.sum()):,} of {n:,} rows were fooled until then"
    else:
        left = f"{hunt.answered:,} of {n:,} rows were asked until then"
    return (f"Asking ended early, since {why[0]}: {left}; the others stand as clean rows.",)


def remarks(attack: Attack, hunt: Hunt) -> tuple[str, ...]:
    """What was seen of the model and of the rows."""
    n, notes = len(hunt.y), []
    if len(hunt.decided) == 1 and hunt.asked > n:
        (code,) = hunt.decided
        label = (hunt.oracle.classes or ())[code]
        notes.append(
            f"The model decided {label!r} for all {hunt.asked:,} rows asked, clean and perturbed, "
            "as a constant model does: nothing moved it."
        )
    still = ~hunt.fooled & (hunt.space.distance(hunt.best, hunt.norm) == 0)
    if hunt.answered == n and still.any():
        notes.append(f"{int(still.sum()):,} of {n:,} rows came back unchanged: {attack.unchanged}")
    if hunt.unfit:
        notes.append(
            f"{hunt.unfit:,} perturbed rows could not exist, by the domain's constraint, and were "
            "not asked."
        )
    held = int((~hunt.space.limits.mutable).sum())
    if held:
        notes.append(f"{held:,} of {len(hunt.space.limits.mutable):,} columns may not move.")
    return tuple(notes)


def facts(limits: Limits) -> dict[str, Any]:
    """What the limits were, as plain data."""
    same = bool((limits.unit == limits.unit[0]).all())
    return {
        "mutable_columns": int(limits.mutable.sum()),
        "unit": float(limits.unit[0]) if same else limits.unit.tolist(),
    }

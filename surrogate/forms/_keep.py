"""What simplifying must keep: the outcome of every box of the original rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.forms._boxes import Atoms
from surrogate.forms._merge import outcome, relaxations
from surrogate.forms.conditions import AtLeast
from surrogate.forms.rule import Rule
from surrogate.types import BoolArray, Feature

__all__ = ["Boxes", "Check", "boxes_of"]


@dataclass(frozen=True, eq=False)
class Boxes:
    """Rules that some row can be in, with their boxes."""

    rules: list[Rule]
    atoms: Atoms
    masks: BoolArray  # (rules, atoms)

    @property
    def are_disjoint(self) -> bool:
        """Whether no row is in two of them."""
        shared = [
            self.atoms.meets(mask, self.masks[at + 1 :]) for at, mask in enumerate(self.masks)
        ]
        return not any(some.any() for some in shared)

    @property
    def are_complete(self) -> bool:
        """Whether every row is in one of them, if they are disjoint."""
        if not self.rules:
            return False  # at most the default's
        full = self.atoms.volume(np.ones_like(self.masks[0]))
        return sum(self.atoms.volume(mask) for mask in self.masks) == full


def boxes_of(rules: Sequence[Rule], features: tuple[Feature, ...]) -> Boxes | None:
    """The boxes of rules that speak of single columns, each once; None of others."""
    for rule in rules:
        columns = {c.columns for c in rule.conditions}
        if any(isinstance(c, AtLeast) for c in rule.conditions):
            return None
        if len(columns) != len(rule.conditions):
            return None
    atoms = Atoms.of([rule.conditions for rule in rules], features)
    masks = [atoms.mask(rule.conditions) for rule in rules]
    possible = [at for at, mask in enumerate(masks) if atoms.volume(mask) > 0]
    return Boxes(
        [rules[at] for at in possible],
        atoms,
        np.array(masks, dtype=np.bool_)[possible] if possible else np.empty((0, 0), dtype=np.bool_),
    )


class Check:
    """What the result must keep: the outcome of every original box."""

    def __init__(self, boxes: Boxes, *, ordered: bool) -> None:
        self.boxes, self.ordered = boxes, ordered
        self.outcomes = [outcome(rule) for rule in boxes.rules]
        # By identity: hashing rules would take longer than what is kept.
        self._reached: dict[int, tuple[Rule, BoolArray, BoolArray]] = {}
        self._looser: dict[int, tuple[Rule, list[Rule]]] = {}
        self._alike: dict[object, BoolArray] = {}

    def keeps(self, rules: Sequence[Rule], default: object) -> bool:
        """Whether the rules give every original box its outcome."""
        safe = self.safe([])
        for rule in rules:
            if not self.allows(rule, safe):
                return False
            # A box of another outcome that is inside was safe before.
            safe |= self._reach(rule)[1]
        return bool((safe | self._are(default)).all())

    def safe(self, rules: Sequence[Rule]) -> BoolArray:
        """Which original boxes lie inside one of some rules."""
        inside = np.zeros(len(self.outcomes), dtype=np.bool_)
        for rule in rules:
            inside |= self._reach(rule)[1]
        return inside

    def allows(self, rule: Rule, safe: BoolArray) -> bool:
        """Whether a rule meets no box of another outcome, but such as are safe before it."""
        wrong = self._reach(rule)[0] & ~self._are(outcome(rule))
        return not (wrong & ~safe if self.ordered else wrong).any()

    def looser(self, rule: Rule) -> list[Rule]:
        """The rule without one condition, or without one bound of one."""
        if id(rule) not in self._looser:
            self._looser[id(rule)] = rule, relaxations(rule)
        return self._looser[id(rule)][1]

    def _reach(self, rule: Rule) -> tuple[BoolArray, BoolArray]:
        """Which original boxes a rule meets, and which lie inside of it."""
        if id(rule) not in self._reached:
            mask = self.boxes.atoms.mask(rule.conditions)
            met = self.boxes.atoms.meets(mask, self.boxes.masks)
            inside = np.asarray(~(self.boxes.masks & ~mask).any(axis=1))
            self._reached[id(rule)] = rule, met, inside
        return self._reached[id(rule)][1:]

    def _are(self, said: object) -> BoolArray:
        """Which original boxes have an outcome."""
        if said not in self._alike:
            self._alike[said] = np.array([one == said for one in self.outcomes], dtype=np.bool_)
        return self._alike[said]

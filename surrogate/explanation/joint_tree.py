"""Where models disagree: a tree over their joint answers, as rules measured on fresh rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate.errors import InputError
from surrogate.fidelity import Fidelity, Score
from surrogate.forms import RuleSet, Tree, form_from_dict
from surrogate.render.features import shown
from surrogate.render.names import clean, for_terminal
from surrogate.render.text import paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from surrogate.forms import Rule

__all__ = ["Disagreement"]


@dataclass(frozen=True, eq=False)
class Disagreement:
    """A joint tree over several models' answers, and its rules.

    Parameters
    ----------
    models : tuple of str
        Whose answers it is about, in the order of the patterns.
    names : tuple of str
        Patterns of answers: "both yes", "natural: 3, robust: 8", "other disagreement". They
        are the classes of the tree and of the rules.
    disagreeing : tuple of bool
        Of each pattern, whether the models differ in it.
    tree : Tree
        Decides for a pattern.
    rules : RuleSet
        The tree's leaves as rules, with support and precision on held-out rows; those of
        disagreement come first.
    coverage, precision : tuple of Score
        One a rule, on held-out rows: the share of rows that it holds for, and of these, the
        share with its pattern.
    rate : Score
        Share of the held-out rows that the models decide differently.
    fidelity : Fidelity
        Agreement of the tree with the models' true pattern on held-out rows; the trivial
        surrogate is the commonest pattern.
    notes : tuple of str
    """

    models: tuple[str, ...]
    names: tuple[str, ...]
    disagreeing: tuple[bool, ...]
    tree: Tree
    rules: RuleSet
    coverage: tuple[Score, ...]
    precision: tuple[Score, ...]
    rate: Score
    fidelity: Fidelity
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.rules.rules)
        if len(self.coverage) != n or len(self.precision) != n:
            raise InputError(
                f"A Disagreement needs a coverage and a precision a rule; got {n} rules, "
                f"{len(self.coverage)} coverages and {len(self.precision)} precisions."
            )
        if len(self.disagreeing) != len(self.names):
            raise InputError(
                f"A Disagreement says of each pattern whether the models differ; got "
                f"{len(self.names)} patterns and {len(self.disagreeing)} flags."
            )

    def differing(self) -> Iterator[tuple[Rule, str, Score, Score]]:
        """Rules of disagreement: the rule, its pattern, its coverage and its precision."""
        for rule, coverage, precision in zip(self.rules.rules, self.coverage, self.precision):
            assert rule.decision is not None
            if self.disagreeing[rule.decision]:
                yield rule, self.names[rule.decision], coverage, precision

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Disagreement):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __str__(self) -> str:
        said = [f"{' and '.join(map(clean, self.models))}: {self.rate}"]
        lines = [paragraph(one) for one in said]
        for rule, pattern, coverage, precision in self.differing():
            lines.append(paragraph(f"if {rule.text(shown(self.rules.features))}"))
            lines.append(paragraph(f"then {clean(pattern)}", indent="  "))
            lines += [paragraph(str(score), indent="    ") for score in (coverage, precision)]
        if len(lines) == 1:
            lines.append("The joint tree finds no rule of disagreement.")
        trivial = self.fidelity.main.baseline_text()
        said = [f"the joint tree on {self.fidelity}; always the commonest pattern: {trivial}"]
        lines += [paragraph(clean(one)) for one in (*said, *self.notes)]
        return for_terminal("\n".join(lines))

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "models": list(self.models),
            "names": list(self.names),
            "disagreeing": list(self.disagreeing),
            "tree": self.tree.to_dict(),
            "rules": self.rules.to_dict(),
            "coverage": [one.to_dict() for one in self.coverage],
            "precision": [one.to_dict() for one in self.precision],
            "rate": self.rate.to_dict(),
            "fidelity": self.fidelity.to_dict(),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Disagreement:
        """Rebuild what `to_dict` gave."""
        tree, rules = form_from_dict(data["tree"]), form_from_dict(data["rules"])
        assert isinstance(tree, Tree)
        assert isinstance(rules, RuleSet)
        return cls(
            models=tuple(data["models"]),
            names=tuple(data["names"]),
            disagreeing=tuple(data["disagreeing"]),
            tree=tree,
            rules=rules,
            coverage=tuple(Score.from_dict(one) for one in data["coverage"]),
            precision=tuple(Score.from_dict(one) for one in data["precision"]),
            rate=Score.from_dict(data["rate"]),
            fidelity=Fidelity.from_dict(data["fidelity"]),
            notes=tuple(data["notes"]),
        )

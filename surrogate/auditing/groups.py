"""Outcomes by group on the target's own answers, and which decision is the favourable one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from surrogate._array import to_numpy
from surrogate._held import class_name
from surrogate._probe import Answering, Groups, Probe, Saying
from surrogate.errors import OptionError
from surrogate.fidelity import Impact, impact
from surrogate.fidelity.groups import SMALL
from surrogate.types import Label, Task

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "PAIRS",
    "THE_MODEL",
    "Favourable",
    "Reference",
    "check_reference",
    "favourable_of",
    "impacts_of",
]

THE_MODEL = "the model"
PAIRS = "pairs"
Reference: TypeAlias = Mapping[str, str] | str | None
"""Grouping -> the group that others are compared with; "pairs": every two groups too."""


@dataclass(frozen=True)
class Favourable:
    """The decision that is counted for a group.

    Parameters
    ----------
    code : int or None
        None of a regression, and where it is not known.
    label : label or None
    assumed : bool
        Whether nobody named it, so that the second of two classes is taken.
    note : str
        Why it is not known.
    """

    code: int | None = None
    label: Label | None = None
    assumed: bool = False
    note: str = ""


def favourable_of(
    favourable: Label | None, *, task: Task, classes: tuple[Label, ...] | None
) -> Favourable:
    """The favourable decision: the class that is named, else the second of two.

    Of more classes none is taken: which one is favourable only who asks can know.

    Raises
    ------
    OptionError
        If the class that is named is none of the model's, or the model answers numbers.

    Examples
    --------
    >>> from surrogate.auditing.groups import favourable_of
    >>> favourable_of(None, task="classification", classes=("refused", "granted")).label
    'granted'
    """
    if task == "regression" or classes is None:
        if favourable is not None:
            raise OptionError(
                f"`favourable` names a decision, {favourable!r}, and this model answers numbers; "
                "leave it out, and groups are compared by their mean answers."
            )
        return Favourable()
    if favourable is None:
        if len(classes) == 2:
            return Favourable(1, classes[1], assumed=True)
        return Favourable(
            note="Selection rates of groups were not measured: which of the model's "
            f"{len(classes)} classes is favourable is not known. Name it: favourable=..., one of "
            f"{_listed(classes)}."
        )
    for code, label in enumerate(classes):
        if class_name(label) == class_name(favourable):
            return Favourable(code, label)
    raise OptionError(
        f"`favourable` must be a class of the model, one of {_listed(classes)}; got {favourable!r}."
    )


def _listed(classes: tuple[Label, ...]) -> str:
    rest = len(classes) - 10
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(map(repr, classes[:10])) + more


def check_reference(reference: Any, groups: Groups) -> None:
    """Raise unless it names groups of groupings that there are.

    Raises
    ------
    OptionError
    """
    if reference is None or reference == PAIRS:
        return
    if not isinstance(reference, Mapping):
        raise OptionError(
            "The `reference` of audit must be a mapping from a grouping to one of its groups, or "
            f'"{PAIRS}"; got {reference!r}.'
        )
    for grouping, group in reference.items():
        if grouping not in groups:
            known = ", ".join(map(repr, groups)) or "none, since no column is protected or named"
            raise OptionError(f"`reference` names the grouping {grouping!r}; there are: {known}.")
        there = np.unique(groups[grouping]).tolist()
        if group not in there:
            raise OptionError(
                f"`reference` names the group {group!r} of {grouping!r}; held-out rows have: "
                f"{', '.join(map(repr, there[:10]))}."
            )
        n = int((np.asarray(groups[grouping]) == group).sum())
        if n < SMALL:
            raise OptionError(
                f"`reference` names the group {group!r} of {grouping!r}, which has {n} of the "
                f"{SMALL} held-out rows that it takes; name another."
            )


def impacts_of(
    probe: Probe,
    says: Mapping[str, Saying],
    answering: Answering,
    *,
    groups: Groups,
    favourable: Favourable,
    reference: Reference,
    seed: int,
) -> tuple[Impact, ...]:
    """Outcomes by group of the target, then of each surrogate, on the rows of a probe.

    Needs the probe's answers, the group of each held-out row, and what each surrogate says of
    the probe's rows; the rows themselves only where a form is to say it.
    """
    decides = answering.task == "classification"
    if not groups or (decides and favourable.code is None):
        return ()
    if not decides and to_numpy(probe.answers.values).shape[1] > 1:
        return ()
    given = reference if isinstance(reference, Mapping) else {}
    found = []
    for grouping, labels in groups.items():
        own = np.asarray(labels)[probe.held]
        named = given.get(grouping)
        notes: tuple[str, ...] = ()
        if named is not None and int((own == named).sum()) < SMALL:  # asking ended early
            notes = (f"Too few rows of {named} were asked to compare others with it.",)
            named = None
        for who, said in _sayings(probe, says, decides=decides):
            found.append(
                replace(
                    impact(
                        said,
                        own,
                        favourable=favourable.code,
                        label=favourable.label,
                        assumed=favourable.assumed,
                        grouping=grouping,
                        who=who,
                        reference=named,
                        pairs=reference == PAIRS,
                        seed=seed,
                        distribution=probe.distribution,
                    ),
                    notes=notes,
                )
            )
    return tuple(found)


def _sayings(
    probe: Probe, says: Mapping[str, Saying], *, decides: bool
) -> Iterable[tuple[str, npt.NDArray[Any]]]:
    """Who decides, and what: the target first."""
    if decides:
        yield THE_MODEL, to_numpy(probe.answers.decision).astype(np.intp)
        yield from ((who, form.predict(probe.rows)) for who, form in says.items())
    else:
        yield THE_MODEL, to_numpy(probe.answers.values)[:, 0].astype(np.float64)
        yield from ((who, form.predict_values(probe.rows)[:, 0]) for who, form in says.items())

"""What answers of several models have in common, found out before anything much is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from surrogate._held import class_name
from surrogate.errors import AbilityError, AnswerError, DataError, ModelError
from surrogate.robust.comparing.alike import Alike, Said
from surrogate.types import FloatArray, Label, Task

__all__ = ["Common", "agree", "settle"]


@dataclass(frozen=True)
class Common:
    """What all models answer.

    Parameters
    ----------
    task : {"classification", "regression"}
    said : {"probabilities", "labels", "values"}
    classes : tuple or None
        In the order of the first model.
    n_outputs : int
    scores : bool
        Whether all models themselves answer scores.
    notes : tuple of str
        What was done to make answers alike.
    """

    task: Task
    said: Said
    classes: tuple[Label, ...] | None
    n_outputs: int
    scores: bool
    notes: tuple[str, ...] = ()


def settle(oracles: Mapping[str, Alike], rows: FloatArray) -> None:
    """Ask each model a few rows: those first that cost nothing.

    Raises
    ------
    ModelError
        If a model does not answer rows that the others do.
    """
    order = sorted(oracles, key=lambda name: oracles[name].box.traits.remote)
    for name in order:
        oracle = oracles[name]
        try:
            oracle.settle(oracle.snap(rows))
        except AnswerError as error:
            raise type(error)(
                f"{name}: {error} What a model's answers are is said by wrap(model, ...).",
                error.answers,
            ) from error
        except ModelError as error:
            raise type(error)(
                f"{name}: {error} Models of a comparison share their rows ({rows.shape[1]} "
                "columns); where one takes others, give wrap(model, preprocess=...).",
                error.answers,
            ) from error


def agree(oracles: Mapping[str, Alike]) -> Common:
    """Make all settled models answer alike, or say why they cannot.

    Raises
    ------
    DataError
        If they do different tasks, or have other classes than the first.
    AbilityError
        If they are regressions with several outputs, of which no one is meant.
    """
    first, *_ = oracles.values()
    _same_task(oracles)
    if first.task == "regression":
        return _numbers(oracles)
    kinds = {name: oracle.output for name, oracle in oracles.items()}
    said: Said = "labels" if "labels" in kinds.values() else "probabilities"
    scores = set(kinds.values()) == {"scores"}
    classes = first.classes
    assert classes is not None
    notes = list(_kind_notes(kinds, said))
    for name, oracle in oracles.items():
        order = _order(name, oracle.classes, classes, first=next(iter(oracles)))
        if order != list(range(len(order))):
            notes.append(
                f"{name} answers its classes in another order ({_listed(oracle.classes)}); its "
                "columns were put in that of the first model, by their names."
            )
        oracle.agree(classes, order=order, said=said)
    return Common("classification", said, classes, len(classes), scores, tuple(notes))


def _same_task(oracles: Mapping[str, Alike]) -> None:
    """Raise where one classifies and another answers numbers."""
    tasks = {name: oracle.task for name, oracle in oracles.items()}
    if len(set(tasks.values())) > 1:
        said = ", ".join(f"{name!r} does {task}" for name, task in tasks.items())
        raise DataError(
            f"Models of a comparison do the same task; here {said}. Say what their answers are "
            "with wrap(model, task=...)."
        )


def _numbers(oracles: Mapping[str, Alike]) -> Common:
    """Regressions with one output each."""
    for name, oracle in oracles.items():
        if oracle.n_outputs != 1:
            raise AbilityError(
                f"{name!r} answers {oracle.n_outputs} numbers a row; compare takes classifiers and "
                "models of one number. Give a function that answers one of them."
            )
        oracle.agree(None, order=None, said="values")
    return Common("regression", "values", None, 1, False)


def _kind_notes(kinds: Mapping[str, str], said: Said) -> Sequence[str]:
    """What becomes of answers that are not what all are taken to be."""
    if said == "labels" and set(kinds.values()) != {"labels"}:
        alone = ", ".join(name for name, kind in kinds.items() if kind == "labels")
        return (
            f"{alone} answers labels alone, so that of all models only decisions were compared.",
        )
    if said == "probabilities" and "scores" in kinds.values():
        which = ", ".join(name for name, kind in kinds.items() if kind == "scores")
        return (f"Scores of {which} were made probabilities by a softmax.",)
    return ()


def _order(
    name: str,
    own: tuple[Label, ...] | None,
    classes: tuple[Label, ...],
    *,
    first: str,
) -> list[int]:
    """Which column of a model stands for each class of the first model."""
    place = {class_name(label): column for column, label in enumerate(own or ())}
    wanted = [class_name(label) for label in classes]
    if len(place) != len(wanted) or set(place) != set(wanted):
        raise DataError(
            f"The classes of {name!r} are {_listed(own)}, and those of {first!r} "
            f"{_listed(classes)}; models of a comparison share their classes. Name them alike, "
            "in the order of each model's columns, with wrap(model, classes=[...])."
        )
    return [place[label] for label in wanted]


def _listed(classes: Sequence[Label] | None) -> str:
    """Classes in words."""
    names = [repr(label) for label in classes or ()]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more

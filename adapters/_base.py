"""What every adapter shares: what the user said, who is to blame, and how to be copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self, get_args

from surrogate._array import to_numpy
from surrogate._validate import Choice, NoneOr, Real, check
from surrogate.adapters._replies import rename, to_reply
from surrogate.adapters._rows import select
from surrogate.errors import ModelError, OptionError, SurrogateError
from surrogate.types import Label, Output, Reply, Task, Traits

__all__ = ["Box", "Declared", "Preprocess", "blame", "check_renaming", "declare"]

Preprocess = Callable[[Any], Any]

_OPTIONS = {
    "task": NoneOr(Choice(get_args(Task))),
    "output": NoneOr(Choice(get_args(Output))),
    "threshold": NoneOr(Real()),
}


@dataclass(frozen=True)
class Declared:
    """What the user says of a model, checked and completed by what follows from it."""

    task: Task | None
    output: Output | None
    classes: tuple[Label, ...] | None
    columns: tuple[str, ...] | None
    threshold: float | None


def declare(
    owner: str,
    *,
    task: Task | None = None,
    output: Output | None = None,
    classes: Iterable[Label] | None = None,
    columns: Iterable[str] | None = None,
    threshold: float | None = None,
) -> Declared:
    """Check what the user says of a model, and that its parts agree."""
    check(owner, _OPTIONS, {"task": task, "output": output, "threshold": threshold})
    names = _unique(owner, "classes", classes)
    if names is not None and len(names) < 2:
        raise OptionError(f"The `classes` parameter of {owner} must name at least two classes.")
    if output is not None:
        implied: Task = "regression" if output == "values" else "classification"
        if task not in (None, implied):
            raise OptionError(f"{owner}: output={output!r} is {implied}; got task={task!r}.")
        task = implied
    if task == "regression" and (names is not None or threshold is not None):
        what = "classes" if names is not None else "threshold"
        raise OptionError(f"{owner}: `{what}` belongs to classification; got task='regression'.")
    if names is not None or threshold is not None:
        task = "classification"
    _check_threshold(owner, threshold, output, names)
    return Declared(
        task=task,
        output="values" if task == "regression" else output,
        classes=names,
        columns=_unique(owner, "columns", columns),
        threshold=None if threshold is None else float(threshold),
    )


def _check_threshold(
    owner: str, threshold: float | None, output: Output | None, classes: tuple[Label, ...] | None
) -> None:
    """Raise unless a threshold has something to cut."""
    if threshold is None:
        return
    if output == "labels":
        raise OptionError(f"{owner}: `threshold` cuts a probability, but output='labels' has none.")
    if classes is not None and len(classes) != 2:
        raise OptionError(f"{owner}: `threshold` is for two classes; got {len(classes)} classes.")
    if output != "scores" and not 0 <= threshold <= 1:
        raise OptionError(
            f"The `threshold` parameter of {owner} must be a probability in [0, 1]"
            f" (or any number with output='scores'); got {threshold!r}."
        )


def _unique(owner: str, option: str, names: Iterable[Any] | None) -> tuple[Any, ...] | None:
    """Names as a tuple of plain Python values, none of them twice."""
    if names is None:
        return None
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise OptionError(f"The `{option}` parameter of {owner} must be a sequence; got {names!r}.")
    plain = tuple(name.item() if hasattr(name, "item") else name for name in names)
    if len(set(plain)) != len(plain):
        twice = next(name for name in plain if plain.count(name) > 1)
        raise OptionError(f"The `{option}` parameter of {owner} names {twice!r} twice.")
    return plain


def check_renaming(
    owner: str, name: str, *, own: tuple[Label, ...] | None, declared: tuple[Label, ...] | None
) -> None:
    """Raise unless declared classes can be names for a model's own, one for one."""
    if own is None or declared is None or declared == own:
        return
    if len(own) == len(declared) and not set(own) & set(declared):
        return
    raise OptionError(
        f"{owner}: the classes of {name} are, in column order, {list(own)}; `classes` must be the"
        f" same, or as many other names for them in that order; got {list(declared)}."
    )


class blame:  # noqa: N801  (read as a function: "with blame(who):")
    """Turn whatever a model raises into a ModelError that names the model.

    A class, since entering a generator costs a small model's time several times over.
    """

    def __init__(self, who: str) -> None:
        self._who = who

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> None:
        if not isinstance(error, Exception | SystemExit) or isinstance(error, SurrogateError):
            return
        lines = str(error).strip().splitlines()
        cause = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        raise ModelError(f"{self._who} raised {cause}") from error


class Box:
    """A wrapped model: its traits, its preprocessing, and its identity.

    A clone or a deep copy of a box is the box itself, since a copy of a model or of a
    session would cost memory and split what is counted.
    """

    def __init__(
        self,
        traits: Traits,
        *,
        columns: tuple[str, ...] | None = None,
        preprocess: Preprocess | None = None,
        own_classes: tuple[Label, ...] | None = None,
    ) -> None:
        if preprocess is not None and not callable(preprocess):
            raise OptionError(
                f"The `preprocess` parameter of {type(self).__name__} must be a callable or None;"
                f" got {preprocess!r}."
            )
        self._traits = traits
        self._preprocess = preprocess
        self._columns = columns
        self._own_classes = own_classes

    @property
    def traits(self) -> Traits:
        """What is known of the model before it is asked."""
        return self._traits

    def _prepare(self, rows: Any) -> Any:
        """Rows after the declared columns are picked and `preprocess` has run."""
        return self._preprocessed(self._picked(rows))

    def _picked(self, rows: Any) -> Any:
        """Rows with the declared columns in their order, if any are declared."""
        if self._columns is None:
            return rows
        return select(rows, self._columns, who=self._traits.name)

    def _preprocessed(self, rows: Any) -> Any:
        """Rows after `preprocess`, if there is one."""
        if self._preprocess is None:
            return rows
        with blame(f"The preprocess of {self._traits.name}"):
            return self._preprocess(rows)

    def _reply(self, values: Any, labels: Any) -> Reply:
        """A reply of scores with the model's decisions beside them, by the declared names."""
        own, declared = self._own_classes, self._traits.classes
        if labels is not None and own is not None and declared is not None and own != declared:
            labels = rename(to_numpy(labels).ravel(), own, declared)
        return to_reply(Reply(values=values, labels=labels), self._traits)

    def __sklearn_clone__(self) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __repr__(self) -> str:
        known = (self._traits.task, self._traits.output)
        told = "".join(f", {fact}" for fact in known if fact is not None)
        return f"{type(self).__name__}({self._traits.name}{told})"

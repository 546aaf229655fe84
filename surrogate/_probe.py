"""Fresh rows that measure forms: held-out real ones, and perturbed ones around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from surrogate._array import to_numpy
from surrogate._target import refuse_equal
from surrogate.errors import BudgetSpent, DataError, Interrupted, ModelError, OptionError
from surrogate.fidelity import Fidelity, Trivial, Verdict, assess, until
from surrogate.oracle import Answers
from surrogate.rules import measure
from surrogate.sampling import NeighbourSampler, child_seed, generator
from surrogate.types import FloatArray, IntArray, Label, Output, Task

if TYPE_CHECKING:
    from surrogate._target import Split
    from surrogate.forms import Form, RuleSet
    from surrogate.oracle import Oracle

__all__ = [
    "ENDINGS",
    "PERTURBED",
    "REAL",
    "Answering",
    "Groups",
    "Probe",
    "Saying",
    "ask_probes",
    "check_target",
]

Groups: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""Name of a grouping -> the group of each held-out row."""

REAL, PERTURBED = "held-out real rows", "perturbed rows around held-out rows"
LEAST_MEASURED = 2
ENDINGS = (BudgetSpent, Interrupted, ModelError)
"""What ends asking before its plan; what was found by then is kept."""


class Answering(Protocol):
    """What is known of answers: an Oracle's facts, or those that a report keeps."""

    @property
    def task(self) -> Task: ...
    @property
    def output(self) -> Output: ...
    @property
    def classes(self) -> tuple[Label, ...] | None: ...


class Saying(Protocol):
    """What decides: a form, or what one said."""

    def predict(self, matrix: Any, /) -> npt.NDArray[Any]: ...
    def predict_values(self, matrix: Any, /) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, eq=False)
class Probe:
    """Rows that took no part in a fit, with what the model says of them.

    Parameters
    ----------
    distribution : str
        Where the rows come from.
    rows : array of shape (n, d)
    held : int array of shape (n,)
        Which held-out row each is, or was made from.
    answers : Answers
    notes : tuple of str
        Why there are fewer rows than were wanted.
    ended : bool
        Whether the notes say that asking ended before its plan.
    verdict : Verdict or None
        Where asking stopped as soon as a target was decided.
    """

    distribution: str
    rows: FloatArray
    held: IntArray
    answers: Answers
    notes: tuple[str, ...] = ()
    ended: bool = False
    verdict: Verdict | None = None

    def measure(
        self,
        form: Saying,
        oracle: Answering,
        base: Trivial,
        *,
        seed: int,
        groups: Groups | None = None,
    ) -> Fidelity:
        """Fidelity of a form on these rows."""
        decides = oracle.task == "classification"
        found = assess(
            None if oracle.output == "scores" else form.predict_values(self.rows),
            form.predict(self.rows) if decides else None,
            self.answers,
            task=oracle.task,
            distribution=self.distribution,
            seed=seed,
            classes=oracle.classes,
            sources=self.held,
            trivial_values=base.values,
            trivial_decision=base.decision,
            span=base.span,
            output=oracle.output,
            groups={name: labels[self.held] for name, labels in (groups or {}).items()},
        )
        return replace(found, notes=(*found.notes, *self.notes))

    def charge(self, rules: RuleSet) -> RuleSet:
        """Rules with their support and precision on these rows, which did not choose them."""
        return measure(rules, self.rows, self.answers.decision, sources=self.held).rules

    def stopped(self, fidelity: Fidelity) -> Fidelity:
        """The fidelity of the form that asking stopped for: its main interval holds at any stop."""
        if self.verdict is None:
            return fidelity
        main = replace(fidelity.main, interval=self.verdict.score.interval)
        note = (
            "Asking stopped as soon as the target was decided. The interval of the first score "
            "allows for that, those of the other scores do not."
        )
        return replace(fidelity, scores=(main, *fidelity.scores[1:]), notes=(*fidelity.notes, note))


def ask_probes(
    oracle: Oracle,
    split: Split,
    form: Form,
    *,
    n: int,
    seed: int,
    target: float | None = None,
) -> tuple[Probe, ...]:
    """Ask held-out real rows, at most n, and n perturbed rows around held-out rows.

    With a target, real rows are asked only until it is decided whether the form agrees with
    the model so often. A budget or a Ctrl-C that ends on the way leaves what was answered.

    Raises
    ------
    BudgetSpent, Interrupted, ModelError
        If that is too little to measure anything.
    """
    order = generator(seed, "held-out").permutation(len(split.test))[:n]
    if target is None:
        real = _ask(oracle, REAL, split.test[order], order)
    else:
        real = _ask_until(oracle, split.test[order], order, form, target)
    if real.ended:
        return (real,)
    try:
        refuse_equal(split.test, "data", which="held-out row")
        sampler = NeighbourSampler(oracle.domain, split.test)
        sample = sampler.draw(n, seed=child_seed(seed, "fidelity"))
        return real, _ask(oracle, PERTURBED, sample.rows, sample.source)
    except DataError as error:
        note = f"No perturbed rows were measured, since none could be drawn: {error}"
        return (replace(real, notes=(note,)),)
    except ENDINGS as ended:
        note = f"No perturbed rows were measured: {ended.why}."
        return (replace(real, notes=(note,), ended=True),)


def check_target(oracle: Oracle, target: float | None) -> None:
    """Raise where there is a target of agreement, and nothing that can agree.

    Raises
    ------
    OptionError
    """
    if target is not None and oracle.task != "classification":
        raise OptionError(
            "A `target_fidelity` is a share of rows that agree, and this model answers numbers; "
            "leave it out, and read R² with its interval."
        )


def _ask(oracle: Oracle, distribution: str, rows: FloatArray, held: IntArray) -> Probe:
    """One probe, as far as it was answered."""
    rows = to_numpy(oracle.snap(rows))
    notes: tuple[str, ...] = ()
    try:
        answers = oracle.ask(rows, purpose="fidelity")
    except ENDINGS as ended:
        if ended.answers is None or len(ended.answers) < LEAST_MEASURED:
            raise
        answers = ended.answers
        notes = (f"{len(answers):,} of {len(rows):,} {distribution}: {ended.why}.",)
    answers.numbers()  # refuses what could not be measured
    n = len(answers)
    return Probe(distribution, rows[:n], held[:n], answers, notes, bool(notes))


def _ask_until(
    oracle: Oracle, rows: FloatArray, held: IntArray, form: Form, target: float
) -> Probe:
    """Real rows, batch by batch, until the target is decided."""
    parts: list[Probe] = []
    ended: list[str] = []

    def draw(count: int) -> npt.NDArray[Any]:
        start = sum(len(part.rows) for part in parts)
        at = slice(start, start + count)
        try:
            parts.append(_ask(oracle, REAL, rows[at], held[at]))
        except ENDINGS as error:
            if not parts:
                raise
            ended.append(f"{start:,} of {len(rows):,} {REAL}: {error.why}.")
            return np.empty(0)
        return np.asarray(form.predict(parts[-1].rows) == to_numpy(parts[-1].answers.decision))

    verdict = until(draw, target, max_rows=len(rows))
    return Probe(
        REAL,
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.held for part in parts]),
        Answers.concat([part.answers for part in parts]),
        (*parts[-1].notes, *ended),
        bool(ended) or parts[-1].ended,
        verdict,
    )

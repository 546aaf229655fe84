"""The front door for whole models: distil one into a form, and measure the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from surrogate._kept import Refits, SurrogateKept
from surrogate._probe import ENDINGS, Groups, Probe, ask_probes, check_target
from surrogate._progress import OnProgress
from surrogate._target import (
    Kept,
    Split,
    check_said,
    fingerprint,
    open_oracle,
    provenance,
    split_rows,
)
from surrogate.domain import Domain
from surrogate.errors import OptionError
from surrogate.explanation import GlobalExplanation
from surrogate.fidelity import Curve, Trivial, trivial
from surrogate.forms import Form, RuleSet
from surrogate.methods import METHODS, check_needs, find, method_class, method_options
from surrogate.oracle import Answers
from surrogate.sampling import child_seed
from surrogate.types import FloatArray

if TYPE_CHECKING:
    from surrogate.oracle import Budget, Oracle, Quote

__all__ = ["FIDELITY", "STABILITY", "distill", "distill_rows", "opening_of", "plan_of"]

FIDELITY = 2000
STABILITY = 4
SIZES = (2, 4, 8, 16, 32, 64)
AFTER_END = 200  # rows that a form is measured on whose fit was interrupted


@overload
def distill(model: Any, data: Any, *, dry_run: Literal[True], **job: Any) -> Quote: ...
@overload
def distill(
    model: Any,
    data: Any,
    *,
    method: str = "cart",
    test: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | None = None,
    fidelity: int = FIDELITY,
    stability: int = STABILITY,
    target_fidelity: float | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: Literal[False] = False,
) -> GlobalExplanation: ...
def distill(  # type: ignore[misc]  # the first overload takes any name, to say them once
    model: Any,
    data: Any,
    *,
    method: str = "cart",
    test: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | None = None,
    fidelity: int = FIDELITY,
    stability: int = STABILITY,
    target_fidelity: float | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: Kept = None,
    offline: bool = False,
    dry_run: bool = False,
) -> GlobalExplanation | Quote:
    """Distil a whole model into one form that a person can read.

    Real rows are split by seed, 70 for fitting and 30 for fidelity, unless `test` is given;
    the form is not refitted afterwards.

    Parameters
    ----------
    model : callable, estimator, torch module, path of an .onnx file, URL, or BlackBox
        What is asked; `surrogate.wrap` gives a BlackBox where more must be said (classes,
        preprocessing, a threshold).
    data : array, DataFrame or mapping of columns, n rows
        The population that the form speaks of, in raw units.
    method : str
        A global method of `surrogate.methods.METHODS`.
    test : array, DataFrame or mapping of columns, m rows, optional
        Held-out real rows for fidelity; then all of `data` is fitted on.
    domain : Domain, optional
        What a row is, where it cannot be inferred from `data`.
    budget : Budget or int, optional
        Most rows, or what else asking may cost; a job that does not fit is refused before its
        first query. A remote model is not asked without one.
    fidelity : int
        Most fresh queries on which the form is measured, for held-out real rows and for
        perturbed rows each.
    stability : int
        How many times the form is refitted under other seeds; each refit asks its own rows.
    target_fidelity : float, optional
        An agreement in (0, 1): held-out real rows are asked only until it is decided, at 95 %
        confidence, whether the form reaches it.
    seed : int
        Of every draw: equal seeds give equal results.
    options : mapping, optional
        Parameters of the method by name, such as ``{"max_leaves": 8}``.
    on_progress : callable or True, optional
        True shows a bar on standard error with an estimate of the time that is left. A function
        is called with the rows answered, the rows planned and their purpose, behind which a
        model with a price says what was spent.
    ledger : str, path or Ledger, optional
        Of a remote model: the file that keeps every answer. A job that was killed and is
        started again with it asks nothing twice.
    offline : bool
        Answer from the ledger alone.
    dry_run : bool
        Ask nothing, and give back what it would take, as a `surrogate.oracle.Quote`.

    Returns
    -------
    GlobalExplanation

    Raises
    ------
    DataError
        If rows do not fit the domain, or are too few.
    OptionError
        If the method or an option is unknown or wrong.
    BudgetTooSmall
        If the job does not fit the budget.
    LedgerError
        If the ledger is in use, of another model, or lacks answers offline.
    ModelError
        If the model raises, or its answers are none.
    AbilityError
        If the method needs more of the model than it offers; says which methods would work.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import distill
    >>> rng = np.random.default_rng(0)
    >>> data = {"age": rng.integers(18, 80, 500), "income": rng.normal(40, 9, 500)}
    >>> tree = distill(
    ...     lambda rows: np.where(rows["age"] > 40, "yes", "no"), data, options={"max_leaves": 4}
    ... )
    >>> tree.predict({"age": [30, 50], "income": [40.0, 40.0]}).tolist()
    ['no', 'yes']
    """
    find(method, scope="global")
    check_said(
        "distill",
        domain=domain,
        seed=seed,
        options=options,
        on_progress=on_progress,
        fidelity=fidelity,
        stability=stability,
        target_fidelity=target_fidelity,
    )
    domain = domain if domain is not None else Domain.infer(data)
    split = split_rows(domain, data, test, seed=seed)
    plan = plan_of(method, split, fidelity=fidelity, stability=stability, options=options)
    with open_oracle(
        model,
        domain,
        budget=budget,
        on_progress=on_progress,
        ledger=ledger,
        offline=offline,
    ) as oracle:
        check_needs(method, oracle.box)
        if dry_run:
            return oracle.quote(plan)
        oracle.admit(plan)
        explanation, _ = distill_rows(
            oracle,
            split,
            method=method,
            fidelity=fidelity,
            stability=stability,
            seed=seed,
            options=options,
            target=target_fidelity,
        )
    return explanation


def plan_of(
    method: str,
    split: Split,
    *,
    fidelity: int,
    stability: int,
    options: Mapping[str, Any] | None,
) -> dict[str, int]:
    """Rows that `distill_rows` and its probes will ask, by purpose.

    Raises
    ------
    OptionError
        If an option is unknown or wrong.
    """
    estimator = _unfitted(method, options)
    fit = sum(estimator.cost(len(split.fit)).values())
    plan = {"fit": fit, "fidelity": min(fidelity, len(split.test)) + fidelity}
    refits = stability if _is_drawn(estimator) else 0
    return plan | ({"stability": refits * fit} if refits else {})


def opening_of(
    method: str, split: Split, *, oracle: Oracle, seed: int, options: Mapping[str, Any] | None
) -> FloatArray:
    """The rows that a method asks first, from which what answers are is found out."""
    estimator = _unfitted(method, options).set_params(oracle=oracle, random_state=seed)
    rows: FloatArray = estimator.opening(oracle.snap(split.fit))
    return rows


def _unfitted(method: str, options: Mapping[str, Any] | None) -> Any:
    """The method of the first task that takes the options: the model's own is not known yet."""
    first, *others = METHODS[method].classes
    for task in (first, *others):
        with suppress(OptionError):
            return method_class(method, task)(**method_options(method, task, options))
    return method_class(method, first)(**method_options(method, first, options))  # raises


def _alike(fitted: Any, stability: int) -> tuple[str, ...]:
    """Why there is no stability, where nothing is drawn."""
    if _is_drawn(fitted) or not stability:
        return ()
    return (
        "Nothing is drawn at random (n_queries=0), so that refits under other seeds would all be "
        "equal; stability was not measured.",
    )


def _is_drawn(estimator: Any) -> bool:
    """Whether another seed may give another form; else refits would all be equal."""
    return bool(getattr(estimator, "is_drawn", True))


def distill_rows(
    oracle: Oracle,
    split: Split,
    *,
    method: str,
    fidelity: int,
    stability: int,
    seed: int,
    options: Mapping[str, Any] | None,
    target: float | None = None,
    groups: Groups | None = None,
    probes: tuple[Probe, ...] = (),
    kept: SurrogateKept | None = None,
    curve: bool = True,
) -> tuple[GlobalExplanation, tuple[Probe, ...]]:
    """Fit, measure and refit; `probes` of an earlier method are measured on again.

    Into `kept` goes what figures are computed from, beside the probes and the form. Without
    `curve`, forms of other sizes are not made.
    """
    kept = SurrogateKept() if kept is None else kept
    oracle.settle(opening_of(method, split, oracle=oracle, seed=seed, options=options))
    check_target(oracle, target)
    given = method_options(method, oracle.task, options)
    make = method_class(method, oracle.task)
    population = oracle.domain.decode(split.fit)  # estimators take the user's own rows
    fitted = make(oracle, random_state=seed, **given).fit(population)
    form: Form = fitted.form_
    learnt = fitted.learnt_from_
    base = kept.base = trivial(Answers(learnt.values, learnt.decision))
    n = min(fidelity, AFTER_END) if fitted.interrupted_ else fidelity
    try:
        asked = probes or ask_probes(oracle, split, form, n=n, seed=seed, target=target)
    except ENDINGS as early:  # a form without a fidelity is not shown, but its answers are kept
        early.answers = Answers(fitted.rows_.values, fitted.rows_.decision)
        raise
    measured = [probe.measure(form, oracle, base, seed=seed, groups=groups) for probe in asked]
    if not probes:
        measured[0] = asked[0].stopped(measured[0])
    cut_short = tuple(note for probe in asked for note in probe.notes)
    refit = partial(make, oracle, **given)
    ended = fitted.interrupted_ or any(probe.ended for probe in asked)
    again = stability if _is_drawn(fitted) and not ended else 0
    kept.refits, late = _refits(
        oracle, refit, population, split.test, again, first=fitted, base=base
    )
    kept.sizes = _sizes(fitted) if curve else {}
    facts = {
        "method": method,
        "fidelity": fidelity,
        "stability": stability,
        "rows fitted": len(split.fit),
        "rows held out": len(split.test),
        "fit rows sha256": fingerprint(oracle.domain, split.fit),
        "held-out rows sha256": fingerprint(oracle.domain, split.test),
        "feature scale": _scale(split.fit),
    }
    explanation = GlobalExplanation(
        method=method,
        form=asked[0].charge(form) if isinstance(form, RuleSet) else form,
        domain=oracle.domain,
        task=oracle.task,
        fidelity=tuple(measured),
        classes=oracle.classes,
        target=oracle.box.traits.name,
        curve=_curve(fitted, kept.sizes, asked[0], oracle, base, seed=seed),
        stability=None if kept.refits is None else kept.refits.stability(oracle.task),
        rules=None if fitted.rules_ is None else asked[0].charge(fitted.rules_),
        verdict=None if probes else asked[0].verdict,
        queries=oracle.queries,
        settings=provenance(seed=seed, options=given, facts=facts),
        notes=(*fitted.notes_, *cut_short, *late, *_alike(fitted, stability)),
        interrupted=ended or bool(late),
    )
    return explanation, asked


def _scale(matrix: FloatArray) -> list[float]:
    """Standard deviation of each column, 1 where there is none: a distance of 1."""
    known = ~np.isnan(matrix)
    some = [
        np.std(column[there]) if there.any() else 0.0 for column, there in zip(matrix.T, known.T)
    ]
    return [float(f"{deviation:.6g}") if deviation > 0 else 1.0 for deviation in some]


def _sizes(fitted: Any) -> dict[int, Form]:
    """Forms of other sizes from the same answers, by size."""
    unit = next(iter(fitted.form_.size))  # leaves of a tree, rules of a list
    by_size = {int(form.size[unit]): form for form in fitted.path(SIZES)}
    return dict(sorted(by_size.items())) if len(by_size) > 1 else {}


def _curve(
    fitted: Any,
    sizes: Mapping[int, Form],
    probe: Probe,
    oracle: Oracle,
    base: Trivial,
    *,
    seed: int,
) -> Curve | None:
    """Fidelity of forms of other sizes on the same rows; nothing is asked."""
    points = {size: probe.measure(form, oracle, base, seed=seed) for size, form in sizes.items()}
    unit = next(iter(fitted.form_.size))
    return Curve(tuple(points), tuple(points.values()), unit=unit) if points else None


def _refits(
    oracle: Oracle,
    make: Callable[..., Any],
    population: Any,
    test: FloatArray,
    n: int,
    *,
    first: Any,
    base: Trivial,
) -> tuple[Refits | None, tuple[str, ...]]:
    """Fit again under n other seeds; what all fits say of held-out rows."""
    seed = first.random_state
    seeds = [child_seed(seed, "refit", i) for i in range(n)]
    forms: list[Any] = [first.form_]
    notes: tuple[str, ...] = ()
    with oracle.counting("stability"):
        for other in seeds:
            refit = make(random_state=other)
            why = ""
            try:
                refit.fit(population)
                why = refit.notes_[0] if refit.interrupted_ else ""
            except ENDINGS as ended:
                why = f"{ended.why}."
            if why:
                notes = (f"{len(forms) - 1} of {n} refits under other seeds were done. {why}",)
                break
            forms.append(refit.form_)
    if len(forms) < 2:
        return None, notes
    span = np.where(base.span > 0, base.span, 1.0)
    said = np.stack(
        [
            form.predict(test)
            if oracle.task == "classification"
            else (form.predict_values(test) / span).ravel()  # in ranges of the model's answers
            for form in forms
        ]
    )
    fired = np.stack([form.apply(test) for form in forms])
    used = tuple(frozenset(form.columns) for form in forms)
    return Refits(said, fired, used, (seed, *seeds[: len(forms) - 1])), notes

"""The front door for several models: how faithfully each can be read, and who differs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, overload

from surrogate._distill import FIDELITY
from surrogate._held import encode_outcomes, true_outcomes
from surrogate._progress import OnProgress, showing
from surrogate._reproduction import asking, call_text, model_hash, now
from surrogate._target import Kept, check_said, provenance, split_rows, table_facts
from surrogate.domain import Domain
from surrogate.explanation import Comparison
from surrogate.render.names import for_terminal
from surrogate.robust.comparing import Quotes
from surrogate.robust.comparing.agreeing import agree, settle
from surrogate.robust.comparing.alike import Alike
from surrogate.robust.comparing.around import LIME, Around, around_rows
from surrogate.robust.comparing.attacking import of_task, plan_assaults
from surrogate.robust.comparing.entrants import Entrant, check_inputs, check_trained, enter
from surrogate.robust.comparing.family import declare
from surrogate.robust.comparing.ground import Ground, coarsest, limits_of
from surrogate.robust.comparing.plan import LOCAL_FRESH, Plan, cost_of, make_plan
from surrogate.robust.comparing.players import Player, Table
from surrogate.robust.comparing.ready import ReadyRows, check_ready, ready_hash
from surrogate.robust.comparing.run import run
from surrogate.robust.comparing.scales import CLIP

if TYPE_CHECKING:
    from surrogate.oracle import Budget
    from surrogate.robust.comparing.attacking import Assault

__all__ = ["DEFAULT_METHODS", "compare"]

DEFAULT_METHODS = ("cart", "lime")


@overload
def compare(
    models: Mapping[str, Any], data: Any, *, dry_run: Literal[True], **job: Any
) -> Quotes: ...
@overload
def compare(
    models: Mapping[str, Any],
    data: Any,
    *,
    y: Any = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    attacks: Sequence[str] | None = None,
    radii: Sequence[float] | None = None,
    gradients: Mapping[str, Any] | None = None,
    immutable: Sequence[str] = (),
    trained: Mapping[str, float] | None = None,
    adversarial: str | os.PathLike[str] | Sequence[ReadyRows] | None = None,
    attacked: int | None = None,
    test: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | Mapping[str, Budget | int | None] | None = None,
    fidelity: int = FIDELITY,
    stability: int = 2,
    local_rows: int = 20,
    widths: Sequence[float] | None = None,
    level: float = 0.95,
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: str | os.PathLike[str] | Mapping[str, Kept] | None = None,
    offline: bool = False,
    dry_run: Literal[False] = False,
) -> Comparison: ...
def compare(  # type: ignore[misc]  # the first overload takes any name, to say them once
    models: Mapping[str, Any],
    data: Any,
    *,
    y: Any = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    attacks: Sequence[str] | None = None,
    radii: Sequence[float] | None = None,
    gradients: Mapping[str, Any] | None = None,
    immutable: Sequence[str] = (),
    trained: Mapping[str, float] | None = None,
    adversarial: str | os.PathLike[str] | Sequence[ReadyRows] | None = None,
    attacked: int | None = None,
    test: Any = None,
    domain: Domain | None = None,
    budget: Budget | int | Mapping[str, Budget | int | None] | None = None,
    fidelity: int = FIDELITY,
    stability: int = 2,
    local_rows: int = 20,
    widths: Sequence[float] | None = None,
    level: float = 0.95,
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    on_progress: OnProgress | bool | None = None,
    ledger: str | os.PathLike[str] | Mapping[str, Kept] | None = None,
    offline: bool = False,
    dry_run: bool = False,
) -> Comparison | Quotes:
    """Compare how faithfully several models can be read: same surrogates, same rows, same plans.

    For each model and method, surrogates are fitted and measured on held-out rows, on noise of
    growing radius, on adversarial rows, and around single rows at several kernel widths. Whether
    two models differ is decided by paired tests over source rows, corrected by Holm for a family
    that is declared before anything is asked; over training seeds where an arm has at least 8.

    Parameters
    ----------
    models : mapping from name to model, or to a list of models
        At least two. A list holds training seeds of one arm: ``{"natural": [n0, n1, ...], ...}``.
        Each model is a callable, estimator, torch module, path of an .onnx file, URL or BlackBox.
    data : array, DataFrame or mapping of columns, n rows
        The population, in raw units; all models take these rows.
    y : array of shape (n,), optional
        True classes of the rows of `data` (of `test`, where that is given). Accuracy, calibration
        and attacks need them.
    methods : sequence of str
        Global methods of `surrogate.methods.METHODS`, and lime.
    attacks : sequence of str, optional
        Names in `surrogate.robust.attacks.ATTACKS`. None: fgsm and pgd on models that show
        gradients, square on others that answer in this process; () for none.
    radii : sequence of float, optional
        Of noise and attacks, above 0. None: 0.1, 0.25 and 0.5. One unit is the range of columns
        that all have the same bounds, as pixels do; else the standard deviation of each column.
    gradients : mapping from name to torch module, optional
        The same net, from internal rows to logits, for a model that does not show its gradients.
    immutable : sequence of str
        Columns that neither noise nor an attack moves; categories and truth values never move.
    trained : mapping from name to float, optional
        The radius that a model, or all nets of an arm, was trained against, in the same unit;
        pictures mark it, so that figures inside and outside of it are told apart.
    adversarial : path of an .npz file or sequence of ReadyRows, optional
        Adversarial rows that were made before; then no attack runs unless `attacks` names one.
    attacked : int, optional
        Most held-out rows that an attack starts from. None: 500 where it sees gradients, 50 where
        it asks for every step.
    test : array, DataFrame or mapping of columns, m rows, optional
        Held-out real rows; without it, 30 % of `data`, drawn by seed.
    domain : Domain, optional
        What a row is, where it cannot be inferred from `data`.
    budget : Budget, int, or mapping from name to either, optional
        Of each model; a job that does not fit is refused before the first query of any. A remote
        model is not asked without one.
    fidelity : int
        Most held-out rows, of each region.
    stability : int
        How many times each surrogate is refitted under other seeds.
    local_rows : int
        Held-out rows that LIME explains.
    widths : sequence of float, optional
        Kernel widths of LIME; None: five around its default.
    level : float
        Of intervals and verdicts.
    seed : int
        Of every draw: equal seeds give equal results.
    options : mapping from method or attack to mapping, optional
        Parameters of each by name, such as ``{"cart": {"max_leaves": 8}, "pgd": {"steps": 20}}``.
    on_progress : callable or True, optional
        As in `audit`.
    ledger : folder, or mapping from name to file, optional
        Where answers of remote models are kept, a file for each.
    offline : bool
        Answer for remote models from their ledgers alone.
    dry_run : bool
        Ask nothing, and give back what it would take of each model.

    Returns
    -------
    Comparison
        Or `surrogate.robust.comparing.Quotes`, of a dry run.

    Raises
    ------
    DataError
        If rows, outcomes or adversarial rows do not fit the domain, or models answer other tasks,
        columns or classes than each other.
    OptionError
        If a name, a method, an attack, a radius or an option is unknown or wrong.
    AbilityError
        If an attack or a method needs what a model does not show; says what would work.
    BudgetTooSmall
        If the job of one of the models does not fit its budget.
    LedgerError
        If a ledger is in use, of another model, or lacks answers offline.
    ModelError
        If a model raises, or its answers are none.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import compare
    >>> X = np.random.Generator(np.random.Philox(key=0)).uniform(-1, 1, (300, 2))
    >>> def smooth(rows):
    ...     p = 1 / (1 + np.exp(-4 * rows[:, 0]))
    ...     return np.column_stack([1 - p, p])
    >>> def rough(rows):
    ...     return smooth(rows + 0.5 * np.sin(40 * rows))
    >>> found = compare(
    ...     {"rough": rough, "smooth": smooth}, X, methods=["lime"], widths=[0.5], attacks=()
    ... )
    >>> found.rows[0].metric, found.rows[0].verdict, found.rows[0].effect_text()
    ('agreement', 'higher', '+15.4 points')
    """
    said, started = dict(locals()), now()
    check_said(
        "compare",
        domain=domain,
        seed=seed,
        options=options,
        on_progress=on_progress,
        fidelity=fidelity,
        stability=stability,
    )
    entrants = enter(models, budget=budget, ledger=ledger, offline=offline, gradients=gradients)
    domain = domain if domain is not None else Domain.infer(data)
    split = split_rows(domain, data, test, seed=seed)
    n_rows = len(split.test) + (0 if split.test_index is None else len(split.fit))
    ready = () if adversarial is None else check_ready(adversarial, domain, n_rows=n_rows)
    plan = make_plan(
        methods,
        attacks=attacks,
        radii=radii,
        fidelity=fidelity,
        attacked=attacked,
        local_rows=local_rows,
        widths=widths,
        stability=stability,
        level=level,
        seed=seed,
        options=options,
        ready=ready,
    )
    check_inputs(entrants, domain)
    radius = check_trained(trained, entrants)
    truth = None if y is None else true_outcomes(y, split)
    limits, unmoved = limits_of(domain, split.fit, immutable=immutable)
    ground = Ground.of(
        domain,
        split,
        limits=limits,
        dtype=coarsest(one.box for one in entrants),
        most=fidelity,
        seed=seed,
    )
    assaults, notes = plan_assaults(plan, entrants, ground, labelled=truth is not None)
    with _table(entrants, domain, on_progress) as table:
        players = table.players
        costs = {one.name: cost_of(plan, split, one.entrant, assaults=assaults) for one in players}
        quotes = Quotes({one.name: one.oracle.quote(costs[one.name]) for one in players})
        if dry_run:
            return quotes
        for player in players:
            player.oracle.admit(costs[player.name])
        oracles = {player.name: player.oracle for player in players}
        settle(oracles, ground.held(len(ground.order))[0])
        common = agree(oracles)
        assaults, notes = of_task(assaults, notes, plan, common)
        if truth is not None:
            encoded = encode_outcomes(truth, common.classes, common.n_outputs)
            ground = replace(ground, truth=encoded)
        around = _around(table, ground, plan)
        family = declare(
            entrants,
            plan,
            common,
            widths=() if around is None else around.widths,
            assaults=assaults,
            moves=limits is not None,
            labelled=ground.codes is not None,
        )
        found = run(
            table,
            ground,
            plan,
            common=common,
            assaults=assaults,
            around=around,
            family=family,
        )
        queries = {player.name: player.oracle.queries for player in players}
        window = {player.name: asking(player.oracle, started) for player in players}
    told = [*found.doubts, unmoved, *common.notes, *notes, *table.notes]
    hashes = {one.name: model_hash(one.box) for one in entrants}
    return Comparison(
        models=tuple(
            replace(one, facts={**one.facts, "hash": hashes[one.name], **radius[one.name]})
            for one in found.models
        ),
        measured=found.measured,
        rows=found.rows,
        sizes=found.sizes,
        transfer=found.transfer,
        surrogates=found.surrogates,
        disagreement=found.disagreement,
        data=table_facts(domain, split),
        queries=queries,
        test=family.to_dict(),
        settings=provenance(
            seed=seed,
            options=plan.options,
            facts={
                **_facts(plan, ground, assaults),
                "evidence": "answers",
                "call": call_text(compare, said),
                "asking": window,
            },
        ),
        notes=tuple(dict.fromkeys(note for note in told if note)),
        interrupted=table.interrupted,
        evidence=found.evidence,
    )


@contextlib.contextmanager
def _table(
    entrants: Sequence[Entrant], domain: Domain, on_progress: OnProgress | bool | None
) -> Iterator[Table]:
    """All models, each behind the one door to it; the doors are closed afterwards."""
    with contextlib.ExitStack() as stack:
        told = stack.enter_context(showing(on_progress))
        players = [
            Player(
                one,
                stack.enter_context(
                    Alike(
                        one.box,
                        domain,
                        budget=one.budget,
                        on_progress=None if told is None else _named(told, one.name),
                        ledger=one.ledger,
                        offline=one.offline,
                    )
                ),
            )
            for one in entrants
        ]
        yield Table(tuple(players))


def _named(told: OnProgress, name: str) -> OnProgress:
    """Tells whose rows are asked."""

    def tell(done: int, n: int, purpose: str) -> None:
        told(done, n, f"{for_terminal(name)}: {purpose}")

    return tell


def _around(table: Table, ground: Ground, plan: Plan) -> Around | None:
    """What LIME asks around single rows, the same for all models; nothing is asked yet."""
    if not plan.lime:
        return None
    rows, source = ground.held(plan.local_rows)
    coarse = [one for one in table.players if one.oracle.dtype == ground.dtype]
    return around_rows(
        coarse[0],
        rows,
        source=source,
        reference=ground.split.fit,
        options=plan.options.get(LIME),
        widths=plan.widths,
        fresh=LOCAL_FRESH,
        refits=plan.stability,
        seed=plan.seed,
    )


def _facts(plan: Plan, ground: Ground, assaults: Sequence[Assault]) -> dict[str, Any]:
    """What it takes to do it again, besides options and seed."""
    limits = ground.limits
    return {
        "methods": [*plan.methods, *([LIME] if plan.lime else [])],
        "attacks": list(dict.fromkeys(one.attack for one in assaults)),
        "radii": list(plan.radii),
        "unit of radius": None if limits is None else limits.unit.tolist(),
        "columns moved": None if limits is None else limits.mutable.tolist(),
        "clipped to the domain's bounds": None if limits is None else limits.bounded,
        "fidelity": plan.fidelity,
        "attacked": plan.attacked,
        "local rows": plan.local_rows,
        "stability": plan.stability,
        "level": plan.level,
        "clip of logarithms": CLIP,
        "dtype": ground.dtype,
        "adversarial rows sha256": ready_hash(plan.ready) if plan.ready else None,
    }

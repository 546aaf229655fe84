"""What an audit is to do, and what that takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surrogate._distill import opening_of, plan_of
from surrogate._explain import LOCAL_FIDELITY, local_method
from surrogate._target import Split, encode_rows
from surrogate._validate import Choice, Instance, NoneOr, Rule, Whole, check, unknown
from surrogate.auditing.changed import FLIPS, Changed
from surrogate.auditing.checks import PURPOSE as CHECKS
from surrogate.auditing.checks import checks_cost
from surrogate.auditing.flips import PURPOSE as FLIPPED
from surrogate.auditing.groups import Reference
from surrogate.auditing.picked import Picked, candidates, numbered
from surrogate.domain import Domain
from surrogate.errors import BudgetTooSmall, OptionError
from surrogate.explanation.evidence import EVIDENCE
from surrogate.methods import find
from surrogate.oracle import Watch
from surrogate.oracle.noise import PURPOSE as NOISE
from surrogate.sampling import generator
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = [
    "AuditPlan",
    "Extras",
    "audit_cost",
    "audit_extras",
    "audit_opening",
    "by_scope",
    "chosen_rows",
    "target_watch",
]

WATCHED = 10  # rows that a remote model is asked again and again


@dataclass(frozen=True)
class AuditPlan:
    """What an audit is to do."""

    methods: Mapping[str, Sequence[str]]  # scope -> names
    options: Mapping[str, Mapping[str, Any]]
    fidelity: int
    stability: int
    target: float | None
    seed: int
    pick: int | None = None  # of the rows that are explained, how many are kept
    evidence: str = "rows"  # what is kept of rows and answers
    favourable: Label | None = None
    reference: Reference = None
    flips: int = FLIPS  # most changed rows for an attribute
    checks: bool | None = None  # of local explanations; None: where that is affordable

    def __post_init__(self) -> None:
        known = [name for names in self.methods.values() for name in names]
        unknown("audit(options=...)", self.options, known)
        check("audit", _RULES, vars(self))

    def facts(self) -> dict[str, Any]:
        """What it takes to do it again, options and seed aside."""
        return {
            "methods": [name for names in self.methods.values() for name in names],
            "fidelity": self.fidelity,
            "stability": self.stability,
            "target fidelity": self.target,
            "pick": self.pick,
            "favourable": self.favourable,
            "reference": self.reference,
            "flips": self.flips,
            "checks": self.checks,
            "evidence": self.evidence,
        }


_RULES: Mapping[str, Rule] = {
    "evidence": Choice(EVIDENCE),
    "flips": Whole(0),
    "checks": NoneOr(Instance((bool,), "True, False")),
}


@dataclass(frozen=True, eq=False)
class Extras:
    """What is asked beside surrogates and single rows.

    Parameters
    ----------
    flips : tuple of Changed
        Rows with one attribute changed.
    refits : int
        How many times single rows are explained again under other seeds.
    checks : bool
        Whether their explanations are checked by asking again.
    notes : tuple of str
        What of it is left out.
    """

    flips: tuple[Changed, ...] = ()
    refits: int = 0
    checks: bool = False
    notes: tuple[str, ...] = ()


def by_scope(methods: Sequence[str]) -> dict[str, list[str]]:
    """Global and local methods, in the order given."""
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        raise OptionError(f"The `methods` of audit must be a list of names; got {methods!r}.")
    scopes: dict[str, list[str]] = {"global": [], "local": []}
    for name in dict.fromkeys(methods):
        scopes[find(name).scope].append(name)
    if not scopes["global"]:
        raise OptionError(
            "The `methods` of audit must name a global one, which carries the claim; got "
            f"{list(methods)}. For single rows alone, use explain."
        )
    if len(scopes["local"]) > 1:
        raise OptionError(
            f"The `methods` of audit must name one local one at most; got {scopes['local']}."
        )
    return scopes


def chosen_rows(
    domain: Domain,
    data: Any,
    split: Split,
    *,
    rows: Sequence[int] | None,
    pick: int | None,
    seed: int,
) -> Picked | None:
    """The rows to explain, where the first surrogate has no say in them."""
    check("audit", {"pick": NoneOr(Whole(1))}, {"pick": pick})
    if rows is not None and pick is not None:
        raise OptionError("The `rows` and the `pick` of audit exclude each other; give one.")
    if pick is not None:
        return candidates(split, seed=seed)
    return None if rows is None else numbered(encode_rows(domain, data, where="data"), rows)


def audit_opening(oracle: Oracle, split: Split, plan: AuditPlan, seed: int) -> FloatArray:
    """The rows from which what answers are is found out: the most that a method asks first."""
    openings = [
        opening_of(method, split, oracle=oracle, seed=seed, options=plan.options.get(method))
        for method in plan.methods["global"]
    ]
    snapped: FloatArray = oracle.snap(split.fit)
    return max(openings, key=len, default=snapped)


def target_watch(oracle: Oracle, split: Split, seed: int) -> Watch | None:
    """What watches the noise and the drift of a remote model."""
    if not oracle.box.traits.remote:
        return None
    picked = generator(seed, NOISE).permutation(len(split.fit))[:WATCHED]
    return Watch(oracle, split.fit[picked], seed=seed)


def audit_cost(plan: AuditPlan, split: Split, local_rows: int, *, oracle: Oracle) -> dict[str, int]:
    """Rows by purpose, the held-out ones once for all methods."""
    cost: dict[str, int] = {}
    for method in plan.methods["global"]:
        one = plan_of(
            method,
            split,
            fidelity=plan.fidelity,
            stability=plan.stability,
            options=plan.options.get(method),
        )
        for purpose, n in one.items():
            shared = purpose == "fidelity"
            cost[purpose] = n if shared else cost.get(purpose, 0) + n
    for method in plan.methods["local"]:
        algorithm, _ = local_method(oracle, method, plan.options.get(method))
        cost["local"] = sum(algorithm.cost(local_rows, fidelity=LOCAL_FIDELITY).values())
    return cost


def audit_extras(
    plan: AuditPlan,
    cost: dict[str, int],
    flips: tuple[Changed, ...],
    *,
    local_rows: int,
    oracle: Oracle,
    offline: bool,
) -> Extras:
    """What is asked besides, added to the cost.

    Flips are always part of the plan. Refits and checks of single rows are where the budget
    covers them, and where a remote model has one; checks also where they were asked for.
    Offline all are tried, as far as the ledger goes.
    """
    changed = sum(map(len, flips))
    if changed:
        cost[FLIPPED] = changed
    refits, checks = 0, False
    notes: list[str] = []
    for method in plan.methods["local"]:
        algorithm, _ = local_method(oracle, method, plan.options.get(method))
        if plan.pick is None and hasattr(algorithm, "refit"):
            again = plan.stability * algorithm.refit_cost(local_rows)
            if again and _affordable(oracle, cost, "local", again, wanted=offline):
                refits = plan.stability
            elif again:
                notes.append(f"Single rows were not explained again, {_BEYOND}.")
        n = checks_cost(oracle.domain, local_rows if plan.pick is None else plan.pick)
        if n and plan.checks is not False:
            wanted = offline or bool(plan.checks)
            checks = _affordable(oracle, cost, CHECKS, n, wanted=wanted)
            notes += [] if checks else [f"Local explanations were not checked, {_BEYOND}."]
    return Extras(flips, refits, checks, tuple(notes))


_BEYOND = "since the budget does not cover it"


def _affordable(
    oracle: Oracle, cost: dict[str, int], purpose: str, n: int, *, wanted: bool = False
) -> bool:
    """Whether so many more rows are asked for a purpose; then they are added to the cost."""
    more = {**cost, purpose: cost.get(purpose, 0) + n}
    budget = oracle.quote(more).budget
    if not wanted and (budget or oracle.box.traits.remote):
        if not budget:
            return False
        try:
            oracle.admit(more)
        except BudgetTooSmall:
            return False
    cost.update(more)
    return True

"""The front door for images and texts: each is explained by masks of its own parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._explain import LOCAL_FIDELITY, explain_rows, local_method
from surrogate._progress import OnProgress, showing
from surrogate._target import Kept, open_oracle, provenance
from surrogate.domain import Images, MaskDomain, Texts
from surrogate.errors import BudgetSpent, Interrupted, OptionError
from surrogate.explanation import LocalExplanations, MaskExplanations
from surrogate.local._stable import stability_cost
from surrogate.methods import METHODS

if TYPE_CHECKING:
    from surrogate.oracle import Budget, Oracle, Quote

__all__ = ["explain_inputs"]


def explain_inputs(
    model: Any,
    inputs: Any,
    *,
    domain: Images | Texts,
    method: str,
    data: Any,
    budget: Budget | int | None,
    fidelity: int | None,
    stability: int,
    seed: int,
    device: str | None,
    options: Mapping[str, Any] | None,
    on_progress: OnProgress | bool | None,
    ledger: Kept,
    offline: bool,
    dry_run: bool,
) -> MaskExplanations | Quote:
    """Explain images or texts, all within one budget; `explain` says what is given."""
    _refuse(domain, method=method, data=data, device=device)
    domains = domain.domains(inputs)
    fresh = LOCAL_FIDELITY if fidelity is None else fidelity
    with showing(on_progress) as told:
        progress = _Progress(told)
        with open_oracle(
            model,
            domains[0],
            budget=budget,
            on_progress=None if told is None else progress,
            ledger=ledger,
            offline=offline,
        ) as oracle:
            plans = _plans(oracle, domains, method, options, fidelity=fresh, stability=stability)
            total = _total(plans)
            if dry_run:
                return oracle.quote(total)
            oracle.admit(total)
            job = _Job(oracle, method, fresh, stability, seed, options)
            progress.plans = [sum(plan.values()) for plan in plans]
            parts, said = _explained(job, domains, progress)
            facts = {
                "method": method,
                "fidelity": fresh,
                "stability": stability,
                "inputs": domain.to_dict(),
            }
            _, given = local_method(oracle, method, options)
            return MaskExplanations(
                parts=parts,
                queries=oracle.queries,
                settings=provenance(seed=seed, options=given, facts=facts),
                notes=(said,) if said else (),
                interrupted=bool(said) or any(part.interrupted for part in parts),
            )


def _refuse(domain: Images | Texts, *, method: str, data: Any, device: str | None) -> None:
    """Refuse what is for tables."""
    kind = type(domain).__name__
    if METHODS[method].scope == "global":
        able = ", ".join(name for name, one in METHODS.items() if one.scope == "local")
        raise OptionError(f"{kind} are explained one by one: {able}; got method={method!r}.")
    if data is not None:
        hides = "`fill` of Images" if isinstance(domain, Images) else "`mask_token` of Texts"
        raise OptionError(
            f"`data` must be None for {kind}: what stands where a part is hidden is {hides}."
        )
    if device is not None:
        raise OptionError(
            f"`device` must be None for {kind}, which are made where the model is; got {device!r}."
        )


def _plans(
    oracle: Oracle,
    domains: tuple[MaskDomain, ...],
    method: str,
    options: Mapping[str, Any] | None,
    *,
    fidelity: int,
    stability: int,
) -> list[dict[str, int]]:
    """Rows that each input will ask at most, by purpose."""
    plans = []
    for domain in domains:
        algorithm, _ = local_method(oracle.seen(domain), method, options)
        again = stability_cost(algorithm, 1, stability)
        plans.append(dict(algorithm.cost(1, fidelity=fidelity)) | again)
    return plans


def _total(plans: list[dict[str, int]]) -> dict[str, int]:
    """All plans together."""
    total: dict[str, int] = {}
    for plan in plans:
        for purpose, n in plan.items():
            total[purpose] = total.get(purpose, 0) + n
    return total


class _Job:
    """How each input is explained."""

    def __init__(
        self,
        oracle: Oracle,
        method: str,
        fidelity: int,
        stability: int,
        seed: int,
        options: Mapping[str, Any] | None,
    ) -> None:
        self.oracle, self.method, self.seed = oracle, method, seed
        self.fidelity, self.stability, self.options = fidelity, stability, options

    def __call__(self, domain: MaskDomain, i: int) -> LocalExplanations:
        """One input; what all inputs share is said once, beside them."""
        explained = explain_rows(
            self.oracle.seen(domain),
            domain.ones,
            reference=np.zeros_like(domain.ones),
            method=self.method,
            fidelity=self.fidelity,
            stability=self.stability,
            seed=self.seed,
            options=self.options,
            index=(i,),
        )
        return replace(explained, queries=None, settings={})


def _explained(
    job: _Job, domains: tuple[MaskDomain, ...], progress: _Progress
) -> tuple[tuple[LocalExplanations, ...], str]:
    """As many inputs as asking lasts for, and why there are fewer."""
    parts: list[LocalExplanations] = []
    for i, domain in enumerate(domains):
        progress.begin(i)
        try:
            parts.append(job(domain, i))
        except (BudgetSpent, Interrupted) as error:
            if not parts:
                raise
            return tuple(parts), f"{i:,} of {len(domains):,} inputs were explained: {error.why}."
        if parts[-1].interrupted and i + 1 < len(domains):
            return tuple(parts), f"{i + 1:,} of {len(domains):,} inputs were explained."
    return tuple(parts), ""


class _Progress:
    """Tells of all inputs what an oracle tells of each."""

    def __init__(self, told: OnProgress | None) -> None:
        self._told, self._before = told, 0
        self.plans: list[int] = []

    def begin(self, i: int) -> None:
        """From now on, rows are those of the i-th input."""
        self._before = sum(self.plans[:i])

    def __call__(self, done: int, n: int, purpose: str) -> None:
        """Rows answered of one ask."""
        total = sum(self.plans)
        if self._told is not None:
            at = self._before + done
            self._told(min(at, total), total, purpose)

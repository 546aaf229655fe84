"""LIME for tables: many rows, all classes, one set of queries.

Ribeiro, Singh and Guestrin, "Why should I trust you?", KDD 2016. What differs from the lime
package by default, and what was measured for it, is in docs/lime.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate._validate import Boolean, Choice, Instance, NoneOr, Real, Rule, Whole, check
from surrogate.errors import DataError, ModelError, OptionError
from surrogate.explanation.encoding import Binned
from surrogate.local._assemble import assemble
from surrogate.local._designs import Cuts, Design, Drawn, child_seed, lime_design, make_design
from surrogate.local._device import place_of
from surrogate.local._entropy import asks_bins
from surrogate.local._fit import Settings, own_view
from surrogate.local._kernel import default_width
from surrogate.local._refit import refit
from surrogate.local._run import Job, kept_columns, run
from surrogate.local._select import SELECTIONS
from surrogate.local._settle import check_settling, settle, settling_cost, unsettled
from surrogate.local.result import LimeResult
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    from surrogate.domain import Domain
    from surrogate.oracle import Oracle

__all__ = ["Lime"]

SAMPLINGS = ("neighbours", "discretised", "gaussian", "kernel", "mean")
_OWN = ("gaussian", "kernel")  # samplings that ask rows of its own for each explained row
_WIDTHS = {"discretised": 0.75, "neighbours": 0.5, "gaussian": 0.35, "kernel": 0.18}
_RULES: Mapping[str, Rule] = {
    "sampling": Choice(SAMPLINGS),
    "n_samples": Whole(10),
    "width": NoneOr(Real(0, closed="neither"), Choice(("auto",))),
    "ridge": NoneOr(Real(0)),
    "bins": Choice(("quartile", "decile", "entropy")),
    "jitter": Real(0, closed="neither"),
    "selection": NoneOr(Choice(SELECTIONS)),
    "n_features": Whole(1),
    "classes": NoneOr(Instance((tuple, list), "a list of class names")),
    "level": Real(0, 1, closed="neither"),
    "compatible": Boolean(),
    "device": NoneOr(Instance((str,), 'the name of a device, such as "cpu" or "cuda"')),
}


@dataclass
class Lime:
    """A weighted linear model around each row.

    Parameters
    ----------
    oracle : Oracle or None
        What is asked.
    sampling : {"neighbours", "discretised", "gaussian", "kernel", "mean"}
        Where perturbed rows come from. "neighbours": between near real rows, which keeps the
        features' dependence, weighted by distance from the explained row. "discretised":
        lime's default, each feature drawn from its bins on its own; z_j is whether it stays in
        the row's bin. Both ask one set of n_samples rows for all explained rows.
        "gaussian": normal noise around each row, weighted by distance. "kernel": drawn around
        each row from the kernel itself instead of weighting by it (GLIME, Tan et al. 2023).
        Both ask n_samples rows for each explained row. "mean": lime's continuous default,
        normal noise around the mean of the reference rows (compatible mode only).
    n_samples : int
        Perturbed rows.
    width : float, "auto" or None
        Kernel width in units of z: standard deviations, or the square root of the number of
        features that left their bin or category. None: .5 · sqrt(features) for "neighbours",
        .35 for "gaussian", .18 for "kernel", .75 (lime's) for "discretised" and in compatible
        mode. "auto": `sweep` picks one on queries of its own, on 50 of the rows at most, which
        take no part in what follows.
    ridge : float or None
        Penalty beside weights that are not normalised. None: 0, or lime's 1 in compatible
        mode.
    bins : {"quartile", "decile", "entropy"}
        For "discretised". "entropy" cuts where a tree of depth 3 on the feature tells the
        classes of the reference rows apart.
    labels : array of shape (n,) or None
        Classes of the reference rows, for entropy bins. None: the model is asked about 1,000 of
        them at most; in compatible mode they must be given.
    edges : sequence of d ascending arrays or None
        Inner edges of each feature's bins, for "discretised", instead of `bins`; None for a
        feature that is compared for equality.
    jitter : float
        Standard deviation of "gaussian" and "kernel" noise, in standard deviations of each
        feature.
    selection : {"none", "auto", "forward_selection", "highest_weights", "lasso_path"} or None
        How features are chosen for each row and class. None: "none", or lime's "auto" in
        compatible mode.
    n_features : int
        How many features a selection keeps.
    classes : list or None
        Names of the classes to explain; None: all.
    level : float
        Level of the intervals of fidelity.
    compatible : bool
        Follow lime 0.2.0.1 exactly: its random draws for the seed, its scaling, its ridge, the
        explained row among the samples. Row i then equals a fresh ``LimeTabularExplainer(...,
        random_state=seed)`` on row i.

    device : str or None
        Where the sums of a shared plan are taken and solved: "cpu", by NumPy, or a GPU such as
        "cuda", by torch. None: where the model answers. Feature selection and compatible mode
        are worked out on the host. Plans around each row are drawn, asked and summed up where
        the model answers, whatever is said here.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import wrap
    >>> from surrogate.domain import Domain
    >>> from surrogate.local import Lime
    >>> from surrogate.oracle import Oracle
    >>> X = np.random.Generator(np.random.Philox(key=0)).normal(size=(200, 3))
    >>> box = wrap(lambda rows: 2.0 * (rows[:, 0] > 0) - rows[:, 1], task="regression")
    >>> lime = Lime(Oracle(box, Domain.infer(X)), n_samples=2000)
    >>> result = lime.explain(X[:5], reference=X, seed=0)
    >>> result.coef.shape
    (5, 1, 3)
    >>> dict(result.queries)
    {'rows': 5, 'fit': 2000, 'fidelity': 1000}
    """

    oracle: Oracle | None = None
    _: KW_ONLY
    sampling: str = "neighbours"
    n_samples: int = 5000
    width: float | str | None = None
    ridge: float | None = None
    bins: str = "quartile"
    labels: Any = None
    edges: Sequence[FloatArray | None] | None = None
    jitter: float = 1.0
    selection: str | None = None
    n_features: int = 10
    classes: Sequence[Label] | None = None
    level: float = 0.95
    compatible: bool = False
    device: str | None = None

    def cost(self, n_rows: int, *, fidelity: int = 1000) -> dict[str, int]:
        """Rows that `explain` will ask, by purpose.

        Parameters
        ----------
        n_rows : int
            Rows to explain.
        fidelity : int
            Fresh perturbations.
        """
        self._check(fidelity)
        plans = n_rows if self.sampling in _OWN else 1
        fit = self.n_samples - self.compatible  # lime counts the explained row as a sample
        cost = {"rows": n_rows, "fit": fit * plans, "fidelity": fidelity * plans}
        return settling_cost(self, n_rows) | cost

    def width_for(self, n_columns: int) -> float:
        """The kernel width for a number of features, where none is given."""
        if self.width is not None and not isinstance(self.width, str):
            return self.width
        if self.compatible:
            return default_width(n_columns)
        return _WIDTHS[self.sampling] * math.sqrt(n_columns)

    def explain(
        self, matrix: Any, *, reference: Any, fidelity: int = 1000, seed: int = 0
    ) -> LimeResult:
        """Explain rows.

        Parameters
        ----------
        matrix : array of shape (r, d)
            Rows to explain, as the domain encodes them.
        reference : array of shape (n, d)
            Rows of the population, for bins, scales and frequencies.
        fidelity : int
            Fresh perturbations on which the forms are measured, of the same kind as those of
            the fit.
        seed : int

        Returns
        -------
        LimeResult

        Raises
        ------
        OptionError
            If a parameter is unknown or out of its range, or `n_samples` is less than the
            features and the intercept need.
        DataError
            If rows or reference do not fit the domain, or miss values that the sampling or
            compatible mode cannot take.
        BudgetTooSmall
            Before the first query, if it all does not fit the oracle's budget.
        BudgetSpent, Interrupted
            If a budget or a Ctrl-C ends on the way, before there is anything to measure; it
            carries the answers. After that the result holds what there is, and says so.
        """
        job = self.job(matrix, reference=reference, seed=seed)
        job.oracle.admit(self.cost(len(job.rows), fidelity=fidelity))
        if unsettled(self):
            settled = settle(self, job.rows, reference=reference, seed=seed)
            result = settled.lime.explain(
                job.rows, reference=reference, fidelity=fidelity, seed=seed
            )
            return settled.told(result)
        streams = {purpose: child_seed(seed, purpose) for purpose in ("fit", "fidelity")}
        if self.compatible:
            streams["fit"] = seed  # lime's stream starts at the seed itself
        n_samples = self.n_samples - self.compatible
        found = run(job, n_samples=n_samples, fidelity=fidelity, seeds=streams)
        return assemble(job, found, seed=seed)

    def refit(self, result: LimeResult, *, reference: Any, seed: int) -> FloatArray:
        """Fit the rows of a result again, on another plan; they are not measured again.

        Parameters
        ----------
        result : LimeResult
            Of `explain`, whose rows, answers and width are used.
        reference : array of shape (n, d)
        seed : int
            Another than that of the result.

        Returns
        -------
        array of shape (r, k, d)
            Coefficients.

        Raises
        ------
        BudgetSpent, Interrupted
            If asking ended on the way.
        """
        job = self._with(result).job(result.rows, reference=reference, seed=seed)
        stream = seed if self.compatible else child_seed(seed, "fit")
        n_samples = self.n_samples - self.compatible
        return refit(job, n_samples, seed=stream, answers=result.box_values)

    def refit_cost(self, n_rows: int) -> int:
        """Rows that each `refit` of so many rows will ask."""
        return self.cost(n_rows)["fit"]

    def fresh_weights(self, result: Any, fresh: FloatArray, *, reference: Any) -> FloatArray:
        """What the kernel around each row of a result gives other rows.

        Parameters
        ----------
        result : LimeResult or LocalExplanations
            Its rows, widths and bins are used.
        fresh : array of shape (n, d), or (r, n, d)
            The same for all rows, or others for each.
        reference : array of shape (n, d)

        Returns
        -------
        array of shape (r, n)
        """
        job = self._with(result).job(result.rows, reference=reference)
        design, found = job.design, []
        for i, row in enumerate(job.rows):
            rows = fresh if fresh.ndim == 2 else fresh[i]
            drawn = Drawn(rows, *design.encode(rows))
            _, weight = own_view(design, drawn, row[None], job.settings.width)
            found.append(weight[0])
        return np.stack(found)

    def _with(self, result: Any) -> Lime:
        """The same, with the width and the bins that a result was fitted at."""
        edges = self.edges
        if asks_bins(self) and isinstance(result.encoding, Binned):
            edges = result.encoding.edges
        return replace(self, width=float(result.widths[0]), edges=edges)

    def job(self, matrix: Any, *, reference: Any, seed: int = 0) -> Job:
        """What `explain` will do, checked; nothing is asked.

        Parameters
        ----------
        matrix, reference, seed
            As in `explain`.

        Returns
        -------
        Job

        Raises
        ------
        OptionError, DataError
            As in `explain`.
        """
        if self.oracle is None:
            raise OptionError(
                "The `oracle` parameter of Lime must be an Oracle to explain; got None."
            )
        oracle = self.oracle
        rows = self._rows(matrix, "rows to explain")
        population = self._rows(reference, "reference rows")
        seeds = Whole(0, 2**32 - 1) if self.compatible else Whole(0)
        check("Lime.explain", {"seed": seeds}, {"seed": seed})
        self._check(fidelity=10)
        n_columns = _interpretable(oracle.domain)
        least = self._least(n_columns)
        if self.classes is not None and _knows_classes(oracle):
            kept_columns(oracle, self.classes)
        rows = np.asarray(to_numpy(oracle.snap(rows)), dtype=np.float64)
        settings = self._settings(self.width_for(n_columns))
        design = self._design(population, settings.width)
        device = place_of(self.device, oracle.device)
        return Job(oracle, design, rows, self.classes, settings, self.level, least, device)

    def _check(self, fidelity: int) -> None:
        """Every parameter, and those that exclude each other."""
        check("Lime", _RULES, vars(self))
        check("Lime.explain", {"fidelity": Whole(10)}, {"fidelity": fidelity})
        if self.compatible and self.sampling == "neighbours":
            raise OptionError(
                "The `sampling` parameter of Lime must be given where compatible=True: "
                "'discretised' (lime's default), 'mean' or 'gaussian'; got 'neighbours'."
            )
        if self.compatible and self.sampling in ("neighbours", "kernel"):
            raise OptionError(
                f"The `sampling` parameter of Lime must be 'discretised', 'mean' or 'gaussian' "
                f"where compatible=True, since lime has no other; got {self.sampling!r}."
            )
        if self.sampling == "mean" and not self.compatible:
            raise OptionError(
                "The `sampling` parameter of Lime can be 'mean' only where compatible=True: rows "
                "around the mean of the reference say little of what is around the explained "
                "row; use 'gaussian'."
            )
        check_settling(self)

    def _least(self, n_columns: int) -> int:
        """Fewest samples: fewer than coefficients leave them undetermined."""
        least = n_columns + 2
        if self.n_samples < least:
            raise OptionError(
                f"The `n_samples` parameter of Lime must be at least {least} for {n_columns} "
                f"features and an intercept; got {self.n_samples}."
            )
        return least

    def _rows(self, matrix: Any, what: str) -> FloatArray:
        """Internal rows in float64, of the domain's width."""
        assert self.oracle is not None
        rows = np.asarray(to_numpy(matrix), dtype=np.float64)
        d = len(self.oracle.domain.features)
        if rows.ndim != 2 or rows.shape[1] != d or not len(rows):
            raise DataError(
                f"The {what} of Lime must have shape (n, {d}) with n at least 1, one column for "
                f"each feature of the domain; got {rows.shape}."
            )
        return rows

    def _settings(self, width: float) -> Settings:
        return Settings(
            width=width,
            ridge=float(self.compatible) if self.ridge is None else self.ridge,
            selection=self.selection or ("auto" if self.compatible else "none"),
            n_features=self.n_features,
            with_row=self.compatible,
            exact=self.compatible,
        )

    def _design(self, population: FloatArray, width: float) -> Design:
        assert self.oracle is not None
        domain, snap = self.oracle.domain, self.oracle.snap
        # where the model will be asked for labels, any bins do until then
        cuts = Cuts("quartile" if asks_bins(self) else self.bins, self.labels, self.edges)
        if self.compatible:
            return lime_design(domain, population, sampling=self.sampling, cuts=cuts, snap=snap)
        return make_design(
            self.sampling,
            domain,
            population,
            cuts=cuts,
            width=width,
            jitter=self.jitter,
            snap=snap,
        )


def _knows_classes(oracle: Oracle) -> bool:
    """Whether it is known already which classes the model has, or that it has none."""
    try:
        oracle.classes  # noqa: B018
    except ModelError:
        return False
    return True


def _interpretable(domain: Domain) -> int:
    """Columns of z that carry something: a one-hot group counts once."""
    return len(domain.features) - sum(len(members) - 1 for members in domain.groups.values())

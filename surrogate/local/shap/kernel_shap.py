"""Kernel SHAP: Shapley values of features from answers to coalitions of them.

Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017. What is
done otherwise here, and what was measured for it, is in docs/kernel-shap.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate._array import to_numpy
from surrogate._validate import Boolean, Choice, Instance, NoneOr, Real, Rule, Whole, check
from surrogate.domain import MaskDomain
from surrogate.errors import DataError, OptionError
from surrogate.local.shap._assemble import assemble
from surrogate.local.shap._background import MOST, Background, draw_background
from surrogate.local.shap._bayes import MOST_PAIRS
from surrogate.local.shap._estimate import Estimates, wanted_pairs
from surrogate.local.shap._game import LINKS, Game
from surrogate.local.shap._like_shap import LikeShap
from surrogate.local.shap._plan import most_pairs
from surrogate.local.shap._players import Players
from surrogate.local.shap._result import ShapResult
from surrogate.local.shap._run import Asking, explain_rows
from surrogate.local.shap._shap_plan import most_asked
from surrogate.local.shap.compatible import check_l1
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    from surrogate.oracle import Oracle

__all__ = ["KernelShap"]

ESTIMATORS = ("bayes", "regression")
_UNKNOWN = 30
_FEWEST_FRESH = 100  # coalitions that a form is measured on, each of which asks many rows
_RULES: Mapping[str, Rule] = {
    "n_samples": NoneOr(Whole(2)),
    "estimator": Choice(ESTIMATORS),
    "background": NoneOr(Whole(1), Choice(("kmeans",))),
    "n_centres": Whole(1),
    "link": Choice(LINKS),
    "groups": NoneOr(Instance((Mapping,), "a mapping from a group's name to its features")),
    "target_se": NoneOr(Real(0, closed="neither")),
    "classes": NoneOr(Instance((tuple, list), "a list of class names")),
    "level": Real(0, 1, closed="neither"),
    "compatible": Boolean(),
}


@dataclass
class KernelShap:
    """Shapley values of the features of each row, with standard errors.

    The value of a coalition is the model's mean answer where its features are as in the row and
    the others as in background rows. Values of all features add up to the model's answer minus
    its mean over the background, exactly.

    Parameters
    ----------
    oracle : Oracle or None
        What is asked.
    n_samples : int or None
        Coalitions of each row, of which each asks as many rows as the background has. None:
        2 · m + 2,048 for m features. Where there are no more, all are asked, and the values are
        exact; else pairs of complements are drawn without replacement, all sizes alike.
    estimator : {"bayes", "regression"}
        "bayes": the posterior mean of a Gaussian process on the game, whose prior is read off
        the rows that are explained together. "regression": weighted least squares, as in the
        paper. Both add up exactly, and both are one linear map of the answers; the first has a
        fraction of the second's error (docs/kernel-shap.md), and its map takes at most 4,096
        coalitions: beyond, it is the second that is used.
    background : int, "kmeans" or None
        How many reference rows, drawn by the seed, stand where features are taken away; or
        `n_centres` weighted centres of them. None: all, where they are at most 100; else 100.
    n_centres : int
        For "kmeans".
    link : {"identity", "logit"}
        What values add up in: the model's answers, or log odds of its probabilities. The mean
        over the background comes first. Means of 0 and 1 are taken as 1e-7 from them.
    groups : mapping from str to sequence of str, or None
        Features that are kept or taken away together, by the group's name. One-hot groups of the
        domain always are.
    target_se : float or None
        Ask in rounds, twice as many coalitions each time, until every value's standard error is
        at most this, or `n_samples` are asked. Where all coalitions are no more than that, they
        are asked at once.
    classes : list or None
        Names of the classes to explain; None: all.
    level : float
        Level of the intervals of fidelity.
    compatible : bool
        Follow shap 0.51 to rounding error: its coalitions, its draws, its choice of features. The
        rows of `explain`, in their order, then have the values of ``KernelExplainer(model,
        background).shap_values(rows)`` after ``np.random.seed(seed)``. No standard errors are
        claimed, and `estimator` is not read.
    l1_reg : str, float or None
        In compatible mode, which features may have an effect: "num_features(k)", "aic", "bic",
        "auto", the penalty of a lasso, or 0 for all. None: "num_features(10)", shap's default.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters import wrap
    >>> from surrogate.domain import Domain
    >>> from surrogate.local import KernelShap
    >>> from surrogate.oracle import Oracle
    >>> X = np.array([[0.0, 0.0, 0.0], [1.0, 3.0, 2.0]])
    >>> box = wrap(lambda rows: 2.0 * rows[:, 0] + rows[:, 1] * rows[:, 2], task="regression")
    >>> shap = KernelShap(Oracle(box, Domain.infer(X)))
    >>> result = shap.explain(X[1:], reference=X[:1])
    >>> result.coef.round(6).tolist(), float(result.coef_se.max())
    ([[[2.0, 3.0, 3.0]]], 0.0)
    >>> dict(result.queries)
    {'rows': 1, 'background': 1, 'fit': 6}
    """

    oracle: Oracle | None = None
    _: KW_ONLY
    n_samples: int | None = None
    estimator: str = "bayes"
    background: int | str | None = None
    n_centres: int = 20
    link: str = "identity"
    groups: Mapping[str, Sequence[str]] | None = None
    target_se: float | None = None
    classes: Sequence[Label] | None = None
    level: float = 0.95
    compatible: bool = False
    l1_reg: str | float | None = None

    def cost(
        self, n_rows: int = 1, *, fidelity: int = 1000, n_reference: int | None = None
    ) -> dict[str, int]:
        """Rows that `explain` will ask at most, by purpose; without an oracle, for 30 features.

        Parameters
        ----------
        n_rows : int
            Rows to explain.
        fidelity : int
            As in `explain`.
        n_reference : int or None
            Reference rows; None: as many as the background takes.
        """
        self._check(fidelity)
        b = self._background_rows(n_reference)
        m = _UNKNOWN  # how many features there are, only a domain tells
        if self.oracle is not None:
            m = len(Players.of(self.oracle.domain, self.groups))
        asked = 2 * wanted_pairs(m, self.n_samples)
        if self.compatible:
            asked = most_asked(m, self.n_samples or "auto")
        fresh = 0 if asked == 2 * most_pairs(m) else self._fresh(fidelity, b)
        cost = {"rows": n_rows, "background": b, "fit": n_rows * asked * b}
        return cost | {"fidelity": n_rows * fresh * b}

    def explain(
        self, matrix: Any, *, reference: Any, fidelity: int = 1000, seed: int = 0
    ) -> ShapResult:
        """Explain rows.

        Parameters
        ----------
        matrix : array of shape (r, d)
            Rows to explain, as the domain encodes them.
        reference : array of shape (n, d)
            Rows of the population, of which the background is drawn. Of images and texts,
            nothing is read of it: what hides a part is the domain's.
        fidelity : int
            Rows on which each form is measured: fresh coalitions that ask about as many, but at
            least 100 of them (or as many as `fidelity`, if that is less). Where all coalitions
            were asked, they measure the form, and none are fresh.
        seed : int

        Returns
        -------
        ShapResult

        Raises
        ------
        OptionError
            If a parameter is out of its range, or `n_samples` is less than the features need.
        DataError
            If rows or reference do not fit the domain, or its constraint leaves no rows.
        BudgetTooSmall
            Before the first query, if it all does not fit the oracle's budget.
        BudgetSpent, Interrupted
            If a budget or a Ctrl-C ends on the way, before the first row is explained. After
            that the result holds the rows that are, and says so.
        """
        asking, rows = self._asking(matrix, reference, fidelity=fidelity, seed=seed)
        oracle = asking.game.oracle
        n_reference = len(asking.game.background)
        oracle.admit(self.cost(len(rows), fidelity=fidelity, n_reference=n_reference))
        if self.compatible:
            return self._like_shap(asking, seed).explain(
                rows, notes=self._notes(asking, ended=False)
            )
        opened = asking.game.open(rows)
        done, ended = explain_rows(asking, rows, opened)
        if ended is not None and not done:
            raise ended
        notes = self._notes(asking, ended=bool(ended))
        if ended is not None:
            notes.insert(0, f"{len(done):,} of {len(rows):,} rows were explained: {ended.why}.")
        return assemble(
            asking, done, opened=opened, seed=seed, notes=notes, interrupted=ended is not None
        )

    def job(self, matrix: Any, *, reference: Any, seed: int = 0) -> Asking:
        """What `explain` will do, checked; nothing is asked.

        Parameters
        ----------
        matrix, reference, seed
            As in `explain`.

        Returns
        -------
        Asking

        Raises
        ------
        OptionError, DataError
            As in `explain`.
        """
        return self._asking(matrix, reference, fidelity=10, seed=seed)[0]

    def refit(self, result: ShapResult, *, reference: Any, seed: int) -> FloatArray:
        """Values of a result's rows on other coalitions and, where it is drawn, background.

        Parameters
        ----------
        result : ShapResult
            Of `explain`.
        reference : array of shape (n, d)
        seed : int
            Another than that of the result.

        Returns
        -------
        array of shape (r, k, d)

        Raises
        ------
        BudgetSpent, Interrupted
            If asking ended on the way.
        """
        asking, rows = self._asking(result.rows, reference, fidelity=10, seed=seed, measured=False)
        with asking.game.oracle.counting("stability"):
            if self.compatible:
                return self._like_shap(asking, seed).explain(rows).coef
            opened = asking.game.open(rows)
            done, ended = explain_rows(asking, rows, opened)
        if ended is not None:
            raise ended
        found = assemble(asking, done, opened=opened, seed=seed, notes=[], interrupted=False)
        return found.coef

    def refit_cost(self, n_rows: int = 1) -> int:
        """Rows that each `refit` of so many rows will ask at most."""
        return sum(n for purpose, n in self.cost(n_rows).items() if purpose != "fidelity")

    # ---- parts of the above ----

    def _check(self, fidelity: int) -> None:
        check("KernelShap", _RULES, vars(self))
        check("KernelShap.explain", {"fidelity": Whole(10)}, {"fidelity": fidelity})
        if self.l1_reg is not None:
            check_l1(self.l1_reg)
        for name in ("target_se",) if self.compatible else ("l1_reg",):
            if getattr(self, name) is not None:
                raise OptionError(
                    f"The `{name}` parameter of KernelShap must be None where "
                    f"compatible={self.compatible}; got {getattr(self, name)!r}."
                )

    def _open(self) -> Oracle:
        if self.oracle is None:
            raise OptionError(
                "The `oracle` parameter of KernelShap must be an Oracle to explain; got None."
            )
        return self.oracle

    def _background_rows(self, n_reference: int | None) -> int:
        """Rows of the background, at most."""
        if self.oracle is not None and isinstance(self.oracle.domain, MaskDomain):
            return 1
        most = self.n_centres if self.background == "kmeans" else self.background or MOST
        assert isinstance(most, int)
        return most if n_reference is None else min(most, n_reference)

    def _fresh(self, fidelity: int, b: int) -> int:
        """Fresh coalitions on which a form is measured."""
        return min(fidelity, max(_FEWEST_FRESH, fidelity // b))

    def _asking(
        self, matrix: Any, reference: Any, *, fidelity: int, seed: int, measured: bool = True
    ) -> tuple[Asking, FloatArray]:
        """What `explain` will do, checked, and the rows; nothing is asked."""
        oracle = self._open()
        self._check(fidelity)
        seeds = Whole(0, 2**32 - 1) if self.compatible else Whole(0)
        check("KernelShap.explain", {"seed": seeds}, {"seed": seed})
        rows = self._rows(matrix, "rows to explain")
        population = self._rows(reference, "reference rows")
        players = Players.of(oracle.domain, self.groups)
        m = len(players)
        pairs = wanted_pairs(m, self.n_samples)
        if pairs < min(m + 1, most_pairs(m)) and not self.compatible:
            raise OptionError(
                f"The `n_samples` parameter of KernelShap must be at least {2 * m + 2} for {m} "
                f"features; got {self.n_samples}."
            )
        rows = np.asarray(to_numpy(oracle.snap(rows)), dtype=np.float64)
        background: Background = draw_background(
            population, self.background, centres=self.n_centres, oracle=oracle, seed=seed
        )
        link = "identity" if self.compatible else self.link  # shap's link comes later
        game = Game(oracle, background, players, link, self.classes)
        estimates = Estimates(
            self.estimator,
            n_samples=self.n_samples,
            fresh=self._fresh(fidelity, len(background)),
            seed=seed,
        )
        return Asking(game, estimates, self.target_se, self.level, measured), rows

    def _like_shap(self, asking: Asking, seed: int) -> LikeShap:
        """The same game, asked and solved as shap does."""
        return LikeShap(
            asking.game,
            nsamples=self.n_samples or "auto",
            l1_reg="num_features(10)" if self.l1_reg is None else self.l1_reg,
            link=self.link,
            n_fresh=asking.estimates.n_fresh if asking.measured else 0,
            level=self.level,
            seed=seed,
        )

    def _rows(self, matrix: Any, what: str) -> FloatArray:
        """Internal rows in float64, of the domain's width."""
        rows = np.asarray(to_numpy(matrix), dtype=np.float64)
        d = len(self._open().domain.features)
        if rows.ndim != 2 or rows.shape[1] != d or not len(rows):
            raise DataError(
                f"The {what} of KernelShap must have shape (n, {d}) with n at least 1, one column "
                f"for each feature of the domain; got {rows.shape}."
            )
        return rows

    def _notes(self, asking: Asking, *, ended: bool) -> list[str]:
        """What holds for all rows alike."""
        game, notes = asking.game, []
        pairs = wanted_pairs(len(game.players), self.n_samples)
        if self.link == "logit":
            notes.append("Values are in log odds: the link is logit.")
        if game.clipped:
            notes.append(
                f"{game.clipped:,} means of 0 or 1 have no finite log odds, and were taken as 1e-7 "
                "from them: read values of such rows as large, not as numbers."
            )
        if game.refused:
            share = game.refused / max(game.drawn, 1)
            notes.append(
                f"The domain's constraint refused {share:.1%} of the mixed rows; the others of "
                "each coalition stand for them."
            )
        if len(game.background) == 1 and not isinstance(game.oracle.domain, MaskDomain):
            notes.append(
                "The background is a single row: values compare with that row, and with nothing "
                "else."
            )
        if (
            not self.compatible
            and self.estimator == "bayes"
            and MOST_PAIRS < pairs < most_pairs(len(game.players))
        ):
            notes.append(
                f"Estimated by regression, since {2 * pairs:,} coalitions are more than the "
                f'{2 * MOST_PAIRS:,} that `estimator="bayes"` takes.'
            )
        return notes

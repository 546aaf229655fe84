"""Where perturbed rows come from, and how they look from an explained row.

Two kinds. A shared plan's rows depend on no explained row, so that one set of queries serves
all of them; its columns are compared for equality with the row's (bin or category), or are the
same numbers for every row. An own plan has rows of its own around each explained row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from surrogate.explanation.encoding import Binned, Scaled, SharedEncoding
from surrogate.local.compatible import LimeTable
from surrogate.sampling import DiscretisedSampler, GaussianSampler, NeighbourSampler, generator
from surrogate.types import Array, BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["Cuts", "Design", "Drawn", "child_seed", "lime_design", "make_design"]

Snap = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Cuts:
    """Where "discretised" cuts: a binning, with the labels that "entropy" needs, or edges."""

    bins: str = "quartile"
    labels: Any = None
    edges: Sequence[FloatArray | None] | None = None


@dataclass(frozen=True, eq=False)
class Drawn:
    """Perturbed rows, in the model's terms and in lime's.

    Parameters
    ----------
    rows : array of shape (n, d)
        What the model is asked.
    codes : array of shape (n, d)
        What is compared for equality, in columns that are.
    scaled : array of shape (n, d)
        Standardised values, in the other columns.
    rejected : float
        Share of drawn rows that the domain's constraint refused.
    source : int array of shape (n,) or None
        Real row that each came from, where real rows are used equally often.
    mirrored : bool
        Whether rows 2i and 2i + 1 are partners, drawn on opposite sides of a centre.
    """

    rows: FloatArray
    codes: FloatArray
    scaled: FloatArray
    rejected: float = 0.0
    source: IntArray | None = None
    mirrored: bool = False

    def take(self, at: slice) -> Drawn:
        """Some of the rows."""
        source = None if self.source is None else self.source[at]
        return Drawn(
            self.rows[at], self.codes[at], self.scaled[at], self.rejected, source, self.mirrored
        )


class Around(Protocol):
    """A plan around each row: (n, seed) -> function from one row (d,) to Drawn.

    Mirrored plans vary less, and are for fits; rows that measure are drawn independently.
    """

    def __call__(
        self, n: int, seed: int, *, mirrored: bool = False
    ) -> Callable[[FloatArray], Drawn]:
        """Draw what does not depend on the row."""
        ...


class Offsets(Protocol):
    """A plan that adds the same numbers to every row: (n, seed) -> (n, d), in features' units."""

    def __call__(
        self,
        n: int,
        *,
        seed: int,
        mirrored: bool = False,
        library: str = "numpy",
        device: str = "cpu",
    ) -> Array:
        """Draw the offsets, the same ones everywhere."""
        ...


@dataclass(frozen=True, eq=False)
class Design:
    """One way of sampling.

    Parameters
    ----------
    equality : bool array of shape (d,)
        Columns whose z is whether bin or category equal the row's.
    active : function
        Rows (r, d) -> bool (r, d): columns that have a z. Of a one-hot group only the column
        that is 1 has, since its z tells whether the whole group is unchanged.
    encode : function
        Rows (m, d) -> codes (m, d), scaled (m, d).
    shared : function or None
        (n, seed) -> Drawn, for plans that all explained rows share.
    own : Around or None
    offsets : Offsets or None
        The same draws as `own`, where rows differ from the explained one by offsets that do
        not depend on it: numbers without bounds, wholes, categories or columns worked out from
        others.
    encoding : Binned or Scaled
        For the explanation, so that it can predict.
    paired : bool
        Whether standard errors come from pairs of blocks.
    weighed : bool
        Whether the kernel weighs the rows; if not, they were drawn from it.
    """

    equality: BoolArray
    active: Callable[[FloatArray], BoolArray]
    encode: Callable[[FloatArray], tuple[FloatArray, FloatArray]]
    encoding: SharedEncoding
    shared: Callable[[int, int], Drawn] | None = None
    own: Around | None = None
    offsets: Offsets | None = None
    weighed: bool = True
    paired: bool = False


def make_design(
    sampling: str,
    domain: Domain,
    reference: FloatArray,
    *,
    cuts: Cuts,
    width: float,
    jitter: float,
    snap: Snap,
) -> Design:
    """The design of one of our samplings: "discretised", "neighbours", "gaussian", "kernel"."""
    if sampling == "discretised":
        return _discretised(domain, reference, cuts, snap)
    return _continuous(sampling, domain, reference, width=width, jitter=jitter, snap=snap)


def _discretised(domain: Domain, reference: FloatArray, cuts: Cuts, snap: Snap) -> Design:
    sampler = DiscretisedSampler(
        domain,
        reference,
        binning=cuts.bins,  # type: ignore[arg-type]
        labels=cuts.labels,
        edges=cuts.edges,
    )
    cut = sampler.bins

    def encode(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        codes = cut.digitise(rows).astype(np.float64)
        return codes, codes

    def draw(n: int, seed: int) -> Drawn:
        plan = sampler.plan(n, seed=seed)
        rows = np.asarray(snap(plan.rows), dtype=np.float64)
        return Drawn(rows, *encode(rows), plan.rejected)

    edges = tuple(None if cut.coded[j] else cut.edges[j] for j in range(len(cut)))
    return Design(
        equality=np.ones(len(cut), dtype=np.bool_),
        active=_active(domain),
        encode=encode,
        encoding=Binned(edges),
        shared=draw,
    )


def _continuous(
    sampling: str,
    domain: Domain,
    reference: FloatArray,
    *,
    width: float,
    jitter: float,
    snap: Snap,
) -> Design:
    grouped = {name for members in domain.groups.values() for name in members}
    equality = np.array(
        [f.is_nominal or f.kind == "binary" or f.name in grouped for f in domain.features],
        dtype=np.bool_,
    )
    filled = np.isnan(reference).any(axis=0) & ~equality
    mean = np.where(equality, 0.0, _known(np.nanmean, reference))
    scale = np.where(equality, 1.0, _known(np.nanstd, reference))
    scale[~(scale > 0)] = 1.0

    def encode(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        return rows, np.nan_to_num((rows - mean) / scale, nan=0.0)  # missing: the mean

    def finish(
        rows: Any,
        rejected: float = 0.0,
        source: IntArray | None = None,
        *,
        mirrored: bool = False,
    ) -> Drawn:
        rows = np.asarray(snap(rows), dtype=np.float64)
        return Drawn(rows, *encode(rows), rejected, source, mirrored)

    def neighbours(n: int, seed: int) -> Drawn:
        sample = NeighbourSampler(domain, reference).draw(n, seed=seed)
        return finish(sample.rows, sample.rejected, sample.source)

    spread, switch = jitter, 1.0
    if sampling == "kernel":  # the product of N(0, jitter²) and the kernel is normal again
        spread = float(jitter * width / np.hypot(jitter, width))
        switch = float(np.exp(-0.5 / width**2))
    sampler = GaussianSampler(domain, reference, jitter=spread, switch=switch)

    def around(n: int, seed: int, *, mirrored: bool = False) -> Callable[[FloatArray], Drawn]:
        plan = sampler.plan(n, seed=seed, mirrored=mirrored)
        return lambda row: finish(plan.apply(row), mirrored=mirrored)

    shared = sampling == "neighbours"
    return Design(
        equality=equality,
        active=_active(domain),
        encode=encode,
        encoding=Scaled(scale=scale, centre=mean if filled.any() else None, equality=equality),
        shared=neighbours if shared else None,
        own=None if shared else around,
        offsets=sampler.offsets if not shared and _only_shifts(domain) else None,
        weighed=sampling != "kernel",
        paired=shared,
    )


def _only_shifts(domain: Domain) -> bool:
    """Whether noise moves each row by itself, and nothing about the row changes that."""
    plain = all(
        feature.kind == "continuous"
        and not feature.missing
        and not (np.isfinite(feature.low) or np.isfinite(feature.high))
        for feature in domain.features
    )
    return plain and not domain.groups and not domain.derived


def lime_design(
    domain: Domain, reference: FloatArray, *, sampling: str, cuts: Cuts, snap: Snap
) -> Design:
    """What lime itself draws: "discretised", around the "mean", or "gaussian" around the row."""
    categorical = np.array(
        [f.is_coded or f.kind == "binary" for f in domain.features], dtype=np.bool_
    )
    table = LimeTable.learn(
        reference,
        categorical,
        bins=cuts.bins if sampling == "discretised" else None,
        labels=cuts.labels,
    )
    equality = table.equality

    def encode(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        return table.codes(rows), (rows - table.mean) / table.scale

    def shared(n: int, seed: int) -> Drawn:
        drawn = table.draw(n + 1, seed=seed)
        return Drawn(
            np.asarray(snap(drawn.rows), dtype=np.float64),
            drawn.codes,
            (drawn.rows - table.mean) / table.scale,
        )

    def own(
        n: int, seed: int, *, mirrored: bool = False
    ) -> Callable[[FloatArray], Drawn]:  # lime mirrors nothing
        drawn = table.draw(n + 1, seed=seed, around=True)

        def place(row: FloatArray) -> Drawn:
            rows = np.where(equality, drawn.rows, drawn.rows + row)
            scaled = (rows - table.mean) / table.scale
            return Drawn(np.asarray(snap(rows), dtype=np.float64), drawn.codes, scaled)

        return place

    around = sampling == "gaussian"
    if table.binned:
        encoding: SharedEncoding = Binned(table.edges)
    else:
        encoding = Scaled(scale=table.scale, centre=table.mean, equality=equality)
    return Design(
        equality=equality,
        active=lambda rows: np.ones(rows.shape, dtype=np.bool_),
        encode=encode,
        encoding=encoding,
        shared=None if around else shared,
        own=own if around else None,
    )


def _active(domain: Domain) -> Callable[[FloatArray], BoolArray]:
    """Which columns have a z: all but the zeros of one-hot groups."""
    names = [feature.name for feature in domain.features]
    grouped = {name for members in domain.groups.values() for name in members}
    hot = np.array([name in grouped for name in names], dtype=np.bool_)
    return lambda rows: ~hot | (rows == 1)


def _known(statistic: Callable[..., FloatArray], rows: FloatArray) -> FloatArray:
    """A statistic of each column's known values, 0 where there are none."""
    known = ~np.isnan(rows).all(axis=0)
    return np.where(known, statistic(np.where(known, rows, 0.0), axis=0), 0.0)


def child_seed(seed: int, stream: str) -> int:
    """A seed of its own for one purpose."""
    return int(generator(seed, "lime", stream).integers(2**32))

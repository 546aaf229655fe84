"""Normal noise around rows: the features move independently of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surrogate._array import device_name, is_torch, namespace, on_library
from surrogate._validate import Real, check
from surrogate.sampling.philox import normals
from surrogate.sampling.rows import (
    Host,
    Sample,
    check_count,
    check_reference,
    column_scale,
    draw_feasible,
    finish,
    is_switched,
    spread,
    unit_of,
)
from surrogate.sampling.streams import generator
from surrogate.types import Array, BoolArray, FloatArray

if TYPE_CHECKING:
    from surrogate.domain import Domain

__all__ = ["GaussianPlan", "GaussianSampler"]

LARGE = 1 << 22
"""Numbers of a plan from which it is drawn where it is wanted."""


@dataclass(frozen=True, eq=False)
class GaussianPlan:
    """Draws that do not depend on the rows they will move.

    Parameters
    ----------
    domain : Domain
    noise : array of shape (n, d)
        Added to columns that move by noise, in their own units; 0 in the others.
    switched : bool array of shape (n, d)
        Where a value is replaced.
    values : array of shape (n, d)
        The values that replace, drawn from the reference rows by their frequency.
    """

    domain: Domain
    noise: FloatArray
    switched: BoolArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.noise)

    def apply(self, centres: Array) -> Array:
        """Perturbed rows around given ones.

        Parameters
        ----------
        centres : array of shape (n, d) or (d,), NumPy or torch
            Row i of the result lies around row i, or all lie around the one row.

        Returns
        -------
        array of shape (n, d)
            On the library and the device of `centres`; bounds, kinds and derived columns
            are kept, the domain's constraint is not asked.
        """
        return finish(self.domain, self.move(centres))

    def move(self, centres: Array) -> Array:
        """Rows (n, d) as `apply` gives them, before bounds and kinds are kept."""
        noise, switched, values = self.noise, self.switched, self.values
        if is_torch(centres):
            device = device_name(centres)
            noise, switched, values = (
                on_library(part, "torch", device) for part in (noise, switched, values)
            )
        return namespace(centres).where(switched, values, centres + noise)


@dataclass(frozen=True, eq=False)
class GaussianSampler:
    """Rows moved by independent noise: wide cover, no dependence between features.

    A numeric or ordinal column gains N(0, (jitter · its standard deviation)²). A category,
    a binary column and a one-hot group are replaced, with a probability, by a value drawn
    from the reference rows; so are values of columns that may be missing.

    Parameters
    ----------
    domain : Domain
    reference : array of shape (m, d)
        Internal rows of the reference population.
    jitter : float
        Standard deviation of the noise, in standard deviations of each column.
    switch : float
        Probability that a category is drawn anew.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.domain import Domain
    >>> from surrogate.sampling import GaussianSampler
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> sampler = GaussianSampler(Domain.infer(X), X, jitter=0.3)
    >>> sample = sampler.draw(100, seed=0)
    >>> sample.rows.shape
    (100, 2)
    """

    domain: Domain
    reference: FloatArray
    jitter: float = 0.3
    switch: float = 0.1

    def __post_init__(self) -> None:
        name = type(self).__name__
        check(name, {"jitter": Real(0), "switch": Real(0, 1)}, vars(self))
        rows = check_reference(name, self.domain, self.reference)
        object.__setattr__(self, "reference", rows)

    def plan(self, n: int, *, seed: int, mirrored: bool = False) -> GaussianPlan:
        """Draws for n rows, fit to be applied to any rows.

        Parameters
        ----------
        n : int
            Number of rows.
        seed : int
        mirrored : bool
            Whether rows 2i and 2i + 1 move by opposite noise (antithetic draws), so that what
            is even about a centre cancels out of slopes.

        Returns
        -------
        GaussianPlan
        """
        n = check_count(type(self).__name__, n)
        return self._plan(n, seed, 0, mirrored=mirrored)

    def draw(self, n: int, *, seed: int, library: str = "numpy", device: str = "cpu") -> Sample:
        """Rows around the reference rows, each of which is used equally often.

        Parameters
        ----------
        n : int
            Number of rows.
        seed : int
        library : {"numpy", "torch"}
            Whose array the rows are.
        device : str
            Where they lie.

        Returns
        -------
        Sample

        Raises
        ------
        DataError
            If the domain's constraint refuses nearly everything.
        """
        n = check_count(type(self).__name__, n)

        def around(count: int, attempt: int) -> tuple[Host, ...]:
            rng = generator(seed, "gaussian source", attempt)
            source = spread(count, len(self.reference), rng)
            plan = self._plan(count, seed, attempt)
            rows = np.asarray(plan.apply(self.reference[source]))
            return rows, source, plan.noise, plan.switched, plan.values

        (rows, source, noise, switched, values), rejected = draw_feasible(
            self.domain, n, owner=type(self).__name__, draw=around
        )
        if library != "numpy":
            plan = GaussianPlan(self.domain, noise, switched.astype(np.bool_), values)
            rows = plan.apply(on_library(self.reference[source], library, device))
        return Sample(rows, source.astype(np.intp), rejected)

    def offsets(
        self,
        n: int,
        *,
        seed: int,
        mirrored: bool = False,
        library: str = "numpy",
        device: str = "cpu",
    ) -> Array:
        """The noise of a plan alone, in the columns' own units, where it is wanted.

        Parameters
        ----------
        n, seed, mirrored
            As in `plan`.
        library : {"numpy", "torch"}
        device : str

        Returns
        -------
        float64 array of shape (n, d)
            The same numbers everywhere. Large plans are drawn on the device itself.
        """
        n = check_count(type(self).__name__, n)
        noise = self._noise(n, seed, 0, mirrored=mirrored, library=library, device=device)
        return noise * on_library(self._scale(), library, device)

    def _scale(self) -> FloatArray:
        """Standard deviation of each column's noise, 0 where it switches."""
        switched = is_switched(self.domain)
        return np.where(switched, 0.0, self.jitter * column_scale(self.reference))

    def _noise(
        self,
        n: int,
        seed: int,
        attempt: int,
        *,
        mirrored: bool,
        library: str = "numpy",
        device: str = "cpu",
    ) -> Array:
        """Standard normal numbers (n, d); large plans count, so that any device can draw them."""
        d = len(self.domain.features)
        drawn = -(-n // 2) if mirrored else n
        if drawn * d < LARGE:
            host = generator(seed, "gaussian noise", attempt).standard_normal((drawn, d))
            noise = on_library(host, library, device)
        else:
            stream = f"gaussian noise {attempt}"
            flat = normals(drawn * d, seed=seed, stream=stream, library=library, device=device)
            noise = flat.reshape(drawn, d)
        if not mirrored:
            return noise
        xp = namespace(noise)
        return xp.reshape(xp.stack([noise, -noise], axis=1), (-1, d))[:n]

    def _plan(self, n: int, seed: int, attempt: int, *, mirrored: bool = False) -> GaussianPlan:
        """The draws of one round."""
        reference, unit = self.reference, unit_of(self.domain)
        n_units = int(unit.max()) + 1
        switched = is_switched(self.domain)
        may_miss = np.array([f.missing for f in self.domain.features], dtype=np.bool_)
        scale = self._scale()
        noise = self._noise(n, seed, attempt, mirrored=mirrored)
        coin = generator(seed, "gaussian switch", attempt).random((n, n_units))[:, unit]
        donor = generator(seed, "gaussian value", attempt).integers(
            len(reference), size=(n, n_units)
        )[:, unit]
        return GaussianPlan(
            self.domain,
            np.asarray(noise * scale),
            (coin < self.switch) & (switched | may_miss),
            np.take_along_axis(reference, donor, axis=0),  # (m, d)[(n, d)] -> (n, d)
        )

"""Shapley values as the posterior mean of a Gaussian process on the game.

On the cube of signs, a game's odd part is o = Σ b_S χ_S over sets S of odd size, where χ_S is
the product of the signs of S, and player i's Shapley value is Σ 2 b_S / |S| over the sets that
hold i. A priori the linear terms are unknown (flat), and b_S of larger S have variance
Π_{i in S} ρ_i times a scale: sets of strong players act together more. The covariance of o at two
coalitions is then a product over players, and that of a Shapley value with o an integral of
one. Each player's ρ_i is c · (relative size of the linear effect)^p; (c, p) maximise the
marginal likelihood of all games together, so that the posterior mean is one matrix for all.
docs/kernel-shap.md derives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import linalg

from surrogate.local.shap._plan import Pairs
from surrogate.local.shap._solve import efficient
from surrogate.types import FloatArray

__all__ = ["MOST_PAIRS", "Bayes", "strengths"]

MOST_PAIRS = 2048
"""Pairs beyond which factorising their covariance would take longer than it is worth."""
_SCALES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_POWERS = (0.0, 0.5, 1.0)
_WEAKEST = 0.03  # of the strongest player's effect
_SEARCHED = 256  # pairs on which (c, p) are sought
_GAMES = 64  # games on which they are sought
_NUGGET = 1e-8
_NODES = 32
_ROUNDED = 1e-13  # of a game's size, below which its residual is rounding


@dataclass(frozen=True, eq=False)
class Bayes:
    """A posterior that is fixed but for each game's scale.

    Parameters
    ----------
    weights : array of shape (m, p + 1)
        The posterior mean, from odd parts.
    variance : array of shape (m,)
        Posterior variance where the scale is 1.
    fitted : _Fitted
        The covariance of the odd parts, factorised.
    """

    weights: FloatArray
    variance: FloatArray
    fitted: _Fitted

    @classmethod
    def of(cls, pairs: Pairs, rho: FloatArray) -> Bayes:
        """From pairs, at least as many as players, and the strength (m,) of each player."""
        fitted = _fit(pairs.signs, rho)
        cross = _cross(pairs.signs, rho) / fitted.scale  # (m, p + 1)
        half = linalg.solve_triangular(fitted.factor, cross.T, lower=True)  # (p + 1, m)
        across = linalg.solve_triangular(fitted.factor, half, lower=True, trans="T").T
        left = np.eye(cross.shape[1]) - pairs.signs @ fitted.linear
        weights = 2.0 * fitted.linear + across @ left
        missed = 2.0 * np.eye(pairs.m) - fitted.white.T @ half  # (m, m)
        flat = np.einsum("im,im->m", missed, linalg.cho_solve((fitted.gram, True), missed))
        variance = _prior(rho) / fitted.scale - np.square(half).sum(axis=0) + flat
        return cls(efficient(weights), np.maximum(variance, 0.0), fitted)

    def errors(self, y: FloatArray) -> FloatArray:
        """The posterior's, at each game's own scale."""
        return np.sqrt(self.variance[:, None] * self.fitted.scales(y))


def strengths(pairs: Pairs, y: FloatArray) -> FloatArray:
    """How strongly each player acts together with others: ρ (m,), from odd parts (p + 1, c)."""
    signs, y = _sample(pairs, y)
    linear = np.linalg.lstsq(signs, y, rcond=None)[0]  # (m, c)
    total = np.square(linear).sum(axis=0)
    told = total > 0
    if not told.any():
        return np.full(pairs.m, _SCALES[0])
    size = np.sqrt((np.square(linear[:, told]) / total[told]).mean(axis=1))
    size = np.maximum(size / size.max(), _WEAKEST)
    tried = [c * size**p for p, c in product(_POWERS, _SCALES)]
    return max(tried, key=lambda rho: _likelihood(_fit(signs, rho), y[:, told]))


def _sample(pairs: Pairs, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Signs and odd parts of the pairs and games that are searched."""
    p, games = len(pairs), y.shape[1]
    # the first pairs alone would hold small coalitions only where the plan takes those whole
    at = np.unique(np.linspace(0, p - 1, min(p, max(_SEARCHED, 2 * pairs.m))).astype(np.intp))
    some = np.unique(np.linspace(0, games - 1, min(games, _GAMES)).astype(np.intp))
    at = np.append(at, p)
    return pairs.signs[at], y[np.ix_(at, some)]


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Generalised least squares of the linear terms under a covariance.

    Parameters
    ----------
    factor : array of shape (p + 1, p + 1)
        Lower, of the covariance.
    white : array of shape (p + 1, m)
        Signs, whitened.
    gram : array of shape (m, m)
        Lower factor of their products.
    linear : array of shape (m, p + 1)
        The linear terms, from odd parts.
    signs : array of shape (p + 1, m)
    scale : float
        Prior variance of an odd part, which the covariance is divided by.
    """

    factor: FloatArray
    white: FloatArray
    gram: FloatArray
    linear: FloatArray
    signs: FloatArray
    scale: float

    def scales(self, y: FloatArray) -> FloatArray:
        """Each game's scale (c,): the variance of what the linear terms leave."""
        residual = y - self.signs @ (self.linear @ y)
        size = np.abs(y).max(axis=0, initial=0.0)
        residual[:, np.abs(residual).max(axis=0) < _ROUNDED * size] = 0.0
        white = linalg.solve_triangular(self.factor, residual, lower=True, overwrite_b=True)
        freedom = max(len(y) - self.signs.shape[1], 1)
        return np.asarray(np.square(white).sum(axis=0) / freedom)


def _fit(signs: FloatArray, rho: FloatArray) -> _Fitted:
    """Factorise; a nugget stands for what rounding leaves of the covariance's rank."""
    covariance, scale = _covariance(signs, rho)
    nugget = _NUGGET
    while True:
        try:
            # the whole difference is told without error: values must add up to it
            at = np.arange(len(signs) - 1)
            covariance[at, at] = 1.0 + nugget
            factor = linalg.cholesky(covariance, lower=True)
            break
        except linalg.LinAlgError:
            nugget *= 10.0
            if nugget > 1.0:
                raise
    white = linalg.solve_triangular(factor, signs, lower=True)
    gram = linalg.cholesky(white.T @ white, lower=True)
    linear = linalg.solve_triangular(
        factor, linalg.cho_solve((gram, True), white.T).T, lower=True, trans="T"
    ).T
    return _Fitted(factor, white, gram, linear, signs, scale)


def _likelihood(fitted: _Fitted, y: FloatArray) -> float:
    """Log marginal likelihood of all games, each at its own scale, linear terms integrated out."""
    least = (_ROUNDED * np.abs(y).max(axis=0)) ** 2 + np.finfo(float).tiny
    freedom = max(len(y) - fitted.signs.shape[1], 1)
    volume = np.log(np.diag(fitted.factor)).sum() + np.log(np.diag(fitted.gram)).sum()
    fit = 0.5 * freedom * np.log(np.maximum(fitted.scales(y), least)).sum()
    return float(-fit - y.shape[1] * volume)


def _covariance(signs: FloatArray, rho: FloatArray) -> tuple[FloatArray, float]:
    """Of odd parts but their linear terms, with ones on the diagonal; and what was divided by.

    K(z, z') = (Π(1 + ρ_i s_i) - Π(1 - ρ_i s_i)) / 2 - Σ ρ_i s_i, s_i the product of both signs.
    """
    up, down = np.log1p(rho), np.log1p(-rho)
    away, same = (up - down) / 2, (up + down).sum() / 2
    agree = (signs * away) @ signs.T
    top = agree[0, 0] + same  # Σ log(1 + ρ): nothing overflows relative to it
    K = 0.5 * (np.exp(agree + (same - top)) - np.exp(-agree + (same - top)))
    K -= np.exp(-top) * ((signs * rho) @ signs.T)
    least = max(float(K[0, 0]), 1e-300)
    return K / least, float(least * np.exp(top))


def _nodes(m: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on [0, 1]: exact where the degree is less than m."""
    t, w = np.polynomial.legendre.leggauss(min(m // 2 + 2, _NODES))
    return (t + 1) / 2, w / 2


def _cross(signs: FloatArray, rho: FloatArray) -> FloatArray:
    """Covariance of Shapley values with odd parts, beyond the linear terms: (m, p + 1).

    Σ 2 / |S| Π_{j in S} ρ_j s_j over odd S that hold i, |S| > 1: 1 / |S| is ∫ t^(|S| - 1) dt.
    """
    total = np.zeros_like(signs)
    for t, w in zip(*_nodes(len(rho))):
        up, down = np.log1p(t * rho * signs), np.log1p(-t * rho * signs)
        even = np.exp(up.sum(axis=1)[:, None] - up) + np.exp(down.sum(axis=1)[:, None] - down)
        total += w * (0.5 * even - 1.0)
    return np.asarray((2.0 * total * signs * rho).T)


def _prior(rho: FloatArray) -> FloatArray:
    """Prior variance of Shapley values beyond the linear terms: (m,)."""
    total = np.zeros(len(rho))
    nodes = list(zip(*_nodes(len(rho))))
    for (s, v), (t, w) in product(nodes, nodes):
        up, down = np.log1p(s * t * rho), np.log1p(-s * t * rho)
        even = np.exp(up.sum() - up) + np.exp(down.sum() - down)
        total += v * w * (0.5 * even - 1.0)
    return 4.0 * rho * total

"""How often verdicts of a comparison are wrong, and how often they find what is there.

Each simulation draws everything anew: sources, rows, nets. Run

    python benchmarks/verdicts.py              # the tables of docs/verdicts.md, some 20 minutes
    python benchmarks/verdicts.py --simulations 50 --only rows seeds

`rows` and `seeds` draw figures with known truth; `nets` trains small nets on fresh data, twice by
one recipe. A family is called different if any of its tests is, after Holm.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from surrogate.fidelity import Difference, compare_rows, compare_seeds, holm
from surrogate.fidelity.permuting import flip_signs

ALPHA = 0.05
RESAMPLES = 1999
REGIONS = 3
METRICS = ("agreement", "R2", "MSE", "output spread")
COLUMNS = 5  # of the totals of a region: rows, agreeing, answers squared, answers, squared errors
Generator = np.random.Generator


class Cell(NamedTuple):
    """One line of a table: a setting, and what was seen of it."""

    setting: str
    called: float
    """Share of runs in which a difference was called, family-wise after Holm."""
    single: float
    """Share of single tests with p of at most 5 %."""
    covered: float
    """Share of intervals that hold the true effect."""
    runs: int


def generator(seed: int) -> Generator:
    return np.random.Generator(np.random.Philox(key=seed))


# -- rows: two nets, paired by source ---------------------------------------------------------


class Net(NamedTuple):
    """What is true of a net: its surrogate's rate of agreement, and of its answers."""

    agree: float = 0.8
    spread: float = 1.0
    noise: float = 0.6
    """Standard deviation of the surrogate's errors over that of the answers: R² is 1 - noise²."""
    rough: float = 0.0
    """How much of the errors lies in few sources: shape of a gamma, 0 for all alike."""


def pair_of_nets(
    rng: Generator, nets: Sequence[Net], *, sources: int, size: int, icc: float, shared: float = 0.5
) -> list[np.ndarray]:
    """Totals of each net by source: (sources, REGIONS * COLUMNS).

    Rows of a source correlate by `icc`, and a share of a source's own effect is common to
    both nets, as where the same rows are hard for both.
    """
    from scipy import special

    n = sources * size
    index = np.repeat(np.arange(sources), size)
    common = rng.normal(size=(3, REGIONS, sources))
    totals = []
    for net in nets:
        own = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=common.shape)
        rows = np.sqrt(icc) * own[..., index] + np.sqrt(1 - icc) * rng.normal(size=(3, REGIONS, n))
        agree = (rows[0] < special.ndtri(net.agree)).astype(float)
        answers = net.spread * rows[1]
        errors = net.spread * net.noise * rows[2]
        if net.rough:
            errors *= np.sqrt(rng.gamma(net.rough, 1 / net.rough, size=sources))[index]
        parts = np.stack([np.ones_like(agree), agree, answers**2, answers, errors**2])
        by_source = parts.reshape(COLUMNS, REGIONS, sources, size).sum(axis=3)  # (m, r, G)
        totals.append(np.moveaxis(by_source, 2, 0).transpose(0, 2, 1).reshape(sources, -1))
    return totals


def statistic(totals: np.ndarray) -> np.ndarray:
    """The four metrics of every region, region by region: (..., REGIONS * 4)."""
    n, agree, squares, total, errors = np.moveaxis(
        totals.reshape(*totals.shape[:-1], REGIONS, COLUMNS), -1, 0
    )
    variance = squares - total**2 / n
    figures = [agree / n, 1 - errors / variance, errors / n, np.sqrt(variance / n)]
    return np.stack(figures, axis=-1).reshape(*totals.shape[:-1], -1)


def truth(first: Net, second: Net) -> np.ndarray:
    """True effects of the four metrics."""

    def of(net: Net) -> np.ndarray:
        error = (net.spread * net.noise) ** 2
        return np.array([net.agree, 1 - net.noise**2, error, net.spread])

    return of(second) - of(first)


def rows_cell(
    setting: str,
    nets: tuple[Net, Net],
    simulations: int,
    *,
    sources: int,
    size: int = 4,
    icc: float = 0.3,
    only: Sequence[str] = METRICS,
    seed: int = 0,
) -> Cell:
    """How often two nets are called different in a family of the metrics in all regions."""
    kept = [j for j in range(REGIONS * 4) if METRICS[j % 4] in only]
    real = np.tile(truth(*nets), REGIONS)[kept]
    called, single, covered = 0, [], []
    for run in range(simulations):
        rng = generator(1000 * seed + run)
        first, second = pair_of_nets(rng, nets, sources=sources, size=size, icc=icc)
        found = compare_rows(
            first,
            second,
            lambda total: statistic(total)[..., kept],
            metrics=[METRICS[j % 4] for j in kept],
            resamples=RESAMPLES,
            seed=run,
        )
        called += _any_shown(found)
        single += [one.p <= ALPHA for one in found if one.p is not None]
        covered += _hold(found, real)
    return Cell(setting, called / simulations, _mean(single), _mean(covered), simulations)


def rows(simulations: int) -> Iterator[Cell]:
    """Two nets whose figures are the same in truth, rows clustered by source."""
    alike = (Net(), Net())
    yield from (
        rows_cell(
            f"{sources} sources of {size} rows, correlation {icc}",
            alike,
            simulations,
            sources=sources,
            size=size,
            icc=icc,
            seed=i,
        )
        for i, (sources, size, icc) in enumerate(
            [(12, 4, 0.3), (20, 10, 0.6), (50, 4, 0.3), (200, 1, 0.0), (200, 4, 0.6)]
        )
    )
    uneven = {
        "R² alike, spread 1 and 0.2": (Net(), Net(spread=0.2)),
        "R² alike, spread 1 and 0.2, errors of the second in few sources": (
            Net(),
            Net(spread=0.2, rough=0.2),
        ),
        "rare disagreement: agreement 99 %": (Net(agree=0.99), Net(agree=0.99)),
    }
    for i, (setting, nets) in enumerate(uneven.items()):
        metrics = ("agreement",) if "rare" in setting else ("agreement", "R2")
        yield from (
            rows_cell(
                f"{setting}, {sources} sources",
                nets,
                simulations,
                sources=sources,
                only=metrics,
                seed=100 + 10 * i + j,
            )
            for j, sources in enumerate((50, 200))
        )


def swap(simulations: int) -> Iterator[Cell]:
    """R² tested by swapping sums and making the ratios anew, beside the test that is used."""
    settings = {
        "spread 1 and 1": (Net(), Net()),
        "spread 1 and 0.2": (Net(), Net(spread=0.2)),
        "spread 1 and 0.2, errors of the second in few sources": (
            Net(),
            Net(spread=0.2, rough=0.1),
        ),
    }
    for i, (setting, nets) in enumerate(settings.items()):
        raw, used, covered = [], [], []
        for run in range(simulations):
            rng = generator(10**6 + 1000 * i + run)
            first, second = pair_of_nets(rng, nets, sources=200, size=1, icc=0.0)
            found = compare_rows(
                first,
                second,
                lambda total: statistic(total)[..., 1:2],
                metrics=["R2"],
                resamples=RESAMPLES,
                seed=run,
            )
            used.append(found[0].p <= ALPHA)
            covered += _hold(found, truth(*nets)[1:2])
            raw.append(_swapped(first, second, rng) <= ALPHA)
        yield Cell(f"{setting}: swapped sums", _mean(raw), _mean(raw), np.nan, simulations)
        held = _mean(covered)
        yield Cell(f"{setting}: as used", _mean(used), _mean(used), held, simulations)


def _swapped(first: np.ndarray, second: np.ndarray, rng: Generator) -> float:
    """Give p of R² in the first region, the models' sums swapped in each source by a coin."""

    def r2(total: np.ndarray) -> np.ndarray:
        return statistic(total)[..., 1]

    moved = rng.integers(2, size=(RESAMPLES, len(first))) @ (second - first)
    own = abs(r2(second.sum(0)) - r2(first.sum(0)))
    others = np.abs(r2(second.sum(0) - moved) - r2(first.sum(0) + moved))
    return float(1 + (others >= own - 1e-12).sum()) / (RESAMPLES + 1)


# -- seeds: two recipes ------------------------------------------------------------------------

FAMILY = 12
NO_INTERVAL = 1 - 1e-9  # a level that no p reaches, so that no time goes into intervals


def arms(
    rng: Generator,
    sizes: tuple[int, int],
    *,
    spreads: tuple[float, float] = (1.0, 1.0),
    shift: float = 0.0,
    fails: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Figures of nets: (seeds, FAMILY), figures of one net correlating by one half.

    The unit is the standard deviation between seeds, many times that of rows. `fails`: share
    of nets whose training fails, in both arms, with figures 5 lower.
    """
    made = []
    for size, spread, moved in zip(sizes, spreads, (0.0, shift), strict=True):
        net = rng.normal(size=(size, 1)) * np.sqrt(0.5) - 5 * (rng.random((size, 1)) < fails)
        made.append(moved + spread * (net + rng.normal(size=(size, FAMILY)) * np.sqrt(0.5)))
    return made[0], made[1]


def seeds_cell(
    setting: str,
    simulations: int,
    sizes: tuple[int, int],
    *,
    spreads: tuple[float, float] = (1.0, 1.0),
    shift: float = 0.0,
    fails: float = 0.0,
    seed: int = 0,
) -> Cell:
    """How often two recipes are called different in a family of 12 figures."""
    called, single, covered = 0, [], []
    for run in range(simulations):
        rng = generator(2 * 10**6 + 1000 * seed + run)
        first, second = arms(rng, sizes, spreads=spreads, shift=shift, fails=fails)
        found = compare_seeds(
            first, second, ["figure"] * FAMILY, level=NO_INTERVAL, resamples=RESAMPLES, seed=run
        )
        called += _any_shown(found)
        single += [one.p <= ALPHA for one in found if one.p is not None]
        one = compare_seeds(first[:, :1], second[:, :1], ["figure"], resamples=RESAMPLES, seed=run)
        covered += _hold(one, np.array([shift]))
    return Cell(setting, called / simulations, _mean(single), _mean(covered), simulations)


def seeds(simulations: int) -> Iterator[Cell]:
    """Two recipes that are one recipe."""
    settings: dict[str, dict[str, Any]] = {
        "8 and 8 seeds": {"sizes": (8, 8)},
        "8 and 16 seeds": {"sizes": (8, 16)},
        "12 and 12 seeds": {"sizes": (12, 12)},
        "8 and 8, one net in ten fails": {"sizes": (8, 8), "fails": 0.1},
        "8 and 8, means alike, spread 1 and 3": {"sizes": (8, 8), "spreads": (1, 3)},
        "8 and 16, means alike, spread 3 and 1": {"sizes": (8, 16), "spreads": (3, 1)},
        "20 and 20, means alike, spread 1 and 3": {"sizes": (20, 20), "spreads": (1, 3)},
    }
    for i, (setting, how) in enumerate(settings.items()):
        yield seeds_cell(setting, simulations, **how, seed=i + 1)


# -- nets: trained ------------------------------------------------------------------------------

ASKED = ("agreement", "accuracy on true labels", "R2", "MSE")


def figures(seed: int) -> np.ndarray:
    """Totals by row of a small net's tree on fresh held-out rows: (rows, 6)."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    x, y = DATA["fit"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = MLPClassifier((8,), solver="lbfgs", max_iter=30, random_state=seed)
        net.fit(x, y)
    tree = DecisionTreeClassifier(max_leaf_nodes=8, random_state=0)
    tree.fit(DATA["plan"][0], net.predict(DATA["plan"][0]))
    test, true = DATA["test"]
    p, said = net.predict_proba(test)[:, 1], tree.predict_proba(test) @ tree.classes_
    agree, right = tree.predict(test) == net.predict(test), tree.predict(test) == true
    return np.stack([np.ones(len(p)), agree, right, p**2, p, (p - said) ** 2], axis=1)


def of_tree(totals: np.ndarray) -> np.ndarray:
    """Agreement, accuracy on true labels, R², MSE."""
    n, agree, right, squares, total, errors = np.moveaxis(totals, -1, 0)
    variance = squares - total**2 / n
    return np.stack([agree / n, right / n, 1 - errors / variance, errors / n], axis=-1)


DATA: dict[str, tuple[np.ndarray, np.ndarray]] = {}


def draw_data(rng: Generator) -> None:
    """Fresh data of one problem: two noisy rings that overlap."""
    for name, n in (("fit", 200), ("plan", 500), ("test", 400)):
        y = rng.integers(2, size=n)
        angle, radius = rng.uniform(0, 2 * np.pi, n), 1 + 0.8 * y + 0.4 * rng.normal(size=n)
        DATA[name] = (np.c_[radius * np.cos(angle), radius * np.sin(angle)], y)


def nets(simulations: int) -> Iterator[Cell]:
    """Small nets trained twice by one recipe: 8 and 8 seeds, and one net each by rows."""
    by_seeds, by_rows, single, alone = 0, 0, [], []
    for run in range(simulations):
        draw_data(generator(3 * 10**6 + run))
        totals = np.stack([figures(100 * run + i) for i in range(16)])
        values = of_tree(totals.sum(axis=1))
        found = compare_seeds(values[:8], values[8:], ASKED, resamples=RESAMPLES, seed=run)
        by_seeds += _any_shown(found)
        single += [one.p <= ALPHA for one in found]
        each = compare_rows(
            totals[0], totals[8], of_tree, metrics=ASKED, resamples=RESAMPLES, seed=run
        )
        by_rows += _any_shown(each)
        alone += [one.p <= ALPHA for one in each]
    yield Cell(
        "the recipe: 8 and 8 seeds", by_seeds / simulations, _mean(single), np.nan, simulations
    )
    setting = "one net each, by rows: these nets, which do differ"
    yield Cell(setting, by_rows / simulations, _mean(alone), np.nan, simulations)


# -- power ----------------------------------------------------------------------------------------


def power(simulations: int) -> Iterator[Cell]:
    """Known differences: how often they are shown, in families of 12."""
    for sources in (100, 300, 1000):
        for points in (2, 5, 10):
            yield rows_cell(
                f"agreement 80 against {80 + points} %, {sources} sources of 1 row",
                (Net(), Net(agree=0.8 + points / 100)),
                simulations,
                sources=sources,
                size=1,
                icc=0.0,
                seed=500 + sources // 10 + points,
            )
    for sources in (100, 300, 1000):
        yield rows_cell(
            f"R² .64 against .54, spread 1 and .5, {sources} sources of 1 row",
            (Net(), Net(spread=0.5, noise=np.sqrt(0.46))),
            simulations,
            sources=sources,
            size=1,
            icc=0.0,
            only=("agreement", "R2"),
            seed=700 + sources // 10,
        )
    for size in (8, 12, 20):
        for shift in (1.0, 1.5, 2.0, 3.0):
            yield seeds_cell(
                f"{shift:g} standard deviations between seeds, {size} and {size} seeds",
                simulations,
                (size, size),
                shift=shift,
                seed=900 + 10 * size + int(2 * shift),
            )


def skewed(simulations: int) -> Iterator[Cell]:
    """Intervals of a mean of skewed differences, by the inversion of sign flips."""
    for sources in (12, 30, 100, 300):
        held = []
        for run in range(simulations):
            rng = generator(4 * 10**6 + 1000 * sources + run)
            drawn = rng.exponential(size=(sources, 8)) - 0.5  # the mean is one half
            found = flip_signs(drawn, resamples=RESAMPLES, seed=run)
            held += list((found.low <= 0.5) & (found.high >= 0.5))
        setting = f"exponential differences, {sources} sources"
        yield Cell(setting, np.nan, np.nan, _mean(held), simulations)


# -- tables ---------------------------------------------------------------------------------------

TABLES: dict[str, Callable[[int], Iterator[Cell]]] = {
    "rows": rows,
    "swap": swap,
    "seeds": seeds,
    "nets": nets,
    "power": power,
    "skewed": skewed,
}


def _any_shown(found: Sequence[Difference]) -> bool:
    """Whether any of a family is called different after Holm."""
    corrected = holm([one.p for one in found])
    return any(p is not None and p <= ALPHA for p in corrected)


def _hold(found: Sequence[Difference], real: np.ndarray) -> list[bool]:
    """Whether each interval that there is holds the true effect."""
    return [
        bool(one.low <= effect <= one.high)
        for one, effect in zip(found, real.tolist(), strict=True)
        if one.low is not None and one.high is not None
    ]


def _mean(hits: Sequence[bool]) -> float:
    return float(np.mean(hits)) if len(hits) else np.nan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--only", nargs="*", choices=TABLES, default=list(TABLES))
    options = parser.parse_args()
    for name in options.only:
        print(
            f"\n{name}\n| setting | called different | single tests | covered |\n|---|---|---|---|"
        )
        for cell in TABLES[name](options.simulations):
            shares = ("" if np.isnan(x) else f"{100 * x:.1f} %" for x in cell[1:4])
            print(f"| {cell.setting} | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()

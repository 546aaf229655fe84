"""Measured coverage of every interval of `surrogate.fidelity`, with known truth.

Each simulation draws everything anew: sources, their rows, and the answers. Run

    python benchmarks/interval_coverage.py              # 4,000 simulations, some minutes
    python benchmarks/interval_coverage.py --simulations 400 --only shares local
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from surrogate.fidelity import bootstrap, weighted_r2
from surrogate.fidelity.agreement import balanced_interval, class_shares, worst_interval
from surrogate.fidelity.answers import value_errors
from surrogate.fidelity.intervals import (
    clopper_pearson,
    korn_graubard,
    share,
    wilson,
    wilson_deff,
)
from surrogate.fidelity.sequential import plug_in_bets, wealth_paths
from surrogate.fidelity.values import Interval

LEVEL = 0.95
Generator = np.random.Generator


class Cell(NamedTuple):
    """One line of a table: a setting, an interval kind, and how often it held."""

    table: str
    setting: str
    kind: str
    covered: float
    width: float
    simulations: int


def generator(seed: int) -> Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def cluster_rows(rng: Generator, groups: int, size: int) -> np.ndarray:
    """Source of each row: sizes vary from 1 to twice the mean, and are drawn anew."""
    sizes = rng.integers(1, 2 * size, size=groups) if size > 1 else np.ones(groups, int)
    return np.repeat(np.arange(groups), sizes)


def beta_rates(
    rng: Generator, rate: float, icc: float, groups: int | tuple[int, ...]
) -> np.ndarray:
    """Rate of each source, so that rows of one source correlate by `icc`."""
    if icc == 0:
        return np.full(groups, rate)
    return rng.beta(rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc, size=groups)


# -- shares ----------------------------------------------------------------------------------

SHARE_KINDS: dict[str, Callable[..., Interval]] = {
    "Wilson": lambda s: wilson(s.rate, s.n),
    "Clopper-Pearson": lambda s: clopper_pearson(s.rate, s.n),
    "Wilson at n/deff": wilson_deff,
    "Korn-Graubard": korn_graubard,
}


def shares(
    simulations: int,
    *,
    rates: Iterable[float] = (0.7, 0.9, 0.97),
    plans: Iterable[tuple[int, int]] = ((30, 10), (100, 10), (300, 5)),
    iccs: Iterable[float] = (0.0, 0.1, 0.4),
    seed: int = 0,
) -> list[Cell]:
    """Shares of rows of which some have one source, by the correlation within a source."""
    rng, cells = generator(seed), []
    for icc in iccs:
        for groups, size in plans:
            for rate in rates:
                found: dict[str, list[Interval]] = {kind: [] for kind in SHARE_KINDS}
                for _ in range(simulations):
                    source = cluster_rows(rng, groups, size)
                    p = beta_rates(rng, rate, icc, groups)[source]
                    measured = share(rng.random(len(source)) < p, source)
                    for kind, make in SHARE_KINDS.items():
                        found[kind].append(make(measured))
                setting = f"icc {icc:.1f}, G {groups}, rows {size}, p {rate:.2f}"
                cells += [_cell("shares", setting, k, v, rate) for k, v in found.items()]
    return cells


def independent(
    simulations: int,
    *,
    rates: Iterable[float] = (0.5, 0.7, 0.9, 0.95, 0.99),
    sizes: Iterable[int] = (30, 100, 300, 1000),
    seed: int = 1,
) -> list[Cell]:
    """Shares of independent rows."""
    rng, cells = generator(seed), []
    for n in sizes:
        for rate in rates:
            hits = rng.binomial(n, rate, size=simulations) / n
            for kind, make in (("Wilson", wilson), ("Clopper-Pearson", clopper_pearson)):
                found = [make(hit, n) for hit in hits.tolist()]
                cells.append(_cell("independent", f"n {n}, p {rate:.2f}", kind, found, rate))
    return cells


# -- classes ---------------------------------------------------------------------------------

CLASS_RATES = {
    "3 alike": (0.9, 0.9, 0.9),
    "3 apart": (0.98, 0.9, 0.7),
    "8 alike": (0.9,) * 8,
    "8, two worst": (0.97,) * 6 + (0.8, 0.8),
}


def classes(simulations: int, *, groups: int = 150, size: int = 6, seed: int = 2) -> list[Cell]:
    """Balanced and worst-class agreement; the naive interval of the least class beside."""
    rng, cells = generator(seed), []
    for name, rates in CLASS_RATES.items():
        for icc in (0.0, 0.1, 0.4):
            found: dict[str, list[Interval]] = {"balanced": [], "worst": [], "worst, naive": []}
            table = np.array(rates)
            for _ in range(simulations):
                source = cluster_rows(rng, groups, size)
                target = rng.integers(len(rates), size=len(source))
                agree = _alike(rng, table[target], source, icc)
                measured = class_shares(agree, target, source)
                found["balanced"].append(balanced_interval(measured))
                found["worst"].append(worst_interval(measured))
                least = measured.shares[int(measured.rates.argmin())]
                found["worst, naive"].append(wilson_deff(least))
            truth = {"balanced": table.mean(), "worst": table.min(), "worst, naive": table.min()}
            setting = f"{name}, icc {icc:.1f}"
            cells += [_cell("classes", setting, k, v, truth[k]) for k, v in found.items()]
    return cells


def _alike(rng: Generator, p: np.ndarray, source: np.ndarray, icc: float) -> np.ndarray:
    """Rows that agree with probability p; rows of one source and class correlate by `icc`."""
    own = rng.random(source.max() + 1)[source]
    drawn = rng.random(len(p))
    return np.where(rng.random(len(p)) < math.sqrt(icc), own, drawn) < p


# -- values ----------------------------------------------------------------------------------


class World(NamedTuple):
    """Answers of a model and of its surrogate on rows near random sources."""

    names: tuple[str, ...]
    model: Callable[[np.ndarray], np.ndarray]
    form: Callable[[np.ndarray], np.ndarray]


def _two_columns(p: np.ndarray) -> np.ndarray:
    return np.stack([1 - p, p], axis=-1)


WORLDS = {
    "probabilities, coarse tree": World(
        ("R2", "MAE", "JS divergence"),
        lambda x: _two_columns(1 / (1 + np.exp(-2 * x[..., 0] - x[..., 1] ** 2 + 1))),
        lambda x: _two_columns(np.where(x[..., 0] > 0, 0.8, 0.3)),
    ),
    "regression, 8 steps": World(
        ("R2", "MAE", "RMSE / range"),
        lambda x: (np.sin(x[..., 0]) + 0.5 * x[..., 1])[..., None],
        lambda x: np.sin(np.clip(np.floor(2 * x[..., :1]) / 2 + 0.25, -1.75, 1.75)),
    ),
    "regression, linear form": World(
        ("R2", "MAE", "RMSE / range"),
        lambda x: (np.sin(x[..., 0]) + 0.5 * x[..., 1])[..., None],
        lambda x: (0.6 * x[..., 0] + 0.5 * x[..., 1])[..., None],
    ),
    "regression, rare large errors": World(
        ("R2", "MAE", "RMSE / range"),
        lambda x: (x[..., 0] + 3 * (x[..., 1] > 2))[..., None],
        lambda x: x[..., :1],
    ),
}


def draw_world(
    world: World, rng: Generator, groups: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source of each row, the surrogate's values and the model's answers."""
    source = cluster_rows(rng, groups, size)
    base = rng.normal(size=(groups, 2))
    x = base[source] + (0.3 * rng.normal(size=(len(source), 2)) if size > 1 else 0.0)
    return source, world.form(x), world.model(x)


def world_truth(world: World, size: int, trivial: np.ndarray) -> np.ndarray:
    """Metrics on so many sources that they count as the truth."""
    _, said, target = draw_world(world, generator(99), 100_000, size)
    made = value_errors(said, target, names=world.names, trivial=trivial)
    return made.metrics(made.columns.sum(axis=0))


def values(
    simulations: int,
    *,
    plans: Iterable[tuple[int, int]] = ((15, 10), (40, 10), (100, 5), (300, 5), (300, 1)),
    kinds: Iterable[str] = ("chosen", "BCa"),
    seed: int = 3,
) -> list[Cell]:
    """R², errors and divergence, with the kind that `assess` takes and with each other."""
    cells, plans = [], tuple(plans)
    for name, world in WORLDS.items():
        middle = draw_world(world, generator(98), 100_000, 5)[2].mean(axis=0) + 0.1
        truths = {size: world_truth(world, size, middle) for _, size in plans}
        for groups, size in plans:
            rng = generator(seed + groups)
            found: dict[tuple[str, str], list[tuple[Interval | None, float]]] = {}
            for turn in range(simulations):
                source, said, target = draw_world(world, rng, groups, size)
                made = value_errors(said, target, names=world.names, trivial=middle)
                totals = bootstrap.source_totals(made.columns, source, groups)
                for kind in kinds:
                    intervals = _value_intervals(kind, totals, made, turn)
                    for metric, i, truth in zip(world.names, intervals, truths[size]):
                        found.setdefault((metric, kind), []).append((i, float(truth)))
            for (metric, kind), pairs in found.items():
                got = [i for i, _ in pairs if i is not None]
                setting = f"{name}, G {groups}, rows {size}: {metric}"
                cells.append(_cell("values", setting, kind, got, pairs[0][1]))
    return cells


def _value_intervals(kind, totals, made, seed):
    """Intervals of one kind, without their reasons."""
    scales = [{"R2": "log rest"}.get(name, "log") for name in made.names]
    scales = [*scales, *scales, *["plain"] * len(made.names)]
    if kind == "chosen":
        got = bootstrap.smooth_intervals(totals, made.metrics, scales=scales, seed=seed)
    elif kind == "jackknife":
        got = bootstrap.jackknife(totals, made.metrics, scales=scales)
    else:
        got = bootstrap.bca(totals, made.metrics, seed=seed)
    return [interval for interval, _ in got]


# -- local R² --------------------------------------------------------------------------------

LOCAL = {
    "smooth": (lambda x: np.sin(x[..., 0]) + 0.5 * x[..., 1] ** 2, lambda x: 0.8 * x[..., 0] + 0.3),
    "labels": (
        lambda x: 1.0 * (x.sum(-1) > 0.3),
        lambda x: 0.5 + 0.3 * x[..., 0] + 0.2 * x[..., 1],
    ),
    "accurate": (lambda x: x[..., 0] + 0.05 * np.sin(7 * x[..., 1]), lambda x: x[..., 0]),
}


def local(
    simulations: int,
    *,
    fresh: Iterable[int] = (100, 300, 1000),
    widths: Iterable[float] = (2.0, 1.0, 0.5),
    seed: int = 4,
) -> list[Cell]:
    """Weighted R² of a local form on fresh perturbations: the plan is drawn anew each time."""
    cells = []
    for name, (model, form) in LOCAL.items():
        for width in widths:
            rng = generator(seed)
            x = rng.normal(size=(2_000_000, 2))
            weight = np.exp(-(x**2).sum(-1) / (2 * width**2))
            y = model(x)
            middle = weight @ y / weight.sum()
            truth = float(1 - weight @ (y - form(x)) ** 2 / (weight @ (y - middle) ** 2))
            for n in fresh:
                x = rng.normal(size=(simulations, n, 2))
                weight = np.exp(-(x**2).sum(-1) / (2 * width**2))
                y, said = model(x), form(x)
                got = weighted_r2((y - said)[:, None], y[:, None], weight)
                kept = ~np.isnan(got.low[:, 0])
                low, high = got.low[kept, 0], got.high[kept, 0]
                held = float(((low <= truth) & (truth <= high)).mean())
                setting = f"{name}, R² {truth:.2f}, fresh {n}, effective {got.ess.mean():.0f}"
                width_ = float((high - low).mean())
                cells.append(Cell("local", setting, "sandwich", held, width_, int(kept.sum())))
    return cells


# -- confidence sequence ---------------------------------------------------------------------


def sequence(
    simulations: int,
    *,
    steps: int = 3000,
    rates: Iterable[float] = (0.5, 0.8, 0.95, 0.99),
    seed: int = 5,
) -> list[Cell]:
    """How often a confidence sequence, looked at after every value, ever left the truth."""
    cells = []
    for kind in ("rows", "means of 5 rows, icc 0.4"):
        for rate in rates:
            rng, held = generator(seed), []
            for start in range(0, simulations, 500):
                size = (steps, min(500, simulations - start))
                p = beta_rates(rng, rate, 0.0 if kind == "rows" else 0.4, size)
                count = 1 if kind == "rows" else 5
                held.append(_never_left(rng.binomial(count, p) / count, rate))
            covered = float(np.concatenate(held).mean())
            setting = f"{kind}, p {rate:.2f}, {steps} looks"
            cells.append(Cell("sequence", setting, "betting", covered, math.nan, simulations))
    return cells


def _never_left(x: np.ndarray, rate: float) -> np.ndarray:
    """Whether the truth was never rejected, for each column of values."""
    rich = math.log(2 / (1 - LEVEL))
    bets, _, _ = plug_in_bets(x, n=0, total=0.0, squares=0.25, level=LEVEL)
    up, down = wealth_paths(x, bets, np.array(rate))
    return (up.max(axis=0) < rich) & (down.max(axis=0) < rich)


# -- tables ----------------------------------------------------------------------------------

TABLES: dict[str, Callable[[int], list[Cell]]] = {
    "independent": independent,
    "shares": shares,
    "classes": classes,
    "values": values,
    "local": local,
    "sequence": sequence,
}


def _cell(table: str, setting: str, kind: str, intervals: list[Interval], truth: float) -> Cell:
    """How many intervals hold the truth, and how wide they are on average."""
    held = float(np.mean([i.low <= truth <= i.high for i in intervals]))
    width = float(np.mean([i.high - i.low for i in intervals]))
    return Cell(table, setting, kind, held, width, len(intervals))


def averages(cells: list[Cell]) -> dict[str, tuple[float, float, float]]:
    """Least, mean and greatest coverage of each kind."""
    kinds: dict[str, list[float]] = {}
    for cell in cells:
        kinds.setdefault(cell.kind, []).append(cell.covered)
    return {k: (min(v), sum(v) / len(v), max(v)) for k, v in kinds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=4000)
    parser.add_argument("--only", nargs="*", choices=TABLES, default=list(TABLES))
    options = parser.parse_args()
    for name in options.only:
        cells = TABLES[name](options.simulations)
        print(f"\n{name} (nominal {LEVEL:.0%})")
        for cell in cells:
            print(
                f"  {cell.setting:58s} {cell.kind:18s} {cell.covered:.3f}  "
                f"width {cell.width:.4f}  of {cell.simulations}"
            )
        for kind, (low, mean, high) in averages(cells).items():
            print(f"  {kind:18s} from {low:.3f} to {high:.3f}, {mean:.3f} on average")


if __name__ == "__main__":
    main()

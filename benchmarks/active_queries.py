"""Queries to reach .9 of the fidelity without a limit: chosen rows against rows at random.

    python benchmarks/active_queries.py --seeds 3 --results active.jsonl
    python benchmarks/active_queries.py --results active.jsonl --print

Each seed draws at most 1,500 rows of a table, 70 % to fit, and trains a net of 64 and 32
units. Without a limit `CartClassifier` asks all rows to fit and 5,000 more. With one, rows
come from one pool for all ways: the rows to fit, which weigh half, and 2,000 perturbed ones.

    random            rows drawn by their weight, and a tree of 16 leaves grown on them alone
    random + student  the same rows; the tree is grown on the pool, with a forest's answers
                      where the net was not asked
    student's doubt   rows drawn where the forest is unsure, and the tree as before
    active            what `querying="active"` does: where the forest is unsure, or the tree
                      as it stands differs from it

All trees but the unlimited one are as grown, not refined. Agreement with the net is of the
real rows held out. The mean over seeds is made to rise (isotonic regression, for every way
alike), and the queries are read where it passes the goal, on a logarithmic scale.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.isotonic import isotonic_regression
from tables import TABLES, Task, make_task
from trees import oracle_of

from surrogate.forms import Tree
from surrogate.oracle import Oracle
from surrogate.sampling import child_seed, generator
from surrogate.trees import CartClassifier
from surrogate.trees._active import Asking, Pool, amplified, ask_in_rounds, first_rows, make_pool
from surrogate.trees._ask import Asked, draw_rows, read_answers
from surrogate.trees._grow import grow
from surrogate.trees._labelled import Labelled
from surrogate.trees._student import Student, float32_codes

LEAVES, DRAWN, GROWTH, GOAL = 16, 2000, 0.5, 0.9
UNLIMITED = "unlimited"
WAYS = ("random", "random + student", "student's doubt", "active")


@dataclass(frozen=True)
class Setting:
    """One table and seed: the net, the pool, and the rows that measure."""

    task: Task
    oracle: Oracle
    pool: Pool
    first: np.ndarray
    seed: int
    most: int

    def tree(self, asked: Asked) -> Tree:
        """A tree of 16 leaves, as it is grown."""
        features = self.oracle.domain.features
        told = (asked.classes, asked.matrix, asked.values, asked.decision, asked.weight)
        rows = Labelled(features, *told)
        grown = grow(
            rows, max_leaves=LEAVES, max_depth=None, min_reach=0.0, soft=False, seed=self.seed
        )
        return grown.tree(LEAVES)

    def agreement(self, tree: Tree) -> float:
        """With the net, on real rows held out."""
        said = tree.predict(self.oracle.domain.encode(self.task.real))
        return float((said == self.task.decide(self.task.real)).mean())


def set_up(table: str, seed: int, *, rows: int, most: int) -> Setting:
    """The pool of a table, and the rows that all ways ask first."""
    task = make_task(table, seed, most=rows)
    oracle = oracle_of(task)
    domain = oracle.domain
    real = oracle.snap(domain.encode(task.fit))
    even = np.ones(len(real))
    drawn = draw_rows("mixed", domain, real, n=DRAWN, jitter=0.3, seed=seed)
    pool = make_pool(
        real, even, sample=replace(drawn, rows=oracle.snap(drawn.rows)), real_weight=0.5
    )
    first = first_rows(real, even, n=most, names_classes=True, seed=seed)
    return Setting(task, oracle, pool, first, seed, min(most, len(pool.matrix)))


def random_way(at: Setting, way: str) -> Iterator[tuple[int, float]]:
    """Rows drawn by weight: the tree on them alone, or with a student's answers."""
    codes = float32_codes(at.pool.matrix)
    rng = generator(at.seed, "random way")
    share = at.pool.weight.copy()
    share[at.first] = 0.0
    rest = rng.choice(len(share), size=at.most - 4, replace=False, p=share / share.sum())
    order = np.concatenate([at.first, rest])
    answers = at.oracle.ask(at.pool.matrix[order])
    values, decision = read_answers(at.oracle, answers)
    for n in sizes(at.most):
        asked = Asked(
            matrix=at.pool.matrix[order[:n]],
            values=values[:n],
            decision=decision[:n],
            weight=np.ones(n),  # drawn by weight, so of equal weight
            classes=at.oracle.classes,
            rejected=0.0,
        )
        if way == "random":
            yield n, at.agreement(at.tree(asked))
            continue
        student = Student(codes[order[:n]], asked, seed=child_seed(at.seed, "student", n))
        whole = amplified(asked, student.guess(codes), at.pool, order[:n])
        yield n, at.agreement(at.tree(whole))


def active_way(at: Setting, way: str) -> Iterator[tuple[int, float]]:
    """Rows chosen in rounds."""
    how = Asking(
        n=at.most,
        growth=GROWTH,
        seed=at.seed,
        task="classification",
        owner="benchmark",
        disagreement=0.0 if way == "student's doubt" else 0.5,
    )
    for now in ask_in_rounds(at.oracle, at.pool, at.first, how=how, outline=at.tree):
        yield len(now.taken), at.agreement(at.tree(now.whole))


def sizes(most: int) -> list[int]:
    """Rows asked after each round."""
    found = [4]
    while found[-1] < most:
        found.append(min(found[-1] + -int(-GROWTH * found[-1] // 1), most))
    return found


def collect(chosen: argparse.Namespace) -> None:
    """Run what the file of results lacks."""
    path = Path(chosen.results)
    done = {(r["table"], r["seed"], r["way"]) for r in read(path)}
    for seed in range(chosen.seeds):
        for table in chosen.tables:
            todo = [way for way in (UNLIMITED, *WAYS) if (table, seed, way) not in done]
            if not todo:
                continue
            start = time.process_time()
            at = set_up(table, seed, rows=chosen.rows, most=chosen.most)
            for way in todo:
                with path.open("a") as file:
                    result = {"table": table, "seed": seed, "way": way, "curve": run(at, way)}
                    file.write(json.dumps(result) + "\n")
            print(f"{table}, seed {seed}: {time.process_time() - start:.0f} s", flush=True)


def run(at: Setting, way: str) -> dict[int, float]:
    """Agreement by the number of queries."""
    if way == UNLIMITED:
        fitted = CartClassifier(at.oracle, random_state=at.seed).fit(at.task.fit)
        return {sum(fitted.cost(len(at.task.fit)).values()): at.agreement(fitted.form_)}
    return dict(random_way(at, way) if way in WAYS[:2] else active_way(at, way))


def read(path: Path) -> list[dict[str, Any]]:
    """Results until now."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def queries(curve: dict[int, float], goal: float) -> float:
    """Where a curve, made to rise, passes the goal; infinite where it does not."""
    n = np.array(sorted(curve))
    rising = isotonic_regression([curve[size] for size in n])
    if rising[-1] < goal:
        return float("inf")
    at = int(np.argmax(rising >= goal))
    if at == 0:
        return float(n[0])
    part = (goal - rising[at - 1]) / (rising[at] - rising[at - 1])
    return float(np.exp(np.log(n[at - 1]) + part * np.log(n[at] / n[at - 1])))


def show(path: Path) -> None:
    """The table in Markdown."""
    found: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    for result in read(path):
        found[result["table"]][result["way"]].append(result["curve"])
    print(f"| table | seeds | goal | {' | '.join(WAYS)} | active / random |")
    print("|" + "---|" * (4 + len(WAYS)))
    ratios: dict[str, list[float]] = defaultdict(list)
    for table, by_way in found.items():
        goal = GOAL * float(np.mean([list(curve.values()) for curve in by_way[UNLIMITED]]))
        needed = {way: queries(mean_of(by_way[way]), goal) for way in WAYS}
        for way in WAYS:
            ratios[way].append(needed[way] / needed["random"])
        cells = " | ".join(f"{needed[way]:.0f}" for way in WAYS)
        ratio = ratios["active"][-1]
        print(f"| {table} | {len(by_way['active'])} | {goal:.3f} | {cells} | {ratio:.2f} |")
    for way in WAYS[1:]:
        print(f"Median of queries by {way}, as a share of random: {np.median(ratios[way]):.2f}")


def mean_of(curves: list[dict[str, float]]) -> dict[int, float]:
    """The mean over seeds, where all have a point."""
    common = [n for n in curves[0] if all(n in curve for curve in curves)]
    return {int(n): float(np.mean([curve[n] for curve in curves])) for n in common}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--rows", type=int, default=1500, help="most rows of a table")
    parser.add_argument("--most", type=int, default=400, help="most queries")
    parser.add_argument("--results", default="active.jsonl")
    parser.add_argument("--print", action="store_true", help="print what the results hold")
    chosen = parser.parse_args()
    if chosen.print:
        show(Path(chosen.results))
    else:
        collect(chosen)


if __name__ == "__main__":
    main()

"""Our trees and rules against those of other packages: 16 leaves or rules, seven tables.

    python benchmarks/trees.py --seeds 20 --results trees.jsonl --peers peers/bin/python
    python benchmarks/trees.py --results trees.jsonl --print

Each seed draws a table's rows (at most 6,000; 70 % to fit, 30 % held out), trains a net of
64 and 32 units, and distils it with every method. Agreement with the net is measured on
the rows held out ("real") and on jittered copies of them ("jittered": N(0, .3) on
standardised numbers, one category in ten drawn anew). Results are appended line by line: a
run that was stopped goes on where it was. `benchmarks/tree_peers.py` says how to build the
environment of the other packages; they see categories one-hot.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from sklearn.tree import DecisionTreeClassifier
from tables import TABLES, Task, make_task
from tree_peers import TimeOut, stop

from surrogate._validate import parameters
from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.methods import METHODS, method_class
from surrogate.oracle import Oracle

LEAVES = 16
PEERS = ("trustee", "figs", "rulefit", "rulefit-linear", "ripper", "psyke-cart", "psyke-trepan")
PLAIN = "plain CART"
OTHERS = (PLAIN, *PEERS)
PAIRED = (
    ("cart", "cart, greedy"),
    ("cart", PLAIN),
    ("cart, trustee's queries", "trustee"),
    ("cart", "figs"),
    ("cart", "rulefit"),
    ("cart, trustee's queries", "rulefit"),
    ("cart", "ripper"),
    ("cart", "psyke-cart"),
)

Outcome = dict[str, Any]


def oracle_of(task: Task) -> Oracle:
    """The net as a black box that takes rows with their categories."""
    kinds = {c: "categorical" if c in task.encode.categories else "continuous" for c in task.fit}
    classes = tuple(range(task.probabilities(task.fit[:1]).shape[1]))
    return Oracle(
        CallableBox(task.probabilities, classes=classes),
        Domain.infer(task.fit, kinds=kinds, categories=task.encode.categories),
    )


def ours(name: str, **options: Any) -> Callable[[Task, int], Outcome]:
    """One of our methods, held to 16 leaves or rules."""

    def run(task: Task, seed: int) -> Outcome:
        oracle = oracle_of(task)
        make = method_class(name, "classification")
        limits = {o: LEAVES for o in ("max_leaves", "max_rules") if o in parameters(make)}
        more = {k: v(task) if callable(v) else v for k, v in options.items()}
        start = time.perf_counter()
        fitted = make(oracle, random_state=seed, **limits | more).fit(task.fit)
        seconds = time.perf_counter() - start
        size = fitted.form_.size
        agreed = {
            part: float((fitted.predict(rows) == task.decide(rows)).mean())
            for part, rows in (("real", task.real), ("jittered", task.jittered))
        }
        return {
            **agreed,
            "leaves": size.get("leaves", size.get("rules")),
            "conditions": size["conditions"],
            "queries": oracle.queries.rows,
            "unique": oracle.queries.rows,
            "seconds": seconds,
        }

    return run


def plain_cart(task: Task, seed: int) -> Outcome:
    """scikit-learn's tree on the net's decisions of the rows to fit."""
    x = task.encode(task.fit)
    labels = task.decide(task.fit)
    start = time.perf_counter()
    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=seed).fit(x, labels)
    seconds = time.perf_counter() - start
    agreed = {
        part: float((tree.predict(task.encode(rows)) == task.decide(rows)).mean())
        for part, rows in (("real", task.real), ("jittered", task.jittered))
    }
    leaves = int(tree.get_n_leaves())
    counts = {"queries": len(x), "unique": len(x), "seconds": seconds}
    return {**agreed, "leaves": leaves, "conditions": leaves - 1, **counts}


def few(task: Task) -> int:
    """Perturbed rows, so that no more is asked in all than trustee asks (about 8 a row)."""
    return min(5000, int(6.9 * len(task.fit)))


def methods() -> dict[str, Callable[[Task, int], Outcome]]:
    """Ours by name, those of a net's layers aside, and plain CART."""
    found: dict[str, Callable[[Task, int], Outcome]] = {PLAIN: plain_cart}
    for method in METHODS.values():
        alone = method.needs in ("labels", "scores") and method.scope == "global"
        if alone and "classification" in method.classes:
            found[method.name] = ours(method.name)
    return found | {
        "cart, greedy": ours("cart", refine="none"),
        "cart, trustee's queries": ours("cart", n_queries=few),
        "cart, values": ours("cart", targets="values"),
        "cart, validation": ours("cart", validation=0.2),
    }


def attempt(run: Callable[[Task, int], Outcome], task: Task, seed: int, *, limit: int) -> Outcome:
    """A method's outcome, or why there is none."""
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    try:
        return run(task, seed)
    except TimeOut:
        return {"failed": f"more than {limit} s"}
    except Exception as error:  # a method of ours that fails is a finding too
        return {"failed": f"{type(error).__name__}: {error}"[:200]}
    finally:
        signal.alarm(0)


def ask_peers(task: Task, seed: int, *, python: str, names: list[str], limit: int) -> Iterator[Any]:
    """Outcomes of other packages, from a process in their environment."""
    layers = zip(task.net.weights, task.net.biases)
    arrays = {f"{c}{i}": a for i, pair in enumerate(layers) for c, a in zip("wb", pair)}
    rows = {part: task.encode(getattr(task, part)) for part in ("fit", "real", "jittered")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task.npz"
        np.savez(path, **rows, **arrays)
        worker = Path(__file__).with_name("tree_peers.py")
        command = [python, str(worker), str(path), "--seed", str(seed), "--limit", str(limit)]
        command += ["--methods", *names]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def collect(chosen: argparse.Namespace) -> None:
    """Run what the file of results lacks, seed by seed over all tables."""
    path = Path(chosen.results)
    lines = path.read_text().splitlines() if path.exists() else []
    done = {(r["table"], r["seed"], r["method"]) for r in map(json.loads, lines)}
    mine = {n: m for n, m in methods().items() if not chosen.methods or n in chosen.methods}
    peers = [p for p in PEERS if not chosen.methods or p in chosen.methods]
    with path.open("a") as file:
        for seed in range(chosen.first, chosen.seeds):
            for table in chosen.tables:
                todo = [n for n in mine if (table, seed, n) not in done]
                others = [p for p in peers if (table, seed, p) not in done and chosen.peers]
                if not todo + others:
                    continue
                task = make_task(table, seed, most=chosen.rows)
                found = (
                    {"method": n, **attempt(mine[n], task, seed, limit=chosen.limit)} for n in todo
                )
                outer = ask_peers(task, seed, python=chosen.peers, names=others, limit=chosen.limit)
                for outcome in (*found, *(outer if others else ())):
                    file.write(json.dumps({"table": table, "seed": seed, **outcome}) + "\n")
                    file.flush()
                print(f"{table}, seed {seed}: {len(todo)} of ours, {len(others)} peers", flush=True)


def interval(values: list[float]) -> str:
    """Mean over seeds, with its 95 % interval by Student's t."""
    x = np.array(values)
    if len(x) < 2:
        return f"{x.mean():.3f}"
    half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / len(x) ** 0.5
    return f"{x.mean():.3f} ± {half:.3f}"


def show(path: Path) -> None:
    """The tables in Markdown."""
    found: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for outcome in map(json.loads, path.read_text().splitlines()):
        found[outcome["table"]][outcome["method"]].append(outcome)
    for table in (t for t in TABLES if t in found):
        by_method = found[table]
        print(f"\n## {table}\n")
        print("| method | real | jittered | leaves or rules | conditions | asked | s | seeds |")
        print("|---|---|---|---|---|---|---|---|")
        for name in sorted(by_method, key=lambda n: (n in OTHERS, n != "cart", n)):
            print(line(name, by_method[name]))
    print("\n## Paired by seed: mean difference ± standard error, real / jittered\n")
    print("| | " + " | ".join(f"{ours} less {theirs}" for ours, theirs in PAIRED) + " |")
    print("|---" * (len(PAIRED) + 1) + "|")
    for table in (t for t in TABLES if t in found):
        cells = [gain(found[table][ours], found[table][theirs]) for ours, theirs in PAIRED]
        print(f"| {table} | " + " | ".join(cells) + " |")


def gain(ours: list[Outcome], theirs: list[Outcome]) -> str:
    """How much more ours agrees, over the seeds that both have, with its standard error."""
    other = {o["seed"]: o for o in theirs if "failed" not in o}
    pairs = [(o, other[o["seed"]]) for o in ours if "failed" not in o and o["seed"] in other]
    if len(pairs) < 2:
        return "too few"
    cells = []
    for part in ("real", "jittered"):
        by_seed = np.array([a[part] - b[part] for a, b in pairs])
        error = by_seed.std(ddof=1) / len(pairs) ** 0.5
        cells.append(f"{by_seed.mean():+.3f} ± {error:.3f}")
    return " / ".join(cells)


def line(name: str, outcomes: list[Outcome]) -> str:
    """One row of a table."""
    good = [o for o in outcomes if "failed" not in o]
    failed = [o["failed"] for o in outcomes if "failed" in o]
    why = f"{len(failed)} failed: {failed[0]}" if failed else ""
    if not good:
        return f"| {name} | {why} | | | | | | 0 |"
    mean = {
        field: np.mean([o[field] for o in good if o[field] is not None] or [np.nan])
        for field in ("leaves", "conditions", "queries", "seconds")
    }
    conditions = "not told" if np.isnan(mean["conditions"]) else f"{mean['conditions']:.1f}"
    return (
        f"| {name} | {interval([o['real'] for o in good])} "
        f"| {interval([o['jittered'] for o in good])} | {mean['leaves']:.1f} "
        f"| {conditions} | {mean['queries']:,.0f} | {mean['seconds']:.1f} "
        f"| {len(good)}{'; ' + why if why else ''} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="up to this seed, itself not")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--methods", nargs="+", help="some of ours or of the others, by name")
    parser.add_argument("--rows", type=int, default=6000, help="most rows of a table")
    parser.add_argument("--peers", help="Python of the environment of the other packages")
    parser.add_argument("--limit", type=int, default=60, help="seconds that a method may take")
    parser.add_argument("--results", default="trees.jsonl")
    parser.add_argument("--print", action="store_true", help="print what the results hold")
    chosen = parser.parse_args()
    if chosen.print:
        show(Path(chosen.results))
    else:
        collect(chosen)


if __name__ == "__main__":
    main()

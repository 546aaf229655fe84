"""Rules read out of nets, beside the figures published for CRED's and DeepRED's kin.

    python benchmarks/layered.py

Nets of scikit-learn, trained fold by fold; rules are fitted on a fold's training rows and
agreement with the net is measured on the fold's other rows (mean, and Student's 95 %
interval over the folds). Parity of 8 bits is shown on all 256 rows, which are also those
fitted: there the question is whether rules can say the net at all.

The formulas of Artif-1 and Artif-2 are rebuilt from the rows published with the DNN-RE
dissertation's code (github.com/sumaiyah/DNN-RE); its breast cancer table may be another
than scikit-learn's, its nets are others, and its seconds are of other machines; ours are of
the processor, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from surrogate import Domain, Oracle, wrap
from surrogate.methods import method_class
from surrogate.sampling import generator

METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "cart (16 leaves, asks 5,000 rows more)": ("cart", {}),
    "cred": ("cred", {}),
    "deepred": ("deepred", {}),
    "deepred, min_rows=0": ("deepred", {"min_rows": 0}),
    "eclaire": ("eclaire", {}),
}


@dataclass(frozen=True)
class Table:
    """Rows with their classes, a net for them, and what was published."""

    make: Callable[[], tuple[np.ndarray, np.ndarray]]
    hidden: tuple[int, ...]
    activation: str
    folds: int
    published: tuple[str, ...]


def xor10() -> tuple[np.ndarray, np.ndarray]:
    """1,000 rows of 10 numbers in [0, 1]; whether the first two lie on different sides of .5."""
    rows = generator(0, "xor").uniform(size=(1000, 10))
    return rows, ((rows[:, 0] > 0.5) ^ (rows[:, 1] > 0.5)).astype(int)


def _artif() -> tuple[np.ndarray, np.ndarray]:
    """2,000 rows of Artif-1 and -2, and whether the formula of the first holds."""
    rng = generator(0, "artif")
    x1, x2 = rng.integers(0, 3, 2000) / 2, rng.integers(0, 5, 2000) / 4
    rows = np.column_stack([x1, x2, rng.integers(0, 2, (2000, 3))])
    return rows, (x1 == x2) | ((x1 > x2) & (rows[:, 2] > 0.4))


def artif1() -> tuple[np.ndarray, np.ndarray]:
    """x1 = x2, or x1 > x2 and x3 > .4."""
    rows, holds = _artif()
    return rows, holds.astype(int)


def artif2() -> tuple[np.ndarray, np.ndarray]:
    """Not Artif-1, and x5 = 0."""
    rows, holds = _artif()
    return rows, (~holds & (rows[:, 4] == 0)).astype(int)


def cancer() -> tuple[np.ndarray, np.ndarray]:
    """Breast cancer."""
    found: tuple[np.ndarray, np.ndarray] = load_breast_cancer(return_X_y=True)
    return found


TABLES = {
    "XOR of two of ten numbers": Table(
        xor10, (64, 32, 16), "tanh", 5, ("ECLAIRE: .914 ± .024, 87 ± 16 rules, 4.2 s",)
    ),
    "Artif-1": Table(
        artif1,
        (16, 8),
        "relu",
        10,
        (
            "DeepRED-C5: 94.9 %, 110 rules, 34 s",
            "RuleEx: 94.9 %, 112 rules, 28 s",
            "C5 on labels: 96.6 %, 45 rules, 8 s",
        ),
    ),
    "Artif-2": Table(
        artif2,
        (16, 8),
        "relu",
        10,
        (
            "DeepRED-C5: 97.3 %, 21 rules, 9 s",
            "RuleEx: 97.3 %, 23 rules, 4 s",
            "C5 on labels: 93.4 %, 10 rules, 4 s",
        ),
    ),
    "breast cancer": Table(
        cancer,
        (32, 16),
        "relu",
        10,
        ("DeepRED-C5: 95.1 %, 201 rules, 6.2 s", "RuleEx: 94.2 %, 184 rules, 3.5 s"),
    ),
}


def oracle_of(net: Any, rows: np.ndarray) -> Oracle:
    """The net as a box whose rows are plain numbers."""
    kinds = dict.fromkeys(range(rows.shape[1]), "continuous")
    return Oracle(wrap(net), Domain.infer(rows, kinds=kinds))


def distilled(name: str, net: Any, rows: np.ndarray) -> tuple[Any, int | None, float]:
    """A method fitted, how many rules it gives (None: too many), and its seconds."""
    method, options = METHODS[name]
    oracle = oracle_of(net, rows)
    start = time.process_time()
    fitted = method_class(method, "classification")(oracle, **options).fit(rows)
    seconds = time.process_time() - start
    rules = fitted.rules_
    return fitted, None if rules is None else rules.n_rules, seconds


def net_of(table: Table, rows: np.ndarray, classes: np.ndarray, seed: int) -> Any:
    """A net trained on some rows."""
    net = MLPClassifier(table.hidden, activation=table.activation, max_iter=1000, random_state=seed)
    return make_pipeline(StandardScaler(), net).fit(rows, classes)


def show(name: str, table: Table) -> None:
    """All methods on the folds of one table."""
    rows, classes = table.make()
    folds = StratifiedKFold(table.folds, shuffle=True, random_state=0).split(rows, classes)
    found: dict[str, list[tuple[float, int | None, float, int]]] = {m: [] for m in METHODS}
    accuracy = []
    for seed, (fit, rest) in enumerate(folds):
        net = net_of(table, rows[fit], classes[fit], seed)
        said = net.predict(rows[rest])
        accuracy.append(float((said == classes[rest]).mean()))
        for method in METHODS:
            fitted, rules, seconds = distilled(method, net, rows[fit])
            agreed = float((fitted.predict(rows[rest]) == said).mean())
            found[method].append((agreed, rules, seconds, fitted.form_.n_conditions))
    print(f"\n{name}: {table.folds} folds, accuracy of the nets {np.mean(accuracy):.3f}")
    for method, outcomes in found.items():
        print(f"  {method:40} {line(outcomes)}")
    for figures in table.published:
        print(f"    published  {figures}")


def line(outcomes: list[tuple[float, int | None, float, int]]) -> str:
    """One method over the folds."""
    agreed = np.array([outcome[0] for outcome in outcomes])
    half = stats.t.ppf(0.975, len(agreed) - 1) * agreed.std(ddof=1) / np.sqrt(len(agreed))
    rules = [outcome[1] for outcome in outcomes]
    known = [count for count in rules if count is not None]
    many = len(rules) - len(known)
    said = f"{np.mean(known):.0f} ± {np.std(known):.0f} rules" if known else "no rules"
    said += f" ({many} folds: over max_rules)" if many else ""
    tests, seconds = np.mean([o[3] for o in outcomes]), np.mean([o[2] for o in outcomes])
    high = min(agreed.mean() + half, 1.0)
    low, spread = agreed.mean() - half, agreed.std(ddof=1)
    return (
        f"{agreed.mean():.3f} ({low:.3f} to {high:.3f}; sd {spread:.3f})"
        f"  {said}, {tests:.0f} conditions, {seconds:.2f} CPU s"
    )


def pairs_net() -> Any:
    """Layers that say parity of 8 bits as DeepRED's hand-made net does: pairs, then pairs."""
    import torch

    layers: list[Any] = []
    for width in (8, 4, 2):
        first, second = torch.nn.Linear(width, width), torch.nn.Linear(width, width // 2)
        with torch.no_grad():
            for layer in (first, second):
                layer.weight.zero_()
                layer.bias.fill_(-10.0)
            for a in range(0, width, 2):
                b = a + 1
                first.weight[a, a], first.weight[a, b] = 20.0, -20.0  # a and not b
                first.weight[b, a], first.weight[b, b] = -20.0, 20.0  # b and not a
                second.weight[a // 2, a], second.weight[a // 2, b] = 20.0, 20.0
        layers += [first, torch.nn.Sigmoid(), second, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*layers).double()


def show_parity() -> None:
    """Parity of 8 bits: a hand-made net, and one that was trained."""
    bits = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(float)
    odd = bits.sum(axis=1).astype(int) % 2
    trained = MLPClassifier((32, 8), max_iter=5000, alpha=1e-5, random_state=1).fit(bits, odd)
    print(
        f"\nParity of 8 bits, all 256 rows: the trained net decides {trained.score(bits, odd):.3f}"
    )
    made = wrap(pairs_net(), output="probabilities")
    unpruned = {"confidence": 1.0, "min_cases": 1.0, "max_leaves": 256}
    nets = {"hand-made": made, "trained": wrap(trained)}
    for which, net in nets.items():
        first = net.hidden_layers()[0]
        for method, options in {
            "cart": {"max_leaves": 256, "n_queries": 0},
            "cred": unpruned,
            "cred by the first layer": unpruned | {"layer": first},
            "deepred": unpruned,
            "eclaire": unpruned,
        }.items():
            oracle = oracle_of(net, bits)
            start = time.process_time()
            make = method_class(method.partition(" ")[0], "classification")
            fitted = make(oracle, **options).fit(bits)
            seconds = time.process_time() - start
            said = np.asarray(oracle.ask(bits).decision)
            agreed = float((np.asarray(fitted.form_.predict(bits)) == said).mean())
            rules = "too many" if fitted.rules_ is None else fitted.rules_.n_rules
            print(
                f"  {which:10} {method:24} {agreed:.3f}, {fitted.form_.n_conditions} conditions, "
                f"{rules} rules, {seconds:.2f} CPU s"
            )


def main() -> None:
    """Show all tables, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tables", nargs="*", help=", ".join([*TABLES, "parity"]))
    wanted = parser.parse_args().tables or [*TABLES, "parity"]
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name in wanted:
        if name == "parity":
            show_parity()
        else:
            show(name, TABLES[name])


if __name__ == "__main__":
    main()

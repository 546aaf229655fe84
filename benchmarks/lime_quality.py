"""What a local explanation is worth, by sampling and kernel width: fidelity and stability.

For each table, model and setting, over some rows and all classes:

* `R2 own`: weighted R² on fresh perturbations of the setting's own kind and kernel (median).
* `R2 real`: the same forms on one yardstick for all settings: held-out real rows, which no
  sampler saw, weighted by a kernel of half lime's default width (median).
* `J5`: overlap (Jaccard) of the five largest coefficients between two seeds (mean).
* `error`: distance from the model's own answer at the row, over its range (median).
* `ESS`: effective samples of the fit (median); `queries`: rows asked for 100 explained rows.
* `flagged`: share of explanations that say of themselves that they are bad.

Fidelity and stability pull apart as kernels widen, so no line shows one alone.

    python benchmarks/lime_quality.py [--quick]
"""

from __future__ import annotations

import argparse
import csv
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.fidelity import weighted_r2
from surrogate.local import Lime, LimeResult
from surrogate.oracle import Oracle

ADULT = Path(__file__).resolve().parents[2] / "shared/data/adult/adult.data"
SETTINGS: tuple[dict[str, Any], ...] = (
    {"sampling": "discretised", "width": 0.75, "ridge": 1.0},
    {"sampling": "discretised", "width": 0.75},
    {"sampling": "discretised", "width": 0.25, "ridge": 1.0},
    {"sampling": "discretised", "width": 0.25},
    {"sampling": "gaussian", "width": 0.75},
    {"sampling": "gaussian", "width": 0.35},
    {"sampling": "kernel", "width": 0.35},
    {"sampling": "kernel", "width": 0.18},
    {"sampling": "neighbours", "width": 0.75},
    {"sampling": "neighbours", "width": 0.5},
    {"sampling": "neighbours", "width": 0.35},
)


ROWS = 20


def adult() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns and labels of 6,000 rows of adult, as strings and numbers."""
    with ADULT.open() as file:
        table = [row for row in csv.reader(file, skipinitialspace=True) if len(row) == 15][:6000]
    columns = list(zip(*table))
    numeric = {0: "age", 4: "education", 10: "gain", 11: "loss", 12: "hours"}
    named = {1: "workclass", 5: "marital", 6: "occupation", 8: "race", 9: "sex"}
    data: dict[str, np.ndarray] = {n: np.array(columns[j], float) for j, n in numeric.items()}
    data |= {n: np.array(columns[j], object) for j, n in named.items()}
    return data, np.array(columns[14]) == ">50K"


def cases(quick: bool) -> Iterator[tuple[str, Any, Any, Domain]]:
    """Name, rows, model, domain."""
    net = {"hidden_layer_sizes": (64,), "max_iter": 300, "random_state": 0}
    loaders = {"breast_cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}
    for name, loader in loaders.items():
        X, y = loader(return_X_y=True)
        yield (
            f"{name} net",
            X,
            make_pipeline(StandardScaler(), MLPClassifier(**net)).fit(X, y),
            None,
        )
        if not quick and name != "digits":
            yield f"{name} forest", X, RandomForestClassifier(50, random_state=0).fit(X, y), None
    X, y = load_diabetes(return_X_y=True, scaled=False)
    yield "diabetes net", X, make_pipeline(StandardScaler(), MLPRegressor(**net)).fit(X, y), None
    if ADULT.exists():
        data, y = adult()
        domain = Domain.infer(data)
        coded = domain.encode(data)
        nominal = [j for j, f in enumerate(domain.features) if f.is_nominal]
        encode = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), nominal), remainder=StandardScaler()
        )
        pipe = make_pipeline(encode, MLPClassifier(**{**net, "max_iter": 60})).fit(coded, y)
        yield "adult net", coded, (pipe, domain), domain


def oracle_for(model: Any, X: Any, domain: Domain | None) -> Oracle:
    """The model behind an oracle; adult's takes codes, so rows are encoded back for it."""
    if domain is None:
        task = (
            "regression"
            if hasattr(model[-1], "loss_curve_") and not hasattr(model, "predict_proba")
            else None
        )
        return Oracle(wrap(model, task=task), Domain.infer(X))
    pipe, domain = model
    box = wrap(lambda rows: pipe.predict_proba(domain.encode(rows)), task="classification")
    return Oracle(box, domain)


def overlap(a: np.ndarray, b: np.ndarray, k: int = 5) -> float:
    """Mean Jaccard overlap of the k largest of (r, c, d) coefficients."""
    tops = (np.argsort(-np.abs(c), axis=-1)[..., :k].reshape(-1, k) for c in (a, b))
    shared = [len(set(x) & set(y)) for x, y in zip(*tops)]
    return float(np.mean([s / (2 * k - s) for s in shared]))


def yardstick(result: LimeResult, oracle: Oracle, held_out: np.ndarray) -> float:
    """Median weighted R² of the forms on held-out real rows near the explained ones."""
    domain = oracle.domain
    answers = np.asarray(oracle.ask(held_out, purpose="yardstick").values, dtype=np.float64)
    nominal = np.array([f.is_nominal for f in domain.features])
    scale = np.where(held_out.std(axis=0) > 0, held_out.std(axis=0), 1.0)
    width = 0.375 * math.sqrt(held_out.shape[1])
    values = []
    for i, row in enumerate(result.rows):
        away = np.where(nominal, held_out != row, (held_out - row) / scale)
        distance = (away**2).sum(axis=1)
        weight = np.where(distance > 0, np.exp(-distance / (2 * width**2)), 0.0)  # not itself
        errors = (answers - result.form(i, domain.features).predict_values(held_out)).T[None]
        values.append(weighted_r2(errors, answers.T[None], weight[None]).value[0])
    return float(np.nanmedian(values))


def line(oracle: Oracle, X: np.ndarray, held_out: np.ndarray, setting: dict[str, Any]) -> str:
    rows = held_out[:ROWS]
    width = setting["width"] * math.sqrt(X.shape[1])
    shared = setting["sampling"] in ("discretised", "neighbours")
    options = {**setting, "width": width, "n_samples": 5000 if shared else 1000}
    lime = Lime(oracle, **options)
    first, second = (lime.explain(rows, reference=X, seed=s) for s in (0, 1))
    spread = np.ptp(first.box_values)
    return (
        f"{setting['sampling']:<12}{setting['width']:>5}·√d{setting.get('ridge', 0):>6g}"
        f"{np.nanmedian(first.fidelity.value):>8.2f}{yardstick(first, oracle, held_out):>9.2f}"
        f"{overlap(first.coef, second.coef):>6.2f}{np.median(first.fidelity.error) / spread:>8.3f}"
        f"{np.median(first.ess):>7.0f}{sum(lime.cost(100).values()):>9,}"
        f"{np.mean([bool(f) for f in first.flags]):>9.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="nets only")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    head = f"{'sampling':<12}{'width':>8}{'ridge':>6}{'R2 own':>8}{'R2 real':>9}{'J5':>6}"
    head += f"{'error':>8}{'ESS':>7}{'queries':>9}{'flagged':>9}"
    for name, X, model, domain in cases(args.quick):
        oracle = oracle_for(model, X, domain)
        X = X[np.random.default_rng(0).permutation(len(X))]
        cut = int(0.7 * len(X))
        print(f"\n{name}: {X.shape[1]} features, {ROWS} rows\n{head}")
        for setting in SETTINGS:
            print(line(oracle, X[:cut], X[cut:], setting), flush=True)


if __name__ == "__main__":
    main()

"""What width="auto" picks, and what it is worth beside the default width.

For each table, model and sampling, over 20 rows: the width as a factor of the default; weighted R²
on fresh queries that took no part in picking (median over rows, class that the model decides for);
overlap of the five largest coefficients among five seeds (mean over rows); error at the row over
the range of the model's answers (median).

    python benchmarks/lime_widths.py [--quick]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from surrogate import explain
from surrogate.local import Lime

ROWS = 20


def cases(quick: bool) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Name, model and table."""
    tables = {
        "breast_cancer": load_breast_cancer,
        "wine": load_wine,
        "diabetes": load_diabetes,
        "digits": load_digits,
    }
    for name, load in list(tables.items())[: 1 if quick else None]:
        X, y = load(return_X_y=True)
        regression = name == "diabetes"
        y = (y - y.mean()) / y.std() if regression else y
        net = MLPRegressor if regression else MLPClassifier
        forest = RandomForestRegressor if regression else RandomForestClassifier
        scaled = net(hidden_layer_sizes=(64, 64), max_iter=600, random_state=0)
        yield f"{name} net", make_pipeline(StandardScaler(), scaled).fit(X, y), X
        yield f"{name} forest", forest(60, random_state=0).fit(X, y), X


def line(model: Any, X: np.ndarray, sampling: str, width: str | None) -> tuple[float, ...]:
    """Width over the default, R², overlap, error, queries."""
    chosen = np.random.Generator(np.random.Philox(key=1)).permutation(len(X))[:ROWS]
    options = {"sampling": sampling, "width": width, "n_samples": 3000}
    found = explain(model, X[chosen], data=X, stability=4, seed=0, options=options)
    shown = np.arange(ROWS), found.box_values.argmax(axis=1)
    default = Lime(sampling=sampling).width_for(X.shape[1])
    span = np.ptp(found.box_values)
    return (
        float(found.widths[0] / default),
        float(np.nanmedian(found.fidelity.value[shown])),
        float(found.stability.jaccard[shown][:, 0].mean()),
        float(np.median(found.fidelity.error[shown]) / span),
        sum(n for purpose, n in found.queries.purposes.items() if purpose != "stability"),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    print(f"{'':38s}  factor     R2     J5  error  queries")
    for name, model, X in cases(quick):
        for sampling in ("neighbours", "discretised"):
            for width in (None, "auto"):
                factor, *rest, queries = line(model, X, sampling, width)
                label = f"{name} {sampling} {width or 'default'}"
                figures = "".join(f"{value:7.3f}" for value in rest)
                print(f"{label:38s} {factor:7.2f}{figures} {queries:8,.0f}", flush=True)


if __name__ == "__main__":
    main()

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from surrogate.errors import InputError
from surrogate.trees import tree_from_sklearn
from surrogate.types import Feature


@pytest.mark.parametrize("missing", [False, True])
def test_every_row_goes_the_way_of_sklearn(rng, missing):
    X = np.round(rng.normal(size=(400, 4)), 2)
    if missing:
        X[rng.random(X.shape) < 0.2] = np.nan
    y = rng.integers(0, 3, 400)
    model = DecisionTreeClassifier(max_leaf_nodes=40, random_state=0).fit(X, y)
    tree = tree_from_sklearn(model)
    # Thresholds as float64 would read them, and their neighbours: the float32 trap.
    cuts = model.tree_.threshold[model.tree_.feature >= 0]
    cuts = cuts[np.isfinite(cuts)]
    near = np.concatenate([cuts, cuts.astype(np.float32), np.nextafter(cuts, np.inf)])
    rows = np.vstack([X, rng.choice(near, size=(2000, 4))])
    np.testing.assert_array_equal(tree.apply(rows), model.apply(rows))
    np.testing.assert_array_equal(tree.predict(rows), model.predict(rows))
    np.testing.assert_allclose(tree.predict_values(rows), model.predict_proba(rows))


def test_regression_and_several_outputs(rng):
    X, y = rng.normal(size=(100, 2)), rng.normal(size=(100, 2))
    model = DecisionTreeRegressor(max_leaf_nodes=9, random_state=0).fit(X, y)
    np.testing.assert_allclose(tree_from_sklearn(model).predict(X), model.predict(X))


def test_features_that_do_not_fit_are_refused(rng):
    model = DecisionTreeRegressor().fit(rng.normal(size=(9, 2)), np.arange(9))
    with pytest.raises(InputError, match="fitted on 2 features; got 1"):
        tree_from_sklearn(model, (Feature("a"),))

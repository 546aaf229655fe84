"""A fitted tree of scikit-learn as a form that routes every row as it does."""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate.errors import InputError
from surrogate.forms import LEAF, Tree
from surrogate.trees._thresholds import exact_threshold
from surrogate.types import Feature

__all__ = ["tree_from_sklearn"]


def tree_from_sklearn(model: Any, features: tuple[Feature, ...] | None = None) -> Tree:
    """Turn a fitted DecisionTreeClassifier or DecisionTreeRegressor into a `Tree`.

    scikit-learn compares float32 values; thresholds are moved so that every float64 row
    goes the way that it sends it.

    Parameters
    ----------
    model : sklearn.tree.DecisionTreeClassifier or DecisionTreeRegressor
        Fitted, with one output if it is a classifier.
    features : tuple of Feature, optional
        By default continuous ones, named as in the fit, else x0, x1, ...

    Returns
    -------
    tree : Tree

    Raises
    ------
    InputError
        If `features` do not fit the model, or a classifier has several outputs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from surrogate.trees import tree_from_sklearn
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DecisionTreeClassifier(max_leaf_nodes=3, random_state=0).fit(X, y)
    >>> tree = tree_from_sklearn(model)
    >>> bool((tree.apply(X) == model.apply(X)).all())
    True
    """
    inner = model.tree_
    if features is None:
        names = getattr(model, "feature_names_in_", [f"x{j}" for j in range(inner.n_features)])
        features = tuple(Feature(str(name)) for name in names)
    if len(features) != inner.n_features:
        raise InputError(
            f"The model was fitted on {inner.n_features} features; got {len(features)}."
        )
    classes = getattr(model, "classes_", None)
    if classes is not None and model.n_outputs_ > 1:
        raise InputError(f"A classifier with one output is needed; got {model.n_outputs_} outputs.")
    is_inner = inner.children_left != LEAF
    value = inner.value[:, 0, :] if classes is not None else inner.value[:, :, 0]
    if classes is not None:
        value = value / value.sum(axis=1, keepdims=True)
    threshold = [
        exact_threshold(t) if here else np.nan for t, here in zip(inner.threshold, is_inner)
    ]
    return Tree(
        features=features,
        classes=None if classes is None else tuple(classes),
        feature=np.where(is_inner, inner.feature, LEAF),
        threshold=np.array(threshold),
        categories=(None,) * inner.node_count,
        left=inner.children_left,
        right=inner.children_right,
        missing_left=np.asarray(inner.missing_go_to_left, dtype=np.bool_) & is_inner,
        value=value,
        weight=inner.weighted_n_node_samples,
        count=inner.n_node_samples,
    )

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from surrogate.trees import CartClassifier, CartRegressor


@parametrize_with_checks([CartClassifier(), CartRegressor()])
def test_sklearn_checks(estimator, check):
    check(estimator)

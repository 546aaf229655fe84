"""Each server is started once, and always ended."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from servers.launch import SERVERS, running, venv_of
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

collect_ignore = ["served"]  # runs in the environments of the servers
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]


@pytest.fixture(scope="session")
def rows() -> np.ndarray:
    """150 flowers, (150, 4)."""
    return np.asarray(load_iris().data)


@pytest.fixture(scope="session")
def model(rows: np.ndarray) -> LogisticRegression:
    """The model in process."""
    return LogisticRegression(max_iter=1000).fit(rows, load_iris().target)


@pytest.fixture(scope="session", params=SERVERS)
def served(
    request: pytest.FixtureRequest,
    model: LogisticRegression,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str]]:
    """A server's name and address, with the model behind it."""
    name = request.param
    if not (venv_of(name) / ".installed").exists():
        pytest.skip(f"the environment of {name} is not built; `make servers` does, from the net")
    weights = {
        "coef": model.coef_.tolist(),
        "intercept": model.intercept_.tolist(),
        "names": NAMES,
    }
    with running(name, tmp_path_factory.mktemp(name), weights) as address:
        yield name, address

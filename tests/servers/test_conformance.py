"""The same surrogate through servers that nobody here wrote as from the model in process.

Run by `make test-servers`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from surrogate import Budget, distill, explain, wrap
from surrogate.adapters.http import Endpoint, HttpBox
from surrogate.adapters.http.probe import probe
from surrogate.errors import AttemptError

pytest.importorskip("httpx2")
pytestmark = pytest.mark.servers

NAMES = ("sepal length", "sepal width", "petal length", "petal width")
CLASSES = (0, 1, 2)
BUDGET = Budget(rows=20_000)
WIRE = 1e-12  # all four send float64 as text that reads back as the same number

# What has to be said of each server to ask it for probabilities.
SAID = {
    "mlserver": {"url": "/v2/models/iris", "options": {"answer": "predict_proba"}},
    "mlflow": {"url": "/invocations", "protocol": "mlflow", "columns": NAMES},
    "litserve": {"url": "/predict", "protocol": "litserve"},
    "bentoml": {"url": "/predict", "protocol": "bentoml", "options": {"body": '{"rows": "$rows"}'}},
}


@pytest.fixture
def endpoint(served: tuple[str, str]) -> Endpoint:
    name, address = served
    said = dict(SAID[name])
    path = said.pop("url")
    return Endpoint(
        address + path, classes=CLASSES, rows_per_call=256, concurrency=2, name=name, **said
    )


@pytest.fixture
def open_box() -> Iterator[Callable[[Endpoint], HttpBox]]:
    """Boxes that are closed when the test ends."""
    with contextlib.ExitStack() as opened:

        def make(endpoint: Endpoint) -> HttpBox:
            return opened.enter_context(contextlib.closing(HttpBox(endpoint)))

        yield make


@pytest.fixture
def box(endpoint: Endpoint, open_box: Callable[[Endpoint], HttpBox]) -> HttpBox:
    return open_box(endpoint)


def test_answers_are_those_of_the_model(
    box: HttpBox, model: LogisticRegression, rows: np.ndarray
) -> None:
    values = box.ask(rows).values
    np.testing.assert_allclose(values, model.predict_proba(rows), rtol=0, atol=WIRE)
    np.testing.assert_allclose(box.ask(rows[7:8]).values, values[7:8], rtol=0, atol=WIRE)


def test_the_tree_is_that_of_the_model_in_process(
    box: HttpBox, model: LogisticRegression, rows: np.ndarray
) -> None:
    there = distill(box, rows, budget=BUDGET, stability=0, seed=3)
    here = distill(wrap(model), rows, stability=0, seed=3)
    assert there.form.to_text() == here.form.to_text()
    np.testing.assert_allclose(there.form.value, here.form.value, rtol=0, atol=WIRE)
    for far, near in zip(there.fidelity, here.fidelity):
        assert far.main.value == pytest.approx(near.main.value, abs=WIRE)
        assert far.main.interval.low == pytest.approx(near.main.interval.low, abs=1e-9)


def test_the_rows_are_explained_as_in_process(
    box: HttpBox, model: LogisticRegression, rows: np.ndarray
) -> None:
    options = {"n_samples": 500}
    picked = rows[[0, 75, 149]]
    there = explain(box, picked, data=rows, budget=BUDGET, fidelity=200, options=options)
    here = explain(wrap(model), picked, data=rows, fidelity=200, options=options)
    np.testing.assert_allclose(there.coef, here.coef, rtol=0, atol=1e-9)
    np.testing.assert_allclose(there.fidelity.value, here.fidelity.value, rtol=0, atol=1e-9)


def test_probe_finds_what_to_say(
    served: tuple[str, str],
    open_box: Callable[[Endpoint], HttpBox],
    model: LogisticRegression,
    rows: np.ndarray,
) -> None:
    _, address = served
    finding = probe(address, dict(zip(NAMES, rows[0])), classes=CLASSES)
    assert finding.confirmed, str(finding)
    assert finding.rows_sent <= 4
    assert finding.endpoint is not None
    columns = dict(zip(NAMES, rows.T))
    reply = open_box(finding.endpoint).ask(columns)
    if reply.values is not None and np.ndim(reply.values) == 2:
        np.testing.assert_allclose(reply.values, model.predict_proba(rows), rtol=0, atol=WIRE)
    else:  # MLServer, asked for nothing more than it answers by itself
        told = reply.values if reply.labels is None else reply.labels
        assert np.array_equal(np.ravel(told), model.predict(rows))


def test_a_row_too_narrow_is_an_error_that_names_the_target(
    endpoint: Endpoint, open_box: Callable[[Endpoint], HttpBox]
) -> None:
    careless = open_box(_without_columns(endpoint))
    with pytest.raises(AttemptError, match=r"127\.0\.0\.1") as failed:
        careless.ask(np.ones((1, 3)))
    assert failed.value.reason == "rejected"
    assert len(str(failed.value)) < 500


def test_a_wrong_path_is_not_tried_again(
    endpoint: Endpoint, open_box: Callable[[Endpoint], HttpBox], rows: np.ndarray
) -> None:
    url = endpoint.url.replace("iris", "lily").replace("invocations", "invoke")
    wrong = Endpoint(url.replace("/predict", "/guess"), protocol="v1", options={"model": "m"})
    with pytest.raises(AttemptError) as failed:
        open_box(wrong).ask(rows[:1])
    assert failed.value.fatal
    assert failed.value.status in (404, 405)


@pytest.mark.parametrize("served", ["mlserver"], indirect=True)
def test_mlserver_answers_labels_unless_asked_for_more(
    served: tuple[str, str],
    open_box: Callable[[Endpoint], HttpBox],
    model: LogisticRegression,
    rows: np.ndarray,
) -> None:
    box = open_box(Endpoint(f"{served[1]}/v2/models/iris", classes=CLASSES, output="labels"))
    there = distill(box, rows, budget=BUDGET, stability=0, seed=3)
    here = distill(wrap(model.predict, classes=CLASSES), rows, stability=0, seed=3)
    assert there.form.to_text() == here.form.to_text()
    assert there.fidelity[0].main.value == here.fidelity[0].main.value


def _without_columns(endpoint: Endpoint) -> Endpoint:
    """An endpoint that does not know how many columns there are."""
    options = {"form": "inputs"} if endpoint.protocol == "mlflow" else endpoint.options
    return Endpoint(endpoint.url, protocol=endpoint.protocol, options=options)

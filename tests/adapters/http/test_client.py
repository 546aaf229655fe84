from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import wrap
from surrogate.adapters.http import Endpoint, HttpBox, Secret
from surrogate.adapters.http.protocols import V2, HuggingFace, MLflow, Template
from surrogate.errors import AttemptError, DataError, MissingDependency, OptionError
from surrogate.types import BlackBox, Remote, Reply

ROWS = np.array([[1.0, 2.0], [3.0, 4.0]])
Answering = Callable[..., HttpBox]


def reply(answering: Answering, predictions: Any, **options: Any) -> Reply:
    return answering({"predictions": predictions}, **options).ask(ROWS)


def test_it_is_a_remote_black_box(answering: Answering) -> None:
    box = answering({"predictions": [1.0, 2.0]}, task="regression", concurrency=4, rows_per_call=9)
    assert isinstance(box, BlackBox)
    assert isinstance(box, Remote)
    traits = box.traits
    assert (traits.adapter, traits.remote, traits.concurrency, traits.max_batch) == (
        "http",
        True,
        4,
        9,
    )
    assert traits.name == "127.0.0.1:1/v1/models/m:predict"
    assert traits.details == {"url": "http://127.0.0.1:1/v1/models/m:predict", "protocol": "v1"}
    assert repr(box) == "HttpBox(127.0.0.1:1/v1/models/m:predict, regression, values)"
    for same in (
        copy.copy(box),
        copy.deepcopy(box),
        pytest.importorskip("sklearn.base").clone(box),
    ):
        assert same is box


# ---- what an answer says, by the declared classes ----


@pytest.mark.parametrize(
    ("classes", "predictions", "labels"),
    [
        (None, ["no", "yes"], ["no", "yes"]),
        (("no", "yes"), ["yes", "no"], ["yes", "no"]),
        (("no", "yes"), [1, 0], ["yes", "no"]),  # codes into the classes
        (("no", "yes"), [[1], [0]], ["yes", "no"]),
        ((3, 5), [5, 3], [5, 3]),  # names that are numbers
        ((1, 0), [1, 0], [1, 0]),
        (("1", "0"), [1, 0], ["1", "0"]),  # names, though JSON wrote numbers
        ((1, 0), ["1", "0"], [1, 0]),  # names, though JSON wrote texts
        ((True, False), [True, False], [True, False]),
    ],
)
def test_labels_by_name(
    answering: Answering, classes: Any, predictions: Any, labels: list[Any]
) -> None:
    got = reply(answering, predictions, classes=classes)
    assert got.values is None
    assert got.labels.tolist() == labels
    assert [type(label) for label in got.labels.tolist()] == [type(label) for label in labels]


@pytest.mark.parametrize(
    ("classes", "predictions"),
    [
        (("no", "yes"), [{"yes": 0.8, "no": 0.2}, {"yes": 0.1, "no": 0.9}]),
        (("no", "yes"), {"yes": [0.8, 0.1], "no": [0.2, 0.9]}),
        ((0, 1), [{"1": 0.8, "0": 0.2}, {"0": 0.9, "1": 0.1}]),
        (("no", "yes"), [[0.2, 0.8], [0.9, 0.1]]),
    ],
)
def test_columns_by_name(answering: Answering, classes: Any, predictions: Any) -> None:
    got = reply(answering, predictions, classes=classes)
    assert got.values.tolist() == [[0.2, 0.8], [0.9, 0.1]]
    assert got.classes is None  # they are the declared ones, in that order


def test_classes_that_only_the_answer_names(answering: Answering) -> None:
    got = reply(answering, [{"yes": 0.8, "no": 0.2}] * 2)
    assert (got.classes, got.values[0].tolist()) == (("yes", "no"), [0.8, 0.2])


def test_a_column_of_whole_numbers_is_a_value_where_it_is_said(answering: Answering) -> None:
    assert reply(answering, [1, 0], task="regression").values.tolist() == [1, 0]
    assert reply(answering, [1, 0], output="labels").labels.tolist() == [1, 0]
    assert reply(answering, [1, 0], classes=("a", "b"), output="scores").values.tolist() == [1, 0]


def test_a_decision_beside_scores_and_a_threshold_over_it(answering: Answering) -> None:
    outputs = [
        {"name": "predict", "shape": [2], "datatype": "INT64", "data": [1, 1]},
        {"name": "p", "shape": [2, 2], "datatype": "FP64", "data": [0.6, 0.4, 0.2, 0.8]},
    ]
    said = {"url": "http://127.0.0.1:1/v2/models/m", "classes": ("no", "yes")}
    both = answering({"outputs": outputs}, **said).ask(ROWS)
    assert both.labels.tolist() == ["yes", "yes"]
    assert both.values.tolist() == [[0.6, 0.4], [0.2, 0.8]]
    assert answering({"outputs": outputs}, **said, threshold=0.5).ask(ROWS).labels is None


@pytest.mark.parametrize(
    ("classes", "predictions", "message"),
    [
        (("a", "b", "c"), [[0.5, 0.5]] * 2, "It has 2 columns for 3 classes"),
        (("a", "b", "c"), [0.5, 0.5], "It has 1 columns for 3 classes"),
        (("a", "b"), [{"a": 0.5, "x": 0.5}] * 2, "answered for the classes 'a', 'x'; declared are"),
    ],
)
def test_classes_that_do_not_fit(
    answering: Answering, classes: Any, predictions: Any, message: str
) -> None:
    with pytest.raises(AttemptError, match=message) as caught:
        reply(answering, predictions, classes=classes)
    assert (caught.value.reason, caught.value.status, caught.value.fatal) == ("unknown", 200, True)


# ---- rows ----


def test_columns_are_picked_before_rows_are_sent(answering: Answering) -> None:
    box = answering({"predictions": [1.0]}, task="regression", columns=("b", "a"))
    box.ask({"x": np.array([9.0]), "a": np.array([1.0]), "b": np.array([2.0])})
    (request,) = answering.requests  # type: ignore[attr-defined]
    assert json.loads(request.content) == {"instances": [[2.0, 1.0]]}
    with pytest.raises(DataError, match="needs the column 'b', which the rows lack"):
        box.ask({"a": np.array([1.0])})
    with pytest.raises(DataError, match="takes 2 columns; the rows have 3"):
        box.ask(np.ones((1, 3)))
    assert box.traits.n_features == 2


def test_preprocess_runs_before_rows_are_sent_and_are_keyed() -> None:
    endpoint = Endpoint("http://127.0.0.1:1", "mlflow", columns=("a", "b"), task="regression")
    box = HttpBox(endpoint, preprocess=lambda rows: {"sum": np.asarray(rows).sum(axis=1)})
    keyed = MLflow().wire({"sum": ROWS.sum(axis=1)})
    assert box.wire(ROWS) == keyed
    assert box.traits.n_features is None


def test_no_rows(answering: Answering) -> None:
    box = answering({"predictions": []})
    with pytest.raises(DataError, match="There are no rows to ask"):
        box.ask(np.empty((0, 2)))


def test_rows_that_cannot_be_sent_are_not_sent(answering: Answering) -> None:
    box = answering({"predictions": [1.0]})
    with pytest.raises(DataError, match=r"v1 cannot send a missing value: row 0, column 1\."):
        box.ask(np.array([[1.0, np.nan]]))
    assert answering.requests == []  # type: ignore[attr-defined]


def test_what_protocols_say_of_themselves_reaches_the_traits() -> None:
    top = HttpBox(
        Endpoint("http://127.0.0.1:1", HuggingFace(labels=("a", "b", "c"), top_k=2), version="3")
    )
    assert top.traits.classes == ("a", "b", "c")
    assert top.traits.details["access"].startswith("top 2 classes")
    assert top.traits.details["version"] == "3"
    single = Template(body='{"x": "$row"}', values="p")
    assert HttpBox(Endpoint("http://h/x", single, rows_per_call=50)).traits.max_batch == 1
    half = HttpBox(Endpoint("http://h/v2/models/m", V2(datatype="FP32")))
    assert half.traits.dtype == "float32"


# ---- headers ----


def test_headers_are_sent_once_and_the_users_win(answering: Answering) -> None:
    box = answering(
        {"predictions": [1.0, 2.0]},
        headers={"accept": "text/json", "User-Agent": "audit", "X-Tenant": "t"},
        params={"api-version": "3", "code": Secret("a b/c")},
    )
    box.ask(ROWS)
    (request,) = answering.requests  # type: ignore[attr-defined]
    assert request.headers.get_list("accept") == ["text/json"]
    assert request.headers["user-agent"] == "audit"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["x-tenant"] == "t"
    assert dict(request.url.params) == {"api-version": "3", "code": "a b/c"}


@pytest.mark.parametrize(
    ("token", "sent"), [("abc", "Bearer abc"), ("Basic abc", "Basic abc"), ("abc\n", "Bearer abc")]
)
def test_a_secret_alone_is_a_bearer_token(answering: Answering, token: str, sent: str) -> None:
    answering({"predictions": [1.0, 2.0]}, auth=Secret(token)).ask(ROWS)
    (request,) = answering.requests  # type: ignore[attr-defined]
    assert request.headers["authorization"] == sent


# ---- copies ----


def test_a_pickled_box_asks_the_same_endpoint() -> None:
    box = HttpBox(Endpoint("http://127.0.0.1:1/v1/models/m", task="regression"))
    again = pickle.loads(pickle.dumps(box))
    assert (again.traits, again.terms) == (box.traits, box.terms)
    assert again.wire(ROWS) == box.wire(ROWS)
    with pytest.raises(AttemptError, match="refused the connection"):
        again.ask(ROWS)


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(MissingDependency, match=r"surrogate-toolkit\[http\]"):
        HttpBox(Endpoint("http://127.0.0.1:1/v1/models/m"))


# ---- wrap ----


def test_wrap_takes_urls() -> None:
    box = wrap(
        "https://models.example/v1/models/fraud",
        classes=["fine", "fraud"],
        columns=["a", "b"],
        threshold=0.3,
        auth=Secret("k"),
        preprocess=lambda rows: rows * 2,
    )
    assert isinstance(box, HttpBox)
    assert box.traits.classes == ("fine", "fraud")
    assert (box.traits.threshold, box.traits.task) == (0.3, "classification")
    assert box.endpoint.target == "https://models.example/v1/models/fraud:predict"
    assert box.endpoint.has_credential
    assert wrap(box) is box
    mlflow = wrap("http://localhost:5000", protocol="mlflow", task="regression")
    assert mlflow.traits.details["url"] == "http://localhost:5000/invocations"  # type: ignore[attr-defined]


def test_wrap_takes_endpoints_and_files(tmp_path: Path) -> None:
    endpoint = Endpoint("http://localhost/v1/models/m", rate=3.0, task="regression")
    assert wrap(endpoint).terms.rate == 3.0  # type: ignore[attr-defined]
    path = tmp_path / "models.toml"
    path.write_text(
        '[a]\nurl = "http://localhost/v1/models/a"\n[b]\nurl = "http://localhost/v1/models/b"\n'
        'output = "probabilities"\nrate = 2.0'
    )
    box = wrap(f"{path}#b", classes=["no", "yes"])
    assert box.traits.name == "b"
    assert (box.traits.classes, box.traits.output) == (("no", "yes"), "probabilities")
    assert box.terms.rate == 2.0  # type: ignore[attr-defined]
    other = wrap(f"{path}#b", protocol=MLflow())
    assert other.traits.details["protocol"] == "mlflow"  # type: ignore[attr-defined]
    assert wrap(f"{path}#b", task="regression").traits.output == "values"


def test_front_door_options_are_checked() -> None:
    with pytest.raises(OptionError, match="`task` parameter of wrap must be one of"):
        wrap("http://localhost/v1/models/m", task="guess")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"A key is given as Secret\.env"):
        wrap("https://models.example/v1/models/m", auth="sk-1")

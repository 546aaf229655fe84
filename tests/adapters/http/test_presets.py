"""Each preset sends what its server was seen to take, and reads what it was seen to answer."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from typing import Any

import httpx2
import numpy as np
import pytest

from surrogate.adapters.http import PROTOCOLS, Endpoint, HttpBox, presets
from surrogate.adapters.http.protocols import Template, make
from surrogate.errors import AnswerError, AttemptError, DataError, OptionError

NAMES = ("sepal length", "sepal width", "petal length", "petal width")
ROW = [5.1, 3.5, 1.4, 0.2]
OTHER = [6.7, 3.0, 5.2, 2.3]
X = np.array([ROW, OTHER])
FRAME = {name: X[:, j] for j, name in enumerate(NAMES)}
PROBABILITIES = [[0.98155, 0.01844, 1.4e-08], [0.0001, 0.1, 0.8999]]
RECORDS = [dict(zip(NAMES, row)) for row in X.tolist()]


def body(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


# What goes over the wire for X, without and with names of the columns.
REQUESTS: dict[str, tuple[Any, Any]] = {
    "seldon": (
        {"data": {"ndarray": [ROW, OTHER]}},
        {"data": {"names": list(NAMES), "ndarray": [ROW, OTHER]}},
    ),
    "sagemaker-json": ({"instances": [{"features": ROW}, {"features": OTHER}]},) * 2,
    "vertex": ({"instances": [ROW, OTHER]},) * 2,
    "vertex-automl": (None, {"instances": RECORDS}),
    "azureml": (
        {"input_data": {"index": [0, 1], "data": [ROW, OTHER]}},
        {"input_data": {"columns": list(NAMES), "index": [0, 1], "data": [ROW, OTHER]}},
    ),
    "azureml-mlflow": (
        {"input_data": {"index": [0, 1], "data": [ROW, OTHER]}},
        {"input_data": {"columns": list(NAMES), "index": [0, 1], "data": [ROW, OTHER]}},
    ),
    "litserve": ({"input": [ROW, OTHER]},) * 2,
    "bentoml": ({"input_data": [ROW, OTHER]},) * 2,
    "torchserve": ({"data": [ROW, OTHER]},) * 2,
    "rayserve": ([ROW, OTHER],) * 2,
}

# What came back for X, and what it means: numbers, labels, classes.
CLASSES = ("setosa", "versicolor", "virginica")
BINARY = {
    "predictions": [
        {"score": 0.9987, "predicted_label": 1.0},
        {"score": 0.4, "predicted_label": 0.0},
    ]
}
ANSWERS: dict[str, tuple[str, bytes, Any, Any, Any]] = {
    "seldon names the classes": (
        "seldon",
        body({"data": {"names": CLASSES, "ndarray": PROBABILITIES}, "meta": {}}),
        PROBABILITIES,
        None,
        CLASSES,
    ),
    "seldon numbers the classes": (
        "seldon",
        body({"data": {"names": ["t:0", "t:1", "t:2"], "ndarray": PROBABILITIES}, "meta": {}}),
        PROBABILITIES,
        None,
        None,
    ),
    "seldon says no classes": (
        "seldon",
        body({"data": {"names": [], "ndarray": [7.5, 8.5]}, "meta": {}}),
        [7.5, 8.5],
        None,
        None,
    ),
    "seldon answers labels": (
        "seldon",
        body({"data": {"ndarray": ["setosa", "virginica"]}, "meta": {}}),
        None,
        ["setosa", "virginica"],
        None,
    ),
    "sagemaker, one number a row": ("sagemaker", b"0.75\n0.5\n", [0.75, 0.5], None, None),
    "sagemaker, all on one line": ("sagemaker", b"0.75,0.5", [0.75, 0.5], None, None),
    "sagemaker, probabilities": (
        "sagemaker",
        b"0.98155,0.01844,1.4e-08\r\n0.0001,0.1,0.8999\r\n",
        PROBABILITIES,
        None,
        None,
    ),
    "sagemaker, labels": ("sagemaker", b"yes\nno\n", None, ["yes", "no"], None),
    "sagemaker, score and label": (
        "sagemaker-json",
        body(BINARY),
        [0.9987, 0.4],
        [1.0, 0.0],
        None,
    ),
    "sagemaker, scores of several classes": (
        "sagemaker-json",
        body(
            {
                "predictions": [
                    {"score": p, "predicted_label": float(np.argmax(p))} for p in PROBABILITIES
                ]
            }
        ),
        PROBABILITIES,
        [0.0, 2.0],
        None,
    ),
    "sagemaker, a regression": (
        "sagemaker-json",
        body({"predictions": [{"score": 3.5}, {"score": -1.0}]}),
        [3.5, -1.0],
        None,
        None,
    ),
    "vertex": (
        "vertex",
        body({"predictions": PROBABILITIES, "deployedModelId": "7"}),
        PROBABILITIES,
        None,
        None,
    ),
    "vertex answers labels": (
        "vertex",
        body({"predictions": ["setosa", "virginica"]}),
        None,
        ["setosa", "virginica"],
        None,
    ),
    "vertex automl, in another order for each row": (
        "vertex-automl",
        body(
            {
                "predictions": [
                    {"classes": list(CLASSES), "scores": PROBABILITIES[0]},
                    {"classes": list(CLASSES)[::-1], "scores": PROBABILITIES[1][::-1]},
                ]
            }
        ),
        PROBABILITIES,
        None,
        CLASSES,
    ),
    "azure names the classes": (
        "azureml",
        body({"result": PROBABILITIES, "classes": [0, 1, 2]}),
        PROBABILITIES,
        None,
        (0, 1, 2),
    ),
    "azure says no classes": (
        "azureml",
        body({"result": PROBABILITIES}),
        PROBABILITIES,
        None,
        None,
    ),
    "azure with mlflow": ("azureml-mlflow", body(PROBABILITIES), PROBABILITIES, None, None),
    "litserve": ("litserve", body({"output": PROBABILITIES}), PROBABILITIES, None, None),
    "bentoml": ("bentoml", body(PROBABILITIES), PROBABILITIES, None, None),
    "torchserve": ("torchserve", body(PROBABILITIES), PROBABILITIES, None, None),
    "rayserve": ("rayserve", body(PROBABILITIES), PROBABILITIES, None, None),
}


def test_every_preset_is_tested_here() -> None:
    assert set(presets()) == {*REQUESTS, "sagemaker"} == {case[0] for case in ANSWERS.values()}
    assert not set(presets()) & set(PROTOCOLS)


@pytest.mark.parametrize("name", presets())
def test_a_preset_says_what_it_is_and_nothing_unknown(name: str) -> None:
    file = files("surrogate.adapters.http") / "presets" / f"{name}.toml"
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    assert len(said.pop("about")) > 10
    assert make(name, {}) == Template(**said)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_request_without_names(name: str) -> None:
    wanted, _ = REQUESTS[name]
    if wanted is None:
        with pytest.raises(DataError, match="sends columns by name, and these rows have none"):
            make(name, {}).encode(X)
        return
    request = make(name, {}).encode(X)
    assert request.body == body(wanted)
    assert (request.content_type, request.accept) == ("application/json",) * 2


@pytest.mark.parametrize("name", REQUESTS)
def test_the_request_with_names(name: str) -> None:
    _, wanted = REQUESTS[name]
    assert make(name, {}).encode(FRAME).body == body(wanted)
    assert make(name, {}, defaults={"columns": NAMES}).encode(X).body == body(wanted)


def test_sagemaker_sends_csv_without_a_header() -> None:
    for rows in (X, FRAME):
        request = make("sagemaker", {}).encode(rows)
        assert request.body == b"5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"
        assert (request.content_type, request.accept) == ("text/csv", "text/csv")


@pytest.mark.parametrize("seen", ANSWERS)
def test_what_was_answered(seen: str) -> None:
    name, answer, values, labels, classes = ANSWERS[seen]
    reply = make(name, {}).decode(answer, 2)
    assert (None if reply.values is None else reply.values.tolist()) == values
    assert (None if reply.labels is None else np.ravel(reply.labels).tolist()) == labels
    assert reply.classes == classes


@pytest.mark.parametrize(
    ("name", "url", "target"),
    [
        ("seldon", "http://localhost:9000", "http://localhost:9000/api/v1.0/predictions"),
        ("sagemaker", "http://localhost:8080/", "http://localhost:8080/invocations"),
        ("azureml", "http://localhost:5001", "http://localhost:5001/score"),
        ("litserve", "http://localhost:8000", "http://localhost:8000/predict"),
        ("bentoml", "http://localhost:3000/classify", "http://localhost:3000/classify"),
        ("torchserve", "http://h/predictions/iris", "http://h/predictions/iris"),
        ("rayserve", "http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_where_rows_are_posted(name: str, url: str, target: str) -> None:
    assert make(name, {}).target(url) == target


@pytest.mark.parametrize("name", ["seldon", "azureml", "vertex", "sagemaker-json", "litserve"])
def test_an_error_in_a_good_answer_is_said(name: str) -> None:
    with pytest.raises(AnswerError, match=r"has no '\w+' of the path to it: .* with 'error'"):
        make(name, {}).decode(b'{"error": "no such model"}', 2)


def test_labels_that_only_some_rows_have_are_an_error() -> None:
    answer = {"predictions": [{"score": 0.5, "predicted_label": 1}, {"score": 0.5}]}
    with pytest.raises(AnswerError, match="null"):
        make("sagemaker-json", {}).decode(body(answer), 2)


def test_no_answers_are_none_and_not_nothing() -> None:
    reply = make("vertex", {}).decode(b'{"predictions": []}', 2)
    assert len(reply.values) == 0


def test_options_stand_over_a_preset() -> None:
    protocol = make("bentoml", {"body": '{"rows": "$rows"}'})
    assert protocol.encode(X).body == body({"rows": [ROW, OTHER]})
    with pytest.raises(OptionError, match="bodi"):
        make("bentoml", {"bodi": "csv"})


def ask(name: str, response: httpx2.Response, **said: Any) -> Any:
    served = httpx2.MockTransport(lambda request: response)
    return HttpBox(Endpoint("http://localhost:1/x", name, **said), transport=served).ask(X)


@pytest.mark.parametrize("seen", ANSWERS)
def test_a_box_of_a_preset_answers(seen: str) -> None:
    name, answer, values, labels, classes = ANSWERS[seen]
    rows = FRAME if name == "vertex-automl" else X
    served = httpx2.MockTransport(lambda request: httpx2.Response(200, content=answer))
    reply = HttpBox(Endpoint("http://localhost:1/x", name), transport=served).ask(rows)
    assert (None if reply.values is None else reply.values.tolist()) == values
    assert (None if reply.labels is None else np.ravel(reply.labels).tolist()) == labels
    assert reply.classes == classes


def test_torchserve_says_no_content_type() -> None:
    reply = ask("torchserve", httpx2.Response(200, content=body(PROBABILITIES)))
    assert reply.values.tolist() == PROBABILITIES


def test_azure_wraps_the_failure_of_a_model() -> None:
    wrapped = httpx2.Response(
        424, headers={"ms-azureml-model-error-statuscode": "400"}, text="X has 3 features"
    )
    with pytest.raises(AttemptError, match="X has 3 features") as caught:
        ask("azureml", wrapped)
    assert caught.value.status == 400
    assert caught.value.fatal
    busy = httpx2.Response(424, headers={"ms-azureml-model-error-statuscode": "503"})
    with pytest.raises(AttemptError) as caught:
        ask("azureml", busy)
    assert caught.value.status == 503
    assert not caught.value.fatal


def test_declared_classes_are_matched_by_name() -> None:
    answer = {"data": {"names": list(CLASSES)[::-1], "ndarray": PROBABILITIES}}
    reply = ask("seldon", httpx2.Response(200, json=answer), classes=CLASSES)
    assert reply.values.tolist() == [row[::-1] for row in PROBABILITIES]


def test_declared_classes_name_those_that_azure_numbers() -> None:
    answer = {"result": PROBABILITIES, "classes": [2, 1, 0]}
    reply = ask("azureml", httpx2.Response(200, json=answer), classes=CLASSES)
    assert reply.values.tolist() == [row[::-1] for row in PROBABILITIES]

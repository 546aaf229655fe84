"""Where an answer lies in a service's own JSON; and that no JSON upsets those who read it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters.http._clues import clues
from surrogate.adapters.http._exchange import Answer
from surrogate.adapters.http._openapi import Operation, operations
from surrogate.adapters.http._paths import template_for
from surrogate.adapters.http._place import place_of
from surrogate.adapters.http.protocols import Template

ROWS, ROW = '{"x": "$rows"}', '{"x": "$row"}'
PLACES: list[tuple[str, Any, dict[str, str] | None]] = [
    (ROWS, [[0.25, 0.75]], {"values": ""}),
    (
        ROWS,
        {"result": [[0.25, 0.75]], "classes": [0, 1]},
        {"values": "result", "classes": "classes"},
    ),
    (ROWS, {"ms": 3.5, "out": {"p": [[0.25, 0.75]]}, "version": 1}, {"values": "out.p"}),
    (ROWS, {"ms": 3.5, "status": "ok"}, None),
    (ROWS, {"error": "no"}, None),
    (ROWS, ["yes"], {"labels": ""}),
    (ROWS, "yes", None),
    (ROWS, {"prediction": 7.5}, None),
    (ROW, {"prediction": 7.5, "ms": 3.0}, {"values": "prediction"}),
    (ROW, {"prediction": "yes", "probability": 0.75}, {"labels": "prediction"}),
    (
        ROW,
        {"prediction": "yes", "probabilities": {"no": 0.25, "yes": 0.75}},
        {"values": "probabilities"},
    ),
    (ROW, {"class": 2, "ms": 3}, {"labels": "class"}),
    (ROW, 7.5, {"values": ""}),
    (
        ROWS,
        {"predictions": [{"score": 0.75, "predicted_label": 1}]},
        {"values": "predictions.*.score"},
    ),
    (
        ROWS,
        {"predictions": [{"label": "a", "prob": [0.75, 0.25]}]},
        {"values": "predictions.*.prob"},
    ),
    (ROWS, {"logits": [[2.5, -1.5]], "p": [[3.0, 4.0]]}, {"values": "logits"}),
    (ROWS, {"a.b": [[0.25, 0.75]]}, {"values": ""}),
]


@pytest.mark.parametrize(("request_", "answer", "wanted"), PLACES)
def test_where_the_answer_is(request_: str, answer: Any, wanted: dict[str, str] | None) -> None:
    body = json.dumps(answer).encode()
    found = template_for(request_, body)
    if wanted is None:
        assert found is None
        return
    assert found is not None
    options, reply = found
    assert options == {"body": request_, **wanted}
    again = Template(**options).decode(body, 1)
    for one, other in ((reply.values, again.values), (reply.labels, again.labels)):
        assert np.array_equal(one, other)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["p", "result", "classes", "*", "", "a?"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from([ROWS, ROW]))
def test_any_answer_can_be_looked_through(answer: Any, request_: str) -> None:
    found = template_for(request_, json.dumps(answer).encode())
    if found is not None:
        options, reply = found
        assert len(reply.labels if reply.values is None else reply.values) == 1
        Template(**options)


SCHEMA_KEYS = (
    *("openapi", "paths", "/predict", "/x", "post", "requestBody", "content", "application/json"),
    *("schema", "type", "properties", "items", "required", "anyOf", "$ref", "components"),
    *("name", "models", "inputs", "platform", "extensions", "server", "workers_per_device"),
    *(
        "stream",
        "model_type",
        "classifier",
        "id2label",
        "object",
        "data",
        "status",
        "info",
        "contact",
    ),
)
SCHEMA = st.recursive(
    st.none()
    | st.integers(0, 2)
    | st.sampled_from(
        ["object", "array", "string", "list", "#/paths", "#/components", "/x", "iris"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(SCHEMA_KEYS), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(SCHEMA, st.sampled_from(["", "/predict", "/x"]))
def test_any_description_can_be_read(spec: Any, path: str) -> None:
    for operation in operations(spec, path=path, columns=("a", "b")):
        assert operation.path in ("/predict", "/x", "")
        for body in operation.bodies:
            json.loads(body)


@given(
    SCHEMA, st.sampled_from(["", "/v2/models/iris", "/v1/models/iris", "/predict", "/invocations"])
)
def test_any_metadata_can_be_read(said: Any, path: str) -> None:
    place = place_of("http://localhost" + path)
    body = json.dumps(said).encode()
    for clue in clues(
        lambda url, request: Answer(body, ()), place, model=place.model, columns=None
    ):
        assert clue.protocol
        assert clue.text.isprintable()


def at(path: str, schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"paths": {path: {"post": {"requestBody": {"content": content}}}}}


LISTS = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}


@pytest.mark.parametrize(
    ("schema", "bodies"),
    [
        (LISTS, ('"$rows"',)),
        ({"type": "array", "items": {"type": "number"}}, ('"$row"',)),
        ({"type": "array", "items": {"type": "object"}}, ('"$records"',)),
        ({"type": "array", "items": {"type": "string"}}, ('"$texts"',)),
        ({"type": "object", "properties": {"x": LISTS}}, ('{"x": "$rows"}',)),
        ({"type": "object", "properties": {"x": {"type": "string"}}}, ('{"x": "$text"}',)),
        ({"type": "object", "properties": {"x": {"type": "tensor"}}}, ('{"x": "$rows"}',)),
        (
            {
                "required": ["x", "k"],
                "properties": {"x": LISTS, "k": {"type": "integer", "default": 5}},
            },
            ('{"x": "$rows"}',),
        ),
        (
            {"required": ["a"], "properties": {"a": {"type": "number"}, "b": {"type": "string"}}},
            ('"$record"',),
        ),
        ({"anyOf": [LISTS, {"type": "string"}]}, ('"$rows"', '"$text"')),
        ({"required": ["x", "y"], "properties": {"x": LISTS, "y": LISTS}}, ()),
        ({"type": "object"}, ()),
        ({}, ()),
    ],
)
def test_bodies_by_their_schema(schema: Any, bodies: tuple[str, ...]) -> None:
    found = operations(at("/predict", schema), path="", columns=("a", "b"))
    assert found == [Operation("/predict", bodies)]


def test_operations_that_predict_and_no_others() -> None:
    spec = {"paths": {}}
    for path in (
        "/train",
        "/predict",
        "/predict/submit",
        "/classify_iris",
        "/{model}/predict",
        "/x?y",
    ):
        spec["paths"] |= at(path, LISTS)["paths"]
    assert [o.path for o in operations(spec, path="", columns=None)] == [
        "/predict",
        "/classify_iris",
    ]
    assert [o.path for o in operations(spec, path="/api/train", columns=None)] == ["/train"]


@pytest.mark.parametrize(
    ("url", "root", "model", "hints"),
    [
        ("http://h:1", "http://h:1", "", ()),
        ("http://h/team/v2/models/a%20b/versions/3/infer", "http://h/team", "a b", ("v2",)),
        ("http://h/v1/models/m:predict", "http://h", "m", ("v1",)),
        ("http://h/v1/chat/completions", "http://h", "", ("chat",)),
        ("http://h/invocations/", "http://h", "", ("mlflow", "sagemaker-json", "sagemaker")),
        ("http://h/predictions/net/1.0", "http://h", "net", ("torchserve",)),
        ("http://h/iris", "http://h", "", ()),
        (
            "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/e/invocations",
            "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/e",
            "",
            ("sagemaker-json", "sagemaker"),
        ),
        (
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/endpoints/7:predict",
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/endpoints",
            "",
            ("vertex", "vertex-automl"),
        ),
        (
            "https://x.westeurope.inference.ml.azure.com/score",
            "https://x.westeurope.inference.ml.azure.com",
            "",
            ("azureml", "azureml-mlflow"),
        ),
    ],
)
def test_what_a_url_shows(url: str, root: str, model: str, hints: tuple[str, ...]) -> None:
    place = place_of(url)
    assert (place.root, place.model, place.hints) == (root, model, hints)
    assert place.managed == url.startswith("https")

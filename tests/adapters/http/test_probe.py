"""What a probe finds out, and what it pays for that."""

from __future__ import annotations

import json
import logging
import socket
import time
import tomllib
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate.adapters.http import Endpoint, HttpBox, Secret
from surrogate.adapters.http.probe import Finding, probe
from surrogate.errors import AttemptError, DataError, InputError, ModelError, OptionError

from fake_services import Fake, Work, json_of, serving, takes

ROW = [5.1, 3.5, 1.4, 0.2]
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]
RECORD = dict(zip(NAMES, ROW))
P = [0.25, 0.5, 0.25]
V2 = {"name": "iris", "versions": [], "platform": "sklearn", "inputs": [], "outputs": []}
PING = (200, b"\n", {"Content-Type": "text/plain"})


def is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, list) for row in value)


def is_row(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and not is_rows(value)


def one(key: str, answer: Callable[[Any], Any], kind: Callable[[Any], bool] = is_rows) -> Any:
    """Takes an object with one field, and answers what is in it."""

    def fits(body: Any) -> Any:
        good = isinstance(body, dict) and list(body) == [key] and kind(body[key])
        return answer(body[key]) if good else None

    return fits


def probabilities(rows: Any) -> list[list[float]]:
    return [P for _ in rows]


def v2_answer(inputs: Any) -> Any:
    output = {"name": "p", "shape": [1, 3], "datatype": "FP64", "data": P}
    return {"model_name": "iris", "outputs": [output]}


def described(path: str, schema: Any, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {
        "openapi": "3.1.0",
        "paths": {path: {"post": {"requestBody": {"content": content}}}},
    } | more


def split_frame(body: Any) -> Any:
    frame = body.get("dataframe_split") if isinstance(body, dict) else None
    if not frame or frame["columns"] != NAMES:
        return None
    return {"predictions": probabilities(frame["data"])}


def scored(rows: Any) -> Any:
    return {"predictions": [{"score": 0.75, "predicted_label": 1.0} for _ in rows]}


def csv_only(path: str, body: bytes) -> Any:
    if path != "/invocations":
        return 404, b""
    if body != b"5.1,3.5,1.4,0.2\n":
        return 415, b"text/csv"
    return 200, b"0.25,0.5,0.25\n", {"Content-Type": "text/csv"}


FASTAPI_ROW = {
    "type": "object",
    "required": NAMES,
    "properties": {name: {"type": "number"} for name in NAMES},
}
KINDS: dict[str, tuple[dict[str, Any], Work, str, dict[str, Any], str, int]] = {
    # what GET says; what POST takes; where the probe starts; what is said; what it finds, for how
    # many rows sent
    "v2 by its path": (
        {"/v2/models/iris": V2},
        takes("/v2/models/iris/infer", one("inputs", v2_answer, bool)),
        "/v2/models/iris/infer",
        {},
        "v2",
        1,
    ),
    "v2 by its server, which lists its models": (
        {
            "/v2": {"name": "mlserver", "version": "1.7", "extensions": []},
            "/v2/repository/index": [{"name": "iris", "state": "READY"}],
            "/v2/models/iris": V2,
        },
        takes("/v2/models/iris/infer", one("inputs", v2_answer, bool)),
        "",
        {},
        "v2",
        1,
    ),
    "v2 without any metadata": (
        {},
        takes("/v2/models/iris/infer", one("inputs", v2_answer, bool)),
        "/v2/models/iris",
        {},
        "v2",
        1,
    ),
    "v1 of TensorFlow": (
        {"/v1/models/iris": {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}},
        takes("/v1/models/iris:predict", one("instances", lambda x: {"predictions": [P]})),
        "/v1/models/iris",
        {},
        "v1",
        1,
    ),
    "v1 of KServe, by its server": (
        {"/v1/models": {"models": ["iris"]}},
        takes("/v1/models/iris:predict", one("instances", lambda x: {"predictions": [P]})),
        "",
        {},
        "v1",
        1,
    ),
    "mlflow with a signature": (
        {"/version": (200, b"3.17.0", {"Content-Type": "text/plain"}), "/ping": PING},
        takes("/invocations", split_frame, status=400),
        "/invocations",
        {"columns": NAMES},
        "mlflow",
        1,
    ),
    "mlflow without one, by its server": (
        {"/version": (200, b"3.17.0"), "/ping": PING},
        takes("/invocations", one("inputs", lambda x: {"predictions": [P]}), status=400),
        "",
        {},
        "mlflow",
        1,
    ),
    "mlflow that takes no frame": (
        {"/version": (200, b"3.17.0")},
        takes("/invocations", one("inputs", lambda x: {"predictions": [P]}), status=400),
        "/invocations",
        {"columns": NAMES},
        "mlflow",
        2,
    ),
    "sagemaker in JSON": (
        {"/ping": (200, b"")},
        takes("/invocations", one("instances", scored, lambda x: list(x[0]) == ["features"])),
        "/invocations",
        {},
        "sagemaker-json",
        2,
    ),
    "sagemaker in CSV": ({"/ping": (200, b"")}, csv_only, "/invocations", {}, "sagemaker", 2),
    "seldon": (
        {"/health/ping": (200, b"pong")},
        takes(
            "/seldon/ns/iris/api/v1.0/predictions",
            one(
                "data",
                lambda d: {"data": {"names": ["a", "b", "c"], "ndarray": [P]}, "meta": {}},
                bool,
            ),
        ),
        "/seldon/ns/iris/api/v1.0/predictions",
        {},
        "seldon",
        1,
    ),
    "vertex": (
        {},
        takes(
            "/v1/projects/p/endpoints/7:predict", one("instances", lambda x: {"predictions": [P]})
        ),
        "/v1/projects/p/endpoints/7:predict",
        {},
        "vertex",
        1,
    ),
    "vertex automl": (
        {},
        takes(
            "/v1/projects/p/endpoints/7:predict",
            one(
                "instances",
                lambda x: {"predictions": [{"classes": ["a", "b", "c"], "scores": P}]},
                lambda x: x == [RECORD],
            ),
        ),
        "/v1/projects/p/endpoints/7:predict",
        {"columns": NAMES},
        "vertex-automl",
        2,
    ),
    "azure": (
        {"/": (200, b"Healthy")},
        takes("/score", one("input_data", lambda x: {"result": [P], "classes": [0, 1, 2]}, bool)),
        "/score",
        {},
        "azureml",
        1,
    ),
    "azure with mlflow, told by the same answer": (
        {"/": (200, b"Healthy")},
        takes("/score", one("input_data", lambda x: [P], bool)),
        "/score",
        {},
        "azureml-mlflow",
        1,
    ),
    "litserve": (
        {
            "/info": {
                "model": None,
                "server": {"workers_per_device": 1, "stream": {"/predict": False}},
            }
        },
        takes("/predict", one("input", lambda x: {"output": [P]})),
        "",
        {},
        "litserve",
        1,
    ),
    "litserve that takes one row": (
        {
            "/info": {
                "model": None,
                "server": {"workers_per_device": 1, "stream": {"/guess": False}},
            }
        },
        takes("/guess", one("input", lambda x: {"output": P}, is_row), status=500),
        "",
        {},
        "litserve",
        2,
    ),
    "bentoml": (
        {
            "/docs.json": described(
                "/classify",
                {"$ref": "#/components/schemas/In"},
                info={"contact": {"name": "BentoML Team"}},
                components={
                    "schemas": {
                        "In": {
                            "type": "object",
                            "required": ["rows"],
                            "properties": {"rows": {"type": "array", "items": {"type": "array"}}},
                        }
                    }
                },
            )
        },
        takes("/classify", one("rows", probabilities)),
        "",
        {},
        "bentoml",
        1,
    ),
    "a FastAPI service with a field a column": (
        {"/openapi.json": described("/predict", FASTAPI_ROW)},
        takes("/predict", lambda b: {"prediction": "yes", "ms": 3} if b == RECORD else None),
        "/predict",
        {"columns": NAMES},
        "template",
        1,
    ),
    "a FastAPI service, its answer deep inside": (
        {
            "/openapi.json": described(
                "/iris/guess", {"type": "object", "properties": {"x": {"type": "array"}}}
            )
        },
        takes(
            "/iris/guess",
            one("x", lambda x: {"ms": 1.5, "out": {"p": [P]}, "classes": ["a", "b", "c"]}),
        ),
        "/iris/guess",
        {},
        "template",
        1,
    ),
    "torchserve": (
        {"/ping": {"status": "Healthy"}},
        takes("/predictions/iris", one("data", probabilities)),
        "/predictions/iris",
        {},
        "torchserve",
        1,
    ),
    "ray serve": (
        {"/-/routes": {"/": "default"}},
        takes("/", lambda body: [P] if is_rows(body) else None),
        "",
        {},
        "rayserve",
        1,
    ),
    "a service of its own, nothing known of it": (
        {},
        takes("/iris", one("data", lambda x: {"result": [0.75]})),
        "/iris",
        {},
        "template",
        3,
    ),
}


@pytest.fixture
def fake() -> Iterator[Callable[[Any, Work], Fake]]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield lambda free, work: stack.enter_context(serving(Fake(free, work)))


def refuses(path: str, body: bytes) -> Any:
    return 404, b'{"error": "no such path"}'


def asked_again(finding: Finding, tmp_path: Path, row: Any) -> Any:
    """What the endpoint file of a finding gives, as a user would use it."""
    path = tmp_path / "endpoint.toml"
    path.write_text(finding.toml, encoding="utf-8")
    box = HttpBox(Endpoint.from_toml(path))
    assert repr(box.endpoint) == repr(finding.endpoint)
    try:
        return box.ask(row)
    finally:
        box.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_found_and_paid(kind: str, fake: Any, tmp_path: Path) -> None:
    free, work, path, said, protocol, paid = KINDS[kind]
    server = fake(free, work)
    finding = probe(server.url + path, ROW, **said)
    assert finding.protocol == protocol, finding
    assert finding.confirmed
    assert finding.evidence
    assert len(server.posts) == finding.rows_sent == paid, finding
    assert server.billed == 1
    free_asked = [a.url.removeprefix(server.url) or "/" for a in finding.asked if not a.rows]
    assert free_asked == server.gets
    before = len(server.posts)
    reply = asked_again(finding, tmp_path, np.array([ROW]))
    assert len(server.posts) == before + 1
    assert server.posts[-1] == server.posts[before - 1]  # the same request as was answered
    part = reply.labels if reply.values is None else reply.values
    assert len(part) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_row_none_is_sent(kind: str, fake: Any) -> None:
    free, work, path, said, protocol, _ = KINDS[kind]
    server = fake(free, work)
    finding = probe(server.url + path, **said)
    assert server.posts == []
    assert finding.rows_sent == 0
    assert not finding.confirmed
    assert finding.missing[-1].startswith("a row: ")
    assert "no row has shown it yet" in str(finding) or "does not say what it speaks" in str(
        finding
    )
    alike = {
        "sagemaker-json": "mlflow",
        "sagemaker": "mlflow",
        "vertex-automl": "vertex",
        "azureml-mlflow": "azureml",
    }
    if kind != "a service of its own, nothing known of it":
        assert finding.protocol == alike.get(protocol, protocol)
        tomllib.loads(finding.toml)


def test_metadata_that_is_sure_ends_the_asking(fake: Any) -> None:
    server = fake({"/v2/models/iris": V2}, refuses)
    probe(server.url + "/v2/models/iris")
    assert server.gets == ["/v2/models/iris"]


def test_v2_metadata_names_the_input_and_its_type(fake: Any) -> None:
    tensor = {"name": "float_input", "datatype": "FP32", "shape": [-1, 4]}
    seen = []

    def work(path: str, body: bytes) -> Any:
        seen.append(json_of(body)["inputs"])
        return 200, json.dumps(v2_answer(None)).encode()

    server = fake({"/v2/models/iris": {**V2, "inputs": [tensor]}}, work)
    finding = probe(server.url + "/v2/models/iris", ROW)
    assert finding.endpoint.options == {"input": "float_input", "datatype": "FP32"}
    assert (seen[0][0]["name"], seen[0][0]["datatype"]) == ("float_input", "FP32")


def test_v2_metadata_names_the_columns(fake: Any) -> None:
    inputs = [{"name": name, "datatype": "FP64", "shape": [-1, 1]} for name in NAMES]
    server = fake(
        {"/v2/models/iris": {**V2, "inputs": inputs}},
        takes("/v2/models/iris/infer", lambda b: v2_answer(b) if len(b["inputs"]) == 4 else None),
    )
    finding = probe(server.url + "/v2/models/iris", ROW)
    assert finding.endpoint.columns == tuple(NAMES)
    assert [i["name"] for i in json_of(server.posts[0][1])["inputs"]] == NAMES


def test_whole_numbers_of_v2_may_be_labels(fake: Any) -> None:
    answer = {"outputs": [{"name": "predict", "shape": [1, 1], "datatype": "INT64", "data": [2]}]}
    server = fake({"/v2/models/iris": V2}, lambda path, body: (200, json.dumps(answer).encode()))
    finding = probe(server.url + "/v2/models/iris", ROW)
    assert any("predict_proba" in line for line in finding.missing)
    assert '# answer = "predict_proba"' in finding.toml
    assert 'task = "..."' in finding.missing[0]


def test_several_models_are_listed_and_none_is_asked(fake: Any) -> None:
    free = {
        "/v2": {"name": "triton", "version": "2", "extensions": []},
        "/v2/repository/index": [{"name": "iris"}, {"name": "wine"}],
        "/v2/models/wine": {**V2, "name": "wine"},
    }
    server = fake(free, takes("/v2/models/wine/infer", one("inputs", v2_answer, bool)))
    finding = probe(server.url, ROW)
    assert (finding.protocol, finding.confirmed, finding.endpoint) == ("v2", False, None)
    assert any("iris, wine" in text for text in finding.evidence)
    assert server.posts == []
    assert probe(server.url, ROW, model="wine").confirmed


# ---- texts ----


def of_text(body: Any) -> Any:
    return [{"label": "good", "score": 0.75}, {"label": "bad", "score": 0.25}] if body else None


def test_hugging_face_takes_a_text(fake: Any) -> None:
    server = fake(
        {}, takes("/sentiment", lambda b: of_text(b.get("inputs") == "Fine." and "parameters" in b))
    )
    finding = probe(server.url + "/sentiment", "Fine.")
    assert (finding.protocol, finding.rows_sent) == ("huggingface", 1)
    assert "names of their classes" in finding.answer


def test_text_embeddings_inference_names_its_classes(fake: Any) -> None:
    info = {"model_id": "m", "model_type": {"classifier": {"id2label": {"0": "bad", "1": "good"}}}}
    server = fake({"/info": info}, takes("/predict", lambda b: of_text(list(b) == ["inputs"])))
    finding = probe(server.url, "Fine.")
    assert (finding.protocol, finding.rows_sent) == ("huggingface", 1)
    assert finding.endpoint.classes == ("bad", "good")
    assert finding.missing == ()


LISTED = {"object": "list", "data": [{"id": "small", "object": "model"}]}


def test_a_chat_model_is_told_its_classes_first(fake: Any) -> None:
    top = [{"token": "good", "logprob": -0.1}, {"token": "bad", "logprob": -2.4}]
    said = {"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]}
    server = fake({"/v1/models": LISTED}, takes("/v1/chat/completions", lambda b: said))
    finding = probe(server.url, "Fine.")
    assert (finding.protocol, finding.confirmed, server.posts) == ("chat", False, [])
    assert "needs two or more labels" in finding.missing[0]
    finding = probe(server.url, "Fine.", classes=["bad", "good"])
    assert (finding.protocol, finding.confirmed, finding.rows_sent) == ("chat", True, 1)
    assert json_of(server.posts[0][1])["model"] == "small"
    assert 'model = "small"' in finding.toml


def test_a_chat_server_is_not_asked_with_a_table(fake: Any) -> None:
    server = fake({"/v1/models": LISTED}, refuses)
    with pytest.raises(ModelError, match="None of the protocols known here fits"):
        probe(server.url, ROW)
    assert not any("chat" in path for path, _ in server.posts)


# ---- hostile and broken servers ----


def test_nothing_fits(fake: Any) -> None:
    server = fake({}, lambda path, body: (422, b'{"detail": "rows: Field required"}'))
    with pytest.raises(ModelError) as caught:
        probe(server.url + "/iris", ROW, max_calls=3)
    text = str(caught.value)
    assert text.startswith(
        f"None of the protocols known here fits {server.url}/iris within 3 calls"
    )
    assert text.count("one row: did not understand the rows (HTTP 422): rows: Field required") == 3
    assert f"GET {server.url}/openapi.json: has no such path (HTTP 404)" in text
    assert "Give columns= if it takes columns by name, protocol=" in text
    assert len(server.posts) == 3


def test_a_path_that_is_not_there_is_asked_once(fake: Any) -> None:
    server = fake({}, refuses)
    with pytest.raises(ModelError, match="no such path"):
        probe(server.url + "/iris", ROW, max_calls=50)
    assert len(server.posts) == 1


def test_a_known_server_is_not_asked_in_other_ways(fake: Any) -> None:
    server = fake(
        {"/version": (200, b"3.17.0")}, lambda path, body: (400, b'{"message": "bad names"}')
    )
    with pytest.raises(ModelError, match="seems to speak mlflow, and did not answer") as caught:
        probe(server.url + "/invocations", ROW)
    assert "bad names" in str(caught.value)
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refused the key"), (403, "refused the key"), (429, "asks to wait")]
)
def test_a_refusal_ends_it(status: int, words: str, fake: Any) -> None:
    server = fake({"*": (status, b"{}")}, lambda path, body: (status, b'{"error": "no"}'))
    with pytest.raises(AttemptError, match=words):
        probe(server.url + "/iris", ROW)
    assert len(server.posts) == 1


def test_a_server_that_says_yes_to_everything_says_nothing(fake: Any) -> None:
    page = (200, b"<html><body>Welcome</body></html>", {"Content-Type": "text/html"})
    server = fake({"*": page}, lambda path, body: page)
    assert probe(server.url).protocol == ""
    with pytest.raises(ModelError, match="a page of HTML or XML") as caught:
        probe(server.url + "/iris", ROW, max_calls=2)
    assert "Welcome" not in str(caught.value)
    server = fake({"*": {}}, lambda path, body: (200, b"{}"))
    assert probe(server.url).protocol == ""


def test_an_echo_is_no_answer(fake: Any) -> None:
    server = fake({}, lambda path, body: (200, body))
    with pytest.raises(ModelError, match="gives the row back"):
        probe(server.url + "/iris", ROW)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b'{"predictions": [[0.5, 0.5], [0.5, 0.5]]}', "2 answers to 1 row"),
        (b'{"predictions": []}', "0 answers to 1 row"),
        (b'{"predictions": [[NaN, 0.5]]}', "not finite|no number|NaN"),
        (b'{"predictions": [[null, 0.5]]}', "null"),
        (b'{"predictions": [[0.5', "ends too early"),
        (b"[" * 100_000, "nested more than"),
        (b'{"predictions": {"rows": "\xff"}}', "."),
        (b"", "empty"),
        (b"\x00\x01\x02", "not JSON"),
    ],
)
def test_answers_that_are_none(answer: bytes, words: str, fake: Any) -> None:
    server = fake({}, lambda path, body: (200, answer))
    with pytest.raises(ModelError, match=words):
        probe(server.url + "/v1/models/iris:predict", ROW, max_calls=1)


def test_classes_are_held_against_the_answer(fake: Any) -> None:
    server = fake({}, lambda path, body: (200, b'{"predictions": [[0.5, 0.25, 0.25]]}'))
    with pytest.raises(ModelError, match="3 columns for 2 classes"):
        probe(server.url + "/v1/models/iris:predict", ROW, classes=["a", "b"], max_calls=1)


def test_an_endless_answer_is_cut_off(fake: Any) -> None:
    server = fake({}, lambda path, body: (200, b'"' + b"x" * (5 * 2**20) + b'"'))
    with pytest.raises(ModelError, match="sent more than 4,194,304 bytes"):
        probe(server.url + "/v1/models/iris:predict", ROW, max_calls=1)


def test_a_redirect_is_not_followed(fake: Any) -> None:
    elsewhere = fake({}, lambda path, body: (200, b'{"predictions": [1.5]}'))
    moved = (302, b"", {"Location": elsewhere.url + "/x"})
    server = fake({"*": moved}, lambda path, body: moved)
    with pytest.raises(ModelError, match="redirects to"):
        probe(server.url + "/iris", ROW)
    assert len(server.posts) == 1
    assert elsewhere.posts == elsewhere.gets == []


def test_rows_without_an_answer_are_not_sent_on_and_on(fake: Any) -> None:
    server = fake({}, lambda path, body: None)
    with pytest.raises(AttemptError, match="The rows may be billed"):
        probe(server.url + "/iris", ROW)
    assert len(server.posts) == 2


def test_metadata_that_stalls_is_left(fake: Any) -> None:
    def work(path: str, body: bytes) -> Any:
        return 200, b'{"predictions": [7.5]}'

    class Slow(dict[str, Any]):
        def get(self, path: str, default: Any = None) -> Any:
            time.sleep(0.6)
            return None

    server = fake(Slow(), work)
    finding = probe(server.url + "/v1/models/iris:predict", ROW, timeout=0.2)
    assert finding.protocol == "v1"
    assert len([one for one in finding.asked if not one.rows]) == 2


def test_no_server() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(AttemptError, match="refused the connection") as caught:
        probe(f"http://127.0.0.1:{port}/v1/models/iris", ROW)
    assert caught.value.reason == "unsent"


def test_a_hostile_description_sends_the_row_nowhere_else(fake: Any) -> None:
    schema = {"type": "array", "items": {"type": "array"}}
    spec: dict[str, Any] = {
        "openapi": "3.1.0",
        "paths": {},
        "servers": [{"url": "http://127.0.0.1:1"}],
    }
    for path in (
        "/admin/delete",
        "//127.0.0.1:1/predict",
        "/../predict",
        "@127.0.0.1:1/predict",
        "/predict?x=1",
    ):
        spec["paths"][path] = described(path, schema)["paths"][path]
    server = fake({"/openapi.json": spec}, refuses)
    with pytest.raises(ModelError):
        probe(server.url, ROW, max_calls=20)
    assert not {path for path, _ in server.posts} & {"/admin/delete", "/predict?x=1", "/../predict"}
    looped = described("/predict", {"$ref": "#/a"}, a={"$ref": "#/a"})
    assert probe(fake({"/openapi.json": looped}, refuses).url).protocol in ("", "template")


# ---- what the user says ----


def test_only_the_protocol_that_was_said_is_tried(fake: Any) -> None:
    server = fake({}, takes("/iris", one("instances", lambda x: {"predictions": [P]})))
    assert probe(server.url + "/iris", ROW, protocol="vertex").protocol == "vertex"
    with pytest.raises(ModelError):
        probe(server.url + "/iris", ROW, protocol="torchserve")
    assert len(server.posts) == 2
    with pytest.raises(OptionError, match="no protocol 'vertx'"):
        probe(server.url + "/iris", ROW, protocol="vertx")


@pytest.mark.parametrize(
    "row",
    [ROW, tuple(ROW), np.array(ROW), np.array([ROW]), RECORD, {k: [v] for k, v in RECORD.items()}],
    ids=["list", "tuple", "array", "matrix", "mapping", "columns"],
)
def test_rows_of_all_kinds(row: Any, fake: Any) -> None:
    server = fake(
        {}, takes("/v1/models/iris:predict", one("instances", lambda x: {"predictions": [P]}))
    )
    assert probe(server.url + "/v1/models/iris", row).confirmed
    assert json_of(server.posts[0][1]) == {"instances": [ROW]}


def test_a_row_of_numbers_and_texts_keeps_both(fake: Any) -> None:
    server = fake({}, takes("/v1/models/m:predict", lambda b: {"predictions": [1.5]}))
    probe(server.url + "/v1/models/m", [39, "clerk"])
    assert json_of(server.posts[0][1]) == {"instances": [[39, "clerk"]]}


@pytest.mark.parametrize("row", [[ROW, ROW], {"a": [1, 2]}, np.float64(3.0), 3])
def test_one_row_and_no_more(row: Any) -> None:
    with pytest.raises(DataError, match="one row"):
        probe("http://127.0.0.1:1/v1/models/m", row)


def test_columns_that_do_not_fit_the_row() -> None:
    with pytest.raises(DataError, match="takes 2 columns; the rows have 4"):
        probe("http://127.0.0.1:1/v1/models/m", ROW, columns=["a", "b"])


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://h/x", "http://u:pw@h/x", "http://h/x?k=1"]
)
def test_a_wrong_url_is_said(url: str) -> None:
    with pytest.raises(InputError) as caught:
        probe(url, ROW)
    assert "pw" not in str(caught.value)


# ---- secrets ----

CANARY = "sk-canary-9f8e7d"


def test_no_secret_is_told(fake: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def work(path: str, body: bytes) -> Any:
        return 422, json.dumps({"detail": f"not with the key {CANARY}"}).encode()

    free = {"/v2": {"name": CANARY, "extensions": []}, "/v2/models": {"models": [CANARY, "x", "y"]}}
    server = fake({**free, "/version": (200, f"echo {CANARY}".encode())}, work)
    finding = probe(server.url, ROW, headers={"X-API-Key": CANARY})
    assert finding.protocol == "v2"
    assert CANARY not in str(finding) + repr(finding)
    server.free = {"/version": (200, f"echo {CANARY}".encode())}
    with pytest.raises(ModelError) as caught:
        probe(server.url + "/iris", ROW, headers={"X-API-Key": CANARY}, max_calls=2)
    assert all(dict(h).get("X-API-Key") == CANARY for h in server.headers)
    assert CANARY not in str(caught.value) + repr(caught.value) + caplog.text
    walked = [frame for frame, _ in traceback.walk_tb(caught.tb)]
    seen = [repr(f.f_locals) for f in walked if f.f_code.co_filename != __file__]
    assert seen
    assert CANARY not in "".join(seen)


def test_the_file_names_secrets_and_holds_none(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRIS_KEY", CANARY)
    server = fake({}, takes("/v1/models/m:predict", lambda b: {"predictions": [7.5]}))
    finding = probe(
        server.url + "/v1/models/m",
        ROW,
        headers={"X-API-Key": CANARY, "X-Region": "eu", "Token": Secret.env("IRIS_KEY")},
        params={"api-version": "2", "code": CANARY},
        auth=Secret.env("IRIS_KEY"),
    )
    said = tomllib.loads(finding.toml)
    assert said["headers"] == {
        "X-API-Key": "${X_API_KEY}",
        "X-Region": "eu",
        "Token": "${IRIS_KEY}",
    }
    assert said["params"] == {"api-version": "2", "code": "${MODEL_CODE}"}
    assert said["auth"] == "${IRIS_KEY}"
    assert [line.partition(":")[0] for line in finding.missing[-2:]] == ["X_API_KEY", "MODEL_CODE"]
    assert CANARY not in str(finding) + repr(finding)


def test_a_hook_is_given_again_in_python(fake: Any) -> None:
    signed = []
    server = fake({}, takes("/v1/models/m:predict", lambda b: {"predictions": [7.5]}))
    finding = probe(
        server.url + "/v1/models/m", ROW, auth=lambda request: signed.append(request.method)
    )
    assert set(signed) == {"GET", "POST"}
    assert any('wrap("endpoint.toml", auth=...)' in line for line in finding.missing)
    assert "auth" not in tomllib.loads(finding.toml)

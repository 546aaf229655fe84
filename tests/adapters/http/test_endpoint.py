from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters.http import Endpoint, Secret
from surrogate.adapters.http._toml import to_toml
from surrogate.adapters.http.protocols import V1, V2, Chat
from surrogate.errors import InputError, OptionError

URL = "https://models.example/v1/models/fraud"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("models.example/score", "must begin with http:// or https:// and a host"),
        ("ftp://models.example", "must begin with http:// or https://"),
        ("https://", "and a host; got 'https://'"),
        (
            "https://me:pw@models.example/x",
            r"holds a user or password \(https://models.example/x\)",
        ),
        (
            "https://models.example/x?code=pw",
            r"has a query or fragment after https://models.exampl",
        ),
        ("https://models.example/x#pw", "has a query or fragment"),
        ("https://models.example:port/pw", "is no URL"),
        ("http://[::1/x", "is no URL"),
        (
            "https://models.example/score",
            r"does not show which protocol.*surrogate probe https://mod",
        ),
    ],
)
def test_urls_that_are_none(url: str, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        Endpoint(url)
    assert "pw" not in str(caught.value).replace("/pw'", "")


@pytest.mark.parametrize(
    "credential",
    [
        {"headers": {"X-API-Key": "k"}},
        {"headers": {"X-Tenant": Secret("k")}},
        {"params": {"code": "k"}},
        {"auth": Secret("k")},
        {"auth": print},
    ],
)
@pytest.mark.parametrize("host", ["models.example", "192.168.1.7", "127.0.0.1.models.example"])
def test_credentials_go_over_https(host: str, credential: dict[str, Any]) -> None:
    with pytest.raises(
        OptionError, match=rf"would go to http://{host}/v1.* in the clear; use https"
    ):
        Endpoint(f"http://{host}/v1/models/m", **credential)
    assert Endpoint(f"https://{host}/v1/models/m", **credential).has_credential
    assert not Endpoint(f"http://{host}/v1/models/m").has_credential
    for here in ("localhost", "127.0.0.1", "127.3.2.1", "[::1]"):
        assert Endpoint(f"http://{here}:8000/v1/models/m", **credential).has_credential


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows_per_call": 0}, r"`rows_per_call` parameter of Endpoint must be an int in \[1"),
        ({"concurrency": 0}, "`concurrency` parameter"),
        ({"rate": 0}, "`rate` parameter"),
        ({"price_per_row": -1}, "`price_per_row` parameter"),
        ({"deadline": float("inf")}, "`deadline` parameter"),
        ({"read_timeout": 0}, "`read_timeout` parameter"),
        ({"max_bytes": 10}, "`max_bytes` parameter"),
        ({"ca_file": "none.pem"}, r"`ca_file` of Endpoint is no file: none\.pem"),
        (
            {"auth": "sk-123"},
            r"must be a callable, a Secret or None; got a str\. A key is given as",
        ),
        ({"headers": ["a"]}, "`headers` parameter of Endpoint must be a mapping"),
        ({"headers": {"A": 1}}, "must hold strings and secrets; 'A' is a int"),
        (
            {"protocol": "mlfow"},
            r"no protocol 'mlfow' \(did you mean 'mlflow'\?\); there are: v2, v1",
        ),
        ({"options": {"modle": "x"}}, "has no parameter `modle`; did you mean `model`"),
        ({"protocol": "chat"}, "'chat' needs the option model"),
        ({"protocol": V1(), "options": {"model": "x"}}, "where it is made, not twice"),
        ({"classes": ("a",)}, "at least two classes"),
        ({"classes": ("a", "b"), "task": "regression"}, "belongs to classification"),
        ({"columns": ("a", "a")}, "names 'a' twice"),
    ],
)
def test_wrong_parameters_are_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        Endpoint(URL, **options)
    assert "sk-123" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "options", "target"),
    [
        ("http://h/v2/models/m", {}, "http://h/v2/models/m/infer"),
        ("http://h/v2/models/m/versions/3", {}, "http://h/v2/models/m/versions/3/infer"),
        ("http://h/v2/models/m/infer", {}, "http://h/v2/models/m/infer"),
        (
            "http://h",
            {"protocol": "v2", "options": {"model": "m", "version": "3"}},
            "http://h/v2/models/m/versions/3/infer",
        ),
        ("http://h/gate/v2/", {"protocol": V2(model="m")}, "http://h/gate/v2/models/m/infer"),
        ("http://h/v1/models/m", {}, "http://h/v1/models/m:predict"),
        ("http://h/v1/models/m:predict", {}, "http://h/v1/models/m:predict"),
        ("http://h/", {"protocol": V1(model="m")}, "http://h/v1/models/m:predict"),
        ("http://h", {"protocol": "mlflow"}, "http://h/invocations"),
        ("http://h/serve", {"protocol": "mlflow"}, "http://h/serve"),
        ("http://h/models/x", {"protocol": "huggingface"}, "http://h/models/x"),
        ("http://h/v1", {"protocol": Chat("x", labels=("a", "b"))}, "http://h/v1/chat/completions"),
        ("http://h", {"protocol": "seldon"}, "http://h/api/v1.0/predictions"),
    ],
)
def test_the_protocol_completes_the_url(url: str, options: dict[str, Any], target: str) -> None:
    assert Endpoint(url, **options).target == target


def test_a_server_without_a_model_asks_for_one() -> None:
    for name in ("v1", "v2"):
        with pytest.raises(InputError, match=f"The {name} protocol needs a model"):
            Endpoint("http://h", name)


def test_columns_and_classes_reach_the_protocol() -> None:
    mlflow = Endpoint("http://h", "mlflow", columns=("a", "b")).wire_protocol()
    assert mlflow.columns == ("a", "b")
    chat = Endpoint("http://h", "chat", options={"model": "x"}, classes=("a", "b")).wire_protocol()
    assert chat.labels == ("a", "b")


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://models.example/v1/models/other"},
        {"version": "2"},
        {"options": {"answer": "score"}},
        {"columns": ("b", "a")},
        {"classes": ("y", "x")},
        {"params": {"api-version": "2"}},
        {"protocol": "mlflow"},
    ],
)
def test_other_answers_have_another_identity(change: dict[str, Any]) -> None:
    said = {
        "url": URL,
        "columns": ("a", "b"),
        "classes": ("x", "y"),
        "params": {"api-version": "1"},
    }
    assert Endpoint(**{**said, **change}).terms.identity != Endpoint(**said).terms.identity


def test_what_does_not_change_answers_does_not_change_the_identity() -> None:
    secret = {"headers": {"X-API-Key": "abc"}, "params": {"code": "abc"}, "name": "fraud"}
    other = Endpoint(URL, **secret, rate=3.0, price_per_row=0.5, rows_per_call=7, read_timeout=5.0)
    assert other.terms.identity == Endpoint(URL).terms.identity
    assert "abc" not in other.terms.identity
    terms = other.terms
    assert (terms.rate, terms.price_per_row, terms.currency) == (3.0, 0.5, "USD")


FILE = """
url = "https://models.example/v1/models/fraud"
name = "fraud"
version = "2024-05"
classes = ["fine", "fraud"]
columns = ["age", "amount"]
rows_per_call = 64
concurrency = 8
rate = 20.0
price_per_row = 0.0004
deadline = 3600.0
auth = "${FRAUD_TOKEN}"

[options]
key = "inputs"

[headers]
X-API-Key = "${FRAUD_KEY}"
Authorization = "Bearer ${FRAUD_TOKEN}"
Accept = "application/json"

[params]
api-version = "3"
"""


def test_a_file_comes_in_and_goes_out_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_KEY", "sk-1")
    monkeypatch.setenv("FRAUD_TOKEN", "tk-2")
    path = tmp_path / "fraud.toml"
    path.write_text(FILE)
    endpoint = Endpoint.from_toml(path)
    assert endpoint.label == "fraud"
    assert endpoint.classes == ("fine", "fraud")
    assert endpoint.target.endswith("fraud:predict")
    assert endpoint.wire_protocol() == V1(key="inputs", columns=("age", "amount"))
    key, accept = endpoint.headers["Authorization"], endpoint.headers["Accept"]
    assert isinstance(key, Secret)
    assert key.reveal() == "Bearer tk-2"
    assert accept == "application/json"
    text = endpoint.to_toml()
    assert not any(secret in text for secret in ("sk-1", "tk-2"))
    (tmp_path / "again.toml").write_text(text)
    again = Endpoint.from_toml(tmp_path / "again.toml")
    assert again.to_toml() == text
    assert again.terms == endpoint.terms
    assert again.headers["X-API-Key"].reveal() == "sk-1"


def test_a_protocol_object_is_written_as_its_name_and_options(tmp_path: Path) -> None:
    chat = Chat(
        "x", prompt='Say "{text}"\n\x7f', labels=("ä", "b"), extra={"seed": 1, "stop": ["."]}
    )
    endpoint = Endpoint("http://h", chat)
    path = tmp_path / "chat.toml"
    path.write_text(endpoint.to_toml(), encoding="utf-8")
    assert Endpoint.from_toml(path).wire_protocol() == chat


def test_several_endpoints_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "all.toml"
    path.write_text(f'[old]\nurl = "{URL}"\n[new]\nurl = "{URL}2"\n')
    assert Endpoint.from_toml(path, "new").target.endswith("fraud2:predict")
    assert Endpoint.from_toml(path, "new").label == "new"
    with pytest.raises(InputError, match="say which of its endpoints: old, new"):
        Endpoint.from_toml(path)
    with pytest.raises(InputError, match=r"no endpoint 'nwe' \(did you mean 'new'\?\)"):
        Endpoint.from_toml(path, "nwe")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("url = ", "is no TOML"),
        ("", "has no url at its top"),
        ('name = "x"', "has no url at its top"),
        ('[a]\nprotocol = "v1"', "has no url"),
        (f'url = "{URL}"\nprize = 3', "has no parameter `prize`"),
        (
            f'url = "{URL}"\nauth = "sk-1"',
            "holds the value of 'auth'. A file is no place for a key",
        ),
        (f'url = "{URL}"\n[headers]\nX-API-Key = "sk-1"', r'write X-API-Key = "\$\{NAME\}"'),
        (f'url = "{URL}"\n[params]\ncode = "sk-1"', "A file is no place for a key"),
        (f'url = "{URL}"\nrate = "fast"', "`rate` parameter"),
        (f'url = "{URL}"\nheaders = 3', "`headers` parameter"),
    ],
)
def test_bad_files_are_said(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        Endpoint.from_toml(path)
    assert "sk-1" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml cannot be read: No such file"):
        Endpoint.from_toml(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is no TOML"):
        Endpoint.from_toml(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    "secret", [{"headers": {"X-API-Key": "sk-1"}}, {"auth": Secret("sk-1")}, {"auth": print}]
)
def test_what_is_not_of_the_environment_is_not_written(secret: dict[str, Any]) -> None:
    with pytest.raises(
        OptionError, match=r"is not written to a file; take it from the environment"
    ):
        Endpoint(URL, **secret).to_toml()


def test_an_endpoint_is_pickled_without_its_secrets() -> None:
    endpoint = Endpoint(URL, headers={"X-API-Key": "sk-1", "Accept": "text/csv"}, rate=2.0)
    data = pickle.dumps(endpoint)
    assert b"sk-1" not in data
    again = pickle.loads(data)
    assert again.terms == endpoint.terms
    assert again.headers["Accept"] == "text/csv"
    with pytest.raises(TypeError):
        again.headers["Accept"] = "x"  # read-only, as before


WORDS = st.text(max_size=30)
VALUES = st.one_of(
    WORDS, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False)
)


@given(st.dictionaries(WORDS, st.one_of(VALUES, st.lists(VALUES), st.dictionaries(WORDS, VALUES))))
def test_any_plain_mapping_survives_toml(values: dict[str, Any]) -> None:
    import tomllib

    written = {k: v for k, v in values.items() if v != {}}
    assert tomllib.loads(to_toml(written)) == written

"""From options to an endpoint: what is said on the command line goes before the file."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from surrogate.cli.endpoints import budget_of, headers_of, model_behind, remote_terms
from surrogate.cli.parser import build
from surrogate.errors import InputError, OptionError
from surrogate.oracle import Budget

pytest.importorskip("httpx2")

URL = "http://127.0.0.1:9/v1/models/m:predict"
FILE = """
url = "http://127.0.0.1:9/score"
protocol = "template"
rows_per_call = 64
price_per_row = 0.5
[options]
body = '{"x": "$rows"}'
values = "p"
[headers]
X-Region = "eu"
X-API-Key = "${FILE_KEY}"
"""


def parsed(*arguments: str) -> argparse.Namespace:
    return build().parse_args(["audit", *arguments])


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "endpoint.toml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_a_url_and_options_make_an_endpoint() -> None:
    given = parsed(
        *(URL, "rows.csv", "--rows-per-call", "32", "--concurrency", "4", "--rate", "2.5"),
        *(
            "--price-per-row",
            ".1",
            "--price-per-call",
            "2",
            "--currency",
            "EUR",
            "--deadline",
            "60",
        ),
        *("--header", "X-Tenant=me", "--protocol-option", "records=true"),
    )
    made = model_behind(URL, given)
    assert (made.rows_per_call, made.concurrency, made.rate, made.deadline) == (32, 4, 2.5, 60.0)
    assert (made.price_per_row, made.price_per_call, made.currency) == (0.1, 2.0, "EUR")
    assert dict(made.headers) == {"X-Tenant": "me"}
    assert made.wire_protocol().records is True


def test_options_go_before_the_file(file: str) -> None:
    given = parsed(file, "rows.csv", "--rows-per-call", "8", "--header", "X-Region=us")
    made = model_behind(file, given)
    assert (made.rows_per_call, made.price_per_row) == (8, 0.5)
    assert made.headers["X-Region"] == "us"
    assert repr(made.headers["X-API-Key"]) == "<secret from ${FILE_KEY}>"
    assert made.wire_protocol().values == "p"


def test_another_protocol_takes_no_option_of_the_first(file: str) -> None:
    given = parsed(file, "rows.csv", "--protocol", "bentoml", "--protocol-option", "values=q")
    protocol = model_behind(file, given).wire_protocol()
    assert (protocol.values, protocol.body) == ("q", '{"input_data": "$rows"}')


def test_a_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sesame")
    secret = headers_of([("Authorization", "Bearer ENV:MY_KEY")])["Authorization"]
    assert "sesame" not in repr(secret)
    assert secret.reveal() == "Bearer sesame"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "api-token"])
def test_a_key_in_the_clear_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name}=ENV:VARIABLE") as refused:
        headers_of([(name, "sk-12345")])
    assert "sk-12345" not in str(refused.value)


def test_a_file_is_no_place_for_endpoint_options() -> None:
    given = parsed("model.onnx", "rows.csv", "--rate", "2", "--header", "A=b")
    with pytest.raises(OptionError, match=r"--rate, --header: model\.onnx is no URL"):
        model_behind("model.onnx", given)


def test_a_missing_endpoint_file_is_named() -> None:
    with pytest.raises(InputError, match=r"gone\.toml cannot be read: No such file"):
        model_behind("gone.toml", parsed("gone.toml", "rows.csv"))


def test_a_budget_has_three_limits() -> None:
    given = parsed(
        URL, "rows.csv", "--budget", "9", "--budget-requests", "3", "--budget-money", ".5"
    )
    assert budget_of(given) == Budget(9, 3, 0.5)
    assert budget_of(parsed(URL, "rows.csv")) is None


def test_only_what_was_said_is_passed_on() -> None:
    assert remote_terms(parsed(URL, "rows.csv")) == {}
    said = remote_terms(parsed(URL, "rows.csv", "--ledger", "a", "--offline"))
    assert said == {"ledger": "a", "offline": True}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--offline"], "--ledger FILE"),
        (["--offline", "--ledger", "a", "--dry-run"], "nothing for --dry-run to price"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        remote_terms(parsed(URL, "rows.csv", *options))

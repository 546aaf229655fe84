from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.adapters.http.protocols import Chat
from surrogate.errors import AnswerError, DataError, OptionError

LABELS = ("negative", "positive")


def tokens(masses: dict[str, float]) -> bytes:
    """An answer whose first token's alternatives have these probabilities."""
    top = [{"token": token, "logprob": math.log(p)} for token, p in masses.items()]
    content = [{"token": top[0]["token"] if top else "", "top_logprobs": top}]
    return json.dumps({"choices": [{"logprobs": {"content": content}}]}).encode()


def written(text: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


def test_what_is_sent() -> None:
    chat = Chat("small", prompt="Age {age}, {{job}}: {job}", labels=LABELS, extra={"seed": 7})
    rows = {"age": np.array([39]), "job": np.array(["clerk"], dtype=object), "id": np.array([1])}
    assert json.loads(chat.encode(rows).body) == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "Answer with exactly one of: negative, positive."},
            {"role": "user", "content": "Age 39, {job}: clerk"},
        ],
        "temperature": 0,
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": 20,
        "seed": 7,
    }
    assert chat.max_rows == 1
    with pytest.raises(DataError, match="takes one row a call; got 2"):
        chat.encode({"age": [1, 2], "job": ["a", "b"]})


def test_newer_models_name_the_limit_otherwise() -> None:
    chat = Chat("m", labels=LABELS, logprobs=False, limit="max_completion_tokens", system="")
    body = json.loads(chat.encode(["x"]).body)
    assert body["max_completion_tokens"] == 16
    assert not {"max_tokens", "logprobs", "top_logprobs"} & body.keys()
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert "max_tokens" not in json.loads(Chat("m", labels=LABELS, limit="").encode(["x"]).body)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_prompt_holds_the_text_and_nothing_is_run(text: str, other: str) -> None:
    chat = Chat("m", prompt="{{{text}}} end", labels=LABELS)
    (prompt,) = (json.loads(part) for part in chat.wire([text]))
    assert prompt == f"{{{text}}} end"
    assert (chat.wire([text]) == chat.wire([other])) == (text == other)


def test_prompts_and_rows_that_do_not_fit() -> None:
    with pytest.raises(
        DataError, match=r"names \{income\}, which the rows lack; they have: age, job"
    ):
        Chat("m", prompt="{income}", labels=LABELS).wire({"age": [1], "job": ["a"]})
    with pytest.raises(DataError, match=r"one text a row, or columns by name.*Say columns="):
        Chat("m", labels=LABELS).wire(np.ones((1, 2)))
    named = Chat("m", prompt="{b}", labels=LABELS, columns=("a", "b"))
    assert named.wire(np.array([[1.0, 2.5]])) == [b'"2.5"']
    assert Chat("m", labels=LABELS).wire({"review": ["fine"]}) == [b'"fine"']
    missing = {"age": np.array([np.nan])}
    assert Chat("m", prompt="Age: {age}", labels=LABELS).wire(missing) == [b'"Age: missing"']
    # No attribute of a value can be reached from a prompt.
    with pytest.raises(DataError, match=r"names \{text.__class__\}"):
        Chat("m", prompt="{text.__class__}", labels=LABELS).wire(["x"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ()}, "needs two or more labels"),
        ({"labels": ("a",)}, "needs two or more labels"),
        ({"labels": ("Yes", "yes.")}, "unlike in more than case and punctuation"),
        ({"labels": LABELS, "prompt": "hello"}, "has no place for the row"),
        ({"labels": LABELS, "prompt": "{text"}, "The prompt cannot be read"),
        ({"labels": LABELS, "top_logprobs": 21}, "`top_logprobs` parameter of Chat"),
        ({"labels": LABELS, "limit": "tokens"}, "`limit` parameter of Chat"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Chat("m", **options)


@pytest.mark.parametrize(
    ("masses", "expected"),
    [
        ({"positive": 0.6, "negative": 0.2}, [0.25, 0.75]),
        ({" Positive": 0.3, "pos": 0.3, "Neg": 0.2}, [0.25, 0.75]),
        ({"positive": 0.5, "The": 0.4}, [0.0, 1.0]),
        ({"Ġpositive": 0.3, "▁neg": 0.1, "": 0.5, "!": 0.1}, [0.25, 0.75]),
    ],
)
def test_first_tokens_are_added_up_by_label(masses: dict[str, float], expected: Any) -> None:
    reply = Chat("m", labels=LABELS).decode(tokens(masses), 1)
    assert reply.classes == LABELS
    np.testing.assert_allclose(reply.values, [expected])


def test_tokens_that_several_labels_share_count_for_none() -> None:
    chat = Chat("m", labels=("possible", "positive", "no"))
    reply = chat.decode(tokens({"pos": 0.5, "positive": 0.1, "no": 0.3}), 1)
    np.testing.assert_allclose(reply.values, [[0.0, 0.25, 0.75]])
    assert "possible, positive may share a first token, whose mass is then left out" in chat.access
    # A label that is the beginning of another counts where it is written whole.
    whole = Chat("m", labels=("no", "none")).decode(tokens({"no": 0.5, "non": 0.5}), 1)
    np.testing.assert_allclose(whole.values, [[0.5, 0.5]])


def test_access_says_what_is_not_seen() -> None:
    assert "the mass of other tokens is not seen" in Chat("m", labels=LABELS).access
    assert "share" not in Chat("m", labels=LABELS).access
    assert "labels as written" in Chat("m", labels=LABELS, logprobs=False).access


@given(st.dictionaries(st.sampled_from(["pos", "neg", "positive", "x", ""]), st.floats(1e-9, 1)))
def test_what_is_read_are_probabilities(masses: dict[str, float]) -> None:
    chat = Chat("m", labels=LABELS)
    if not masses.keys() & {"pos", "neg", "positive"}:
        with pytest.raises(AnswerError, match="first tokens begins one label alone"):
            chat.decode(tokens(masses), 1)
        return
    reply = chat.decode(tokens(masses), 1)
    assert reply.values.shape == (1, 2)
    assert (reply.values >= 0).all()
    np.testing.assert_allclose(reply.values.sum(), 1)


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": []}])
def test_a_model_without_logprobs_says_what_to_do(logprobs: Any) -> None:
    body = json.dumps({"choices": [{"logprobs": logprobs}]}).encode()
    with pytest.raises(AnswerError, match=r"gave no logprobs; .*say logprobs=False"):
        Chat("m", labels=LABELS).decode(body, 1)
    with pytest.raises(AnswerError, match="gave no logprobs"):
        Chat("m", labels=LABELS).decode(written("positive"), 1)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("positive", "positive"),
        (" Positive.\n", "positive"),
        ("The answer is: **negative**", "negative"),
    ],
)
def test_labels_as_written(text: str, label: str) -> None:
    reply = Chat("m", labels=LABELS, logprobs=False).decode(written(text), 1)
    assert reply.values is None
    assert reply.labels.tolist() == [label]


@pytest.mark.parametrize("text", ["", None, "I cannot say", "positive or negative", "unpositive"])
def test_texts_that_are_no_label(text: Any) -> None:
    with pytest.raises(AnswerError, match="The model wrote none of the labels, but"):
        Chat("m", labels=LABELS, logprobs=False).decode(written(text), 1)


def test_labels_keep_their_type() -> None:
    reply = Chat("m", labels=(0, 1), logprobs=False).decode(written("1"), 1)
    assert reply.labels.tolist() == [1]

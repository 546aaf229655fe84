"""Texts as domains of masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate import Texts
from surrogate.domain import TextMasks, domain_from_dict
from surrogate.errors import DataError, OptionError

TEXT = "Not bad, not bad at all!"


def words_of(text: str, options: dict[str, Any]) -> tuple[str, ...]:
    return Texts(**options).domains([text])[0].names


def test_words_are_those_of_lime() -> None:
    indexed = pytest.importorskip("lime.lime_text").IndexedString
    for text in (TEXT, "  a-b c_d\n\tdon't  ", "Ein schöner Film — 很 好 …", "a b"):
        for bow in (True, False):
            (domain,) = Texts(bow=bow, mask_token="" if bow else "UNKWORDZ").domains([text])
            theirs = indexed(text, bow=bow)
            m = theirs.num_words()
            assert len(domain.features) == m
            for seed in range(10):
                mask = np.random.default_rng(seed).random(m) < 0.5
                assert domain.decode(mask[None].astype(float))[0] == theirs.inverse_removing(
                    np.flatnonzero(~mask)
                )


@given(st.text(alphabet="ab \n.é", max_size=40), st.booleans(), st.integers(0, 2**32 - 1))
def test_kept_words_stay_and_hidden_ones_go(text: str, bow: bool, seed: int) -> None:
    try:
        (domain,) = Texts(bow=bow, mask_token="#").domains([text])
    except DataError:
        return
    assert domain.text == text
    assert domain.decode(domain.ones) == [text]
    mask = np.random.default_rng(seed).integers(0, 2, len(domain.features))
    (shown,) = domain.decode(mask[None].astype(np.float64))
    hidden = sum(1 for part in domain.owner if part >= 0 and not mask[part])
    assert shown.count("#") == hidden
    assert domain_from_dict(domain.to_dict()) == domain


def test_a_bag_of_words_or_words_by_their_place() -> None:
    assert words_of("the film, the end", {}) == ("the", "film", "end")
    assert words_of("the film, the end", {"bow": False}) == ("the", "film", "the (2)", "end")


def test_names_stay_apart_whatever_the_tokens_are() -> None:
    names = words_of("a|a (2)|a", {"tokenizer": lambda text: text.split("|"), "bow": False})
    assert names == ("a", "a (2)", "a (3)")


@pytest.mark.parametrize(
    "tokenizer",
    [lambda text: ["new york", "is", "big"], lambda text: [(0, 8), (9, 11), (12, 15)]],
    ids=["tokens", "spans"],
)
def test_a_tokenizer_of_ones_own(tokenizer: Any) -> None:
    (domain,) = Texts(tokenizer).domains(["new york is big"])
    assert domain.names == ("new york", "is", "big")
    assert domain.decode(np.array([[1.0, 0.0, 1.0]])) == ["new york  big"]


def test_every_word_removed_leaves_what_stands_between() -> None:
    (domain,) = Texts().domains([TEXT])
    assert domain.decode(0 * domain.ones) == [" ,    !"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one text", r"X must be a list of texts; got one text. Give \[text\]."),
        ([], "X holds no texts"),
        (["fine words", 3], r"X\[1\] must be a text; got int"),
        (["fine words", ""], r"X\[1\] is empty"),
        ([" \n "], r"X\[0\] is empty"),
        (["!?"], r"X\[0\] has no word; an explanation needs at least two"),
        (["good, good"], r"X\[0\] has one word, 'good'; an explanation needs at least two"),
    ],
)
def test_what_is_no_text_is_said(texts: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Texts().domains(texts)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["bad", "Not"], r"gives 'Not', which X\[0\] does not hold behind the tokens before"),
        (["good"], "gives 'good', which"),
        ([""], "gives '', which"),
        ([(4, 7), (0, 3)], r"got \(0, 3\)"),
        ([(0, 99)], "which has 24 characters"),
        ([(0, 0)], r"got \(0, 0\)"),
        ([1.5], "must give strings, or pairs"),
    ],
)
def test_what_is_no_tokenizer_is_said(tokens: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Texts(lambda text: tokens).domains([TEXT])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenizer": "words"}, "must be a callable or None; got 'words'"),
        ({"bow": 1}, "must be True or False; got 1"),
        ({"mask_token": None}, "must be a string; got None"),
    ],
)
def test_wrong_options_are_said(options: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Texts(**options)


def test_the_record_says_what_was_said() -> None:
    assert Texts(str.split, bow=False, mask_token="[MASK]").to_dict() == {
        "tokenizer": "a callable",
        "bow": False,
        "mask_token": "[MASK]",
    }
    assert isinstance(Texts().domains(["a b"])[0], TextMasks)

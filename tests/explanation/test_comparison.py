"""What a comparison holds: JSON and back, frames, sentences that claim no more than is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import surrogate
from surrogate.errors import InputError
from surrogate.explanation import (
    Comparison,
    Contrast,
    Measured,
    ModelFacts,
    Region,
    RobustAccuracy,
    Size,
    Transfer,
)
from surrogate.explanation.comparison_words import claims, guards, made_by, sentence
from surrogate.explanation.contrast import p_number
from surrogate.fidelity import Interval, Score
from surrogate.oracle import Queries

CLEAN = Region("clean")
PGD = Region("adversarial", 0.3, "pgd", "natural")

names = st.text(min_size=1, max_size=12)
finite = st.floats(-1e3, 1e3)
maybe = st.none() | finite


@st.composite
def regions(draw: Any) -> Region:
    kind = draw(st.sampled_from(["clean", "noise", "adversarial", "local"]))
    radius = None if kind == "clean" else draw(st.none() | st.floats(0, 10))
    attack = draw(names) if kind == "adversarial" else ""
    return Region(kind, radius, attack, draw(names) if attack else "")


@st.composite
def scores(draw: Any) -> Score:
    value = draw(maybe)
    interval = None
    if value is not None and draw(st.booleans()):
        interval = Interval(value - draw(st.floats(0, 1)), value + 1, 0.95, "BCa")
    metric = draw(st.sampled_from(["agreement", "R2", "MSE", "output spread", "another"]))
    return Score(metric, value, interval, draw(st.integers(0, 99)), 3, reason=draw(names))


@st.composite
def contrasts(draw: Any) -> Contrast:
    effect = draw(maybe)
    verdict = "no difference shown"
    if effect and draw(st.booleans()):
        verdict = "higher" if effect > 0 else "lower"
    p = draw(st.none() | st.floats(1e-4, 1))
    about = draw(st.sampled_from(["these nets", "the training recipe"]))
    low, high = (None, None) if effect is None else (effect - 1, effect + draw(st.floats(0, 1)))
    return Contrast(
        draw(names),
        draw(names),
        draw(st.sampled_from(["", "cart", "lime"])),
        draw(regions()),
        draw(st.sampled_from(["agreement", "R2", "MSE", "output spread"])),
        draw(st.sampled_from(["label", "probability", "margin"])),
        verdict,
        effect,
        low,
        high,
        p,
        p,
        about,
        n=draw(st.integers(0, 99)),
        reason=draw(st.sampled_from(["", "few"])),
    )


@st.composite
def models(draw: Any) -> ModelFacts:
    return ModelFacts(
        draw(names),
        draw(names),
        "onnx",
        draw(st.none() | scores()),
        tuple(draw(st.lists(scores(), max_size=2))),
        tuple(RobustAccuracy("pgd", draw(st.none() | finite), draw(scores())) for _ in range(2)),
        ((str(draw(regions())), draw(scores())),),
        {"hash": draw(names), "width": draw(finite)},
        tuple(draw(st.lists(names, max_size=2))),
    )


@st.composite
def comparisons(draw: Any) -> Comparison:
    return Comparison(
        models=tuple(draw(st.lists(models(), min_size=1, max_size=2))),
        measured=tuple(
            Measured("a", "a", "cart", draw(regions()), "label", draw(scores())) for _ in range(2)
        ),
        rows=tuple(draw(st.lists(contrasts(), max_size=3))),
        sizes=(Size("a", "cart", {"leaves": draw(st.integers(1, 9))}, draw(scores())),),
        transfer=(Transfer("pgd", draw(st.none() | finite), "a", "b", draw(scores())),),
        data={"rows": draw(st.integers(0, 9))},
        queries={"a": Queries(3, 1, 0.5, {"fit": 3})},
        test={"family": 3, "declared": "all", "level": 0.95},
        settings={"seed": np.int64(3)},
        notes=tuple(draw(st.lists(names, max_size=2))),
        interrupted=draw(st.booleans()),
    )


@given(comparisons())
def test_json_comes_back_equal(one: Comparison) -> None:
    text = one.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    again = surrogate.Comparison.from_json(text)
    assert again == one
    assert again.rows == one.rows
    assert again.models == one.models
    assert again.sizes == one.sizes
    assert again.to_json() == text


@given(comparisons())
def test_any_comparison_prints_itself_everywhere(one: Comparison) -> None:
    assert str(one)
    assert repr(one).startswith("<Comparison of ")
    page = HTMLParser()
    page.feed(one._repr_html_())
    for what in ("contrasts", "measured", "models", "transfer"):
        assert len(one.to_frame(what)) >= len(one.rows if what == "contrasts" else ())


def test_another_value_is_another_comparison() -> None:
    one = made()
    assert one != replace(one, notes=("other",))
    assert one != replace(one, rows=one.rows[1:])
    assert one.__eq__(3) is NotImplemented
    with pytest.raises(InputError, match="surrogate/comparison"):
        Comparison.from_json('{"schema": "surrogate/audit", "version": 1}')


def contrast(metric: str, effect: float | None, *, shown: bool = True, **more: Any) -> Contrast:
    verdict = "no difference shown"
    if shown and effect:
        verdict = "higher" if effect > 0 else "lower"
    told: dict[str, Any] = {
        "first": "natural",
        "second": "robust",
        "method": "cart",
        "region": CLEAN,
        "scale": "label" if metric == "agreement" else "probability",
        "about": "these nets",
        "reason": "one net each",
    } | more
    ends = (None, None) if effect is None else (effect - 0.02, effect + 0.02)
    p = 0.004 if shown else 0.4
    return Contrast(
        metric=metric,
        verdict=verdict,  # type: ignore[arg-type]
        effect=effect,
        low=ends[0],
        high=ends[1],
        p=p,
        p_holm=p,
        n=1200,
        **told,
    )


def score(metric: str, value: float, *, trivial: float | None = None) -> Score:
    interval = Interval(value - 0.02, value + 0.02, 0.95, "Wilson")
    if trivial is None:
        return Score(metric, value, interval, 1200, 1200)
    lift = Interval(value - trivial - 0.02, value - trivial + 0.02, 0.95, "BCa")
    return Score(metric, value, interval, 1200, 1200, trivial, value - trivial, lift)


def made(rows: Sequence[Contrast] | None = None, **more: Any) -> Comparison:
    given = [
        contrast("agreement", 0.031),
        contrast("R2", -0.05),
        contrast("MSE", -0.03),
        contrast("output spread", -0.1, method=""),
        contrast("agreement", -0.04, region=PGD),
    ]
    measured = [
        Measured(name, name, "cart", CLEAN, "label", score(metric, value, trivial=trivial))
        for name in ("natural", "robust")
        for metric, value, trivial in (
            ("agreement", 0.9, 0.5),
            ("R2", 0.7, 0.0),
            ("accuracy on true labels", 0.8, None),
        )
    ]
    fields: dict[str, Any] = {
        "models": (ModelFacts("natural", "natural", "onnx"), ModelFacts("robust", "robust")),
        "measured": tuple(measured),
        "rows": tuple(given if rows is None else rows),
        "test": {"family": 24, "declared": "2 methods"},
    }
    return Comparison(**{**fields, **more})


def test_the_claim_names_every_metric_and_of_what_it_speaks() -> None:
    (claim,) = claims(made())
    assert claim == (
        "Read by cart on held-out rows, robust is followed more closely in agreement (+3.1 "
        "points, 95 % interval +1.1 to +5.1) and MSE of the probability and less closely in R² of "
        "the probability than natural; on other rows, of 1 verdict 0 say more closely and 1 less "
        "closely. This speaks of these nets, not of how they were trained: one net each."
    )
    assert str(made()).split("\n")[2].startswith("Read by cart on held-out rows")


def test_no_difference_is_said_as_such() -> None:
    rows = [contrast("agreement", 0.01, shown=False), contrast("R2", -0.01, shown=False)]
    (claim,) = claims(made(rows))
    assert "no difference is shown between natural and robust in agreement (+1.0 points, " in claim
    assert ") and R² of the probability. This speaks" in claim
    assert "followed" not in claim
    assert claims(made([])) == ("Nothing is compared: no verdict was reached.",)


def test_a_verdict_on_the_recipe_says_so() -> None:
    rows = [contrast("agreement", 0.03, about="the training recipe", unit="training seeds")]
    (claim,) = claims(made(rows))
    assert claim.endswith("This speaks of the training recipe.")
    assert "training seeds" in made_by(made(rows))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            contrast("agreement", 0.031),
            "The cart surrogate of robust agrees with it more often than that of natural on "
            "held-out rows: +3.1 points (95 % interval +1.1 to +5.1; Holm p = .004); about these "
            "nets.",
        ),
        (
            contrast("R2", -0.05, region=PGD),
            "The cart surrogate of robust has a lower R² of the probability than that of natural "
            "on pgd rows of radius 0.3 made on natural: -0.050 (95 % interval -0.070 to -0.030; "
            "Holm p = .004); about these nets.",
        ),
        (
            contrast("output spread", -0.1, method=""),
            "The model robust varies less than natural on held-out rows: -0.100 (95 % interval "
            "-0.120 to -0.080; Holm p = .004); about these nets.",
        ),
        (
            contrast("agreement", 0.001, shown=False),
            "No difference shown in agreement between the cart surrogates of natural and robust "
            "on held-out rows: +0.1 points (95 % interval -1.9 to +2.1; Holm p = .400); about "
            "these nets.",
        ),
        (
            contrast("R2", None, shown=False, reason="a constant model"),
            "R² of the probability of robust against natural on held-out rows: undefined, a "
            "constant model; about these nets.",
        ),
    ],
    ids=["agreement", "r2", "spread", "none", "undefined"],
)
def test_a_verdict_is_a_sentence(given: Contrast, said: str) -> None:
    assert sentence(given) == said


def test_r2_and_mse_that_point_two_ways_are_called_out() -> None:
    (said,) = guards(made())
    assert said.startswith("By cart on held-out rows, R² of the probability calls robust less")
    assert "MSE calls it more" in said
    agreeing = made([contrast("R2", 0.05), contrast("MSE", -0.03)])
    assert guards(agreeing) == ()


def test_an_easy_task_and_a_constant_are_called_out_once_a_surrogate() -> None:
    def cell(region: Region, metric: str, value: float, trivial: float | None = None) -> Measured:
        one = score(metric, value, trivial=trivial)
        return Measured("natural", "natural", "cart", region, "label", one)

    easy = made(
        [],
        measured=(
            cell(CLEAN, "agreement", 0.762, 0.5),
            cell(CLEAN, "accuracy on true labels", 0.759),
            cell(PGD, "agreement", 0.6, 0.2),
            cell(PGD, "accuracy on true labels", 0.6),
        ),
    )
    assert guards(easy) == (
        "The cart surrogate of natural gives the true class on 75.9 % of held-out rows and the "
        "model's decision on 76.2 % (and on 1 other kind of rows): its agreement measures mostly "
        "the task.",
    )
    idle = made([], measured=(cell(CLEAN, "agreement", 0.95, 0.94),))
    (said,) = guards(idle)
    assert said.endswith("on held-out rows: agreement 95.0 % against 94.0 %.")
    assert "not shown to be better than always giving the commonest answer" in said


def test_better_knows_which_way_is_better() -> None:
    assert contrast("MSE", -0.1).better is True
    assert contrast("R2", -0.1).better is False
    assert contrast("agreement", 0.1).better is True
    assert contrast("output spread", 0.1).better is None
    assert contrast("agreement", 0.1, shown=False).better is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "better"}, "A verdict is one of"),
        ({"verdict": "lower"}, "contradicts an effect"),
        ({"effect": None}, "contradicts an effect"),
        ({"p": float("nan")}, "The p of a Contrast is finite"),
        ({"low": float("inf")}, "The low of a Contrast is finite"),
    ],
)
def test_a_contrast_contradicts_itself_nowhere(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(contrast("agreement", 0.03), **change)


def test_a_region_is_said_in_words() -> None:
    assert [
        str(one)
        for one in (CLEAN, Region("noise", 0.1), PGD, Region("local", 1.5), Region("local"))
    ] == [
        "held-out rows",
        "noise of radius 0.1",
        "pgd rows of radius 0.3 made on natural",
        "around rows, width 1.5",
        "around rows",
    ]
    assert str(Region("adversarial", None, "deepfool")) == "deepfool rows"
    with pytest.raises(InputError, match="clean, noise"):
        Region("dirty")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="needs the attack"):
        Region("adversarial", 0.1)


@given(st.floats(1e-7, 1))
def test_a_printed_p_never_claims_more(p: float) -> None:
    assert p - 1e-9 <= float(p_number(p)) <= 1
    assert float(p_number(p)) <= max(10 * p, p + 0.001)


@given(contrasts())
def test_printed_ends_are_rounded_outwards(one: Contrast) -> None:
    if one.low is None or one.high is None:
        assert one.interval_text().startswith("no interval")
        return
    low, high = (float(end.replace(",", "")) for end in one.interval_text().split(" to "))
    unit = 100 if one.percent else 1
    assert low <= unit * one.low + 1e-6 * (1 + abs(unit * one.low))
    assert high >= unit * one.high - 1e-6 * (1 + abs(unit * one.high))


def test_frames_have_a_line_a_figure() -> None:
    one = made()
    frame = one.to_frame()
    assert list(frame["verdict"]) == ["higher", "lower", "lower", "lower", "lower"]
    assert {"effect", "low", "high", "p_holm", "about", "region", "radius"} <= set(frame.columns)
    assert frame["radius"].iloc[4] == 0.3
    assert list(one.to_frame("measured")["value"][:3]) == [0.9, 0.7, 0.8]
    with pytest.raises(InputError, match="'contrasts', 'measured', 'models', 'transfer'"):
        one.to_frame("verdicts")


def test_html_escapes_what_names_bring() -> None:
    bad = "<script>alert(1)</script>"
    one = made(
        [contrast("agreement", 0.03, second=bad)],
        models=(ModelFacts(bad, bad, notes=(bad,)),),
        notes=(bad,),
    )
    assert bad not in one._repr_html_()
    assert "&lt;script&gt;" in one._repr_html_()
    assert "\x1b" not in str(made(notes=("a\x1b[2J",)))


def test_many_verdicts_are_cut_and_counted() -> None:
    one = made([contrast("agreement", 0.03, region=Region("noise", i)) for i in range(60)])
    assert 'and 20 more verdicts: see to_frame("contrasts")' in str(one)
    assert "interrupted" in str(replace(one, interrupted=True))

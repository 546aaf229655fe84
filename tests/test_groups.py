"""Groups, flips, regions and checks of an audit, from the front door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from surrogate import Audit, audit, explain, wrap
from surrogate._target import split_rows
from surrogate.auditing.changed import BEYOND, MISSING, REFUSED, plan_flips
from surrogate.auditing.checks import attributions, measure_checks, typical_row
from surrogate.auditing.groups import favourable_of
from surrogate.domain import Domain
from surrogate.errors import BudgetTooSmall, DataError, OptionError
from surrogate.fidelity.flips import ALL

from doors import AUDIT, Counted

CART = {"methods": ["cart"], "options": {"cart": {"max_leaves": 3, "n_queries": 200}}}
SMALL: dict[str, Any] = {**CART, "fidelity": 300, "stability": 0}


def people(n: int = 800, seed: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.Generator(np.random.Philox(key=seed))
    sex = rng.choice(["f", "m"], n)
    return {
        "sex": sex,
        "race": rng.choice(["a", "b", "c"], n, p=[0.6, 0.35, 0.05]),
        "age": rng.integers(20, 70, n),
        "income": np.round(rng.normal(40, 10, n) + 8 * (sex == "m"), 1),
    }


def score(rows: Mapping[str, Any]) -> np.ndarray:
    """Probability of being granted; men get .1 more."""
    z = (np.asarray(rows["income"], dtype=float) - 45) / 8
    p = 0.05 + 0.8 / (1 + np.exp(-z)) + 0.1 * (np.asarray(rows["sex"]) == "m")
    return np.clip(p, 0, 1)


def granted(rows: Mapping[str, Any]) -> np.ndarray:
    p = score(rows)
    return np.c_[1 - p, p]


def box() -> Any:
    return wrap(granted, classes=["refused", "granted"], output="probabilities")


def domain(**kwargs: Any) -> Domain:
    return Domain.infer(people(), protected=["sex"], **kwargs)


@pytest.fixture(scope="module")
def found() -> Audit:
    return audit(box(), people(), domain=domain(), groups=["sex", "age", ["sex", "race"]], **SMALL)


# ---- groups ----


def test_rates_are_those_of_the_target_and_the_surrogate_on_the_same_rows(found: Audit) -> None:
    data = people()
    _, test = held(data)
    who = [(one.grouping, one.who) for one in found.impacts]
    assert who == [
        (grouping, who)
        for grouping in ("sex", "age", "sex & race")
        for who in ("the model", "cart")
    ]
    model, tree = found.impacts[:2]
    rows = {name: column[test] for name, column in data.items()}
    for one, decided in (
        (model, score(rows) > 0.5),
        (tree, found.surrogates[0].predict(rows) == "granted"),
    ):
        for group in one.rates:
            own = rows["sex"] == group.group
            assert group.rate.n == own.sum()
            assert group.rate.value == pytest.approx(decided[own].mean())
    assert model.favourable == "granted"
    assert model.assumed
    assert model.reference == "m"
    ratio = model["f"].contrast
    assert ratio is not None
    assert ratio.value is not None
    assert ratio.value < 0.9


def held(data: Mapping[str, np.ndarray]) -> tuple[Any, np.ndarray]:
    split = split_rows(Domain.infer(data), data, None, seed=0)
    assert split.test_index is not None
    return split, split.test_index


def test_columns_that_are_crossed_are_one_grouping_and_small_groups_are_flagged(
    found: Audit,
) -> None:
    crossed = next(one for one in found.impacts if one.grouping == "sex & race")
    assert {group.group for group in crossed.rates} == {
        f"{sex} & {race}" for sex in "fm" for race in "abc"
    }
    small = [group for group in crossed.rates if group.small]
    assert small
    assert all(group.contrast is None and group.rate.n < 30 for group in small)
    assert any(
        group.group == "sex & race = f & a" for group in found.surrogates[0].fidelity[0].groups
    )


def test_the_favourable_decision_may_be_named_and_so_may_the_reference() -> None:
    one = audit(
        box(),
        people(),
        domain=domain(),
        favourable="refused",
        reference={"sex": "m"},
        flips=0,
        **SMALL,
    ).impacts[0]
    assert one.favourable == "refused"
    assert not one.assumed
    assert not one.chosen
    assert one["m"].contrast is None
    ratio = one["f"].contrast
    assert ratio is not None
    assert ratio.value is not None
    assert ratio.value > 1


def test_pairs_are_compared_where_that_is_asked_for() -> None:
    one = audit(box(), people(), groups=["race"], reference="pairs", flips=0, **SMALL).impacts[0]
    assert len(one.pairs) == 1  # the third group is too small
    assert one.chosen


@pytest.mark.parametrize(
    ("said", "error", "wanted"),
    [
        ({"favourable": "yes"}, OptionError, "one of 'refused', 'granted'; got 'yes'"),
        ({"reference": {"race": "a"}}, OptionError, "grouping 'race'; there are: 'sex'"),
        ({"reference": {"sex": "x"}}, OptionError, "'sex'; held-out rows have: 'f', 'm'"),
        (
            {"groups": ["race"], "reference": {"race": "c"}},
            OptionError,
            "of the 30 held-out rows that it takes",
        ),
        ({"reference": 3}, OptionError, 'or "pairs"; got 3'),
        ({"flips": -1}, OptionError, "`flips` parameter of audit"),
        ({"checks": 3}, OptionError, "`checks` parameter of audit"),
        ({"changes": {"sex": 1}}, OptionError, "has categories; leave it out"),
        ({"changes": {"age": 1}}, OptionError, "'age', which is not changed"),
        ({"groups": ["age"], "changes": {"age": 0}}, OptionError, "above 0; got 0"),
        ({"groups": ["age"], "changes": {"age": True}}, OptionError, "above 0; got True"),
        ({"changes": 3}, OptionError, "must be a mapping from columns to numbers"),
        ({"groups": [["sex", "sex"]]}, OptionError, "crosses different columns"),
        ({"groups": [["sex", "job"]]}, DataError, "column 'job'"),
    ],
)
def test_what_is_wrong_is_refused(said: dict[str, Any], error: type, wanted: str) -> None:
    with pytest.raises(error, match=wanted):
        audit(box(), people(), **{"domain": domain(), **SMALL, **said})


def test_of_three_classes_none_is_favourable_until_it_is_named() -> None:
    three = wrap(
        lambda rows: np.where(score(rows) > 0.6, "a", np.where(score(rows) > 0.3, "b", "c"))
    )
    silent = audit(three, people(), domain=domain(), **SMALL)
    assert silent.impacts == ()
    assert any("Name it: favourable=..., one of 'a', 'b', 'c'" in note for note in silent.notes)
    assert silent.flips[0].scores[0].favourable is None
    assert silent.flips[0].scores[0].flips.value is not None
    named = audit(three, people(), domain=domain(), favourable="a", **SMALL)
    assert named.impacts[0].favourable == "a"
    assert favourable_of(True, task="classification", classes=(0, 1)).code == 1


def test_a_regression_is_compared_by_means_and_their_differences() -> None:
    found = audit(
        wrap(lambda rows: 100 * score(rows), task="regression"), people(), domain=domain(), **SMALL
    )
    one = found.impacts[0]
    assert one["f"].rate.metric == "mean answer"
    assert one["f"].contrast is not None
    assert one["f"].contrast.metric == "difference of means"
    flips = found.flips[0].scores[0]
    assert flips.flips.metric == "answers changed"
    assert flips.flips.value == 1.0
    assert found.disagreements is not None
    assert found.disagreements.overall.metric == "MAE"
    with pytest.raises(OptionError, match="answers numbers"):
        audit(wrap(score, task="regression"), people(), domain=domain(), favourable="yes", **SMALL)


def test_without_protected_columns_or_groups_nothing_of_it_is_asked() -> None:
    found = audit(box(), people(), **SMALL)
    assert found.impacts == found.flips == ()
    assert "flips" not in (found.queries.purposes if found.queries else {})


# ---- flips ----


def test_flips_find_what_hangs_on_the_attribute_alone(found: Audit) -> None:
    flips = {(one.attribute, one.who): one for one in found.flips}
    model = flips["sex", "the model"]
    up, down = model["f → m"], model["m → f"]
    assert up.shift is not None
    assert down.shift is not None
    assert up.shift.value == pytest.approx(0.1)
    assert down.shift.value == pytest.approx(-0.1)
    assert up.unfavourable is not None
    assert up.unfavourable.value == 0.0
    assert model.value == "the probability of granted"
    race = flips["race", "the model"].scores[0]
    assert race.change == ALL
    assert race.flips.value == 0.0  # nobody looks at it
    assert found.queries is not None
    asked = sum(one.asked for one in found.flips if one.who == "the model")
    assert found.queries.purposes["flips"] == asked
    tree = flips["sex", "cart"]
    assert (tree.rows, tree.asked) == (model.rows, model.asked)


def test_a_number_is_moved_and_what_leaves_the_data_is_left_out(found: Audit) -> None:
    age = next(one for one in found.flips if one.attribute == "age")
    assert age.left_out[BEYOND] > 0
    assert [one.change for one in age.scores[1:]] == ["down by 14", "up by 14"]
    assert age.asked + age.left_out[BEYOND] == 2 * age.rows


def planned(data: Mapping[str, Any], **kwargs: Any) -> Any:
    given = Domain.infer(data, protected=["sex"], **kwargs)
    split = split_rows(given, data, None, seed=0)
    return (
        given,
        split,
        lambda columns=("sex",), **how: plan_flips(
            given,
            split,
            columns,
            **{"most": 500, "measured": 2000, "changes": None, "seed": 0, **how},
        ),
    )


def test_only_the_attribute_changes_and_the_plan_is_bounded() -> None:
    _, split, plan = planned(people())
    (one,) = plan(most=60)
    assert len(one) == 60  # rows with one other value each
    (race,) = plan(columns=("race",), most=151)
    assert len(race) == 150  # 75 rows with two each
    before = split.test[one.held]
    assert (one.rows[:, 1:] == before[:, 1:]).all()
    assert (one.rows[:, 0] != before[:, 0]).all()
    assert plan(most=0) == ()
    again = plan(most=60)[0]
    assert (again.rows == one.rows).all()


def test_changed_rows_that_cannot_exist_are_left_out_and_counted() -> None:
    def possible(rows: Any) -> Any:
        return ~((np.asarray(rows["sex"]) == "f") & (np.asarray(rows["race"]) == "b"))

    data = people()
    keep = possible(data)
    given, _, plan = planned({k: v[keep] for k, v in data.items()}, constraint=possible)
    (one,) = plan()
    assert one.left_out[REFUSED] > 0
    assert given.feasible(one.rows).all()


def test_missing_values_are_not_changed() -> None:
    data = people()
    age = data["age"].astype(float)
    age[::5] = np.nan
    _, _, plan = planned({**data, "age": age})
    (one,) = plan(columns=("age",))
    assert one.left_out[MISSING] > 0
    assert np.isfinite(one.rows[:, 2]).all()


def test_a_one_hot_group_is_one_attribute() -> None:
    rng = np.random.Generator(np.random.Philox(key=1))
    which = rng.integers(0, 3, 300)
    data = {f"race_{c}": (which == i).astype(int) for i, c in enumerate("abc")}
    data["income"] = rng.normal(40, 5, 300)
    given = Domain.infer(data, groups={"race": list(data)[:3]})
    split = split_rows(given, data, None, seed=0)
    (one,) = plan_flips(
        given, split, ["race_a", "race_b"], most=150, measured=90, changes=None, seed=0
    )
    assert one.attribute == "race"
    assert (one.rows[:, :3].sum(axis=1) == 1).all()
    assert set(one.changes) == {f"race_{a} → race_{b}" for a in "abc" for b in "abc" if a != b}


def test_what_is_derived_follows_and_cannot_be_changed_itself() -> None:
    data = people()
    data["is_m"] = (data["sex"] == "m").astype(int)
    _, split, plan = planned(
        data, derived={"is_m": lambda rows: (np.asarray(rows["sex"]) == "m").astype(int)}
    )
    one, other = plan(columns=("sex", "is_m"))
    assert (one.rows[:, 4] != split.test[one.held][:, 4]).all()
    assert len(other) == 0
    assert "worked out from other columns" in other.notes[0]


def test_of_many_values_the_commonest_are_taken() -> None:
    data = people(2000)
    rng = np.random.Generator(np.random.Philox(key=2))
    data["race"] = rng.choice([f"r{i:02}" for i in range(30)], 2000)
    _, _, plan = planned(data)
    (one,) = plan(columns=("race",))
    assert len(set(one.changes)) == 10
    assert len(one) <= 500
    assert "10 commonest of 30 values" in one.notes[0]


def test_flips_are_part_of_the_plan_and_a_budget_too_small_is_refused() -> None:
    model = Counted(granted)
    target = wrap(model, classes=["refused", "granted"], output="probabilities")
    quote = audit(target, people(), domain=domain(), dry_run=True, **SMALL)
    assert quote.plan["flips"] == 240  # every held-out row has one other value
    assert "flips 240" in str(quote)
    with pytest.raises(BudgetTooSmall, match="flips 240"):
        audit(target, people(), domain=domain(), budget=quote.rows - 1, **SMALL)
    assert model.calls == 0
    done = audit(target, people(), domain=domain(), budget=quote.rows, **SMALL)
    assert done.queries is not None
    assert done.queries.rows <= quote.rows
    assert not done.interrupted


def test_a_model_that_fails_among_the_flips_loses_nothing() -> None:
    model = Counted(granted)
    target = wrap(model, classes=["refused", "granted"], output="probabilities")
    audit(target, people(), domain=domain(), **SMALL)
    broken = Counted(granted, stop_at=model.calls, error=RuntimeError("gone"))
    target = wrap(broken, classes=["refused", "granted"], output="probabilities")
    found = audit(target, people(), domain=domain(), **SMALL)
    assert found.interrupted
    assert any("flips of sex were asked: the model failed" in note for note in found.notes)
    assert found.impacts[0].rates


# ---- regions, disagreements, checks ----


def test_regions_are_the_leaves_of_the_first_surrogate(found: Audit) -> None:
    assert len(found.regions) == found.surrogates[0].form.size["leaves"]
    rows = sum(one.score.n for one in found.regions)
    assert rows == found.surrogates[0].fidelity[0].main.n
    agree = sum((one.score.value or 0) * one.score.n for one in found.regions) / rows
    assert agree == pytest.approx(found.surrogates[0].fidelity[0].main.value)


def test_where_they_disagree_is_found_on_rows_of_its_own() -> None:
    def odd(rows: Mapping[str, Any]) -> np.ndarray:
        """Decides by income, but at random for the old."""
        age, income = (np.asarray(rows[name], dtype=float) for name in ("age", "income"))
        coin = np.sin(income * 977 + age * 131) > 0
        return np.where((age > 58) & coin, 1 - (income > 45), income > 45).astype(int)

    data = people(3000, seed=5)
    found = audit(
        wrap(odd, task="classification"),
        data,
        methods=["cart"],
        options={"cart": {"max_leaves": 2, "n_queries": 300}},
        fidelity=900,
        stability=0,
    )
    where = found.disagreements
    assert where is not None
    assert where.tree is not None
    assert 2 in where.tree.columns  # age
    worst = where.leaves[0]
    assert "age" in worst.region
    assert where.overall.value is not None
    assert worst.score.interval is not None
    assert worst.score.interval.low > where.overall.value
    assert sum(leaf.score.n for leaf in where.leaves) == where.overall.n == 450
    assert 0 < len(where.examples) <= 5
    for one in where.examples:
        row = {name: np.array([value]) for name, value in one.values.items()}
        assert odd(row)[0] == one.model
        assert found.surrogates[0].predict(row)[0] == one.surrogate
        assert data["age"][one.index] == one.values["age"]  # type: ignore[index]


def test_where_rows_must_not_be_filed_none_is_shown() -> None:
    told = audit(box(), people(), evidence="answers", **SMALL).disagreements
    assert told is not None
    assert told.overall.value
    assert told.examples == ()


def test_with_too_few_disagreements_no_tree_is_fitted(found: Audit) -> None:
    rows = {"x": np.linspace(-1, 1, 200)}
    sure = audit(lambda rows: np.where(rows["x"] > 0, "a", "b"), rows, **SMALL).disagreements
    assert sure is not None
    assert sure.tree is None
    assert sure.leaves == ()
    assert "Too little to describe" in sure.notes[0]


def test_local_explanations_are_refitted_and_checked_within_the_plan() -> None:
    how = {**AUDIT, "stability": 2, "rows": [3, 5, 8]}
    quote = audit(box(), people(), dry_run=True, **how)
    found = audit(box(), people(), **how)
    assert found.local is not None
    assert found.local.stability is not None
    assert found.local.stability.fits == 3
    assert found.checks is not None
    assert found.queries is not None
    assert found.checks.asked == found.queries.purposes["checks"] == quote.plan["checks"]
    assert found.queries.purposes["local"] <= quote.plan["local"]
    assert [one.metric for one in found.checks.scores] == [
        "PGI",
        "PGU",
        "deletion area",
        "insertion area",
    ]
    assert all(one.n == 3 for one in found.checks.scores)
    assert audit(box(), people(), checks=False, **how).checks is None


def test_effects_are_those_against_a_typical_row() -> None:
    data = people()
    given = Domain.infer(data)
    found = explain(
        lambda rows: 3.0 * np.asarray(rows["income"]) + 10.0 * (np.asarray(rows["sex"]) == "m"),
        {name: column[:4] for name, column in data.items()},
        data=data,
        options={"n_samples": 2000, "sampling": "gaussian"},
    )
    reference = given.encode(data)
    typical = typical_row(given, reference)
    assert typical[3] == np.median(data["income"])
    effect = attributions(found, np.zeros(4, dtype=np.intp), typical)
    away = 3.0 * (data["income"][:4] - typical[3])
    np.testing.assert_allclose(effect[:, 3], away, atol=1.5)
    score = measure_checks(
        lambda rows: 3.0 * rows[:, 3:4] + 10.0 * rows[:, :1],
        found,
        reference,
        typical=typical,
        classes=None,
        seed=0,
    ).scores
    important, others, gone, come = (one.value or 0.0 for one in score)
    assert important > 5 * others  # income is most of it
    assert gone < come


def test_a_budget_leaves_out_checks_and_refits_before_all_else() -> None:
    full = audit(box(), people(), dry_run=True, **AUDIT)
    least = full.rows - full.plan["checks"]
    found = audit(box(), people(), budget=least, **AUDIT)
    assert found.checks is None
    assert not found.interrupted
    assert any("not checked, since the budget" in note for note in found.notes)
    with pytest.raises(BudgetTooSmall, match="checks"):
        audit(box(), people(), budget=least, checks=True, **AUDIT)


def test_everything_comes_back_from_json_and_is_printed(found: Audit) -> None:
    again = Audit.from_json(found.to_json())
    assert again == found
    assert (again.impacts, again.flips, again.regions) == (
        found.impacts,
        found.flips,
        found.regions,
    )
    text = str(found)
    for said in (
        "decided granted (the second of two classes",
        "too few rows to say",
        "changed and nothing else",
        "the worst first",
        "whether any law or standard is met",
    ):
        assert said in " ".join(text.split())
    older = found.to_dict()
    for name in ("impacts", "flips", "regions", "disagreements", "checks"):
        del older[name]
    assert Audit.from_dict(older).impacts == ()


def test_frames_hold_every_figure(found: Audit) -> None:
    pytest.importorskip("pandas")
    frame = found.to_frame()
    rates = frame[(frame.distribution == "outcomes by sex") & (frame.metric == "selection rate")]
    assert list(rates.group) == ["f", "m", "f", "m"]
    assert {"decisions flipped", "disagreement", "impact ratio"} <= set(frame.metric)

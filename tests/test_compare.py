"""compare: what is paired, what is found, what is refused, and what is kept where it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import Budget, Domain, compare, wrap
from surrogate.errors import (
    AbilityError,
    BudgetTooSmall,
    DataError,
    InputError,
    MissingDependency,
    ModelError,
    OptionError,
    SurrogateError,
)
from surrogate.explanation import Comparison, Region
from surrogate.robust.comparing import Quotes, ReadyRows, read_ready, write_ready

from remote_boxes import FakeRemote, remote_traits

X = np.random.Generator(np.random.Philox(key=3)).uniform(-1, 1, (160, 3))
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int)
CLEAN = Region("clean")
SMALL: dict[str, Any] = {
    "methods": ["cart"],
    "radii": [0.2],
    "stability": 0,
    "fidelity": 40,
    "options": {"cart": {"n_queries": 200, "max_leaves": 8}},
}
BOTH: dict[str, Any] = {
    **SMALL,
    "methods": ["cart", "lime"],
    "widths": [0.5, 1.0],
    "local_rows": 20,
    "options": {**SMALL["options"], "lime": {"n_samples": 100}},
}


def columns(score: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-score))
    return np.column_stack([1 - p, p])


def smooth(rows: Any) -> np.ndarray:
    return columns(4 * (rows[:, 0] + 0.5 * rows[:, 1]))


def rough(rows: Any) -> np.ndarray:
    return columns(4 * (rows[:, 0] + 0.5 * rows[:, 1]) + 6 * np.sin(37 * rows.sum(axis=1)))


def constant(rows: Any) -> np.ndarray:
    return np.tile([0.2, 0.8], (len(rows), 1))


class Mortal:
    """A model that Ctrl-C or a failure ends after so many rows."""

    def __init__(self, most: int, end: type[BaseException] = KeyboardInterrupt) -> None:
        self.left, self.end = most, end

    def __call__(self, rows: Any) -> np.ndarray:
        self.left -= len(rows)
        if self.left < 0:
            raise self.end
        return smooth(rows)


@pytest.fixture(scope="module")
def found() -> Comparison:
    models = {"rough": rough, "smooth": smooth}
    return compare(models, X, y=Y, attacks=(), trained={"smooth": 0.25}, **BOTH)


def test_the_radius_that_a_net_was_trained_against_is_a_fact_of_it(found: Comparison) -> None:
    assert [one.facts.get("trained_eps") for one in found.models] == [None, 0.25]


def contrast(result: Comparison, method: str, region: Region, metric: str, scale: str) -> Any:
    (one,) = (
        row
        for row in result.rows
        if (row.method, row.region, row.metric, row.scale) == (method, region, metric, scale)
    )
    return one


# ---- what is found ----


def test_a_rough_model_is_followed_less_closely_than_a_smooth_one(found: Comparison) -> None:
    local = contrast(found, "lime", Region("local", 0.5), "R2", "probability")
    assert (local.first, local.second, local.verdict) == ("rough", "smooth", "higher")
    assert 0 < local.low <= local.effect <= local.high
    assert local.p_holm < 0.05
    lost = contrast(found, "cart", Region("noise", 0.2), "MSE", "probability")
    assert (lost.verdict, lost.better) == ("lower", True)


def test_equal_models_differ_in_nothing() -> None:
    same = compare({"one": rough, "other": rough}, X, y=Y, attacks=(), **BOTH)
    assert {(row.effect, row.verdict) for row in same.rows} == {(0.0, "no difference shown")}
    assert len(same.rows) > 15
    one, other = (
        [(m.method, m.region, m.scale, m.score) for m in same.measured if m.model == name]
        for name in ("one", "other")
    )
    assert one == other


def test_every_model_is_measured_on_every_region_by_every_scale(found: Comparison) -> None:
    told = {(one.model, one.method, str(one.region), one.scale) for one in found.measured}
    for model in ("rough", "smooth"):
        for scale in ("label", "probability", "logit", "margin"):
            for region in ("held-out rows", "noise of radius 0.2"):
                assert (model, "cart", region, scale) in told
            assert (model, "lime", "around rows, width 0.5", scale) in told
    metrics = {one.score.metric for one in found.measured if one.method == "cart"}
    assert metrics == {"agreement", "R2", "MSE", "accuracy on true labels"}
    own = {one.score.metric for one in found.measured if not one.method}
    assert own == {"output spread", "accuracy"}


def test_nothing_is_shown_without_its_interval(found: Comparison) -> None:
    bare = [m for m in found.measured if m.score.value is not None and m.score.interval is None]
    assert all(one.score.reason for one in bare)
    assert len(bare) < len(found.measured) / 10


def test_models_are_asked_the_same_rows(found: Comparison) -> None:
    asked: dict[str, list[bytes]] = {"a": [], "b": []}

    def listening(name: str) -> Callable[[Any], np.ndarray]:
        def answer(rows: Any) -> np.ndarray:
            asked[name].append(np.ascontiguousarray(rows).tobytes())
            return smooth(rows)

        return answer

    compare({name: listening(name) for name in asked}, X, y=Y, attacks=(), **BOTH)
    assert b"".join(asked["a"]) == b"".join(asked["b"])


def test_facts_of_models_stand_beside_their_fidelity(found: Comparison) -> None:
    rough_, smooth_ = found.models
    assert smooth_.accuracy.value > rough_.accuracy.value
    assert [score.metric for score in smooth_.calibration] == ["ECE", "Brier"]
    assert [region for region, _ in smooth_.spread] == ["held-out rows", "noise of radius 0.2"]
    assert {(size.model, size.method) for size in found.sizes} == {
        (model, method) for model in ("rough", "smooth") for method in ("cart", "lime")
    }


def test_the_family_is_declared_and_held(found: Comparison) -> None:
    assert found.test["family"] == len(found.rows)
    assert "held-out rows" in found.test["declared"]
    p = sorted(row.p for row in found.rows if row.p is not None)
    assert min(row.p_holm for row in found.rows if row.p_holm) == pytest.approx(
        p[0] * len(found.rows)
    )


def test_where_models_disagree_is_said_in_rules(found: Comparison) -> None:
    assert found.disagreement is not None
    assert found.disagreement.models == ("rough", "smooth")
    assert found.disagreement.rate.value > 0.05


def test_json_comes_back_equal(found: Comparison) -> None:
    again = Comparison.from_json(found.to_json())
    assert again == found
    assert json.loads(found.to_json())["schema"] == "surrogate/comparison"


def test_equal_seeds_give_equal_results(found: Comparison) -> None:
    again = compare({"rough": rough, "smooth": smooth}, X, y=Y, attacks=(), **BOTH)
    assert again.rows == found.rows
    other = compare({"rough": rough, "smooth": smooth}, X, y=Y, attacks=(), **{**BOTH, "seed": 1})
    assert other.rows != found.rows


def test_surrogates_are_kept_with_their_fidelity(found: Comparison) -> None:
    assert [name for name, _ in found.surrogates] == ["rough", "smooth"]
    for name, one in found.surrogates:
        assert one.target == name
        assert [str(f.distribution) for f in one.fidelity] == [
            "held-out rows",
            "noise of radius 0.2",
        ]


def test_training_seeds_speak_of_the_recipe_from_eight_an_arm() -> None:
    def net(seed: int, wild: float) -> Callable[[Any], np.ndarray]:
        shift = np.random.default_rng(seed).normal(0, 0.1, 3)
        return lambda rows: columns(4 * (rows + shift)[:, 0] + wild * np.sin(37 * rows.sum(axis=1)))

    arms = {
        "calm": [net(i, 0.0) for i in range(8)],
        "wild": [net(i + 50, 6.0) for i in range(8)],
    }
    result = compare(arms, X, **SMALL)
    one = contrast(result, "cart", Region("noise", 0.2), "R2", "probability")
    assert (one.about, one.unit, one.n, one.verdict) == (
        "the training recipe",
        "training seeds",
        16,
        "lower",
    )
    few = compare({name: nets[:2] for name, nets in arms.items()}, X, **SMALL)
    one = contrast(few, "cart", Region("noise", 0.2), "R2", "probability")
    assert (one.about, one.unit) == ("these nets", "source rows")
    assert "at least 8" in one.reason
    assert [model.name for model in few.models] == ["calm/0", "calm/1", "wild/0", "wild/1"]


def test_numbers_are_compared_on_their_own_scale() -> None:
    def plane(rows: Any) -> np.ndarray:
        return 3 * rows[:, 0] + rows[:, 1]

    def waves(rows: Any) -> np.ndarray:
        return plane(rows) + 2 * np.sin(40 * rows[:, 2])

    boxes = {name: wrap(f, task="regression") for name, f in (("p", plane), ("w", waves))}
    result = compare(boxes, X, y=plane(X), **SMALL)
    assert {one.scale for one in result.measured} == {"value"}
    assert contrast(result, "cart", CLEAN, "MSE", "value").verdict == "higher"
    assert result.models[0].accuracy.metric == "R2"
    with pytest.raises(AbilityError, match="a decision to change"):
        compare(boxes, X, y=plane(X), attacks=["square"], **SMALL)


# ---- answers are made alike ----


def test_classes_in_another_order_are_aligned_by_name() -> None:
    ours = wrap(smooth, classes=["no", "yes"])
    theirs = wrap(lambda rows: smooth(rows)[:, ::-1], classes=["yes", "no"])
    result = compare({"ours": ours, "theirs": theirs}, X, **SMALL)
    assert {row.effect for row in result.rows} == {0.0}
    assert any("another order" in note for note in result.notes)


def test_scores_beside_probabilities_are_made_alike() -> None:
    scores = wrap(lambda rows: 4 * (rows[:, 0] + 0.5 * rows[:, 1]), output="scores")
    result = compare({"p": smooth, "z": scores}, X, **SMALL)
    assert all(row.effect == pytest.approx(0, abs=1e-9) for row in result.rows)
    assert any("softmax" in note for note in result.notes)


def test_labels_beside_probabilities_leave_decisions_alone() -> None:
    labels = wrap(lambda rows: (smooth(rows)[:, 1] > 0.5).astype(int), output="labels")
    result = compare({"p": smooth, "l": labels}, X, **SMALL)
    assert {one.scale for one in result.measured} == {"label"}
    assert {row.effect for row in result.rows} == {0.0}


def test_a_constant_model_is_reported_as_such() -> None:
    result = compare({"same": constant, "smooth": smooth}, X, y=Y, attacks=(), **BOTH)
    (note,) = result.models[0].notes[-1:]
    assert "artefact" in note
    assert note in result.notes
    assert str(result).count("any constant follows it") == 1
    spread = next(line for line in str(result).splitlines() if "output spread, held-out" in line)
    assert spread.split()[-3:] == ["0.000", "none", "40"]
    one = contrast(result, "cart", CLEAN, "R2", "probability")
    assert (one.effect, one.verdict) == (None, "no difference shown")
    agreement = next(
        m.score for m in result.measured if (m.model, m.scale) == ("same", "label") and m.method
    )
    assert (agreement.value, agreement.baseline, agreement.lift) == (1.0, 1.0, 0.0)
    assert Comparison.from_json(result.to_json()) == result


def test_a_wrong_input_scale_is_suspected_where_accuracy_is_chance() -> None:
    scaled = {"good": smooth, "off": lambda rows: smooth(rows / 255 + 3)}
    result = compare(scaled, X, y=Y, attacks=(), **SMALL)
    assert "another scale" in result.notes[0]
    assert result.notes[0].startswith("off is right on")
    assert not any("another scale" in note for note in result.models[0].notes)


# ---- adversarial rows ----


@pytest.fixture(scope="module")
def ready() -> list[ReadyRows]:
    rng = np.random.default_rng(0)
    held = X[120:]
    moved = np.clip(held + 0.2 * np.sign(rng.normal(size=held.shape)), -1, 1)
    return [
        ReadyRows("pgd", name, 0.2, moved if name == "smooth" else -moved, np.arange(40), "linf")
        for name in ("rough", "smooth")
    ]


def test_ready_rows_need_no_attack_and_are_paired(ready: list[ReadyRows], tmp_path: Path) -> None:
    path = tmp_path / "rows.npz"
    write_ready(path, ready, columns=["x0", "x1", "x2"])
    models = {"rough": rough, "smooth": smooth}
    split = {"test": X[120:], "y": Y[120:]}
    result = compare(models, X[:120], adversarial=path, **split, **SMALL)
    again = compare(models, X[:120], adversarial=ready, **split, **SMALL)
    assert (again.rows, again.measured) == (result.rows, result.measured)
    own = Region("adversarial", 0.2, "pgd")
    assert contrast(result, "cart", own, "agreement", "label").n == 40
    assert {(one.attacker, one.target) for one in result.transfer} == {
        (a, b) for a in models for b in models
    }
    assert [one.attack for one in result.models[0].robust] == ["pgd"]
    assert len(result.settings["adversarial rows sha256"]) == 64
    moved = [ReadyRows("pgd", "rough", 0.2, one.rows + 1e-3, one.source) for one in ready]
    other = compare(models, X[:120], adversarial=moved, **split, **SMALL)
    keys = "adversarial rows sha256"
    assert other.settings[keys] != result.settings[keys]


def test_rows_made_from_rows_that_are_fitted_on_are_left_out(ready: list[ReadyRows]) -> None:
    result = compare({"rough": rough, "smooth": smooth}, X, y=Y, adversarial=ready, **SMALL)
    assert any("surrogates are fitted on" in note for note in result.notes)
    assert all(one.score.n < 40 for one in result.transfer)


def test_stored_rows_come_back(ready: list[ReadyRows], tmp_path: Path) -> None:
    write_ready(tmp_path / "rows.npz", ready)
    again, names = read_ready(tmp_path / "rows.npz")
    assert names == ()
    for ours, theirs in zip(ready, again, strict=True):
        assert (ours.attack, ours.attacker, ours.radius, ours.norm) == (
            theirs.attack,
            theirs.attacker,
            theirs.radius,
            theirs.norm,
        )
        assert (ours.rows == theirs.rows).all()


def test_gradients_are_used_where_a_model_shows_them() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("art")
    net = torch.nn.Linear(3, 2)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[0.0, 0.0, 0.0], [4.0, 2.0, 0.0]]))
        net.bias.zero_()
    box = wrap(net, output="scores")

    def function(rows: Any) -> np.ndarray:
        return columns(rows @ np.array([4.0, 2.0, 0.0]))

    models = {"net": box, "twin": function}
    result = compare(models, X, y=Y, attacked=20, gradients={"twin": net}, **SMALL)
    assert {one.attack for one in result.models[0].robust} == {"fgsm", "pgd"}
    assert all(row.effect == pytest.approx(0, abs=1e-6) for row in result.rows)
    clean = result.models[0].accuracy.value
    assert all(one.score.value < clean for one in result.models[0].robust)
    assert len(result.transfer) == 8


@pytest.mark.parametrize("attack", ["fgsm", "flip_point"])
def test_gradients_of_another_net_are_refused_before_surrogates_are_fitted(attack: str) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("art")
    asked: list[int] = []

    def counted(rows: Any) -> np.ndarray:
        asked.append(len(rows))
        return smooth(rows)

    other = torch.nn.Linear(3, 2)
    torch.nn.init.zeros_(other.weight)
    models = {"a": counted, "b": smooth}
    with pytest.raises(OptionError, match=r"^a: `gradients` does not answer as .*counted does"):
        compare(
            models,
            X,
            y=Y,
            attacks=[attack],
            gradients=dict.fromkeys(models, other),
            **SMALL,
        )
    assert sum(asked) <= 40 + 40  # held-out rows, and the check's


def test_a_library_that_is_not_there_is_said_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("surrogate.robust.comparing.attacking.is_there", lambda name: False)
    gradients = {"a": object(), "b": object()}
    with pytest.raises(MissingDependency, match=r"'fgsm' needs .* attacks=\(\)"):
        compare(NEVER, X, y=Y, gradients=gradients, **SMALL)


def test_no_attack_is_told_of_models_that_answer_numbers() -> None:
    def number(rows: Any) -> np.ndarray:
        return 3 * rows[:, 0]

    boxes = {name: wrap(number, task="regression") for name in "ab"}
    result = compare(boxes, X, y=X[:, 0], **SMALL)
    assert [note for note in result.notes if "attack" in note.lower()] == [
        "No attack was made, since these models answer numbers, and an attack needs a decision to "
        "change; noise and the held-out rows were measured all the same."
    ]
    with pytest.raises(AbilityError, match="needs a decision to change"):
        compare(boxes, X, y=X[:, 0], attacks=["square"], **SMALL)


def test_what_was_not_measured_is_not_told_as_no_difference() -> None:
    result = compare({"a": Mortal(100, ValueError), "b": smooth}, X, y=Y, attacks=(), **SMALL)
    said = " ".join(str(result).split())
    assert "Read by cart, a and b could not be compared (not measured: asking ended" in said
    assert "no difference is shown" not in said
    assert said.count("the model failed") == 1
    beside = " ".join(str(result._repr_html_()).split())
    assert beside.count("the model failed") == 1


def test_without_a_method_nothing_is_said_of_reading() -> None:
    result = compare(
        {"a": rough, "b": smooth}, X, y=Y, attacks=(), **{**SMALL, "methods": [], "options": {}}
    )
    assert "No surrogate was compared" in str(result)


def test_a_model_without_gradients_is_attacked_by_asking() -> None:
    options = {**SMALL["options"], "square": {"steps": 10}}
    result = compare(
        {"rough": rough, "smooth": smooth}, X, y=Y, attacked=5, **{**SMALL, "options": options}
    )
    assert {one.attack for one in result.models[0].robust} == {"square"}
    assert any("no gradients are shown" in note for note in result.notes)
    assert result.queries["rough"].purposes["attack"] <= 5 * 12


def test_without_true_classes_nothing_is_attacked() -> None:
    result = compare({"rough": rough, "smooth": smooth}, X, **SMALL)
    assert any("none works without the true classes" in note for note in result.notes)
    assert result.transfer == ()
    assert result.models[0].accuracy is None


# ---- what is refused, before anything is asked ----


def never(rows: Any) -> np.ndarray:
    raise AssertionError("asked")


NEVER = {"a": never, "b": never}
BAD: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "one model": ({"a": never}, {}, OptionError, "at least two names"),
    "a list of models": ([never, never], {}, OptionError, "mapping from at least two names"),
    "an empty name": ({"": never, "b": never}, {}, OptionError, "not empty"),
    "a name that is a number": ({1: never, "b": never}, {}, OptionError, "must be strings"),
    "an empty arm": ({"a": [], "b": never}, {}, OptionError, "holds no model"),
    "a net twice in an arm": (
        {"a": [never, never], "b": never},
        {},
        OptionError,
        "the same model twice, as a/0 and a/1",
    ),
    "a name twice": ({"a": [never], "a/0": never}, {}, OptionError, "are called 'a/0'"),
    "an unknown method": (NEVER, {"methods": ["tree"]}, OptionError, "no method 'tree'"),
    "another local method": (NEVER, {"methods": ["kernel_shap"]}, OptionError, "takes lime"),
    "methods as text": (NEVER, {"methods": "cart"}, OptionError, "list of names"),
    "an unknown attack": (NEVER, {"attacks": ["pdg"], "y": Y}, OptionError, "no attack 'pdg'"),
    "a radius of 0": (NEVER, {"radii": [0, 0.1]}, OptionError, "Leave the 0 out"),
    "a negative radius": (NEVER, {"radii": [-0.1]}, OptionError, "must be a float in"),
    "a radius as text": (NEVER, {"radii": "0.1"}, OptionError, "list of numbers"),
    "an attack without classes": (NEVER, {"attacks": ["square"]}, DataError, "give `y`"),
    "an attack by gradients": (
        NEVER,
        {"attacks": ["pgd"], "y": Y},
        AbilityError,
        "attacks that only ask: square, hopskipjump",
    ),
    "too few classes given": (NEVER, {"y": Y[:5]}, DataError, "one outcome for each"),
    "an unknown budget": (NEVER, {"budget": {"c": 9}}, OptionError, "`budget` names the model 'c'"),
    "a small budget": (NEVER, {"budget": 30}, BudgetTooSmall, "Give a budget of at least"),
    "a ledger of models here": (NEVER, {"ledger": "x"}, OptionError, "for remote models"),
    "no radius of training": (NEVER, {"trained": {"a": 0.0}}, OptionError, r"trained\['a'\]"),
    "training of nobody": (NEVER, {"trained": {"c": 0.1}}, OptionError, "names the model 'c'"),
    "an unknown column": (NEVER, {"immutable": ["z"]}, OptionError, "columns of the data"),
    "an unknown option": (NEVER, {"options": {"tree": {}}}, OptionError, "no parameter `tree`"),
    "a wrong option": (NEVER, {"options": {"cart": {"max_leafs": 3}}}, OptionError, "max_leaves"),
    "a wrong attack option": (
        NEVER,
        {"attacks": ["square"], "y": Y, "options": {"square": {"queries": 3}}},
        OptionError,
        "no parameter `queries`",
    ),
    "rows that are not there": (
        NEVER,
        {"adversarial": [ReadyRows("pgd", "a", 0.1, X[:2], np.array([0, 900]))]},
        DataError,
        "source must name rows from 0 to 159",
    ),
    "rows of other columns": (
        NEVER,
        {"adversarial": [ReadyRows("pgd", "a", 0.1, X[:2, :2], np.arange(2))]},
        DataError,
        "must have shape",
    ),
    "no rows at all": (NEVER, {"adversarial": "missing.npz"}, DataError, "could not be read"),
    "rows of no kind": (NEVER, {"adversarial": 3}, OptionError, "list of ReadyRows"),
    "widths of lime": (
        NEVER,
        {"methods": ["lime"], "widths": [-1], "options": {}},
        OptionError,
        "numbers above 0",
    ),
    "a width that settles itself": (
        NEVER,
        {"methods": ["lime"], "options": {"lime": {"width": "auto"}}},
        OptionError,
        "settles by itself",
    ),
    "hidden layers": (
        NEVER,
        {"methods": ["eclaire"], "options": {}},
        AbilityError,
        "hidden layers",
    ),
    "options of what is not run": (
        NEVER,
        {"options": {"lime": {"n_samples": 9}}},
        OptionError,
        "no parameter `lime`",
    ),
    "a wrong level": (NEVER, {"level": 1.0}, OptionError, "`level`"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_before_anything_is_asked(name: str) -> None:
    models, said, error, message = BAD[name]
    with pytest.raises(error, match=message):
        compare(models, X, **{**SMALL, **said})


def test_models_with_other_columns_are_refused() -> None:
    wide = wrap(never, columns=["x0", "colour"])
    with pytest.raises(DataError, match="'wide' takes the column 'colour'"):
        compare({"wide": wide, "b": never}, X, **SMALL)


def test_models_that_do_not_take_the_rows_are_named() -> None:
    def narrow(rows: Any) -> np.ndarray:
        return rows @ np.ones((2, 2))

    with pytest.raises(ModelError, match=r"narrow: .*share their rows \(3 columns\)"):
        compare({"narrow": wrap(narrow, output="scores"), "b": smooth}, X, **SMALL)


def test_models_with_other_classes_are_refused() -> None:
    other = wrap(smooth, classes=["left", "right"])
    with pytest.raises(DataError, match="classes of 'b' are 'left', 'right', and those of 'a'"):
        compare({"a": wrap(smooth, classes=["no", "yes"]), "b": other}, X, **SMALL)
    three = wrap(lambda rows: np.full((len(rows), 3), 1 / 3))
    with pytest.raises(DataError, match="share their classes"):
        compare({"a": smooth, "b": three}, X, **SMALL)


def test_a_classifier_beside_a_regression_is_refused() -> None:
    numbers = wrap(lambda rows: rows[:, 0] * 9, task="regression")
    with pytest.raises(DataError, match="'b' does regression"):
        compare({"a": smooth, "b": numbers}, X, **SMALL)


def test_data_outside_the_box_are_refused() -> None:
    pixels = Domain.infer(X, bounds=dict.fromkeys(range(3), (0, 1)) if (X >= 0).all() else None)
    inside = Domain(tuple(pixels.features))
    boxed = Domain.infer(np.abs(X), bounds=dict.fromkeys(range(3), (0, 1)))
    with pytest.raises(DataError, match="outside its bounds"):
        compare(NEVER, X, domain=boxed, **SMALL)
    assert inside.names == boxed.names


def test_a_remote_model_without_a_budget_is_refused_before_anyone_is_asked() -> None:
    with pytest.raises(OptionError, match="give a `budget`"):
        compare({"here": never, "there": remote()}, X[:, :2], **SMALL)


def test_an_attack_by_gradients_on_a_url_says_what_works() -> None:
    models = {"here": never, "there": remote()}
    with pytest.raises(AbilityError, match=r"'here'.*only ask: square, hopskipjump, flip_point"):
        compare(models, X[:, :2], y=Y, attacks=["fgsm"], budget=90_000, **SMALL)


def remote(**more: Any) -> FakeRemote:
    return FakeRemote(traits=remote_traits(max_batch=40, classes=(0, 1)), **more)


def test_hostile_names_are_only_names() -> None:
    names = ["<script>alert(1)</script>", "a/b\\..\\\u202e{{7*7}}\n\x1b[31m"]
    result = compare(dict.fromkeys(names, smooth), X, **SMALL)
    assert Comparison.from_json(result.to_json()) == result
    assert result.names == tuple(names)
    assert "\x1b" not in str(result)


# ---- what it costs, and where it ends ----


def test_a_dry_run_prices_every_model_and_asks_none() -> None:
    quotes = compare(NEVER, X, y=Y, dry_run=True, attacks=["square"], budget=9, **BOTH)
    assert isinstance(quotes, Quotes)
    assert set(quotes) == {"a", "b"}
    assert set(quotes["a"].plan) == {
        "held-out",
        "noise",
        "fit",
        "disagreement",
        "attack",
        "adversarial",
        "local",
    }
    assert "Nothing was asked" in str(quotes)
    assert quotes.rows == 2 * quotes["a"].rows
    json.dumps(quotes.to_dict(), allow_nan=False)


def test_a_quote_covers_what_is_asked(found: Comparison) -> None:
    quotes = compare({"rough": rough, "smooth": smooth}, X, y=Y, attacks=(), dry_run=True, **BOTH)
    for name, queries in found.queries.items():
        assert queries.rows <= quotes[name].rows
        assert queries.rows >= 0.9 * quotes[name].rows


def test_a_budget_for_each_model() -> None:
    need = compare(NEVER, X, dry_run=True, **SMALL)["a"].rows
    budget = {"a": need, "b": Budget(rows=need - 1)}
    with pytest.raises(BudgetTooSmall):
        compare(NEVER, X, budget=budget, **SMALL)
    result = compare({"a": rough, "b": smooth}, X, budget=need, **SMALL)
    assert not result.interrupted


@pytest.mark.parametrize("most", [60, 130, 330, 700])
@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError])
def test_what_ends_on_the_way_loses_nothing(most: int, end: type[BaseException]) -> None:
    second = Mortal(most, end)
    asked_after = []

    def first(rows: Any) -> np.ndarray:
        asked_after.append(second.left < 0)
        return smooth(rows)

    models = {"first": first, "second": second}
    try:
        result = compare(models, X, y=Y, attacks=(), **BOTH)
    except (KeyboardInterrupt, SurrogateError):
        assert most < 100  # nothing of two models was there to be shown
        return
    assert result.interrupted
    assert any("second" in note and "ended before its plan" in note for note in result.notes)
    assert {one.model for one in result.measured} == {"first", "second"}
    assert len(result.rows) == result.test["family"]
    assert Comparison.from_json(result.to_json()) == result
    if end is KeyboardInterrupt:
        assert any("Ctrl-C" in note for note in result.notes)
        assert not any(asked_after)  # Ctrl-C is for all
    else:
        assert any(one.method == "lime" and one.model == "first" for one in result.measured)


def test_remote_answers_are_kept_and_asked_once(tmp_path: Path) -> None:
    data = X[:, :2]
    said = {**SMALL, "budget": 90_000, "ledger": tmp_path / "answers"}
    first, second = remote(), remote()
    result = compare({"here": smooth_two, "there": first}, data, y=Y, attacks=(), **said)
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["there.ledger"]
    again = compare({"here": smooth_two, "there": second}, data, y=Y, attacks=(), **said)
    assert second.billed == []
    assert again.rows == result.rows
    off = compare(
        {"here": smooth_two, "there": remote()}, data, y=Y, attacks=(), offline=True, **said
    )
    assert off.rows == result.rows


def test_a_remote_model_that_fails_leaves_the_others(tmp_path: Path) -> None:
    broken = remote(faults=[None, None, *["401"] * 500])
    result = compare(
        {"here": smooth_two, "there": broken}, X[:, :2], y=Y, attacks=(), budget=90_000, **SMALL
    )
    assert result.interrupted
    assert any("there" in note and "the model failed" in note for note in result.notes)
    assert [name for name, _ in result.surrogates] == ["here"]


def smooth_two(rows: Any) -> np.ndarray:
    return columns(4 * (rows[:, 0] + 0.5 * rows[:, 1]))


def test_one_file_is_no_place_for_several_ledgers(tmp_path: Path) -> None:
    (tmp_path / "one.ledger").write_text("", encoding="utf-8")
    with pytest.raises(OptionError, match="every remote model needs its own"):
        compare(
            {"a": remote(), "b": remote()},
            X[:, :2],
            ledger=tmp_path / "one.ledger",
            budget=9000,
            **SMALL,
        )
    assert issubclass(OptionError, InputError)

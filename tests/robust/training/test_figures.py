"""Figures of robustness: always PGD's, with intervals, and read for what they are."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import DataError, OptionError
from surrogate.explanation.compared import RobustAccuracy
from surrogate.fidelity import Score, wilson
from surrogate.robust.training import Net, Trained, build_net, train
from surrogate.robust.training.figures import reading

torch = pytest.importorskip("torch")


def score(rate: float, metric: str = "robust accuracy") -> Score:
    return Score(metric, rate, wilson(rate, 1000), 1000, 1000)


def figures(**rates: float) -> list[RobustAccuracy]:
    """``pgd_10=.5``: PGD of radius .1 leaves half."""
    named = [(*name.split("_"), rate) for name, rate in rates.items()]
    return [
        RobustAccuracy(attack, int(radius) / 100, score(rate)) for attack, radius, rate in named
    ]


def test_training_takes_pgd_figures_at_three_radii_with_intervals(fit) -> None:
    trained = fit(recipe="fgsm", eps=0.1)
    for attack in ("fgsm", "pgd"):
        found = [one for one in trained.robust if one.attack == attack]
        assert [one.radius for one in found] == [0.05, 0.1, 0.2]
        assert all(one.score.interval is not None and one.score.n == 60 for one in found)
    assert trained.accuracy.metric == "accuracy"
    text = str(trained)
    assert text.startswith("fc net, fgsm training at eps 0.1, clipped to [0.0, 1.0], 3 epochs")
    for one in trained.robust:
        assert f"{one.attack} of radius {one.radius:g}: {one.score}" in text
    assert trained.reading in text
    assert "fgsm training" in repr(trained)


def linear(weight: list[float], bias: float) -> Trained:
    """A net of two classes with this logit for the second, in the shell of a trained one."""
    rng = np.random.default_rng(0)
    X = rng.random((40, len(weight)))
    shell = train(X, np.arange(40) % 2, architecture="softmax", epochs=1, batch=8)
    net = build_net("softmax", len(weight), 2)
    with torch.no_grad():
        net.module.linear0.weight.copy_(torch.tensor([[0.0] * len(weight), weight]))
        net.module.linear0.bias.copy_(torch.tensor([0.0, bias]))
    return Trained(Net(net.module), shell.settings, (0.0,))


def test_figures_of_a_linear_net_are_those_of_its_distances(rng) -> None:
    """A row falls within eps of the maximum norm if its margin is below eps·|w|_1."""
    trained = linear([1.0, -2.0, 0.5], 0.2)
    X = rng.uniform(0.3, 0.7, (500, 3))  # no ball of .2 leaves the box
    margin = X @ [1.0, -2.0, 0.5] + 0.2
    y = (margin > 0).astype(int)
    for attack in ("fgsm", "pgd"):
        found = trained.robust_accuracy(X, y, eps=(0.02, 0.1, 0.2), attacks=(attack,))
        for one in found:
            kept = float((np.abs(margin) > one.radius * 3.5).mean())
            assert one.score.value == pytest.approx(kept, abs=0.004)
    assert trained.measured(X, y).accuracy.value == 1.0


def test_rows_are_clipped_to_the_box_of_the_training() -> None:
    trained = linear([1.0, 1.0], -0.1)  # clean rows at 0 cannot go below 0
    X = np.full((50, 2), 0.1)
    (clipped,) = trained.robust_accuracy(X, np.ones(50, int), eps=0.5)
    assert clipped.score.value == 0.0
    (kept,) = linear([1.0, 1.0], 0.1).robust_accuracy(X, np.ones(50, int), eps=0.5)
    assert kept.score.value == 1.0


def test_figures_are_those_of_the_attacks_that_models_are_compared_by(fit, table) -> None:
    pytest.importorskip("art")
    from surrogate.domain import Domain
    from surrogate.oracle import Oracle
    from surrogate.robust.attacks import run_attack

    trained = fit(epochs=8)
    X = table[0].astype(np.float32).astype(float)
    codes = (table[1] == "yes").astype(int)
    names = Domain.infer(X).names
    domain = Domain.infer(X, bounds=dict.fromkeys(names, (0.0, 1.0)))
    for attack, slack in (("fgsm", 0.004), ("pgd", 0.02)):
        (ours,) = trained.robust_accuracy(X, table[1], eps=0.15, attacks=(attack,))
        found = run_attack(attack, Oracle(trained.box(), domain), X, codes, radius=0.15)
        assert 0.1 < ours.score.value < 0.9
        assert ours.score.value == pytest.approx(1 - found.fooled.mean(), abs=slack)


def test_more_steps_never_flatter(fit, table) -> None:
    trained = fit(recipe="natural", epochs=5)
    (one,) = trained.robust_accuracy(*table, eps=0.1, steps=1)
    (many,) = trained.robust_accuracy(*table, eps=0.1, steps=40)
    assert many.score.value <= one.score.value


def test_a_row_that_any_step_fooled_is_fooled(fit, table, monkeypatch) -> None:
    trained = fit(epochs=1)

    def passes_by(module, x, y, **given):
        return x, torch.arange(len(x)) % 3 == 0  # a step fooled these, the last one does not

    monkeypatch.setattr("surrogate.robust.training.figures.pgd_rows", passes_by)
    said = trained.box().ask(table[0]).values.argmax(1).numpy()
    (found,) = trained.robust_accuracy(table[0], np.array(["no", "yes"])[said], eps=0.1)
    assert found.score.value == pytest.approx(2 / 3)


def test_a_net_that_pgd_breaks_is_said_to_be_broken() -> None:
    found = figures(pgd_10=0.6, pgd_25=0.01, pgd_50=0.0, fgsm_25=0.9)
    text = reading(score(0.97, "accuracy"), found, eps=0.25)
    assert text == "Not robust: PGD of radius 0.25 leaves it 1.0 % right, where FGSM leaves 90.0 %."


def test_a_net_that_holds_is_given_its_figure_and_a_caveat() -> None:
    found = figures(pgd_05=0.95, pgd_10=0.9, pgd_20=0.5, fgsm_10=0.91)
    text = reading(score(0.97, "accuracy"), found, eps=0.1)
    assert (
        text == "PGD of radius 0.1 takes it from 97.0 % to 90.0 %; a better search may take more."
    )


def test_nothing_is_said_without_a_pgd_figure() -> None:
    for found in ([], figures(fgsm_10=0.9)):
        said = reading(score(0.97, "accuracy"), found, eps=0.1)
        assert said == "No PGD figure was taken: nothing can be said of its robustness."


@pytest.mark.parametrize(
    ("rates", "sign"),
    [
        ({"pgd_10": 0.7, "pgd_20": 0.9}, "PGD of radius 0.2 does less harm than of 0.1"),
        ({"pgd_10": 0.9, "fgsm_10": 0.5}, "PGD of radius 0.1 does less harm than FGSM"),
    ],
    ids=["radius", "fgsm"],
)
def test_masked_gradients_are_suspected(rates: dict[str, float], sign: str) -> None:
    text = reading(score(0.97, "accuracy"), figures(**rates), eps=0.1)
    assert text == f"{sign}: its gradients may be masked, and these figures say little."


def test_figures_are_refused_where_they_would_mean_nothing(fit, table) -> None:
    X, y = table
    trained = fit(epochs=1)
    with pytest.raises(OptionError, match="`eps` parameter of robust_accuracy"):
        trained.robust_accuracy(X, y, eps=(0.1, 0.0))
    with pytest.raises(OptionError, match=r"`attacks` parameter .* 'fgsm', 'pgd'; got 'cw'"):
        trained.robust_accuracy(X, y, attacks=("cw",))
    with pytest.raises(OptionError, match="takes 9 columns; robust_accuracy got 4"):
        trained.robust_accuracy(X[:, :4], y)
    with pytest.raises(DataError, match=r"has the box \(0.0, 1.0\), and column 0 of row 0"):
        trained.robust_accuracy(X + 3, y)
    with pytest.raises(DataError, match="y also holds perhaps"):
        trained.robust_accuracy(X[:1], ["perhaps"])

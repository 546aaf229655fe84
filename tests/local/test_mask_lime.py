"""LIME on images and texts: against lime itself, against known truth, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from surrogate import Images, Oracle, Texts, explain, wrap
from surrogate.domain import Domain, MaskDomain
from surrogate.domain.segments import grid
from surrogate.errors import BudgetTooSmall, DataError, Interrupted, OptionError
from surrogate.local import MaskLime
from surrogate.local._masks import fresh_masks, kernel, law, paired_masks

IMAGE = np.random.default_rng(0).random((24, 24, 3))
TEXT = "this is not a very good film, but it is not bad: a film to see on a good day at home"
WORDS = {"good": 2.0, "bad": -2.0, "not": -1.0, "very": 0.5, "film": 0.3}
WEIGHTS = np.random.default_rng(1).normal(size=(24 * 24 * 3, 3)) / 15


def soft(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sees(images: Any) -> np.ndarray:
    flat = np.asarray(images, dtype=np.float64).reshape(len(images), -1)
    return soft(flat @ (WEIGHTS if flat.max() <= 1 else WEIGHTS / 255))


def reads(texts: list[str]) -> np.ndarray:
    s = [sum(WORDS.get(w, 0.1) for w in t.split()) * 0.3 + 0.4 * ("not bad" in t) for t in texts]
    return soft(np.column_stack([np.zeros(len(texts)), s]))


def toy(m: int, f: Callable[[np.ndarray], np.ndarray], **options: Any) -> MaskLime:
    """MaskLime of a function of masks: an image of m pixels, 1 where kept."""
    domain = Images(n_segments=m, fill="constant").domains(np.ones((1, 1, m)))[0]
    assert len(domain.features) == m
    box = wrap(lambda images: f(images[:, 0]), task="regression")
    return MaskLime(Oracle(box, domain), **options)


def tangled(z: np.ndarray) -> np.ndarray:
    """A function whose parts work together."""
    together = 1.5 * z[:, 0] * z[:, 1] - z[:, 2] * z[:, 3] + z[:, 4] * z[:, 5] * z[:, 6]
    return z @ np.linspace(-1, 1, z.shape[1]) + together


def truth(m: int, f: Callable[[np.ndarray], np.ndarray], *, sizes: str, width: float = 0.25) -> Any:
    """Coefficients of the weighted least squares over all masks."""
    Z = np.array(list(product([0.0, 1.0], repeat=m)))
    kept = Z.sum(axis=1).astype(int)
    base = np.ones(len(Z)) if sizes == "binomial" else (kept < m) / stats.binom.pmf(kept, m, 0.5)
    root = np.sqrt(base * np.exp(-((1 - np.sqrt(kept / m)) ** 2) / (2 * width**2)))
    A = np.column_stack([Z, np.ones(len(Z))]) * root[:, None]
    return np.linalg.lstsq(A, f(Z) * root, rcond=None)[0][:m]


# ---- against lime ----


@pytest.mark.parametrize("image", [IMAGE, (255 * IMAGE).astype(np.uint8)], ids=["float", "uint8"])
@pytest.mark.parametrize("n_features", [100_000, 4])
def test_images_as_lime_itself(image: np.ndarray, n_features: int) -> None:
    package = pytest.importorskip("lime.lime_image")
    pytest.importorskip("skimage")
    cut = grid(24, 24, 16)
    theirs = package.LimeImageExplainer(random_state=7).explain_instance(
        image,
        sees,
        segmentation_fn=lambda _: cut,
        num_samples=200,
        top_labels=3,
        num_features=n_features,
    )
    ours = explain(
        wrap(sees, output="probabilities"),
        image[None],
        domain=Images(lambda _: cut),
        options={"compatible": True, "n_samples": 200, "n_features": n_features},
        seed=7,
    )
    for k in range(3):
        coef = np.zeros(16)
        for j, value in theirs.local_exp[k]:
            coef[j] = value
        assert np.abs(ours.coef[0][k] - coef).max() < 1e-12
        assert abs(ours.intercept[0, k] - theirs.intercept[k]) < 1e-12
    assert ours.coef_se == (None,)


@pytest.mark.parametrize("bow", [True, False])
@pytest.mark.parametrize("n_features", [10, 4])
def test_texts_as_lime_itself(bow: bool, n_features: int) -> None:
    package = pytest.importorskip("lime.lime_text")
    theirs = package.LimeTextExplainer(random_state=3, bow=bow).explain_instance(
        TEXT, reads, labels=(0, 1), num_features=n_features, num_samples=300
    )
    ours = explain(
        wrap(reads, output="probabilities"),
        [TEXT],
        domain=Texts(bow=bow, mask_token="" if bow else "UNKWORDZ"),
        options={"compatible": True, "n_samples": 300, "n_features": n_features},
        seed=3,
    )
    for k in range(2):
        coef = np.zeros(ours.coef[0].shape[1])
        for j, value in theirs.local_exp[k]:
            coef[j] = value
        assert np.abs(ours.coef[0][k] - coef).max() < 1e-12
        assert abs(ours.intercept[0, k] - theirs.intercept[k]) < 1e-12


# ---- against known truth ----


@pytest.mark.parametrize("sizes", ["binomial", "uniform"])
def test_where_all_masks_are_asked_there_is_no_error_of_sampling(sizes: str) -> None:
    lime = toy(8, tangled, n_samples=256, sizes=sizes)
    result = lime.explain(lime._domain().ones, seed=5)
    assert np.abs(result.coef[0, 0] - truth(8, tangled, sizes=sizes)).max() < 1e-10
    assert np.all(result.coef_se == 0)
    assert dict(result.queries) == {"rows": 1, "fit": 255, "fidelity": 0}
    assert lime.cost() == {"rows": 1, "fit": 255, "fidelity": 0}
    assert "All 256 masks were asked" in result.notes[0]


@pytest.mark.parametrize("sizes", ["binomial", "uniform"])
def test_coefficients_are_right_and_their_errors_honest(sizes: str) -> None:
    """Over 200 seeds: no bias, and intervals that cover."""
    known = truth(10, tangled, sizes=sizes)
    lime = toy(10, tangled, n_samples=300, sizes=sizes)
    coef, errors = [], []
    for seed in range(200):
        result = lime.explain(lime._domain().ones, fidelity=10, seed=seed)
        coef.append(result.coef[0, 0])
        errors.append(result.coef_se[0, 0])
    off, error = np.array(coef) - known, np.array(errors)
    spread = off.std(axis=0, ddof=1)
    assert np.all(np.abs(off.mean(axis=0)) < 4 * spread / np.sqrt(200))
    covered = (np.abs(off) < stats.t.ppf(0.975, result.dof) * error).mean()
    assert 0.92 < covered < 0.985
    assert 0.85 < np.sqrt((error**2).mean() / (spread**2).mean()) < 1.25


@pytest.mark.parametrize(("sizes", "most"), [("binomial", 0.75), ("uniform", 0.9)])
def test_seeds_differ_less_than_limes_draws(sizes: str, most: float) -> None:
    spread = []
    for compatible in (False, True):
        lime = toy(20, tangled, n_samples=300, sizes=sizes, compatible=compatible,
                   selection="none", ridge=0.0)  # fmt: skip
        fits = [
            lime.explain(lime._domain().ones, fidelity=10, seed=seed).coef[0, 0]
            for seed in range(40)
        ]
        spread.append(np.sqrt(np.array(fits).var(axis=0, ddof=1).mean()))
    assert spread[0] < most * spread[1]


def test_a_linear_model_is_found_exactly_whatever_the_draws() -> None:
    lime = toy(20, lambda z: z @ np.arange(20.0) - 3, n_samples=60)
    result = lime.explain(lime._domain().ones)
    assert np.allclose(result.coef[0, 0], np.arange(20.0))
    assert np.allclose(result.intercept, -3)
    assert np.allclose(result.fidelity.value, 1)
    assert np.allclose(result.fidelity.error, 0)


def test_fidelity_is_that_of_the_law() -> None:
    """R² on very many masks lies within the interval that 1,000 give."""
    lime = toy(12, tangled, n_samples=500)
    result = lime.explain(lime._domain().ones)
    masks = fresh_masks(12, 50_000, p=law(12, sizes="binomial", width=0.25), seed=99).masks * 1.0
    y = tangled(masks)
    rest = y - masks @ result.coef[0, 0] - result.intercept[0, 0]
    r2 = 1 - rest.var() / y.var()
    assert result.fidelity.low[0, 0] < r2 < result.fidelity.high[0, 0]
    assert result.fidelity.distribution == "fresh masks of the image"


# ---- plans ----


def test_pairs_are_complements_with_bounded_weights() -> None:
    p = law(15, sizes="uniform", width=0.25)
    plan = paired_masks(15, 401, p=p, seed=2)
    assert plan.masks.shape == (401, 15)
    assert np.array_equal(plan.masks[:400:2], ~plan.masks[1:400:2])
    assert plan.weight.min() >= 0
    assert plan.weight.max() <= 2 + 1e-12
    kept = plan.masks.sum(axis=1)
    found = np.bincount(kept, plan.weight, 16) / plan.weight.sum()
    assert np.abs(found - p).max() < 0.01
    again = paired_masks(15, 401, p=p, seed=2)
    assert np.array_equal(plan.masks, again.masks)
    assert not np.array_equal(plan.masks, paired_masks(15, 401, p=p, seed=3).masks)


def test_the_kernel_is_limes() -> None:
    pairwise = pytest.importorskip("sklearn.metrics").pairwise_distances
    masks = np.tri(9, 8, -1)
    distance = pairwise(masks, np.ones((1, 8)), metric="cosine").ravel()
    want = np.sqrt(np.exp(-(distance**2) / 0.25**2))
    assert np.allclose(kernel(masks.sum(axis=1).astype(int), 8, 0.25), want)


# ---- what is asked ----


def test_equal_masks_are_asked_once() -> None:
    asked: list[str] = []

    def f(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return np.array([float("good" in text) for text in texts])

    found = explain(wrap(f, task="regression"), [TEXT], domain=Texts())
    assert len(asked) == len(set(asked)) == found.queries.rows < 2001


def test_stability_draws_other_masks() -> None:
    found = explain(wrap(reads, output="probabilities"), [TEXT], domain=Texts(), stability=2)
    assert found.parts[0].stability is not None
    assert found.queries.purposes["stability"] > 0


def test_torch_is_asked_as_numpy_is() -> None:
    torch = pytest.importorskip("torch")
    torch_weights = torch.from_numpy(WEIGHTS.astype(np.float32))

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch_weights)

        def forward(self, images: Any) -> Any:
            assert images.shape[1:] == (24, 24, 3)
            return torch.softmax(images.flatten(1) @ self.weight, dim=1)

    options = {"n_samples": 200}
    job = {"domain": Images(n_segments=16), "options": options, "fidelity": 100}
    ours = explain(wrap(Net(), output="probabilities"), IMAGE[None], **job)
    plain = explain(wrap(sees, output="probabilities"), IMAGE[None], **job)
    assert np.allclose(ours.coef[0], plain.coef[0], atol=1e-5)


# ---- what goes wrong ----


def test_a_model_that_does_not_vary_is_said() -> None:
    lime = toy(12, lambda z: np.full(len(z), 0.5), n_samples=100)
    result = lime.explain(lime._domain().ones)
    assert np.all(result.coef == 0)
    assert np.isnan(result.fidelity.value).all()
    assert "does not vary around the row" in result.flags[0][0]


def test_few_masks_are_flagged() -> None:
    lime = toy(30, tangled, n_samples=40)
    assert "effective samples" in lime.explain(lime._domain().ones).flags[0][0]


@pytest.mark.parametrize("after", [3, 10])
def test_what_was_answered_before_a_ctrl_c_is_fitted(after: int) -> None:
    calls = []

    def f(images: np.ndarray) -> np.ndarray:
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return tangled(images[:, 0])

    domain = Images(n_segments=20, fill="constant").domains(np.ones((1, 1, 20)))[0]
    oracle = Oracle(wrap(f, task="regression"), domain, batch_rows=120)
    lime = MaskLime(oracle, n_samples=1000)
    result = lime.explain(domain.ones)
    fitted = int(result.notes[0].split()[2].replace(",", ""))
    if after == 3:  # all are the form's own, of which a sixth is held back
        assert abs(result.fidelity.n - fitted / 5) < 2
    else:
        assert result.notes[0].startswith("Fitted on 1,000 masks")
        assert 190 < result.fidelity.n < 210
    assert result.interrupted
    assert "interrupted by Ctrl-C" in result.notes[0]
    assert np.abs(result.coef[0, 0, 7:] - np.linspace(-1, 1, 20)[7:]).max() < 0.2


def test_too_little_for_anything_is_an_error_with_its_answers() -> None:
    def f(images: np.ndarray) -> np.ndarray:
        if len(calls) > 0:
            raise KeyboardInterrupt
        calls.append(1)
        return tangled(images[:, 0])

    calls: list[int] = []
    domain = Images(n_segments=20, fill="constant").domains(np.ones((1, 1, 20)))[0]
    oracle = Oracle(wrap(f, task="regression"), domain, batch_rows=40)
    with pytest.raises(Interrupted) as caught:
        MaskLime(oracle, n_samples=1000).explain(domain.ones)
    assert len(caught.value.answers) == 40


def _text_oracle(**options: Any) -> tuple[Oracle, MaskDomain]:
    (domain,) = Texts().domains([TEXT])
    return Oracle(wrap(reads, output="probabilities"), domain, **options), domain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 15}, "`n_samples` parameter of MaskLime must be at least 18 for 16 words"),
        ({"n_samples": 9}, r"must be an int in \[10, inf\); got 9"),
        ({"width": 0}, "`width` parameter of MaskLime must be a float"),
        ({"sizes": "all"}, "one of 'binomial', 'uniform' or None"),
        ({"selection": "best"}, "one of 'none', 'auto'"),
        ({"classes": ["maybe"]}, "names 'maybe', which the model does not have"),
    ],
)
def test_wrong_options_are_said(options: Any, message: str) -> None:
    oracle, domain = _text_oracle()
    with pytest.raises(OptionError, match=message):
        MaskLime(oracle, **options).explain(domain.ones)


def test_what_is_no_input_is_said() -> None:
    oracle, domain = _text_oracle()
    with pytest.raises(DataError, match="a row of 16 ones; got rows of shape"):
        MaskLime(oracle).explain(domain.ones[:, 1:])
    with pytest.raises(DataError, match="a row of 16 ones"):
        MaskLime(oracle).explain(0 * domain.ones)
    table = Oracle(wrap(sees, output="probabilities"), Domain.infer(np.eye(3) * 0.5))
    with pytest.raises(DataError, match=r"MaskLime explains images.*Lime explains tables"):
        MaskLime(table).explain(np.ones((1, 3)))
    with pytest.raises(OptionError, match="must be an Oracle"):
        MaskLime().explain(domain.ones)


def test_a_budget_that_does_not_do_is_refused_at_once() -> None:
    oracle, domain = _text_oracle(budget=1500)
    with pytest.raises(BudgetTooSmall):
        MaskLime(oracle).explain(domain.ones)
    assert oracle.queries.rows == 0

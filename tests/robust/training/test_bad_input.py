"""What cannot be trained on is refused, before a step is taken."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import DataError, OptionError
from surrogate.robust.training import train, train_arms
from surrogate.sampling import generator

pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"y": None}, "needs the true classes: y is missing"),
        ({"y": ["a", "b"]}, r"needs y of shape \(300,\), one class a row; got \(2,\)"),
        ({"y": np.array([None] + ["a"] * 299, dtype=object)}, "row 0 has none"),
        ({"y": np.r_[np.zeros(299), np.nan]}, "row 299 has none"),
        ({"y": np.array([1, "a"] * 150, dtype=object)}, "y holds int and str; make all of them"),
        ({"y": np.zeros(300, int)}, "two classes or more; y holds only 0"),
        ({"X": np.full((300, 9), 2.0)}, r"column 0 of row 0 is 2 \(300 rows are outside\)"),
        ({"X": np.full((300, 9), np.nan)}, "finite numbers; row 0"),
        ({"X": np.zeros(300)}, r"shape \(n, d\) or images; got shape \(300,\)"),
        ({"X": np.full((300, 9), "red")}, "encode categories first"),
        ({"X": np.zeros((0, 9)), "y": []}, "got shape"),
        ({"X": np.zeros((6, 9)), "y": [0, 1] * 3}, "needs 10 rows or more"),
        ({"y": ["rare"] + ["a", "b"] * 149 + ["a"]}, "give `test`"),
        ({"test": (np.zeros((3, 4)), ["no"] * 3)}, "rows of `test` have 4 columns; X has 9"),
        ({"test": (np.zeros((3, 9)), ["maybe"] * 3)}, "y also holds maybe"),
    ],
    ids=[
        "labels", "length", "none", "nan", "mixed", "one class", "box", "missing", "flat", "texts",
        "empty", "few", "rare", "test columns", "test classes",
    ],
)  # fmt: skip
def test_bad_rows(table, change: dict, said: str) -> None:
    given = {"X": table[0], "y": table[1]} | change
    with pytest.raises(DataError, match=said):
        train(**given, architecture="softmax", epochs=1, seed=seed_that_holds_out(0))


def seed_that_holds_out(row: int) -> int:
    """The first seed whose held-out rows, of 300, have this one."""
    return next(s for s in range(99) if row in generator(s, "held out").permutation(300)[:60])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"recipe": "pgd", "eps": 0.0}, "an adversarial recipe with eps 0 trains on clean rows"),
        ({"eps": -1.0}, r"`eps` parameter of train must be a float in \(0, inf\)"),
        ({"architecture": "resnet"}, "must be one of 'softmax', 'fc', 'ae', 'maxout', 'cnn'"),
        ({"recipe": "trades"}, "must be one of 'natural', 'fgsm', 'pgd'; got 'trades'"),
        ({"alpha": 1.5}, r"`alpha` parameter of train must be a float in \[0, 1\]"),
        ({"epochs": 0}, "`epochs` parameter of train must be an int"),
        ({"steps": 0}, "`steps` parameter"),
        ({"batch": 0}, "`batch` parameter"),
        ({"lr": 0.0}, "`lr` parameter"),
        ({"seed": -1}, "seed"),
        ({"box": (1.0, 0.0)}, r"`box` parameter of train must be a pair \(low, high\) or None"),
        ({"sizes": {"depth": 3}}, "no parameter `depth`"),
        ({"test": "all"}, r"`test` parameter of train must be a pair"),
        ({"architecture": "cnn", "shape": (2, 2)}, "of 9 columns"),
    ],
    ids=[
        "eps 0", "eps", "architecture", "recipe", "alpha", "epochs", "steps", "batch", "lr",
        "seed", "box", "sizes", "test", "shape",
    ],
)  # fmt: skip
def test_bad_options(table, options: dict, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        train(*table, **options)


def test_images_are_rows_with_a_shape(rng) -> None:
    X = rng.random((60, 4, 6))
    trained = train(X, np.arange(60) % 2, architecture="cnn", epochs=1, sizes={"channels": (2,)})
    assert trained.settings.shape == (1, 4, 6)
    assert trained.measured(X, np.arange(60) % 2).accuracy.n == 60


def test_rows_of_any_range_are_trained_on_without_a_box(rng) -> None:
    X = 50 * rng.standard_normal((60, 3))
    trained = train(X, X[:, 0] > 0, architecture="softmax", box=None, eps=5.0, epochs=1)
    assert "fc" not in str(trained)
    assert trained.settings.box is None
    fgsm = train(X, X[:, 0] > 0, architecture="softmax", recipe="fgsm", box=None, eps=5.0, epochs=1)
    assert "at eps 5, not clipped" in str(fgsm)


def test_a_seed_counts_once(table) -> None:
    with pytest.raises(OptionError, match="hold 3 twice: equal seeds give equal nets"):
        train_arms(*table, seeds=[3, 4, 3], architecture="softmax", epochs=1)
